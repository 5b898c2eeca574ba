#!/usr/bin/env python3
"""Is nobody accused of what another did, or of what the text permits: farms behind one address, names that share a server, middleboxes, refusals for
reasons other than suites, IPv6 with extension headers, hellos that change. usage: innocent.py UTWATCH"""
import hashlib
import os
import struct
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
from made_sessions import CLIENT, SERVER, START, resumption_of
import capturelib
import messages as m

UTWATCH = sys.argv[1]
ANON, DES3, AES, SECOND = 0x0018, 0x000A, 0x002F, 10**9
UE, AP = ("192.0.2.10", 40000), ("192.0.2.80", 443)
NAMES = "xcap.example.org", "bsf.example.org"
EMS, TICKET = (23, b""), 35


def sni(name):
    return 0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name.encode()


def at(second, steps, client=UE, server=AP):
    """Each connection has a port of its own."""
    return capturelib.build(steps, client=(client[0], client[1] + second % 20000), server=server, time=START + second * SECOND)


def accepted(suite, hello, session=b"", ticket=b"", version=m.TLS12, hint=300, random=b"", answers=()):
    random = random or hashlib.sha256(session + ticket).digest()  # of no other session
    return [(CLIENT, hello),
            (SERVER, m.server_hello(suite, version, session, more=[*answers, *[(TICKET, b"")] * bool(ticket)], random=random) + m.done(version)),
            (CLIENT, m.client_key_exchange(version) + m.finished(version)),
            (SERVER, (m.new_session_ticket(ticket, hint) if ticket else b"") + m.finished(version))]


def refused(hello, description=40):
    return [(CLIENT, hello), (SERVER, m.alert(2, description))]


def in_turn(steps):
    return [f for i, s in enumerate(steps) for f in at(60 * i, s)]


def told_of(folder, frames, profile, words=()):
    path = os.path.join(folder, "innocent.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    return events(UTWATCH, "--strict", "-p", profile, *words, "-r", path)[0]


def accused(evs):
    return [(e["utwatch"]["rule"], e["utwatch"]["fault"]) for e in of_type(evs, "alert")]


def failed(folder, frames, profile="ts33141-pcr2", words=()):
    """{rule: fault} of the alerts, and how often each rule came to which verdict."""
    evs = told_of(folder, frames, profile, words)
    return dict(accused(evs)), rule_counts(evs)


def farm_behind_one_address(folder):
    """E19: two servers of one address that differ. E20: a refusal speaks of the suites only where the hello was one that the server accepts."""
    both = accepted(AES, m.client_hello([DES3, AES], m.TLS12))
    lacks = refused(m.client_hello([DES3], m.TLS12))
    has = accepted(DES3, m.client_hello([DES3], m.TLS12))
    rules = {"ut-6.2-server-3des"}
    for what, order, wanted in (("one server", (both, lacks) * 2, rules), ("one refusal", (both, lacks, both), set()),
                                ("the other one answers last", (both, lacks, both, lacks, has), set()),
                                ("and first", (has, both, lacks, both, lacks), set()), ("and between", (both, lacks, both, has, lacks), set())):
        told, counts = failed(folder, [f for i, steps in enumerate(order) for f in at(60 * i, steps)])
        check(rules & set(told) == wanted, what, told, counts["ut-6.2-server-3des"])
    for what, hello in (("for its name", {"more": [sni(NAMES[1])]}), ("for want of an extension", {"more": [sni(NAMES[0])]}),
                        ("for its version", {"version": m.TLS10, "more": [sni(NAMES[0]), EMS]}),
                        ("for its algorithms", {"more": [sni(NAMES[0]), EMS, (13, b"\0\2\2\1")]})):
        version = hello.get("version", m.TLS12)
        accepts = accepted(AES, m.client_hello([DES3, AES], m.TLS12, more=[sni(NAMES[0]), EMS]))
        told = failed(folder, in_turn([accepts, refused(m.client_hello([DES3], version, more=hello["more"]))] * 2))[0]
        check("ut-6.2-server-3des" not in told, "a hello that may be refused", what, told)


def alpn(*names):
    listed = b"".join(bytes([len(n)]) + n for n in names)
    return 16, struct.pack("!H", len(listed)) + listed


OWN = """utwatch: 1
profile: own
title: What a server refuses
extends: [ts33141-pcr2]
rules:
  - id: own-refused
    sid: 33149999
    clause: "-"
    title: It lacks a suite
    requires: It has the suite.
    binds: server
    severity: low
    about: server
    fail: { peer.refused-alone: { any: [TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA] } }
    pass: { peer.selected: { any: [TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA] } }
"""


def refused_for_a_value(folder):
    """E20: a hello that carries the same extensions may be refused for what one of them says: no protocol in common (RFC 7301 3.2; many stacks
    answer handshake_failure), no type of certificate (RFC 7250 4.2), no format of points (RFC 8422 5.1.2). And a hello whose answer ended in the
    server's alert was no hello that it accepts."""
    own = os.path.join(folder, "own.yaml")
    with open(own, "w") as f:
        f.write(OWN)
    groups, points = (10, b"\0\2\0\x17"), (11, b"\1\0")
    for what, accepts, refuses in (("protocols", alpn(b"http/1.1"), alpn(b"h2")), ("certificate types", (20, b"\1\0"), (20, b"\1\2")),
                                   ("fragment length", (1, b"\1"), (1, b"\2")), ("point formats", points, (11, b"\1\1")),
                                   ("nothing", alpn(b"h2", b"http/1.1"), alpn(b"h2", b"http/1.1"))):
        def hello(suites, value):
            return m.client_hello(suites, m.TLS12, more=[groups, *([value] if value[0] == 11 else [points, value])])
        for late in (False, True):
            first = accepted(0xC013, hello([0xC013, 0xC012], accepts))
            if late:
                first[1:] = [(SERVER, m.server_hello(0xC013, m.TLS12) + m.alert(2, 80, m.TLS12))]
            told = failed(folder, in_turn([first, refused(hello([0xC012], refuses))] * 2), own)[0]
            check(("own-refused" in told) == (what == "nothing" and not late), "a hello that differs by its", what, late, told)
    shuffled = [alpn(b"h2"), (5, b"\1\0\0\0\0"), (20, b"\1\0")]
    pair = accepted(AES, m.client_hello([DES3, AES], m.TLS12, more=shuffled)), refused(m.client_hello([DES3], m.TLS12, more=shuffled[::-1]))
    check("ut-6.2-server-3des" in failed(folder, in_turn(pair * 2))[0], "a hello whose extensions come in another order")


def refused_as_demanded(folder):
    """7.2 (1) has a server refuse anonymous suites: that it does so says nothing about what it can do."""
    weak = accepted(0x0009, m.client_hello([0x0009], m.TLS12))
    for suites, guilty in (([ANON], False), ([0x001B, 0x0034], False), ([AES, DES3, 0x0005], True)):
        told = failed(folder, in_turn([weak, refused(m.client_hello(suites, m.TLS12))] * 2))[0]
        check((told.get("ut-5.1.2-possible-128") == "server") == guilty, "refused", [hex(s) for s in suites], told)

    # 7.2 (4): where a suite is below what the operator requires, its refusal is demanded as well. 3DES has 112 bits by RFC 9325 4.1.
    policy = os.path.join(folder, "policy.yaml")
    for bits, guilty in ((112, False), (168, True)):
        with open(policy, "w") as f:
            f.write("utwatch: 1\nprofile: own\ntitle: Own\nextends: [ts33141-pcr2]\n"
                    "parameters: { encryption-required: true, key-bits-3des: %d }\n" % bits)
        frames = in_turn([accepted(AES, m.client_hello([DES3, AES], m.TLS12)), refused(m.client_hello([DES3], m.TLS12))] * 2)
        told = failed(folder, frames, policy)[0]
        check((told.get("ut-6.2-server-3des") == "server") == guilty, "refused 3DES of", bits, "bits under the operator's policy:", told)


def bare_extensions(folder):
    """RFC 6066 7: truncated_hmac has no body. One with a body negotiates nothing that could be named; a client ends such a handshake."""
    for body, verdict in ((b"", "fail"), (b"\0", "not_observable")):
        hello = m.client_hello([AES], m.TLS12, more=[(4, b"")])
        steps = accepted(AES, hello)
        steps[1] = (SERVER, m.server_hello(AES, m.TLS12, more=[(4, body)]) + m.done(m.TLS12))
        counts = failed(folder, at(0, steps), "ls-advice")[1]
        check(counts["dp-rfc3546-truncated-hmac"].get(verdict) == 1, "truncated_hmac with", len(body), "bytes:", counts["dp-rfc3546-truncated-hmac"])


def with_extension(flight, number, body):
    """A flight whose first record has a ServerHello alone, with one extension more."""
    end = 5 + int.from_bytes(flight[3:5], "big")
    at = 9 + 35 + flight[9 + 34] + 3
    extensions = flight[at + 2:end] + struct.pack("!HH", number, len(body)) + body
    hello = flight[9:at] + struct.pack("!H", len(extensions)) + extensions
    return m.message(2, hello, m.TLS12) + flight[end:]


def certificates_of_another_form(folder):
    """RFC 7924 3, 4.1: the server sends a hash of the certificate that the client has. RFC 6091 3.2, 3.3: a PGP key. It is no damage, and not known
    what the certificate says; the session has its age. Without the extension it does not parse."""
    digest = b"\0\0\x20" + b"\5" * 32
    pgp = b"\3" + b"\0\0\x24" + b"\x08" + b"\5" * 8 + b"\0\0\x18" + b"\6" * 24
    for what, number, body, said, reason in (("cached", 25, b"\0\1\1", digest, "not-read"), ("PGP", 9, b"\1", pgp, "not-read"),
                                             ("cached request", 25, b"\0\1\2", digest, "malformed"), ("X.509", 9, b"\0", pgp, "malformed")):
        session = hashlib.sha256(what.encode()).digest()
        steps = accepted(AES, m.client_hello([AES], m.TLS12, more=[(number, b"\1\1")]), session)
        random = hashlib.sha256(b"r" + session).digest()
        steps[1] = (SERVER, m.server_hello(AES, m.TLS12, session, more=[(number, body)], random=random) +
                    m.message(11, said, m.TLS12) + m.done(m.TLS12))
        evs = told_of(folder, at(0, steps) + at(10, resumption_of("id", session)), "ts33141-pcr2")
        tls = [e["utwatch"] for e in of_type(evs, "tls")]
        check(("malformed" in tls[0].get("unobserved", [])) == (reason == "malformed"), what, tls[0].get("unobserved"))
        check((tls[1]["session"]["age_basis"] == "exact") == (reason == "not-read"), what, tls[1]["session"])
        counts = rule_counts(evs)
        check(counts["wapcert-6.4.6-key"]["not_observable"] == 1, what, counts["wapcert-6.4.6-key"])
        check(not {"ut-6.1.2-server-certificate", "wapcert-6.4.6-key"} & set(dict(accused(evs))), what, accused(evs))
    for number, body in ((25, b"\0\1\1"), (9, b"\1")):  # a certificate that is there is judged, and so is a list without one
        steps = capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-full.pcap"))[0]
        plain, hello = failed(folder, at(0, steps))[1], steps[1][1]
        counts = failed(folder, at(0, [steps[0], (SERVER, with_extension(hello, number, body)), *steps[2:]]))[1]
        for rule in ("wapcert-6.4.3-signature-algorithm", "wapcert-6.4.6-key"):
            check(counts[rule] == plain[rule], rule, number, counts[rule], plain[rule])
        steps = accepted(AES, m.client_hello([AES], m.TLS12, more=[(number, b"\1\1")]))
        steps[1] = (SERVER, m.server_hello(AES, m.TLS12, more=[(number, body)]) + m.message(11, b"\0\0\0", m.TLS12) + m.done(m.TLS12))
        told, _ = failed(folder, at(0, steps))
        check(told.get("ut-6.1.2-server-certificate") == "server", "an empty list, with extension", number, told)


def truncated_macs(folder):
    """RFC 6066 7: a client negotiates them that has offered them and goes on; a suite of AEAD has no HMAC, so nothing is negotiated."""
    gcm = 0x009C
    for suite, offered, goes_on, fault in ((AES, True, True, "both"), (AES, True, False, "server"), (AES, False, True, "server"),
                                           (AES, False, False, "server"), (gcm, True, True, None), (gcm, False, False, None),
                                           (0x1A2B, True, True, None)):  # of a suite that nobody has named it is not known
        steps = accepted(suite, m.client_hello([suite], m.TLS12, more=[(4, b"")] if offered else []))
        steps[1] = (SERVER, m.server_hello(suite, m.TLS12, more=[(4, b"")]) + m.done(m.TLS12))
        steps = steps if goes_on else steps[:2] + [(CLIENT, m.alert(2, 110))]
        for profile in ("ls-advice", "modern"):
            said = failed(folder, at(0, steps), profile)[0].get("dp-rfc3546-truncated-hmac")
            check(said == fault, "truncated_hmac", hex(suite), "offered" if offered else "not offered", goes_on, profile, said)


def refused_by_version(folder):
    """RFC 5288 4, RFC 5289 4, RFC 8446 4.1.1: some suites can only be refused under an older version, whatever the server supports."""
    weak = accepted(0x0009, m.client_hello([0x0009], 0x0302), version=0x0302)
    for suites, version, guilty in (([AES], 0x0302, True), ([0x009C], 0x0302, False), ([0x003C, 0xC02F], 0x0302, False), ([0x1301], 0x0302, False),
                                    ([0x009C, AES], 0x0302, True)):
        common = [DES3, 0x0005] if AES in suites else []
        told, counts = failed(folder, in_turn([weak, refused(m.client_hello(suites + common, version))] * 2))
        check(("ut-5.1.2-possible-128" in told and told["ut-5.1.2-possible-128"] == "server") == guilty, "refused:", [hex(s) for s in suites], told,
              counts["ut-5.1.2-possible-128"])


def versions(folder):
    """A server may have another version under another name, or for a hello that carries something else; and one that answers the same hello in two
    ways is several, or has been set up anew."""
    for what, name, more, suites, guilty in (("other suites", NAMES[0], [EMS], [DES3], True), ("same hello", NAMES[0], [EMS], [AES, DES3], False),
                                             ("other name", NAMES[1], [EMS], [DES3], False), ("other extensions", NAMES[0], [], [DES3], False)):
        told, _ = failed(folder, at(0, accepted(AES, m.client_hello([AES, DES3], m.TLS12, more=[sni(NAMES[0]), EMS])))
                         + at(60, accepted(DES3, m.client_hello(suites, m.TLS12, more=[sni(name), *more]), version=m.TLS10)), "ls-advice")
        check(("dp-3.2-prefer-tls11" in told) == guilty, "TLS 1.0 after TLS 1.2 with the", what, told)


def resumptions_refused(folder):
    """7.1: a server may not resume under another name (RFC 6066 3), nor without the session's suite (RFC 5246 7.4.1.2) or its extended master
    secret (RFC 7627 5.3), nor under another version."""
    first = {"suites": [DES3, AES], "version": m.TLS12, "more": [sni(NAMES[0]), EMS]}
    cases = (("the same hello", {}, True), ("another name", {"more": [sni(NAMES[1]), EMS]}, False), ("no name", {"more": [EMS]}, False),
             ("no extended master secret", {"more": [sni(NAMES[0])]}, False), ("without the suite", {"suites": [AES]}, False),
             ("another version", {"version": 0x0302}, False))
    for what, change, guilty in cases:
        frames = []
        for i in range(4):
            session = bytes([i + 1]) * 32
            begin, again = dict(first), dict(first, **change)
            asks = [(TICKET, b"")]  # of a server that knows tickets only, an id that is refused says nothing
            frames += at(200 * i, accepted(DES3, m.client_hello(begin["suites"], begin["version"], more=begin["more"] + asks), session, answers=[EMS])
                         + m.closing())
            suite = DES3 if DES3 in again["suites"] else AES
            frames += at(200 * i + 60, accepted(suite, m.client_hello(again["suites"], again["version"], session, more=again["more"] + asks),
                                                bytes([i + 101]) * 32, version=again["version"], answers=[e for e in again["more"] if e == EMS]))
        told, counts = failed(folder, frames)
        check(("ut-7.1-resume-server" in told) == guilty, "sessions not resumed with", what, told, counts["ut-7.1-resume-server"])

    # RFC 5077 3.3: the server says how long it takes a ticket.
    for wait, guilty in ((30, True), (120, False)):
        frames = []
        for i in range(4):
            ticket = bytes([i + 1]) * 64
            for start, offered, issued in ((400 * i, b"", ticket), (400 * i + wait, ticket, bytes([i + 101]) * 64)):
                hello = m.client_hello([DES3], m.TLS12, b"\5" * 32 if offered else b"", more=[(TICKET, offered)])
                frames += at(start, accepted(DES3, hello, ticket=issued, hint=60))
        told, counts = failed(folder, frames)
        check(("ut-7.1-resume-server" in told) == guilty, "tickets that live for 60 s, refused after", wait, told, counts["ut-7.1-resume-server"])

    # RFC 5077 3.3: a ticket of no length is none.
    asks = m.client_hello([DES3], m.TLS12, more=[(TICKET, b"")])
    empty = [(CLIENT, asks), (SERVER, m.server_hello(DES3, m.TLS12, more=[(TICKET, b"")]) + m.done(m.TLS12)),
             (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.new_session_ticket(b"", 700000) + m.finished(m.TLS12))]
    told, counts = failed(folder, [f for i in range(4) for f in at(60 * i, empty)])
    check("ut-7.1-resume-server" in told and "ut-7.1-ticket-lifetime-hint" not in told, "four tickets of no length:", told)


def names_of_one_address(folder):
    """RFC 6066 3: servers that share an address are told apart by the name in the hello; behind a proxy by the authority of a CONNECT (RFC 9110
    9.3.6). None is cleared or accused by what another one did, and a finding says whose it is."""
    rule, ask, lacks = "ut-7.1-resume-server", (TICKET, b""), "ut-6.2-server-3des"
    asked = []

    def named(name, by_connect):
        return [] if by_connect or not name else [sni(name)]

    def through(name, by_connect, steps):
        if not by_connect or not name:
            return steps
        return [(CLIENT, b"CONNECT %s:443 HTTP/1.1\r\nHost: x\r\n\r\n" % name.encode()), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), *steps]

    def session(n, name, by_connect, resumed=False, seen=(True, True)):
        """One that is refused, or resumed, a minute later."""
        more, sid = [*named(name, by_connect), ask], bytes([n + 1]) * 32
        again = accepted(AES, m.client_hello([AES], m.TLS12, sid, more=more), bytes([n + 101]) * 32)
        if resumed:
            again = [again[0], (SERVER, m.server_hello(AES, m.TLS12, sid) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
        first = at(200 * n, through(name, by_connect, accepted(AES, m.client_hello([AES], m.TLS12, more=more), sid)) + m.closing())
        second = at(200 * n + 60, through(name, by_connect, again))
        return first + (second if all(seen) else [f for f in second if f[1][26:30] == bytes([192, 0, 2, 80])])

    a, b, none = NAMES[0], NAMES[1], ""
    for by_connect in (False, True):
        for what, kept, guilty in (
                ("three names, one each", [(a, False), (b, False), ("c.example.org", False)], []),
                ("one name", [(a, False)] * 3, [a]),
                ("one name, another one resumes", [(b, True)] + [(a, False)] * 3 + [(b, True)], [a]),
                ("one name, and none resumes", [(a, False)] * 3 + [(none, True)], [a]),
                ("one name, and two without one", [(a, False)] + [(none, False)] * 2, []),
                ("three without a name, one resumes", [(none, False)] * 3 + [(a, True)], [none]),
                ("two names", [(a, False), (b, False)] * 3, [a, b]),
                ("one name in capitals, with a dot", [(a, False), (a.upper(), False), (a + ".", False)], [a])):
            frames = [f for n, (name, resumed) in enumerate(kept) for f in session(n, name, by_connect, resumed)]
            evs = told_of(folder, frames, "ts33141-pcr2")
            found = [e["utwatch"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
            names = sorted(u["server"].get("name", "") for u in found)
            check(names == sorted(guilty), what, "by CONNECT" * by_connect, names, rule_counts(evs)[rule])
            asked.append(names)
    check(any(asked), "a name is told:", asked)

    # 6.2: a suite that one of them has, and another one lacks.
    def suites(name):
        both = accepted(AES, m.client_hello([DES3, AES], m.TLS12, more=[sni(name)]))
        return both, refused(m.client_hello([DES3], m.TLS12, more=[sni(name)])), accepted(DES3, m.client_hello([DES3], m.TLS12, more=[sni(name)]))
    (both_a, lacks_a, _), (_, _, has_b) = suites(a), suites(b)
    for what, order in (("after", (both_a, lacks_a, both_a, lacks_a, has_b)), ("before", (has_b, both_a, lacks_a, both_a, lacks_a))):
        told, counts = failed(folder, in_turn(order))
        check(told.get(lacks) == "server" and counts[lacks]["pass"] == 1, "another name has the suite", what, counts[lacks])
    (both_b, lacks_b, _) = suites(b)
    counts = failed(folder, in_turn((both_a, lacks_a, both_b, lacks_b) * 2))[1]
    check(counts[lacks]["fail"] == 2, "two names lack the suite:", counts[lacks])

    # Of a resumption whose hello was not captured nobody knows which of them was asked.
    for what, frames in (("after it", [f for n in range(3) for f in session(n, a, False)] + session(3, a, False, True, (False, True))),
                         ("before it", session(0, b, False, True, (False, True)) + [f for n in range(1, 4) for f in session(n, a, False)])):
        told, counts = failed(folder, frames)
        check(rule not in told and counts[rule]["not_observable"] >= 1, "a resumption without its hello,", what, told, counts[rule])


def sessions_held(folder):
    """The discussion paper's 3.2: a UE can only use a session where it began, under its name, and while it lives."""
    hello = m.client_hello([DES3], m.TLS12, more=[sni(NAMES[0]), (TICKET, b"")])
    other = m.client_hello([DES3], m.TLS12, more=[sni(NAMES[1]), (TICKET, b"")])
    another = m.client_hello([DES3], m.TLS12, more=[sni(NAMES[0]), (23, b""), (TICKET, b"")])
    servers = [("192.0.2.%d" % (80 + i), 443) for i in range(5)]

    def whole(i, said=hello):
        return accepted(DES3, said, ticket=bytes([i + 1]) * 64, hint=3600) + m.closing([CLIENT])

    def short(i):
        return accepted(DES3, hello, ticket=bytes([i + 1]) * 64, hint=60) + m.closing([CLIENT])
    at_once = [f for i in range(5) for f in capturelib.build(whole(i), client=(UE[0], 41000 + i), time=START + i * 1000)]
    cases = (("again and again", [f for i in range(5) for f in at(60 * i, whole(i))], True),
             ("at five servers", [f for i, s in enumerate(servers) for f in at(60 * i, whole(i), server=s)], False),
             ("under two names in turn",
              [f for i in range(5) for f in at(60 * i, whole(i, other if i % 2 else hello))], False),
             # RFC 2246 7.2.1, and ssl_clear_bad_session() of OpenSSL under any version: a session is lost if the client ends without close_notify.
             ("each ended without close_notify", [f for i in range(5) for f in at(60 * i, whole(i)[:-1])], False),
             ("each ended by the server alone", [f for i in range(5) for f in at(60 * i, whole(i)[:-1] + m.closing([SERVER]))], False),
             ("each ended by both", [f for i in range(5) for f in at(60 * i, whole(i) + m.closing([SERVER]))], True),
             ("all at once", at_once, False),
             # Another stack says extended_master_secret (RFC 7627): there are two UEs at least behind the address, and may be as many as sessions.
             ("by one of several UEs behind an address", [f for i in range(5) for f in at(60 * i, whole(i))] + at(400, whole(5, another)), False),
             ("after the life that the server promised", [f for i in range(5) for f in at(120 * i, short(i))], False))
    for what, frames, guilty in cases:
        told, _ = failed(folder, frames, "ls-advice")
        check(("dp-3.2-resume-used" in told) == guilty, "full handshakes", what, sorted(told))


def resumed_as_it_was(folder):
    """RFC 5246 7.4.1.3: a session is resumed with the suite and the version that it has. The server selects nothing then."""
    policy = os.path.join(folder, "strict.yaml")
    with open(policy, "w") as f:
        f.write("utwatch: 1\nprofile: strict\ntitle: Strict\nextends: [ts33141-pcr2, ls-advice]\nparameters: { encryption-required: true }\n")
    sid, other, des, rc4, tls10, tls11 = b"\7" * 32, b"\x08" * 32, 0x0009, 0x0005, 0x0301, 0x0302

    def resumed(suite, hello, version=m.TLS12):
        return [(CLIENT, hello), (SERVER, m.server_hello(suite, version, sid) + m.finished(version)), (CLIENT, m.finished(version))]
    strong = at(60, accepted(AES, m.client_hello([AES], m.TLS12)))
    cases = {
        "ut-op-weaker-selected": (at(0, accepted(des, m.client_hello([des], m.TLS12), sid)) + strong,
                                  resumed(des, m.client_hello([des, AES], m.TLS12, sid)), accepted(des, m.client_hello([des, AES], m.TLS12))),
        "dp-3.2-3des-before-rc4": (at(0, accepted(rc4, m.client_hello([rc4], m.TLS12), sid)),
                                   resumed(rc4, m.client_hello([DES3, rc4], m.TLS12, sid)), accepted(rc4, m.client_hello([DES3, rc4], m.TLS12))),
        "dp-3.2-prefer-tls11": (at(0, accepted(AES, m.client_hello([AES], tls10), sid, version=tls10))
                                + at(60, accepted(AES, m.client_hello([AES, DES3], tls11), other, version=tls11)),
                                resumed(AES, m.client_hello([AES], tls11, sid), tls10), accepted(AES, m.client_hello([AES], tls11), version=tls10)),
    }
    for rule, (before, again, chosen) in cases.items():
        for what, steps in (("resumed", again), ("selected", chosen)):
            alerts, _ = failed(folder, before + at(120, steps), policy)
            check((alerts.get(rule) == "server") == (what == "selected"), rule, what, alerts)


def advice_about_hellos_that_resume(folder):
    """RFC 5246 7.4.1.2 and E.1: such a hello needs to offer no more than the suite and the version of its session, and begins with them."""
    rc4, sid = 0x0005, b"\7" * 32
    for rule, suites, version, session in (("ut-ls-aes-supported", [DES3], m.TLS12, (DES3, [DES3, AES], m.TLS12)),
                                           ("ut-ls-tls11-supported", [AES], m.TLS10, (AES, [AES], m.TLS12)),
                                           ("dp-3.2-3des-before-rc4", [rc4, DES3], m.TLS12, (rc4, [DES3, rc4], m.TLS12))):
        suite, offer, highest = session
        for what, hello in (("resumes", m.client_hello(suites, version, sid)), ("is for a new session", m.client_hello(suites, version))):
            again = ([(CLIENT, hello), (SERVER, m.server_hello(suite, version, sid) + m.finished(version)), (CLIENT, m.finished(version))]
                     if what == "resumes" else accepted(suite, hello, b"\x08" * 32, version=version))
            frames = at(0, accepted(suite, m.client_hello(offer, highest), sid, version=version)) + at(60, again)
            told = accused(told_of(folder, frames, "ls-advice"))
            # What a UE can do is judged by all its hellos, and the first says enough.
            guilty = what != "resumes" and rule.startswith("dp-")
            check(((rule, "ue") in told) == guilty, rule, "of a hello that", what, told)


def no_list_of_compressions(folder):
    """RFC 2246 Appendix E: a hello in the format of SSLv2 has none, so it neither keeps nor violates what 7.4.1.2 says of it."""
    rule = "rfc2246-null-compression-offered"
    for name, judged in (("jsse-sslv2-hello", 0), ("gen-sslv2-session", 0), ("gnutls-tls10-full", 1)):
        counts = failed(folder, capturelib.read_frames(os.path.join(PCAPS, name + ".pcap")))[1][rule]
        check((counts["pass"], counts["fail"]) == (judged, 0), name, counts)


def middleboxes(folder):
    """An alert in the server's name, and the server's own answer in the same place of the stream: who answered is not known."""
    for what, alert in (("handshake_failure", m.alert(2, 40)), ("access_denied", m.alert(2, 49)), ("internal_error", m.alert(2, 80))):
        for genuine_first in (False, True):
            c = capturelib.Connection(client=UE, server=AP, time=START)
            c.open()
            c.send(CLIENT, m.client_hello([ANON]))
            answer = m.server_hello(ANON) + m.server_key_exchange() + m.done()
            copies = [c.frame(SERVER, 0x18, answer), c.frame(SERVER, 0x18, alert)]
            c.frames += copies if genuine_first else copies[::-1]
            c.seq[SERVER] += len(answer)
            for step in ((CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished())):
                c.send(*step)
            c.close()
            told, counts = failed(folder, c.frames)
            check(counts["ut-7.2-only-anonymous"]["pass"] == 0, what, "in the server's name clears it:", counts["ut-7.2-only-anonymous"])
            check(not {"ut-6.2-server-3des", "ut-5.1.2-possible-128"} & {r for r, fault in told.items() if fault == "server"}, what, told)


def second_answers(folder):
    """A ServerHello sent again with other bytes: neither copy is the server's for certain."""
    for suites in ((AES, ANON), (ANON, AES)):
        c = capturelib.Connection(client=UE, server=AP, time=START)
        c.open()
        c.send(CLIENT, m.client_hello([ANON, AES]))
        for suite in suites:
            c.frames.append(c.frame(SERVER, 0x18, m.server_hello(suite, session=b"\1" * 32)))
        c.seq[SERVER] += len(m.server_hello(AES, session=b"\1" * 32))
        for step in ((SERVER, m.done()), (CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished())):
            c.send(*step)
        c.close()
        told, counts = failed(folder, c.frames)
        check("ut-6.4-listed-anonymous" not in told, "a ServerHello in two versions accuses:", told)
        check(counts["ut-6.4-listed-anonymous"]["pass"] == 0, "a ServerHello in two versions clears:", counts["ut-6.4-listed-anonymous"])


def ages(folder):
    """A session is as old as its origin, whatever name it is asked for under, and whichever server resumes it: one that does has its keys. One that
    does not is not known to share anything, unless the site says that they are a farm."""
    hour = 3600
    farm = os.path.join(folder, "farm.yaml")
    with open(farm, "w") as f:
        f.write("sessions: { farms: [[192.0.2.80:443, 192.0.2.81:443]] }\n")
    ticket = b"\x77" * 96
    begun = at(0, accepted(DES3, m.client_hello([DES3], m.TLS12, more=[sni(NAMES[0]), (TICKET, b"")]), ticket=ticket))

    def refused(hours, server):
        hello = m.client_hello([DES3], m.TLS12, b"\5" * 32, more=[sni(NAMES[0]), (TICKET, ticket)])
        return at(hours * hour, accepted(DES3, hello), server=server)

    def again(hours, name, server=AP):
        return at(hours * hour, [(CLIENT, m.client_hello([DES3], m.TLS12, b"\5" * 32, more=[sni(name), (TICKET, ticket)])),
                                 (SERVER, m.server_hello(DES3, m.TLS12, b"\5" * 32) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))],
                  server=server)
    for what, frames, words, late in (("the same name after 25 hours", again(25, NAMES[0]), (), True),
                                      ("another name after 25 hours", again(25, NAMES[1]), (), True),
                                      ("another name after 23 hours", again(23, NAMES[1]), (), False),
                                      ("another server after 25 hours", again(25, NAMES[0], ("192.0.2.81", 443)), (), True),
                                      ("another one of the farm after 25 hours", again(25, NAMES[0], ("192.0.2.81", 443)), ("-c", farm), True)):
        told, counts = failed(folder, begun + frames, words=words)
        check(("ut-7.1-ticket-lifetime" in told) == late, what, told)
        check(late or counts["ut-7.1-ticket-lifetime"]["pass"] == ("23" in what), what, counts["ut-7.1-ticket-lifetime"])
    told, counts = failed(folder, begun + refused(25, ("192.0.2.81", 443)))
    check(told.get("ut-7.1-ticket-lifetime") == "ue" and counts["ut-7.1-resume-server"]["fail"] == 0, "another server refuses it:", told)

    # Short ids come again (WAP-219 6.2.2 has at most 8 bytes): where a handshake was missed, the session may be a later one. Long ones come again
    # where the generator of random bytes is broken: then it may be either.
    for session, late in ((b"\5", False), (b"\5" * 32, True)):
        def whole(second, client):
            return at(second, accepted(DES3, m.client_hello([DES3], m.TLS12), session, random=struct.pack("!I", second) * 8), client)
        other = ("192.0.2.11", 40000)
        first, second = whole(0, UE), whole(20 * hour, other)
        again = at(30 * hour, [(CLIENT, m.client_hello([DES3], m.TLS12, session)),
                               (SERVER, m.server_hello(DES3, m.TLS12, session) + m.finished(m.TLS12)),
                               (CLIENT, m.finished(m.TLS12))], other)
        told, counts = failed(folder, first + second + again)
        found = counts["ut-7.1-session-lifetime"]
        check("ut-7.1-session-lifetime" not in told and found["pass"] == (not late), len(session), "bytes, all seen:", told, found)
        answer = next(i for i, (_, f) in enumerate(second) if capturelib.segment_of(f)[0][1] == 443 and len(capturelib.segment_of(f)[4]))
        told, counts = failed(folder, first + second[:answer] + second[answer + 1:] + again)
        found = counts["ut-7.1-session-lifetime"]
        check(("ut-7.1-session-lifetime" in told) == late and not found["pass"], len(session), "bytes, a ServerHello lost:", found)


def scope_by_name(folder):
    """What the site calls Ut by its name is Ut too where the hello that named it was lost; of a server nobody knows that is not known."""
    site = os.path.join(folder, "named.yaml")
    with open(site, "w") as f:
        f.write("scope: { names: [%s] }\n" % NAMES[0])
    good = at(0, accepted(AES, m.client_hello([AES], m.TLS12, more=[sni(NAMES[0])])))
    weak = at(60, accepted(ANON, m.client_hello([ANON], m.TLS12, more=[sni(NAMES[0])])))
    hello = next(i for i, (_, f) in enumerate(weak) if len(capturelib.segment_of(f)[4]))
    lost = weak[:hello] + weak[hello + 1:]
    path = os.path.join(folder, "named.pcap")
    for what, frames, accused, unnamed in (("seen", good + weak, True, 0),
                                           ("lost", good + lost, True, 0), ("lost at an unknown server", lost, False, 1)):
        capturelib.write_frames(path, frames)
        evs, _ = events(UTWATCH, "-c", site, "-r", path)
        told = {e["utwatch"]["rule"] for e in of_type(evs, "alert")}
        stats = of_type(evs, "stats")[-1]["utwatch"]
        check(("ut-6.4-listed-anonymous" in told) == accused, "the hello was", what, told)
        check(stats["unnamed"] == unnamed and stats["out_of_scope"] == 0, "the hello was", what, stats["unnamed"], stats["out_of_scope"])


def other_interfaces(folder):
    """Without a scope HTTP in clear is Ut by what is asked: a path of XCAP (RFC 4825 6), the header of TS 24.109, a host of TS 23.003 13.9. Ub to a
    BSF (TS 33.220: Digest AKA), MBMS (TS 33.246), an operator's other hosts and anybody's pages are in clear by their standards, or are not ours."""
    ub = b'Digest realm="bsf.mnc001.mcc001.pub.3gppnetwork.org", nonce="n", algorithm=AKAv1-MD5'
    gba = b'Digest realm="3GPP-bootstrapping@bmsc.mnc001.mcc001.pub.3gppnetwork.org", nonce="n", algorithm=MD5'
    domain, document = b"ims.mnc001.mcc001.pub.3gppnetwork.org", b"/simservs.ngn.etsi.org/users/sip:a@b/simservs.xml"
    for host, target, more, challenge, is_ut in (
            (b"bsf.mnc001.mcc001.pub.3gppnetwork.org", b"/", b"User-Agent: 3gpp-gba-uicc\r\n", ub, False),
            (b"bmsc.mnc001.mcc001.pub.3gppnetwork.org", b"/keymanagement?requesttype=register", b"User-Agent: x 3gpp-gba\r\n", gba, False),
            (b"config.rcs.mnc001.mcc001.pub.3gppnetwork.org", b"/?vers=0", b"", b"", False),
            (b"crl." + domain, b"/ca.crl", b"", b"", False), (b"nrf.5gc.mnc001.mcc001.3gppnetwork.org:8080", b"/nnrf-disc/v1", b"", b"", False),
            (b"www.example.org", b"/directory/users/bob", b"", b"", False), (b"docs.example.org", b"/wiki/resource-lists", b"", b"", False),
            (b"docs.example.org", b"/pres-rules/how-to.html", b"", b"", False), (b"www.3gppnetwork.org.example.org", b"/", b"", b"", False),
            (b"xcap.example.org", b"/docs", b"", b"", False),
            (b"xcap." + domain, b"/", b"", b"", True), (b"xcap." + domain + b":80", b"/", b"", b"", True),
            (b"xcap.example.org", b"/root/org.example.usage/users/sip:a@b/x", b"", b"", True),
            (b"a", document, b"", b"", True), (b"a", b"/r/resource%2Dlists/users/sip:a@b/index", b"", b"", True),
            (b"a", b"/xcap-caps/global/index", b"", b"", True), (b"a", b"/org.openmobilealliance.search?target=x", b"", b"", True),
            (b"a", b"/x", b'X-3GPP-Intended-Identity: "sip:a@b"\r\n', gba, True)):
        ask = b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + more + b"\r\n"
        refuse = b"HTTP/1.1 401 X\r\nWWW-Authenticate: " + challenge + b"\r\nContent-Length: 0\r\n\r\n"
        steps = [(CLIENT, ask), (SERVER, refuse)] if challenge else []
        steps += [(CLIENT, ask), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
        told = failed(folder, at(0, steps, server=("192.0.2.80", 80)))[0]
        check((told.get("ut-4-tls-required") == "both") == is_ut and (told or not is_ut), host, target, told)
        tunnel = [(CLIENT, b"CONNECT " + host + b" HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), *steps]
        told = failed(folder, at(0, tunnel, server=("192.0.2.80", 3128)))[0]
        check(("ut-4-tls-required" in told) == (is_ut or host.startswith(b"xcap.")), "in a tunnel:", host, target, told)


def other_protocols(folder):
    """SIP, RTSP and ICAP have methods that HTTP has, and name themselves at the end of the line (RFC 3261 7.1, RFC 7826 7.1, RFC 3507 4.3.2): on a
    port of Ut they are no HTTP without TLS. A request of HTTP/0.9 (RFC 1945 5) names no version."""
    for line, protocol in ((b"OPTIONS sip:a@example.org SIP/2.0", b"SIP/2.0"), (b"OPTIONS rtsp://a/b RTSP/1.0", b"RTSP/1.0"),
                           (b"OPTIONS icap://a/b ICAP/1.0", b"ICAP/1.0"), (b"OPTIONS http://a:443/b HTTP/1.1", b"HTTP/1.1"),
                           (b"GET /a/2", b"HTTP/1.1"), (b"GET /a/b HTTP/3", b"HTTP/1.1")):
        steps = [(CLIENT, line + b"\r\nCSeq: 1\r\n\r\n"), (SERVER, protocol + b" 200 OK\r\nContent-Length: 0\r\n\r\n")]
        evs = told_of(folder, at(0, steps), "ts33141-pcr2")
        is_http = protocol == b"HTTP/1.1"
        check((("ut-4-tls-required", "both") in accused(evs)) == is_http, line, accused(evs))
        check([e["app_proto"] == "http" for e in of_type(evs, "flow")] == [is_http], line, [e["app_proto"] for e in of_type(evs, "flow")])


def grease(folder):
    """RFC 8701: what differs from connection to connection and means nothing changes no verdict."""
    def run(values):
        def hello(i, suites, more):
            value = values[i % len(values)] if values else None
            extra = [(value, b"")] if value else []
            return m.client_hello(([value] if value else []) + suites, m.TLS12, more=extra + more)
        more = [sni(NAMES[0]), EMS]
        frames = (in_turn([accepted(AES, hello(0, [DES3, AES], more)), refused(hello(1, [DES3], more))] * 2)
                  + at(220, refused(hello(2, [ANON], more[::-1]))) + at(280, accepted(ANON, hello(3, [ANON], more)), server=("192.0.2.91", 443)))
        weak = ("192.0.2.90", 443)  # it refuses all suites of 128 bits, one of them over groups that the hello lists among others
        for i, (suites, steps) in enumerate((([0x0009], lambda h: accepted(0x0009, h)), ([0xC013, AES, DES3, 0x0005], refused)) * 2):
            groups = ([values[(i + 2) % len(values)]] if values else []) + [29, 23]
            listed = 10, struct.pack("!%dH" % (len(groups) + 1), 2 * len(groups), *groups)
            frames += at(240 + 60 * i, steps(hello(i, suites, [*more, listed])), server=weak)
        told, counts = failed(folder, frames)
        return told, {r: {k: v for k, v in c.items() if k != "sid"} for r, c in counts.items()}
    plain = run(())
    check({"ut-6.2-server-3des", "ut-7.2-only-anonymous", "ut-5.1.2-possible-128"} <= set(plain[0]), plain[0])
    for values in ((0x0A0A, 0x1A1A, 0xFAFA, 0x3A3A), (0x5A5A,)):
        check(run(values) == plain, "GREASE", [hex(v) for v in values], "changes", run(values)[0], "from", plain[0])


# ---- IPv6: RFC 8200 4, RFC 4302, RFC 5533, RFC 6275
def chain_of(kinds, payload):
    """The headers `kinds` before the TCP payload: (first next header, bytes)."""
    out, following = payload, 6
    for kind in reversed(kinds):
        if kind == 44:
            head = struct.pack("!BBHI", following, 0, 0, 7)
        elif kind == 51:
            head = struct.pack("!BBHII", following, 4, 0, 1, 1) + b"\0" * 12
        elif kind == 43:
            head = struct.pack("!BBBBI", following, 0, 253, 0, 0)
        else:
            head = struct.pack("!BB", following, 1) + b"\1\x0c" + b"\0" * 12
        out, following = head + out, kind
    return following, out


def with_headers(frames, kinds, fragments=False):
    out = []
    for n, (time, frame) in enumerate(frames):
        ip = frame[14:]
        src, dst, tcp = ip[8:24], ip[24:40], ip[40:]
        if fragments and len(tcp) > 60:
            cut = len(tcp) // 16 * 8
            parts = [(0, 1, tcp[:cut]), (cut, 0, tcp[cut:])]
            pieces = [(44, struct.pack("!BBHI", 6, 0, offset | more, n) + part) for offset, more, part in parts]
            pieces = [(kinds[0], chain_before(kinds, 44) + piece) if kinds else (44, piece) for _, piece in pieces]
        else:
            pieces = [chain_of(kinds, tcp)]
        for first, body in pieces:
            out.append((time, frame[:14] + struct.pack("!IHBB", 0x60000000, len(body), first, 64) + src + dst + body))
    return out


def chain_before(kinds, last):
    out = b""
    for i, kind in enumerate(kinds):
        following = kinds[i + 1] if i + 1 < len(kinds) else last
        out += struct.pack("!BBBBI", following, 0, 253, 0, 0) if kind == 43 else struct.pack("!BB", following, 0) + b"\1\4\0\0\0\0"
    return out


def extension_headers(folder):
    conversation = capturelib.conversations(os.path.join(PCAPS, "gnutls-tls10-dh-anon-rc4.pcap"))[0]
    frames = capturelib.build(conversation, client=("2001:db8::10", 40000), server=("2001:db8::80", 443), time=START)
    told, counts = failed(folder, frames)
    check("ut-6.4-listed-anonymous" in told, told)
    for kinds in ((0,), (60,), (43,), (44,), (51,), (135,), (0, 60, 43, 44, 60), (0, 43), (60, 51, 60), (60,) * 8):
        got = failed(folder, with_headers(frames, kinds))
        check(got[0] == told and got[1] == counts, "behind the headers", kinds, got[0], "not", told)
    for kinds in ((), (0,), (43,), (0, 60, 43)):
        got = failed(folder, with_headers(frames, kinds, fragments=True))
        check(got[0] == told and got[1] == counts, "in fragments behind", kinds, got[0], "not", told)
    # Under a routing header with segments left the destination is a router, and the checksum is of the last address (RFC 8200 4.4, 8.1).
    routed = []
    for time, frame in frames:
        ip = frame[14:]
        src, dst, tcp = ip[8:24], ip[24:40], ip[40:]
        if frame[5] == 0:  # the UE's
            body = struct.pack("!BBBBI", 6, 2, 2, 1, 0) + dst + tcp
            ip = struct.pack("!IHBB", 0x60000000, len(body), 43, 64) + src + bytes.fromhex("20010db8" + "00" * 11 + "aa") + body
        routed.append((time, frame[:14] + ip))
    got, verdicts = failed(folder, routed)
    check(set(got) <= set(told) and all(verdicts[r]["pass"] <= counts[r]["pass"] for r in counts), "on the way to a router:", got, "not", told)


def second_hellos(folder):
    """RFC 8446 4.1.2: the second hello is the first but for what was asked. One that offers other suites is judged by what it offers (E11)."""
    share = (51, struct.pack("!HHHH", 6, 0x001D, 2, 1))
    versions = (43, b"\2\3\4")
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    data = b"\x17\3\3\0\x40" + b"\7" * 64
    for first, second, suite in (([0x1301, DES3], [0x1301], 0x1301), ([0x1301], [0x1301, ANON], 0x1301), ([0x1301, 0x1302], [0x1302], 0x1301),
                                 ([ANON, 0x1301], [ANON], 0x1301)):
        steps = [(CLIENT, m.client_hello(first, m.TLS12, b"\1" * 32, more=[versions, share])),
                 (SERVER, m.server_hello(suite, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x17")], random=retry)),
                 (CLIENT, m.client_hello(second, m.TLS12, b"\1" * 32, more=[versions, share])),
                 (SERVER, m.server_hello(suite, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x17\0\1\1")]) + data),
                 (CLIENT, data), (SERVER, data)]
        told, counts = failed(folder, at(0, steps))
        about_offers = [r for r in counts if r.startswith(("ut-7.2", "ut-op", "ut-6.2-ue"))]
        wrong = {r for r in about_offers if r in told or counts[r].get("pass")}
        check(about_offers and not wrong, "after a hello of", first, "and one of", second, "told:", wrong)


def ended_by_an_alert(folder):
    """RFC 2246 7.2.2 has both sides forget a session. A server keeps nothing of what a ticket holds (RFC 5077 3.1), and a PSK of TLS 1.3 should be
    discarded if possible (RFC 8446 6.2). It binds "both parties" of the connection: where a stranger, who read the id or the ticket off the wire,
    offers it and sends an alert, the UE does not know of that; the server does, and has to "forget any session-identifiers"."""
    stranger = ("203.0.113.66", 30000)
    rule, sid, ticket, failure = "rfc2246-7.2.2-resume-after-fatal", b"\7" * 32, b"\x2a\x80" * 40, (CLIENT, m.alert(2, 20, m.TLS12))
    data = b"\x17\3\3\0\x40" + b"\7" * 64

    def psk(n):
        listed = len(ticket).to_bytes(2, "big") + ticket + (77 + n).to_bytes(4, "big")
        body = len(listed).to_bytes(2, "big") + listed + b"\0\x21\x20" + b"\5" * 32
        return [(CLIENT, m.client_hello([0x1301], m.TLS12, b"\1" * 32, more=[(43, b"\2\3\4"), (45, b"\1\1"), (41, body)])),
                (SERVER, m.server_hello(0x1301, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (41, b"\0\0")]) + data)]

    def by(hello, id_echoed):
        return [(CLIENT, hello), (SERVER, m.server_hello(AES, m.TLS12, id_echoed) + m.finished(m.TLS12))]
    by_id, by_ticket = m.client_hello([AES], m.TLS12, sid), m.client_hello([AES], m.TLS12, b"\xe1" * 32, more=[(TICKET, ticket)])
    end, end_of_13 = [(CLIENT, m.finished(m.TLS12))], [(CLIENT, data), (SERVER, data)]
    asks = m.client_hello([AES], m.TLS12, more=[(TICKET, b"")])
    for what, first, again, last, fault in (
            ("id", accepted(AES, m.client_hello([AES], m.TLS12), sid), [by(by_id, sid)] * 2, end, "both"),
            ("ticket", accepted(AES, asks, ticket=ticket), [by(by_ticket, b"\xe1" * 32)] * 2, end, "ue"),
            ("PSK", psk(0) + end_of_13, [psk(1), psk(2)], end_of_13, None)):
        told, counts = failed(folder, at(0, first) + at(3600, [*again[0], failure]) + at(7200, again[1] + last))
        check(told.get(rule) == fault, "a session ended by an alert, and used by", what, told, counts[rule])
        begun, ended = at(0, first), at(3600, [*again[0], failure], client=stranger)
        told, counts = failed(folder, begun + ended + at(7200, again[1] + last))
        check(told.get(rule) == ("server" if fault == "both" else None), "likewise, by an alert of a stranger:", what, told, counts[rule])
        check(counts[rule]["not_observable"] == (what == "ticket"), "of a stranger's alert:", what, counts[rule])
        told, counts = failed(folder, begun + ended + at(5400, [*again[0], failure]) + at(7200, again[1] + last))
        check(told.get(rule) == fault, "likewise, and by one of its own:", what, told, counts[rule])
    told, counts = failed(folder, at(0, accepted(AES, m.client_hello([AES], m.TLS12), sid)) + at(3600, [*by(by_id, sid), failure], client=stranger)
                          + at(7200, accepted(AES, by_id, b"\x77" * 32)))
    check(rule not in told and counts[rule]["fail"] == 0, "a session that a stranger ended, and the server forgot:", told, counts[rule])


def spoken_before_an_alert(folder):
    """RFC 2246 7.2.2 binds both parties "upon transmission or receipt of a fatal alert message": what they said before, even if only the end of it is
    captured later, is no use of a session that has ended. The server has the UE's alert when it acknowledges it, and the UE the server's."""
    rule, sid, ticket = "rfc2246-7.2.2-resume-after-fatal", b"\x17" * 32, b"\x2b\x81" * 40
    goes_on = at(70, accepted(AES, m.client_hello([AES], m.TLS12)), client=("192.0.2.11", 41000))  # so the alert's connection is judged first

    def connection(port, *moves):
        """Each: the second, the side, and what it says; nothing is an acknowledgement."""
        c = capturelib.Connection(client=(UE[0], port), server=AP, time=START + int((moves[0][0] - 0.1) * SECOND))
        c.open()
        for second, side, said in moves:
            c.time = START + int(second * SECOND)
            if said:
                c.send(side, said)
            else:
                c.frames.append(c.frame(side, 0x10))
        c.close()
        return [*c.frames, c.frame(CLIENT, 0x10)]

    resumed_so = []

    def uses(kind, hello, answer, alert, received, by):
        hellos = [m.client_hello([AES], m.TLS12, sid if kind == "id" else b"\xe1" * 32, more=[(TICKET, ticket)] if kind == "ticket" else [],
                                 random=hashlib.sha256(bytes([n])).digest()) for n in range(2)]
        answers = [m.server_hello(AES, m.TLS12, sid if kind == "id" else b"\xe1" * 32, random=hashlib.sha256(bytes([n + 2])).digest())
                   + m.finished(m.TLS12) for n in range(2)]
        asks = m.client_hello([AES], m.TLS12, more=[(TICKET, b"")] if kind == "ticket" else [])
        first = accepted(AES, asks, **({"session": sid} if kind == "id" else {"ticket": ticket}))
        if by is None:
            resumed_so.append(1)
            n = len(resumed_so) % 2
            return [(CLIENT, hellos[n]), (SERVER, answers[n]), (CLIENT, m.finished(m.TLS12))]
        if by == CLIENT:
            first, begins = at(0, first), [(60.5, CLIENT, hellos[0]), (60.6, SERVER, answers[0]), (60.7, CLIENT, b"")]
        else:  # an alert of the server can be read up to its ChangeCipherSpec
            first, begins = [], [(60.5 + i / 10, *step) for i, step in enumerate(first[:3])]
        ended = connection(40002, *begins, (alert, by, m.alert(2, 42, m.TLS12)), (received, 1 - by, b""))
        moves = (hello, CLIENT, hellos[1]), (answer, SERVER, answers[1]), (80, CLIENT, m.finished(m.TLS12))
        return first + ended + goes_on + connection(40003, *moves)
    # The end that resets the connection acknowledges the alert as well.
    steps = accepted(AES, m.client_hello([AES], m.TLS12), sid)
    c = capturelib.Connection(client=(UE[0], 40002), server=AP, time=START + 60 * SECOND)
    c.open()
    for side, said in (*uses("id", 0, 0, 0, 0, None)[:2], (CLIENT, m.alert(2, 42, m.TLS12))):
        c.send(side, said)
    c.frames.append(c.frame(SERVER, 0x14))
    told, counts = failed(folder, at(0, steps) + c.frames + at(180, uses("id", 0, 0, 0, 0, None)))
    check(told.get(rule) == "both", "used after an alert that was answered by a reset:", told, counts[rule])
    for what, times, by, blames in (
            ("answered before the alert", (60, 60.1, 61, 61.1), CLIENT, (None, None)),
            ("asked before it, answered before the server had it", (60, 61.5, 61, 62), CLIENT, (None, None)),
            ("asked before it, answered when the server had it", (60, 63, 61, 62), CLIENT, ("server", None)),
            ("asked after it, answered before the server had it", (61.3, 61.5, 61, 62), CLIENT, ("ue", "ue")),
            ("asked after it, answered when the server had it", (61.3, 63, 61, 62), CLIENT, ("both", "ue")),
            ("asked before the UE had the server's, answered after that", (61.3, 61.5, 61, 62), SERVER, ("server",)),
            ("asked when the UE had the server's", (62.3, 62.5, 61, 62), SERVER, ("both",))):
        for kind, fault in zip(("id", "ticket"), blames):
            told, counts = failed(folder, uses(kind, *times, by))
            check(told.get(rule) == fault, "a session", what, "by", kind, told, counts[rule])
            check(counts[rule]["not_observable"] >= (fault is None), "a session", what, "by", kind, counts[rule])


def ended_and_seen_twice(folder):
    """RFC 5246 7.4.1.2: each handshake draws its randoms. One that has them again is a copy, from behind a NAT or of a mirror port that lags, and no
    other use of a session that an alert has ended."""
    rule, sid, nat = "rfc2246-7.2.2-resume-after-fatal", b"\x27" * 32, ("198.51.100.7", 52000)

    def steps(drawn):
        def of(word):
            return hashlib.sha256(word).digest() if drawn else word[:1] * 32
        said = [[(CLIENT, m.client_hello([AES], m.TLS12, sid, random=of(b"c%d" % n if drawn else b"\x11"))),
                 (SERVER, m.server_hello(AES, m.TLS12, sid, random=of(b"s%d" % n if drawn else b"\x22")) + m.finished(m.TLS12))] for n in range(2)]
        alert, finished = (CLIENT, m.alert(2, 42, m.TLS12)), (CLIENT, m.finished(m.TLS12))
        return accepted(AES, m.client_hello([AES], m.TLS12), sid), [*said[0], alert], [*said[1], finished]

    def seen(parts, delay=0, client=UE, offset=0):
        frames = [f for second, part in zip((0, 60, 3600), parts) for f in at(second, part, client=client)]
        return [(time + int(delay * SECOND), frame) for time, frame in frames]
    first, ended, again = steps(True)
    for delay, client in ((0.0002, nat), (0.0002, UE), (1, nat), (2.5, UE), (5, UE), (5, nat), (70, nat)):
        told, counts = failed(folder, seen((first, ended)) + seen((first, ended), delay, client))
        check(rule not in told and not counts[rule]["fail"], "a session ended by an alert, seen again after", delay, "s from", client, told)
        evs = told_of(folder, seen((first, ended, again)) + seen((first, ended, again), delay, client), "ts33141-pcr2")
        found = [fault for broken, fault in accused(evs) if broken == rule]
        # A copy of the first handshake that comes after the alert leaves open when the session began, and so whether it is the one that ended.
        check(found == ["both"] or (delay > 60 and len(found) == 1), "used after an alert, and seen again after", delay, "s from", client, found)
    for copied in (False, True):  # a stack whose randoms are one octet is known by the time
        evs = told_of(folder, seen(steps(False)) + (seen(steps(False), 0.0002, nat) if copied else []), "ts33141-pcr2")
        found = [fault for broken, fault in accused(evs) if broken == rule]
        check(found == ["both"], "used after an alert, with randoms that were not drawn, and seen again" * copied, found)
    told, counts = failed(folder, seen((first, ended)) + at(180, again))
    check(told.get(rule) == "both", "another handshake two minutes after an alert:", told, counts[rule])
    # A hello with the same random that nobody answers shows no copy, nor does a server that always draws the same.
    before = at(3599, again[:1], client=("192.0.2.66", 47000))
    constant = [[*s[:1], (SERVER, m.server_hello(AES, m.TLS12, sid, random=bytes(range(32))) + m.finished(m.TLS12)), *s[2:]] for s in (ended, again)]
    for what, frames in (("a hello before it has the same random", seen((first, ended, again)) + before),
                         ("the server's random is always the same", seen((first, *constant)))):
        told, counts = failed(folder, frames)
        check(told.get(rule) == "both", "used after an alert;", what, told, counts[rule])


def records_by_chance(folder):
    """E1: the version of protected records is that of their session. Octets of something else that look like one header are no record."""
    data = {v: m.record(23, b"z" * 16, v) for v in (0x0300, m.TLS12)}
    other, binary = b"\x99" * 50, b"\5\6\7" * 40
    for what, steps, wanted in (("one header by chance", [(CLIENT, data[0x0300] + other), (SERVER, binary)], False),
                                ("one header", [(CLIENT, data[0x0300])], False),
                                ("one of each version", [(CLIENT, data[0x0300]), (SERVER, data[m.TLS12])], False),
                                ("records of both sides", [(CLIENT, data[0x0300]), (SERVER, data[0x0300])], True),
                                ("two records", [(CLIENT, data[0x0300] * 2)], True)):
        c = capturelib.Connection(client=UE, server=AP, time=START)
        for step in steps:
            c.send(*step)
        c.close()
        rules, _ = failed(folder, c.frames)
        check(("ut-6-version-forbidden" in rules) == wanted, "midstream,", what, rules)


def lengths_of_finished(folder):
    """RFC 8446 4.4.4, 5.2: a Finished is header, hash, type and tag (of 8 octets with CCM_8; RFC 9150: a hash). 5.4: an alert may be padded to any
    length, and nothing follows it. Whether a longer record holds one or the other is not known, unless the client goes on."""
    share, versions = (51, struct.pack("!HHHH", 6, 0x001D, 2, 1)), (43, b"\2\3\4")

    def outcome(suite, *client):
        steps = [(CLIENT, m.client_hello([suite], m.TLS12, b"\1" * 32, more=[versions, share])),
                 (SERVER, m.server_hello(suite, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x1d\0\1\1")])),
                 (SERVER, m.record(23, b"s" * 900, m.TLS12))]
        told = told_of(folder, at(0, steps + [(CLIENT, m.record(23, b"c" * n, m.TLS12)) for n in client]), "modern")
        return [(e["utwatch"]["outcome"], e["utwatch"].get("unobserved")) for e in of_type(told, "tls")]

    for suite, whole in ((0x1301, 53), (0x1302, 69), (0x1303, 53), (0x1304, 53), (0x1305, 45), (0xC0B4, 69), (0xC0B5, 101)):
        for client, wanted in (((whole,), "complete"), ((whole, 300), "complete"), ((19,), "aborted"), ((whole - 1,), "aborted"),
                               ((528,), "unfinished"), ((700, 264, whole), "complete"), ((700, 300), "complete")):
            found = outcome(suite, *client)
            hidden = {"not-read" if suite in (0xC0B4, 0xC0B5) else "encrypted"}  # RFC 9150 4: confidentiality is not provided
            said = {"encrypted", "not-read"} & set(found[0][1])
            check([o for o, _ in found] == [wanted] and said == hidden, "%#06x" % suite, "records of the client:", client, found)


def evicted_and_back(folder):
    """An address keeps 64 names; one that gave way to others and is asked for again may have done anything before."""
    ask = (TICKET, b"")

    def session(n, name, resumed=False):
        more, sid = [sni(name), ask], struct.pack("!I", n + 1) * 8
        again = accepted(AES, m.client_hello([AES], m.TLS12, sid, more=more), struct.pack("!I", n + 10001) * 8)
        if resumed:
            again = [again[0], (SERVER, m.server_hello(AES, m.TLS12, sid) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
        first = accepted(AES, m.client_hello([AES], m.TLS12, more=more), sid)
        return at(200 * n, first + m.closing(version=m.TLS12)) + at(200 * n + 60, again + m.closing(version=m.TLS12))

    def others(n, count):
        """Each is asked for three times, so that it is not the least used."""
        steps = [accepted(AES, m.client_hello([AES], m.TLS12, more=[sni("n%d.example.org" % (i // 3))], random=struct.pack("!I", i) * 8),
                          struct.pack("!I", 20000 + i) * 8) for i in range(3 * count)]
        return [f for i, s in enumerate(steps) for f in at(200 * n + 300 + i, s)]

    def lacks(n, name):
        more = [sni(name)]
        steps = (accepted(AES, m.client_hello([DES3, AES], m.TLS12, more=more)), refused(m.client_hello([DES3], m.TLS12, more=more))) * 2
        return [f for i, s in enumerate(steps) for f in at(200 * n + 60 * i, s)]
    name = NAMES[0]
    has = accepted(DES3, m.client_hello([DES3], m.TLS12, more=[sni(name)]))
    for what, rule, first, then in (("resumed", "ut-7.1-resume-server", session(0, name, True), [f for n in (10, 11, 12) for f in session(n, name)]),
                                    ("selected 3DES", "ut-6.2-server-3des", at(0, has), lacks(10, name))):
        for count in (10, 70):
            counts = failed(folder, first + others(1, count) + then)[1]
            check(not counts[rule]["fail"], "a server that", what, "and came back after", count, "others:", counts[rule])
            counts = failed(folder, others(1, count) + then)[1]
            check(counts[rule]["fail"], "a server that never", what, "after", count, "others:", counts[rule])


with tempfile.TemporaryDirectory() as temporary:
    for case in (farm_behind_one_address, refused_for_a_value, refused_as_demanded,
                 bare_extensions, certificates_of_another_form, truncated_macs, refused_by_version, versions,
                 resumptions_refused, names_of_one_address, sessions_held, resumed_as_it_was, advice_about_hellos_that_resume,
                 no_list_of_compressions, middleboxes, second_answers, ages, scope_by_name, other_interfaces, other_protocols, grease,
                 extension_headers, second_hellos, ended_by_an_alert, spoken_before_an_alert,
                 ended_and_seen_twice, lengths_of_finished, records_by_chance, evicted_and_back):
        case(temporary)
finish()
