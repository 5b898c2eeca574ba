#!/usr/bin/env python3
"""What is remembered of a certificate chain says the same of it as parsing does: each capture by itself, where every chain is new, against
all captures in one run, where most were met before under other names, in both orders. usage: known_chains.py UTWATCH"""
import glob
import os
import sys

from run_utwatch import PCAPS, events, of_type
from checks import check, finish

TLS = ("subject", "issuerdn", "serial", "fingerprint", "notbefore", "notafter", "subjectaltname")


def certificates(evs):
    """{capture: facts of the certificates in it, in order}"""
    out = {}
    for e in of_type(evs, "tls"):
        if "certificate" in e["utwatch"]:
            facts = [e["tls"].get(name) for name in TLS] + [e["utwatch"]["certificate"]]
            out.setdefault(os.path.basename(e["pcap_filename"]), []).append(facts)
    return out


# Made captures begin with the very same SYN at the same time: in one run they would be copies of one connection.
captures = [path for path in sorted(glob.glob(os.path.join(PCAPS, "*.pcap"))) if not os.path.basename(path).startswith("gen-")][::2]
alone = {}
for path in captures:
    alone.update(certificates(events(sys.argv[1], "-p", "wapcert", "-r", path)[0]))
chosen = [path for path in captures if os.path.basename(path) in alone]
for order in chosen, chosen[::-1]:
    together = certificates(events(sys.argv[1], "-p", "wapcert", *[word for path in order for word in ("-r", path)])[0])
    for name, facts in alone.items():
        check(sorted(map(str, together.get(name, []))) == sorted(map(str, facts)), name, facts[:1], together.get(name, [])[:2])
finish(40)
