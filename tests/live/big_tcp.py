#!/usr/bin/env python3
"""A real handshake and a download in segments of up to 190 kB in IPv6 and 64 kB in IPv4: are such frames read whole, with a
scope in the kernel too, and do 1, 2 and 4 workers, a watched folder and a replay say the same of them? usage: big_tcp.py UTWATCH"""
import os
import signal
import subprocess
import sys
import tempfile
import time

from taps import HAS_IPV6, PATIENCE, Recorder, Sensor, Taps, comparable, replay_of
from checks import check, finish

binary = sys.argv[1]
ADDRESSES = {"IPv4": ("192.0.2.1", "192.0.2.2", "24"), "IPv6": ("2001:db8::1", "2001:db8::2", "64")}
if not HAS_IPV6:
    del ADDRESSES["IPv6"]
BYTES = 32 << 20
WORKERS = 1, 2, 4
# How much TCP joins depends on how far the reader lags. A kernel may hold IPv4 to the 65,535 octets of its length field.
LONG = {"IPv4": 32768, "IPv6": 65535 + 40}
OFFLOADS = ["gso_max_size", "190000", "gro_max_size", "190000"]  # of IPv6; iproute2 has no words for those of IPv4 yet


def ends(taps, other):
    """tap0 stays, out0 goes to a namespace of its own; both get addresses."""
    subprocess.run(["ip", "netns", "add", other], check=True)
    taps.ip("link", "set", "out0", "netns", other)
    for space, name, place in (taps.name, "tap0", 0), (other, "out0", 1):
        if HAS_IPV6:
            subprocess.run(["ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=0" % name], check=True)
        subprocess.run(["ip", "-n", space, "link", "set", name, *OFFLOADS], check=True)
        for both in ADDRESSES.values():
            nodad = ["nodad"] if ":" in both[place] else []
            subprocess.run(["ip", "-n", space, "addr", "add", both[place] + "/" + both[2], "dev", name, *nodad], check=True)
        subprocess.run(["ip", "-n", space, "link", "set", name, "up"], check=True)


def listens(pid):
    """Does anybody in the process' namespace, at port 443?"""
    for name in "tcp", "tcp6":
        if os.path.exists("/proc/%d/net/%s" % (pid, name)):
            with open("/proc/%d/net/%s" % (pid, name)) as f:
                if any(words[1].endswith(":01BB") and words[3] == "0A" for words in map(str.split, f)):
                    return True
    return False


def download(taps, other, folder, address):
    """By anonymous key exchange, which clause 6.4 forbids."""
    server = subprocess.Popen(["ip", "netns", "exec", other, "openssl", "s_server", "-quiet", "-nocert", "-tls1_2", "-cipher",
                               "ADH-AES128-SHA:@SECLEVEL=0", "-WWW", "-accept", "443"], cwd=folder, stdin=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE
    while not listens(server.pid) and time.monotonic() < until:
        time.sleep(0.1)
    host = "[%s]" % address if ":" in address else address
    client = subprocess.run(taps.command("openssl", "s_client", "-quiet", "-tls1_2", "-cipher", "ADH-AES128-SHA:@SECLEVEL=0", "-connect",
                                         host + ":443"), input=b"GET /file HTTP/1.0\r\n\r\n", capture_output=True, timeout=60)
    server.terminate()
    server.wait()
    return len(client.stdout)


def longest(recorded):
    out = subprocess.run(["tshark", "-r", recorded, "-T", "fields", "-e", "frame.len"], capture_output=True, text=True).stdout
    return max(map(int, out.split()))


def arrived_in_order(recorded):
    """On a busy machine the interface drops a segment now and then, and TCP sends it again: a gap then tells the truth."""
    disorder = "tcp.analysis.lost_segment or tcp.analysis.out_of_order or tcp.analysis.retransmission"
    return not subprocess.run(["tshark", "-r", recorded, "-Y", disorder], capture_output=True, text=True, check=True).stdout


def watched(taps, folder, site, recorded):
    """What a sensor says of the recording once it is in the folder that it watches."""
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    sensor = Sensor(taps, binary, "--watch", folder, "-c", site, interfaces=())
    check(sensor.wait_for(b"watching"), "it does not begin", sensor.talk)
    os.chmod(recorded, 0o644)
    os.rename(recorded, os.path.join(folder, "recorded.pcapng"))
    sensor.wait_for_event(lambda e: e["event_type"] == "tls")
    return sensor.end(signal.SIGTERM, 1)


def both(taps, folder, site, version, download_from):
    recorded = os.path.join(folder, version + ".pcapng")
    sensors = {n: Sensor(taps, binary, "-c", site, "--workers", str(n)) for n in WORKERS}
    recorder = Recorder(taps, recorded, "tap0")
    got = download_from()
    check(got > BYTES, version, "only %d bytes came" % got)
    found = {n: sensor.end() for n, sensor in sensors.items()}
    played = replay_of(recorder, found[1][-1]["utwatch"]["capture"]["frames"], binary, "-c", site)
    most = longest(recorded)
    check(most > LONG[version], version, "no long frame:", most)
    in_order = arrived_in_order(recorded)
    found["--watch"] = watched(taps, os.path.join(folder, version), site, recorded + ".ordered")
    wanted = comparable(played)
    for n, events in found.items():
        rules = {e["utwatch"]["rule"] for e in events if e["event_type"] == "alert"}
        check("ut-6.4-anonymous-key-exchange" in rules, version, n, rules)
        mine = comparable(events)
        check(mine == wanted, version, n, "workers: %d events, %d in replay; only here %r; only in replay %r" % (
            len(mine), len(wanted), [e for e in mine if e not in wanted][:1], [e for e in wanted if e not in mine][:1]))
        health = events[-1]["utwatch"]["capture"]
        print(version, n, "longest frame", most, "of", health["frames"])
        check(health["bytes"] > BYTES and not health["malformed"] and not health["cut_frames"], version, n, health)
        check(not health["gaps"] or not in_order, version, n, health)


def main():
    with Taps() as taps, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # the sensor that watches a folder is nobody's
        other = taps.name + "-other"
        site = os.path.join(folder, "site.yaml")
        with open(site, "w") as f:
            f.write("privacy: clear\nscope: { servers: [192.0.2.2, '2001:db8::2'], ports: [443] }\n")
        with open(os.path.join(folder, "file"), "wb") as f:
            f.write(os.urandom(BYTES))
        try:
            ends(taps, other)
            for version, (_, server, _) in ADDRESSES.items():
                both(taps, folder, site, version, lambda server=server: download(taps, other, folder, server))
        finally:
            subprocess.run(["ip", "netns", "del", other], check=False)


main()
finish(18 * len(ADDRESSES))
