#!/usr/bin/env python3
"""What a server or a UE is said not to be able to do: is it told only where what was seen shows that? usage: abilities.py UTWATCH"""
import os
import shutil
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
GROUPS = [(10, b"\0\4\0\x17\0\x1d"), (11, b"\1\0")]


def certificate(folder, *key):
    """A Certificate message that openssl has made the only certificate of."""
    der = subprocess.run(["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-subj", "/CN=xcap.example", "-keyout", os.devnull, "-outform", "DER"],
                         capture_output=True, check=True).stdout
    chain = len(der).to_bytes(3, "big") + der
    return m.certificate_message(len(chain).to_bytes(3, "big") + chain, m.TLS12)


def at(second, steps, client=UE, server=AP):
    return capturelib.build(steps, client=(client[0], client[1] + second % 20000), server=server, time=START + second * SECOND)


def full(suites, selected, version=m.TLS12, session=b"", more=(), answers=(), certificate=b"", ticket=b""):
    """One full handshake."""
    return [(CLIENT, m.client_hello(suites, version, more=[*GROUPS, *more])),
            (SERVER, m.server_hello(selected, version, session, more=answers) + certificate + m.done(version)),
            (CLIENT, m.client_key_exchange(version) + m.finished(version)),
            (SERVER, (m.new_session_ticket(ticket) if ticket else b"") + m.finished(version))]


def refused(suites, version=m.TLS12):
    return [(CLIENT, m.client_hello(suites, version, more=GROUPS)), (SERVER, m.alert(2, 40))]


def told(folder, frames, *words):
    """[(rule, fault)], the events, and the verdicts."""
    path = os.path.join(folder, "abilities.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs = events(UTWATCH, "--strict", "-p", "ts33141-pcr2", "--advise", "ls-advice", *words, "-r", path)[0]
    return {(e["utwatch"]["rule"], e["utwatch"]["fault"]) for e in of_type(evs, "alert")}, evs, rule_counts(evs)


def refused_for_want_of_a_key(folder):
    """E20: a suite that needs a certificate, a shared key or a password that a server does not have is refused whatever its length (RFC 5246 7.4.2,
    RFC 4279 2, RFC 5054 2.5, RFC 8422 2)."""
    kinds = {"RSA": certificate(folder, "rsa:2048"), "EC": certificate(folder, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")}
    cases = (("RSA", DES, [0xC02B], False), ("RSA", DES, [0xC02B, 0xC023], False), ("RSA", DES, [0x008C], False), ("RSA", DES, [0xC020], False),
             ("RSA", DES, [0x0032], False), ("RSA", DES, [0x009E], False), ("RSA", DES, [0x0094, 0xC035], False), ("RSA", DES, [0xC004], False),
             ("RSA", DES, [0x009C], True), ("RSA", DES, [0xC02F], True), ("RSA", DES, [0xC02B, 0xC02F], True), ("RSA", 0x0015, [0x009E], True),
             ("EC", 0xC006, [0xC02F], False), ("EC", 0xC006, [0x009C, 0xC02F], False), ("EC", 0xC006, [0xC02B], True))
    for kind, weak, offer, guilty in cases:
        for with_certificate in (True, False):
            shown = kinds[kind] if with_certificate else b""
            found, evs, counts = told(folder, at(0, full([weak], weak, certificate=shown)) + at(60, refused(offer)))
            check(((LONG, "server") in found) == guilty, kind, "refuses", [hex(s) for s in offer], "certificate" * with_certificate, counts[LONG])
            check(((AES, "server") in found) == guilty, kind, "refuses", [hex(s) for s in offer], "certificate" * with_certificate, found)
            notes = {e["utwatch"].get("note", "") for e in of_type(evs, "alert") if e["utwatch"]["fault"] == "server" and e["utwatch"]["rule"] == LONG}
            check(not any("several" in note for note in notes), "one suite is not several:", notes)


if not shutil.which("openssl"):
    sys.exit(SKIP)
with tempfile.TemporaryDirectory() as temporary:
    for case in (refused_for_want_of_a_key,):
        case(temporary)
finish()
