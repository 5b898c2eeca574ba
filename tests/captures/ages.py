#!/usr/bin/env python3
"""Are method, origin, age and verdict of every resumption right, to the microsecond? usage: ages.py UTWATCH

Sessions recorded from OpenSSL, GnuTLS and JSSE, by id, ticket, renewed ticket and PSK, on two connections at a time, refused, after a
HelloRetryRequest and with 0-RTT. Whole connections are moved in time so that the last one uses its session at an age to choose.
What is resumed, and by what, is what tshark finds; times are those of its frames; the limit is that of 7.1.
"""
import os
import re
import shutil
import sys
import tempfile

from reuse import CAPTURES, DAY, RULE, SECOND, by_connection, expected, move, uses_of, verdict
from run_utwatch import PCAPS, SKIP, events, of_type, rule_counts
from checks import check, finish

import capturelib

if not shutil.which("tshark"):
    sys.exit(SKIP)

# The ages, in nanoseconds; a microsecond is the least that the memory of sessions can tell.
AGES = {"23:59:59": DAY - SECOND, "24:00:00": DAY, "24:00:00.000001": DAY + 1000, "24:00:01": DAY + SECOND, "24:00:01.000001": DAY + SECOND + 1000,
        "25 h": 25 * 3600 * SECOND, "8 days": 8 * DAY}
utwatch = sys.argv[1]


def microseconds(seconds):
    return seconds if seconds is None else round(seconds * 10**6)


def compare(path, uses, times, identities, profile, tolerance, label):
    evs, _ = events(utwatch, "-p", profile, "-r", path)
    tls = of_type(evs, "tls")
    check(len(tls) == len(uses), label, "has", len(tls), "events for", len(uses), "connections")
    if len(tls) != len(uses):
        return
    wanted = {}
    for i, (e, use, known) in enumerate(zip(sorted(tls, key=lambda e: e["timestamp"]), uses, expected(uses, times, identities))):
        session = e["utwatch"]["session"]
        check(session["resumed"] == use.resumed and session.get("method") == use.method, label, i, session, "not", use.method)
        if not known:
            check("age_basis" not in session, label, i, "has an age:", session)
            continue
        basis, origin = known
        check(session.get("age_basis") == basis, label, i, "basis", session.get("age_basis"), "not", basis)
        ages = [t - origin for t in times[i]] if origin else [0, 0]
        if origin:
            age = ages[1] if use.resumed else ages[0]
            check(microseconds(session.get("age_s")) == age // 1000, label, i, "age", session.get("age_s"), "not", age / SECOND)
        if basis == "exact":
            check(session.get("origin", "").split(".")[-1][:6] == "%06d" % (origin % SECOND // 1000), label, i, "origin", session.get("origin"))
        result, fault = verdict(use, ages, basis, DAY + tolerance)
        rule = RULE[use.offered]
        wanted[rule, result] = wanted.get((rule, result), 0) + 1
        alerts = [a["utwatch"] for a in of_type(evs, "alert") if a["utwatch"]["rule"] == rule and a["flow_id"] == e["flow_id"]]
        check([a["fault"] for a in alerts] == ([fault] if fault else []), label, i, rule, "fault", alerts, "not", fault)
        # The age in words is the one that was judged, and so not what the rule allows.
        for a in alerts:
            said = re.search(r"(at least )?((?:[0-9.]+ (?:d|h|min|s) )+)old", a["observed"])
            told = ages[0] if fault == "ue" else ages[1]
            check(said and microseconds(in_seconds(said.group(2))) == told // 1000 > (DAY + tolerance) // 1000, label, i, a["observed"], "of", told)
            check(said and bool(said.group(1)) == (basis == "at-least"), label, i, a["observed"], basis)
    counts = rule_counts(evs)
    for rule in set(RULE.values()):
        for result in ("pass", "fail", "not-observable"):
            ours = counts[rule].get(result.replace("-", "_"), 0)
            check(ours == wanted.get((rule, result), 0), label, rule, result, ours, "not", wanted.get((rule, result), 0))


def in_seconds(words):
    """Of "27 h 30 min"."""
    parts = words.split()
    return sum(float(n) * {"d": 86400, "h": 3600, "min": 60, "s": 1}[unit] for n, unit in zip(parts[::2], parts[1::2]))


def matrix(folder, name, change=None):
    path = os.path.join(PCAPS, name + ".pcap")
    if change:
        groups = change(by_connection(path))
        path = os.path.join(folder, "changed.pcap")
        capturelib.write_frames(path, sorted(f for g in groups for f in g))
    uses, times, identities = uses_of(path)
    check(len(uses) == len(times), name, len(uses), "connections", len(times), "hellos")
    moved = os.path.join(folder, "moved.pcap")
    for label, age in AGES.items():
        for side in ((0, 1) if len(uses) > 1 else (0,)):
            if len(uses) > 1:
                frames, shifts = move(uses, times, age, side)
            else:
                frames, shifts = uses[0].frames, [0]
            capturelib.write_frames(moved, frames)
            then = [(c + s, v + s) for (c, v), s in zip(times, shifts)]
            for profile, tolerance in (("ts33141-pcr2", SECOND), (os.path.join(folder, "strict.yaml"), 0)):
                compare(moved, uses, then, identities, profile, tolerance,
                        "%s, %s at the %s, tolerance %d s:" % (name, label, "UE server".split()[side], tolerance // SECOND))


def echoed(groups):
    """A full handshake that answers an offered id with the same id: as openssl-tls12-id-refused, but for the id in the ServerHello."""
    def hello(group, kind):
        return next(i for i, (_, f) in enumerate(group) if (p := capturelib.segment_of(f)[4]) and p[0] == 22 and p[5] == kind)
    last = list(groups[-1])
    offered = capturelib.segment_of(last[hello(last, 1)][1])[4]
    at = hello(last, 2)
    time, frame = last[at]
    payload = capturelib.segment_of(frame)[4]
    answer = payload[44:76]
    last[at] = time, frame.replace(answer, offered[44:76], 1)
    # The checksum has to fit again, or tshark takes the segment for damaged.
    start = len(frame) - len(payload)
    tcp = 34
    new = last[at][1]
    pseudo = new[26:34] + bytes([0, 6]) + (len(new) - tcp).to_bytes(2, "big")
    zeroed = new[tcp:tcp + 16] + b"\0\0" + new[tcp + 18:]
    last[at] = time, new[:tcp + 16] + capturelib.ones_sum(pseudo + zeroed).to_bytes(2, "big") + new[tcp + 18:]
    assert start == tcp + (frame[tcp + 12] >> 4) * 4
    return groups[:-1] + [last]


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "strict.yaml"), "w") as f:
        f.write("utwatch: 1\nprofile: strict\ntitle: no tolerance\nextends: [ts33141-pcr2]\nparameters:\n  clock-tolerance: 0s\n")
    for capture in CAPTURES:
        matrix(folder, capture)
    matrix(folder, "openssl-tls12-id-refused", echoed)
finish()
