#!/usr/bin/env python3
"""Are rules and configuration read again on SIGHUP while a capture goes on: the new ones judge what comes, the old ones stay after
a mistake, a sensor that follows a killed one knows them too, and nothing is lost or grows? usage: reload.py UTWATCH [RELOADS]"""
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from taps import PATIENCE, PCAPS, ROOT, Sensor, Taps, replay, sensor_and_writer
from checks import check, finish

binary = sys.argv[1]
RELOADS = int(sys.argv[2]) if len(sys.argv) > 2 else 300
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
SERVER = "203.0.113.80"
HEAD = "utwatch: 1\nprofile: mine\ntitle: Of this site\nextends: ts33141-pcr2\n"
WITHOUT = HEAD + "drop: [%s]\n"
GROWTH = 2 << 20  # bytes of memory that count as none: what libraries keep


class Site:
    """A folder with rules and a configuration."""

    def __init__(self, folder):
        self.rules, self.config = os.path.join(folder, "mine.yaml"), os.path.join(folder, "site.yaml")
        self.words = ["-p", self.rules, "-c", self.config]
        self.write(HEAD)
        self.configure("privacy: clear")

    def write(self, text):
        with open(self.rules, "w") as f:
            f.write(text)

    def configure(self, text):
        with open(self.config, "w") as f:
            f.write(text + "\n")

    def hash(self):
        dump = subprocess.run([binary, *self.words[:2], "--dump-profile"], capture_output=True, check=True).stdout
        return hashlib.sha256(dump).hexdigest()[:16]


def rules_of(events):
    return {e["utwatch"]["rule"] for e in events if e["event_type"] == "alert" and e["utwatch"]["about"] == "handshake"}


def reloaded(sensor, generation):
    begin = time.monotonic()
    sensor.process.send_signal(signal.SIGHUP)
    came = sensor.wait_for(b"judging by generation %d of the rules" % generation)
    check(came, "no generation", generation, sensor.talk[-500:])
    return time.monotonic() - begin


def sent(taps, sensor):
    """The events of one more handshake that breaks rules."""
    before = len(sensor.events())
    taps.send_new(FAILS)
    sensor.wait_for_event(lambda e: sum(x["event_type"] == "tls" for x in sensor.events()[before:]) > 0)
    count = -1
    while count != len(sensor.events()):
        count = len(sensor.events())
        time.sleep(0.5)
    return sensor.events()[before:]


def other_rules(taps, site):
    sensor = Sensor(taps, binary, *site.words)
    first = sent(taps, sensor)
    check(rules_of(first) == rules_of(replay(binary, *site.words, "-r", FAILS)) != set(), "before", rules_of(first))
    versions = [e["utwatch"]["ruleset"] for e in first if e["event_type"] == "alert"]
    check(all(v == {"generation": 1, "hash": site.hash()} for v in versions), "generation 1", versions, site.hash())
    dropped = sorted(rules_of(first))[0]
    site.write(WITHOUT % dropped)
    reloaded(sensor, 2)
    second = sent(taps, sensor)
    check(rules_of(second) == rules_of(first) - {dropped}, "after", rules_of(second))
    versions = [e["utwatch"]["ruleset"] for e in second if e["event_type"] == "alert"]
    check(versions and all(v == {"generation": 2, "hash": site.hash()} for v in versions), "generation 2", versions, site.hash())
    mistakes(taps, sensor, site, rules_of(second))
    killed(taps, sensor, rules_of(second))
    events = sensor.end(quiet_for=0)
    check(events[-1]["utwatch"]["ruleset"]["generation"] == 2, "the last statistics", events[-1]["utwatch"]["ruleset"])
    named = {r["rule"] for r in events[-1]["utwatch"]["rules"]}
    check(dropped not in named and rules_of(second) <= named, "rules of the statistics", named)


def mistakes(taps, sensor, site, wanted):
    """All are told, and the old rules stay."""
    good = open(site.rules).read()
    site.write(good + "rules: 7\nsets: [no]\n")
    site.configure("privacy: perhaps\nno-such-key: 1")
    sensor.process.send_signal(signal.SIGHUP)
    check(sensor.wait_for(b"stay as they were"), "a mistake is not told of", sensor.talk[-500:])
    for place in b"site.yaml:1:", b"site.yaml:2:", b"mine.yaml:6:", b"mine.yaml:7:":
        check(place in sensor.talk, "not told:", place, sensor.talk[-900:])
    check(rules_of(sent(taps, sensor)) == wanted, "after a mistake")
    site.write(good)
    site.configure("privacy: clear")


def killed(taps, sensor, wanted):
    os.kill(sensor_and_writer(sensor.process.pid)["sensor"], signal.SIGKILL)
    check(sensor.wait_for(b"capturing"), "no other sensor", sensor.talk[-500:])
    check(rules_of(sent(taps, sensor)) == wanted, "by a sensor that follows a killed one")


RECEIVER = """import socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 5514))
print('ready', flush=True)
while True:
    print(s.recv(65536), flush=True)
"""


def with_receivers(taps, site, folder):
    """What messages say of the sensor follows the configuration, and the confined sensor asks the kernel for nothing that it may not."""
    heard = os.path.join(folder, "heard")
    taps.ip("link", "set", "lo", "up")
    site.write(HEAD)
    site.configure("privacy: clear")
    with open(heard, "wb") as f:
        receiver = subprocess.Popen(taps.command("python3", "-c", RECEIVER), stdout=f)
    while not os.path.getsize(heard):
        time.sleep(0.1)
    sensor = Sensor(taps, binary, *site.words, "--syslog", "udp:127.0.0.1:5514")
    site.configure("privacy: clear\noutputs: { enterprise-number: 4711, json-limit: 1/s }")
    reloaded(sensor, 2)
    check(b"another one is started" not in sensor.talk, "the sensor did not survive the reload:", sensor.talk)
    sent(taps, sensor)
    events = sensor.end()
    receiver.kill()
    receiver.wait()
    check(b"utwatch@4711" in open(heard, "rb").read(), "the number of the configuration is not in the messages")
    told = [e["utwatch"] for e in events if e["event_type"] == "alert" and e["utwatch"]["about"] != "sensor"]
    wanted = [e for e in replay(binary, *site.words, "-r", FAILS) if e["event_type"] == "alert"]
    counts = [u["count"] for u in told if u["about"] == "sum"]
    check(counts and len(told) - len(counts) + sum(counts) == len(wanted), "sums of", counts, "among", len(told), "for", len(wanted))
    check(events[-1]["utwatch"]["events"]["summed"] == sum(counts), "the statistics", events[-1]["utwatch"]["events"])


def other_scope(taps, site):
    """The kernel kept away what was out of scope; what is in scope now arrives."""
    address = next(e["dest_ip"] for e in replay(binary, "-r", FAILS) if e["event_type"] == "tls")
    site.configure("scope: { servers: [198.51.100.1] }")
    sensor = Sensor(taps, binary, *site.words)
    taps.send(FAILS)
    time.sleep(1)
    check(not [e for e in sensor.events() if e["event_type"] == "tls"], "an event from outside the scope")
    site.configure("scope: { servers: [%s] }\nlimits: { flows: 5000 }" % address)
    sensor.process.send_signal(signal.SIGHUP)
    check(sensor.wait_for(b"limits.flows takes effect at the next start"), "what waits is not told of", sensor.talk[-300:])
    check(sensor.wait_for(b"capturing"), "no sensor with the new scope", sensor.talk[-300:])
    check(rules_of(sent(taps, sensor)), "nothing from the new scope")
    sensor.end(quiet_for=0)
    site.configure("privacy: clear")


def other_interval(taps, site):
    """Statistics that were to come in a day come in a second."""
    site.configure("outputs: { stats-interval: 24h }")
    sensor = Sensor(taps, binary, *site.words)
    site.configure("outputs: { stats-interval: 1s }")
    reloaded(sensor, 2)
    check(sensor.wait_for_event(lambda e: e["event_type"] == "stats"), "statistics keep to the interval of before")
    sensor.end(quiet_for=0)
    site.configure("privacy: clear")


def at_once(taps, site, reloads=24):
    """On a quiet tap the sensor does not sleep to the end of its wait, which is 100 ms, before it takes the new rules: it says for how long
    they were there, in which there is no work to do that a busy machine would delay."""
    sensor = Sensor(taps, binary, *site.words)
    times = []
    for n in range(reloads):
        site.write(WITHOUT % ("ut-6.4-anonymous-key-exchange" if n % 2 else "ut-7.1-session-lifetime"))
        times.append(reloaded(sensor, 2 + n))
        time.sleep(0.013)
    waited = sorted(float(ms) for ms in re.findall(rb"there for ([\d.]+) ms", sensor.talk))
    check(min(times) < 1, "each reload took", min(times))
    check(len(waited) == reloads and waited[reloads // 2] < 40, "the sensor sleeps over new rules", waited)
    print("new rules were there for", waited[reloads // 2], "ms, half the times, and for", waited[-1], "ms at most")
    sensor.end()


def memory(pid):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("Private_Dirty"))


def many(taps, site, folder):
    """While packets come. Nothing is lost, and no process grows."""
    day = os.path.join(folder, "day.pcap")
    subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, day + ".json", "--connections", "1500"], check=True, capture_output=True)
    sensor = Sensor(taps, binary, *site.words)
    pids = sensor_and_writer(sensor.process.pid)
    sender = subprocess.Popen(taps.command("tcpreplay", "-q", "--pps=2000", "-i", "out0", day), stdout=subprocess.DEVNULL)
    after, times = {}, []
    for n in range(RELOADS):
        site.write(WITHOUT % ("ut-6.4-anonymous-key-exchange" if n % 2 else "ut-7.1-session-lifetime"))
        times.append(reloaded(sensor, 2 + n))
        if n == RELOADS * 3 // 4:
            sender.wait(PATIENCE)
        if n >= RELOADS / 2 and sender.poll() is not None and not after:
            after = {name: memory(pid) for name, pid in pids.items()}
    growth = {name: memory(pid) - after[name] for name, pid in pids.items()} if after else {}
    check(sender.wait(PATIENCE) == 0, "the sender")
    check(growth and all(g < GROWTH for g in growth.values()), "memory grows", growth)
    check(sensor_and_writer(sensor.process.pid) == pids, "a process was started again")
    times.sort()
    print("%d reloads, half of them within %.0f ms, all within %.0f ms; growth %r" % (RELOADS, times[RELOADS // 2] * 1e3, times[-1] * 1e3, growth))
    events = sensor.end()
    wanted = sum(e["event_type"] == "tls" for e in replay(binary, "-r", day))
    stats = events[-1]["utwatch"]["capture"]
    check(sum(e["event_type"] == "tls" for e in events) == wanted, "handshakes", sum(e["event_type"] == "tls" for e in events), wanted)
    check(stats["kernel_drops"] == 0 and stats["kernel_packets"] == stats["frames"], stats)


# AddressSanitizer keeps freed memory for a while, which is no growth of the program's.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=0", "thread_local_quarantine_size_kb=0"]))
with Taps() as taps, tempfile.TemporaryDirectory() as folder:
    site = Site(folder)
    other_rules(taps, site)
    other_scope(taps, site)
    with_receivers(taps, site, folder)
    other_interval(taps, site)
    at_once(taps, site)
    many(taps, site, folder)
finish(300)
