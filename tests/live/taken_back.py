#!/usr/bin/env python3
"""A finding about a server that no longer holds is taken back while a capture goes on, as in a replay: with 1, 2 and 4 workers, in the summary that
SIGUSR1 asks for, after other rules, in metrics that do not fall, and in a watched folder. usage: taken_back.py UTWATCH"""
import os
import re
import signal
import sys
import tempfile
import time

from taps import PATIENCE, Recorder, Sensor, Taps, comparable, replay, replay_of
from checks import check, finish
import capturelib
import messages as m

binary = sys.argv[1]
SECOND, START = 10**9, 1795470000 * 10**9
AES = 0x002F
UE, SERVER = "192.0.2.10", ("192.0.2.80", 443)
RULE = "at-least-three"
SITE = "privacy: clear\noutputs: { peers-interval: 1s, stats-interval: 1s%s }\n"
HEAD = "utwatch: 1\nprofile: mine\ntitle: Of this test\nrules:\n"
A_RULE = """  - id: %s
    sid: %d
    clause: none
    title: Too few handshakes
    requires: More.
    binds: server
    about: server
    severity: medium
    fail: { peer.handshakes: %s }
"""
OTHER, OWN = A_RULE % ("another", 9000001, "1000"), A_RULE % (RULE, 9000002, "[1, 2]")


def accepted(suite):
    """With randoms that no other one has, which would be a copy."""
    return [(0, m.client_hello([suite], random=os.urandom(32))), (1, m.server_hello(suite, random=os.urandom(32)) + m.done()),
            (0, m.client_key_exchange() + m.finished()), (1, m.finished())]


def made(path, *steps, at=0, port=40000):
    capturelib.write_frames(path, [frame for n, conversation in enumerate(steps) for frame in capturelib.build(
        conversation, time=START + (at + n) * SECOND, client=(UE, port + n), server=SERVER)])
    os.chmod(path, 0o644)
    return path


def of_server(events):
    return [e["event_type"] for e in events if e.get("dest_ip") == SERVER[0] and e.get("utwatch", {}).get("rule") == RULE]


def is_told(event):
    return event["event_type"] == "alert" and event.get("dest_ip") == SERVER[0] and event["utwatch"]["rule"] == RULE


class Folder:
    def __init__(self, path):
        self.lacks = made(os.path.join(path, "lacks.pcap"), accepted(AES), accepted(AES))
        self.shows = made(os.path.join(path, "shows.pcap"), accepted(AES), at=86400, port=41000)
        self.more = made(os.path.join(path, "more.pcap"), accepted(AES), at=90000, port=42000)
        self.rules, self.config, self.recorded = (os.path.join(path, name) for name in ("mine.yaml", "site.yaml", "recorded.pcapng"))
        self.words = ["-p", self.rules, "-c", self.config]
        self.write(HEAD + OTHER + OWN)
        self.configure()

    def write(self, text):
        with open(self.rules, "w") as f:
            f.write(text)

    def configure(self, more=""):
        with open(self.config, "w") as f:
            f.write(SITE % more)


def told(taps, sensor, folder):
    """It is accused, by what was seen until then."""
    taps.send(folder.lacks)
    check(sensor.wait_for_event(is_told), "not told", of_server(sensor.events()))


def taken_back(taps, sensor, folder):
    taps.send(folder.shows)
    found = sensor.wait_for_event(lambda e: e["event_type"] == "taken-back" and e.get("dest_ip") == SERVER[0])
    check(found, "not taken back", of_server(sensor.events()))


def rule_of(events):
    return [r for r in events[-1]["utwatch"]["rules"] if r["rule"] == RULE][0]


def as_in_replay(taps, folder, workers):
    sensor = Sensor(taps, binary, *folder.words, "--workers", str(workers))
    recorder = Recorder(taps, folder.recorded, "tap0")
    told(taps, sensor, folder)
    taken_back(taps, sensor, folder)
    live = sensor.end()
    played = replay_of(recorder, live[-1]["utwatch"]["capture"]["frames"], binary, *folder.words)
    check(comparable(live) == comparable(played), workers, "workers: other events", [e for e in comparable(live) if e not in comparable(played)][:2])
    check(of_server(live) == ["alert", "taken-back"], workers, of_server(live))
    alert, back = [e for e in live if e.get("dest_ip") == SERVER[0] and e.get("utwatch", {}).get("rule") == RULE]
    check(alert["timestamp"] == back["utwatch"]["first_told"], workers, alert, back)
    check([rule_of(x)["fail"] for x in (live, played)] == [0, 0] and rule_of(live)["pass"] == rule_of(played)["pass"] >= 1,
          rule_of(live), rule_of(played))


def status(sensor):
    """The violations of the summary so far: the line that counts them."""
    sensor.process.send_signal(signal.SIGUSR1)
    check(sensor.wait_for(b"the run goes on"), "no summary")
    sensor.wait_for(b"handshakes")
    sensor.wait_for(b"capture")
    return sensor.talk.decode()[-3000:]


def page(taps):
    text = taps.run("curl", "-s", "-m", "5", "http://127.0.0.1:19337/metrics").stdout.decode()
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def under_other_rules(taps, folder):
    """Rules that come before it are dropped in between: it keeps what was told of it. It is in no number behind that, and metrics do not fall."""
    sensor = Sensor(taps, binary, *folder.words)
    told(taps, sensor, folder)
    check(RULE in status(sensor), "the summary so far has what stands")
    folder.write(HEAD + OWN)
    sensor.process.send_signal(signal.SIGHUP)
    check(sensor.wait_for(b"judging by generation 2"), "no other rules", sensor.talk[-300:])
    taken_back(taps, sensor, folder)
    before = len(sensor.talk)
    after = status(sensor)[-(len(sensor.talk) - before):]
    check(SERVER[0] not in "".join(line for line in after.splitlines() if RULE in line), "the summary so far has what was taken back", after)
    live = sensor.end()
    check(of_server(live) == ["alert", "taken-back"], "with other rules in between", of_server(live))
    check(rule_of(live)["fail"] == 0 and rule_of(live)["taken_back"] >= 1, rule_of(live))
    generations = [e["utwatch"]["ruleset"]["generation"] for e in live if e.get("dest_ip") == SERVER[0] and e.get("utwatch", {}).get("rule") == RULE]
    check(generations == [1, 2], "the rules that judged", generations)


def page_with(taps, wanted):
    """The page, once these samples have these values."""
    until = time.monotonic() + PATIENCE
    while any(int(found.get(name, -1)) != value for found in [page(taps)] for name, value in wanted.items()) and time.monotonic() < until:
        time.sleep(0.2)
    return page(taps)


def in_metrics(taps, folder):
    folder.configure(", metrics: '127.0.0.1:19337'")
    taps.ip("link", "set", "lo", "up")
    sensor = Sensor(taps, binary, *folder.words)
    fail, gone = ('utwatch_verdicts_%stotal{rule="%s"%s}' % (more, RULE, label) for more, label in (("", ',verdict="fail"'), ("gone_", "")))
    told(taps, sensor, folder)
    pages = [page_with(taps, {fail: 1, gone: 0})]
    taken_back(taps, sensor, folder)
    pages.append(page_with(taps, {fail: 1, gone: 1}))
    sensor.end()
    check([(int(p[fail]), int(p[gone])) for p in pages] == [(1, 0), (1, 1)], "metrics", [(p.get(fail), p.get(gone)) for p in pages])
    falling = [n for n, value in pages[0].items() if "_total" in n and float(pages[1].get(n, 0)) < float(value)]
    check(not falling, "counters that fall", falling)
    folder.configure()


def in_a_folder(taps, folder, parent):
    """Several files, one after the other."""
    watched = os.path.join(parent, "watched")
    os.mkdir(watched)
    sensor = Sensor(taps, binary, "--watch", watched, *folder.words, interfaces=())
    check(sensor.wait_for(b"watching"), "it does not begin")
    files = folder.lacks, folder.shows, folder.more
    for n, path in enumerate(files):
        with open(path, "rb") as f, open(os.path.join(parent, "aside"), "wb") as copy:
            copy.write(f.read())
        os.chmod(os.path.join(parent, "aside"), 0o644)
        os.rename(os.path.join(parent, "aside"), os.path.join(watched, "%d.pcap" % n))
        sensor.wait_for_event(lambda e: e["event_type"] == "tls" and e["pcap_filename"].endswith("%d.pcap" % n))
    live = sensor.end()
    played = replay(binary, *folder.words, *[word for path in files for word in ("-r", path)])
    check(of_server(live) == of_server(played) == ["alert", "taken-back"], "a watched folder", of_server(live), of_server(played))
    check(comparable(live) == comparable(played), "a watched folder: other events")
    check(re.sub("x", "", str(sensor.status)) in "01", "exit status", sensor.status)


def main():
    with Taps(1) as taps, tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = Folder(parent)
        for workers in 1, 2, 4:
            as_in_replay(taps, folder, workers)
        under_other_rules(taps, folder)
        in_metrics(taps, folder)
        in_a_folder(taps, folder, parent)


main()
finish(25)
