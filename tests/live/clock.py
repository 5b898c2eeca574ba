#!/usr/bin/env python3
"""The clock of the machine is set by years while the sensor runs: no age is wrong, what waits in the spool is sent, statistics go on, and the sensor
says nothing of itself. libfaketime sets it; the kernel's stamps stay. usage: clock.py UTWATCH"""
import glob
import os
import socket
import subprocess
import sys
import tempfile
import time

from taps import PATIENCE, ROOT, SKIP, Sensor, Taps
from checks import check, finish

sys.path.append(os.path.join(ROOT, "tests", "captures"))
import capturelib  # noqa: E402
import made_sessions as made  # noqa: E402

binary = sys.argv[1]


class Receiver:
    """Of datagrams; where it is not there, messages wait in the spool."""

    def __init__(self, path):
        self.path, self.socket, self.messages = path, None, []
        self.start()

    def start(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.setblocking(False)

    def stop(self):
        self.take()
        self.socket.close()
        os.unlink(self.path)

    def take(self):
        while True:
            try:
                self.messages.append(self.socket.recv(8192))
            except BlockingIOError:
                return

    def wait_for(self, word, seconds=PATIENCE):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.take()
            if any(word in message for message in self.messages):
                return True
            time.sleep(0.1)
        return False


class Clock:
    """The offset of the clock that the program sees, which it looks up each time."""

    def __init__(self, folder, library):
        self.path = os.path.join(folder, "clock")
        self.set("+0y")
        self.before = ("env", "LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + self.path, "FAKETIME_NO_CACHE=1",
                       "FAKETIME_DONT_FAKE_MONOTONIC=1")

    def set(self, offset):
        with open(self.path + ".new", "w") as f:
            f.write(offset + "\n")
        os.rename(self.path + ".new", self.path)


def send(taps, folder, conversation, address, port):
    path = os.path.join(folder, "handshake.pcap")
    capturelib.write_frames(path, made.connection(*conversation, at=0, client=(address, port)))
    taps.send(path)


def tls_of(sensor, address, count):
    """That many handshakes of this UE, or as many as came."""
    sensor.wait_for_event(lambda _: sum(e["event_type"] == "tls" and e["src_ip"] == address for e in sensor.events()) >= count)
    return [e for e in sensor.events() if e["event_type"] == "tls" and e["src_ip"] == address]


def statistics(sensor, count):
    """The times of the next ones, of which there is one a second."""
    before = sum(e["event_type"] == "stats" for e in sensor.events())
    sensor.wait_for_event(lambda _: sum(e["event_type"] == "stats" for e in sensor.events()) >= before + count)
    return [e["timestamp"] for e in sensor.events() if e["event_type"] == "stats"][before:]


def set_by_years(taps, folder, library):
    receiver, clock = Receiver(os.path.join(folder, "log")), Clock(folder, library)
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("outputs: { stats-interval: 1s, spool: { path: %s } }\n" % os.path.join(folder, "spool"))
    # The sandbox allows no look at the file that says what the time is.
    sensor = Sensor(taps, binary, "-c", site, "--no-confine", "--syslog", "unix:" + receiver.path, before=clock.before)
    year = time.gmtime().tm_year
    for n, (offset, years) in enumerate((("+5y", 5), ("-5y", -5), ("+0y", 0))):
        address, other = "10.0.0.%d" % (n + 1), "10.0.1.%d" % (n + 1)
        session, begun = bytes([0x40 + n]) * 32, time.monotonic()
        send(taps, folder, made.full(session=session), address, 20000)
        check(receiver.wait_for(b'src_ip="%s"' % address.encode()), offset, "the first alert did not come")
        receiver.stop()
        send(taps, folder, made.full(session=bytes([0x50 + n]) * 32), other, 20000)
        check(len(tls_of(sensor, other, 1)) == 1, offset, "a handshake while nobody listens")
        clock.set(offset)
        told = statistics(sensor, 4)[1:]  # the first may have been on its way
        check(len(told) >= 3 and all(abs(int(t[:4]) - year - years) <= 1 for t in told), offset, "statistics", told)
        send(taps, folder, made.resumption_of("id", session), address, 20001)
        resumed = [e["utwatch"]["session"] for e in tls_of(sensor, address, 2) if e["utwatch"]["session"]["resumed"]]
        exact = len(resumed) == 1 and resumed[0]["age_basis"] == "exact"
        check(exact and 0 < resumed[0]["age_s"] < time.monotonic() - begun, offset, "the age", resumed)
        receiver.start()
        check(receiver.wait_for(b'src_ip="%s"' % other.encode()), offset, "what waited in the spool did not come")
    events = sensor.end()
    receiver.take()
    broken = {e["utwatch"]["rule"] for e in events if e["event_type"] == "alert" and "lifetime" in e["utwatch"].get("rule", "")}
    check(not broken, "told of a session's age:", broken)
    itself = [e["utwatch"] for e in events if e["event_type"] == "sensor" and e["utwatch"]["sensor"].get("condition") != "output"]
    check(not itself, "the sensor of itself", itself[:3])
    stats = events[-1]["utwatch"]["capture"]
    check(stats["unordered"] == 0 and stats["outputs_lost"] == 0 and stats["kernel_drops"] == 0, "numbers", stats)
    check(sensor.status == 1, "status", sensor.status, sensor.talk[-500:])


def main():
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not library or b"libasan" in subprocess.run(["ldd", binary], capture_output=True).stdout:
        print("needs faketime, and a build without sanitizers")
        sys.exit(SKIP)
    with Taps(1) as taps, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        set_by_years(taps, folder, library[0])


main()
finish(15)
