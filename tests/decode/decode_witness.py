#!/usr/bin/env python3
"""TCP segments of every frame of the corpus, through tags and tunnels, against tshark. usage: decode_witness.py DUMP"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import capturelib  # noqa: E402

corpus = os.environ.get("UTWATCH_CORPUS", "")
if not shutil.which("tshark") or not os.path.isdir(corpus):
    sys.exit(77)
DUMP = sys.argv[1]
FIELDS = ["frame.number", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len", "icmp.type", "icmpv6.type"]


def ours(path):
    out = subprocess.run([DUMP, path], capture_output=True, text=True).stdout
    return {int(f[0]): tuple(int(x) for x in f[1:]) for f in (line.split() for line in out.splitlines())}


def theirs(path):
    words = ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.check_checksum:FALSE",
             "-o", "ip.check_checksum:FALSE", "-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE"]
    for f in FIELDS:
        words += ["-e", f]
    out = {}
    for line in subprocess.run(words, capture_output=True, text=True).stdout.splitlines():
        number, *v = line.split("\t")
        if v[4] or v[5] or not v[3]:
            continue  # the header inside an ICMP error is no segment
        out[int(number)] = tuple(int(x.split(",")[-1]) for x in v[:4])
    return out


# Where tshark and we are of two minds, and why. Everything else has to be the same.
ACCEPTED = {}
agree, problems = 0, []
for source in sorted(os.listdir(os.path.join(corpus, "real"))):
    for name in sorted(os.listdir(os.path.join(corpus, "real", source))):
        path = os.path.join(corpus, "real", source, name)
        a, b = ours(path), theirs(path)
        for number in sorted(set(a) | set(b)):
            if a.get(number) == b.get(number):
                agree += 1
            else:
                problems.append("%s/%s frame %d: here %s, tshark %s" % (source, name, number, a.get(number), b.get(number)))
for p in problems[:60]:
    print(p)
share = 100.0 * agree / (agree + len(problems))
print("%d segments agree, %d do not: %.3f %%" % (agree, len(problems), share))
sys.exit(1 if share < 99.5 or agree < 10000 else 0)
