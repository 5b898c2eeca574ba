#!/usr/bin/env python3
"""The HTML report as a page: its information about its origin is true, a fault of both sides counts for both, and it prints as a document. usage:
html_page.py UTWATCH Sums by Python's hashlib, counts by the events of the same run, pages by Chromium (left out where there is none)."""
import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, utwatch
from checks import check, finish

sys.path.insert(0, os.path.join(os.path.dirname(PCAPS), "tests", "report"))
from html_in_browser import Page, browse, wrong_links  # noqa: E402

binary = sys.argv[1]
BOTH = os.path.join(PCAPS, "gnutls-tls10-dh-anon-rc4.pcap")
MANY = os.path.join(PCAPS, "gen-null-null-only-accepted.pcap")  # one handshake that breaks many rules
ALL = sorted(os.path.join(PCAPS, name) for name in os.listdir(PCAPS) if name.endswith(".pcap"))


def page_of(folder, *words):
    path = os.path.join(folder, "page.html")
    if os.path.exists(path):
        os.remove(path)
    p = utwatch(binary, "-q", "--report", "html:" + path, *words)
    with open(path, encoding="utf-8") as f:
        return f.read(), p


def text(markup):
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def section(page, name):
    return re.search(r"<section (?:class=\"violated\" )?id=\"%s\">(.*?)</section>" % name, page, re.S)[1]


def test_provenance(folder):
    page, _ = page_of(folder, "-r", BOTH, "--syslog", "tcp:127.0.0.1:9", "--no-confine")
    box = text(section(page, "provenance"))
    with open(BOTH, "rb") as f:
        octets = f.read()
    check(hashlib.sha256(octets).hexdigest() in box.replace(" ", ""), "the sum of the capture is not there", box)
    check("{:,}".format(len(octets)) in box, "nor is its size", box)
    check("--syslog tcp:127.0.0.1:9" in box, "the command line is not there", box)
    version = subprocess.run([binary, "--version"], capture_output=True, check=True, text=True).stdout.strip()
    check(version in box, version, "is not there")
    stats = of_type(events(binary, "-r", BOTH)[0], "stats")[-1]["utwatch"]
    check(re.search(r"hash of the rules\s+(\w+)", box)[1] in str(stats), "the hash of the rules is another one than in the events")
    # A report of several inputs, one of which is no file.
    p = subprocess.run("cat %s | %s -q -r - -r %s --report html:%s/pipe.html" % (BOTH, binary, BOTH, folder), shell=True, timeout=60, check=False)
    with open(os.path.join(folder, "pipe.html"), encoding="utf-8") as f:
        check(p.returncode == 1 and "not a file" in section(f.read(), "provenance"), "a pipe has a sum")


def test_origin(folder):
    """What decided the verdicts beside the capture: the filter, the configuration, every file of rules, and what is excepted until when."""
    config, rules = os.path.join(folder, "site.yaml"), os.path.join(folder, "own.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write("exceptions:\n  - { rule: ut-7.2-*, server: 192.0.2.0/24, reason: The vendor <mends> it., until: 2031-12-30 }\n"
                "  - { rule: ut-6.1-suites, reason: It is known., until: 2032-01-02 }\n")
    with open(rules, "w", encoding="utf-8") as f:
        f.write("utwatch: 1\nprofile: own\ntitle: Own\nextends: [ts33141-pcr2]\n")
    page, _ = page_of(folder, "-c", config, "-p", rules, "-r", BOTH, "tcp", "port", "443 or 80")
    box = text(section(page, "provenance"))
    for word in ("ut-7.2-*", "192.0.2.0/24", "2031-12-30", "The vendor <mends> it.", "2032-01-02", "tcp port 443 or 80"):
        check(word in box, word, "is not there:", box)
    pairs = re.findall(r"<dt>(Configuration|File of rules)</dt><dd><code>(.*?)</code>, SHA-256 <code>(\w{64})</code>", section(page, "provenance"))
    check([p[1] for p in pairs if p[0] == "Configuration"] == [config] and rules in [p[1] for p in pairs] and len(pairs) >= 3, pairs)
    for _, name, digest in pairs:
        with open(name, "rb") as f:
            check(hashlib.sha256(f.read()).hexdigest() == digest, name, "has another sum")
    page, _ = page_of(folder, *[w for c in ALL for w in ("-r", c)])
    box = re.sub("<span class=\"tail\">", "", section(page, "provenance")).replace("</span>", "")
    check(len(ALL) > 100, "too few captures")
    for path in ALL:
        with open(path, "rb") as f:
            check(hashlib.sha256(f.read()).hexdigest() in box, "the sum of", path, "is not there")


def test_timeline(folder):
    """The axis begins with the first frame and ends with the last one."""
    page, _ = page_of(folder, *[w for c in ALL[:40] for w in ("-r", c)])
    captured = re.search(r"<dt>Captured</dt><dd><time>(.*?)</time> to <time>(.*?)</time>", page)
    check(re.findall(r"<text class=\"axis[^>]*>(.*?)</text>", page)[:2] == [captured[1], captured[2]], captured.groups())


def test_secret(folder):
    page, _ = page_of(folder, "-r", BOTH, "--state", "redis://:geheim@127.0.0.1:9", "--no-confine")
    check("geheim" not in page and "redis://...@127.0.0.1:9" in page, "a password is on the page")


def test_both(folder):
    page, _ = page_of(folder, "-r", BOTH)
    found = [e for e in of_type(events(binary, "-r", BOTH)[0], "alert") if e["utwatch"].get("fault") == "both"]
    check(len(found) >= 2, "no alert blames both")
    for event in found:
        link = "<code>%s</code></a></h3>" % event["utwatch"]["rule"]
        violated = next((s for s in re.findall(r"<section class=\"violated\".*?</section>", page, re.S) if link in s), "")
        lists = dict(re.findall(r"<caption>(By \w+)</caption>.*?<tbody>\n<tr><td>(.*?)</td>", violated, re.S))
        check(lists.get("By UE") == event["src_ip"] and lists.get("By server", "").startswith(event["dest_ip"]), event["utwatch"]["rule"], lists)


def test_views(folder):
    page, _ = page_of(folder, "-r", BOTH)
    alerts = [e for e in of_type(events(binary, "-r", BOTH)[0], "alert") if "superseded" not in e["alert"].get("metadata", {})]
    row = text(section(page, "servers"))
    for event in alerts:
        at_fault = event["utwatch"].get("fault") in ("server", "both")
        check((event["utwatch"]["rule"] in row) == at_fault, event["utwatch"]["rule"], "in the row of the server:", row)
    check("<dt>handshake</dt><dd>1</dd>" in page, "a figure of one handshake")
    check("<svg" not in page.split("id=\"violations\"")[0], "one handshake has a timeline")
    page, _ = page_of(folder, *[w for c in ALL[:40] for w in ("-r", c)])
    check("id=\"timeline\"" in page, "many handshakes have none")


def find_browser():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def test_markup(folder):
    """Balanced, without a script, and with links that lead somewhere on the page; the browser complains of nothing and asks nobody."""
    for words in (["-r", BOTH], ["--advise", "modern", *[w for c in ALL for w in ("-r", c)]]):
        markup, _ = page_of(folder, *words)
        page = Page(markup)
        faults = page.faults + list(wrong_links(page))
        if find_browser():
            faults += browse(find_browser(), os.path.join(folder, "page.html"), folder, "markup%d" % len(words))[1]
        check(not faults and page.tags["mark"] > 3, words[:2], faults[:5], page.tags["mark"])


def test_print(folder):
    browser = find_browser()
    if not browser:
        print("no Chromium is installed: nothing was printed")
        return
    for what, most, words in (("one handshake", 4, ["-r", BOTH]), ("one that breaks many rules", 4, ["-r", MANY]),
                              ("all captures", 15, ["-r", *ALL])):
        page_of(folder, *words)
        paper = os.path.join(folder, "page.pdf")
        subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-pdf-header-footer",
                        "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + os.path.join(folder, "profile"), "--print-to-pdf=" + paper,
                        "file://" + os.path.join(folder, "page.html")], capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=True)
        with open(paper, "rb") as f:
            pages = len(re.findall(rb"/Type /Page\b(?!s)", f.read()))
        print("%s: %d pages" % (what, pages))
        check(0 < pages <= most, what, "print on", pages, "pages, not", most)


def test_names_are_whole(folder):
    """On a wide screen the fingerprint of a stack and the address of a server stand in one line."""
    browser = find_browser()
    if not browser:
        return
    page, _ = page_of(folder, "-r", *ALL)
    counts = "[...document.querySelectorAll('.views th code')].map(c => c.getClientRects().length)"
    wide = "document.documentElement.scrollWidth > innerWidth"
    told = "'lines ' + Math.max(...%s) + ' of ' + %s.length + (%s ? ', too wide' : '')" % (counts, counts, wide)
    script = "<script>document.title = %s</script></body>" % told
    with open(os.path.join(folder, "measured.html"), "w", encoding="utf-8") as f:
        f.write(re.sub("<meta http-equiv[^>]*>", "", page).replace("</body>", script))
    p = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000",
                        "--user-data-dir=" + os.path.join(folder, "profile"), "--dump-dom", "file://" + os.path.join(folder, "measured.html")],
                       capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=True)
    told = re.search(r"<title>(lines .*?)</title>", p.stdout.decode())
    check(told and re.fullmatch(r"lines 1 of \d+", told[1]), "names of servers and stacks:", told and told[1])


with tempfile.TemporaryDirectory() as top:
    test_provenance(top)
    test_origin(top)
    test_timeline(top)
    test_secret(top)
    test_both(top)
    test_views(top)
    test_markup(top)
    test_names_are_whole(top)
    test_print(top)
finish()
