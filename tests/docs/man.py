#!/usr/bin/env python3
"""The man pages are well-formed, name every option and every field, and their examples work. usage: man.py UTWATCH UTWATCH.1 UTWATCH-RULES.5"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402

utwatch, page, rules = sys.argv[1:]


def text_of(path):
    with open(path) as f:
        return f.read().replace("\\-", "-")


def examples(path, first):
    """Literal displays of the page that begin with the word."""
    return [d for d in re.findall(r"\.Bd -literal[^\n]*\n(.*?)\.Ed", text_of(path), re.S) if d.startswith(first)]


if not shutil.which("mandoc"):
    sys.exit(77)
for path in (page, rules):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True).stdout
    check(not lint, lint)
    if shutil.which("man"):
        shown = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "80"})
        check(shown.returncode == 0 and not shown.stderr, "in 80 columns:", path, shown.stderr[:500])
options = subprocess.run([utwatch, "--help"], capture_output=True, text=True).stdout
for option in set(re.findall(r"--([a-z-]+)", options)):
    check(re.search(r"Fl (\w , )?-%s\b" % option, text_of(page)), "no --%s in the page" % option)
for option in set(re.findall(r"(?:^|\s)-(\w)\b", options)):
    check(re.search(r"\.It Fl (\w , )*%s\b" % option, text_of(page)), "no -%s in the page" % option)
for option in set(re.findall(r"Fl -([a-z-]+)", text_of(page))):
    check("--" + option in options, "--%s is in the page and not in the help" % option)
fields = subprocess.run([utwatch, "--list-fields"], capture_output=True, text=True).stdout
names = re.findall(r"^([a-z][a-z0-9.-]*)\s{2,}\S", fields, re.M)
check(len(names) > 100, "only %d fields and operators" % len(names))
for name in names:
    check(re.search(r"^\.It Cm %s$" % re.escape(name), text_of(rules), re.M), "no %s in utwatch-rules.5" % name)
RULE = r"(?<![\w@./-])(?:ut|wapcert|rfc\d+|dp|ls|m)-[0-9]\S*?(?=[\s,;:)\"]|\.?$)"
for path in (page, rules):
    named = set(re.findall(RULE, text_of(path), re.M))
    for name in named:
        p = subprocess.run([utwatch, "--explain", name], capture_output=True, text=True)
        check(p.returncode == 0, path, "names a rule that is none:", name)
check(re.findall(RULE, text_of(page), re.M), "no rule is named in the page")
with tempfile.TemporaryDirectory() as folder:
    for path, first, words in ((page, "profile:", ["-T", "-c"]), (rules, "utwatch: 1", ["-T", "-p"])):
        found = examples(path, first)
        check(found, "no example in " + path)
        for example in found:
            file = os.path.join(folder, "example.yaml")
            with open(file, "w") as f:
                f.write(example)
            p = subprocess.run([utwatch, *words, file], capture_output=True, text=True)
            check(p.returncode == 0, "the example of %s: %s" % (path, p.stderr))
finish()
