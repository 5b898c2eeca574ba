"""Every violation of a made day arrives at rsyslog over six transports and at syslog-ng over four, and what the receiver
parses is what the events say. Arguments: UTWATCH."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "tests/captures", "tools")]
from checks import check, finish  # noqa: E402
from run_utwatch import of_type  # noqa: E402
import capturelib  # noqa: E402
import messages as m  # noqa: E402
import servers  # noqa: E402

UTWATCH = sys.argv[1]
ALIKE = ["src_ip", "dest_ip", "dest_port", "src_port", "flow_id", "pcap_cnt", "pcap_filename"]
OF_ALERT = ["signature_id", "category"]
OF_TLS = ["sni", "version", "ja4"]
OF_UTWATCH = ["fault", "observed", "basis", "profile"]
SEVERITY = {1: 2, 2: 3, 3: 4, 4: 5}  # EVE's -> RFC 5424's


def safe(value):
    """What monitor/syslog/message.h says of values from the wire, written independently."""
    out = []
    for character in str(value):
        hidden = unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")
        if hidden or character in "\\\"[]":
            out += ["\\x%02x" % byte for byte in character.encode()]
        else:
            out.append(character)
    return "".join(out)


def parameters(event):
    """What a message may say of the event."""
    wanted = {key: event[key] for key in ALIKE if key in event}
    wanted.update({key: event["alert"][key] for key in OF_ALERT})
    wanted.update({key: event.get("tls", {}).get(key) for key in OF_TLS})
    wanted.update({key: event["utwatch"].get(key) for key in OF_UTWATCH})
    wanted["superseded"] = superseded(event)
    return {key: safe(value) for key, value in wanted.items() if value is not None}


def superseded(event):
    return event["alert"].get("metadata", {}).get("superseded", [None])[0]


def about(event):
    return event["utwatch"]["rule"], event.get("src_ip", ""), event.get("dest_ip", ""), str(event.get("dest_port", ""))


def judge(what, alerts, received):
    """The first of each kind singly, the others in sums; no violation is missing."""
    told = collections.Counter()
    first = {}
    for event in alerts:
        told[about(event)] += 1
        first.setdefault(about(event), []).append(event)
    sequences = collections.Counter()
    came = collections.Counter()
    for message in received:
        sd = message["sd"]["utwatch@32473"]
        sequences[(message["procid"], message["sd"]["meta"]["sequenceId"])] += 1
        rule = sd.get("rule", message["msgid"])
        key = rule, sd.get("src_ip", ""), sd.get("dest_ip", ""), sd.get("dest_port", "")
        came[key] += int(sd.get("count", 1))
        check(rule.startswith(message["msgid"]), what, "MSGID", message["msgid"])
        if "count" in sd:
            continue
        candidates = [e for e in first.get(key, []) if all(
            parameters(e).get(name) == value for name, value in sd.items() if name not in ("rule", "trunc"))]
        check(candidates, what, "no event says what this message says:", json.dumps(message))
        if not candidates:
            continue
        event = candidates[0]
        check(message["severity"] == SEVERITY[event["alert"]["severity"]], what, "severity of", message)
        check(message["words"] in ("", event["alert"]["signature"]), what, "words of", message)
        check(message["time"][:26] == event["timestamp"][:26], what, "time of", message, event["timestamp"])
        check("trunc" in sd or (set(parameters(event)) <= set(sd) and message["words"]), what, "left out:", message)
    missing = {k: (n, came[k]) for k, n in told.items() if came[k] != n}
    check(not missing, what, len(missing), "kinds with another count:", list(missing.items())[:3])
    check(not set(came) - set(told), what, "messages about nothing:", list(set(came) - set(told))[:3])
    check(all(n == 1 for n in sequences.values()), what, "doubles without a broken connection")
    numbers = sorted(int(sequence) for _, sequence in sequences)
    check(numbers == list(range(1, len(numbers) + 1)), what, "a gap in sequenceId")


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


def judge_planted(what, truth, alerts, received):
    """What was planted, by the text of TS 33.141: utwatch has no part in it. Superseded demands are told once for each
    offender only."""
    planted = collections.Counter()
    once = {event["utwatch"]["rule"] for event in alerts if superseded(event)}
    for connection in truth["connections"]:
        for rule in set(connection["fails"]) - once:
            planted[(rule, connection["client"])] += 1
    came = collections.Counter()
    for message in received:
        sd = message["sd"]["utwatch@32473"]
        came[(sd.get("rule", message["msgid"]), sd.get("src_ip"))] += int(sd.get("count", 1))
    check(len(planted) > 30, "only", len(planted), "planted")
    for key, count in planted.items():
        check(came[key] == count, what, key, "planted", count, "came", came[key])


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
            for size in 480, 2048:
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
        received = server.wait_for(len(alerts) * len(kind.TRANSPORTS))
        per_alert = collections.Counter(message["sd"]["meta"]["sequenceId"] for message in received)
        check(set(per_alert.values()) == {len(kind.TRANSPORTS)}, kind.__name__, "all at once:", len(received))
    finally:
        server.stop()
    log = (folder / "server.log").read_text(errors="replace")
    check(not re.search(r"mmpstrucdata|invalid|truncat", log), kind.__name__, log[-500:])


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
        for kind in kinds:
            own = folder / kind.__name__
            own.mkdir()
            servers.make_certificates(own)
            each_transport(own, kind, capture, truth)
    finish(100)


main()
