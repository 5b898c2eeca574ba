#!/usr/bin/env python3
"""A day of mixed traffic with violations planted at known places: every one is found, at its connection and with its side at fault, nothing else is,
and nothing passes that the text does not let pass. Then with 1, 5 and 20 % of the packets lost and with each direction missing: no verdict that the
whole day does not have. usage: day.py UTWATCH"""
import json
import os
import subprocess
import sys
import tempfile

from run_utwatch import ROOT, events, of_type, rule_counts
from checks import check, finish


def make(folder, *words):
    capture, truth = os.path.join(folder, "day.pcap"), os.path.join(folder, "day.json")
    subprocess.run([sys.executable, os.path.join(ROOT, "tools", "make-day"), capture, truth, *words], check=True, stdout=subprocess.DEVNULL)
    with open(truth) as f:
        return capture, json.load(f)


def planted(truth):
    """Every violation as (rule, client, server, fault)."""
    out = {}
    for c in truth["connections"]:
        for rule, fault in c["fails"].items():
            out["%s %s:%d" % (rule, c["client"], c["port"])] = fault
    for s in truth["servers"]:
        out.update({"%s %s" % (rule, s["server"]): "server" for rule in s["fails"]})
    for u in truth["ues"]:
        out.update({"%s %s" % (rule, u["ue"]): "ue" for rule in u["fails"]})
    return out


def found(evs):
    out = {}
    for e in of_type(evs, "alert"):
        about = e["utwatch"]["about"]
        side = "dest" if about == "server" else "src"
        who = e["src_ip"] if about == "ue" else "%s:%d" % (e[side + "_ip"], e[side + "_port"])
        out["%s %s" % (e["utwatch"]["rule"], who)] = e["utwatch"]["fault"]
    return out


with tempfile.TemporaryDirectory() as folder:
    capture, truth = make(folder)
    evs, _ = events(sys.argv[1], "--strict", "--fail-on", "info", "-p", truth["profile"], "-r", capture)
    wanted, got, clean = planted(truth), found(evs), rule_counts(evs)
    broken = {key.split()[0] for key in wanted}
    check(len(broken) >= 30, "only %d rules are planted" % len(broken))
    for key in sorted(wanted.keys() | got.keys()):
        check(wanted.get(key) == got.get(key), "%s: fault %s, expected %s" % (key, got.get(key), wanted.get(key)))
    for rule, counts in sorted(truth["counts"].items()):
        check(clean[rule]["fail"] == counts["fail"], "%s fails %d times, planted %d" % (rule, clean[rule]["fail"], counts["fail"]))
        if counts["pass"]:
            check(clean[rule]["pass"] == counts["pass"], "%s passes %d times, by the text %d" % (rule, clean[rule]["pass"], counts["pass"]))
    for words in (["--loss", "1"], ["--loss", "5"], ["--loss", "20"], ["--drop-direction", "client"], ["--drop-direction", "server"]):
        capture, _ = make(folder, *words)
        evs, _ = events(sys.argv[1], "--strict", "--fail-on", "info", "-p", truth["profile"], "-r", capture)
        for key, fault in found(evs).items():
            # Half the evidence may leave one of two sides at fault.
            check(key in wanted and (fault == wanted[key] or wanted[key] == "both"),
                  "%s: %s is at fault in %s, in truth %s" % (words, fault, key, wanted.get(key)))
        for rule, counts in rule_counts(evs).items():
            check(counts["pass"] <= clean[rule]["pass"],
                  "%s: %s passes %d times, on the whole day %d" % (words, rule, counts["pass"], clean[rule]["pass"]))
finish()
