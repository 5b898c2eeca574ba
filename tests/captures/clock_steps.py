#!/usr/bin/env python3
"""Does a clock that was set ahead make a session or key older than it is, and does a real pause leave ages exact? usage: clock_steps.py UTWATCH

The frames are made by a clock that is right, with the time stamps of RFC 7323 or without, and stamped by one that steps; so the right age is known.
The frames of a pause have the same stamps, but for what the ends say by their own clocks.
"""
import os
import struct
import sys
import tempfile

from made_sessions import CLIENT, HOUR, ID, SERVER, SERVERS, START, full, resumption_of
from run_utwatch import PCAPS, events, of_type
from checks import check, finish

import capturelib
import messages as m

utwatch = sys.argv[1]
SECOND = 10**9
DATA = m.record(23, b"\x5a" * 60, m.TLS12)
LIFETIME, KEY = "ut-7.1-session-lifetime", "dp-3.2-key-lifetime-24h"


class Network:
    """Connections by a clock that is right; `ahead` is what the clock of the capture says more."""

    def __init__(self, ticks=0):
        self.now, self.ahead, self.ticks, self.frames, self.ports = START, 0, ticks, [], iter(range(30000, 60000))

    def connection(self):
        c = capturelib.Connection(client=("192.0.2.10", next(self.ports)), server=SERVERS["own"], options=self.options)
        c.acknowledge = lambda side: self.take(c, c.frame(side, 0x10))
        return c

    def options(self, side):
        """Offset by something that each side chooses (RFC 7323 7.1)."""
        clock = (self.now * self.ticks // SECOND + (0x7FFFFF00, 0x1234)[side]) & 0xFFFFFFFF
        return b"\1\1\x08\x0a" + struct.pack("!II", clock, 1) if self.ticks else b""

    def take(self, c, frame):
        self.now += SECOND // 1000
        self.frames.append((self.now + self.ahead, frame[1]))

    def say(self, c, side, payload, acknowledged=True):
        self.take(c, c.frame(side, 0x18, payload))
        c.seq[side] += len(payload)
        if acknowledged:
            c.acknowledge(1 - side)

    def open(self, c=None):
        c = c or self.connection()
        for side, flags in ((CLIENT, 0x02), (SERVER, 0x12)):
            self.take(c, c.frame(side, flags))
            c.seq[side] += 1
        c.acknowledge(CLIENT)
        return c

    def close(self, c):
        for side in CLIENT, SERVER:
            self.take(c, c.frame(side, 0x11))
            c.seq[side] += 1
        c.acknowledge(CLIENT)

    def talk(self, conversation):
        c = self.open()
        for side, payload in conversation:
            self.say(c, side, payload)
        self.close(c)

    def wait(self, nanoseconds):
        self.now += nanoseconds


def session_of(network, folder, *words):
    """The one that was used last, and the breaches that were told."""
    path = os.path.join(folder, "made.pcap")
    capturelib.write_frames(path, network.frames)
    evs, _ = events(utwatch, *words, "-r", path)
    used = [e["utwatch"]["session"] for e in of_type(evs, "tls") if e["utwatch"].get("session", {}).get("resumed")]
    return used[-1] if used else {}, {a["utwatch"]["rule"] for a in of_type(evs, "alert")}


def judged(label, network, folder, basis, breach, true_age):
    session, breaches = session_of(network, folder)
    check(session.get("age_basis") == basis, label, "basis", session, "not", basis)
    check((LIFETIME in breaches) == breach, label, "told:", breaches)
    age = session.get("age_s", 0) * SECOND
    check(age <= true_age + SECOND and (basis != "exact" or age >= true_age - SECOND), label, "age", session, "not", true_age / SECOND)


def spanning(change, ticks=0, other=full(session=b"\xc7" * 32), acknowledged=True, before=4, quiet=0):
    """A session is made; `change` comes within another connection, behind so many of its messages; then the session is used."""
    n = Network(ticks)
    n.talk(full(session=ID))
    n.wait(SECOND)
    c = n.open()
    conversation = list(other) + [(CLIENT, DATA), (SERVER, DATA), (SERVER, DATA)]
    for i, (side, payload) in enumerate(conversation):
        if i == before:
            n.wait(quiet)
            change(n, c)
        n.say(c, side, payload, acknowledged or i != before - 1)
    n.close(c)
    n.wait(SECOND // 2)
    n.talk(resumption_of("id", ID))
    return n


def step(hours):
    def change(n, _):
        n.ahead += int(hours * HOUR)
    return change


def pause(hours):
    def change(n, _):
        n.wait(int(hours * HOUR))
    return change


def suspended(hours):
    """Nobody captures; the connection goes on."""
    def change(n, c):
        kept = len(n.frames)
        for _ in range(20):
            n.wait(int(hours * HOUR / 20))
            for side in CLIENT, SERVER:
                n.say(c, side, DATA)
        del n.frames[kept:]
    return change


def answered_late(n, c):
    """The client asks once more before the server answers: both are seen."""
    n.wait(25 * HOUR)
    n.take(c, c.frame(CLIENT, 0x10, b"\0", c.seq[CLIENT] - 1))
    c.acknowledge(SERVER)


def sessions(folder):
    # In a handshake, at each place of it.
    for before in range(1, 4):
        for acknowledged in True, False:
            label = "a step behind %d messages, acknowledged: %s" % (before, acknowledged)
            judged(label, spanning(step(25), before=before, acknowledged=acknowledged), folder, "at-least", False, 2 * SECOND)
    # In a connection under protection, or after it was idle for minutes, by what its ends say of time.
    for ticks in 1000, 250, 100:
        for quiet in 0, 5 * SECOND:
            for hours in 25, 150:  # not longer than sessions are remembered
                judged("a step of %d h, with %d ticks a second" % (hours, ticks), spanning(step(hours), ticks, before=5, quiet=quiet), folder,
                       "at-least", False, 3 * SECOND + quiet)
        judged("a step in a handshake, %d ticks" % ticks, spanning(step(25), ticks, before=2), folder, "at-least", False, 2 * SECOND)
    # A session that is too old all the same.
    n = spanning(step(25), 1000)
    n.wait(26 * HOUR)
    n.talk(resumption_of("id", ID, random=b"\x2a" * 32))
    judged("a step, and more than a day", n, folder, "at-least", True, 26 * HOUR + 2 * SECOND)
    # What was no step.
    for ticks in 0, 1, 2, 100, 1000, 10**6:
        for change, name in ((pause(25), "a pause"), (suspended(25), "nobody captured"), (answered_late, "a keep-alive")):
            for before in 5, 6:
                judged("%s, %d ticks, before %d" % (name, ticks, before), spanning(change, ticks, before=before), folder, "exact", True,
                       25 * HOUR + 2 * SECOND)
    judged("a user is asked", spanning(pause(0.7), before=2), folder, "exact", False, 0.7 * HOUR + 2 * SECOND)
    n = Network()
    n.talk(full(session=ID))
    n.wait(25 * HOUR)
    n.talk(resumption_of("id", ID))
    judged("nothing between", n, folder, "exact", True, 25 * HOUR + SECOND)


def forged(folder):
    """A segment that its receiver does not take, or of somebody who does not know the numbers, shows nothing."""
    def wrong_sum(frame):
        return frame[:50] + bytes([frame[50] ^ 0x55]) + frame[51:]

    def stale(change):
        def say(n, c):
            n.wait(25 * HOUR)
            true, n.ticks = n.ticks, 0
            clock = (n.now - 25 * HOUR) * true // SECOND + 0x1234 & 0xFFFFFFFF
            c.options = lambda side: b"\1\1\x08\x0a" + struct.pack("!II", clock, 1)
            seq = list(c.seq)
            c.seq[CLIENT] += 0 if change == wrong_sum else 0x30000000
            time, frame = c.frame(SERVER, 0x18, DATA, c.seq[SERVER] + (0 if change == wrong_sum else 0x30000000))
            c.seq[:] = seq
            n.take(c, (time, change(frame)))
            n.ticks, c.options = true, n.options
        return say

    for change in wrong_sum, lambda frame: frame:
        judged("forged", spanning(stale(change), 1000, before=5), folder, "exact", True, 25 * HOUR + 2 * SECOND)


REAL_PAUSE, STEP = (25 * HOUR, 0), (0, 25 * HOUR)


def told_by(others, change, after):
    """A session is used behind a change of the time, (waited, ahead), that other connections span. `others`: their client, their server, which of
    the two has a clock that stands still. `after`: whether each of these says something behind the change, before the session is used."""
    n = Network(1000)
    n.talk(full(session=ID))
    waited, ahead = change
    connections, still = [], set()
    for client, server, sleepers in others:
        c = capturelib.Connection(client=(client, 40000), server=(server, 8080))
        stands = len(connections)

        def options(side, stands=stands, sleepers=sleepers):
            now = n.now - (waited if stands in still and side in sleepers else 0)
            return b"\1\1\x08\x0a" + struct.pack("!II", now * 1000 // SECOND + stands * 77777 + side & 0xFFFFFFFF, 1)
        c.options = options
        c.acknowledge = lambda side, c=c: n.take(c, c.frame(side, 0x10))
        n.open(c)
        connections.append(c)
    for _ in range(3):
        for c in connections:
            for side in CLIENT, SERVER:
                n.say(c, side, b"idle")
        n.wait(SECOND)
    n.wait(waited)
    n.ahead += ahead
    still |= set(range(len(connections)))
    for i, side in after:
        connections[i].acknowledge(side)
    n.wait(SECOND)
    n.talk(resumption_of("id", ID))
    return n


def witnesses(folder):
    """Anybody can let his own clock stand still, or say late what he has to say."""
    ue, other, own = ("192.0.2.66", "192.0.2.200", (CLIENT,)), ("192.0.2.67", "192.0.2.201", ()), ("192.0.2.66", "192.0.2.200", (CLIENT, SERVER))
    friend, same = ("192.0.2.67", "192.0.2.201", (CLIENT,)), ("192.0.2.67", "192.0.2.200", (CLIENT,))
    exact, bound = ("exact", True, 25 * HOUR + 4 * SECOND), ("at-least", False, 4 * SECOND)
    for label, others, after, expected in (
            ("the clock of one UE stands still", [ue], [(0, CLIENT)], exact),
            ("and its server's does not", [ue], [(0, CLIENT), (0, SERVER)], exact),
            ("nor those of others", [ue, other], [(1, CLIENT), (0, CLIENT)], exact),
            ("a UE and a server of its own, after others", [own, other], [(1, SERVER), (0, CLIENT), (0, SERVER)], exact),
            ("before others", [own, other], [(0, CLIENT), (0, SERVER), (1, SERVER)], exact),
            ("two UEs at one server", [ue, same], [(0, CLIENT), (1, CLIENT)], exact),
            ("two UEs at two, and a third", [ue, friend, other], [(0, CLIENT), (1, CLIENT), (2, CLIENT)], exact)):
        judged(label, told_by(others, REAL_PAUSE, after), folder, *expected)
    for label, others, after, expected in (
            ("both sides of one connection", [other], [(0, CLIENT), (0, SERVER)], bound),
            ("one side each of two", [ue, other], [(0, CLIENT), (1, SERVER)], bound),
            ("each side seen once", [ue, other], [(0, SERVER), (1, SERVER), (1, CLIENT), (0, CLIENT)], bound),
            ("one side of one", [other], [(0, CLIENT)], exact)):
        judged("a step, " + label, told_by(others, STEP, after), folder, *expected)
    # Half a hello before the pause, the rest behind it, of which the server's host acknowledges what came.
    for acknowledged in False, True:
        n = Network()
        n.talk(full(session=ID))
        c = capturelib.Connection(client=("192.0.2.66", 40000), server=("192.0.2.200", 443))
        c.acknowledge = lambda side, c=c: n.take(c, c.frame(side, 0x10))
        n.open(c)
        hello = full(session=b"\xc7" * 32)[0][1]
        n.say(c, CLIENT, hello[:50])
        n.wait(25 * HOUR)
        n.say(c, CLIENT, hello[50:], acknowledged)
        n.wait(SECOND)
        n.talk(resumption_of("id", ID))
        judged("the rest of a hello, acknowledged: %s" % acknowledged, n, folder, "exact", True, 25 * HOUR + SECOND)


def reason(folder):
    path = os.path.join(folder, "reason.pcap")
    capturelib.write_frames(path, spanning(step(25), 1000, before=5).frames)
    evs, _ = events(utwatch, "-r", path)
    rule = [r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r["rule"] == LIFETIME]
    check(rule and rule[0].get("reasons") == {"clock-set": 1}, "the reason of a step:", rule)


def ahead_for_a_moment(folder):
    """Some frames have stamps a day ahead of those around them: no session is a day old. Where they come first or last, and in a file of their own,
    the time may have passed. A pause between what both ends say is one, if nothing goes back."""
    def used(ahead, after=1):
        n = Network()
        n.talk(full(session=ID))
        n.wait(60 * SECOND)
        first = len(n.frames)
        n.talk(resumption_of("id", ID))
        count = len(n.frames) - first
        n.wait(60 * SECOND)
        for _ in range(after):
            n.talk(full(session=b"\xc9" * 32))
        n.frames = [(t + 25 * HOUR * (0 <= i - first < count and ahead(i - first, count)), f) for i, (t, f) in enumerate(n.frames)]
        return n

    for begin in range(8):
        for end in range(begin + 1, 9):
            _, breaches = session_of(used(lambda i, n, b=begin, e=end: b <= i < e), folder)
            check(LIFETIME not in breaches, "ahead from", begin, "to", end, breaches)
    for what, ahead, after, old in (("none", lambda i, n: False, 1, False), ("all", lambda i, n: True, 1, False),
                                    ("all, and nothing behind it", lambda i, n: True, 0, True)):
        n = used(ahead, after)
        _, breaches = session_of(n, folder)
        check((LIFETIME in breaches) == old, "ahead:", what, breaches)
    for back in (10, 300):  # a clock that is corrected behind a pause: that remains
        n = Network()
        n.talk(full(session=ID))
        n.wait(25 * HOUR)
        n.talk(full(session=b"\xc9" * 32))
        n.ahead = -back * SECOND
        n.talk(resumption_of("id", ID))
        session, breaches = session_of(n, folder)
        check(LIFETIME in breaches and session["age_basis"] == "at-least", "set back by", back, "s behind a pause of 25 h", session, breaches)
    n = Network()  # two machines wrote into one file, one of which is five minutes ahead
    n.talk(full(session=ID))
    for i in range(6):
        n.wait(4 * HOUR + HOUR // 4)
        n.ahead = 300 * SECOND * (i % 2)
        n.talk(full(session=bytes([i % 251 + 1]) * 32))
    n.ahead = 0
    n.talk(resumption_of("id", ID))
    session, breaches = session_of(n, folder)
    check(LIFETIME in breaches, "two clocks in one file, a session of 25 h:", session, breaches)
    n = used(lambda i, n: True, 0)
    one, two = os.path.join(folder, "one.pcap"), os.path.join(folder, "two.pcap")
    capturelib.write_frames(one, n.frames)
    capturelib.write_frames(two, [(t + 60 * SECOND, f) for t, f in n.frames[:1]])
    evs, _ = events(utwatch, "-r", one, "-r", two)
    ages = [(e["utwatch"]["session"].get("age_basis"), e["utwatch"]["session"].get("age_s", 0) // 3600)
            for e in of_type(evs, "tls") if e["utwatch"].get("session", {}).get("resumed")]
    check(ages == [("exact", 25)], "an earlier file behind it:", ages)


def keys(folder):
    for change, ticks, old in ((step(25), 1000, False), (pause(25), 1000, True), (pause(25), 0, True), (pause(25), 1, True)):
        n = Network(ticks)
        c = n.open()
        for side, payload in capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-full.pcap"))[0]:
            n.say(c, side, payload)
        change(n, c)
        for side in CLIENT, SERVER, CLIENT:
            n.say(c, side, DATA)
        _, breaches = session_of(n, folder, "--advise", "ls-advice")
        check((KEY in breaches) == old, "a key behind a %s" % change.__qualname__.split(".")[0], ticks, breaches)


with tempfile.TemporaryDirectory() as folder:
    sessions(folder)
    forged(folder)
    witnesses(folder)
    reason(folder)
    ahead_for_a_moment(folder)
    keys(folder)
finish()
