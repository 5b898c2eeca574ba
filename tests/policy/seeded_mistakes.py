#!/usr/bin/env python3
"""240 mistakes of an operator, put into the shipped rules at random from a seed: each is reported on its line, misspelt names with what was meant;
and ten in one file are reported in one run. usage: seeded_mistakes.py UTWATCH"""
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402

RULES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "rules")
FILES = ("ts33141-pcr1", "ts33141-pcr2", "wapcert", "wap-219", "ls-advice", "modern", "resumption", "common")
FIELD = r"\b((?:hello|offered|server|client|certificate|session|handshake|peer|known|tunnel|ticket|connection|http|" \
        r"key-exchange|client-certificate)\.[a-z0-9-]+)(?=:)"


def misspell(word, rng):
    """One letter more, less, other, or two in the wrong order; never the same word."""
    at = rng.randrange(1, len(word) - 1)
    out = rng.choice((word[:at] + word[at + 1:], word[:at] + rng.choice("abcdxyz") + word[at:], word[:at] + rng.choice("qwx") + word[at + 1:],
                      word[:at] + word[at + 1] + word[at] + word[at + 2:]))
    return out if out != word else misspell(word, rng)


def replace(pattern, change, meant=True):
    """A kind of mistake: change(word, rng) takes the place of the pattern's group 1 on one line. meant: the message suggests the word."""
    def apply(lines, rng):
        places = [(n, m) for n, line in enumerate(lines) if not line.lstrip().startswith("#") for m in re.finditer(pattern, line)]
        if not places:
            return None
        n, m = rng.choice(places)
        word = m.group(1)
        lines = list(lines)
        lines[n] = lines[n][:m.start(1)] + change(word, rng) + lines[n][m.end(1):]
        return lines, {n + 1: meant if isinstance(meant, str) else word if meant else ""}
    return apply


def drop_line(pattern, key):
    """A required member is gone: told at the rule, whose first line is that of its id."""
    def apply(lines, rng):
        places = [n for n, line in enumerate(lines) if re.search(pattern, line)]
        if not places:
            return None
        n = rng.choice(places)
        rule = max(i for i in range(n + 1) if re.match(r"  - id: ", lines[i]))
        return lines[:n] + lines[n + 1:], {rule + 1: key}
    return apply


def twice(pattern):
    """A key stands twice in one mapping."""
    def apply(lines, rng):
        places = [n for n, line in enumerate(lines) if re.search(pattern, line)]
        if not places:
            return None
        n = rng.choice(places)
        return lines[:n + 1] + [lines[n]] + lines[n + 1:], {n + 2: ""}
    return apply


KINDS = {
    "a misspelt field": replace(FIELD, misspell),
    "a misspelt key of a rule": replace(r"^    (severity|requires|clause|binds|observed|basis)(?=:)", misspell),
    "a misspelt operator": replace(r"\{ (below|above|at-least|at-most|none|present)(?=:)", misspell),
    "a misspelt set": replace(r"\$(null-encryption|no-integrity|encrypting|anonymous|below-minimum|at-least-minimum|"
                              r"listed-anonymous|mandatory-3des|mandatory-rc4)\b", misspell),
    "a misspelt suite": replace(r"(?:[:[,-] )(TLS_[A-Za-z0-9_]+)(?=[],]|$)", misspell),
    "a misspelt parameter": replace(r"\$(minimum-key-bits|session-lifetime|clock-tolerance)\b", misspell),
    "a severity that is none": replace(r"severity: (high|medium|low|info)", misspell),
    "a side that is none": replace(r"binds: (server|both)", misspell),
    "a basis that is none": replace(r"basis: (inferred|partial|direct)", misspell),
    "a word that the field has not": replace(r"(?:reaction|conclusion): (fatal-alert|late-alert|closed|continued)", misspell),
    "a number that is none": replace(r"sid: (\d+)", lambda w, r: w[:3] + "x" + w[3:], meant=False),
    "a truth that is none": replace(r": (true|false)\b", lambda w, r: r.choice(("maybe", "1", "truee")), meant=False),
    "a comparison with a word": replace(r"(?:below|above|at-least|at-most): (\d+)", lambda w, r: "many", meant=False),
    "an alias": replace(r"severity: (\w+)", lambda w, r: "*" + w, meant=False),
    "a tag": replace(r"severity: (\w+)", lambda w, r: "!!str " + w, meant=False),
    "no severity": drop_line(r"^    severity: ", "severity"),
    "no clause": drop_line(r"^    clause: ", "clause"),
    "no requirement in words": drop_line(r"^    requires: ", "requires"),
    "no side": drop_line(r"^    binds: ", "binds"),
    "no number": drop_line(r"^    sid: ", "sid"),
    "a key twice": twice(r"^    (severity|binds|sid): "),
    "about nothing there is": replace(r"about: (server|connection|exchange)$", misspell),
    "a limit that nothing keeps": replace(r"\{ ((?:above|at-least|at-most): \d+)(?= \})", lambda w, r: "below: 0", meant="never be true"),
    "limits that exclude each other": replace(r"\{ (above: \d+)(?= \})", lambda w, r: w + ", below: " + w.split()[1], meant="never be true"),
    "a version before the first": replace(r"version: \{ (below: \$?[A-Za-z][A-Za-z0-9.-]*)(?= \})", lambda w, r: "below: SSLv2",
                                          meant="never be true"),
    "a thing and its contrary": replace(r"(?m)^    when: (\{ [a-z.-]+: (?:true|false|[a-z]+) \})$", lambda w, r: w[:-2] + ", not: " + w + " }",
                                        meant="never be true"),
    "absent, and yet a value": replace(r"\{ ((?:above|at-least): \d+)(?= \})", lambda w, r: w + ", present: false", meant="never be true"),
    "an empty list": replace(r"(\[[a-z0-9, -]+\])", lambda w, r: "[]", meant=False),
    "a missing quote": replace(r'observed: "[^"]*(")$', lambda w, r: "", meant=False),
}


def told(utwatch, folder, name, lines):
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    p = subprocess.run([utwatch, "-T", "-p", path], capture_output=True, text=True, timeout=20, env=dict(os.environ, UTWATCH_RULES=RULES))
    os.unlink(path)
    messages = {}
    for m in re.finditer(r"^%s:(\d+):(\d+): (.*)$" % re.escape(path), p.stderr, re.M):
        messages.setdefault(int(m[1]), []).append(m[3])
    return p.returncode, messages, p.stderr


def main():
    made_files = 0
    rng = random.Random(33141)
    sources = {name: open(os.path.join(RULES, name + ".yaml")).read().splitlines() for name in FILES}
    with tempfile.TemporaryDirectory() as folder:
        kinds = list(KINDS)
        while made_files < 240:
            kind = kinds[made_files % len(kinds)]
            name = rng.choice(FILES)
            made = KINDS[kind](sources[name], rng)
            if not made:
                continue
            lines, wanted = made
            made_files += 1
            status, messages, text = told(sys.argv[1], folder, name, lines)
            for line, meant in wanted.items():
                # An unclosed quote is noticed where the text ends that it began.
                near = range(line, next((n for n in range(line, len(lines)) if '"' in lines[n]), line) + 2) if kind == "a missing quote" else [line]
                here = [m for n in near for m in messages.get(n, [])]
                check(status == 2 and here and (not meant or any(meant in m for m in here)),
                      "%s in %s line %d (%s): status %d, %s" % (kind, name, line, lines[line - 1].strip()[:60], status, text[:400]))
        # Ten in one file.
        for _ in range(10):
            lines, all_wanted = sources["ts33141-pcr1"], {}
            while len(all_wanted) < 10:
                made = KINDS[rng.choice(("a misspelt field", "a misspelt operator", "a severity that is none", "a misspelt key of a rule"))](lines,
                                                                                                                                             rng)
                if made and not set(made[1]) & set(all_wanted):
                    lines = made[0]
                    all_wanted.update(made[1])
            status, messages, text = told(sys.argv[1], folder, "ts33141-pcr1", lines)
            missing = sorted(set(all_wanted) - set(messages))
            check(status == 2 and not missing, "ten mistakes: none reported on lines %s\n%s" % (missing, text[:600]))
    finish()


main()
