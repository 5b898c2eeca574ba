#!/usr/bin/env python3
"""The compliance report in a browser: what it shows is what was given, and it asks nobody for anything.

usage: html_in_browser.py EMIT_HTML [KEEP]
For pages of several kinds (emit_html.c): the markup is balanced; the numbers in the tables are those that were
given to the writer; then, in headless Chromium, the console stays silent, no request leaves the page (a net log
is kept), and the page as the browser understood it has the same tables. KEEP: a folder for pages and screenshots.
Exit status: 0 all is well, 1 not, 77 (skipped) when no Chromium is installed.
"""
import collections
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

VOID = {"meta", "link", "br", "hr", "img", "col"}
OUTSIDE = re.compile(r"^(?!#|data:,$)")


class Page(html.parser.HTMLParser):
    """Tables by id of row or table, links, and whether the tags are balanced."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.links, self.ids = [], [], [], []
        self.rows = collections.OrderedDict()
        self.tables = collections.defaultdict(list)
        self.tags = collections.Counter()
        self.row = self.table = None
        self.cell = None
        self.feed(text)
        self.close()
        self.faults += ["<%s> is not closed" % tag for tag in self.open]

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.faults.append("an attribute twice in <%s>" % tag)
        self.faults += ["handler %s" % n for n in names if n.startswith("on")]
        attributes = dict(attributes)
        self.links += [attributes[n] for n in ("href", "src", "xlink:href", "action", "srcset", "data") if n in attributes]
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.table = attributes.get("id")
        elif tag == "tr":
            self.row = []
            self.rows[attributes.get("id", "row %d" % len(self.rows))] = self.row
            self.tables[self.table].append(self.row)
        elif tag in ("td", "dd"):
            self.cell = ""
        if tag == "div" and attributes.get("id", "").startswith("n-"):
            self.row = self.rows.setdefault(attributes["id"], [])
        if tag == "th" and "scope" not in attributes:
            self.faults.append("a header without scope")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append("line %d: </%s> closes %s" % (self.getpos()[0], tag, self.open[-1:] or "nothing"))
        else:
            self.open.pop()
        if tag in ("td", "dd") and self.cell is not None:
            if self.row is not None:
                self.row.append(self.cell)
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def number(cell):
    return int(cell.replace(",", "")) if re.fullmatch(r"[0-9,]+", cell) else None


def wrong_numbers(page, given):
    series = collections.defaultdict(list)
    for line in given:
        name, *numbers = line.split()
        numbers = [int(n) for n in numbers]
        if name in ("outcomes", "versions", "keybits"):
            series[name] += numbers
        elif name == "suites-sum":
            shown = sum(number(row[0]) for row in page.tables["suites"] if row)
            if shown != numbers[0]:
                yield "suites add up to %d, not %d" % (shown, numbers[0])
        else:
            cells = [number(c) for c in page.rows.get(name, [])]
            cells = [c for c in cells if c is not None][:len(numbers)]
            if cells != numbers:
                yield "%s shows %s, not %s" % (name, cells, numbers)
    for name, numbers in series.items():
        shown = sorted(number(row[0]) for row in page.tables[name] if row)
        if shown != sorted(numbers):
            yield "%s shows %s, not %s" % (name, shown, sorted(numbers))


def wrong_links(page):
    known = set(page.ids)
    if len(known) != len(page.ids):
        yield "an id stands twice: " + ", ".join(i for i, n in collections.Counter(page.ids).items() if n > 1)[:200]
    for link in page.links:
        if OUTSIDE.match(link):
            yield "a link to outside: " + link[:100]
        elif link.startswith("#") and link[1:] not in known:
            yield "a link to nowhere: " + link[:100]
    if page.tags["script"]:
        yield "a script"


def browse(browser, path, folder, name):
    """The page as the browser has it, after a look at the console and at what was asked for."""
    log = os.path.join(folder, name + ".net.json")
    # The host rule keeps the browser's own services quiet, so that what is left in the log is the page's.
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + os.path.join(folder, "profile-" + name),
               "--log-net-log=" + log, "--enable-logging=stderr", "--dump-dom", "file://" + path]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    errors = run.stderr.decode("utf-8", "replace")
    faults = ["console: " + line for line in errors.splitlines() if "CONSOLE" in line or "Content Security Policy" in line]
    if run.returncode:
        faults.append("the browser ended with %d: %s" % (run.returncode, errors[-300:]))
    with open(log, encoding="utf-8") as f:
        text = f.read().rstrip().rstrip(",")
    try:
        events = json.loads(text)["events"]
    except ValueError:  # cut off when the browser was quick to go
        events = json.loads(text + "]}")["events"]
    for event in events:
        params = event.get("params")
        url = params.get("url", "") if isinstance(params, dict) else ""
        if url.startswith(("http", "ftp", "ws")) and ".google" not in url and "googleapis" not in url:
            faults.append("asked for " + url)
    return run.stdout.decode("utf-8", "replace"), faults


def check(emit, browser, folder, kind):
    path, numbers = os.path.join(folder, kind + ".html"), os.path.join(folder, kind + ".numbers")
    subprocess.run([emit, kind, path, numbers], check=True, stdin=subprocess.DEVNULL)
    with open(path, encoding="utf-8") as f:  # not UTF-8: an error
        text = f.read()
    with open(numbers, encoding="ascii") as f:
        given = f.read().splitlines()
    page = Page(text)
    faults = page.faults + list(wrong_links(page)) + list(wrong_numbers(page, given))
    if browser:
        understood, complaints = browse(browser, path, folder, kind)
        shown = Page(understood)
        faults += complaints + ["in the browser: " + f for f in wrong_numbers(shown, given)]
        changed = {t: (page.tags[t], shown.tags[t]) for t in page.tags | shown.tags if page.tags[t] != shown.tags[t]}
        if changed:
            faults.append("the browser understood other elements: %s" % changed)
    print("%s: %d bytes, %d rows, %d faults" % (kind, len(text.encode()), len(page.rows), len(faults)))
    for fault in faults[:10]:
        print("  " + fault[:300])
    return not faults


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.abspath(sys.argv[2]) if len(sys.argv) == 3 else scratch
        results = [check(sys.argv[1], browser, folder, kind) for kind in ("ordinary", "empty", "worst", "hostile")]
    if not all(results):
        sys.exit(1)
    if not browser:
        print("no Chromium is installed: looked at the markup only")
        sys.exit(77)


if __name__ == "__main__":
    main()
