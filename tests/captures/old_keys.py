#!/usr/bin/env python3
"""When is a key used for longer than a day? When data are sent then, not for an end, nor for a copy of earlier data. usage: old_keys.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER, SECOND = 0, 1, 10**9
START = 1795470000 * SECOND
RULE = "dp-3.2-key-lifetime-24h"
DATA = b"\x17\3\3\0\x40" + b"\7" * 64
CLOSE = {"TLS 1.2": b"\x15\3\3\0\x1a" + b"\7" * 26, "TLS 1.3": b"\x17\3\3\0\x13" + b"\7" * 19}
UPDATE = b"\x17\3\3\0\x16" + b"\7" * 22  # of a key, in TLS 1.3
RENEGOTIATION = m.record(22, b"\x9c" * 64, m.TLS12)


def used(capture, later):
    """Frames of the recorded handshake; then, 25 hours later, what `later` does."""
    c = capturelib.Connection(time=START)
    c.open()
    for step in capturelib.conversations(os.path.join(PCAPS, capture))[0]:
        c.send(*step)
    for side in CLIENT, SERVER:
        c.send(side, DATA)
    c.time += 25 * 3600 * SECOND
    later(c)
    return c.frames


def sends(*what):
    def send(c):
        for side, payload in what:
            c.send(side, payload)
    return send


def again(c):
    """The last record of the server once more, and a keep-alive of the client: the last byte once more."""
    c.frames.append(c.frame(SERVER, 0x18, DATA, c.seq[SERVER] - len(DATA)))
    c.frames.append(c.frame(CLIENT, 0x10, DATA[-1:], c.seq[CLIENT] - 1))


def forged(side, ahead, right_sum, knows_other):
    """Data of somebody who sees nothing of the connection, or that no receiver takes."""
    def send(c):
        for more in 0, 0x10000000:
            number = c.seq[1 - side]
            c.seq[1 - side] += 0 if knows_other else 0x20000000
            time, frame = c.frame(side, 0x18, DATA, c.seq[side] + ahead + (more if ahead > 1000 else 0))
            c.seq[1 - side] = number
            c.frames.append((time, frame if right_sum else frame[:50] + bytes([frame[50] ^ 0x55]) + frame[51:]))
    return send


ENDS = {"a reset of the client": (CLIENT, 0x04), "of the server": (SERVER, 0x14), "two resets": (CLIENT, 0x04, SERVER, 0x04),
        "two FINs": (CLIENT, 0x11, SERVER, 0x11), "two FINs without ACK": (CLIENT, 0x01, SERVER, 0x01)}


def ended_by_others(said, ahead):
    """Ends of somebody who sees nothing of the connection, and so does not know its numbers (RFC 5961 3), and a beginning on its ports; then both
    ends go on."""
    def send(c):
        first, server = c.seq
        for side, flags in zip(said[::2], said[1::2]):
            c.seq[:] = (first + ahead, server + ahead)
            c.frames.append(c.frame(side, flags))
        for side in said[::2]:
            c.time += 2 * SECOND
            c.frames.append(c.frame(side, 0x02 if side == CLIENT else 0x12))
        c.seq[:] = first, server
        c.time += 2 * SECOND
        for side in CLIENT, SERVER:
            c.send(side, DATA)
    return send


def told(folder, frames, version):
    """How often data were told that came too late: as a violation or, in TLS 1.3, which hides updates of keys (RFC 8446 4.6.3), as not observable."""
    path = os.path.join(folder, "keys.pcap")
    capturelib.write_frames(path, frames)
    evs, _ = events(sys.argv[1], "--strict", "-p", "ls-advice", "-r", path)
    counts = rule_counts(evs)[RULE]
    updates = version == "TLS 1.3"
    alerts = sum(e["utwatch"]["rule"] == RULE for e in of_type(evs, "alert"))
    check(counts["fail"] == alerts and not counts["fail" if updates else "not_observable"] and not counts["pass"], version, counts)
    return counts["not_observable" if updates else "fail"]


with tempfile.TemporaryDirectory() as folder:
    for version, capture in ("TLS 1.2", "openssl-tls12-full.pcap"), ("TLS 1.3", "openssl-tls13-full.pcap"):
        for side in CLIENT, SERVER:
            check(told(folder, used(capture, sends((side, DATA))), version) == 1, version, "data of side", side)
            check(not told(folder, used(capture, sends((side, CLOSE[version]))), version), version, "an end of side", side)
            # A lone record of the server as short as this may be a HelloRequest, which the client may decline.
            renewed = used(capture, sends((side, RENEGOTIATION), (side, RENEGOTIATION), (side, DATA)))
            check(told(folder, renewed, "TLS 1.3") == 1, version, "a key that may be new", side)
        check(not told(folder, used(capture, again), version), version, "copies of what was sent in time")
        check(not told(folder, used(capture, lambda c: c.close()), version), version, "FIN")
        check(not told(folder, used(capture, lambda c: c.reset(SERVER)), version), version, "RST")
        for side in CLIENT, SERVER:
            for ahead in 0, 70, 0x12345678, -0x12345678:
                for right_sum, knows_other in (False, False), (False, True), (True, False):
                    send = forged(side, ahead, right_sum, knows_other)
                    what = version, "forged:", side, ahead, right_sum, knows_other
                    check(not told(folder, used(capture, send), version), *what)

                    def both(c):
                        send(c)
                        c.send(side, DATA)
                        c.send(side, DATA)
                    # After so long a silence, or near enough, a right sum may begin or go on anything.
                    check(right_sum or told(folder, used(capture, both), version) == 1, *what, "before real data")
        for what, said in ENDS.items():
            for ahead in 1, 70, 5000, 0x12345678, -5000, -0x12345678:
                check(told(folder, used(capture, ended_by_others(said, ahead)), version) == 1, version, "not ended:", what, ahead)
    check(not told(folder, used("openssl-tls13-full.pcap", sends((CLIENT, UPDATE))), "TLS 1.3"), "an update of the key")
finish(115)
