#!/usr/bin/env python3
"""Each capture of pcaps/ breaks exactly the rules that its manifest names, and those that tshark and openssl say that it breaks, under
each profile. usage: verdicts.py UTWATCH"""
import os
import re
import sys

from expected import ambient, broken
from run_utwatch import PCAPS, ROOT, SKIP, events, finish, manifest, of_type, rule_counts
import shutil

if not shutil.which("tshark"):
    sys.exit(SKIP)
problems, checked = [], 0
sys.path.insert(0, os.path.join(ROOT, "tests", "policy"))
from catalogue import CATALOGUE  # noqa: E402

BASES = {"D": "direct", "I": "inferred", "P": "partial"}
for entry in manifest():
    around = ambient(entry)
    for profile in entry["fails"]:
        evs, p = events(sys.argv[1], "-p", profile, "--fail-on", "info", "-r", os.path.join(PCAPS, entry["file"]))
        got = {e["utwatch"]["rule"] for e in of_type(evs, "alert")}
        wanted = broken(entry, profile, rule_counts(evs).keys(), around)
        checked += 1
        if got != wanted:
            problems.append("%s %s: broken besides %s, not broken %s" % (entry["file"], profile, sorted(got - wanted), sorted(wanted - got)))
        for e in of_type(evs, "alert"):
            u = e["utwatch"]
            _, _, binds, basis = CATALOGUE[u["rule"]]
            bases = {BASES[x] for x in re.findall(r"\b[DIP]\b", basis)} | ({"inferred"} if u["rule"].startswith(("ut-7.2", "ut-6.1.1")) else set())  # a reset (E18), an alert about something else
            checked += 1
            if u["fault"] not in ((binds,) if binds != "both" else ("ue", "server", "both")) or u["basis"] not in bases | ({"partial"} if u["rule"] == "ut-6-version-forbidden" else set()):
                problems.append("%s %s: fault %s, basis %s" % (entry["file"], u["rule"], u["fault"], u["basis"]))
        if p.returncode != (1 if wanted else 0):
            problems.append("%s %s: exit status %d" % (entry["file"], profile, p.returncode))
finish(problems, checked)
