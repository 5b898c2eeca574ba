#!/usr/bin/env python3
"""Captures that others made, with ground truth: every field agrees, but for those named here with the reason; nothing is missing, invented
or crashes; every event keeps the schema. usage: truth.py UTWATCH       UTWATCH_CORPUS names the corpus; skipped without it"""
import os
import re
import subprocess
import sys

from run_utwatch import ROOT, SKIP, events
from check_schema import built_with
from checks import check, finish

# The suites are said to have 134 bytes where the hello ends after 133; tshark: "Vector length 134 is too large, truncating it to 133".
# By RFC 5246 4.3 a vector whose length is not that of its contents is no vector, so where its end, and all behind it, would be
# is not known. The truth has what tshark's tree is left with: empty lists. Nothing of such a hello is told but that it came.
LYING_HELLO = "real/ndpi/tls_cipher_lens.pcap 192.168.11.11:51590>173.194.35.191:443"
# An identity of 15 characters ("Client_identity", what OpenSSL calls a key of its command line) with an obfuscated_ticket_age of 0, which
# RFC 8446 4.2.11 has clients send with keys that were established outside TLS. With these nothing is resumed; a ticket whose age
# is masked to 0 is possible as well, and one hello cannot tell. tshark and Zeek take pre_shared_key in the ServerHello for a resumption.
EXTERNAL_KEY = "real/zeek/tls13_psk_succesfull.pcap 192.168.178.80:54220>174.138.9.219:443"
SETTLED = {
    *("%s client_hello.%s" % (LYING_HELLO, f) for f in ("format", "version", "suites", "extensions", "ticket", "session_id_len")),
    EXTERNAL_KEY + " resumed", EXTERNAL_KEY + " session.method",
}

corpus = os.environ.get("UTWATCH_CORPUS", os.path.join(ROOT, "..", "shared", "corpus"))
compare = os.path.join(corpus, "..", "tools", "compare_truth.py")
if not os.path.isdir(corpus) or not os.path.exists(compare):
    print("no corpus at", corpus)
    sys.exit(SKIP)
p = subprocess.run([sys.executable, compare, corpus, sys.argv[1], "-q", "--json", "-"], capture_output=True, text=True)
lines = p.stdout.splitlines()
differ = {" ".join(line.split()[1:4]): line for line in lines if line.startswith("DIFFERS")}
for at in sorted(differ.keys() | SETTLED):
    check((at in differ) == (at in SETTLED), differ.get(at, at + " agrees, and is named as a field that does not"))
for line in lines:
    check(not re.match("MISSING|EXTRA|CRASH|TIMEOUT|NOT JSON", line), line)
print(lines[-1])
check(int(lines[-1].split()[0]) >= 5000, "too little was compared")

schema = built_with(sys.argv[1])
lines = []
for folder, _, files in sorted(os.walk(os.path.join(corpus, "real"))):
    for name in sorted(files):
        lines.append(events(sys.argv[1], "-r", os.path.join(folder, name))[1].stdout)
p = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "report", "check_schema.py"), schema], input=b"".join(lines), capture_output=True)
print("schema:", p.stdout.decode()[-500:], p.stderr.decode()[-500:])
check(p.returncode in (0, SKIP), "events against the schema")
finish()
