#!/usr/bin/env python3
"""What does not parse says nothing: its fact stays unknown, and nobody is blamed for it. Extensions, messages and certificates of
recorded handshakes are damaged one at a time, with the lengths around them made right. usage: malformed.py UTWATCH [CAPTURE ...]"""
import os
import struct
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
HELLO, SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, REQUEST, DONE = 1, 2, 4, 11, 12, 13, 14
# Extensions that facts are taken from, and that cannot hold just any bytes.
SERVER_NAME, GROUPS, FORMATS, ALGORITHMS, ALPN, PSK, VERSIONS, KEY_SHARE = 0, 10, 11, 13, 16, 41, 43, 51
READ = {HELLO: (SERVER_NAME, GROUPS, FORMATS, ALGORITHMS, ALPN, PSK, VERSIONS), SERVER_HELLO: (ALPN, PSK, VERSIONS, KEY_SHARE)}
CAPTURES = ("openssl-tls13-full", "gnutls-tls13-resumed", "openssl-tls13-psk-reused", "jsse-tls13-resumed", "openssl-tls12-dhe",
            "openssl-tls12-resumed-ticket", "openssl-tls12-client-certificate-sent", "jsse-tls10-client-certificate-want",
            "jsse-tls10-anon-only-accepted", "jsse-tls10-export-selected", "openssl-tls10-wap-eku", "openssl-tls10-wap-bad-ca",
            "curl-connect-refused", "nginx-curl-tls12", "jsse-tls10-wapcert")
PROFILES = ("ts33141-pcr1", "wap-219", "modern")


def cut(body):
    return body[:-1]


def emptied(_):
    return b""


def longer(body):
    return body + b"\0"


# ---- the parts of a message

def extensions_at(kind, hello):
    """Where the length of the block stands."""
    at = 35 + hello[34]
    if kind == SERVER_HELLO:
        return at + 3
    at += 2 + int.from_bytes(hello[at:at + 2], "big")
    return at + 1 + hello[at]


def with_extension(kind, hello, wanted, change):
    at = extensions_at(kind, hello)
    block, out, found = hello[at + 2:], b"", False
    while block:
        number, length = struct.unpack("!HH", block[:4])
        body, block = block[4:4 + length], block[4 + length:]
        if number == wanted:
            body, found = change(body), True
        out += struct.pack("!HH", number, len(body)) + body
    return hello[:at] + struct.pack("!H", len(out)) + out if found else None


def with_block_cut(kind, hello):
    """The last extension says that it is longer than the block."""
    at = extensions_at(kind, hello)
    if at + 2 >= len(hello):
        return None
    return hello[:at] + struct.pack("!H", len(hello) - at - 3) + hello[at + 2:-1]


def with_certificate_extension(body, last_octet):
    """The value of an extension of the leaf (2.5.29.last_octet) becomes a NULL of the same length."""
    at = body.find(bytes([6, 3, 0x55, 0x1D, last_octet]))
    if at < 0:
        return None
    at += 5
    if body[at] == 1:  # critical
        at += 3
    inner = at + 2 + (body[at + 1] & 0x7F if body[at + 1] & 0x80 else 0)
    return body[:inner] + b"\5" + body[inner + 1:]


def damages(side, kind, body):
    """(what was done, the damaged body) of a message."""
    for number in READ.get(kind, ()):
        for change in (emptied, cut, longer):
            yield "extension %d %s" % (number, change.__name__), with_extension(kind, body, number, change)
    if kind in READ and extensions_at(kind, body) < len(body):
        yield "block of extensions cut", with_block_cut(kind, body)
    if kind in (CERTIFICATE, TICKET, REQUEST):
        for change in (emptied, cut, longer):
            yield change.__name__, change(body)
    if kind == KEY_EXCHANGE:
        yield "emptied", b""
        yield "cut within its parameters", body[:3]
    if kind == DONE:
        yield "longer", longer(body)
    if kind == CERTIFICATE and side == SERVER:
        for octet, name in ((15, "keyUsage"), (17, "subjectAltName"), (19, "basicConstraints"), (37, "extKeyUsage")):
            yield "%s that is none" % name, with_certificate_extension(body, octet)


# ---- conversations

def messages_of(record):
    """[(type, body)] of a record in clear that holds whole messages; else None."""
    out, data = [], record[5:]
    while data:
        length = int.from_bytes(data[1:4], "big")
        if len(data) < 4 + length:
            return None
        out.append((data[0], data[4:4 + length]))
        data = data[4 + length:]
    return out


def record_of(version, messages):
    data = b"".join(bytes([k]) + len(b).to_bytes(3, "big") + b for k, b in messages)
    return b"\x16" + version + struct.pack("!H", len(data)) + data


def damaged(conversation):
    """(what, who, conversation) with one thing damaged each time."""
    rows = [(side, bytes(payload)) for side, payload in capturelib.rows_of(conversation)]
    clear = {CLIENT, SERVER}
    for i, (side, payload) in enumerate(rows):
        records = capturelib.records_of(payload) or []
        for r, record in enumerate(records):
            if record[0] != 22:
                clear -= {side} if record[0] == 20 else set()
                continue
            found = messages_of(record) if side in clear else None
            for number, (kind, body) in enumerate(found or []):
                for what, changed in damages(side, kind, body):
                    if changed is None or changed == body:
                        continue
                    now = found[:number] + [(kind, changed)] + found[number + 1:]
                    payload = b"".join(records[:r]) + record_of(record[1:3], now) + b"".join(records[r + 1:])
                    yield (kind, what), rows[:i] + [(side, payload)] + rows[i + 1:]
                if kind == SERVER_HELLO and b"\0\x2b\0\2\3\4" in body:  # what follows is encrypted
                    clear -= {SERVER}


def judged(path, profile):
    evs, _ = events(sys.argv[1], "--fail-on", "info", "-p", profile, "-r", path)
    passed = {rule for rule, counts in rule_counts(evs).items() if counts.get("pass")}
    return of_type(evs, "tls"), {e["utwatch"]["rule"] for e in of_type(evs, "alert")}, passed


def check_damage(name, kind, what, path, before):
    """before: {profile: (rules broken, rules kept)}"""
    title = "%s: message %d: %s:" % (name, kind, what)
    for profile, (broken, kept) in before.items():
        tls, now_broken, now_kept = judged(path, profile)
        check(len(tls) == 1 and "malformed" in tls[0]["utwatch"].get("unobserved", []), title, "is not said to be malformed")
        check(now_broken <= broken, title, profile, "breaks", sorted(now_broken - broken))
        check(now_kept <= kept | broken, title, profile, "is kept to", sorted(now_kept - kept - broken))
    said = tls[0]["utwatch"] if tls else {}
    hello, answer = said.get("client_hello", {}), said.get("server_hello", {})
    if kind == SERVER_HELLO and what.startswith("extension %d " % VERSIONS):
        check("version" not in answer and "version" not in tls[0]["tls"], title, "has a version", answer)
    if kind == SERVER_HELLO and what.startswith("extension %d " % PSK):
        check("session_resumed" not in tls[0]["tls"], title, "counts as resumed")
    if kind == HELLO and what.startswith("extension %d " % VERSIONS):
        check("max_version" not in hello, title, "offers at most", hello.get("max_version"))
    if kind == HELLO and what.startswith("extension %d " % PSK):
        check("psk" not in hello, title, "is said to have, or not to have, a PSK")
    if kind == HELLO and what.startswith("extension %d " % SERVER_NAME):
        check("sni" not in tls[0]["tls"], title, "has the name", tls[0]["tls"].get("sni"))
    if kind == TICKET:
        check("ticket_issued" not in said, title, "issues a ticket")
    if kind == REQUEST:
        check("requested" not in said.get("client_certificate", {}), title, "asks for a certificate")


def hellos_that_lie(folder):
    """Hellos that no client or server may send: their facts are unknown, and nobody is blamed for them or credited with them."""
    path, data = os.path.join(folder, "lies.pcap"), b"\x17\3\3\0\x40" + b"\7" * 64
    retry = m.client_hello([0x1301], m.TLS12, session=b"\1" * 32, more=[(43, b"\2\3\4"), (51, b"\0\0")])

    def tls(answer, hello):
        return [(CLIENT, hello), (SERVER, m.server_hello(answer[0], m.TLS12, answer[1], more=answer[2]) + data), (CLIENT, data), (SERVER, data)]
    old = m.client_hello([0x2F, 0x0A], m.TLS12, more=[(0xFF01, b"\0")])
    cases = {
        "two supported_versions of a server": tls((0x1301, b"\1" * 32, [(43, b"\3\4"), (43, b"\3\0")]), retry),
        "a PSK that nobody offered": tls((0x1301, b"\1" * 32, [(43, b"\3\4"), (41, b"\0\0")]), retry),
        "an empty renegotiation_info": [(CLIENT, old), (SERVER, m.server_hello(0x2F, m.TLS12, more=[(0xFF01, b"")]) + m.done(m.TLS12))],
        "two supported_versions of a client": [(CLIENT, m.client_hello([0x2F, 0x0A], m.TLS12, more=[(43, b"\2\3\0"), (43, b"\2\3\3")])),
                                               (SERVER, m.alert(2, 50))],
    }
    head, rest = b"\3\3" + b"\x11" * 32 + b"\0", b"\0\x2f\0\x0a\1\0" + m.extensions([(0, b"\0\4\0\0\1a"), (35, b"")])
    for length in (0, 2, 3, 5, 14, 200):
        lying = m.message(HELLO, head + struct.pack("!H", length) + rest)
        cases["suites of %d bytes instead of 4" % length] = [(CLIENT, lying), (SERVER, m.alert(2, 50))]
    for what, said in cases.items():
        capturelib.write_frames(path, capturelib.build(said, time=1795470000 * 10**9))
        for profile in (*PROFILES, "modern-draft"):
            found, broken, kept = judged(path, profile)
            check(len(found) == 1 and "malformed" in found[0]["utwatch"].get("unobserved", []), what, "is not said to be malformed", found)
            others = {r for r in broken if not r.endswith(("static-rsa", "server-certificate", "ue-3des", "client-one-suite"))}
            check(not others, what, profile, "breaks", sorted(broken))
            check(not found[0]["tls"].get("session_resumed"), what, "counts as resumed")
            check("m-renegotiation-info" not in kept and "ut-7.1-resume-server" not in kept, what, profile, "is kept to", sorted(kept))


tried = {}
with tempfile.TemporaryDirectory() as folder:
    hellos_that_lie(folder)
    path = os.path.join(folder, "changed.pcap")
    names = [n.removesuffix(".pcap") for n in sys.argv[2:]] or CAPTURES
    for name in names:
        for conversation in capturelib.conversations(os.path.join(PCAPS, name + ".pcap")):
            capturelib.write_frames(path, capturelib.build(conversation, time=1795470000 * 10**9))
            before = {p: judged(path, p)[1:] for p in PROFILES}
            for (kind, what), changed in damaged(conversation):
                tried[kind] = tried.get(kind, 0) + 1
                capturelib.write_frames(path, capturelib.build(changed, time=1795470000 * 10**9))
                check_damage(name, kind, what, path, before)
if not sys.argv[2:]:
    for kind in (HELLO, SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, REQUEST, DONE):
        check(tried.get(kind, 0) >= 2, "only %d messages of type %d were damaged" % (tried.get(kind, 0), kind))
print("damaged, by type of message:", tried)
finish()
