#!/usr/bin/env python3
"""Certificates of every kind that openssl makes, and those of the corpus: our facts against openssl's. usage: x509_witness.py DUMP"""
import calendar
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402

if not shutil.which("openssl"):
    sys.exit(77)
DUMP = sys.argv[1]
USAGE = ["Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement", "Certificate Sign", "CRL Sign",
         "Encipher Only", "Decipher Only"]
PRESENT = [("X509v3 Authority Key Identifier", 1), ("X509v3 Subject Key Identifier", 2), ("X509v3 Key Usage", 4),
           ("X509v3 Extended Key Usage", 8), ("X509v3 Subject Alternative Name", 16), ("X509v3 Basic Constraints", 32)]
HOSTS = ["xcap.example.org", "XCAP.Example.ORG", "a.example.org", "a.b.example.org", "example.org", "192.0.2.7", "2001:db8::7", "other.net"]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, errors="surrogateescape")


def ours(pairs):
    words = [w for host, path in pairs for w in (host, path)]
    out = subprocess.run([DUMP, *words], capture_output=True).stdout.decode("utf-8", "surrogateescape")
    return [dict(line.split("=", 1) for line in block.splitlines()) for block in out.split("\n\n") if block]


def theirs(path):
    """None: openssl reads no certificate there."""
    p = run("openssl", "x509", "-inform", "DER", "-in", path, "-noout", "-text", "-serial", "-nameopt", "sep_comma_plus_space,utf8,sname,esc_ctrl")
    if p.returncode != 0:
        return None
    text = p.stdout
    one = lambda p: (re.search(p, text) or [None, None])[1]  # noqa: E731
    f = {"version": one(r"Version: (\d+)"), "bits": one(r"Public-Key: \((\d+) bit"),
         "signature": (one(r"Signature Algorithm: (.*)") or "").split("   ")[0],
         "key": {"rsaEncryption": "RSA", "id-ecPublicKey": "EC", "dsaEncryption": "DSA"}.get(one(r"Public Key Algorithm: (.*)"),
                                                                                             one(r"Public Key Algorithm: (.*)")),
         "curve": one(r"ASN1 OID: (.*)")}
    for key, label in (("notbefore", "Not Before"), ("notafter", "Not After ")):
        f[key] = str(calendar.timegm(time.strptime(one(label + r": (.*) GMT"), "%b %d %H:%M:%S %Y")))
    f["serial"] = one(r"(?m)^serial=-?(\S*)$")
    f["presence"] = str(sum(bit for name, bit in PRESENT if name in text))
    f["critical"] = str(sum(bit for name, bit in PRESENT if name + ": critical" in text))
    usage = re.search(r"X509v3 Key Usage:.*\n\s*(.*)", text)
    f["usage"] = str(sum(1 << i for i, u in enumerate(USAGE) if usage and u in usage[1].split(", ")))
    eku = re.search(r"X509v3 Extended Key Usage:.*\n\s*(.*)", text)
    f["server"] = str(int(bool(eku and "TLS Web Server Authentication" in eku[1])))
    f["ca"] = str(int("CA:TRUE" in text))
    san = re.search(r"X509v3 Subject Alternative Name:.*\n\s*(.*)", text)
    f["dns"] = "".join(n + " " for n in re.findall(r"DNS:([^,]*)", san[1] if san else ""))
    return f


def make(folder):
    made = []

    def one(key, digest="-sha256", subject="/C=SE/O=Ex/CN=xcap.example.org", extensions=(), extra=(), days="400"):
        path = os.path.join(folder, "c%d.der" % len(made))
        words = ["openssl", "req", "-x509", "-nodes", *key, digest, "-keyout", os.path.join(folder, "k"), "-subj", subject, "-days", days,
                 "-outform", "DER", "-out", path, *extra]
        for e in extensions:
            words += ["-addext", e]
        if run(*words).returncode == 0:
            made.append(path)

    for bits in (512, 1024, 2047, 2048, 3072):
        one(["-newkey", "rsa:%d" % bits])
    for digest in ("-md5", "-sha1", "-sha224", "-sha384", "-sha512"):
        one(["-newkey", "rsa:1024"], digest)
    one(["-newkey", "rsa:1024"], extra=["-sigopt", "rsa_padding_mode:pss"])
    one(["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:1024"])
    for line in run("openssl", "ecparam", "-list_curves").stdout.splitlines():
        curve = re.match(r"\s*(\S+?)\s*:", line)
        if curve and not curve[1].startswith("Oakley"):
            one(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + curve[1]])
    for curve in ("prime256v1", "secp384r1", "sect233k1"):
        one(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + curve, "-pkeyopt", "ec_param_enc:explicit"])
    one(["-newkey", "ed25519"])
    one(["-newkey", "ed448"])
    for bits in (1024, 2048):
        params = os.path.join(folder, "dsa%d" % bits)
        run("openssl", "dsaparam", "-out", params, str(bits))
        one(["-newkey", "dsa:" + params])
    small = ["-newkey", "rsa:1024"]
    one(small, subject="/")
    one(small, subject="/CN=a+OU=b/O=c d/emailAddress=x@y/DC=org/serialNumber=7")
    one(small, subject="/O=M\xc3\xbcnchen/CN=x", extra=["-utf8"])
    one(small, days="20000")
    one(small, extensions=["subjectAltName=DNS:*.example.org,DNS:xcap.example.org,IP:192.0.2.7,IP:2001:db8::7,email:a@b,URI:http://x"])
    one(small, extensions=["subjectAltName=DNS:*.org"])
    one(small, extensions=["keyUsage=critical,digitalSignature,keyEncipherment", "extendedKeyUsage=serverAuth,clientAuth"])
    one(small, extensions=["keyUsage=keyAgreement,decipherOnly,keyCertSign,cRLSign", "extendedKeyUsage=critical,codeSigning"])
    one(small, extensions=["basicConstraints=critical,CA:FALSE"])
    for serial in ("0x01", "0x80", "0x" + "7f" * 20, "0x" + "ff" * 20):
        one(small, extra=["-set_serial", serial])
    return made


with tempfile.TemporaryDirectory() as folder:
    paths = make(folder)
    generated = len(paths)
    corpus = os.environ.get("UTWATCH_CORPUS", "")
    if os.path.isdir(corpus) and shutil.which("tshark"):
        seen = set()
        for source in ("zeek", "ndpi"):  # each as one file: that tshark starts takes longer than that it reads them all
            here, merged = os.path.join(corpus, "real", source), os.path.join(folder, "merged")
            run("mergecap", "-a", "-w", merged, *(os.path.join(here, name) for name in sorted(os.listdir(here))[:120]))
            out = run("tshark", "-n", "-r", merged, "-Y", "tls.handshake.certificate", "-T", "fields", "-e", "tls.handshake.certificate").stdout
            seen |= set(out.replace("\n", ",").replace(":", "").split(","))
        check(len(seen) > 100, "few certificates in the corpus:", len(seen))
        for i, der in enumerate(sorted(seen - {""})[:150]):
            path = os.path.join(folder, "corpus%d.der" % i)
            open(path, "wb").write(bytes.fromhex(der))
            paths.append(path)
    for path, mine in zip(paths, ours([("xcap.example.org", p) for p in paths])):
        wanted = theirs(path)
        if wanted is None:
            continue
        check(mine["parsed"] == "1", path, "does not parse")
        for key, value in wanted.items():
            got = mine.get(key)
            if key == "serial":
                got, value = got.lstrip("0") or "0", value.lstrip("0") or "0"
            if key == "serial" and int(mine["serial"][:2] or "0", 16) & 0x80:
                continue  # negative: we print the octets, as Suricata does, openssl the magnitude
            if key == "bits" and value is None:
                continue  # openssl shows none
            check(got == value or (key == "curve" and value is None), "%s: %s is %r, openssl says %r" % (os.path.basename(path), key, got, value))
    # Host names: openssl's own check of each certificate that names others.
    named = {(mine["subject"], mine["dns"], mine["presence"]): path for path, mine in zip(paths, ours([("x", p) for p in paths[:generated]]))}
    sample = list(named.values())
    for host in HOSTS:
        flag = "-checkip" if re.match(r"[0-9.:a-f]+$", host) and (":" in host or host[0].isdigit()) else "-checkhost"
        for path, mine in zip(sample, ours([(host, p) for p in sample])):
            says = "does match" in run("openssl", "x509", "-inform", "DER", "-in", path, "-noout", flag, host).stdout
            check(says == (mine["host"] == "1"), "%s %s: we say %s, openssl %s" % (os.path.basename(path), host, mine["host"], says))
finish(least=100)
