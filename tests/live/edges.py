#!/usr/bin/env python3
"""Does the sensor say when it is blind, and go on by itself: links down and up, an interface renamed, removed and made again, no
packets, drops, one direction, lag? usage: edges.py UTWATCH"""
import datetime
import os
import signal
import subprocess
import sys
import tempfile
import time

from taps import PCAPS, ROOT, Sensor, Taps, sensor_and_writer
from checks import check, finish
import capturelib
import flood_load
from check_schema import built_with, validator

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
SCHEMA = validator(built_with(binary))


def conditions(events):
    """(condition, edge) of all events about the sensor itself, in their order"""
    return [tuple(e["utwatch"]["sensor"].values()) for e in events if e["event_type"] == "sensor"]


def begun(events):
    """Conditions of the alerts about the sensor."""
    return [e["utwatch"]["sensor"]["condition"] for e in events if e["event_type"] == "alert" and e["utwatch"]["about"] == "sensor"]


def valid(events):
    for event in events:
        check(not list(SCHEMA.iter_errors(event)), "the schema refuses", event)
    check(begun(events) == [c for c, edge in conditions(events) if edge == "begins"], "alerts", begun(events), conditions(events))


def wait(sensor, condition, edge, times=1):
    """The event, when it has been told so many times."""
    def told():
        return [e for e in sensor.events() if e["event_type"] == "sensor" and tuple(e["utwatch"]["sensor"].values()) == (condition, edge)]

    sensor.wait_for_event(lambda _: len(told()) >= times)
    check(len(told()) == times, condition, edge, "is told another number of times than", times, conditions(sensor.events()))
    return told()[-1] if told() else None


def still_sees(taps, sensor, what, out="out0"):
    before = len([e for e in sensor.events() if e["event_type"] == "tls"])
    taps.send_new(FAILS, out)
    event = sensor.wait_for_event(lambda e: e["event_type"] == "tls" and len(
        [x for x in sensor.events() if x["event_type"] == "tls"]) > before)
    check(event, what, "nothing is captured")


def processor_time(sensor):
    with open("/proc/%d/stat" % sensor.process.pid) as f:
        fields = f.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def links(taps):
    sensor = Sensor(taps, binary)
    still_sees(taps, sensor, "at first")
    falls = ("interface", ("tap0", "down"), ("tap0", "up")), ("carrier", ("out0", "down"), ("out0", "up"))
    for times, (what, down, up) in enumerate(falls, 1):
        taps.ip("link", "set", *down)
        wait(sensor, "link-down", "begins", times)
        before = processor_time(sensor)
        time.sleep(1)
        check(processor_time(sensor) - before < 0.1, what, "down: the sensor spins", processor_time(sensor) - before)
        taps.ip("link", "set", *up)
        wait(sensor, "link-down", "ends", times)
        still_sees(taps, sensor, what + " up again")
    taps.ip("link", "set", "tap0", "down")
    taps.ip("link", "set", "tap0", "up")
    wait(sensor, "link-down", "ends", 3)
    still_sees(taps, sensor, "after a short fall")
    taps.ip("link", "set", "tap0", "name", "mirror0")
    told = wait(sensor, "interface-renamed", "changes")
    check(told and "mirror0" in told["utwatch"]["observed"] and told["in_iface"] == "tap0", "renamed", told)
    still_sees(taps, sensor, "renamed")
    taps.ip("link", "del", "mirror0")
    wait(sensor, "interface-gone", "begins")
    before = processor_time(sensor)
    time.sleep(1)
    check(processor_time(sensor) - before < 0.1, "removed: the sensor spins", processor_time(sensor) - before)
    taps.add(0)
    wait(sensor, "interface-gone", "ends")
    still_sees(taps, sensor, "made again")
    events = sensor.end()
    valid(events)
    pairs = conditions(events)
    check(pairs.count(("link-down", "begins")) == pairs.count(("link-down", "ends")) == 3, "each edge once", pairs)
    check(pairs.count(("interface-gone", "begins")) == pairs.count(("interface-gone", "ends")) == 1, "each edge once", pairs)
    check(sensor.status == 1, "status", sensor.status, sensor.talk)


def down_at_first(taps):
    taps.ip("link", "set", "tap0", "down")
    sensor = Sensor(taps, binary, ready=b"the link is down")
    wait(sensor, "link-down", "begins")
    taps.ip("link", "set", "tap0", "up")
    wait(sensor, "link-down", "ends")
    still_sees(taps, sensor, "was down at first")
    valid(sensor.end())


def renamed_while_down(taps):
    """As service managers rename interfaces. A sensor that follows a killed one finds it under its new name too."""
    sensor = Sensor(taps, binary)
    for times, (before, after) in enumerate((("tap0", "mirror0"), ("mirror0", "tap0"), ("tap0", "mirror0")), 1):
        taps.ip("link", "set", before, "down")
        wait(sensor, "link-down", "begins", times)
        taps.ip("link", "set", before, "name", after)
        wait(sensor, "interface-renamed", "changes", times)
        taps.ip("link", "set", after, "up")
        wait(sensor, "link-down", "ends", times)
        still_sees(taps, sensor, "renamed to " + after)
    os.kill(sensor_and_writer(sensor.process.pid)["sensor"], signal.SIGKILL)
    sensor.wait_for(b"capturing")
    still_sees(taps, sensor, "by another sensor")
    taps.ip("link", "set", "mirror0", "name", "tap0")
    valid(events := sensor.end())
    check("interface-gone" not in dict(conditions(events)), "it was never removed", conditions(events))


def renamed_before_it_came_up(taps):
    taps.ip("link", "set", "tap0", "down")
    sensor = Sensor(taps, binary, ready=b"the link is down")
    taps.ip("link", "set", "tap0", "name", "mirror0")
    taps.ip("link", "set", "mirror0", "up")
    wait(sensor, "link-down", "ends")
    still_sees(taps, sensor, "renamed before it came up")
    taps.ip("link", "set", "mirror0", "name", "tap0")
    valid(events := sensor.end())
    check("interface-gone" not in dict(conditions(events)), "it was never removed", conditions(events))


def of_two(taps):
    """One of two interfaces goes, and the other is captured on."""
    sensor = Sensor(taps, binary, interfaces=("tap0", "tap1"))
    taps.ip("link", "del", "tap1")
    wait(sensor, "interface-gone", "begins")
    still_sees(taps, sensor, "the other interface")
    taps.add(1)
    wait(sensor, "interface-gone", "ends")
    still_sees(taps, sensor, "made again, beside another", "out1")
    valid(sensor.end())


def site(folder, text):
    path = os.path.join(folder, "site.yaml")
    with open(path, "w") as f:
        f.write(text)
    return path


def quiet(taps, folder):
    sensor = Sensor(taps, binary, "-c", site(folder, "limits: { quiet: 1s }"))
    wait(sensor, "no-packets", "begins")
    taps.send(FAILS)
    wait(sensor, "no-packets", "ends")
    events = sensor.end(quiet_for=0.1)
    check(conditions(events)[:2] == [("no-packets", "begins"), ("no-packets", "ends")], conditions(events))
    valid(events)


def reports_of_spells(taps, folder):
    """A report says what its events said: how often and how long the sensor was blind; a spell that is open counts until the end."""
    page, text = os.path.join(folder, "report.html"), os.path.join(folder, "report.txt")
    sensor = Sensor(taps, binary, "--report", "text:" + text, "--report", "html:" + page, "-c", site(folder, "limits: { quiet: 2s }"))
    still_sees(taps, sensor, "at first")
    for times in 1, 2:
        taps.ip("link", "set", "out0", "down")
        wait(sensor, "link-down", "begins", times)
        time.sleep(1.2)
        if times == 1:
            taps.ip("link", "set", "out0", "up")
            wait(sensor, "link-down", "ends", times)
    wait(sensor, "no-packets", "begins")
    events = sensor.end()
    taps.ip("link", "set", "out0", "up")
    valid(events)
    told = {edge: [when(e) for e in events if e["event_type"] == "sensor" and tuple(e["utwatch"]["sensor"].values()) == ("link-down", edge)]
            for edge in ("begins", "ends")}
    length = sum(told["ends"] + [when(events[-1])]) - sum(told["begins"])
    counted = events[-1]["utwatch"]["capture"]
    check(counted["link_down"] == 2 and length <= counted["link_down_seconds"] + 0.2 <= length + 1.5, "the link's spells", length, counted)
    check(counted["no_packets"] == 1 and counted["no_packets_seconds"] >= 3, "the quiet spell", counted)
    check(counted["lagging"] == counted["interface_gone"] == 0, "spells that were not", counted)
    sentences = ["The link of a captured interface was down 2 times, for %d seconds in all." % counted["link_down_seconds"],
                 "No packets arrived, whether or not there were any, once, for %d seconds." % counted["no_packets_seconds"]]
    for path in page, text:
        with open(path) as f:
            report = " ".join(f.read().split())
        check(all(s in report for s in sentences), "not in", path, sentences, report[-1500:] if path == text else "")
        check("othing is known to be missing" not in report, path, "says that nothing is missing")


def when(event):
    return datetime.datetime.strptime(event["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def stopped(taps, folder):
    """A sensor that stands still for a while: the kernel's ring overflows, and it reads late what was in it."""
    sent = os.path.join(folder, "sent.pcap")
    frames = capturelib.read_frames(FAILS)
    capturelib.write_frames(sent, [(n * 1000, bytes(1400)) for n in range(3000)] + frames)
    sensor = Sensor(taps, binary, "--ring", "1MiB", "-c", site(folder, "limits: { lag: 1s }\noutputs: { stats-interval: 1s }"))
    still_sees(taps, sensor, "before it stands still")
    capturing = sensor_and_writer(sensor.process.pid)["sensor"]
    os.kill(capturing, signal.SIGSTOP)
    taps.send(sent)
    time.sleep(1.5)
    os.kill(capturing, signal.SIGCONT)
    wait(sensor, "packet-lag", "begins")
    wait(sensor, "packets-dropped", "begins")
    taps.send(FAILS)
    wait(sensor, "packet-lag", "ends")
    wait(sensor, "packets-dropped", "ends")
    events = sensor.end()
    valid(events)
    last = events[-1]["utwatch"]["capture"]
    check(last["kernel_drops"] > 0 and last["kernel_packets"] == last["kernel_drops"] + last["frames"], "drops", last)


def one_direction(taps, folder):
    """Only what the servers say."""
    day, sent = os.path.join(folder, "day.pcap"), os.path.join(folder, "sent.pcap")
    subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, os.path.join(folder, "truth.json"), "--connections", "100",
                    "--drop-direction", "client"], check=True, capture_output=True)
    frames = capturelib.read_frames(day)
    capturelib.write_frames(sent, [(n * 1000, f) for n, (_, f) in enumerate(frames)])
    sensor = Sensor(taps, binary, "-c", site(folder, "outputs: { stats-interval: 1s }"))
    taps.send(sent)
    found = sensor.wait_for_event(lambda e: e["event_type"] == "sensor" and e["utwatch"]["sensor"]["condition"] == "one-direction", 75)
    check(found, "one direction is not told", conditions(sensor.events()))
    valid(sensor.end())


def full_table(taps, folder):
    """More handshakes than there are places, nearly all of one client."""
    sent = os.path.join(folder, "many.pcap")
    frames = flood_load.flood("real-hello", 100000, 0.002, sender=lambda rng: flood_load.greedy(rng, 1))
    capturelib.write_frames(sent, list(frames))
    sensor = Sensor(taps, binary, "-c", site(folder, "limits: { handshakes: 16 }\noutputs: { stats-interval: 1s }"))
    taps.send(sent)
    told = [sensor.wait_for_event(lambda e: e["event_type"] == "sensor" and e["utwatch"]["sensor"]["condition"] == "table-full"
                                  and e["utwatch"]["sensor"]["edge"] == edge, 75) for edge in ("begins", "ends")]
    check(all(told) and "from 198.51.100.0 (16)" in str(told[0]), "a full table is not told", told, conditions(sensor.events()))
    valid(sensor.end())


with Taps(2) as taps, tempfile.TemporaryDirectory() as folder:
    links(taps)
    down_at_first(taps)
    renamed_while_down(taps)
    renamed_before_it_came_up(taps)
    of_two(taps)
    quiet(taps, folder)
    reports_of_spells(taps, folder)
    stopped(taps, folder)
    one_direction(taps, folder)
    full_table(taps, folder)
finish(60)
