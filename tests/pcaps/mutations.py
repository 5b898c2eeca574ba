#!/usr/bin/env python3
"""tools/mutate-capture keeps what it promises to keep: tshark sees the same handshakes in the mutated capture. usage: mutations.py"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402
from witness import connections  # noqa: E402

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
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.pcap")
        for name in CAPTURES:
            base, _ = handshakes(path_of(name))
            check(base and base[0]["client"], name + ": nothing to compare")
            for words in KEEPING:
                for seed in ("1", "2"):
                    bytes_out = mutate(out, name, "--seed", seed, *words)
                    check(handshakes(out) == (base, 0), "%s %s seed %s: other handshakes" % (name, words, seed))
                    check(bytes_out != open(path_of(name), "rb").read(), "%s %s: the same file as without" % (name, words))
                    check(mutate(out, name, "--seed", seed, *words) == bytes_out, "%s %s: the same seed, another file" % (name, words))
        name = CAPTURES[0]
        base, _ = handshakes(path_of(name))
        for kind in KINDS:
            mutate(out, name, "--encap", kind)
            check(handshakes(out)[0] == base, "--encap %s: other handshakes" % kind)
        mutate(out, name, "--fragment", "200")
        check(handshakes(out)[0] == base, "--fragment: other handshakes")
        for side, other in (("client", "server"), ("server", "client")):
            mutate(out, name, "--drop-direction", side)
            said = [f for c in handshakes(out)[0] for f in c["client"] + c["server"]]
            check(said == base[0][other], "--drop-direction %s: the %s's messages" % (side, other))
        mutate(out, name, "--cut-start", "1000")
        check(os.path.getsize(out) == 24, "--cut-start: something is left")
        mutate(out, name, "--loss", "1")
        check(os.path.getsize(out) == 24, "--loss 1: something is left")
    finish()


main()
