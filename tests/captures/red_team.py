#!/usr/bin/env python3
"""Attacks that were thought up without knowledge of the other tests. usage: red_team.py UTWATCH

Two ends really speak; what is told of them must not depend on what is around it.
"""
import hashlib
import os
import struct
import sys
import tempfile

from run_utwatch import events, of_type
from checks import check, finish

import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
ANON, AES, SECOND, START = 0x18, 0x2F, 10**9, 1795471000 * 10**9
V4, V6 = {}, {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
BROKEN = {"ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-listed-anonymous", "ut-7.2-only-anonymous"}
NUMBERS, NEAR, FAR = (1000, 5000), (1000, 255000), (1000, 900000000)


def talk(suite, version=m.TLS12):
    certificate = m.certificate_message(b"\0\0\0", version) if suite == AES else m.server_key_exchange(version)
    return [(CLIENT, m.client_hello([suite], version)), (SERVER, m.server_hello(suite, version) + certificate + m.done(version)),
            (CLIENT, m.client_key_exchange(version) + m.finished(version)), (SERVER, m.finished(version)),
            (CLIENT, m.record(23, b"\7" * 48, version)), (SERVER, m.record(23, b"\7" * 48, version))]


class Judged:
    def __init__(self, folder, frames, in_order=True):
        capture = os.path.join(folder, "x.pcap")
        capturelib.write_frames(capture, sorted(frames, key=lambda f: f[0]) if in_order else frames)
        evs, _ = events(UTWATCH, "-r", capture)
        self.tls = [e["utwatch"] for e in of_type(evs, "tls")]
        self.suites = [int(t["server_hello"]["suite"], 16) for t in self.tls if "server_hello" in t]
        alerts = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] in BROKEN]
        self.high = {e["utwatch"]["rule"] for e in alerts if e["alert"]["severity"] == 1 and e["utwatch"]["basis"] == "direct"}
        self.faults = {(e["utwatch"]["rule"], e["utwatch"]["fault"]) for e in of_type(evs, "alert")}
        self.alerts = [(e["utwatch"]["rule"], e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(evs, "alert")]
        self.grave = {rule for rule, severity, _ in self.alerts if severity == 1}
        self.counters = of_type(evs, "stats")[-1]["utwatch"]
        self.unseen = {r["rule"] for r in self.counters["rules"] if r["not_observable"] and "too-long" in r["reasons"]}

    def counts(self, rule):
        return next(r for r in self.counters["rules"] if r["rule"] == rule)

    def passed(self, rule):
        return self.counts(rule)["pass"]

    def says_of_clear(self, read):
        """A document served in clear is a breach of both, or, if it was not read, nobody knows what the server did."""
        rule = "ut-4-tls-required"
        return (rule, "both") in self.faults if read else rule in self.unseen or (rule, "ue") in self.faults


def ended(c, how):
    if how == "closed":
        c.close()
    elif how != "left":
        c.reset(SERVER if how == "reset by the server" else CLIENT)


def reopened(folder):
    """A client may draw the number for its side that it had before: RFC 9293 3.4.1 asks for another one, and nobody makes sure of it. A server may,
    too. What one of them says in the second connection takes nothing back that the first one showed."""
    for name in (V4, V6):
        for how in ("closed", "reset", "reset by the server", "left"):
            for numbers in (NUMBERS, NEAR, FAR, (2 * 10**9, NUMBERS[SERVER])):
                for pause in (SECOND // 100, SECOND, 5 * SECOND // 2, 4 * SECOND, 10 * SECOND, 100 * SECOND):
                    for first, second in (AES, ANON), (ANON, AES):
                        c = capturelib.Connection(time=START, seq=NUMBERS, **name)
                        c.open()
                        for step in talk(first):
                            c.send(*step)
                        ended(c, how)
                        judged = Judged(folder, c.frames + capturelib.build(talk(second), time=c.time + pause, seq=numbers, **name))
                        what = ("reopened", how, numbers, pause / SECOND, name, "%04x" % first)
                        if numbers == NUMBERS and pause <= SECOND:  # as another mirror may show it once more, but for its bytes
                            check(judged.counters["capture"]["conflicts"], *what, judged.counters["capture"])
                            continue
                        check(judged.suites == [first, second], *what, judged.suites)
                        check(judged.high == BROKEN and not any("unobserved" in t for t in judged.tls), *what, judged.high, judged.tls)


def many_requests(folder):
    """More requests than are read one by one hide no later one: it is judged, or may be there."""
    def frame(kind, flags, stream, body=b""):
        return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body

    def literal(name, value):  # RFC 7541 6.2.2
        return bytes([0, len(name)]) + name + bytes([len(value)]) + value
    document = b"/simservs.ngn.etsi.org/users/sip:a@b/simservs.xml"
    path = literal(b":path", document) + literal(b":authority", b"xcap.example.org")
    for port in (80, 443):
        for burst in (0, 8, 60, 80, 200):
            c, last = capturelib.Connection(time=START, server=("192.0.2.80", port)), 2 * burst + 1
            c.open()
            c.send(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0))
            c.send(SERVER, frame(4, 0, 0))
            if burst:
                c.send(CLIENT, b"".join(frame(1, 5, 2 * i + 1, b"\x82\x86\x84") for i in range(burst)))
                c.send(SERVER, b"".join(frame(1, 5, 2 * i + 1, b"\x8d") for i in range(burst)))
            c.time += SECOND
            c.send(CLIENT, frame(1, 5, last, b"\x82\x86" + path))
            c.send(SERVER, frame(1, 4, last, b"\x88") + frame(0, 1, last, b"hello"))
            c.close()
            judged = Judged(folder, c.frames)
            check(judged.says_of_clear(burst < 80), "behind", burst, "requests", port, judged.faults, judged.unseen)
        for number in (8, 9, 20):  # in HTTP/1, each behind the other
            ask = b"GET %s HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
            steps = [(CLIENT, ask % b"/a" * number)] + [(SERVER, b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n")] * number
            steps += [(CLIENT, ask % document), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
            steps = [(side, said.replace(b"xcap.", b"www.")) for side, said in steps]
            judged = Judged(folder, capturelib.build(steps, time=START, server=("192.0.2.80", port)))
            check(judged.says_of_clear(number < 9), "behind", number, "pipelined", port, judged.faults, judged.unseen)


def odd_paths(folder):
    """A server finds the document behind dots (RFC 3986 5.2.4), encoded or not (6.2.2.2), and behind parameters (3.3): it served it in clear."""
    documents = (b"./users", b"%2e/users", b"z/../users", b"z/%2E%2e/users", b"/../users", b";v=1/users;v=1", b".;v/users", b"users/../users")
    pages = (b"../users", b".../users", b"z/users", b"z/../../users")
    paths = {b"./" * 16 + b"resource-lists/users": True, b"a/../" * 100 + b"resource-lists/users": True}
    paths |= {b"resource-lists" + b"/" * (p[:1] != b";") + p: p in documents for p in documents + pages}
    for path, is_document in paths.items():
        steps = [(CLIENT, b"GET /xcap/" + path + b"/u/index HTTP/1.1\r\nHost: app.example\r\n\r\n"),
                 (SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 5\r\n\r\nhello")]
        judged = Judged(folder, capturelib.build(steps, time=START, server=("192.0.2.80", 80)))
        check((("ut-4-tls-required", "both") in judged.faults) == is_document, "in clear:", path, judged.faults)


ASK, NONE = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"
REFUSED = [(CLIENT, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), (SERVER, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")]
SOCKET = [(CLIENT, ASK.replace(b"\r\n\r\n", b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")),
          (SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]


def switch(asked, granted):
    upgrade, line = b"Connection: Upgrade\r\nUpgrade: %s\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n"
    return [(CLIENT, ASK[:-2] + upgrade % asked), (SERVER, line + (upgrade % granted if granted else b"\r\n"))]


def asked(question, answer, *before):
    return [*before, (CLIENT, question), (SERVER, answer)]


MAIL = [(SERVER, b"220 mail.example.org ESMTP\r\n"), (CLIENT, b"EHLO ue\r\n"), (SERVER, b"250-mail.example.org\r\n250 STARTTLS\r\n")]
IMAP, POP, FTP = [(SERVER, b"* OK ready\r\n")], [(SERVER, b"+OK ready\r\n")], [(SERVER, b"220 ready\r\n")]
SOCKS5, SOCKS4 = asked(b"\5\1\0", b"\5\0"), b"\4\1\1\xbb\xc0\0\2\x50\0"
TO_HOST, LDAP = b"\5\1\0\1\xc0\0\2\x50\1\xbb", b"\x30\x1d\2\1\1\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
# RFC 3207 4, RFC 2595, RFC 4217 4, RFC 1928 6, RFC 4511 4.14.1, RFC 6120 5.4.2: what was asked, and the answers that grant and refuse it.
WORDS = {"SMTP": (b"STARTTLS\r\n", b"220 go\r\n", b"454 TLS not available\r\n", MAIL), "IMAP": (b"a STARTTLS\r\n", b"a OK go\r\n", b"a NO\r\n", IMAP),
         "POP3": (b"STLS\r\n", b"+OK go\r\n", b"-ERR no\r\n", POP), "FTP": (b"AUTH TLS\r\n", b"234 go\r\n", b"534 no\r\n", FTP),
         "SOCKS5": (TO_HOST, b"\5\0\0\1" + bytes(6), b"\5\2\0\1" + bytes(6), SOCKS5),
         "SOCKS4": (SOCKS4, b"\0\x5a" + bytes(6), b"\0\x5b" + bytes(6), []),
         "LDAP": (LDAP, b"\x30\x0c\2\1\1\x78\7\n\1\0\4\0\4\0", b"\x30\x0c\2\1\1\x78\7\n\1\x34\4\0\4\0", []),
         "XMPP": (b"<starttls/>", b"<proceed/>", b"<failure/>", [(CLIENT, b"<stream:stream>"), (SERVER, b"<stream:features/>")])}
GRANTED = {k + ", granted": asked(question, yes, *before) for k, (question, yes, _, before) in WORDS.items()}
OTHERWISE = {k + ", refused": asked(question, no, *before) for k, (question, _, no, before) in WORDS.items()}
OTHERWISE |= {k + ", granted by the UE": asked(question, no, *before) + [(CLIENT, yes)] for k, (question, yes, no, before) in WORDS.items()}
OTHERWISE |= {"SMTP, not asked": MAIL, "SOCKS5, no method": asked(b"\5\1\0", b"\5\xff")}
TO_TLS = {"TLS": switch(b"TLS/1.2", b"TLS/1.2, HTTP/1.1"), "TLS, granted without a name": switch(b"TLS/1.2", b""),
          "TLS among others": switch(b"tunnel, TLS/1.2", b"TLS/1.2"), "two of TLS": switch(b"TLS/1.3, TLS/1.2", b"")}
BEFORE = {"an exchange": [(CLIENT, ASK), (SERVER, NONE)], "two": [(CLIENT, ASK), (SERVER, NONE)] * 2, "a CONNECT refused": REFUSED,
          "a WebSocket": SOCKET, "an unknown protocol": switch(b"tunnel", b"tunnel"), "one without a name": switch(b"tunnel", b""),
          "one instead of TLS": switch(b"TLS/1.2, tunnel", b"tunnel"), "TLS or another": switch(b"TLS/1.2, tunnel", b""),
          "a greeting of SMTP": [(SERVER, b"220 mail.example.org ESMTP\r\n")], "a greeting of SSH": [(SERVER, b"SSH-2.0-OpenSSH_9.2\r\n")],
          "a document": [(CLIENT, ASK), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"), (SERVER, b"x" * 300)]}


def behind_http(folder):
    """A UE alone sends a hello behind what leads to no TLS: how a server of HTTP, or of SMTP (RFC 3207 4), ends the connection then is no answer
    to it. One that has switched to TLS (RFC 2817 3.2) has to answer."""
    framed = [(side, b"\x82\x7e" + len(said).to_bytes(2, "big") + said) for side, said in talk(ANON)]
    for name in (V4, V6, {**V4, "server": ("192.0.2.80", 8080)}):
        for what, before in {**BEFORE, **TO_TLS, **GRANTED, **OTHERWISE}.items():
            for how in ("closes", "resets"):
                c = capturelib.Connection(time=START, **name)
                c.open()
                for step in before + talk(ANON)[:1]:
                    c.send(*step)
                c.frames.append(c.frame(SERVER, 0x10))
                if how == "closes":
                    c.close(SERVER)
                else:
                    c.reset(SERVER)
                rules = {r for r, fault in Judged(folder, c.frames).faults if r.startswith("ut-7.2") and fault != "ue"}
                check(bool(rules) == (what in TO_TLS or what in GRANTED), "the server", how, "behind", what, rules)
        judged = Judged(folder, capturelib.build(REFUSED + talk(ANON), time=START, **name))
        check(judged.suites == [ANON], "a server that takes a hello behind a CONNECT that it has refused", judged.suites)
        judged = Judged(folder, capturelib.build(SOCKET + framed, time=START, **name))
        check(not judged.suites and not judged.high, "octets in frames of WebSocket", judged.suites)


def words_of_the_other_end(folder):
    """RFC 5246 7.3 says who sends what. What an end says in the other's place is no word of the other's, and hides none of its own: the offer of a UE
    that says a server's words as well is an offer, and a server may end or refuse the connection for these words alone."""
    good, v = talk(AES), m.TLS12
    of_server = {"a request for a certificate": m.certificate_request(v), "parameters": m.server_key_exchange(v),
                 "a ticket": m.new_session_ticket(b"x" * 64),
                 "the end of a flight": m.done(v), "a hello": m.server_hello(ANON, v), "HelloRequest": m.message(0, b"", v),
                 "HelloRetryRequest": m.message(6, b"\3\3\0\0\0\0", v)}
    of_client = {"a key exchange": m.client_key_exchange(v), "a signature": m.message(15, b"\4\1\0\1x", v), "a URL": m.message(21, b"\0\0\0", v)}

    def judged(steps, end="closed", drop=None, side=CLIENT):
        c = capturelib.Connection(time=START)
        c.open()
        for step in steps:
            c.send(*step)
        c.frames.append(c.frame(1 - steps[-1][0], 0x10))
        if end == "closed":
            c.close(side)
        else:
            c.reset(side)
        return Judged(folder, [f for f in c.frames if f[1][5] != drop])

    for side, words in ((CLIENT, of_server), (SERVER, of_client)):
        for what, said in words.items():
            for at in (1, 2, 3):
                told = judged(good[:at] + [(side, said)] + good[at:])
                check(told.faults == judged(good).faults and len(told.tls) == 1, "with", what, side, at, told.faults, told.tls)
    for what, said in of_server.items():  # the server says nothing in TLS
        for offered in (AES, ANON):
            hello = talk(offered)[0]
            for end in ("closed", "reset"):
                told = judged([hello, (CLIENT, said)], end, side=SERVER)
                own = {r for r in judged([hello], end, side=SERVER).faults if r[1] == "ue"}
                check(told.faults == own and len(told.tls) == 1, "a hello and", what, "%04x" % offered, end, told.faults, own)
            told, own = (judged([hello, *more, *talk(offered)[1:]], drop=SERVER) for more in ([(CLIENT, said)], []))
            check(told.faults == own.faults and len(told.tls) == 1, "of one direction,", what, "%04x" % offered, told.faults, own.faults)
        refused = judged([talk(ANON)[0], (CLIENT, said), (SERVER, m.alert(2, 10, v))], side=SERVER)
        check(not refused.passed("ut-7.2-only-anonymous"), "a refusal of", what, refused.counts("ut-7.2-only-anonymous"))
    flight = talk(ANON)[1][1]  # of a UE, to a server that has asked for nothing
    refusal = (SERVER, m.alert(2, 10, v))
    for steps in ([(CLIENT, flight)], [(CLIENT, flight), refusal], [(CLIENT, flight), talk(ANON)[0], refusal]):
        told = judged(steps, side=SERVER)
        check(not told.faults and told.counters["connections"]["unasked"] == 1, "a UE that serves nobody", len(steps), told.faults)
    late = judged(good[:3] + [(SERVER, m.certificate_request(v))] + good[3:])
    check(late.faults == judged(good).faults, "a request for a certificate after the answer", late.faults)


class Odd(capturelib.Connection):
    """A connection whose ends do what few do."""

    def segment(self, side, flags, payload=b"", seq=None):
        self.frames.append(self.frame(side, flags, payload, seq))

    def both_open(self):
        for side in (CLIENT, SERVER):
            self.segment(side, 0x02)
        self.seq = [n + 1 for n in self.seq]
        for side in (CLIENT, SERVER):
            self.segment(side, 0x12, seq=self.seq[side] - 1)

    def open_with(self, hello, taken):
        self.segment(CLIENT, 0x02, hello)
        self.seq[CLIENT] += 1 + (len(hello) if taken else 0)
        self.segment(SERVER, 0x12)
        self.seq[SERVER] += 1
        if not taken:
            self.send(CLIENT, hello)


def odd(name, opening=None, before=None, steps=None):
    """`before`: what else is sent before each step."""
    c, steps = Odd(time=START, **name), steps or talk(ANON)
    if opening == "both":
        c.both_open()
    elif opening:
        c.open_with(steps.pop(0)[1], opening == "taken")
    else:
        c.open()
    for step in steps:
        if before:
            before(c, *step)
        c.send(*step)
    c.close()
    return c.frames


def copies(folder):
    """A second mirror is no new connection, whether or not the first one is seen to end, and whether or not its hello comes in the SYN."""
    for name in (V4, V6):
        for opening in (None, "taken", "left"):
            for late in (SECOND // 1000, SECOND // 50, SECOND // 2, SECOND):
                for open_end in (False, True):
                    frames = odd(name, opening)[:-2 if open_end else None]
                    judged = Judged(folder, frames + [(t + late, f) for t, f in frames])
                    check(judged.suites == [ANON] and judged.high == BROKEN, "copied", opening, late, open_end, judged.suites, judged.high)


def opened_with_data(folder):
    """RFC 7413 4.2: a client may send its hello in the SYN. Where it left a connection open, the next one on its ports is judged, but for a hello
    that came before anybody had answered."""
    for name in (V4, V6):
        for how in ("left", "closed"):
            for numbers in ((3000, 255000), NEAR, FAR, (2 * 10**9, NUMBERS[SERVER]), (2 * 10**9, 9 * 10**8)):
                for pause in (SECOND // 100, 5 * SECOND // 2, 1000 * SECOND):
                    for taken, answers in ((True, True), (True, False), (False, False)):
                        first = capturelib.Connection(time=START, seq=NUMBERS, **name)
                        first.open()
                        for step in talk(AES):
                            first.send(*step)
                        ended(first, how)
                        c, steps = Odd(time=first.time + pause, seq=numbers, **name), talk(ANON)
                        c.open_with(steps.pop(0)[1], taken)
                        if answers:
                            c.segment(CLIENT, 0x10)
                        for step in steps:
                            c.send(*step)
                        c.close()
                        judged = Judged(folder, first.frames + c.frames)
                        # A SYN with the number of one that was answered a moment ago may be its copy.
                        unsure = how == "left" or (numbers[CLIENT] == NUMBERS[CLIENT] and pause < SECOND)
                        hidden = ["gap"] if taken and unsure else []
                        check(judged.suites == [AES, ANON] and "ut-6.4-listed-anonymous" in judged.high and (judged.high == BROKEN) == (not hidden)
                              and judged.tls[-1].get("unobserved", []) == hidden, "with data", name, how, numbers, pause, taken, answers, judged.tls)


def goes_on_after_its_alert(folder):
    """A fatal alert ends a connection (RFC 5246 7.2.2). If both ends go on to the end all the same, the server did select what it had selected."""
    for ends in (V4, V6):
        for version in (m.TLS10, m.TLS12):
            words = talk(ANON, version)
            hello = m.server_hello(ANON, version)
            flight = words[1][1]
            check(flight.startswith(hello), "the flight begins with the hello")
            for at in (0, len(hello), len(flight)):
                steps = [words[0], (SERVER, flight[:at] + m.alert(2, 40, version) + flight[at:]), *words[2:]]
                judged = Judged(folder, capturelib.build(steps, time=START, **ends))
                check(judged.high == BROKEN, "after a fatal alert", "IPv6" if ends else "", version, at, judged.high, judged.tls)


RETRY = hashlib.sha256(b"HelloRetryRequest").digest()  # RFC 8446 4.1.3


def random_of_retry(folder):
    """A server draws its random itself. Only one that selects TLS 1.3 asks for another hello by it (RFC 8446 4.1.3, 4.1.4), and no client that takes
    its answer for a hello of TLS 1.2 or less has seen a request."""
    extended = [(0xFF01, b"\0"), (23, b"")]
    for version in (m.TLS10, 0x0302, m.TLS12):
        for more in ((), extended):
            steps = [(CLIENT, m.client_hello([ANON], version, more=more)), *talk(ANON, version)[1:]]
            flight = steps[1][1][len(m.server_hello(ANON, version)):]
            hellos = [m.server_hello(ANON, version, more=more, random=r) for r in (b"\x22" * 32, RETRY)]
            plain, drawn = (Judged(folder, capturelib.build([steps[0], (SERVER, hello + flight), *steps[2:]], time=START, **V4)) for hello in hellos)
            check(plain.high and drawn.faults == plain.faults and drawn.suites == [ANON] and not drawn.tls[0]["server_hello"]["hello_retry"],
                  "the random of a HelloRetryRequest in %04x" % version, more, drawn.faults, plain.faults)
    hello = m.client_hello([ANON, 0x1301], m.TLS12, more=[(43, b"\4\3\4\3\3")])
    ask = m.server_hello(0x1301, m.TLS12, more=[(43, b"\3\4")], random=RETRY)
    asked = Judged(folder, capturelib.build([(CLIENT, hello), (SERVER, ask)], time=START, **V4))
    check(not asked.suites and not asked.high, "a HelloRetryRequest", asked.suites, asked.high)


def records(steps, size, between=b""):
    """The messages in clear in records of `size` octets."""
    out = []
    for side, said in steps[:2]:
        body = b"".join(r[5:] for r in capturelib.records_of(said))
        out.append((side, between.join(m.record(22, body[i:i + size], m.TLS12) for i in range(0, len(body), size))))
    return out + steps[2:]


def nothing_changes(folder):
    """What a receiver does not take, or takes in another form, is nothing to it."""
    for name in (V4, V6):
        whole = odd(name)
        held = {
            "both open": odd(name, "both"), "a hello in the SYN": odd(name, "taken"), "one that is not taken": odd(name, "left"),
            "keepalives with an octet": odd(name, before=lambda c, side, p: c.segment(side, 0x10, b"\0", c.seq[side] - 1)),
            "probes of a closed window": odd(name, before=lambda c, side, p: c.segment(side, 0x10, p[:1])),
            "guessed resets": odd(name, before=lambda c, side, p: [c.segment(side, 0x04, seq=c.seq[side] + n) for n in (1, 100, 70000)]),
            "SYNs": odd(name, before=lambda c, side, p: [c.segment(CLIENT, 0x02, seq=n * 10**7) for n in range(1, 20)]),
            "a clock that goes back": [(START - i * SECOND // 10, f) for i, (_, f) in enumerate(whole)],
            "one time": [(START, f) for _, f in whole], "the year 1970": [(0, f) for _, f in whole],
            "records of one octet": odd(name, steps=records(talk(ANON), 1)),
            "empty records between": odd(name, steps=records(talk(ANON), 9, m.record(22, b"", m.TLS12))),
            "warnings between": odd(name, steps=records(talk(ANON), 9, m.alert(1, 90, m.TLS12))),
            "an Ethernet trailer": [(t, f + b"\xee" * 30) for t, f in whole],
            "three tunnels": [(t, encapsulation.gtp(encapsulation.vxlan(encapsulation.gre(f)))) for t, f in whole]}
        for what, frames in held.items():
            judged = Judged(folder, frames) if what != "a clock that goes back" else Judged(folder, frames, in_order=False)
            check(judged.suites == [ANON] and judged.high == BROKEN, what, name, judged.suites, judged.high)


def neither_reading(folder):
    """Where a receiver may have taken other octets than those that were read, nothing of high severity is said of the UE."""
    good, bad = talk(AES), talk(ANON)
    for name in (V4, V6):
        for what, at, said in (("a hello", 0, bad[0][1]), ("an answer", 1, bad[1][1]), ("an alert", 1, m.alert(2, 40, m.TLS12))):
            for after in (False, True):
                c = Odd(time=START, **name)
                c.open()
                for i, (side, payload) in enumerate(good):
                    first = c.seq[side]
                    if i == at and not after:
                        c.segment(side, 0x18, said)
                    c.send(side, payload)
                    if i == at and after:
                        c.segment(side, 0x18, said, first)
                c.close()
                judged = Judged(folder, c.frames)
                check(not judged.high, "injected:", what, after, name, judged.high)


def once_more_issued(folder):
    """Whoever sees an id can have another server, or himself, give it out once more: its session gets no younger by that."""
    hour, number = 3600 * SECOND, b"\x5b" * 32

    def given(at, port, client="192.0.2.10"):
        c = [(CLIENT, m.client_hello([AES], m.TLS12, random=bytes([port & 255]) * 32)),
             (SERVER, m.server_hello(AES, m.TLS12, number, random=bytes([port & 255, 9]) * 16) + m.certificate_message(b"\0\0\0", m.TLS12) +
              m.done(m.TLS12))]
        return capturelib.build(c + talk(AES)[2:] + m.closing(), client=(client, port), time=START + at * hour)
    use = [(CLIENT, m.client_hello([AES], m.TLS12, number, random=b"\x61" * 32)),
           (SERVER, m.server_hello(AES, m.TLS12, number, random=b"\x62" * 32) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    for port, client in ((40001, "192.0.2.10"), (40002, "192.0.2.11")):
        for again in (1, 23):
            frames = given(0, 40000) + given(again, port, client) + capturelib.build(use, client=("192.0.2.10", 40003), time=START + 25 * hour)
            session = Judged(folder, frames).tls[-1]["session"]
            check(session["age_basis"] != "exact", "an id issued twice", port, again, session)


def flight_in_parts(folder):
    """RFC 8446 2: a server may send data before it has the client's Finished, and then refuse the client's certificate. With the Certificate, its
    signature and the Finished in records of their own, only the length of the last one shows it (4.4.4: 53 octets here, unless it is padded)."""
    def data(length):
        return m.record(23, b"x" * length, m.TLS12)
    hello = m.client_hello([0x1301], m.TLS12, b"\1" * 32, more=[(43, b"\2\3\4"), (51, b"\0\6\0\x1d\0\2\0\1")])
    flight = m.server_hello(0x1301, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x1d\0\1\1")]) + data(900)
    early, more, refusal = (SERVER, data(200)), (SERVER, data(300)), (SERVER, data(19))
    for name in (V4, V6):
        for length in (53, 80):
            parts = [(CLIENT, data(n)) for n in (600, 300, length)]
            ways = {"none": parts, "behind the signature": parts[:2] + [early] + parts[2:], "behind the certificate": parts[:1] + [early] + parts[1:],
                    "between all": [parts[0], early, parts[1], early, parts[2]], "twice": parts[:2] + [early] * 2 + parts[2:]}
            for what, steps in ways.items():
                for end, rest in (("unfinished", [refusal]), ("complete", [more, (CLIENT, data(100)), more]), ("complete", [more, refusal])):
                    c = capturelib.Connection(time=START, **name)
                    c.open()
                    for step in [(CLIENT, hello), (SERVER, flight), *steps, *rest]:
                        c.send(*step)
                    c.close(SERVER)
                    outcomes = [t["outcome"] for t in Judged(folder, c.frames).tls]
                    check(outcomes == [end], "data before the Finished:", what, length, len(rest), name, outcomes)


def unread_wrappers(folder):
    """What is not opened, but could be read by whoever knows how, is counted: ESP with NULL encryption (RFC 2410), whose check value has one of
    several lengths, GUE, Teredo (RFC 4380), and NSH (RFC 8300). Encrypted ESP looks like nothing."""
    def packet(frame):
        """(addresses, what follows the IP header) and the IP packet."""
        ip = frame[14:]
        return (ip[8:24], ip[24:40], ip[40:], ip) if ip[0] >> 4 == 6 else (ip[12:16], ip[16:20], ip[20:], ip)

    def around(frame, protocol, payload):
        source, destination, _, _ = packet(frame)
        kind, ip = capturelib.internet(protocol, source, destination, payload)
        return frame[:12] + kind + ip

    def esp(check, pad, key=0):
        def wrap(frame):
            trailer = bytes(range(1, pad + 1)) + bytes([pad, 6])
            body = bytes(b ^ key * (i * 37 % 251) & 0xFF for i, b in enumerate(packet(frame)[2] + trailer + b"\xa5" * check))
            return around(frame, 50, b"\0\0\0\7\0\0\0\1" + body)
        return wrap

    def udp(port, inside):
        def wrap(frame):
            payload = inside(frame)
            return around(frame, 17, struct.pack("!HHHH", 49152, port, 8 + len(payload), 0) + payload)
        return wrap

    opened, in_esp = "not_opened", esp(12, 2)
    ways = {"ESP": (in_esp, opened), "ESP with a long check value": (esp(16, 0), opened), "ESP with none": (esp(0, 14), opened),
            "encrypted ESP": (esp(12, 2, 1), None), "ESP in UDP": (udp(4500, lambda f: packet(in_esp(f))[2]), opened),
            "GUE": (udp(6080, lambda f: b"\0\4\0\0" + packet(f)[3]), opened), "Teredo": (udp(3544, lambda f: packet(f)[3]), opened),
            "NSH": (lambda f: f[:12] + b"\x89\x4f\x0f\xc6\1\3\0\0\1\xff" + b"\0" * 16 + f, "not_followed")}
    for name in (V4, V6):
        plain = capturelib.build(talk(ANON), time=START, **name)
        for what, (wrap, counter) in ways.items():
            judged = Judged(folder, [(t, wrap(f)) for t, f in plain])
            counts = {k: judged.counters["capture"].get(k, 0) for k in ("not_opened", "not_followed")}
            check(counts == {k: len(plain) * (k == counter) for k in counts} and not judged.tls, "in", what, name, counts, len(judged.tls))


def once_more_in_doubt(folder):
    """A server issues an id once more after a day, in a handshake that is voided, to a UE that uses it soon: that is no breach, or another UE's, and
    which of the two is not known. Nothing severe is said; but an id that somebody forges into another's handshake is not forgotten either."""
    day, number, rule = 86000 * SECOND, b"\x5c" * 32, "ut-7.1-session-lifetime"

    def issued(random):
        answer = m.server_hello(AES, m.TLS12, number, random=random)
        return [(CLIENT, m.client_hello([AES], m.TLS12, random=random)),
                (SERVER, answer + m.certificate_message(b"\0\0\0", m.TLS12) + m.done(m.TLS12)), *talk(AES)[2:4]]

    def voided(how, client):
        c = Odd(client=(client, 41000), time=START + day)
        c.open()
        for i, (side, payload) in enumerate(issued(RETRY if how == "the random of a retry" else b"\x42" * 32)):
            first = c.seq[side]
            answer = m.server_hello(AES, m.TLS12, number, random=b"\x42" * 32)
            if i == 1 and how == "another ServerHello":
                payload = m.server_hello(AES, m.TLS12, number, random=b"\x43" * 32) + payload
            if i == 1 and how == "an octet after the hello":
                payload = m.message(2, answer[9:] + b"\xff", m.TLS12) + payload[len(answer):]
            if i == 1 and how == "urgent":
                c.segment(side, 0x38, payload)
                c.seq[side] = first + len(payload)
            elif i == 1 and how == "lost":
                c.seq[side] = first + len(payload)
            else:
                c.send(side, payload)
            if i == 1 and how == "another copy":
                c.segment(side, 0x18, payload[:60] + bytes([payload[60] ^ 1]) + payload[61:], first)
        if how == "a reset at an old number":
            c.segment(SERVER, 0x14, b"", c.seq[SERVER] - 10)
        c.close()
        return c.frames
    use = [(CLIENT, m.client_hello([AES], m.TLS12, number, random=b"\x61" * 32)),
           (SERVER, m.server_hello(AES, m.TLS12, number, random=b"\x62" * 32) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    first = capturelib.build(issued(b"\x41" * 32) + m.closing(), client=("192.0.2.10", 40000), time=START)
    state, captures = os.path.join(folder, "state"), [os.path.join(folder, name) for name in ("a.pcap", "b.pcap")]
    expected = dict.fromkeys(("urgent", "another copy", "another ServerHello", "a reset at an old number", "an octet after the hello", "lost"),
                             [(2, "partial")])
    expected["the random of a retry"] = []  # that is believed
    expected[""] = []
    for client in ("192.0.2.10", "192.0.2.20"):
        last = capturelib.build(use, client=(client, 41001), time=START + day + 1000 * SECOND)
        for how, breach in expected.items():
            for kept in (False, True):
                capturelib.write_frames(captures[0], first + voided(how, client) + ([] if kept else last))
                capturelib.write_frames(captures[1], last)
                words = ("--state", state) if kept else ()
                evs = [e for path in captures[:1 + kept] for e in events(UTWATCH, "-r", path, *words)[0]]
                said = [(e["alert"]["severity"], e["utwatch"]["basis"]) for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
                basis = of_type(evs, "tls")[-1]["utwatch"]["session"]["age_basis"]
                check(said == breach and basis == "at-least", "voided by", how, client, "state" if kept else "", said, basis)
                if kept:
                    os.remove(state)


def why_an_age_is_not_known(folder):
    """One segment within a handshake is enough for its session to have no age. Whoever reads that a day later is told why."""
    number, rule = b"\x5d" * 32, "ut-7.1-session-lifetime"
    answer = m.server_hello(AES, m.TLS12, number) + m.certificate_message(b"\0\0\0", m.TLS12) + m.done(m.TLS12)
    use = [(CLIENT, m.client_hello([AES], m.TLS12, number, random=b"\x61" * 32)),
           (SERVER, m.server_hello(AES, m.TLS12, number, random=b"\x62" * 32) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    for name in (V4, V6):
        for forged in (None, CLIENT, SERVER):
            c = Odd(time=START, **name)
            c.open()
            for i, (side, payload) in enumerate([talk(AES)[0], (SERVER, answer), *talk(AES)[2:4]]):
                if i == 2 and forged is not None:
                    c.segment(forged, 0x18, b"x" * 20, c.seq[forged] - 40)
                c.send(side, payload)
            c.close()
            again = {**name, "client": (c.ends[CLIENT][0], 41001)}
            judged = Judged(folder, c.frames + capturelib.build(use, time=START + 23 * 3600 * SECOND, **again))
            counts = judged.counts(rule)
            own = 1 if forged == CLIENT else 0  # for the first handshake, whose offer is in doubt as well
            if forged is None:
                check(counts["pass"] == 1, "an age that is known", name, counts)
            else:
                reasons = counts.get("reasons", {})
                check(counts["not_observable"] == 1 + own and reasons.get("overlap") == 1 + own, "an age that is not known", name, forged, counts)


SYN, RST, PUSH, ACK = 2, 4, 8, 16
ELSEWHERE = (0x70000000, 0x60000000)
WORDS = ((CLIENT, PUSH | ACK, b"y" * 20), (SERVER, PUSH | ACK, b"x" * 50))
EMPTY = ((CLIENT, ACK, b""), (SERVER, ACK, b""))
INVENTED = {
    "words": WORDS[::-1], "words, the client first": WORDS, "empty": EMPTY[::-1], "empty, the client first": EMPTY, "three": WORDS[::-1] + EMPTY[1:],
    "a SYN/ACK, and its answer": ((SERVER, SYN | ACK, b""), EMPTY[0]), "a start": ((CLIENT, SYN, b""), (SERVER, SYN | ACK, b""), EMPTY[0]),
    "the server's SYN": ((SERVER, SYN, b""), (CLIENT, SYN | ACK, b""), EMPTY[1]), "the client's SYN/ACK": ((CLIENT, SYN | ACK, b""), WORDS[0]),
    "a SYN, and words for it": ((CLIENT, SYN, b""), WORDS[1]), "a reset, and a SYN": ((SERVER, RST, b""), (CLIENT, SYN, b"")),
    "resets": ((SERVER, RST | ACK, b""), (SERVER, RST, b""), (CLIENT, RST | ACK, b""), (SERVER, SYN | ACK, b""), (CLIENT, SYN, b"")),
    "a SYN/ACK of the client, and a reset": (WORDS[0], (CLIENT, SYN | ACK, b""), (CLIENT, SYN, b""), (CLIENT, SYN | ACK, b""), (SERVER, RST, b"")),
    "four pairs": WORDS * 4,
}


def with_invented(genuine, where, script, ends, challenge=(), later=0, numbers=ELSEWHERE):
    """A whole connection, and after its first frames (negative: so long before it) what somebody sends in the name of both ends who sees nothing of
    them and invents the numbers. `challenge`: whose host answers each segment by what it expects (RFC 9293 3.10.7.4). `later`: a pause."""
    frames = capturelib.build(genuine, time=START, seq=NUMBERS, **ends)
    frames = frames[:max(where, 0)] + [(t + later, f) for t, f in frames[max(where, 0):]]
    at = START + where if where < 0 else frames[where][0] - 900000
    c, real = (capturelib.Connection(time=at, step=1000, seq=seq, **ends) for seq in (numbers, tuple(n + 1 for n in NUMBERS)))
    for side, flags, words in script:
        c.frames.append(c.frame(side, flags, words))
        c.seq[side] += len(words) + (flags & SYN > 0)
        if 1 - side in challenge:
            real.time = c.time
            c.frames.append(real.frame(1 - side, ACK))
            c.time = real.time
    return sorted(frames + c.frames, key=lambda f: f[0])


def through(frames, tunnelled):
    return [(t, encapsulation.gtp(f)) for t, f in frames] if tunnelled else frames


REQUESTED = [(CLIENT, b"GET /simservs.ngn.etsi.org/users/a HTTP/1.1\r\nHost: xcap.example\r\n\r\n"),
             (SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.etsi.simservs+xml\r\nContent-Length: 2\r\n\r\nOK")]
PLACES = [(ends, tunnelled) for ends in (V4, V6) for tunnelled in (False, True)]


def hidden_start(folder):
    """What is said at invented numbers takes nothing from the connection whose ends have answered each other, or do so later."""
    guilty, clear = (Judged(folder, capturelib.build(talk(ANON), time=START)), Judged(folder, capturelib.build(REQUESTED, time=START)))
    check(guilty.high == BROKEN and ("ut-4-tls-required", "both") in clear.faults, "nothing invented", guilty.high, clear.faults)
    for n, (name, script) in enumerate(INVENTED.items()):
        for k, (where, later) in enumerate(((-SECOND, 0), (1, 0), (2, 0), (3, 0), (3, 10 * SECOND), (3, 100 * SECOND))):
            ends, tunnelled = PLACES[(n + k) % 4]
            named = name, where, later, ends, tunnelled
            judged = Judged(folder, through(with_invented(talk(ANON), where, script, ends, later=later), tunnelled))
            whole = [(t["outcome"], t.get("unobserved")) for t in judged.tls]
            both_open = where == 1 and script[:1] == INVENTED["the server's SYN"][:1]  # RFC 9293 3.5: a server may do so before it has the SYN
            check((judged.high, whole) == ((set(), [("complete", ["disputed"])]) if both_open else (BROKEN, [("complete", None)])),
                  "hidden:", *named, judged.high, whole)
            check({rule for rule, _, _ in judged.alerts} >= BROKEN, "hidden:", *named, judged.alerts)
            judged = Judged(folder, through(with_invented(REQUESTED, where, script, ends, later=later), tunnelled))
            check(("ut-4-tls-required", "both") in judged.faults, "in clear, hidden:", *named, judged.faults)


def accused_by_invention(folder):
    """A handshake at invented numbers, beside that of the two ends, accuses nobody as if they had taken part."""
    n, plain = 0, Judged(folder, capturelib.build(talk(AES), time=START)).grave
    check("ut-6.1.2-server-certificate" in plain and not plain & (BROKEN - plain | {"ut-4-tls-required"}), "nothing invented", plain)
    for what, steps in (("a handshake", talk(ANON)), ("in clear", REQUESTED)):
        said = tuple((side, PUSH | ACK, words) for side, words in steps)
        for before, opening in (("nothing", ()), ("empty", EMPTY[::-1]), ("a SYN/ACK", ((SERVER, SYN | ACK, b""), EMPTY[0]))):
            for where in (1, 2, 3):
                for challenge in ((), (CLIENT,), (SERVER,))[:where * 2 - 1]:
                    ends, tunnelled = PLACES[n % 4]
                    n += 1
                    judged = Judged(folder, through(with_invented(talk(AES), where, opening + said, ends, challenge), tunnelled))
                    named = "accused by", what, before, where, challenge, ends, tunnelled
                    genuine = [(t["outcome"], t.get("unobserved")) for t in judged.tls if t.get("server_hello", {}).get("suite") == "0x002f"]
                    check(genuine == [("complete", None)], *named, genuine)
                    check(judged.grave == plain and all(a[2] != "direct" for a in judged.alerts if a[0] not in plain), *named, judged.alerts)


def opened_long_before(folder):
    """A lone SYN or SYN/ACK, and what else is sent before its connection begins, costs that nothing."""
    for n, before in enumerate((SECOND, 3600 * SECOND, 86400 * SECOND)):
        for side in (CLIENT, SERVER):
            for flags in (SYN, SYN | ACK):
                for ends, tunnelled in (PLACES[n], PLACES[3 - n]):
                    lone = with_invented(talk(ANON), -before, ((side, flags, b""),), ends)[:1]
                    whole = capturelib.build(talk(ANON), time=START, seq=NUMBERS, **ends)
                    judged = Judged(folder, through(lone + whole, tunnelled))
                    named = before, side, flags, ends, tunnelled
                    check((judged.high, [t.get("unobserved") for t in judged.tls][-1:]) == (BROKEN, [None]), "before:", *named, judged.tls)
                    # And words at other numbers amid its start.
                    near = with_invented(talk(ANON), 1 + n % 2, WORDS, ends, numbers=(0x50000000, 0x40000000))
                    judged = Judged(folder, through(lone + near, tunnelled))
                    check(judged.high == BROKEN and [t["outcome"] for t in judged.tls] == ["complete"], "before, and amid:", *named, judged.tls)


with tempfile.TemporaryDirectory() as scratch:
    hidden_start(scratch)
    accused_by_invention(scratch)
    opened_long_before(scratch)
    unread_wrappers(scratch)
    flight_in_parts(scratch)
    random_of_retry(scratch)
    nothing_changes(scratch)
    neither_reading(scratch)
    once_more_issued(scratch)
    once_more_in_doubt(scratch)
    why_an_age_is_not_known(scratch)
    behind_http(scratch)
    words_of_the_other_end(scratch)
    odd_paths(scratch)
    many_requests(scratch)
    reopened(scratch)
    copies(scratch)
    opened_with_data(scratch)
    goes_on_after_its_alert(scratch)
finish(1840)
