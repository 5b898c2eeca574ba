#!/usr/bin/env python3
"""A ServerHello extension that does not parse leaves its fact unknown, and nobody is blamed for it. Extensions of recorded TLS 1.3
hellos are cut to nothing, with all lengths made right. usage: malformed_hello.py UTWATCH"""
import os
import struct
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib

SUPPORTED_VERSIONS, KEY_SHARE, PRE_SHARED_KEY = 43, 51, 41
SERVER = 1


def emptied(record, extension):
    """The record with its ServerHello's extension cut to nothing; None when it has none."""
    if record[0] != 22 or record[5] != 2:
        return None
    hello = record[9:9 + int.from_bytes(record[6:9], "big")]
    rest = record[9 + len(hello):]
    at = 34 + 1 + hello[34] + 3
    head, block = hello[:at], hello[at + 2:]
    out, found = b"", False
    while block:
        kind, length = struct.unpack("!HH", block[:4])
        body, block = block[4:4 + length], block[4 + length:]
        if kind == extension:
            body, found = b"", True
        out += struct.pack("!HH", kind, len(body)) + body
    if not found:
        return None
    hello = head + struct.pack("!H", len(out)) + out
    payload = b"\x02" + len(hello).to_bytes(3, "big") + hello + rest
    return record[:3] + struct.pack("!H", len(payload)) + payload


def with_emptied(conversation, extension):
    """The conversation with the first ServerHello changed; None when it lacks the extension."""
    out, done = [], False
    for side, payload in capturelib.rows_of(conversation):
        payload = bytes(payload)
        if side == SERVER and not done:
            records = capturelib.records_of(payload) or []
            for i, record in enumerate(records):
                changed = emptied(record, extension)
                if changed:
                    records[i], done = changed, True
                    break
            payload = b"".join(records) or payload
        out.append((side, payload))
    return out if done else None


def judged(path):
    evs, _ = events(sys.argv[1], "--fail-on", "info", "-p", "ts33141-pcr2", "--advise", "modern", "-r", path)
    return of_type(evs, "tls"), {e["utwatch"]["rule"] for e in of_type(evs, "alert")}, rule_counts(evs)


tried = 0
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "changed.pcap")
    for name in ("openssl-tls13-full.pcap", "gnutls-tls13-resumed.pcap", "openssl-tls13-psk-reused.pcap", "jsse-tls13-resumed.pcap"):
        for conversation in capturelib.conversations(os.path.join(PCAPS, name)) if os.path.exists(os.path.join(PCAPS, name)) else []:
            capturelib.write_frames(path, capturelib.build(conversation, time=1795470000 * 10**9))
            _, before, _ = judged(path)
            for extension in (SUPPORTED_VERSIONS, KEY_SHARE, PRE_SHARED_KEY):
                changed = with_emptied(conversation, extension)
                if not changed:
                    continue
                tried += 1
                capturelib.write_frames(path, capturelib.build(changed, time=1795470000 * 10**9))
                tls, after, counts = judged(path)
                what = "%s without the body of extension %d" % (name, extension)
                check(len(tls) == 1 and "malformed" in tls[0]["utwatch"].get("unobserved", []), what, "is not said to be malformed", tls)
                check(after <= before, what, "breaks", sorted(after - before))
                hello = tls[0]["utwatch"].get("server_hello", {})
                check(extension != SUPPORTED_VERSIONS or ("version" not in hello and "version" not in tls[0]["tls"]), what, "has a version", hello)
                check(extension != SUPPORTED_VERSIONS or not counts["ut-6-version-min"].get("pass"), what, "passes for its version")
                check(extension != PRE_SHARED_KEY or "session_resumed" not in tls[0]["tls"], what, "counts as resumed")
check(tried >= 5, "only %d hellos could be changed" % tried)
finish()
