#!/usr/bin/env python3
"""A hello that its receiver has and the capture shows in another form, or not, and another one at the same numbers. usage: decoys.py UTWATCH

The real hello comes first, so that its receiver drops the other one as old. Linux takes each of its forms: pieces of eight octets in any order (RFC
791 3.2), a datagram anew after pieces that overlap (ip_fragment.c, RFC 5722), any number of Destination Options (RFC 8200 4.1 names no limit). What
is said of the other hello accuses and clears nobody; a hello in ordinary pieces is judged as one that is whole.
"""
import itertools
import os
import struct
import sys
import tempfile

from run_utwatch import events, of_type, rule_counts
from checks import check, finish

import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
AES, ANON, NULL_SHA = 0x2F, 0x18, 2
START, MICROSECOND, SECOND = 1795471000 * 10**9, 1000, 10**9
V4, V6 = {}, {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
ONLY_ANONYMOUS = "ut-7.2-only-anonymous"


def hello(*suites, size=1200, **more):
    return m.client_hello(suites, m.TLS12, more=[(21, bytes(size))], **more)


def rest(suite=AES, **more):
    return [(SERVER, m.server_hello(suite, m.TLS12, **more) + m.certificate_message(b"\0\0\0", m.TLS12) + m.done(m.TLS12)),
            (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12)),
            (CLIENT, m.record(23, b"\7" * 48, m.TLS12)), (SERVER, m.record(23, b"\7" * 48, m.TLS12))]


class Judged:
    def __init__(self, frames, snaplen=262144):
        with tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "decoys.pcap")
            capturelib.write_frames(capture, sorted(frames, key=lambda f: f[0]), snaplen)
            self.events, _ = events(UTWATCH, "-r", capture)
        self.alerts = {e["utwatch"]["rule"]: (e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(self.events, "alert")}
        self.handshakes = of_type(self.events, "tls")
        self.counts = rule_counts(self.events)
        self.unobserved = [h["utwatch"].get("unobserved", []) for h in self.handshakes]


def frame_of_hello(frames):
    return next(i for i, (_, f) in enumerate(frames) if len(f) > 54 and b"\x16\3\1" in f[54:100])


# ---- the forms of the real hello: each takes its frame, and returns frames at most 0.4 ms later

def pieces_of(frame, cuts, number=7):
    """Of IPv4 or IPv6, cut at these octets of the TCP segment."""
    v6 = frame[12:14] == b"\x86\xdd"
    body = frame[54:] if v6 else frame[34:]
    out = []
    for at, end in zip((0, *cuts), (*cuts, len(body))):
        more, part = end < len(body), body[at:end]
        if v6:
            out.append(frame[:18] + struct.pack("!HB", 8 + len(part), 44) + frame[21:54] + struct.pack("!BBHI", 6, 0, at | more, number) + part)
        else:
            head = frame[14:16] + struct.pack("!HHH", 20 + len(part), number, 0x2000 * more | at // 8) + frame[22:24] + b"\0\0" + frame[26:34]
            out.append(frame[:14] + head[:10] + struct.pack("!H", capturelib.ones_sum(head)) + head[12:] + part)
    return out


def spread(time, frames):
    return [(time + n * MICROSECOND, f) for n, f in enumerate(frames)]


def of_others(number, v6):
    """A first piece of a datagram between others, which is never whole."""
    where = {"client": ("2001:db8::66", 1), "server": ("2001:db8::67", 2)} if v6 else {"client": ("203.0.113.1", 1), "server": ("203.0.113.2", 2)}
    return pieces_of(capturelib.Connection(**where).frame(CLIENT, 0x10, bytes(60))[1], (40,), number)[0]


def is_v6(frame):
    return frame[12:14] == b"\x86\xdd"


def tiny(frame):
    cuts = range(8, len(frame) - (54 if is_v6(frame) else 34), 8)
    pieces = pieces_of(frame, cuts)
    return pieces[::2] + pieces[1::2]


def evicted(frame):
    first, last = pieces_of(frame, (320,))
    return [first, *(of_others(n, is_v6(frame)) for n in range(260)), last]


def evicted_twice(frame):
    """So that only the addresses are known of what was given up first."""
    first, last = pieces_of(frame, (320,))
    return [last, *(of_others(n, is_v6(frame)) for n in range(260)), first, *(of_others(n, is_v6(frame)) for n in range(260, 520))]


def begun_anew(frame):
    """Another content for a piece that is here: the host forgets the datagram, and takes it when it comes again."""
    first, last = pieces_of(frame, (320,))
    return [first, first[:-8] + b"\xff" * 8, first, last]


def without(which):
    """A piece is not in the capture."""
    return lambda frame: [p for n, p in enumerate(pieces_of(frame, (320,))) if n != which]


def behind_options(count, fragments=0):
    def form(frame):
        """Destination Options of eight octets (RFC 8200 4.6), or fragment headers of a datagram that is not cut (RFC 6946)."""
        chain = b"".join(struct.pack("!BBBBI", 60 if n < count - 1 else 44 if fragments else 6, 0, 1, 4, 0) for n in range(count))
        chain += b"".join(struct.pack("!BBHI", 44 if n < fragments - 1 else 6, 0, 0, 7) for n in range(fragments))
        body = chain + frame[54:]
        return [frame[:18] + struct.pack("!HB", len(body), 60 if count else 44) + frame[21:54] + body]
    return form


def tunnelled_pieces(frame):
    """In GTP-U, whose outer datagram is cut; the first piece says who is inside."""
    first, last = pieces_of(encapsulation.gtp(frame), (400,))
    return [first, *(of_others(n, False) for n in range(260)), last]


FORMS = {"many pieces": (tiny, (V4, V6)), "evicted": (evicted, (V4, V6)), "evicted twice": (evicted_twice, (V4, V6)),
         "begun anew": (begun_anew, (V4, V6)), "no first piece": (without(0), (V4, V6)), "no last piece": (without(1), (V4, V6)),
         "9 options": (behind_options(9), (V6,)), "120 options": (behind_options(120), (V6,)),
         "200 fragment headers": (behind_options(0, 200), (V6,))}


def first_difference(some, others):
    return next(i for i, (a, b) in enumerate(zip(some, others)) if a != b)


def decoys_behind(what, form, ends, wrap=lambda frame: frame):
    """The real hello in this form, then the other one, to an innocent server, and of a UE that offers what it must not. `wrap` goes around all other
    frames."""
    for real, read, suite in ((hello(AES, AES), hello(ANON, 0x1B), AES), (hello(AES, AES), hello(1, NULL_SHA), AES),
                              (hello(ANON, ANON), hello(AES, ANON), ANON)):
        frames = capturelib.build([(CLIENT, read), *rest(suite)], time=START, **ends)
        honest = capturelib.build([(CLIENT, real), *rest(suite)], time=START, **ends)
        at = first_difference(frames, honest)
        hidden = spread(frames[at][0] - 600 * MICROSECOND, form(honest[at][1]))
        plain = Judged([(t, wrap(f)) for t, f in honest])
        found = Judged([(t, wrap(f)) for t, f in frames] + hidden)
        check(len(found.unobserved) == 1 and "overlap" in found.unobserved[0], what, len(ends), "is not in doubt:", found.unobserved)
        check(set(found.alerts) <= set(plain.alerts), what, len(ends), "accuses:", set(found.alerts) - set(plain.alerts))
        for rule, counts in found.counts.items():
            cleared = counts.get("pass", 0) and plain.counts.get(rule, {}).get("fail", 0)
            check(not cleared, what, len(ends), "clears:", rule)


def decoys():
    for what, (form, families) in FORMS.items():
        for ends in families:
            decoys_behind(what, form, ends)


def cut_by_the_snap_length():
    """The hello is behind so many octets of options that the capture ends before it."""
    frames = capturelib.build([(CLIENT, hello(ANON, 0x1B, size=0)), *rest(ANON)], time=START, **V6)
    honest = capturelib.build([(CLIENT, hello(AES, ANON, size=0)), *rest(ANON)], time=START, **V6)
    at = first_difference(frames, honest)
    check(ONLY_ANONYMOUS in Judged(frames).alerts, "cut: the control")
    found = Judged(frames + spread(frames[at][0] - 600 * MICROSECOND, behind_options(40)(honest[at][1])), snaplen=300)
    check(ONLY_ANONYMOUS not in found.alerts and "overlap" in found.unobserved[0], "cut:", found.alerts, found.unobserved)


def ordinary_pieces():
    """In two, three or many pieces in any order, each once or twice: as the whole hello, without a doubt."""
    for ends in (V4, V6):
        frames = capturelib.build([(CLIENT, hello(ANON, 0x1B)), *rest(ANON)], time=START, **ends)
        plain = Judged(frames)
        check(ONLY_ANONYMOUS in plain.alerts, "pieces: the control:", plain.alerts)
        at = frame_of_hello(frames)
        for cuts in ((320,), (160, 400), (8, 16), tuple(range(8, 1200, 8))):
            pieces = pieces_of(frames[at][1], cuts)
            orders = list(itertools.permutations(pieces)) if len(pieces) < 4 else [pieces, pieces[::-1], tiny(frames[at][1])]
            copies = [pieces + pieces, [p for p in pieces for _ in (0, 1)], pieces + pieces[1:], pieces + pieces[:1]]
            for order in orders + copies:
                found = Judged(frames[:at] + spread(frames[at][0] - 600 * MICROSECOND, order) + frames[at + 1:])
                check(found.alerts == plain.alerts and found.unobserved == plain.unobserved, "pieces:", len(ends), len(cuts), found.alerts,
                      found.unobserved, "instead of", plain.alerts, plain.unobserved)


def of_others_between_the_same():
    """What was not read of another connection, of UDP, or before this one began, leaves no doubt."""
    for ends in (V4, V6):
        frames = capturelib.build([(CLIENT, hello(ANON, 0x1B)), *rest(ANON)], time=START + SECOND, **ends)
        plain = Judged(frames)
        check(ONLY_ANONYMOUS in plain.alerts, "the control:", plain.alerts)
        at = frame_of_hello(frames)
        (client, _), server = ends.get("client", ("192.0.2.10", 0)), ends.get("server", ("192.0.2.80", 443))
        other = capturelib.Connection(client=(client, 40001), server=server).frame(CLIENT, 0x18, bytes(600))[1]
        by_udp = capturelib.datagram((client, 40000), server, bytes(600))
        for what, piece, when in (("another connection", pieces_of(other, (320,))[0], frames[at][0]),
                                  ("UDP", pieces_of(by_udp, (320,))[0], frames[at][0]),
                                  ("earlier", pieces_of(frames[at][1], (320,))[0], START)):
            if what == "UDP" and ends:
                piece = piece[:54] + b"\x11" + piece[55:]
            found = Judged(frames + [(when, piece)] + [(when + n, of_others(n, bool(ends))) for n in range(260)])
            check(found.alerts == plain.alerts and found.unobserved == plain.unobserved, "no doubt:", what, len(ends), found.alerts, found.unobserved)


def in_clear():
    """A request and its answer in clear, in whose place the receiver may have something else."""
    asked = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    answered = b"HTTP/1.1 200 OK\r\nContent-Type: application/resource-lists+xml\r\nContent-Length: 2\r\n\r\nab"
    for ends in ({"server": ("192.0.2.80", 80)}, {"client": V6["client"], "server": ("2001:db8::80", 80)}):
        frames = capturelib.build([(CLIENT, asked), (SERVER, answered)], time=START, **ends)
        plain = Judged(frames)
        check(any(severity == 1 for severity, _ in plain.alerts.values()), "in clear: the control:", plain.alerts)
        for side in CLIENT, SERVER:
            at = next(i for i, (_, f) in enumerate(frames) if (asked, answered)[side] in f)
            found = Judged(frames + [(frames[at][0] - 600 * MICROSECOND, pieces_of(frames[at][1], (48,))[0])])
            check(all(severity > 1 for severity, _ in found.alerts.values()), "in clear:", len(ends), side, found.alerts)


# ---- what the server selects, and the client's going on, contradict the hello that was read

def answers_to_another_hello():
    offer = [ANON, 0x1B]
    hello13 = m.client_hello([0x1301], m.TLS12, session=b"\1" * 32,
                             more=[(43, b"\2\3\4"), (10, b"\0\2\0\x17"), (51, b"\0\x06\0\x17\0\2\1\1")])
    for what, conversation in (
            ("a suite", [(CLIENT, m.client_hello(offer, m.TLS12)), *rest()]),
            ("an extension", [(CLIENT, m.client_hello(offer, m.TLS12)), *rest(ANON, more=[(22, b"")])]),
            ("a version", [(CLIENT, m.client_hello(offer, 0x0302)), *rest(ANON)]),
            ("a session", [(CLIENT, m.client_hello(offer, m.TLS12)),
                           (SERVER, m.server_hello(ANON, m.TLS12, b"\5" * 32) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))])):
        frames = capturelib.build(conversation, time=START)
        found = Judged(frames)
        check(all("overlap" in u for u in found.unobserved) and found.unobserved, "another hello:", what, found.unobserved)
        check(ONLY_ANONYMOUS not in found.alerts, "another hello:", what, found.alerts)
    protected = m.record(23, b"\7" * 53, m.TLS12)
    for what, session, group in (("a group", b"\1" * 32, 0x1D), ("an echo", b"\2" * 32, 0x17), ("as it should be", b"\1" * 32, 0x17)):
        selected = [(43, b"\3\4"), (51, struct.pack("!HH", group, 2) + bytes(2))]
        found = Judged(capturelib.build([(CLIENT, hello13), (SERVER, m.server_hello(0x1301, m.TLS12, session, more=selected) + protected * 3),
                                         (CLIENT, protected), (CLIENT, m.record(23, b"\7" * 100, m.TLS12))], time=START))
        doubted = ["overlap" in u for u in found.unobserved]
        check(doubted == [what != "as it should be"], "TLS 1.3:", what, found.unobserved)


def clients_that_end_it():
    """A server that selects what was not offered, to a client that says so: it has accepted that hello."""
    found = Judged(capturelib.build([(CLIENT, m.client_hello([ANON, 0x1B], m.TLS12)), rest()[0], (CLIENT, m.alert(2, 47, m.TLS12))], time=START))
    check(found.alerts.get(ONLY_ANONYMOUS, (0, ""))[1] == "direct" and "overlap" not in found.unobserved[0], "ended:", found.alerts, found.unobserved)


def in_a_tunnel():
    """The whole tap is GTP-U, and an outer datagram of it is cut and given up."""
    decoys_behind("in a tunnel", tunnelled_pieces, V4, wrap=encapsulation.gtp)


decoys()
cut_by_the_snap_length()
ordinary_pieces()
of_others_between_the_same()
in_clear()
answers_to_another_hello()
clients_that_end_it()
in_a_tunnel()
finish(100)
