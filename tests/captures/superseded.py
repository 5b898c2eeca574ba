#!/usr/bin/env python3
"""Sixty sane handshakes of thirty UEs of today break only superseded demands of 2004: these are reported apart, once per rule and once per offender,
and decide the exit status only with --strict. Offers name the offending suites first. usage: superseded.py UTWATCH"""
import html
import os
import re
import sys
import tempfile

from expected import ambient, witness
from messages import alert, client_hello
from run_utwatch import PCAPS, events, manifest, of_type, utwatch
from checks import check, finish
import capturelib

BINARY = sys.argv[1]
ENTRY = manifest(["nginx-modern-ues"])[0]
CAPTURE = os.path.join(PCAPS, ENTRY["file"])
WANTED = ambient(witness.connections(CAPTURE)[0]) | set(ENTRY["also"])  # by tshark and openssl, and by what the certificate was asked to be
RULES = {"ut-6.2-ue-3des": ("ue", 30, "RFC 9325 4.1"), "wapcert-6.4.3-signature-algorithm": ("server", 1, "RFC 9325 4.5"),
         "wapcert-6.4-utf8": ("server", 1, "RFC 5280 4.1.2.4")}
check(WANTED == set(RULES), "the capture breaks", sorted(WANTED))


def told(*words):
    evs, p = events(BINARY, *words, "-r", CAPTURE)
    return of_type(evs, "alert"), of_type(evs, "stats")[-1]["utwatch"], p.returncode


# By default: nothing counts, and everything is there.
alerts, stats, status = told("--fail-on", "info")
check(status == 0, "exit status", status)
check(stats["handshakes"]["total"] == 60 and stats["handshakes"]["outcome"] == {"complete": 60}, stats["handshakes"])
check(stats["verdicts"]["fail"] == 0 and not any(stats["violations"].values()) and stats["verdicts"]["superseded"] == 50, stats["verdicts"])
check({a["utwatch"]["rule"] for a in alerts} == WANTED, {a["utwatch"]["rule"] for a in alerts})
for rule, (side, offenders, text) in RULES.items():
    of_rule = [a for a in alerts if a["utwatch"]["rule"] == rule]
    check(len(of_rule) == offenders, rule, "has", len(of_rule), "events")
    check(all(a["alert"]["severity"] == 4 and a["alert"]["metadata"] == {"superseded": [text]} for a in of_rule), rule, of_rule[0]["alert"])
    check({a["utwatch"]["fault"] for a in of_rule} == {side}, rule, "blames another side")
    counts = next(r for r in stats["rules"] if r["rule"] == rule)
    check(counts["superseded"] == text and counts["sharing_ues"] == (30 if side == "ue" else 10), counts)

# With --strict each breach is a violation of the rule's own severity.
alerts, stats, status = told("--strict")
check(status == 1 and stats["verdicts"]["superseded"] == 0 and stats["verdicts"]["fail"] == 50 and stats["violations"]["medium"] == 30
      and stats["violations"]["low"] == 20, status, stats["violations"])
check(len(alerts) == 50 and {a["alert"]["severity"] for a in alerts} == {2, 3} and not any("metadata" in a["alert"] for a in alerts), len(alerts))

# The reports: a section of their own, one line a rule; with --details also the stacks.
for strict in ((), ("--strict",)):
    for details in ((), ("--details",)):
        text = utwatch(BINARY, *strict, *details, "-r", CAPTURE).stdout.decode()
        section = re.search(r"\nSuperseded demands.*?\n\n", text, re.S)
        check(bool(section) != bool(strict) and bool(re.search(r"^MEDIUM  \w", text, re.M)) == bool(strict), "the text's sections", strict)
        if strict:
            continue
        for rule in RULES:
            check(len(re.findall(rule + "[,:]", section[0])) == 1, rule, "in", section[0])
        check("30 times by 30 UEs" in " ".join(section[0].split()), "who shares the breach", section[0])
        stacks = set(re.findall(r"t1[23]d[0-9a-z_]+ \(\d+\)", section[0]))
        short = section[0].count("\n") <= 3 + 2 * len(RULES)
        check(len(stacks) == (3 if details else 0) and (details or short), "the text's stacks", stacks, section[0])
with tempfile.TemporaryDirectory() as folder:
    page = os.path.join(folder, "page.html")
    utwatch(BINARY, "-q", "--report", "html:" + page, "-r", CAPTURE)
    with open(page) as f:
        sections = re.findall(r'<section id="superseded">.*?</section>', f.read(), re.S)
    check(len(sections) == 1 and all(html.unescape(sections[0]).count(rule + "<") == 1 for rule in RULES), "the page's section")

    # Advice of a profile with superseded demands: once an offender, marked as both.
    alerts, _, status = told("--advise", "wap-219")
    advice = [a for a in alerts if a["utwatch"].get("advice") and "superseded" in a["alert"]["metadata"]]
    who = [(a["utwatch"]["rule"], a.get("src_ip") if a["utwatch"]["fault"] == "ue" else a["dest_ip"]) for a in advice]
    check(status == 0 and who and len(who) == len(set(who)), "advice:", status, who)
    check(all(a["alert"]["metadata"]["advice"] == ["wap-219"] and a["alert"]["severity"] == 4 for a in advice), advice[0]["alert"])

    # A long offer: the anonymous suites come last, and are named first, in the client's order and not in that of their numbers.
    offer = [0xC02B, 0xC02F, 0xC02C, 0xC030, 0x009E, 0x009F, 0xC009, 0xC013, 0x003A, 0x001B, 0x0034]
    path = os.path.join(folder, "offer.pcap")
    capturelib.write_frames(path, capturelib.build([(0, client_hello(offer)), (1, alert(2, 40))], time=1795470000 * 10**9))
    evs, _ = events(BINARY, "-p", "ls-advice", "-r", path)
    observed = [a["utwatch"]["observed"] for a in of_type(evs, "alert") if a["utwatch"]["rule"] == "ut-6.4-anonymous-offered"]
    check(observed == ["offered: TLS_DH_anon_WITH_AES_256_CBC_SHA, TLS_DH_anon_WITH_3DES_EDE_CBC_SHA, TLS_DH_anon_WITH_AES_128_CBC_SHA, "
                       "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 "
                       "and 5 more"], observed)
finish()
