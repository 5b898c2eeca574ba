#!/usr/bin/env python3
"""Does every alert of a live sensor arrive at rsyslog while the sensor runs, over each transport, and say what its event says?
usage: syslog.py UTWATCH"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from taps import PCAPS, ROOT, SKIP, Sensor, Taps
from checks import check, finish

sys.path.append(os.path.join(ROOT, "tests", "syslog"))
import servers  # noqa: E402
from told import judge  # noqa: E402

binary = sys.argv[1]


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
            for transport in server.TRANSPORTS:
                sensor = Sensor(taps, binary, "-c", str(config), "--syslog", server.address(transport))
                taps.send(str(day))
                running = server.wait_for(100, seconds=10)
                check(len(running) >= 100, transport, "while the sensor runs only", len(running), "came")
                alerts = [e for e in sensor.end() if e["event_type"] == "alert" and e["utwatch"]["about"] != "sensor"]
                received = server.wait_for(len(alerts))
                judge(transport, alerts, received)
                print("%-9s %5d alerts in %4d messages" % (transport, len(alerts), len(received)), flush=True)
                server.forget()
        finally:
            server.stop()


main()
finish(100)
