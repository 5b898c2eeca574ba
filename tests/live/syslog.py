#!/usr/bin/env python3
"""Does every alert of a live sensor arrive at rsyslog and at syslog-ng while the sensor runs, over each transport, and say what its event says; of
a made day, and of what real stacks sent? usage: syslog.py UTWATCH"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

from taps import PCAPS, ROOT, SKIP, Sensor, Taps
from checks import check, finish
import capturelib

sys.path.append(os.path.join(ROOT, "tests", "syslog"))
import servers  # noqa: E402
from told import judge  # noqa: E402

binary = sys.argv[1]
ETHERNET = 1  # LINKTYPE


def nobody_listens(taps):
    """Each datagram is answered by an error of ICMP: the end does not wait for it any longer than for others."""
    sensor = Sensor(taps, binary, "--syslog", "udp:127.0.0.1:%d" % servers.free_port())
    taps.send(os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"))
    time.sleep(1)
    begun = time.monotonic()
    sensor.end()
    took = time.monotonic() - begun
    check(took < 14, "the end took", took)
    check(sensor.status == 5 and b"did not arrive" in sensor.talk, "status", sensor.status, sensor.talk)


def apart(frame, n):
    """Between hosts of its own: what is added to the first half of one address is taken from the other's, so that all sums stay right."""
    client, server = sorted((26, 30), key=lambda at: frame[at + 3] >= 64)
    if frame[12:14] != b"\x08\x00" or (frame[client + 3] >= 64) == (frame[server + 3] >= 64):
        return frame
    out = bytearray(frame)
    for at, by in ((client, n), (server, -n)):
        struct.pack_into("!H", out, at, struct.unpack_from("!H", out, at)[0] + by)
    return bytes(out)


def recorded(path):
    """The recordings of pcaps/ that are of Ethernet, one after the other, each between hosts of its own."""
    frames, names = [], []
    for name in sorted(os.listdir(PCAPS)):
        with open(os.path.join(PCAPS, name), "rb") as f:
            head = f.read(24)
        if not name.endswith(".pcap") or struct.unpack_from("<I", head, 20)[0] != ETHERNET:
            continue
        frames += [apart(frame, len(names)) for _, frame in capturelib.read_frames(os.path.join(PCAPS, name))]
        names.append(name.split("-")[0])
    capturelib.write_frames(str(path), [(n * 10**6, frame) for n, frame in enumerate(frames)])
    check({"openssl", "gnutls", "jsse", "nginx"} <= set(names), "recordings of stacks only", set(names))


def each_transport(taps, server, config, capture, least):
    for transport in server.TRANSPORTS:
        what = "%s %s %s" % (type(server).__name__, transport, capture.stem)
        sensor = Sensor(taps, binary, "-c", str(config), "--syslog", server.address(transport))
        taps.send(str(capture))
        running = server.wait_for(100)
        check(len(running) >= 100, what, "while the sensor runs only", len(running), "came")
        alerts = [e for e in sensor.end() if e["event_type"] == "alert" and e["utwatch"]["about"] != "sensor"]
        received = server.wait_for(len(alerts))
        check(len(alerts) >= least, what, "only", len(alerts), "alerts")
        judge(what, alerts, received)
        print("%-28s %5d alerts in %4d messages" % (what, len(alerts), len(received)), flush=True)
        server.forget()


def main():
    if not servers.Rsyslog.is_here():
        print("rsyslog is not installed")
        sys.exit(SKIP)
    with Taps(1) as taps, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        taps.ip("link", "set", "lo", "up")
        nobody_listens(taps)
        day = folder / "day.pcap"
        subprocess.run([os.path.join(ROOT, "tools", "make-day"), str(day), str(folder / "truth"), "--connections", "300"], check=True,
                       capture_output=True)
        stacks = folder / "stacks.pcap"
        recorded(stacks)
        servers.make_certificates(folder)
        config = folder / "site.yaml"
        config.write_text(json.dumps({"outputs": {
            "syslog-interval": 1,
            "spool": {"path": str(folder / "spool"), "size": "4MiB"},
            "tls": {"ca": str(folder / "ca.pem"), "name": servers.NAME, "certificate": str(folder / "sensor.pem"),
                    "key": str(folder / "sensor.key")}}}))
        server = servers.Rsyslog(folder)
        server.within = taps.command()
        server.start()
        try:
            each_transport(taps, server, config, day, 100)
            each_transport(taps, server, config, stacks, 500)
        finally:
            server.stop()
        if servers.SyslogNg.is_here():
            server = servers.SyslogNg(folder)
            server.within = taps.command()
            server.start()
            server.forget()  # the first receiver's messages are in a file of the same name
            try:
                each_transport(taps, server, config, day, 100)
                each_transport(taps, server, config, stacks, 500)
            finally:
                server.stop()


main()
finish(100)
