#!/usr/bin/env python3
"""Can a compromised parser reach anything? In replay and live, a build whose parser attacks. usage: contained.py UTWATCH_HOSTILE"""
import os
import signal
import subprocess
import sys
import tempfile

from taps import PCAPS, Sensor, Taps, sensor_and_writer
from checks import check, finish

binary = sys.argv[1]
CAPTURE = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
KILLED = ["execve", "ptrace", "fork", "kill", "mmap", "mprotect", "sendto", "setuid", "unshare"]  # by the list of system calls
REFUSED = ["open", "create", "connect"]  # which libraries may try
SECRET = "/tmp/utwatch-hostile"


def attacked(name):
    return {**os.environ, "UTWATCH_ATTACK": name}


def in_replay(name):
    with tempfile.TemporaryDirectory() as folder:
        words = [binary, "-q", "--json", os.path.join(folder, "out.json"), "-r", CAPTURE]
        p = subprocess.run(words, env=attacked(name), capture_output=True, timeout=60)
    check(b"SUCCEEDED" not in p.stderr, "replay,", name, p.stderr)
    if name in KILLED:
        check(p.returncode == -signal.SIGSYS, "replay,", name, "ended with", p.returncode, p.stderr)
    else:
        check(p.returncode == 1 and b"failed" in p.stderr, "replay,", name, p.returncode, p.stderr)


def without_confinement():
    """The attacks are real: without a sandbox they do succeed."""
    for name in ("open", "create", "mmap", "fork", "connect"):
        p = subprocess.run([binary, "-q", "--no-confine", "-r", CAPTURE], env=attacked(name), capture_output=True, timeout=60)
        check(b"SUCCEEDED" in p.stderr and b"--no-confine" in p.stderr, "the attack does nothing:", name, p.stderr)
    os.unlink(SECRET)


def live(taps, name, *words):
    """The sensor is ended and another one started; the supervisor and the writer go on, and the end is in order."""
    os.environ["UTWATCH_ATTACK"] = name
    sensor = Sensor(taps, binary, *words)
    del os.environ["UTWATCH_ATTACK"]
    taps.send(CAPTURE)
    words = b"the sensor was ended by SIGSYS; another one is started" if name in KILLED else b"attack: "
    check(sensor.wait_for(words), "live,", name, "no", words, sensor.talk)
    sensor.end(signal.SIGTERM, 1.5)
    check(sensor.status in (0, 1, 4), "live,", name, "ended with", sensor.status, sensor.talk)
    check(b"SUCCEEDED" not in sensor.talk, "live,", name, sensor.talk)


def evidence_elsewhere(taps):
    """A sensor that was taken over names a file outside the folder of evidence: the writer, which could make it, refuses."""
    with tempfile.TemporaryDirectory() as above:
        os.environ["UTWATCH_ATTACK"] = "evidence"
        sensor = Sensor(taps, binary, "--evidence", os.path.join(above, "evidence"))
        del os.environ["UTWATCH_ATTACK"]
        taps.send(CAPTURE)
        check(sensor.wait_for(b"Invalid argument"), "the file is not refused", sensor.talk)
        sensor.end(signal.SIGTERM, 1.5)
        check(sensor.status == 5 and b"1 file could not be written" in sensor.talk, "it is not counted", sensor.status, sensor.talk)
        check(os.listdir(above) == ["evidence"], "the sensor chose the place of a file:", os.listdir(above))


def status_of_threads(pid):
    """Of each thread {name: value}."""
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task)) as f:
            yield dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def rights(taps, *words):
    """No thread of the sensor has any, and those of the writer only those to open files: capability.h numbers them 1 and 2."""
    sensor = Sensor(taps, binary, *words)
    taps.send(CAPTURE)
    sensor.wait_for_event(lambda event: event["event_type"] == "tls")  # by then it is confined
    for which, pid in sensor_and_writer(sensor.process.pid).items():
        kept = 0b110 if which == "writer" else 0
        for status in status_of_threads(pid):
            capabilities = {name: int(value, 16) for name, value in status.items() if name.startswith("Cap")}
            check(all(mask & ~kept == 0 for mask in capabilities.values()), words, which, "has", capabilities)
            check(status["NoNewPrivs"] == "1", words, which, "may get new privileges")
            check(which == "writer" or status["Seccomp"] == "2", words, "a thread of the sensor may call all of the system")
    sensor.end(signal.SIGTERM)


with Taps() as taps:
    rights(taps)
    rights(taps, "--workers", "3")
    without_confinement()
    for attack in KILLED + REFUSED:
        in_replay(attack)
        live(taps, attack)
        live(taps, attack, "--workers", "2")
    evidence_elsewhere(taps)
    check(not os.path.exists(SECRET), "a file was made")
finish(40)
