"""Every violation of a made day arrives at rsyslog over six transports and at syslog-ng over four, and what the receiver
parses is what the events say. Arguments: UTWATCH."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "tests/captures", "tools")]
from checks import check, finish  # noqa: E402
from run_utwatch import of_type  # noqa: E402
import capturelib  # noqa: E402
import messages as m  # noqa: E402
import servers  # noqa: E402
from told import judge, judge_planted  # noqa: E402

UTWATCH = sys.argv[1]


def site(folder, **more):
    """JSON is YAML."""
    path = folder / "site.yaml"
    outputs = {"tls": {"ca": str(folder / "ca.pem"), "name": servers.NAME, "certificate": str(folder / "sensor.pem"),
                       "key": str(folder / "sensor.key")}}
    outputs.update(more)
    path.write_text(json.dumps({"outputs": outputs}))
    return path


def run(folder, capture, addresses, **outputs):
    events = folder / "events.json"
    events.unlink(missing_ok=True)
    words = [UTWATCH, "-q", "-c", site(folder, **outputs), "--json", events, "-r", capture]
    for address in addresses:
        words += ["--syslog", address]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300)
    check(done.returncode in (0, 1), addresses, "exit status", done.returncode, done.stderr)
    check(done.stderr == "", addresses, "standard error:", done.stderr)
    return of_type([json.loads(line) for line in events.read_text().splitlines()], "alert")


def hostile(folder):
    """Names that try to leave their value, their line, or their place on a screen."""
    names = ["\"] forged=\"1", "]\n<170>1 - - - - - [utwatch@32473 src_ip=\"192.0.2.1\"]", "\\\"\\]", "\x1b[2J\r\0", "\u202eevil",
             "%n%s$!{x}", "\\x22", "\u00fcn\u00efc\u00f6de", "<script>'", "a" * 255]
    frames = []
    for i, name in enumerate(names):
        text = name.encode()
        sni = (len(text) + 3).to_bytes(2, "big") + b"\0" + len(text).to_bytes(2, "big") + text
        anonymous = 0x0018
        frames += capturelib.build([
            (0, m.client_hello([anonymous], more=[(0, sni)])),
            (1, m.server_hello(anonymous) + m.server_key_exchange() + m.done()),
            (0, m.client_key_exchange() + m.finished()), (1, m.finished())],
            client=("192.0.2.10", 41000 + i), time=1795470000 * 10**9 + i * 100 * 10**9)
    path = folder / 'hostile"].pcap'
    capturelib.write_frames(str(path), frames)
    return path


def each_transport(folder, kind, capture, truth):
    server = kind(folder)
    server.start()
    try:
        for transport in kind.TRANSPORTS:
            for size in (480, 2048) if transport in ("udp", "tcp") else (480,):
                alerts = run(folder, capture, [server.address(transport)], **{"syslog-size": size})
                check(len(alerts) > 100, "only", len(alerts), "alerts")
                what = "%s %s %d" % (kind.__name__, transport, size)
                received = server.wait_for(len(alerts))
                judge(what, alerts, received)
                judge_planted(what, truth, alerts, received)
                print("%-24s %5d alerts in %4d messages" % (what, len(alerts), len(received)), flush=True)
                server.forget()
        for interval in 60, 86400:
            alerts = run(folder, capture, [server.address("tcp")], **{"syslog-interval": interval})
            received = server.wait_for(len(alerts))
            judge("%s sums over %d s" % (kind.__name__, interval), alerts, received)
            sums = sum("count" in message["sd"]["utwatch@32473"] for message in received)
            check(interval < 86400 or sums > 3, "only", sums, "sums over a day")
            server.forget()
        alerts = run(folder, hostile(folder), [server.address("tls")], **{"syslog-size": 2048})
        received = server.wait_for(len(alerts))
        judge("%s hostile names" % kind.__name__, alerts, received)
        names = [message["sd"]["utwatch@32473"].get("sni", "") for message in received]
        check(any("\\x22\\x5d" in name for name in names), "hostile names did not come:", names)
        server.forget()
        alerts = run(folder, capture, [server.address(t) for t in kind.TRANSPORTS])
        received = server.wait_for(len(alerts), copies=len(kind.TRANSPORTS))
        per_alert = collections.Counter(message["sd"]["meta"]["sequenceId"] for message in received)
        check(set(per_alert.values()) == {len(kind.TRANSPORTS)}, kind.__name__, "all at once:", len(received))
    finally:
        server.stop()
    log = (folder / "server.log").read_text(errors="replace")
    check(not re.search(r"mmpstrucdata|invalid|truncat", log), kind.__name__, log[-500:])


def not_the_right_one(folder, kind, capture):
    """A receiver that cannot prove who it is gets nothing, and the operator is told why."""
    server = kind(folder)
    server.start()
    server.forget()
    right = {"ca": str(folder / "ca.pem"), "name": servers.NAME, "certificate": str(folder / "sensor.pem"), "key": str(folder / "sensor.key")}
    try:
        for what, wrong, words in (("authority", {"ca": str(folder / "other.pem")}, "certificate is not accepted"),
                                   ("name", {"name": "other.example"}, "certificate is not accepted: hostname mismatch")):
            config = site(folder, tls={**right, **wrong})
            done = subprocess.run([UTWATCH, "-q", "-c", str(config), "--syslog", server.address("tls"), "-r", str(capture)],
                                  capture_output=True, text=True, timeout=300)
            check(done.returncode == 5 and words in done.stderr and "did not arrive" in done.stderr, what, done.returncode, done.stderr)
            check(not server.received(), what, "a message was sent to a stranger")
    finally:
        server.stop()


def mistakes(folder):
    """All of them, each at its place; and no start with what cannot work."""
    servers.make_certificates(folder)
    config = folder / "wrong.yaml"
    config.write_text("outputs:\n  syslog: ['tcp:host', 'tls:h:1', 'ftp:h:1']\n  spool: { path: /tmp, size: 3 }\n"
                      "  syslog-size: 100\n  enterprise-number: x\n  tls: { authority: x }\n")
    done = subprocess.run([UTWATCH, "-T", "-c", str(config)], capture_output=True, text=True)
    lines = re.findall(r"^[^:]+:(\d+):\d+: ", done.stderr, re.M)
    check(done.returncode == 2 and sorted(lines) == ["2", "2", "3", "4", "5", "6"], done.stderr)
    for text, words in (("{ syslog: 'tls:h:1', tls: { ca: /nonexistent } }", "tls ca /nonexistent: No such file"),
                        ("{ syslog: 'relp+tls:h:1', tls: { certificate: %s } }" % config, "no start line"),
                        ("{ syslog: 'tls:h:1', tls: { certificate: %s } }" % (folder / "sensor.pem"), "'key' is missing"),
                        ("{ syslog: 'udp:h:1', spool: { path: /etc/passwd } }", "Not a directory")):
        config.write_text("outputs: %s\n" % text)
        done = subprocess.run([UTWATCH, "-T", "-c", str(config)], capture_output=True, text=True)
        check(done.returncode == 2 and words in done.stderr, text, done.returncode, done.stderr)
    for address in "tcp:host", "tcp:host:0", "tcp:2001:db8::1:514", "unix:log", "smoke:h:1":
        done = subprocess.run([UTWATCH, "--syslog", address, "-r", "x"], capture_output=True, text=True)
        check(done.returncode == 2 and address in done.stderr, address, done.returncode, done.stderr)


def main():
    kinds = [k for k in (servers.Rsyslog, servers.SyslogNg) if k.is_here()]
    if not kinds:
        print("neither rsyslog nor syslog-ng is here")
        sys.exit(servers.SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        capture = folder / "day.pcap"
        subprocess.run([str(ROOT / "tools/make-day"), str(capture), str(folder / "truth"), "--connections", "1000"],
                       check=True, capture_output=True)
        truth = json.loads((folder / "truth").read_text())
        mistakes(folder)
        for kind in kinds:
            own = folder / kind.__name__
            own.mkdir()
            servers.make_certificates(own)
            each_transport(own, kind, capture, truth)
        not_the_right_one(folder / kinds[0].__name__, kinds[0], capture)
    finish(100)


main()
