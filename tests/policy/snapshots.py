#!/usr/bin/env python3
"""Every profile, with all that it inherits, is what tests/policy/snapshots/ holds: a change of policy is a diff that somebody reviews.
usage: snapshots.py UTWATCH [--renew]     --renew writes the snapshots instead of comparing them"""
import difflib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "rules")
SNAPSHOTS = os.path.join(HERE, "snapshots")


def run(utwatch, *words):
    """What the program prints about the rules of this tree, whatever is installed."""
    return subprocess.run([utwatch, *words], capture_output=True, text=True, check=True, env=dict(os.environ, UTWATCH_RULES=RULES)).stdout


def profiles(utwatch):
    """The profiles that a capture can be judged by; shared ones are only parts of them."""
    rows = [line.split() for line in run(utwatch, "--list-profiles").splitlines()]
    return [row[0] for row in rows if row[1] != "shared"]


def path_of(name):
    return os.path.join(SNAPSHOTS, name + ".yaml")


def renew(utwatch):
    for name in profiles(utwatch):
        with open(path_of(name), "w") as f:
            f.write(run(utwatch, "--dump-profile", "-p", name))


def compare(utwatch):
    names = profiles(utwatch)
    failed = sorted({f[:-5] for f in os.listdir(SNAPSHOTS) if f.endswith(".yaml")} ^ set(names))
    for name in failed:
        print("FAILED: %s has a snapshot and no profile, or a profile and no snapshot" % name)
    for name in sorted(set(names) - set(failed)):
        with open(path_of(name)) as f:
            wanted = f.read().splitlines()
        difference = list(difflib.unified_diff(wanted, run(utwatch, "--dump-profile", "-p", name).splitlines(), path_of(name), name, lineterm=""))
        if difference:
            print("FAILED: %s is not as its snapshot\n%s" % (name, "\n".join(difference)))
            failed.append(name)
    print("%d profiles, %d failed" % (len(names), len(failed)))
    return 1 if failed else 0


if sys.argv[2:] == ["--renew"]:
    renew(sys.argv[1])
else:
    sys.exit(compare(sys.argv[1]))
