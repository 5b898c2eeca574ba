#!/usr/bin/env python3
"""Captures that others made, with ground truth: at least 99.5 % of the fields agree, nothing is invented, nothing crashes;
every event keeps the schema. usage: truth.py UTWATCH       UTWATCH_CORPUS names the corpus; skipped without it"""
import os
import re
import subprocess
import sys

from run_utwatch import ROOT, SKIP, utwatch

corpus = os.environ.get("UTWATCH_CORPUS", os.path.join(ROOT, "..", "shared", "corpus"))
compare = os.path.join(corpus, "..", "tools", "compare_truth.py")
if not os.path.isdir(corpus) or not os.path.exists(compare):
    print("no corpus at", corpus)
    sys.exit(SKIP)
p = subprocess.run([sys.executable, compare, corpus, sys.argv[1], "-q", "--json", "-"], capture_output=True, text=True)
lines = p.stdout.splitlines()
print("\n".join(line for line in lines if re.match("DIFFERS|MISSING|EXTRA|CRASH|TIMEOUT|NOT JSON", line)))
print(lines[-1])
agree, differ, missing, extra, crashed = (int(n) for n in re.findall(r"\d+", lines[-1]))
share = 100.0 * agree / (agree + differ + missing)
print("%.2f %% agree" % share)
bad = share < 99.5 or extra or crashed or agree < 5000

check = os.path.join(ROOT, "tests", "report", "check_schema.py")
schema = os.path.join(ROOT, "monitor", "report", "schema.json")
lines = []
for folder, _, files in sorted(os.walk(os.path.join(corpus, "real"))):
    for name in sorted(files):
        lines.append(utwatch(sys.argv[1], "-q", "--json", "-", "-r", os.path.join(folder, name)).stdout)
p = subprocess.run([sys.executable, check, schema], input=b"".join(lines), capture_output=True)
print("schema:", p.stdout.decode()[-500:], p.stderr.decode()[-500:])
sys.exit(1 if bad or p.returncode not in (0, SKIP) else 0)
