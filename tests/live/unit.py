#!/usr/bin/env python3
"""Does the program run with what its systemd unit allows: user, capabilities, system calls, address families? Without systemd: the filter is built
here from the unit. usage: unit.py UTWATCH UNIT"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NATIVE, KILL, ALLOW, ERRNO, EQUAL, SOCKET = 0, 0x80000000, 0x7FFF0000, 0x00050000, 4, 41
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17}
EAFNOSUPPORT = 97


class Argument(ctypes.Structure):
    _fields_ = [("number", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit, key):
    with open(unit) as f:
        return [line.strip().partition("=")[2] for line in f if line.startswith(key + "=")]


def calls_of(group):
    """Of a group of systemd all calls, in order of name."""
    words = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout.split("\n")
    names = [w.strip() for w in words if w.startswith("    ") and not w.strip().startswith("#")]
    return {call for name in names for call in (calls_of(name) if name.startswith("@") else [name])}


def allowed(unit):
    """As systemd reads the lines one after the other: the first is a list of what is allowed, and "~" takes away."""
    left = set()
    for line in settings(unit, "SystemCallFilter"):
        named = {call for word in line.lstrip("~").split() for call in (calls_of(word) if word.startswith("@") else [word])}
        left = left - named if line.startswith("~") else left | named
    return left


def become(unit, *command):
    """Takes the filter and turns into the command."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(KILL))
    for name in sorted(allowed(unit) - {"socket"} | {"execve"}):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number != -1:  # libseccomp is older than systemd's list
            lib.seccomp_rule_add_array(context, ALLOW, number, 0, None)
    families = {FAMILIES[word] for word in settings(unit, "RestrictAddressFamilies")[0].split()}
    for family in range(46):
        action = ALLOW if family in families else ERRNO | EAFNOSUPPORT
        if lib.seccomp_rule_add_array(context, action, SOCKET, 1, ctypes.byref(Argument(0, EQUAL, family, 0))) != 0:
            sys.exit("a rule is refused")
    if lib.seccomp_load(context) != 0:
        sys.exit("the filter is refused")
    os.execv(command[0], command)


if sys.argv[1] == "--within":
    become(*sys.argv[2:])

from taps import PATIENCE, PCAPS, Sensor, Taps, children  # noqa: E402
from checks import check, finish  # noqa: E402

binary, unit = map(os.path.abspath, sys.argv[1:])
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
if not shutil.which("systemd-analyze") or not shutil.which("setpriv"):
    print("needs systemd-analyze and setpriv")
    sys.exit(77)


def within():
    capabilities = settings(unit, "AmbientCapabilities")[0].split()
    sets = "-all" + "".join(",+" + name.removeprefix("CAP_").lower() for name in capabilities)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=" + sets, "--ambient-caps=" + sets,
            "--bounding-set=" + sets, "--no-new-privs", sys.executable, os.path.abspath(__file__), "--within", unit]


def run(taps, folder, *words):
    site, state = os.path.join(folder, "site.yaml"), os.path.join(folder, "state")
    with open(site, "w") as f:
        f.write("outputs: { metrics: '127.0.0.1:9333', stats-interval: 1s, syslog: ['udp:localhost:5514', 'tls:localhost:5515'],\n"
                "  spool: { path: %s } }\n" % os.path.join(folder, "spool"))
    sensor = Sensor(taps, binary, "-c", site, "--state", state, *words, before=within())
    taps.send_new(FAILS)
    if not sensor.wait_for_event(lambda e: e["event_type"] == "tls"):
        sensor.end(signal.SIGKILL)
        check(False, words, "nothing is told", sensor.talk)
        return
    with open(site, "a") as f:
        f.write("policy: { encryption-required: true }\n")
    sensor.process.send_signal(signal.SIGHUP)
    check(sensor.wait_for(b"judging by generation 2"), words, "no other rules", sensor.talk)
    page, until = b"", time.monotonic() + PATIENCE
    while b"\nutwatch_rules_generation 2\n" not in page and time.monotonic() < until:
        time.sleep(1)  # until the sensor has told its metrics, and they may be asked for again
        page = subprocess.run(taps.command("curl", "-sm", "5", "http://127.0.0.1:9333/metrics"), capture_output=True).stdout
    check(b"\nutwatch_rules_generation 2\n" in page, words, "no metrics", page[:200])
    for pid in children(sensor.process.pid):
        os.kill(pid, signal.SIGKILL)
    check(sensor.wait_for(b"capturing"), words, "no sensor follows a killed one", sensor.talk)
    taps.send_new(FAILS)
    check(sensor.wait_for_event(lambda _: sum(e["event_type"] == "tls" for e in sensor.events()) == 2), words, "nothing is told after that")
    sensor.end(signal.SIGTERM)
    check(b"SIGSYS" not in sensor.talk and b"not confined" not in sensor.talk, words, sensor.talk)
    check(b"Address family not supported" not in sensor.talk, words, sensor.talk)
    check(sensor.status in (1, 5), words, "ended with", sensor.status, sensor.talk)  # 5: nobody takes the alerts


with Taps() as taps, tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o777)
    taps.ip("link", "set", "lo", "up")
    run(taps, folder)
    run(taps, folder, "--workers", "2")
finish(12)
