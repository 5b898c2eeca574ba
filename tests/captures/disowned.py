#!/usr/bin/env python3
"""Does a finding about HTTP in clear wait for what contradicts it, as one about a handshake does? usage: disowned.py UTWATCH

Somebody who is neither end forges a whole connection; its ends answer with resets (RFC 9293 3.10.7.1), or with their own bytes at its numbers. What
they really did is reported as usual.
"""
import os
import subprocess
import sys
import tempfile
import time

from run_utwatch import OWN_DATA, events, of_type, operators_profile, rule_counts
from checks import check, finish
import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
SYN, RST, ACK, FIN = 0x02, 0x04, 0x10, 0x01
START, MILLISECOND, SECOND = 1795471000 * 10**9, 10**6, 10**9
WAITING = 2048  # findings that wait at most
SERVED_IN_CLEAR, OF_EXCHANGE = "ut-4-tls-required", "own-data"
V4, HTTPS, V6 = ({"server": ("192.0.2.80", 80)}, {}, {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 8080)})
ASKED = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n" \
    b"X-3GPP-Intended-Identity: \"sip:b@example.org\"\r\n\r\n"
SERVED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
REFUSED = b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"
OTHER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" + b"\0" * 40
RULES = operators_profile(own_data=OWN_DATA)


class Judged:
    def __init__(self, frames, tunnelled=False, config=None):
        frames = sorted(frames, key=lambda f: f[0])
        with tempfile.TemporaryDirectory() as folder:
            path, rules, site = (os.path.join(folder, name) for name in ("clear.pcap", "mine.yaml", "site.yaml"))
            capturelib.write_frames(path, [(t, encapsulation.gtp(f)) for t, f in frames] if tunnelled else frames)
            for name, text in (rules, RULES), (site, config or ""):
                with open(name, "w") as f:
                    f.write(text)
            self.events, self.process = events(UTWATCH, "-p", rules, *(["-c", site] if config else []), "-r", path)
        self.told = [(e["utwatch"]["rule"], e["alert"]["severity"], e["utwatch"]["basis"], e.get("src_ip"), e.get("dest_ip"))
                     for e in of_type(self.events, "alert")]
        self.rules = {rule for rule, *_ in self.told}
        self.high = {rule for rule, severity, *_ in self.told if severity == 1}
        self.counts = rule_counts(self.events)
        self.http = of_type(self.events, "stats")[-1]["utwatch"]["http"]


def connection(ends, steps=((CLIENT, ASKED), (SERVER, SERVED)), end="closed", at=START, times=1):
    c = capturelib.Connection(time=at, **ends)
    c.open()
    for step in list(steps) * times:
        c.send(*step)
    c.frames.append(c.frame(CLIENT, ACK))
    if end == "closed":
        c.close()
    return c


def pieces(who, text):
    return [(who, text[i:i + 1400]) for i in range(0, len(text), 1400)]


def in_null_encryption(served=SERVED):
    secret = b"\0" * 20
    return [(CLIENT, m.client_hello([2], m.TLS12)), (SERVER, m.server_hello(2, m.TLS12) + m.certificate_message(b"\0\0\0") + m.done(m.TLS12)),
            (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12)),
            (CLIENT, m.record(23, ASKED + secret, m.TLS12)), *((SERVER, m.record(23, part + secret, m.TLS12)) for _, part in pieces(SERVER, served))]


def both_ends_made_up():
    """Nobody is accused as if he had been there; where nobody disowns the same, it is told in full."""
    null = in_null_encryption()
    for ends, tunnelled in (V4, False), (HTTPS, True), (V6, False):
        for what, steps, rules in (("HTTP", [(CLIENT, ASKED), (SERVER, SERVED)], {SERVED_IN_CLEAR, OF_EXCHANGE}), ("null", null, {OF_EXCHANGE}),
                                   ("another protocol", [(SERVER, OTHER), (CLIENT, OTHER)], set())):
            if what == "another protocol" and ends is not HTTPS:
                continue
            for end in "closed", "open", "begun anew":
                c = connection(ends, steps, "open" if end == "open" else "closed")
                plain = Judged(c.frames, tunnelled)
                named = what, end, ends, tunnelled
                check(rules <= plain.high and bool(plain.high) == bool(rules), "plain:", *named, plain.told)
                forged = c.frames
                if end == "begun anew":
                    forged = forged + [capturelib.Connection(time=c.time, seq=(900000000, 0), **ends).frame(CLIENT, SYN)]
                for answers in ((who, at_once) for who in ((CLIENT, SERVER), (CLIENT,), (SERVER,)) for at_once in (True, False)):
                    if end == "begun anew" and answers[1]:
                        continue
                    for reset in (RST, RST | ACK) if ends is V4 else (RST,):
                        found = Judged(capturelib.made_up(ends, forged, answers, reset), tunnelled)
                        check(rules <= found.rules and not found.high, "made up:", *named, answers, reset, found.told)
                        check(all(basis == "partial" for _, _, basis, *_ in found.told if not found.high), "basis:", *named, found.told)


def long_connections():
    """Of many exchanges those are in doubt that are less than two seconds old when an end disowns the connection."""
    for ends in V4, V6:
        for after, told in (1, 0), (3, 1):
            c = connection(ends, end="open")
            c.time += 10 * SECOND
            for step in (CLIENT, ASKED), (SERVER, SERVED):
                c.send(*step)
            c.frames.append(c.frame(CLIENT, ACK))
            c.time += after * SECOND
            reset = c.frame(CLIENT, RST, seq=1001)
            found = Judged(c.frames + [reset])
            of = [severity for rule, severity, *_ in found.told if rule == OF_EXCHANGE]
            check(of == [1, 1 if told else 2], "exchanges before a reset:", after, of)


def two_readings():
    """The real server answers after the forger, in the same place; so does the real UE ask. The one is not said to have served anything then, and of
    the other nothing is told. That holds while the connection goes on, when it has ended, and when another one has its ports."""
    for ends, tunnelled in (V4, False), (HTTPS, True), (V6, False):
        for after in "at once", "behind more", "behind the end", "begun anew", "late":
            for side, real in (SERVER, REFUSED), (CLIENT, m.client_hello([0x2F], m.TLS12)), (CLIENT, ASKED.replace(b"GET", b"PUT")):
                c = connection(ends, end="open" if after in ("at once", "behind more") else "closed", times=2 if after == "behind more" else 1)
                if after == "begun anew":
                    c.frames.append(capturelib.Connection(time=c.time, seq=(900000000, 0), **ends).frame(CLIENT, SYN))
                c.time += 3 * SECOND if after == "late" else MILLISECOND
                c.frames.append(c.frame(side, 0x18, real, seq=(1001, 5001)[side]))
                found = Judged(c.frames, tunnelled)
                named = "two readings:", after, side, real[:8], ends, tunnelled
                if after == "late":
                    check({SERVED_IN_CLEAR, OF_EXCHANGE} <= found.high, *named, found.told)
                    continue
                check(OF_EXCHANGE not in found.rules and found.counts[OF_EXCHANGE]["not_observable"], *named, found.told)
                check(not found.counts[SERVED_IN_CLEAR].get("servers"), *named, "blames the server", found.counts[SERVED_IN_CLEAR])
                check(side == SERVER or SERVED_IN_CLEAR not in found.high, *named, "blames the UE", found.told)


def seen_twice():
    """Two mirrors, or an end that sends again: what comes once more as it was contradicts nothing, and so does a long document of which the
    beginning is no longer kept, whoever sends it."""
    for ends in V4, V6:
        for length in 2, 9000, 40000:
            document = b"Content-Length: %d\r\n\r\n" % length + b"d" * length
            served, put = b"HTTP/1.1 200 OK\r\n" + document, ASKED.replace(b"GET", b"PUT")[:-2] + document
            null = in_null_encryption(served)
            for what, steps, told, pause in (("GET", [(CLIENT, ASKED)] + pieces(SERVER, served), {SERVED_IN_CLEAR, OF_EXCHANGE}, 0),
                                             ("PUT", pieces(CLIENT, put) + [(SERVER, SERVED)], {SERVED_IN_CLEAR, OF_EXCHANGE}, 0),
                                             ("null", null, {OF_EXCHANGE}, 0), ("null, later", null, {OF_EXCHANGE}, 3)):
                c = connection(ends, steps)
                frames = [(t + (pause * SECOND if i >= 3 + 4 else 0), f) for i, (t, f) in enumerate(c.frames)]
                once = Judged(frames)
                check(told <= once.high, "once:", what, length, once.told)
                early, end = frames[3 + (4 if "null" in what else 0)][1], frames[-1][0]
                # What a client sends while much of it is under way may have been read otherwise, unless it comes soon.
                delays = [d * MILLISECOND for d in (1, 20, 200, 1500) if (what, length, d) != ("PUT", 40000, 20)]
                for again in [[(t + delay, f) for t, f in frames] for delay in delays] + [[(end + MILLISECOND, early)]]:
                    found = Judged(frames + again)
                    check(found.told == once.told, "seen twice:", what, length, again[0][0] - frames[0][0], ends, found.told, "instead of", once.told)


def in_order():
    """What one connection has done is told in its order, its handshake and those exchanges that break nothing as well."""
    harmless = [(CLIENT, ASKED.replace(b"sip:b@", b"sip:a@")), (SERVER, SERVED)]
    c = connection(V4, [(CLIENT, ASKED), (SERVER, SERVED), *harmless], times=3)
    found = Judged(c.frames)
    check([rule for rule, *_ in found.told if rule in (OF_EXCHANGE, SERVED_IN_CLEAR)] == [OF_EXCHANGE] * 3 + [SERVED_IN_CLEAR], found.told)
    c = connection({}, in_null_encryption())
    kinds = [e["event_type"] for e in Judged(c.frames).events]
    found = Judged(c.frames).events
    tls = kinds.index("tls")
    exchange = [i for i, e in enumerate(found) if e["event_type"] == "alert" and e["utwatch"]["rule"] == OF_EXCHANGE]
    check(exchange and tls < exchange[0], "an exchange before its handshake:", tls, exchange)


def pushed_out():
    """So many findings of others that one which its ends disown has no place to wait: it is told as what nobody confirmed, and what waits of
    handshakes goes on waiting."""
    forged = connection(V4).frames
    others = []
    for i in range(WAITING + 20):
        ends = {"client": ("198.51.%d.%d" % divmod(i, 250), 2000 + i), "server": ("203.0.113.9", 80)}
        c = capturelib.Connection(time=START + 20 * MILLISECOND + i * 10000, step=1000, **ends)
        c.open()
        for step in (CLIENT, ASKED), (SERVER, SERVED):
            c.send(*step)
        c.frames.append(c.frame(CLIENT, ACK))
        others += c.frames
    handshake = [(t, f) for t, f in connection({"client": ("192.0.2.99", 40000)}, in_null_encryption()[:4], end="open").frames]
    disowned = capturelib.made_up(V4, forged, ((CLIENT, SERVER), False))[len(forged):]
    resets = [(START + 100 * MILLISECOND + i, frame) for i, (_, frame) in enumerate(disowned)]
    of_handshake = capturelib.made_up({"client": ("192.0.2.99", 40000)}, handshake, ((CLIENT, SERVER), False))[len(handshake):]
    found = Judged(forged + others + handshake + resets + [(START + 300 * MILLISECOND + i, f) for i, (_, f) in enumerate(of_handshake)])
    mine = [one for one in found.told if "192.0.2.10" in one[3:]]
    check(mine and all(severity >= 2 and basis == "partial" for _, severity, basis, *_ in mine), "pushed out:", mine)
    check(found.http.get("told_early", 0) > 0, "nothing was pushed out")
    tls = [one for one in found.told if "192.0.2.99" in one[3:]]
    check(tls and all(severity >= 2 for _, severity, *_ in tls), "a handshake was pushed out:", tls)


def one_among_others():
    """One connection of so many exchanges that they would take all places: it gives way itself, in order, and nobody else's finding is weakened."""
    mine = connection(V4)
    plain = Judged(mine.frames).told
    for asked in ASKED, ASKED.replace(b"sip:b@", b"sip:a@"):
        other = capturelib.Connection(time=START - SECOND, client=("198.51.100.9", 5000), server=("203.0.113.9", 80), step=1000)
        other.open()
        other.send(CLIENT, ASKED)
        other.send(SERVER, SERVED)
        other.time, other.step = mine.time, 20000
        for _ in range((WAITING + 400) // 8):
            other.send(CLIENT, asked * 8)
            other.send(SERVER, SERVED * 8)
        other.frames.append(other.frame(CLIENT, ACK))
        other.close()
        found = Judged(mine.frames + other.frames)
        check([one for one in found.told if "192.0.2.10" in one[3:]] == plain, "among others:", found.told[:4], "instead of", plain)
        check(found.http.get("told_early", 0) > 0, "among others: nothing was told early")
        of_other = [rule for rule, *_, client, _ in found.told if client == "198.51.100.9" and rule in (OF_EXCHANGE, SERVED_IN_CLEAR)]
        check(of_other == [OF_EXCHANGE] * (len(of_other) - 1) + [SERVED_IN_CLEAR], "among others, the order:", len(of_other))


def in_a_pipe():
    """Nothing more comes, and no packet time goes on: what waits is told by the clock."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "clear.pcap"), os.path.join(folder, "events")
        capturelib.write_frames(path, connection(V4).frames)
        with open(path, "rb") as f:
            capture = f.read()
        p = subprocess.Popen([UTWATCH, "-q", "--json", out, "-r", "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        p.stdin.write(capture)
        p.stdin.flush()
        begun, told = time.monotonic(), None
        while told is None and time.monotonic() - begun < 8:
            time.sleep(0.05)
            if os.path.exists(out):
                with open(out) as f:
                    told = time.monotonic() - begun if SERVED_IN_CLEAR in f.read() else None
        p.stdin.close()
        check(p.wait() == 1, "the exit status:", p.returncode)
        with open(out) as f:
            check(SERVED_IN_CLEAR in f.read(), "in a pipe: nothing")
    return told


both_ends_made_up()
long_connections()
two_readings()
seen_twice()
in_order()
pushed_out()
one_among_others()
in_a_pipe()
finish(400)
