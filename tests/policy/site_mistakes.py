#!/usr/bin/env python3
"""Configurations with a mistake each: refused, on the right line, and the message says what to write. usage: site_mistakes.py UTWATCH"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402

# the configuration, the line, and a part of the message
CASES = [
    ("scoep: {}", 1, "did you mean 'scope'"),
    ("scope:\n  srevers: [192.0.2.0/24]", 2, "did you mean 'servers'"),
    ("scope:\n  servers: [300.1.1.1]", 2, "not an address or network (192.0.2.0/24, 2001:db8::/32)"),
    ("scope:\n  clients:\n    - 10.0.0.0/8\n    - 192.0.2.1/24", 4, "the network is 192.0.2.0/24"),
    ("scope:\n  servers: 192.0.2.0/24", 2, "expected a list: [192.0.2.0/24]"),
    ("scope:\n  ports: [443, 65536]", 2, "not a port (1 to 65535)"),
    ("scope:\n  ports: [https]", 2, "not a port (1 to 65535)"),
    ("scope:\n  names: ['^xcap\\..*']", 2, "in a pattern * is any text"),
    ("scope:\n  names: ['https://xcap.example.org/']", 2, "leave out scheme, port and path, as in xcap.example.org"),
    ("scope:\n  names: [xcap.example.org, 'xcap.example.org:443']", 2, "'xcap.example.org:443' is more than a host name"),
    ("scope:\n  servers:\n    - xcap.example.org", 3, "'xcap.example.org' is a name: put it under names"),
    ("scope:\n  ports: [443-445]", 2, "'443-445' is not a port (1 to 65535): list each port separately"),
    ("scope:\n  servers: [192.0.2.1-192.0.2.9]", 2, "'192.0.2.1-192.0.2.9' is not an address or network"),
    ("outputs: { metrics: 9333 }", 1, "at an address and a port, such as 127.0.0.1:9333"),
    ("profile: [ts33141-pcr2, modern]", 1, "expected one value"),
    ("policy: { authenticates-ue: certificate }", 1, "'authenticates-ue' is gba or none"),
    ("exceptions: [{ rule: ut-7.2-only-anonymous, reason: x, until: 01.03.2099 }]", 1, "'01.03.2099' is not a date (2027-03-31)"),
    ("exceptions: { rule: ut-7.2-only-anonymous }", 1, "expected a list: - { rule: ..., reason: ..., until: 2027-03-31 }"),
    ("limits: { flows: 1e6 }", 1, "'1e6' is not a number from 64 to"),
    ("scope: 192.0.2.0/24", 1, "expected a mapping with clients, servers, ports, names"),
    ("profile: ts33141-pcr3", 1, "did you mean 'ts33141-pcr"),
    ("advise: [modern, modren]", 1, "did you mean 'modern'"),
    ("policy:\n  encryption-required: yes", 2, "'encryption-required' is true or false, not 'yes'"),
    ("policy:\n  authenticates-ue: gaa", 2, "'authenticates-ue' is gba or none, not 'gaa'"),
    ("outputs:\n  jsonn: /tmp/x", 2, "did you mean 'json'"),
    ("outputs:\n  json: ''", 2, "expected a value"),
    ("outputs:\n  json: [/tmp/x]", 2, "expected one value"),
    ("outputs:\n  syslog: siem.example:514", 2, "udp:HOST:PORT"),
    ("outputs:\n  syslog: [\"tcp:siem.example\"]", 2, "PORT"),
    ("outputs:\n  stats-interval: 60 s", 2, "a time from 1s to 366d, as 60s, 15m or 24h"),
    ("outputs:\n  stats-interval: 0", 2, "a time from 1s to 366d"),
    ("outputs:\n  peers-interval: daily", 2, "as 60s, 15m or 24h"),
    ("outputs:\n  json-limit: 1000/m", 2, "(1000/s) nor none"),
    ("outputs:\n  syslog-size: 100", 2, "a number from 480 to"),
    ("outputs:\n  enterprise-number: utwatch", 2, "a number from 1 to"),
    ("outputs:\n  spool: { path: /tmp/spool, size: 10KiB }", 2, "1MiB or more, such as 256MiB"),
    ("outputs:\n  spool: /tmp/spool", 2, "expected a mapping with path, size"),
    ("limits:\n  memory: 1GB!", 2, "512MiB, 1GiB"),
    ("limits:\n  flows: 5", 2, "a number from 64 to 16777216"),
    ("limits:\n  loss-limit: 200%", 2, "a percentage from 0% to 100%"),
    ("limits:\n  session-retention: 30m", 2, "a time from 1h to 366d"),
    ("limits: { memory: 64MiB }", 1, "raise memory, or lower"),
    ("scope: { ports: [443] }\nlimits:\n  flows: 4096\n  memory: 64MiB", 4, "raise memory, or lower"),
    ("limits:\n  flows: 1d", 2, "a number from 64 to 16777216"),
    ("limits:\n  loss-limit: 5", 2, "a percentage from 0% to 100%"),
    ("scope:\n  servers: []", 2, "an empty list: leave 'servers' out, or write [192.0.2.0/24]"),
    ("scope: { ports: [443], names: [] }", 1, "an empty list: leave 'names' out"),
    ("scope:\n  ports: [1m]", 2, "not a port (1 to 65535)"),
    ("tunnels: { ends: [] }", 1, "an empty list: leave 'ends' out"),
    ("privacy: none", 1, "'privacy' is hashed or clear, not 'none'"),
    ("tunnels:\n  ends: [198.51.100.300]", 2, "not an address or network"),
    ("tunnels:\n  ports: { vxlan: [0] }", 2, "'0' is not a port (1 to 65535)"),
    ("tunnels:\n  ports:\n    vxlan: [4788]\n    geneve: [4788]", 4, "port 4788 is listed twice"),
    ("tunnels:\n  ports: { vxlam: [4788] }", 2, "vxlam"),
    ("sessions:\n  scope: client", 2, "server or all, not 'client'"),
    ("sessions:\n  farms:\n    - [192.0.2.80]", 3, "not a server (192.0.2.80:443)"),
    ("sessions:\n  farms:\n    - [192.0.2.80:443]", 3, "a farm of one server"),
    ("outputs:\n  ue: 1", 2, "unknown key 'ue'; the keys here are json, syslog, spool, tls,"),
    ("workers: 2", 1, "unknown key 'workers'; the keys here are profile, advise, scope,"),
    ("scope:\n  # caf\udce9\n  ports: [443]", 2, "write the file in UTF-8"),
    ("sessions:\n  farms: [192.0.2.80:443]", 2, "a farm is a list of servers"),
    ("sessions:\n  shared: rediss://cache.example", 2, "'shared' is redis://"),
    ("exceptions:\n  - { rule: ut-7.1-session-lifetime, reason: r, until: 31.12.2099 }", 2, "not a date (2027-03-31)"),
    ("exceptions:\n  - { rule: ut-7.1-session-lifetime, reason: r, until: 2099-02-30 }", 2, "not a date (2027-03-31)"),
    ("exceptions:\n  - { rule: ut-7.1-session-lifetime, reason: r, until: 1013-02-05 }", 2, "not a date (2027-03-31)"),
    ("exceptions:\n  - { rule: ut-7.1-session-lifetime, reason: r, until: 9999-02-05 }", 2, "not a date (2027-03-31)"),
    ("exceptions:\n  - { rule: ut-7.1-session-lifetime, until: 2099-01-01 }", 2, "'reason' is missing"),
    ("exceptions:\n  - { rule: ut-*, reason: r, until: 2099-01-01, server: 192.0.2.80:443 }", 2, "write server: 192.0.2.80, port: 443"),
    ("exceptions: { rule: ut-* }", 1, "expected a list: - { rule: ..., reason: ..., until: 2027-03-31 }"),
    ("limits: { flows: 1000 }\nlimits: { sessions: 1000 }", 2, "duplicate key 'limits' (first on line 1)"),
    ("scope: &a {}", 1, "write the value out"),
    ("scope: [", 2, "not YAML"),
    ("- scope", 1, "expected a mapping with profile, advise, scope"),
    ("scope:\n\tports: [443]", 2, "indent with spaces"),
    ("scope:\n  servers: [\u201c192.0.2.1\u201d]", 2, "typographic quotes"),
    ("scope:\n  names: [\u201cxcap.example.org\u201d]", 2, "typographic quotes"),
    ("scope:\n  names: [*.example.org]", 2, "begins with * or & in quotes"),
    ("scope:\n  names: [xcap.example.org.]", 2, "without a dot at the end"),
    ("scope:\n  ports:[443]", 2, "put a space behind the ':' of a key"),
    ("scope:\n  servers: [192.0.2.80:443]", 2, "put that under ports"),
    ("scope:\n    ports: [443]\n  names: [a]", 3, "indent it like the lines that it belongs with"),
    ("sessions:\n  farms: [[192.0.2.80:443, 192.0.2.80:443]]", 2, "is listed twice in this farm"),
    ("outputs:\n  tls: { key: /tmp }", 2, "'certificate' is missing"),
    ("profile: modern.yaml", 1, "no such file (did you mean 'modern'?)"),
    ("scope: {}\nadvise: [nothing/here.yaml]", 2, "no such file"),
]

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "site.yaml")
    for text, line, remedy in CASES:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(text + "\n")
        p = subprocess.run([sys.argv[1], "-T", "-c", path], capture_output=True, text=True, timeout=20)
        told = [t for t in p.stderr.splitlines() if t.startswith("%s:%d:" % (path, line)) and remedy in t]
        check(p.returncode == 2 and told, text.replace("\n", " / "), p.returncode, p.stderr.replace(path, "site.yaml")[:300])
        check(len(p.stderr.splitlines()) == 1 or "memory" in text or "scope: [" in text, "more than one message", text, p.stderr)
    # What a run would miss: a warning each, since it may be there by then.
    for text, line, named in (("outputs:\n  json: %s/gone/eve.json" % folder, 2, folder + "/gone/eve.json"),
                              ("outputs:\n  tls: { ca: %s/ca.pem }" % folder, 2, folder + "/ca.pem"),
                              ("outputs:\n  tls:\n    certificate: %s/c.pem\n    key: %s" % (folder, path), 3, folder + "/c.pem"),
                              ("sessions:\n  state: %s/gone/state" % folder, 2, folder + "/gone/state"),
                              ("sessions:\n  state: %s" % folder, 2, folder + "': this is a folder"),
                              ("exceptions:\n  - { rule: 33141721, reason: r, until: 2099-01-01 }", 2, None)):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + "\n")
        p = subprocess.run([sys.argv[1], "-T", "-c", path], capture_output=True, text=True, timeout=20)
        told = p.stderr.splitlines()
        wanted = "'%s" % named if named else "no rule '33141721' in profile ts33141-pcr2 (did you mean 'ut-7.2-only-anonymous'?)"
        check(p.returncode == 0 and len(told) == 1 and told[0].startswith("%s:%d: warning: %s" % (path, line, wanted)), text, p.returncode, p.stderr)
    for option, name in (("--evidence", folder + "/gone/evidence/"), ("--json", folder + "/gone/x.json")):
        p = subprocess.run([sys.argv[1], "-T", option, name], capture_output=True, text=True, timeout=20)
        check(p.returncode == 0 and "warning: %s '%s'" % (option, name) in p.stderr, option, p.returncode, p.stderr)
    with open(path, "w", encoding="utf-8") as f:
        f.write("outputs: { json: %s/eve.json, tls: { ca: %s } }\n" % (folder, path))
    p = subprocess.run([sys.argv[1], "-T", "-c", path, "--evidence", folder + "/new", "--json", "-"], capture_output=True, text=True, timeout=20)
    check(p.returncode == 0 and not p.stderr, "all is there", p.stderr)
finish()
