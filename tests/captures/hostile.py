#!/usr/bin/env python3
"""What somebody who can send packets past the tap achieves: frames put beside, into or instead of an honest handshake. usage: hostile.py UTWATCH

Nothing that one side alone sent, or that no receiver takes, may accuse or clear anybody.
"""
import functools
import os
import struct
import subprocess
import sys
import tempfile

from run_utwatch import events, of_type, rule_counts
from checks import check, finish

import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
SYN, RST, ACK, PUSH = 0x02, 0x04, 0x10, 0x08
NULL_SHA, DES3 = 0x0002, 0x000A
START, MILLISECOND, SECOND = 1795471000 * 10**9, 10**6, 10**9
IPV6 = {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
FRAMED = "m-null-rc4-export"  # of `modern`: what a ServerHello with NULL encryption breaks, severity high


def hello(suites=(DES3, NULL_SHA)):
    return m.client_hello(suites)


def answer(suite):
    return m.server_hello(suite) + m.certificate_message(b"\0\0\0") + m.done()


def honest(suite=DES3):
    return [(CLIENT, hello()), (SERVER, answer(suite)), (CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished()),
            (CLIENT, m.record(23, b"\7" * 32)), (SERVER, m.record(23, b"\7" * 32))]


def checksum_at(frame):
    return 14 + (40 if frame[12:14] == b"\x86\xdd" else 20) + 16


def with_checksum(timed, change):
    """The frame with `change` of its TCP checksum in its place."""
    time, frame = timed
    at = checksum_at(frame)
    return time, frame[:at] + change(frame[at:at + 2], frame) + frame[at + 2:]


def wrong(timed):
    return with_checksum(timed, lambda field, frame: bytes([field[0] ^ 0x55, field[1] ^ 0xAA]))


def left_to_card(timed):
    """The sum of the pseudo-header, not complemented, as Linux leaves it for the card to go on with."""
    def pseudo(_, frame):
        v6 = frame[12:14] == b"\x86\xdd"
        addresses, length = (frame[22:54], len(frame) - 54) if v6 else (frame[26:34], len(frame) - 34)
        return struct.pack("!H", 0xFFFF - capturelib.ones_sum(addresses + struct.pack("!II", length, 6)))
    return with_checksum(timed, pseudo)


def with_header(timed, at, value, right=True):
    """The frame with an octet of its IPv4 header changed, and a right sum of the header unless that is meant."""
    time, frame = timed
    head = bytearray(frame[14:34])
    head[at] = value(head[at]) & 0xFF
    if right:
        head[10:12] = b"\0\0"
        head[10:12] = struct.pack("!H", capturelib.ones_sum(bytes(head)))
    return time, frame[:14] + bytes(head) + frame[34:]


def wrong_header(timed):
    return with_header(timed, 10, lambda n: n ^ 0x5A, right=False)


def no_hop(timed):
    time, frame = timed
    if frame[12:14] == b"\x86\xdd":
        return time, frame[:21] + b"\0" + frame[22:]
    return with_header(timed, 8, lambda n: 0)


def no_length(timed):
    """As of what a card is to split, or of a jumbogram (RFC 2675 3: more than 65,535 octets); Linux takes no such packet that is short."""
    time, frame = timed
    if frame[12:14] == b"\x86\xdd":
        return time, frame[:18] + b"\0\0" + frame[20:]
    head = bytearray(frame[14:34])
    head[2:4] = head[10:12] = b"\0\0"
    head[10:12] = struct.pack("!H", capturelib.ones_sum(bytes(head)))
    return time, frame[:14] + bytes(head) + frame[34:]


class Judged:
    """What a profile says of the frames."""

    def __init__(self, frames, *words, snaplen=262144, profile="modern"):
        with tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "hostile.pcap")
            capturelib.write_frames(capture, frames, snaplen)
            self.events, self.process = events(UTWATCH, "-p", profile, "--fail-on", "info", *words, "-r", capture)
        self.alerts = {e["utwatch"]["rule"]: (e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(self.events, "alert")}
        self.handshakes = of_type(self.events, "tls")
        self.outcomes = [e["utwatch"]["outcome"] for e in self.handshakes]
        self.capture = of_type(self.events, "stats")[-1]["utwatch"]["capture"]


def same(frames, clean, *what):
    """The attack changed nothing."""
    found = Judged(frames)
    check(found.alerts == clean.alerts and found.outcomes == clean.outcomes, *what, found.alerts, found.outcomes, "instead of", clean.alerts,
          clean.outcomes)
    return found


def weaker(frames, clean, *what):
    """The same is told, as what a part of the evidence shows; only an end that says nothing more is not doubted."""
    found = Judged(frames)
    check(set(found.alerts) == set(clean.alerts) and found.outcomes == clean.outcomes, *what, found.alerts, "instead of", clean.alerts)
    doubted = any("disputed" in h["utwatch"].get("unobserved", ()) and h["utwatch"].get("confirmed") is False for h in found.handshakes)
    weak = all(severity >= 2 and basis == "partial" for severity, basis in found.alerts.values())
    check(doubted and weak, *what, "high:", found.alerts, [h["utwatch"].get("unobserved") for h in found.handshakes])
    return found


def tshark_finds_wrong(frames, which="tcp.checksum.status == 0"):
    """Numbers of the frames whose checksum tshark calls bad."""
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "witness.pcap")
        capturelib.write_frames(capture, frames)
        p = subprocess.run(["tshark", "-n", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-r", capture, "-Y", which, "-T",
                            "fields", "-e", "frame.number"], capture_output=True, text=True)
    return [int(n) for n in p.stdout.split()]


def attacked(conversation, where, forged, **ends):
    """The conversation with forged(connection), a list of frames, put before its step number `where`."""
    c = capturelib.Connection(time=START, **ends)
    c.open()
    for step, said in enumerate(conversation):
        if step == where:
            c.frames += forged(c)
        c.send(*said)
    c.close()
    return c.frames


def another_start(c):
    return [wrong(c.frame(CLIENT, SYN, seq=77)), wrong(c.frame(CLIENT, PUSH | ACK, hello(), 78))]


# ---- checksums: RFC 9293 3.1, a receiver drops a segment whose sum is wrong

def wrong_sums():
    for name, ends in (("IPv4", {}), ("IPv6", IPV6)):
        clean = Judged(attacked(honest(), None, None, **ends))
        check(clean.outcomes == ["complete"] and FRAMED not in clean.alerts, name, "clean:", clean.outcomes, clean.alerts)
        guilty = Judged(attacked(honest(NULL_SHA), None, None, **ends))
        check(guilty.alerts.get(FRAMED, (0,))[0] == 1, name, "guilty:", guilty.alerts)
        forgeries = {
            "an answer before the server's": (1, clean, honest(), lambda c: [wrong(c.frame(SERVER, PUSH | ACK, answer(NULL_SHA)))]),
            "a hello before the UE's": (0, clean, honest(), lambda c: [wrong(c.frame(CLIENT, PUSH | ACK, hello((NULL_SHA,))))]),
            "a reset of the server": (1, guilty, honest(NULL_SHA), lambda c: [wrong(c.frame(SERVER, RST | ACK))]),
            "a reset of the UE": (1, guilty, honest(NULL_SHA), lambda c: [wrong(c.frame(CLIENT, RST | ACK))]),
            "a harmless answer": (1, guilty, honest(NULL_SHA), lambda c: [wrong(c.frame(SERVER, PUSH | ACK, answer(DES3)))]),
            "another start": (1, guilty, honest(NULL_SHA), another_start),
        }
        for what, (where, expected, conversation, forged) in forgeries.items():
            frames = attacked(conversation, where, forged, **ends)
            check(tshark_finds_wrong(frames) != [], name, what, "has no wrong sum for tshark")
            found = same(frames, expected, name, "wrong sum:", what)
            check(found.capture["wrong_checksums"] == len(tshark_finds_wrong(frames)), name, what, "counted:", found.capture["wrong_checksums"])
            if ends:
                check(Judged([(t, encapsulation.gtp(f)) for t, f in frames]).alerts == expected.alerts, name, what, "within GTP-U")


def what_no_host_takes():
    """Sums that nobody made, of senders that make theirs (tshark calls them bad); the sum of an IPv4 header (RFC 791 3.1); no hop left; no ACK flag
    (RFC 9293 3.10.7.4)."""
    def without_ack(timed):
        time, frame = timed
        at = checksum_at(frame) - 3
        _, _, _, flags, _ = capturelib.segment_of(frame)
        kind = 40 if frame[12:14] == b"\x86\xdd" else 20
        src, dst = (frame[22:38], frame[38:54]) if kind == 40 else (frame[26:30], frame[30:34])
        tcp = frame[14 + kind:at] + bytes([flags & ~ACK]) + frame[at + 1:at + 3] + b"\0\0" + frame[at + 5:]
        ethertype, packet = capturelib.internet(6, src, dst, tcp, 16)
        return time, frame[:12] + ethertype + packet

    for name, ends in (("IPv4", {}), ("IPv6", IPV6)):
        guilty = Judged(attacked(honest(NULL_SHA), None, None, **ends))
        ways = {"left to a card": left_to_card, "without ACK": without_ack, "no hop": no_hop, "no length": no_length, "long": wrong}
        if not ends:
            ways["header's sum"] = wrong_header
        for way, change in ways.items():
            padding = [(21, b"\0" * 1500)] if way == "long" else []
            forgeries = {"a hello": (0, lambda c: [(CLIENT, m.client_hello((DES3,), more=padding))]),
                         "an answer": (1, lambda c: [(SERVER, answer(DES3) + (b"\x15\3\1\x06\0" + b"\1" * 1536 if padding else b""))]),
                         "an alert of the server": (1, lambda c: [(SERVER, m.alert(2, 40))]),
                         "an alert of the UE": (2, lambda c: [(CLIENT, m.alert(2, 40))])}
            for what, (where, said) in forgeries.items():
                if way == "long" and "alert" in what:
                    continue
                frames = attacked(honest(NULL_SHA), where, lambda c: [change(c.frame(side, PUSH | ACK, data)) for side, data in said(c)], **ends)
                found = same(frames, guilty, name, way, what)
                inside = Judged([(t, encapsulation.gtp(f)) for t, f in frames])
                check(inside.alerts == guilty.alerts, name, way, what, "within GTP-U", inside.alerts)
                if way in ("left to a card", "long"):
                    check(len(tshark_finds_wrong(frames)) == 1, name, way, what, "is right for tshark")
                elif way == "header's sum":
                    check(len(tshark_finds_wrong(frames, "ip.checksum.status == 0")) == 1, name, way, what, "is right for tshark")
                counter = "without_ack" if way == "without ACK" else "awaited_checksums" if way in ("left to a card", "long") else "wrong_checksums"
                check(found.capture[counter] == 1, name, way, what, counter, found.capture[counter])
            if way not in ("left to a card", "without ACK", "long"):
                whole = Judged([change(f) for f in capturelib.build(honest(NULL_SHA), time=START, **ends)])
                check(whole.alerts.get(FRAMED) == (2, "partial"), name, way, "a whole connection:", whole.alerts.get(FRAMED))
            # Of a UE and a server that are known; of others nobody can say whose card makes their sums.
            frames = capturelib.build(honest(), time=START, **ends)
            second = dict(ends or {"client": ("192.0.2.10", 40000)})
            second["client"] = (second["client"][0], 40001)
            frames += [change(f) for f in capturelib.build(honest(NULL_SHA), time=START + SECOND, **second)]
            found = Judged(frames)
            check(found.alerts.get(FRAMED, (2, "partial")) == (2, "partial"), name, way, "of known ends:", found.alerts.get(FRAMED))
        outer = attacked(honest(NULL_SHA), 1, lambda c: [c.frame(SERVER, PUSH | ACK, answer(DES3))], **ends)
        plain = [(t, encapsulation.gtp(f)) for t, f in outer]
        plain[4] = wrong_header(plain[4])
        check(Judged(plain).alerts == guilty.alerts, name, "an outer header's sum")
    # Pieces of a datagram that no host takes spoil none.
    guilty = Judged(attacked(honest(NULL_SHA), None, None))
    for change in (wrong_header, no_hop, no_length):
        frames = []
        for t, f in capturelib.build(honest(NULL_SHA), time=START):
            pieces = encapsulation.fragments(f, 64)
            forged = [change((t, p[:34] + bytes(len(p) - 34))) for p in pieces if len(pieces) > 1]
            frames += forged + [(t, p) for p in pieces]
        same(frames, guilty, "forged pieces", change.__name__)


def put_together():
    """The capturing host joins segments and leaves the sum of the pseudo-header (GRO): of senders that are right elsewhere, and as good as others."""
    for name, ends in (("IPv4", {}), ("IPv6", IPV6)):
        for length in (3, 3000):
            flight = m.server_hello(NULL_SHA) + m.certificate_message(b"\0" * length) + m.done()
            steps = [honest(NULL_SHA)[0], (SERVER, flight), *honest(NULL_SHA)[2:]]
            guilty = Judged(capturelib.build(steps, time=START, **ends))
            check(guilty.alerts.get(FRAMED) == (1, "direct"), name, length, guilty.alerts)
            frames = capturelib.build(steps, time=START, **ends)
            for joined in (SERVER, CLIENT, None):
                port = 443 if joined == SERVER else 40000
                gro = [left_to_card(f) if len(f[1]) > 80 and (joined is None or capturelib.segment_of(f[1])[0][1] == port) else f for f in frames]
                same(gro, guilty, name, "put together:", length, joined)
        # A card that makes the sums of IPv4 headers leaves them zero.
    zero = [(t, f[:24] + b"\0\0" + f[26:]) for t, f in capturelib.build(honest(NULL_SHA), time=START)]
    same(zero, Judged(capturelib.build(honest(NULL_SHA), time=START)), "headers without sums")


def holes_that_wrong_sums_fill():
    """An edited or damaged capture: nothing but a segment with a wrong sum has the bytes. Where the other side acknowledged them, or the sender went
    on after them, they are read, confirm nothing, and decide no rule; bytes that nobody shows to have been sent are none."""
    for name, ends in (("IPv4", {}), ("IPv6", IPV6)):
        frames = capturelib.build(honest(NULL_SHA), time=START, **ends)
        data = [i for i, f in enumerate(frames) if capturelib.segment_of(f[1])[4]]
        for edited in data[:3]:
            found = Judged([wrong(f) if i == edited else f for i, f in enumerate(frames)])
            check(found.outcomes == ["complete"], name, "edited:", edited, found.outcomes)
            check(found.handshakes and found.handshakes[0]["utwatch"].get("confirmed") is False, name, "edited: confirmed", edited)
            server = capturelib.segment_of(frames[edited][1])[0][1] == 443
            check(found.alerts.get(FRAMED, (0,))[0] == (0 if server else 2), name, "edited:", edited, found.alerts.get(FRAMED))
            check("checksum" in found.handshakes[0]["utwatch"].get("unobserved", ()), name, "edited: unobserved", edited)
            check(Judged([wrong(f) if i == edited else f for i, f in enumerate(frames)], "--checksums=ignore").alerts.get(FRAMED, (0,))[0] == 1,
                  name, "edited, ignored:", edited)
        # Nobody acknowledges what the server is made to say after its silence.
        c = capturelib.Connection(time=START, **ends)
        c.open()
        c.send(CLIENT, hello())
        silent = Judged(c.frames)
        same(c.frames + [wrong(c.frame(SERVER, PUSH | ACK, answer(NULL_SHA)))], silent, name, "a forged last word")


def alone():
    """One connection with wrong sums only, of a UE that has right ones elsewhere: nobody else could say so, and it is told as that."""
    right = capturelib.build(honest(), time=START)
    frames = right + [wrong(f) for f in capturelib.build(honest(NULL_SHA), time=START + SECOND, client=("192.0.2.10", 40001))]
    found = Judged(frames)
    check(found.outcomes == ["complete"] * 2 and found.alerts.get(FRAMED, (0,))[0] == 2, "alone:", found.outcomes, found.alerts)
    # Forged on the ports of a connection that is to come, it is not taken for its start.
    guilty = Judged(attacked(honest(NULL_SHA), None, None))
    c = capturelib.Connection(time=START)
    before = [wrong(c.frame(CLIENT, SYN, seq=500)), wrong(c.frame(CLIENT, PUSH | ACK, hello((DES3,)), seq=501))]
    found = Judged([(START - SECOND + i * MILLISECOND, f) for i, (_, f) in enumerate(before)] + attacked(honest(NULL_SHA), None, None))
    check(found.alerts.get(FRAMED) == guilty.alerts[FRAMED] and found.outcomes[-1:] == ["complete"], "forged before:", found.alerts, found.outcomes)


def nobody_took_part():
    """A whole connection that no host would take, or whose addresses were replaced: nothing shows that both ends took part."""
    frames = [wrong(f) for f in capturelib.build(honest(NULL_SHA), time=START)]
    found = Judged(frames)
    check(found.outcomes == ["complete"] and found.alerts.get(FRAMED, (0,))[0] == 2, "wrong sums only:", found.outcomes, found.alerts)
    check(found.capture["unproven_checksums"] == len(tshark_finds_wrong(frames)), "unproven:", found.capture["unproven_checksums"])
    check(Judged(frames, "--checksums=verify").handshakes == [], "verify: a handshake")
    check(FRAMED in Judged(frames, "--checksums=ignore").alerts, "ignore: nothing")


def sums_that_count():
    guilty = Judged(capturelib.build(honest(NULL_SHA), time=START))
    pseudo = [left_to_card(f) for f in capturelib.build(honest(NULL_SHA), time=START)]
    check(len(tshark_finds_wrong(pseudo)) <= len(pseudo), "tshark")
    check(same(pseudo, guilty, "left to the card").capture["wrong_checksums"] == 0, "left to the card: counted as wrong")
    pseudo6 = [left_to_card(f) for f in capturelib.build(honest(NULL_SHA), time=START, **IPV6)]
    check(FRAMED in Judged(pseudo6, "--checksums=verify").alerts, "left to the card, IPv6")
    # A frame that the snap length cut has no sum to check.
    frames = capturelib.build(honest(NULL_SHA) + [(SERVER, b"\x17\3\1\4\0" + b"\7" * 1024)], time=START)
    cut = Judged([wrong(f) if len(f[1]) > 1000 else f for f in frames], snaplen=1000)
    check(cut.capture["wrong_checksums"] == 0 and FRAMED in cut.alerts, "cut:", cut.alerts, cut.capture)


def offloaded():
    """A server whose card makes the sums, and the tap before the card: after 16 segments it is known, and told. What came before confirms nothing."""
    frames = []
    for i in range(6):
        part = capturelib.build(honest(NULL_SHA), time=START + 3 * i * SECOND, client=("192.0.2.10", 40000 + i))
        frames += [wrong(f) if capturelib.segment_of(f[1])[0][1] == 443 else f for f in part]
    found = Judged(frames)
    check(found.capture["senders_offloaded"] == 1 and found.capture["unproven_checksums"] == 15 and found.capture["wrong_checksums"] == 0,
          found.capture)
    check(found.outcomes == ["complete"] * 6, "offloaded:", found.outcomes)
    confirmed = [e["utwatch"].get("confirmed", True) for e in found.handshakes]
    check(confirmed == [False] * 3 + [True] * 3, "confirmed:", confirmed)
    check(Judged(frames, "--checksums=verify").capture["senders_offloaded"] == 0, "verify: offloaded")
    # Who was right once is not offloaded: sixteen forgeries before the first word of the server are no licence for more.
    c = capturelib.Connection(time=START)
    spoofed = [wrong(c.frame(SERVER, RST | ACK, seq=n)) for n in range(40)]
    clean = Judged(attacked(honest(), None, None))
    frames = spoofed + attacked(honest(), 1, lambda c: [wrong(c.frame(SERVER, PUSH | ACK, answer(NULL_SHA)))])
    same([(START + i * MILLISECOND, f) for i, (_, f) in enumerate(frames)], clean, "forgeries in advance")


def own_card():
    """utwatch on the server itself, whose card makes the sums: what comes from outside in its name has right ones. That turns the server's own words
    off neither for what it serves, nor for what it disowns."""
    def own(frames):
        return [left_to_card(f) if capturelib.segment_of(f[1])[0][1] == 443 else f for f in frames]

    def served(suite, at, number):
        random = struct.pack("!32s", b"%d" % number)  # else it would be one connection, captured twice
        return capturelib.build([(side, data.replace(b"\x11" * 32, random)) for side, data in honest(suite)], time=START + at,
                                client=("192.0.2.%d" % (20 + number), 40000))

    before = own([f for i in range(8) for f in served(DES3, i * SECOND, i)])
    forged = [capturelib.Connection(client=("203.0.113.77", 5555), time=START + 20 * SECOND).frame(SERVER, PUSH | ACK, b"x")]
    guilty = own(served(NULL_SHA, 30 * SECOND, 50))
    six = [(t + i, f) for t, f in forged for i in range(6)]
    for what, between in ("nothing forged", []), ("a forged segment", forged), ("six forged segments", six):
        found = Judged(before + between + guilty)
        check(found.alerts.get(FRAMED, (0,))[0] == 1, "own card:", what, found.alerts, found.capture)
    # Forged before the server's first own word: until sixteen connections whose clients took such sums, the verdicts are weaker.
    first = [(START - SECOND, forged[0][1])]
    many = own([f for i in range(24) for f in served(DES3, i * SECOND, i)])
    found = Judged(first + many + guilty)
    check(found.alerts.get(FRAMED, (0,))[0] == 1, "own card: forged before its first word", found.alerts, found.capture)
    found = Judged(first + many[:len(many) // 3] + guilty)
    check(found.alerts.get(FRAMED) == (2, "partial"), "own card: forged a moment ago", found.alerts)
    made = capturelib.build([(CLIENT, hello((NULL_SHA,))), *honest(NULL_SHA)[1:]], time=START + 30 * SECOND)
    whole = Judged(before + made)
    weaker(before + [left_to_card(f) if f not in made else f for f in capturelib.made_up({}, made, ((SERVER,), False))], whole, "own card, disowned")


# ---- ends and beginnings

def byte_by_byte():
    """A server shows the tap another answer than the UE takes, a byte at a time: each is the last one before the next."""
    for ends in ({}, IPV6):
        c = capturelib.Connection(time=START, **ends)
        c.open()
        c.send(CLIENT, hello())
        for shown, meant in zip(answer(DES3), answer(NULL_SHA)):
            c.send(SERVER, bytes([shown]))
            c.frames.append(c.frame(SERVER, PUSH | ACK, bytes([meant]), seq=c.seq[SERVER] - 1))
        for step in honest()[2:]:
            c.send(*step)
        c.close()
        found = Judged(c.frames)
        check(all("overlap" in h["utwatch"].get("unobserved", ()) for h in found.handshakes) and found.handshakes, "byte by byte:",
              [h["utwatch"].get("unobserved") for h in found.handshakes])


def zeros_alone():
    """Each 0 octet is sent alone, as a keep-alive is, behind a segment that shows another one in its place and never arrives. A keep-alive of what
    the other side has acknowledged contradicts nothing (RFC 9293 3.8.4)."""
    plain = Judged(capturelib.build(honest(), time=START))
    for ends in {}, IPV6:
        for sides in (CLIENT,), (SERVER,), (CLIENT, SERVER):
            for suite, shown in ((NULL_SHA, 0xC0), (DES3, 3)):
                c = capturelib.Connection(time=START, **ends)
                c.open()
                for side, data in honest(suite):
                    while data and side in sides:
                        at = data.find(b"\0")
                        if at < 1:
                            break
                        c.frames.append(c.frame(side, PUSH | ACK, data[:at] + bytes([shown])))
                        c.send(side, data[:at])
                        c.send(side, b"\0")
                        data = data[at + 1:]
                    if data:
                        c.send(side, data)
                c.close()
                found = Judged(c.frames)
                named = "zeros alone:", sides, suite, shown, found.alerts
                check(len(found.handshakes) == 1 and "overlap" in found.handshakes[0]["utwatch"].get("unobserved", ()), *named)
                check(found.alerts.get(FRAMED, (0,))[0] != 1 or (suite == NULL_SHA and SERVER not in sides), *named)
        c = capturelib.Connection(time=START, **ends)
        c.open()
        for n, (side, data) in enumerate(honest()):
            keep_alive = c.frame(side, ACK, b"\0", seq=c.seq[side] - 1) if n else c.frame(CLIENT, ACK, b"\0", seq=c.seq[CLIENT] - 1)
            c.frames += [c.frame(1 - side, ACK), keep_alive] if n > 1 else [keep_alive]
            c.send(side, data)
            c.frames.append(c.frame(1 - side, ACK))
        c.close()
        found = Judged(c.frames)
        check(found.alerts == plain.alerts and "unobserved" not in found.handshakes[0]["utwatch"], "keep-alives:", found.handshakes[0]["utwatch"])


def ends_that_are_none():
    """RFC 5961 3.2: a reset counts at exactly the next number. One that hits it, or a FIN, is refuted by who goes on; after a reset nobody knows
    which of the two who speak in that name is genuine."""
    clean, guilty = Judged(attacked(honest(), None, None)), Judged(attacked(honest(NULL_SHA), None, None))
    for side in (CLIENT, SERVER):
        for what, flags, ahead in (("in the window", RST | ACK, 1000), ("exact", RST | ACK, 0), ("FIN", 0x11, 0), ("bare", RST, 0)):
            for where in (1, 2, 3):
                forged = functools.partial(forge_end, side, flags, ahead)
                tell = same if ahead or not flags & RST else weaker
                tell(attacked(honest(), where, forged), clean, "forged end:", what, side, where)
                tell(attacked(honest(NULL_SHA), where, forged, **IPV6), guilty, "forged end of a violator:", what, side, where)


def resets_and_pauses():
    """A reset at the very next number, of either side or of both, that those ignore who go on after seconds: the one handshake that it was, of medium
    severity at most. Nobody acknowledges a reset. After more than a minute what is left of the handshake is judged, or told as a connection without
    its hello."""
    for ends in ({}, IPV6):
        for suite in (DES3, NULL_SHA):
            plain = Judged(attacked(honest(suite), None, None, **ends))
            for where in (1, 2, 3):
                for sides in ((CLIENT,), (SERVER,), (CLIENT, SERVER)):
                    for pause in (3, 30, 50, 90):
                        def forged(c):
                            frames = [c.frame(1 - honest()[where - 1][0], ACK)] + [c.frame(side, RST | ACK) for side in sides]
                            c.time += pause * SECOND
                            return frames
                        frames = attacked(honest(suite), where, forged, **ends)
                        named = "reset and pause:", suite, where, sides, pause
                        if pause < 60:
                            weaker(frames, plain, *named)
                        else:
                            found = Judged(frames)
                            counts = of_type(found.events, "stats")[-1]["utwatch"]["connections"]
                            check(counts["tls"] == 2 and set(found.alerts) == set(plain.alerts), *named, counts, found.alerts)


def forge_end(side, flags, ahead, c):
    return [c.frame(side, flags, seq=c.seq[side] + ahead)]


def words_in_the_start(suite, ends):
    """RFC 7413: the hello is in the SYN, the answer in the SYN/ACK, and nobody acknowledges the first number of a side."""
    c = capturelib.Connection(time=START, **ends)
    steps = honest(suite)
    for (who, payload), flags in zip(steps[:2], (SYN, SYN | ACK)):
        c.frames.append(c.frame(who, flags, payload))
        c.seq[who] += 1 + len(payload)
    for who, payload in steps[2:]:
        c.send(who, payload)
    c.close()
    return c.frames


def both_ends_made_up():
    """Nobody is accused as if he had been there by connections that their ends disown, be it with a start or without, or by one end, where the other
    is an accomplice."""
    for ends in ({}, IPV6):
        for suite in (NULL_SHA, DES3):
            whole = capturelib.build(honest(suite), time=START, **ends)
            plain = Judged(whole)
            middle = [f for f in whole if not capturelib.segment_of(f[1])[3] & (SYN | 0x01)]
            weaker(capturelib.made_up(ends, whole, ((CLIENT, SERVER), True), RST | ACK), plain, "made up, and reset with an acknowledgement:", suite)
            start = capturelib.Connection(time=whole[-1][0], seq=(900000000, 0), **ends).frame(CLIENT, SYN)
            for answers in ((CLIENT, SERVER), (CLIENT,), (SERVER,)):
                weaker(capturelib.made_up(ends, [*whole, start], (answers, False)), plain, "made up, and begun anew:", suite, answers)
            for what, forged in {"whole": whole, "without start and end": middle, "in the start": words_in_the_start(suite, ends)}.items():
                for answers in [(who, at_once) for who in ((CLIENT, SERVER), (CLIENT,), (SERVER,)) for at_once in (True, False)]:
                    weaker(capturelib.made_up(ends, forged, answers), plain, "made up:", what, suite, answers)


def error(to, kind, code, quoted, time, sender=None):
    """From the end that it is about, or from a gateway on the way."""
    return time, capturelib.icmp_error(sender or (quoted[24:40] if quoted[0] >> 4 == 6 else quoted[16:20]), to, kind, code, quoted)


def rejected(frames, which, code, gateway, extension=False, kind=None):
    """With the errors by which a firewall answers segments of the connection, those of `which`, to who seems to send them. RFC 792: the header and
    eight octets of what is in it; RFC 4443 2.4: as much as fits. `kind`: another error than that the destination is unreachable."""
    out = []
    for i, (time, frame) in enumerate(frames):
        out.append((time, frame))
        v6 = frame[12:14] == b"\x86\xdd"
        if not which(i, capturelib.segment_of(frame)):
            continue
        packet = frame[14:]
        if extension:  # RFC 8200 4.6: destination options that say nothing
            packet = packet[:6] + b"\x3c" + packet[7:40] + b"\x06\0\1\4\0\0\0\0" + packet[40:]
        sender = ("2001:db8:ffff::1" if v6 else "203.0.113.1") if gateway else None
        out.append(error(packet[8:24] if v6 else packet[12:16], kind or (1 if v6 else 3), code, packet if v6 else packet[:28], time + 1000, sender))
    return out


def rejected_by_firewalls():
    """As both_ends_made_up(), where a firewall in front of an end answers for it by an error of ICMP, to each segment or, as it may be told to
    answer seldom, to the SYN alone. tshark takes each for what it is."""
    for ends in ({}, IPV6):
        for suite in (NULL_SHA, DES3):
            whole = capturelib.build(honest(suite), time=START, **ends)
            plain = Judged(whole)
            ways = {"the SYN": lambda i, s: i == 0, "the SYN/ACK": lambda i, s: i == 1, "the hello": lambda i, s: i == 3,
                    "the answer": lambda i, s: i == 4, "the last": lambda i, s: i == len(whole) - 1,
                    "all of the client's": lambda i, s: s[1][1] == 443, "all of the server's": lambda i, s: s[0][1] == 443}
            for what, which in ways.items():
                codes = (0, 1, 3, 4) if ends else (0, 1, 2, 3, 9, 10, 13)
                for code in codes if what == "the SYN" else codes[1:3]:
                    frames = rejected(whole, which, code, gateway=code % 2, extension=ends and code == 3)
                    weaker(frames, plain, "rejected:", ends and "IPv6", suite, what, code)
                # The forger lets its segments pass the tap and die at a router (RFC 792, RFC 4443 3.3).
                weaker(rejected(whole, which, 0, gateway=True, kind=3 if ends else 11), plain, "time exceeded:", ends and "IPv6", suite, what)
            found = tshark_finds_wrong(frames, "(icmp.type == 3 or icmpv6.type == 1) and tcp.dstport")
            check(len(found) == len(frames) - len(whole), "tshark:", found)
            inside = [(t, encapsulation.gtp(f)) for t, f in rejected(whole, lambda i, s: i == 3, 3, True)]
            check(all(severity >= 2 and basis == "partial" for severity, basis in Judged(inside).alerts.values()), "rejected, within GTP-U")


def errors_that_reject_nothing():
    """Too long a packet (RFC 1191, RFC 8201), a wrong parameter, what was never said, or what is not of this connection, to others, or too late."""
    for ends in ({}, IPV6):
        whole = capturelib.build(honest(NULL_SHA), time=START, **ends)
        plain = Judged(whole)
        time, said = whole[4][0], [frame[14:] for _, frame in whole]
        to, kind, at = (said[3][8:24], 1, 40) if ends else (said[3][12:16], 3, 20)

        def changed(where, octets):
            return said[3][:where] + octets + said[3][where + len(octets):]

        errors = {
            "too long": error(to, 2, 0, said[3], time) if ends else error(to, 3, 4, said[3], time),
            "a wrong parameter": error(to, 4 if ends else 12, 0, said[3], time),
            "another port": error(to, kind, 3, changed(at, b"\x9c\x41"), time),
            "before its start": error(to, kind, 3, changed(at + 4, struct.pack("!I", 999)), time),
            "what was never said": error(to, kind, 3, changed(at + 4, struct.pack("!I", 900000)), time),
            "to another": error(said[4][8:24] if ends else said[4][12:16], kind, 3, said[3], time),
            "cut": error(to, kind, 3, said[3][:at + 7], time),
            "UDP": error(to, kind, 3, changed(6 if ends else 9, b"\x11"), time),
            "seconds later": error(to, kind, 3, said[3], whole[-1][0] + 3 * SECOND),
        }
        for what, frame in errors.items():
            same(sorted(whole + [frame], key=lambda f: f[0]), plain, "an error of ICMP:", ends and "IPv6", what)


def pushed_out():
    """So many breaches of others that one which its ends disown has no place to wait for their resets: it is told as what nobody confirmed."""
    forged = capturelib.build(honest(NULL_SHA), time=START)
    others, waiting = [], 1280
    for i in range(waiting + 20):
        others += capturelib.build(honest(NULL_SHA), time=START + 20 * MILLISECOND + i * 10000, step=1000,
                                   client=("198.51.%d.%d" % divmod(i, 250), 2000 + i), server=("203.0.113.9", 443))
    first, rest = forged + others, capturelib.made_up({}, forged, ((CLIENT, SERVER), False))[len(forged):]
    resets = [(START + 100 * MILLISECOND + i, frame) for i, (_, frame) in enumerate(rest)]
    found = Judged(sorted(first, key=lambda f: f[0]) + resets)
    told = [(e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(found.events, "alert")
            if e.get("src_ip") == "192.0.2.10" and e["utwatch"].get("about") != "ue"]
    check(told and all(severity >= 2 and basis == "partial" for severity, basis in told), "pushed out:", told)
    check(of_type(found.events, "stats")[-1]["utwatch"]["tls"]["told_early"] > 0, "nothing was pushed out")


def pushed_out_by_few():
    """The same over a second, by few clients: theirs are told first, and the one that its ends disown waits as long as any."""
    forged = capturelib.build(honest(NULL_SHA), time=START)
    rest = capturelib.made_up({}, forged, ((CLIENT, SERVER), False))[len(forged):]
    resets = [(START + 1000 * MILLISECOND + i, frame) for i, (_, frame) in enumerate(rest)]
    for clients in 1, 20:
        others = []
        for i in range(1400):
            others += capturelib.build(honest(NULL_SHA), time=START + 120 * MILLISECOND + i * 500000, step=1000,
                                       client=("198.51.100.%d" % (i % clients), 2000 + i), server=("203.0.113.9", 443))
        found = Judged(sorted(forged + others + resets, key=lambda f: f[0]))
        told = [(e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(found.events, "alert")
                if e.get("src_ip") == "192.0.2.10" and e["utwatch"].get("about") != "ue"]
        check(told and all(severity >= 2 and basis == "partial" for severity, basis in told), "pushed out by", clients, told)
        check(of_type(found.events, "stats")[-1]["utwatch"]["tls"]["told_early"] > 0, "nothing was pushed out by", clients)


def replaced_by_many():
    """Somebody who makes both ends of a connection up begins another on its ports, and on those of so many others that nothing is known of it
    when its ends disown it. Others that nobody took part in take no place from it."""
    forged = capturelib.build(honest(NULL_SHA), time=START)
    resets = capturelib.made_up({}, forged, ((CLIENT,), False))[len(forged):]
    begun = capturelib.Connection(time=forged[-1][0], seq=(900000000, 0)).frame(CLIENT, SYN)
    for of_hosts in (False, True):
        others = []
        for i in range(300):
            name = {"client": ("198.51.%d.%d" % divmod(i, 250), 2000 + i), "server": ("203.0.113.9", 443)}
            at = {"time": begun[0] + (i + 1) * 100000, "step": 1000}
            lone = [capturelib.Connection(**at, **name).frame(CLIENT, PUSH | ACK, hello())]
            others += capturelib.build(honest(), **at, **name) if of_hosts else lone
            others.append(capturelib.Connection(time=others[-1][0], step=1000, seq=(800000000, 0), **name).frame(CLIENT, SYN))
        late = [(others[-1][0] + SECOND + i, frame) for i, (_, frame) in enumerate(resets)]
        found = Judged([*forged, begun, *others, *late])
        told = [(e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(found.events, "alert")
                if e.get("src_ip") == "192.0.2.10" and e["utwatch"].get("about") != "ue"]
        check(told and all(severity >= 2 and basis == "partial" for severity, basis in told), "replaced by many:", of_hosts, told)
        forgotten = of_type(found.events, "stats")[-1]["utwatch"]["tls"].get("replaced_forgotten", 0)
        check((forgotten > 0) == of_hosts, "replaced by many:", of_hosts, "forgotten", forgotten)


def a_start_in_between():
    """A SYN with a hello behind it, on the ports of a connection that is going on: only the server's answer to the new numbers would begin one."""
    guilty = Judged(attacked(honest(NULL_SHA), None, None))
    for where in (1, 2, 3):
        def started(number):
            return attacked(honest(NULL_SHA), where, lambda c: [c.frame(CLIENT, SYN, seq=number),
                                                                c.frame(CLIENT, PUSH | ACK, hello((DES3,)), seq=number + 1)])
        same(started(900000000), guilty, "a start in between", where)
        # Within the window its bytes contradict the UE's own, whose words are in doubt then; not the server's.
        near = Judged(started(1200))
        check(near.outcomes == guilty.outcomes and near.alerts.get(FRAMED) == guilty.alerts[FRAMED], "a start in the window", where, near.alerts)
    # The ports do begin anew when the server says so, even if its SYN/ACK was lost.
    for lost in (False, True):
        first = capturelib.Connection(time=START)
        first.open()
        for step in honest():
            first.send(*step)
        second = capturelib.Connection(time=START + SECOND, seq=(900000000, 950000000))
        second.open()
        for step in honest(NULL_SHA):
            second.send(*step)
        second.close()
        frames = [f for i, f in enumerate(second.frames) if not (lost and i == 1)]
        found = Judged(first.frames + frames)
        check(len(found.handshakes) == 2 and (lost or FRAMED in found.alerts), "reuse, lost answer:", lost, found.outcomes, found.alerts)


def a_start_and_its_answer():
    """A SYN and a SYN/ACK of other numbers, before the hello: the ends that live go on to answer each other at theirs. What the forger says at his
    numbers then clears nobody."""
    for ends in ({}, IPV6):
        guilty = Judged(attacked(honest(NULL_SHA), None, None, **ends))
        for more in (0, 1, 3):
            forger = capturelib.Connection(seq=(900000000, 950000000), **ends)

            def forged(c):
                forger.time = c.time
                forger.open()
                if more == 3:
                    for step in honest()[:2]:
                        forger.send(*step)
                c.time = forger.time
                return forger.frames[:2 + more]
            found = Judged(attacked(honest(NULL_SHA), 0, forged, **ends))
            forger.frames = []
            if more < 3:
                check(found.alerts.get(FRAMED) == guilty.alerts[FRAMED], "a start and its answer", more, found.alerts, "not", guilty.alerts)
            else:
                check(all("overlap" in e["utwatch"]["unobserved"] for e in found.handshakes), "and a flight", found.handshakes)


def a_start_amid_a_handshake():
    """The same amid the handshake, at numbers near to those in use or far from them. The two segments begin nothing; with what the client would say
    next, and a flight behind it, both readings are in doubt: `overlap`, and nobody is accused or cleared by what was forged."""
    for ends in ({}, IPV6):
        for suite, other in ((NULL_SHA, DES3), (DES3, NULL_SHA)):
            plain = Judged(attacked(honest(suite), None, None, seq=(100000, 500000), **ends))
            for ahead in (-70000, -1, 1, 100, 30000, 900000000, 2**31):
                for where in (1, 2, 3):
                    for more in (2, 3, 5):
                        def forged(c):
                            forger = capturelib.Connection(time=c.time, seq=(100000 + ahead, 500000 + ahead), **ends)
                            forger.open()
                            for step in honest(other)[:2]:
                                forger.send(*step)
                            c.time = forger.time
                            return forger.frames[:more]
                        frames = attacked(honest(suite), where, forged, seq=(100000, 500000), **ends)
                        named = "a start amid a handshake:", suite, ahead, where, more
                        if more == 2:
                            same(frames, plain, *named)
                            continue
                        found = Judged(frames)
                        unobserved = [e["utwatch"].get("unobserved", ()) for e in found.handshakes]
                        check(unobserved and all("overlap" in u for u in unobserved), *named, unobserved)
                        check(found.alerts.get(FRAMED, (0,))[0] != 1, *named, found.alerts)


LONE = {"an octet": b"\x16", "GET": b"GET / HT", "CONNECT": b"CONNECT x:1 HTTP/1.1\r\n\r\n", "zeros": b"\0" * 1400, "a hello": hello((DES3,)),
        "an answer": m.server_hello(DES3), "an alert": m.alert(2, 40), "much": b"x" * 60000}


def lone_segments_before():
    """A segment of either side before its connection, at numbers near to it, or a minute before: the SYN, or the SYN/ACK that answers the UE's, says
    where a side begins (RFC 9293 3.10.7.3). No kernel takes the segment, and many answer it with a reset."""
    guilty = Judged(capturelib.build(honest(NULL_SHA), time=START))
    for n, (what, data) in enumerate(LONE.items()):
        ends = IPV6 if n % 2 else {}
        frames = capturelib.build(honest(NULL_SHA), time=START, seq=(900000, 1900000), **ends)
        for side in (CLIENT, SERVER):
            begin = (900001, 1900001)[side]
            for where, seq in {"ends there": begin - len(data), "near": begin - 70000, "ahead": begin + 200000, "there": begin}.items():
                for before, reset in ((50 * MILLISECOND, True), (3 * SECOND, False), (61 * SECOND, False)):
                    c = capturelib.Connection(time=START - before, **ends)
                    lone = [c.frame(side, PUSH | ACK, data, seq=seq)]
                    if reset:
                        lone.append(c.frame(1 - side, RST, seq=1))
                    found = Judged(lone + frames)
                    last = found.handshakes[-1]["utwatch"] if found.handshakes else {}
                    told = where == "there" and before < 60 * SECOND and "overlap" in last.get("unobserved", ())
                    right = last.get("outcome") == "complete" and found.alerts.get(FRAMED) == guilty.alerts[FRAMED]
                    check(told or right, what, side, where, before, reset, found.outcomes, found.alerts)


def decoys_before_the_answer():
    """Between the UE's SYN and the SYN/ACK that answers it the UE takes nothing of the server (RFC 9293 3.10.7.3), nor of a UE before its SYN."""
    def opened(side, decoy, how, conversation, **ends):
        c = capturelib.Connection(time=START, seq=(900000, 1900000), **ends)
        begin = c.seq[side] + 1
        number = {"ends there": begin - len(decoy), "near": begin - 70000, "ahead": begin + 200000}.get(how, begin - len(decoy) - 1)
        if side == CLIENT:
            c.frames.append(c.frame(CLIENT, PUSH | ACK, decoy, number))
        c.frames.append(c.frame(CLIENT, SYN))
        c.seq[CLIENT] += 1
        if side == SERVER:
            if how == "another answer":
                c.seq[CLIENT] += 5
            c.frames.append(c.frame(SERVER, {"another answer": SYN | ACK, "SYN": SYN}.get(how, PUSH | ACK), decoy, number))
            if how == "another answer":
                c.seq[CLIENT] -= 5
        if how == "both SYN":  # RFC 9293 3.5, simultaneous open
            c.frames.append(c.frame(SERVER, SYN))
            c.seq[SERVER] += 1
            c.frames.append(c.frame(CLIENT, SYN | ACK, seq=c.seq[CLIENT] - 1))
            c.frames.append(c.frame(SERVER, ACK))
        else:
            c.frames.append(c.frame(SERVER, SYN | ACK))
            c.seq[SERVER] += 1
            c.frames.append(c.frame(CLIENT, ACK))
        for step in conversation:
            c.send(*step)
        c.close()
        return c.frames

    request = b"GET /simservs.ngn.etsi.org/users/a HTTP/1.1\r\nHost: xcap.example\r\n\r\n"
    clear = [(CLIENT, request), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")]
    halves = {CLIENT: (b"\7\7\7", b"EHLO x\r\n", b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n"),
              SERVER: (b"HTTP/1.1 301 x\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n")}
    for ends in ({}, IPV6):
        in_clear = Judged(capturelib.build(clear, time=START, **ends))
        for suite, other in ((NULL_SHA, DES3), (DES3, NULL_SHA)):
            expected = Judged(capturelib.build(honest(suite), time=START, **ends))
            for side in (CLIENT, SERVER):
                decoy = (hello((other,)), m.server_hello(other))[side]
                for how in ("ends there", "near", "ahead", "both SYN") + (("another answer", "SYN") if side else ()):
                    found = Judged(opened(side, decoy, how, honest(suite), **ends))
                    right = found.alerts.get(FRAMED) == expected.alerts.get(FRAMED)
                    told = how == "another answer" and "overlap" in found.handshakes[-1]["utwatch"].get("unobserved", ())
                    check((right or told) and found.outcomes[-1:] == ["complete"], "decoy before the answer:", side, how, "%04x" % suite, ends,
                          found.outcomes, found.alerts)
        for side in (CLIENT, SERVER):
            for half in halves[side]:
                for how in ("ends there", "ahead"):
                    found = Judged(opened(side, half, how, clear, **ends))
                    check(in_clear.alerts and in_clear.alerts.items() <= found.alerts.items(), "HTTP behind a decoy:", half, how, found.alerts, "not",
                          in_clear.alerts)


def hellos_that_come_twice():
    """A second hello of either side, where no HelloRetryRequest asks for it (RFC 5246 7.3): which of the two was taken?"""
    for ends in ({}, IPV6):
        for shown, real in ((DES3, NULL_SHA), (NULL_SHA, DES3)):
            two = Judged(capturelib.build([honest()[0], (SERVER, m.server_hello(shown) + answer(real)), *honest()[2:]], time=START, **ends))
            check(FRAMED not in two.alerts and "overlap" in two.handshakes[0]["utwatch"].get("unobserved", ()), "two ServerHellos", two.alerts)
            hellos = hello((real,)) + m.client_hello((real,), session=b"\5" * 32)
            two = Judged(capturelib.build([(CLIENT, hellos), *honest(real)[1:]], time=START, **ends))
            reasons = two.handshakes[0]["utwatch"].get("unobserved", ())
            check("inconsistent" in reasons, "two ClientHellos", reasons)


def hellos_in_a_row():
    """A client that does not wait for an answer to its hello (Pike's SSL.Context does so), both of which the server acknowledges. What both say
    stands, whichever was taken; nothing is known in which they differ, nor what was refused."""
    offers, accepts = "ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"
    refuses, drawn, hidden = [(SERVER, m.alert(2, 10))], b"\x12" * 32, dict.fromkeys((offers, accepts), "not_observable")
    ticket = [m.client_hello([NULL_SHA], session=b"\5" * 32, random=drawn, more=[(35, b"t" * 64)])]
    for what, second, rest, told in (
            ("the same", [m.client_hello([NULL_SHA], random=drawn)], honest(NULL_SHA)[1:], {offers: "fail", accepts: "fail"}),
            ("the same, refused", [m.client_hello([NULL_SHA], random=drawn)], refuses, {offers: "fail", accepts: "not_observable"}),
            ("with a session", ticket, honest(NULL_SHA)[1:], {offers: "fail", accepts: "fail", "ut-7.1-ticket-lifetime": "not_observable"}),
            ("with more suites", [m.client_hello([NULL_SHA, DES3], random=drawn)], honest(NULL_SHA)[1:], hidden),
            ("with another suite", [m.client_hello([DES3], random=drawn)], refuses, hidden)):
        for apart in (False, True):
            hellos = [(CLIENT, h) for h in [hello((NULL_SHA,))] + second]
            hellos = hellos if apart else [(CLIENT, b"".join(h for _, h in hellos))]
            two = Judged(capturelib.build(hellos + rest, time=START), profile="ts33141-pcr2")
            counts, reasons = rule_counts(two.events), two.handshakes[0]["utwatch"].get("unobserved")
            check(reasons == ["inconsistent"], "two hellos,", what, reasons)
            for rule, verdict in told.items():
                check(counts[rule][verdict] and not any(counts[rule][v] for v in {"pass", "fail", "not_observable"} - {verdict}), "two hellos,", what,
                      rule, counts[rule])


def seen_twice():
    """Two mirrors: the whole connection comes once more 200 ms later. It is one connection."""
    for suite in (DES3, NULL_SHA):
        once = capturelib.build(honest(suite), time=START)
        for delay in (20 * MILLISECOND, 200 * MILLISECOND, 1500 * MILLISECOND):
            frames = sorted(once + [(t + delay, f) for t, f in once], key=lambda f: f[0])
            found = same(frames, Judged(once), "seen twice:", delay)
            check(len(found.handshakes) == 1, "seen twice: handshakes", delay, found.outcomes)


# ---- confirmation: each end has acknowledged the other

def only_one_side_says_so():
    """Breaches that only one end is known to have a part in are told as partial, of medium severity at most."""
    for ends in ({}, IPV6):
        weak = [(CLIENT, hello((NULL_SHA,))), *honest(NULL_SHA)[1:]]
        whole = capturelib.build(weak, time=START, **ends)
        check(Judged(whole).alerts.get(FRAMED, (0,))[0] == 1, "confirmed:", Judged(whole).alerts)
        one_sided = {"server": [f for f in whole if capturelib.segment_of(f[1])[0][1] == 443],
                     "UE": [f for f in whole if capturelib.segment_of(f[1])[0][1] != 443]}
        blind = capturelib.Connection(time=START, **ends)  # who guesses the server's numbers, and is not answered
        blind.open()
        guessed = []
        for side, data in weak:
            guessed.append(forge_acknowledgement(blind, side, data))
        for what, frames in {**one_sided, "guessed": blind.frames[:2] + guessed}.items():
            found = Judged(frames)
            weighed = all(severity >= 2 and basis == "partial" for severity, basis in found.alerts.values())
            check(weighed and (found.alerts or what == "UE"), "unconfirmed:", what, found.alerts)
            check(all(h["utwatch"].get("confirmed") is False for h in found.handshakes), "told:", what)
        check(Judged(whole).handshakes[0]["utwatch"].get("confirmed") is None, "confirmed is told only where it is false")


def numbers_that_nobody_sent():
    """Who sees nothing of the server sends in the UE's name what acknowledges a number that the server never used, and then goes on from it. Before
    that comes a segment of the server, of an earlier connection (or forged too), so that no SYN/ACK is missed."""
    asked = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    for what, said in (("HTTP", [asked]), ("a hello", [hello(), m.client_key_exchange() + m.finished()])):
        for answers in (0, 1, 2):  # SYN/ACKs that the UE does not take
            for stray in (b"", b"\0\0\0"):
                for ends in ({}, IPV6):
                    c = capturelib.Connection(time=START, **ends)
                    c.frames = [c.frame(CLIENT, SYN)]
                    c.seq[CLIENT] += 1
                    c.frames += [c.frame(SERVER, SYN | ACK, seq=5000 + 7000000 * n) for n in range(answers)]
                    c.frames += [c.frame(SERVER, PUSH | ACK, stray, seq=5001)] if stray else []
                    c.time += SECOND
                    c.seq[SERVER] = 0x40000000
                    for data in said:
                        c.send(CLIENT, data)
                    c.frames.append(c.frame(SERVER, ACK, seq=5001))
                    c.seq[SERVER] += 1
                    c.frames.append(c.frame(CLIENT, ACK))
                    found = Judged(c.frames)
                    check(all(severity > 1 for severity, _ in found.alerts.values()), "numbers that nobody sent:", what, answers, stray, found.alerts)


def forge_acknowledgement(c, side, data):
    """A segment of this side, its acknowledgement wrong where the client's numbers are not known to the forger."""
    time, frame = c.frame(side, PUSH | ACK, data)
    c.seq[side] += len(data)
    if side == SERVER:
        return time, frame
    at = checksum_at(frame) - 8
    tcp = frame[at - 8:at] + struct.pack("!I", 0x7F000000) + frame[at + 4:]
    v6 = frame[12:14] == b"\x86\xdd"
    src, dst = (frame[22:38], frame[38:54]) if v6 else (frame[26:30], frame[30:34])
    tcp = tcp[:16] + b"\0\0" + tcp[18:]
    kind, packet = capturelib.internet(6, src, dst, tcp, 16)
    return time, frame[:12] + kind + packet


# ---- floods: who sends with addresses of others confirms nothing, and goes first

def spoofed(number, kind, at):
    """The frames of a client that is not there: its answers go elsewhere, so that it acknowledges nothing."""
    c = capturelib.Connection(client=("198.18.%d.%d" % divmod(number % 65536, 256), 1024 + number % 60000), time=at, step=1000, seq=(number, 1))
    frames = [c.frame(CLIENT, SYN)]
    c.seq[CLIENT] += 1
    if kind == "announced":  # a message of 14 KB, of which little comes
        frames.append(c.frame(CLIENT, PUSH | ACK, b"\x16\3\1\x3f\0\1\0\x38\0\3\1" + b"\x11" * 32))
    elif kind != "SYN":
        frames.append(c.frame(CLIENT, PUSH | ACK, hello()[:60 if kind == "half hello" else 1000]))
    if kind == "refused":
        frames.append(c.frame(SERVER, RST | ACK))
    return frames


def floods():
    """A handshake and a refusal with 30 ms between their steps, within a flood; the tables are small, so that the captures may be."""
    refusal = [(CLIENT, hello()), (SERVER, m.alert(2, 40))]
    for kind in ("SYN", "half hello", "announced", "refused"):
        for conversation, outcome in ((honest(NULL_SHA), "complete"), (refusal, "refused")):
            real = capturelib.build(conversation, time=START, step=30 * MILLISECOND)
            frames = list(real)
            for i, (time, _) in enumerate(real):
                for n in range(100):
                    frames += spoofed(100 * i + n, kind, time + (n + 1) * 100000)
            frames.sort(key=lambda f: f[0])
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as site:
                site.write("limits: { flows: 256, handshakes: 32 }\n")
                site.flush()
                found = Judged(frames, "-c", site.name)
            mine = [h["utwatch"] for h in found.handshakes if h["src_ip"] == "192.0.2.10"]
            check([h["outcome"] for h in mine] == [outcome] and "evicted" not in mine[0].get("unobserved", ()), "flood:", kind, outcome, mine[:1])
            check(outcome == "refused" or found.alerts.get(FRAMED, (0,))[0] == 1, "flood:", kind, "hides", found.alerts)


wrong_sums()
what_no_host_takes()
put_together()
holes_that_wrong_sums_fill()
alone()
nobody_took_part()
sums_that_count()
offloaded()
own_card()
byte_by_byte()
zeros_alone()
ends_that_are_none()
resets_and_pauses()
both_ends_made_up()
rejected_by_firewalls()
errors_that_reject_nothing()
pushed_out()
pushed_out_by_few()
replaced_by_many()
a_start_in_between()
a_start_and_its_answer()
a_start_amid_a_handshake()
lone_segments_before()
decoys_before_the_answer()
hellos_that_come_twice()
hellos_in_a_row()
seen_twice()
only_one_side_says_so()
numbers_that_nobody_sent()
floods()
finish()
