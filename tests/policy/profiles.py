#!/usr/bin/env python3
"""Which rule stands in which shipped profile, and with which clause, severity and side at fault, as the catalogue has it;
and the events that turn out differently under the two pseudo-CRs. usage: profiles.py UTWATCH"""
import re
import subprocess
import sys

# id: (profiles: b v1.0.0, 1 pcr-1, 2 pcr-2; severity; binds)
CATALOGUE = {
    "ut-5.1.1-auth-http-based": ("1b", "medium", "both"),
    "ut-5.1.2-effective-key-128": ("1b", "high", "both"),
    "ut-5.1.2-possible-128": ("2", "medium", "both"),
    "ut-6-version-min": ("12", "high", "both"),
    "ut-6-version-forbidden": ("12", "high", "both"),
    "ut-6-sslv2-hello": ("12", "low", "ue"),
    "ut-6.1.1-no-required-ue-cert": ("1", "medium", "server"),
    "ut-6.1.2-server-certificate": ("12", "high", "server"),
    "ut-6.1.2-ue-accepted-bad-cert": ("12", "medium", "ue"),
    "ut-6.1.3-empty-certificate": ("12", "medium", "ue"),
    "ut-6.1.3-server-continues": ("12", "low", "server"),
    "ut-6.2-ue-offers-encryption": ("12", "high", "ue"),
    "ut-6.2-null-integrity": ("12", "high", "both"),
    "ut-6.2-null-integrity-offered": ("12", "low", "ue"),
    "ut-6.2-null-encryption-used": ("12", "info", "both"),
    "ut-6.4-anonymous-key-exchange": ("12b", "high", "both"),  # medium in v1.0.0
    "ut-6.4-listed-anonymous": ("12", "high", "both"),
    "ut-6.4-anonymous-offered": ("12", "info", "ue"),
    "ut-7.2-only-anonymous": ("12", "high", "server"),
    "ut-7.2-only-anonymous-extended": ("12", "medium", "server"),
    "ut-7.2-no-integrity": ("12", "high", "server"),
    "ut-7.2-no-encryption": ("12", "high", "server"),
    "ut-7.2-policy-128": ("12", "high", "server"),
    "ut-7.2-no-alert": ("12", "low", "server"),
}
problems = []
for letter, profile in (("b", "ts33141-v1.0.0"), ("1", "ts33141-pcr1"), ("2", "ts33141-pcr2")):
    out = subprocess.run([sys.argv[1], "--list-rules", "-p", profile], capture_output=True, text=True).stdout
    rules = {m[1]: (m[2], m[3]) for m in re.finditer(r"^(ut-\S+)\s+(\w+)\s+(\w+)\s", out, re.M)}
    wanted = {i for i, (profiles, _, _) in CATALOGUE.items() if letter in profiles}
    if set(rules) != wanted:
        problems.append("%s holds %s, lacks %s" % (profile, sorted(set(rules) - wanted), sorted(wanted - set(rules))))
    for i in wanted & set(rules):
        severity = "medium" if (i, letter) == ("ut-6.4-anonymous-key-exchange", "b") else CATALOGUE[i][1]
        if rules[i] != (severity, CATALOGUE[i][2]):
            problems.append("%s %s is %s" % (profile, i, rules[i]))
for p in problems:
    print("NOT RIGHT:", p)
print("%d rules, %d not right" % (len(CATALOGUE), len(problems)))
sys.exit(1 if problems else 0)
