#!/usr/bin/env python3
"""A profile that extends several has what each of them has, whatever one of them drops and in whatever order they are named.
usage: parents.py UTWATCH     What each has alone is what --list-rules says of it."""
import itertools
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402

SHIPPED = ["ts33141-v1.0.0", "ts33141-pcr1", "ts33141-pcr2", "wap-219", "rel6-final", "modern", "modern-draft", "ls-advice", "wapcert", "resumption"]
DRAFTS = {"ts33141-v1.0.0", "ts33141-pcr1", "ts33141-pcr2", "rel6-final", "modern-draft", "ls-advice"}
BITS = "parameters: { key-bits-3des: 112 }\n"
CHANGED = """utwatch: 1
profile: changed
title: A rule of another profile, changed
extends: [wapcert]
drop: [wapcert-6.4-utf8]
sets: { few: [0x0005] }
rules:
  - id: wapcert-6.4.4-issuer-empty
    sid: 33143644
    clause: "1"
    title: The issuer has no name, as we say
    requires: It has one.
    binds: server
    severity: low
    fail: { certificate.issuer-empty: true }
"""
OTHER = """utwatch: 1
profile: other
title: Another set of the same name
extends: [common]
sets: { few: [0x0004] }
"""


def run(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True, text=True, timeout=20)


def rules(profile):
    text = run("--list-rules", "-p", profile).stdout
    listed = dict(re.findall(r"^(\S+) +((?:high|medium|low|info) .*)$", text, re.M))
    return listed, "(draft)" in text.split("\n")[0]


with tempfile.TemporaryDirectory() as folder:
    def made(extends, more="", name="mine"):
        path = os.path.join(folder, name + ".yaml")
        with open(path, "w") as f:
            f.write("utwatch: 1\nprofile: %s\ntitle: Ours\nextends: [%s]\n%s" % (name, ", ".join(extends), more))
        return path

    alone = {name: set(rules(name)[0]) for name in SHIPPED}
    for pair in itertools.permutations(SHIPPED, 2):
        path = made(pair, BITS)
        listed, draft = rules(path)
        wanted = alone[pair[0]] | alone[pair[1]]
        check(set(listed) == wanted, pair, "lacks", sorted(wanted - set(listed)), "has besides", sorted(set(listed) - wanted),
              run("-T", "-p", path).stderr)
        check(draft == bool(DRAFTS & set(pair)), pair, "is a draft:", draft)
    # Profiles of one's own, in both orders: the changed rule stays, and the dropped one is that of the other.
    for name, text in (("changed", CHANGED), ("other", OTHER)):
        with open(os.path.join(folder, name + ".yaml"), "w") as f:
            f.write(text)
    for order in (("changed", "wapcert"), ("wapcert", "changed"), ("ts33141-pcr1", "changed"), ("changed", "ts33141-pcr1")):
        listed, _ = rules(made(order))
        check("as we say" in listed.get("wapcert-6.4.4-issuer-empty", ""), order, listed.get("wapcert-6.4.4-issuer-empty"))
        check("wapcert-6.4-utf8" in listed, order, "lacks what only one of them drops")
    # Two readings of one word are a mistake, where they meet, until it is said which one counts.
    for extends, more, column, words in (
            (("ts33141-pcr2", "modern"), "", 25, ("'modern'", "key-bits-3des", "to 112", "to 168", "parameters: { key-bits-3des: ")),
            (("modern", "ts33141-pcr2"), "", 19, ("'ts33141-pcr2'", "key-bits-3des", "to 112", "to 168", "parameters: { key-bits-3des: ")),
            (("changed", "other"), "", 20, ("'other'", "set 'few'", "changed.yaml:6", "other.yaml:5", "sets: { few: "))):
        path = made(extends, more)
        p = run("-T", "-p", path)
        lines = p.stderr.splitlines()
        check(p.returncode == 2 and len(lines) == 1 and lines[0].startswith("%s:4:%d: " % (path, column)) and all(w in lines[0] for w in words),
              extends, lines)
    p = run("-T", "-p", made(("changed", "other"), "sets: { few: [0x0005] }\n"))
    check(p.returncode == 0, "said which one counts:", p.stderr)
    # The mark of a draft does not get lost by a slip of the pen.
    p = run("-T", "-p", made(("modern",), "status: drfat\n"))
    check(p.returncode == 2 and ":5:9: " in p.stderr and "did you mean 'draft'" in p.stderr, "a misspelt status:", p.returncode, p.stderr)
    for status in ("draft", "final", "shared"):
        path = made(("ts33141-pcr2",), "status: %s\n" % status)
        check("(%s)" % status in run("--list-rules", "-p", path).stdout.split("\n")[0], "status", status)
# --explain PROFILE: its own file says what it drops; what it adds and changes are its rules that no parent has, or has otherwise.
rules_of = lambda name: set(re.findall(r"^([a-z]\S+-\S+) +(?:info|low|medium|high) ", run("--list-rules", "-p", name).stdout, re.M))  # noqa: E731
for name, parent in (("modern", "ts33141-pcr2"), ("ts33141-pcr1", None), ("wapcert", "common")):
    out = run("--explain", name).stdout
    sections = dict(re.findall(r"^  (Adds|Changes|Drops) the rules\n((?:    .*\n)+)", out, re.M))
    named = {key: {line.split()[0] for line in text.splitlines()} for key, text in sections.items()}
    check(out.startswith(name + "  (") and "extends" in out, name, out[:200])
    if parent and parent != "common":
        check(named.get("Drops") == rules_of(parent) - rules_of(name), name, "drops", named.get("Drops"))
        check(named.get("Adds") == rules_of(name) - rules_of(parent), name, "adds", named.get("Adds"))
        check(named.get("Changes") and named["Changes"] <= rules_of(name) & rules_of(parent), name, "changes", named.get("Changes"))
check("key-bits-3des: 112 (otherwise 168)" in run("--explain", "modern").stdout, "the parameter that modern sets")
check(set(re.findall(r"^wapcert-\S+", run("--explain", "wapcert-*").stdout, re.M)) ==
      {r for r in rules_of("ts33141-pcr2") if r.startswith("wapcert-")},
      "the rules of a pattern")
for name, meant in (("tls.sni", "hello.sni"), ("server-name", "hello.sni"), ("ja4", "hello.ja4"), ("ut-6.2-null-integrty", "ut-6.2-null-integrity")):
    p = run("--explain", name)
    check(p.returncode == 2 and "did you mean '%s'?" % meant in p.stderr, name, p.stderr)
finish()
