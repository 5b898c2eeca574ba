#!/usr/bin/env python3
"""TCP segments of every frame of the corpus, through tags and tunnels, against tshark. usage: decode_witness.py DUMP
UTWATCH_CORPUS names the corpus; skipped without it or without tshark. Every difference has to be listed, with its reason."""
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.environ.get("UTWATCH_CORPUS", os.path.join(HERE, "..", "..", "..", "shared", "corpus")), "real")
SKIP = 77
DUMP = sys.argv[1]
FIELDS = ["frame.number", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len", "frame.protocols", "_ws.expert.message"]
LEAST = 28000  # segments of the corpus that have to agree, so that an empty corpus is no success

# Where tshark and we are of two minds, and why. An entry that is no difference any more is a failure too.
LARGE = "Linux writes 0 for an IP or UDP length of more than 16 bits; the frame has the true one (RFC 2675 for IPv6), tshark 4.0 stops"
LYING = "an IP length beyond the whole frame (in PPPoE: beyond its length): no receiver takes that packet, tshark shows it with a warning"
CUT = "the snap length cut the TCP header, tshark shows what is left of it"
PIECE = "the first of several fragments, cut by the snap length, so that nothing can be put together"
AYIYA = "AYIYA (SixXS, closed in 2017) is not followed; the frame is a UDP datagram"
ACCEPTED = {
    "ndpi/tls_invalid_reads.pcap": ({2}, LYING),
    "tcpdump/bgp-bgp_capabilities_print-oobr-1.pcap": ({1}, PIECE),
    "tcpdump/bgp-bgp_capabilities_print-oobr-2.pcap": ({1}, PIECE),
    "tcpdump/bigtcp-ipv4-geneve-ipv4.pcap": ({1}, LARGE),
    "tcpdump/bigtcp-ipv4-vxlan-ipv6.pcap": ({1}, LARGE),
    "tcpdump/bigtcp-ipv6-geneve-ipv6.pcap": ({1}, LARGE),
    "tcpdump/bigtcp-ipv6-vxlan-ipv6.pcap": ({1}, LARGE),
    "tcpdump/bigtcp-ipv6.pcap": ({1}, LARGE),
    "tcpdump/heapoverflow-tcp_print.pcap": ({1}, CUT),
    "tcpdump/tcp-auth-heapoverflow.pcap": ({1}, CUT),
    "zeek/ayiya3.pcap": (set(range(12, 33)), AYIYA),
    "zeek/fuzz-72.pcap": ({1, 20}, LYING),
    "zeek/pppoe-over-qinq.pcap": ({19, 33, 41, 47, 63, 81}, LYING),
    "zeek/truncated-header.pcap": ({1}, CUT),
}


def ours(path):
    p = subprocess.run([DUMP, path], capture_output=True, text=True)
    return {int(f[0]): tuple(f[1:]) for f in (line.split() for line in p.stdout.splitlines())}


def theirs(path):
    """The innermost header of each frame; the one that an ICMP error quotes is no segment."""
    words = ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=a"]
    for option in ["tcp.desegment_tcp_streams:FALSE", "tcp.check_checksum:FALSE", "ip.defragment:TRUE", "ipv6.defragment:TRUE"]:
        words += ["-o", option]
    for field in FIELDS:
        words += ["-e", field]
    out = {}
    for line in subprocess.run(words, capture_output=True, text=True, errors="replace").stdout.splitlines():
        number, *values, protocols, _ = line.split("\t")
        below_tcp = protocols.split(":tcp")[0].split(":")
        if "icmp" not in below_tcp and "icmpv6" not in below_tcp:
            out[int(number)] = tuple(v.split(",")[-1] for v in values)
    return out


def compare(name):
    path = os.path.join(CORPUS, name)
    a, b = ours(path), theirs(path)
    differ = {n: (a.get(n), b.get(n)) for n in set(a) | set(b) if a.get(n) != b.get(n)}
    return name, len(set(a) | set(b)) - len(differ), differ


def main():
    if not shutil.which("tshark") or not os.path.isdir(CORPUS):
        print("no tshark, or no corpus at", CORPUS)
        return SKIP
    names = sorted(os.path.join(source, f) for source in os.listdir(CORPUS) for f in os.listdir(os.path.join(CORPUS, source)))
    agree, accepted, problems = 0, 0, []
    with ThreadPoolExecutor(2) as pool:
        for name, same, differ in pool.map(compare, names):
            agree += same
            frames, _ = ACCEPTED.get(name, (set(), ""))
            accepted += len(frames & set(differ))
            for number in sorted(set(differ) - frames):
                problems.append("%s frame %d: here %s, tshark %s" % ((name, number) + differ[number]))
            for number in sorted(frames - set(differ)):
                problems.append("%s frame %d: accepted as different, but the same" % (name, number))
    print("\n".join(problems))
    print("%d segments agree, %d differ for a known reason, %d problems" % (agree, accepted, len(problems)))
    return 1 if problems or agree < LEAST else 0


sys.exit(main())
