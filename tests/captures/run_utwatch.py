"""Runs utwatch for the tests of this folder."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, *words) for words in (["tools"], ["tests"], ["tests", "report"])]
PCAPS = os.path.join(ROOT, "pcaps")
SKIP = 77


def utwatch(binary, *words, **options):
    p = subprocess.run([binary, *words], capture_output=True, timeout=options.get("timeout", 300))
    if p.returncode < 0 or p.returncode > 5 or b"runtime error: " in p.stderr or b"Sanitizer: " in p.stderr:
        sys.exit("utwatch %s ended with %d\n%s" % (" ".join(words), p.returncode, p.stderr.decode("utf-8", "replace")[-3000:]))
    return p


def events(binary, *words, **options):
    p = utwatch(binary, "-q", "--json", "-", *words, **options)
    return [json.loads(line) for line in p.stdout.splitlines()], p


class Many:
    """utwatch_many: replays in one process, for tests that make thousands of them."""

    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def events(self, *words):
        try:
            self.process.stdin.write("\t".join(("-q", "--json", "-") + words).encode() + b"\n")
            self.process.stdin.flush()
            status, length = (int(n) for n in self.process.stdout.readline().split())
        except (OSError, ValueError):
            sys.exit("utwatch_many %s ended with %d" % (" ".join(words), self.process.wait()))
        lines = self.process.stdout.read(length).splitlines()
        if status in (2, 5):
            sys.exit("utwatch_many %s: status %d" % (" ".join(words), status))
        return [json.loads(line) for line in lines]

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


def of_type(evs, kind):
    return [e for e in evs if e["event_type"] == kind]


def without_what_length_decides(event):
    """An alert without what a long one leaves to its tls event: how long it is also depends on ports, times and names."""
    if event["event_type"] != "alert":
        return event
    return {**event, "tls": {k: v for k, v in event.get("tls", {}).items() if k not in ("subject", "ja4")},
            "utwatch": {k: v for k, v in event["utwatch"].items() if k not in ("shortened", "server_hello")}}


def rule_counts(evs):
    """{rule: {verdict: count}} from the stats event."""
    rules = of_type(evs, "stats")[-1]["utwatch"]["rules"]
    return {r["rule"]: {k: v for k, v in r.items() if isinstance(v, int)} for r in rules}


def manifest(names=()):
    """The entries of all captures, or of those named, with or without ".pcap"."""
    with open(os.path.join(PCAPS, "manifest.json")) as f:
        entries = json.load(f)
    wanted = {n.removesuffix(".pcap") for n in names}
    if unknown := wanted - {e["file"].removesuffix(".pcap") for e in entries}:
        sys.exit("no such capture in pcaps/: " + ", ".join(sorted(unknown)))
    return [e for e in entries if not wanted or e["file"].removesuffix(".pcap") in wanted]


def can_be_rebuilt(entry):
    """Its connections are plain IPv4 over Ethernet and begin with a SYN, as capturelib builds them."""
    return not any(word in entry["file"] for word in ("ipv6", "midstream", "tagged"))
