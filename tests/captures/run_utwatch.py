"""Runs utwatch for the tests of this folder."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
PCAPS = os.path.join(ROOT, "pcaps")
SKIP = 77


def utwatch(binary, *words, **options):
    p = subprocess.run([binary, *words], capture_output=True, timeout=options.get("timeout", 300))
    if p.returncode < 0 or p.returncode > 5:
        sys.exit("utwatch %s ended with %d\n%s" % (" ".join(words), p.returncode, p.stderr.decode("utf-8", "replace")[-3000:]))
    return p


def events(binary, *words, **options):
    p = utwatch(binary, "-q", "--json", "-", *words, **options)
    return [json.loads(line) for line in p.stdout.splitlines()], p


def of_type(evs, kind):
    return [e for e in evs if e["event_type"] == kind]


def rule_counts(evs):
    """{rule: {verdict: count}} from the stats event."""
    rules = of_type(evs, "stats")[-1]["stats"]["rules"]
    return {r["rule"]: {k: v for k, v in r.items() if isinstance(v, int)} for r in rules}


def manifest():
    with open(os.path.join(PCAPS, "manifest.json")) as f:
        return json.load(f)


_problems, _checks = [], []


def hold(condition, *what):
    """A check; `what` tells of it when it does not hold. Ends with finish() without arguments."""
    _checks.append(bool(condition))
    if not condition:
        _problems.append(" ".join(str(w) for w in what))


def finish(problems=_problems, checked=None):
    checked = len(_checks) if checked is None else checked
    for p in problems[:60]:
        print("NOT RIGHT:", p)
    print("%d checks, %d not right" % (checked, len(problems)))
    sys.exit(1 if problems or not checked else 0)
