"""Prints "N passed, N failed, N skipped" of a log of `meson test`. usage: test_counts.py TESTLOG.JSON"""
import json
import sys

KINDS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}
count = {"passed": 0, "failed": 0, "skipped": 0}
with open(sys.argv[1]) as log:
    for line in log:
        count[KINDS.get(json.loads(line)["result"], "failed")] += 1
print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % count)
