#!/usr/bin/env python3
"""Real handshakes within floods are judged as they are without them: small versions of what tools/floods measures, with tables as much smaller.
And how much memory a handshake in progress takes. usage: floods.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import events, of_type
from checks import check, finish
import capturelib
import flood_run
from flood_run import SECOND, START
import messages as m

SHARE = 0.02
FLOWS, HANDSHAKES = 262144, 50000  # of the configuration that is made so much smaller
WHOLE = ("ahead", "ahead-few", "at-once")  # whose tables have their usual size
NAMES = ("syn", "syn-pause", "half-hellos", "half-starts", "refusals", "announced", "announced-few", "announced-many", "delivered",
         "hellos-few", "ues")

with tempfile.TemporaryDirectory() as folder:
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("limits: { flows: %d, handshakes: %d }\n" % (FLOWS * SHARE, HANDSHAKES * SHARE))
    for name in NAMES + WHOLE:
        share, words = (1, []) if name in WHOLE else (SHARE, ["-c", site])
        real, wrong, first, _, _ = flood_run.tried(sys.argv[1], name, share, words)
        check(wrong <= real // 1000, name, "judged wrong:", wrong, "of", real, first)


def many_ends():
    """100 handshakes that wait in vain end with one frame. A handshake in its very next frames does not wait for all of them to be judged, and they
    are judged as they stood, also the one whose UE goes on too late."""
    hello = m.client_hello([0x000A])
    waiting = [capturelib.Connection(("192.0.2.10", 30000 + i), time=START, step=1000) for i in range(100)]
    for c in waiting:
        c.open()
        c.send(0, hello)
    last = capturelib.Connection(("192.0.2.11", 40000), time=START + 61 * SECOND)
    last.open()
    waiting[99].frames, late = [*waiting[99].frames], waiting[99]
    late.time = last.time
    late.send(0, m.alert(2, 40))
    last.time = late.time
    last.send(0, hello)
    last.send(1, m.alert(2, 40))
    last.close()
    frames = sorted((f for c in [*waiting, last] for f in c.frames), key=lambda f: f[0])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ends.pcap")
        capturelib.write_frames(path, [*frames, *((START + 64 * SECOND + i, frames[0][1]) for i in range(3))])
        evs, _ = events(sys.argv[1], "-r", path)
    said = [(e["src_port"], e["utwatch"]["outcome"]) for e in of_type(evs, "tls")]
    check(sorted(said) == [(30000 + i, "unfinished") for i in range(100)] + [(40000, "refused")], "many ends:", said)
    place = said.index((40000, "refused"))
    check(8 <= place < 99, "many ends: the next is told after", place)


many_ends()
for kind, most in (("real-hello", 4096), ("real-certificate", 12288)):
    each = flood_run.resident(sys.argv[1], kind, [])
    check(1000 < each <= most, kind, "takes", each, "bytes")
finish()
