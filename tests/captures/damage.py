#!/usr/bin/env python3
"""Damage moves verdicts only towards "not observable". Every capture is replayed from each of its frames on, without each of its frames,
without each direction of each connection, with packets lost at random, cut by a snap length, and with its directions in blocks of time. No
rule may then fail or pass that did not in the whole capture, and what is gone has to be not observable, with a reason that fits. Four sets of
rules judge that, each replay one of them, which the capture's name and the damage decide; or all four with "all".
usage: damage.py UTWATCH_MANY [all] [CAPTURE ...]"""
import collections
import os
import sys
import tempfile
import zlib

from run_utwatch import Many, PCAPS, manifest, of_type, rule_counts
from checks import check, finish
import capturelib

VIEWS = {
    "drafts": "[ls-advice, ts33141-pcr1]",
    "operator": "[ts33141-pcr2]\nparameters: { encryption-required: true, authenticates-ue: gba }",
    "wap": "[wap-219]",
    "today": "[modern-draft]",
}
BLOCKS = (10, 30, 100, 300, 1000)  # milliseconds
REASONS = ("reordered", "server-direction", "client-direction", "gap", "truncated", "unfinished", "midstream")


# ---- damage: (what, frames, snap length, a reason that has to be given)

def connections_of(frames):
    """{id of a frame: connection}; a SYN with another number begins another one on the same ports."""
    out, begun = {}, {}
    for frame in frames:
        s = capturelib.segment_of(frame[1])
        if s:
            ends = frozenset(s[:2])
            number, syn = begun.get(ends, (0, None))
            if s[3] & 0x12 == 2 and s[2] != syn:
                begun[ends] = number, syn = number + (syn is not None), s[2]
            out[id(frame)] = ends, number
    return out


def with_data(frames, connection, snaplen=262144):
    """The connections of which enough is left to tell what they are: a segment that begins with a record, or with what is none and in
    clear, and that is more than an alert, and of a cut one the headers of record and message and the version."""
    out = set()
    for frame in frames:
        s = capturelib.segment_of(frame[1])
        lost = max(0, len(frame[1]) - snaplen)
        if s and len(s[4]) - lost >= (11 if lost else 8) and (20 <= s[4][0] <= 23 and s[4][1] == 3 or s[4][0] > 31):
            out.add(connection[id(frame)])
    return out


def late_starts(frames):
    for k in range(len(frames)):
        yield "starts at frame %d" % (k + 1), frames[k:], None, None


def without_a_frame(frames):
    for i in range(len(frames)):
        yield "frame %d missing" % (i + 1), frames[:i] + frames[i + 1:], None, None


def without_a_direction(frames):
    connection = connections_of(frames)
    every = sorted(with_data(frames, connection), key=lambda c: (c[1], sorted(c[0])))
    for n, which in enumerate(every[::-(-len(every) // 8)] if every else ()):
        client = next((s[0] for s in (capturelib.segment_of(f[1]) for f in frames if connection.get(id(f)) == which) if s[3] & 0x12 == 2), None)
        for side, name in ((0, "client"), (1, "server")) if client else ():
            left = [f for f in frames if connection.get(id(f)) != which or (capturelib.segment_of(f[1])[0] == client) != (side == 0)]
            yield "connection %d, %s direction missing" % (n + 1, name), left, None, name + "-direction" if len(every) == 1 else None


def with_losses(frames, rng):
    for share in (0.05, 0.2, 0.2, 0.4):
        yield "%d %% lost" % (share * 100), [f for f in frames if rng.random() >= share], None, None


def cut(frames):
    for length in (54, 60, 120, 200):
        yield "snap length %d" % length, frames, length, None


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
                    yield "in blocks of %d ms from %d, %s direction first" % (ms, offset, first), [frames[i] for i in order], None, None


def view_of(name, what):
    """The set of rules that judges this damage, whatever other captures there are."""
    return list(VIEWS)[zlib.crc32(("%s, %s" % (name, what)).encode()) % len(VIEWS)]


def damages(name, frames):
    """(what, frames, the connections of which something is left, snap length, reason)"""
    seen, rng, connection = set(), capturelib.seeded(name), connections_of(frames)
    for make in (late_starts, without_a_frame, without_a_direction, in_blocks, cut, lambda f: with_losses(f, rng)):
        for what, left, snaplen, wanted in make(frames):
            same, ends = (tuple(f for _, f in left), snaplen), with_data(left, connection, snaplen or 262144)
            if ends and same not in seen:
                seen.add(same)
                yield what, left, frozenset(ends), snaplen, wanted


# ---- what was said

def breaches_of(evs):
    """{(rule, who): fault}"""
    out = {}
    for e in of_type(evs, "alert"):
        u = e["utwatch"]
        who = (e["dest_ip"], e["dest_port"]) if u["about"] == "server" else e["src_ip"] if u["about"] == "ue" else (e["src_ip"], e["src_port"])
        out[u["rule"], who] = u["fault"]
    return out


def judged(frames, snaplen, view):
    capturelib.write_frames(path, frames, snaplen or 262144)
    evs = many.events("--strict", "-c", site, "-p", os.path.join(folder, view + ".yaml"), "-r", path)
    stats = of_type(evs, "stats")[-1]["utwatch"]
    return breaches_of(evs), rule_counts(evs), set(stats["verdicts"]["reasons"]), len(of_type(evs, "tls")), stats["capture"]


IN_CLEAR = ("ut-5.1.1-", "ut-6.1.3-reauthenticate", "ut-4-tls-required", "ut-port-other-protocol", "wap219-7-connect")


def excuse(name, what, rule, before, after):
    """Why a verdict may be gone with nothing in its place; None: it may not."""
    now = after[1][rule]
    if rule == "dp-3.2-key-lifetime-24h":
        return "it is a case only once a key is known to be in use for longer (discussion paper 3.2)"
    if rule.startswith(IN_CLEAR[:2]) or rule.startswith(IN_CLEAR) and not after[3]:
        return "an exchange or a connection in clear that was not seen is no case"
    if "renegotiated" in name and now["pass"] + now["fail"] + now["not_observable"]:
        return "a later handshake is readable where it is known that nothing encrypts, and only then known to be one (E13)"
    if "sslv2-se" in name and not after[3]:
        return "a record of SSLv2 under encryption has no type, so nothing tells it from other bytes"
    if name == "http-on-tls-port.pcap" and not after[3]:
        return "HTTP answers a hello that was not seen, and nothing else tells that it was one"
    if "port-reused" in name and "client direction" in what:
        return "a second SYN/ACK of a server that has not closed, and no SYN, may be forged"
    if rule == "ut-op-weaker-selected" and now["nothing_against"] > before[1][rule]["nothing_against"]:
        return "a stronger suite is held against a server that showed it in another handshake, which was damaged"
    if after[4]["outside_window"]:
        return "what follows a second number of the server, and no acknowledgement of it, is told as outside the window"
    return None


def stray_is_gone(rule, before, after):
    """Without the frame that put a handshake in doubt, there is less doubt."""
    was, now = before[1][rule], after[1][rule]
    return before[4]["outside_window"] and was["not_observable"] - now["not_observable"] >= now["pass"] - was["pass"]


def answer_is_not_read(name, what, rule):
    """That a hello begins its direction shows that no Upgrade came before it. An answer in clear leaves that open where it is read behind the
    hello, as it is not when it was captured before."""
    return name == "http-on-tls-port.pcap" and "in blocks" in what and rule == "m-no-http-upgrade"


def compare(name, what, view, before, after, wanted):
    title = "%s, %s, %s" % (name, what, view)
    (breaches, counts, *_), (got, now, reasons, handshakes, _) = before, after
    for at, fault in got.items():
        check(breaches.get(at) in (fault, "both"), "%s: %s is at fault in %s, was %s" % (title, fault, at, breaches.get(at)))
    for rule, n in now.items():
        was = counts[rule]
        check(n["pass"] <= was["pass"] or stray_is_gone(rule, before, after) or answer_is_not_read(name, what, rule),
              "%s: %s passes %d times, was %d" % (title, rule, n["pass"], was["pass"]))
        gone = was["pass"] + was["fail"] - n["pass"] - n["fail"]
        if gone > max(n["not_observable"] - was["not_observable"], 0):
            why = excuse(name, what, rule, before, after)
            excused[why] += 1
            check(why, "%s: %s: gone without a reason: %s, was %s" % (title, rule, brief(n), brief(was)))
        check(not n["not_observable"] or reasons, title, rule, "is not observable without a reason")
    check(not wanted or not handshakes or wanted in reasons, "%s: the reasons are %s" % (title, sorted(reasons)))


def brief(n):
    return " ".join("%s %d" % (k, n[k]) for k in ("pass", "fail", "nothing_against", "not_observable", "not_applicable") if n[k])


arguments = sys.argv[2:]
every = "all" in arguments
names = [a for a in arguments if a != "all"]
reasons_seen, excused, count = collections.Counter(), collections.Counter(), 0
many = Many(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    path, site = os.path.join(folder, "damaged.pcap"), os.path.join(folder, "site.yaml")
    for view, rules in VIEWS.items():
        with open(os.path.join(folder, view + ".yaml"), "w") as f:
            f.write("utwatch: 1\nprofile: %s\ntitle: %s\nextends: %s\n" % (view, view, rules))
    with open(site, "w") as f:
        f.write("limits: { flows: 1024, handshakes: 256, sessions: 1024 }\n")
    for entry in manifest(names):
        frames, clean = capturelib.read_frames(os.path.join(PCAPS, entry["file"])), {}
        connection = connections_of(frames)
        for what, left, ends, snaplen, wanted in damages(entry["file"], frames):
            count += 1
            for view in VIEWS if every else [view_of(entry["file"], what)]:
                if (ends, view) not in clean:
                    clean[ends, view] = judged([f for f in frames if connection.get(id(f)) in ends], None, view)
                after = judged(left, snaplen, view)
                reasons_seen.update(after[2])
                compare(entry["file"], what, view, clean[ends, view], after, wanted)
print(count, "damages")
for why, gone in sorted((w, n) for w, n in excused.items() if w):
    print("%d verdicts are gone: %s" % (gone, why))
check(many.end() == 0, "utwatch_many did not end well")
for reason in () if names else REASONS:
    check(reason in reasons_seen, "no case showed the reason " + reason)
finish()
