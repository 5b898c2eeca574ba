"""pcaps/manifest.json, and pcaps/README.md that is written from it."""
import functools
import json
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PCAPS = os.path.join(ROOT, "pcaps")
PATH = os.path.join(PCAPS, "manifest.json")
ONE, TWO = "ts33141-pcr1", "ts33141-pcr2"

HEAD = """# Captures

`tools/record` recorded these captures from real stacks that talk over a veth pair between two network namespaces. Those whose name begins
with `gen-` were written by `tools/make-captures`, because no stack produces them. The UE is 192.0.2.10 (2001:db8::10), the AP (Authentication Proxy)
192.0.2.80 (2001:db8::80). Certificates are made for each recording; their keys are thrown away.

`manifest.json` says the same for programs: the facts that the stacks were asked for, which tshark has to find
(`tests/pcaps/check.py`), and the rules that have to fail (`tests/captures/verdicts.py`, `tests/pcaps/rules.py`).
Both tools write this page from it.
"""


def load():
    if not os.path.exists(PATH):
        return {}
    with open(PATH) as f:
        return {e["file"]: e for e in json.load(f)}


def save(entries):
    """Entries of captures that are no longer there are dropped."""
    kept = [entries[k] for k in sorted(entries) if os.path.exists(os.path.join(PCAPS, k))]
    with open(PATH, "w") as f:
        json.dump(kept, f, indent=1)
        f.write("\n")
    with open(os.path.join(PCAPS, "README.md"), "w") as f:
        f.write(page(kept))


def page(entries):
    """pcaps/README.md"""
    return HEAD + shows(entries) + rules(entries) + provenance(entries)


@functools.cache
def rules_of(profile):
    """{rule: whether a later text supersedes it}, by the snapshot of the profile."""
    with open(os.path.join(os.path.dirname(PCAPS), "tests", "policy", "snapshots", profile + ".yaml")) as f:
        blocks = re.split(r"^- id: ", f.read(), flags=re.M)[1:]
    return {b.split("\n")[0]: re.search("^  superseded: ", b, re.M) is not None for b in blocks}


def named(rule, one, two):
    """With what a reader has to know about it: whose rule it is, and whether it is superseded."""
    of_both = rule in one and rule in two
    marks = [] if of_both else ["pcr1"] if rule in one else ["pcr2"] if rule in two else ["beyond"]
    marks += ["superseded"] if one.get(rule) or two.get(rule) else []
    return rule + (" (%s)" % ", ".join(marks) if marks else "")


def kept_as(rule):
    """The rule, and that it is of neither profile."""
    return rule + ("" if rule in rules_of(ONE) or rule in rules_of(TWO) else " (beyond)")


def broken(entry):
    one, two = entry["fails"][ONE], entry["fails"][TWO]
    words = [r + (kept_as(r)[len(r):] if r in one and r in two else " (pcr1)" if r in one else " (pcr2)") for r in sorted({*one, *two})]
    return words + [r + " (policy)" for r in entry["policy"]] + [named(r, rules_of(ONE), rules_of(TWO)) for r in entry["also"]]


def shows(entries):
    out = ["\n## What each shows\n\n"
           "*breaks* lists all rules of ts33141-pcr1 and ts33141-pcr2 that a capture breaks, and *keeps* those that it is meant to show\n"
           "kept. `(pcr1)` and `(pcr2)` mark rules that are broken under one of the two only; `(policy)` those that are broken where the\n"
           "operator requires encryption and authenticates UEs by GBA; `(superseded)` those that are reported apart and decide no exit\n"
           "status; `(beyond)` rules of neither profile.\n\n"
           "| file | shows | breaks | keeps |\n|---|---|---|---|\n"]
    for e in entries:
        out.append("| `%s` | %s | %s | %s |\n" % (e["file"], e["shows"], ", ".join(broken(e)) or "nothing", ", ".join(map(kept_as, e["passes"]))))
    return "".join(out)


def rules(entries):
    """Which captures show a rule kept and broken; few names, the rest is in the first table."""
    kept, fails = {}, {}
    for e in entries:
        for r in e["passes"]:
            kept.setdefault(r, []).append(e["file"][:-5])
        for r in {*e["fails"][ONE], *e["fails"][TWO], *e["policy"], *e["also"]}:
            fails.setdefault(r, []).append(e["file"][:-5])

    def few(names):
        names = sorted(names or [], key=lambda n: n.startswith("gen-"))
        return ", ".join(names[:3]) + (" and %d more" % (len(names) - 3) if len(names) > 3 else "")

    out = ["\n## Rule by rule\n\n| rule | kept in | broken in |\n|---|---|---|\n"]
    for r in sorted({*kept, *fails}):
        out.append("| %s | %s | %s |\n" % (kept_as(r), few(kept.get(r)), few(fails.get(r))))
    return "".join(out)


def provenance(entries):
    out = ["\n## Where each comes from\n\nThe commands are shown without their folders and waits; `tools/recording` has them in full.\n\n"]
    for e in entries:
        if e["made_by"] == "tools/make-captures":
            out.append("- `%s`: written by tools/make-captures%s\n" % (e["file"], ", from " + e["from"] if e.get("from") else ""))
            continue
        out.append("- `%s`: %s, %s. Server: `%s`. Client: `%s`\n" % (e["file"], e["date"], "; ".join(e["stacks"].values()),
                                                                     "`, `".join(e["servers"]), "`, `".join(e["clients"])))
    return "".join(out)
