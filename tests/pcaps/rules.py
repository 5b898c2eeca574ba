#!/usr/bin/env python3
"""Each shipped rule has captures that were made to show it kept and broken, and utwatch agrees. usage: rules.py UTWATCH

What a capture breaks without a policy is held by tests/captures/verdicts.py; here: what it breaks under an operator's policy,
and what it was made to show kept."""
import glob
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "captures"))
from run_utwatch import PCAPS, ROOT, events, rule_counts  # noqa: E402
from checks import check, finish  # noqa: E402

PROFILES = ("ts33141-v1.0.0", "ts33141-pcr1", "ts33141-pcr2")
STRICT = "utwatch: 1\nprofile: strict\ntitle: An operator's policy\nextends: [ts33141-pcr2]\n" \
         "parameters: { encryption-required: true, authenticates-ue: gba }\n"


def shipped():
    """{rule: False if it never passes} of rules/ts33141-*.yaml."""
    out = {}
    for path in glob.glob(os.path.join(ROOT, "rules", "ts33141-*.yaml")):
        with open(path) as f:
            for block in re.split(r"\n  - id: ", f.read())[1:]:
                out[block.split("\n")[0].strip()] = not re.search(r"\n    never: pass", block)
    return out


def verdicts(profile, capture, *words):
    """({rule: passes}, rules that fail) of one capture."""
    evs, p = events(sys.argv[1], "-p", profile, *words, "-r", capture)
    if p.returncode not in (0, 1, 4):  # 4: most of a small capture may be damaged
        sys.exit("utwatch ended with %d on %s: %s" % (p.returncode, capture, p.stderr.decode("utf-8", "replace")))
    counts = rule_counts(evs)
    return {rule: c.get("pass", 0) for rule, c in counts.items()}, {rule for rule, c in counts.items() if c.get("fail")}


def where_servers_are_listed(folder):
    """The rule that needs the site's list: a UE asks a server of Ut for a tunnel (the manifest's witness), and another does not."""
    rule, site = "ut-5.1.4-no-proxy-configuration", os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("scope: { servers: [192.0.2.80] }\n")
    for capture, breaks in (("curl-connect-refused.pcap", True), ("gnutls-openssl-tls12.pcap", False)):
        passes, fails = verdicts("ts33141-pcr2", os.path.join(PCAPS, capture), "-c", site)
        check((rule in fails) == breaks and bool(passes[rule]) != breaks, capture, rule, passes[rule], sorted(fails))
    return rule


def main():
    with open(os.path.join(PCAPS, "manifest.json")) as f:
        entries = json.load(f)
    rules = shipped()
    kept, broken = set(), set()
    with tempfile.TemporaryDirectory() as folder:
        strict = os.path.join(folder, "strict.yaml")
        with open(strict, "w") as f:
            f.write(STRICT)
        for e in entries:
            capture = os.path.join(PCAPS, e["file"])
            passes = {}
            for profile in (*PROFILES, strict):
                got, fails = verdicts(profile, capture)
                for rule, count in got.items():
                    passes[rule] = passes.get(rule, 0) + count
                if profile == "ts33141-pcr2":
                    lenient = fails
            for rule in e["passes"]:
                if rule in rules:
                    kept.add(rule)
                    check(passes.get(rule) if rules[rule] else rule not in fails, e["file"], rule, "does not pass")
            check(sorted(fails - lenient) == e["policy"], "%s: the policy adds %s, expected %s" % (e["file"], sorted(fails - lenient), e["policy"]))
            broken.update(*e["fails"].values(), e["policy"], e["also"])
        listed = where_servers_are_listed(folder)
        broken.add(listed)
        kept.add(listed)
    for rule, passes in sorted(rules.items()):
        check(rule in broken or rule == "ut-7.1-resume-ue", "no capture shows a breach of", rule)  # that one never fails
        check(rule in kept or not passes, "no capture shows compliance with", rule)
    finish()


main()
