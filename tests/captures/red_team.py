#!/usr/bin/env python3
"""Attacks that were thought up without knowledge of the other tests. usage: red_team.py UTWATCH

Two ends really speak; what is told of them must not depend on what is around it.
"""
import os
import sys
import tempfile

from run_utwatch import events, of_type
from checks import check, finish

import capturelib
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
ANON, AES, SECOND, START = 0x18, 0x2F, 10**9, 1795471000 * 10**9
V4, V6 = {}, {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
BROKEN = {"ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-listed-anonymous", "ut-7.2-only-anonymous"}
NUMBERS, NEAR, FAR = (1000, 5000), (1000, 255000), (1000, 900000000)


def talk(suite, version=m.TLS12):
    certificate = m.certificate_message(b"\0\0\0", version) if suite == AES else m.server_key_exchange(version)
    return [(CLIENT, m.client_hello([suite], version)), (SERVER, m.server_hello(suite, version) + certificate + m.done(version)),
            (CLIENT, m.client_key_exchange(version) + m.finished(version)), (SERVER, m.finished(version)),
            (CLIENT, m.record(23, b"\7" * 48, version)), (SERVER, m.record(23, b"\7" * 48, version))]


class Judged:
    def __init__(self, folder, frames, *words):
        capture = os.path.join(folder, "x.pcap")
        capturelib.write_frames(capture, sorted(frames, key=lambda f: f[0]))
        evs, _ = events(UTWATCH, *words, "-r", capture)
        self.tls = [e["utwatch"] for e in of_type(evs, "tls")]
        self.suites = [int(t["server_hello"]["suite"], 16) for t in self.tls if "server_hello" in t]
        alerts = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] in BROKEN]
        self.high = {e["utwatch"]["rule"] for e in alerts if e["alert"]["severity"] == 1 and e["utwatch"]["basis"] == "direct"}
        self.faults = {(e["utwatch"]["rule"], e["utwatch"]["fault"]) for e in of_type(evs, "alert")}
        self.counters = of_type(evs, "stats")[-1]["utwatch"]


def ended(c, how):
    if how == "closed":
        c.close()
    elif how != "left":
        c.reset(SERVER if how == "reset by the server" else CLIENT)


def reopened(folder):
    """A client may draw the number for its side that it had before: RFC 9293 3.4.1 asks for another one, and nobody makes sure of it."""
    for name in (V4, V6):
        for how in ("closed", "reset", "reset by the server", "left"):
            for numbers in (NUMBERS, NEAR, FAR):
                for pause in (SECOND // 100, SECOND, 10 * SECOND, 100 * SECOND):
                    c = capturelib.Connection(time=START, seq=NUMBERS, **name)
                    c.open()
                    for step in talk(AES):
                        c.send(*step)
                    ended(c, how)
                    judged = Judged(folder, c.frames + capturelib.build(talk(ANON), time=c.time + pause, seq=numbers, **name))
                    what = ("reopened", how, numbers, pause / SECOND, name)
                    if numbers == NUMBERS and pause <= SECOND:  # as another mirror may show it once more, but for its bytes
                        check(judged.counters["capture"]["conflicts"], *what, judged.counters["capture"])
                        continue
                    check(judged.suites == [AES, ANON], *what, judged.suites)
                    check(judged.high == BROKEN, *what, judged.high)


def copies(folder):
    """A second mirror is no new connection, whether or not the first one is seen to end."""
    for name in (V4, V6):
        for late in (SECOND // 1000, SECOND // 50, SECOND // 2, SECOND):
            for open_end in (False, True):
                frames = capturelib.build(talk(ANON), time=START, **name)[:-2 if open_end else None]
                judged = Judged(folder, frames + [(t + late, f) for t, f in frames])
                check(judged.suites == [ANON] and judged.high == BROKEN, "copied", late, open_end, judged.suites, judged.high)


with tempfile.TemporaryDirectory() as scratch:
    reopened(scratch)
    copies(scratch)
finish(200)
