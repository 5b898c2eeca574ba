#!/usr/bin/env python3
"""The text report is short, and its filters select in Wireshark's engine what they name: the frame, and the connection it is of. tshark is the
witness. usage: short_report.py UTWATCH [CAPTURE ...]"""
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import expected  # noqa: F401 - finds the witness
import witness
from run_utwatch import PCAPS, events, manifest, of_type, utwatch
from checks import check, finish
from made_sessions import CLIENT, SERVER, connection
import capturelib
import messages as m

BINARY, *NAMES = sys.argv[1:]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
FILTER = re.compile(r"(?:frame\.number == (\d+)|tcp\.stream eq (\d+), frame (\d+))\s+in\s+(\S+)")


def report(*words):
    p = utwatch(BINARY, *words)
    return p.stdout.decode(), p.returncode


def streams_of(path):
    """{frame: its TCP streams} by tshark."""
    p = subprocess.run([*witness.TSHARK, "-r", path, "-T", "fields", "-e", "frame.number", "-e", "tcp.stream"], capture_output=True, text=True)
    rows = (line.split("\t") for line in p.stdout.splitlines())
    return {int(frame): streams.split(",") for frame, streams in rows}


lengths, filters, certain = [], 0, 0
for entry in manifest(NAMES):
    path = os.path.join(PCAPS, entry["file"])
    text, status = report("-r", path)
    lines = text.splitlines()
    lengths.append(len(lines))
    check(max(map(len, lines)) <= 80 or len(entry["file"]) > 60, path, "has a line of more than 80 columns")
    check(" ".join(text.split()).startswith(entry["file"] + ", judged by ts33141-pcr2 (draft)."), path, lines[0])
    check(status == 4 or "Exit status %d:" % status in text, path, "does not tell its exit status", status)
    found = FILTER.findall(text)
    streams = streams_of(path) if found else {}
    for number, stream, frame, name in found:
        at = int(number or frame)
        filters += 1
        certain += bool(stream)
        check(name == entry["file"] and at in streams, path, "frame", at, "is not in the file", name)
        check(not stream or streams.get(at) == [stream], path, "frame", at, "is of stream", streams.get(at), "not", stream)
check(statistics.median(lengths) <= 25, "half of the reports have more than", statistics.median(lengths), "lines")
check(NAMES or (filters > 50 and certain > 20), filters, "filters,", certain, "of them by stream")


def servers_behind_a_proxy():
    """Who is asked for by CONNECT (RFC 9110 9.3.6) is the server, and the proxy's address is that of many."""
    frames = []
    for i, name in enumerate((b"a.example.org", b"b.example.org", b"a.example.org")):
        frames += connection((CLIENT, b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" % (name, name)), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"),
                             (CLIENT, m.client_hello([0x0018])), (SERVER, m.server_hello(0x0018, random=bytes([i]) * 32) + m.done()),
                             (CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished()),
                             at=60 * 10**9 * i, client=("192.0.2.10", 40000 + i), server=("192.0.2.1", 3128))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "proxy.pcap")
        capturelib.write_frames(path, frames)
        text = " ".join(report("-r", path)[0].split()).split("ut-6.1.2-server-certificate")[1].split("HIGH")[0]
    check("(by CONNECT: a.example.org), 2 times" in text and "(by CONNECT: b.example.org): frame" in text, text)


def first_screens():
    """What others recorded: the ten largest captures with handshakes. The first 24 lines say whether it is bad, what is worst, who did it and
    where, as the events of the same run have it."""
    paths = [os.path.join(folder, n) for folder, _, files in os.walk(os.environ.get("UTWATCH_CORPUS", "")) for n in files if ".pcap" in n]
    sizes, shown = [], 0
    for path in sorted(paths, key=os.path.getsize, reverse=True):
        text, status = report("-r", path)
        if not re.search(r"\b[1-9][\d,]* handshakes?\b", text):
            continue
        sizes.append(len(text.splitlines()))
        shown += 1
        if shown > 10:
            continue
        screen = "\n".join(text.splitlines()[:24])
        flat = " ".join(screen.split())
        alerts = [e for e in of_type(events(BINARY, "-r", path)[0], "alert") if "superseded" not in e["alert"].get("metadata", {})]
        check((status == 1) == bool(alerts), path, "status", status, len(alerts), "alerts")
        if not alerts:
            check("No violation seen in" in flat, path, screen)
            continue
        worst = min(e["alert"]["severity"] for e in alerts)
        word = {1: "HIGH", 2: "MEDIUM", 3: "LOW", 4: "INFO"}[worst]
        titles = {e["alert"]["signature"] for e in alerts if e["alert"]["severity"] == worst}
        check("%d violation" % len(alerts) in flat and any("%s %s" % (word, title) in flat for title in titles), path, "what is worst?", screen)
        who = r"- (UE|server) [0-9a-f.:\[\]]+(, [\d,]+ times, first)?(: frame\.number == \d+ in|, last seen)"
        check(re.search(who, flat), path, "who did it, and where?", screen)
    check(not paths or statistics.median(sizes) <= 25, "half of the reports of the corpus have more than", statistics.median(sizes or [0]), "lines")


def severities():
    """Breaches of one rule may be of several severities: the report counts them apart, and shows one of the gravest. CSV has each by itself."""
    with tempfile.TemporaryDirectory() as folder:
        sheet, page = os.path.join(folder, "a.csv"), os.path.join(folder, "a.html")
        utwatch(BINARY, "-q", "--report", "csv:" + sheet, "--report", "html:" + page, "-r", PCAPS)
        with open(sheet, newline="", encoding="utf-8") as f:
            rows = [r for r in csv.DictReader(f) if r["status"] == "violation"]
        with open(page, encoding="utf-8") as f:
            sections = re.findall(r"<section class=\"violated\".*?</section>", f.read(), re.S)
    flat = " ".join(report("-r", PCAPS)[0].split())
    mixed = 0
    for rule in {r["rule"] for r in rows}:
        found = {word: [r for r in rows if (r["rule"], r["severity"]) == (rule, word)] for word in ("high", "medium", "low", "info")}
        parts = ["%d %s" % (len(of), word) for word, of in found.items() if of]
        gravest = next(of for of in found.values() if of)
        section = next(s for s in sections if "<code>%s</code></a></h3>" % rule in s)
        word = gravest[0]["severity"]
        check("<dt>Severity</dt><dd>%s</dd>" % word in section, "the page shows no finding of", rule, "that is", word)
        if len(parts) < 2:
            continue
        mixed += 1
        told = "%s times? \\(%s\\)" % (len([r for r in rows if r["rule"] == rule]), ", ".join(parts))
        block = re.search(r"\b%s, (?:(?! (?:HIGH|MEDIUM|LOW|INFO) ).)*" % re.escape(rule), flat)[0]
        check(re.search(told, block) and re.search(told.split("times? ")[1], section), rule, "is not told as", told, block)
        shown = re.search(r"the first (\w+) one: frame\.number == (\d+) in (\S+)", block)
        if shown:
            check(shown[1] == gravest[0]["severity"] and any(r["frame"] == shown[2] and r["capture"].endswith("/" + shown[3]) for r in gravest),
                  rule, "shows", shown[0])
    check(mixed > 1, "too few rules of several severities:", mixed)


def loss_is_told():
    """Exit status 4 is explained where the verdict stands, in text and page: how many handshakes were damaged, of how many, and what the limit is.
    The events say which are."""
    damage = {"gap", "truncated", "evicted", "overlap"}
    with tempfile.TemporaryDirectory() as folder:
        config, page, lacking = (os.path.join(folder, n) for n in ("site.yaml", "page.html", "lacking.pcap"))
        whole = os.path.join(PCAPS, "openssl-tls12-client-certificate-sent.pcap")
        p = subprocess.run([*witness.TSHARK, "-r", whole, "-Y", "tls.handshake.type == 11", "-T", "fields", "-e", "frame.number"],
                           capture_output=True, text=True)
        subprocess.run(["editcap", whole, lacking, p.stdout.split()[0]], check=True)
        for path in (lacking, whole, os.path.join(PCAPS, "gen-tcp-syn-answered-by-two.pcap"), FAILS):
            name = os.path.basename(path)
            shown, status = report("-r", path, "--report", "text", "--report", "html:" + page)
            handshakes = of_type(events(BINARY, "-r", path)[0], "tls")
            damaged = [e for e in handshakes if damage & set(e["utwatch"].get("unobserved", []))]
            check(path == lacking or damaged or path in (whole, FAILS), name, "has lost nothing")
            told = "%d of %d handshake%s %s damaged in the capture, more than loss-limit (1 %%)." % (
                len(damaged), len(handshakes), "s" * (len(handshakes) != 1), "was" if len(damaged) == 1 else "were")
            with open(page) as f:
                html = f.read()
            shown = " ".join(shown.split())
            check(damaged and status == 4 or not damaged, name, "ends with", status)
            check((told in shown) == (told in html) == bool(damaged), name, "does not say", told, "but", shown)
            check(status != 4 or "Exit status 4: too much was lost to judge." in shown, name, shown)
            check(not damaged or "nothing is known to be missing" not in shown + html, name, "has lost something and nothing")
            # With a limit that is not passed it is no matter.
            with open(config, "w") as f:
                f.write("limits: { loss-limit: 100% }\n")
            shown, status = report("-r", path, "-c", config)
            check(status in (0, 1) and "loss-limit" not in shown, name, "with a limit of all ends with", status, shown)


def aborted_handshakes():
    """RFC 5246 7.2.2: a handshake that a fatal alert ends begins no session. Nothing is missing where its end crossed the last segment of the
    server's flight, which nobody acknowledges then (RFC 9293 3.10.7.4); where a part of the flight was lost, an alert of the server may be too."""
    session = m.server_hello(0x002F, m.TLS12, session=b"\5" * 32)
    with tempfile.TemporaryDirectory() as folder:
        for lost in (False, True):
            c = capturelib.Connection(time=1795471000 * 10**9)
            c.open()
            c.send(CLIENT, m.client_hello([0x002F], m.TLS12))
            c.send(SERVER, session)
            alert = c.frame(CLIENT, 0x18, m.alert(2, 70, m.TLS12))
            c.seq[CLIENT] += 7
            c.send(SERVER, m.done(m.TLS12))
            frames = [*c.frames[:-1], alert, c.frames[-1], c.frame(SERVER, 0x11), c.frame(CLIENT, 0x04)]
            path = os.path.join(folder, "aborted.pcap")
            capturelib.write_frames(path, [f for i, f in enumerate(frames) if not lost or i != 4])
            text, evs = " ".join(report("-r", path)[0].split()), events(BINARY, "-r", path)[0]
            outcomes = [e["utwatch"]["outcome"] for e in of_type(evs, "tls")]
            check(outcomes == ["unfinished" if lost else "aborted"], lost, of_type(evs, "tls"))
            check("no exact age follows" not in text and ("capture incomplete" in text) == lost, lost, text)


def words_are_whole():
    """Nothing is cut, and what is at fault is named: both sides where both are, the folder where a name alone says too little."""
    both = os.path.join(PCAPS, "gnutls-tls10-dh-anon-rc4.pcap")
    text = report("-p", "modern", "-r", both)[0] + report("-r", both)[0]
    check("..." not in text, "cut:", text)
    alert = next(e for e in of_type(events(BINARY, "-r", both)[0], "alert") if e["utwatch"].get("fault") == "both")
    check(re.search("^ +at fault as well: UE %s$" % re.escape(alert["src_ip"]), text, re.M), text)
    words = " ".join(report("-r", os.path.join(PCAPS, "gen-tcp-syn-answered-by-two.pcap"))[0].split())
    check("1 full handshake in part not captured, in doubt or not acknowledged" in words, words)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name, "x.pcap") for name in "ab"]
        for path in paths:
            os.mkdir(os.path.dirname(path))
            shutil.copy(both, path)
        text = "".join(report("-r", paths[0], "-r", paths[1])[0].split())
        check("in" + paths[0] in text and "inx.pcap" not in text, text)
    found = of_type(events(BINARY, "-r", PCAPS)[0], "tls")
    lines = [line for line in report("--details=handshakes", "-r", PCAPS)[0].splitlines() if re.match(r"\d{4}-.* -> ", line)]
    ended = [line for line in lines if re.search(r", (%s)(, |$)" % "|".join({e["utwatch"]["outcome"] for e in found}), line)]
    check(len(lines) == len(ended) > 100, "not all handshakes have one line:", len(lines), len(ended), sorted(set(lines) - set(ended))[:2])
    text = " ".join(report("--details=handshakes", "-r", both)[0].split())
    event = of_type(events(BINARY, "-r", both)[0], "tls")[0]
    suite = event["utwatch"]["server_hello"]["suite_name"]
    line = "%s %s:%d -> %s:%d" % (event["timestamp"], event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"])
    check(text.startswith(line) and ", %s, complete" % suite in text and report("--details=all", "-r", both)[1] == 2, text)
    resumed = os.path.join(PCAPS, "gen-id-resumed-after-23h.pcap")
    session = [e["utwatch"]["session"] for e in of_type(events(BINARY, "-r", resumed)[0], "tls") if e["utwatch"].get("session", {}).get("resumed")][0]
    text = " ".join(report("--details=handshakes", "-r", resumed)[0].split())
    check("resumed by id, 22 h 59 min" in text and 22 * 3600 < session["age_s"] < 23 * 3600, text)
    own = os.path.join(tempfile.mkdtemp(), "own.yaml")
    with open(own, "w", encoding="utf-8") as f:
        f.write("utwatch: 1\nprofile: own\ntitle: Own\nextends: [ts33141-pcr2]\nparameters: { session-lifetime: 1h }\n")
    text = " ".join(report("-p", own, "-r", resumed)[0].split())
    check("A session id was used after more than 1 hour " in text and "24 hours" not in text and text.startswith(
        os.path.basename(resumed) + ", judged by own (draft)."), text)
    text = " ".join(report("-p", own, "--explain", "ut-7.1-session-lifetime")[0].split())
    check("within 1 hour of" in text and "24 hours" not in text, text)
    shutil.rmtree(os.path.dirname(own))
    plain = report("-r", os.path.join(PCAPS, "nginx-curl-plain.pcap"))[0]
    check("0 handshakes" not in plain and "without a handshake" in " ".join(plain.split()), plain)


def stacks_of_ues():
    """With --details the text says what stacks the UEs have, as the page does: how many UEs, handshakes and violations each, and the rules that its
    UEs are at fault for. The events have the JA4 of each hello, and who is at fault."""
    found = [e for e in events(BINARY, "-r", PCAPS)[0] if e["event_type"] in ("tls", "alert")]
    handshakes = [e for e in found if e["event_type"] == "tls"]
    ja4 = {(e["flow_id"], e["pcap_filename"], e["pcap_cnt"]): e["tls"].get("ja4", "unknown") for e in handshakes}
    expected_of = {}
    for e in handshakes:
        name = ja4[e["flow_id"], e["pcap_filename"], e["pcap_cnt"]]
        of = expected_of.setdefault(name, {"ues": set(), "handshakes": 0, "violations": 0, "rules": set()})
        of["ues"].add(e["src_ip"])
        of["handshakes"] += 1
    for e in found:
        u, key = e["utwatch"], (e.get("flow_id"), e.get("pcap_filename"), e.get("pcap_cnt"))
        if e["event_type"] == "alert" and u["about"] == "handshake" and key in ja4 and "superseded" not in e["alert"].get("metadata", {}):
            expected_of[ja4[key]]["violations"] += 1
            if u.get("fault") in ("ue", "both"):
                expected_of[ja4[key]]["rules"].add(u["rule"])
    with tempfile.TemporaryDirectory() as folder:
        page = os.path.join(folder, "a.html")
        text = " ".join(utwatch(BINARY, "--details", "--report", "text", "--report", "html:" + page, "-r", PCAPS).stdout.decode().split())
        with open(page, encoding="utf-8") as f:
            html = re.search(r"<section id=\"stacks\">.*?</section>", f.read(), re.S)[0]
    section = re.search(r"UE stacks, by the JA4 of their hellos: (\d+) (.*?) (Ages|Not judged|Capture)", text)
    check(section and int(section[1]) == len(expected_of), "the text names no stacks, or not", len(expected_of), section and section[1])
    told = re.findall(r"- (\w+): ([\d,]+) UEs?, ([\d,]+) handshakes?(?:, ([\d,]+) violations?)?(?:; the UE breaks (.*?))?(?= - | Ages|$)", section[2])
    check(len(told) == 20 and "%d others: " % (len(expected_of) - 20) in section[2], len(told), "stacks in", section[2][-300:])
    for name, ues, count, violations, rules in told:
        of = expected_of[name]
        check((int(ues), int(count), int(violations or 0)) == (len(of["ues"]), of["handshakes"], of["violations"]), name, ues, count, violations, of)
        check(set(re.findall(r"[\w.-]*ut-[\w.-]+", rules)) >= of["rules"], name, "breaks", rules, "not", of["rules"])
        row = re.search(r"<code>%s</code></th>(.*?)</tr>" % name, html)
        check(row and re.findall(r">(\d+)</td>", row[1]) == [ues, count, violations or "0"], name, "in the page:", row and row[1][:300])


if not NAMES:
    stacks_of_ues()
    severities()
    aborted_handshakes()
    words_are_whole()
    first_screens()
    servers_behind_a_proxy()
# A clean run is six lines; --rules, --unseen and --details add to the report, and --min-severity takes away from it.
text, status = report("-p", "modern", "-r", os.path.join(PCAPS, "bc-openssl-only-null-refused.pcap"))
check(status == 0 and len(text.splitlines()) == 6 and "compliant with modern" in text and "(draft)" not in text, text)
short, status = report("-r", FAILS)
for option, more in (("--details", "when  "), ("--rules", "not obs."), ("--unseen", "rule by rule")):
    long, same = report(option, "-r", FAILS)
    check(same == status == 1 and more in long and more not in short and len(long) > len(short), option, long)
loss_is_told()
low = os.path.join(PCAPS, "jsse-sslv2-hello.pcap")
text, status = report("-r", low)
hidden, same = report("--min-severity", "high", "-r", low)
check(same == status == 1 and re.search("^LOW ", text, re.M) and not re.search("^LOW ", hidden, re.M), hidden)
check("Less severe than high and not shown: 1 violation, 1 breach of superseded demands." in " ".join(hidden.split()), hidden)
# What is hidden is counted, as the events have it, where no violation is left too.
found = of_type(events(BINARY, "--advise", "modern", "-r", low)[0], "alert")
of = {mark: [e["utwatch"]["rule"] for e in found if mark in e["alert"].get("metadata", {})] for mark in ("superseded", "advice")}
text = " ".join(report("--min-severity", "low", "--advise", "modern", "-r", low)[0].split())
told = "Less severe than low and not shown: %d breach of superseded demands, %d findings of the advice." % (len(of["superseded"]), len(of["advice"]))
check(told in text, told, text)
only = os.path.join(PCAPS, "gnutls-tls11-full.pcap")
text = " ".join(report("--min-severity", "medium", "-r", only)[0].split())
count = len([e for e in of_type(events(BINARY, "-r", only)[0], "alert") if "superseded" in e["alert"].get("metadata", {})])
check(count and "Less severe than medium and not shown: %d breaches of superseded demands." % count in text, count, text)
text, status = report("--fail-on", "high", "-r", low)
check(status == 0 and "Exit status 0: no violation is severe enough" in text, text)
finish()
