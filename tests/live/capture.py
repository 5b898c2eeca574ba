#!/usr/bin/env python3
"""Does live capture say what a replay of the same frames says, as it goes, and end in order? usage: capture.py UTWATCH"""
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

from taps import HELD, NOT_GRAVE, PATIENCE, PCAPS, Recorder, Sensor, Taps, at_best, comparable, replay, sensor_and_writer
from checks import check, finish
import capturelib

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
        wanted = comparable(replay(binary, "-c", site, "-r", recorder.end(live[-1]["utwatch"]["capture"]["frames"])))
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
            alert = sensor.wait_for_event(lambda e: e["event_type"] == "alert")
            check(alert and alert["in_iface"] == "tap0" and "pcap_cnt" not in alert, "no alert while it captures", alert)
            stats = sensor.wait_for_event(lambda e: e["event_type"] == "stats" and e["utwatch"]["verdicts"]["fail"])
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
    event = sensor.wait_for_event(lambda e: e["event_type"] == "tls")
    check(event and event["utwatch"]["outcome"] == "refused", "not judged on a quiet tap", event)
    sensor.end()


def told_after(taps, sensor, capture, least=0):
    """Seconds after which the handshake and an alert of one more such connection are there."""
    seen, begun = len(sensor.events()), time.monotonic()
    taps.send_new(capture)
    sent = time.monotonic()
    for kind in "tls", "alert":
        check(sensor.wait_for_event(lambda _, kind=kind: kind in [e["event_type"] for e in sensor.events()[seen:]]), kind, "is not told", capture)
        check(time.monotonic() - begun > least, kind, "is told after", time.monotonic() - begun, capture)
    return time.monotonic() - sent


def how_soon(taps):
    """A breach is told two seconds after its handshake's end, with the handshake, and all else at once."""
    sensor = Sensor(taps, binary)
    took = at_best(lambda: told_after(taps, sensor, FAILS, HELD), HELD + 1.5)
    check(took < HELD + 1.5, "a grave one is told after", took)
    took = at_best(lambda: told_after(taps, sensor, NOT_GRAVE), 1.5)
    check(took < 1.5, "another one is told after", took)
    sensor.end()


def contradicted(taps):
    """The server's own bytes come a second after a whole handshake that ends with a breach: nobody is accused of it. Alike in replay."""
    conversation = capturelib.conversations(FAILS)[0]
    own = bytes(b ^ 1 if i > 10 else b for i, b in enumerate(next(data for side, data in conversation if side)))
    with tempfile.TemporaryDirectory() as folder:
        recorder, sensor = Recorder(taps, os.path.join(folder, "recorded.pcapng"), "tap0"), Sensor(taps, binary)
        c = capturelib.Connection()
        c.open()
        first = c.seq[1]
        for step in conversation:
            c.send(*step)
        path = os.path.join(folder, "sent.pcap")
        capturelib.write_frames(path, c.frames + [(c.frames[-1][0] + 10**9, c.frame(1, 0x18, own, first)[1])])
        taps.send(path, rate="-x1")
        sensor.wait_for_event(lambda e: e["event_type"] == "tls")
        live = sensor.end()
        played = replay(binary, "-r", recorder.end(live[-1]["utwatch"]["capture"]["frames"]))
    for events in live, played:
        tls = [e["utwatch"] for e in events if e["event_type"] == "tls"]
        grave = [e for e in events if e["event_type"] == "alert" and e["alert"]["severity"] == 1]
        check(len(tls) == 1 and "overlap" in tls[0].get("unobserved", ()) and not grave, "a contradicted handshake", tls, grave)
    check(comparable(live) == comparable(played), "live and in replay", comparable(live), comparable(played))


def with_one_right(taps):
    """CAP_NET_RAW alone is enough."""
    setpriv = ("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps", "-all,+net_raw", "--ambient-caps", "-all,+net_raw",
               "--bounding-set", "-all,+net_raw")
    sensor = Sensor(taps, binary, before=setpriv)
    taps.send(FAILS)
    check(sensor.wait_for_event(lambda e: e["event_type"] == "alert"), "nothing is captured with CAP_NET_RAW alone", sensor.talk)
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


def full_ring(taps, day, first):
    """What has arrived is judged although the signal to end comes before it is read: after a first handshake or before any."""
    times, took = 8, PATIENCE
    for _ in range(6):
        sensor = Sensor(taps, binary)
        if first:
            taps.send(FAILS)
            sensor.wait_for_event(lambda e: e["event_type"] == "tls")
        reader = sensor_and_writer(sensor.process.pid)["sensor"]
        os.kill(reader, signal.SIGSTOP)
        begun = time.monotonic()
        taps.send(day, rate="--topspeed", times=times)
        took = time.monotonic() - begun
        if took < 6:  # else the supervisor may have ended the sensor, which stands still for eight seconds
            break
        sensor.end()
    os.kill(reader, signal.SIGINT)
    os.kill(reader, signal.SIGCONT)
    events = sensor.end(quiet_for=0)
    stats = [e["utwatch"]["capture"] for e in events if e["event_type"] == "stats"]
    check(stats, "no statistics", took, sensor.status, sensor.talk)
    if not stats:
        return
    last, least = stats[-1], times * len(capturelib.read_frames(day))
    check(last["kernel_packets"] == last["kernel_drops"] + last["frames"] >= least and not last["left_in_rings"], "a full ring", first, least, last)


SEND_ON = """
import socket, sys, time
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW) if sys.argv[1:] else None
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
header = bytes(12) + bytes.fromhex("08004500002400000000401100000a0000010a000002")
number = 0
while True:
    number += 1
    ports = (1024 + number % 50000).to_bytes(2, "big") + bytes((3, 232, 0, 16, 0, 0))
    for interface in sys.argv[1:]:
        raw.sendto(header + ports + bytes(8), (interface, 0))
    if not sys.argv[1:]:
        udp.sendto(bytes(8), ("127.0.0.1", 9))
    time.sleep(0.001)
"""


def frames_never_stop(taps, interfaces, senders, workers, goes_on=1):
    """The end does not wait for a pause in what comes, or for as many frames as libpcap has left out: half of those on `lo`."""
    what = interfaces, senders, workers, "workers"
    sender = subprocess.Popen(taps.command(sys.executable, "-c", SEND_ON, *senders))
    sensor = Sensor(taps, binary, "--workers", str(workers), interfaces=interfaces)
    time.sleep(goes_on)
    begun = time.monotonic()
    events = sensor.end(signal.SIGTERM, quiet_for=0)
    took = time.monotonic() - begun
    check(sender.poll() is None, what, "the sender has ended")
    sender.kill()
    sender.wait()
    check(sensor.status == 4 and took < 7, what, "status", sensor.status, "after seconds", took, sensor.talk)
    check(events and events[-1]["event_type"] == "stats" and not events[-1]["utwatch"]["capture"]["left_in_rings"], what, "the end", events[-1:])


def bad_input(taps):
    def expect(words, status, message, before=()):
        p = subprocess.run(taps.command(*before, binary, *words), capture_output=True, timeout=PATIENCE)
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
    how_soon(taps)
    contradicted(taps)
    with_one_right(taps)
    other_clock(taps)
    taps.ip("link", "set", "lo", "up")
    for workers in 1, 2:
        frames_never_stop(taps, ("tap0",), ("out0",), workers)
        frames_never_stop(taps, ("tap0", "tap1"), ("out0", "out1"), workers)
        frames_never_stop(taps, ("tap0", "tap1"), ("out0",), workers)
        frames_never_stop(taps, ("lo",), (), workers, goes_on=8)
    with tempfile.TemporaryDirectory() as folder:
        day = made_day(folder)
        same_as_replay(taps, day, "a day")
        full_ring(taps, day, True)
        full_ring(taps, day, False)
finish(20)
