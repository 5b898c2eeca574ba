#!/usr/bin/env python3
"""Certificates that openssl makes: a CA without a name breaks WAPCert 6.6 and is reported as openssl describes it, a chain may be long, and a name
is compared with the hello in whichever order the two were captured. usage: certificates.py UTWATCH"""
import calendar
import os
import shutil
import subprocess
import sys
import tempfile
import time

from run_utwatch import SKIP, events, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
NAME = b"xcap.example"
NULL_SHA = 0x0002
ACCEPTED = "ut-6.1.2-ue-accepted-bad-cert"


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, check=True).stdout


def made(folder, subject, *more):
    """A certificate that signs itself, as DER. Its own extensions are those of a CA."""
    path = os.path.join(folder, "made.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", subject, "-keyout", path + ".key", "-out", path, *more)
    return openssl("x509", "-in", path, "-outform", "DER"), openssl("x509", "-in", path, "-noout", "-issuer", "-subject").decode()


def message(*chain):
    body = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    body = b"\x0b" + (len(body) + 3).to_bytes(3, "big") + len(body).to_bytes(3, "big") + body
    return b"".join(m.record(22, body[i:i + 16384]) for i in range(0, len(body), 16384))  # RFC 2246 6.2.1


def handshake(*chain, suite=0x000A, host=NAME):
    names = [(0, (len(host) + 3).to_bytes(2, "big") + b"\0" + len(host).to_bytes(2, "big") + host)] if host else []
    return [(CLIENT, m.client_hello([suite], more=names)), (SERVER, m.server_hello(suite) + message(*chain) + m.done()),
            (CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished()), (CLIENT, m.record(23, b"\x61" * 40))]


def follow_ups(path, leaf, now, suite):
    """RFC 2818 3.1 is about the name, and many UEs (curl, Node.js) look at it when the handshake is complete. One that closes then, and has sent
    nothing, has accepted nothing, nor has one that is silent so far (it may ask its user, or a CA); what was not seen decides nothing."""
    steps, data = handshake(leaf, suite=suite)[:-1], handshake(leaf, suite=suite)[-1]
    close_notify = (CLIENT, m.record(21, b"\x62" * 30))
    fin, reset, lost, pause = "fin", "reset", "lost", "pause"
    for what, then, wanted in (("sends data", [data, fin], "fail"), ("closes", [close_notify, fin], "nothing_against"),
                               ("closes at once", [fin], "nothing_against"), ("resets", [reset, pause], "nothing_against"),
                               ("thinks, and sends data", [pause, data], "fail"),
                               ("thinks, and closes", [pause, close_notify, fin], "nothing_against"),
                               ("is silent for a long time", [pause] * 30 + [data], "not_observable"), ("says nothing more", [], "not_observable"),
                               ("sends what was lost", [lost, fin], "not_observable"), ("sends data late", [(SERVER, data[1]), data], "fail"),
                               ("sends data in single octets", [(CLIENT, data[1][i:i + 1]) for i in range(len(data[1]))], "fail"),
                               ("gets much and closes", [(SERVER, data[1] * 100), fin], "nothing_against")):
        c = capturelib.Connection(time=now)
        c.open()
        for step in steps + then:
            if step == pause:
                c.time += 3 * 10**9
                c.frames.append(c.frame(SERVER, 0x10))
            elif step == fin:
                c.close()
            elif step == reset:
                c.reset(CLIENT)
            elif step == lost:
                c.seq[CLIENT] += len(data[1])
            else:
                c.send(*step)
        got, _ = counts(path, c.frames, ACCEPTED)
        if suite == NULL_SHA and what == "gets much and closes":  # the data are read on as HTTP, and not kept
            wanted = "not_observable"
        check(got == {wanted: 1}, "a UE that", what, "with the suite %#x" % suite, "is", got)


def read_behind(path, leaf, now):
    """RFC 5246 6.2.3.1: under NULL encryption the wait for what the UE makes of the certificate takes nothing from what is read: a document of
    several records in one frame, as a network card hands it on, and a renegotiation."""
    mac = b"\0" * 20

    def http(text):
        return b"".join(m.record(23, text[i:i + 4000] + mac) for i in range(0, len(text), 4000))
    head = "%s /simservs.ngn.etsi.org/users/sip:a@example.org/simservs.xml HTTP/1.1\r\nHost: xcap.example\r\n%s\r\n"
    put = http((head % ("PUT", "Content-Length: 20000\r\n")).encode() + b"x" * 20000)
    served, get = http(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n"), http((head % ("GET", "")).encode())
    again = [(who, b"".join(m.record(r[0], r[5:] + mac) for r in capturelib.records_of(data)))
             for who, data in handshake(leaf, suite=NULL_SHA)[:-1]]
    for what, then in (("a long document", [(CLIENT, put), (SERVER, served)]), ("a request", [(CLIENT, get), (SERVER, served)]),
                       ("a header apart", [(CLIENT, get[:3]), (CLIENT, get[3:]), (SERVER, served)]),
                       ("an empty record first", [(CLIENT, m.record(23, mac)), (CLIENT, get), (SERVER, served)]),
                       ("another handshake", again + [(CLIENT, get), (SERVER, served)])):
        steps = handshake(leaf, suite=NULL_SHA)[:-1] + then
        capturelib.write_frames(path, capturelib.build(steps, time=now))
        evs, _ = events(sys.argv[1], "-p", "ts33141-pcr2", "-r", path)
        fails = {e["utwatch"]["rule"] for e in of_type(evs, "alert")}
        check("ut-5.1.1-http-authentication" in fails, what, fails)
        check((ACCEPTED in fails) == (what != "another handshake"), what, fails)
        check(len(of_type(evs, "tls")) == (2 if what == "another handshake" else 1), what, len(of_type(evs, "tls")))


def by_address(path, folder, now):
    """RFC 6066 3: an address is no name of a hello. A UE that has CONNECT lead to one may have resolved a name itself, and the certificate has
    to have that one then (RFC 2818 3.1): only one that names other addresses, and nothing else, names something else for certain."""
    mine, other = "192.0.2.80", "192.0.2.99"
    for alt, open_ in (("DNS:xcap.example", True), ("DNS:xcap.example,IP:" + other, True), ("IP:" + other, False), ("email:a@b.example", True)):
        leaf, _ = made(folder, "/CN=xcap.example", "-addext", "subjectAltName=" + alt)
        for what, name, authority in (("CONNECT", b"", mine), ("the hello and CONNECT", mine.encode(), mine), ("the hello", mine.encode(), "")):
            steps = handshake(leaf, host=name)
            if authority:
                asks = "CONNECT %s:443 HTTP/1.1\r\nHost: %s\r\n\r\n" % (authority, authority)
                steps = [(CLIENT, asks.encode()), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), *steps]
            got, _ = counts(path, capturelib.build(steps, time=now), ACCEPTED)
            check(set(got) == {"not_observable" if open_ else "fail"}, alt, "and an address in", what, "is", got)
        steps = [(CLIENT, b"CONNECT xcap.example:443 HTTP/1.1\r\nHost: xcap.example\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"),
                 *handshake(leaf, host=mine.encode())]
        got, _ = counts(path, capturelib.build(steps, time=now), ACCEPTED)
        check("fail" not in got, alt, "and an address beside the name in CONNECT is", got)


def ends_of_validity(path, folder):
    """RFC 5280 4.1.2.5: a certificate is valid at both ends of its validity, which 6.1.3 (a)(2) compares with the relying party's own clock: within
    ue-clock-tolerance the UE's may be on the other side. openssl says where the ends are, and takes it at no time behind them (-attime)."""
    leaf, _ = made(folder, "/CN=xcap.example")
    pem = os.path.join(folder, "made.pem")
    dates = openssl("x509", "-in", pem, "-noout", "-startdate", "-enddate").decode().split("\n")
    start, end = (calendar.timegm(time.strptime(d.split("=")[1], "%b %d %H:%M:%S %Y GMT")) for d in dates[:2])
    exact = os.path.join(folder, "exact.yaml")
    with open(exact, "w") as f:
        f.write("utwatch: 1\nprofile: exact\ntitle: Exact\nextends: [ts33141-pcr1]\nparameters: { ue-clock-tolerance: 1s }\n")
    steps, leaves = handshake(leaf), handshake(leaf)[:-1] + [(CLIENT, m.record(21, b"\x62" * 30))]
    for after, wanted in ((0, "nothing_against"), (1, "not_observable"), (2, "not_observable"), (600, "not_observable"), (3600, "not_observable"),
                          (3601, "fail"), (86400, "fail")):
        for second in (end + after, start - after):
            where = ("a certificate of", start, "to", end, "at", second)
            taken = not subprocess.run(["openssl", "verify", "-attime", str(second), "-CAfile", pem, pem], capture_output=True).returncode
            check(not after or not taken, *where, "is taken by openssl")
            frames = capturelib.build(steps, time=second * 10**9)
            got, _ = counts(path, frames, ACCEPTED)
            check(got == {wanted: 1}, *where, "is", got)
            got, _ = counts(path, frames, ACCEPTED, exact)
            check(got == {"fail" if after > 1 else wanted: 1}, *where, "with a tolerance of 1 s is", got)
            got, _ = counts(path, capturelib.build(leaves, time=second * 10**9), ACCEPTED)
            check(got == {"nothing_against": 1}, *where, "that the UE leaves is", got)


def unset_clock(path, leaf):
    """Stamps of 1970, as a recorder has them that nobody gave the time: of a certificate they say nothing."""
    for second, wanted in ((1, "not_observable"), (86400, "not_observable"), (1000000000, "not_observable"), (1100000000, "fail")):
        got, _ = counts(path, capturelib.build(handshake(leaf), time=second * 10**9), ACCEPTED)
        check(got == {wanted: 1}, "not yet valid by a clock that says", second, "is", got)


def signed(folder, i):
    """A CA that another one has issued, and that no extension binds."""
    root, path = os.path.join(folder, "root.pem"), os.path.join(folder, "signed%d.pem" % i)
    if not os.path.exists(root):
        made(folder, "/CN=Root")
        for end in ("", ".key"):
            shutil.copy(os.path.join(folder, "made.pem" + end), root + end)
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Sub %d" % i, "-keyout", path + ".key", "-out", path + ".req")
    openssl("x509", "-req", "-in", path + ".req", "-CA", root, "-CAkey", root + ".key", "-days", "3650", "-out", path)
    return path


def sizes(path, folder, now):
    """WAPCert 6.1: what was not sent has no size. The DER of openssl has the others."""
    long, small = (made(folder, "/CN=xcap.example", *("-addext", "nsComment=" + "x" * n) if n else ())[0] for n in (1000, 0))
    authority = made(folder, "/CN=CA", "-addext", "nsComment=" + "x" * 2000)[0]
    for chain, said in (((long,), "%d bytes; no CA certificate was sent" % len(long)), ((small,), None),
                        ((long, small), "%d bytes; largest CA certificate %d bytes" % (len(long), len(small))),
                        ((small, authority), "%d bytes; largest CA certificate %d bytes" % (len(small), len(authority)))):
        capturelib.write_frames(path, capturelib.build(handshake(*chain), time=now))
        evs, _ = events(sys.argv[1], "--fail-on", "info", "-p", "ls-advice", "-r", path)
        told = [e["utwatch"]["observed"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "wapcert-6.1-size"]
        check(told == ([said] if said else []), "certificates of", [len(der) for der in chain], "bytes:", told)


def counts(path, frames, rule, profile="ts33141-pcr1"):
    capturelib.write_frames(path, frames)
    evs, _ = events(sys.argv[1], "-p", profile, "-r", path)
    told = [e["utwatch"]["observed"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
    return {v: n for v, n in rule_counts(evs)[rule].items() if n and v in ("pass", "fail", "not_observable", "nothing_against")}, told


if not shutil.which("openssl"):
    sys.exit(SKIP)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "certificates.pcap")
    now = (int(time.time()) + 3600) * 10**9  # certificates are valid from today on
    leaf, _ = made(folder, "/CN=xcap.example")
    for subject, empty in (("/CN=A CA", False), ("/", True)):
        ca, names = made(folder, subject, "-addext", "keyUsage=critical,keyCertSign")
        check((names.replace(" ", "") == "issuer=\nsubject=\n") == empty, "openssl made", names)
        got, told = counts(path, capturelib.build(handshake(leaf, ca), time=now), "wapcert-6.6-ca")
        check(set(got) == {"fail" if empty else "pass"}, "a CA with the names", names, "is", got)
        check(told == (["a CA certificate with an empty issuer or subject"] if empty else []), "a CA with the names", names, "is", told)
    # 6.6: what the words say of a CA is what openssl says of it.
    config = os.path.join(folder, "ca.cnf")
    for constraint, told_of in (("critical,CA:TRUE", ""), ("CA:TRUE", "a certificate in the chain whose basicConstraints is not critical"),
                                ("critical,CA:FALSE", "a certificate in the chain is not a CA certificate"),
                                ("CA:FALSE", "a certificate in the chain is not a CA certificate"),
                                ("", "a certificate in the chain is not a CA certificate")):
        with open(config, "w") as f:
            f.write("[req]\ndistinguished_name = dn\nx509_extensions = v3\n[dn]\n[v3]\nkeyUsage = critical,keyCertSign\n"
                    + ("basicConstraints = %s\n" % constraint if constraint else ""))
        ca, _ = made(folder, "/CN=A CA", "-config", config)
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text"], input=ca, capture_output=True).stdout.decode()
        critical = "Basic Constraints: critical" in text
        check(("CA:TRUE" in text) == ("TRUE" in constraint) and critical == ("critical" in constraint), constraint, text)
        got, told = counts(path, capturelib.build(handshake(leaf, ca), time=now), "wapcert-6.6-ca")
        check(told == ([told_of] if told_of else []), "a CA of", constraint or "nothing", "is told as", told)

    # A message of any number of certificates is well formed (RFC 2246 7.4.2), though only the first are looked into.
    issued = [openssl("x509", "-in", signed(folder, i), "-outform", "DER") for i in range(1, 4)]
    large = made(folder, "/CN=Large/O=" + "x" * 60, "-addext", "nsComment=" + "c" * 2000)[0]
    for count, last, depth, size in ((2, ca, "pass", "pass"), (15, ca, "fail", "pass"), (16, ca, "fail", "pass"), (45, ca, "fail", "pass"),
                                     (45, large, "fail", "fail")):
        chain = [issued[i % 3] for i in range(count)] + [last]
        frames = capturelib.build(handshake(issued[0], *chain), time=now)
        got, _ = counts(path, frames, "wapcert-6.1-chain-depth", "ls-advice")
        check(set(got) == {depth}, count, "subordinate CAs:", got)
        got, _ = counts(path, frames, "wapcert-6.1-size", "ls-advice")
        check(size in got or size == "pass" and "fail" not in got, "the last of", count, "CAs of", len(last), "bytes:", got)
        evs, _ = events(sys.argv[1], "--unseen", "-r", path)
        reasons = {r for e in of_type(evs, "tls") for r in e["utwatch"].get("unobserved", [])}
        check("malformed" not in reasons, count, "certificates are", reasons)
        text = subprocess.run([sys.argv[1], "--unseen", "--advise", "ls-advice", "-r", path], capture_output=True, text=True).stdout
        check("could not be parsed" not in text, count, "certificates:", text)
        tshark = subprocess.run(["tshark", "-r", path, "-Y", "tls.handshake.type==11", "-T", "fields", "-e", "tls.handshake.certificate_length"],
                                capture_output=True, text=True).stdout.strip().split(",")
        check(len(tshark) == count + 2, "tshark reads", len(tshark), "certificates of", count + 2)
    for subject, broken in (("/CN=xcap.example", False), ("/CN=other.example", True), ("/O=No common name", True)):
        leaf, _ = made(folder, subject)
        frames = capturelib.build(handshake(leaf), time=now)
        hello = next(i for i, (_, f) in enumerate(frames) if len(f) > 54)
        times = [t for t, _ in frames]
        late = frames[:hello] + [frames[hello + 1], frames[hello]] + frames[hello + 2:]
        early, _ = counts(path, frames, ACCEPTED)
        check(("fail" in early) == broken, subject, "is", early)
        again, _ = counts(path, [(t, f) for t, (_, f) in zip(times, late)], ACCEPTED)
        check(again == early, subject, "before the hello is", again, "and behind it", early)
    # RFC 2818 3.1: the most specific of several CNs, which a client may take to be another than the last; "*" for any label or a part of one.
    # A CN of two bytes a character is not read.
    wide = os.path.join(folder, "wide.cnf")
    with open(wide, "w") as f:
        f.write("[req]\ndistinguished_name = dn\nstring_mask = MASK:0x0800\n[dn]\n")
    for subject, more, open_ in (("/CN=xcap.example/CN=other.example", (), True), ("/CN=*.example", (), True), ("/CN=xc*.*", (), True),
                                 ("/CN=x*y.example", (), False), ("/CN=*.*.example", (), False), ("/CN=other.example", ("-config", wide), True)):
        leaf, _ = made(folder, subject, *more)
        got, _ = counts(path, capturelib.build(handshake(leaf), time=now), ACCEPTED)
        check(set(got) == {"not_observable" if open_ else "fail"}, subject, *more, "is", got)
    # RFC 6125 6.4.2: U-labels are compared as A-labels. What maps capitals beyond ASCII to others (RFC 5895) is the client's affair.
    leaf, _ = made(folder, "/CN=other", "-addext", "subjectAltName=DNS:" + "b\u00fccher.example".encode("idna").decode())
    for host, verdict in (("b\u00fccher.example", "nothing_against"), ("b\u00fccher.EXAMPLE.", "nothing_against"),
                          ("XN--bcher-kva.example", "nothing_against"), ("B\u00dcCHER.example", "not_observable"),
                          ("bucher.example", "fail"), ("faB.example", "fail")):
        got, _ = counts(path, capturelib.build(handshake(leaf, host=host.encode()), time=now), ACCEPTED)
        check(set(got) == {verdict}, "asked for", host, "is", got)
    for suite in (0x000A, NULL_SHA):
        follow_ups(path, made(folder, "/CN=other.example")[0], now, suite)
    read_behind(path, made(folder, "/CN=other.example")[0], now)
    by_address(path, folder, now)
    ends_of_validity(path, folder)
    sizes(path, folder, now)
    unset_clock(path, made(folder, "/CN=xcap.example")[0])
    # RFC 4055 1.2: a key for RSASSA-PSS enciphers no premaster secret.
    for kind, broken in (("RSA", False), ("RSA-PSS", True)):
        key = os.path.join(folder, kind + ".pem")
        openssl("genpkey", "-algorithm", kind, "-out", key)
        leaf = openssl("req", "-x509", "-key", key, "-subj", "/CN=xcap.example", "-days", "3650", "-outform", "DER")
        got, told = counts(path, capturelib.build(handshake(leaf), time=now), "ut-6.1.2-server-certificate")
        check(set(got) == {"fail" if broken else "pass"}, kind, "under a suite that enciphers with it:", got, told)
finish()
