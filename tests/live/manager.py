#!/usr/bin/env python3
"""Does the service manager hear of readiness, of the watchdog's beat while packets are read, and of the end? usage: manager.py UTWATCH"""
import os
import signal
import socket
import subprocess
import sys
import tempfile

from taps import PATIENCE, Taps
from checks import check, finish

with Taps() as taps, tempfile.TemporaryDirectory() as folder:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(os.path.join(folder, "notify"))
    manager.settimeout(PATIENCE)
    env = {**os.environ, "NOTIFY_SOCKET": os.path.join(folder, "notify"), "WATCHDOG_USEC": "3000000"}
    p = subprocess.Popen(taps.command(sys.argv[1], "-q", "-i", "tap0", "--json", os.devnull), env=env)
    heard = [manager.recv(300) for _ in range(3)]
    check(heard[0] == b"READY=1", "the first word:", heard)
    check(all(h.startswith(b"WATCHDOG=1\nSTATUS=") for h in heard[1:]), "no beat:", heard)
    p.send_signal(signal.SIGTERM)
    while (last := manager.recv(300)).startswith(b"WATCHDOG=1"):
        pass
    check(last == b"STOPPING=1", "the end is not told:", last)
    check(p.wait(PATIENCE) in (0, 4), "status", p.returncode)
finish(4)
