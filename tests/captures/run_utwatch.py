"""Runs utwatch for the tests of this folder."""
import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, *words) for words in (["tools"], ["tests"], ["tests", "report"])]
PCAPS = os.path.join(ROOT, "pcaps")
SKIP = 77


def must_not_have_crashed(words, status, told):
    if status < 0 or status > 5 or b"runtime error: " in told or b"Sanitizer: " in told:
        sys.exit("utwatch %s ended with %d\n%s" % (" ".join(words), status, told.decode("utf-8", "replace")[-3000:]))


def utwatch(binary, *words, **options):
    p = subprocess.run([binary, *words], capture_output=True, timeout=options.get("timeout", 300))
    must_not_have_crashed(words, p.returncode, p.stderr)
    return p


def events(binary, *words, **options):
    """The events of a replay, and its end as subprocess.run() has it. Most share a process, since one begins ten times faster than another
    that the sanitizers watch."""
    words = ("-q", "--json", "-", *words)
    many = Many.beside(binary) if may_share(words) else None
    p = many.replay(words) if many else None
    p = p or utwatch(binary, *words, **options)
    return [json.loads(line) for line in p.stdout.splitlines()], p


SHARE = {"-q": 0, "--json": 1, "-r": 1, "-p": 1, "-c": 1, "--advise": 1, "--fail-on": 1, "--strict": 0}  # options, and how many words follow


def may_share(words):
    """Its events are all that the replay writes, and it remembers nothing."""
    i = 0
    while i < len(words) and words[i] in SHARE:
        i += 1 + SHARE[words[i]]
    return i == len(words) and not any("\t" in w or "\n" in w for w in words)


class Many:
    """utwatch_many: replays in one process."""

    NOT_HERE = 99  # many.c: it takes another process
    _all, _of_thread = [], threading.local()

    def __init__(self, binary):
        self.told = tempfile.TemporaryFile()
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.told)
        Many._all.append(self)

    @classmethod
    def beside(cls, binary):
        """That of the same build, one for each thread; None if it was not built."""
        if not hasattr(cls._of_thread, "many"):
            many = os.path.join(os.path.dirname(os.path.abspath(binary)), "..", "..", "tests", "captures", "utwatch_many")
            cls._of_thread.many = Many(many) if os.path.exists(many) else None
        return cls._of_thread.many

    def replay(self, words):
        """As subprocess.run() has it, or None: it takes a process of its own."""
        begun = self.told.seek(0, os.SEEK_END)
        try:
            self.process.stdin.write("\t".join(words).encode() + b"\n")
            self.process.stdin.flush()
            status, length = (int(n) for n in self.process.stdout.readline().split())
        except (OSError, ValueError):
            status, length = self.process.wait() or -1, 0
        out = self.process.stdout.read(length)
        self.told.seek(begun)
        err = self.told.read()
        if status == Many.NOT_HERE:
            return None
        must_not_have_crashed(words, status, err)
        return subprocess.CompletedProcess(words, status, out, err)

    def events(self, *words):
        p = self.replay(("-q", "--json", "-") + words)
        if p is None or p.returncode in (2, 5):
            sys.exit("utwatch_many %s: status %s" % (" ".join(words), p and p.returncode))
        return [json.loads(line) for line in p.stdout.splitlines()]

    def end(self):
        """The exit status: not 0 if it has leaked memory."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.process.wait()


@atexit.register
def end_all():
    for many in Many._all:
        if many.end() != 0:
            many.told.seek(0)
            print(many.told.read().decode("utf-8", "replace")[-3000:], file=sys.stderr, flush=True)
            sys.stdout.flush()
            os._exit(1)


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


def operators_profile(**rules):
    """The text of a profile whose rules about HTTP exchanges an operator takes seriously: their conditions, by id with "_" for "-"."""
    of_each = """  - id: {0}
    sid: {1}
    clause: x
    title: x
    requires: x
    binds: server
    severity: high
    about: exchange
    never: pass
    {2}
    observed: x
"""
    return "utwatch: 1\nprofile: mine\ntitle: Rules of our own\nextends: ts33141-pcr2\nrules:\n" + "".join(
        of_each.format(rule.replace("_", "-"), number, "\n    ".join(conditions)) for number, (rule, conditions) in enumerate(rules.items(), 900001))


OWN_DATA = ("when: { http.status: { below: 300 } }", "fail: { http.owner: foreign }")


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
