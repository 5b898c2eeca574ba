#!/usr/bin/env python3
"""Are method, origin, age and verdict of every resumption right, to the microsecond? usage: ages.py UTWATCH

Sessions recorded from OpenSSL, GnuTLS and JSSE, by id, ticket, renewed ticket and PSK, on two connections at a time, refused, after a
HelloRetryRequest and with 0-RTT. Whole connections are moved in time so that the last one uses its session at an age to choose.
What is resumed, and by what, is what tshark finds; times are those of its frames; the limit is that of 7.1.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, ROOT, SKIP, events, finish, of_type, rule_counts

sys.path.insert(0, os.path.join(ROOT, "tests", "pcaps"))
import capturelib  # noqa: E402
import witness  # noqa: E402

if not shutil.which("tshark"):
    sys.exit(SKIP)

SECOND = 10**9
DAY = 86400 * SECOND
# The ages, in nanoseconds; a microsecond is the least that the memory of sessions can tell.
AGES = {"23:59:59": DAY - SECOND, "24:00:00": DAY, "24:00:00.000001": DAY + 1000, "24:00:01": DAY + SECOND, "24:00:01.000001": DAY + SECOND + 1000,
        "25 h": 25 * 3600 * SECOND, "8 days": 8 * DAY}
RULE = {"id": "ut-7.1-session-lifetime", "ticket": "ut-7.1-ticket-lifetime", "psk": "ut-7.1-ticket-lifetime"}
CAPTURES = ["openssl-tls10-resumed-id", "openssl-tls12-resumed-id", "openssl-tls12-null-resumed", "gnutls-tls12-resumed-id", "jsse-tls12-resumed-id",
            "openssl-tls12-resumed-ticket", "gnutls-tls12-resumed", "jsse-tls10-resumed", "jsse-tls12-resumed", "jsse-tls12-renewed-ticket",
            "openssl-tls12-duplicated", "openssl-tls12-resumption-refused", "openssl-tls12-id-refused", "openssl-tls13-psk", "gnutls-tls13-resumed",
            "jsse-tls13-resumed", "openssl-tls13-psk-reused", "openssl-tls13-psk-hello-retry", "gnutls-tls13-resumed-hello-retry",
            "openssl-tls13-early-data", "openssl-tls13-full", "openssl-tls13-hello-retry"]
utwatch = sys.argv[1]
problems, checked = [], 0


def hold(condition, *what):
    global checked
    checked += 1
    if not condition:
        problems.append(" ".join(str(w) for w in what))


class Use:
    """One connection as tshark sees it: what it offered, what came of it, and when."""

    def __init__(self, seen, frames):
        self.frames = frames
        self.resumed, self.method = seen.resumed(), seen.method()
        self.sslv3_or_later = seen.server_hello()["version"]
        hello = seen.of("client_hello")[0]
        self.offered = "psk" if hello["psk"] else "ticket" if hello["ticket"] else "id" if hello["session_id"] and self.sslv3_or_later < "0x0304" else None
        self.id, self.issued = hello["session_id"], seen.server_hello()["session_id"]


def by_connection(path):
    """Frames of each TCP connection, in the order of their first."""
    out = {}
    for time, frame in capturelib.read_frames(path):
        s = capturelib.segment_of(frame)
        if s:
            out.setdefault(frozenset(s[:2]), []).append((time, frame))
    return list(out.values())


def hello_times(path):
    """[(time of the ClientHello, time of the ServerHello)] by connection, and the PSK identity of each; a HelloRetryRequest is no ServerHello."""
    p = subprocess.run([*witness.TSHARK, "-r", path, "-Y", "tls.handshake.type == 1 || tls.handshake.type == 2", "-T", "fields", "-e", "tcp.stream",
                        "-e", "frame.time_epoch", "-e", "tls.handshake.type", "-e", "tls.handshake.random", "-e", "tls.handshake.extensions.psk.identity.identity"],
                       capture_output=True, text=True, check=True)
    times, identities = {}, {}
    for line in p.stdout.splitlines():
        stream, time, kind, random, identity = (line.split("\t") + [""])[:5]
        whole, _, part = time.partition(".")
        ns = int(whole) * SECOND + int(part.ljust(9, "0"))
        if "1" in kind.split(","):
            times.setdefault(stream, {}).setdefault("client", ns)
            identities.setdefault(stream, identity)
        if "2" in kind.split(",") and witness.HELLO_RETRY not in random:
            times[stream]["server"] = ns
    order = sorted(times, key=int)
    return [(times[s]["client"], times[s].get("server")) for s in order], [identities[s] for s in order]


def move(uses, times, age, side):
    """The connections so that the last hello of `side` comes `age` after the origin, and those between evenly before it."""
    origin = times[0][1]
    later = len(uses) - 1
    frames = list(uses[0].frames)
    shifts = [0]
    for i, use in enumerate(uses[1:], 1):
        shift = origin + age * i // later // 1000 * 1000 - times[i][side] if i < later else origin + age - times[i][side]
        frames += [(t + shift, f) for t, f in use.frames]
        shifts.append(shift)
    return sorted(frames), shifts


def expected(uses, times, identities):
    """For each use: (method, resumed, basis, origin) by what is on the wire."""
    sighted, out = {}, []
    for i, use in enumerate(uses):
        if not use.offered or i == 0:
            out.append(None)
        elif use.offered == "psk":
            first = sighted.setdefault(identities[i], i)
            out.append(("unknown", None) if first == i else ("at-least", times[first][0]))
        else:
            out.append(("exact", times[0][1]))
    return out


def verdict(use, ages, basis, limit):
    """(verdict, side at fault) under 7.1: the UE uses a session by offering it, the server by resuming it."""
    if basis == "unknown":
        return "not-observable", None
    over = [a > limit for a in ages]
    if over[0]:
        return "fail", "both" if use.resumed else "ue"
    if use.resumed and over[1] and basis == "exact":
        return "fail", "server"
    return ("pass" if basis == "exact" else "not-observable"), None


def check(name, path, uses, times, identities, profile, tolerance, label):
    evs, _ = events(utwatch, "-p", profile, "-r", path)
    tls = of_type(evs, "tls")
    hold(len(tls) == len(uses), label, "has", len(tls), "events for", len(uses), "connections")
    if len(tls) != len(uses):
        return
    wanted = {}
    for i, (e, use, known) in enumerate(zip(sorted(tls, key=lambda e: e["timestamp"]), uses, expected(uses, times, identities))):
        session = e["utwatch"]["session"]
        hold(session["resumed"] == use.resumed and session.get("method") == use.method, label, i, session, "not", use.method)
        if not known:
            hold("age_basis" not in session, label, i, "has an age:", session)
            continue
        basis, origin = known
        hold(session.get("age_basis") == basis, label, i, "basis", session.get("age_basis"), "not", basis)
        ages = [t - origin for t in times[i]] if origin else [0, 0]
        if origin:
            age = ages[1] if use.resumed else ages[0]
            hold(session.get("age_s") == age // SECOND, label, i, "age", session.get("age_s"), "not", age / SECOND)
        if basis == "exact":
            hold(session.get("origin", "").split(".")[-1][:6] == "%06d" % (origin % SECOND // 1000), label, i, "origin", session.get("origin"))
        result, fault = verdict(use, ages, basis, DAY + tolerance)
        rule = RULE[use.offered]
        wanted[rule, result] = wanted.get((rule, result), 0) + 1
        alerts = [a["utwatch"]["fault"] for a in of_type(evs, "alert") if a["utwatch"]["rule"] == rule and a["flow_id"] == e["flow_id"]]
        hold(alerts == ([fault] if fault else []), label, i, rule, "fault", alerts, "not", fault)
    counts = rule_counts(evs)
    for rule in set(RULE.values()):
        for result in ("pass", "fail", "not-observable"):
            ours = counts[rule].get(result.replace("-", "_"), 0)
            hold(ours == wanted.get((rule, result), 0), label, rule, result, ours, "not", wanted.get((rule, result), 0))


def matrix(folder, name, change=None):
    path = os.path.join(PCAPS, name + ".pcap")
    groups = by_connection(path)
    if change:
        groups = change(groups)
        path = os.path.join(folder, "changed.pcap")
        capturelib.write_frames(path, sorted(f for g in groups for f in g))
    seen = witness.connections(path)[0]
    uses = [Use(s, g) for s, g in zip(seen, groups)]
    times, identities = hello_times(path)
    hold(len(uses) == len(times), name, len(uses), "connections", len(times), "hellos")
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
                check(name, moved, uses, then, identities, profile, tolerance, "%s, %s at the %s, tolerance %d s:" % (name, label, "UE server".split()[side], tolerance // SECOND))


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
finish(problems, checked)
