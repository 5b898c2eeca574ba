#!/usr/bin/env python3
"""Each capture of pcaps/ breaks exactly the rules that its manifest names, and those that tshark and openssl say that it breaks, under
each profile. usage: verdicts.py UTWATCH"""
import os
import sys

from expected import ambient, broken
from run_utwatch import PCAPS, SKIP, events, finish, manifest, of_type, rule_counts
import shutil

if not shutil.which("tshark"):
    sys.exit(SKIP)
problems, checked = [], 0
for entry in manifest():
    around = ambient(entry)
    for profile in entry["fails"]:
        evs, p = events(sys.argv[1], "-p", profile, "--fail-on", "info", "-r", os.path.join(PCAPS, entry["file"]))
        got = {e["utwatch"]["rule"] for e in of_type(evs, "alert")}
        wanted = broken(entry, profile, rule_counts(evs).keys(), around)
        checked += 1
        if got != wanted:
            problems.append("%s %s: broken besides %s, not broken %s" % (entry["file"], profile, sorted(got - wanted), sorted(wanted - got)))
        if p.returncode != (1 if wanted else 0):
            problems.append("%s %s: exit status %d" % (entry["file"], profile, p.returncode))
finish(problems, checked)
