#!/usr/bin/env python3
"""Damage moves verdicts only towards "not observable". Every capture is replayed without one direction, without its
beginning, with a hole, cut by a snap length, and with packets lost at random; no rule may then fail or pass that did not
in the clean run, and the reason given has to fit. Captures that start at each of their frames, and captures whose directions come
in blocks of time, are made of ORDERED captures, of all with "all", or of those named. usage: damage.py UTWATCH [all | CAPTURE ...]"""
import os
import sys
import tempfile

from run_utwatch import PCAPS, can_be_rebuilt, events, manifest, of_type, rule_counts
from checks import check, finish
import capturelib

MAY = {  # clean verdict -> what damage may make of it
    "pass": {"pass", "not_observable", "not_applicable"},
    "fail": {"fail", "not_observable"},
    "nothing_against": {"nothing_against", "not_observable", "not_applicable"},
    "not_observable": {"not_observable"},
    "not_applicable": {"not_applicable", "not_observable"},
    None: {"not_applicable", "not_observable"},  # nothing of the kind was there to judge
}


def verdicts(binary, path, profile):
    evs, _ = events(binary, "--strict", "-p", profile, "-r", path)
    stats = of_type(evs, "stats")[-1]["utwatch"]
    out = {}
    for rule, counts in rule_counts(evs).items():
        for value in filter(None, MAY):
            if counts.get(value):
                out[rule] = value
    return out, set(stats["verdicts"]["reasons"]), len(of_type(evs, "tls"))


def side_of(frame):
    return capturelib.segment_of(frame)[1][1] != 40000  # True: towards the server


def variants(conversation, rng):
    frames = capturelib.build(conversation, time=1795470000 * 10**9)
    yield "server direction missing", [f for f in frames if side_of(f[1])], {"server-direction"}
    yield "client direction missing", [f for f in frames if not side_of(f[1])], {"client-direction"}
    data = [i for i, f in enumerate(frames) if capturelib.segment_of(f[1])[4]]
    half = data[len(data) // 2]
    yield "first half missing", frames[half:], None
    for i in data:
        yield "frame %d missing" % i, frames[:i] + frames[i + 1:], None
    for share in (0.05, 0.2):
        for _ in range(5):
            yield "%d %% lost" % (share * 100), [f for f in frames if rng.random() >= share], None


# ---- captures of several connections: one of them is damaged, and what it told of sessions, servers and UEs is missing

def connections_of(path):
    out = {}
    for frame in capturelib.read_frames(path):
        s = capturelib.segment_of(frame[1])
        if s:
            out.setdefault(frozenset(s[:2]), []).append(frame)
    return list(out.values())


def client_of(frames):
    """Who sent the first SYN."""
    return next((capturelib.segment_of(f)[0] for _, f in frames if capturelib.segment_of(f)[3] & 0x12 == 2), None)


def one_damaged(frames, rng):
    client = client_of(frames)
    yield "client direction missing", [f for f in frames if capturelib.segment_of(f[1])[0] != client]
    yield "server direction missing", [f for f in frames if capturelib.segment_of(f[1])[0] == client]
    for i, f in enumerate(frames):
        if capturelib.segment_of(f[1])[4]:
            yield "frame %d missing" % i, frames[:i] + frames[i + 1:]
    yield "20 % lost", [f for f in frames if rng.random() >= 0.2]


def told(binary, path, profile):
    """({(rule, who): fault} of the breaches, {rule: passes})"""
    return told_by(events(binary, "--strict", "-p", profile, "-r", path)[0])


def told_by(evs):
    breaches = {}
    for e in of_type(evs, "alert"):
        u = e["utwatch"]
        who = (e["dest_ip"], e["dest_port"]) if u["about"] == "server" else e["src_ip"] if u["about"] == "ue" else (e["src_ip"], e["src_port"])
        breaches[u["rule"], who] = u["fault"]
    return breaches, {rule: counts["pass"] for rule, counts in rule_counts(evs).items()}


def several(binary, path, name, profile):
    connections = connections_of(os.path.join(PCAPS, name))
    if len(connections) < 2:
        return
    rng = capturelib.seeded(name)
    clean, passes = told(binary, os.path.join(PCAPS, name), profile)
    for n, frames in enumerate(connections):
        if not client_of(frames):
            continue
        others = [f for m, c in enumerate(connections) if m != n for f in c]
        for what, left in one_damaged(frames, rng):
            capturelib.write_frames(path, sorted(others + left))
            got, passed = told(binary, path, profile)
            for key, fault in got.items():
                check(key in clean and clean[key] in (fault, "both"),
                      "%s, connection %d, %s: %s is at fault in %s, was %s" % (name, n, what, fault, key, clean.get(key)))
            for rule, count in passed.items():
                check(count <= passes[rule], "%s, connection %d, %s: %s passes %d times, was %d" % (name, n, what, rule, count, passes[rule]))


# ---- when the capture begins, and in which order its directions come

ORDERED = 8
BLOCKS = (10, 30, 100, 300, 1000)  # milliseconds


def ends_of(frames):
    return {frozenset(s[:2]) for s in (capturelib.segment_of(f) for _, f in frames) if s and s[4]}


def late_starts(frames):
    """(what, frames, the frames that they are compared with): of connections that sent nothing more nothing can be known."""
    for k in range(1, len(frames)):
        if not (ends := ends_of(frames[k:])):
            return
        clean = [f for f in frames if (s := capturelib.segment_of(f[1])) and frozenset(s[:2]) in ends]
        yield "starts at frame %d" % (k + 1), frames[k:], clean


def in_blocks(frames):
    """A capture card with a buffer for each direction delivers the one, then the other."""
    def key(place, ms, first, offset):
        time, frame = frames[place]
        s = capturelib.segment_of(frame)
        return (time - frames[0][0] + offset * 10**6) // (ms * 10**6), bool(s and s[0] < s[1]) != first, place

    for ms in BLOCKS:
        for first in (False, True):
            for offset in (0, ms // 2):
                order = sorted(range(len(frames)), key=lambda i, at=(ms, first, offset): key(i, *at))
                if order != list(range(len(frames))):
                    yield "in blocks of %d ms from %d, %s direction first" % (ms, offset, first), [frames[i] for i in order], frames


def ordered(binary, path, name, profile, reasons):
    def verdicts_of(frames):
        capturelib.write_frames(path, frames)
        evs, _ = events(binary, "--strict", "-p", profile, "-r", path)
        reasons.update(of_type(evs, "stats")[-1]["utwatch"]["verdicts"]["reasons"])
        return (*told_by(evs), rule_counts(evs))

    frames = capturelib.read_frames(os.path.join(PCAPS, name))
    cache, seen = {}, set()
    for make in (late_starts, in_blocks):
        for what, left, clean in make(frames):
            if (same := tuple(f for _, f in left)) in seen:
                continue
            seen.add(same)
            if len(clean) not in cache:
                cache[len(clean)] = verdicts_of(clean)
            breaches, passes, before = cache[len(clean)]
            got, passed, now = verdicts_of(left)
            for at, fault in got.items():
                was = breaches.get(at)
                check(was in (fault, "both"), "%s, %s: %s is at fault in %s, was %s" % (name, what, fault, at, was))
            for rule, counts in now.items():
                check(passed[rule] <= passes[rule], "%s, %s: %s passes %d times, was %d" % (name, what, rule, passed[rule], passes[rule]))
                lost = any(counts[v] < before[rule][v] for v in ("pass", "fail"))
                check(make is late_starts or not lost or counts["not_observable"] > before[rule]["not_observable"],
                      "%s, %s: a verdict of %s is gone without a reason" % (name, what, rule))


every = sys.argv[2:] == ["all"]
chosen = manifest(() if every else sys.argv[2:])
reasons_seen = set()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "damaged.pcap")
    for entry in chosen:
        if not can_be_rebuilt(entry):
            continue
        conversation = capturelib.conversations(os.path.join(PCAPS, entry["file"]))[0]
        rng = capturelib.seeded(entry["file"])
        capturelib.write_frames(path, capturelib.build(conversation, time=1795470000 * 10**9))
        clean, _, _ = verdicts(sys.argv[1], path, "ts33141-pcr1")
        cases = [(what, frames, 262144, wanted) for what, frames, wanted in variants(conversation, rng)]
        whole = capturelib.build(conversation, time=1795470000 * 10**9)
        cases += [("snap length %d" % n, whole, n, None) for n in (54, 60, 120, 200)]
        for what, frames, snaplen, wanted in cases:
            capturelib.write_frames(path, frames, snaplen)
            got, reasons, handshakes = verdicts(sys.argv[1], path, "ts33141-pcr1")
            reasons_seen |= reasons
            for rule, value in got.items():
                check(value in MAY[clean.get(rule)], "%s, %s: %s was %s, is %s" % (entry["file"], what, rule, clean.get(rule), value))
            check(not wanted or not handshakes or wanted & reasons, "%s, %s: the reasons are %s" % (entry["file"], what, sorted(reasons)))
    for entry in chosen:
        for profile in ("ts33141-pcr1", "ls-advice"):
            several(sys.argv[1], path, entry["file"], profile)
    small = [e["file"] for e in chosen if len(capturelib.read_frames(os.path.join(PCAPS, e["file"]))) <= 400]
    # Early data make the order decide; the others change with the number of captures.
    few = ["openssl-tls13-early-data.pcap"] + small[::max(1, len(small) // ORDERED)]
    for name in small if every or sys.argv[2:] else few:
        for profile in ("ts33141-pcr1", "ls-advice"):
            ordered(sys.argv[1], path, name, profile, reasons_seen)
REASONS = ("reordered", "server-direction", "client-direction", "gap", "truncated", "unfinished", "midstream")
for reason in () if sys.argv[2:] and not every else REASONS:
    check(reason in reasons_seen, "no case showed the reason " + reason)
finish()
