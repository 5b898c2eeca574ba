"""Inputs that are made to take long, for tools/worst-frame: each of a size, so that twice of it can be measured as well."""
import os
import struct
import subprocess
import sys
import tempfile

import bench_inputs
import bench_load
import capturelib
import messages as m
from flood_run import FLOODS

START = 1795471000 * 10**9
CLIENT, SERVER = 0, 1
SUITES = (0x002F, 0x0035)
MOST = 60000  # bytes of a segment that a card has put together
RECORD = 16384
INTERVAL = 24 * 3600 * 10**9  # after which servers and UEs are judged
NULL_SHA = 0x0002
IP_HEADER, ETHERNET_HEADER, FRAGMENT = 20, 14, 8
FLOOD_SHARE = 0.02


def records(handshake, of=RECORD):
    """A message, without its record's header, in records of so many bytes."""
    return b"".join(m.record(22, handshake[at:at + of]) for at in range(0, len(handshake), of))


def hello(suites=SUITES, more=()):
    """Without the record's header."""
    codes = b"".join(struct.pack("!H", s) for s in suites)
    body = b"\3\3" + bytes(32) + b"\0" + struct.pack("!H", len(codes)) + codes + b"\1\0" + m.extensions(more)
    return b"\1" + len(body).to_bytes(3, "big") + body


def chain(certificates):
    body = b"".join(len(c).to_bytes(3, "big") + c for c in certificates)
    body = len(body).to_bytes(3, "big") + body
    return b"\x0b" + len(body).to_bytes(3, "big") + body


def rest():
    return [(CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished())]


def talk(first, flight, of=MOST):
    """A handshake, its hello and its server's flight in segments of so many bytes."""
    parts = [(side, whole[at:at + of]) for side, whole in ((CLIENT, first), (SERVER, flight)) for at in range(0, len(whole), of)]
    return capturelib.build(parts + rest(), time=START)


def answered(certificates):
    return m.server_hello(SUITES[0]) + records(chain(certificates)) + m.done()


def long_flight(n):
    return answered([b"\x30" + b"\xa5" * (n - 1)])


def one_byte(n):
    return talk(records(hello()), long_flight(n), of=1)


def reverse(n):
    """The server's flight in n segments of eight bytes, the last one first."""
    frames = talk(records(hello()), long_flight(FRAGMENT * n), of=FRAGMENT)
    flight = [i for i, (_, frame) in enumerate(frames) if frame[5] == SERVER and len(frame) > 54]
    times = [frames[i][0] for i in flight]
    for time, i, taken in zip(times, flight, [frames[i][1] for i in reversed(flight)]):
        frames[i] = time, taken
    return frames


def overlaps(n):
    """Each segment of the flight goes one byte further than the one before, and repeats a thousand."""
    flight = long_flight(n)
    c = capturelib.Connection(time=START)
    c.open()
    c.send(CLIENT, records(hello()))
    first = c.seq[SERVER]
    for end in range(1, len(flight) + 1):
        begin = max(0, end - 1000)
        c.frames.append(c.frame(SERVER, 0x18, flight[begin:end], seq=first + begin))
    return c.frames


def fragments(n):
    """A segment in n fragments of eight bytes (RFC 791 3.2), the last one first."""
    time, frame = talk(records(hello(more=[(21, bytes(FRAGMENT * n - 200))])), b"")[3]
    packet = frame[ETHERNET_HEADER:]
    out = []
    for at in reversed(range(0, len(packet) - IP_HEADER, FRAGMENT)):
        part = packet[IP_HEADER + at:IP_HEADER + at + FRAGMENT]
        more = 0x2000 if IP_HEADER + at + len(part) < len(packet) else 0
        head = packet[:2] + struct.pack("!HHH", IP_HEADER + len(part), 7, more | at // FRAGMENT) + packet[8:10] + b"\0\0" + packet[12:20]
        head = head[:10] + struct.pack("!H", capturelib.ones_sum(head)) + head[12:]
        out.append((time, frame[:ETHERNET_HEADER] + head + part))
    return out


def extensions(n):
    return talk(records(hello(more=[(1000 + i, b"") for i in range(n)])), long_flight(100))


def suites(n):
    return talk(records(hello(suites=[i & 0xFFFF for i in range(n)])), long_flight(100))


def certificates(n):
    return talk(records(hello()), answered([b"\x30"] * n))


def small_records(n):
    """The Certificate message in records of one byte, all of them in a few segments."""
    return talk(records(hello()), m.server_hello(SUITES[0]) + records(chain([bytes(n)]), of=1) + m.done())


def changes(n):
    """Records of alerts that mean nothing (a warning), between the hello and its answer."""
    return talk(records(hello()) + n * m.alert(1, 90), long_flight(100))


def requests(n):
    """HTTP in clear: requests without waiting for answers (RFC 9112 9.3.2)."""
    return capturelib.build([(CLIENT, n * b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (SERVER, n * b"HTTP/1.1 204 N\r\n\r\n")], time=START)


def streams(n):
    """The same in HTTP/2: heads of three octets (RFC 9113 5.1, RFC 7541 6.1)."""
    settings = b"\0\0\0\4\0\0\0\0\0"
    heads = b"".join(b"\0\0\3\1\5" + struct.pack("!I", 2 * i + 1) + b"\x82\x87\x84" for i in range(n))
    return capturelib.build([(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + heads), (SERVER, settings)], time=START)


def heads(n):
    """One request with so many fields."""
    return capturelib.build([(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n" + n * b"A: b\r\n" + b"\r\n")], time=START)


def identities(n):
    """A request for the document of a user whose name has semicolons, and as much before its "@"; and eight identities that it is held against."""
    user, asserted = b"sip:" + b";" * 400 + n * b"a" + b"@a", b",".join([b"<sip:b>"] * 8)
    return capturelib.build([(CLIENT, b"GET /resource-lists/users/" + user + b"/index HTTP/1.1\r\nHost: a\r\nX-3GPP-Asserted-Identity: " + asserted +
                              b"\r\n\r\n")], time=START)


def peers(n):
    """So many UEs, each known by one hello that nobody answers, and the end of the interval."""
    frames = []
    for i in range(n):
        c = capturelib.Connection(client=("10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255), 6666), time=START + i * 10**5)
        frames.append((c.time, c.frame(CLIENT, 0x18, records(hello()))[1]))
    for hours in (25, 26):
        frames += capturelib.build([(CLIENT, records(hello())), (SERVER, answered([b"\x30"]))] + rest(), time=START + hours * INTERVAL // 24)
    return frames


def breaches(n):
    """So many handshakes within two seconds that are told two seconds later, after a pause."""
    flight = m.server_hello(NULL_SHA) + m.done()
    parts = [(CLIENT, records(hello(suites=[NULL_SHA]))), (SERVER, flight)] + rest()
    frames = []
    for i in range(n):
        frames += capturelib.build(parts, client=("10.1.%d.%d" % (i >> 8, i & 255), 4000), time=START + i * 2 * 10**6, step=1000)
    return sorted(frames, key=lambda f: f[0]) + capturelib.build([(CLIENT, records(hello()))], time=START + 10 * 10**9)


def before(time, count=60):
    """Ordinary handshakes that end before this time."""
    load = bench_load.Load(bench_inputs.recorded())
    return list(load.frames(["full"], count, time - count * 10**7))


# In place of utwatch for a test: leaves each capture in a folder.
KEEPER = """#!/bin/sh
for word; do
    [ "$before" = -r ] && [ -f "$word" ] && cp "$word" "$(mktemp %s/XXXXXX)"
    before=$word
done
exec %s "$@"
"""


def of_test(utwatch, test):
    """The frames of all captures that a test of tests/captures makes, each capture five minutes behind the one before."""
    with tempfile.TemporaryDirectory() as folder:
        kept, keeper = os.path.join(folder, "kept"), os.path.join(folder, "utwatch")
        os.mkdir(kept)
        with open(keeper, "w", opener=lambda path, flags: os.open(path, flags, 0o755)) as f:
            f.write(KEEPER % (kept, os.path.abspath(utwatch)))
        tests = os.path.dirname(os.path.dirname(os.path.abspath(test)))
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join((tests, os.path.dirname(os.path.abspath(__file__)))))
        subprocess.run([sys.executable, test, keeper], check=True, stdout=subprocess.DEVNULL, env=environment)
        captures = sorted((os.path.join(kept, name) for name in os.listdir(kept)), key=os.path.getmtime)
        frames, begin = [], START
        for capture in captures:
            read = capturelib.read_frames(capture)
            if read:
                late = begin - min(time for time, _ in read)
                frames += [(time + late, frame) for time, frame in read]
                begin = max(time for time, _ in frames[-len(read):]) + 300 * 10**9
        return frames


# By name: what makes it of a size, and the size; it is measured with twice of it too. A segment has at most MOST bytes.
SIZED = {"one-byte": (one_byte, 5000), "reverse": (reverse, 1000), "overlaps": (overlaps, 4000), "fragments": (fragments, 3500),
         "extensions": (extensions, 7000), "suites": (suites, 14000), "certificates": (certificates, 7000), "small-records": (small_records, 5000),
         "changes": (changes, 4000), "requests": (requests, 1000), "streams": (streams, 2400), "heads": (heads, 5000),
         "identities": (identities, 25000), "peers": (peers, 1500), "breaches": (breaches, 500)}
FLOODED = {name: (lambda n, made=made: made(FLOOD_SHARE * n).within()) for name, made in FLOODS.items()}
