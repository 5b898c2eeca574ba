#!/usr/bin/env python3
"""Does live capture say what a replay of the same frames says: in tags and tunnels, each frame twice, from two interfaces, with
the scope in the kernel? dumpcap records the frames. usage: equal.py UTWATCH"""
import os
import subprocess
import sys
import tempfile

from taps import ROOT, Recorder, Sensor, Taps, comparable, replay_of
from checks import check, finish
import capturelib
import encapsulation

binary = sys.argv[1]
# Hashes of identities differ from run to run. A replay reads ahead whose the tunnels are; live, that takes a minute.
SITE = "privacy: clear\ntunnels: { ends: [198.51.100.0/24, '2001:db8:ffff::/48'], ports: { vxlan: [4788] } }\n"
SCOPE = SITE + "scope: { servers: [10.200.0.0/29, '2001:db8::/32'], ports: [443, 80, 8080] }\n"
SERVERS = "0ac800"  # 10.200.0.0/24


def vxlan_elsewhere(frame):
    """On a port that the site names; the checksum of UDP is none."""
    out = encapsulation.vxlan(frame)
    return out[:36] + (4788).to_bytes(2, "big") + out[38:]


def three_tags(frame):
    return frame[:12] + b"\x91\x00\x00\x07" + encapsulation.qinq(frame)[12:]


def options_header(frame):
    """IPv4 in IPv6 behind a hop-by-hop header, as BIG TCP has it."""
    outer = encapsulation.ip6(frame)
    return outer[:20] + b"\0" + outer[21:54] + outer[20:21] + b"\0\x01\x04\0\0\0\0" + outer[54:]


def longer(frame):
    """options_header() adds eight octets to the payload."""
    out = options_header(frame)
    length = int.from_bytes(out[18:20], "big") + 8
    return out[:18] + length.to_bytes(2, "big") + out[20:]


def fragments(frame):
    return encapsulation.fragments(frame, 256)


FORMS = {
    "plain": lambda f: [f],
    "twice": lambda f: [f, f],
    "vlan": lambda f: [encapsulation.vlan(f)],
    "qinq": lambda f: [encapsulation.qinq(f)],
    "three tags": lambda f: [three_tags(f)],
    "gtp": lambda f: [encapsulation.gtp(f)],
    "gtp in vlan": lambda f: [encapsulation.vlan(encapsulation.gtp(f))],
    "erspan": lambda f: [encapsulation.erspan(f)],
    "vxlan elsewhere": lambda f: [vxlan_elsewhere(f)],
    "mpls": lambda f: [encapsulation.mpls(f)],
    "ip6": lambda f: [encapsulation.ip6(f)],
    "extension header": lambda f: [longer(f)],
    "fragments": fragments,
}


def write(path, frames):
    capturelib.write_frames(path, [(n * 1000, frame) for n, frame in enumerate(frames)])


def compare(taps, folder, what, send, site, interfaces=("tap0",)):
    """(statistics of the live capture, those of the replay)"""
    config, recorded = os.path.join(folder, "site.yaml"), os.path.join(folder, "recorded.pcapng")
    with open(config, "w") as f:
        f.write(site)
    sensor = Sensor(taps, binary, "-c", config, interfaces=interfaces)
    recorder = Recorder(taps, recorded, *interfaces)
    send()
    live = sensor.end()
    played = replay_of(recorder, live[-1]["utwatch"]["capture"]["frames"], binary, "-c", config)
    found, wanted = comparable(live), comparable(played)
    check(len(wanted) > 20, what, "the replay says next to nothing", len(wanted))
    check(found == wanted, what, "%d events live, %d in replay; only live %r; only in replay %r" % (
        len(found), len(wanted), [e for e in found if e not in wanted][:1], [e for e in wanted if e not in found][:1]))
    stats = [evs[-1]["utwatch"]["capture"] for evs in (live, played)]
    check(stats[0]["kernel_drops"] == 0 and stats[0]["kernel_packets"] == stats[0]["frames"], what, stats[0])
    return stats


def main():
    with Taps(2) as taps, tempfile.TemporaryDirectory() as folder:
        day, sent = os.path.join(folder, "day.pcap"), os.path.join(folder, "sent.pcap")
        subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, os.path.join(folder, "truth.json"), "--connections", "150"],
                       check=True, capture_output=True)
        frames = [frame for _, frame in capturelib.read_frames(day)]
        for name, form in FORMS.items():
            write(sent, [made for frame in frames for made in form(frame)])
            for scope, site in ("everything", SITE), ("a scope", SCOPE):
                live, played = compare(taps, folder, name + ", " + scope, lambda: taps.send(sent), site)
                check(live["frames"] <= played["frames"] and (scope != "everything" or live["frames"] == played["frames"]), name, scope,
                      "frames", live["frames"], played["frames"])
                if scope != "everything" and name in ("plain", "vlan", "qinq"):
                    check(live["frames"] < played["frames"], name, "the kernel left nothing out", live["frames"])
        write(sent, frames)
        compare(taps, folder, "servers and UEs at each second", lambda: taps.send(sent, rate="--pps=400"),
                SITE + "outputs: { peers-interval: 1s }\n")
        split = os.path.join(os.path.dirname(os.path.abspath(__file__)), "send_split.py")
        live, played = compare(taps, folder, "two interfaces", lambda: taps.run(
            sys.executable, split, day, SERVERS, "out0", "out1"), SITE, ("tap0", "tap1"))
        check(live["frames"] == played["frames"] and live["unordered"] == 0, "two interfaces", live)


main()
finish(80)
