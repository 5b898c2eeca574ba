#!/usr/bin/env python3
"""A handshake that goes quiet is judged a minute after its last sign of life, however others wait beside it. usage: idle.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, utwatch
from checks import check, finish
import capturelib
import messages as m

SECOND = 10**9
START = 1795470000 * SECOND
IDLE = 60  # seconds, HANDSHAKE_IDLE_SECONDS
conversation = capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-full.pcap"))[0]
HELLO, ANSWER = (next(p for s, p in conversation if s == side) for side in (0, 1))


class Waiting(capturelib.Connection):
    """A connection whose server does not answer to the end."""

    def __init__(self, port, opened):
        super().__init__(client=("192.0.2.10", port), step=0)
        self.at(opened).open()
        self.send(0, HELLO)

    def at(self, second):
        self.time = START + int(second * SECOND)
        return self

    def half_close(self):
        self.frames.append(self.frame(0, 0x11))
        self.seq[0] += 1


busy = Waiting(40001, 0)
busy.at(59).send(1, ANSWER[:100])
busy.at(95).send(1, ANSWER[100:200])
busy.half_close()
quiet = Waiting(40002, 50)
quiet.at(100).half_close()
open_ = Waiting(40003, 70)
# The order of events is the order of judgement; complete handshakes, one in two seconds, tell the time.
markers = [(at, capturelib.build(conversation, client=("192.0.2.11", 50000 + at), time=START + at * SECOND, step=1000)) for at in range(1, 200, 2)]
frames = sorted(f for source in [c.frames for c in (busy, quiet, open_)] + [m for _, m in markers] for f in source)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "idle.pcap")
    capturelib.write_frames(path, frames)
    evs, _ = events(sys.argv[1], "-r", path)
ports = [e["src_port"] for e in of_type(evs, "tls")]
for port, last in ((40001, 95), (40002, 100), (40003, 70)):
    before = [p - 50000 for p in ports[:ports.index(port)] if p >= 50000]
    check(last + IDLE - 2 <= before[-1] < last + IDLE, "port %d: judged after %d s, its last sign of life was at %d s" % (port, before[-1], last))
# A client that has closed its half may still be answered (RFC 9293 3.6): that its handshake was not seen to end is told.
for steps in (1, 2, 3):
    for closes in (False, True):
        c = capturelib.Connection(time=START)
        c.open()
        for side, payload in conversation[:steps]:
            c.send(side, payload)
        c.frames.append(c.frame(0, 0x11))
        c.seq[0] += 1
        c.frames.append(c.frame(1, 0x11 if closes else 0x10))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "half.pcap")
            capturelib.write_frames(path, c.frames)
            found = [(e["utwatch"]["outcome"], e["utwatch"].get("unobserved")) for e in of_type(events(sys.argv[1], "-r", path)[0], "tls")]
        check(found == [("aborted", None if closes else ["unfinished"])], "after", steps, "flights the client closes; both:", closes, found)
# An end that comes so late is no part of what was judged, and does not vanish without a word.
for pause, late in ((IDLE - 1, 0), (IDLE + 1, 1), (10 * IDLE, 1)):
    for side, level in ((1, 2), (0, 2), (1, 1)):
        c = capturelib.Connection(time=START)
        c.open()
        c.send(0, HELLO)
        c.send(1, ANSWER[:100])
        c.time += pause * SECOND
        c.send(side, m.alert(level, 40, m.TLS12))
        c.close(first=1)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "late.pcap")
            capturelib.write_frames(path, c.frames)
            evs = events(sys.argv[1], "-r", path)[0]
            text = utwatch(sys.argv[1], "-r", path).stdout.decode()
        told = of_type(evs, "stats")[-1]["utwatch"]["tls"].get("late_alerts", 0)
        check(told == (late if level == 2 else 0) and ("1 fatal alert after a handshake that" in " ".join(text.split())) == bool(told),
              "an alert of level", level, "of side", side, "after", pause, "s:", told, text)
# What goes on after that is told as what it is, the rest of something whose beginning is in no event of its own: nothing of it is malformed.
for what, cut in (("the answer", None), ("half of the hello", 30)):
    c = capturelib.Connection(time=START)
    c.open()
    c.send(0, HELLO[:cut])
    c.time += (IDLE + 1) * SECOND
    if cut:
        c.send(0, HELLO[cut:])
    for side, payload in conversation[1:]:
        c.send(side, payload)
    c.close()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pause.pcap")
        capturelib.write_frames(path, c.frames)
        last = of_type(events(sys.argv[1], "-r", path)[0], "tls")[-1]["utwatch"]
    check(last["outcome"] == "complete" and last.get("unobserved") == ["midstream"], "a pause before", what, last["outcome"], last.get("unobserved"))
finish()
