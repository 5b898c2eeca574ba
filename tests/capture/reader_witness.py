#!/usr/bin/env python3
"""Every frame of every capture as libpcap reads it: time, lengths, link type, bytes. usage: reader_witness.py DUMP
pcaps/, the corpus (UTWATCH_CORPUS) when it is there, and made files of each link type, magic, byte order and version. What libpcap
refuses may be read further, but what it did read has to be the same. Every difference has to be listed, with its reason."""
import os
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
CORPUS = os.environ.get("UTWATCH_CORPUS", os.path.join(ROOT, "..", "shared", "corpus"))
DUMP = sys.argv[1]
ENDINGS = (".pcap", ".pcapng", ".cap")
BEYOND = "a fraction of a second or more is no time; libpcap carries it over, here it counts as 0"
ACCEPTED = {
    "real/tcpdump/rx_serviceid_oobr.pcap": BEYOND,
    "real/tcpdump/timestamp_invalid_micro.pcap": BEYOND,
    "real/tcpdump/timestamp_invalid_nano.pcap": BEYOND,
}
# libpcap swaps numbers inside of these frames to the machine's byte order; ours go with frame.big_endian.
SWAPPED_INSIDE = {117, 189, 220, 239}
TOGETHER = 64  # captures that one process reads


def frames(how, paths):
    """Of each capture its frames, a line each, and why no more could be read."""
    p = subprocess.run([DUMP, how, *paths], capture_output=True, text=True, check=True)
    found = [[]]
    for line in p.stdout.splitlines():
        if line.startswith("end "):
            found[-1] = (found[-1], line[4:])
            found.append([])
        else:
            found[-1].append(line)
    return found[:-1]


def captures():
    for top in (os.path.join(ROOT, "pcaps"), CORPUS):
        for folder, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    yield os.path.join(folder, name)


def pcap(order, magic, version, link_type, snap=262144, lengths=(60, 60), seconds=1700000000, extra=b"", fraction=999999):
    data = struct.pack(order + "IHHiIII", magic, *version, 0, 0, snap, link_type)
    return data + struct.pack(order + "IIII", seconds, fraction, *lengths) + extra + bytes(range(60))


def made():
    """name, bytes"""
    usual = 0xA1B2C3D4
    for link_type in list(range(0, 310)) + [0x03FFFFFF, 0x14000001]:
        for order in "<>":
            if order == "<" or link_type not in SWAPPED_INSIDE:
                yield "link type %d %s" % (link_type, order), pcap(order, usual, (2, 4), link_type)
    for order in "<>":
        for magic, extra in ((usual, b""), (0xA1B23C4D, b""), (0xA1B2CD34, bytes(8)), (0xA1B2C3D5, b"")):
            for version in ((2, 4), (2, 3), (2, 2), (2, 0), (543, 0), (1, 2), (2, 5), (3, 0)):
                for lengths in ((60, 60), (60, 1500), (1500, 60), (262145, 262145)):
                    name = "magic %x %s %s %s" % (magic, order, version, lengths)
                    yield name, pcap(order, magic, version, 1, lengths=lengths, extra=extra)
        for snap in (0, 1, 30, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            yield "snap length %d %s" % (snap, order), pcap(order, usual, (2, 4), 1, snap=snap)
        for option in list(range(0, 20)) + list(range(128, 162)):
            for offset in (0, 3600, -3600):
                yield "resolution %d offset %d %s" % (option, offset, order), pcapng(order, option, offset)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def pcapng(order, resolution, offset):
    options = struct.pack(order + "HHB3x", 9, 1, resolution) + struct.pack(order + "HHq", 14, 8, offset) + bytes(4)
    stamp = 1700000000 * (2 ** (resolution & 127) if resolution & 128 else 10 ** resolution)
    stamp = (stamp + 12345678) % 2 ** 62
    bytes_ = bytes(range(61))
    return (block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
            + block(order, 0x0BAD, b"unknown")
            + block(order, 1, struct.pack(order + "HHI", 1, 0, 262144) + options)
            + block(order, 6, struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, 61, 1500) + bytes_)
            + block(order, 2, struct.pack(order + "HHIIII", 0, 7, stamp >> 32, stamp & 0xFFFFFFFF, 61, 61) + bytes_))


def compare(captures):
    """Of each capture None, or the first difference."""
    paths = [path for _, path in captures]
    found = zip(frames("libpcap", paths), frames("utwatch", paths))
    return [difference(name, *theirs, *ours) for (name, _), (theirs, ours) in zip(captures, found)]


def difference(name, theirs, refused, ours, broken):
    if ours[:len(theirs)] != theirs:
        first = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
        return "%s: frame %d: %s here, %s by libpcap" % (name, first + 1, ours[first:first + 1], theirs[first:first + 1])
    if not refused and (broken or len(ours) != len(theirs)):
        return "%s: %d frames here, then %r; libpcap reads %d" % (name, len(ours), broken, len(theirs))
    return None


def main():
    problems, count = [], 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        work = [(os.path.relpath(p, CORPUS if p.startswith(CORPUS) else ROOT), p) for p in captures()]
        for i, (name, data) in enumerate(made()):
            path = os.path.join(folder, "%d" % i)
            with open(path, "wb") as f:
                f.write(data)
            work.append((name, path))
        together = [work[i:i + TOGETHER] for i in range(0, len(work), TOGETHER)]
        for (name, _), found in zip(work, (d for all_of in pool.map(compare, together) for d in all_of)):
            count += 1
            if (found is None) == (name in ACCEPTED):
                problems.append(found or name + ": accepted as different, but the same")
    print("\n".join(problems))
    print("%d captures, %d problems" % (count, len(problems)))
    return 1 if problems or count < 500 else 0


sys.exit(main())
