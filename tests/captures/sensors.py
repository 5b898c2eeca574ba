#!/usr/bin/env python3
"""Do two sensors and a Redis judge together what each of them alone cannot? usage: sensors.py UTWATCH

Sensor A sees where sessions begin, sensor B where they are used again; each runs in a network namespace of its own, and so does a real
redis-server. B has to know every origin that A saw. Then Redis hangs, is slow, is killed, and comes back, while B goes on: nothing waits for
it, no age is wrong, and A's later sessions are caught up with. Needs root.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from made_sessions import HOUR, connection, full, resumption_of
from reuse import CAPTURES, DAY, RULE, SECOND, expected, move, uses_of, verdict
from run_utwatch import PCAPS, SKIP, of_type
from checks import check, finish

import capturelib

if os.geteuid() != 0 or not all(shutil.which(p) for p in ("ip", "redis-check-rdb", "redis-cli", "tshark")):
    sys.exit(SKIP)

utwatch = sys.argv[1]
A, B, REDIS = ("utw%d%s" % (os.getpid() % 10000, name) for name in "abr")
URL = {A: "redis://10.77.1.1:6379", B: "redis://10.77.2.1:6379"}


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def within(space, *words, **options):
    return subprocess.Popen(["ip", "netns", "exec", space, *words], **options)


class Hosts:
    """A and B, each with a wire to Redis."""

    def __enter__(self):
        for space in (REDIS, A, B):
            ip("netns", "add", space)
            ip("-n", space, "link", "set", "lo", "up")
        for i, space in enumerate((A, B), 1):
            ip("link", "add", "wire", "netns", space, "type", "veth", "peer", "name", "wire%d" % i, "netns", REDIS)
            ip("-n", space, "addr", "add", "10.77.%d.2/24" % i, "dev", "wire")
            ip("-n", REDIS, "addr", "add", "10.77.%d.1/24" % i, "dev", "wire%d" % i)
            ip("-n", space, "link", "set", "wire", "up")
            ip("-n", REDIS, "link", "set", "wire%d" % i, "up")
        return self

    def __exit__(self, *_):
        for space in (REDIS, A, B):
            subprocess.run(["ip", "netns", "del", space], capture_output=True)


def has_namespaces():
    """A root without the right to make them, or in a chroot, has none."""
    name = A + "x"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    works = made and subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], capture_output=True).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return works


class Redis:
    def __init__(self, folder):
        self.folder = folder
        self.program = os.path.join(folder, "redis-server")
        os.symlink(shutil.which("redis-check-rdb"), self.program)  # in Debian it is the same program, and starts no service
        self.start()

    def start(self):
        self.process = within(REDIS, self.program, "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", self.folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3000):
            if self.tell("ping").stdout.strip() == b"PONG":
                return
            time.sleep(0.02)
        sys.exit("redis-server does not start")

    @staticmethod
    def tell(*words):
        return subprocess.run(["ip", "netns", "exec", REDIS, "redis-cli", *words], capture_output=True)

    def signal(self, number):  # `ip netns exec` has become redis-server itself
        os.kill(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()


class Sensor:
    """A utwatch that reads what is fed to it, as from a tap."""

    def __init__(self, space, *words):
        self.process = within(space, utwatch, "-q", "--state", URL[space], "--json", "-", "-r", "-", *words, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.talk = [], []
        self.readers = [threading.Thread(target=self.keep, args=(stream, into)) for stream, into in
                        ((self.process.stdout, self.lines), (self.process.stderr, self.talk))]
        for r in self.readers:
            r.start()
        self.begun = False

    @staticmethod
    def keep(stream, into):
        for line in stream:
            into.append(line)

    def feed(self, frames):
        with tempfile.NamedTemporaryFile() as f:
            capturelib.write_frames(f.name, frames)
            data = f.read()
        self.process.stdin.write(data[24 if self.begun else 0:])
        self.process.stdin.flush()
        self.begun = True

    def wait_for(self, handshakes):
        """Until it has told so many."""
        until = time.monotonic() + 60
        while sum(b'"event_type":"tls"' in line for line in self.lines) < handshakes and time.monotonic() < until:
            time.sleep(0.05)

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=120)
        for r in self.readers:
            r.join()
        check(self.process.returncode in (0, 1), "utwatch ended with", self.process.returncode,
              b"".join(self.talk).decode("utf-8", "replace")[-1000:])
        return [json.loads(line) for line in self.lines]


def run(space, frames):
    sensor = Sensor(space)
    sensor.feed(frames)
    return sensor.end()


def memory(evs):
    return of_type(evs, "stats")[-1]["utwatch"]["memory"]


# ---- every session that was recorded: it begins at A, and is used at B

def recorded(redis, name, tries=5):
    uses, times, identities = uses_of(os.path.join(PCAPS, name + ".pcap"))
    if len(uses) < 2:
        return
    redis.tell("flushall")
    _, shifts = move(uses, times, 25 * 3600 * SECOND, 0)
    frames = [[(t + shift, f) for t, f in use.frames] for use, shift in zip(uses, shifts)]
    then = [(c + s, v + s if v else None) for (c, v), s in zip(times, shifts)]
    border = 2 if name == "openssl-tls13-psk-reused" else 1  # a PSK is not seen before its first use
    run(A, sorted(f for part in frames[:border] for f in part))
    evs = run(B, sorted(f for part in frames[border:] for f in part))
    if memory(evs)["sessions_unanswered"] and tries > 1:  # on a busy machine Redis takes longer than a sensor waits for it
        return recorded(redis, name, tries - 1)
    tls = sorted(of_type(evs, "tls"), key=lambda e: e["timestamp"])
    check(len(tls) == len(uses) - border, name, "has", len(tls), "events at B")
    for i, (e, known) in enumerate(zip(tls, expected(uses, then, identities)[border:]), border):
        session = e["utwatch"]["session"]
        if not known:
            check("age_basis" not in session, name, i, session)
            continue
        basis, origin = known
        check(session.get("age_basis") == basis, name, i, "basis", session, "not", basis)
        if not origin:
            continue
        ages = [t - origin for t in then[i]]
        check(round(session.get("age_s", 0) * 10**6) == (ages[1] if uses[i].resumed else ages[0]) // 1000, name, i, session, "not", ages)
        result, fault = verdict(uses[i], ages, basis, DAY + SECOND)
        alerts = [a["utwatch"]["fault"] for a in of_type(evs, "alert") if a["utwatch"]["rule"] == RULE[uses[i].offered] and a["flow_id"]
                  == e["flow_id"]]
        check(alerts == ([fault] if fault else []), name, i, "fault", alerts, "not", fault, result)


# ---- many sessions, and a Redis that fails

def id_of(i):
    return i.to_bytes(4, "big") * 8


def beginnings(numbers):
    """Sessions by id, all within an hour."""
    return [f for i in numbers for f in connection(*full(session=id_of(i)), at=i * 10**6, client=("192.0.2.10", 10000 + i))]


def uses_again(numbers, hours=25):
    return [f for i in numbers for f in connection(*resumption_of("id", id_of(i)), at=hours * HOUR + i * 10**6, client=("192.0.2.11", 10000 + i))]


def judged(evs, label, hours=25, most_unknown=0):
    """No age is wrong, and at most so many are not known. Returns how many are not."""
    tls = of_type(evs, "tls")
    unknown = 0
    for e in tls:
        session = e["utwatch"]["session"]
        if session.get("age_basis") == "exact":
            check(abs(session["age_s"] - hours * 3600) <= 1, label, session)
        else:
            unknown += 1
            check(session.get("age_s", 0) <= hours * 3600, label, session)
    check(unknown <= most_unknown, label, unknown, "of", len(tls), "are not known")
    return unknown


def timed(sensor, frames):
    """How long the sensor takes to swallow them: a pipe holds 64 KiB, these are more."""
    from_time = time.monotonic()
    sensor.feed(frames)
    return time.monotonic() - from_time


def failing(redis, what, break_it, mend_it):
    """B is in the middle of its capture when Redis breaks."""
    redis.tell("flushall")
    run(A, beginnings(range(1000)))
    b = Sensor(B)
    whole = timed(b, uses_again(range(500)))
    break_it()
    broken = timed(b, uses_again(range(500, 1000)))
    evs = b.end()
    mend_it()
    check(len(of_type(evs, "tls")) == 1000, what, len(of_type(evs, "tls")), "handshakes")
    check(broken < whole + 2, what, "%.2f s after, %.2f s before it" % (broken, whole))
    check(judged(evs, what, most_unknown=1000) > 0, what, "made no difference")
    check(memory(evs)["sessions_unanswered"] > 0, what, memory(evs))


def caught_up(redis, tries=5):
    """A goes on while Redis is gone, and tells afterwards."""
    redis.tell("flushall")
    a = Sensor(A)
    a.feed(beginnings(range(10)))
    a.wait_for(10)
    time.sleep(1)
    redis.kill()
    a.feed(beginnings(range(10, 300)))
    a.wait_for(300)
    redis.start()
    time.sleep(5)  # connections are tried again after at most four seconds
    a.feed(beginnings(range(300, 310)))
    evs = a.end()
    check(memory(evs)["sessions_untold"] == 0, "A has", memory(evs))
    evs = run(B, uses_again(range(10, 310)))
    if memory(evs)["sessions_unanswered"] and tries > 1:
        return caught_up(redis, tries - 1)
    judged(evs, "caught up")
    check(len([x for x in of_type(evs, "alert") if x["utwatch"]["rule"] == RULE["id"]]) == 300, "caught up: not all of 300 are alerts")


def at_the_same_time(redis, tries=5):
    """Both run; what A sees now, B can judge at once."""
    redis.tell("flushall")
    a, b = Sensor(A), Sensor(B)
    b.feed(beginnings(range(5000, 5001)))
    a.feed(beginnings(range(200)))
    a.wait_for(200)
    time.sleep(1)
    b.feed(uses_again(range(200)))
    a.end()
    evs = b.end()
    if memory(evs)["sessions_unanswered"] and tries > 1:
        return at_the_same_time(redis, tries - 1)
    evs = [e for e in evs if e.get("src_ip") != "192.0.2.10"]
    judged(evs, "at the same time")


def not_there(_):
    """A sensor whose Redis does not exist says so, and judges as if it were alone."""
    frames = beginnings(range(50)) + uses_again(range(50))
    sensor = Sensor(B)
    sensor.feed(frames)
    evs = sensor.end()
    judged([e for e in evs if e.get("src_ip") == "192.0.2.11"], "not there")
    check(b"Redis does not answer" in b"".join(sensor.talk), "nothing is said of it:", sensor.talk)
    check(memory(evs)["sessions_untold"] > 0, "not there", memory(evs))


if not has_namespaces():
    print("no network namespaces here")
    sys.exit(SKIP)
with tempfile.TemporaryDirectory() as folder, Hosts():
    server = Redis(folder)
    try:
        for capture in CAPTURES:
            recorded(server, capture)
        at_the_same_time(server)
        failing(server, "hangs", lambda: server.signal(signal.SIGSTOP), lambda: server.signal(signal.SIGCONT))
        failing(server, "is slow", lambda: server.tell("client", "pause", "3000"), lambda: time.sleep(3))
        failing(server, "is killed", server.kill, server.start)
        caught_up(server)
        server.kill()
        not_there(server)
    finally:
        if server.process.poll() is None:
            server.signal(signal.SIGCONT)
            server.kill()
finish()
