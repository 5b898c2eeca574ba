#!/usr/bin/env python3
"""Does kill -9 of sensor or writer forget a session, lose an event or leave half a line? usage: killed.py UTWATCH [RUNS]"""
import csv
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

from taps import PATIENCE, PCAPS, Sensor, Taps, sensor_and_writer
from checks import check, finish

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "captures"))
import capturelib  # noqa: E402
import made_sessions as made  # noqa: E402
from check_schema import built_with, validator  # noqa: E402

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
SCHEMA = validator(built_with(binary))
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 4


def one(path, number, conversation):
    """A connection of its own UE, to a server of its own."""
    capturelib.write_frames(path, made.connection(*conversation, at=0, client=("192.0.2.10", 20000 + number), server=("192.0.2.80", 443)))


def identifier(run):
    return bytes([run & 255, run >> 8]) + bytes([0xC1]) * 30


def begun_then_killed(taps, folder, which, state):
    sensor = Sensor(taps, binary, "-p", "ts33141-pcr2", *(["--state", state] if state else []))
    path = os.path.join(folder, "one.pcap")
    for run in range(RUNS):
        name = identifier(run)
        one(path, 2 * run, made.full(session=name))
        taps.send(path)
        begun = sensor.wait_for_event(lambda e: e["event_type"] == "tls" and e["src_port"] == 20000 + 2 * run)
        check(begun, which, run, "the handshake is not told of", sensor.talk)
        victim = sensor_and_writer(sensor.process.pid).get(which)
        check(victim, which, run, "is not there")
        if not victim:
            break
        os.kill(victim, signal.SIGKILL)
        check(sensor.wait_for(b"another one is started"), which, run, "its death is not told of")
        if which == "sensor":
            check(sensor.wait_for(b"capturing"), which, run, "no other one captures", sensor.talk)
        one(path, 2 * run + 1, made.resumption_of("id", name))
        taps.send(path)
        again = sensor.wait_for_event(lambda e: e["event_type"] == "tls" and e["src_port"] == 20001 + 2 * run)
        session = again["utwatch"]["session"] if again else {}
        check(session.get("age_basis") == "exact", which, run, "the origin is forgotten:", session, sensor.talk[-500:])
    with open(sensor.json, "rb") as f:
        data = f.read()
    for line in data.splitlines():
        json.loads(line)
    check(data.endswith(b"\n"), which, "half a line")
    sensor.end()
    ports = [e["src_port"] for e in map(json.loads, data.splitlines()) if e["event_type"] == "tls"]
    check(set(ports) == set(range(20000, 20000 + 2 * RUNS)), which, "events are missing:", sorted(ports))
    check(sensor.status in (0, 1, 4), which, "status", sensor.status, sensor.talk[-500:])
    print("%s killed %d times: %d of %d events twice" % (which, RUNS, len(ports) - len(set(ports)), len(set(ports))), flush=True)
    if state:
        look = subprocess.run([binary, "--sessions", "--state", state], capture_output=True)
        check(look.returncode == 0 and ("%d remembered" % RUNS).encode() in look.stdout, which, "the state file:", look.stdout[:200], look.stderr)


def told_by_one_before(taps, folder):
    """What a killed sensor found decides the exit status, and the report says from when on it counts."""
    report = os.path.join(folder, "report.txt")
    sensor = Sensor(taps, binary, "--report", "text:" + report)
    taps.send(FAILS)
    check(sensor.wait_for_event(lambda e: e["event_type"] == "alert"), "no alert", sensor.talk)
    os.kill(sensor_and_writer(sensor.process.pid)["sensor"], signal.SIGKILL)
    check(sensor.wait_for(b"capturing"), "no other one captures", sensor.talk)
    last = sensor.end()[-1]
    check(sensor.status == 1, "status", sensor.status, sensor.talk)
    check(last["event_type"] == "stats" and last["utwatch"]["capture"]["restarts"] == 1, "statistics", last)
    check(not list(SCHEMA.iter_errors(last)), "the schema refuses", last)
    with open(report) as f:
        text = " ".join(f.read().split())
    check("The sensor was started again 1 time, last at 20" in text and "Violations were found before that." in text, "report", text)
    check("nothing is known to be missing" not in text, "report", text)


def reports_of_several(taps, folder):
    """A sensor that gives way to one that opens an interface again writes no report: the run has one of each form."""
    names = {form: os.path.join(folder, "several." + form) for form in ("junit", "csv", "html")}
    sensor = Sensor(taps, binary, *[word for form, name in names.items() for word in ("--report", form + ":" + name)])
    taps.send(FAILS)
    check(sensor.wait_for_event(lambda e: e["event_type"] == "alert"), "no alert", sensor.talk)
    taps.ip("link", "del", "tap0")
    check(sensor.wait_for(b"the interface was removed"), "not removed", sensor.talk)
    taps.add(0)
    check(sensor.wait_for(b"the interface is back"), "not back", sensor.talk)
    sensor.end()
    check(sensor.status == 1, "status", sensor.status, sensor.talk)
    properties = xml.etree.ElementTree.parse(names["junit"]).iter("property")
    said = {p.get("name"): p.get("value") for p in properties}
    check(said.get("interrupted") == "SIGINT" and "started again 1 time" in said.get("restarted", ""), "JUnit says", said)
    with open(names["csv"], newline="") as f:
        rows = list(csv.DictReader(f))
    check([(r["status"], r["note"]) for r in rows if not r["rule"]] == [("interrupted", "SIGINT")], "CSV says", rows[-1:])
    check(subprocess.run([binary, "-q", "--baseline", names["csv"], "-r", FAILS]).returncode == 0, "it is no baseline")
    for form, once in (("csv", "time,capture,"), ("html", "</html>")):
        with open(names[form]) as f:
            text = f.read()
        check(text.count(once) == 1, form, "has", text.count(once), once)
        check(form != "csv" or text.count("\n") > 1, "the finding of the first sensor is gone")


def asked_twice(taps, folder):
    """A sensor that several ask to end does so in order, once: it may not remove files, and nothing that it found is lost."""
    report = os.path.join(folder, "asked.html")
    sensor = Sensor(taps, binary, "--report", "html:" + report)
    taps.send(FAILS)
    check(sensor.wait_for_event(lambda e: e["event_type"] == "alert"), "no alert", sensor.talk)
    pid = sensor_and_writer(sensor.process.pid)["sensor"]
    for by in signal.SIGTERM, signal.SIGINT, signal.SIGTERM:
        os.kill(pid, by)
    check(sensor.process.wait(PATIENCE) == 1, "the status after a second signal", sensor.process.returncode)
    events = sensor.events()
    sensor.end()
    check(b"was ended by" not in sensor.talk, "the sensor died of it", sensor.talk)
    check(events and events[-1]["event_type"] == "stats", "no statistics at the end")
    with open(report) as f:
        check("</html>" in f.read(), "no whole report")


def hung(taps, which):
    """A sensor or writer that does not move is replaced when it has not for eight seconds."""
    sensor = Sensor(taps, binary)
    time.sleep(0.5)
    os.kill(sensor_and_writer(sensor.process.pid)[which], signal.SIGSTOP)
    taps.send_new(FAILS)
    begun = time.monotonic()
    check(sensor.wait_for(b"has not moved for 8 seconds") and sensor.wait_for(b"another one is started"), "a hung", which, "stays", sensor.talk)
    check(time.monotonic() - begun < 30, "it took", time.monotonic() - begun)
    check(which == "sensor" or sensor.wait_for_event(lambda e: e["event_type"] == "alert"), "the next writer has not the events")
    sensor.end()


def reader_away(taps):
    """A writer that waits for the reader of its output is not killed, since the next one would wait as well; the service manager hears no beat."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(os.path.join(folder, "notify"))
        manager.settimeout(1)
        os.environ.update({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "3000000"})
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        sensor = Sensor(taps, binary, "--report", "text:/dev/fd/%d" % write, "--details", pass_fds=[write])
        for name in "NOTIFY_SOCKET", "WATCHDOG_USEC":
            del os.environ[name]
        for _ in range(20):
            taps.send_new(FAILS)
        check(sensor.wait_for(b"waiting for a file or its reader"), "a writer that waits is not told of", sensor.talk)
        hear(manager, 1)  # what was sent before
        heard = hear(manager, 3)
        check(not any(h.startswith(b"WATCHDOG") for h in heard), "the service manager still hears a beat", heard)
        os.set_blocking(read, False)
        until = time.monotonic() + PATIENCE
        while b"the writer goes on" not in sensor.talk and time.monotonic() < until:
            sensor.wait_for(b"the writer goes on", 0.1)
            try:
                os.read(read, 65536)
            except BlockingIOError:
                pass
        check(b"the writer goes on" in sensor.talk, "it does not go on", sensor.talk)
        os.close(write)
        reader = threading.Thread(target=lambda: drain(read))
        reader.start()
        sensor.end()
        reader.join()
        check(sensor.status == 1 and b"was ended by" not in sensor.talk, "status", sensor.status, sensor.talk)


def hear(manager, seconds):
    """What the service manager is told meanwhile."""
    heard, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            heard.append(manager.recv(300))
        except TimeoutError:
            pass
    return heard


def drain(descriptor):
    os.set_blocking(descriptor, True)
    while os.read(descriptor, 65536):
        pass
    os.close(descriptor)


def without_supervisor(taps):
    """Nobody goes on where nobody would end it."""
    sensor = Sensor(taps, binary)
    both = sensor_and_writer(sensor.process.pid)
    os.kill(sensor.process.pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while any(os.path.exists("/proc/%d" % pid) for pid in both.values()) and time.monotonic() < until:
        time.sleep(0.2)
    left = {name for name, pid in both.items() if os.path.exists("/proc/%d" % pid)}
    check(len(both) == 2 and not left, "without a supervisor these go on:", left)
    for pid in both.values():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


with Taps() as taps, tempfile.TemporaryDirectory() as folder:
    for which in ("sensor", "writer"):
        for state in (None, os.path.join(folder, which + ".state")):
            begun_then_killed(taps, folder, which, state)
    told_by_one_before(taps, folder)
    reports_of_several(taps, folder)
    asked_twice(taps, folder)
    hung(taps, "sensor")
    hung(taps, "writer")
    reader_away(taps)
    without_supervisor(taps)
finish(30)
