#!/usr/bin/env python3
"""What an operator, an auditor or the other pseudo-CR changes: events that flip between the two texts, site policy, scope, exceptions, advice,
--fail-on, privacy, and names from the wire that try to break the report. usage: policy.py UTWATCH"""
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

import expected  # noqa: F401 - finds the witness
import witness
from run_utwatch import PCAPS, events, of_type, rule_counts, utwatch
from checks import check, finish
import capturelib

BINARY = sys.argv[1]


def path_of(name):
    return os.path.join(PCAPS, name + ".pcap")


def verdict(rule, capture, *words):
    evs, p = events(BINARY, *words, "-r", path_of(capture))
    counts = rule_counts(evs).get(rule)
    if counts is None:
        return None
    return next((v for v in ("fail", "not_observable", "pass", "not_applicable") if counts.get(v)), "nothing")


# In the second, a weak selection breaks nothing: the UE showed that it can do better, of the server it is not known.
# Every difference between the pseudo-CRs that changes a verdict (requirements.md, section 6: numbers 8, 10, 14, 18).
FLIPS = [
    (8, "openssl-tls12-client-certificate-sent", "ut-5.1.1-auth-http-based", "fail", None),
    (10, "openssl-tls12-null", "ut-5.1.2-effective-key-128", "fail", None),
    (10, "jsse-tls10-des-selected", "ut-5.1.2-effective-key-128", "fail", None),
    (10, "openssl-tls12-null", "ut-5.1.2-possible-128", None, "not_observable"),
    (10, "jsse-tls10-des-selected", "ut-5.1.2-possible-128", None, "not_observable"),
    (10, "openssl-tls12-only-null-accepted", "ut-5.1.2-possible-128", None, "fail"),
    (14, "openssl-tls12-client-certificate-required", "ut-6.1.1-no-required-ue-cert", "fail", None),
    (18, "jsse-tls10-rc4-refused-3des-accepted", "ut-6.2-server-rc4", None, "fail"),
    (17, "jsse-tls10-3des-refused-aes-accepted", "ut-6.2-server-3des", "fail", "fail"),
]
for number, capture, rule, first, second in FLIPS:
    got = verdict(rule, capture, "-p", "ts33141-pcr1"), verdict(rule, capture, "-p", "ts33141-pcr2")
    check(got == (first, second), "difference %d, %s, %s: %s, expected %s" % (number, capture, rule, got, (first, second)))

with tempfile.TemporaryDirectory() as folder:
    site = os.path.join(folder, "site.yaml")

    def with_site(text, *words):
        with open(site, "w") as f:
            f.write(text)
        return utwatch(BINARY, "-c", site, *words)

    def alerts(text, capture, *words):
        with open(site, "w") as f:
            f.write(text)
        evs, p = events(BINARY, "-c", site, *words, "-r", path_of(capture))
        return {e["utwatch"]["rule"] for e in of_type(evs, "alert") if not {"advice", "excepted"} & e["utwatch"].keys()}, p.returncode, evs

    # The operator's policy.
    required = "policy: { encryption-required: true, authenticates-ue: gba }\n"
    rules, _, _ = alerts(required, "openssl-tls12-null")
    check("ut-6.2-null-encryption-used" in rules, "encryption-required: %s" % rules)
    # 7.2 (4) is told once: of NULL encryption by the rule about it.
    for capture, told in (("openssl-tls12-only-null-accepted", {"ut-6.2-null-encryption-used"}),
                          ("gnutls-tls12-only-null-accepted", {"ut-6.2-null-encryption-used"}),
                          ("openssl-tls12-aecdh-null", {"ut-6.2-null-encryption-used"}),
                          ("jsse-tls10-with-des-cbc-sha", {"ut-7.2-policy-128"}), ("openssl-tls12-only-null-refused", set())):
        rules, _, evs = alerts(required, capture)
        check(rules & {"ut-6.2-null-encryption-used", "ut-7.2-policy-128"} == told, "7.2 (4) of", capture, rules)
        clauses = [e["utwatch"]["note"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "ut-6.2-null-encryption-used"]
        check(all(c.startswith("By 7.2 (4)") for c in clauses), "7.2 (4) of", capture, clauses)
    rules, _, _ = alerts(required, "openssl-tls12-client-certificate-required")
    check("ut-6.1.3-server-continues" in rules, "authenticates-ue: %s" % rules)
    # Scope.
    for text, inside in (("scope: { servers: [192.0.2.0/24] }", True), ("scope: { servers: [198.51.100.0/24] }", False),
                         ("scope: { ports: [443] }", True), ("scope: { ports: [8443, 80] }", False),
                         ("scope: { names: ['xcap.*.3gppnetwork.org'] }", True), ("scope: { names: ['*.example.org'] }", False),
                         ("scope: { servers: ['2001:db8::/32'] }", False), ("scope: { servers: [192.0.2.80/31], ports: [443] }", True)):
        _, _, evs = alerts(text, "jsse-tls10-anon-only-accepted")
        stats = of_type(evs, "stats")[0]["utwatch"]
        check((stats["handshakes"]["total"] == 1) == inside and (stats["out_of_scope"] == 0) == inside,
              "%s: %s" % (text, stats["handshakes"]["total"]))
    # Clients that are no UEs, such as health checks.
    for text, inside in (("scope: { clients: [192.0.2.0/28] }", True), ("scope: { clients: [10.0.0.0/8] }", False),
                         ("scope: { clients: [192.0.2.10, 10.0.0.0/8], ports: [443] }", True)):
        found, status, evs = alerts(text, "jsse-tls10-anon-only-accepted")
        check(bool(found) == inside and (status == 1) == inside, text, found, status)
        check(of_type(evs, "stats")[0]["utwatch"]["out_of_scope"] == (not inside), text, "out of scope")
    # What is outside the scope is told with the key that leaves it out, and how it comes in. tshark knows the port.
    scoped = path_of("jsse-tls10-anon-only-accepted")
    p = subprocess.run([*witness.TSHARK, "-r", scoped, "-Y", "tls.handshake.type == 1", "-T", "fields", "-e", "tcp.dstport"],
                       capture_output=True, text=True)
    port = p.stdout.split()[0]
    for key, value in (("servers", "198.51.100.0/24"), ("clients", "198.51.100.0/24"), ("ports", "8443"), ("names", "'*.example.org'")):
        _, status, evs = alerts("scope: { %s: [%s] }" % (key, value), "jsse-tls10-anon-only-accepted")
        left_out = of_type(evs, "stats")[0]["utwatch"]["scope"]
        check(left_out == {k: int(k == key) for k in ("clients", "servers", "ports", "names")} and status == 4, key, left_out, status)
        text = " ".join(with_site("scope: { %s: [%s] }" % (key, value), "-r", scoped).stdout.decode().split())
        told = "(by %s: 1%s; what is Ut has to be added there)" % (key, ", on port " + port if key == "ports" else "")
        check(told in text, text, told)
    found, status, _ = alerts("scope: { ports: [8443, %s] }" % port, "jsse-tls10-anon-only-accepted")
    check(found and status == 1, "added, it is judged:", found, status)
    # The profiles may stand in the file; the command line has the last word.
    rules, _, _ = alerts("profile: ts33141-pcr1\n", "openssl-tls12-client-certificate-required")
    check("ut-6.1.1-no-required-ue-cert" in rules, "profile of the site: %s" % rules)
    rules, _, _ = alerts("profile: ts33141-pcr1\n", "openssl-tls12-client-certificate-required", "-p", "ts33141-pcr2")
    check("ut-6.1.1-no-required-ue-cert" not in rules, "-p over the site's profile: %s" % rules)
    for text in ("advise: [modern]\n", "advise: modern\n"):
        _, _, evs = alerts(text, "jsse-tls10-wapcert")
        check(any("advice" in e["utwatch"] for e in of_type(evs, "alert")), text, "has no advice")
    # Several profiles give advice: together what each gives alone, each by its own parameters, shown by its name.
    capture, both = path_of("jsse-tls10-3des"), ["--advise", "modern", "--advise", "ls-advice"]

    def advised(*words):
        found, p = events(BINARY, *words, "-r", capture)
        return sorted((e["utwatch"]["profile"], e["utwatch"]["rule"], e["utwatch"].get("observed")) for e in of_type(found, "alert")
                      if e["utwatch"].get("advice")), p.returncode
    alone = [advised("--advise", name) for name in ("modern", "ls-advice", "wap-219")]
    check(all(found for found, _ in alone), "each gives advice", alone)
    check(advised(*both, "--advise", "wap-219") == (sorted(sum((found for found, _ in alone), [])), alone[0][1]), "together", advised(*both))
    with open(site, "w") as f:
        f.write("advise: [modern, ls-advice]\n")
    check(advised("-c", site) == advised(*both) and advised("-c", site, "--advise", "modern") == alone[0], "a list in the configuration")
    report = utwatch(BINARY, *both, "-r", capture).stdout.decode()
    check("Advice by modern, ls-advice" in report and "(ls-advice), " in report, report)
    report = utwatch(BINARY, *both, "-q", "--report", "html", "-r", capture).stdout.decode()
    check("Advice by modern, ls-advice" in report and report.count("<dt>Advice</dt>") == 2, "the page")
    check(len(re.findall(r"^\S+: \d+ rules, no mistake \(advice\)$", utwatch(BINARY, "-T", *both).stdout.decode(), re.M)) == 2, "-T")
    p = with_site("outputs: { metrics: '127.0.0.1:9333' }\ntunnels: { ends: [198.51.100.0/24] }\n", "-T")
    check(p.returncode == 0 and b"warning" not in p.stderr, p.stderr)
    p = with_site("outputs: { syslog: ['udp:192.0.2.1:514', 'tcp:192.0.2.1:514', 'udp:192.0.2.1:514'] }\n", "-T")
    check(p.returncode == 2 and b":1:63: 'udp:192.0.2.1:514': this receiver is named twice" in p.stderr, p.stderr)
    p = with_site("outputs: { metrics: '[::1]:70000' }\n", "-T")
    check(p.returncode == 2 and b":1:21: '[::1]:70000': a port is a number from 1 to 65535" in p.stderr, p.stderr)
    p = with_site("tunnels: { ends: [198.51.100.7/24], depth: 1 }\n", "-T")
    check(p.returncode == 2 and b":1:19: '198.51.100.7/24'" in p.stderr and b"'depth'" in p.stderr, p.stderr)
    for text, words in (("scope: { servers: [192.0.2.1/24] }", b":1:20: '192.0.2.1/24' is an address within a network; the network is 192.0.2.0/24"),
                        ("scope: { clients: ['2001:db8::5/32'] }", b"the network is 2001:db8::/32"),
                        ("profile: nonesuch", b"no such profile"), ("advise: [modern, modern]", b":1:18: 'modern' already gives advice")):
        p = with_site(text, "-T")
        check(p.returncode == 2 and words in p.stderr, text, p.stderr)
    past = "exceptions: [{ rule: ut-7.1-*, reason: r, until: 2020-01-31 }]"
    check(b"expired on 2020-01-31" in with_site(past, "-T").stderr, "an exception past its day")
    check(b"ended on" not in with_site(past.replace("2020", "2099"), "-T").stderr, "an exception that holds")
    for twice in (["-p", "modern", "-p", "modern"], ["--advise", "modern", "--advise", "modern"], ["-c", site, "-c", site]):
        check(utwatch(BINARY, "-T", *twice).returncode == 2, twice, "is accepted")
    _, _, evs = alerts("scope: { ports: [80] }", "nginx-curl-plain")
    check([e["app_proto"] for e in of_type(evs, "flow")] == ["http"], "plain HTTP in scope has its flow event")
    # HTTP in clear is in scope by its Host, and HTTP under NULL encryption by its server.
    plain = capturelib.build([(0, b"GET /x HTTP/1.1\r\nHost: xcap.ims.mnc001.mcc001.pub.3gppnetwork.org:80\r\n\r\n"),
                              (1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")],
                             server=("192.0.2.80", 80), time=1795471000 * 10**9)
    capture = os.path.join(folder, "plain.pcap")
    capturelib.write_frames(capture, plain)
    for text, inside in (("scope: { names: ['xcap.*.3gppnetwork.org'] }", True), ("scope: { names: ['*.example.org'] }", False),
                         ("scope: { servers: [192.0.2.80], names: ['*.example.org'] }", False), ("scope: { servers: [192.0.2.80] }", True)):
        with_site(text, "-T")
        evs, _ = events(BINARY, "-c", site, "-r", capture)
        check(bool(of_type(evs, "alert")) == inside, "%s and HTTP in clear: %s" % (text, of_type(evs, "alert")))
    rules, _, _ = alerts("scope: { servers: [198.51.100.0/24] }", "openssl-tls12-null")
    check(not rules, "HTTP under NULL encryption out of scope: %s" % rules)
    # An exception that can have no effect is warned of.
    p = with_site("exceptions: [ { rule: wapcert-6.4.2-serial-lengths, reason: r, until: 2099-01-01 } ]\n", "-T", "--advise", "modern")
    check(p.returncode == 0 and p.stderr.decode().count("warning: no rule 'wapcert-6.4.2-serial-lengths'") == 1
          and "'wapcert-6.4.2-serial-length'" in p.stderr.decode(),
          p.stderr.decode())
    # Exceptions: excepted, not passed, and only until their day, at their server.
    rule = "wapcert-6.4.3-signature-algorithm"
    for text, excepted in (("{ rule: %s, reason: r, until: 2099-01-01 }" % rule, True), ("{ rule: 'wapcert-*', reason: r, until: 2099-01-01 }", True),
                           ("{ rule: %s, reason: r, until: 2001-01-01 }" % rule, False),
                           ("{ rule: %s, server: 192.0.2.80, reason: r, until: 2099-01-01 }" % rule, True),
                           ("{ rule: %s, server: 192.0.2.81, reason: r, until: 2099-01-01 }" % rule, False),
                           ("{ rule: %s, port: 8443, reason: r, until: 2099-01-01 }" % rule, False)):
        rules, status, evs = alerts("exceptions: [ %s ]\n" % text, "jsse-tls10-3des", "--strict")
        counts = rule_counts(evs)[rule]
        check((rule not in rules, status == 0, counts.get("excepted") == 1, counts["fail"] == 0) == (excepted,) * 4 and counts["pass"] == 0,
              "%s: %s %s" % (text, status, counts))
        report = with_site("exceptions: [ %s ]\n" % text, "-r", path_of("jsse-tls10-3des")).stdout.decode()
        check(("xcepted by the" in report) == excepted and "compliant" not in report, "the report on %s" % text)
    # Advice changes no status.
    evs, p = events(BINARY, "--advise", "modern", "-r", path_of("jsse-tls10-wapcert"))
    advice = {e["utwatch"]["rule"] for e in of_type(evs, "alert") if e["utwatch"].get("advice")}
    check(p.returncode == 0 and "m-version-tls12" in advice, "advice: %s, status %d" % (advice, p.returncode))
    # --fail-on.
    for level, status in (("info", 1), ("low", 1), ("medium", 0), ("high", 0)):
        p = utwatch(BINARY, "-q", "--strict", "--fail-on", level, "-r", path_of("jsse-tls10-3des"))
        check(p.returncode == status, "--fail-on %s: %d" % (level, p.returncode))
    # Privacy.
    for text, clear in (("privacy: hashed", False), ("privacy: clear", True)):
        _, _, evs = alerts(text, "gen-plain-foreign-document")
        found = "other@example.org" in json.dumps(evs)
        check(found == clear, "%s shows identities: %s" % (text, found))
    # Mistakes of the configuration are all told.
    p = with_site("scope: { servers: [300.1.1.1], prots: [443] }\npolicy: { encryption-required: maybe }\nexceptions: [ { rule: x } ]\n"
                  "limits: { memory: 1KiB, flows: 5 }\n"
                  "privacy: none\n", "-T")
    lines = sorted({int(n) for n in re.findall(r"^%s:(\d+):" % re.escape(site), p.stderr.decode(), re.M)})
    check(p.returncode == 2 and lines == [1, 2, 3, 4, 5], "mistakes told on lines %s: %s" % (lines, p.stderr.decode()))
    # Names that try to break out.
    hostile = [b"\"><script>alert(1)</script>", b"</td></table>", b"a\x00b\x1b[31m", b"\xff\xfe\xc0\x80", b"' onload='x", b"&lt;&amp;",
               "\u202eevil".encode(), b"{{x}}\r\n\r\n"]
    from messages import client_hello, alert  # noqa: E402
    frames = []
    for i, name in enumerate(hostile):
        sni = (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name
        hello = client_hello([0x0017, 0x0018], more=[(0, sni)])
        frames += capturelib.build([(0, hello), (1, alert(2, 40))], client=("192.0.2.10", 41000 + i), time=1795470000 * 10**9 + i * 10**9)
        line = name.replace(b"\r\n", b"")
        request = b"GET /simservs.ngn.etsi.org/users/" + line.replace(b" ", b"") + b"/x HTTP/1.1\r\nHost: " + line + b"\r\n\r\n"
        frames += capturelib.build([(0, request), (1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], client=("192.0.2.10", 42000 + i),
                                   server=("192.0.2.80", 80), time=1795471000 * 10**9 + i * 10**9)
    capture = os.path.join(folder, "hostile<b>&\".pcap")
    capturelib.write_frames(capture, frames)
    page = os.path.join(folder, "page.html")
    p = utwatch(BINARY, "--report", "html:" + page, "-r", capture)
    check(p.returncode == 1, "hostile names: status %d" % p.returncode)
    check(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", p.stdout), "a control byte in the text")
    with open(page, "rb") as f:
        content = f.read()
    check(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", content) and content.decode("utf-8"), "a control byte in the page")

    class Tags(html.parser.HTMLParser):
        seen = set()

        def handle_starttag(self, tag, attrs):
            self.seen.add(tag)
            self.seen.update("@" + a for a, _ in attrs if a.startswith("on"))

    tags = Tags()
    tags.feed(content.decode("utf-8"))
    check(not {"script", "img"} & tags.seen and b"hostile<b>" not in content and not [t for t in tags.seen if t.startswith("@")],
          "hostile names became markup: %s" % tags.seen)
    p = utwatch(BINARY, "-q", "--json", "-", "-r", capture)
    for line in p.stdout.splitlines():
        json.loads(line.decode("utf-8"))
    check(len(p.stdout.splitlines()) > 16, "events of the hostile capture")
    # Whatever the number of findings, the page stays small.
    frames = []
    for i in range(52000):
        frames += capturelib.build([(0, client_hello([0x0000, 0x0001])), (1, alert(2, 40))], client=("10.%d.%d.7" % (i >> 8, i & 255), 40000),
                                   server=("10.250.%d.1" % (i % 250), 443), time=1795470000 * 10**9 + i * 10**7, step=100)
    capturelib.write_frames(capture, frames)
    p = utwatch(BINARY, "-q", "--report", "html:" + page, "-p", "ts33141-pcr1", "--json", os.path.join(folder, "e.json"), "-r", capture)
    with open(os.path.join(folder, "e.json")) as f:
        findings = sum('"event_type":"alert"' in line.replace(" ", "") for line in f)
    check(findings >= 100000 and os.path.getsize(page) < 2 << 20, "%d findings, a page of %d bytes" % (findings, os.path.getsize(page)))
finish()
