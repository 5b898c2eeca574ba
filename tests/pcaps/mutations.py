#!/usr/bin/env python3
"""tools/mutate-capture keeps what it promises to keep: tshark sees the same handshakes in the mutated capture. usage: mutations.py"""
import os
import shutil
import subprocess
import sys
import tempfile

from witness import connections

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "tools", "mutate-capture")
CAPTURES = ("openssl-tls12-client-certificate-sent", "jsse-tls12-resumed", "openssl-tls12-ipv6", "jsse-tls10-anon-only-refused")
KINDS = ("vlan", "qinq", "mpls", "pppoe", "gre", "nvgre", "erspan", "vxlan", "geneve", "gtp", "ipip", "ip6", "gtp,vlan", "vxlan,mpls,qinq")
KEEPING = [["--resegment"], ["--rerecord"], ["--rerecord", "--resegment", "--reorder", "4", "--duplicate", "0.2"]]


def path_of(name):
    return os.path.join(ROOT, "pcaps", name + ".pcap")


def mutate(out, name, *words):
    subprocess.run([sys.executable, TOOL, path_of(name), out, *words], check=True)
    with open(out, "rb") as f:
        return f.read()


def handshakes(path):
    """What each side says in clear, by side: the order between the sides is the network's."""
    found, _, bad = connections(path)
    return [{side: [m[1:] for m in c.messages if m[0] == side] for side in ("client", "server")} for c in found], bad


def main():
    if not shutil.which("tshark"):
        sys.exit(77)
    problems, checked = [], 0
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.pcap")

        def hold(what, condition):
            nonlocal checked
            checked += 1
            if not condition:
                problems.append(what)

        for name in CAPTURES:
            base, _ = handshakes(path_of(name))
            hold(name + ": nothing to compare", base and base[0]["client"])
            for words in KEEPING:
                for seed in ("1", "2"):
                    bytes_out = mutate(out, name, "--seed", seed, *words)
                    hold("%s %s seed %s: other handshakes" % (name, words, seed), handshakes(out) == (base, 0))
                    hold("%s %s: the same file as without" % (name, words), bytes_out != open(path_of(name), "rb").read())
                    hold("%s %s: the same seed, another file" % (name, words), mutate(out, name, "--seed", seed, *words) == bytes_out)
        name = CAPTURES[0]
        base, _ = handshakes(path_of(name))
        for kind in KINDS:
            mutate(out, name, "--encap", kind)
            hold("--encap %s: other handshakes" % kind, handshakes(out)[0] == base)
        mutate(out, name, "--fragment", "200")
        hold("--fragment: other handshakes", handshakes(out)[0] == base)
        for side, other in (("client", "server"), ("server", "client")):
            mutate(out, name, "--drop-direction", side)
            said = [f for c in handshakes(out)[0] for f in c["client"] + c["server"]]
            hold("--drop-direction %s: the %s's messages" % (side, other), said == base[0][other])
        mutate(out, name, "--cut-start", "1000")
        hold("--cut-start: something is left", os.path.getsize(out) == 24)
        mutate(out, name, "--loss", "1")
        hold("--loss 1: something is left", os.path.getsize(out) == 24)
    for p in problems:
        print("NOT RIGHT:", p)
    print("%d checks, %d not right" % (checked, len(problems)))
    sys.exit(1 if problems else 0)


main()
