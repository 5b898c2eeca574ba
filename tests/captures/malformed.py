#!/usr/bin/env python3
"""A part that does not parse shows nothing: its fact stays unknown, and nobody is blamed for it. Extensions, messages and certificates of recorded
handshakes are damaged one at a time, with the lengths around them made right; and the length of every vector of every message is changed, with
nothing else: by the grammar of vectors.py, which tshark has to agree with. usage: malformed.py UTWATCH_MANY [CAPTURE ...]"""
import collections
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from run_utwatch import ROOT, Many, PCAPS, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m
import vectors

CLIENT, SERVER = 0, 1
HELLO, SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, REQUEST, DONE = 1, 2, 4, 11, 12, 13, 14
# Extensions that facts are taken from, and that cannot hold just any bytes.
SERVER_NAME, GROUPS, FORMATS, ALGORITHMS, ALPN, PSK, VERSIONS, KEY_SHARE = 0, 10, 11, 13, 16, 41, 43, 51
READ = {HELLO: (SERVER_NAME, GROUPS, FORMATS, ALGORITHMS, ALPN, PSK, VERSIONS), SERVER_HELLO: (ALPN, PSK, VERSIONS, KEY_SHARE)}
CAPTURES = ("openssl-tls13-full", "gnutls-tls13-hello-retry", "openssl-tls13-psk-hello-retry", "gnutls-tls13-resumed",
            "openssl-tls13-psk-reused", "jsse-tls13-resumed", "openssl-tls12-dhe",
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


def messages_in_clear(rows):
    """(how to put another body there, side, type, body, whether a HelloRetryRequest begins with it or came before) of each message in clear."""
    clear, again = {CLIENT, SERVER}, False
    for i, (side, payload) in enumerate(rows):
        records = capturelib.records_of(payload) or []
        for r, record in enumerate(records):
            if record[0] != 22:
                clear -= {side} if record[0] == 20 else set()
                continue
            found = messages_of(record) if side in clear else None
            for number, (kind, body) in enumerate(found or []):
                def changed(new, i=i, side=side, records=records, r=r, found=found, number=number, kind=kind):
                    now = found[:number] + [(kind, new)] + found[number + 1:]
                    payload = b"".join(records[:r]) + record_of(records[r][1:3], now) + b"".join(records[r + 1:])
                    return rows[:i] + [(side, payload)] + rows[i + 1:]
                retry = kind == SERVER_HELLO and body[2:34] == vectors.RETRY
                again |= retry
                yield changed, side, kind, body, retry or again and kind == HELLO
                if kind == SERVER_HELLO and b"\0\x2b\0\2\3\4" in body and not retry:  # what follows is encrypted
                    clear -= {SERVER}


def damaged(conversation):
    """(what, who, conversation) with one thing damaged each time."""
    for changed, side, kind, body, again in messages_in_clear([(side, bytes(p)) for side, p in capturelib.rows_of(conversation)]):
        for what, new in damages(side, kind, body) if not again else ():
            if new is not None and new != body:
                yield (kind, what), changed(new)


def judged(path, profile):
    evs = many.events("--fail-on", "info", "-p", profile, "-c", site, "-r", path)
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


# ---- lengths that lie

# Of these extensions no fact is taken, and what is in them is not read, also where a longer one takes in those behind it so that the
# block still ends where it should.
NOT_READ = {HELLO: {4, 5, 18, 22, 23, 44, 45, 49, 50, 51}, SERVER_HELLO: {0, 5, 11, 22, 23, 44}}


def suite_names():
    with open(os.path.join(ROOT, "monitor", "wire", "suites.csv")) as f:
        rows = [line.strip().split(",") for line in f if line.startswith("0x")]
    return {int(row[0], 16): row[1] for row in rows}


def context_of(conversation, names):
    """What the layout of messages depends on."""
    for _, _, kind, body, again in messages_in_clear([(side, bytes(p)) for side, p in capturelib.rows_of(conversation)]):
        if kind == SERVER_HELLO and not again:
            name = names[int.from_bytes(body[35 + body[34]:37 + body[34]], "big")]
            kinds = {"ecdhe": ("ECDHE", "ECDH_anon"), "dhe": ("DHE", "DH_anon"), "rsa": ("RSA_EXPORT",)}
            exchange = next((k for k, words in kinds.items() if any(w in name for w in words)), None)
            return {"version": int.from_bytes(body[:2], "big"), "exchange": exchange, "signed": "anon" not in name and "PSK" not in name}
    return {"version": 0, "exchange": None, "signed": False}


def with_other_lengths(conversation, context):
    """(type, which vector, what was done, whether facts are taken of it, whether that is a message all the same, conversation)"""
    for changed, _, kind, body, again in messages_in_clear([(side, bytes(p)) for side, p in capturelib.rows_of(conversation)]):
        if kind == KEY_EXCHANGE and not context["exchange"]:
            continue
        for name, what, new in vectors.other_lengths(kind, body, context):
            yield kind, name, what, is_read(kind, name, again), vectors.is_valid(kind, new, context), changed(new)


def is_read(kind, name, again):
    """Of a HelloRetryRequest nothing inside its extensions is, and of the hello after it the PSK alone (RFC 8446 4.1.4)."""
    number = name.split(":")[0].removeprefix("extension ")
    if not number.isdigit():
        return not again
    return int(number) not in NOT_READ.get(kind, ()) if not again else kind == HELLO and int(number) == PSK


def lengths_that_lie(name, conversation, before, names):
    global turn
    for kind, vector, what, read, valid, changed in with_other_lengths(conversation, context_of(conversation, names)):
        turn += 1
        profile = PROFILES[turn % len(PROFILES)]
        frames = capturelib.build(changed, time=1795470000 * 10**9)
        lied.append(("%s: message %d: %s: %s" % (name, kind, vector, what), valid, changed))
        capturelib.write_frames(path, frames)
        tls, broken, kept = judged(path, profile)
        if valid or kind == HELLO and vector == "suites" and what == "0":
            continue  # the latter may be an empty offer, for which the UE answers (E17)
        tried["length", kind] += 1
        title = "%s: message %d: length of %s: %s:" % (name, kind, vector, what)
        was_broken, was_kept = before[profile]
        said = tls[0]["utwatch"] if len(tls) == 1 else {}
        check(len(tls) == 1, title, len(tls), "handshakes")
        check("malformed" in said.get("unobserved", []) or not read, title, "is not said to be malformed")
        check(broken <= was_broken, title, profile, "breaks", sorted(broken - was_broken))
        check(kept <= was_kept | was_broken, title, profile, "is kept to", sorted(kept - was_kept - was_broken))


def tshark_agrees():
    """What tshark calls malformed is no message by vectors.py either."""
    some, at, frames = lied[::7], 1795470000 * 10**9, []
    for n, (_, _, changed) in enumerate(some):
        frames += capturelib.build(changed, client=("10.3.%d.%d" % (n >> 8, n & 255), 40000), time=at + n * 10**8)
    capturelib.write_frames(path, frames)
    out = subprocess.run(["tshark", "-r", path, "-Y", "_ws.malformed || tls.malformed.vector_length || tls.malformed.trailing_data",
                          "-T", "fields", "-e", "tcp.stream"], capture_output=True, text=True).stdout
    told = {int(line) for line in out.split()}
    print("of %d lengths tshark calls %d malformed" % (len(some), len(told)))
    check(len(told) > len(some) // 3, "tshark says too little")
    for n in told:
        check(not some[n][1], some[n][0], "is malformed to tshark, and not by vectors.py")


def hellos_that_lie(folder):
    """Hellos that no client or server may send: their facts are unknown, and nobody is blamed for them or credited with them."""
    path, data = os.path.join(folder, "lies.pcap"), b"\x17\3\3\0\x40" + b"\7" * 64
    retry = m.client_hello([0x1301], m.TLS12, session=b"\1" * 32, more=[(43, b"\2\3\4"), (51, b"\0\0")])

    def tls(answer, hello):
        return [(CLIENT, hello), (SERVER, m.server_hello(answer[0], m.TLS12, answer[1], more=answer[2]) + data), (CLIENT, data), (SERVER, data)]
    old = m.client_hello([0x2F, 0x0A], m.TLS12, more=[(0xFF01, b"\0")])
    cases = {
        "two supported_versions of a server": tls((0x1301, b"\1" * 32, [(43, b"\3\4"), (43, b"\3\0")]), retry),
        "an SSLv3 selected by supported_versions": tls((0x1301, b"\1" * 32, [(43, b"\3\0")]), retry),
        "a PSK that nobody offered": tls((0x1301, b"\1" * 32, [(43, b"\3\4"), (41, b"\0\0")]), retry),
        "an empty renegotiation_info": [(CLIENT, old), (SERVER, m.server_hello(0x2F, m.TLS12, more=[(0xFF01, b"")]) + m.done(m.TLS12))],
        "an alert and a half": [(CLIENT, old), (SERVER, m.record(21, b"\2\x28\2"))],
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
            # What the server selected in answer to the empty renegotiation_info is as readable as ever.
            check(broken <= {"m-static-rsa"}, what, profile, "breaks", sorted(broken))
            check(not found[0]["tls"].get("session_resumed"), what, "counts as resumed")
            check("m-renegotiation-info" not in kept and "ut-7.1-resume-server" not in kept, what, profile, "is kept to", sorted(kept))


tried, lied, turn = collections.Counter(), [], 0
many = Many(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    path, site = os.path.join(folder, "changed.pcap"), os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("limits: { flows: 1024, handshakes: 256, sessions: 1024 }\n")
    hellos_that_lie(folder)
    names, suites = [n.removesuffix(".pcap") for n in sys.argv[2:]] or CAPTURES, suite_names()
    for name in names:
        for conversation in capturelib.conversations(os.path.join(PCAPS, name + ".pcap")):
            capturelib.write_frames(path, capturelib.build(conversation, time=1795470000 * 10**9))
            before = {p: judged(path, p)[1:] for p in PROFILES}
            for (kind, what), changed in damaged(conversation):
                tried[kind] += 1
                capturelib.write_frames(path, capturelib.build(changed, time=1795470000 * 10**9))
                check_damage(name, kind, what, path, before)
            lengths_that_lie(name, conversation, before, suites)
    if shutil.which("tshark"):
        tshark_agrees()
check(many.end() == 0, "utwatch_many did not end well")
if not sys.argv[2:]:
    for kind in (HELLO, SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, REQUEST, DONE):
        check(tried[kind] >= 2, "only %d messages of type %d were damaged" % (tried[kind], kind))
        check(tried["length", kind] >= 2 or kind == DONE, "only %d lengths of messages of type %d" % (tried["length", kind], kind))
print("damaged, by type of message:", dict(tried))
finish()
