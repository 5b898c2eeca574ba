#!/usr/bin/env python3
"""Does no output ever take the place of an input or of another output, by whatever name it goes? usage: overwrite.py UTWATCH"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests"))
from checks import check, finish  # noqa: E402

binary = os.path.abspath(sys.argv[1])
CAPTURE = os.path.join(ROOT, "pcaps", "jsse-tls10-anon-only-accepted.pcap")
EVIDENCE = "20260101T000000.000000Z-0123456789abcd-handshake.pcapng"


def contents(folder):
    """{name: hash} of all that is in it"""
    return {name: hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest()
            for name in sorted(os.listdir(folder)) if os.path.isfile(os.path.join(folder, name))}


def run(folder, words, stdin=None, stdout=subprocess.PIPE):
    return subprocess.run([binary, *words], cwd=folder, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=60)


def refused(folder, words, first, second, **streams):
    before = contents(folder)
    p = run(folder, words, **streams)
    lines = p.stderr.decode().splitlines()
    good = p.returncode == 2 and len(lines) == 1 and first in lines[0] and second in lines[0]
    check(good, words, "status", p.returncode, lines)
    check(contents(folder) == before, words, "changed a file")


def taken(folder, words, **streams):
    p = run(folder, words, **streams)
    check(p.returncode in (0, 1), words, "is refused:", p.returncode, p.stderr.decode())


def main():
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        shutil.copy(CAPTURE, at("in.pcap"))
        shutil.copy(CAPTURE, at(EVIDENCE))
        os.link(at("in.pcap"), at("hard.pcap"))
        os.symlink("in.pcap", at("soft.pcap"))
        os.mkdir(at("below"))
        for name, text in ("site.yaml", "privacy: clear\n"), ("mine.yaml", "utwatch: 1\nprofile: mine\ntitle: Mine\nextends: ts33141-pcr2\n"):
            with open(at(name), "w") as f:
                f.write(text)
        for output in ["--json", "in.pcap"], ["--report", "text:in.pcap"], ["--report", "html:in.pcap"], ["--state", "in.pcap"]:
            for name in "in.pcap", "./below/../in.pcap", at("in.pcap"), "hard.pcap", "soft.pcap":
                refused(folder, ["-r", name, *output], "-r " + name, output[0])
        refused(folder, ["-q", "-r", "in.pcap", "-c", "site.yaml", "--json", "site.yaml"], "-c site.yaml", "--json site.yaml")
        refused(folder, ["-r", "in.pcap", "-p", "./mine.yaml", "--report", "text:mine.yaml"], "--report mine.yaml", "./mine.yaml")
        refused(folder, ["-r", "in.pcap", "--json", "out", "--report", "text:./out"], "--json out", "--report ./out")
        refused(folder, ["-r", "in.pcap", "--json", "out", "--report", "text:x", "--state", "below/../out"], "--json out", "--state below/../out")
        taken(folder, ["-q", "-r", "in.pcap", "--json", "known"])
        refused(folder, ["-r", "in.pcap", "--baseline", "known", "--json", "./known"], "--baseline known", "--json ./known")
        refused(folder, ["-r", "in.pcap", "--report", "csv:x", "--report", "junit:below/../x"], "--report x", "--report below/../x")
        refused(folder, ["-r", EVIDENCE, "--evidence", "."], "-r " + EVIDENCE, "--evidence .")
        shutil.copy(binary, at("program"))
        before = contents(folder)["program"]
        p = subprocess.run(["./program", "-r", "in.pcap", "--report", "html:program"], cwd=folder, stderr=subprocess.PIPE,
                           env={**os.environ, "UTWATCH_RULES": os.path.join(ROOT, "rules")}, timeout=60)
        check(p.returncode == 2 and b"the program" in p.stderr and contents(folder)["program"] == before, "the program is overwritten", p.stderr)
        with open(at("in.pcap"), "rb") as stdin:
            refused(folder, ["-q", "-r", "-", "--json", "in.pcap"], "-r -", "--json in.pcap", stdin=stdin)
        with open(at("in.pcap"), "ab") as stdout:
            refused(folder, ["-q", "-r", "in.pcap", "--json", "-"], "-r in.pcap", "--json -", stdout=stdout)
        taken(folder, ["-r", "in.pcap", "-r", "soft.pcap", "--json", "/dev/null", "--report", "text:/dev/null"])
        with open(at("all"), "ab") as stdout:
            taken(folder, ["-r", "in.pcap"], stdout=stdout)
        taken(folder, ["-q", "-r", "in.pcap", "--json", "out.json", "--report", "html:out.html", "--evidence", "."])
        shutil.copy(CAPTURE, at("2026.pcapng"))
        taken(folder, ["-q", "-r", "2026.pcapng", "--evidence", "."])
        check(os.path.exists(at("2026.pcapng")), "a capture beside the evidence is gone")


main()
finish(60)
