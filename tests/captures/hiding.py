#!/usr/bin/env python3
"""What can a UE or a server do, without harm to its own handshake, to keep it from being judged? Odd records and versions that stacks accept, ends
that nobody received, data after an end, and meaningless tickets. usage: hiding.py UTWATCH"""
import os
import ssl
import struct
import sys
import tempfile

from made_sessions import ID, TICKET, full, resumption_of
from run_utwatch import events, of_type, rule_counts
from checks import check, finish
import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER, SECOND, HOUR = 0, 1, 10**9, 3600 * 10**9
START = 1795471000 * SECOND
ANON, NULL_SHA, DES3, AES = 0x0018, 0x0002, 0x000A, 0x002F
RST, FIN, ACK, PUSH = 0x04, 0x11, 0x10, 0x18
OFFER, SELECTED, LIFETIME = "ut-7.2-only-anonymous", "ut-6.4-listed-anonymous", "ut-7.1-ticket-lifetime"
BY_ID = "ut-7.1-session-lifetime"
DEAD = "rfc2246-7.2.2-resume-after-fatal"
EMPTY = b"\x16\3\1\0\0"
GAP = 60 * SECOND
DATA = m.record(23, b"\7" * 48, m.TLS12)


def judged(folder, frames, *words):
    """{rule: alert}, the verdicts by rule, and the events of handshakes."""
    path = os.path.join(folder, "hiding.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs, _ = events(UTWATCH, "--strict", *words, "-r", path)
    return {e["utwatch"]["rule"]: e["utwatch"] for e in of_type(evs, "alert")}, rule_counts(evs), of_type(evs, "tls")


def hello(suite=ANON, version=m.TLS12):
    return m.client_hello([suite], version)


def flight(suite=ANON):
    return m.server_hello(suite, m.TLS12) + m.done(m.TLS12)


def rest(suite=ANON):
    return [(SERVER, flight(suite)), (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12)),
            (CLIENT, DATA), (SERVER, DATA)]


def with_version(record, version):
    return record[:1] + struct.pack("!H", version) + record[3:]


def records_that_stacks_take(folder):
    """RFC 5246 E.1 and RFC 8446 5.1: the version of a record may be any 3.x, that of a hello any later one. Empty records are forbidden (RFC 5246
    6.2.1), and OpenSSL passes over them."""
    clients = {"usual": hello(), "empty record": EMPTY + hello(), "three empty records": 3 * EMPTY + hello(),
               "record 3.255": with_version(hello(), 0x03FF)}
    for version in 0x0400, 0x0900, 0xFFFF:
        clients["version %04x" % version] = hello().replace(b"\3\3" + b"\x11" * 32, struct.pack("!H", version) + b"\x11" * 32)
    servers = {"usual": flight(), "empty record": EMPTY + flight(), "five empty records": 5 * EMPTY + flight(),
               "record 3.170": with_version(flight(), 0x03AA), "warning and empty record": m.alert(1, 112, m.TLS12) + EMPTY + flight()}
    for of_client, first in clients.items():
        for of_server, answer in servers.items():
            for apart in (False, True):
                steps = [(CLIENT, first), (SERVER, answer), *rest()[1:]]
                if apart:
                    steps = [(side, piece) for side, data in steps for piece in ([EMPTY, data[5:]] if data.startswith(EMPTY) else [data])]
                told, _, tls = judged(folder, capturelib.build(steps, time=START))
                check({OFFER, SELECTED} <= set(told) and len(tls) == 1, "client:", of_client, "server:", of_server, apart, sorted(told))
    for what, first in clients.items():
        first = first.replace(struct.pack("!HH", 2, ANON), struct.pack("!HH", 2, NULL_SHA))
        told, _, _ = judged(folder, capturelib.build([(CLIENT, first), (SERVER, m.alert(2, 40, m.TLS12))], time=START))
        check("ut-6.2-ue-offers-encryption" in told, "an offer of NULL that is refused:", what, sorted(told))


def before_a_hello(folder):
    """What stacks pass over in front of a hello, in whatever pieces it comes: OpenSSL empty records of ChangeCipherSpec and handshake messages, and
    as a client warnings; GnuTLS a ChangeCipherSpec in front of a ClientHello (witnesses: openssl 3.0, gnutls 3.7)."""
    ccs, empty_ccs, warning = m.record(20, b"\1"), b"\x14\3\3\0\0", m.alert(1, 112, m.TLS12)
    of_client = {"empty CCS": empty_ccs, "empty records of two types": EMPTY + empty_ccs + EMPTY, "CCS": ccs, "three CCS": 3 * ccs,
                 "CCS and empty record": ccs + EMPTY, "a warning and two empty records": warning + 2 * EMPTY, "three warnings": 3 * warning}
    of_server = {"empty CCS": empty_ccs, "empty records": 9 * empty_ccs, "four warnings": 4 * warning,
                 "warning, empty CCS, warning": warning + empty_ccs + warning}
    v6 = {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
    for side, preambles in ((CLIENT, of_client), (SERVER, of_server)):
        for what, first in preambles.items():
            for ends in {}, v6:
                for piece in 1, 3, 7, 11, 18, 10000:
                    steps = rest() if side == SERVER else [(CLIENT, first + hello()), *rest()]
                    said = first + (hello() if side == CLIENT else flight())
                    pieces = [(side, said[at:at + piece]) for at in range(0, len(first) + 60, piece) if at + piece < len(said)]
                    pieces.append((side, said[sum(len(p) for _, p in pieces):]))
                    steps = [*pieces, *rest()] if side == CLIENT else [(CLIENT, hello()), *pieces, *rest()[1:]]
                    told, _, tls = judged(folder, capturelib.build(steps, time=START, **ends))
                    right = {OFFER, SELECTED} <= set(told) and len(tls) == 1 and tls[0]["utwatch"]["outcome"] == "complete"
                    check(right and "unobserved" not in tls[0]["utwatch"], "in front of a hello:", side, what, piece, sorted(told), len(tls))
    # A session of 30 hours that is resumed so.
    sid = b"\xb4" * 32
    for side, first in ((CLIENT, empty_ccs), (SERVER, empty_ccs), (CLIENT, ccs)):
        again = [(CLIENT, m.client_hello([DES3], m.TLS12, session=sid)), (SERVER, m.server_hello(DES3, m.TLS12, sid) + m.finished(m.TLS12)),
                 (CLIENT, m.finished(m.TLS12))]
        again[side] = (side, first + again[side][1])
        frames = capturelib.build(full(session=sid), time=START) + capturelib.build(again, client=("192.0.2.10", 40001), time=START + 30 * HOUR)
        told, _, _ = judged(folder, frames)
        check("ut-7.1-session-lifetime" in told, "a session 30 h old behind what means nothing:", side, sorted(told))


def pauses_within_a_start(folder):
    """The first octets of a hello, or of its answer, a minute before the rest; or a CONNECT a minute before its TLS. What is no longer seen has a
    reason."""
    connect = [(CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\nHost: xcap.example.org:443\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    steps = {"of the hello": [(CLIENT, hello()), *rest()], "of the hello after CONNECT": [*connect, (CLIENT, hello()), *rest()]}
    refused = [(CLIENT, hello(NULL_SHA)), (SERVER, m.alert(2, 40, m.TLS12))]
    for seconds in 55, 61, 200:
        for what, whole in {**steps, "of a hello that is refused": refused}.items():
            at = len(whole) - (2 if whole is refused else 6)
            if seconds > 120 and at:
                continue  # HTTP is not waited for so long
            for cut in (0, 1, 3, 5, 10) if whole is steps["of the hello"] else (0, 1, 3, 5):
                c = capturelib.Connection(time=START)
                c.open()
                for step in whole[:at]:
                    c.send(*step)
                if cut:
                    c.send(CLIENT, whole[at][1][:cut])
                c.time += seconds * SECOND
                c.send(CLIENT, whole[at][1][cut:])
                for step in whole[at + 1:]:
                    c.send(*step)
                if whole is refused:
                    c.close()  # acknowledges the alert
                told, _, tls = judged(folder, c.frames)
                seen = cut == 0 or seconds < 60
                rule = SELECTED if whole is not refused else "ut-6.2-ue-offers-encryption"
                named = "a pause", what, cut, seconds, sorted(told), [e["utwatch"].get("unobserved") for e in tls]
                check(len(tls) == 1 and (rule in told or (whole is refused and not seen)), *named)
                check(len(tls) == 1 and (OFFER in told or whole is refused or not seen), *named)
                check(len(tls) == 1 and seen == ("unobserved" not in tls[0]["utwatch"]), *named)


def sslv2_forms(folder):
    """RFC 2246 E.1: OpenSSL takes any challenge, session id and version 3.x, and GnuTLS any later version (witnesses: openssl 3.0, gnutls 3.7)."""
    forms = {"usual": (0, 16, 0x0303), "no challenge": (0, 0, 0x0303), "challenge of 8": (0, 8, 0x0303), "challenge of 48": (0, 48, 0x0303),
             "session id of 8": (8, 16, 0x0303), "session id of 32": (32, 16, 0x0303), "version 3.5": (0, 16, 0x0305),
             "version 3.255": (0, 16, 0x03FF),
             "version 4.2": (0, 16, 0x0402)}
    for what, (session, challenge, version) in forms.items():
        for copies in 1, 1500:
            codes = struct.pack("!I", ANON)[1:] * copies
            said = m.sslv2(b"\1" + struct.pack("!HHHH", version, len(codes), session, challenge) + codes + b"\x33" * (session + challenge))
            starttls = [(CLIENT, b"STARTTLS\r\n"), (SERVER, b"220 go ahead\r\n")]
            for words in [], starttls:
                for piece in 3, 10000:
                    if words and piece == 3:
                        continue
                    steps = words + [(CLIENT, said[:piece]), (CLIENT, said[piece:])] if piece < len(said) else words + [(CLIENT, said)]
                    told, _, tls = judged(folder, capturelib.build(steps + rest(), time=START))
                    right = {OFFER, SELECTED} <= set(told) and len(tls) == 1 and tls[0]["utwatch"]["client_hello"]["format"] == "sslv2"
                    check(right, "a hello of SSLv2:", what, copies, bool(words), piece, sorted(told))


def hellos_of_no_known_form(folder):
    """A server's flight answers what is no hello that anybody knows: it is told, with a reason. Among other words of the server it accuses nobody."""
    unknown = b"\x63\3\3\0\1x" + hello()
    told, _, tls = judged(folder, capturelib.build([(CLIENT, unknown), *rest()], time=START))
    check(SELECTED in told and len(tls) == 1 and tls[0]["utwatch"].get("unobserved") == ["malformed"], "an unknown hello:", sorted(told),
          [e["utwatch"].get("unobserved") for e in tls])
    words = [(CLIENT, b"\0\1\2\3\4\5"), (SERVER, b"\6\7\0\1\2\3")]
    told, _, tls = judged(folder, capturelib.build(words + [(CLIENT, unknown), *rest()], time=START))
    check(not told and len(tls) == 1 and "overlap" in tls[0]["utwatch"]["unobserved"], "after other words:", sorted(told), len(tls))
    # The server's answer has no known form: that it answered nothing is not said.
    told, counts, tls = judged(folder, capturelib.build([(CLIENT, hello()), (SERVER, b"\x63\3\3\0\1x" + flight()), *rest()[1:]], time=START))
    check(len(tls) == 1 and "malformed" in tls[0]["utwatch"].get("unobserved", []), "an unknown answer:", sorted(told))


def decoy(c, side, flags, payload=b""):
    """Goes past the tap, and never arrives: the number stays what it was."""
    c.frames.append(c.frame(side, flags, payload))


def ends_that_nobody_received(folder):
    """RFC 9293 3.4: who has a segment acknowledges it. A fatal alert that is not acknowledged contradicts what comes in its place; after a FIN or
    reset its sender goes on, however late."""
    for seconds in (0.5, 5, 50):
        for what, side, flags, payload in (("alert", SERVER, PUSH, m.alert(2, 40, m.TLS12)), ("reset of the server", SERVER, RST, b""),
                                           ("FIN of the server", SERVER, FIN, b""), ("reset of the client", CLIENT, RST, b"")):
            c = capturelib.Connection(time=START)
            c.open()
            c.send(CLIENT, hello())
            decoy(c, side, flags, payload)
            c.time += int(seconds * SECOND)
            for step in rest():
                c.send(*step)
            told, counts, tls = judged(folder, c.frames)
            check(counts[OFFER]["pass"] == 0 or "reset" in what, what, seconds, "clears the server:", counts[OFFER])
            doubted = any("overlap" in e["utwatch"].get("unobserved", []) for e in tls)
            check(SELECTED in told or doubted, what, seconds, "hides what was selected:", sorted(told))


def what_follows_an_end(folder):
    """A handshake came to nothing; the connection goes on, with another one or in clear."""
    get = (CLIENT, b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n")
    served = (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    refused = [(CLIENT, hello()), (SERVER, m.alert(2, 40, m.TLS12))]
    for seconds in (0.5, 5, 100):
        for what, later, rules in (("HTTP", [get, served], {"ut-4-tls-required"}), ("the same hello", [(CLIENT, hello()), *rest()], {SELECTED}),
                                   ("its flight", rest(), {SELECTED})):
            if what == "HTTP" and seconds < 2:
                continue  # what comes before the end is judged may be another's
            c = capturelib.Connection(time=START)
            c.open()
            for step in refused:
                c.send(*step)
            c.time += int(seconds * SECOND)
            for step in later:
                c.send(*step)
            told, counts, _ = judged(folder, c.frames)
            check(rules <= set(told), "after a refusal,", seconds, "s later", what, sorted(told))
    c = capturelib.Connection(time=START)
    c.open()
    c.send(CLIENT, hello())
    c.time += 100 * SECOND
    for step in rest():
        c.send(*step)
    told, _, tls = judged(folder, c.frames)
    check(SELECTED in told and len(tls) == 2, "an answer after 100 s:", sorted(told))
    # One that was given up for its silence is not found a second time in its own data.
    c = capturelib.Connection(time=START)
    c.open()
    for step in [(CLIENT, hello())] + [s for s in rest() if s[0] == CLIENT]:
        c.send(*step)
    c.time += 100 * SECOND
    for _ in range(50):
        c.send(CLIENT, DATA)
    check(len(judged(folder, c.frames)[2]) == 1, "one direction, and data after a pause:", len(judged(folder, c.frames)[2]))


def ids_beside_tickets(folder):
    """RFC 5077 3.4: the id beside a ticket is a marker, unless the server has issued it."""
    sid, junk = b"\xb1" * 32, b"j" * 180
    for what, offered, told_of in (("an id that was issued", sid, True), ("a marker", b"\xe1" * 32, False)):
        again = [(CLIENT, m.client_hello([DES3], m.TLS12, session=offered, more=[(35, junk)])),
                 (SERVER, m.server_hello(DES3, m.TLS12, offered) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
        for hours in 23, 30:
            frames = capturelib.build(full(session=sid), time=START)
            frames += capturelib.build(again, client=("192.0.2.10", 40001), time=START + hours * HOUR)
            told, counts, tls = judged(folder, frames)
            basis = tls[-1]["utwatch"]["session"]["age_basis"]
            check((LIFETIME in told) == (told_of and hours == 30) and counts[LIFETIME]["pass"] == 0, what, hours, counts[LIFETIME])
            by_id = counts[BY_ID]  # which of the two the server took is not known
            check(by_id["not_observable"] == told_of and not by_id["pass"] and not by_id["fail"], what, hours, by_id)
            check(basis == ("at-least" if told_of else "unknown"), what, "beside an unknown ticket has an age that is", basis)


def tickets_of_others(folder):
    """A hello with an id of the server and a ticket of another one, or of another session: OpenSSL without tickets and GnuTLS resume by the id, and
    echo it as they would for a ticket. At least the younger of the two was resumed; nobody is cleared by it, and the server not accused."""
    sid, ticket = b"\xb5" * 32, b"t" * 160
    again = [(CLIENT, m.client_hello([DES3], m.TLS12, session=sid, more=[(35, ticket)])),
             (SERVER, m.server_hello(DES3, m.TLS12, sid) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    for ends in ("192.0.2.80", 443), ("203.0.113.66", 443):
        for of_id, of_ticket in ((0, 29), (29, 0), (7, 8)):
            frames = capturelib.build(full(session=sid), time=START + of_id * HOUR)
            frames += capturelib.build(full(ticket=ticket), server=ends, client=("192.0.2.10", 40001), time=START + of_ticket * HOUR)
            frames += capturelib.build(again, client=("192.0.2.10", 40002), time=START + 30 * HOUR)
            told, counts, tls = judged(folder, frames)
            session, named = tls[-1]["utwatch"]["session"], ("a ticket beside an id:", ends, of_id, of_ticket)
            check(session["age_basis"] == "at-least" and int(session["age_s"]) == 3600 * (30 - max(of_id, of_ticket)), *named, session)
            check(counts[LIFETIME]["pass"] == 0, *named, counts[LIFETIME])
            old = min(of_id, of_ticket) == 0
            check((LIFETIME in told) == old and (not old or (told[LIFETIME]["basis"], told[LIFETIME]["fault"]) == ("partial", "ue")), *named,
                  told.get(LIFETIME))


def alerts_that_nobody_received(folder):
    """RFC 2246 7.2.2: an alert ends a session for who receives it. A server that never had the UE's is not at fault when it goes on."""
    sid = b"\xb2" * 32
    resumed = [(CLIENT, m.client_hello([DES3], m.TLS12, session=sid)), (SERVER, m.server_hello(DES3, m.TLS12, sid) + m.finished(m.TLS12))]
    for received in (False, True):
        c = capturelib.Connection(client=("192.0.2.10", 40001), time=START + HOUR)
        c.open()
        for step in resumed:
            c.send(*step)
        alert = m.alert(2, 40, m.TLS12)
        if received:
            c.send(CLIENT, alert)
            c.frames.append(c.frame(SERVER, ACK))
        else:
            decoy(c, CLIENT, PUSH, alert)
        frames = capturelib.build(full(session=sid), time=START) + c.frames
        frames += capturelib.build([*resumed, (CLIENT, m.finished(m.TLS12))], client=("192.0.2.10", 40002), time=START + 2 * HOUR)
        told, counts, _ = judged(folder, frames)
        check((DEAD in told) == received and counts[DEAD]["not_observable"] == (not received), "received:", received, counts[DEAD])


def long_hello(suite, length, record_bytes, session=b""):
    """A hello of about so many bytes: first the suite many times, then padding (RFC 7685), then what no field has room for."""
    codes = struct.pack("!H", suite) * (min(length - 100, 65534) // 2)
    body = b"\3\3" + b"\x11" * 32 + bytes([len(session)]) + session + struct.pack("!H", len(codes)) + codes + b"\1\0"
    body += m.extensions([(21, bytes(min(length - len(body) - 6, 65531)))])
    body += bytes(max(0, length - len(body)))
    whole = b"\1" + len(body).to_bytes(3, "big") + body
    return b"".join(m.record(22, whole[at:at + record_bytes]) for at in range(0, len(whole), record_bytes))


def openssl_reads(hello):
    """It finds no suite of its own in the hello, so it has read that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    into = ssl.MemoryBIO()
    into.write(hello)
    try:
        context.wrap_bio(into, ssl.MemoryBIO(), server_side=True).do_handshake()
    except ssl.SSLError as error:
        return error.reason == "NO_SHARED_CIPHER"
    return False


def long_hellos(folder):
    """A message has 24 bits for its length (RFC 5246 7.4), and OpenSSL takes the longest hello that its fields have room for."""
    v6 = {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
    for length, record_bytes, segment, ends in ((65000, 16384, 1400, {}), (65600, 16384, 1400, {}), (65600, 1000, 60000, v6),
                                                (100000, 20, 1400, {}), (131100, 16384, 1400, v6), (140000, 16384, 1400, {})):
        whole = length < 131396
        check(openssl_reads(long_hello(ANON, length, record_bytes)) == whole, "OpenSSL and a hello of", length)
        for suite, answers, rule in ((ANON, rest(), OFFER), (NULL_SHA, [(SERVER, m.alert(2, 40, m.TLS12))], "ut-6.2-ue-offers-encryption"),
                                     (ANON, [(SERVER, m.alert(2, 40, m.TLS12))], None)):
            said = long_hello(suite, length, record_bytes)
            steps = [(CLIENT, said[at:at + segment]) for at in range(0, len(said), segment)] + answers
            told, counts, tls = judged(folder, capturelib.build(steps, time=START, **ends))
            what = "a hello of", length, record_bytes, segment, rule
            suites = [e["utwatch"].get("client_hello", {}).get("suites", [])[:1] for e in tls]
            check(suites == [["0x%04x" % suite]], *what, suites)
            check(("too-long" in tls[0]["utwatch"].get("unobserved", [])) == (not whole), *what, tls[0]["utwatch"].get("unobserved"))
            if rule:
                check(rule in told, *what, sorted(told))
            else:  # who refuses a hello that is none says nothing of what it offers
                check(counts[OFFER]["pass"] == whole and not counts[OFFER]["fail"], *what, counts[OFFER])
    sid = b"\xb3" * 32
    for length in 1000, 70000:
        frames = capturelib.build(full(session=sid), time=START)
        again = [(CLIENT, long_hello(DES3, length, 16384, sid)), (SERVER, m.server_hello(DES3, m.TLS12, sid) + m.finished(m.TLS12)),
                 (CLIENT, m.finished(m.TLS12))]
        steps = [(side, data[at:at + 1400]) for side, data in again for at in range(0, len(data), 1400)]
        told, _, _ = judged(folder, frames + capturelib.build(steps, client=("192.0.2.10", 40001), time=START + 30 * HOUR))
        check("ut-7.1-session-lifetime" in told, "a session 30 h old in a hello of", length, sorted(told))


def odd_extensions(folder):
    """Extensions that a stack passes over, and that have nothing to do with the session that is offered: OpenSSL 3.0 and GnuTLS 3.7 take each of
    these (a body where there is none; a type twice that they do not know). The session is as old as ever. One whose own extension is odd is not
    known."""
    session, old = b"\xb4" * 32, {"client": ("192.0.2.10", 40001), "time": START + 30 * HOUR}
    groups = (10, b"\0\2\0\x17")
    odd = {"encrypt_then_mac": [(22, b"\7")], "truncated_hmac": [(4, b"\7\7")], "early_data": [(42, b"\7")],
           "heartbeat twice": [(15, b"\1")] * 2,
           "type 62 twice": [(62, b"")] * 2, "type 19 twice": [(19, b"\1\0")] * 2,
           "groups twice": [groups] * 2}
    for what, more in odd.items():
        for order in more, [groups] + more:
            again = [(CLIENT, m.client_hello([DES3], m.TLS12, session=session, more=order)),
                     (SERVER, m.server_hello(DES3, m.TLS12, session) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
            told, _, _ = judged(folder, capturelib.build(full(session=session), time=START) + capturelib.build(again, **old))
            check("ut-7.1-session-lifetime" in told, "30 h old, with", what, sorted(told))
    ticket = b"\xb5" * 100
    again = [(CLIENT, m.client_hello([DES3], m.TLS12, more=[(35, ticket), (35, ticket[:50])])),
             (SERVER, m.server_hello(DES3, m.TLS12) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    told, _, _ = judged(folder, capturelib.build(full(ticket=ticket), time=START) + capturelib.build(again, **old))
    check(LIFETIME not in told, "two tickets:", sorted(told))


def ipv6_fragments(frame, number, others):
    """Two pieces, of which the second says another Next Header; what is short as it is."""
    payload = frame[54:]
    if len(payload) < 120:
        return [frame]
    pieces = []
    for at, more, kind, data in ((0, 1, 6, payload[:104]), (104, 0, others, payload[104:])):
        header = struct.pack("!BBHI", kind, 0, at | more, number)
        pieces.append(frame[:18] + struct.pack("!HB", 8 + len(data), 44) + frame[21:54] + header + data)
    return pieces


def odd_fragments(folder):
    """RFC 8200 4.5: of a datagram's pieces only the first one's Next Header counts, as Linux has it; tshark does not put such pieces together."""
    path = os.path.join(folder, "hiding.pcap")
    padded = m.client_hello([ANON], m.TLS12, more=[(21, bytes(200))])
    v6 = {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", 443)}
    whole = capturelib.build([(CLIENT, padded), *rest()], time=START, **v6)
    for others in 6, 59, 17, 255:
        for tunnelled in (False, True):
            frames = [(t + i * 1000, f) for n, (t, frame) in enumerate(whole) for i, f in enumerate(ipv6_fragments(frame, n, others))]
            frames = [(t, encapsulation.gtp(f)) for t, f in frames] if tunnelled else frames
            told, _, _ = judged(folder, frames)
            check({OFFER, SELECTED} <= set(told), "fragments whose Next Header is", others, tunnelled, sorted(told))
    hello_frame = next(i for i, (_, f) in enumerate(whole) if len(f) > 300)
    pieces = ipv6_fragments(whole[hello_frame][1], 7, 6)
    frames = [*whole[:hello_frame], (whole[hello_frame][0], pieces[0])]
    capturelib.write_frames(path, frames)
    lost = of_type(events(UTWATCH, "-r", path)[0], "stats")[-1]["utwatch"]["capture"]["fragments_lost"]
    check(lost == 1, "a piece whose datagram is never whole:", lost)


def names_in_other_forms(folder):
    """A dot at its end makes a name absolute (RFC 1034 3.1); a Host field beside a target in absolute form does not count (RFC 9112 3.2.2); behind a
    CONNECT to an address the name in the hello says whose TLS it is."""
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("scope: { names: [xcap.example.org] }\n")
    ok = (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def tls(name):
        more = [(0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name)]
        return [(CLIENT, m.client_hello([ANON], m.TLS12, more=more)), *rest()]

    def request(target, host):
        return [(CLIENT, b"GET %s HTTP/1.1\r\n%s\r\n" % (target, b"Host: %s\r\n" % host if host else b"")), ok]
    path, name = b"/resource-lists/users/sip:a@example.org/index", b"xcap.example.org"
    connect = [(CLIENT, b"CONNECT 192.0.2.80:443 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    clear = "ut-4-tls-required"
    for what, steps, rule, found in (
            ("a name", tls(name), OFFER, True), ("with a dot", tls(name + b"."), OFFER, True), ("with two dots", tls(name + b".."), OFFER, False),
            ("another name", tls(b"www.example.org"), OFFER, False), ("behind CONNECT", connect + tls(name), OFFER, True),
            ("another one behind CONNECT", connect + tls(b"www.example.org"), OFFER, False),
            ("a Host", request(path, name), clear, True), ("a Host with a dot", request(path, name + b".:80"), clear, True),
            ("absolute form, another Host", request(b"http://" + name + path, b"www.example.org"), clear, True),
            ("absolute form, no Host", request(b"HTTP://" + name.upper() + b":80" + path, b""), clear, True),
            ("absolute form with a user", request(b"http://me@" + name + path, b""), clear, True),
            ("absolute form of another host", request(b"http://www.example.org" + path, name), clear, False),
            ("another Host", request(path, b"www.example.org"), clear, False)):
        told, _, _ = judged(folder, capturelib.build(steps, time=START, server=("192.0.2.80", 8080)), "-c", site)
        check((rule in told) == found, "a scope of names:", what, sorted(told))


def with_option(frame, option):
    """The IPv4 frame with an option of TCP, which has its 20 bytes of header."""
    tcp, option = frame[34:54], option + b"\1" * (-len(option) % 4)
    tcp = tcp[:12] + bytes([(5 + len(option) // 4) << 4]) + tcp[13:16] + b"\0\0" + tcp[18:] + option + frame[54:]
    return frame[:12] + b"".join(capturelib.internet(6, frame[26:30], frame[30:34], tcp, 16))


def path_of(steps, kind, time, client, confirmed=True):
    """A connection whose SYN and SYN/ACK say that it is one path of several (RFC 8684 3.1, 3.2)."""
    c = capturelib.Connection(time=time, client=client)
    c.open()
    options = {0: (b"\x1e\x04\1\1", b"\x1e\x0c\1\1" + b"server's"), 1: (b"\x1e\x0c\x10\1" + b"tokenand", b"\x1e\x10\x10\1" + b"x" * 12)}[kind]
    for i, option in enumerate(options[:1 + confirmed]):
        c.frames[i] = (c.frames[i][0], with_option(c.frames[i][1], option))
    for step in steps:
        c.send(*step)
    c.close()
    return c.frames


def amid_a_path(steps, sayers):
    """A connection whose opening was not captured; what these sides send says where it lies in the data of several paths (RFC 8684 3.3: DSS)."""
    c = capturelib.Connection(time=START)
    c.open()
    c.frames = []
    for side, data in steps:
        before = len(c.frames)
        c.send(side, data)
        if side in sayers:
            signal = b"\x1e\x14\x20\x05" + struct.pack("!IIIHH", 1, 1, 1, len(data), 0)
            c.frames[before:] = [(time, with_option(frame, signal)) for time, frame in c.frames[before:]]
    c.close()
    return c.frames


def amid_several_paths(folder):
    """As several_paths(), where the capture begins behind the opening."""
    flight = m.server_hello(DES3) + m.done()  # its certificate went another way
    steps = [(CLIENT, hello(DES3)), (SERVER, flight), *rest(DES3)[1:]]
    for sayers in ((CLIENT, SERVER), (CLIENT,), (SERVER,), ()):
        both, frames = len(sayers) == 2, amid_a_path(steps, sayers)
        told, counts, tls = judged(folder, frames)
        check(bool(counts["ut-6.1.2-server-certificate"]["fail"]) != both, "amid several paths:", sayers, counts["ut-6.1.2-server-certificate"])
        check(("gap" in tls[0]["utwatch"].get("unobserved", ())) == both, "amid several paths:", sayers, tls[0]["utwatch"].get("unobserved"))
        told, _, _ = judged(folder, amid_a_path([(CLIENT, hello()), *rest()], sayers))
        check({OFFER, SELECTED} <= set(told), "all on one path, amid it:", sayers, sorted(told))


def several_paths(folder):
    """RFC 8684: what one path does not show another may have carried, whatever follows it. Both ends have to agree on that."""
    here, there = ("192.0.2.10", 40000), ("198.51.100.10", 41000)
    told, counts, tls = judged(folder, path_of([(CLIENT, hello())], 0, START, here) + path_of(rest(), 1, START + SECOND // 100, there))
    check(not counts[OFFER]["pass"] and not counts["ut-7.2-no-alert"]["fail"], "silence on one path:", counts[OFFER], counts["ut-7.2-no-alert"])
    check(SELECTED in told and len(tls) == 2, "the other path:", sorted(told), len(tls))
    told, counts, _ = judged(folder, path_of([(CLIENT, hello(DES3)), *rest(DES3)], 0, START, here))
    check(not counts["ut-6.1.2-server-certificate"]["fail"], "a certificate that is not on this path:", counts["ut-6.1.2-server-certificate"])
    for confirmed in (True, False):
        told, _, tls = judged(folder, path_of([(CLIENT, hello()), *rest()], 0, START, here, confirmed))
        check({OFFER, SELECTED} <= set(told), "all on one path of several:", confirmed, sorted(told))
        check(("gap" in tls[0]["utwatch"].get("unobserved", ())) == confirmed, "agreed by both:", confirmed, tls[0]["utwatch"].get("unobserved"))


def sessions_behind_a_pause(folder):
    """A session that a handshake issues after a pause, or after a reset that both ignore, is 25 hours old when 25 hours have passed: told exactly, or
    as a lower bound where an end was reset, or the pause was so long that the hello and the rest are two readings."""
    for name, issued, known, rule in (("id", full(session=ID), ID, "ut-7.1-session-lifetime"), ("ticket", full(ticket=TICKET), TICKET, LIFETIME)):
        for end in (None, CLIENT, SERVER):
            for where in (1, 2, 3):
                for pause in (3, 50) + (90,) * (where == 1):
                    c = capturelib.Connection(time=START)
                    c.open()
                    times = []
                    for i, (side, data) in enumerate(issued):
                        if i == where:
                            c.frames += [c.frame(end, RST | ACK)] if end is not None else []
                            c.time += pause * SECOND
                        c.send(side, data)
                        times.append(c.time)
                    c.close()
                    later = [f for n in (1, 25) for f in capturelib.build(resumption_of(name, known, bytes([n]) * 32),
                                                                          client=("192.0.2.10", 41000 + n), time=START + n * HOUR + GAP)]
                    told, _, tls = judged(folder, c.frames + later)
                    ages = [e["utwatch"]["session"] for e in tls[-2:]]
                    basis = "exact" if pause < 60 and (end is None or (end, where) == (CLIENT, 3)) else "at-least"  # who says nothing more
                    named = name, end, where, pause
                    check([a.get("age_basis") for a in ages] == [basis] * 2, "behind a pause:", *named, ages)
                    for n, age in zip((1, 25), ages):
                        least = START + n * HOUR + GAP - times[1]  # the ServerHello
                        check(0 <= round(age.get("age_s", 0) * SECOND) - least < SECOND, "behind a pause:", *named, age, least)
                    check(rule in told, "behind a pause:", *named, sorted(told))


def sessions_made_up(folder):
    """Somebody who is neither end makes up a handshake that issues a session of 25 hours once more; the ends reset it (RFC 9293 3.10.7.1)."""
    for name, issued, resumed, rule in (("id", full(session=ID), resumption_of("id", ID), "ut-7.1-session-lifetime"),
                                        ("ticket", full(ticket=TICKET), resumption_of("ticket", TICKET), LIFETIME)):
        again = full(session=ID, random=b"\x5e" * 32) if name == "id" else full(ticket=TICKET, random=b"\x5e" * 32)
        for known in True, False:
            for at_once in True, False:
                first = capturelib.build(issued, client=("192.0.2.10", 41000), time=START) if known else []
                forged = capturelib.build(again, client=("192.0.2.10", 41001), time=START + 25 * HOUR - 10 * SECOND)
                reset = capturelib.Connection(client=("192.0.2.10", 41001), time=forged[3 if at_once else -1][0] + 1000)
                reset.frames = [reset.frame(side, RST, seq=reset.seq[side] + 1) for side in (CLIENT, SERVER)]
                later = capturelib.build(resumed, client=("192.0.2.10", 41002), time=START + 25 * HOUR)
                told, _, tls = judged(folder, first + forged + reset.frames + later)
                age = tls[-1]["utwatch"]["session"]
                check(age.get("age_basis") == "at-least", "made up:", name, known, at_once, age)  # or the resets are forged
                check(not known or age["age_s"] > 25 * 3600 - 1, "made up:", name, at_once, age)
                check((rule in told) == known, "made up:", name, known, at_once, sorted(told))


def pauses_in_clear(folder):
    """What follows after minutes of silence, in clear, behind a CONNECT or behind words that nobody knows, is judged as without them."""
    get, answer = b"GET /resource-lists/users/sip:a@example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n", b"HTTP/1.1 200 OK\r\n"
    length = b"Content-Length: 0\r\n\r\n"
    tls = [(CLIENT, hello()), *rest()]
    for name, at, steps in (
            ("an answer", 1, [(CLIENT, get), (SERVER, answer + length)]), ("the rest of it", 2, [(CLIENT, get), (SERVER, answer), (SERVER, length)]),
            ("the rest of a request", 1, [(CLIENT, get[:30]), (CLIENT, get[30:]), (SERVER, answer + length)]),
            ("another request", 2, [(CLIENT, get), (SERVER, answer + length)] * 2),
            ("TLS", 2, [(CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), *tls]),
            ("TLS after words", 2, [(CLIENT, b"\1\2\3\4\5\6\7\x08"), (SERVER, b"\x99\2\3\4\5\6\7\x08"), *tls])):
        found = []
        for pause in (0, 130, 250, 400):
            c = capturelib.Connection(time=START)
            c.open()
            for i, step in enumerate(steps):
                c.time += pause * SECOND if i == at else 0
                c.send(*step)
            c.close()
            told, _, events_of_tls = judged(folder, c.frames)
            found.append(({(rule, t["fault"]) for rule, t in told.items()}, [e["utwatch"]["outcome"] for e in events_of_tls]))
        check(all(f == found[0] for f in found) and found[0][0], "a pause before", name, found)


with tempfile.TemporaryDirectory() as temporary:
    for case in (sessions_behind_a_pause, sessions_made_up, pauses_in_clear, names_in_other_forms,
                 records_that_stacks_take, before_a_hello, pauses_within_a_start, odd_extensions, sslv2_forms,
                 hellos_of_no_known_form, long_hellos, odd_fragments, several_paths, amid_several_paths,
                 ends_that_nobody_received, what_follows_an_end, ids_beside_tickets, tickets_of_others, alerts_that_nobody_received):
        case(temporary)
finish()
