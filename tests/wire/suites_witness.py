#!/usr/bin/env python3
"""IANA and tshark give the same names to the codes of the suite table. usage: suites_witness.py ROOT"""
import csv
import os
import re
import shutil
import subprocess
import sys

root = sys.argv[1]
with open(os.path.join(root, "monitor", "wire", "suites.csv"), newline="") as f:
    ours = {int(row[0], 16): row[1] for row in csv.reader(line for line in f if not line.startswith("#"))}
spec = os.environ.get("UTWATCH_SPEC", os.path.join(root, "..", "shared", "spec"))
iana = os.path.join(spec, "data", "tls-parameters-4.2015.csv")
if os.path.exists(iana):
    with open(iana, newline="") as f:
        for row in csv.reader(line for line in f if not line.startswith("#")):
            code = re.fullmatch(r"0x([0-9A-F]{2}),0x([0-9A-F]{2})", row[0])
            if code and re.match("(TLS|SSL)_", row[1]) and ours.get(int(code[1] + code[2], 16)) != row[1]:
                sys.exit("%s is %s in IANA's registry, and %s here" % (row[0], row[1], ours.get(int(code[1] + code[2], 16))))
if not shutil.which("tshark"):
    sys.exit(77)
theirs = {}
for line in subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True).stdout.splitlines():
    f = line.split("\t")
    if f[0] == "V" and f[1] == "tls.handshake.ciphersuite":
        theirs[int(f[2], 0)] = f[3]
SAME = [  # names that mean the same: tshark's spelling -> IANA's
    (r"^Reserved \(GREASE\).*", "GREASE"), (r"^GREASE_.*", "GREASE"), (r"^Unknown.*", ""), (r"^(TLS|SSL)_", ""),
    (r"^TLS_(GOSTR)", r"\1"), (r"OLD_SHA256$", "SHA256"), (r"CHACHA20_POLY1305_OLD", "CHACHA20_POLY1305"),
    (r"^(.*)_CCM_8_SHA256$", r"\1_CCM_8"), (r"^(.*)_CCM_SHA256$", r"\1_CCM"), (r"^(.*)_CCM_SHA384$", r"\1_CCM"),
]


def plain(name):
    for pattern, to in SAME:
        name = re.sub(pattern, to, name)
    return name.upper().replace("_WITH_", "_")


# tshark names code points that were never assigned in the TLS registry, or lacks late ones.
ACCEPTED = {
    0x001E: "SSLv3's third FORTEZZA suite shares its code with TLS_KRB5_WITH_DES_CBC_SHA (RFC 2712)",
    0x0082: "tshark has the draft's other spelling", 0x0083: "tshark has the draft's other spelling",
}
differ = sorted(c for c in ours if c in theirs and plain(ours[c]) != plain(theirs[c]) and c not in ACCEPTED)
lacking = sorted(c for c in theirs if c not in ours and theirs[c].startswith(("TLS_", "SSL_")) and c < 0x10000 and not 0xE400 <= c <= 0xE4FF)
for c in differ:
    print("0x%04x is %s here, %s for tshark" % (c, ours[c], theirs[c]))
for c in lacking:
    print("0x%04x %s is not here" % (c, theirs[c]))
print("%d suites, %d known to tshark, %d differ, %d lacking" % (len(ours), len(set(ours) & set(theirs)), len(differ), len(lacking)))
sys.exit(1 if differ or lacking or len(set(ours) & set(theirs)) < 300 else 0)
