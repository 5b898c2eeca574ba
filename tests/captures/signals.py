#!/usr/bin/env python3
"""Signals end a run in order at any instant, and what was found goes out before a wait. usage: signals.py UTWATCH [RUNS]"""
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

from run_utwatch import PCAPS, ROOT
from checks import check, finish

BINARY = sys.argv[1]
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")


def start(*words, **options):
    return subprocess.Popen([BINARY, *words], **{"stderr": subprocess.PIPE, **options})


PATIENCE = 60  # seconds: what comes at once when nothing else runs is waited for so long


def wait_until(true, seconds=PATIENCE):
    """Who needs it to be true finds out afterwards."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.02)


def is_ready_for(p, number):
    """It has a handler for the signal, and sleeps."""
    with open("/proc/%d/status" % p.pid) as f:
        status = dict(line.split(":", 1) for line in f)
    return int(status["SigCgt"], 16) >> (number - 1) & 1 and status["State"].split()[0] == "S"


def end(p, wanted, what, seconds=PATIENCE):
    try:
        status = p.wait(seconds)
    except subprocess.TimeoutExpired:
        p.kill()
        status = "none within %d s" % seconds
    check(status in wanted, "%s: status %s, wanted %s" % (what, status, wanted))
    return status


def read_until(pipe, whole):
    """What comes until it is whole, and nothing more has come for half a second."""
    data = b""
    while select.select([pipe], [], [], 0.5 if whole(data) else PATIENCE)[0]:
        more = os.read(pipe.fileno(), 65536)
        if not more:
            break
        data += more
    return data


def lines_of(data, what):
    """All of them have to be whole JSON."""
    try:
        check(data == b"" or data.endswith(b"\n"), what + ": half a line at the end")
        return [json.loads(line) for line in data.splitlines()]
    except ValueError as error:
        check(False, "%s: a broken line: %s" % (what, error))
        return []


def wait_in_a_pipe():
    p = start("-q", "--json", "-", "-r", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with open(FAILS, "rb") as f:
        p.stdin.write(f.read())
    p.stdin.flush()
    kinds = [e["event_type"] for e in lines_of(
        read_until(p.stdout, lambda data: b'"event_type":"tls"' in data and b'"event_type":"alert"' in data), "before the wait")]
    check("tls" in kinds and "alert" in kinds, "events wait while the pipe is idle: %s" % kinds)
    p.send_signal(signal.SIGUSR1)
    summary = " ".join(read_until(p.stderr, lambda data: b"--explain RULE." in data).decode().split())
    last = subprocess.run(["tshark", "-r", FAILS, "-T", "fields", "-e", "frame.time_epoch"], capture_output=True, text=True).stdout.split()[-1]
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(float(last))))
    head = r"utwatch: the summary so far, at \d{4}-\S+T\S+Z, up to the frame of %s; the run goes on\. %s" % (re.escape(moment), "the standard input")
    check(re.match(head, summary) and "Capture" in summary, "SIGUSR1 shows", summary, "and not", head)
    check(summary.endswith("End of the summary so far. More: --details, --rules, --unseen, --explain RULE."), "SIGUSR1 ends", summary[-200:])
    p.send_signal(signal.SIGTERM)
    rest = lines_of(p.stdout.read(), "after SIGTERM")
    end(p, [1], "SIGTERM in a wait")
    last = rest[-1].get("utwatch", {}) if rest else {}
    check(last.get("interrupted") == "SIGTERM", "the last event does not say that it was interrupted: %s" % last)


def wait_for_the_first_byte(folder):
    page = os.path.join(folder, "first.txt")
    p = start("--report", "text:" + page, "-r", "-", stdin=subprocess.PIPE)
    wait_until(lambda: is_ready_for(p, signal.SIGINT))
    p.send_signal(signal.SIGINT)
    end(p, [4], "SIGINT before the first byte")
    check("interrupted by SIGINT" in open(page).read(), "the report does not say that it was interrupted")


def second_signal(folder):
    """It ends at once, and leaves neither a half report nor another file; an earlier report stays."""
    page = os.path.join(folder, "second.html")
    with open(page, "w") as f:
        f.write("earlier")
    before = sorted(os.listdir(folder))
    # Nobody reads: it waits for room in the pipe.
    p = start("-q", "--json", "-", "--report", "html:" + page, "-r", DAY, stdout=subprocess.PIPE)
    wait_until(lambda: is_ready_for(p, signal.SIGTERM) and select.select([p.stdout], [], [], 0)[0])
    time.sleep(1)
    p.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    check(p.poll() is None, "it did not wait for the reader of its events")
    p.send_signal(signal.SIGTERM)
    end(p, [-signal.SIGTERM], "the second signal")
    check(sorted(os.listdir(folder)) == before and open(page).read() == "earlier", "the second signal leaves", sorted(os.listdir(folder)))


def rotation(folder):
    out = os.path.join(folder, "rotated.json")
    p = start("-q", "--json", out, "-r", "-", stdin=subprocess.PIPE)
    with open(FAILS, "rb") as f:
        capture = f.read()
    p.stdin.write(capture)
    p.stdin.flush()
    wait_until(lambda: os.path.exists(out) and b'"event_type":"alert"' in open(out, "rb").read())
    os.rename(out, out + ".1")
    p.send_signal(signal.SIGHUP)
    wait_until(lambda: os.path.exists(out))
    p.stdin.close()
    end(p, [1], "after SIGHUP")
    before, after = (lines_of(open(name, "rb").read(), name) for name in (out + ".1", out))
    # What a server did over all its handshakes is told at the end.
    check([e["event_type"] for e in after] == ["alert", "stats"], "after the rotation: %s" % [e["event_type"] for e in after])
    check([e["event_type"] for e in before][:2] == ["tls", "alert"], "before the rotation: %s" % [e["event_type"] for e in before])


def at_any_instant(folder, which, most):
    """Earlier results stay whole, and new ones are."""
    out, page, state = (os.path.join(folder, which.name + end) for end in (".json", ".html", ".state"))
    with open(page, "w") as f:
        f.write("<html>an earlier report</html>\n")
    torn = 0
    for run in range(RUNS):
        if os.path.exists(out):
            os.unlink(out)
        p = start("-q", "--json", out, "--report", "html:" + page, "--state", state, "-r", DAY)
        time.sleep(random.uniform(0, most))
        p.send_signal(which)
        status = end(p, [0, 1, 4, -which] if which == signal.SIGTERM else [1, -which], "%s, run %d" % (which.name, run))
        text = open(page).read()
        check(text.endswith("</html>\n"), "%s, run %d: a report that is not whole" % (which.name, run))
        data = open(out, "rb").read() if os.path.exists(out) else b""
        if which == signal.SIGKILL:
            torn += not data.endswith(b"\n") and data != b""
            data = data[:data.rfind(b"\n") + 1]
        found = [e for e in lines_of(data, "%s, run %d" % (which.name, run)) if e["event_type"] == "alert" and e["alert"]["severity"] < 4]
        check(status or not found, "%s, run %d: violations, and status 0" % (which.name, run))
        if os.path.exists(state) and os.path.getsize(state):
            look = subprocess.run([BINARY, "--sessions", "--state", state], capture_output=True)
            check(look.returncode == 0, "%s, run %d: %s" % (which.name, run, look.stderr))
    left = [name for name in os.listdir(folder) if name.startswith(os.path.basename(page) + ".")]
    check(which == signal.SIGKILL or not left, "left behind: %s" % left)


with tempfile.TemporaryDirectory() as made:
    DAY = os.path.join(made, "day.pcap")
    make = [sys.executable, os.path.join(ROOT, "tools", "make-day"), DAY, os.path.join(made, "truth.json"), "--connections", "1500"]
    subprocess.run(make, check=True, capture_output=True)
    begin = time.time()
    subprocess.run([BINARY, "-q", "--json", os.devnull, "--state", os.path.join(made, "warm"), "-r", DAY])
    took = time.time() - begin
    wait_in_a_pipe()
    wait_for_the_first_byte(made)
    second_signal(made)
    rotation(made)
    at_any_instant(made, signal.SIGTERM, took * 1.1)
    at_any_instant(made, signal.SIGKILL, took * 1.1)
finish(90)
