#!/usr/bin/env python3
"""Reports for machines, and the baseline. usage: reports.py UTWATCH
CSV is read by Python's csv, JUnit by its XML parser; both have to say what the events say."""
import csv
import hashlib
import json
import os
import sys
import tempfile
import xml.etree.ElementTree as xml

from run_utwatch import PCAPS, events, of_type, rule_counts, utwatch
from checks import check, finish
import capturelib

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
CLEAN = os.path.join(PCAPS, "jsse-tls10-wapcert.pcap")
LOW = os.path.join(PCAPS, "jsse-sslv2-hello.pcap")


def rows(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def violations(evs):
    return [e for e in of_type(evs, "alert") if "superseded" not in e["alert"].get("metadata", {}) and "advice" not in e["utwatch"]]


def test_several(folder):
    files = {form: os.path.join(folder, "r." + form) for form in ("text", "html", "csv", "junit")}
    p = utwatch(binary, *[w for form, path in files.items() for w in ("--report", form + ":" + path)], "-r", FAILS)
    check(p.returncode == 1 and not p.stdout, "several reports to files, and standard output has", p.stdout[:80])
    for form, path in files.items():
        check(os.path.getsize(path) > 300, form, "is empty")
        check(p.stderr.count(path.encode() + b"\n") == 1, "standard error does not name", path, p.stderr)
    check(not utwatch(binary, "-q", "--report", "csv:" + files["csv"], "-r", FAILS).stderr, "-q is not quiet")
    for words in (["--report", "csv", "--report", "junit"], ["--report", "xml"], ["--report", "csvx:a"]):
        check(utwatch(binary, *words, "-r", FAILS).returncode == 2, " ".join(words))
    check(utwatch(binary, "--report", "csv", "--json", "-", "-r", FAILS).returncode == 5, "two for standard output")


def test_csv(folder):
    path = os.path.join(folder, "a.csv")
    for capture in (FAILS, CLEAN, LOW):
        found = events(binary, "--report", "csv:" + path, "--advise", "modern", "-r", capture)[0]
        got = rows(path)
        wanted = violations(found)
        ours = [r for r in got if r["status"] == "violation"]
        check(len(ours) == len(wanted), capture, len(ours), "rows,", len(wanted), "alerts")
        for row, event in zip(ours, wanted):
            u = event["utwatch"]
            check((row["rule"], row["observed"], row["required"], row["basis"]) == (u["rule"], u["observed"], u["required"], u["basis"]), row)
            check(int(row["sid"]) == event["alert"]["signature_id"] and row["title"] == event["alert"]["signature"], row)
            check(row["client"] == event.get("src_ip", "") and row["server"] == event.get("dest_ip", ""), row)
            check(row["frame"] == str(event.get("pcap_cnt", "")) or "pcap_cnt" not in event, row)
        advice = [e for e in of_type(found, "alert") if "advice" in e["alert"].get("metadata", {})]
        check(len([r for r in got if r["status"] == "advice"]) >= len(advice), "advice is missing")


def test_names(folder):
    """A file may have any name; a terminal obeys none (ECMA-48 5: the control functions of C0, C1 and ESC), whatever form it is told in."""
    strange = os.path.join(folder, "a\x1b[31m\a\x85\n\u202eb")
    os.mkdir(strange)
    capture, config, state = (os.path.join(strange, "\x1b" + name) for name in ("c.pcap", "c.yaml", "state"))
    with open(FAILS, "rb") as fails, open(capture, "wb") as ours:
        ours.write(fails.read())
    with open(config, "w") as f:
        f.write("exceptions:\n  - { rule: ut-4-tls-required, until: 2020-01-01, reason: x }\n  - { rule: nope, until: 2999-01-01, reason: x }\n")
    with open(state, "w") as f:
        f.write("no state" * 9999)
    several = [w for form in ("text", "html", "csv", "junit") for w in ("--report", "%s:%s.%s" % (form, capture, form))]
    for words in (["--report", "text"], ["--report", "csv"], ["--report", "junit"], ["--report", "html"], ["--json", "-"], ["--details"], several,
                  ["-c", config], ["-T", "-c", config], ["-vv", "-c", config], ["--state", state], ["--state", strange], ["--evidence", state],
                  ["-r", capture + "x"], ["-r", config], ["--json", config + "/x"], ["-p", config], ["--baseline", state]):
        p = utwatch(binary, *words, *([] if "-T" in words else ["-r", capture]))
        said = (p.stdout + p.stderr).decode()
        check(not [c for c in said if c in "\x1b\a\x85\u202e"], " ".join(words), "writes control bytes:", repr(said[:300]))
        check(said or words[0] in ("--evidence", "--baseline"), words, "says nothing")
    for form in ("text", "html", "csv", "junit"):
        with open(capture + "." + form, encoding="utf-8", newline="") as f:
            check(not [c for c in f.read() if c in "\x1b\a\x85\u202e"], "a name in", form)


def test_junit(folder):
    path = os.path.join(folder, "a.xml")
    half = os.path.join(folder, "half.pcap")  # of two handshakes the second lacks the server's direction
    frames = list(capturelib.read_frames(CLEAN))
    later = [(t + 10**10, f) for t, f in capturelib.from_port(frames, 50001) if capturelib.segment_of(f)[0][1] == 50001]
    capturelib.write_frames(half, frames + later)
    for capture, level in ((FAILS, "low"), (CLEAN, "low"), (LOW, "low"), (LOW, "medium"), (half, "low")):
        found, p = events(binary, "--report", "junit:" + path, "--fail-on", level, "-r", capture)
        counts = rule_counts(found)
        suite = xml.parse(path).getroot().find("testsuite")
        cases = suite.findall("testcase")
        check([c.get("name") for c in cases] == list(counts), "cases are not the rules, in their order")
        failed = [c for c in cases if c.find("failure") is not None]
        skipped = [c for c in cases if c.find("skipped") is not None]
        check((int(suite.get("tests")), int(suite.get("failures")), int(suite.get("skipped"))) == (len(cases), len(failed), len(skipped)), "sums")
        check(bool(failed) == (p.returncode == 1), capture, level, len(failed), "failures and status", p.returncode)
        for case in cases:
            n = counts[case.get("name")]
            if case.find("skipped") is not None:
                check(case.find("skipped").get("message") and (not n["pass"] or n["fail"] or n["not_observable"]), case.get("name"), n)
                check(("not observable: " in case.find("skipped").get("message")) == (n["not_observable"] > 0 == n["fail"]), case.get("name"))
            elif case.find("failure") is not None:
                check(n["fail"] > 0 and "frame" in case.find("failure").text, case.get("name"), n)
            else:  # contract: a fail counts before what is not observable, and that before a pass
                check(n["pass"] and not n["fail"] and not n["not_observable"], case.get("name"), "is green:", n)


def test_blind(folder):
    """Where nothing was judged, or an input is broken, a build server is not green."""
    path, site, cut = (os.path.join(folder, n) for n in ("a.xml", "site.yaml", "cut.pcap"))
    with open(site, "w", encoding="utf-8") as f:
        f.write("scope: { names: [nowhere.example] }\n")
    with open(CLEAN, "rb") as whole, open(cut, "wb") as f:
        f.write(whole.read()[:-7])
    for words, status in ((["-c", site, "-r", CLEAN], 4), (["-r", cut], 3), (["-r", CLEAN], 0)):
        p = utwatch(binary, "-q", "--report", "junit:" + path, *words)
        suite = xml.parse(path).getroot().find("testsuite")
        errors = suite.findall("testcase/error")
        check(p.returncode == status and int(suite.get("errors")) == len(errors) == (status > 0), words, p.returncode, len(errors))
        check(int(suite.get("tests")) == len(suite.findall("testcase")), words, "sums")
        check(status != 4 or "outside the scope" in errors[0].get("message"), errors and errors[0].attrib)


def check_known_in_reports(folder, baseline, known):
    """Each report names what the baseline has, says that nothing is new, and calls none of these rules idle."""
    rules = {e["utwatch"]["rule"] for e in known}
    page, build = os.path.join(folder, "known.html"), os.path.join(folder, "known.xml")
    p = utwatch(binary, "--baseline", baseline, "-r", FAILS, "--rules", "--report", "text", "--report", "html:" + page, "--report", "junit:" + build)
    text = " ".join(p.stdout.decode().split())
    idle = text.split("applied to no handshake:")[1].split("Not judged")[0]
    check("No new violation in 1 handshake" in text and "Exit status 0: no new violation." in text, "nothing is new", text)
    check("Known from the baseline; they do not count" in text and all(text.count(rule) >= 2 for rule in rules), "named in the text", text)
    check(not [rule for rule in rules if rule in idle.replace(",", "").split()], "known rules count as idle", idle)
    cases = {c.get("name"): c.find("skipped") for c in xml.parse(build).iter("testcase")}
    check(all(cases[rule] is not None and cases[rule].get("message") == "known from the baseline: broken 1 time" for rule in rules), "in JUnit")
    with open(page) as f:
        html = f.read()
    section = html[html.index('id="violations"'):html.index("</section>", html.index('id="violations"'))]
    check("None is new." in section and all(rule in section for rule in rules), "in HTML", section[:500])
    with open(baseline, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    check(digest in html and "Known from the baseline" in html, "the baseline's digest")


def test_baseline(folder):
    """What was there before is known; what is new decides; what is gone is told."""
    before = {"json": os.path.join(folder, "b.json"), "csv": os.path.join(folder, "b.csv")}
    utwatch(binary, "-q", "--json", before["json"], "--report", "csv:" + before["csv"], "-r", FAILS)
    for form, path in before.items():
        found, p = events(binary, "--baseline", path, "-r", FAILS)
        check(p.returncode == 0, form, "known findings decide the exit status:", p.returncode, p.stderr)
        check(all(e["utwatch"].get("known") for e in violations(found)) and violations(found), form, "alerts are not marked as known")
        stats = of_type(found, "stats")[-1]["utwatch"]["verdicts"]
        check(stats["known"] == len(violations(found)) and stats["gone"] == 0, form, stats["known"], stats["gone"])
        p = utwatch(binary, "--baseline", path, "-r", FAILS)
        check(p.returncode == 0 and b"known from the baseline" in b" ".join(p.stdout.split()), p.stdout)
        check_known_in_reports(folder, path, violations(found))
        p = utwatch(binary, "--baseline", path, "-r", CLEAN)
        text = b" ".join(p.stdout.split())
        check(p.returncode == 0 and b"not found this time" in text and b"ut-7.2-only-anonymous, server 192.0.2.80:443" in text, form, text)
        check(utwatch(binary, "--baseline", path, "-r", LOW).returncode == 1, form, "a new finding does not decide")
    # A baseline that was itself made with a baseline has the same findings.
    again = os.path.join(folder, "again.csv")
    utwatch(binary, "-q", "--baseline", before["csv"], "--report", "csv:" + again, "-r", FAILS)
    check(utwatch(binary, "-q", "--baseline", again, "-r", FAILS).returncode == 0, "a renewed baseline")
    check({r["status"] for r in rows(again)} <= {"known", "superseded"}, "status of known findings")
    # Half of it is half of it.
    with open(before["json"]) as f:
        lines = [line for line in f if json.loads(line)["event_type"] != "alert"]
    with open(before["json"], "w") as f:
        f.writelines(lines)
    check(utwatch(binary, "-q", "--baseline", before["json"], "-r", FAILS).returncode == 1, "an empty baseline hides violations")
    for text in ("no,such,columns\n", "{\"event_type\": \n", "time,capture\n"):
        with open(before["csv"], "w") as f:
            f.write(text)
        p = utwatch(binary, "--baseline", before["csv"], "-r", FAILS)
        check(p.returncode == 2 and b"line 1" in p.stderr, p.stderr)
    check(utwatch(binary, "--baseline", "/nowhere", "-r", FAILS).returncode == 2, "a baseline that is missing")


with tempfile.TemporaryDirectory() as top:
    test_several(top)
    test_csv(top)
    test_names(top)
    test_junit(top)
    test_blind(top)
    test_baseline(top)
finish(200)
