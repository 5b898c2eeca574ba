#!/usr/bin/env python3
"""Is a finding about a server or UE that no longer holds taken back, by an event, a message and in all numbers, so that the report is that of a run
that judged at its end only? usage: taken_back.py UTWATCH [CAPTURE ...]"""
import csv
import os
import re
import socket
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, utwatch
from check_schema import built_with, validator
from checks import check, finish
import capturelib
import messages as m

binary, names = sys.argv[1], sys.argv[2:]
HOUR, START = 3600 * 10**9, 1795470000 * 10**9  # 2026-11-23
RC4, DES, DES3, AES = 0x0005, 0x0009, 0x000A, 0x002F
UE, OTHER_UE, SERVER, OTHER_SERVER = ("192.0.2.10", 40000), ("192.0.2.11", 40000), ("192.0.2.80", 443), ("192.0.2.81", 443)
WEAK, DES3_SERVER = "ut-5.1.2-possible-128", "ut-6.2-server-3des"
NEVER = "366d"
OWN = """utwatch: 1
profile: mine
title: Of this test
rules:
  - id: comes-and-goes
    sid: 9000001
    clause: none
    title: An odd number of handshakes
    requires: Even numbers.
    binds: server
    about: server
    severity: medium
    fail: { %s }
"""


def accepted(suite, *more):
    return [(0, m.client_hello([suite, *more])), (1, m.server_hello(suite) + m.done()),
            (0, m.client_key_exchange() + m.finished()), (1, m.finished())]


def refused(*suites):
    return [(0, m.client_hello(list(suites))), (1, m.alert(2, 40))]


LACKS_AES = [(0, refused(AES, DES3, RC4)), (1, accepted(DES)), (2, refused(AES, DES3, RC4))]
SHOWS_AES = [(100, accepted(AES))]


def made(folder, name, steps, **ends):
    """A capture of the conversations, each at its hour."""
    path = os.path.join(folder, name)
    ends = {"client": UE, "server": SERVER, **ends}
    capturelib.write_frames(path, [frame for n, (hour, steps) in enumerate(steps) for frame in capturelib.build(
        steps, time=START + hour * HOUR, client=(ends["client"][0], ends["client"][1] + n), server=ends["server"])])
    return path


def site(folder, interval, more=""):
    path = os.path.join(folder, "site.yaml")
    with open(path, "w") as f:
        f.write("outputs: { peers-interval: %s }\n%s" % (interval, more))
    return path


def who(event):
    u = event["utwatch"]
    return u["profile"], u["rule"], event.get("src_ip"), event.get("dest_ip"), event.get("dest_port"), u.get("server", {}).get("name")


def standing(evs):
    """What stands by the events: alerts about servers and UEs that were not taken back."""
    found = {}
    for event in evs:
        if event["event_type"] == "alert" and event["utwatch"]["about"] in ("server", "ue"):
            found.setdefault(who(event), []).append(event)
        elif event["event_type"] == "taken-back":
            told = found.pop(who(event), None)
            check(told, "taken back, and never told", event)
            if told:
                check(event["utwatch"]["first_told"] == told[0]["timestamp"], "told first at", told[0]["timestamp"], event)
                check(event["utwatch"]["signature_id"] == told[0]["alert"]["signature_id"], "of another rule", event)
    return {key: (told[-1]["alert"]["severity"], told[-1]["utwatch"].get("note")) for key, told in found.items()}


# Counted as it comes, or drawn at random: what a full table gives up.
NUMBERS_OF_RUN = ("events", "memory", "capture")


def whole_run(folder, capture, interval, *words):
    """Exit status, what stands by the events, and all reports but what says when findings were told."""
    paths = {form: os.path.join(folder, form) for form in ("csv", "junit", "text", "html")}
    more = [word for form, path in paths.items() for word in ("--report", form + ":" + path)]
    evs, run = events(binary, "-c", site(folder, interval), *more, *words, "-r", capture)
    said = {form: open(path, newline="").read() for form, path in paths.items()}
    said["csv"] = sorted(said["csv"].splitlines())
    page = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|peers-interval: \w+|\b[0-9a-f]{64}\b", "", said.pop("html"))
    said["html"] = re.sub(r'<tr[^>]*><th scope="row">addresses whose checksums were forgotten.*', "", page)
    stats = {key: value for key, value in evs[-1]["utwatch"].items() if key not in NUMBERS_OF_RUN}
    for rule in stats["rules"]:
        rule.pop("taken_back", None)
    return {"exit status": run.returncode, "stands": standing(evs), "stats": stats, **said}, of_type(evs, "taken-back")


def test_as_at_the_end(folder, captures):
    """However often it was judged before."""
    taken = 0
    for capture in captures:
        for words in ((), ("--strict", "--advise", "modern")):
            wanted, none = whole_run(folder, capture, NEVER, *words)
            check(not none, capture, "taken back within one interval")
            for interval in ("1s", "24h"):
                found, back = whole_run(folder, capture, interval, *words)
                taken += len(back)
                for part, value in wanted.items():
                    check(found[part] == value, os.path.basename(capture), words, interval, part, "differ", first_difference(value, found[part]))
    check(names or taken > 8, "only", taken, "taken back")


def first_difference(a, b):
    if isinstance(a, str):
        a, b = a.splitlines(), b.splitlines()
    if isinstance(a, list) and isinstance(b, list):
        return [pair for pair in zip(a, b) if pair[0] != pair[1]][:2]
    return (a, b) if not isinstance(a, dict) or not isinstance(b, dict) else {k: (a.get(k), b.get(k)) for k in {*a, *b} if a.get(k) != b.get(k)}


def test_event(folder):
    """A server that refuses AES on the first day and selects it on the fifth."""
    path = made(folder, "days.pcap", LACKS_AES + SHOWS_AES)
    table = os.path.join(folder, "table.csv")
    words = ("--report", "csv:" + table, "--report", "text:" + os.path.join(folder, "text"), "--details", "-r", path)
    evs, run = events(binary, *words)
    of_server = [e for e in evs if e.get("dest_ip") == SERVER[0] and e.get("utwatch", {}).get("rule") == WEAK]
    check([e["event_type"] for e in of_server] == ["alert", "taken-back"], of_server)
    ours, back = validator(built_with(binary)), of_server[-1]
    check(ours.is_valid(back), list(ours.iter_errors(back)))
    theirs = os.path.join(os.environ.get("UTWATCH_SPEC", ""), "data", "suricata-eve-schema.json")
    for event in of_type(evs, "taken-back") if os.path.exists(theirs) else ():
        without = {key: value for key, value in event.items() if key != "utwatch"}
        check(validator(theirs).is_valid(without), "Suricata's schema", without)
    check(back["utwatch"]["verdict"] == "pass" and back["utwatch"]["fault"] == "server" and back["utwatch"]["told_as"] == "violation", back)
    check(evs.index(back) > [e["event_type"] for e in evs].index("tls", evs.index(of_server[0])), "taken back before what contradicts it")
    rule = [r for r in evs[-1]["utwatch"]["rules"] if r["rule"] == WEAK][0]
    check((rule["pass"], rule["fail"], rule.get("taken_back")) == (1, 0, 1), "the server passes:", rule)
    with open(table, newline="") as f:
        check(not [row for row in csv.DictReader(f) if row["rule"] == WEAK], "a row for what stands no longer")
    with open(os.path.join(folder, "text")) as f:
        lines = [line for line in f.read().splitlines() if WEAK in line]
    check([line for line in lines if SERVER[0] in line] == [
        "Taken back: %s at %s:443, told by what was seen until 2026-11-23T%s; the verdict is now: pass" % (
            WEAK, SERVER[0], of_server[0]["timestamp"][11:19] + "Z")], "in the details:", lines)
    check(run.returncode == utwatch(binary, "-q", "-r", made(folder, "hours.pcap", LACKS_AES + [(3, SHOWS_AES[0][1])])).returncode, "exit status")


def own_profile(folder, fails="peer.handshakes: [1, 2, 5]"):
    path = os.path.join(folder, "mine.yaml")
    with open(path, "w") as f:
        f.write(OWN % fails)
    return path


def test_again(folder):
    """A finding comes, goes and comes again, and each change is told once; the rules' text decides when it stands."""
    words = ("-p", own_profile(folder), "-c", site(folder, "1h"))
    for count, wanted, fails in ((4, ["alert", "taken-back"], 0), (5, ["alert", "taken-back", "alert"], 1),
                                 (7, ["alert", "taken-back", "alert", "taken-back"], 0)):
        path = made(folder, "again.pcap", [(2 * n, accepted(AES)) for n in range(count)])
        evs, run = events(binary, *words, "-r", path)
        check([e["event_type"] for e in evs if e["event_type"] in ("alert", "taken-back")] == wanted, count, evs)
        rule = evs[-1]["utwatch"]["rules"][0]
        check((rule["fail"], rule["pass"], rule.get("taken_back", 0)) == (fails, 1 - fails, wanted.count("taken-back")), count, rule)
        check(run.returncode == fails, count, "exit status", run.returncode)
        stands = standing(evs)
        check(len(stands) == fails, count, stands)


def named(name):
    sni = (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name
    return [(0, m.client_hello([AES], more=[(0, sni)])), *accepted(AES)[1:]]


def test_which_server(folder):
    """A server of which no hello was captured is one of those that the address turns out to have: it is no server of its own any more."""
    words = ("-p", own_profile(folder, "peer.selected: { any: { in: [TLS_RSA_WITH_AES_128_CBC_SHA] } }"), "-c", site(folder, "1h"))
    first = [(t, f) for t, f in capturelib.read_frames(made(folder, "unnamed", [(0, accepted(AES))])) if capturelib.segment_of(f)[4][5:6] != b"\1"]
    other = made(folder, "other", [(5, accepted(DES))], server=OTHER_SERVER)
    later = made(folder, "later", [(30, named(b"a.example.org")), (60, named(b"b.example.org"))], client=OTHER_UE)
    path = os.path.join(folder, "which.pcap")
    capturelib.write_frames(path, sorted([*first, *capturelib.read_frames(other), *capturelib.read_frames(later)]))
    evs, _ = events(binary, *words, "-r", path)
    told = [(e["event_type"], e["utwatch"]["server"].get("name"), e["utwatch"]["verdict"], e["utwatch"].get("unobserved")) for e in evs
            if e["event_type"] in ("alert", "taken-back")]
    a, b = (("alert", name + ".example.org", "fail", None) for name in "ab")
    check(told == [("alert", None, "fail", None), ("taken-back", None, "not-observable", ["gap"]), a, b], told)
    check(evs[-1]["utwatch"]["rules"][0]["fail"] == len(standing(evs)) == 2, evs[-1]["utwatch"]["rules"][0])


def test_given_up(folder):
    """A server of which no hello was captured gives way to a 64th name at its address: what it did is taken back once."""
    words = ("-p", own_profile(folder, "peer.selected: { any: { in: [TLS_RSA_WITH_AES_128_CBC_SHA] } }"), "-c", site(folder, "1h"))
    servers = [("192.0.2.%d" % n, 443) for n in (80, 81, 82)]
    hour, frames, count = HOUR, [], 0

    def talk(at, name, server, ue):
        nonlocal count
        count += 1
        sni = (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name
        random = count.to_bytes(4, "big") * 8
        steps = [(0, m.client_hello([DES], random=random, more=[(0, sni)])), (1, m.server_hello(DES, random=random[::-1]) + m.done()),
                 *accepted(DES)[2:]]
        return capturelib.build(steps, time=START + int(at * hour), client=(ue, 20000 + count), server=server)
    for server in servers:
        unnamed = capturelib.read_frames(made(folder, "unnamed", [(0, accepted(AES))], server=server))
        frames += [(t, f) for t, f in unnamed if capturelib.segment_of(f)[4][5:6] != b"\1"]
    for at in range(12):  # the interval ends
        frames += talk(0.5 + at * 0.06, b"other.example", ("192.0.2.90", 443), "192.0.2.77")
    for n in range(4 * 63):
        frames += talk(1.5 + n * 0.001, b"n%d.example" % (n % 63), servers[0], "198.51.100.%d" % (1 + n % 200))
    frames += talk(2.11, b"last.example", servers[0], "192.0.2.99")
    path = os.path.join(folder, "given_up.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs, _ = events(binary, *words, "-r", path)
    back = [e["dest_ip"] for e in of_type(evs, "taken-back")]
    rule = evs[-1]["utwatch"]["rules"][0]
    check(back == [servers[0][0]], "taken back once", back)
    check(rule["fail"] == len(standing(evs)) == 2, "standing", rule)


def test_inputs(folder):
    """Several inputs, merged or one after the other, are one stream of time. Where the older one comes last, a refusal follows a selection, which
    proves nothing."""
    first, last = made(folder, "1.pcap", LACKS_AES), made(folder, "2.pcap", SHOWS_AES, client=OTHER_UE)
    for words in (("-r", first, "-r", last), ("--merge", "-r", first, "-r", last), ("-r", last, "-r", first)):
        evs, _ = events(binary, "-c", site(folder, "1h"), *words)
        rule = [r for r in evs[-1]["utwatch"]["rules"] if r["rule"] == WEAK][0]
        of_server = [e["event_type"] for e in evs if e.get("dest_ip") == SERVER[0] and e.get("utwatch", {}).get("rule") == WEAK]
        check(of_server == ([] if words[1] == last else ["alert", "taken-back"]), words, rule, of_server)
        check(len(standing(evs)) == sum(r["fail"] for r in evs[-1]["utwatch"]["rules"] if r["rule"] in (WEAK, DES3_SERVER, "ut-6.2-ue-3des")), words)


def test_baseline(folder):
    """A file of events knows what stands at its end; what is known and taken back is gone."""
    days, day = made(folder, "days.pcap", LACKS_AES + SHOWS_AES), made(folder, "day.pcap", LACKS_AES)
    files = {}
    for name, path in ("days", days), ("day", day):
        files[name] = os.path.join(folder, name + ".json")
        utwatch(binary, "-q", "--json", files[name], "-r", path)
    for name, path, known, stands in (("days", day, 0, 1), ("day", day, 1, 0), ("day", days, 0, 0)):
        evs, _ = events(binary, "--baseline", files[name], "-r", path)
        rule = [r for r in evs[-1]["utwatch"]["rules"] if r["rule"] == WEAK][0]
        check((rule.get("known", 0) > 0, rule["fail"] > 0) == (known > 0, stands > 0), name, path, rule)
        if name == "day" and path == days:
            back = [e["utwatch"]["told_as"] for e in of_type(evs, "taken-back") if e["utwatch"]["rule"] == WEAK]
            check(back and set(back) == {"known"}, "as what it was told", back)
            check(evs[-1]["utwatch"]["verdicts"]["gone"] >= 1, "gone", evs[-1]["utwatch"]["verdicts"])


def test_excepted(folder):
    """What an exception covers is in no violation, and is taken back like the rest."""
    more = "exceptions: [{ rule: %s, reason: known, until: 2030-01-01 }]\n" % WEAK
    evs, _ = events(binary, "-c", site(folder, "24h", more), "-r", made(folder, "days.pcap", LACKS_AES + SHOWS_AES))
    back = [e["utwatch"]["told_as"] for e in of_type(evs, "taken-back") if e["utwatch"]["rule"] == WEAK]
    rule = [r for r in evs[-1]["utwatch"]["rules"] if r["rule"] == WEAK][0]
    check(set(back) == {"excepted"} and not rule.get("excepted"), back, rule)


def test_syslog(folder):
    """A message of its own, behind the alert that it refers to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        evs, _ = events(binary, "-c", site(folder, "24h", ""), "--syslog", "udp:127.0.0.1:%d" % receiver.getsockname()[1],
                        "-r", made(folder, "days.pcap", LACKS_AES + SHOWS_AES))
        wanted = len(of_type(evs, "alert")) + len(of_type(evs, "taken-back"))
        came = [receiver.recv(4096).decode() for _ in range(wanted)]
    pattern = r'<(\d+)>1 (\S+) \S+ \S+ \S+ (\S+) .*\[utwatch@32473 ([^]]*)\]'
    said = [re.match(pattern, line).groups() for line in came]
    said = [(int(pri) & 7, msgid, dict(re.findall(r'(\w+)="([^"]*)"', rest))) for pri, _, msgid, rest in said]
    told = [n for n, (_, msgid, sd) in enumerate(said) if msgid == WEAK and sd.get("dest_ip") == SERVER[0]]
    back = [n for n, (_, msgid, sd) in enumerate(said) if msgid == "taken-back" and sd["rule"] == WEAK and sd.get("dest_ip") == SERVER[0]]
    check(len(told) == len(back) == 1 and told[0] < back[0], "messages", came)
    if len(back) == 1:
        severity, _, sd = said[back[0]]
        event = [e for e in of_type(evs, "taken-back") if who(e)[1] == WEAK and e.get("dest_ip") == SERVER[0]][0]
        check(severity == 5, "a notice", severity)
        alike = "first_told", "verdict", "fault"
        check([sd[k] for k in alike] == [event["utwatch"][k] for k in alike], sd, event)
        check(sd["dest_port"] == "443" and sd["signature_id"] == str(event["utwatch"]["signature_id"]), sd)


def captures(folder):
    if names:
        return names
    many = LACKS_AES + [(30, accepted(DES3)), (31, refused(DES3))] + SHOWS_AES + [(200, accepted(DES3, AES))]
    first = made(folder, "server.pcap", many)
    more = made(folder, "more", [(h + 3, s) for h, s in many], client=OTHER_UE, server=OTHER_SERVER)
    frames = sorted([*capturelib.read_frames(first), *capturelib.read_frames(more)])
    capturelib.write_frames(os.path.join(folder, "two.pcap"), frames)
    known = [os.path.join(PCAPS, n + ".pcap") for n in ("jsse-tls10-wapcert", "openssl-tls12-full")]
    return [first, os.path.join(folder, "two.pcap"), *known]


with tempfile.TemporaryDirectory() as place:
    test_as_at_the_end(place, captures(place))
    if not names:
        for test in (test_event, test_again, test_which_server, test_given_up, test_inputs, test_baseline, test_excepted, test_syslog):
            test(place)
finish(30 if not names else 1)
