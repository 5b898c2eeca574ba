"""Virtual interfaces in a network namespace, traffic into them, and utwatch on them: for the tests of this folder."""
import itertools
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools"), *(os.path.join(ROOT, "tests", folder) for folder in (".", "report", "captures"))]
import capturelib  # noqa: E402
from run_utwatch import without_what_length_decides  # noqa: E402

PCAPS = os.path.join(ROOT, "pcaps")
NOT_GRAVE = os.path.join(PCAPS, "openssl-tls12-full.pcap")  # a handshake without a breach, which is reported at once
SKIP = 77
HELD = 2  # seconds: a breach waits for so long for a copy that contradicts its handshake
PATIENCE = 60  # seconds: what comes at once when nothing else runs is waited for so long
PORTS = itertools.count(21000)
MTU = "65535"
QUEUE = "67108864"  # bytes between the threads of dumpcap, one for each interface: of 1000 packets it loses some when they come fast
NEEDED = ["ip", "tcpreplay", "dumpcap"]
HAS_IPV6 = os.path.exists("/proc/sys/net/ipv6")


def skip_where_impossible():
    missing = [program for program in NEEDED if not shutil.which(program)]
    if os.geteuid() != 0 or missing:
        print("needs root and", ", ".join(NEEDED))
        sys.exit(SKIP)


class Taps:
    """A namespace with pairs of interfaces: what is sent into "out0" arrives at "tap0", and so on."""

    def __init__(self, pairs=1):
        self.name = "utwatch-%d-%d" % (os.getpid(), time.monotonic_ns() % 10**9)
        self.pairs = pairs

    def __enter__(self):
        skip_where_impossible()
        if subprocess.run(["ip", "netns", "add", self.name], stderr=subprocess.DEVNULL).returncode:
            print("needs network namespaces")
            sys.exit(SKIP)
        if HAS_IPV6:
            self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        for i in range(self.pairs):
            self.add(i)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def add(self, i):
        self.ip("link", "add", "out%d" % i, "mtu", MTU, "type", "veth", "peer", "name", "tap%d" % i, "mtu", MTU)
        self.ip("link", "set", "out%d" % i, "up")
        self.ip("link", "set", "tap%d" % i, "up")

    def ip(self, *words):
        subprocess.run(["ip", "-n", self.name, *words], check=True)

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words, **options):
        return subprocess.run(self.command(*words), check=True, capture_output=True, **options)

    def send(self, capture, interface="out0", rate="--pps=20000", times=1):
        """Plays a capture into the interface; returns when all has been sent."""
        self.run("tcpreplay", "-q", "--loop", str(times), rate, "-i", interface, capture)

    def send_new(self, capture, interface="out0"):
        """The same from a client port that was not used yet: the very same SYN within two seconds would be a copy."""
        with tempfile.NamedTemporaryFile(suffix=".pcap") as moved:
            as_new(capture, moved.name)
            self.send(moved.name, interface)


def as_new(capture, path):
    """Writes a copy of the capture with a client port and a random in the hello that were not used yet: no two hellos have one."""
    frames = list(capturelib.read_frames(capture))
    hellos = (payload[11:43] for payload in (capturelib.segment_of(f)[4] for _, f in frames if capturelib.segment_of(f)) if payload[5:6] == b"\1")
    for old in {bytes(random) for random in hellos if len(random) == 32}:
        new = os.urandom(32)
        frames = [(t, f.replace(old, new)) for t, f in frames]
    capturelib.write_frames(path, capturelib.from_port(frames, next(PORTS)))


class Recorder:
    """Records what arrives at the interfaces, with the kernel's stamps, which utwatch gets too."""

    def __init__(self, taps, path, *interfaces):
        self.path = path
        words = [word for name in interfaces for word in ("-i", name)]
        self.process = subprocess.Popen(taps.command("dumpcap", "-q", "-B", "64", "-C", QUEUE, "-w", path, *words), stderr=subprocess.PIPE)
        wait_for(self.process.stderr, b"File: ")

    def end(self, least=0):
        """When it writes no more; with so many frames, it is waited for."""
        size, until = -1, time.monotonic() + PATIENCE
        while size != os.path.getsize(self.path) or (packets(self.path) < least and time.monotonic() < until):
            size = os.path.getsize(self.path)
            time.sleep(0.7)
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=PATIENCE)
        return self.path


def replay_of(recorder, frames, *words):
    """What a replay says of a recording, its frames in the order of their stamps, once so many are in it."""
    recorder.end(frames)
    ordered = recorder.path + ".ordered"
    subprocess.run(["reordercap", recorder.path, ordered], check=True, capture_output=True)
    return replay(*words, "-r", ordered)


def packets(path):
    """The enhanced packet blocks of a pcapng file."""
    with open(path, "rb") as f:
        content = f.read()
    at, count = 0, 0
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<II", content, at)
        at += max(length, 12)
        count += kind == 6 and at <= len(content)
    return count


class Sensor:
    """utwatch capturing; end() returns its events."""

    def __init__(self, taps, binary, *words, interfaces=("tap0",), ready=b"capturing", before=(), pass_fds=(), json_in=None):
        self.folder = tempfile.mkdtemp(prefix="utwatch-live-")
        os.chmod(self.folder, 0o777)
        self.json = os.path.join(json_in or self.folder, "events.json")
        self.status, self.talk = None, b""
        words = [word for name in interfaces for word in ("-i", name)] + list(words)
        self.process = subprocess.Popen(taps.command(*before, binary, "-q", "-v", "--json", self.json, *words),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=pass_fds)
        for _ in interfaces:
            self.wait_for(ready)

    def wait_for(self, words, seconds=PATIENCE):
        """Waits for a line on standard error. False: it did not come."""
        found, talk = wait_for(self.process.stderr, words, seconds)
        self.talk += talk
        return found

    def events(self):
        """What is in the file so far, whole lines."""
        with open(self.json, "rb") as f:
            return [json.loads(line) for line in f if line.endswith(b"\n")]

    def wait_for_event(self, wanted, seconds=PATIENCE):
        """The first event of which wanted() is true, or None."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for event in self.events():
                if wanted(event):
                    return event
            time.sleep(0.05)
        return None

    def end(self, by=signal.SIGINT, quiet_for=0.3):
        time.sleep(quiet_for)
        self.process.send_signal(by)
        out, err = self.process.communicate(timeout=2 * PATIENCE)
        self.status, self.talk, self.report = self.process.returncode, self.talk + err, out
        found = self.events()
        shutil.rmtree(self.folder)
        return found


def fill(path):
    """Writes until the disk has no room for more; returns the path."""
    filler = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(filler, bytes(4096)):
            pass
    except OSError:
        os.close(filler)
    return path


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(word) for word in f.read().split()]


def sensor_and_writer(supervisor, seconds=PATIENCE):
    """By whose rights they have: the sensor is not root, as soon as it reads."""
    until, found = time.monotonic() + seconds, {}
    while len(found) < 2 and time.monotonic() < until:
        found = {}
        for pid in children(supervisor):
            try:
                with open("/proc/%d/status" % pid) as f:
                    confined = "\nUid:\t0\t" not in f.read()
            except OSError:  # it has just ended
                continue
            found["sensor" if confined else "writer"] = pid
    return found


def at_best(measured, most, tries=6):
    """The least of several measurements of time, the first that is within `most` being enough: a busy machine adds to each, and never takes away."""
    least = measured()
    while least > most and (tries := tries - 1):
        least = min(least, measured())
    return least


def wait_for(stream, words, seconds=PATIENCE):
    """Reads lines until one contains `words`: (whether it came, what was read)."""
    until, seen = time.monotonic() + seconds, b""
    while time.monotonic() < until:
        if not select.select([stream], [], [], 0.05)[0]:
            continue
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        seen += byte
        if byte == b"\n" and words in seen.splitlines()[-1]:
            return True, seen
    return False, seen


PLACE = ("in_iface", "pcap_filename", "pcap_cnt")  # names of the source, which differ


def comparable(events):
    """All but the statistics, in a form that is equal when live capture and replay say the same. The end of the last handshakes, and
    so the time at which a peer was last seen, is that of the capture, or comes later when the capture goes on without frames. The rules of a
    replay never change, so that only live alerts name their generation."""
    def kept(event):
        if "ruleset" in event.get("utwatch", {}):
            event = {**event, "utwatch": {k: v for k, v in event["utwatch"].items() if k != "ruleset"}}
        event = without_what_length_decides(event)
        of_peer = event.get("utwatch", {}).get("about") in ("server", "ue")
        if "first_told" in event.get("utwatch", {}):
            event = {**event, "utwatch": {k: v for k, v in event["utwatch"].items() if k != "first_told"}}
        return {k: v for k, v in event.items() if k not in PLACE and not (of_peer and k == "timestamp")}
    return sorted(json.dumps(kept(e), sort_keys=True) for e in events if e["event_type"] != "stats")


def replay(binary, *words):
    p = subprocess.run([binary, "-q", "--json", "-", *words], capture_output=True, timeout=300)
    return [json.loads(line) for line in p.stdout.splitlines()]
