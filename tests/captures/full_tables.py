#!/usr/bin/env python3
"""Every large table that a replay can fill is driven past its cap, so that an access behind its last place meets a page that nobody may touch
(monitor/base/memory.h); the counters say that each was full. usage: full_tables.py UTWATCH"""
import itertools
import json
import os
import struct
import sys
import tempfile

from run_utwatch import utwatch
from checks import check, finish
import bench_inputs
import bench_load
import capturelib
import encapsulation
import messages as m

UES, SERVERS = 70000, 17001  # more than are remembered; each server sees all kinds of connections
SITE = "limits: { flows: 8192, handshakes: 2560, sessions: 64 }\n"
NULL_SHA, AES = 0x0002, 0x002F
STEP = 10000  # between two frames
FULL = {
    "capture": ("senders_forgotten", "segments_without_room", "bytes_not_compared", "handshakes_unguarded"),
    "connections": ("evicted",),
    "tls": ("handshakes_evicted", "told_early", "replaced_forgotten"),
    "http": ("evicted", "told_early"),
    "naming": ("evicted",),
    "evidence": ("withheld", "streams_unnumbered"),
    "memory": ("sessions_evicted", "peers_evicted", "peers_came_again", "hosts_forgotten", "handshakes_forgotten", "lessons_forgotten",
               "origins_unguarded", "challenges_forgotten"),
    "verdicts": ("superseded_untold",),
}


def number(n):
    """Eight octets that no checksum shows: each word is followed by its complement."""
    return struct.pack("!4H", n & 0xFFFF, ~n & 0xFFFF, n >> 16, ~(n >> 16) & 0xFFFF)


UE, SERVER = number(0x5A17C3B6), number(0x6B28D4A5)  # to be replaced


class Kind:
    """The frames of a connection, to be used again between other ends."""

    def __init__(self, *steps, client=40000, port=443, left_out=(), ahead=0):
        c = capturelib.Connection((b"\x20\1\x0d\xb8" + UE + bytes(4), client), (b"\x20\1\x0d\xb9" + SERVER + bytes(4), port))
        c.open()
        for i, (side, data) in enumerate(steps):
            c.seq[side] += ahead
            before = len(c.frames)
            for at in range(0, len(data), 1200):
                c.send(side, data[at:at + 1200])
            c.frames.append(c.frame(1 - side, 0x10))
            if i in left_out:
                del c.frames[before:]
        self.frames = [frame for _, frame in c.frames]

    def between(self, ue, server):
        ue, server = number(ue), number(server)
        return [f.replace(UE, ue).replace(SERVER, server) for f in self.frames]


def hello(suites, session=b""):
    """Of a stack that no other UE has."""
    return m.client_hello(suites, m.TLS12, session, random=4 * UE, more=[(13, b"\0\x08" + UE)])


def answer(suite):
    return m.server_hello(suite, m.TLS12, session=4 * UE, random=UE + 3 * SERVER)


def kinds():
    load = bench_load.Load(bench_inputs.recorded())
    certificate = load.certificate(0)[:-8] + UE  # at the end of its signature
    long = m.record(22, b"\x0b" + (9000).to_bytes(3, "big") + bytes(9000), m.TLS12)
    done, key, end = m.done(m.TLS12), m.client_key_exchange(m.TLS12), m.finished(m.TLS12)
    get = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    asked = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a\"\r\nContent-Length: 0\r\n\r\n"
    whole = [(0, hello([AES])), (1, answer(AES) + certificate + done), (0, key + end), (1, end)]
    null = [(0, hello([NULL_SHA])), (1, answer(NULL_SHA) + certificate + done), (0, key + end), (1, end)]
    clear = [(0, m.record(23, get + bytes(20), m.TLS12)), (1, m.record(23, asked + bytes(20), m.TLS12))]
    again = [(0, hello([AES], session=4 * UE)), (1, answer(AES) + end), (0, end)]
    junk = bytes(range(130, 190))
    return {
        "refused": Kind((0, hello([AES])), (1, m.alert(2, 40, m.TLS12))),
        "whole": Kind(*whole), "null": Kind(*null, *clear, port=8443), "missed": Kind(*whole, left_out=(1,)),
        "again": Kind(*again, client=40001),
        "half": Kind((0, hello([AES])), (1, answer(AES) + long[:-9])),
        "ahead": Kind((0, hello([AES])), ahead=100),
        "http": Kind((0, get), port=80), "answered": Kind((0, get), (1, asked), port=80), "junk": Kind((0, junk), (1, junk)),
    }


def frames():
    """Everyday connections of each UE, and then more of each kind at once than there is room for."""
    of = kinds()
    usual = ("refused", "whole", "refused", "null", "refused", "missed", "whole", "null")
    for n in itertools.chain(range(UES), range(200)):
        kind = usual[n % 8]
        yield from of[kind].between(n, n % SERVERS)
        if kind == "whole":
            yield from of["again"].between(n, n % SERVERS)
    for kind, count in (("half", 3000), ("ahead", 3000), ("answered", 3000), ("http", 6000), ("junk", 6000)):
        for n in range(count):
            yield from of[kind].between(100000 + n, n % SERVERS)
    for n in range(10000):
        yield of["http"].between(200000 + n, n % SERVERS)[0]
    for n in range(600):
        yield encapsulation.fragments(capturelib.Connection(client=("192.0.2.10", 1024 + n)).frame(0, 0x18, bytes(64))[1], 40)[0]


with tempfile.TemporaryDirectory() as folder:
    capture, site, out = (os.path.join(folder, name) for name in ("full.pcap", "site.yaml", "events"))
    with open(site, "w") as f:
        f.write(SITE)
    capturelib.write_frames(capture, ((bench_inputs.START + n * STEP, frame) for n, frame in enumerate(frames())))
    words = ["--json", out, "--evidence", os.path.join(folder, "evidence"), "--details"]
    words += ["--report=%s:%s" % (kind, os.path.join(folder, kind)) for kind in ("text", "html")]
    utwatch(sys.argv[1], "-q", "-c", site, "-p", "ts33141-pcr2", *words, "-r", capture)
    with open(out) as f:
        stats = json.loads(next(line for line in f if '"event_type":"stats"' in line[:400]))["utwatch"]
for part, counters in FULL.items():
    for counter in counters:
        check(stats[part][counter], "nothing gave way:", part, counter)
for table, places in (("ues", 65536), ("servers", 16384)):
    check(stats["memory"][table] == places, stats["memory"][table], table)
check(stats["capture"]["fragments_lost"] > 256, stats["capture"]["fragments_lost"], "datagrams gave way")
finish()
