#!/usr/bin/env python3
"""Rules of an operator's own, over what the events show, and --expect. usage: own_rules.py UTWATCH
tshark and openssl say what the values are."""
import datetime
import hashlib
import os
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, utwatch
from checks import check, finish

binary = sys.argv[1]
CAPTURE = os.path.join(PCAPS, "openssl-tls12-client-certificate-sent.pcap")
BREAKS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
HEAD = """utwatch: 1
profile: mine
title: Rules of our own
rules:
"""


def tshark(fields, kind):
    words = [w for f in fields for w in ("-e", f)]
    out = subprocess.run(["tshark", "-r", CAPTURE, "-Y", "tls.handshake.type == %d" % kind, "-T", "fields", *words],
                         capture_output=True, text=True).stdout
    return dict(zip(fields, out.split("\n")[0].split("\t")))


def numbers(text):
    return "[" + ", ".join(str(int(n, 0)) for n in text.split(",")) + "]"


def of_openssl(der, *words):
    return subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", *words], input=der, capture_output=True).stdout.decode().strip()


def values():
    """field: the condition that holds by the witness, and one that does not"""
    hello = tshark(["ip.src", "ip.dst", "tcp.dstport", "frame.time_epoch", "tls.handshake.extensions_supported_group",
                    "tls.handshake.sig_hash_alg"], 1)
    der = bytes.fromhex(tshark(["tls.handshake.certificate"], 11)["tls.handshake.certificate"].split(",")[0])
    group = tshark(["tls.handshake.server_named_curve"], 12)["tls.handshake.server_named_curve"]
    when = datetime.datetime.fromtimestamp(float(hello["frame.time_epoch"]), datetime.timezone.utc)
    end = datetime.datetime.strptime(of_openssl(der, "-enddate").split("=")[1], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=datetime.timezone.utc)
    subject = of_openssl(der, "-subject", "-nameopt", "esc_ctrl,sep_comma_plus_space,sname").split("=", 1)[1].strip()
    sha1 = hashlib.sha1(der).hexdigest()
    fingerprint = ":".join(sha1[i:i + 2] for i in range(0, 40, 2))
    groups = numbers(hello["tls.handshake.extensions_supported_group"])
    schemes = numbers(hello["tls.handshake.sig_hash_alg"])
    return {
        "hello.groups": ("{ all: { in: %s } }" % groups, "{ any: [65000] }"),
        "hello.signature-algorithms": ("{ all: { in: %s } }" % schemes, "{ any: [65000] }"),
        "server.group": (str(int(group, 0)), "24"),
        "certificate.subject": ('"%s"' % subject, "CN=somebody"),
        "certificate.issuer": ('{ matches: "*xcap*" }', "CN=somebody"),
        "certificate.fingerprint": ('"%s"' % fingerprint, '"00:11"'),
        "certificate.days-left": (str((end - when).days), str((end - when).days + 1)),
        "client.address": (hello["ip.src"], hello["ip.dst"]),
        "server.address": ('{ matches: "%s.*" }' % hello["ip.dst"].rsplit(".", 1)[0], hello["ip.src"]),
        "server.port": (hello["tcp.dstport"], "80"),
        "time.hour": (str(when.hour), str((when.hour + 1) % 24)),
    }


def rule(number, condition):
    return ("  - { id: own-%d, sid: %d, clause: site, title: A breach, requires: Something., binds: server, severity: low, fail: { %s } }\n"
            % (number, 9000000 + number, condition))


with tempfile.TemporaryDirectory() as folder:
    profile = os.path.join(folder, "mine.yaml")
    text, expected = HEAD, []
    for i, (field, conditions) in enumerate(values().items()):
        for j, condition in enumerate(conditions):
            number = 2 * i + j
            text += rule(number, "%s: %s" % (field, condition))
            expected += ["--expect", "own-%d=%s" % (number, "pass" if j else "fail")]
    text += rule(900, "server.alpn: h2") + rule(901, "certificate.curve: secp256r1")
    expected += ["--expect", "own-900=pass", "--expect", "own-901=pass"]
    with open(profile, "w") as f:
        f.write(text)
    p = utwatch(binary, "-T", "-p", profile, *expected, "-r", CAPTURE)
    check(p.returncode == 0, p.stdout.decode(), p.stderr.decode())
    check(p.stdout.count(b"as expected") == len(expected) // 2, "not every expectation was looked at")
    # A test that is not met says so, writes nothing, and needs a rule and a verdict that exist.
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("outputs: { json: %s/x.json }\nsessions: { state: %s/state }\n" % (folder, folder))
    p = utwatch(binary, "-T", "-c", site, "--expect", "ut-7.2-only-anonymous=pass", "-r", BREAKS)
    check(p.returncode == 1 and b"ut-7.2-only-anonymous: fail, expected pass" in p.stdout, p.stdout, p.stderr)
    check(utwatch(binary, "-T", "-c", site, "--expect", "ut-7.2-only-anonymous=fail", "-r", BREAKS).returncode == 0, "met")
    check(sorted(os.listdir(folder)) == ["mine.yaml", "site.yaml"], "a test wrote", os.listdir(folder))
    for words in (["-T", "--expect", "no-such-rule=fail", "-r", BREAKS], ["-T", "--expect", "ut-7.2-only-anonymous=maybe", "-r", BREAKS],
                  ["-T", "--expect", "ut-7.2-only-anonymous", "-r", BREAKS], ["--expect", "ut-7.2-only-anonymous=fail", "-T"]):
        check(utwatch(binary, *words).returncode == 2, words)
    check(utwatch(binary, "-T", "--expect", "ut-7.2-only-anonymous=fail", "-r", "/nowhere").returncode == 3, "a capture that is missing")
finish()
