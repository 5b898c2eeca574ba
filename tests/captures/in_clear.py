#!/usr/bin/env python3
"""Nothing that the ends say before HTTP in clear hides it: if a server serves a document without TLS, that is told, or that nobody knows.
usage: in_clear.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import events, of_type
from checks import check, finish

import capturelib
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
START = 1795471000 * 10**9
RULE = "ut-4-tls-required"
ASK = b"GET /xcap/resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: app.example\r\n\r\n"
PAGE = b"GET /index.html HTTP/1.1\r\nHost: app.example\r\n\r\n"
SERVED = b"HTTP/1.1 200 OK\r\nContent-Type: application/resource-lists+xml\r\nContent-Length: 5\r\n\r\nhello"
BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
DOCUMENT = [(CLIENT, ASK), (SERVER, SERVED)]


def judged(folder, steps, port):
    """(verdict of the rule, whose fault), and the outcomes of handshakes."""
    capture = os.path.join(folder, "x.pcap")
    capturelib.write_frames(capture, capturelib.build(steps, time=START, server=("192.0.2.80", port)))
    evs, _ = events(UTWATCH, "-r", capture)
    faults = [e["utwatch"]["fault"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == RULE]
    counts = next(r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r["rule"] == RULE)
    said = ("fail", faults[0]) if faults else ("not_observable", min(counts["reasons"])) if counts["not_observable"] else ("nothing", "")
    return said, [e["utwatch"]["outcome"] for e in of_type(evs, "tls")]


HELLO = (CLIENT, m.client_hello([0x2F], m.TLS12))
REFUSAL = (SERVER, m.alert(2, 40, m.TLS12))
FLIGHT = m.server_hello(0x2F, m.TLS12) + m.certificate_message(b"\0\0\0", m.TLS12) + m.done(m.TLS12)
AFTER_TLS = {"refused": [HELLO, REFUSAL], "refused, behind a warning": [HELLO, (SERVER, m.alert(1, 90, m.TLS12)), REFUSAL],
             "answered by a warning": [HELLO, (SERVER, m.alert(1, 0, m.TLS12))], "unanswered": [HELLO],
             "answered by HTTP": [HELLO, (SERVER, BAD)], "of which only the hellos come": [HELLO, (SERVER, m.server_hello(0x2F, m.TLS12))],
             "refused by the client": [HELLO, (SERVER, FLIGHT), (CLIENT, m.alert(2, 48, m.TLS12))]}


def behind_tls(folder):
    """RFC 5246 7.2.2: a fatal alert ends the TLS of a connection, not the connection. A client that asks in clear where a record should begin has
    left TLS."""
    for port in (80, 443):
        for what, before in AFTER_TLS.items():
            for how, asked in (("at once", [(CLIENT, ASK)]), ("in two segments", [(CLIENT, ASK[:20]), (CLIENT, ASK[20:])]),
                               ("behind an empty line", [(CLIENT, b"\r\n" + ASK)]), ("behind a page", [(CLIENT, PAGE), (SERVER, SERVED), (CLIENT, ASK)])):
                said, outcomes = judged(folder, before + asked + [(SERVER, SERVED)], port)
                check(said == ("fail", "both"), "a document behind a handshake", what, how, port, said)
                check(len(outcomes) == 1 and outcomes != ["complete"], "the handshake", what, how, port, outcomes)
        for what, asked in (("in the segment of the hello", [(CLIENT, HELLO[1] + ASK), REFUSAL]),
                            ("in half a record", [HELLO, REFUSAL, (CLIENT, b"\x16\3\3\1\0" + ASK)])):
            said, _ = judged(folder, [*asked, (SERVER, SERVED)], port)
            check(said[0] == "not_observable" or port == 80, "a document", what, port, said)


with tempfile.TemporaryDirectory() as scratch:
    behind_tls(scratch)
finish(60)
