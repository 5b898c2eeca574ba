#!/usr/bin/env python3
"""Live capture with 1, 2 and 4 workers says what a replay of the same frames says: in tags and tunnels, each frame twice, where the order matters,
from the first frame on, and from two interfaces; and it goes on when one of these was away. usage: workers.py UTWATCH [CONNECTIONS]"""
import os
import subprocess
import sys
import tempfile
import time

from taps import PATIENCE, PCAPS, ROOT, Recorder, Sensor, Taps, comparable, replay_of, sensor_and_writer
from checks import check, finish
import capturelib
import encapsulation

binary = sys.argv[1]
connections = sys.argv[2] if len(sys.argv) > 2 else "1500"
# Hashes of identities differ from run to run. A replay reads ahead whose the tunnels are; live, that takes a minute.
SITE = "privacy: clear\ntunnels: { ends: [198.51.100.0/24, '2001:db8:ffff::/48'] }\n"
SERVERS = "0ac800"  # 10.200.0.0/24


def and_rejected(frame):
    """A start that a gateway with any address rejects by ICMP: its connection is in doubt, and has to be so with whoever reads it."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6 or not capturelib.segment_of(frame)[3] & 0x02:
        return [frame]
    return [frame, capturelib.icmp_error("203.0.113.%d" % (1 + frame[37] % 200), frame[26:30], 3, 13, frame[14:42])]


FORMS = {
    "plain": lambda f: [f],
    "twice": lambda f: [f, f],
    "vlan": lambda f: [encapsulation.vlan(f)],
    "qinq": lambda f: [encapsulation.qinq(f)],
    "gtp": lambda f: [encapsulation.gtp(f)],
    "gtp in vlan": lambda f: [encapsulation.vlan(encapsulation.gtp(f))],
    "erspan": lambda f: [encapsulation.erspan(f)],
    "ip6": lambda f: [encapsulation.ip6(f)],
    "rejected": and_rejected,
    "rejected in gtp": lambda f: [encapsulation.gtp(one) for one in and_rejected(f)],
}
WORKERS = 1, 2, 4
LIFETIME, KEY = 33141713, 33144323
NO_UTF8 = bytes([10, 200, 0, 14])  # a server of the day: its certificate breaks a demand that was superseded, of which the first breach is told
STARTS = 6
TO_ONE = "erspan", "ip6"  # tunnels that are not looked into: all that is between two ends of one
FEW = "from the first frame on", "at the end"  # too little to read for an even share


def idle_workers(sensor):
    """How many workers have done next to nothing compared with the busiest: the first thread judges, and the others parse."""
    pid = sensor_and_writer(sensor.process.pid)["sensor"]
    times = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            times += [int(f.read().split()[0])] if int(task) != pid else []
    return sum(time < max(times) / 8 for time in times)


# Sessions and keys that are old after a second, so that it matters in which order handshakes are judged.
OLD_SOON = """utwatch: 1
profile: %s-soon
title: A test
status: draft
document: none
extends: [%s]
parameters: { session-lifetime: 1s, clock-tolerance: 0s }
"""


def old_soon(folder):
    paths = {}
    for name in "ts33141-pcr2", "ls-advice":
        paths[name] = os.path.join(folder, name + "-soon.yaml")
        with open(paths[name], "w") as f:
            f.write(OLD_SOON % (name, name))
    return ["-p", paths["ts33141-pcr2"], "--advise", paths["ls-advice"]]


def write_old_sessions(path, frames):
    """The day in four seconds, and within it sessions that are resumed two seconds later: their data come at once under an old key."""
    timed = [(n * 4 * 10**9 // len(frames), frame) for n, frame in enumerate(frames)]
    for number, name in enumerate(("gen-id-resumed-after-23h", "gen-ticket-resumed-after-23h")):
        at, before = number * 10**8, None
        for time_ns, frame in capturelib.read_frames(os.path.join(PCAPS, name + ".pcap")):
            at += 0 if before is None else min(time_ns - before, 2 * 10**9)
            before = time_ns
            timed.append((at, frame))
    capturelib.write_frames(path, sorted(timed, key=lambda one: one[0]))


def write_pairs(path, frames, whole):
    """At each of many servers, two UEs in quick succession: the breach is told of the first. Not whole: what they begin does not end."""
    one = os.path.join(os.path.dirname(path), "one.pcap")
    ours = [f for f in frames if NO_UTF8 in (f[26:30], f[30:34])]
    ue = ours[0][26:30] if ours[0][30:34] == NO_UTF8 else ours[0][30:34]
    capturelib.write_frames(one, [(n, f) for n, f in enumerate(ours) if ue in (f[26:30], f[30:34])])
    conversation = capturelib.conversations(one)[0]
    hellos = {payload[11:43] for _, payload in conversation if payload[:1] == b"\x16" and payload[5] in (1, 2)}
    made = []
    for n in range(100):
        for port in 40000, 40001:
            said = [(side, payload) for side, payload in conversation]
            for random in hellos:
                said = [(side, payload.replace(random, os.urandom(32))) for side, payload in said]
            connection = capturelib.Connection(client=("10.9.%d.%d" % (port % 2, n), port), server=("10.201.0.%d" % n, 443))
            connection.open()
            for side, payload in said if whole else said[:2]:
                connection.send(side, payload)
            if whole:
                connection.close()
            made += connection.frames
    capturelib.write_frames(path, [(n * 1000, frame) for n, (_, frame) in enumerate(made)])


def compare(taps, folder, what, send, interfaces=("tap0",), rules=()):
    begun, config, recorded = time.monotonic(), os.path.join(folder, "site.yaml"), os.path.join(folder, "recorded.pcapng")
    with open(config, "w") as f:
        f.write(SITE)
    sensors = {n: Sensor(taps, binary, "-c", config, *rules, "--workers", str(n), interfaces=interfaces) for n in WORKERS}
    recorder = Recorder(taps, recorded, *interfaces)
    send()
    until = time.monotonic() + PATIENCE  # what has been sent is read
    while what not in TO_ONE + FEW and any(idle_workers(sensors[n]) for n in WORKERS[1:]) and time.monotonic() < until:
        time.sleep(0.3)
    for n in WORKERS[1:]:
        check(what in TO_ONE + FEW or not idle_workers(sensors[n]), what, n, "workers, of which are idle", idle_workers(sensors[n]))
    found = {n: sensor.end() for n, sensor in sensors.items()}
    frames = max(events[-1]["utwatch"]["capture"]["frames"] for events in found.values())
    played = replay_of(recorder, frames, binary, "-c", config, *rules)
    wanted, whole = comparable(played), played[-1]["utwatch"]["capture"]["frames"]
    check(len(wanted) > 20, what, "the replay says next to nothing", len(wanted))
    for n, events in found.items():
        mine = comparable(events)
        check(mine == wanted, what, n, "workers: %d events live, %d in replay; only live %r; only in replay %r" % (
            len(mine), len(wanted), [e for e in mine if e not in wanted][:1], [e for e in wanted if e not in mine][:1]))
        stats = events[-1]["utwatch"]["capture"]
        check(stats["kernel_drops"] == 0 and stats["kernel_packets"] == stats["frames"] == whole, what, n, "frames of", whole, stats)
    print("%-24s %5d events, %3.0f s" % (what, len(wanted), time.monotonic() - begun), flush=True)
    return wanted


def through_edges(taps):
    """Workers go on when an interface goes down, is removed and made again."""
    capture = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
    sensor = Sensor(taps, binary, "--workers", "3", interfaces=("tap0", "tap1"))

    def sees(what, count, interface="out0"):
        for _ in range(5):
            taps.send_new(capture, interface)
        sensor.wait_for_event(lambda _: sum(e["event_type"] == "tls" for e in sensor.events()) == count)
        check(sum(e["event_type"] == "tls" for e in sensor.events()) == count, "workers,", what, sensor.talk)

    sees("at first", 5)
    taps.ip("link", "set", "tap0", "down")
    sensor.wait_for(b"the link is down")
    taps.ip("link", "set", "tap0", "up")
    sensor.wait_for(b"the link is up")
    sees("after a link was down", 10)
    taps.ip("link", "del", "out0")
    sensor.wait_for(b"the interface was removed")
    sees("on the other interface", 15, "out1")
    taps.add(0)
    sensor.wait_for(b"the interface is back")
    time.sleep(1)
    sees("after an interface came back", 20)
    sensor.end()


def main():
    with Taps(2) as taps, tempfile.TemporaryDirectory() as folder:
        day, sent = os.path.join(folder, "day.pcap"), os.path.join(folder, "sent.pcap")
        subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, os.path.join(folder, "truth.json"), "--connections", connections],
                       check=True, capture_output=True)
        frames = [frame for _, frame in capturelib.read_frames(day)]
        for name, form in FORMS.items():
            made = [one for frame in frames for one in form(frame)]
            capturelib.write_frames(sent, [(n * 1000, frame) for n, frame in enumerate(made)])
            compare(taps, folder, name, lambda: taps.send(sent))
        write_old_sessions(sent, frames)
        wanted = compare(taps, folder, "old sessions", lambda: taps.send(sent, rate="-x1"), rules=old_soon(folder))
        check(sum('"signature_id": %d' % LIFETIME in event for event in wanted) > 20, "too few old sessions")
        check(sum('"signature_id": %d' % KEY in event for event in wanted) == 2, "too few old keys")
        for what, whole, times in (FEW[0], True, STARTS), (FEW[1], False, 1):
            write_pairs(sent, frames, whole)
            for _ in range(times):
                wanted = compare(taps, folder, what, lambda: taps.send(sent))
                check(sum("wapcert-6.4-utf8" in event for event in wanted) == 100, what, "too few first breaches")
        through_edges(taps)
        split = os.path.join(os.path.dirname(os.path.abspath(__file__)), "send_split.py")
        compare(taps, folder, "two interfaces", lambda: taps.run(sys.executable, split, day, SERVERS, "out0", "out1"), ("tap0", "tap1"))


main()
finish(140)
