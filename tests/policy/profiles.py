#!/usr/bin/env python3
"""Every rule of the catalogue is in exactly the profiles that the catalogue says, with its severity, side, basis and clause, and no other rule is.
usage: profiles.py UTWATCH [CATALOGUE] CATALOGUE: the document that catalogue.py was taken from, when it is at hand"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402
from catalogue import CATALOGUE, DEVIATIONS, SPECIAL_ROWS, SUPERSEDED  # noqa: E402

PROFILES = {"b": "ts33141-v1.0.0", "1": "ts33141-pcr1", "2": "ts33141-pcr2", "w": "wap-219", "f": "rel6-final", "m": "modern",
            "d": "modern-draft", "a": "ls-advice"}
WORDS = {"H": "high", "M": "medium", "L": "low", "I": "info"}
BASES = {"D": "direct", "I": "inferred", "P": "partial"}
BINDS = {"ue": "UE", "server": "server", "both": "UE and server", "ue / server": "UE and server", "none": "nobody on the wire"}
# Words of the document's column for whom a rule binds; a row of several ids has one for each.
FAULTS = {"server": "server", "ue": "ue", "both": "both", "ue / server": "ue / server", "operator": "none"}
SIDES = {"ue": ("ue",), "server": ("server",), "both": ("ue", "server"), "ue / server": ("ue", "server"), "none": ("none",)}
DRAFTS = "b12fda"  # profiles that have to say that they are drafts


def run(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True, text=True).stdout


def explained(profile, rule):
    text = run("--explain", rule, "-p", profile)
    return {m[1]: m[2].strip() for m in re.finditer(r"^  (breach|binds|severity|basis|note|about) +(.*)$", text, re.M)}, text


def items(text):
    """The outermost mappings of a dumped condition: {...}, [{...}, {...}], or a line each."""
    depth, begun = 0, 0
    for at, c in enumerate(text):
        begun = at if c == "{" and not depth else begun
        depth += (c == "{") - (c == "}")
        if c == "}" and not depth:
            yield text[begun:at + 1]


def conditions(profile):
    """{rule: {"fail" or "pass": [(basis, sides at fault)]}}, as the profile is dumped."""
    out = {}
    for text in re.split(r"^- id: ", run("--dump-profile", "-p", profile), flags=re.M)[1:]:
        of_rule = re.search(r"^  basis: (\w+)$", text, re.M)
        binds = re.search(r"^  binds: (\w+)$", text, re.M)[1]
        kinds = out.setdefault(text.split("\n")[0], {})
        for kind in ("fail", "pass"):
            block = re.search(r"^  %s: *(.*(?:\n  - .*)*)" % kind, text, re.M)
            for line in items(block[1]) if block else ():
                basis, fault = re.search(r"[{ ]basis: (\w+)", line), re.search(r"[{ ]fault: (\w+)", line)
                word = basis[1] if basis else of_rule[1] if of_rule else "direct"
                kinds.setdefault(kind, []).append((word, SIDES[fault[1] if fault else binds]))
    return out


def deviation(rule, letter):
    return {**DEVIATIONS.get((rule, "*"), {}), **DEVIATIONS.get((rule, letter), {})}


def check_bases(profile, rule, found, binds, basis, other):
    """A breach of each side rests on what the row says of that side, and a pass on nothing else."""
    check(found.get("fail") or "pos. only" in basis, profile, rule, "has no condition of a breach")
    letters, besides = re.findall(r"\b[DIP]\b", basis), {BASES[x] for x in other.get("besides", "")}
    for n, side in enumerate(SIDES[binds]):
        per_side = binds == "ue / server" and letters == ["D", "I"]
        wanted = {BASES[x] for x in (other[side] if side in other else letters[n] if per_side else letters)} | besides
        got = {word for word, sides in found.get("fail", ()) if side in sides}
        check(got <= wanted if not got else got == wanted, profile, rule, "has for a breach of", side, "basis", sorted(got), "not", sorted(wanted))
    allowed = {BASES[x] for x in other.get("pass", letters)}
    got = {word for word, _ in found.get("pass", ())}
    check(got == allowed if "pass" in other else got <= allowed, profile, rule, "has for a pass basis", sorted(got), "not", sorted(allowed))


clauses = {}
for letter, profile in PROFILES.items():
    listing = run("--list-rules", "-p", profile)
    rules = {m[1]: m[2] for m in re.finditer(r"^(\S+) +(?:high|medium|low|info) +(?:ue|server|both|none) +(.*)$", listing, re.M)}
    # The draft of a profile holds what the profile holds.
    wanted = {i for i, row in CATALOGUE.items() if letter in row[0] or (letter == "d" and "m" in row[0])}
    check(set(rules) == wanted, profile, "holds besides", sorted(set(rules) - wanted), "and lacks", sorted(wanted - set(rules)))
    check(("(draft)" in listing.split("\n")[0]) == (letter in DRAFTS), profile, "and its status:", listing.split("\n")[0])
    written = conditions(profile)
    for rule in sorted(wanted & set(rules)):
        _, severity, binds, basis = CATALOGUE[rule]
        other = deviation(rule, letter)
        facts, text = explained(profile, rule)
        check(facts["severity"] == WORDS[other.get("severity", severity)], profile, rule, "has severity", facts["severity"])
        check(facts["binds"] == BINDS[binds], profile, rule, "binds", facts["binds"])
        check(("never: pass" in text) == ("neg. only" in basis or other.get("never") == "pass"), profile, rule, "and never passing")
        check(("never: fail" in text) == ("pos. only" in basis), profile, rule, "and never failing")
        title = re.search(r"^    title: \"?(.*?)\"?$", text, re.M)
        filled = title and title[1].replace("{$session-lifetime}", "24 hours")
        check(title and 10 <= len(title[1]) <= 80 and filled == facts["breach"] and filled[-1] != ".", profile, rule, "has the title", title)
        check(("  superseded by " in text) == (rule in SUPERSEDED), profile, rule, "and superseded")
        check(rules[rule].endswith(" (superseded)") == (rule in SUPERSEDED), profile, rule, "is listed as", rules[rule])
        check_bases(profile, rule, written[rule], binds, basis, other)
        clauses.setdefault(rule, set()).add(rules[rule].strip())
        if letter == "f":
            check("note" in facts and "not verified" in text, profile, rule, "does not say that it is not verified")
        if letter == "d" and CATALOGUE[rule][0] == "d":
            check("draft" in facts.get("note", ""), profile, rule, "does not say that it comes from a draft")
for rule in CATALOGUE:
    number = re.search(r"-(\d[\d.]*)", rule)
    if number and rule.startswith(("ut-", "wap219-", "wapcert-", "rfc2246-", "dp-")):
        check(any(number[1] in c for c in clauses[rule]) or rule == "wapcert-6.4-utf8", rule, "stands under", clauses[rule])
# Clause 7.1 is empty in V1.0.0.
for rule in ("ut-7.1-resume-server", "ut-7.1-resume-ue"):
    for profile in ("ts33141-v1.0.0", "ts33141-pcr1"):
        check(("7.1," in run("--explain", rule, "-p", profile).split("\n")[0]) == (profile != "ts33141-v1.0.0"), rule, "under", profile)
for rule in {r for r, _ in DEVIATIONS} | set(SPECIAL_ROWS):
    check(rule in CATALOGUE, "a remark on no rule:", rule)
if len(sys.argv) > 2 and os.path.exists(sys.argv[2]):
    # Each row as the document has it: ids, clause, fault, severity, basis, evidence, profiles. A row of several ids has one severity for all, or
    # one for each.
    with open(sys.argv[2]) as f:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in f if line.startswith("| `")]
    ids = {i for row in rows for i in re.findall(r"`([^`]+)`", row[0])}
    ours = set(CATALOGUE)
    check(ids == ours, "the document's catalogue has besides", sorted(ids - ours), "and lacks", sorted(ours - ids))
    for names, clause, fault, severity, basis, evidence, where in rows:
        names = re.findall(r"`([^`]+)`", names)
        faults = [fault] * len(names) if fault in FAULTS else fault.split(" / ")
        severities = severity.split("/") if "/" in severity else [severity] * len(names)
        found_in = "".join(c for c in "12bwfma" if c in re.sub(r"\(.*?\)", "", where.replace("*", "")))
        for rule, level, whom in zip(names, severities, faults, strict=True):
            check(("superseded" in evidence) == (rule in SUPERSEDED), rule, "is superseded, or in the document")
            ours, our_level, binds, our_basis = CATALOGUE[rule]
            check(our_level == level.strip(), rule, "has severity", our_level, "and in the document", level)
            check(FAULTS[whom] == binds, rule, "binds", binds, "and in the document", whom)
            check(basis == our_basis, rule, "has basis", our_basis, "and in the document", basis)
            numbers = re.findall(r"(?<![A-Za-z-])\d+(?:\.\d+)+", re.sub(r"(\d\.\d\.)(\d)/(\d)", r"\1\2, \1\3", clause))
            under = [any(number in c for c in clauses[rule]) for number in numbers]
            check(all(under) or len(names) > 1 and any(under), rule, "stands under", clauses[rule], "and in the document under", clause)
            check(rule in SPECIAL_ROWS or set(found_in) == set(ours) - {"d"}, rule, "stands in", ours, "and in the document in", where)
finish()
