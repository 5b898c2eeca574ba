#!/usr/bin/env python3
"""Are findings about servers and UEs reported at each full peers-interval, each once until it changes? usage: peers_interval.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import PCAPS, events
from checks import check, finish
import capturelib
import messages as m

binary = sys.argv[1]
HOUR = 3600 * 10**9
START = 1795470000 * 10**9
WITHOUT = "jsse-tls10-anon-only-accepted"  # its ClientHello offers no TLS_RSA_WITH_3DES_EDE_CBC_SHA
WITH = "jsse-tls10-wapcert"  # and this one does
RULE = "ut-6.2-ue-3des"  # a UE that never offers it


def conversation(name):
    return capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[0]


def told(folder, handshakes, site="privacy: clear\n"):
    """(number of handshakes before it, its text) of each alert of the rule; `handshakes`: (hour, capture)"""
    path, config = os.path.join(folder, "made.pcap"), os.path.join(folder, "site.yaml")
    frames = []
    for i, (hour, name) in enumerate(handshakes):
        frames += capturelib.build(capturelib.as_another(conversation(name), i), time=START + int(hour * HOUR))
    capturelib.write_frames(path, frames)
    with open(config, "w") as f:
        f.write(site)
    found, seen = [], 0
    evs, _ = events(binary, "-c", config, "-r", path)
    for event in evs:
        seen += event["event_type"] == "tls"
        if event["event_type"] == "alert" and event["utwatch"]["rule"] == RULE and "excepted" not in event["utwatch"]:
            found.append((seen, event["utwatch"]["observed"]))
    check(seen == len(handshakes), "handshakes", seen, len(handshakes))
    rule = [r for r in evs[-1]["utwatch"]["rules"] if r["rule"] == RULE][0]
    back = [e for e in evs if e["event_type"] == "taken-back" and e["utwatch"]["rule"] == RULE and e["utwatch"]["told_as"] != "excepted"]
    check(rule["fail"] == len(found) - len(back), "the statistics count another number of findings", rule, found, back)
    check(rule.get("taken_back", 0) == len(back), "and of those that were taken back", rule, back)
    return found


def test_changed(folder):
    """A finding that is told again with more confidence is no second breach in the sum over all who share it."""
    rule, path = "ut-6.2-server-3des", os.path.join(folder, "changed.pcap")
    accepted = [(0, m.client_hello([0x0005])), (1, m.server_hello(0x0005) + m.done()), (0, m.client_key_exchange() + m.finished()), (1, m.finished())]
    frames = []
    several, alone = ([(0, m.client_hello(suites)), (1, m.alert(2, 40))] for suites in ([0x000A, 0x002F], [0x000A]))
    for hour, steps in ((0, several), (1, accepted), (2, several), (25, accepted), (26, alone), (50, accepted)):
        frames += capturelib.build(steps, time=START + hour * HOUR)
    capturelib.write_frames(path, frames)
    evs, _ = events(binary, "--strict", "-r", path)
    notes = [e["utwatch"]["note"].split(".")[0] for e in evs if e["event_type"] == "alert" and e["utwatch"]["rule"] == rule]
    check(notes == ["Confidence: medium", "Confidence: high"], "with --strict each is told:", notes)
    evs, _ = events(binary, "-r", path)
    counted = [r for r in evs[-1]["utwatch"]["rules"] if r["rule"] == rule][0]
    check(counted["fail"] == 1 and counted["servers"] == 1, "one server that lacks a suite, told at two intervals, counts", counted)


with tempfile.TemporaryDirectory() as folder:
    test_changed(folder)
    one = "1 hello, none with the suite"
    found = told(folder, [(0, WITHOUT), (23, WITHOUT)])
    check(found == [(2, "2 hellos, none with the suite")], "within one interval it is told at the end", found)
    found = told(folder, [(0, WITHOUT), (25, WITHOUT), (49, WITHOUT), (120, WITHOUT)])
    check(found == [(1, one)], "told after the first interval and never again", found)
    found = told(folder, [(0, WITHOUT), (25, WITH), (49, WITHOUT)])
    check(found == [(1, one)], "told once; later it is no breach any more, and taken back", found)
    found = told(folder, [(0, WITH), (25, WITHOUT)])
    check(found == [], "a UE that offered it", found)
    found = told(folder, [(0, WITHOUT), (2, WITHOUT), (4, WITHOUT)], "outputs: { peers-interval: 1h }\n")
    check(found == [(1, one)], "another interval", found)
    found = told(folder, [(h / 4, WITHOUT) for h in range(12)], "outputs: { peers-interval: 366d }\n")
    check(found == [(12, "12 hellos, none with the suite")], "no interval is full", found)
    # An exception that ends makes the breach another finding. 1795470000 is 2026-11-23.
    site = "exceptions: [{ rule: %s, reason: known, until: 2026-11-24 }]\n" % RULE
    found = told(folder, [(0, WITHOUT), (60, WITHOUT), (90, WITHOUT), (120, WITHOUT)], site)
    check(found == [(2, "2 hellos, none with the suite")], "told when its exception has ended", found)
finish(10)
