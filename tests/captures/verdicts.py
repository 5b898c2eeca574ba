#!/usr/bin/env python3
"""Each capture of pcaps/ breaks exactly the rules that its manifest names, and those that tshark and openssl say that it breaks, under
each profile. usage: verdicts.py UTWATCH [CAPTURE ...]"""
import os
import re
import sys

from expected import ambient, at_fault, broken
from run_utwatch import PCAPS, ROOT, SKIP, events, manifest, of_type, rule_counts, utwatch
from checks import check, finish
import shutil

if not shutil.which("tshark"):
    sys.exit(SKIP)
sys.path[:0] = [os.path.join(ROOT, "tests", folder) for folder in ("policy", "pcaps")]
import witness  # noqa: E402
from catalogue import CATALOGUE, DEVIATIONS  # noqa: E402

BASES = {"D": "direct", "I": "inferred", "P": "partial"}
FAULTS = {"ue": ("ue",), "server": ("server",), "both": ("ue", "server", "both"), "ue / server": ("ue", "server", "both")}


def bases_of(rule, basis):
    """What a breach may rest on: the letters of the catalogue, and what the project decided beside them."""
    other = [d for (r, _), d in DEVIATIONS.items() if r == rule]
    letters = re.findall(r"\b[DIP]\b", basis) + [x for d in other for k in ("ue", "server", "besides") for x in d.get(k, "")]
    return {BASES[x] for x in letters}


def superseded_of(profile):
    listing = utwatch(sys.argv[1], "--list-rules", "-p", profile).stdout.decode()
    return {line.split()[0] for line in listing.splitlines() if line.endswith(" (superseded)")}


SUPERSEDED = {p: superseded_of(p) for p in ("ts33141-pcr1", "ts33141-pcr2")}
for entry in manifest(sys.argv[2:]):
    connections = witness.connections(os.path.join(PCAPS, entry["file"]))[0]
    around = ambient(connections)
    for profile in entry["fails"]:
        evs, p = events(sys.argv[1], "-p", profile, "--fail-on", "info", "-r", os.path.join(PCAPS, entry["file"]))
        alerts = of_type(evs, "alert")
        got = {e["utwatch"]["rule"] for e in alerts}
        wanted = broken(entry, profile, rule_counts(evs).keys(), around)
        check(got == wanted, entry["file"], profile, "broken besides", sorted(got - wanted), "not broken", sorted(wanted - got))
        passed = any(counts.get("pass") for counts in rule_counts(evs).values())
        status = (1,) if wanted - SUPERSEDED[profile] else (0, 4) if wanted else (0,) if passed else (4,)
        check(p.returncode in status, entry["file"], profile, "exit status", p.returncode)
        # Where nothing shows that both ends took part in any handshake, every breach is partial.
        handshakes = of_type(evs, "tls")
        confirmed = not handshakes or any(e["utwatch"].get("confirmed", True) for e in handshakes)
        for e in alerts:
            u = e["utwatch"]
            _, _, binds, basis = CATALOGUE[u["rule"]]
            bases = bases_of(u["rule"], basis) if confirmed else {"partial"}
            shown = at_fault(connections, e) if binds in ("both", "ue / server") else ()
            check(u["fault"] in (shown or FAULTS[binds]) and u["basis"] in bases, entry["file"], u["rule"], "fault", u["fault"], "basis",
                  u["basis"])
finish()
