#!/usr/bin/env python3
"""Every rule of the catalogue stands in exactly the profiles that the catalogue says, with its severity, side, basis and clause, and no other
rule stands there. usage: profiles.py UTWATCH [REQUIREMENTS]     REQUIREMENTS: the document that the catalogue was taken from, when it is at hand"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402
from catalogue import CATALOGUE, DEVIATIONS  # noqa: E402

PROFILES = {"b": "ts33141-v1.0.0", "1": "ts33141-pcr1", "2": "ts33141-pcr2", "w": "wap-219", "f": "rel6-final", "m": "modern",
            "d": "modern-draft", "a": "ls-advice"}
WORDS = {"H": "high", "M": "medium", "L": "low", "I": "info"}
BASES = {"D": "direct", "I": "inferred", "P": "partial"}
DRAFTS = "b12fda"  # profiles that have to say that they are drafts


def run(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True, text=True).stdout


def explained(profile, rule):
    text = run("--explain", rule, "-p", profile)
    return {m[1]: m[2].strip() for m in re.finditer(r"^  (binds|severity|basis|note|about) +(.*)$", text, re.M)}, text


clauses = {}
for letter, profile in PROFILES.items():
    listing = run("--list-rules", "-p", profile)
    rules = {m[1]: m[2] for m in re.finditer(r"^(\S+) +(?:high|medium|low|info) +(?:ue|server|both) +(.*)$", listing, re.M)}
    # The draft of a profile holds what the profile holds.
    wanted = {i for i, row in CATALOGUE.items() if letter in row[0] or (letter == "d" and "m" in row[0])}
    check(set(rules) == wanted, profile, "holds besides", sorted(set(rules) - wanted), "and lacks", sorted(wanted - set(rules)))
    check(("(draft)" in listing.split("\n")[0]) == (letter in DRAFTS), profile, "and its status:", listing.split("\n")[0])
    for rule in sorted(wanted & set(rules)):
        _, severity, binds, basis = CATALOGUE[rule]
        other = DEVIATIONS.get((rule, letter), {})
        facts, text = explained(profile, rule)
        check(facts["severity"] == WORDS[other.get("severity", severity)], profile, rule, "has severity", facts["severity"])
        check(facts["binds"] == {"ue": "UE", "server": "server", "both": "UE and server"}[binds], profile, rule, "binds", facts["binds"])
        check(("never: pass" in text) == ("neg. only" in basis), profile, rule, "and never passing")
        check(("never: fail" in text) == ("pos. only" in basis), profile, rule, "and never failing")
        letters = re.findall(r"\b[DIP]\b", basis)
        found = {facts["basis"]} | set(re.findall(r"basis: (\w+)", text))
        check(BASES[letters[0]] in found, profile, rule, "has basis", sorted(found), "not", BASES[letters[0]])
        check({BASES[x] for x in letters} <= found or rule == "dp-3.2-key-lifetime-24h", profile, rule, "has basis", sorted(found), "not", basis)
        clauses.setdefault(rule, set()).add(rules[rule].strip())
        if letter == "f":
            check("note" in facts and "not verified" in text, profile, rule, "does not say that it is not verified")
        if letter == "d" and CATALOGUE[rule][0] == "d":
            check("draft" in facts.get("note", ""), profile, rule, "does not say that it comes from a draft")
for rule in CATALOGUE:
    number = re.search(r"-(\d[\d.]*)", rule)
    if number and rule.startswith(("ut-", "wap219-", "wapcert-", "rfc2246-", "dp-")):
        check(any(number[1] in c for c in clauses[rule]) or rule == "wapcert-6.4-utf8", rule, "stands under", clauses[rule])
for rule, where in DEVIATIONS:
    check(rule in CATALOGUE, "a deviation of no rule:", rule)
if len(sys.argv) > 2 and os.path.exists(sys.argv[2]):
    text = open(sys.argv[2]).read()
    ids = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9.]+)+)`", "\n".join(
        line.strip("|").split("|")[0] for line in text[text.index("## 8. Rule catalogue"):].splitlines() if line.startswith("| `"))))
    check(ids == set(CATALOGUE), "the document's catalogue has besides", sorted(ids - set(CATALOGUE)), "and lacks", sorted(set(CATALOGUE) - ids))
    # Each row as the document has it: ids, clause, fault, severity, basis, evidence, profiles. A row of several ids has one severity for all, or
    # one for each.
    for line in text[text.index("## 8. Rule catalogue"):].splitlines():
        if not line.startswith("| `"):
            continue
        names, clause, fault, severity, basis, _, where = (cell.strip() for cell in line.strip("|").split("|"))
        names = re.findall(r"`([^`]+)`", names)
        severities = severity.split("/") if "/" in severity else [severity] * len(names)
        where = re.sub(r"\(.*?\)", "", where.replace("*", ""))
        found_in = "".join(c for c in "12bwfma" if c in re.split(r"[:;]", where)[0] or where == "all")
        for rule, level in zip(names, severities):
            ours, our_level, binds, our_basis = CATALOGUE[rule]
            check(our_level == level.strip(), rule, "has severity", our_level, "and in the document", level)
            check({"server": {"server"}, "ue": {"ue"}, "both": {"both"}}.get(fault, {"both"}) == {binds} or binds in fault, rule, "binds", binds,
                  "and in the document", fault)
            check(re.findall(r"\b[DIP]\b", basis)[:1] == re.findall(r"\b[DIP]\b", our_basis)[:1], rule, "has basis", our_basis, "and in the document",
                  basis)
            check(("neg. only" in basis) == ("neg. only" in our_basis) and ("pos. only" in basis) == ("pos. only" in our_basis), rule, our_basis,
                  basis)
            numbers = re.findall(r"\d+(?:\.\d+)*", clause)
            check(not numbers or any(n in c for n in numbers for c in clauses[rule]), rule, "stands under", clauses[rule],
                  "and in the document under", clause)
            if "m (draft)" not in line and "b at M" not in line and "Upgrade also m" not in line and "allow PSK" not in line \
                    and "(info)" not in line and "by reference" not in line and "m at M" not in line:
                check(set(found_in) == set(ours) - {"d"}, rule, "stands in", ours, "and in the document in", where)
finish()
