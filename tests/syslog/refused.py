"""Receivers that refuse what they are sent: the run ends in time, and no alert counts as arrived that did not. Arguments: UTWATCH."""
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from checks import check, finish  # noqa: E402
import servers  # noqa: E402

UTWATCH = sys.argv[1]
CAPTURE = ROOT / "pcaps" / "jsse-tls10-anon-only-accepted.pcap"


def run(*words):
    """A replay with alerts to a receiver: (exit status, standard error, seconds)."""
    begun = time.monotonic()
    done = subprocess.run([UTWATCH, "-q", "-v", "-r", str(CAPTURE), *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr, time.monotonic() - begun


def arrived(talk):
    return int(re.search(r"(\d+) arrived", talk)[1])


def closed_port():
    """Each datagram is answered by an error of ICMP."""
    status, talk, took = run("--syslog", "udp:127.0.0.1:%d" % servers.free_port())
    check(took < 14, "UDP: the end took", took)
    check(status == 5 and "did not arrive" in talk, "UDP:", status, talk)
    check(arrived(talk) == 0, "UDP: refused datagrams count as arrived:", talk)


closed_port()
finish(3)
