#!/usr/bin/env python3
"""Does the sensor say what becomes of what it found: an output that cannot be written, a spool that fills, frames lost by the
interface; and do the numbers of syslog in the statistics agree with the receiver's? usage: outputs.py UTWATCH"""
import datetime
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from taps import NOT_GRAVE, PATIENCE, PCAPS, ROOT, Sensor, Taps, fill, sensor_and_writer
from checks import check, finish

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")


class Receiver:
    """Takes messages in octet counting (RFC 6587 3.4.1) on a TCP port of the namespace, and counts them."""

    def __init__(self, taps, port):
        program = ("import socket\ns = socket.create_server(('127.0.0.1', %d))\nprint(flush=True)\nc = s.accept()[0]\nn, b = 0, b''\n"
                   "while d := c.recv(65536):\n    b += d\nwhile b:\n    l, r = b.split(b' ', 1)\n    b = r[int(l):]\n    n += 1\nprint(n)" % port)
        self.process = subprocess.Popen(taps.command("python3", "-c", program), stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def count(self):
        return int(self.process.communicate(timeout=PATIENCE)[0])


def edge(sensor, condition, which):
    def wanted(e):
        return e["event_type"] == "sensor" and e["utwatch"]["sensor"] == {"condition": condition, "edge": which}

    event = sensor.wait_for_event(wanted)
    check(event, condition, which, "is not told", [e["utwatch"] for e in sensor.events() if e["event_type"] == "sensor"])
    return event["utwatch"]["observed"] if event else ""


def quiet_tap(taps, folder):
    """Without a frame: statistics have the time of day, the last ones too, and the process has an uptime."""
    site = os.path.join(folder, "quiet.yaml")
    with open(site, "w") as f:
        f.write("outputs: { stats-interval: 1s }\n")
    begun = time.time()
    sensor = Sensor(taps, binary, "-c", site)
    stats = [e for e in sensor.end(quiet_for=2.5) if e["event_type"] == "stats"]
    at = [datetime.datetime.fromisoformat(e["timestamp"]).timestamp() for e in stats]
    check(len(at) >= 3 and at == sorted(at) and begun <= at[0] and at[-1] <= time.time(), "stamps", [e["timestamp"] for e in stats])
    uptime = [e["stats"]["uptime"] for e in stats]
    check(uptime == sorted(uptime) and 2 <= uptime[-1] <= time.time() - begun + 1, "uptime", uptime)


def removed(taps, folder):
    """What somebody removes is made again, the file by us, the folder of evidence by whoever removed it."""
    evidence = os.path.join(folder, "evidence")
    sensor = Sensor(taps, binary, "--evidence", evidence)
    shutil.rmtree(evidence)
    os.unlink(sensor.json)
    time.sleep(1.5)
    os.mkdir(evidence)
    taps.send(FAILS)
    alert = sensor.wait_for_event(lambda e: e["event_type"] == "alert")
    check(alert, "the file of events is not made again")
    check(len(os.listdir(evidence)) == 1, "the folder of evidence is not used again", os.listdir(evidence))
    sensor.end()


def full_disk(taps, folder):
    """Nothing is lost when there is room again, and it is told at syslog meanwhile."""
    disk, log = os.path.join(folder, "disk"), os.path.join(folder, "log")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    try:
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        heard.bind(log)
        os.chmod(log, 0o777)
        heard.settimeout(PATIENCE)
        sensor = Sensor(taps, binary, "--syslog", "unix:" + log, json_in=disk)
        fill(os.path.join(disk, "filler"))
        for _ in range(3):
            taps.send_new(FAILS)
        told = b""
        while b"output-fails" not in told:
            told = heard.recv(2000)
        check(b"No space left on device" in told, "told otherwise", told)
        os.unlink(os.path.join(disk, "filler"))
        edge(sensor, "output-fails", "begins")
        edge(sensor, "output-fails", "ends")
        handshakes = sum(e["event_type"] == "tls" for e in sensor.events())
        check(handshakes == 3, "handshakes after a full disk", handshakes)
        sensor.end()
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def nearly_full_disk(taps, folder):
    """It takes some files and refuses others: that is reported once, not at each change."""
    disk, kept = os.path.join(folder, "nearly"), []
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    try:
        sensor = Sensor(taps, binary, "--evidence", disk)
        for n in range(3):
            for name in os.listdir(disk):
                os.unlink(os.path.join(disk, name))
            for full in True, False:
                if full:
                    fill(os.path.join(disk, "filler"))
                else:
                    os.unlink(os.path.join(disk, "filler"))
                taps.send_new(FAILS)
                told = 2 * n + (1 if full else 2)
                sensor.wait_for_event(lambda _, told=told: sum(e["event_type"] == "tls" for e in sensor.events()) == told)
                time.sleep(1)  # the file of evidence comes with the alerts
                kept.append(sum(name.endswith(".pcapng") for name in os.listdir(disk)))
        events = sensor.end()
        check(kept == [0, 1] * 3, "files kept on a disk that is full, and that is not", kept)
        edges = [e["utwatch"]["sensor"]["edge"] for e in events if e["event_type"] == "sensor"]
        check(edges.count("begins") == 1, "events of a disk that is nearly full", edges)
        lines = [line for line in sensor.talk.splitlines() if b"--evidence: " in line and b"could not be written" not in line]
        check(len(lines) == 1, "lines about a disk that is nearly full", lines)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def full_spool(taps, folder):
    day = os.path.join(folder, "day.pcap")
    subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, day + ".json", "--connections", "6000"], check=True, capture_output=True)
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("outputs: { stats-interval: 1s, spool: { path: %s, size: 1MiB } }\n" % os.path.join(folder, "spool"))
    sensor = Sensor(taps, binary, "-c", site, "--syslog", "tcp:127.0.0.1:5514")
    taps.send(day)
    observed = edge(sensor, "spool-fills", "begins")
    check("of the 1024 KiB" in observed, "how full", observed)
    stats = sensor.wait_for_event(lambda e: e["event_type"] == "stats" and e["utwatch"]["syslog"]["spool_bytes"] > 512 << 10)
    counted = stats["utwatch"]["syslog"] if stats else {}
    check(counted.get("arrived") == counted.get("sent") == 0, "statistics", counted)
    receiver = Receiver(taps, 5514)
    edge(sensor, "spool-fills", "ends")
    told = sum(e["utwatch"]["syslog"]["told"] > 0 for e in sensor.events() if e["event_type"] == "stats")
    check(told, "no alerts")
    last = {}
    for _ in range(10 * PATIENCE):
        last = [e for e in sensor.events() if e["event_type"] == "stats"][-1]["utwatch"]["syslog"]
        if last["arrived"] == last["sent"] - last["resent"]:
            break
        time.sleep(0.1)
    check(last["arrived"] == last["sent"] > 1000 and not last["resent"], "not all has arrived", last)
    sensor.end(quiet_for=0)
    received = receiver.count()
    check(received >= last["sent"], "the receiver has", received, last)
    check(received - last["sent"] < 200, "summaries at the end", received, last)
    print("%d messages, %d dropped for lack of room" % (received, last["dropped"]))


def interface_losses(taps, folder):
    """The confined sensor still sees the counter of the interface grow; a file in its place, in a namespace of its own."""
    counter, site = os.path.join(folder, "counter"), os.path.join(folder, "interval.yaml")
    for path, text in (counter, "7\n"), (site, "outputs: { stats-interval: 1s }\n"):
        with open(path, "w") as f:
            f.write(text)
    fake = ("unshare", "-m", "sh", "-c", 'mount --bind "$0" /sys/class/net/tap0/statistics/rx_missed_errors && exec "$@"', counter)
    sensor = Sensor(taps, binary, "-c", site, before=fake)
    taps.send(NOT_GRAVE)  # so that it is told while the interval of its packets lasts, to which the losses are to belong
    sensor.wait_for_event(lambda e: e["event_type"] == "tls")
    check(not any(e["utwatch"]["capture"]["interface_drops"] for e in sensor.events() if e["event_type"] == "stats"), "drops of before")
    for count, lost in (19, 12), (3, 15), (5, 17):  # the driver begins anew in between
        with open(counter, "w") as f:
            f.write("%d\n" % count)
        stats = sensor.wait_for_event(lambda e, lost=lost: e["event_type"] == "stats" and e["utwatch"]["capture"]["interface_drops"] == lost)
        check(stats, lost, "frames that the interface lost are not told")
    check("12 of" in edge(sensor, "packets-dropped", "begins"), "no alert of them")
    sensor.end()


def often_counted(taps, folder):
    """The kernel's counters begin anew after 32 bits: they are read long before, whatever the interval of statistics."""
    site = os.path.join(folder, "hour.yaml")
    with open(site, "w") as f:
        f.write("outputs: { stats-interval: 1h }\n")
    for words in [], ["--workers", "2"]:
        sensor = Sensor(taps, binary, "-c", site, *words)
        pid = sensor_and_writer(sensor.process.pid)["sensor"]
        seen = subprocess.run(["timeout", "-s", "INT", "12", "strace", "-f", "-e", "trace=getsockopt", "-p", str(pid)], capture_output=True).stderr
        check(seen.count(b"PACKET_STATISTICS") >= (2 if words else 1), words, "counters are not read", seen[-300:])
        sensor.end()


def offenders(taps, folder):
    """The text of a live run names, for each who broke a rule, a filter that tshark takes and the file in which it finds the handshake."""
    report, evidence = os.path.join(folder, "report.txt"), os.path.join(folder, "files")
    sensor = Sensor(taps, binary, "--evidence", evidence, "--report", "text:" + report)
    taps.send_new(FAILS)
    sensor.wait_for_event(lambda e: e["event_type"] == "alert")
    sensor.end()
    with open(report) as f:
        text = " ".join(f.read().split())
    found = set(re.findall(r"(ip\.addr == \S+ && tcp\.port == \d+ && ip\.addr == \S+ && tcp\.port == \d+), evidence: (\S+\.pcapng)", text))
    check(len(found) == 1, "the filter and the evidence of an offender", found, text[:900])
    for words, name in found:
        seen = [subprocess.run(["tshark", "-r", os.path.join(evidence, name), "-Y", f], capture_output=True, text=True).stdout.count("\n")
                for f in (words, "not (%s)" % words, words + " && tls.handshake.type == 1")]
        check(seen[0] > 5 and seen[1] == 0 and seen[2] == 1, "the frames that tshark finds", seen, words)


with Taps() as taps, tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o755)
    taps.ip("link", "set", "lo", "up")
    interface_losses(taps, folder)
    quiet_tap(taps, folder)
    removed(taps, folder)
    full_disk(taps, folder)
    nearly_full_disk(taps, folder)
    full_spool(taps, folder)
    if shutil.which("strace"):
        often_counted(taps, folder)
    offenders(taps, folder)
finish(25)
