#!/usr/bin/env python3
"""Connections that are odd and legal, as stacks, middleboxes and radio links make them, are judged as plain ones are. usage: odd_tcp.py UTWATCH

Each oddity carries a recorded handshake; the event and the verdicts have to be those of the same bytes in a plain connection. tshark, which
reassembles on its own, has to find the messages too, so that what is built is what it is meant to be.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m

UTWATCH, CLIENT, SERVER = sys.argv[1], 0, 1
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
START, SECOND = 1795471000 * 10**9, 10**9
CONVERSATIONS = ("openssl-tls12-full", "jsse-tls10-anon-only-refused", "openssl-tls12-only-null-accepted", "openssl-tls13-full")


class Odd(capturelib.Connection):
    def put(self, side, flags, payload=b"", back=0):
        """A segment `back` bytes before what comes next, which does not count as sent."""
        self.frames.append(self.frame(side, flags, payload, self.seq[side] - back))

    def taken(self, side, count):
        self.seq[side] += count


def first_of(conversation):
    return conversation[0][1], conversation[1:]


def rest(c, conversation, close=True):
    for side, payload in conversation:
        c.send(side, payload)
    if close:
        c.close()


# ---- how it opens

def simultaneous_open(c, conversation):
    c.put(CLIENT, SYN)
    c.put(SERVER, SYN)
    for side in (CLIENT, SERVER):
        c.taken(side, 1)
    for side in (CLIENT, SERVER):
        c.put(side, SYN | ACK, back=1)
    rest(c, conversation)


def fast_open(c, conversation):
    hello, more = first_of(conversation)
    c.put(CLIENT, SYN, hello)
    c.taken(CLIENT, 1 + len(hello))
    c.put(SERVER, SYN | ACK)
    c.taken(SERVER, 1)
    c.put(CLIENT, ACK)
    rest(c, more)


def fast_open_in_part(c, conversation):
    hello, more = first_of(conversation)
    c.put(CLIENT, SYN, hello[:40])
    c.taken(CLIENT, 41)
    c.put(SERVER, SYN | ACK)
    c.taken(SERVER, 1)
    c.send(CLIENT, hello[40:])
    rest(c, more)


def fast_open_refused(c, conversation):
    hello, more = first_of(conversation)
    c.put(CLIENT, SYN, hello)
    c.taken(CLIENT, 1)
    c.put(SERVER, SYN | ACK)
    c.taken(SERVER, 1)
    c.put(CLIENT, ACK)
    rest(c, [(CLIENT, hello)] + more)


def answer_in_syn(c, conversation):
    hello, (side, answer), more = conversation[0][1], conversation[1], conversation[2:]
    assert side == SERVER
    c.put(CLIENT, SYN, hello)
    c.taken(CLIENT, 1 + len(hello))
    c.put(SERVER, SYN | ACK, answer[:100])
    c.taken(SERVER, 1 + len(answer[:100]))
    rest(c, ([(SERVER, answer[100:])] if answer[100:] else []) + more)


def syn_again(c, conversation):
    c.put(CLIENT, SYN)
    c.put(CLIENT, SYN)
    c.open()
    c.put(SERVER, SYN | ACK, back=1)
    c.put(CLIENT, ACK)
    hello, more = first_of(conversation)
    c.send(CLIENT, hello)
    c.put(SERVER, SYN | ACK, back=1)
    rest(c, more)


def several_answers(count, right):
    """SYN/ACKs of several servers behind one address, or of a forger: the client takes one of them (RFC 9293 3.5)."""
    def build(c, conversation):
        own = c.seq[SERVER]
        c.put(CLIENT, SYN)
        c.taken(CLIENT, 1)
        for i in range(count):
            c.put(SERVER, SYN | ACK, back=0 if i == right else -(10**9 + i * 10**8))
        c.seq[SERVER] = (own + 1) % 2**32
        c.put(CLIENT, ACK)
        rest(c, conversation)
    return build


def stale_before_answer(payload):
    """RFC 9293 3.5.1, RFC 5961 4: what the server sent on an earlier connection of these ports, acknowledging a number that lies ahead."""
    def build(c, conversation):
        c.put(CLIENT, SYN)
        was = c.seq[CLIENT]
        c.seq[CLIENT] = (was + 400000) % 2**32
        c.put(SERVER, ACK | PSH, payload, back=-(10**9))
        c.seq[CLIENT] = (was + 1) % 2**32
        c.put(SERVER, SYN | ACK)
        c.taken(SERVER, 1)
        c.put(CLIENT, ACK)
        rest(c, conversation)
    return build


def last_ack_of_opening_lost(c, conversation):
    c.open()
    c.frames.pop()
    rest(c, conversation)


def congestion_flags(c, conversation):
    c.put(CLIENT, SYN | 0xC0)
    c.taken(CLIENT, 1)
    c.put(SERVER, SYN | ACK | 0x40)
    c.taken(SERVER, 1)
    for side, payload in conversation:
        c.put(side, ACK | PSH | 0x80, payload)
        c.taken(side, len(payload))
    c.close()


# ---- how it goes on

def each(change):
    """An oddity at each payload."""
    def build(c, conversation):
        c.open()
        for side, payload in conversation:
            change(c, side, payload)
        c.close()
    return build


def window_probe(c, side, payload):
    c.put(side, ACK, payload[:1])  # RFC 9293 3.8.6.1: the next byte, which has no room yet
    c.put(1 - side, ACK)
    c.put(side, ACK, payload[:1])
    c.send(side, payload)


def zero_length(c, side, payload):
    c.put(side, ACK | PSH)
    c.put(1 - side, ACK | PSH)
    c.send(side, payload)
    c.put(side, ACK)


def keep_alive(c, side, payload):
    c.put(side, ACK, back=1)
    c.put(1 - side, ACK)
    c.put(1 - side, ACK)
    c.send(side, payload)
    c.put(side, ACK, payload[-1:], back=1)  # RFC 9293 3.8.4: with a byte, which stacks send as it was


def single_bytes(c, side, payload):
    for i in range(len(payload)):
        c.send(side, payload[i:i + 1])


def cut_otherwise(c, side, payload):
    """The first part, then all from the middle of it on again, in pieces that overlap."""
    cut = max(1, len(payload) // 2)
    c.put(side, ACK | PSH, payload[:cut])
    c.put(side, ACK | PSH, payload[:cut // 2])
    c.send(side, payload)
    c.put(side, ACK | PSH, payload[cut // 3:], back=len(payload) - cut // 3)
    c.put(side, ACK | PSH, payload[-1:], back=1)


def holes(c, side, payload):
    """The pieces from the last to the first, as selective acknowledgement lets them be sent again."""
    size = max(1, len(payload) // 5)
    pieces = [(at, payload[at:at + size]) for at in range(0, len(payload), size)]
    for at, piece in reversed(pieces):
        c.put(side, ACK, piece, back=-at)
        c.put(1 - side, ACK)
    c.taken(side, len(payload))


def everything_twice(c, side, payload):
    c.send(side, payload)
    c.frames.append((c.frames[-1][0] + 1000, c.frames[-1][1]))


def stale_acknowledgements(c, side, payload):
    c.send(side, payload)
    kept = c.seq[side]
    c.seq[side] = kept - len(payload)
    c.put(1 - side, ACK)  # acknowledges nothing of it
    c.seq[side] = kept


def challenge_ack(c, side, payload):
    c.put(1 - side, SYN, back=70000)  # an old SYN
    c.put(side, ACK)
    c.send(side, payload)


def reset_outside_window(c, side, payload):
    c.put(side, RST, back=3 * 10**8)
    c.send(side, payload)


def data_without_push_and_old(c, side, payload):
    c.send(side, payload)
    c.put(side, ACK, payload, back=len(payload))
    c.put(1 - side, ACK)


# ---- how it ends

def opened(c, conversation):
    c.open()
    rest(c, conversation, close=False)


def fin_with_the_last_data(c, conversation):
    c.open()
    ended = set()
    last = {side: max(i for i, (s, _) in enumerate(conversation) if s == side) for side in (CLIENT, SERVER)}
    for i, (side, payload) in enumerate(conversation):
        ends = i == last[side] and i >= len(conversation) - 2
        c.put(side, ACK | PSH | (FIN if ends else 0), payload)
        c.taken(side, len(payload) + ends)
        ended |= {side} if ends else set()
    for side in {CLIENT, SERVER} - ended:
        c.put(side, ACK | FIN)
        c.taken(side, 1)
    c.put(CLIENT, ACK)  # who has not acknowledged an alert may not have it


def reset_after_fin(c, conversation):
    opened(c, conversation)
    c.close()
    c.put(CLIENT, RST)
    c.put(SERVER, RST | ACK)


def fins_again(c, conversation):
    opened(c, conversation)
    c.close()
    for _ in range(3):
        c.put(CLIENT, FIN | ACK, back=1)
        c.put(SERVER, FIN | ACK, back=1)


ODDITIES = {
    "simultaneous open": simultaneous_open, "fast open": fast_open, "fast open of a part": fast_open_in_part,
    "fast open refused": fast_open_refused, "SYN/ACK with data": answer_in_syn, "SYNs again": syn_again,
    "no third segment": last_ack_of_opening_lost, "congestion flags": congestion_flags, "window probes": each(window_probe),
    "zero-length segments": each(zero_length), "keep-alives": each(keep_alive), "single bytes": each(single_bytes),
    "sent again, cut otherwise": each(cut_otherwise), "holes filled backwards": each(holes), "everything twice": each(everything_twice),
    "stale acknowledgements": each(stale_acknowledgements), "challenge ACKs": each(challenge_ack),
    **{"%d SYN/ACKs, number %d is taken" % (count, right + 1): several_answers(count, right) for count in (2, 3, 4) for right in range(count)},
    "stale data before the SYN/ACK": stale_before_answer(b"\x17\3\3\0\x30" + b"x" * 48), "a stale alert there": stale_before_answer(m.alert(2, 40)),
    "a part of a stale record there": stale_before_answer(b"\x9a" * 700),
    "stale HTTP there": stale_before_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "resets outside the window": each(reset_outside_window), "all sent again": each(data_without_push_and_old),
    "FIN with data": fin_with_the_last_data, "RST after FIN": reset_after_fin, "FINs again": fins_again}
# It counts a side's bytes from the last SYN/ACK, or from the first data.
LOST_ON_TSHARK = {odd for odd in ODDITIES if odd.endswith("is taken") or "stale" in odd and odd != "stale acknowledgements"}
VERDICTS = ("pass", "fail", "not_observable", "not_applicable", "nothing_against")
WRAPS = {"plain": (1000, 5000), "wrapping": (2**32 - 60, 2**32 - 90), "wrapping at once": (2**32 - 1, 2**32 - 1), "high bit": (2**31 - 50, 2**31 - 1)}


def verdicts(frames, path):
    capturelib.write_frames(path, frames)
    evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path)
    told = [{"tls": e["tls"], "utwatch": {k: v for k, v in e["utwatch"].items() if k != "history"}} for e in of_type(evs, "tls")]
    return told, {r: {v: n for v, n in c.items() if n} for r, c in rule_counts(evs).items()}


def told_of(evs, address):
    """The events about the UE with this address, without what differs from one connection to another."""
    own = [(e.get("tls"), {k: v for k, v in e["utwatch"].items() if k != "history"}) for e in evs
           if e.get("src_ip") == address and e["event_type"] in ("tls", "alert")]
    return sorted(json.dumps(told, sort_keys=True) for told in own)


def messages(path):
    """{address: handshake messages in clear of its connection that tshark finds, by their types}"""
    words = ["tshark", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE", "-d", "tcp.port==443,tls", "-Y", "tls.handshake.type", "-T", "fields",
             "-e", "ip.src", "-e", "ip.dst", "-e", "tls.handshake.type"]
    out = {}
    for line in subprocess.run(words, capture_output=True, text=True).stdout.splitlines():
        source, destination, types = line.split("\t")
        ue = source if source.startswith("10.1.") else destination
        out.setdefault(ue, set()).update(types.split(","))
    return out


def test_oddities(folder):
    """All shapes of a conversation in one capture, each of a UE and a server of its own."""
    path = os.path.join(folder, "odd.pcap")
    shapes = [(odd, build, "plain") for odd, build in ODDITIES.items()] + [(odd, build, "wrapping") for odd, build in ODDITIES.items()]
    shapes += [("plain", lambda c, conversation: (opened(c, conversation), c.close()), how) for how in WRAPS]
    for name in CONVERSATIONS:
        conversation = capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[0]
        frames = []
        for i, (odd, build, how) in enumerate([("plain", shapes[-1][1], "plain")] + shapes):
            c = Odd(time=START + i * SECOND, seq=WRAPS[how], client=("10.1.0.%d" % i, 40000), server=("10.2.0.%d" % i, 443))
            build(c, conversation)
            frames += c.frames
        capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
        evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path)
        wanted = told_of(evs, "10.1.0.0")
        found = messages(path) if shutil.which("tshark") else {}
        check(len(of_type(evs, "tls")) == len(shapes) + 1 and wanted, name, "is", len(of_type(evs, "tls")), "handshakes of", len(shapes) + 1)
        for i, (odd, _, how) in enumerate(shapes, 1):
            got = told_of(evs, "10.1.0.%d" % i)
            check(got == wanted, name, odd, how, [g[-500:] for g in got if g not in wanted])
            if found and how == "plain" and odd not in LOST_ON_TSHARK:
                here = found.get("10.1.0.%d" % i, set())
                check(here >= found["10.1.0.0"], name, odd, "tshark finds", here, "instead of", found["10.1.0.0"])
        for rule, counts in rule_counts(evs).items():
            of_one = [n for n in (counts.get(v, 0) for v in VERDICTS) if n]
            check(all(n % (len(shapes) + 1) == 0 for n in of_one), name, rule, "is not the same of all", counts)


# ---- several connections

def facts(told):
    return [json.dumps(e, sort_keys=True) for e in told]


def test_ports_used_again(folder):
    """The next connection on the same ports, however the last one ended, is one of its own."""
    path = os.path.join(folder, "again.pcap")
    for name in ("openssl-tls12-full", "jsse-tls10-anon-only-refused"):
        conversation = capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[0]
        wanted = facts(verdicts(capturelib.build(conversation, time=START), path)[0])
        for end in ("closed", "reset by the client", "reset by the server", "end not captured"):
            for ahead in (1, 3000, 2**31 + 5, -5000):  # of the first one's last bytes: the ISN of the second
                c = Odd(time=START)
                opened(c, conversation)
                if end == "closed":
                    c.close()
                elif end != "end not captured":
                    c.reset(CLIENT if "client" in end else SERVER)
                else:
                    c.put(CLIENT, ACK)
                again = Odd(time=c.time + SECOND // 100, seq=((c.seq[CLIENT] + ahead) % 2**32, (c.seq[SERVER] + 7 * ahead) % 2**32))
                opened(again, conversation)
                again.close()
                got = facts(verdicts(c.frames + again.frames, path)[0])
                check(got == wanted * 2, name, end, "and begun again with an ISN", ahead, "ahead:", len(got), [g[-160:] for g in got])


def sent_by(c, side):
    return [f for f in c.frames if capturelib.segment_of(f[1])[0][1] == c.ends[side][1]]


def test_ports_used_again_unseen(folder):
    """The next connection on the same ports is one of its own, also where its SYN was lost, its SYN/ACK, or a direction."""
    path = os.path.join(folder, "unseen.pcap")
    first, second = (capturelib.conversations(os.path.join(PCAPS, n + ".pcap"))[0] for n in ("openssl-tls12-full", "jsse-tls10-anon-only-refused"))
    for end in ("closed", "reset", "end not captured"):
        for later in (5, 100, 4000):
            c = Odd(time=START)
            opened(c, first)
            if end == "closed":
                c.close()
            elif end == "reset":
                c.reset(SERVER)
            again = Odd(time=c.time + later * SECOND, seq=(3 * 10**9, 2 * 10**9))
            opened(again, second)
            again.close()
            for lost in ((0,), (1,), (0, 1), (0, 1, 2)):
                if end == "end not captured" and len(lost) > 1 and later < 60:
                    continue  # it may be the earlier connection's, long after a gap
                kept = [f for i, f in enumerate(again.frames) if i not in lost]
                wanted = facts(verdicts(kept, path)[0])
                got = facts(verdicts(c.frames + kept, path)[0])
                if end == "end not captured" and lost == (1,):  # the hello counts for nothing before the server has answered the SYN
                    check(len(got) == 2, end, "and begun again after", later, "s without its SYN/ACK:", len(got))
                    continue
                check(wanted and got[1:] == wanted, end, "and begun again after", later, "s, lost:", lost, len(got), [g[-160:] for g in got])
            for side in (CLIENT, SERVER):
                alone = facts(verdicts(sent_by(again, side), path)[0])
                got = facts(verdicts(sent_by(c, side) + sent_by(again, side), path)[0])
                check(got[1:] == alone, end, "and begun again after", later, "s, only direction", side, len(got), len(alone))


def test_answered_twice(folder):
    """Which of two SYN/ACKs counts is the client's to say. Where nothing of it was captured the server's own data says it; where it says nothing in
    time, what came behind the second is missing, and the report says so."""
    path = os.path.join(folder, "answered.pcap")
    for name in ("tcp-syn-answered-twice", "gen-tcp-syn-answered-by-two"):
        frames = capturelib.read_frames(os.path.join(PCAPS, name + ".pcap"))
        capturelib.write_frames(path, [f for f in frames if capturelib.segment_of(f[1])[0][1] == 443])
        found = [e["utwatch"]["history"][0] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
        check(found == ["s", "s"], name, "the server's direction alone: histories begin with", found)
    # A capture that begins with the SYN/ACK that the client does not take.
    frames = capturelib.read_frames(os.path.join(PCAPS, "gen-tcp-syn-answered-by-two.pcap"))
    capturelib.write_frames(path, frames[22:])
    found = [e["utwatch"]["history"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
    check(found == ["CsifIF"], "a capture that begins with the answer that the client left:", found)
    # The ports of a connection of which only the server was captured are used again at once.
    frames = capturelib.read_frames(os.path.join(PCAPS, "tcp-port-reused-stale-fin.pcap"))
    first = [capturelib.segment_of(f)[0][1] != 443 and i < 15 for i, (_, f) in enumerate(frames)]
    capturelib.write_frames(path, [f for f, of_client in zip(frames, first) if not of_client])
    found = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
    check(found == ["one-sided", "complete", "complete"], "used again, the first client's direction missing:", found)
    conversation = capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-full.pcap"))[0]
    for away in (-800000, 800000, 80000000):
        c = Odd(time=START)
        c.put(CLIENT, SYN)
        c.taken(CLIENT, 1)
        c.put(SERVER, SYN | ACK, back=away)
        c.put(SERVER, SYN | ACK)
        c.taken(SERVER, 1)
        rest(c, conversation)
        sent = [capturelib.segment_of(f)[1][1] == 443 and bool(capturelib.segment_of(f)[4]) for _, f in c.frames]
        capturelib.write_frames(path, [f for f, own in zip(c.frames, sent) if not own])
        capture = of_type(events(UTWATCH, "-r", path)[0], "stats")[-1]["utwatch"]["capture"]
        check(capture["outside_window"] > 0 or capture["gaps"] > 0, "two SYN/ACKs and nothing of the client:", away, capture)


def test_one_address(folder):
    """Behind a NAT one UE offers 3DES and the other does not: nobody is accused, and what stands in one hello is no pass for the other."""
    path = os.path.join(folder, "nat.pcap")
    hellos = [capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[0] for name in ("openssl-tls12-full", "gnutls-tls10-3des")]
    frames = []
    for i, conversation in enumerate(hellos * 2):
        frames += capturelib.build(conversation, time=START + i * SECOND, client=("192.0.2.10", 40000 + i), server=("192.0.2.%d" % (80 + i % 2), 443))
    counts = verdicts(frames, path)[1]["ut-6.2-ue-3des"]
    check(counts == {"not_observable": 1}, "two UEs behind a NAT:", counts)


def drawn_anew(conversation, number):
    """With other randoms in both hellos; else it is the same handshake, captured once more."""
    out, seen = [], set()
    for side, data in conversation:
        if side not in seen and data[0] == 22:  # record and message header, version: 11 octets
            data = data[:11] + struct.pack("!32s", b"%d of %d" % (side, number)) + data[43:]
        seen.add(side)
        out.append((side, data))
    return out


def test_one_ticket(folder):
    """Two UEs show the ticket of one of them: its age is that of its origin, and the one who used it too late is the one at fault."""
    path = os.path.join(folder, "ticket.pcap")
    full, resumed = capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-resumed-ticket.pcap"))[:2]
    frames = capturelib.build(full, time=START)
    for address, hours in (("192.0.2.11", 1), ("192.0.2.10", 2), ("192.0.2.12", 25)):
        frames += capturelib.build(drawn_anew(resumed, hours), time=START + hours * 3600 * SECOND, client=(address, 40001))
    capturelib.write_frames(path, frames)
    evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path)
    ages = [e["utwatch"]["session"].get("age_s", 0) // 3600 for e in of_type(evs, "tls") if e["utwatch"]["session"]["resumed"]]
    late = {(e["src_ip"], e["utwatch"]["fault"]) for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "ut-7.1-ticket-lifetime"}
    check(ages == [1, 2, 25] and late and {a for a, _ in late} == {"192.0.2.12"}, "one ticket of two UEs:", ages, late)


def test_directions_apart(folder):
    """Two taps, one for each direction, whose files follow each other or whose clocks differ by minutes: neither half says who ended what."""
    path = os.path.join(folder, "apart.pcap")
    for name in ("openssl-tls12-full", "jsse-tls10-anon-only-refused", "openssl-tls13-full"):
        conversation = capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[0]
        for later in (90, 600):
            for ahead in (0, 770000):  # the same connection, or another one on its ports
                first, again = (Odd(time=START + n * later * SECOND, seq=(1000 + n * ahead, 5000 + n * ahead)) for n in (0, 1))
                for c in (first, again):
                    opened(c, conversation)
                    c.close()
                for side in (CLIENT, SERVER):
                    frames = sent_by(first, side) + sent_by(again, not side)
                    capturelib.write_frames(path, frames)
                    told = [e["utwatch"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
                    lacks = ("server-direction", "client-direction")
                    for half, missing in zip(told, lacks if side == CLIENT else lacks[::-1]):
                        check(half["outcome"] == "one-sided" and missing in half["unobserved"], name, "a half", later, "s apart:", half["outcome"],
                              half.get("unobserved"))
                    check(told, name, "halves:", len(told))


def test_halves_of_two(folder):
    """The client of one connection and the server of the next on its ports, with or without what opens them; or all of the server's frames with
    stamps that are late: each acknowledges numbers that the other never had (RFC 9293 3.10.7.3), so that nobody's hello is answered by another's."""
    path = os.path.join(folder, "halves.pcap")
    names = ("openssl-tls12-full", "jsse-tls10-anon-only-refused")
    conversations = [capturelib.conversations(os.path.join(PCAPS, n + ".pcap"))[0] for n in names]
    alone = {name: verdicts(capturelib.build(conversation, time=START), path)[1] for name, conversation in zip(names, conversations)}
    broken = [{r for r, counts in alone[name].items() if counts.get("fail")} for name in names]
    for order in ((0, 1), (1, 0)):
        made = []
        for n, which in enumerate(order):
            c = Odd(time=START + 2 * n * SECOND, seq=(1000 + n * 3 * 10**9, (5000 + (n + 1) * 10**9) % 2**32))
            opened(c, conversations[which])
            c.close()
            made.append(c)
        for side in (CLIENT, SERVER):
            for opens in (True, False):
                half, other = sent_by(made[0], side), sent_by(made[1], not side)
                if not opens:
                    half, other = half[1:], other[1:]
                for frames in (half + other, half[1:] + other, half + other[1:]):
                    rules = verdicts(sorted(frames), path)[1]
                    # What either says by itself stays: the ServerHello of the one, the offer of the other.
                    fails = {r for r, counts in rules.items() if counts.get("fail")}
                    check(fails <= (broken[0] | broken[1]) - {"ut-7.2-only-anonymous"}, order, side, opens, fails)
        for late in (1.999, 2, 2.003, 2.5, 10):
            frames = [f for c in made for side in (CLIENT, SERVER) for f in
                      ((t + int(late * SECOND) * side, frame) for t, frame in sent_by(c, side))]
            told, rules = verdicts(sorted(frames), path)
            fails = {r for r, counts in rules.items() if counts.get("fail")}
            check(fails <= broken[0] | broken[1] and "ut-7.2-only-anonymous" not in fails, order, "late by", late, fails)
            check(len(told) <= 2 + (late == 10), order, "late by", late, "handshakes:", len(told))


with tempfile.TemporaryDirectory() as folder:
    test_halves_of_two(folder)
    test_directions_apart(folder)
    test_ports_used_again(folder)
    test_ports_used_again_unseen(folder)
    test_answered_twice(folder)
    test_one_address(folder)
    test_one_ticket(folder)
    test_oddities(folder)
finish()
