#!/usr/bin/env python3
"""A firewall that rewrites sequence numbers, for one side or both (RFC 6528 is why), or answers SYNs in the server's place, captured before and
behind it: the same ends, the same bytes, other numbers. usage: rewritten.py UTWATCH

Both connections are read in full, and their breaches are reported once, as for one of them alone.
"""
import os
import subprocess
import sys
import tempfile

from run_utwatch import events, of_type, rule_counts
from checks import check, finish
import capturelib
import encapsulation as e
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER, SECOND, MICRO = 0, 1, 10**9, 10**3
START, ANON, DES3, AES13 = 1795471000 * SECOND, 0x0018, 0x000A, 0x1301
NUMBERS = (1000, 5000)
# What the firewall makes of these: of the client's, of the server's; far away, and in the same window.
DRAWN = {"both sides'": (0x40001000, 0x70005000), "the client's": (0x40001000, 5000), "the server's": (1000, 0x70005000),
         "both sides', near": (1900, 5900), "the client's, near": (1900, 5000), "the server's, near": (1000, 5900),
         "the server's, less": (1000, 4000), "the client's, less": (200, 5000), "both, around zero": (0xFFFFFF00, 0xFFFFFFF0)}
DATA = [(side, m.record(23, b"\7" * 48, m.TLS12)) for side in (CLIENT, SERVER)] * 3


def full(version=m.TLS12, suite=ANON, number=1):
    random = [bytes([kind, number]) + b"\5" * 30 for kind in (1, 2)]
    return [(CLIENT, m.client_hello([suite], version, random=random[0])),
            (SERVER, m.server_hello(suite, version, random=random[1]) + m.done(version)),
            (CLIENT, m.client_key_exchange(version) + m.finished(version)), (SERVER, m.finished(version)), *DATA]


def resumed(number=2):
    random = [bytes([kind, number]) + b"\5" * 30 for kind in (1, 2)]
    return [(CLIENT, m.client_hello([ANON], m.TLS12, session=b"\6" * 32, random=random[0])),
            (SERVER, m.server_hello(ANON, m.TLS12, b"\6" * 32, random=random[1]) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12)), *DATA]


def modern(number=3):
    share = [(43, b"\2\3\4"), (51, b"\0\x26\0\x1d\0\x20" + b"\x09" * 32)]
    random = [bytes([kind, number]) + b"\5" * 30 for kind in (1, 2)]
    hidden = m.record(20, b"\1", m.TLS12) + m.record(23, b"\x5a" * 60, m.TLS12)
    return [(CLIENT, m.client_hello([AES13, DES3], m.TLS12, session=b"\6" * 32, more=share, random=random[0])),
            (SERVER, m.server_hello(AES13, m.TLS12, b"\6" * 32, more=[(43, b"\3\4"), (51, b"\0\x1d\0\x20" + b"\x08" * 32)], random=random[1])),
            (SERVER, hidden),
            (CLIENT, hidden), *DATA]


STEPS = {"full": full(), "resumed": resumed(), "TLS 1.3": modern(), "in pieces": [(s, p[i:i + 30]) for s, p in full() for i in range(0, len(p), 30)]}


def said(steps, seq, at=0, port=40000, step=1000000):
    c = capturelib.Connection(client=("192.0.2.10", port), time=START + at, seq=seq, step=step)
    c.open()
    for step in steps:
        c.send(*step)
    c.close()
    return c.frames


def on_both_sides(steps, seq, late, at=0, tags=(None, None), port=40000, own=NUMBERS):
    """What the client sends comes to the inner side first, what the server sends to the outer one."""
    out = []
    for n, frames in enumerate((said(steps, own, at, port, 1000000 + 2 * late), said(steps, seq, at, port, 1000000 + 2 * late))):
        for t, f in frames:
            behind = n == (1 if f[5] == CLIENT else 0)
            out.append((t + late * behind, e.vlan(f, tags[n]) if tags[n] else f))
    return sorted(out, key=lambda f: f[0])


def by_proxy(steps):
    """The firewall takes the client's SYN itself, and goes on to the server when the client has answered, with the client's number."""
    near = capturelib.Connection(time=START, seq=NUMBERS, step=100000)
    near.open()
    far = capturelib.Connection(time=near.time, seq=(NUMBERS[0], 0x70005000), step=100000)
    far.open()
    now = far.time
    for step in steps:
        for c in (near, far) if step[0] == CLIENT else (far, near):
            c.time = now
            c.send(*step)
            now = c.time
    far.time = now
    near.time = now + 50000
    far.close()
    near.close()
    return sorted(near.frames + far.frames, key=lambda f: f[0])


def judged(folder, frames):
    path = os.path.join(folder, "rewritten.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs = events(UTWATCH, "--strict", "-r", path)[0]
    counts = {r: c["fail"] for r, c in rule_counts(evs).items() if c["fail"]}
    return of_type(evs, "tls"), counts, {a["utwatch"]["basis"] for a in of_type(evs, "alert") if a["utwatch"]["about"] == "handshake"}


def whole(tls):
    return [(t["utwatch"]["outcome"], t["utwatch"].get("unobserved"), t["utwatch"]["history"]) for t in tls]


def hellos(folder):
    """By tshark, which is told that two segments of one number are no copies: how many ClientHellos are in the capture."""
    seen = subprocess.run(["tshark", "-r", os.path.join(folder, "rewritten.pcap"), "-d", "tcp.port==443,tls", "-o", "tcp.desegment_tcp_streams:false",
                           "-o", "tcp.analyze_sequence_numbers:false", "-Y", "tls.handshake.type==1", "-T", "fields", "-e", "tcp.seq_raw"],
                          capture_output=True, text=True)
    return len(seen.stdout.split())


def told_once(folder):
    for what, steps in STEPS.items():
        alone, broken, basis = judged(folder, said(steps, NUMBERS))
        check(len(alone) == 1 and (broken or what == "TLS 1.3"), what, "alone:", broken)
        for whose, seq in DRAWN.items():
            for late in (0, 20 * MICRO, 200 * MICRO, 1500 * MICRO):
                for tags in ((None, None), (None, 7), (7, 7), (7, 8)):
                    tls, found, bases = judged(folder, on_both_sides(steps, seq, late, tags=tags))
                    check(whole(tls) == whole(alone) * 2, what, whose, late, tags, whole(tls))
                    check(found == broken and bases == basis, what, whose, late, tags, found, bases)
        tls, found, _ = judged(folder, by_proxy(steps))
        check(whole(tls) == whole(alone) * 2 and found == broken, what, "a proxy for SYNs:", whole(tls), found)
    judged(folder, on_both_sides(STEPS["full"], DRAWN["both sides'"], 200 * MICRO))
    check(hellos(folder) == 2, "tshark:", hellos(folder))


def ports_again(folder):
    """The UE uses its port again, once the first connection is over, and the firewall draws other numbers each time."""
    alone = judged(folder, said(STEPS["full"], NUMBERS))[1]
    for whose, seq in DRAWN.items():
        for count in (2, 5):
            frames = []
            for n in range(count):
                own, drawn = (tuple(number + n * 0x1234567 for number in both) for both in (NUMBERS, seq))
                frames += on_both_sides(full(number=10 + n), drawn, 200 * MICRO, at=n * 8 * SECOND, own=own)
            tls, found, _ = judged(folder, frames)
            check([t[0] for t in whole(tls)] == ["complete"] * 2 * count, "ports again,", whose, count, whole(tls))
            check(all(found.get(r) in (n, n * count) for r, n in alone.items()) and found["ut-6.4-listed-anonymous"] == count,
                  "ports again,", whose, count, found)


def not_the_same(folder):
    """Where two say something else on the same ports at the same time, at other numbers, nobody knows which of them the ends are."""
    bad, good = full(suite=ANON, number=5), full(suite=DES3, number=6)
    for whose, seq in DRAWN.items():
        if "near" in whose or "less" in whose:
            continue
        for first, second in ((bad, good), (good, bad)):
            for late in (20 * MICRO, 200 * MICRO):
                frames = [(t + late * n, f) for n, c in enumerate((said(first, NUMBERS), said(second, seq))) for t, f in c]
                tls, found, _ = judged(folder, frames)
                check(whole(tls) and all("overlap" in (unobserved or ()) for _, unobserved, _ in whole(tls)), "others:", whose, late, whole(tls))
                check("ut-6.4-listed-anonymous" not in found, "others:", whose, late, found)


with tempfile.TemporaryDirectory() as where:
    told_once(where)
    ports_again(where)
    not_the_same(where)
finish(100)
