#!/usr/bin/env python3
"""Each capture of pcaps/ breaks exactly the rules that its manifest names, under each profile. usage: verdicts.py UTWATCH"""
import os
import sys

from run_utwatch import PCAPS, events, finish, manifest, of_type

problems, checked = [], 0
for entry in manifest():
    for profile, expected in entry["fails"].items():
        evs, p = events(sys.argv[1], "-p", profile, "--fail-on", "info", "-r", os.path.join(PCAPS, entry["file"]))
        got = sorted({e["utwatch"]["rule"] for e in of_type(evs, "alert")})
        checked += 1
        if got != sorted(expected):
            problems.append("%s %s: broken %s, expected %s" % (entry["file"], profile, got, expected))
        if p.returncode != (1 if expected else 0):
            problems.append("%s %s: exit status %d" % (entry["file"], profile, p.returncode))
finish(problems, checked)
