#!/usr/bin/env python3
"""Who is at fault, and when a rule does not apply: answers in clear, NULL encryption that the operator forbids, a UE that stops, resumption by PSK,
and documents that belong to no user. usage: blame.py UTWATCH"""
import os
import struct
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m

UTWATCH = sys.argv[1]
STRICT = "utwatch: 1\nprofile: strict\ntitle: Strict policy\nextends: [%s]\nparameters: { encryption-required: true }\n"
CLIENT, SERVER = 0, 1
NULL_SHA, DES, DES3, RC4, AES = 0x0002, 0x0009, 0x000A, 0x0005, 0x002F


def path_of(name):
    return os.path.join(PCAPS, name + ".pcap")


def alerts(profile, capture):
    evs, _ = events(UTWATCH, "--fail-on", "info", "-p", profile, "-r", capture)
    return {e["utwatch"]["rule"]: e["utwatch"] for e in of_type(evs, "alert")}


DOCUMENT = b"GET /simservs.ngn.etsi.org/users/sip:a@example.org/simservs.xml HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
IN_CLEAR = {"server": ("192.0.2.80", 80), "time": 1795471000 * 10**9}


def answer(status):
    return b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status


def in_clear(folder):
    """4 (2): the UE is at fault for the request; the server only when it served it, and RFC 9110 15.3 calls 2xx success."""
    for status, fault in ((200, "both"), (201, "both"), (204, "both"), (301, "ue"), (302, "ue"), (400, "ue"), (401, "ue"), (403, "ue"), (404, "ue"),
                          (407, "ue"), (426, "ue"), (500, "ue"), (503, "ue")):
        capture = os.path.join(folder, "%d.pcap" % status)
        capturelib.write_frames(capture, capturelib.build([(CLIENT, DOCUMENT), (SERVER, answer(status))], **IN_CLEAR))
        alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
        check(alert and alert["fault"] == fault, "an answer of", status, "in clear:", alert)
        check(alert and ("credentials were asked for in clear" in alert["observed"]) == (status in (401, 407)), status, alert)
    # RFC 4825 8.2.1, 11: a document of XCAP is XML, and the report of an error is none. Of what else comes with 200 nobody knows that it serves: a
    # form to log in, an error, a redirection, a captive portal's page.
    pages = ("text/html", "application/xhtml+xml; charset=utf-8", "application/vnd.wap.xhtml+xml", "application/json", "text/plain",
             "application/xcap-error+xml")
    for kinds, fault in (*(((page,), "ue") for page in pages), (("text/xml",), "both"), (("application/vnd.etsi.simservs+xml",), "both"),
                         (("text/html", "text/xml"), "both"), (("text/xml", "text/html"), "both"), (("text/html", "text/html"), "ue")):
        steps = [s for kind in kinds for s in ((CLIENT, DOCUMENT), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: 6\r\n\r\n<page>"
                                                                    % kind.encode()))]
        capture = os.path.join(folder, "page.pcap")
        capturelib.write_frames(capture, capturelib.build(steps, **IN_CLEAR))
        alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
        check(alert and alert["fault"] == fault, "200 with", kinds, "in clear:", alert)
        check(alert and ("no answer that serves is known" in alert["observed"]) == (fault == "ue"), kinds, alert)
    # RFC 9110 15.5.2: the usual course is a challenge, then an answer that serves; both are told.
    capture = os.path.join(folder, "challenged.pcap")
    steps = [(CLIENT, DOCUMENT), (SERVER, answer(401)), (CLIENT, DOCUMENT), (SERVER, answer(200))]
    capturelib.write_frames(capture, capturelib.build(steps, **IN_CLEAR))
    alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
    check(alert and alert["fault"] == "both" and "1 of them served; credentials were asked for in clear" in alert["observed"], "401, 200:", alert)


def requests_lost(folder):
    """Of a request that was not captured nobody knows what it was, so its answer does not count as one that serves: 2xx to a CONNECT serves
    nothing (RFC 9110 9.3.6). What is missing is named, and the answer shows that it is."""
    capture = os.path.join(folder, "lost.pcap")
    server = {**IN_CLEAR, "server": ("192.0.2.80", 443)}
    for exchanges in (1, 2):
        frames = capturelib.build([(CLIENT, DOCUMENT), (SERVER, answer(200))] * exchanges, **server)
        requests = [i for i, (_, f) in enumerate(frames) if DOCUMENT in f]
        for lost in requests:
            for end in (len(frames), -2):  # with its FINs, and cut off before them
                capturelib.write_frames(capture, [f for i, f in enumerate(frames[:end]) if i != lost])
                evs, _ = events(UTWATCH, "-r", capture)
                row = next(r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r["rule"] == "ut-4-tls-required")
                if lost == requests[0]:
                    check(row.get("not_observable") == 1 and row["reasons"].get("gap") == 1, exchanges, "request lost in frame", lost + 1, row)
                    continue
                told = [e["utwatch"]["observed"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "ut-4-tls-required"]
                # Cut off before the FINs, the request that is lost had the only acknowledgement of the answer before it.
                served = ", 1 of them served" if end > 0 else "; no answer that serves is known"
                check(told == ["HTTP without TLS: 1 request" + served], exchanges, "request lost in frame", lost + 1, told)


def served_before_tls(folder):
    """4 (2): what was asked or served in clear was so, though TLS began on the connection afterwards. A request for TLS alone (RFC 2817 3.2:
    OPTIONS with an Upgrade) says nothing of Ut; CONNECT is for the proxy."""
    capture = os.path.join(folder, "later.pcap")
    tls = capturelib.conversations(path_of("openssl-tls12-full"))[0]
    capturelib.write_frames(capture, capturelib.build([(CLIENT, DOCUMENT), (SERVER, answer(200)), *tls], **IN_CLEAR))
    alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
    check(alert and alert["fault"] == "both", "served, then TLS:", alert)
    upgrade = b"Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n"
    asks = b"OPTIONS * HTTP/1.1\r\nHost: xcap.example.org\r\n" + upgrade
    for what, steps, guilty in (
            ("a document with an Upgrade", [(CLIENT, DOCUMENT[:-2] + upgrade), (SERVER, switching)], True),
            ("a document, challenged, and an Upgrade", [(CLIENT, DOCUMENT), (SERVER, answer(401)), (CLIENT, asks), (SERVER, switching)], True),
            ("an Upgrade alone", [(CLIENT, asks), (SERVER, switching)], False),
            ("CONNECT", [(CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 X\r\n\r\n")], False)):
        for port in (80, 443):
            capturelib.write_frames(capture, capturelib.build(steps + tls, **{**IN_CLEAR, "server": ("192.0.2.80", port)}))
            alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
            check((alert or {}).get("fault") == ("ue" if guilty else None), what, "at", port, "then TLS:", alert)


def sent_before_tls(folder):
    """4 (2): what was sent in clear was sent in clear, whatever became of it. RFC 2817 3.2 has an OPTIONS ask for TLS before anything else;
    with 3.1's optional Upgrade the request itself is in clear. A CONNECT asks for a tunnel (WAP-219 7)."""
    capture = os.path.join(folder, "before.pcap")
    tls = capturelib.conversations(path_of("openssl-tls12-full"))[0]
    upgrade = b"Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n"
    switched = b"HTTP/1.1 101 Switching Protocols\r\n" + upgrade + b"\r\n"
    credentials = b'Authorization: Digest username="a", realm="x", nonce="1", uri="/", response="1"\r\n'

    def request(method, target=b"/resource-lists/users/sip:a@example.org/index", fields=b"", body=b""):
        return b"%s %s HTTP/1.1\r\nHost: xcap.example.org\r\n%sContent-Length: %d\r\n\r\n%s" % (method, target, fields, len(body), body)

    put, options = request(b"PUT", fields=credentials, body=b"<resource-lists/>"), request(b"OPTIONS", b"*", upgrade)
    for what, steps, requests in (
            ("a document that asks for TLS", [(CLIENT, request(b"PUT", fields=upgrade + credentials, body=b"<x/>")), (SERVER, switched)], 1),
            ("a document, then OPTIONS", [(CLIENT, put), (SERVER, answer(401)), (CLIENT, options), (SERVER, switched)], 1),
            ("a document that is refused", [(CLIENT, put), (SERVER, answer(426))], 1),
            ("a document, then CONNECT", [(CLIENT, put), (SERVER, answer(404)), (CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n"),
                                          (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")], 1),
            ("a document without an answer", [(CLIENT, put)], 1),
            ("OPTIONS with credentials", [(CLIENT, request(b"OPTIONS", b"*", upgrade + credentials)), (SERVER, switched)], 1),
            ("OPTIONS", [(CLIENT, options), (SERVER, switched)], 0),
            ("CONNECT", [(CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")], 0)):
        for port in (80, 443):
            if port == 80 and b"OPTIONS *" in steps[0][1]:
                continue  # nothing but the port says that this is of Ut
            capturelib.write_frames(capture, capturelib.build([*steps, *tls], **{**IN_CLEAR, "server": ("192.0.2.80", port)}))
            alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
            check((alert and alert["fault"]) == ("ue" if requests else None), what, "before TLS on port", port, alert)
            if requests and port == 443:
                check(alert and alert["observed"].startswith("HTTP without TLS: %d request" % requests), what, alert)


def sent_after_tls(folder):
    """RFC 5246 7.2.1: after close_notify the connection may be used for something else. What comes in clear then is read as it would be without
    TLS before it, wherever the segments end, and so is another handshake."""
    capture = os.path.join(folder, "after.pcap")
    tls = capturelib.conversations(path_of("openssl-tls12-full"))[0]
    notify, where = m.record(21, b"A" * 22, m.TLS12), {**IN_CLEAR, "server": ("192.0.2.80", 443)}
    put = b"PUT /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\nContent-Length: 4\r\n\r\n<x/>"
    ended = [*tls, (CLIENT, notify), (SERVER, notify)]
    for what, steps, fault in (
            ("served", [*ended, (CLIENT, put), (SERVER, answer(200))], "both"),
            ("refused", [*ended, (CLIENT, put), (SERVER, answer(403))], "ue"),
            ("with the close_notify", [*tls, (SERVER, notify), (CLIENT, notify + put), (SERVER, answer(200))], "both"),
            ("byte by byte", [*ended, *((CLIENT, put[i:i + 1]) for i in range(len(put))), (SERVER, answer(200))], "both"),
            ("after more data", [*tls, (CLIENT, m.record(23, b"d" * 90, m.TLS12)), (CLIENT, notify), (SERVER, notify), (CLIENT, put),
                                 (SERVER, answer(200))], "both"),
            ("that is none", [*ended], None),
            ("under protection", [*tls, (CLIENT, m.record(23, put, m.TLS12)), (SERVER, m.record(23, answer(200), m.TLS12))], None)):
        capturelib.write_frames(capture, capturelib.build(steps, **where))
        alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
        check((alert and alert["fault"]) == fault, "after TLS, a document", what, alert)
    for hello, clear in ((m.client_hello([0x0018], m.TLS12), True), (m.record(22, b"h" * 90, m.TLS12), False)):
        capturelib.write_frames(capture, capturelib.build([*ended, (CLIENT, hello), (SERVER, m.alert(2, 40, m.TLS12))], **where))
        evs, _ = events(UTWATCH, "-r", capture)
        outcomes = [e["utwatch"]["outcome"] for e in of_type(evs, "tls")]
        check(outcomes == ["complete"] + ["refused"] * clear, "after TLS, another hello:", outcomes)
        told = of_type(evs, "stats")[-1]["utwatch"]["tls"]["renegotiations"]
        check(told == 0, "no later handshake came to its ChangeCipherSpec:", told)


def verdicts_of(capture, rules):
    counts = rule_counts(events(UTWATCH, "-p", "ts33141-pcr2", "-r", capture)[0])
    return [v for r in rules for v in ("pass", "fail", "not_observable") if counts[r].get(v)]


def not_an_answer(folder):
    """7.2: the server's end is its answer to the hello only where it had the hello, and the client had not given up before (RFC 5246 7.2.1 and
    7.2.2, RFC 9293 3.4). Alerts in clear may share a record or be cut into several (RFC 5246 6.2.1)."""
    capture = os.path.join(folder, "answer.pcap")
    hello, rules = m.client_hello([0x0018], m.TLS12), ("ut-7.2-no-alert", "ut-7.2-only-anonymous")
    gave_up = {"fatal alert": m.alert(2, 80, m.TLS12), "close_notify": m.alert(1, 0, m.TLS12)}
    for flags in (0x11, 0x14):  # FIN, or RST, with an acknowledgement
        for what, alert in {"nothing": b"", **gave_up}.items():
            for unaware in (False, True):
                c = capturelib.Connection(time=1795471000 * 10**9)
                c.open()
                before = c.seq[CLIENT]
                c.send(CLIENT, hello)
                if alert:
                    c.send(CLIENT, alert)
                now, c.seq[CLIENT] = c.seq[CLIENT], before if unaware else c.seq[CLIENT]
                c.frames.append(c.frame(SERVER, flags))
                c.seq[CLIENT] = now
                capturelib.write_frames(capture, c.frames)
                wanted = ["not_observable"] * 2 if alert or unaware else ["fail", "pass"]
                check(verdicts_of(capture, rules) == wanted, "flags", flags, "after", what, "unaware:", unaware, verdicts_of(capture, rules))
    refusal = m.alert(2, 40, m.TLS12)
    for what, alert in gave_up.items():
        capturelib.write_frames(capture, capturelib.build([(CLIENT, hello), (CLIENT, alert), (SERVER, refusal)], time=1795471000 * 10**9))
        check(verdicts_of(capture, rules) == ["not_observable"] * 2, "an alert after the client's", what, verdicts_of(capture, rules))
    capturelib.write_frames(capture, capturelib.build([(SERVER, refusal), (CLIENT, hello)], time=1795471000 * 10**9))
    check("pass" not in verdicts_of(capture, rules), "an alert before the hello:", verdicts_of(capture, rules))
    for what, alert in (("one record", m.record(21, b"\1\x70\2\x28", m.TLS12)),
                        ("two records", m.record(21, b"\2", m.TLS12) + m.record(21, b"\x28", m.TLS12))):
        for before in (b"", m.server_hello(0x0018, m.TLS12)):
            capturelib.write_frames(capture, capturelib.build([(CLIENT, hello), (SERVER, before + alert)], time=1795471000 * 10**9))
            found = verdicts_of(capture, rules)
            check(found == ["pass"] * 2, "alerts in", what, "after", len(before), "bytes:", found)


def did_not_have_the_hello(folder):
    """Whatever ends a connection, it answers the hello only if the server had all of it: RFC 9293 3.4, an acknowledgement tells."""
    capture = os.path.join(folder, "unaware.pcap")
    hello, rules = m.client_hello([0x0018], m.TLS12, more=[(21, b"\0" * 300)]), ("ut-7.2-no-alert", "ut-7.2-only-anonymous")
    refusal, fin, rst = m.alert(2, 40, m.TLS12), 0x11, 0x04

    def opened():
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        return c

    def put(c, flags, payload=b""):
        c.frames.append(c.frame(SERVER, flags, payload))
        c.seq[SERVER] += len(payload) + (flags & 1)

    def fin_then_reset(c):
        put(c, fin)
        c.send(CLIENT, hello)
        put(c, rst)

    def with_a_part(flags, payload):
        def steps(c):
            c.send(CLIENT, hello[:200])
            put(c, flags, payload)
            c.send(CLIENT, hello[200:])
        return steps

    def alert_that_lacks_it(c):
        before = c.seq[CLIENT]
        c.send(CLIENT, hello)
        now, c.seq[CLIENT] = c.seq[CLIENT], before
        put(c, 0x18, refusal)
        c.seq[CLIENT] = now
        put(c, fin)

    def alert_before(c):
        c.send(SERVER, refusal)
        c.send(CLIENT, hello)
        c.close(SERVER)

    def answered(c):
        c.send(CLIENT, hello)
        put(c, 0x18, refusal)
        put(c, fin)
        c.frames.append(c.frame(CLIENT, 0x10))
    cases = {"FIN before the hello, RST after it": fin_then_reset, "FIN that has a part of it": with_a_part(fin, b""),
             "alert that has a part": with_a_part(0x18, refusal),
             "alert that has nothing": alert_that_lacks_it, "alert before it, FIN after it": alert_before}
    for what, steps in {**cases, "an answer": answered}.items():
        c = opened()
        steps(c)
        capturelib.write_frames(capture, c.frames)
        found = verdicts_of(capture, rules)
        check(found == (["pass"] * 2 if what == "an answer" else ["not_observable"] * 2), what, found)


def reasons(capture, rule):
    stats = of_type(events(UTWATCH, "-r", capture)[0], "stats")[-1]["utwatch"]
    return {k for r in stats["rules"] if r["rule"] == rule for k, n in r.get("reasons", {}).items() if n}


def both_ends_reset(folder):
    """RFC 9293 3.10.7.4, 3.10.7.1: who has received a reset says nothing more, and no reset answers another. What the server's side sends after
    a reset of the client, or both resets, a middlebox may have sent; an alert was under way. An endpoint ignores a reset with a wrong number."""
    capture, rules = os.path.join(folder, "resets.pcap"), ("ut-7.2-no-alert", "ut-7.2-only-anonymous")
    hello, refusal, unseen = m.client_hello([0x0018]), m.alert(2, 40, m.TLS12), ["not_observable"] * 2
    fin, rst, minute = 0x11, 0x14, 60 * 10**9
    for what, steps, wanted in (
            ("the server's reset alone", [(SERVER, rst)], ["fail", "pass"]), ("the client's alone", [(CLIENT, rst)], unseen),
            ("the client's first", [(CLIENT, rst), (SERVER, rst)], unseen), ("several", [(CLIENT, rst)] * 2 + [(SERVER, rst)] * 2, unseen),
            ("the server's late", [(CLIENT, rst), 50 * 10**9, (SERVER, rst)], unseen),
            ("the server's after all waits", [(CLIENT, rst), 3 * minute, (SERVER, rst)], unseen),
            ("the server's first", [(SERVER, rst), (CLIENT, rst)], unseen),
            ("a FIN after it", [(CLIENT, rst), (SERVER, fin)], unseen),
            ("a FIN and a reset after it", [(CLIENT, rst), (SERVER, fin), (SERVER, rst)], unseen),
            ("after the client's FIN and reset", [(CLIENT, fin), (CLIENT, rst), (SERVER, rst)], unseen),
            ("a FIN before it", [(SERVER, fin), (CLIENT, rst)], ["fail", "pass"]),
            ("an alert under way", [(CLIENT, rst), (SERVER, refusal), (SERVER, fin)], ["pass"] * 2),
            ("the client's alert and the server's reset", [(CLIENT, m.alert(2, 80)), (SERVER, rst)], unseen),
            ("the client's alert and that of the server", [(CLIENT, m.alert(2, 80)), (SERVER, refusal)], unseen),
            ("one in the client's name that nobody believes", [(CLIENT, "wrong"), (SERVER, rst)], ["fail", "pass"])):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        c.send(CLIENT, hello)
        for step in steps:
            side, words = step if isinstance(step, tuple) else (CLIENT, None)
            if words is None:
                c.time += step
            elif isinstance(words, bytes):
                c.send(side, words)
            elif words == "wrong":
                c.frames.append(c.frame(side, rst, seq=c.seq[side] + 9000))
            else:
                c.frames.append(c.frame(side, words))
                c.seq[side] += words & 1
        capturelib.write_frames(capture, c.frames)
        found = verdicts_of(capture, rules)
        check(found == wanted, "resets:", what, found)


def alert_before_a_reset(folder):
    """RFC 2246 7.2.2: a fatal alert ends its session, if it arrives. A server that refuses with a RST right behind it (Linux, where octets of the UE
    lie unread) leaves open whether it did, though nothing is missing; whether the RST ended anything is known a minute later."""
    capture = os.path.join(folder, "reset.pcap")
    hello, flight = (CLIENT, m.client_hello([DES3], session=b"i" * 32)), (SERVER, m.server_hello(DES3) + m.done())
    begins = (CLIENT, m.client_hello([DES3])), (SERVER, m.server_hello(DES3, session=b"i" * 32) + m.done())
    for apart, wanted in ((20, {"origin-in-progress"}), (90, {"unacknowledged"})):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for step in (*begins, (CLIENT, m.client_key_exchange() + m.finished())):
            c.send(*step)
        put = c.frame(SERVER, 0x18, m.alert(2, 40))
        c.seq[SERVER] += 7
        frames = c.frames + [put, c.frame(SERVER, 0x14)]
        later = capturelib.build([hello, flight, (CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished())],
                                 time=(1795471000 + apart) * 10**9, client=("192.0.2.10", 40001), seq=(70000, 90000))
        capturelib.write_frames(capture, frames + later)
        found = reasons(capture, "ut-7.1-session-lifetime")
        check(found == wanted, "an alert and a RST", apart, "s before:", found)


def null_encryption(folder):
    """6.2 permits the UE to offer NULL encryption: what the operator forbids is the server's choice of it."""
    strict = os.path.join(folder, "strict.yaml")
    with open(strict, "w") as f:
        f.write(STRICT % "ts33141-pcr2")
    for capture, words in (("openssl-tls12-null", "operator's policy"), ("openssl-tls12-only-null-accepted", "7.2 (4)")):
        alert = events(UTWATCH, "-p", strict, "-r", path_of(capture))
        found = [e for e in of_type(alert[0], "alert") if e["utwatch"]["rule"] == "ut-6.2-null-encryption-used"]
        check(len(found) == 1 and found[0]["alert"]["severity"] == 1 and found[0]["utwatch"]["fault"] == "server", capture, found)
        check(found and words in found[0]["utwatch"]["note"], capture, found)
        check(alert[1].returncode == 1, capture, "exit status", alert[1].returncode)
        check("ut-op-weaker-selected" not in {e["utwatch"]["rule"] for e in of_type(alert[0], "alert")}, capture, "told twice")
    check("ut-6.2-null-encryption-used" not in alerts("ts33141-pcr2", path_of("openssl-tls12-null")), "NULL encryption is permitted without a policy")
    # A weaker suite is the operator's business only when the operator requires encryption.
    check("ut-op-weaker-selected" not in alerts("ts33141-pcr2", path_of("jsse-tls10-weaker-selected")), "no policy, yet a weaker suite is reported")
    check("ut-op-weaker-selected" in alerts(strict, path_of("jsse-tls10-weaker-selected")), "a weaker suite under the operator's policy")


def protected_link():
    """4 (2), second sentence, apart from the first: TLS is there, protection is not."""
    for capture, broken in (("openssl-tls12-null", True), ("jsse-tls10-anon-only-accepted", True), ("openssl-tls12-full", False)):
        evs, _ = events(UTWATCH, "-p", "ts33141-v1.0.0", "-r", path_of(capture))
        counts = rule_counts(evs)
        check((counts["ut-4-protected-link"]["fail"] > 0) == broken and (counts["ut-4-protected-link"]["pass"] > 0) != broken, capture,
              counts["ut-4-protected-link"])
        check(counts["ut-4-tls-required"]["fail"] == 0 and counts["ut-4-tls-required"]["pass"] == 1, capture, counts["ut-4-tls-required"])


def aborted(folder):
    """A server that selects what modern texts forbid; a UE that refuses it has broken nothing."""
    for suite, rules in ((NULL_SHA, ("m-null-rc4-export", "ut-6.2-null-encryption-used", "m-static-rsa")), (RC4, ("m-null-rc4-export",)),
                         (DES, ("m-null-rc4-export", "m-below-128")), (AES, ("m-static-rsa",))):
        for went_on in (False, True):
            ends = [(CLIENT, m.client_key_exchange()), (CLIENT, m.finished()), (SERVER, m.finished())] if went_on else [(CLIENT, m.alert(2, 40))]
            capture = os.path.join(folder, "%d-%d.pcap" % (suite, went_on))
            said = [(CLIENT, m.client_hello([suite, DES3])), (SERVER, m.server_hello(suite) + m.done()), *ends]
            capturelib.write_frames(capture, capturelib.build(said, time=1795471000 * 10**9))
            found = alerts("modern", capture)
            for rule in rules:
                check(rule in found and found[rule]["fault"] == ("both" if went_on else "server"), "%#06x" % suite, rule, "went on:", went_on,
                      found.get(rule))


def server_aborted(folder):
    """RFC 5246 7.2.2: a fatal alert of the server's own before the end of its flight refuses the handshake, and what it had selected with it. Such a
    server is not blamed for its selection. Once its flight is over, it has accepted the hello."""
    strict, path = os.path.join(folder, "strict.yaml"), os.path.join(folder, "aborted.pcap")
    with open(strict, "w") as f:
        f.write(STRICT % "ts33141-pcr2")
    anonymous = ("ut-6.4-anonymous-key-exchange", "ut-6.4-listed-anonymous")
    for profile, suite, rules in (
            (strict, NULL_SHA, ("ut-6.2-null-encryption-used",)), (strict, 0x0018, anonymous), (strict, 0x0000, ("ut-6.2-null-integrity",)),
            ("ts33141-pcr1", NULL_SHA, ("ut-5.1.2-effective-key-128",)), ("ts33141-v1.0.0", NULL_SHA, ("ut-4-protected-link",)),
            ("modern", NULL_SHA, ("m-null-rc4-export", "ut-6.2-null-encryption-used", "m-static-rsa", "m-below-128", "m-version-tls12")),
            ("modern", RC4, ("m-null-rc4-export", "m-static-rsa")), ("modern", DES, ("m-null-rc4-export", "m-below-128"))):
        for flight, number, verdict in ((b"", 71, "not_applicable"), (b"", 40, "not_applicable"), (m.done(), 40, "fail")):
            said = [(CLIENT, m.client_hello([suite])), (SERVER, m.server_hello(suite) + flight + m.alert(2, number))]
            capturelib.write_frames(path, capturelib.build(said, time=1795471000 * 10**9))
            counts = rule_counts(events(UTWATCH, "-p", profile, "-r", path)[0])
            for rule in rules:
                check(counts[rule].get(verdict) == 1, "%#06x" % suite, "refused late with", number, flight, rule, counts[rule])
    # The UE that offers nothing but SSLv3 is at fault, the server that aborts is not.
    for version, hello, fault in ((m.SSL3, m.client_hello([AES], m.SSL3), "ue"), (m.SSL3, m.client_hello([AES], m.TLS10), None)):
        said = [(CLIENT, hello), (SERVER, m.server_hello(AES, version) + m.alert(2, 70))]
        capturelib.write_frames(path, capturelib.build(said, time=1795471000 * 10**9))
        found = alerts("ts33141-pcr2", path).get("ut-6-version-forbidden", {})
        check(found.get("fault") == fault, "a version that the server refused late:", fault, found)


def old_when_resumed(folder):
    """7.1: a session that is younger than a day when it is offered, for all that is known, and older when it is resumed. The UE may have kept to
    the limit, the server has not, even where only a lower bound of the age is known."""
    path, day, second = os.path.join(folder, "old.pcap"), 86400, 10**9
    for ticket, rule in ((b"", "ut-7.1-session-lifetime"), (b"t" * 40, "ut-7.1-ticket-lifetime")):
        known = {"session": b"i" * 32, "more": [(35, ticket)] if ticket else []}
        for delay, verdict in ((0, "not_observable"), (5, "fail")):
            frames = []
            for i, (at, wait) in enumerate(((0, 0), (day * second + second // 2, delay * second))):
                c = capturelib.Connection(client=("192.0.2.10", 40000 + i), time=1795471000 * second + at)
                c.open()
                c.send(CLIENT, m.client_hello([AES], m.TLS12, **known))
                c.time += wait
                c.send(SERVER, m.server_hello(AES, m.TLS12, b"i" * 32) + m.finished(m.TLS12))
                c.send(CLIENT, m.finished(m.TLS12))
                c.close()
                frames += c.frames
            capturelib.write_frames(path, frames)
            evs, _ = events(UTWATCH, "-r", path)
            check(rule_counts(evs)[rule].get(verdict, 0) >= 1, rule, "resumed after", delay, "s:", rule_counts(evs)[rule])
            found = [(e["utwatch"]["fault"], e["utwatch"]["basis"]) for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
            check(found == ([("server", "partial")] if verdict == "fail" else []), rule, "resumed after", delay, "s:", found)


def by_psk():
    """RFC 8446 4.3.2, 4.4.2: a handshake by PSK has neither Certificate nor CertificateRequest. Nothing about them is hidden by encryption."""
    for capture in ("gnutls-tls13-resumed-hello-retry", "gnutls-tls13-resumed", "jsse-tls13-resumed"):
        evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path_of(capture))
        counts = rule_counts(evs)
        resumed = sum(1 for e in of_type(evs, "tls") if e["utwatch"].get("session", {}).get("resumed"))
        check(resumed, capture, "resumes nothing")
        for rule in ("wapcert-6.4.2-serial-length", "wapcert-6.4.6-key", "wapcert-6.4.7-eku", "ut-6.1.2-server-certificate",
                     "ut-6.1.2-ue-accepted-bad-cert", "ut-6.1.1-no-required-ue-cert", "ut-6.1.3-empty-certificate", "ut-5.1.1-auth-http-based"):
            check(counts[rule]["not_applicable"] >= resumed, capture, rule, counts[rule], "of", resumed, "resumed")


def external_psk(folder):
    """RFC 8446 4.2.11: a key established externally is offered with an obfuscated age of 0, always; once proves nothing. Nothing is resumed then, and
    the server has no certificate (4.4.2). tshark reads the ages."""
    name = "openssl-tls13-external-psk"
    ages = subprocess.run(["tshark", "-r", path_of(name), "-Y", "tls.handshake.type == 1", "-T", "fields", "-e",
                           "tls.handshake.extensions.psk.identity.obfuscated_ticket_age"], capture_output=True, text=True).stdout.split()
    check(ages in (["0", "0"], []), "ages", ages)
    for capture, count, verdict in ((name, 2, "fail"), (name + "-once", 1, None)):
        evs, _ = events(UTWATCH, "-r", path_of(capture))
        said = [e["utwatch"].get("session") for e in of_type(evs, "tls")]
        check(said == [None, {"resumed": False, "external_psk": True}][:count], capture, said)
        check(not any(e["tls"].get("session_resumed") for e in of_type(evs, "tls")), capture, "is resumed")
        counts = rule_counts(evs)
        check(counts["ut-6.1.2-server-certificate"]["not_observable"] == 1, capture, counts["ut-6.1.2-server-certificate"])
        check(counts["ut-7.1-ticket-lifetime"]["fail"] == 0 and counts["ut-7.1-resume-server"]["pass"] == 0, capture, "counts as resumed")
        found = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "ut-6.1.2-server-certificate"]
        check(len(found) == (verdict == "fail"), capture, found)
        check(all(e["alert"]["severity"] == 2 and e["utwatch"]["basis"] == "inferred" for e in found), capture, found)
    # One hello, by another clock or on both sides of a translator, is one (RFC 8446 4.1.2: each has its own random).
    said = capturelib.conversations(path_of(name + "-once"))[0]
    for client, later in (("192.0.2.10", 3), ("192.0.2.10", 90), ("192.0.2.200", 0.0002), ("192.0.2.200", 90)):
        frames = capturelib.build(said, client=("192.0.2.10", 40000), time=1795471000 * 10**9)
        frames += capturelib.build(said, client=(client, 50000), time=1795471000 * 10**9 + int(later * 10**9))
        capture = os.path.join(folder, "twice.pcap")
        capturelib.write_frames(capture, sorted(frames, key=lambda f: f[0]))
        for profile, rule in (("ts33141-pcr2", "ut-6.1.2-server-certificate"), ("ls-advice", "dp-3.2-resume-used")):
            counts = rule_counts(events(UTWATCH, "-p", profile, "-r", capture)[0])[rule]
            check(not counts["fail"] + counts["pass"], "one hello", client, later, rule, counts)
    # The same identity with an age as well: a server ignores it (4.2.11: "SHOULD" be 0), so that it may be either. So may one that no person wrote:
    # servers look at the age of early data only (4.2.10), so that a client may write 0 for a ticket of any age. A name of GBA (TS 33.222
    # 5.4) is that of no ticket, with any age. Nor is an imported one (RFC 9258 3), unless it comes with an age.
    imported = b"\0\3\x80\x81\x82" + b"\0\0" + b"\3\4" + b"\0\1"
    hour = 3600
    for name, ages, step, wanted in ((b"\x2a" * 32, (0, 12345, 0), 60, [None, None, None]), (b"\x2a" * 32, (0, 0), 60, [None, False]),
                                     (b"\x2a\x80" * 16, (0, 0, 0), 25 * hour, [None, None, None]),
                                     (b"Client_identity", (12345, 12345 + 25 * hour, 0, 0), 25 * hour, [None, None, None, None]),
                                     (b"Client_identity", (12345, 12345), 25 * hour, [None, None]),
                                     (imported, (0, 0), 25 * hour, [None, False]), (imported, (7, 8, 9), 25 * hour, [None, None, None]),
                                     (imported[:-1] + b"\3", (0, 0), 25 * hour, [None, None]), (imported + b"\0", (0, 0), 25 * hour, [None, None]),
                                     (b"3GPP-bootstrapping;b2s=@bsf.example", (7, 1234), 25 * hour, [None, False])):
        evs, _ = events(UTWATCH, "-r", by_identity(folder, name, ages, step))
        if name == imported and ages == (0, 0):  # a random of one octet does not show that two hellos are one
            alike = rule_counts(events(UTWATCH, "-r", by_identity(folder, name, ages, step, lambda n: b"\x11" * n))[0])
            check(alike["ut-6.1.2-server-certificate"]["fail"] == 1, "with randoms of one octet", alike["ut-6.1.2-server-certificate"])
        said = [e["utwatch"].get("session", {}).get("resumed") for e in of_type(evs, "tls")]
        check(said == wanted, "offered with the ages", ages, said)
        counts = rule_counts(evs)
        check(counts["ut-6.1.2-server-certificate"]["fail"] == wanted.count(False), name, ages, counts["ut-6.1.2-server-certificate"])
        check(not counts["ut-7.1-ticket-lifetime"]["fail"] and not counts["ut-7.1-resume-server"]["pass"], name, ages, "is a ticket")
        hidden = counts["ut-7.1-ticket-lifetime"]["not_observable"]
        check(hidden >= wanted.count(None) and not counts["ut-7.1-ticket-lifetime"]["pass"], name, ages, counts["ut-7.1-ticket-lifetime"])


def by_identity(folder, name, ages, step, random=os.urandom):
    """A handshake of TLS 1.3 by this identity for each age, so many seconds apart."""
    frames = []
    for i, age in enumerate(ages):
        identities = len(name).to_bytes(2, "big") + name + age.to_bytes(4, "big")
        body = (len(identities)).to_bytes(2, "big") + identities + b"\0\x21\x20" + b"\5" * 32
        more = [(43, b"\2\3\4"), (45, b"\1\1"), (41, body)]
        hello = m.client_hello([0x1301], m.TLS12, session=b"\1" * 32, more=more, random=random(32))
        answer = m.server_hello(0x1301, m.TLS12, session=b"\1" * 32, more=[(43, b"\3\4"), (41, b"\0\0")], random=os.urandom(32))
        data = b"\x17\3\3\0\x20" + b"\7" * 32
        said = [(CLIENT, hello), (SERVER, answer + data), (CLIENT, data), (SERVER, data)]
        frames += capturelib.build(said, client=("192.0.2.10", 40000 + i), time=(1795471000 + step * i) * 10**9)
    capture = os.path.join(folder, "identity.pcap")
    capturelib.write_frames(capture, frames)
    return capture


def why_no_origin(folder):
    """Why an age is not known: TLS 1.3 encrypts tickets (RFC 8446 4.6.1); else the session began before the capture, if nothing was missed since."""
    check(reasons(path_of("openssl-tls13-psk"), "ut-7.1-ticket-lifetime") == {"ticket-encrypted"}, "by PSK",
          reasons(path_of("openssl-tls13-psk"), "ut-7.1-ticket-lifetime"))
    frames = capturelib.read_frames(path_of("openssl-tls12-resumed-id"))
    ends = [frozenset(capturelib.segment_of(f)[:2]) for _, f in frames]
    first = [i for i, e in enumerate(ends) if e == ends[0]]
    hello = next(i for i in first if (p := capturelib.segment_of(frames[i][1])[4]) and p[0] == 22 and p[5] == 2)
    capture = os.path.join(folder, "part.pcap")
    for left_out, reason in ((set(first), "began-before-capture"), ({hello}, "origin-not-seen")):
        # An hour later, when the first handshake has been judged.
        capturelib.write_frames(capture, [(t + 3600 * 10**9 * (i not in first), f) for i, (t, f) in enumerate(frames) if i not in left_out])
        check(reasons(capture, "ut-7.1-session-lifetime") - {"gap"} == {reason}, reason, reasons(capture, "ut-7.1-session-lifetime"))
    # A handshake that has not ended has not begun a session, but may: its last frames come late, or its ServerHello was lost.
    end = [i for i in first if i > hello and frames[i][1][-6:] and (p := capturelib.segment_of(frames[i][1])[4]) and p[0] in (20, 22)]
    late = {i for i in end if capturelib.segment_of(frames[i][1])[:2] == capturelib.segment_of(frames[hello][1])[:2]}
    again = [f for i, f in enumerate(frames) if i not in first]
    in_time = [f for i, f in enumerate(frames) if i in first and i not in late]
    for what, order in (("its end is late", in_time + again + [frames[i] for i in sorted(late)]),
                        ("its ServerHello was lost", [f for i, f in enumerate(frames) if i in first and i != hello] + again)):
        capturelib.write_frames(capture, [(frames[0][0] + n * 10**6, f) for n, (_, f) in enumerate(order)])
        found = reasons(capture, "ut-7.1-session-lifetime")
        check(late and found - {"gap", "reordered"} == {"origin-in-progress"}, what, found)


def only_what_was_issued(folder):
    """RFC 5246 7.4.1.3: an empty id in the ServerHello says that the session will not be cached, and a ticket comes only where its extension is
    (RFC 5077 3.2); TLS 1.3 issues neither. So another handshake that has not ended begins no session that a hello could offer by them."""
    path, rule = os.path.join(folder, "issued.pcap"), "ut-7.1-%s-lifetime"
    versions, share, empty = (43, b"\2\3\4"), (51, b"\0\6\0\x1d\0\2\0\1"), (35, b"")
    others = {"": (m.client_hello([DES3], m.TLS12), m.server_hello(DES3, m.TLS12) + m.done(m.TLS12)),
              "session": (m.client_hello([DES3], m.TLS12), m.server_hello(DES3, m.TLS12, b"\7" * 32) + m.done(m.TLS12)),
              "ticket": (m.client_hello([DES3], m.TLS12, more=[empty]), m.server_hello(DES3, m.TLS12, more=[empty]) + m.done(m.TLS12)),
              "TLS 1.3": (m.client_hello([0x1301], m.TLS12, b"\1" * 32, more=[versions, share]),
                          m.server_hello(0x1301, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x1d\0\1\1")]) + m.record(23, b"f" * 900))}
    for issued, (hello, answer) in others.items():
        for offered, name in (("session", b"\7" * 32), ("ticket", b""), ("another session", b"\5" * 32)):
            ticket = offered == "ticket"
            ours = m.client_hello([DES3], m.TLS12, b"" if ticket else name, more=[(35, b"\6" * 96)] if ticket else [])
            a, b = (capturelib.Connection(client=("192.0.2.10", port), time=1795471000 * 10**9 + port) for port in (40000, 40001))
            for c in (a, b):
                c.open()
            a.send(CLIENT, hello)
            a.send(SERVER, answer)
            b.send(CLIENT, ours)
            b.send(SERVER, m.server_hello(DES3, m.TLS12, random=b"\x23" * 32) + m.done(m.TLS12))
            b.send(CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12))
            b.send(SERVER, m.finished(m.TLS12))
            capturelib.write_frames(path, sorted(a.frames + b.frames))
            found = reasons(path, rule % ("ticket" if ticket else "session"))
            check(("origin-in-progress" in found) == (issued == offered), "issued:", issued, "offered:", offered, found)


def documents(folder):
    """5.1.1 is about users' data: RFC 4825 6 has global documents, and 12.1 xcap-caps, which has no others. An identity is not its parameters."""
    def judged(target, identity="", method="GET", more=""):
        capture = os.path.join(folder, "document.pcap")
        asks = "X-3GPP-Intended-Identity: \"%s\"\r\n" % identity if identity else ""
        capturelib.write_frames(capture, capturelib.build([
            (CLIENT, ("%s %s HTTP/1.1\r\nHost: xcap.example.org\r\n%s\r\n" % (method, target, asks)).encode()),
            (SERVER, b"HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n" % more.encode())], server=("192.0.2.80", 80), time=1795471000 * 10**9))
        return sorted(r for r in alerts("ts33141-pcr2", capture) if r.startswith("ut-5.1.1"))
    for target, rules in (("/simservs.ngn.etsi.org/users/sip:a@example.org/simservs.xml", ["ut-5.1.1-http-authentication"]),
                          ("/resource-lists/global/index", []), ("/xcap-caps/global/index", []), ("/xcap-caps/users/sip:a@example.org/index", [])):
        check(judged(target) == rules, target, "without identity:", judged(target))
    for owner, identity, rules in (("sip:a@example.org", "sip:b@example.org", ["ut-5.1.1-own-data-only"]),
                                   ("sip:a@example.org%3Buser=phone", "sip:a@example.org", []),
                                   ("sip:a@example.org", "tel:+3589123", []), ("tel:+358-9-123", "tel:+3589123", [])):
        found = judged("/resource-lists/users/%s/index" % owner, identity)
        check(found == rules, owner, "asked for by", identity, found)
    # RFC 4825 8.2.1: a document of XCAP is XML. A page that is answered in its place is a form to log in, or a captive portal's.
    for more, served in (("", True), ("Content-Type: application/vnd.etsi.simservs+xml\r\n", True),
                         ("Content-Type: text/xml; charset=utf-8\r\n", True),
                         ("content-type: application/XCAP-EL+XML\r\n", True), ("Content-Type: text/html\r\n", False),
                         ("Content-Type: text/html; profile=xml\r\n", False), ("Content-Type: application/xhtml+xml\r\n", False),
                         ("Content-Type: application/xcap-error+xml\r\n", False), ("Content-Type: application/json\r\n", False)):
        for identity, rule in (("", "ut-5.1.1-http-authentication"), ("sip:b@example.org", "ut-5.1.1-own-data-only")):
            found = judged("/resource-lists/users/sip:a@example.org/index", identity, more=more)
            check(found == [rule] * served, "answered with", more.strip(), found)
    # RFC 9110 9.3.2, 9.3.7: these give no access; others' profiles are there to be read, and searched for, but not changed.
    for usage, methods in (("resource-lists", ("GET", "PUT", "DELETE")), ("org.openmobilealliance.user-profile", ("PUT", "DELETE")),
                           ("org.openmobilealliance.search", ())):
        for method in "GET", "PUT", "DELETE", "HEAD", "OPTIONS":
            found = judged("/%s/users/sip:a@example.org/index" % usage, "sip:b@example.org", method)
            check(found == ["ut-5.1.1-own-data-only"] * (method in methods), method, "of another's", usage, found)


def http2(folder):
    """RFC 7540 3.2: after 101 and Upgrade: h2c the answer comes in frames of HTTP/2; one that refers to HPACK's dynamic table is not read. Nobody
    knows that it serves nothing. RFC 6455 4.2.2: who asks for WebSocket is served by 101."""
    capture = os.path.join(folder, "h2c.pcap")
    asked = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" \
            b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    frames = bytes.fromhex("000006040000000000000300000064" "000001010500000001" "88")  # SETTINGS, and HEADERS with :status 200 (RFC 7541 A)
    by_index = frames[:-1] + b"\xbe"
    for protocol, frames, served in ((b"h2c", frames, "1 of them served"), (b"h2c", by_index, "no answer that serves is known"),
                                     (b"websocket", frames, "1 of them served")):
        answer = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n" % protocol
        capturelib.write_frames(capture, capturelib.build([(CLIENT, asked.replace(b"h2c", protocol)), (SERVER, answer + frames)],
                                                          server=("192.0.2.80", 80), time=1795471000 * 10**9))
        alert = alerts("ts33141-pcr2", capture).get("ut-4-tls-required")
        check(alert and served in alert["observed"], protocol, alert)


def one_direction(folder):
    """What a direction that was not captured would have told is open for that reason, and not because anything is unfinished."""
    capture = os.path.join(folder, "half.pcap")
    frames = capturelib.build([(CLIENT, b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: x\r\n\r\n"),
                               (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], time=1795471000 * 10**9)
    for side, reason in ((CLIENT, "server-direction"), (SERVER, "client-direction")):
        capturelib.write_frames(capture, [f for f in frames if (capturelib.segment_of(f[1])[1][1] == 443) == (side == CLIENT)])
        stats = of_type(events(UTWATCH, "-p", "ts33141-v1.0.0", "-r", capture)[0], "stats")[-1]["utwatch"]
        found = {k for r in stats["rules"] for k, n in r.get("reasons", {}).items() if n}
        check(found == {reason}, "HTTP in clear of one side:", found, "instead of", reason)


def late_start(folder):
    """An answer that the server sent before a request answers another, which was not captured: acknowledgements tell (RFC 9293 3.4). One that was
    only captured before its request is that request's."""
    def request(owner):
        return ("GET /resource-lists/users/sip:%s@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n"
                "X-3GPP-Intended-Identity: \"sip:a@example.org\"\r\n\r\n" % owner).encode()
    ok, forbidden = (b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status for status in (200, 403))
    capture = os.path.join(folder, "late.pcap")
    for asked, answers, order, guilty in (("ab", (ok, forbidden), (4, 5, 6), False), ("aa", (ok, forbidden), (4, 5, 6), False),
                                          ("bb", (forbidden, ok), (4, 5, 6), True), ("ab", (ok, forbidden), (0, 1, 2, 4, 3, 5, 6), False),
                                          ("bb", (ok, forbidden), (0, 1, 2, 4, 3, 5, 6), True)):
        steps = [step for who, answer in zip(asked, answers) for step in ((CLIENT, request(who)), (SERVER, answer))]
        frames = capturelib.build(steps, time=1795471000 * 10**9)
        capturelib.write_frames(capture, [(frames[0][0] + n * 10**6, frames[i][1]) for n, i in enumerate(order)])
        found = alerts("ts33141-pcr2", capture)
        check(("ut-5.1.1-own-data-only" in found) == guilty, asked, "answered in frames", order, sorted(found))


def flight_cut_short(folder):
    """RFC 2246 7.3: what a server has not said when the UE ends the handshake it may still have meant to say. A certificate that nobody asked
    for is the UE's own doing."""
    capture = os.path.join(folder, "short.pcap")
    for suite, rule, kept in ((AES, "ut-6.1.1-no-required-ue-cert", "nothing_against"), (0x0018, "rfc2246-7.4.4-anon-cert-request", "pass")):
        hello, answer = m.client_hello([suite], m.TLS12), m.server_hello(suite, m.TLS12)
        for what, steps, wanted in (("before", [(SERVER, answer), (CLIENT, m.alert(2, 40, m.TLS12))], "not_observable"),
                                    ("behind", [(SERVER, answer + m.done(m.TLS12)), (CLIENT, m.alert(2, 40, m.TLS12))], kept)):
            capturelib.write_frames(capture, capturelib.build([(CLIENT, hello), *steps], time=1795471000 * 10**9))
            evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", capture)
            check(rule_counts(evs)[rule].get(wanted) == 1, rule, "ended", what, "ServerHelloDone:", rule_counts(evs)[rule])
    own = m.certificate_message(b"\0\0\6\0\0\3abc", m.TLS12) + m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)
    for asked, fault in ((b"", "ue"), (m.certificate_request(m.TLS12), "both")):
        steps = [(CLIENT, m.client_hello([AES], m.TLS12)), (SERVER, m.server_hello(AES, m.TLS12) + asked + m.done(m.TLS12)), (CLIENT, own),
                 (SERVER, m.finished(m.TLS12))]
        capturelib.write_frames(capture, capturelib.build(steps, time=1795471000 * 10**9))
        told = alerts("ts33141-v1.0.0", capture).get("ut-5.1.1-auth-http-based")
        check(told and told["fault"] == fault, "a certificate of the UE, asked for:", bool(asked), told)
        # RFC 5246 7.2.2: bad_certificate. It has authenticated nobody.
        capturelib.write_frames(capture, capturelib.build([*steps[:3], (SERVER, m.alert(2, 42, m.TLS12))], time=1795471000 * 10**9))
        told = alerts("ts33141-v1.0.0", capture).get("ut-5.1.1-auth-http-based")
        check(not told, "a certificate of the UE that the server refuses, asked for:", bool(asked), told)


def no_handshake(folder):
    """Octets like those of a handshake in a document, or to a client that said no hello, are none (RFC 9112 6, RFC 5246 7.3)."""
    capture = os.path.join(folder, "octets.pcap")
    answers = m.server_hello(0x0018, m.TLS12) + m.done(m.TLS12)
    hello, text = m.client_hello([0x0018, DES3], m.TLS12), b"<xml>" + b"a" * 100 + b"</xml>\n"
    get, server = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", {"server": ("192.0.2.80", 443)}

    def of(body):
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(answers) + answers + b"\r\n0\r\n\r\n"
    put = b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(hello) + hello
    whole = of(text + answers + text)
    at_octets = whole.index(answers)
    documents = {"at the start": [(CLIENT, get), (SERVER, of(answers + text))], "at the end": [(CLIENT, get), (SERVER, of(text + answers))],
                 "in a segment": [(CLIENT, get), (SERVER, whole[:at_octets]), (SERVER, answers), (SERVER, text)],
                 "in a chunk": [(CLIENT, get), (SERVER, chunked)],
                 "in a request": [(CLIENT, put), (SERVER, of(b""))], "in both": [(CLIENT, put), (SERVER, of(answers))],
                 "in the second": [(CLIENT, get), (SERVER, of(text)), (CLIENT, get), (SERVER, of(answers + text))],
                 "until the close": [(CLIENT, get), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n" + text), (SERVER, answers)]}
    for what, steps in documents.items():
        capturelib.write_frames(capture, capturelib.build(steps, time=1795471000 * 10**9, **server))
        evs, _ = events(UTWATCH, "-p", "ts33141-pcr2", "-r", capture)
        told = {e["utwatch"]["rule"] for e in of_type(evs, "alert")}
        check(not of_type(evs, "tls") and told == {"ut-4-tls-required"}, "octets of a handshake", what, told)
    silent = [(CLIENT, b"hello\r\n"), (SERVER, answers), (CLIENT, b"thanks")]
    capturelib.write_frames(capture, capturelib.build(silent, time=1795471000 * 10**9, **server))
    evs, _ = events(UTWATCH, "-r", capture)
    check(not of_type(evs, "tls") and not of_type(evs, "alert"), "a client that said no hello:", [e["event_type"] for e in evs])
    check(of_type(evs, "stats")[-1]["utwatch"]["connections"]["unasked"] == 1, of_type(evs, "stats")[-1]["utwatch"]["connections"])


def lost_in_http(folder):
    """What speaks HTTP goes on to TLS by CONNECT or an Upgrade alone (RFC 9110 9.3.6, RFC 2817), also where a message cannot be followed: a client
    puts no handshake into the mouth of a server that sends back documents."""
    capture = os.path.join(folder, "lost_in_http.pcap")
    answers = m.server_hello(0x0018, m.TLS12) + m.done(m.TLS12)
    hello = m.client_hello([0x0018, DES3], m.TLS12)
    served, server = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answers), {"server": ("192.0.2.80", 443)}

    def post(fields=b"", target=b"/x", method=b"POST"):
        return method + b" " + target + b" HTTP/1.1\r\nHost: a\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(hello)

    def echo(head, size=1400):
        return [(CLIENT, head[i:i + size]) for i in range(0, len(head), size)] + [(CLIENT, hello), (SERVER, served), (SERVER, answers)]

    def frame(kind, flags, stream, payload):  # RFC 9113 4.1
        return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    refused, get = answer(405), b"GET /d HTTP/1.1\r\nHost: a\r\n\r\n"
    split = post(method=b"REPORT")
    courses = {
        "a fold": echo(post(b"A: b\r\n c\r\n")), "a line that is no field": echo(post(b"garbage\r\n")),
        "a field without a name": echo(post(b": x\r\n")),
        "a long field": echo(post(b"Cookie: " + b"c" * 20000 + b"\r\n")), "a long target": echo(post(target=b"/" + b"c" * 20000)),
        "many fields": echo(post(b"".join(b"Host: %04d\r\n" % i for i in range(3000)))), "two lengths": echo(post(b"Content-Length: 3\r\n")),
        "a length that is none": echo(post(b"Content-Length: -1\r\n")), "space before a colon": echo(post(b"Content-Length : %d\r\n" % len(hello))),
        "HTTP/0.9": [(CLIENT, b"GET /d\r\n"), (CLIENT, hello), (SERVER, answers)], "requests in a row": echo(get * 9 + post()),
        "HTTP/2": [(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")), (SERVER, frame(4, 0, 0, b"")),
                   (CLIENT, frame(1, 4, 1, b"\x83\x84\x86") + frame(0, 0, 1, b"")[:9]), (CLIENT, hello),
                   (SERVER, frame(1, 4, 1, b"\x88") + frame(0, 1, 1, b"")), (SERVER, answers)],
        "a WebSocket": [(CLIENT, b"GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"),
                        (SERVER, b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n"),
                        (CLIENT, b"\x82\xfe%b\0\0\0\0" % len(hello).to_bytes(2, "big")), (CLIENT, hello), (SERVER, b"\x82\x7e"), (SERVER, answers)],
        "a method in two segments": [(CLIENT, split[:3]), (CLIENT, split[3:]), (CLIENT, hello), (SERVER, refused), (CLIENT, get),
                                     (SERVER, served), (SERVER, answers)],
        "the content of a CONNECT": [(CLIENT, post(target=b"a:443", method=b"CONNECT") + hello), (SERVER, refused), (CLIENT, get),
                                     (SERVER, served + answers)],
        "a CONNECT refused": [(CLIENT, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n" + hello), (SERVER, refused), (CLIENT, get),
                              (SERVER, served + answers)],
        "a hello behind a request": [(CLIENT, get + hello), (SERVER, served + answers)],
        "a header of a balancer": [(CLIENT, b"PROXY TCP4 192.0.2.10 192.0.2.80 40000 443\r\n" + post(b"X: y\r\n") + hello),
                                   (SERVER, served + answers)],
        "a gap": [(CLIENT, get), (SERVER, refused), *echo(post())]}
    for what, steps in courses.items():
        frames = capturelib.build(steps, time=1795471000 * 10**9, **server)
        if what == "a gap":
            frames = [f for f in frames if post() not in f[1]]
        capturelib.write_frames(capture, frames)
        evs, _ = events(UTWATCH, "--fail-on", "info", "-p", "ts33141-pcr2", "-r", capture)
        told = {(e["utwatch"]["rule"], e["utwatch"]["fault"]) for e in of_type(evs, "alert")}
        counts = rule_counts(evs)["ut-4-tls-required"]
        check(not [e for e in of_type(evs, "tls") if e["utwatch"].get("server_hello")], "a handshake of a document, behind", what)
        check({r for r, _ in told} <= {"ut-4-tls-required"} or all(f == "ue" for _, f in told), "octets of a document, behind", what, told)
        judged = counts.get("fail") or counts.get("not_observable")
        check(judged or what in ("a CONNECT refused", "a WebSocket"), "HTTP in clear, behind", what, counts)


def only_of_ut(folder):
    """Where a connection is of Ut by what is asked, only such requests count, and their answers: a server is free to serve others in clear. Where it
    is of Ut because of its server, by the port of https or the configuration, all of them do."""
    capture, site = os.path.join(folder, "mixed.pcap"), os.path.join(folder, "scope.yaml")
    with open(site, "w") as f:
        f.write("scope: { servers: [192.0.2.80] }\n")
    other = b"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n"
    said = {1: "HTTP without TLS: 1 request, %s", 2: "HTTP without TLS: 2 requests, %s"}
    for first, then, of_ut, of_server in (
            (200, 403, ("ue", said[1] % "none served"), ("both", said[2] % "1 of them served")),
            (200, 200, ("both", said[1] % "1 of them served"), ("both", said[2] % "2 of them served")),
            (401, 403, ("ue", said[1] % "none served"), ("ue", said[2] % "none served; credentials were asked for in clear")),
            (407, 200, ("both", said[1] % "1 of them served"), ("both", said[2] % "1 of them served; credentials were asked for in clear")),
            (200, 401, ("ue", said[1] % "none served; credentials were asked for in clear"),
             ("both", said[2] % "1 of them served; credentials were asked for in clear"))):
        for turned in (False, True):
            exchanges = [[(CLIENT, other), (SERVER, answer(first))], [(CLIENT, DOCUMENT.replace(b"xcap.example.org", b"a")), (SERVER, answer(then))]]
            steps = sum(reversed(exchanges) if turned else exchanges, [])
            for port, words, wanted in ((80, (), of_ut), (443, (), of_server), (80, ("-c", site), of_server)):
                frames = capturelib.build(steps, time=1795471000 * 10**9, server=("192.0.2.80", port))
                capturelib.write_frames(capture, frames)
                evs, _ = events(UTWATCH, *words, "-r", capture)
                told = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "ut-4-tls-required"]
                check([(e["utwatch"]["fault"], e["utwatch"]["observed"]) for e in told] == [wanted], first, then, turned, port, words, told)
                asked = next(i for i, (_, f) in enumerate(frames, 1) if (b"simservs" if wanted is of_ut else b"GET") in f)
                check([e["pcap_cnt"] for e in told] == [asked], "the request of Ut is in frame", asked, [e["pcap_cnt"] for e in told])


def quoted_hello(folder):
    """A message that a UE sends may hold octets like those of a hello, also at the start of a segment. A server that answers in the words of its own
    protocol (RFC 5321 4.2, RFC 3501 7.1, RFC 3261 7.2) has read no hello; one that answers TLS has, and so may one that says nothing."""
    capture = os.path.join(folder, "quoted.pcap")
    hello = m.client_hello([NULL_SHA], m.TLS12)
    said = {"SMTP": ((b"220 a\r\n", b"EHLO b\r\n", b"250 a\r\n", b"BDAT %d LAST\r\n" % len(hello)), b"250 taken\r\n"),
            "IMAP": ((b"* OK\r\n", b"1 APPEND x {%d}\r\n" % len(hello), b"+ go on\r\n", b""), b"1 OK\r\n"),
            "SIP": ((b"", b"MESSAGE sip:b@example.org SIP/2.0\r\nContent-Length: %d\r\n\r\n" % len(hello), b"", b""), b"SIP/2.0 200 OK\r\n\r\n")}
    for protocol, (before, answer) in said.items():
        for apart in (False, True):
            steps = [(1 - i % 2, words) for i, words in enumerate(before) if words]
            if apart or steps[-1][0] == SERVER:
                steps.append((CLIENT, hello))
            else:
                steps[-1] = (CLIENT, steps[-1][1] + hello)
            for last, found in ((answer, 0), (m.alert(2, 40, m.TLS12), 1), (b"", 1)):
                rest = [(SERVER, last)] if last else []
                capturelib.write_frames(capture, capturelib.build(steps + rest, server=("192.0.2.80", 443), time=1795471000 * 10**9))
                evs, _ = events(UTWATCH, "--strict", "-r", capture)
                offers = "ut-6.2-ue-offers-encryption" in {e["utwatch"]["rule"] for e in of_type(evs, "alert")}
                check((len(of_type(evs, "tls")), offers) == (found, bool(found)), protocol, apart, last, of_type(evs, "tls"))
                check(of_type(evs, "stats")[-1]["utwatch"]["connections"]["unasked"] == 1 - found, protocol, apart, last)


def transferred(folder):
    """RFC 5246 7.3 has messages that only one side sends. Who sends those of both, gets no TLS for it, and ends the connection, transfers a recording
    (the data connection of FTP, RFC 959 3.4.1): there was no handshake, in which somebody might have refused."""
    capture = os.path.join(folder, "transferred.pcap")
    hello, flight = m.client_hello([0x0018]), m.server_hello(0x0018) + m.server_key_exchange() + m.done()
    parts = (hello, flight, m.client_key_exchange() + m.finished() + m.finished())
    for sender, receiver in (("192.0.2.90", 20), ("192.0.2.10", 40000)), (("192.0.2.10", 40000), ("192.0.2.90", 20)):
        for steps in ([(CLIENT, p) for p in parts], [(CLIENT, b"".join(parts))], [(SERVER, p) for p in parts]):
            for answer, found in ((b"", 0), (flight, 1)):
                other = 1 - steps[0][0]
                said = steps + [(other, answer)] if answer else steps
                c = capturelib.Connection(time=1795471000 * 10**9, client=sender, server=receiver)
                c.open()
                for step in said:
                    c.send(*step)
                c.close(steps[0][0])
                capturelib.write_frames(capture, c.frames)
                evs, _ = events(UTWATCH, "--strict", "-r", capture)
                # With an answer it is odd, but what the client offers is what it offers.
                check(len(of_type(evs, "tls")) == found, "a recording of", sender, "answered with", len(answer), of_type(evs, "tls"))
                check(of_type(evs, "stats")[-1]["utwatch"]["connections"]["unasked"] == 1 - found, sender, len(answer))
                check(found or not of_type(evs, "alert"), sender, [e["utwatch"]["rule"] for e in of_type(evs, "alert")])


def answered_in_clear(folder):
    """A server that answers a hello with something that is no TLS did not read it: it is no TLS server that refused without an alert (7.2).
    What it had said before, and the client had acknowledged, is another thing."""
    capture = os.path.join(folder, "clear.pcap")
    hello, rule = m.client_hello([0x0018]), "ut-7.2-no-alert"
    connect, granted = b"CONNECT xcap.example:443 HTTP/1.1\r\nHost: xcap.example\r\n\r\n", b"HTTP/1.1 200 Connection established\r\n\r\n"
    for what, steps, wanted in (
            ("HTTP", [(CLIENT, hello), (SERVER, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")], "not_observable"),
            ("other words", [(CLIENT, hello), (SERVER, b"500 5.5.1 command not recognized\r\n")], "not_observable"),
            ("one octet", [(CLIENT, hello), (SERVER, b"\x15")], "not_observable"),
            ("nothing", [(CLIENT, hello)], "fail"),
            ("a warning", [(CLIENT, hello), (SERVER, m.alert(1, 112))], "fail"),
            ("nothing, behind a greeting", [(SERVER, b"220 ready\r\n"), (CLIENT, b"STARTTLS\r\n"), (SERVER, b"220 go on\r\n"), (CLIENT, hello)],
             "fail"),
            ("nothing, behind CONNECT", [(CLIENT, connect), (SERVER, granted), (CLIENT, hello)], "fail"),
            ("a refused CONNECT, sent with it", [(CLIENT, connect + hello), (SERVER, answer(407))], "not_observable")):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for step in steps:
            c.send(*step)
        c.close(SERVER)
        capturelib.write_frames(capture, c.frames)
        counts = rule_counts(events(UTWATCH, "-r", capture)[0])[rule]
        check(counts.get(wanted) == 1, "a hello answered with", what, counts)


def sent_with_connect(folder):
    """WAP-219 7 has a client abort when it gets the refusal; one that sends its hello together with the CONNECT could not know of it."""
    capture, rule = os.path.join(folder, "connect.pcap"), "wap219-7-connect-abort"
    connect, hello = b"CONNECT xcap.example:443 HTTP/1.1\r\nHost: xcap.example\r\n\r\n", m.client_hello([DES3])
    flight = [(SERVER, m.server_hello(DES3) + m.done())]
    for what, steps, wanted in (
            ("in one segment, refused", [(CLIENT, connect + hello), (SERVER, answer(407))], "not_observable"),
            ("in two, refused", [(CLIENT, connect), (CLIENT, hello), (SERVER, answer(407))], "not_observable"),
            ("after the refusal", [(CLIENT, connect), (SERVER, answer(407)), (CLIENT, hello)], "fail"),
            ("in one segment, granted", [(CLIENT, connect + hello), (SERVER, b"HTTP/1.1 200 X\r\n\r\n"), *flight], "pass")):
        capturelib.write_frames(capture, capturelib.build(steps, time=1795471000 * 10**9, server=("192.0.2.90", 3128)))
        counts = rule_counts(events(UTWATCH, "-p", "wap-219", "-r", capture)[0])[rule]
        check(counts.get(wanted) == 1, "a hello", what, counts)


def cut_hello(folder):
    """A hello of which a part was lost is read as far as it goes: the rest is a gap, and nothing is malformed."""
    capture = os.path.join(folder, "cut.pcap")
    hello = m.client_hello([NULL_SHA, AES], m.TLS12, more=[(21, b"\0" * 400)])
    steps = [(CLIENT, hello[:60]), (CLIENT, hello[60:]), (SERVER, m.server_hello(NULL_SHA, m.TLS12) + m.done(m.TLS12)),
             (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12))]
    frames = capturelib.build(steps, time=1795471000 * 10**9)
    parts = [i for i, (_, f) in enumerate(frames) if capturelib.segment_of(f)[4] in (hello[:60], hello[60:])]
    check(len(parts) == 2, "the hello is in frames", parts)
    for lost in parts:
        capturelib.write_frames(capture, [f for i, f in enumerate(frames) if i != lost])
        for profile in ("ts33141-pcr1", "modern"):
            evs, _ = events(UTWATCH, "-p", profile, "-r", capture)
            why = {r["rule"]: r["reasons"] for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r.get("reasons")}
            check(any("gap" in r for r in why.values()) and not any("malformed" in r for r in why.values()), "lost frame", lost + 1, profile, why)


def sslv2(folder):
    """A session of SSLv2 that ran is no refusal, and its ciphers are no offer of TLS, so that no rule about such an offer applies."""
    evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path_of("gen-sslv2-session"))
    said = [e["utwatch"] for e in of_type(evs, "tls")]
    check([u["outcome"] for u in said] == ["complete"] and said[0]["unobserved"] == ["encrypted"], said)
    for rule in ("ut-6.2-ue-offers-encryption", "ut-6.2-ue-3des", "ut-7.2-no-encryption", "ut-7.2-no-alert", "ut-6.2-null-integrity-offered"):
        counts = rule_counts(evs)[rule]
        check(not counts["fail"] and not counts["pass"] and not counts["not_observable"], rule, counts)
    conversation = capturelib.conversations(path_of("gen-sslv2-session"))[0]
    for side in (CLIENT, SERVER):
        capture = os.path.join(folder, "half.pcap")
        frames = capturelib.build(conversation, time=1795471000 * 10**9)
        capturelib.write_frames(capture, [f for f in frames if (capturelib.segment_of(f[1])[1][1] == 443) == (side == CLIENT)])
        evs, _ = events(UTWATCH, "-r", capture)
        said = [e["utwatch"] for e in of_type(evs, "tls")]
        check([u["outcome"] for u in said] == ["one-sided"] and "malformed" not in said[0]["unobserved"], "one direction:", side, said)


def never_resumable():
    """7.1: a server that nobody asked for a ticket (RFC 5077 3.2) is not one that does not resume."""
    for capture, found in (("openssl-tls12-never-resumable", "fail"), ("openssl-tls12-no-ticket-asked", "not_observable")):
        counts = rule_counts(events(UTWATCH, "-r", path_of(capture))[0])["ut-7.1-resume-server"]
        check(counts[found] == 1, capture, counts)


def empty_certificate():
    """An empty Certificate message is a message."""
    evs, _ = events(UTWATCH, "-r", path_of("openssl-tls12-client-certificate-empty"))
    sent = [e["utwatch"]["client_certificate"] for e in of_type(evs, "tls")]
    check(sent == [{"requested": True, "sent": True, "count": 0}], sent)


def short_tag(folder):
    """RFC 6655 4, RFC 8446 4.4.4: under TLS_AES_128_CCM_8_SHA256, whose tag is of 8 octets, a Finished has 45 and an alert 11; else 53 and 19."""
    path = os.path.join(folder, "tag.pcap")
    versions, share = (43, b"\2\3\4"), (51, b"\0\6\0\x1d\0\2\0\1")
    for suite, length, wanted in ((0x1305, 45, "complete"), (0x1305, 11, "aborted"), (0x1301, 53, "complete"), (0x1301, 45, "aborted"),
                                  (0x1301, 19, "aborted")):
        steps = [(CLIENT, m.client_hello([suite], m.TLS12, b"\1" * 32, more=[versions, share])),
                 (SERVER, m.server_hello(suite, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x1d\0\1\1")])
                  + m.record(23, b"f" * 900, m.TLS12)),
                 (CLIENT, m.record(23, b"F" * length, m.TLS12))]
        capturelib.write_frames(path, capturelib.build(steps, time=1795471000 * 10**9))
        outcomes = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
        check(outcomes == [wanted], hex(suite), length, outcomes)
        # RFC 8446 6.2: who gets a fatal alert closes at once. What is longer is no alert, and what goes on has not ended.
        for end in ("close", "reset"):
            for more in (b"", m.record(23, b"G" * 30, m.TLS12)):
                c = capturelib.Connection(time=1795471000 * 10**9)
                c.open()
                for step in steps + [(CLIENT, more)] * bool(more):
                    c.send(*step)
                c.close(first=SERVER) if end == "close" else c.reset(SERVER)
                capturelib.write_frames(path, c.frames)
                outcomes = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
                alert = length in (11, 19) and not more
                check(alert == (outcomes == ["aborted"]), hex(suite), length, "then", more[:8], end, "of the server:", outcomes)


def certificate_by_url(folder):
    """RFC 3546 3.3, RFC 6066 5: where both hellos have client_certificate_url, a CertificateURL may stand in place of the Certificate message. The
    client has a certificate then, and has answered."""
    path, extension = os.path.join(folder, "url.pcap"), [(2, b"")]
    url = b"http://example.org/c.der"
    for what, listed, wanted in (("one URL", len(url).to_bytes(2, "big") + url + b"\1" + b"\x5a" * 20, "pass"), ("none", b"", "not_observable"),
                                 ("another message", None, "fail")):
        body = b"" if listed is None else m.message(21, b"\0" + len(listed).to_bytes(2, "big") + listed, m.TLS12)
        steps = [(CLIENT, m.client_hello([DES3], m.TLS12, more=extension)),
                 (SERVER, m.server_hello(DES3, m.TLS12, more=extension) + m.certificate_request(m.TLS12) + m.done(m.TLS12)),
                 (CLIENT, body + m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12))]
        capturelib.write_frames(path, capturelib.build(steps, time=1795471000 * 10**9))
        for rule, profile, verdict in (("ut-6.1.3-empty-certificate", "ts33141-pcr2", wanted),
                                       ("ut-5.1.1-auth-http-based", "ts33141-v1.0.0", "fail" if wanted == "pass" else None)):
            counts = rule_counts(events(UTWATCH, "-p", profile, "-r", path)[0])[rule]
            check(counts.get(verdict) == 1 if verdict else not counts.get("fail"), "CertificateURL with", what, rule, counts)
        sent = [e["utwatch"]["client_certificate"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
        check(wanted != "pass" or sent == [{"requested": True, "sent": True}], "CertificateURL with", what, sent)


def waited_in_vain(folder):
    """E3: a server that ends without a word says no to what came just before. One that is silent for longer may have waited for the rest, or was
    too busy to read; the timers of nginx and HAProxy end a handshake after 60 s or less."""
    insists, refuses, silent = "ut-6.1.1-no-required-ue-cert", "ut-7.2-no-alert", "ut-7.2-only-anonymous"
    asked = [(CLIENT, m.client_hello([AES], m.TLS12)),
             (SERVER, m.server_hello(AES, m.TLS12, b"\1" * 32) + m.certificate_request(m.TLS12) + m.done(m.TLS12))]
    empty, rest = m.certificate_message(m.EMPTY_CERTIFICATE, m.TLS12), m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)
    for rule, what, steps in ((insists, "after all", [*asked, (CLIENT, empty + rest)]), (insists, "after its part", [*asked, (CLIENT, empty)]),
                              (insists, "before the end", [*asked, (CLIENT, empty + rest[:40])]),
                              (refuses, "after the hello", [(CLIENT, m.client_hello([0x0018], m.TLS12))])):
        canceled = m.alert(1, 90, m.TLS12) + m.alert(1, 0, m.TLS12)  # as JSSE closes what has not ended (RFC 5246 7.2.1, 7.2.2)
        ends = [(seconds, reset, b"") for seconds, reset in ((0, False), (3, False), (5, False), (30, False), (0, True), (30, True))]
        for seconds, reset, words in (*ends, (3, False, canceled), (30, False, canceled), (30, False, canceled[-7:])):
            c = capturelib.Connection(time=1795471000 * 10**9)
            c.open()
            for side, payload in steps:
                c.send(side, payload)
            c.frames.append(c.frame(SERVER, 0x10))  # it has all of that
            c.time += seconds * 10**9
            for word in (words[:7], words[7:]):
                if word:
                    c.send(SERVER, word)
            c.reset(SERVER) if reset else c.close(first=SERVER)
            capture = os.path.join(folder, "waited.pcap")
            capturelib.write_frames(capture, c.frames)
            counts = rule_counts(events(UTWATCH, "-p", "ts33141-pcr1", "-r", capture)[0])
            said = seconds < 4
            check(counts[rule].get("fail", 0) == said, rule, what, "it ends after", seconds, "by a reset" * reset, words, counts[rule])
            if rule == refuses:
                check(counts[silent].get("pass", 0) == said and counts[silent].get("fail", 0) == 0, what, seconds, counts[silent])


def canceled_by_the_client(folder):
    """RFC 5246 7.2.2: user_canceled is a warning, and calls the handshake off; the server's end answers it."""
    path, rule = os.path.join(folder, "canceled.pcap"), "ut-7.2-no-alert"
    for what, words, wanted in (("user_canceled", [(CLIENT, m.alert(1, 90, m.TLS12))], 0), ("nothing", [], 1)):
        steps = [(CLIENT, m.client_hello([0x0018], m.TLS12)), *words]
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for side, payload in steps:
            c.send(side, payload)
        c.close(first=SERVER)
        capturelib.write_frames(path, c.frames)
        counts = rule_counts(events(UTWATCH, "-r", path)[0])
        check(counts[rule].get("fail", 0) == wanted, "the client says", what, "and the server ends:", counts[rule])
        check(counts["ut-7.2-only-anonymous"].get("pass", 0) == wanted, what, counts["ut-7.2-only-anonymous"])


def required_certificate(folder):
    """6.1.1 of the first pseudo-CR: a server that gives up on an empty Certificate insists on one, if its alert can mean that (RFC 5246 7.2.2:
    handshake_failure and those of certificates; certificate_required). What says that keys or records failed blames nobody for that, nor
    does an answer to the client's own alert."""
    path, rule = os.path.join(folder, "required.pcap"), "ut-6.1.1-no-required-ue-cert"
    asked = [(CLIENT, m.client_hello([DES3])), (SERVER, m.server_hello(DES3) + m.certificate_request() + m.done()),
             (CLIENT, m.certificate_message(m.EMPTY_CERTIFICATE) + m.client_key_exchange() + m.finished())]
    cases = [([(SERVER, m.alert(2, number))], "fail") for number in (40, 42, 46, 116)]
    cases += [([(SERVER, m.alert(2, number))], "not_observable") for number in (20, 22, 51, 80)]
    for steps, wanted in cases:
        capturelib.write_frames(path, capturelib.build(asked + steps, time=1795471000 * 10**9))
        evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path)
        counts = rule_counts(evs)[rule]
        check(counts.get(wanted) == 1, "after an empty certificate and", steps, counts)
    early = asked[:2] + [(CLIENT, m.certificate_message(m.EMPTY_CERTIFICATE) + m.alert(2, 80)), (SERVER, m.alert(2, 40))]
    capturelib.write_frames(path, capturelib.build(early, time=1795471000 * 10**9))
    evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path)
    check(rule_counts(evs)[rule].get("not_observable") == 1, "the server answers the client's alert:", rule_counts(evs)[rule])


def required_within_tls(folder):
    """A server that completes the handshake after an empty Certificate may answer each request with 400 for want of one, as nginx does with
    `ssl_verify_client on`; one that asks for nothing may ask in a renegotiation. Both are encrypted: a handshake that goes on shows nothing kept."""
    path, rules = os.path.join(folder, "within.pcap"), ("ut-6.1.1-no-required-ue-cert", "ut-6.1.3-server-continues")
    data = b"\x17\3\1\0\x40" + b"\7" * 64
    for asked in (True, False):
        steps = [(CLIENT, m.client_hello([DES3])), (SERVER, m.server_hello(DES3) + (m.certificate_request() if asked else b"") + m.done()),
                 (CLIENT, (m.certificate_message(m.EMPTY_CERTIFICATE) if asked else b"") + m.client_key_exchange() + m.finished()),
                 (SERVER, m.finished()), (CLIENT, data), (SERVER, data)]
        capturelib.write_frames(path, capturelib.build(steps, time=1795471000 * 10**9))
        for profile in ("ts33141-pcr1", "ts33141-pcr2"):
            counts = rule_counts(events(UTWATCH, "-p", profile, "-r", path)[0])
            for rule in rules:
                got = counts.get(rule, {})
                check(not got.get("fail") and not got.get("pass"), "a certificate asked for:", asked, profile, rule, got)
            if asked and profile == "ts33141-pcr1":
                check(counts[rules[0]]["nothing_against"] == 1, profile, counts[rules[0]])


def the_ue_left_first(folder):
    """A UE that closes, or says that it gives up, within its own part of the handshake has broken off; what the server says then answers
    it (OpenSSL's decode_error, JSSE's handshake_failure). An alert that does not acknowledge the FIN (RFC 9293 3.4) was sent before. An end behind a
    hello, or behind the whole of its part, may still be answered."""
    path, rule = os.path.join(folder, "left.pcap"), "ut-6.1.1-no-required-ue-cert"
    hello, flight = (CLIENT, m.client_hello([DES3, NULL_SHA])), (SERVER, m.server_hello(DES3) + m.certificate_request() + m.done())
    empty = m.certificate_message(m.EMPTY_CERTIFICATE)
    rest = m.client_key_exchange() + m.finished()
    fin, server_fin = "fin", "the server's FIN"
    crossing = "an alert that crosses the FIN"
    in_clear, mac = (SERVER, m.server_hello(NULL_SHA) + m.certificate_request() + m.done()), b"m" * 20
    alert = (SERVER, m.alert(2, 40))
    cases = (("a FIN after the empty certificate", [hello, flight, (CLIENT, empty), fin, alert], "aborted", "not_observable"),
             ("another alert", [hello, flight, (CLIENT, empty), fin, (SERVER, m.alert(2, 50))], "aborted", "not_observable"),
             ("an alert before the FIN", [hello, flight, (CLIENT, empty), alert, fin], "refused", "fail"),
             (crossing, [hello, flight, (CLIENT, empty), fin, alert], "refused", "fail"),
             ("a FIN after the flight", [hello, flight, fin, (SERVER, m.alert(2, 50))], "aborted", None),
             ("close_notify", [hello, flight, (CLIENT, m.alert(1, 0))], "aborted", None),
             ("user_canceled", [hello, flight, (CLIENT, m.alert(1, 90)), (CLIENT, m.alert(1, 0))], "aborted", None),
             ("an alert that is answered", [hello, flight, (CLIENT, m.alert(2, 48)), (SERVER, m.alert(2, 40))], "aborted", None),
             ("close_notify after the server's alert", [hello, flight, (CLIENT, empty), alert, (CLIENT, m.alert(1, 0))], "refused", "fail"),
             ("a FIN after its Finished", [hello, flight, (CLIENT, empty + rest), fin, (SERVER, m.alert(2, 20))], "refused", None),
             ("a FIN after the hello", [hello, fin, alert], "refused", None),
             ("an alert under its new keys", [hello, flight, (CLIENT, empty + rest + m.record(21, b"a" * 26))], "aborted", "not_observable"),
             ("an alert in a segment of its own", [hello, flight, (CLIENT, empty + rest), (CLIENT, m.record(21, b"a" * 26))],
              "aborted", "not_observable"),
             ("an alert that the server answers", [hello, flight, (CLIENT, empty + rest + m.record(21, b"a" * 26)), alert],
              "aborted", "not_observable"),
             ("a fatal alert that can be read", [hello, in_clear, (CLIENT, empty + rest + m.record(21, b"\2\x2a" + mac))],
              "aborted", "not_observable"),
             ("a close_notify that can be read", [hello, in_clear, (CLIENT, empty + rest + m.record(21, b"\1\0" + mac))],
              "aborted", "not_observable"),
             ("a warning that can be read", [hello, in_clear, (CLIENT, empty + rest + m.record(21, b"\1\x64" + mac))], "refused", "fail"),
             ("nothing after its Finished", [hello, flight, (CLIENT, empty + rest)], "refused", "fail"),
             ("a FIN within the hello", [(CLIENT, hello[1][:41]), fin, (SERVER, m.alert(2, 50))], "aborted", None),
             ("a FIN within a record", [hello, flight, (CLIENT, empty + rest + b"\x17\3"), fin, (SERVER, m.alert(2, 20))], "aborted", None),
             ("a FIN of the server before the hello", [server_fin, hello, fin], "refused", None),
             ("the same, and a reset", [server_fin, hello, "rst"], "refused", None))
    for what, steps, outcome, verdict in cases:
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for step in steps:
            if step == fin:
                c.frames.append(c.frame(CLIENT, 0x11))
                c.seq[CLIENT] += what != crossing
            elif step == server_fin:
                c.frames.append(c.frame(SERVER, 0x11))
                c.seq[SERVER] += 1
            elif step == "rst":
                c.reset(CLIENT)
            else:
                c.send(*step)
        c.seq[CLIENT] += what == crossing
        if server_fin not in steps:
            c.close(first=SERVER)
        capturelib.write_frames(path, c.frames)
        evs, _ = events(UTWATCH, "-p", "ts33141-pcr1", "-r", path)
        said = [e["utwatch"]["outcome"] for e in of_type(evs, "tls")]
        check(said == [outcome], what, said)
        check(verdict is None or rule_counts(evs)[rule].get(verdict) == 1, what, rule_counts(evs)[rule])


def refused_by_tls13(folder):
    """RFC 8446 4.4.4: the server has finished before the client has, and what it makes of the client's certificate or Finished is encrypted. Where
    its only words are as long as an alert (5.2: 2 octets, the type and a tag of 16) and it ends, that may be a refusal, or a close_notify. Go
    and OpenSSL say bad_certificate or certificate_required so; a ticket or data shows that the server goes on, and a client may leave at once."""
    path, real = os.path.join(folder, "refused13.pcap"), capturelib.conversations(path_of("openssl-tls13-full"))[0]
    rows = [(side, bytes(b)) for side, b in capturelib.rows_of(real)]
    finished = next(i for i, (side, b) in enumerate(rows) if side == CLIENT and i > 1)
    change, own = capturelib.records_of(rows[finished][1])[:2]  # the empty ChangeCipherSpec, and the Finished
    start = rows[:finished] + [(CLIENT, change + own)]
    alert, ticket, data = (m.record(23, b"\x66" * n, m.TLS12) for n in (19, 234, 40))
    for what, steps, outcome in (
            ("an alert and its FIN", [(SERVER, alert), (SERVER, "fin"), (CLIENT, "fin")], "unfinished"),
            ("an alert, the UE's request and its FIN", [(SERVER, alert), (CLIENT, data), (CLIENT, "fin"), (SERVER, "rst")], "unfinished"),
            ("an alert after the request", [(CLIENT, data), (SERVER, alert), (SERVER, "fin"), (CLIENT, "fin")], "unfinished"),
            ("an alert and a reset", [(SERVER, alert), (SERVER, "rst")], "unfinished"),
            ("an alert, and nothing else", [(SERVER, alert)], "unfinished"),
            ("a FIN", [(SERVER, "fin"), (CLIENT, "fin")], "unfinished"),
            ("a reset", [(SERVER, "rst")], "unfinished"),
            ("a ticket", [(SERVER, ticket), (SERVER, alert), (SERVER, "fin"), (CLIENT, "fin")], "complete"),
            ("two octets, and more", [(SERVER, alert), (SERVER, data), (SERVER, "fin"), (CLIENT, "fin")], "complete"),
            ("an answer", [(CLIENT, data), (SERVER, data), (SERVER, alert), (SERVER, "fin"), (CLIENT, "fin")], "complete"),
            ("the UE's close", [(CLIENT, alert), (CLIENT, "fin"), (SERVER, alert), (SERVER, "fin")], "complete"),
            ("the UE's FIN", [(CLIENT, "fin"), (SERVER, alert), (SERVER, "fin")], "complete"),
            ("the UE's reset", [(CLIENT, "rst")], "complete"),
            ("nothing yet", [], "complete")):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for side, payload in start + steps:
            if payload == "fin":
                c.frames.append(c.frame(side, 0x11))
                c.seq[side] += 1
            elif payload == "rst":
                c.reset(side)
            else:
                c.send(side, payload)
        c.frames.append(c.frame(CLIENT, 0x10))
        capturelib.write_frames(path, c.frames)
        said = [e["utwatch"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
        check([e["outcome"] for e in said] == [outcome] and said[0].get("unobserved") == ["encrypted"], what, said)
        # Of a mirror port the client's own may come behind what the server answered.
        flight = next(i for i, (_, f) in enumerate(c.frames) if f[-len(own):] == own)
        for behind in range(flight + 1, len(c.frames)):
            if capturelib.segment_of(c.frames[behind][1])[0][1] != 443:
                break
            times = [t for t, _ in c.frames]
            swapped = [f for _, f in c.frames]
            swapped.insert(behind, swapped.pop(flight))
            capturelib.write_frames(path, list(zip(times, swapped)))
            told = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
            check(told == [outcome], what, "captured", behind - flight, "too early:", told)


def refusal_damaged(folder):
    """Where a server refuses a client's certificate in TLS 1.3, no loss of one frame and no snap length may make the handshake complete: what is
    missing of the client need not be its end. Where the client did end, that may be captured behind the server's answer to it."""
    path, real = os.path.join(folder, "damaged13.pcap"), capturelib.conversations(path_of("openssl-tls13-full"))[0]
    rows = [(side, bytes(b)) for side, b in capturelib.rows_of(real)]
    finished = next(i for i, (side, b) in enumerate(rows) if side == CLIENT and i > 1)
    change, own = capturelib.records_of(rows[finished][1])[:2]
    alert = m.record(23, b"\x66" * 19, m.TLS12)
    # Erlang sends Certificate, CertificateVerify and Finished in records of their own.
    flight = change + m.record(23, b"\x55" * 821, m.TLS12) + m.record(23, b"\x55" * 281, m.TLS12) + own
    server = rows[1:finished]
    halves = [(SERVER, server[0][1][:-34]), (SERVER, server[0][1][-34:])] if len(server) == 1 else server

    def outcomes(frames):
        capturelib.write_frames(path, frames)
        return [(e["utwatch"]["outcome"], "gap" in e["utwatch"].get("unobserved", [])) for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]

    def made(steps):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for side, payload in rows[:1] + halves:
            c.send(side, payload)
            c.frames.append(c.frame(1 - side, 0x10))
        for side, payload in steps:
            if payload == "fin":
                c.frames.append(c.frame(side, 0x11))
                c.seq[side] += 1
            else:
                c.send(side, payload)
            c.frames.append(c.frame(1 - side, 0x10))
        return c.frames

    for steps in ([(CLIENT, flight), (SERVER, alert), (SERVER, "fin"), (CLIENT, "fin")], [(CLIENT, flight), (SERVER, "fin"), (CLIENT, "fin")]):
        frames = made(steps)
        check(outcomes(frames) == [("unfinished", False)], "a refusal", len(steps), outcomes(frames))
        for i in range(3, len(frames)):
            said = outcomes(frames[:i] + frames[i + 1:])
            check(said and all(outcome != "complete" for outcome, _ in said), len(steps), "without frame", i, said)
        at = next(i for i, (_, f) in enumerate(frames) if f.endswith(flight))
        for kept in range(54, len(frames[at][1]), 41):
            with open(path, "wb") as f:
                capturelib.write_frames_to(f, frames[:at])
                time, frame = frames[at]
                f.write(struct.pack("<IIII", time // 10**9, time % 10**9, kept, len(frame)) + frame[:kept])
                for time, frame in frames[at + 1:]:
                    f.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), len(frame)) + frame)
            said = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
            check(said and "complete" not in said, len(steps), "with", kept, "octets of the client's flight:", said)
        # Cut by the snap length: the server's version, which stands behind its random, and its Finished are missing too.
        for snaplen in range(70, 400, 10):
            capturelib.write_frames(path, frames, snaplen)
            said = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
            check(said and "complete" not in said, len(steps), "with a snap length of", snaplen, said)
        # A direction that is captured late: its segments acknowledge what they answer.
        for side in (CLIENT, SERVER):
            for late in (1, 2, 5):
                moved = sorted([(t + late * 10**6 * (f[5] == side) + (f[5] == side), f) for t, f in frames], key=lambda x: x[0])
                said = outcomes(moved)
                check(all(outcome != "complete" for outcome, _ in said), len(steps), "side", side, late, "ms late:", said)
    for end in ([(CLIENT, alert), (CLIENT, "fin")], [(CLIENT, "fin")]):
        for answer in ([(SERVER, alert), (SERVER, "fin")], [(SERVER, "fin")]):
            frames = [x for x in made([(CLIENT, change + own)] + end + answer) if len(x[1]) > 54 or x[1][47] & 1]
            check(outcomes(frames) == [("complete", False)], "the UE's end", end, outcomes(frames))
            at = len(frames) - len(answer) - len(end)
            for behind in range(1, len(answer) + 1):
                late = frames[:at] + frames[at + len(end):at + len(end) + behind] + frames[at:at + len(end)] + frames[at + len(end) + behind:]
                late = list(zip([t for t, _ in frames], [f for _, f in late]))
                check(outcomes(late) == [("complete", False)], "the UE's end", len(end), "behind", behind, "of the answer:", outcomes(late))
            lost = outcomes(frames[:at] + frames[at + len(end):])
            check(lost == [("unfinished", len(end) > 1)], "the UE's end", len(end), "lost, and the answer to it seen:", lost)


def early_data_damaged(folder):
    """Early data (RFC 8446 2.3) may be as long as a Finished. No loss of one frame, and no cut, may make a handshake complete in which the client
    never sent one, since the server refused or the client left; the hello that offers them, or the ServerHello's version, may be what is missing."""
    path, own = os.path.join(folder, "early13.pcap"), b"\x77" * 32
    share = b"\0\x1d\0\x20" + own
    offers = [(43, b"\4\3\4\3\3"), (51, b"\0\x24" + share), (45, b"\1\1"), (42, b""), (41, b"\0\x26\0\x20" + own + b"\0\0\0\0\0\x21\x20" + own)]
    hello = m.client_hello([0x1301, AES], m.TLS12, session=own, more=offers)
    answered = m.server_hello(0x1301, m.TLS12, session=own, more=[(51, share), (43, b"\3\4")])
    alert, finished, flight, late = (m.record(23, bytes(n), m.TLS12) for n in (19, 53, 90, 300))

    def outcomes(frames, at=-1, kept=0):
        with open(path, "wb") as f:
            capturelib.write_frames_to(f, frames[:at] if kept else frames)
            for i, (time, frame) in enumerate(frames[at:] if kept else ()):
                part = frame[:kept if i == 0 else None]
                f.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(part), len(frame)) + part)
        return [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]

    def made(steps):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for side, payload in steps:
            c.frames.append(c.frame(side, 0x18 if payload else 0x11, payload))
            c.seq[side] += len(payload) or 1
            c.frames.append(c.frame(1 - side, 0x10))
        return c.frames

    fins = {"refused": [(SERVER, alert), (SERVER, b""), (CLIENT, b"")], "aborted": [(CLIENT, b""), (SERVER, b"")]}
    for early in (late, late + late, finished):
        begin = [(CLIENT, hello), (CLIENT, early), (SERVER, answered), (SERVER, flight)]
        goes_on = made(begin + [(CLIENT, m.record(23, bytes(21), m.TLS12) + finished), (SERVER, late), (CLIENT, alert), (CLIENT, b""), (SERVER, b"")])
        check(outcomes(goes_on) == ["complete"], "early data", len(early), outcomes(goes_on))
        for outcome, end in fins.items():
            frames = made(begin + end)
            check(outcomes(frames) == [outcome], "early data", len(early), outcomes(frames))
            for i in range(3, len(frames)):
                said = outcomes(frames[:i] + frames[i + 1:])
                check(said and "complete" not in said, "early data", len(early), outcome, "without frame", i, said)
            for message in (hello, answered):
                at = next(i for i, (_, f) in enumerate(frames) if f.endswith(message))
                for kept in range(60, len(frames[at][1]), 19):
                    said = outcomes(frames, at, kept)
                    check("complete" not in said, "early data", len(early), outcome, "with", kept, "octets of frame", at, said)


def answer_missed(folder):
    """What the client has acknowledged of the server's after its Finished may be a refusal (RFC 8446 4.4.4), though it was captured behind the
    client's end, or not at all."""
    path, real = os.path.join(folder, "missed13.pcap"), capturelib.conversations(path_of("openssl-tls13-full"))[0]
    rows = [(side, bytes(b)) for side, b in capturelib.rows_of(real)]
    finished = next(i for i, (side, b) in enumerate(rows) if side == CLIENT and i > 1)
    start = rows[:finished] + [(CLIENT, b"".join(capturelib.records_of(rows[finished][1])[:2]))]
    alert, ticket, data = (m.record(23, b"\x66" * n, m.TLS12) for n in (19, 234, 40))
    for word, late, lost in ((alert, "unfinished", "unfinished"), (ticket, "complete", "unfinished")):
        for what, steps in (("its close", [alert, "fin"]), ("its FIN", ["fin"]), ("a request and its close", [data, alert, "fin"])):
            c = capturelib.Connection(time=1795471000 * 10**9)
            c.open()
            for side, payload in start + [(SERVER, word)]:
                c.send(side, payload)
            at = len(c.frames) - 1
            for payload in steps:
                if payload == "fin":
                    c.frames.append(c.frame(CLIENT, 0x11))
                    c.seq[CLIENT] += 1
                else:
                    c.send(CLIENT, payload)
            end = len(c.frames)
            c.reset(SERVER)
            times, frames = [t for t, _ in c.frames], [f for _, f in c.frames]
            behind = frames[:at] + frames[at + 1:end] + [frames[at]] + frames[end:]
            for how, kept, outcome in (("late", behind, late), ("lost", frames[:at] + frames[at + 1:], lost),
                                       ("lost with its end", frames[:at] + frames[at + 1:end], lost)):
                capturelib.write_frames(path, list(zip(times, kept)))
                said = [e["utwatch"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
                check([e["outcome"] for e in said] == [outcome], len(word), "octets", how, "before", what, said)
                check(("gap" in said[0].get("unobserved", [])) == (how != "late"), len(word), "octets", how, "before", what, said)
    # With its certificate the Finished may stand in one record (5.1); data behind it may be shorter than a Finished. Padding makes a long record
    # of an alert too (5.4), behind which an alert alone says nothing.
    flight = capturelib.records_of(rows[finished][1])[0] + m.record(23, b"\x55" * 1209, m.TLS12)
    for behind, outcome in ((m.record(23, b"\x66" * 35, m.TLS12), "complete"), (alert, "unfinished")):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for side, payload in rows[:finished] + [(CLIENT, flight), (SERVER, ticket), (CLIENT, behind), (SERVER, data)]:
            c.send(side, payload)
        c.close(first=SERVER)
        capturelib.write_frames(path, c.frames)
        said = [e["utwatch"]["outcome"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
        check(said == [outcome], "a flight in one record, and", len(behind), "octets:", said)


def own_part_lost(folder):
    """What was not captured of the client is not its end, though the server's alert acknowledges it: it may have been the rest of its part."""
    path, real = os.path.join(folder, "part.pcap"), capturelib.conversations(path_of("gnutls-tls12-client-certificate-required"))[0]
    rows = [(side, bytes(b)) for side, b in capturelib.rows_of(real)]
    own = next(i for i, (side, b) in enumerate(rows) if side == CLIENT and i > 1)
    for with_fin in (False, True):
        for lost in (False, True):
            c = capturelib.Connection(time=1795471000 * 10**9)
            c.open()
            for side, payload in rows[:own + 1]:
                c.send(side, payload)
            flight = len(c.frames) - 1
            if with_fin:
                c.frames.append(c.frame(CLIENT, 0x11))
                c.seq[CLIENT] += 1
            c.send(SERVER, m.alert(2, 48))
            c.reset(SERVER)
            capturelib.write_frames(path, [f for i, f in enumerate(c.frames) if not lost or i != flight])
            said = [e["utwatch"] for e in of_type(events(UTWATCH, "-r", path)[0], "tls")]
            outcomes = [e["outcome"] for e in said]
            check(outcomes == (["unfinished"] if lost else ["refused"]), "lost:", lost, "FIN:", with_fin, said)
            check(("gap" in said[0].get("unobserved", [])) == lost, "lost:", lost, "FIN:", with_fin, said)


def refused_for_something_else(folder):
    """A refusal says nothing of the suites where the hello offers a session (RFC 7627 5.3 has a server abort for its sake), or where the UE
    had given up before."""
    path, rule = os.path.join(folder, "refused.pcap"), "ut-6.2-server-3des"
    accepted = [(CLIENT, m.client_hello([RC4])), (SERVER, m.server_hello(RC4) + m.done()), (CLIENT, m.client_key_exchange() + m.finished()),
                (SERVER, m.finished())]
    refusal = (SERVER, m.alert(2, 40))
    for what, steps, wanted in (
            ("alone", [(CLIENT, m.client_hello([DES3])), refusal], "fail"),
            ("of a session id", [(CLIENT, m.client_hello([DES3], session=b"i" * 32)), refusal], "not_observable"),
            ("after the UE's alert", [(CLIENT, m.client_hello([DES3])), (CLIENT, m.alert(2, 80)), refusal], "not_observable"),
            ("after its close_notify", [(CLIENT, m.client_hello([DES3])), (CLIENT, m.alert(1, 0)), refusal], "not_observable"),
            ("after its early ClientKeyExchange", [(CLIENT, m.client_hello([DES3]) + m.client_key_exchange()), refusal], "not_observable"),
            ("after a message within the hello's record",
             [(CLIENT, m.record(22, m.client_hello([DES3])[5:] + b"\x10\0\0\0")), refusal], "not_observable"),
            ("after its early data", [(CLIENT, m.client_hello([DES3])), (CLIENT, m.record(23, b"data")), refusal], "not_observable"),
            ("before more of the UE", [(CLIENT, m.client_hello([DES3])), refusal, (CLIENT, m.alert(1, 0))], "fail")):
        frames = []
        for i, each in enumerate((accepted, steps) * 2):  # a single refusal proves nothing
            frames += capturelib.build(each, time=(1795471000 + 3 * i) * 10**9, client=("192.0.2.10", 40000 + i), seq=(70000 * i, 90000 * i))
        capturelib.write_frames(path, frames)
        evs, _ = events(UTWATCH, "-r", path)
        check(rule_counts(evs)[rule].get(wanted) == 1, "a refusal", what, rule_counts(evs)[rule])


with tempfile.TemporaryDirectory() as temporary:
    the_ue_left_first(temporary)
    refused_by_tls13(temporary)
    refusal_damaged(temporary)
    early_data_damaged(temporary)
    answer_missed(temporary)
    own_part_lost(temporary)
    refused_for_something_else(temporary)
    waited_in_vain(temporary)
    canceled_by_the_client(temporary)
    required_certificate(temporary)
    required_within_tls(temporary)
    certificate_by_url(temporary)
    short_tag(temporary)
    in_clear(temporary)
    requests_lost(temporary)
    served_before_tls(temporary)
    sent_before_tls(temporary)
    sent_after_tls(temporary)
    not_an_answer(temporary)
    did_not_have_the_hello(temporary)
    both_ends_reset(temporary)
    alert_before_a_reset(temporary)
    null_encryption(temporary)
    protected_link()
    aborted(temporary)
    server_aborted(temporary)
    old_when_resumed(temporary)
    by_psk()
    external_psk(temporary)
    only_what_was_issued(temporary)
    why_no_origin(temporary)
    documents(temporary)
    late_start(temporary)
    one_direction(temporary)
    http2(temporary)
    cut_hello(temporary)
    flight_cut_short(temporary)
    no_handshake(temporary)
    lost_in_http(temporary)
    only_of_ut(temporary)
    quoted_hello(temporary)
    transferred(temporary)
    answered_in_clear(temporary)
    sent_with_connect(temporary)
    sslv2(temporary)
    never_resumable()
    empty_certificate()
finish()
