"""A receiver that is killed, restarted, stopped, or unreachable: what arrives, what comes twice. By syslog_send, which
sends as live capture does. Arguments: SEND [LONG]; without LONG a few seconds for each case."""
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import check, finish  # noqa: E402
import servers  # noqa: E402

SEND = sys.argv[1]
LONG = len(sys.argv) > 2
CAP = 64 << 20
SMALL = 8 << 20


class Sender:
    """Numbered messages to one address or more, at a steady rate."""

    def __init__(self, server, transport, count, rate, spool="-", finish_seconds=servers.PATIENCE, within=(), more=(), cap=CAP):
        folder = server.folder
        self.count = count
        words = [*within, SEND, count, rate, spool, cap, folder / "ca.pem", folder / "sensor.pem", folder / "sensor.key",
                 servers.NAME, server.address(transport), *more]
        self.log = folder / "sender.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=dict(os.environ, FINISH_SECONDS=str(finish_seconds)))

    def wait_for(self, words):
        """Until it has said so."""
        wait_until(lambda: words in self.log.read_text())

    def end(self):
        out, _ = self.process.communicate(timeout=4 * servers.PATIENCE)
        self.news = self.log.read_text()
        self.left, self.kept = map(int, re.match(r"left (\d+) kept (\d+)", out).groups())


def wait_until(true, seconds=servers.PATIENCE):
    """Who needs it to be true finds out afterwards."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)


def compare(server, sender, what, lost=0, doubles=None):
    """At most `lost` missing; doubles only with an equal sequenceId, and no more than told."""
    sender.end()
    check(sender.left == 0, what, "not all arrived:", sender.left, sender.news)
    got = collections.Counter()
    contents = {}
    for alert in server.wait_for(sender.count):
        sequence = int(alert["sd"]["meta"]["sequenceId"])
        number = int(alert["sd"]["utwatch@32473"]["number"])
        got[number] += 1
        check(contents.setdefault(number, sequence) == sequence, what, number, "has two sequenceIds")
    missing = set(range(1, sender.count + 1)) - set(got)
    twice = sum(got.values()) - len(got)
    check(len(missing) <= lost, what, len(missing), "missing", sorted(missing)[:5])
    check(doubles is None or twice <= doubles, what, twice, "doubles")
    print("%-40s %6d sent %5d missing %6d doubles" % (what, sender.count, len(missing), twice), flush=True)
    server.forget()


def restarts(server, transport, how, times, rate=500):
    """Stopped and started again while messages flow."""
    server.start()
    sender = Sender(server, transport, rate * times, rate)
    for i in range(times):
        time.sleep(3 if i % 10 == 9 else random.uniform(0.2, 0.6))  # only what stands for two seconds proves anything
        server.stop(how)
        time.sleep(random.uniform(0, 0.3))
        server.start()
    compare(server, sender, "%s %s x%d" % (transport, how.name, times))
    server.stop()


def stopped_and_killed(server, transport, lost):
    """The kernel has acknowledged what nobody read."""
    server.start()
    sender = Sender(server, transport, 3000, 1000)
    time.sleep(1)
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    server.stop(signal.SIGKILL)
    server.start()
    compare(server, sender, "%s stopped for 1 s, killed" % transport, lost)
    server.stop()


def away_at_first(server, transport):
    sender = Sender(server, transport, 500, 500)
    sender.wait_for("alerts wait")
    server.start()
    compare(server, sender, "%s started late" % transport)
    check("connected" in sender.news and "alerts wait" in sender.news, transport, "news:", sender.news)
    server.stop()


def sender_killed(server, transport, spool):
    """kill -9 of the sender: what was taken is in the spool, and the next one sends it."""
    spool.mkdir()
    server.start()
    for _ in range(3):
        sender = Sender(server, transport, 100000, 1000, spool)
        own = b'"procid":"%d"' % sender.process.pid
        wait_until(lambda own=own: server.alerts.exists() and server.alerts.read_bytes().count(own) > 300)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        sender.process.kill()
        sender.process.communicate()
        server.process.send_signal(signal.SIGCONT)
    sender = Sender(server, transport, 1, 1, spool)
    sender.end()
    check(sender.left == 0, transport, "killed sender:", sender.left, "left")
    seen = collections.defaultdict(set)
    for alert in server.received():
        seen[alert["procid"]].add(int(alert["sd"]["utwatch@32473"]["number"]))
    check(len(seen) == 4, transport, "processes:", len(seen))
    for process, numbers in seen.items():
        gaps = set(range(1, max(numbers) + 1)) - numbers
        check(not gaps, transport, "after kill -9 of process", process, len(gaps), "are missing")
    print("%-40s %6d sent by four processes" % (transport + " kill -9 of the sender", sum(map(len, seen.values()))))
    server.stop()
    server.forget()


def full_spool(server):
    """Nobody there: the least severe go, and every one of them is counted."""
    sender = Sender(server, "relp", 60000, 60000, finish_seconds=1, cap=SMALL)
    sender.end()
    dropped = re.findall(r"(\d+) alerts? (?:was|were) dropped so far \(high (\d+), medium (\d+), low (\d+), info (\d+)\)",
                         sender.news)
    check(dropped, "no word of a full spool:", sender.news)
    if dropped:
        check(int(dropped[-1][1]) == 0, "severe alerts went while others were there:", dropped[-1])
    check(0 < sender.left < 60000, "full spool:", sender.left, "left")


def stuck_neighbour(server):
    """A local socket that nobody reads delays neither the sender nor another receiver."""
    path = server.folder / "stuck"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stuck:
        stuck.bind(str(path))
        server.start()
        begun = time.monotonic()
        sender = Sender(server, "relp", 2000, 1000, finish_seconds=1, more=["unix:%s" % path])
        received = server.wait_for(2000)
        took = time.monotonic() - begun
        sender.end()
    check(len(received) == 2000, "beside a stuck receiver", len(received), "arrived")
    check(took < 30, "beside a stuck receiver it took", took)
    check(2000 >= sender.left > 1000, "of the stuck receiver's", sender.left, "are left")
    server.stop()
    server.forget()


def stuck_for_a_while(folder):
    """What a local socket has no room for waits, and comes when it is read again: each message, and none twice."""
    path, count = folder / "undrained", 3000
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as undrained:
        undrained.bind(str(path))
        sender = Sender(Local(folder, path), "unix", count, 1500)
        time.sleep(3)
        check(sender.process.poll() is None, "it has ended, and nobody has read")
        undrained.settimeout(servers.PATIENCE)
        numbers = []
        while len(numbers) < count:
            try:
                numbers.append(int(re.search(rb' number="(\d+)"', undrained.recv(8192)).group(1)))
            except socket.timeout:
                break
        sender.end()
    check(sender.left == 0 and numbers == list(range(1, count + 1)), "of a socket that was not read for a while", len(numbers), sender.left)


class Local:
    """A socket of our own as the receiver."""

    def __init__(self, folder, path):
        self.folder, self.path = folder, path

    def address(self, transport):
        return "%s:%s" % (transport, self.path)


def run(*words):
    subprocess.run(list(map(str, words)), check=True, capture_output=True)


def full_disk(server):
    """Where the disk refuses, messages wait in memory, and go to the disk again."""
    spool = server.folder / "small"
    spool.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", spool)
    try:
        sender = Sender(server, "relp", 24000, 3000, spool)
        sender.wait_for("No space left")
        server.start()
        compare(server, sender, "relp full disk")
        check("No space left" in sender.news, "full disk:", sender.news)
        check("written again" in sender.news, "disk free again:", sender.news)
        server.stop()
    finally:
        run("umount", spool)


def black_hole(server, transport, seconds):
    """Nothing comes through for a while, and nobody says so."""
    near, far = ("utw%d%s" % (os.getpid(), side) for side in "ab")
    server.host, server.within = "10.99.0.2", ("ip", "netns", "exec", far)
    try:
        for name in near, far:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", near, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", far)
        for name, address in (near, "10.99.0.1/24"), (far, server.host + "/24"):
            run("ip", "-n", name, "address", "add", address, "dev", "wire")
            run("ip", "-n", name, "link", "set", "wire", "up")
        server.start()
        sender = Sender(server, transport, 500 * (seconds + 3), 500, finish_seconds=90, within=("ip", "netns", "exec", near))
        time.sleep(1)
        run("ip", "netns", "exec", far, "nft", "add table inet hole; add chain inet hole in "
            "{ type filter hook input priority 0; policy drop; }")
        time.sleep(seconds)
        run("ip", "netns", "exec", far, "nft", "delete table inet hole")
        compare(server, sender, "%s black hole of %d s" % (transport, seconds))
        server.stop()
    finally:
        server.stop()
        server.host, server.within = servers.Server.host, ()
        for name in near, far:
            subprocess.run(["ip", "netns", "del", name], check=False)


def as_root(server):
    if os.geteuid() != 0:
        return
    full_disk(server)
    if shutil.which("nft"):
        for transport in ("tcp", "tls", "relp", "relp+tls") if LONG else ("tcp", "relp"):
            black_hole(server, transport, 60 if LONG else 3)


def main():
    if not servers.Rsyslog.is_here():
        print("rsyslog is not installed")
        sys.exit(servers.SKIPPED)
    times = 100 if LONG else 3
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        servers.make_certificates(folder)
        server = servers.Rsyslog(folder)
        try:
            for transport in "relp", "relp+tls", "tcp", "tls", "unix":
                for how in signal.SIGTERM, signal.SIGKILL:
                    restarts(server, transport, how, times)
            stopped_and_killed(server, "relp", 0)
            stopped_and_killed(server, "tcp", 0)
            stopped_and_killed(server, "tls", 0)
            away_at_first(server, "relp")
            away_at_first(server, "unix")
            sender_killed(server, "relp", folder / "spool")
            full_spool(server)
            stuck_neighbour(server)
            stuck_for_a_while(folder)
            as_root(server)
        finally:
            server.stop()
    finish(50)


main()
