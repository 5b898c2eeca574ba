#!/usr/bin/env python3
"""Are remembered verdicts those that the rules give? usage: known_verdicts.py UTWATCH_PROVING

The program given compares both on every case that it remembers, and ends with an assertion when they differ. All captures are read in one run,
so that cases of different captures meet."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.environ.get("UTWATCH_CORPUS", os.path.join(ROOT, "..", "shared", "corpus"))
PROFILES = [["-p", "ts33141-pcr2", "--advise", "ls-advice"], ["-p", "ts33141-pcr1"], ["-p", "modern"]]


def captures():
    for folder in (os.path.join(ROOT, "pcaps"), CORPUS):
        for path, _, names in sorted(os.walk(folder)):
            yield from (os.path.join(path, name) for name in sorted(names) if name.endswith((".pcap", ".pcapng")))


def main():
    inputs = [word for capture in captures() for word in ("-r", capture)]
    for profile in PROFILES:
        p = subprocess.run([sys.argv[1], "-q", *profile, *inputs], capture_output=True, text=True)
        known = re.search(r"^(\d+) cases were known and proven$", p.stderr, re.MULTILINE)
        print("%s: %s" % (profile[1], known[0] if known else "exit status %d" % p.returncode))
        if p.returncode < 0 or not known or int(known[1]) < len(inputs) // 4:
            sys.exit("not as the rules say:\n" + p.stderr[-2000:])


main()
