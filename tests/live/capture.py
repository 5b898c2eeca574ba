#!/usr/bin/env python3
"""Does live capture say what a replay of the same frames says, as it goes, and end in order? usage: capture.py UTWATCH"""
import glob
import os
import signal
import subprocess
import sys
import tempfile

from taps import PCAPS, Recorder, Sensor, Taps, comparable, replay, sensor_and_writer
from checks import check, finish

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")


def same_as_replay(taps, capture, what):
    with tempfile.TemporaryDirectory() as folder:
        site = os.path.join(folder, "site.yaml")
        with open(site, "w") as f:
            f.write("privacy: clear\n")  # hashes of identities differ from run to run
        sensor = Sensor(taps, binary, "-c", site)
        recorder = Recorder(taps, os.path.join(folder, "recorded.pcapng"), "tap0")
        taps.send(capture)
        live = sensor.end()
        wanted = comparable(replay(binary, "-c", site, "-r", recorder.end()))
    found = comparable(live)
    check(wanted, what, "the replay says nothing")
    check(found == wanted, what, "%d events live, %d in replay; only live %r; only in replay %r" % (
        len(found), len(wanted), [e for e in found if e not in wanted][:2], [e for e in wanted if e not in found][:2]))
    stats = [e["utwatch"]["capture"] for e in live if e["event_type"] == "stats"][-1]
    check(stats["kernel_drops"] == 0 and stats["kernel_packets"] == stats["frames"] > 0, what, stats)


def made_day(folder):
    day = os.path.join(folder, "day.pcap")
    command = [os.path.join(PCAPS, "..", "tools", "make-day"), day, os.path.join(folder, "truth.json"), "--connections", "300"]
    subprocess.run(command, check=True, capture_output=True)
    return day


def as_it_goes(taps):
    """Alerts and statistics come while the capture goes on, and a signal ends it in order."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as site:
        site.write("outputs: { stats-interval: 1s }\n")
        site.flush()
        for by in signal.SIGINT, signal.SIGTERM:
            sensor = Sensor(taps, binary, "-c", site.name)
            taps.send(FAILS)
            alert = sensor.wait_for_event(lambda e: e["event_type"] == "alert", 5)
            check(alert and alert["in_iface"] == "tap0" and "pcap_cnt" not in alert, "no alert while it captures", alert)
            stats = sensor.wait_for_event(lambda e: e["event_type"] == "stats" and e["utwatch"]["verdicts"]["fail"], 3)
            check(stats and stats["utwatch"]["capture"]["frames"] > 0, "no statistics while it captures", stats)
            events = sensor.end(by)
            check(sensor.status == 1, "status", sensor.status, sensor.talk)
            check(events[-1]["event_type"] == "stats", "the last event is not that of the end")


def by_interface(taps):
    """A rule may be about what came in at one interface; of a file there is none."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        rules.write("utwatch: 1\nprofile: mine\ntitle: Of one interface\nrules:\n")
        for n, condition in enumerate(("tap1", "{ matches: 'tap*' }", "{ present: false }")):
            rules.write("  - { id: own-%d, sid: %d, clause: '1', title: t, requires: r, binds: server, severity: low,\n"
                        "      fail: { connection.interface: %s } }\n" % (n, n + 1, condition))
        rules.flush()
        sensor = Sensor(taps, binary, "-p", rules.name, interfaces=("tap0", "tap1"))
        for interface in "out0", "out1":
            taps.send_new(FAILS, interface)
        broken = {}
        for e in sensor.end() + replay(binary, "-p", rules.name, "-r", FAILS):
            if e["event_type"] == "alert":
                broken.setdefault(e.get("in_iface"), set()).add(e["utwatch"]["rule"])
        check(broken == {"tap0": {"own-1"}, "tap1": {"own-0", "own-1"}, None: {"own-2"}}, "rules about an interface", broken)


def time_goes_on(taps):
    """A handshake that ends in a fatal alert is judged two seconds later, although nothing more is captured."""
    sensor = Sensor(taps, binary)
    taps.send(os.path.join(PCAPS, "jsse-tls10-anon-only-refused.pcap"))
    event = sensor.wait_for_event(lambda e: e["event_type"] == "tls", 5)
    check(event and event["utwatch"]["outcome"] == "refused", "not judged on a quiet tap", event)
    sensor.end()


def with_one_right(taps):
    """CAP_NET_RAW alone is enough."""
    setpriv = ("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps", "-all,+net_raw", "--ambient-caps", "-all,+net_raw",
               "--bounding-set", "-all,+net_raw")
    sensor = Sensor(taps, binary, before=setpriv)
    taps.send(FAILS)
    check(sensor.wait_for_event(lambda e: e["event_type"] == "alert", 5), "nothing is captured with CAP_NET_RAW alone", sensor.talk)
    sensor.end()


def other_clock(taps):
    """The sensor's clock is years off that of the packets: nothing is lost, or out of order, or told to be late."""
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not library or b"libasan" in subprocess.run(["ldd", binary], capture_output=True).stdout:
        return  # a build with sanitizers takes no library before theirs
    for years in "-3y", "+3y":
        fake = ("env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "LD_PRELOAD=" + library[0], "FAKETIME=" + years)
        sensor = Sensor(taps, binary, interfaces=("tap0", "tap1"), before=fake)
        taps.send_new(FAILS)
        taps.send_new(FAILS, "out1")
        events = sensor.end(quiet_for=0)
        seen = [e["event_type"] for e in events]
        check(seen.count("tls") == 2 and "sensor" not in seen, years, "handshakes", seen.count("tls"), seen)
        check(events[-1]["utwatch"]["capture"]["unordered"] == 0, years, events[-1]["utwatch"]["capture"])


def full_ring(taps, day):
    """What has arrived is judged although the signal to end comes before it is read."""
    sensor = Sensor(taps, binary)
    taps.send(FAILS)
    sensor.wait_for_event(lambda e: e["event_type"] == "tls", 5)
    reader = sensor_and_writer(sensor.process.pid)["sensor"]
    os.kill(reader, signal.SIGSTOP)  # for less than the time after which the supervisor ends a sensor that stands still
    taps.send(day, rate="--topspeed", times=20)
    os.kill(reader, signal.SIGCONT)
    events = sensor.end(quiet_for=0)
    stats = [e["utwatch"]["capture"] for e in events if e["event_type"] == "stats"]
    check(stats, "no statistics", sensor.status, sensor.talk)
    if not stats:
        return
    last = stats[-1]
    check(last["kernel_packets"] == last["kernel_drops"] + last["frames"] > 50000 and not last["left_in_rings"], "a full ring", last)


def bad_input(taps):
    def expect(words, status, message, before=()):
        p = subprocess.run(taps.command(*before, binary, *words), capture_output=True, timeout=20)
        lines = p.stderr.decode().splitlines()
        check(p.returncode == status and len(lines) <= 2 and message in p.stderr, words, before, p.returncode, lines)
        check(not p.stdout, words, "a report of nothing", p.stdout[:200])

    expect(["-i", "nowhere0"], 3, b"nowhere0: there is no interface of that name")
    expect(["-i", "tap0"], 3, b"CAP_NET_RAW", ("setpriv", "--reuid", "65534", "--clear-groups"))
    expect(["-i", "tap0", "no", "such", "words"], 2, b'filter "no such words"')
    expect(["-i", "any"], 2, b"'any'")
    expect(["-i", "tap0", "-r", FAILS], 2, b"-r")
    expect(["-r", FAILS, "-i", "tap0"], 2, b"-i")
    expect(["-i", "tap0", "--ring", "12"], 2, b"--ring")


with Taps(2) as taps:
    bad_input(taps)
    as_it_goes(taps)
    by_interface(taps)
    time_goes_on(taps)
    with_one_right(taps)
    other_clock(taps)
    with tempfile.TemporaryDirectory() as folder:
        day = made_day(folder)
        same_as_replay(taps, day, "a day")
        full_ring(taps, day)
finish(20)
