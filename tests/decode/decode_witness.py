#!/usr/bin/env python3
"""TCP segments of every frame of the corpus, through tags and tunnels, against tshark. usage: decode_witness.py DUMP
UTWATCH_CORPUS names the corpus; skipped without it or without tshark. Every difference has to be listed, with its reason."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.environ.get("UTWATCH_CORPUS", os.path.join(HERE, "..", "..", "..", "shared", "corpus")), "real")
SKIP = 77
DUMP = sys.argv[1]
FIELDS = ["frame.number", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len", "frame.protocols", "_ws.expert.message"]
TOGETHER = 40  # captures that tshark reads in one file
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


def ours(paths):
    """{frame: fields} of each capture"""
    p = subprocess.run([DUMP, *paths], capture_output=True, text=True, check=True)
    found = [{}]
    for f in (line.split() for line in p.stdout.splitlines()):
        if f == ["end"]:
            found.append({})
        else:
            found[-1][int(f[0])] = tuple(f[1:])
    return found[:-1]


def theirs_together(paths, folder):
    """{capture: {frame: fields}} of tshark, whose start takes longer than to read a hundred captures: it reads them as one file. Those that
    cannot be put into it are left out."""
    told = subprocess.run(["capinfos", "-T", "-r", "-m", "-M", "-c", *paths], capture_output=True, text=True).stdout.splitlines()
    counts = [line.rsplit(",", 1) for line in told]
    merged = os.path.join(folder, "merged")
    if subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", merged, *(path for path, _ in counts)], capture_output=True).returncode != 0:
        return {}
    segments, first, found = theirs(merged), 1, {}
    for path, count in counts:
        found[path] = {n - first + 1: segments[n] for n in range(first, first + int(count)) if n in segments}
        first += int(count)
    return found


def theirs(path):
    """The innermost header of each frame; the one that an ICMP error quotes is no segment."""
    words = ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=a"]
    for option in ["tcp.desegment_tcp_streams:FALSE", "tcp.check_checksum:FALSE", "ip.defragment:TRUE", "ipv6.defragment:TRUE",
                   "capwap.swap_fc:FALSE"]:
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


def made():
    """name: (link type, frame before the TCP segment's IP header): what the corpus lacks, made here and read by tshark"""
    h = bytes.fromhex
    llc, address = h("aaaa030000000800"), h("3000020000000001020000000002020000000003") + h("1000")
    ethernet = h("020000000001020000000002")
    data, qos = h("0801") + address + llc, h("8801") + address + h("0000") + llc
    four = h("8803") + address + h("020000000004") + h("0000") + llc
    yield "metadata", 1, ethernet + h("8909 0101 0001 0007 0800")
    yield "metadata in a VLAN", 1, ethernet + h("8100 0064 8909 0101 0001 0007 0800")
    yield "802.11", 105, data
    yield "802.11 QoS", 105, qos
    yield "802.11 four addresses", 105, four
    yield "radiotap", 127, h("0000 0900 02000000 00") + data
    yield "radiotap with a timer", 127, h("0000 1900 03000080 00000000 00000000 0102030405060708 00") + qos
    yield "radiotap, padded", 127, h("0000 0900 02000000 20") + h("8801") + address + h("0000 0000") + llc
    yield "PPI", 192, h("0000 0800 69000000") + data
    size = 20 + 20 + 5
    yield "NFLOG", 239, h("02000000 0800 0100 0800 0300 0500 0a00 00000000") + struct.pack("<HH", 4 + size, 9)
    for name, header, inner in (("802.11", "0010430000000000", qos), ("Ethernet", "0010420000000000", ethernet + h("0800"))):
        inner = h(header) + inner
        udp = struct.pack(">HHHH", 40000, 5247, 8 + len(inner) + size, 0)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + 8 + len(inner) + size, 1, 0x4000, 64, 17, 0, 0x0A000003, 0x0A000004)
        yield "CAPWAP, " + name, 1, ethernet + h("0800") + ip + udp + inner


def write_made(folder):
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 45, 1, 0x4000, 64, 6, 0, 0x0A000001, 0x0A000002)
    tcp = struct.pack(">HHIIBBHHH", 40000, 443, 0xA1B2C3D4, 1, 0x50, 0x18, 1000, 0, 0) + b"hello"
    for name, link_type, before in made():
        frame = before + ip + tcp
        with open(os.path.join(folder, name + ".pcap"), "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type) + struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
        yield os.path.join(folder, name + ".pcap")


def difference(a, b):
    differ = {n: (a.get(n), b.get(n)) for n in set(a) | set(b) if a.get(n) != b.get(n)}
    return len(set(a) | set(b)) - len(differ), differ


def compare(names):
    """Of each capture its name, how many segments agree, and those that differ. Where they do tshark reads the capture alone: among others,
    their fragments and conversations may have got into it."""
    paths = [os.path.join(CORPUS, name) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        together = theirs_together(paths, folder)
    for name, path, a in zip(names, paths, ours(paths)):
        yield name, *difference(a, a if a == together.get(path) else theirs(path))


def main():
    if not shutil.which("tshark") or not os.path.isdir(CORPUS):
        print("no tshark, or no corpus at", CORPUS)
        return SKIP
    names = sorted(os.path.join(source, f) for source in os.listdir(CORPUS) for f in os.listdir(os.path.join(CORPUS, source)))
    agree, accepted, problems = 0, 0, []
    with ThreadPoolExecutor(2) as pool, tempfile.TemporaryDirectory() as folder:
        for name, same, differ in compare(list(write_made(folder))):
            if same != 1:
                problems.append("%s: here, tshark: %s" % (os.path.basename(name), differ))
        together = [names[i:i + TOGETHER] for i in range(0, len(names), TOGETHER)]
        for name, same, differ in (found for all_of in pool.map(lambda n: list(compare(n)), together) for found in all_of):
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
