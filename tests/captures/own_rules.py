#!/usr/bin/env python3
"""Rules of an operator's own, over what the events show, and --expect. usage: own_rules.py UTWATCH
tshark and openssl say what the values are."""
import datetime
import hashlib
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, utwatch
from checks import check, finish
import capturelib
import encapsulation

binary = sys.argv[1]
RECORDING = "openssl-tls12-client-certificate-sent.pcap"
BREAKS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
HEAD = """utwatch: 1
profile: mine
title: Rules of our own
rules:
"""


def tshark(capture, chosen, *fields):
    """The fields of the first frame that the filter chooses."""
    words = [w for f in fields for w in ("-e", f)]
    out = subprocess.run(["tshark", "-r", capture, "-Y", chosen, "-T", "fields", *words], capture_output=True, text=True).stdout
    return dict(zip(fields, out.split("\n")[0].split("\t")))


def numbers(text):
    return [int(n, 0) for n in text.split(",") if n]


def listed(values):
    return "[" + ", ".join(str(v) for v in values) + "]"


def of_openssl(der, *words):
    return subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", *words], input=der, capture_output=True).stdout.decode().strip()


def ja4(hello):
    """By FoxIO's description, of what tshark reads."""
    def known(name):
        return [n for n in numbers(hello[name]) if n & 0x0f0f != 0x0a0a]

    def short(codes, more=""):
        text = ",".join("%04x" % c for c in codes) + more
        return hashlib.sha256(text.encode()).hexdigest()[:12] if codes else "0" * 12
    suites, extensions = known("tls.handshake.ciphersuite"), known("tls.handshake.extension.type")
    versions = known("tls.handshake.extensions.supported_version") or numbers(hello["tls.handshake.version"])
    alpn = hello["tls.handshake.extensions_alpn_str"].split(",")[0] or "00"
    schemes = known("tls.handshake.sig_hash_alg")
    return "t%s%s%02d%02d%s_%s_%s" % (
        {0x304: "13", 0x303: "12", 0x302: "11", 0x301: "10", 0x300: "s3"}[max(versions)], "d" if 0 in extensions else "i",
        len(suites), len(extensions), alpn[0] + alpn[-1],
        short(sorted(suites)),
        short(sorted(e for e in extensions if e not in (0, 16)), "_" + ",".join("%04x" % s for s in schemes) if schemes else ""))


HELLO = ["ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "frame.time_epoch", "tls.record.version", "tls.handshake.version", "tls.handshake.ja3",
         "tls.handshake.ciphersuite", "tls.handshake.extension.type", "tls.handshake.extensions.supported_version", "tls.handshake.comp_method",
         "tls.handshake.extensions_alpn_str", "tls.handshake.extensions_supported_group", "tls.handshake.sig_hash_alg"]


def of_hello(capture):
    """(field, a condition that holds by the witness, one that does not)"""
    hello = tshark(capture, "tls.handshake.type == 1", *HELLO)
    when = datetime.datetime.fromtimestamp(float(tshark(capture, "frame", "frame.time_epoch")["frame.time_epoch"]), datetime.timezone.utc)
    second = when.hour * 3600 + when.minute * 60 + when.second
    groups, schemes = numbers(hello["tls.handshake.extensions_supported_group"]), numbers(hello["tls.handshake.sig_hash_alg"])
    methods = numbers(hello["tls.handshake.comp_method"])
    client, server = hello["ip.src"], hello["ip.dst"]
    ja = ja4(hello)
    return [
        ("hello.groups", "{ all: { in: %s } }" % listed(groups), "{ any: [65000] }"),
        ("hello.groups", "{ any: [%s] }" % {23: "secp256r1", 29: "x25519"}[[g for g in groups if g in (23, 29)][0]], "sect163k1"),
        ("hello.signature-algorithms", "{ all: { in: %s } }" % listed(schemes), "{ any: [65000] }"),
        ("hello.signature-algorithms", "rsa_pkcs1_sha256" if 0x401 in schemes else "ed25519", "mldsa87"),
        ("hello.compression", "{ all: %s }" % listed(methods), "{ any: [64] }"),
        ("hello.record-version", {0x300: "SSLv3", 0x301: "TLSv1", 0x303: "TLS 1.2"}[numbers(hello["tls.record.version"])[0]], "TLS 1.1"),
        ("hello.ja3", hello["tls.handshake.ja3"], "0" * 32),
        ("hello.ja3", '{ matches: "%s*" }' % hello["tls.handshake.ja3"][:9], '{ not: "*" }'),
        ("hello.ja4", ja, ja[:-1] + ("0" if ja[-1] != "0" else "1")),
        ("hello.ja4", '{ matches: "%s*" }' % ja[:10], '{ matches: "t10i*" }'),
        ("client.address", client, server),
        ("client.address", client.rsplit(".", 1)[0] + ".0/24", "{ in: [198.51.100.0/24, \"2001:db8::/32\", %s] }" % server),
        ("client.address", "{ not: [203.0.113.0/24, %s] }" % server, "{ not: 0.0.0.0/0 }"),
        ("server.address", '{ matches: "%s.*" }' % server.rsplit(".", 1)[0], client),
        ("client.port", hello["tcp.srcport"], hello["tcp.dstport"]),
        ("server.port", hello["tcp.dstport"], hello["tcp.srcport"]),
        ("time.hour", str(when.hour), str((when.hour + 1) % 24)),
        ("time.of-day", "{ at-least: %ds, at-most: %ds }" % (second, second), "{ below: %d }" % second),
        ("time.weekday", when.strftime("%A").lower(), (when + datetime.timedelta(1)).strftime("%A").lower()),
        ("connection.transport", "tcp", "udp"),
    ]


def of_alpn(capture):
    offered = tshark(capture, "tls.handshake.type == 1", "tls.handshake.extensions_alpn_str")["tls.handshake.extensions_alpn_str"].split(",")
    return [
        ("hello.alpn", offered[-1], "spdy/3"),
        ("hello.alpn", "{ all: %s }" % listed(offered), "{ none: [%s] }" % offered[0]),
        ("hello.alpn", '{ matches: "%s*" }' % offered[0][:1], '{ matches: "spdy*" }'),
    ]


def of_server(capture):
    answer = tshark(capture, "tls.handshake.type == 2", "tls.handshake.ja3s")
    group = tshark(capture, "tls.handshake.type == 12", "tls.handshake.server_named_curve")["tls.handshake.server_named_curve"]
    return [
        ("server.ja3s", answer["tls.handshake.ja3s"], "f" * 32),
        ("server.group", str(int(group, 0)), "24"),
        ("key-exchange.type", "ecdhe", "rsa"),
        ("handshake.history", '"Csxkrn*"', '"CS*"'),
        ("handshake.renegotiation", "false", "true"),
    ]


def of_certificate(capture):
    der = bytes.fromhex(tshark(capture, "tls.handshake.type == 11", "tls.handshake.certificate")["tls.handshake.certificate"].split(",")[0])
    when = datetime.datetime.fromtimestamp(float(tshark(capture, "frame", "frame.time_epoch")["frame.time_epoch"]), datetime.timezone.utc)
    end = datetime.datetime.strptime(of_openssl(der, "-enddate").split("=")[1], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=datetime.timezone.utc)
    subject = of_openssl(der, "-subject", "-nameopt", "esc_ctrl,sep_comma_plus_space,sname").split("=", 1)[1].strip()
    serial = of_openssl(der, "-serial").split("=")[1]
    names = re.findall(r"DNS:([^,\s]+)", of_openssl(der, "-ext", "subjectAltName"))
    sha1 = hashlib.sha1(der).hexdigest()
    return [
        ("certificate.subject", '"%s"' % subject, "CN=somebody"),
        ("certificate.issuer", '{ matches: "*xcap*" }', "CN=somebody"),
        ("certificate.fingerprint", '"%s"' % ":".join(sha1[i:i + 2] for i in range(0, 40, 2)), '"00:11*"'),
        ("certificate.serial", '"%s"' % ":".join(serial[i:i + 2] for i in range(0, len(serial), 2)), '"00:11"'),
        ("certificate.days-left", str((end - when).days), str((end - when).days + 1)),
        ("certificate.not-after", str(int(end.timestamp())), str(int(end.timestamp()) + 1)),
        ("certificate.alt-names", "{ all: { in: %s } }" % listed(names), "{ any: [somebody.example] }"),
        ("certificate.alt-names", names[-1].upper(), '{ matches: "*.somebody.example" }'),
    ]


def of_client_certificate(capture):
    der = bytes.fromhex(tshark(capture, "tls.handshake.type == 16", "tls.handshake.certificate")["tls.handshake.certificate"].split(",")[0])
    issuer = of_openssl(der, "-issuer", "-nameopt", "esc_ctrl,sep_comma_plus_space,sname").split("=", 1)[1].strip()
    begin, end = (int(datetime.datetime.strptime(of_openssl(der, word).split("=")[1], "%b %d %H:%M:%S %Y GMT").replace(
        tzinfo=datetime.timezone.utc).timestamp()) for word in ("-startdate", "-enddate"))
    return [("client-certificate.issuer", '"%s"' % issuer, "CN=somebody"), ("client-certificate.not-before", str(begin), str(begin + 1)),
            ("client-certificate.not-after", str(end), "{ below: %d }" % end)]


def of_none_of_the_client(capture):
    return [(field, "{ present: false }", "{ present: true }") for field in ("client-certificate.issuer", "client-certificate.not-after")]


def of_alerts(capture):
    number = tshark(capture, "tls.alert_message.desc", "tls.alert_message.desc")["tls.alert_message.desc"]
    return [("alert.server", number, "close_notify"), ("alert.server", "handshake_failure", "{ any: [unknown_ca, 80] }"),
            ("alert.client", "{ present: false }", "handshake_failure"), ("certificate.alt-names", "{ present: false }", "{ any: [x] }")]


def of_tunnel(capture):
    authority = tshark(capture, "http.request.method == CONNECT", "http.request.uri")["http.request.uri"].rsplit(":", 1)[0]
    return [("tunnel.authority", '"%s"' % authority, '"somewhere"'), ("client.address", "0.0.0.0/0", '"::/0"')]


def of_six(capture):
    ends = tshark(capture, "tls.handshake.type == 1", "ipv6.src", "ipv6.dst")
    return [("client.address", '"%s/64"' % network(ends["ipv6.src"], 64), '"%s/128"' % network(ends["ipv6.src"], 64)),
            ("client.address", '"%s"' % ipaddress.ip_address(ends["ipv6.src"]).exploded, "0.0.0.0/0")]


def network(address, bits):
    return ipaddress.ip_network("%s/%d" % (address, bits), strict=False).network_address


def of_old(capture):
    """A ClientHello in the form of SSLv2 has none of these."""
    return [(field, "{ present: false }", "{ present: true }") for field in ("hello.ja3", "hello.ja4", "hello.compression", "hello.record-version")]


def of_tls13(capture):
    group = tshark(capture, "tls.handshake.type == 2", "tls.handshake.extensions_key_share_group")["tls.handshake.extensions_key_share_group"]
    return [("key-exchange.type", "ecdhe", "tls13"), ("server.group", {29: "x25519", 23: "secp256r1"}[int(group, 0)], "secp521r1")]


def of_wrapping(capture):
    tags = listed(numbers(tshark(capture, "vlan.id", "vlan.id")["vlan.id"]))
    return [("connection.vlan", "{ all: %s }" % tags, "{ any: [4000] }"), ("connection.encapsulation", "{ any: [vlan] }", "gtp-u")]


def of_plain(capture):
    return [("connection.vlan", "{ present: false }", "1"), ("connection.encapsulation", "{ present: false }", "vlan")]


def of_warnings(capture):
    """Alerts by their level; tshark tells who sent which."""
    by_server = tshark(capture, "tls.alert_message.level == 1 && tcp.srcport == 443", "tls.alert_message.desc")["tls.alert_message.desc"]
    by_client = tshark(capture, "tls.alert_message.level == 1 && tcp.dstport == 443", "tls.alert_message.desc")["tls.alert_message.desc"]
    check(bool(by_server) != bool(by_client), "one side warns", capture)
    who, other, number = ("server", "client", by_server) if by_server else ("client", "server", by_client)
    return [("alert.%s-warnings" % who, number, "handshake_failure"),
            ("alert.%s-warnings" % who, "{ all: [%s] }" % number, "{ none: [%s] }" % number),
            ("alert.%s-warnings" % other, "{ present: false }", number)]


def of_refusal(capture):
    """Its alert is fatal."""
    return [("alert.server", "handshake_failure", "close_notify"), ("alert.server-warnings", "{ present: false }", "handshake_failure")]


def of_resumption(capture):
    began = int(float(tshark(capture, "tls.handshake.type == 2", "frame.time_epoch")["frame.time_epoch"]))
    return [("session.origin", str(began), str(began + 1)), ("session.origin", "{ at-most: %d }" % began, "{ present: false }")]


def of_whole(capture):
    return [("handshake.confirmed", "true", "false"), ("handshake.unobserved", "{ none: [server-direction, client-direction, gap] }", "gap")]


def of_half(capture):
    return [("handshake.confirmed", "false", "true"), ("handshake.unobserved", "server-direction", "{ any: [client-direction, evicted] }")]


def half(name, folder):
    """What a tap of one direction shows of the capture."""
    path = os.path.join(folder, "half.pcap")
    subprocess.run(["tshark", "-r", os.path.join(PCAPS, name), "-Y", "tcp.dstport == 443", "-F", "pcap", "-w", path], check=True, capture_output=True)
    return path


def wrapped(name, how, folder):
    """The capture with every frame wrapped."""
    conversation = capturelib.conversations(os.path.join(PCAPS, name))[0]
    path = os.path.join(folder, how.__name__ + ".pcap")
    capturelib.write_frames(path, [(at, how(frame)) for at, frame in capturelib.build(conversation, time=1795470000 * 10**9)])
    return path


def rule(number, condition, about):
    return ("  - { id: own-%d, sid: %d, clause: site, title: A breach, requires: Something., binds: server, severity: low, %sfail: { %s } }\n"
            % (number, 9000000 + number, about, condition))


def judged(folder, capture, values, about=""):
    """Each condition as a rule of its own, on one capture: the first fails, the second passes."""
    most = 30  # --expect can be given 64 times
    for at in range(0, len(values), most):
        judged_at_once(folder, capture, values[at:at + most], about)


def judged_at_once(folder, capture, values, about):
    profile = os.path.join(folder, "mine.yaml")
    text, expected = HEAD, []
    for i, (field, *conditions) in enumerate(values):
        for j, condition in enumerate(conditions):
            number = 2 * i + j
            text += rule(number, "%s: %s" % (field, condition), about)
            expected += ["--expect", "own-%d=%s" % (number, "pass" if j else "fail")]
    with open(profile, "w") as f:
        f.write(text)
    p = utwatch(binary, "-T", "-p", profile, *expected, "-r", capture)
    unexpected = [line for line in p.stdout.decode().splitlines() if "as expected" not in line]
    check(p.returncode == 0, capture, unexpected, p.stderr.decode(), list(enumerate(values)))
    check(p.stdout.count(b"as expected") == len(expected) // 2, "not every expectation was looked at")


with tempfile.TemporaryDirectory() as folder:
    for name, *getters in ((RECORDING, of_hello, of_server, of_certificate, of_plain, of_whole),
                           ("openssl-tls12-client-certificate-sent.pcap", of_client_certificate),
                           ("openssl-tls12-null.pcap", of_none_of_the_client),
                           ("nginx-curl-tls12.pcap", of_hello, of_alpn),
                           ("openssl-tls12-ipv6.pcap", of_six), ("openssl-tls12-adh-aes-refused.pcap", of_alerts),
                           ("openssl-connect-proxy.pcap", of_tunnel), ("jsse-sslv2-hello.pcap", of_old),
                           ("openssl-tls13-full.pcap", of_hello, of_tls13)):
        path = os.path.join(PCAPS, name)
        judged(folder, path, [value for getter in getters for value in getter(path)])
    for name, getter in (("gen-warning-then-accepted.pcap", of_warnings), ("jsse-sslv3-no-certificate.pcap", of_warnings),
                         ("openssl-tls12-adh-aes-refused.pcap", of_refusal)):
        judged(folder, os.path.join(PCAPS, name), getter(os.path.join(PCAPS, name)))
    for name in ("gen-id-resumed-after-23h.pcap", "bc-tls12-resumed-id.pcap"):
        judged(folder, os.path.join(PCAPS, name), of_resumption(os.path.join(PCAPS, name)), "when: { session.accepted: true }, ")
    path = half(RECORDING, folder)
    judged(folder, path, of_half(path))
    # Addresses belong to whatever is judged: here to a server and a UE.
    ends = tshark(os.path.join(PCAPS, RECORDING), "tls.handshake.type == 1", "ip.src", "ip.dst")
    for about, field, other, address in (("server", "server.address", "client.address", ends["ip.dst"]),
                                         ("ue", "client.address", "server.address", ends["ip.src"])):
        judged(folder, os.path.join(PCAPS, RECORDING), [(field, address, "198.51.100.0/24"), (other, "{ present: false }", address)],
               "about: %s, " % about)
    path = wrapped(RECORDING, encapsulation.vlan, folder)
    judged(folder, path, of_wrapping(path))
    path = wrapped(RECORDING, encapsulation.gtp, folder)
    judged(folder, path, [("connection.encapsulation", "gtp-u", "{ any: [vlan, gre] }")])
    for made in os.listdir(folder):
        os.unlink(os.path.join(folder, made))
    # A test that is not met says so, writes nothing, and needs a rule and a verdict that exist.
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("outputs: { json: %s/x.json }\nsessions: { state: %s/state }\n" % (folder, folder))
    p = utwatch(binary, "-T", "-c", site, "--expect", "ut-7.2-only-anonymous=pass", "-r", BREAKS)
    check(p.returncode == 1 and b"ut-7.2-only-anonymous: fail, expected pass" in p.stdout, p.stdout, p.stderr)
    check(utwatch(binary, "-T", "-c", site, "--expect", "ut-7.2-only-anonymous=fail", "-r", BREAKS).returncode == 0, "met")
    check(sorted(os.listdir(folder)) == ["site.yaml"], "a test wrote", os.listdir(folder))
    for words in (["-T", "--expect", "no-such-rule=fail", "-r", BREAKS], ["-T", "--expect", "ut-7.2-only-anonymous=maybe", "-r", BREAKS],
                  ["-T", "--expect", "ut-7.2-only-anonymous", "-r", BREAKS], ["--expect", "ut-7.2-only-anonymous=fail", "-T"]):
        check(utwatch(binary, *words).returncode == 2, words)
    check(utwatch(binary, "-T", "--expect", "ut-7.2-only-anonymous=fail", "-r", "/nowhere").returncode == 3, "a capture that is missing")
# What is not observable names every reason, whichever test or case it came from: without the client's direction its hello is not there, and the
# server's certificate is encrypted (RFC 8446 2).
HALF = """  - { id: half, sid: 1, clause: "1", requires: x, severity: low, binds: none, %s }
"""
HIDDEN = ("hello.ticket: true", "certificate.present: false")
with tempfile.TemporaryDirectory() as folder:
    frames = capturelib.read_frames(os.path.join(PCAPS, "bc-tls13-full.pcap"))
    client = next(s[0] for s in (capturelib.segment_of(f[1]) for f in frames) if s[3] & 0x12 == 2)
    half, rules = os.path.join(folder, "half.pcap"), os.path.join(folder, "mine.yaml")
    capturelib.write_frames(half, [f for f in frames if capturelib.segment_of(f[1])[0] != client], 262144)
    for first, second in (HIDDEN, HIDDEN[::-1]):
        for shape in ("when: { %s, %s }, fail: { server.version: 0x0300 }", "fail: { %s, %s }", "fail: [ { %s }, { %s } ]",
                      "pass: [ { %s }, { %s } ]", "fail: { any-of: [ { %s }, { %s } ] }"):
            with open(rules, "w") as out:
                out.write(HEAD + HALF % (shape % (first, second)))
            p = utwatch(binary, "-q", "-p", rules, "--json", "-", "-r", half)
            stats = [json.loads(line) for line in p.stdout.splitlines()]
            reasons = stats[-1]["utwatch"]["verdicts"]["reasons"] if stats else p.stderr
            check(reasons and set(reasons) == {"client-direction", "encrypted"}, shape % (first, second), reasons)
finish()
