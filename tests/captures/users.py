#!/usr/bin/env python3
"""TS 33.141 5.1.1 where HTTP can be read: is nobody who was identified reported as unidentified, in HTTP or within TLS (pCR-2 5.1.1 names shared
secrets and subscriber certificates), and who is meant by the identities of a request? usage: users.py UTWATCH"""
import os
import re
import socket
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
from made_sessions import CLIENT, SERVER, connection
import capturelib
import messages as m

UTWATCH = sys.argv[1]
UNKNOWN_USER, SECOND = "ut-5.1.1-http-authentication", 10**9
MAC = {0x0001: 16, 0x0002: 20, 0x003B: 32, 0x002C: 20, 0x002D: 20, 0x002E: 20, 0x00B0: 32, 0xC03A: 32}  # by RFC 2246, 4785, 5246, 5487 and 5489
NULL, ID, TICKET = 0x0002, b"\xc7" * 32, b"\xd7" * 96
OWN = "sip:a@example.org"
CERTIFICATE = b"\0\0\x0a\0\0\x07\x30\5\2\1\1\5\0"  # a list of one, of no meaning


def tshark_says(name, *fields):
    out = subprocess.run(["tshark", "-r", os.path.join(PCAPS, name), "-T", "fields", *(w for f in fields for w in ("-e", f))],
                         capture_output=True, text=True).stdout
    return {line for line in out.splitlines() if line.strip()}


def data(text, suite, version):
    return m.record(23, text.encode() + b"\0" * MAC[suite], version)


def served(suite=NULL, version=m.TLS12, more="", status=200):
    """A user's document is asked for, and answered."""
    asks = "GET /simservs.ngn.etsi.org/users/%s/simservs.xml HTTP/1.1\r\nHost: xcap.example.org\r\n%s\r\n" % (OWN, more)
    return [(CLIENT, data(asks, suite, version)),
            (SERVER, data("HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status, suite, version))]


def begun(suite=NULL, version=m.TLS12, shown=None, session=ID, ticket=b"", key_exchange=None):
    """shown: the body of the UE's Certificate message; None: nobody asks for one."""
    more = [(35, b"")] if ticket else []
    asks = b"" if shown is None else m.certificate_request(version)
    shows = b"" if shown is None else m.message(11, shown, version)
    proves = m.message(15, b"\0\4abcd", version) if shown and len(shown) > 3 else b""
    return [(CLIENT, m.client_hello([suite], version, more=more)),
            (SERVER, m.server_hello(suite, version, session, more=more) + asks + m.done(version)),
            (CLIENT, shows + (key_exchange or m.client_key_exchange(version)) + proves + m.finished(version)),
            (SERVER, (m.new_session_ticket(ticket) if ticket else b"") + m.finished(version))]


def resumed(session=ID, ticket=b"", suite=NULL):
    marker = b"\xe1" * 32 if ticket else session
    return [(CLIENT, m.client_hello([suite], m.TLS12, session=marker, more=[(35, ticket)] if ticket else [])),
            (SERVER, m.server_hello(suite, m.TLS12, marker) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]


def at(second, *steps, port=40000):
    return connection(*steps, at=second * SECOND, client=("192.0.2.10", port + second))


def judged(folder, frames, rule=UNKNOWN_USER, profile="ts33141-pcr2"):
    """The verdicts on one rule: {verdict: how many}."""
    path = os.path.join(folder, "users.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    counts = rule_counts(events(UTWATCH, "-p", profile, "-r", path)[0])[rule]
    return {verdict: n for verdict, n in counts.items() if verdict in ("fail", "pass", "not_observable", "none_seen") and n}


def recorded():
    """OpenSSL asks for a certificate and is shown one, or shares a key whose name is a B-TID (TS 33.220): tshark sees both."""
    shown, shared = "openssl-tls12-null-certificate-identifies.pcap", "openssl-tls12-null-psk-identifies.pcap"
    check({"11", "15"} <= {t for line in tshark_says(shown, "tls.handshake.type") for t in line.split(",")}, "the UE shows a certificate")
    names = tshark_says(shared, "tls.handshake.identity")
    check(names == {b"3GPP-bootstrapping;dXNlcg@bsf.example.org".hex()} or "3GPP-bootstrapping;dXNlcg@bsf.example.org" in str(names), names)
    for name, answers in ((shown, 2), (shared, 1)):
        frames = [f for _, f in capturelib.read_frames(os.path.join(PCAPS, name))]
        check(sum(b"HTTP/1.1 200 " in f for f in frames) == answers and not any(b"Authorization" in f for f in frames), name)
        for profile in ("ts33141-v1.0.0", "ts33141-pcr1", "ts33141-pcr2", "rel6-final"):
            alerts = of_type(events(UTWATCH, "-p", profile, "-r", os.path.join(PCAPS, name))[0], "alert")
            check(UNKNOWN_USER not in {e["utwatch"]["rule"] for e in alerts}, name, profile)


def identified_in_tls(folder):
    psk = m.message(16, b"\0\4user", m.TLS12)
    for what, steps in (("a certificate", begun(shown=CERTIFICATE) + served()),
                        ("a certificate in TLS 1.0", begun(0x0001, m.TLS10, CERTIFICATE) + served(0x0001, m.TLS10)),
                        ("a certificate under another hash", begun(0x003B, shown=CERTIFICATE) + served(0x003B)),
                        *(("PSK 0x%04x" % s, begun(s, key_exchange=psk) + served(s)) for s in (0x002C, 0x002D, 0x002E, 0x00B0, 0xC03A))):
        found = judged(folder, at(0, *steps))
        check(not found.get("fail") and not found.get("not_observable"), "the user has", what, found)
    for what, steps in (("nothing", begun() + served()), ("nothing in TLS 1.0", begun(0x0001, m.TLS10) + served(0x0001, m.TLS10)),
                        ("an empty Certificate", begun(shown=m.EMPTY_CERTIFICATE) + served())):
        found = judged(folder, at(0, *steps))
        check(found.get("fail") == 1, "the user has", what, found)


def identified_by_a_session(folder):
    """A session that is resumed has the peer that its full handshake authenticated (RFC 5246 F.1.4)."""
    cases = (("a certificate, by its id", begun(shown=CERTIFICATE), resumed(), {}),
             ("a certificate, by its ticket", begun(shown=CERTIFICATE, ticket=TICKET), resumed(ticket=TICKET), {}),
             ("nothing, by its id", begun(), resumed(), {"fail": 1}),
             ("nothing, by its ticket", begun(ticket=TICKET), resumed(ticket=TICKET), {"fail": 1}))
    for what, first, again, wanted in cases:
        found = judged(folder, at(0, *first) + at(60, *again, *served()))
        found.pop("none_seen", None)
        check(found == wanted, "a session of", what, found)
        found = judged(folder, at(60, *again, *served()))
        check(found.get("not_observable") == 1 and not found.get("fail"), "resumed, and not known:", what, found)
    found = judged(folder, at(0, *resumed(suite=0x00B0), *served(0x00B0)))
    check(not found.get("not_observable") and not found.get("fail"), "a suite of PSK says it itself, also of a session that is not known:", found)

    # Whoever goes by the session knows the user from its first connection, also where he asks on a third one.
    first = at(0, *begun(), *served(status=401), *served(more="Authorization: Digest username=\"u\"\r\n"))
    for times in 1, 2:
        again = [f for i in range(times) for f in at(60 + i, *resumed(), *served())]
        found = judged(folder, first + again)
        check(found.get("not_observable") == times and not found.get("fail"), "credentials on the first connection", times, found)

    # Two sessions that began in the same microsecond cannot be told apart.
    twins = at(0, *begun(shown=CERTIFICATE)) + at(0, *begun(session=b"\xc8" * 32), port=41000)
    check(judged(folder, twins + at(60, *resumed(), *served())).get("not_observable") == 1, "two sessions of one microsecond")


def not_all_was_seen(folder):
    """The Certificate may lie in what is missing."""
    frames = at(0, *begun(shown=CERTIFICATE), *served())
    lost = [f for f in frames if b"abcd" not in f[1]]
    check(len(lost) == len(frames) - 1, "one frame has CertificateVerify")
    check(not judged(folder, lost).get("fail"), "the UE's second flight is missing:", judged(folder, lost))


def identified_later(folder):
    """A server may ask by a renegotiation for the certificate that a document needs, after the request and before the answer (as Apache does)."""
    asked, answer = served()

    def protected(steps):
        """A later handshake within records of NULL encryption."""
        out = []
        for side, flight in steps:
            body, at_byte = b"", 0
            while at_byte < len(flight):
                kind, length = flight[at_byte], int.from_bytes(flight[at_byte + 3:at_byte + 5], "big")
                body += m.record(kind, flight[at_byte + 5:at_byte + 5 + length] + b"\0" * MAC[NULL], m.TLS12)
                at_byte += 5 + length
            out.append((side, body))
        return out
    again = protected(begun(shown=CERTIFICATE, session=b"\xc9" * 32))
    for what, steps, guilty in (("before the answer", [*begun(), asked, *again, answer], False),
                                ("before the request", [*begun(), *again, asked, answer], False),
                                ("after the answer", [*begun(), asked, answer, *again], True)):
        found = judged(folder, at(0, *steps))
        check(bool(found.get("fail")) == guilty, "a certificate", what, found)


def nobody_to_ask_again(folder):
    """6.1.3: who is known by a certificate does not have to answer the 401 of a session that he uses again."""
    rule = "ut-6.1.3-reauthenticate"
    asks = served(status=401)
    for what, shown, guilty in (("a certificate", CERTIFICATE, False), ("nothing", None, True)):
        found = judged(folder, at(0, *begun(shown=shown), *asks) + at(60, *resumed(), *served()), rule)
        check(bool(found.get("fail")) == guilty, "challenged, the user has", what, found)


def served_though_nobody_answered(folder):
    """5.1.1: a challenge identifies nobody, nor do credentials that are refused; what the server serves behind them it serves to anybody."""
    authorized = "Authorization: Digest username=\"u\"\r\n"
    for what, steps, guilty in (("a challenge", served(status=401) + served(), True),
                                ("credentials that are refused", served(more=authorized, status=401) + served(), True),
                                ("credentials", served(status=401) + served(more=authorized) + served(), False),
                                ("credentials for something else", served(more=authorized, status=404) + served(), False)):
        found = judged(folder, at(0, *begun(), *steps))
        check(bool(found.get("fail")) == guilty, "served behind", what, found)


def in_no_output(folder):
    """Who uses Ut is in no output, unless the site says so (privacy: clear): names of paths, header fields and credentials, in text or as hex."""
    asks = ("PUT /pres-rules/users/sip%%3aalice%%40example.org/index HTTP/1.1\r\nHost: xcap.example.org\r\nContent-Length: 0\r\n"
            "X-3GPP-%s-Identity: \"sip:mallory@example.org\"\r\nAuthorization: Digest username=\"trudy\", realm=\"x\"\r\nCookie: user=carol\r\n\r\n")
    serves, frames = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", []
    for i, said in enumerate(("Intended", "Asserted")):
        frames += connection((CLIENT, (asks % said).encode()), (SERVER, serves), at=60 * i * SECOND, client=("192.0.2.10", 40100 + i))
        clear = [(CLIENT, data(asks % said, NULL, m.TLS12)), (SERVER, data(serves.decode(), NULL, m.TLS12))]
        frames += at(600 + 60 * i, *begun(), *clear)
    capture, site = (os.path.join(folder, name) for name in ("private.pcap", "site.yaml"))
    capturelib.write_frames(capture, frames)
    names = [b"alice", b"mallory", b"trudy", b"carol"]
    for privacy, wanted in (("hashed", []), ("clear", ["private.json"])):
        with open(site, "w") as f:
            f.write("privacy: %s\nscope: { servers: [0.0.0.0/0] }\npolicy: { authenticates-ue: gba }\n" % privacy)
        out = tempfile.mkdtemp(dir=folder)
        words = [w for kind in ("html", "text", "csv", "junit") for w in ("--report", "%s:%s/private.%s" % (kind, out, kind))]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            port = "%d" % receiver.getsockname()[1]
            words += ["--json", out + "/private.json", "--evidence", out + "/evidence", "--syslog", "udp:127.0.0.1:" + port, "--strict", "--details"]
            run = subprocess.run([UTWATCH, "-p", "ts33141-pcr2", "--advise", "ls-advice", "-c", site, *words, "--rules", "--unseen", "-r", capture],
                                 capture_output=True)
            texts = {"standard output": run.stdout, "standard error": run.stderr, "syslog": b""}
            while b"ut-5.1.1-own-data-only" not in texts["syslog"]:
                texts["syslog"] += receiver.recv(65536)
        for where, _, files in os.walk(out):
            for name in files:
                with open(os.path.join(where, name), "rb") as f:
                    texts[name] = f.read()
        check(run.returncode == 1 and b"ut-5.1.1-own-data-only" in texts["private.json"] and len(texts) > 8, privacy, run, sorted(texts))
        for name, text in texts.items():
            if name.endswith(".pcapng"):  # the packets are what they are, and only they
                for _, frame in frames:
                    text = text.replace(frame, b"")
            hexadecimal = re.sub(rb"(?m)^[0-9a-f]{4}  |<[^>]*>|\s", b"", text)
            shown = [n for n in names if n in text.lower() or n.hex().encode() in hexadecimal]
            check(bool(shown) == (name in wanted), privacy, name, "shows", shown)


recorded()
with tempfile.TemporaryDirectory() as temporary:
    for case in (identified_in_tls, identified_by_a_session, not_all_was_seen, identified_later, nobody_to_ask_again,
                 served_though_nobody_answered, in_no_output):
        case(temporary)
finish()
