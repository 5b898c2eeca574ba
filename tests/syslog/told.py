"""Do messages of syslog, as a receiver parsed them, say what the events say?"""
import collections
import json
import unicodedata

from checks import check

ALIKE = ["src_ip", "dest_ip", "dest_port", "src_port", "flow_id", "pcap_cnt", "pcap_filename", "in_iface"]
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
    if "server" in event["utwatch"]:  # judged over all its handshakes: the name is told with what it showed
        wanted["sni"] = event["utwatch"]["server"].get("name")
    wanted["superseded"] = superseded(event)
    return {key: safe(value) for key, value in wanted.items() if value is not None}


def left_to_others(event):
    """Parameters that the alert need not have: of a shortened one the tls event has the fingerprint."""
    return ("rule", "trunc", "ja4") if event["utwatch"].get("shortened") else ("rule", "trunc")


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
        if "edge" in sd:
            continue  # the sensor, of itself
        if message["msgid"] == "taken-back":
            continue  # captures_taken_back
        rule = sd.get("rule", message["msgid"])
        key = rule, sd.get("src_ip", ""), sd.get("dest_ip", ""), sd.get("dest_port", "")
        came[key] += int(sd.get("count", 1))
        check(rule.startswith(message["msgid"]), what, "MSGID", message["msgid"])
        if "count" in sd:
            continue
        candidates = [e for e in first.get(key, []) if all(
            parameters(e).get(name) == value for name, value in sd.items() if name not in left_to_others(e))]
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
