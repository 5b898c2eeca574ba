#!/usr/bin/env python3
"""Nothing that the ends say before HTTP in clear hides it, or a later handshake: if a server serves a document without TLS, that is told, or that
nobody knows.
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
    left TLS. If TLS has not failed, the segment may be one that never arrives."""
    for port in (80, 443):
        for what, before in AFTER_TLS.items():
            for how, asked in (("at once", [(CLIENT, ASK)]), ("in two segments", [(CLIENT, ASK[:20]), (CLIENT, ASK[20:])]),
                               ("behind an empty line", [(CLIENT, b"\r\n" + ASK)]),
                               ("behind a page", [(CLIENT, PAGE), (SERVER, SERVED), (CLIENT, ASK)])):
                said, outcomes = judged(folder, before + asked + [(SERVER, SERVED)], port)
                expected = ("fail", "both") if "refused" in what else ("not_observable", "malformed")
                check(said == expected, "a document behind a handshake", what, how, port, said)
                check(len(outcomes) == 1 and outcomes != ["complete"], "the handshake", what, how, port, outcomes)
        for what, asked in (("in the segment of the hello", [(CLIENT, HELLO[1] + ASK), REFUSAL]),
                            ("in half a record", [HELLO, REFUSAL, (CLIENT, b"\x16\3\3\1\0" + ASK)])):
            said, _ = judged(folder, [*asked, (SERVER, SERVED)], port)
            check(said[0] == "not_observable" or port == 80, "a document", what, port, said)


ALERT, CCS, DATA = m.alert(1, 0, m.TLS12), m.record(20, b"\1", m.TLS12), m.record(23, b"x" * 20, m.TLS12)
HALF = "half a handshake record"
FROM_SERVER = ("from the server", "with the answer", "behind a page, from the server")  # the request came first
JUNK = {"an alert": ALERT, "a fatal alert": m.alert(2, 40, m.TLS12), "one that ends in a letter": m.alert(2, 70, m.TLS12), "a ChangeCipherSpec": CCS,
        "a record of data": DATA, "records": ALERT + CCS + DATA, "long records": m.record(23, b"x" * 3000, m.TLS12) * 3,
        "some octets": b"\1\2\3\4", "what is no record": b"\x17\3\3\xff\xff", HALF: m.record(22, b"\1\0\0\x30" + b"x" * 20, m.TLS12)}


def behind_other_octets(folder):
    """What looks like a request behind octets that are none may be one, if the server ignores these, or a part of another protocol's document: what
    is served behind it is not known to be its answer. RFC 5246 has no meaning for a record before the hello, RFC 9112 2.2 none for one before a
    request. Behind a page the connection is one of HTTP all the same; and a request that came first is one."""
    page = [(CLIENT, PAGE), (SERVER, SERVED)]
    for port in (80, 443):
        for what, junk in JUNK.items():
            for how, steps in (("in segments", [(CLIENT, junk), *DOCUMENT]),
                               ("from both", [(CLIENT, junk), (SERVER, junk), *DOCUMENT]),
                               ("in one segment", [(CLIENT, junk + ASK), (SERVER, SERVED)]),
                               ("from the server", [(CLIENT, ASK), (SERVER, junk), (SERVER, SERVED)]),
                               ("with the answer", [(CLIENT, ASK), (SERVER, junk + SERVED)]),
                               ("behind a page", [*page, (CLIENT, junk), *DOCUMENT]),
                               ("behind a page, from the server", [*page, (CLIENT, ASK), (SERVER, junk), (SERVER, SERVED)]),
                               ("refused, behind a page", [*page, (CLIENT, junk), (SERVER, BAD), *DOCUMENT])):
                said, _ = judged(folder, steps, port)
                of_http = port == 443 and "behind a page" in how  # which breaks the rule on this port
                expected = ("fail", "both") if of_http else ("fail", "ue") if how in FROM_SERVER else ("not_observable", "malformed")
                check(said == expected, "a document behind", what, how, port, said)
        # What no server answers may be part of a document of another protocol.
        for what, answer in (("nothing", []), ("words", [(SERVER, b"250 OK\r\n")])):
            said, _ = judged(folder, [(CLIENT, b"\1\2\3\4"), (SERVER, b"\4\3\2\1"), (CLIENT, ASK), *answer], port)
            check(said == ("not_observable", "malformed"), "a request that", what, "answers", port, said)
    # RFC 9110 7.8: the protocol that was agreed is none of which a server serves a document.
    for asked, granted in ((b"TLS/1.2", b"TLS/1.2"), (b"websocket", b"websocket"), (b"x", b"x"), (b"x", b"")):
        fields = b"Connection: Upgrade\r\nUpgrade: %s\r\n\r\n"
        answer = b"HTTP/1.1 101 Switching Protocols\r\n" + (fields % granted if granted else b"\r\n")
        switch = [(CLIENT, PAGE[:-2] + fields % asked), (SERVER, answer)]
        for before in ([], [(CLIENT, b"\1\2\3\4")]):
            said, _ = judged(folder, switch + before + DOCUMENT, 80)
            check(said == ("not_observable", "malformed"), "a document behind an Upgrade to", asked, granted, len(before), said)
    # A hello that no CONNECT and no Upgrade has led to begins no TLS; what is said behind it is not known.
    said, _ = judged(folder, [*page, (CLIENT, m.client_hello([0x18], m.TLS12)), (SERVER, m.server_hello(0x18, m.TLS12))], 80)
    check(said == ("not_observable", "malformed"), "a hello behind a page", said)


def body(fields, content, method=b"POST"):
    return PAGE.replace(b"GET", method)[:-2] + fields + b"\r\n" + content


LENGTH, CHUNKS = b"%d" % len(ASK), b"%x\r\n" % len(ASK) + ASK + b"\r\n0\r\n\r\n"
ONE_READING = [(b"Content-Length: %s\r\n", ASK), (b"content-length:\t00%s \r\n", ASK), (b"Content-Length:\r\n %s\r\n", ASK),
               (b"Content-Length: %s\n", ASK), (b"Transfer-Encoding: chunked\r\n", CHUNKS), (b"Transfer-Encoding: gzip, CHUNKED\r\n", CHUNKS)]
SEVERAL = [(b"Content-Length: 0\r\nContent-Length: %s\r\n", ASK), (b"Content-Length: %s\r\nContent-Length: 0\r\n", ASK),
           (b"Content-Length: +%s\r\n", ASK), (b"Content-Length:\x0b%s\r\n", ASK), (b"Content-Length : %s\r\n", ASK),
           (b"Transfer-Encoding: identity\r\n", ASK), (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKS),
           (b"Transfer-Encoding: chunked, cow\r\n", CHUNKS), (b'Transfer-Encoding: "chunked"\r\n', CHUNKS),
           (b"Transfer-Encoding: chunked;q=1\r\n", CHUNKS), (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", CHUNKS),
           (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", CHUNKS)]


def in_a_body(folder):
    """RFC 9112 6.3 says where a body ends. If it does not, or the server answers more than was asked by that reading, a request may be in what was
    taken for a body: nobody knows. RFC 9110 9.3.1: some servers take the content of a GET for requests; 10.1.1: behind 417 both may come."""
    def said(steps):
        return judged(folder, steps, 80)[0]
    refusal = BAD.replace(b"400 Bad Request", b"405 Method Not Allowed")
    expects = (CLIENT, body(b"Expect: 100-continue\r\nContent-Length: %s\r\n" % LENGTH, b""))
    failed = (SERVER, BAD.replace(b"400 Bad Request", b"417 Expectation Failed"))
    for fields, content in ONE_READING:
        message = body(fields.replace(b"%s", LENGTH), content)
        told = said([(CLIENT, message + PAGE), (SERVER, refusal + SERVED)])
        check(told == ("nothing", ""), "a body by", fields, told)
        for method in (b"GET", b"POST"):
            message = body(fields.replace(b"%s", LENGTH), content, method)
            for together in (True, False):
                answers = [(SERVER, refusal + SERVED)] if together else [(SERVER, refusal), (SERVER, SERVED)]
                for later in ([], [(CLIENT, PAGE), (SERVER, SERVED)]):
                    told = said([(CLIENT, message), *answers, *later])
                    check(told == ("not_observable", "malformed"), "two answers to one", method, fields, together, len(later), told)
            told = said([(CLIENT, message), (SERVER, refusal), (SERVER, BAD)])  # as a server says by itself (RFC 9110 15.5.9)
            check(told == ("nothing", ""), "a second answer that serves nothing", method, fields, told)
    for fields, content in SEVERAL:
        for steps in ([(SERVER, refusal + SERVED)], [(SERVER, refusal)], [(CLIENT, PAGE), (SERVER, refusal + SERVED)]):
            told = said([(CLIENT, body(fields.replace(b"%s", LENGTH), content)), *steps])
            check(told == ("not_observable", "malformed"), "several readings of", fields, len(steps), told)
    told = said([expects, failed, (CLIENT, ASK + PAGE), (SERVER, refusal + SERVED)])
    check(told == ("not_observable", "malformed"), "behind 417", told)


def behind_a_session(folder):
    """What both ends of a complete handshake say later in clear, another handshake or HTTP, is read, whatever they say in between."""
    def whole(suite):
        flight = FLIGHT if suite == 0x2F else m.server_hello(suite, m.TLS12) + m.server_key_exchange(m.TLS12) + m.done(m.TLS12)
        return [(CLIENT, m.client_hello([suite], m.TLS12, random=bytes([suite]) * 32)), (SERVER, flight),
                (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12)),
                (CLIENT, m.record(23, b"\7" * 48, m.TLS12)), (SERVER, m.record(23, b"\7" * 48, m.TLS12))]
    between = {"nothing": b"", **JUNK, "octets": b"\xde\xad" * 50, "a record of no known type": b"\x63\3\3\0\4abcd", "text": b"hello\r\n"}
    for port in (80, 443):
        for closed in ([], m.closing()):
            for what, junk in between.items():
                for how in ("apart", "together", "from both"):
                    if how == "together" and len(junk) > 60 and what != "long records":
                        continue
                    joined = how == "together"
                    said_between = [(CLIENT, junk)] * (not joined) + [(SERVER, junk)] * (how == "from both") if junk else []
                    before = whole(0x2F) + closed + said_between
                    second = whole(0x18)
                    steps = before + ([(CLIENT, junk + second[0][1]), *second[1:]] if joined else second)
                    capture = os.path.join(folder, "x.pcap")
                    capturelib.write_frames(capture, capturelib.build(steps, time=START, server=("192.0.2.80", port)))
                    evs, _ = events(UTWATCH, "-r", capture)
                    suites = [e["utwatch"].get("server_hello", {}).get("suite") for e in of_type(evs, "tls")]
                    check(suites == ["0x002f", "0x0018"], "a second handshake behind", what, how, len(closed), port, suites)
                    said, _ = judged(folder, before + ([(CLIENT, junk + ASK)] if joined else [(CLIENT, ASK)]) + [(SERVER, SERVED)], port)
                    check(said[0] == "fail", "a document behind a session and", what, how, len(closed), port, said)


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    """RFC 7541 5.2, 6.2.2: without indexing, the length with a prefix of 7 bits."""
    def string(s):
        if len(s) < 127:
            return bytes([len(s)]) + s
        more, rest = b"\x7f", len(s) - 127
        while rest >= 128:
            more, rest = more + bytes([rest & 127 | 128]), rest >> 7
        return more + bytes([rest]) + s
    return b"\0" + string(name) + string(value)


def too_long(folder):
    """Servers may take heads that are longer than what is kept of them (RFC 9113 10.5.1, RFC 9112 3): a path that nobody has read may be that of a
    document."""
    path = b"/xcap/resource-lists/users/sip:a@x/index"
    for size in (100, 9000, 15000):
        for name in (b":authority", b"cookie", b"x-unknown"):
            first, rest = b"\x82\x86" + literal(name, b"a" * size), literal(b":path", path)
            for cut in (False, True):
                head = frame(1, 1, 1, first) + frame(9, 4, 1, rest) if cut else frame(1, 5, 1, first + rest)
                steps = [(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + head),
                         (SERVER, frame(4, 0, 0) + frame(1, 4, 1, b"\x88") + frame(0, 1, 1, b"hello"))]
                said, _ = judged(folder, steps, 80)
                check(said == (("fail", "both") if size < 9000 else ("not_observable", "too-long")), "behind", size, "octets", name, cut, said)
    for what, target, wanted in (("a path", b"/" + b"a/../" * 2000 + path[1:], ("not_observable", "too-long")),
                                 ("a query", b"/a?" + b"x" * 9000, ("nothing", ""))):
        ask = b"GET " + target + b" HTTP/1.1\r\nHost: app.example\r\n\r\n"
        said, _ = judged(folder, [(CLIENT, ask[i:i + 1400]) for i in range(0, len(ask), 1400)] + [(SERVER, SERVED)], 80)
        check(said == wanted, "a request with", what, "of", len(target), "octets", said)


with tempfile.TemporaryDirectory() as scratch:
    behind_tls(scratch)
    behind_other_octets(scratch)
    in_a_body(scratch)
    too_long(scratch)
    behind_a_session(scratch)
finish(400)
