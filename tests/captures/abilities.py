#!/usr/bin/env python3
"""Does a report say that a server or a UE lacks an ability only if the traffic shows it? usage: abilities.py UTWATCH"""
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from run_utwatch import SKIP, events, of_type, rule_counts
from checks import check, finish
from made_sessions import CLIENT, SERVER, START
import capturelib
import messages as m

UTWATCH = sys.argv[1]
SECOND, UE, AP = 10**9, ("192.0.2.10", 40000), ("192.0.2.80", 443)
LONG, AES = "ut-5.1.2-possible-128", "ut-ls-aes-supported"
DES, ECDHE_DES3 = 0x0009, 0xC012  # RSA; RSA, with 168 bits, and no AES
COMMON = [0x000A, 0x0005, 0x002F]  # that 6.2 and RFC 5246 9 make mandatory: 3DES, RC4, AES
GROUPS = [(10, b"\0\4\0\x17\0\x1d"), (11, b"\1\0")]


def certificate(*key):
    """A Certificate message that openssl has made the only certificate of."""
    words = ["req", "-x509", "-newkey", *key, "-nodes", "-subj", "/CN=xcap.example", "-keyout", os.devnull, "-outform", "DER"]
    der = subprocess.run(["openssl", *words], capture_output=True, check=True).stdout
    chain = len(der).to_bytes(3, "big") + der
    return m.certificate_message(len(chain).to_bytes(3, "big") + chain, m.TLS12)


def at(second, steps, client=UE, server=AP):
    return capturelib.build(steps, client=(client[0], client[1] + second % 20000), server=server, time=START + second * SECOND)


def full(suites, selected, version=m.TLS12, session=b"", more=(), answers=(), certificate=b"", ticket=b"", hint=300, hello=None):
    """One full handshake. hello: the version of that, if it is another."""
    drawn = hashlib.sha256(session + ticket).digest()  # of no other session
    return [(CLIENT, m.client_hello(suites, hello or version, more=[*GROUPS, *more])),
            (SERVER, m.server_hello(selected, version, session, more=answers, random=drawn) + certificate + m.done(version)),
            (CLIENT, m.client_key_exchange(version) + m.finished(version)),
            (SERVER, (m.new_session_ticket(ticket, hint) if ticket else b"") + m.finished(version))]


def refused(suites, version=m.TLS12, more=()):
    return [(CLIENT, m.client_hello(suites, version, more=[*GROUPS, *more])), (SERVER, m.alert(2, 40))]


def in_turn(steps, apart=60):
    return [f for i, s in enumerate(steps) for f in at(apart * i, s)]


def told(folder, frames, *words):
    """[(rule, fault)], the events, and the verdicts."""
    path = os.path.join(folder, "abilities.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs = events(UTWATCH, "--strict", "--advise", "ls-advice", *words, "-r", path)[0]
    return {(e["utwatch"]["rule"], e["utwatch"]["fault"]) for e in of_type(evs, "alert")}, evs, rule_counts(evs)


def refused_for_want_of_a_key(folder):
    """E20: a suite that needs a certificate, a shared key or a password that a server does not have is refused whatever its length (RFC 5246 7.4.2,
    RFC 4279 2, RFC 5054 2.5, RFC 8422 2). So is one of elliptic curves by a server that has shown none, whatever suites of RSA it has."""
    kinds = {"RSA": certificate("rsa:2048"), "EC": certificate("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}
    cases = (("RSA", DES, [0xC02B], False), ("RSA", DES, [0xC02B, 0xC023], False), ("RSA", DES, [0x008C], False), ("RSA", DES, [0xC020], False),
             ("RSA", DES, [0x0032], False), ("RSA", DES, [0x009E], False), ("RSA", DES, [0x0094, 0xC035], False), ("RSA", DES, [0xC004], False),
             ("RSA", DES, COMMON, True), ("RSA", DES, [*COMMON, 0x009C, 0xC02F, 0xC02B], True), ("RSA", DES, [0xC02F], False),
             ("RSA", DES, [0x009C], False), ("RSA", 0xC010, [*COMMON, 0xC02F], True), ("RSA", 0xC010, [0xC02F], False), ("RSA", 0x0015, COMMON, True),
             ("EC", 0xC006, [0xC02F], False), ("EC", 0xC006, [0x009C, 0xC02F], False), ("EC", 0xC006, COMMON, False))
    for kind, weak, offer, lacks in cases:
        for with_certificate in (True, False):
            guilty = lacks and (with_certificate or weak == DES)  # a suite with ephemeral keys shows no key that deciphers
            shown = kinds[kind] if with_certificate else b""
            found, evs, counts = told(folder, in_turn([full([weak], weak, certificate=shown), refused(offer)] * 2))
            check(((LONG, "server") in found) == guilty, kind, "refuses", [hex(s) for s in offer], "certificate" * with_certificate, counts[LONG])
            check(((AES, "server") in found) == guilty, kind, "refuses", [hex(s) for s in offer], "certificate" * with_certificate, found)
            alerts = [e["utwatch"] for e in of_type(evs, "alert")]
            notes = {e.get("note", "") for e in alerts if e["fault"] == "server" and e["rule"] == LONG}
            check(not any("several" in note for note in notes), "one suite is not several:", notes)


def refused_at_times(folder):
    """A server may refuse for a while what it accepts otherwise: OpenSSL says handshake_failure, "no shared cipher", also while its certificate is
    missing, a member of a pool may be set up badly, and a client may be one that it does not serve. So one refusal shows nothing (E19, E20); two do,
    with such a hello of the same UE accepted in between; or one, with two of them around it in less time than a server fails and is mended in."""
    rule, other, aes, des3 = "ut-6.2-server-3des", "ut-6.2-server-rc4", 0x002F, 0x000A
    a, r, alone, rc4 = full([aes, des3], aes), refused([aes, des3]), refused([des3]), refused([0x0005])
    # RFC 5746 3.6: in a first handshake renegotiated_connection has to be empty, or the server refuses whatever is offered.
    fresh, claimed = [(0xFF01, b"\0")], [(0xFF01, b"\x0c" + b"\7" * 12)]
    said, claims = full([aes, des3], aes, more=fresh), refused([des3], more=claimed)
    b, c, once_more = full([0x0002, aes], 0x0002), full([des3], des3), full([aes, des3], aes, session=b"\1" * 32)
    for what, steps, guilty in (("as if it renegotiated", [said, claims, said, claims], []),
                                ("with the same extension", [said, refused([des3], more=fresh)] * 2, [rule]),
                                ("twice", [a, alone, a, alone], [rule]),
                                ("once", [a, alone, a], []),
                                ("twice in one moment", [a, alone, alone, a], []),
                                ("three times in one moment", [alone, alone, alone, a], []),
                                ("once, and later among others", [alone, a, refused([des3, 5])], [rule]),
                                ("one, then the other", [a, alone, a, rc4, a], []),
                                ("both", [a, refused([5, des3]), a, rc4, a, alone], [rule, other]),
                                ("what it accepts as well, once", [a, r, a, alone, a, alone], [rule]),
                                ("what it accepts as well, in the same moment", [a, alone, a, r, alone, a], []),
                                ("what it accepts as well, before", [a, r, alone, a, alone], []),
                                ("what it accepts as well, after the first", [a, alone, r, a, alone, a], []),
                                ("what it accepts as well, twice", [a, r, a, alone, a, alone, a, r], []),
                                ("what it selects later", [a, alone, a, alone, c], []), ("what it selected before", [c, a, alone, a, alone], []),
                                ("never, for it prefers others", [a, a, a], [])):
        found, _, counts = told(folder, in_turn(steps, 3))
        check({r for r, fault in found if fault == "server"} & {rule, other} == set(guilty), "it refuses", what, found)
        check(not guilty or counts[guilty[0]]["fail"] == 1, "it refuses", what, counts[rule])
    found = told(folder, in_turn([a, alone, a, alone, c, a, rc4, a, rc4], 100))[0]
    check((other, "server") in found and (rule, "server") not in found, "a server that was set up anew lacks what it refuses then:", found)
    for what, times, guilty in (("within a second", (0, 0.4, 0.9), True), ("within three seconds", (0, 1.3, 2.6), False),
                                ("an hour after, then at once", (0, 3600, 3600.2), False)):
        found = told(folder, [f for n, (t, steps) in enumerate(zip(times, (a, alone, once_more))) for f in moved(at(n, steps), t - n)])[0]
        check(((rule, "server") in found) == guilty, "it refuses between what it accepts", what, found)
    second = ("192.0.2.11", 40000)
    for what, whose, guilty in (("the same", (UE, UE, UE, UE), True), ("one that is not served", (UE, second, UE, second), False),
                                ("two", (UE, UE, second, second), False), ("the first", (second, UE, UE, UE), True)):
        steps = (a, alone, a, alone)
        found = told(folder, [f for i, (ue, s) in enumerate(zip(whose, steps)) for f in at(2 * i, s, client=ue)])[0]
        check(((rule, "server") in found) == guilty, "it refuses UEs:", what, found)
    for what, steps, guilty in (("what is common, twice", [b, refused(COMMON), b, refused(COMMON)], True),
                                ("what is common, twice, and prefers nothing of it", [full([2], 2), refused(COMMON)] * 2, True),
                                ("AES of 256 bits", [full([2, aes], 2), refused([0x35]), full([2, aes], 2), refused([0x35])], False),
                                ("AES of 256 bits, and nobody offers the other", [full([2], 2), refused([0x35])] * 2, False),
                                ("AES, and nobody offers 3DES", [full([2], 2), refused([aes, 0x35])] * 2, False),
                                ("all but what it was offered beside its favourite", [full([2, 0x35], 2), refused(COMMON)] * 2, False),
                                ("what is common, once", [full([2], 2), refused(COMMON), full([2], 2)], False)):
        found, _, _ = told(folder, in_turn(steps, 3))
        check(((LONG, "server") in found) == guilty, "it refuses", what, found)


def moved(frames, seconds):
    return [(time + int(seconds * SECOND), frame) for time, frame in frames]


def answered_in_two_ways(folder):
    """RFC 5246 7.4.1.3: what a server selects is its choice from the client's list, and one that is set up in one way chooses from one list in one
    way. Where one list has two answers, several servers share the address, or the policy has changed: what one answer shows binds not the other."""
    policy = os.path.join(folder, "encrypts.yaml")
    with open(policy, "w") as f:
        f.write("utwatch: 1\nprofile: encrypts\ntitle: Encrypts\nextends: [ts33141-pcr2, ls-advice]\nparameters: { encryption-required: true }\n")
    aes, tls10, tls12 = 0x002F, m.TLS10, m.TLS12
    both, other_order = [aes, DES], [DES, aes]
    weak, old = "ut-op-weaker-selected", "dp-3.2-prefer-tls11"
    strong, weaker, session = full(both, aes), full(both, DES), full([aes], aes)

    def in_version(version):
        return [(CLIENT, m.client_hello([aes], tls12, more=GROUPS)), *full([aes], aes, version)[1:]]
    for rule, what, steps, guilty in ((weak, "shown by another hello", [session, weaker], True), (weak, "the same hello", [strong, weaker], False),
                                      (weak, "again and again", [strong, weaker, weaker, strong, weaker], False),
                                      (weak, "the client's order", [strong, full(other_order, DES)], True),
                                      (weak, "a hello beside it", [strong, session, weaker, session, full(other_order, DES)], False),
                                      (old, "the same hello", [in_version(tls12), in_version(tls10)], False)):
        found, evs, counts = told(folder, [f for i, s in enumerate(steps) for f in at(86400 * i, s)], "-p", policy)
        check(((rule, "server") in found) == guilty and bool(counts[rule].get("not_observable")) != guilty, rule, what, counts[rule])
        notes = {e["utwatch"].get("note", "") for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule}
        check(all("share the address" in note for note in notes), rule, notes)


def sessions_refused(folder):
    """7.1: a server may know tickets only, or refuse one session as often as it is offered. It loses them all when it starts again, and what it has
    to remember when others take its place, or after an end without close_notify of both: RFC 2246 7.2.1 demands that, and OpenSSL does so under any
    version (ssl_clear_bad_session()). A ticket it does not remember (RFC 5077 3.1)."""
    rule, ask, closed = "ut-7.1-resume-server", (35, b""), m.closing()
    data = [(CLIENT, b"\x17\3\3\0\x40" + b"\7" * 64)]

    def session(n):
        return bytes([n + 1]) * 32

    def attempts(sessions, asked=True, version=m.TLS12, tries=1, by_ticket=False, later=60, hint=300, apart=20000, end=closed,
                 others=0):
        more, frames = [ask] if asked else [], []
        for n in range(sessions):
            ticket = session(n) * 3 if by_ticket else b""
            issues = [ask] if by_ticket else []
            first = apart * n
            frames += at(first, full([0x002F], 0x002F, version, b"" if by_ticket else session(n), more, issues, ticket=ticket, hint=hint) + end)
            for i in range(others):
                frames += at(first + 1 + i, full([0x002F], 0x002F, version, bytes([n, i, *range(30)]), more), client=("192.0.2.11", 40000))
            for i in range(tries):
                again = [(35, ticket)] if by_ticket else more
                new = session(160 + n + 10 * i) * 3 if by_ticket else b""
                steps = full([0x002F], 0x002F, version, session(100 + n + 10 * i), again, issues, ticket=new, hint=hint)
                hello = m.client_hello([0x002F], version, b"\xe1" * 32 if by_ticket else session(n), more=[*GROUPS, *again])
                frames += at(first + later + i, [(CLIENT, hello), *steps[1:]])
        return frames
    for what, frames, guilty in (("three sessions", attempts(3), True), ("three sessions of TLS 1.0", attempts(3, version=m.TLS10), True),
                                 ("three sessions of TLS 1.1", attempts(3, version=0x0302), True),
                                 ("three sessions of TLS 1.0, ended otherwise", attempts(3, version=m.TLS10, end=[]), False),
                                 ("three tickets of TLS 1.0, ended otherwise", attempts(3, version=m.TLS10, end=[], by_ticket=True), False),
                                 ("three sessions, ended without an alert", attempts(3, end=[]), False),
                                 ("three sessions, ended by the UE's alert", attempts(3, end=m.closing([CLIENT])), False),
                                 ("three sessions, ended by the server's alert", attempts(3, end=m.closing([SERVER])), False),
                                 ("three sessions, ended by two alerts of the server", attempts(3, end=m.closing([SERVER, SERVER])), False),
                                 ("three sessions, ended by the server first", attempts(3, end=closed[::-1]), True),
                                 ("three sessions, with data before the end", attempts(3, end=data + closed), True),
                                 ("three sessions, with data after one alert", attempts(3, end=closed[:1] + data + closed[1:]), False),
                                 ("three sessions, data and alert in one", attempts(3, end=[(CLIENT, data[0][1] + closed[0][1]), closed[1]]), True),
                                 ("three sessions, and thirty others each", attempts(3, others=30), True),
                                 ("three sessions, and forty others each", attempts(3, others=40), False),
                                 ("three tickets, and forty others each", attempts(3, others=40, by_ticket=True), True),
                                 ("three tickets, ended without an alert", attempts(3, end=[], by_ticket=True), True),
                                 # One start of the server explains all that it refuses of what it had issued before.
                                 ("five sessions, all issued before the first refusal", attempts(5, apart=10, later=120), False),
                                 ("five tickets, all issued before the first refusal", attempts(5, apart=10, later=120, by_ticket=True), False),
                                 ("five tickets, two starts", attempts(5, apart=30, later=70, by_ticket=True), False),
                                 ("nine tickets, three starts", attempts(9, apart=30, later=70, by_ticket=True), True),
                                 ("three tickets", attempts(3, by_ticket=True), True), ("two sessions", attempts(2), False),
                                 ("one session three times", attempts(1, tries=3), False), ("two, three times each", attempts(2, tries=3), False),
                                 ("one ticket three times", attempts(1, tries=3, by_ticket=True), False),
                                 # How long a server keeps sessions is its own affair. nginx, Apache and HAProxy keep them for 300 s by default.
                                 ("three sessions, after 299 s", attempts(3, later=299), True),
                                 ("three sessions, after 301 s", attempts(3, later=301), False),
                                 ("three tickets, promised for 3 s", attempts(3, by_ticket=True, hint=3), False),
                                 ("three tickets, promised for an hour", attempts(3, by_ticket=True, later=3000, hint=3600), True),
                                 ("three tickets, promised for a day", attempts(3, by_ticket=True, later=3700, hint=86400), False),
                                 ("three tickets without a promise", attempts(3, by_ticket=True, later=600, hint=0), False),
                                 ("three sessions, and no ticket asked for", attempts(3, asked=False), False),
                                 ("one session three times, and no ticket asked for", attempts(1, asked=False, tries=3), False)):
        for profile in ("ts33141-v1.0.0", "ts33141-pcr1", "ts33141-pcr2"):
            found, evs, counts = told(folder, frames, "-p", profile)
            check(((rule, "server") in found) == guilty, profile, what, counts[rule])
            check(guilty or counts[rule]["not_observable"] == 1, profile, what, counts[rule])


def explained_refusals(folder):
    """A server whose answer has another version or suite than the session, or asks for a certificate where the session had none, must not resume it
    (RFC 5246 7.4.1.2, 7.4.1.3, E.1), or would skip what it requires now."""
    rule, asked, none = "ut-7.1-resume-server", m.certificate_request(m.TLS12), b""
    one, other = certificate("rsa:2048"), certificate("rsa:2048")
    cases = (("alike", (0x002F, m.TLS12, none), (0x002F, m.TLS12, none), True),
             ("with its certificate", (0x002F, m.TLS12, one), (0x002F, m.TLS12, one), True),
             ("with another's certificate", (0x002F, m.TLS12, one), (0x002F, m.TLS12, other), False),
             ("a lower version", (0x002F, m.TLS12, none), (0x002F, m.TLS10, none), False),
             ("another suite", (0x000A, m.TLS12, none), (0x002F, m.TLS12, none), False),
             ("asks for a certificate", (0x002F, m.TLS12, none), (0x002F, m.TLS12, asked), False),
             ("asks as ever", (0x002F, m.TLS12, asked), (0x002F, m.TLS12, asked), True))
    each = [(n, again) for n in range(4) for again in (False, True)]
    for what, first, second, guilty in cases:
        for order in (each, sorted(each, key=lambda e: e[1])):  # one by one; all before the first is tried: one start may have lost them
            frames = []
            for place, (n, again) in enumerate(order):
                suite, version, request = second if again else first
                said = m.client_hello([0x002F, 0x000A], m.TLS12, bytes([n + 1]) * 32 if again else b"", more=[*GROUPS, (35, b"")])
                empty = m.certificate_message(m.EMPTY_CERTIFICATE, version) if request == asked else b""
                frames += at(30 * place, [
                    (CLIENT, said), (SERVER, m.server_hello(suite, version, bytes([n + 1 + 60 * again]) * 32) + request + m.done(version)),
                    (CLIENT, empty + m.client_key_exchange(version) + m.finished(version)), (SERVER, m.finished(version)),
                    (CLIENT, m.record(23, b"\7" * 64, version)), *m.closing()])  # data: it accepts a certificate that has expired by now
            found, _, counts = told(folder, frames)
            check(((rule, "server") in found) == (guilty and order is each), "sessions refused by a server that", what, counts[rule])


def extended_secrets(folder):
    """RFC 7627 5.3: a server that makes extended master secrets must not resume a session without one. One that makes them at times only is several,
    of which one is newer; one that never does is not bound by that."""
    rule, extended = "ut-7.1-resume-server", (23, b"")
    for asks, first, second, guilty in ((True, True, True, True), (True, False, True, False), (True, True, False, False), (True, False, False, True),
                                        (False, False, False, True)):
        frames = []
        for n in range(5):
            for again in (False, True):
                said = [(35, b""), *[extended] * asks]
                hello = m.client_hello([0x002F], m.TLS12, bytes([n + 1]) * 32 if again else b"", more=[*GROUPS, *said])
                answers = [extended] * (second if again else first)
                steps = full([0x002F], 0x002F, session=bytes([n + 1 + 60 * again]) * 32, answers=answers)
                frames += at(200 * n + 60 * again, [(CLIENT, hello), *steps[1:], *m.closing()])
        found, _, counts = told(folder, frames)
        check(((rule, "server") in found) == guilty, "sessions refused, of hellos that ask for an extended secret:", asks, "made with one:", first,
              "answered with one:", second, counts[rule])


def one_of_several(folder):
    """E19: where a session is refused, and one that is as old resumed afterwards, the server has not started again in between: several share the
    address, and one of them resumes nothing of the others. That some of them resume sessions does not say that each does."""
    rule, ask, clients = "ut-7.1-resume-server", (35, b""), [("192.0.2.%d" % n, 40000) for n in range(10, 30)]

    def begin(second, n, client):
        return at(second, full([0x002F], 0x002F, session=bytes([n + 1]) * 32, more=[ask]) + m.closing(), client=client)

    def again(second, n, client, resumed):
        sid = bytes([n + 1]) * 32
        hello = (CLIENT, m.client_hello([0x002F], m.TLS12, sid, more=[*GROUPS, ask]))
        rest = [(SERVER, m.server_hello(0x002F, m.TLS12, sid) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))] if resumed else \
            full([0x002F], 0x002F, session=bytes([n + 101]) * 32, more=[ask])[1:]
        return at(second, [hello, *rest, *m.closing()], client=client)

    def bracketed(count, order):
        """Each time one UE begins a session, then another one, whose session is refused; `order` says when the first one's is resumed."""
        frames = []
        for i in range(count):
            first, second, t = clients[2 * i], clients[2 * i + 1], 1000 * i
            frames += begin(t, 2 * i, first) + begin(t + 10, 2 * i + 1, second) + again(t + 60, 2 * i + 1, second, False)
            frames += again(t + (100 if order == "after" else 40), 2 * i, first, True)
        return frames
    for what, frames, verdict in (("one, resumed after the other was refused", bracketed(1, "after"), "pass"),
                                  ("two, resumed after the others were refused", bracketed(2, "after"), "not_observable"),
                                  ("five, resumed before the others were refused: it starts again", bracketed(5, "before"), "pass")):
        found, evs, counts = told(folder, frames)
        check(counts[rule][verdict] == 1 and (rule, "server") not in found, "sessions of several servers:", what, counts[rule])
        reasons = {r["rule"]: r.get("reasons", {}) for r in of_type(evs, "stats")[-1]["utwatch"]["rules"]}[rule]
        check(verdict == "pass" or "inconsistent" in str(reasons), what, reasons)


def captured_twice(folder):
    """A handshake that was captured before and behind a NAT is one: no other has its randoms (RFC 5246 7.4.1.2)."""
    rule, ask = "ut-7.1-resume-server", (35, b"")

    def handshake(n):
        steps = full([0x002F], 0x002F, more=[ask])
        return [(side, b.replace(b"\x11" * 32, bytes([n]) * 32).replace(b"\x22" * 32, bytes([n + 100]) * 32)) for side, b in steps]
    for what, count, copies, verdict in (("two", 2, 2, "not_observable"), ("two, of three taps", 2, 3, "not_observable"), ("three", 3, 1, "fail"),
                                         ("three, each twice", 3, 2, "fail")):
        frames = [(time + 200000 * i, frame) for n in range(count) for i in range(copies)
                  for time, frame in at(10 * n, handshake(n + 1), client=("198.51.100.%d" % (7 + i), 40000))]
        _, evs, counts = told(folder, frames)
        check(counts[rule][verdict] == 1, "handshakes:", what, counts[rule])
        stats = of_type(evs, "stats")[-1]["utwatch"]
        check(stats["tls"]["copies"] == count * (copies - 1), "handshakes:", what, stats["tls"])


def hidden_by_tls13(folder):
    """RFC 8446 4.6.1: TLS 1.3 issues tickets encrypted. A server that does so may allow for resumption there, whatever it does under TLS 1.2."""
    rule, ask = "ut-7.1-resume-server", (35, b"")
    versions, share = (43, b"\2\3\4"), (51, struct.pack("!HHHH", 6, 0x001D, 2, 1))
    data = b"\x17\3\3\0\x40" + b"\7" * 64
    finished = b"\x17\3\3\0\x35" + b"\7" * 53  # as long as SHA-256 makes it
    new = [(CLIENT, m.client_hello([0x1301], m.TLS12, b"\1" * 32, more=[*GROUPS, versions, share])),
           (SERVER, m.server_hello(0x1301, m.TLS12, b"\1" * 32, more=[(43, b"\3\4"), (51, b"\0\x1d\0\1\1")]) + data),
           (CLIENT, finished + data), (SERVER, data)]
    old = [f for n in range(4) for f in at(200 * n, full([0x002F], 0x002F, more=[ask]))]
    for what, frames, verdict in (("TLS 1.2 alone", old, "fail"), ("TLS 1.3 beside it", old + at(900, new), "not_observable"),
                                  ("TLS 1.3 at another server", old + at(900, new, server=("192.0.2.81", 443)), "fail")):
        _, evs, counts = told(folder, frames)
        check(counts[rule][verdict] == 1, what, counts[rule])
        reasons = {r["rule"]: r.get("reasons", {}) for r in of_type(evs, "stats")[-1]["utwatch"]["rules"]}[rule]
        check(verdict == "fail" or "ticket" in str(reasons), what, reasons)


def falls_back(folder):
    """RFC 7507 4: a hello with TLS_FALLBACK_SCSV says that the client supports a later version."""
    for scsv, guilty in (([], True), ([0x5600], False)):
        found, _, _ = told(folder, at(0, full([0x002F, *scsv], 0x002F, m.TLS10)))
        check((("ut-ls-tls11-supported", "ue") in found) == guilty, "a hello of TLS 1.0 with", scsv, found)


def versions_left_out(folder):
    """RFC 8446 4.2.1: supported_versions lists versions, and a server may have one that the list leaves out. RFC 5246 E.1: a client that has no such
    list offers each version up to its own."""
    rule, tls11 = "ut-ls-tls11-supported", 0x0302
    for offer, selected, guilty in (([0x0304, m.TLS10], m.TLS10, False), ([m.TLS12, m.TLS10], m.TLS10, False),
                                    ([0x0304, tls11, m.TLS10], m.TLS10, False), ([0x0304, m.TLS12, tls11, m.TLS10], m.TLS10, True),
                                    ([0x0A0A, m.TLS10, tls11, m.TLS12], m.TLS10, True),
                                    ([0x7F1C, m.TLS12, tls11, m.TLS10], m.TLS10, True), (None, m.TLS10, True), (None, tls11, False)):
        more = [(43, bytes([2 * len(offer)]) + b"".join(struct.pack("!H", v) for v in offer))] if offer else []
        found, _, _ = told(folder, at(0, full([0x002F], 0x002F, selected, more=more, hello=m.TLS12)))
        check(((rule, "server") in found) == guilty, "offered", [hex(v) for v in offer or []], "selected", hex(selected), found)


def one_hello_of_several(folder):
    """RFC 5246 7.4.1.2, E.1, RFC 7507 4: a hello may resume, fall back, or be another program's. What a UE is able to do, all its hellos say."""
    aes, sid = 0x002F, b"\7" * 32
    lacks = {LONG: full([DES], DES), AES: full([ECDHE_DES3], ECDHE_DES3), "ut-ls-tls11-supported": full([DES], DES, m.TLS10)}
    able = full([DES, aes], aes)
    resumes = [(CLIENT, m.client_hello([aes], m.TLS12, sid, more=GROUPS)), (SERVER, m.server_hello(aes, m.TLS12, sid) + m.finished(m.TLS12)),
               (CLIENT, m.finished(m.TLS12))]
    second = ("192.0.2.11", 40000)
    for rule, steps in lacks.items():
        suites, version = {LONG: ([DES], m.TLS12), AES: ([ECDHE_DES3], m.TLS12)}.get(rule, ([DES], m.TLS10))
        falls_back = full([*suites, 0x5600], suites[0], version)
        cases = (("one hello", at(0, steps), True), ("two alike", at(0, steps) + at(60, steps), True),
                 ("a later one has it", at(0, steps) + at(60, able), False), ("an earlier one has it", at(0, able) + at(60, steps), False),
                 ("one that resumes has it", at(0, steps) + at(60, resumes), False),
                 ("one of another UE has it", at(0, steps) + at(60, able, second), True),
                 ("it falls back", at(0, falls_back), False))
        for what, frames, guilty in cases:
            found, _, counts = told(folder, frames)
            check(((rule, "ue") in found) == guilty, rule, what, found)
            check(what != "it falls back" or rule != LONG or counts[rule]["not_observable"] == 2, rule, what, counts.get(rule))


def fallback_to_sslv3(folder):
    """Clause 6: a UE supports TLS 1.0 or higher. One that falls back step by step, as UEs did before RFC 7507, or says so (RFC 7507 4), has more than
    SSLv3; that a hello offers SSLv3 alone is told by another rule."""
    rule, forbidden = "ut-6-version-min", "ut-6-version-forbidden"
    old, says = full([0x000A], 0x000A, 0x0300), full([0x000A, 0x5600], 0x000A, 0x0300)
    steps = [f for n, version in enumerate((m.TLS12, 0x0302, m.TLS10)) for f in at(n, refused([0x000A], version))]
    new, native = full([0x000A], 0x000A), [(CLIENT, m.sslv2_hello([0x700C0], m.SSL2)), (SERVER, b"\x80\3\0\0\1")]
    other = ("192.0.2.11", 40000)
    cases = (("SSLv3 once", at(0, old), True), ("SSLv3 twice", at(0, old) + at(60, old), True), ("a fallback that says so", at(0, says), False),
             ("a fallback", steps + at(4, old), False), ("TLS 1.2 later", at(0, old) + at(60, new), False),
             ("TLS 1.2 at another server", at(0, new, server=("192.0.2.81", 443)) + at(60, old), False),
             ("TLS 1.2 of another UE", at(0, new, other) + at(60, old), True), ("SSLv2 alone", at(0, native), True),
             ("SSLv2 and TLS 1.2", at(0, native) + at(60, new), False))
    for what, frames, guilty in cases:
        for profile in ("ts33141-pcr1", "ts33141-pcr2", "wap-219", "rel6-final"):
            found, evs, _ = told(folder, frames, "-p", profile)
            check(((rule, "ue") in found) == guilty, what, profile, found)
            check({u["basis"] for u in (e["utwatch"] for e in of_type(evs, "alert")) if u["rule"] == rule} <= {"inferred"}, what, "is not inferred")
            check(any(r == forbidden for r, _ in found), "a hello without TLS", what, profile, found)


def several_of_one_address(folder):
    """Several UEs behind a NAT are one address, and so are the members of a farm: what one of them can do says nothing of the others. A pass
    needs all hellos of the address; a session that is used belongs to one stack of several, and full handshakes to another UE where one resumes."""
    three, aes, session = 0x000A, 0x002F, b"\7" * 32
    both, lone_aes, lone_three, weak = (full(suites, suites[0]) for suites in ([aes, three], [aes], [three], [DES]))
    tls11, tls10, old = (full([aes], aes, version) for version in (0x0302, m.TLS10, 0x0300))
    capped = [(CLIENT, m.client_hello([aes], m.TLS12, more=GROUPS)), *tls10[1:]]

    def profile(rule):
        return ["-p", "wap-219" if rule.startswith("wap") else "ls-advice" if rule.startswith(("ut-ls", "dp")) else "ts33141-pcr2"]

    # Of the other sides, each of which is seen once, so many pass.
    for rule, shared, alike, unlike, others in (
            (LONG, "ue", (both, both), (weak, both), (2, 1)), (LONG, "ue", (both, lone_aes), (both, weak), (2, 1)),
            (AES, "ue", (both, both), (both, lone_three), (2, 1)), ("ut-6.2-ue-3des", "ue", (both, lone_three), (both, lone_aes), (0, 0)),
            ("ut-6-version-min", "ue", (lone_aes, tls10), (lone_aes, old), (2, 1)),
            ("ut-ls-tls11-supported", "ue", (lone_aes, tls11), (lone_aes, tls10), (2, 1)),
            ("ut-ls-tls11-supported", "server", (lone_aes, tls11), (lone_aes, capped), (2, 2)),
            ("wap219-6.1-client-one-suite", "ue", (both, lone_three), (both, lone_aes), (0, 0))):
        for what, steps, passes in (("alike", alike, 1 + others[0]), ("unlike", unlike, others[1])):
            ends = [{"server": AP, "client": ("192.0.2.%d" % (10 + i), 40000)} if shared == "server" else {"server": ("192.0.2.%d" % (80 + i), 443)}
                    for i in range(2)]
            frames = [f for i, s in enumerate(steps) for f in at(10 * i, s, **ends[i])]
            found, _, counts = told(folder, frames, *profile(rule))
            check((rule, shared) not in found and counts[rule].get("pass", 0) == passes, rule, shared, what, found, counts[rule])
    resumed = [(SERVER, m.server_hello(aes, m.TLS12, session) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    gives, resumes = full([aes], aes, session=session), [(CLIENT, m.client_hello([aes], m.TLS12, session, more=GROUPS)), *resumed]
    other = [(CLIENT, m.client_hello([aes], m.TLS12, more=[*GROUPS, (23, b"")])), *lone_aes[1:]]
    held = [f for i in range(5) for f in at(60 * i, full([aes], aes, session=session) + m.closing([CLIENT]))]
    for what, frames, rule, verdict in (("of one stack", at(0, gives) + at(10, resumes), "ut-7.1-resume-ue", "pass"),
                                        ("of two stacks", at(0, gives) + at(10, resumes) + at(20, other), "ut-7.1-resume-ue", "not_observable"),
                                        ("that are never used", held, "dp-3.2-resume-used", "fail"),
                                        ("that one uses", held + at(310, resumes), "dp-3.2-resume-used", "not_observable")):
        row = told(folder, frames, *profile(rule))[2][rule]
        check(row.get(verdict) == 1, "sessions", what, rule, row)


def one_name(folder):
    """Whoever is asked for by equal names is one server (RFC 4343 3, RFC 1034 3.1, RFC 5891; the port is none of the name), by others another."""
    def sni(name):
        return [(0, (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name)]

    def tunnel(authority):
        return [(CLIENT, b"CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n" % authority), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    umlaut = "b\u00fccher.example".encode()
    pairs = ((b"xcap.example", b"xcap.example", True), (b"xcap.example", b"XCAP.Example.", True), (b"xcap.example", b"xcap2.example", False),
             (b"xcap.example", b"xcap.example.org", False), (umlaut, b"xn--bcher-kva.example", True), (umlaut, b"XN--BCHER-KVA.example.", True),
             (umlaut, b"bucher.example", False))
    for first, second, equal in pairs:
        for proxied in False, True:
            if proxied and umlaut in (first, second):
                continue
            frames = []
            for i, name in enumerate((first, second)):
                before, more = (tunnel(name + b":443"), []) if proxied else ([], sni(name))
                frames += at(30 * i, before + full([0x002F], 0x002F, more=more))
            counts = told(folder, frames)[2]
            check(counts[LONG]["pass"] == 1 + (1 if equal else 2), "one server by the names", first, second, "of CONNECT" * proxied, counts[LONG])


if not shutil.which("openssl"):
    sys.exit(SKIP)
with tempfile.TemporaryDirectory() as temporary:
    for case in (refused_for_want_of_a_key, refused_at_times, answered_in_two_ways, sessions_refused, explained_refusals, extended_secrets,
                 one_of_several, captured_twice, hidden_by_tls13, falls_back, versions_left_out, one_hello_of_several, fallback_to_sslv3,
                 several_of_one_address, one_name):
        case(temporary)
finish()
