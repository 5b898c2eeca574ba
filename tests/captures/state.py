#!/usr/bin/env python3
"""Is the memory of sessions kept by --state, shown by --sessions, and never wrong, whatever happens to its file? usage: state.py UTWATCH"""
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from made_sessions import HOUR, connection, full, resumption_of
from run_utwatch import PCAPS, events, of_type, rule_counts, utwatch
from checks import check, finish

import capturelib
import messages as m

COUNT = 60
binary = sys.argv[1]


def name_of(i):
    return bytes([0xA0 + i % 16, i]) * 16


def capture(path, conversation, hours, numbers=range(COUNT)):
    frames = [f for i in numbers for f in connection(*conversation(i), at=hours * HOUR + i * 10**6, client=("192.0.2.10", 10000 + 100 * hours + i))]
    capturelib.write_frames(path, frames)
    return path


def begin(i):
    return full(session=name_of(i)) if i % 2 else full(ticket=name_of(i) * 4)


def use(i):
    return resumption_of("id", name_of(i)) if i % 2 else resumption_of("ticket", name_of(i) * 4)


class Folder:
    def __init__(self, path):
        self.path = path
        self.state = os.path.join(path, "state")
        self.first = capture(os.path.join(path, "first.pcap"), begin, 0)
        self.later = capture(os.path.join(path, "later.pcap"), use, 25)
        self.site = os.path.join(path, "site.yaml")
        with open(self.site, "w") as f:
            f.write("limits: { sessions: 500 }\n")

    def judge(self, path, *words):
        return events(binary, "-c", self.site, "--state", self.state, *words, "-r", path)

    def learn(self):
        if os.path.exists(self.state):
            os.unlink(self.state)
        evs, p = self.judge(self.first)
        check(p.returncode == 1 and not p.stderr, "the first run:", p.returncode, p.stderr)
        with open(self.state, "rb") as f:
            return f.read()

    def restore(self, data):
        with open(self.state, "wb") as f:
            f.write(data)

    def ages(self):
        """(exact, at least, unknown, wrong) of the later uses."""
        evs, p = self.judge(self.later)
        sessions = [e["utwatch"]["session"] for e in of_type(evs, "tls")]
        basis = [s.get("age_basis") for s in sessions]
        wrong = sum(s["age_basis"] == "exact" and abs(s["age_s"] - 25 * 3600) > 1 or s.get("age_s", 0) > 25 * 3600 + 1 for s in sessions)
        return basis.count("exact"), basis.count("at-least"), basis.count("unknown"), wrong, p


def kept(f):
    f.learn()
    shown = utwatch(binary, "-c", f.site, "--state", f.state, "--sessions")
    check(shown.returncode == 0 and shown.stdout.startswith(b"%d remembered" % COUNT), "--sessions:", shown.stdout, shown.stderr)
    exact, _, _, wrong, p = f.ages()
    check(exact == COUNT and not wrong and p.returncode == 1, "after a restart", exact, "of", COUNT, "are exact,", wrong, "wrong")
    again = utwatch(binary, "-c", f.site, "--state", f.state, "--sessions").stdout
    check(b"25.0 h" in again, "--sessions knows no age of 25 h:", again)
    with open(f.state, "rb") as file:
        secrets = file.read() + shown.stdout + again
    check(not any(name_of(i)[:8] in secrets or name_of(i)[:8].hex().encode() in secrets for i in range(COUNT)), "an id is shown or kept")
    check(os.stat(f.state).st_mode & 0o777 == 0o600, "others may read the file")


def often(f):
    """Nothing is missing from a file that only this program wrote, whatever its size."""
    for limit in 500, 77777, 250000:
        with open(f.site, "w") as site:
            site.write("limits: { sessions: %d }\n" % limit)
        if os.path.exists(f.state):
            os.unlink(f.state)
        told = [f.judge(path)[1].stderr for path in (f.first, f.later) * 3]
        check(not any(told), "a file of", limit, "sessions, opened six times:", told)
    with open(f.site, "w") as site:
        site.write("limits: { sessions: 500 }\n")


def nobody_looked(f):
    """Between two runs an alert may have ended a session (RFC 2246 7.2.2), and a short id may have been issued again."""
    for length, basis in ((32, "exact"), (8, "unknown")):
        name, path = b"\xb7" * length, os.path.join(f.path, "short.pcap")
        steps = {0: full(session=name), 1: resumption_of("id", name), 2: resumption_of("id", name)}
        found = []
        for hours in (0, 1), (2,):
            frames = [frame for h in hours for frame in connection(*steps[h], at=h * HOUR, client=("192.0.2.10", 10000 + h))]
            capturelib.write_frames(path, frames)
            if hours[0] == 0 and os.path.exists(f.state):
                os.unlink(f.state)
            evs, _ = f.judge(path, "-p", "resumption")
            found += [e["utwatch"]["session"].get("age_basis") for e in of_type(evs, "tls")]
            ended = rule_counts(evs)["rfc2246-7.2.2-resume-after-fatal"]
            check((ended["nothing_against"], ended["not_observable"]) == ((1, 0) if hours[0] == 0 else (0, 1)), "ended by an alert", hours, ended)
        check(found[1:] == ["exact", basis], "an id of", length, "bytes within and after a run:", found)


def read_again(f):
    """RFC 2246 7.2.2 binds "upon transmission or receipt" of an alert. Who reads a capture once more, or captures in another order than that of time,
    meets what was said before it after it."""
    uses = resumption_of("id", b"\xb8" * 32)
    parts = [full(session=b"\xb8" * 32), uses, uses[:2] + [(0, m.alert(2, 42, m.TLS12))]]
    paths = [os.path.join(f.path, "part%d.pcap" % i) for i in range(3)]
    for i, steps in enumerate(parts):
        capturelib.write_frames(paths[i], connection(*steps, at=i * HOUR, client=("192.0.2.10", 10000 + i)))
    state = os.path.join(f.path, "again")
    for what, words in (("at once", paths), ("in another order", [paths[0], paths[2], paths[1]]), ("in a first run", ["--state", state, *paths]),
                        ("in a second run", ["--state", state, *paths]), ("a part in a third run", ["--state", state, paths[2]])):
        evs, _ = events(binary, "-p", "resumption", *words)
        ended = rule_counts(evs)["rfc2246-7.2.2-resume-after-fatal"]
        check(not ended["fail"], "an alert that ends a session, read", what, ended)
    capturelib.write_frames(paths[1], connection(*parts[1], at=3 * HOUR, client=("192.0.2.10", 10001)))
    evs, _ = events(binary, "-p", "resumption", "--state", state, paths[1])
    ended = rule_counts(evs)["rfc2246-7.2.2-resume-after-fatal"]
    check(ended["fail"] == 1, "a session used a run after its end:", ended)
    os.unlink(state)


def wait_until(true, seconds=60):
    """Who needs it to be true finds out afterwards."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)


def one_at_a_time(f):
    f.learn()
    first = subprocess.Popen([binary, "-q", "-c", f.site, "--state", f.state, "-r", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(f.first, "rb") as file:
        first.stdin.write(file.read())
    first.stdin.flush()
    wait_until(lambda: b"60 remembered" in utwatch(binary, "-c", f.site, "--state", f.state, "--sessions").stdout)
    _, p = f.judge(f.later)
    check(p.returncode == 5 and p.stderr.count(b"\n") == 1 and b"another process has" in p.stderr and f.state.encode() in p.stderr, "two at a time:",
          p.returncode, p.stderr)
    shown = utwatch(binary, "-c", f.site, "--state", f.state, "--sessions")
    check(shown.returncode == 0 and b"60 remembered" in shown.stdout, "--sessions meanwhile:", shown.stdout, shown.stderr)
    first.stdin.close()
    check(first.wait(timeout=60) == 1, "the first one ended with", first.returncode)


def killed(f):
    """A second after it was learned, an origin survives kill -9."""
    f.learn()
    os.unlink(f.state)
    out = os.path.join(f.path, "killed.json")
    p = subprocess.Popen([binary, "-q", "-c", f.site, "--state", f.state, "--json", out, "-r", "-"], stdin=subprocess.PIPE)
    with open(f.first, "rb") as file:
        p.stdin.write(file.read())
    p.stdin.flush()
    wait_until(lambda: os.path.exists(out) and open(out).read().count('"event_type":"tls"') >= COUNT - 1)  # they are learned
    time.sleep(1.5)
    p.send_signal(signal.SIGKILL)
    p.wait()
    exact, _, unknown, wrong, _ = f.ages()
    # the last handshake may wait for its end
    check(exact >= COUNT - 1 and not wrong, "after kill -9:", exact, "exact,", unknown, "unknown,", wrong, "wrong")


def not_a_state_file(f):
    f.learn()
    other = os.path.join(f.path, "other")
    cases = {"a directory": lambda: os.mkdir(other), "a FIFO": lambda: os.mkfifo(other), "a link": lambda: os.symlink(f.state, other),
             "a file of something else": lambda: open(other, "wb").write(b"#!/bin/sh\n" * 1000)}
    for what, make in cases.items():
        make()
        before = open(other, "rb").read() if os.path.isfile(other) else None
        p = utwatch(binary, "-q", "--state", other, "-c", f.site, "-r", f.later, timeout=20)
        check(p.returncode == 5 and p.stderr.count(b"\n") == 1 and b"not enough memory" not in p.stderr, what, p.returncode, p.stderr)
        after = open(other, "rb").read() if os.path.isfile(other) else None
        check(before == after, what, "was changed")
        p = utwatch(binary, "--state", other, "--sessions", timeout=20)
        check(p.returncode in (0, 2, 5), what, "--sessions", p.returncode, p.stderr)
        os.rmdir(other) if os.path.isdir(other) else os.unlink(other)
    p = utwatch(binary, "-q", "--state", "/nonexistent/state", "-r", f.later)
    check(p.returncode == 5 and b"No such file" in p.stderr, "no such folder:", p.returncode, p.stderr)


def damaged(f):
    """Bytes that are flipped, and ends that are missing: what is left is right, and the rest is said to be gone."""
    data = f.learn()
    rng = random.Random(33141)
    used = [i for i in range(len(data)) if data[i]]
    most = 0
    for n in range(150):
        bad = bytearray(data)
        at = rng.choice(used) if n % 3 else n % 120  # the head, too
        bad[at] ^= 1 << rng.randrange(8)
        f.restore(bad)
        exact, bound, unknown, wrong, p = f.ages()
        most = max(most, COUNT - exact)
        check(p.returncode in (0, 1), "byte", at, "status", p.returncode, p.stderr)
        check(not wrong, "byte", at, "flipped:", wrong, "ages are wrong")
        check(exact + bound + unknown == COUNT, "byte", at, exact, bound, unknown)
    check(most >= 1, "no flipped bit had an effect")
    for part in (0.2, 0.6, 0.95, 0.999):
        f.restore(data[:int(len(data) * part)])
        exact, _, _, wrong, p = f.ages()
        check(not wrong and b"missing" in p.stderr and p.returncode in (0, 1), "cut to", part, exact, wrong, p.returncode, p.stderr)
        check(part < 0.99 or exact > COUNT // 2, "cut to", part, "only", exact, "are left")
        check(os.path.getsize(f.state) == len(data), "cut to", part, "the file has not its size again")


def another_number(f):
    """Under other limits the file goes on, as large as what is remembered."""
    f.learn()
    check(os.stat(f.state).st_blocks * 512 < 3 << 20, "the file takes", os.stat(f.state).st_blocks * 512, "bytes")
    for limit in (400, 1000000, 500):
        words = ["-c", f.site] if limit == 500 else ["-c", os.path.join(f.path, "other.yaml")]
        with open(os.path.join(f.path, "other.yaml"), "w") as file:
            file.write("limits: { sessions: %d }\n" % limit)
        evs, p = events(binary, *words, "--state", f.state, "-r", f.later)
        sessions = [e["utwatch"]["session"] for e in of_type(evs, "tls")]
        check([s.get("age_basis") for s in sessions] == ["exact"] * COUNT, "limits: sessions:", limit, sessions[:2])
        check((b"fewer sessions" in p.stderr) == (limit == 1000000), limit, "told:", p.stderr)
    os.unlink(f.state)
    evs, p = events(binary, "--state", f.state, "-r", f.first)
    check(os.stat(f.state).st_blocks * 512 < 2 << 20, "for ten million sessions the file takes", os.stat(f.state).st_blocks * 512, "bytes")


def full_within_holes(f, place):
    """There is room for the sessions, and not for the pages that say where they are: told, and mended once there is room."""
    state = os.path.join(place, "state")
    subprocess.run(["mount", "-o", "remount,size=1200k", place], check=True)
    os.unlink(os.path.join(place, "filler"))
    p = utwatch(binary, "-q", "--state", state, "-r", f.first)
    check(p.returncode == 5 and b"No space left" in p.stderr, "no room for the places:", p.returncode, p.stderr)
    subprocess.run(["mount", "-o", "remount,size=16m", place], check=True)
    utwatch(binary, "-q", "--state", state, "-r", f.first)
    evs, p = events(binary, "--state", state, "-r", f.later)
    sessions = [e["utwatch"]["session"] for e in of_type(evs, "tls")]
    check([s.get("age_basis") for s in sessions] == ["exact"] * COUNT and p.returncode < 2, "with room again:", p.returncode, sessions[:2])
    os.unlink(state)


def full_disk(f):
    """Full at the start, and full when the first sessions are to be written."""
    if os.geteuid() != 0:
        return
    place = os.path.join(f.path, "disk")
    os.mkdir(place)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True).returncode:
        return
    try:
        for left in (0, 12288):
            with open(os.path.join(place, "filler"), "wb") as file:
                file.write(bytes(256 * 1024 - left))
            p = utwatch(binary, "-q", "--state", os.path.join(place, "state"), "-r", f.first)
            check(p.returncode == 5 and b"No space left" in p.stderr, "a full disk,", left, "left:", p.returncode, p.stderr)
            os.unlink(os.path.join(place, "state"))
        full_within_holes(f, place)
    finally:
        subprocess.run(["umount", place], check=True)


def just_issued(f):
    """A ticket that came in the last packet is not younger than nothing."""
    state = os.path.join(f.path, "fresh")
    utwatch(binary, "-q", "--state", state, "-r", os.path.join(PCAPS, "openssl-tls12-client-certificate-sent.pcap"))
    shown = utwatch(binary, "--state", state, "--sessions").stdout
    check(b"0.0 h to 0.0 h" in shown and b"-0.0" not in shown, shown)
    os.unlink(state)


with tempfile.TemporaryDirectory() as folder:
    f = Folder(folder)
    for question in (kept, often, nobody_looked, read_again, another_number, just_issued, one_at_a_time, killed, not_a_state_file, damaged,
                     full_disk):
        question(f)
finish()
