#!/usr/bin/env python3
"""Who ended a handshake first, and what had the server received by then, according to its acknowledgement (RFC 9293 3.4)? Failed handshakes, as they
are, and with each frame lost, cut, late or early, and with one direction ahead of the other: none of that may accuse or clear anybody whom the whole
capture does not. usage: ends.py UTWATCH_MANY"""
import os
import sys
import tempfile

from run_utwatch import Many, rule_counts
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
AES, DES3, NULL, ANON = 0x002F, 0x000A, 0x0002, [0x0018, 0x001B]
VIEWS = {"draft": "[ts33141-pcr1]", "operator": "[ts33141-pcr2]\nparameters: { authenticates-ue: gba }"}
REQUIRED, CONTINUES, ONLY, ALERT = "ut-6.1.1-no-required-ue-cert", "ut-6.1.3-server-continues", "ut-7.2-only-anonymous", "ut-7.2-no-alert"
SILENT = {"draft": CONTINUES, "operator": REQUIRED}  # the first is about a policy of the operator, the second is of the first draft alone
MS = 10**6
START = 1795471000 * 10**9

ASKS = [(CLIENT, m.client_hello([AES, DES3])), (SERVER, m.server_hello(AES) + m.certificate_request() + m.done())]
EMPTY = (CLIENT, m.certificate_message(m.EMPTY_CERTIFICATE))
REST = (CLIENT, m.client_key_exchange() + m.finished())
FLIGHT = (CLIENT, EMPTY[1] + REST[1])
HIDDEN = (CLIENT, m.record(21, b"f" * 32))
NULLS = [(CLIENT, m.client_hello([NULL])), (SERVER, m.server_hello(NULL) + m.certificate_request() + m.done()), FLIGHT]
HELLO = [(CLIENT, m.client_hello(ANON))]
SELECTS = (SERVER, m.server_hello(ANON[1]))


def alert(side, level=2, description=40):
    return side, m.alert(level, description)


def under_null(level, description):
    """Of the client, under a MAC of 20 bytes."""
    return CLIENT, m.record(21, bytes([level, description]) + b"m" * 20)


def fin(side):
    return side, "fin"


def rst(side):
    return side, "rst"


BEFORE = "the server has not got what comes next, until it is said"
SERVER_FIRST = [fin(SERVER), fin(CLIENT)]
CLOSES = [alert(SERVER), *SERVER_FIRST]
UNKNOWN, REFUSED, ACCEPTED = {ONLY: None, ALERT: None}, {ONLY: "pass", ALERT: "pass"}, {ONLY: "fail"}
INSISTS, NOTHING = {REQUIRED: "fail", CONTINUES: "fail"}, {REQUIRED: None, CONTINUES: None}

# (what, steps, the verdicts; None: not observable)
CASES = (
    ("a certificate is insisted on by an alert", ASKS + [FLIGHT, *CLOSES], INSISTS),
    ("by an end", ASKS + [FLIGHT, *SERVER_FIRST], INSISTS),
    ("by a reset", ASKS + [FLIGHT, (SERVER, ""), rst(SERVER)], INSISTS),
    ("by an alert for the Certificate alone", ASKS + [EMPTY, (SERVER, ""), BEFORE, REST, *CLOSES], INSISTS),
    ("the UE's alert comes first", ASKS + [EMPTY, alert(CLIENT), (SERVER, ""), *SERVER_FIRST], NOTHING),
    ("and the server has one too", ASKS + [EMPTY, alert(CLIENT), (SERVER, ""), *CLOSES], NOTHING),
    ("an alert under the new keys", ASKS + [FLIGHT, HIDDEN, (SERVER, ""), *SERVER_FIRST], NOTHING),
    ("and an alert of the server", ASKS + [FLIGHT, HIDDEN, *CLOSES], NOTHING),
    ("close_notify", ASKS + [EMPTY, alert(CLIENT, 1, 0), *SERVER_FIRST], NOTHING),
    ("the server's alert crosses the flight", ASKS + [BEFORE, FLIGHT, *CLOSES], NOTHING),
    ("its FIN", ASKS + [BEFORE, FLIGHT, fin(SERVER), rst(SERVER)], NOTHING),
    ("its reset", ASKS + [BEFORE, FLIGHT, rst(SERVER)], NOTHING),
    ("its close_notify, and its FIN comes later", ASKS + [BEFORE, FLIGHT, alert(SERVER, 1, 0), "got", *SERVER_FIRST], NOTHING),
    ("its alert comes before the flight", ASKS + [alert(SERVER), FLIGHT, fin(SERVER)], NOTHING),
    ("anonymous suites are refused", HELLO + CLOSES, REFUSED),
    ("by an end", HELLO + SERVER_FIRST, {ONLY: "pass", ALERT: "fail"}),
    ("the UE's alert and the server's end", HELLO + [alert(CLIENT, 2, 80), (SERVER, ""), *SERVER_FIRST], UNKNOWN),
    ("and its alert", HELLO + [alert(CLIENT, 2, 80), (SERVER, ""), *CLOSES], UNKNOWN),
    ("and its reset", HELLO + [alert(CLIENT, 2, 80), (SERVER, ""), rst(SERVER), fin(CLIENT)], UNKNOWN),
    ("user_canceled", HELLO + [alert(CLIENT, 1, 90), (SERVER, ""), *SERVER_FIRST], UNKNOWN),
    ("one is selected, and the UE refuses it", HELLO + [SELECTS, alert(CLIENT), (SERVER, ""), *CLOSES], ACCEPTED),
    ("the server's alert, and the UE's after it", HELLO + [alert(SERVER), alert(CLIENT), fin(SERVER), fin(CLIENT)], REFUSED),
    ("one is selected, and the server gives up", HELLO + [SELECTS, *CLOSES], {ONLY: "pass"}),
    ("user_canceled in a session of NULL encryption", NULLS + [under_null(1, 90), (SERVER, ""), *SERVER_FIRST], NOTHING),
    ("close_notify in one", NULLS + [under_null(1, 0), (SERVER, ""), *SERVER_FIRST], NOTHING),
    ("and the server only ends", HELLO + [SELECTS, alert(CLIENT), (SERVER, ""), *SERVER_FIRST], ACCEPTED),
)


def frames_of(steps):
    c = capturelib.Connection(time=START)
    c.open()
    got = None  # how far the server has got the client's bytes, if not to their end
    for step in steps:
        if step in (BEFORE, "got"):
            got = c.seq[CLIENT] if step == BEFORE else None
            continue
        side, words = step
        sent = c.seq[CLIENT]
        if side == SERVER and got is not None:
            c.seq[CLIENT] = got
        if words == "fin":
            c.frames.append(c.frame(side, 0x11))
            c.seq[side] += 1
        elif words == "rst":
            c.reset(side)
        elif words:
            c.send(side, words)
        else:
            c.frames.append(c.frame(side, 0x10))
        if side == SERVER:
            c.seq[CLIENT] = sent
    c.frames.append(c.frame(CLIENT, 0x10))
    c.frames.append(c.frame(SERVER, 0x10))
    return c.frames


def moved(frames, which, by):
    return sorted(((t + (by if i in which else 0), f) for i, (t, f) in enumerate(frames)), key=lambda each: each[0])


def damages(frames):
    sides = [{i for i, (_, f) in enumerate(frames) if f[5] == side} for side in (CLIENT, SERVER)]
    for i, (_, frame) in enumerate(frames):
        yield "without frame %d" % (i + 1), frames[:i] + frames[i + 1:], {}
        if len(capturelib.segment_of(frame)[4]):
            yield "frame %d cut" % (i + 1), frames, {i: 54}
        if i > 2:
            for by in (-5 * MS, MS + MS // 2, 5 * MS, 50 * MS):
                yield "frame %d later by %.1f ms" % (i + 1, by / MS), moved(frames, {i}, by), {}
    for by in (1, 2, 3, 5, 8, 50):
        for side, name in ((CLIENT, "client"), (SERVER, "server")):
            yield "the %s's frames earlier by %d ms" % (name, by), moved(frames, sides[side], -by * MS - MS // 2), {}


def judged(frames, cuts, view):
    with open(capture, "wb") as f:
        capturelib.write_frames_to(f, frames)
    if cuts:
        shorten(capture, cuts)
    evs = many.events("--strict", "-p", os.path.join(folder, view + ".yaml"), "-r", capture)
    return rule_counts(evs)


def shorten(path, cuts):
    """Of some frames only the first bytes were kept."""
    with open(path, "rb") as f:
        data = f.read()
    out, at, i = data[:24], 24, 0
    while at < len(data):
        kept = int.from_bytes(data[at + 8:at + 12], "little")
        cut = cuts.get(i, kept)
        out += data[at:at + 8] + cut.to_bytes(4, "little") + data[at + 12:at + 16 + cut]
        at, i = at + 16 + kept, i + 1
    with open(path, "wb") as f:
        f.write(out)


def nothing_new(title, frames, view, whole):
    for what, left, cuts in damages(frames):
        counts = judged(left, cuts, view)
        for rule, n in counts.items():
            was = whole.get(rule, {})
            for verdict in ("fail", "pass"):
                check(n[verdict] <= was.get(verdict, 0), "%s, %s, %s: %s: %s %d times, was %d"
                      % (title, what, view, rule, verdict, n[verdict], was.get(verdict, 0)))


def handshake(what, steps, wanted):
    frames = frames_of(steps)
    for view in VIEWS:
        whole = judged(frames, {}, view)
        for rule, verdict in (wanted or {}).items():
            if rule == SILENT[view]:
                continue
            got = whole[rule]
            check(got.get(verdict or "not_observable") == 1 and not (verdict is None and (got["fail"] or got["pass"])), what, view, rule, got)
        nothing_new(what, frames, view, whole)


many = Many(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    capture = os.path.join(folder, "ends.pcap")
    for view, rules in VIEWS.items():
        with open(os.path.join(folder, view + ".yaml"), "w") as f:
            f.write("utwatch: 1\nprofile: %s\ntitle: %s\nextends: %s\n" % (view, view, rules))
    for case in CASES:
        handshake(*case)
check(many.end() == 0, "utwatch_many did not end well")
finish()
