#!/usr/bin/env python3
"""The process reserves as much memory as -T says: for each limit, the difference between two values is the same in both. usage: memory.py UTWATCH"""
import fcntl
import os
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time

from run_utwatch import PCAPS, utwatch
from checks import check, finish

CAPTURE = os.path.join(PCAPS, "openssl-tls10-full.pcap")
PAIRS = {"flows": (100000, 1000000), "handshakes": (2048, 16384), "sessions": (100000, 4000000)}
TOLERANCE = 0.02


def told(site):
    """Bytes by -T, added up from its parts."""
    out = utwatch(sys.argv[1], "-T", "-c", site).stdout.decode()
    return sum(float(m.replace(",", "")) for m in re.findall(r" x .* ([0-9.]+) MiB\n", out)) * 2**20


def reserved(site, folder):
    """Address space of a process that has opened its tables and waits for more of a capture."""
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    p = subprocess.Popen([sys.argv[1], "-q", "-c", site, "-r", fifo], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(fifo, "wb") as f, open(CAPTURE, "rb") as capture:
        f.write(capture.read())
        f.flush()
        size, last = 0, -1
        for _ in range(300):
            last, size = size, status(p.pid)
            if size == last and not struct.unpack("i", fcntl.ioctl(f.fileno(), termios.FIONREAD, bytes(4)))[0]:  # it has read what there is
                break
            time.sleep(0.2)
    p.wait(60)
    os.unlink(fifo)
    return size


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmSize:\s+(\d+) kB", f.read())[1]) * 1024


with tempfile.TemporaryDirectory() as folder:
    for limit, values in PAIRS.items():
        sizes = []
        for value in values:
            site = os.path.join(folder, "site.yaml")
            with open(site, "w") as f:
                f.write("limits: { %s: %d }\n" % (limit, value))
            sizes.append((told(site), reserved(site, folder)))
        by_test, by_kernel = sizes[1][0] - sizes[0][0], sizes[1][1] - sizes[0][1]
        check(by_test > 0 and abs(by_test - by_kernel) <= TOLERANCE * by_kernel,
              "%s: -T says %.1f MiB more, the process reserves %.1f MiB more" % (limit, by_test / 2**20, by_kernel / 2**20))

    # Where no number of handshakes is given, the memory that there is decides.
    for memory, least in ((1536, 50000), (1024, 1024), (8192, 200000)):
        with open(site, "w") as f:
            f.write("limits: { memory: %dMiB }\n" % memory)
        out = utwatch(sys.argv[1], "-T", "-c", site).stdout.decode()
        handshakes = int(re.search(r"handshakes +([\d,]+) x", out)[1].replace(",", ""))
        together = float(re.search(r"together +([0-9.]+) MiB", out)[1])
        check(handshakes >= least and memory * 0.98 <= together <= memory, memory, "MiB:", handshakes, "handshakes,", together, "MiB")
finish()
