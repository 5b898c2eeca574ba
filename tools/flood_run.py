"""The floods of tools/floods, by name: real handshakes within each, and whether utwatch judges them right."""
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

import capturelib
import flood_load
from flood_load import LABELS, MILLISECOND, SECOND, START, crowd, flood, greedy, mixed

RTTS = (30 * MILLISECOND, 100 * MILLISECOND)


class Within:
    """Real handshakes and the flood around them; `share` of all rates."""

    def __init__(self, share, rate=400, seconds=5, rtts=RTTS, **words):
        real = flood_load.Real()
        self.frames = real.handshakes(max(int(rate * share), 20), seconds, rtts, **words)
        self.labels, self.share, self.streams = real.labels, share, []

    def flood(self, kind, rate, seconds, **words):
        self.streams.append(lambda: flood(kind, int(rate * self.share), seconds, **words))
        return self

    def alone(self):
        return self.frames

    def within(self):
        return mixed(self.frames, *(s() for s in self.streams))


class Crowd:
    """Nothing but real handshakes, of so many UEs that they are not kept; judged by what was sent alone."""

    def __init__(self, rate, seconds, rtt):
        self.labels, self.how = {}, (rate, seconds, START, rtt)

    def alone(self):
        return None

    def within(self):
        return mixed(*crowd(self.labels, *self.how))


FLOODS = {
    "syn": lambda f: Within(f).flood("syn", 400000, 4),
    "syn-pause": lambda f: Within(f, pause=3 * SECOND).flood("syn", 400000, 8),
    "half-hellos": lambda f: Within(f).flood("hello", 100000, 4),
    "half-starts": lambda f: Within(f).flood("start", 100000, 4),
    "refusals": lambda f: Within(f, rate=3000, seconds=3, kinds=("refused",)).flood("hello", 100000, 3),
    "announced": lambda f: Within(f, rate=40, seconds=70).flood("announced", 1000, 70),
    "announced-few": lambda f: Within(f, rate=40, seconds=70).flood("real-announced", 1000, 70, sender=greedy),
    "announced-many": lambda f: Within(f, rate=40, seconds=70).flood("real-announced", 1000, 70),
    "delivered": lambda f: Within(f, rate=2000, seconds=10, rtts=(100 * MILLISECOND, SECOND)).flood(
        "real-delivered", 3000, 10, start=START - 6 * SECOND, spread=300 * MILLISECOND),
    "ahead": lambda f: Within(f, seconds=10).flood("ahead", 3000, 1, start=START - SECOND),
    "ahead-few": lambda f: Within(f, seconds=10).flood("real-ahead", 3000, 1, start=START - SECOND, sender=greedy),
    "hellos-few": lambda f: Within(f, rtts=(100 * MILLISECOND, SECOND)).flood("real-hello", 100000, 4, sender=greedy),
    "ues": lambda f: Crowd(int(100000 * f), 10, 30 * MILLISECOND),
    "at-once": lambda f: Crowd(int(100000 * f), 0.5, 30 * SECOND),
}


def feed(fifo, frames, pid, most):
    """Writes the capture. Before the reader knows that it ends, the most memory that it had, in KiB, is added to `most`."""
    with open(fifo, "wb") as f:
        capturelib.write_frames_to(f, frames)
        f.flush()
        while struct.unpack("i", fcntl.ioctl(f, termios.FIONREAD, bytes(4)))[0]:
            time.sleep(0.05)
        time.sleep(0.2)
        with open("/proc/%d/status" % pid) as status:
            most.append(int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]))


def run(utwatch, frames, words):
    """What is said of each UE by address and port, all counters, the most memory in KiB, processor time."""
    with tempfile.TemporaryDirectory() as folder:
        fifo = os.path.join(folder, "capture")
        os.mkfifo(fifo)
        p = subprocess.Popen([utwatch, "-q", "--json", "-", *words, "-r", fifo], stdout=subprocess.PIPE)
        said, stats, most = {}, {}, []
        threading.Thread(target=feed, args=(fifo, frames, p.pid, most), daemon=True).start()
        for line in p.stdout:
            if b'"src_ip":"10.' in line[:400]:
                take(said, line)
            elif b'"event_type":"stats"' in line[:400]:
                stats = json.loads(line)
        _, status, usage = os.wait4(p.pid, 0)
    if os.waitstatus_to_exitcode(status) not in range(6):
        sys.exit("utwatch ended with %d" % status)
    return said, stats, most[0], usage.ru_utime + usage.ru_stime


def take(said, line):
    event = json.loads(line)
    if event["event_type"] not in ("tls", "alert") or "src_port" not in event:
        return
    about = event["utwatch"]
    events, alerts = said.setdefault((event["src_ip"], event["src_port"]), ([], set()))
    if event["event_type"] == "alert" and event["alert"]["severity"] <= 2:
        alerts.add((about["rule"], event["alert"]["severity"], about["basis"]))
    elif event["event_type"] == "tls":
        suite, session = about.get("server_hello", {}).get("suite"), about.get("session", {})
        resumption = session["method"] if session.get("resumed") else "full" if session else None
        events.append((about["outcome"], int(suite, 16) if suite else None, resumption))


def wrong_of(labels, expected, said):
    """The first of the handshakes that were not judged right, and their number."""
    first, count = None, 0
    usual = {}
    for key, kind in labels.items():
        events, alerts = said.get(key, ([], set()))
        if not expected:  # a crowd, of which more breaches end at once than can wait: the others are partial
            alerts = {rule for rule, _, _ in alerts}
        if events:
            usual.setdefault(kind, alerts)
        should = expected[key][1] if expected else usual.get(kind)
        if len(events) == 1 and events[0] == tuple(LABELS[kind]) and alerts == should:
            continue
        count += 1
        first = first or (key, kind, events, alerts ^ (should or set()))
    return first, count


def resident(utwatch, kind, words):
    """Bytes of memory that a handshake in progress takes, from what 32,000 take more than 2,000."""
    few, many = (run(utwatch, flood(kind, 10000, n / 10000), words)[2] for n in (2000, 32000))
    return (many - few) * 1024 / 30000


def tried(utwatch, name, share, words):
    """How many real handshakes there are within the flood, how many are not judged right, the first of those, MiB, and seconds of processor time."""
    load = FLOODS[name](share)
    alone = load.alone()
    expected = run(utwatch, alone, words)[0] if alone else None
    said, _, kib, seconds = run(utwatch, load.within(), words)
    first, wrong = wrong_of(load.labels, expected, said)
    return len(load.labels), wrong, first, kib / 1024, seconds
