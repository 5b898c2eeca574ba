#!/usr/bin/env python3
"""Every profile, with all that it inherits, is what tests/policy/snapshots/ contains: a change of policy is a diff that somebody reviews. What is
printed loads and judges the same. usage: snapshots.py UTWATCH [--renew] --renew writes the snapshots instead of comparing them"""
import difflib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "rules")
SNAPSHOTS = os.path.join(HERE, "snapshots")
PCAPS = os.path.join(os.path.dirname(RULES), "pcaps")
CAPTURES = [w for n in ("nginx-modern-ues", "jsse-tls10-anon-only-accepted", "openssl-tls12-null-resumed", "curl-connect-refused",
                        "bc-tls13-full") for w in ("-r", os.path.join(PCAPS, n + ".pcap"))]


def run(utwatch, *words):
    """What the program prints about the rules of this tree, whatever is installed."""
    return subprocess.run([utwatch, *words], capture_output=True, text=True, check=True, env=dict(os.environ, UTWATCH_RULES=RULES)).stdout


def profiles(utwatch):
    """The profiles that a capture can be judged by; shared ones are only parts of them."""
    rows = [line.split() for line in run(utwatch, "--list-profiles").splitlines()]
    return [row[0] for row in rows if row[1] != "shared"]


def path_of(name):
    return os.path.join(SNAPSHOTS, name + ".yaml")


def loaded_again(utwatch, name, folder):
    """What is printed loads, judges the same, and is printed the same again."""
    path = os.path.join(folder, name + ".yaml")
    dumped = run(utwatch, "--dump-profile", "-p", name)
    with open(path, "w") as f:
        f.write(dumped)
    judged = [subprocess.run([utwatch, "-q", "--json", "-", "-p", p, *CAPTURES], capture_output=True, text=True,
                             env=dict(os.environ, UTWATCH_RULES=RULES)) for p in (name, path)]
    same = judged[0].returncode in (0, 1, 4) and judged[0].stdout and [(p.returncode, p.stdout) for p in judged[:1]] == [
        (p.returncode, p.stdout) for p in judged[1:]]
    if not same or run(utwatch, "--dump-profile", "-p", path) != dumped:
        print("FAILED: %s is another profile once it was printed and loaded\n%s" % (name, judged[1].stderr))
        return False
    return True


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
    with tempfile.TemporaryDirectory() as folder:
        failed += [name for name in names if not loaded_again(utwatch, name, folder)]
    print("%d profiles, %d failed" % (len(names), len(failed)))
    return 1 if failed else 0


if sys.argv[2:] == ["--renew"]:
    renew(sys.argv[1])
else:
    sys.exit(compare(sys.argv[1]))
