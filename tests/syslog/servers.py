"""rsyslog and syslog-ng as receivers on loopback, by the configurations that tools/receivers ships."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tools" / "receivers"
UNPACKED = pathlib.Path(os.environ.get("UTWATCH_UNPACKED", "/usr/local/lib/utwatch-tests"))
NAME = "siem.example"
SENSOR = "sensor.example"
SKIPPED = 77
PATIENCE = 60  # seconds: what comes at once when nothing else runs is waited for so long
START = re.compile(rb'.*(?=\{"(?:msgid|words)")')  # what a receiver wrote when it was killed may stand before a line


def alert_of(line, killed):
    """The JSON object of a line. A receiver that was killed may have written any part of one: None, and who counts misses it."""
    if not START.match(line):
        return None
    try:
        return json.loads(START.sub(b"", line))
    except json.JSONDecodeError as error:
        if killed:
            return None
        raise ValueError("no JSON: %r" % line) from error


def free_port(taken=()):
    """A port that is free for TCP and UDP, of those that the kernel gives to no connection: none takes it before the receiver does or while it is
    away, and whoever tries to connect to it meanwhile is not connected to itself."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(500):
        port = random.randrange(first // 2, first)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in taken:
                return port
    raise RuntimeError("no free port")


def bound(pid, protocol):
    """The ports in the process' namespace that are bound (UDP) or listened on (TCP)."""
    found = set()
    for name in protocol, protocol + "6":
        try:
            lines = pathlib.Path("/proc/%d/net/%s" % (pid, name)).read_text().splitlines()[1:]
        except OSError:  # no IPv6
            continue
        found |= {int(words[1].rsplit(":", 1)[1], 16) for words in map(str.split, lines) if protocol == "udp" or words[3] == "0A"}
    return found


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_certificates(folder):
    """An authority; certificates of receiver and sensor; another authority that nobody trusts."""
    for ca in "ca", "other":
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=" + ca, "-keyout", folder / (ca + ".key"), "-out", folder / (ca + ".pem"))
    for name, host in ("siem", NAME), ("sensor", SENSOR):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + host,
                "-keyout", folder / (name + ".key"), "-out", folder / (name + ".csr"))
        (folder / "names").write_text("subjectAltName=DNS:%s\n" % host)
        openssl("x509", "-req", "-in", folder / (name + ".csr"), "-CA", folder / "ca.pem", "-CAkey",
                folder / "ca.key", "-CAcreateserial", "-days", "30", "-extfile", folder / "names", "-out",
                folder / (name + ".pem"))


class Server:
    """One receiver process. `ports`: transport -> port; the local socket is `socket`."""
    EXAMPLE = None
    TRANSPORTS = ()
    host = "127.0.0.1"
    within = ()  # the words before a command that runs it in a namespace

    def __init__(self, folder):
        self.folder = folder
        self.alerts = folder / "alerts.json"
        self.socket = folder / "log"
        self.ports = {}
        for transport in set(self.TRANSPORTS) - {"unix"}:
            self.ports[transport] = free_port(self.ports.values())
        self.process = None
        self.killed = False
        self.seen = 0
        text = (EXAMPLES / self.EXAMPLE).read_text()
        text = text.replace("/var/log/utwatch", str(folder)).replace("/run/utwatch", str(folder))
        text = text.replace("/etc/utwatch", str(folder))
        self.config = folder / self.EXAMPLE
        self.config.write_text(self.with_ports(text))

    def with_ports(self, text):
        for transport, port in {"udp": "514", "tcp": "601", "tls": "6514", "relp": "2514", "relp+tls": "2515"}.items():
            if transport in self.ports:
                text, count = re.subn(r'(port=?[("]+)%s([)"])' % port, r"\g<1>%d\g<2>" % self.ports[transport], text)
                assert count == 1, (transport, count)
        return text

    def address(self, transport):
        return "unix:%s" % self.socket if transport == "unix" else "%s:%s:%d" % (
            transport, self.host, self.ports[transport])

    def start(self):
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen([*self.within, *self.command()], stdout=log, stderr=log, env=self.environment())
        deadline = time.monotonic() + PATIENCE
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("%s did not start: %s" % (
                    self.EXAMPLE, (self.folder / "server.log").read_text(errors="replace")[-2000:]))
            time.sleep(0.02)

    def environment(self):
        return dict(os.environ)

    def listens(self):
        open_ports = {protocol: bound(self.process.pid, protocol) for protocol in ("tcp", "udp")}
        return self.socket.exists() and all(port in open_ports["udp" if t == "udp" else "tcp"] for t, port in self.ports.items())

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        if how == signal.SIGKILL:
            self.killed = True
            self.process.wait()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.socket.unlink(missing_ok=True)

    def forget(self):
        """What was received until now is no longer told."""
        self.seen = self.alerts.stat().st_size if self.alerts.exists() else 0

    def received(self):
        if not self.alerts.exists():
            return []
        lines = self.alerts.read_bytes()[self.seen:].split(b"\n")
        alerts = [alert_of(line, self.killed) for line in lines[:-1]]
        return [a for a in alerts if a is not None]

    def wait_for(self, count, seconds=PATIENCE, copies=1):
        """So many messages, where a sum is as many as it counts, and one that came twice is one; each of them in so many
        copies."""
        deadline = time.monotonic() + seconds
        while True:
            received = self.received()
            once = {(m["procid"], m["sd"]["meta"]["sequenceId"]): int(m["sd"]["utwatch@32473"].get("count", 1)) for m in received}
            come = sum(once.values())
            if (come >= count and len(received) >= copies * len(once)) or time.monotonic() > deadline:
                return received
            time.sleep(0.05)


class Rsyslog(Server):
    EXAMPLE = "rsyslog.conf"
    TRANSPORTS = ("unix", "udp", "tcp", "tls", "relp", "relp+tls")

    @staticmethod
    def is_here():
        modules = pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog")
        return shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") and all(
            (modules / (m + ".so")).exists() for m in ("imrelp", "lmnsd_ossl"))

    def command(self):
        return ["/usr/sbin/rsyslogd", "-n", "-f", str(self.config), "-i", str(self.folder / "rsyslogd.pid")]


class SyslogNg(Server):
    EXAMPLE = "syslog-ng.conf"
    TRANSPORTS = ("unix", "udp", "tcp", "tls")

    @staticmethod
    def is_here():
        return (UNPACKED / "usr/sbin/syslog-ng").exists()

    def environment(self):
        libraries = UNPACKED / "usr/lib"
        return dict(os.environ, LD_LIBRARY_PATH="%s:%s" % (libraries / "syslog-ng", libraries / "x86_64-linux-gnu"))

    def command(self):
        modules = next((UNPACKED / "usr/lib/syslog-ng").glob("[0-9]*"))
        return [str(UNPACKED / "usr/sbin/syslog-ng"), "-F", "--no-caps", "--module-path", str(modules),
                "-f", str(self.config), "-R", str(self.folder / "persist"), "-p", str(self.folder / "pid"),
                "-c", str(self.folder / "control")]
