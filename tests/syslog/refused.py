"""Receivers that refuse what they are sent: the run ends in time, and no alert counts as arrived that did not. Arguments: UTWATCH."""
import collections
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from checks import check, finish  # noqa: E402
import servers  # noqa: E402

UTWATCH = sys.argv[1]
CAPTURE = ROOT / "pcaps" / "jsse-tls10-anon-only-accepted.pcap"


def run(*words, capture=CAPTURE):
    """A replay with alerts to a receiver: (exit status, standard error, seconds)."""
    begun = time.monotonic()
    done = subprocess.run([UTWATCH, "-q", "-v", "-r", str(capture), *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr, time.monotonic() - begun


def in_time(took, most, capture=CAPTURE):
    """Beside what a replay without a receiver takes, which on a busy machine is long."""
    return took < most or took < most + 3 * run(capture=capture)[2]


def arrived(talk):
    return int(re.search(r"(\d+) arrived", talk)[1])


def closed_port():
    """Each datagram is answered by an error of ICMP."""
    status, talk, took = run("--syslog", "udp:127.0.0.1:%d" % servers.free_port())
    check(in_time(took, 14), "UDP: the end took", took)
    check(status == 5 and "did not arrive" in talk, "UDP:", status, talk)
    check(arrived(talk) == 0, "UDP: refused datagrams count as arrived:", talk)


class Relp:
    """A receiver that takes a message where takes(message, how often it came before) is true."""

    def __init__(self, takes, offers="relp_version=0\nrelp_software=test\ncommands=syslog"):
        self.takes, self.offers = takes, offers
        self.taken, self.refused = [], collections.Counter()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = "relp:127.0.0.1:%d" % self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listening.accept()
            with connection, connection.makefile("rb") as frames:
                while self.answer(connection, frames):
                    pass

    def answer(self, connection, frames):
        head = b""
        while not re.fullmatch(rb"(\d+) (\w+) (\d+)[ \n]", head):
            byte = frames.read(1)
            if not byte:
                return False
            head += byte
        transaction, command, length = head.split()
        data = frames.read(int(length) + (head[-1:] == b" "))[:-1]
        words = "200 OK\n" + self.offers if command == b"open" else "200 OK"
        if command == b"syslog" and not self.takes(data, self.refused[data]):
            self.refused[data] += 1
            words = "500 no room"
        elif command == b"syslog":
            self.taken.append(data)
        connection.sendall(b"%s rsp %d %s\n" % (transaction, len(words), words.encode()))
        return command != b"close"


def refuses_all():
    with tempfile.TemporaryDirectory() as folder:
        site = pathlib.Path(folder) / "site.yaml"
        site.write_text("outputs: { spool: { path: %s/spool, size: 1MiB } }" % folder)
        server = Relp(lambda message, before: False)
        status, talk, took = run("-c", str(site), "--syslog", server.address)
        check(in_time(took, 14), "RELP that refuses: the end took", took)
        check(status == 5 and re.search("did not arrive; (they wait|it waits) in the spool", talk), "refused:", status, talk)
        check("it refuses alerts (500 no room)" in talk, "that it refuses is not told:", talk)
        check(arrived(talk) == 0, "refused messages count as arrived:", talk)
        check(server.refused and min(server.refused.values()) >= 3, "they are not sent again:", server.refused)
        server.takes = lambda message, before: True
        status, talk, _ = run("-c", str(site), "--syslog", server.address)
        check(status == 1 and set(server.refused) <= set(server.taken), "what was refused is lost:", status, talk)


def refuses_some(what, takes, given_up):
    """Each arrives once, whatever was refused before it; one that is never taken holds up none of the others."""
    server = Relp(takes)
    status, talk, took = run("--syslog", server.address, capture=MANY)
    doubles = [m for m, n in collections.Counter(server.taken).items() if n > 1]
    check(status == 1 and in_time(took, 40, MANY), what, status, took, talk)
    check(len(server.refused) > given_up, what, "refused", server.refused)
    check(len(set(server.refused) - set(server.taken)) == given_up, what, "missing", set(server.refused) - set(server.taken))
    check(not doubles, what, len(doubles), "came twice")
    check(arrived(talk) == len(server.taken) > 300 and (not given_up or "%d refused" % given_up in talk), what, talk)


def without_the_command():
    server = Relp(lambda message, before: True, "relp_version=0\nrelp_software=test\ncommands=other,syslogs")
    status, talk, _ = run("--syslog", server.address)
    check(status == 5 and not server.taken and "has no command for messages" in talk, "a server without the command:", status, talk)


with tempfile.TemporaryDirectory() as made:
    MANY = os.path.join(made, "day.pcap")
    subprocess.run([ROOT / "tools" / "make-day", MANY, os.path.join(made, "truth"), "--connections", "600"], check=True, capture_output=True)
    closed_port()
    refuses_all()
    refuses_some("each seventh at first", lambda message, before: before or zlib.crc32(message) % 7, 0)
    refuses_some("one for ever", lambda message, before: b'sequenceId="40"' not in message and (before or zlib.crc32(message) % 31), 1)
    without_the_command()
finish(16)
