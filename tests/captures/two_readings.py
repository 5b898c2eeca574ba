#!/usr/bin/env python3
"""Bytes of which nobody but their receiver knows what they were: other content at the same place, and urgent data. usage: two_readings.py UTWATCH

Such bytes accuse and clear nobody, hide no handshake, and are reported: `overlap`. The decoy always comes first, since a receiver may have dropped
it for what a capture does not show: an old time stamp (RFC 7323 5.3), no ACK flag (RFC 9293 3.10.7.4), a TTL that ends behind the tap.
"""
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

from run_utwatch import OWN_DATA, PCAPS, events, of_type, operators_profile, rule_counts
from checks import check, finish
import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER, SECOND = 0, 1, 10**9
SYN, RST, ACK, PUSH, URG = 0x02, 0x04, 0x10, 0x08, 0x20
START = 1795471000 * SECOND
ANON, NULL_SHA, DES3 = 0x0018, 0x0002, 0x000A
IPV6 = {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
OF_OFFER = ("ut-7.2-only-anonymous", "ut-6.2-ue-offers-encryption")
OF_SELECTION = ("ut-6.4-listed-anonymous", "ut-6.2-null-encryption-used")
OF_ACCEPTANCE = ("ut-7.2-only-anonymous", "ut-7.2-no-encryption")
OF_CLEAR = ("ut-4-tls-required", "ut-5.1.1-http-authentication")


class Judged:
    def __init__(self, frames, tunnelled=False, words=()):
        frames = sorted(frames, key=lambda f: f[0])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "readings.pcap")
            capturelib.write_frames(path, [(t, encapsulation.gtp(f)) for t, f in frames] if tunnelled else frames)
            evs, _ = events(UTWATCH, "--strict", *words, "-r", path)
        self.counts = rule_counts(evs)
        self.tls = of_type(evs, "tls")
        self.alerts = {e["utwatch"]["rule"]: (e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(evs, "alert")}
        self.last = self.tls[-1]["utwatch"] if self.tls else {}
        self.capture, self.handshakes = (of_type(evs, "stats")[-1]["utwatch"][part] for part in ("capture", "tls"))

    def decided(self, rules):
        return {r: self.counts[r] for r in rules if self.counts[r]["pass"] or self.counts[r]["fail"]}


def hello(suite, more=()):
    return m.client_hello([suite], m.TLS12, more=more)


def flight(suite):
    return m.server_hello(suite, m.TLS12) + m.done(m.TLS12)


def conversation(offered, selected, more=()):
    return [(CLIENT, hello(offered, more)), (SERVER, flight(selected)), (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
            (SERVER, m.finished(m.TLS12)), (CLIENT, m.record(23, b"\7" * 48, m.TLS12)), (SERVER, m.record(23, b"\7" * 48, m.TLS12))]


def put(c, side, data, ahead=0, flags=ACK | PUSH):
    c.frames.append(c.frame(side, flags, data, c.seq[side] + ahead))


# ---- how the second copy comes; each leaves the connection behind the real bytes

def whole(c, side, decoy, real):
    put(c, side, decoy)
    c.send(side, real)


def first_bytes(count):
    def build(c, side, decoy, real):
        first = decoy[:count]
        put(c, side, first if first != real[:count] else first[:-1] + bytes([first[-1] ^ 1]))
        put(c, side, real[count:], count)
        put(c, side, real[:count])
        c.seq[side] += len(real)
    return build


def behind_much(c, side, decoy, real):
    """What is compared goes back 16 KiB."""
    put(c, side, decoy[:300])
    for at in range(300, len(real), 1400):
        put(c, side, real[at:at + 1400], at)
    put(c, side, real[:300])
    c.seq[side] += len(real)


def behind_a_hole(c, side, decoy, real):
    put(c, side, decoy)
    put(c, side, b"x", len(decoy) + 1)
    c.time += 6 * SECOND
    put(c, 1 - side, b"", flags=ACK)
    c.send(side, real)


def after_silence(c, side, decoy, real):
    put(c, side, decoy)
    c.time += 61 * SECOND
    c.send(side, real)


COPIES = {"whole": whole, "behind a hole": behind_a_hole, **{"the first %d" % n: first_bytes(n) for n in (1, 3, 5, 6, 9, 10, 11, 12, 20, 46)}}


def attacked(steps, at, decoy, how, **ends):
    c = capturelib.Connection(time=START, **ends)
    c.open()
    for i, (side, data) in enumerate(steps):
        if i == at:
            how(c, side, decoy, data)
        else:
            c.send(side, data)
    c.close()
    return c.frames


def in_doubt(found, rules, *what):
    check(found.tls and "overlap" in found.last.get("unobserved", ()), *what, "told:", found.last.get("unobserved"))
    check(not found.decided(rules), *what, "decides", found.decided(rules))


def offers():
    for ends, tunnelled in (({}, False), (IPV6, False), ({}, True)):
        for name, how in COPIES.items():
            for real, decoy in ((DES3, ANON), (ANON, DES3), (NULL_SHA, DES3), (DES3, NULL_SHA)):
                found = Judged(attacked(conversation(real, real), 0, hello(decoy), how, **ends), tunnelled)
                in_doubt(found, OF_OFFER, "an offer,", name, "%04x" % real, ends, tunnelled)
        padding = [(21, bytes(20000))]
        for real, decoy in ((DES3, ANON), (ANON, DES3)):
            found = Judged(attacked(conversation(real, real, padding), 0, hello(decoy, padding), behind_much, **ends), tunnelled)
            in_doubt(found, OF_OFFER, "a long offer", "%04x" % real, ends)
    found = Judged(attacked(conversation(ANON, ANON), 0, hello(DES3), after_silence))
    check("overlap" in found.last.get("unobserved", ()) and len(found.tls) == 2, "after a minute:", found.last.get("unobserved"), len(found.tls))


def selections():
    for ends in ({}, IPV6):
        for name, how in COPIES.items():
            for real, decoy in ((DES3, ANON), (ANON, DES3), (NULL_SHA, DES3)):
                found = Judged(attacked(conversation(real, real), 1, flight(decoy), how, **ends))
                in_doubt(found, OF_SELECTION, "a selection,", name, "%04x" % real, ends)


def in_clear():
    """A document, another one, and a tunnel for TLS, each over another."""
    def get(path):
        head = b"GET /" + path
        return head + b"x" * (150 - len(head)) + b" HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    document, picture = get(b"resource-lists/users/sip:a@example.org/"), get(b"holiday-pictures/")
    served = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    refused = b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"
    for port in 80, 443:
        for ends in ({"server": ("192.0.2.80", port)}, {**IPV6, "server": ("2001:db8::80", port)}):
            for name, how in COPIES.items():
                for at, decoy, steps in ((0, picture, [(CLIENT, document), (SERVER, served)]), (0, document, [(CLIENT, picture), (SERVER, served)]),
                                         (1, served, [(CLIENT, document), (SERVER, refused)]), (1, refused, [(CLIENT, document), (SERVER, served)])):
                    found = Judged(attacked(steps, at, decoy, how, **ends))
                    what = "in clear,", name, at, steps[at][1][:12], ends
                    told = [c for r, c in found.counts.items() if c["not_observable"]]
                    check(not found.decided(OF_CLEAR), *what, found.decided(OF_CLEAR))
                    check(told or found.capture["conflicts"], *what, "is not told")
    connect = b"CONNECT xcap.example.org:443 HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    other = b"GET /" + b"x" * (len(connect) - 38) + b" HTTP/1.1\r\nHost: x.example\r\n\r\n"
    other += b"\n" * (len(connect) - len(other))
    steps = [(CLIENT, connect), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), *conversation(ANON, ANON)]
    for name, how in COPIES.items():
        found = Judged(attacked(steps, 0, other[:len(connect)], how, server=("192.0.2.80", 3128)))
        check(found.last.get("outcome") == "complete" and "overlap" in found.last["unobserved"], "a tunnel,", name, found.last)


# ---- bytes that nobody acknowledged (RFC 9293 3.4): nothing shows that their receiver took them, whatever he dropped them for

RESUMED = {"session": b"i" * 32}
DECOYS = (  # what was said before, who is made to say what, and the rule with its verdict if the other side had it
    ("hello", [], CLIENT, hello(NULL_SHA), "ut-6.2-ue-offers-encryption", "fail"),
    ("good hello", [], CLIENT, hello(DES3), "ut-6.2-ue-offers-encryption", "pass"),
    ("SSLv2 hello", [], CLIENT, m.sslv2_hello([0x700C0], m.SSL2), "ut-6-version-forbidden", "fail"),
    ("ServerHello", [(CLIENT, hello(DES3))], SERVER, m.server_hello(DES3, m.TLS12), "ut-6-version-forbidden", "pass"),
    ("flight", [(CLIENT, hello(ANON))], SERVER, flight(ANON), "ut-6.4-listed-anonymous", "fail"),
    ("good flight", [(CLIENT, hello(DES3))], SERVER, flight(DES3), "ut-6.2-null-encryption-used", "pass"),
    ("Certificate", [(CLIENT, hello(DES3)), (SERVER, m.server_hello(DES3, m.TLS12))], SERVER,
     m.certificate_message(m.EMPTY_CERTIFICATE, m.TLS12) + m.done(m.TLS12), "ut-6.1.2-server-certificate", "fail"),
    ("ServerKeyExchange", [(CLIENT, hello(ANON)), (SERVER, m.server_hello(ANON, m.TLS12))], SERVER,
     m.server_key_exchange(m.TLS12) + m.done(m.TLS12), "ut-6.4-listed-anonymous", "fail"),
    ("ChangeCipherSpec", [(CLIENT, m.client_hello([ANON], m.TLS12, **RESUMED))], SERVER,
     m.server_hello(ANON, m.TLS12, **RESUMED) + m.finished(m.TLS12), "ut-6.4-listed-anonymous", "fail"),
    ("alert", [(CLIENT, hello(ANON))], SERVER, m.alert(2, 40, m.TLS12), "ut-7.2-only-anonymous", "pass"),
)


def followed(c, side, data, how):
    if how == "acknowledged":
        c.frames.append(c.frame(1 - side, ACK))
    elif how == "acknowledged in part":
        c.seq[side] -= min(60, len(data) - 1)  # more than a Finished
        c.frames.append(c.frame(1 - side, ACK))
    elif how == "acknowledged too far":
        c.seq[side] += 2 * 1048576
        c.frames.append(c.frame(1 - side, ACK))
    elif how == "closed":  # by who sent something else, or nothing
        c.seq[side] -= len(data)
        c.close(side)
    elif how == "reset":
        c.seq[side] -= len(data)
        c.reset(side)
    elif how == "the real one later":
        c.seq[side] -= len(data)
        c.time += 61 * SECOND
        c.send(side, bytes(b ^ 1 if i > 60 else b for i, b in enumerate(data)))


def nobody_took_it():
    for ends, tunnelled in (({}, False), (IPV6, False), ({}, True)):
        for what, before, side, data, rule, verdict in DECOYS:
            for how in "acknowledged", "unanswered", "acknowledged in part", "acknowledged too far", "closed", "reset", "the real one later":
                c = capturelib.Connection(time=START, **ends)
                c.open()
                for step in before:
                    c.send(*step)
                c.send(side, data)
                followed(c, side, data, how)
                found = Judged(c.frames, tunnelled)
                count, first = found.counts[rule], found.tls[0]["utwatch"]
                case = what, how, ends, tunnelled
                if how == "acknowledged":
                    check(count[verdict] == 1 and "unacknowledged" not in first.get("unobserved", ()), *case, count)
                    continue
                weighed = all(severity >= 2 and basis == "partial" for severity, basis in (found.alerts[r] for r in found.alerts if r == rule))
                check(not count["pass"] and weighed, *case, count, found.alerts.get(rule))
                check(set(first.get("unobserved", ())) & {"unacknowledged", "overlap", "gap"}, *case, first.get("unobserved"))


DOCUMENT = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
SERVED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def nobody_took_it_in_clear():
    """The same of HTTP: what no server has received blames no UE in full, nor does an answer that no UE has blame the server."""
    for v6, tunnelled, port in ((False, False, 80), (True, False, 8080), (False, True, 443)):
        ends = {**IPV6, "server": ("2001:db8::80", port)} if v6 else {"server": ("192.0.2.80", port)}
        for steps in [(CLIENT, DOCUMENT)], [(CLIENT, DOCUMENT), (SERVER, SERVED)]:
            for how in "acknowledged", "unanswered", "acknowledged in part", "acknowledged too far", "closed", "reset", "the real one later":
                c = capturelib.Connection(time=START, **ends)
                c.open()
                for step in steps:
                    c.send(*step)
                followed(c, *steps[-1], how)
                found = Judged(c.frames, tunnelled)
                count, alert, case = found.counts["ut-4-tls-required"], found.alerts.get("ut-4-tls-required"), (how, len(steps), ends, tunnelled)
                check(not count["pass"] and count["fail"] + count["not_observable"] == 1, *case, count)
                if how == "acknowledged" or len(steps) == 2:
                    check(alert == (1, "direct") or how != "acknowledged" and alert == (2, "partial"), *case, alert)
                    check(bool(count["servers"]) == (how == "acknowledged" and len(steps) == 2), *case, "blames the server", count)
                else:
                    check(alert in ((2, "partial"), None), *case, alert)
        for acknowledges in 12345, 2**31:  # numbers that who does not get the server's SYN/ACK can only guess
            c = capturelib.Connection(time=START, **ends)
            c.open()
            c.frames.pop()
            real, c.seq[SERVER] = c.seq[SERVER], c.seq[SERVER] + acknowledges
            put(c, CLIENT, DOCUMENT)
            c.seq[SERVER] = real
            c.frames.append(c.frame(SERVER, ACK))
            found = Judged(c.frames, tunnelled)
            alert = found.alerts.get("ut-4-tls-required")
            check(alert in ((2, "partial"), None), "a guessed acknowledgement", acknowledges, ends, tunnelled, alert)
    c = capturelib.Connection(time=START, server=("192.0.2.80", 80))
    c.open()
    for _ in range(3):  # of several requests those count that were received
        c.send(CLIENT, DOCUMENT)
        c.send(SERVER, SERVED)
    c.send(CLIENT, DOCUMENT)
    found = Judged(c.frames)
    check(found.alerts.get("ut-4-tls-required") == (1, "direct"), "three documents, and one more:", found.alerts)
    c = capturelib.Connection(time=START, server=("192.0.2.80", 80))
    c.open()
    c.send(CLIENT, DOCUMENT)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n"
    c.send(SERVER, answer)
    for _ in range(200):  # the capture ends amid a long answer, some of which is on its way
        c.frames.append(c.frame(CLIENT, ACK))
        c.send(SERVER, b"d" * 1400)
    found = Judged(c.frames)
    check(found.alerts.get("ut-4-tls-required") == (1, "direct") and found.counts["ut-4-tls-required"]["servers"] == 1, "amid an answer:")


BASIC = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
ANOTHER = DOCUMENT.replace(b"\r\n\r\n", b"\r\nX-3GPP-Intended-Identity: \"sip:b@example.org\"\r\n\r\n")
EXCHANGES = (("gaa", DOCUMENT, BASIC), ("own-data", ANOTHER, SERVED), ("authentication", DOCUMENT, SERVED))
OF_AN_OPERATOR = operators_profile(gaa=("when: { http.challenge: true }", "fail: { http.gaa-challenge: false }"), own_data=OWN_DATA,
                                   authentication=("when: { http.status: { below: 300 } }", "fail: { http.identity: false }"))


def nobody_took_the_answer():
    """An exchange likewise, in clear and under NULL encryption: it is told when the UE has acknowledged the answer, and until then another reading
    of that may come. The rules are those of 5.1.1, in the words of an operator who takes their breach for a grave one."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as profile:
        profile.write(OF_AN_OPERATOR)
        profile.flush()
        for secret in b"", b"\0" * 20:
            begin = conversation(NULL_SHA, NULL_SHA)[:4] if secret else []
            for rule, asked, answer in EXCHANGES:
                steps = [(side, m.record(23, text + secret, m.TLS12) if secret else text) for side, text in ((CLIENT, asked), (SERVER, answer))]
                for how in "acknowledged", "the next request", "unanswered", "acknowledged in part", "closed", "reset", "contradicted":
                    c = capturelib.Connection(time=START)
                    c.open()
                    for step in [*begin, *steps]:
                        c.send(*step)
                    if how == "contradicted":
                        c.seq[SERVER] -= len(steps[1][1])
                        c.send(SERVER, steps[1][1].replace(b"HTTP/1.1", b"HTTP/1.0"))
                        c.frames.append(c.frame(CLIENT, ACK))
                    elif how == "the next request":
                        c.send(*steps[0])
                    else:
                        followed(c, *steps[-1], how)
                    found = Judged(c.frames, words=("-p", profile.name))
                    alert, case = found.alerts.get(rule), (rule, how, bool(secret))
                    if how in ("acknowledged", "the next request"):
                        check(alert == (1, "direct"), *case, alert)
                    elif how == "contradicted":
                        check(alert is None and found.counts[rule]["not_observable"], *case, alert, found.counts[rule])
                    else:
                        check(alert in ((2, "partial"), None), *case, alert)


# ---- a handshake that is complete before the other copy comes: a breach is told two seconds after the end (contract, 2)

def resumed(suite):
    return [(CLIENT, m.client_hello([suite], m.TLS12, **RESUMED)), (SERVER, m.server_hello(suite, m.TLS12, **RESUMED) + m.finished(m.TLS12)),
            (CLIENT, m.finished(m.TLS12))]


def tls13(suite):
    """Of the versions that may still be spoken; the suite is none of TLS 1.3, so that the rules on selections are broken."""
    return [(CLIENT, m.client_hello([suite, 0x1301], m.TLS12, more=[(43, b"\x02\x03\x04")])),
            (SERVER, m.server_hello(suite, m.TLS12, more=[(43, b"\x03\x04")]) + m.record(23, b"\7" * 80, m.TLS12)),
            (CLIENT, m.record(23, b"\7" * 80, m.TLS12))]


def contradicted(steps, side, real, after, **ends):
    """The side's first bytes come once more, `after` the last step."""
    c = capturelib.Connection(time=START, **ends)
    c.open()
    first = c.seq[side] + sum(len(data) for who, data in steps[:1] if who == side != CLIENT)
    for step in steps:
        c.send(*step)
    c.time += after - c.step
    c.frames.append(c.frame(side, ACK | PUSH, real, first))
    c.time += 3 * SECOND
    c.frames.append(c.frame(CLIENT, ACK))
    return c.frames


def told_in_time():
    full = conversation(ANON, ANON)[:4]
    sides = {"the server's": (SERVER, OF_SELECTION), "the UE's": (CLIENT, OF_OFFER)}
    for made in resumed, tls13:  # behind its first words the server encrypts
        for at, (whose, (side, rules)) in enumerate((("the UE's", sides["the UE's"]), ("the server's", sides["the server's"]))):
            found = Judged(attacked(made(DES3), at, made(ANON)[at][1], whole))
            in_doubt(found, rules, made.__name__, whose, "other bytes before the end")
    for ends, tunnelled in (({}, False), (IPV6, False), ({}, True)):
        for what, steps in (("full", full), ("used again", resumed(ANON)), ("TLS 1.3", tls13(ANON))):
            alone = Judged(contradicted(steps, CLIENT, b"", SECOND, **ends), tunnelled)
            broken = {rule for rule, (severity, basis) in alone.alerts.items() if severity == 1}
            check(broken, what, "is no breach of high severity", alone.alerts)
            for whose, (side, rules) in sides.items():
                real = steps[side][1]
                other = bytes(b ^ 1 if i > 10 else b for i, b in enumerate(real))
                for after in SECOND // 20, 2 * SECOND - 1000000:
                    found = Judged(contradicted(steps, side, other, after, **ends), tunnelled)
                    in_doubt(found, rules, what, whose, "other bytes after", after, ends, tunnelled)
                    check(found.handshakes.get("contradicted") == 1, what, whose, "is counted", found.handshakes)
                for late in contradicted(steps, side, other, 2 * SECOND + 2000000, **ends), contradicted(steps, side, real, SECOND, **ends), \
                        contradicted(steps, side, other, SECOND, **ends)[:-2]:
                    found = Judged(late, tunnelled)
                    check(found.alerts == alone.alerts and found.counts == alone.counts, what, whose, "changes", found.alerts, alone.alerts)


def begin_on_the_ports(c):
    c.frames.append(c.frame(CLIENT, SYN, seq=900000000))


def begin_and_answer(c):
    c.frames += [c.frame(CLIENT, SYN, seq=900000000), c.frame(SERVER, SYN | ACK, seq=950000000)]


def ask_in_clear(c):
    c.send(CLIENT, hello(DES3))


# What else the connection does before the real bytes come. The numbers of both sides go on from `c.seq`.
MEANWHILE = {
    "ends": [capturelib.Connection.close], "is reset": [lambda c: c.reset(CLIENT)], "is reset by the server": [lambda c: c.reset(SERVER)],
    "ends, and another begins": [capturelib.Connection.close, begin_on_the_ports],
    "is reset, and another begins": [lambda c: c.reset(CLIENT), begin_on_the_ports],
    "gives way to another": [capturelib.Connection.close, begin_and_answer],
    "is greeted anew": [ask_in_clear],
    "says much": [lambda c: [c.send(SERVER, m.record(23, b"\7" * 1200, m.TLS12)) for _ in range(20)]],
    "says much, and ends": [lambda c: [c.send(SERVER, m.record(23, b"\7" * 1200, m.TLS12)) for _ in range(20)], capturelib.Connection.close],
}


def whatever_comes_meanwhile():
    """The real server's alert comes at the place of a forged flight, though the connection has ended or gone on otherwise. What is the same as before
    says nothing."""
    alert = m.alert(2, 40, m.TLS12)
    for ends, suite in ({}, NULL_SHA), (IPV6, ANON):
        steps = conversation(suite, suite)
        for what, happens in {"stands still": [], **MEANWHILE}.items():
            def late(real, ends=ends, steps=steps, happens=happens):
                c = capturelib.Connection(time=START, **ends)
                c.open()
                for step in steps:
                    c.send(*step)
                for happening in happens:
                    happening(c)
                c.time += 30000000
                c.frames.append(c.frame(SERVER, ACK | PUSH, real, 5001))
                c.time += 3 * SECOND
                c.frames.append(c.frame(CLIENT, ACK))
                return Judged(c.frames)

            alone = late(b"")
            broken = {rule for rule in OF_ACCEPTANCE if alone.alerts.get(rule, (9,))[0] == 1}
            check(broken, "meanwhile it", what, "is no breach of high severity", alone.alerts)
            for real in alert, alert[:3]:
                found = late(real)
                check(not broken & set(found.alerts), "meanwhile it", what, suite, real, found.alerts)
                check(found.handshakes.get("contradicted") == 1, "meanwhile it", what, "is counted", found.handshakes)
            if not what.startswith("says much"):
                found = late(steps[1][1])
                check(found.alerts == alone.alerts, "meanwhile it", what, "and nothing else came", found.alerts, alone.alerts)


def disowned_and_contradicted():
    """The server resets a handshake in its name, another one begins on the ports, and then the server's own words come: that nobody knows who spoke
    does not end the comparison that shows who did not."""
    for ends, suite in ({}, NULL_SHA), (IPV6, ANON):
        def late(real, ends=ends, suite=suite):
            c = capturelib.Connection(time=START, **ends)
            c.open()
            first = c.seq[SERVER]
            for step in conversation(suite, suite):
                c.send(*step)
            c.frames.append(c.frame(SERVER, RST, seq=first))
            c.close()
            begin_and_answer(c)
            c.time += 30000000
            c.frames.append(c.frame(SERVER, ACK | PUSH, real, first))
            c.time += 3 * SECOND
            c.frames.append(c.frame(CLIENT, ACK))
            return Judged(c.frames)

        alone, found = late(b""), late(m.alert(2, 40, m.TLS12))
        broken = {rule for rule in OF_ACCEPTANCE if alone.alerts.get(rule) == (2, "partial")}
        check(broken, "disowned, is no part of a breach", alone.alerts)
        check(not broken & set(found.alerts), "disowned and contradicted:", found.alerts)
        check(found.handshakes.get("contradicted") == 1, "disowned and contradicted, is counted", found.handshakes)


def swapped(frame):
    """The frame with two words of its payload in each other's place, by which no checksum changes (RFC 1071 2)."""
    at = len(frame) - len(capturelib.segment_of(frame)[4]) + 40
    assert frame[at:at + 2] != frame[at + 2:at + 4]
    return frame[:at] + frame[at + 2:at + 4] + frame[at:at + 2] + frame[at + 4:]


def contradicted_twice():
    """The connection of a contradicted handshake has another one in clear: its bytes are kept for two seconds of its own."""
    frames = capturelib.read_frames(os.path.join(PCAPS, "openssl-tls12-null-renegotiated-data.pcap"))
    first_flight, first_end, flight, end = 5, 9, 14, 18
    assert [capturelib.segment_of(frames[i][1])[4][5] for i in (first_flight, flight)] == [2, 2]

    def late(*which):
        out, shift = [], 0
        for i, (taken, frame) in enumerate(frames):
            out.append((taken + shift, frame))
            again = {first_end: first_flight, end: flight}.get(i)
            shift += SECOND * 3 // 2 if again else 0
            if again in which:
                out.append((taken + shift, swapped(frames[again][1])))
        return Judged(out + [(out[-1][0] + 3 * SECOND, frames[-1][1])]).handshakes["contradicted"]

    for which in (), (first_flight,), (flight,), (first_flight, flight):
        check(late(*which) == len(which), "contradicted:", which, late(*which))


def taught_nothing():
    """What a contradicted handshake showed is held against its server no more: not that it has a strong suite, when it selects a weak one later."""
    weak, strong, rule = 0x0009, 0x002F, "ut-op-weaker-selected"

    def steps(selected, other):  # another hello, for one server answers one in one way
        return [(CLIENT, m.client_hello([selected, other], m.TLS12)), *conversation(selected, selected)[1:4]]

    real = steps(strong, weak)[1][1]
    other = bytes(b ^ 1 if i > 10 else b for i, b in enumerate(real))
    later = capturelib.build(steps(weak, strong), client=("192.0.2.10", 40001), time=START + 10 * SECOND)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as site:
        site.write("policy: { encryption-required: true }\n")
        site.flush()
        for late, fails in (real, 1), (other, 0):
            found = Judged(contradicted(steps(strong, weak), SERVER, late, SECOND) + later, words=("-p", "ts33141-pcr1", "-c", site.name))
            check(found.counts[rule]["fail"] == fails and len(found.tls) == 2, "a strong suite, and then", late == other, found.counts[rule])


def no_room_to_wait():
    """More than 1,280 at a time: the first are told before their time, and none is lost."""
    frames, waiting, more = [], 1280, 176
    for i in range(waiting + more):
        steps = [(side, data.replace(b"\x11" * 32, b"%32d" % i)) for side, data in conversation(ANON, ANON)]
        frames += capturelib.build(steps, client=("192.0.2.10", 20000 + i), time=START + i * 400000, step=1000)
    found = Judged(frames)
    fails, early = found.counts[OF_SELECTION[0]]["fail"], found.handshakes.get("told_early")
    check((fails, early) == (waiting + more, more), "no room:", fails, found.handshakes)
    check([e["src_port"] for e in found.tls] == list(range(20000, 20000 + waiting + more)), "told in the order in which they ended")


def on_a_quiet_pipe():
    """Nothing more comes of the capture: the finding is there all the same."""
    with tempfile.TemporaryFile() as capture:
        capturelib.write_frames_to(capture, capturelib.build(conversation(ANON, ANON)[:4], time=START))
        capture.seek(0)
        p = subprocess.Popen([UTWATCH, "-q", "--json", "-", "-r", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        begun = time.monotonic()
        p.stdin.write(capture.read())
        p.stdin.flush()
        told = {}
        for line in p.stdout:
            event = json.loads(line)
            if event["event_type"] == "stats":
                break
            told[event["event_type"]] = time.monotonic()
            if event.get("utwatch", {}).get("rule") == OF_SELECTION[0]:
                p.stdin.close()
        p.wait()
    check("tls" in told and begun + 1 < told.get("alert", 0) < begun + 30, "it is told", begun, told)


# ---- urgent data

def urgent(c, side, data, pointer, ahead=0):
    """RFC 9293 3.8.5: the pointer is to the octet behind the urgent one."""
    time, frame = c.frame(side, ACK | PUSH | URG, data, c.seq[side] + ahead)
    v6 = frame[12:14] == b"\x86\xdd"
    tcp = frame[54 if v6 else 34:]
    tcp = tcp[:16] + b"\0\0" + struct.pack("!H", pointer) + tcp[20:]
    kind, packet = capturelib.internet(6, c.ends[side][0], c.ends[1 - side][0], tcp, 16)
    c.frames.append((time, frame[:12] + kind + packet))
    c.seq[side] += len(data)


def each_octet(c, side, decoy, real):
    for i in range(len(decoy)):
        urgent(c, side, decoy[i:i + 1], 1)
    c.send(side, real)


def one_before(c, side, _, real):
    urgent(c, side, b"X", 1)
    c.send(side, real)


def in_one_segment(c, side, _, real):
    urgent(c, side, b"X" + real, 1)


def announced(c, side, _, real):
    urgent(c, side, b"", 1)
    c.send(side, b"X" + real)


def within(c, side, _, real):
    urgent(c, side, real[:20] + b"X" + real[20:], 21)


def real_stack_leaves_it_out():
    """The kernel and OpenSSL: an urgent octet stands before a hello, and the handshake is completed."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for context in server, client:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        server.wrap_socket(listening.accept()[0], server_side=True).sendall(b"read")
    threading.Thread(target=serve, daemon=True).start()
    plain = socket.create_connection(listening.getsockname(), timeout=20)
    plain.send(b"X", socket.MSG_OOB)
    return client.wrap_socket(plain).recv(4)


def urgent_data():
    check(real_stack_leaves_it_out() == b"read", "OpenSSL reads the hello behind an urgent octet")
    hows = {f.__name__: f for f in (each_octet, one_before, in_one_segment, announced, within)}
    for ends in ({}, IPV6):
        for name, how in hows.items():
            for real, decoy in ((DES3, ANON), (ANON, DES3), (NULL_SHA, DES3)):
                found = Judged(attacked(conversation(real, real), 0, hello(decoy), how, **ends))
                in_doubt(found, OF_OFFER, "urgent in an offer,", name, "%04x" % real, ends)
                check(found.capture["urgent_segments"], "urgent segments are counted")
                found = Judged(attacked(conversation(real, real), 1, flight(decoy), how, **ends))
                in_doubt(found, OF_SELECTION, "urgent in a selection,", name, "%04x" % real, ends)
    get = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    for at in 0, 1:
        for name, how in hows.items():
            steps = [(CLIENT, get), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
            found = Judged(attacked(steps, at, b"POST / HTTP/1.1\r\n", how, server=("192.0.2.80", 80)))
            check(not found.decided(OF_CLEAR[:1] if at else OF_CLEAR), "urgent in clear,", name, at, found.decided(OF_CLEAR))


def no_doubt():
    """What is the same is no other reading, whether in clear, before TLS or in it; nor is the made-up octet of a keep-alive (RFC 9293 3.8.4)."""
    get = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    served = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"d" * 9000
    c = capturelib.Connection(time=START, server=("192.0.2.80", 80))
    c.open()
    for side, data in ((CLIENT, get), (SERVER, served)):
        for _ in range(2):
            c.frames += [c.frame(side, ACK | PUSH, data[at:at + 1000], c.seq[side] + at) for at in range(0, len(data), 1000)]
        c.seq[side] += len(data)
        c.frames.append(c.frame(1 - side, ACK))  # it is sent only when nothing is outstanding
        put(c, side, b"\0", -1)
    c.close()
    found = Judged(c.frames)
    check(found.counts["ut-4-tls-required"]["fail"] == 1, "a document sent twice:", found.counts["ut-4-tls-required"])
    connect = [(CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    c = capturelib.Connection(time=START, server=("192.0.2.80", 3128))
    c.open()
    sent = [0, 0]
    first = list(c.seq)
    everything = [b"", b""]
    for side, data in connect + conversation(ANON, ANON):
        c.send(side, data)
        sent[side] += len(data)
        everything[side] += data
        c.frames.append(c.frame(side, ACK | PUSH, everything[side], first[side]))
    c.close()
    found = Judged(c.frames)
    check("unobserved" not in found.last and found.counts[OF_OFFER[0]]["fail"] == 1, "all sent again and again:", found.last)


offers()
selections()
in_clear()
nobody_took_it()
nobody_took_it_in_clear()
nobody_took_the_answer()
told_in_time()
whatever_comes_meanwhile()
disowned_and_contradicted()
contradicted_twice()
taught_nothing()
no_room_to_wait()
on_a_quiet_pipe()
urgent_data()
no_doubt()
finish()
