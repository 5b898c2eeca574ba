"""Large captures for tools/bench: made of one recorded handshake, or a made day."""
import os
import struct
import subprocess

import bench_load
import capturelib

PCAPS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pcaps")
RECORDED = os.path.join(PCAPS, "openssl-tls12-full.pcap")
START = capturelib.read_frames(RECORDED)[0][0]  # certificates were valid then
SOURCE, DESTINATION = 26, 30  # of IPv4 addresses in an Ethernet frame
HANDSHAKES, VARIED, BULK_BYTES, SEGMENT_BYTES = 60000, 30000, 500 * 10**6, 1448


def recorded():
    return capturelib.conversations(RECORDED)[0]


def handshakes(path):
    """60,000 connections one after the other, each of a UE of its own. Checksums are those of the first."""
    frames = [(time, bytearray(frame)) for time, frame in capturelib.build(recorded(), time=START, step=100000)]
    lasts = frames[-1][0] - START + 100000

    def all_of_them():
        for n in range(HANDSHAKES):
            client = bytes([10, 1 + (n >> 16), n >> 8 & 255, n & 255])
            for time, frame in frames:
                at = SOURCE if frame[11] == 1 else DESTINATION  # Connection ends the server's MAC address in 1
                frame[at:at + 4] = client
                yield time + n * lasts, frame

    capturelib.write_frames(path, all_of_them())


def bulk(path):
    """One connection that carries 500 MB from the server in full segments."""
    c = capturelib.Connection(time=START, step=10000)
    c.open()
    for side, payload in recorded():
        c.send(side, payload)
    record = b"\x17\x03\x03" + struct.pack("!H", SEGMENT_BYTES - 5) + bytes(SEGMENT_BYTES - 5)
    _, template = c.frame(1, 0x10, record)
    template = bytearray(template)
    seq_at = len(template) - len(record) - 16

    def all_of_them():
        yield from c.frames
        for n in range(BULK_BYTES // SEGMENT_BYTES):
            struct.pack_into("!I", template, seq_at, (c.seq[1] + n * SEGMENT_BYTES) & 0xFFFFFFFF)
            yield c.time + n * c.step, template

    capturelib.write_frames(path, all_of_them())


def day(path):
    """A day of mixed Ut traffic, with violations at known places."""
    make = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make-day")
    subprocess.run([make, path, path + ".truth", "--connections", "20000"], check=True, stdout=subprocess.DEVNULL)


def load(*kinds):
    """Varied handshakes of these kinds, see bench_load."""
    return lambda path: capturelib.write_frames(path, bench_load.Load(recorded()).frames(kinds, VARIED, START))


INPUTS = {"handshakes": handshakes, "bulk": bulk, "day": day, "full": load("full"), "resumed": load("full", "resumed", "resumed"),
          "tls13": load("tls13"), "mixed": load("full", "resumed", "tls13", "full", "resumed")}
