#!/usr/bin/env python3
"""Real handshakes within floods are judged as they are without them: small versions of what tools/floods measures, with tables as much smaller.
And how much memory a handshake in progress takes. usage: floods.py UTWATCH"""
import os
import re
import sys
import tempfile

from run_utwatch import events, of_type
from checks import check, finish
import capturelib
import encapsulation
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
    hellos = [m.client_hello([0x000A], random=b"%32d" % i) for i in range(101)]
    waiting = [capturelib.Connection(("192.0.2.10", 30000 + i), time=START, step=1000) for i in range(100)]
    for c, hello in zip(waiting, hellos):
        c.open()
        c.send(0, hello)
    last = capturelib.Connection(("192.0.2.11", 40000), time=START + 61 * SECOND)
    last.open()
    waiting[99].frames, late = [*waiting[99].frames], waiting[99]
    late.time = last.time
    late.send(0, m.alert(2, 40))
    last.time = late.time
    last.send(0, hellos[100])
    last.send(1, m.alert(2, 40))
    last.close()
    frames = sorted((f for c in [*waiting, last] for f in c.frames), key=lambda f: f[0])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ends.pcap")
        capturelib.write_frames(path, [*frames, *((START + 64 * SECOND + i, frames[0][1]) for i in range(3))])
        evs, _ = events(sys.argv[1], "-r", path)
    said = [(e["src_port"], e["utwatch"]["outcome"]) for e in of_type(evs, "tls")]
    check(sorted(said) == [(30000 + i, "unfinished") for i in range(100)] + [(40000, "refused")], "many ends:", said)
    # In the order in which they were over, also at the end of the capture.
    check(said[-1] == (40000, "refused"), "many ends: the last one over is told last", said[-1])


def said_of(frames, address):
    """What is said of an address, by port and in any order, without when and where; and the counters of HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "clear.pcap")
        capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
        evs, _ = events(sys.argv[1], "-r", path)
    said = sorted(("%s %s" % (e["src_port"], e["event_type"]), re.sub("hash:[0-9a-f]+", "", str(e["utwatch"])))
                  for e in evs if e.get("src_ip") == address)
    return said, of_type(evs, "stats")[-1]["utwatch"]["http"]


def in_clear():
    """Requests in clear that wait for their answer within more connections than are read at a time: of spoofed addresses whose answers nobody
    acknowledges, or of one UE that is answered. What does not fit is counted."""
    get = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    junk = bytes(range(1, 60))
    for name, sent, confirmed, server, answer in (
            ("spoofed", get, False, ("192.0.2.80", 80), ok), ("of one UE", get, True, ("192.0.2.80", 80), ok),
            ("of another protocol", junk, False, ("192.0.2.80", 443), b"\x80" + junk)):
        real = [capturelib.Connection(("192.0.2.10", 30000 + i), server, time=START + (i % 2) * 2 * SECOND + i, step=1000) for i in range(10)]
        for c in real:
            c.open()
            c.send(0, sent)
            c.time = START + 5 * SECOND
            c.send(1, answer)
            c.close()
        alone = [f for c in real for f in c.frames]
        around = []
        for n in range(6000):
            c = capturelib.Connection(("198.51.%d.%d" % ((100, 7) if confirmed else (n >> 8, n & 255)), 1024 + n), server,
                                      time=START + SECOND + n * 1000, step=10)
            c.open()
            c.send(0, sent)
            around += c.frames if confirmed else c.frames[::3]
        expected, _ = said_of(alone, "192.0.2.10")
        found, http = said_of(alone + around, "192.0.2.10")
        check(found == expected and len(found) >= 10, "in clear,", name, set(found) ^ set(expected))
        check(http.get("evicted") == 6010 - 4096, "in clear,", name, "evicted", http)


def greedy():
    """One UE, or its network, has more connections than the table, all of them answered, and goes on to use them. What is known of others'
    connections is not forgotten for it: how old their keys are a day later."""
    flight, key, end = m.server_hello(0x000A) + m.done(), m.client_key_exchange() + m.finished(), m.finished()
    data = m.record(23, b"\7" * 48)
    for server, ue, one in ((("192.0.2.200", 443), "192.0.2.%d", "198.51.100.7"),
                            (("2001:db8::80", 443), "2001:db8:0:%x::1", "2001:db8:1:1::%x")):
        frames = []
        for i in range(150):
            c = capturelib.Connection((ue % (1 + i), 30000 + i), server, time=START + i * 1000000, step=10)
            c.open()
            for step in (0, m.client_hello([0x000A], random=b"%32d" % i)), (1, flight), (0, key), (1, end), (0, data):
                c.send(*step)
            c.time += 25 * 3600 * SECOND
            c.send(0, data)
            frames += c.frames
        for n in range(9000):
            c = capturelib.Connection((one % n if "%" in one else one, 1024 + n), server, time=START + SECOND + n * 1000000, step=10)
            c.open()
            frames += c.frames
        with tempfile.TemporaryDirectory() as folder:
            path, site = os.path.join(folder, "greedy.pcap"), os.path.join(folder, "site.yaml")
            with open(site, "w") as f:
                f.write("limits: { flows: 1000 }\n")
            capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
            evs, _ = events(sys.argv[1], "-c", site, "-p", "ls-advice", "-r", path)
        told = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "dp-3.2-key-lifetime-24h"]
        check(len(told) >= 148, "greedy,", one, len(told), "of 150")  # a UE may share the number of the greedy one's network


def lone_fragments():
    """Pieces of datagrams of any addresses, the rest of which never comes: 10,000 a second, each of which may have been a word of its sender's. Only
    the UE that sends one within its handshake is in doubt."""
    flight, key, end = m.server_hello(0x000A) + m.done(), m.client_key_exchange() + m.finished(), m.finished()
    frames, rng = [], capturelib.seeded("lone fragments")
    for i in range(300):
        c = capturelib.Connection(("192.0.2.%d" % (1 + i % 250), 30000 + i), time=START + i * 7 * 10**6, step=70 * 10**6)
        c.open()
        for step in (0, m.client_hello([0x000A], random=b"%32d" % i)), (1, flight):
            c.send(*step)
        if i == 100:
            c.frames.append((c.time, encapsulation.fragments(c.frame(0, 0x18, bytes(64))[1], 40)[0]))
        for step in (0, key), (1, end):
            c.send(*step)
        c.close()
        frames += c.frames
    for i in range(30000):
        ends = capturelib.Connection(("10.%d.%d.%d" % tuple(rng.randrange(256) for _ in range(3)), 4000), time=START + i * 10**5)
        frames.append((ends.time, encapsulation.fragments(ends.frame(0, 0x18, bytes(64))[1], 40)[1]))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "fragments.pcap")
        capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
        evs, _ = events(sys.argv[1], "-r", path)
    doubted = [e["src_port"] for e in of_type(evs, "tls") if "overlap" in e["utwatch"].get("unobserved", ())]
    check(doubted == [30100] and len(of_type(evs, "tls")) == 300, "lone fragments:", doubted, "in doubt")


many_ends()
in_clear()
greedy()
lone_fragments()
for kind, most in (("real-hello", 4096), ("real-certificate", 12288)):
    each = flood_run.resident(sys.argv[1], kind, [])
    check(1000 < each <= most, kind, "takes", each, "bytes")
finish()
