#!/usr/bin/env python3
"""Are the metrics what Prometheus reads, equal to the statistics, there while processes are killed, and served to the slow without harm
to an output? usage: metrics.py UTWATCH"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from taps import HELD, NOT_GRAVE, PATIENCE, PCAPS, Sensor, Taps, at_best, sensor_and_writer
from checks import check, finish

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
PLACE = ("127.0.0.1", 9333)
CLONE_NEWNET = 0x40000000
SAMPLE = re.compile(r'(\w+)(\{[^}]*\})? (\S+)')
OBJECTS = ("capture", "connections", "tls", "http", "naming", "events", "syslog", "evidence", "memory")


def enter(taps):
    """From now on this process is in the namespace."""
    taps.ip("link", "set", "lo", "up")
    fd = os.open("/run/netns/" + taps.name, os.O_RDONLY)
    check(ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET) == 0, "setns", ctypes.get_errno())
    os.close(fd)


def ask(request=b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"):
    with socket.create_connection(PLACE, PATIENCE) as s:
        s.sendall(request)
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    return answer


def page():
    head, _, body = ask().partition(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
    return body.decode()


def samples(text):
    """{name with labels: value}; each once."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        key = name + (labels or "")
        check(key not in found, "twice:", key)
        found[key] = float(value)
    return found


def wait_for_sample(key, wanted, seconds=PATIENCE):
    """Until the sample is so; returns all."""
    until, found = time.monotonic() + seconds, {}
    while time.monotonic() < until:
        try:
            found = samples(page())
        except OSError:
            found = {}
        if wanted(found.get(key, -1)):
            return found
        time.sleep(0.2)
    check(False, key, "is", found.get(key))
    return found


def site(folder, words="", outputs=""):
    path = os.path.join(folder, "site.yaml")
    with open(path, "w") as f:
        f.write("outputs: { metrics: '127.0.0.1:9333', stats-interval: 1s%s }\n%s\n" % (outputs, words))
    return path


def promtool(text):
    if not shutil.which("promtool"):
        print("promtool is not installed")
        return
    p = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True)
    check(p.returncode == 0 and not p.stderr and not p.stdout, "promtool:", p.stdout[-500:], p.stderr[-500:])


def counters(event):
    """Of a stats event, the numbers that are rows of the table of counters, by the names that their metrics should have."""
    for name in OBJECTS:
        for key, value in event["utwatch"].get(name, {}).items():
            if isinstance(value, int):
                yield "utwatch_%s_%s" % (name, key), value


def agree(found, event):
    """Each counter is there, with the value of the statistics, when nothing happens between the two."""
    for name, value in counters(event):
        is_there = [key for key in (name, name + "_total") if key in found]
        check(len(is_there) == 1, "not one metric for", name, is_there)
        check(found.get((is_there or [""])[0]) == value, name, "is", [found.get(key) for key in is_there], "and in the statistics", value)
    for rule in event["utwatch"]["rules"]:
        for value in ("pass", "fail", "nothing_against", "not_observable", "not_applicable"):
            key = 'utwatch_verdicts_total{rule="%s",verdict="%s"}' % (rule["rule"], value.replace("_", "-"))
            check(found.get(key) == rule[value], key, found.get(key), rule[value])
    for severity, count in event["utwatch"]["violations"].items():
        check(found['utwatch_violations_total{severity="%s"}' % severity] == count, severity, count)
    check(sum(v for k, v in found.items() if k.startswith("utwatch_handshakes_total{")) == event["utwatch"]["handshakes"]["total"],
          "handshakes")


def quiet_statistics(sensor):
    """The last statistics, once a whole interval has added nothing."""
    seen = len(sensor.events())
    sensor.wait_for_event(lambda _: sum(e["event_type"] == "stats" for e in sensor.events()[seen:]) >= 2)
    time.sleep(0.5)  # until the page has them too
    return [e for e in sensor.events()[seen:] if e["event_type"] == "stats"][-1]


def numbers(taps, folder, *words):
    begun = time.time()
    sensor = Sensor(taps, binary, "-c", site(folder), *words)
    for _ in range(5):
        taps.send_new(FAILS)
    sensor.wait_for_event(lambda _: sum(e["event_type"] == "tls" for e in sensor.events()) == 5)
    event = quiet_statistics(sensor)
    text = page()
    promtool(text)
    found = samples(text)
    agree(found, event)
    check(found['utwatch_interface_up{interface="tap0"}'] == 1, "tap0 is not up")
    check(abs(found["utwatch_updated_timestamp_seconds"] - time.time()) < PATIENCE, "not of now")
    check(begun - 1 < found["utwatch_last_packet_timestamp_seconds"] < time.time() + 1, "the last packet")
    check(0 <= found["utwatch_packet_lag_seconds"] < 1, "lag", found["utwatch_packet_lag_seconds"])
    check(found['utwatch_table_entries{table="servers"}'] >= 1, "no server in the table")
    of_rules = event["utwatch"]
    check(any("hash=" in key for key in found if key.startswith("utwatch_rules_info")), "no hash of the rules", of_rules["profile"])
    sensor.end()
    return found, event


def of_workers(taps, folder):
    """Of each worker, in both; together they are the whole."""
    found, event = numbers(taps, folder, "--workers", "3")
    workers = event["utwatch"]["workers"]
    check([w["worker"] for w in workers] == [0, 1, 2], "workers", [w["worker"] for w in workers])
    for name in ("capture", "connections", "tls"):
        for key, value in workers[0][name].items():
            check(sum(w[name][key] for w in workers) == event["utwatch"][name][key], name, key, "of workers is not the whole")
            for w in workers:
                names = ['utwatch_worker_%s_%s%s{worker="%d"}' % (name, key, end, w["worker"]) for end in ("", "_total")]
                check([found[n] for n in names if n in found] == [w[name][key]], names)
            check(value >= 0, key)
    check(sum(w["capture"]["kernel_packets"] for w in workers) > 100, "no packets")
    check(sum(w["capture"]["frames"] > 0 for w in workers) >= 1, "nobody read anything")


def inodes_of_listeners():
    with open("/proc/self/net/tcp") as f:
        return {line.split()[9] for line in f.readlines()[1:] if line.split()[3] == "0A"}


def sockets(pid):
    links = (os.path.join("/proc/%d/fd" % pid, fd) for fd in os.listdir("/proc/%d/fd" % pid))
    return {m.group(1) for m in (re.match(r"socket:\[(\d+)\]", os.readlink(link)) for link in links) if m}


def outputs_are_beyond_the_sensor(taps, folder):
    """It has neither the socket nor a file that the writer writes to."""
    sensor = Sensor(taps, binary, "-c", site(folder))
    both = sensor_and_writer(sensor.process.pid)
    listeners = inodes_of_listeners()
    check(len(listeners) == 1 and listeners <= sockets(both["writer"]), "the writer does not listen")
    check(not listeners & sockets(both["sensor"]), "the sensor has the socket")
    files = [os.readlink("/proc/%d/fd/%s" % (both["sensor"], fd)) for fd in os.listdir("/proc/%d/fd" % both["sensor"])]
    check(sensor.json not in files, "the sensor has the file of events", files)
    sensor.end()


def killed(taps, folder):
    """The page outlives both, and counts their deaths."""
    sensor = Sensor(taps, binary, "-c", site(folder))
    taps.send_new(FAILS)
    wait_for_sample('utwatch_handshakes_total{outcome="complete"}', lambda v: v == 1)
    os.kill(sensor_and_writer(sensor.process.pid)["writer"], signal.SIGKILL)
    found = wait_for_sample('utwatch_process_starts_total{process="writer"}', lambda v: v == 2)
    check(found.get('utwatch_handshakes_total{outcome="complete"}') == 1, "the sensor's numbers are gone with the writer")
    os.kill(sensor_and_writer(sensor.process.pid)["sensor"], signal.SIGKILL)
    sensor.wait_for(b"another one is started")
    wait_for_sample('utwatch_process_starts_total{process="sensor"}', lambda v: v == 2)
    taps.send_new(FAILS)
    wait_for_sample("utwatch_capture_frames_total", lambda v: v > 0)
    sensor.end()


def hostile(taps, folder):
    """Who asks slowly, asks nonsense, reads nothing or asks all the time delays no event, and others are served."""
    sensor = Sensor(taps, binary, "-c", site(folder))
    idle = [socket.create_connection(PLACE) for _ in range(20)]
    for s in idle:
        s.send(b"GET /met")
    for nonsense in (b"\x16\x03\x01\x00\xff\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n", b"GET /etc/passwd HTTP/1.1\r\n\r\n", b"A" * 5000):
        answer = ask(nonsense)
        check(answer.startswith(b"HTTP/1.1 4"), nonsense[:20], answer[:100])
    flood = subprocess.Popen([sys.executable, "-c", "import socket\nwhile True:\n    try:\n        s = socket.create_connection(%r, 1)\n"
                              "        s.send(b'GET /metrics HTTP/1.1\\r\\n\\r\\n')\n        s.close()\n    except OSError: pass" % (PLACE,)])

    def told_after(capture):
        before, begun = sum(e["event_type"] == "tls" for e in sensor.events()), time.monotonic()
        taps.send_new(capture)
        check(sensor.wait_for_event(lambda _: sum(e["event_type"] == "tls" for e in sensor.events()) > before), "no event", capture)
        return time.monotonic() - begun

    try:
        for capture, most in ((FAILS, 2 + HELD), (NOT_GRAVE, 2)) * 2:
            took = at_best(lambda capture=capture: told_after(capture), most)
            check(took < most, "an event took", took, capture)
    finally:
        flood.kill()
        flood.wait()
    found = wait_for_sample("utwatch_metrics_gave_way_total", lambda v: v >= 12)
    check(found["utwatch_capture_outputs_lost_total"] == 0, "outputs were lost")
    for s in idle:
        s.close()
    slow = socket.create_connection(PLACE)
    begun = time.monotonic()
    slow.send(b"GET /metrics HTTP/1.1\r\n")
    slow.settimeout(PATIENCE)
    check(slow.recv(100) == b"" and 4 < time.monotonic() - begun < 30, "a slow one is not cut off in time", time.monotonic() - begun)
    check(samples(page())["utwatch_metrics_cut_off_total"] >= 1, "cut off, and not counted")
    sensor.end()


def outputs(taps, folder):
    """A receiver that is away is told, and what waits for it."""
    log = os.path.join(folder, "log")
    sensor = Sensor(taps, binary, "-c", site(folder, outputs=", syslog: 'unix:%s'" % log))
    taps.send_new(FAILS)
    label = '{receiver="unix:%s"}' % log
    found = wait_for_sample("utwatch_receiver_waiting_messages" + label, lambda v: v > 0)
    check(found["utwatch_receiver_connected" + label] == 0 and found["utwatch_receiver_spool_bytes" + label] > 0, "connected to nobody")
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(log)
    threading.Thread(target=lambda: [heard.recv(4096) for _ in iter(int, 1)], daemon=True).start()  # who is read from has it
    found = wait_for_sample("utwatch_receiver_waiting_messages" + label, lambda v: v == 0)
    check(found["utwatch_receiver_connected" + label] == 1 and found["utwatch_receiver_arrived_total" + label] > 0, "it did not arrive")
    promtool(page())
    sensor.end()


def reloaded(taps, folder):
    config = site(folder)
    sensor = Sensor(taps, binary, "-c", config)
    first = wait_for_sample("utwatch_rules_generation", lambda v: v == 1)
    site(folder, "policy: { encryption-required: true }")
    sensor.process.send_signal(signal.SIGHUP)
    check(sensor.wait_for(b"judging by generation 2"), "no other rules", sensor.talk)
    second = wait_for_sample("utwatch_rules_generation", lambda v: v == 2)
    infos = [{k for k in found if k.startswith("utwatch_rules_info")} for found in (first, second)]
    check(len(infos[0]) == len(infos[1]) == 1 and infos[0] != infos[1], "the hash", infos)
    with open(config, "w") as f:
        f.write("outputs: { metrics: '127.0.0.1:9334' }\n")
    sensor.process.send_signal(signal.SIGHUP)
    check(sensor.wait_for(b"the change of outputs.metrics takes effect at the next start"), "a change of the address is not told", sensor.talk)
    check(page(), "the old address is left")
    sensor.end()


def watched(taps, folder):
    watched_folder, config = os.path.join(folder, "in"), site(folder)
    os.mkdir(watched_folder)
    run = subprocess.Popen([binary, "-q", "-c", config, "--watch", watched_folder, "--json", os.path.join(folder, "w.json")])
    wait_for_sample('utwatch_handshakes_total{outcome="complete"}', lambda v: v == 0)
    shutil.copy(FAILS, os.path.join(watched_folder, "a.pcap"))
    wait_for_sample('utwatch_handshakes_total{outcome="complete"}', lambda v: v == 1)
    promtool(page())
    run.send_signal(signal.SIGTERM)
    run.wait(PATIENCE)


def bad_addresses(folder):
    """A message and an exit status: 2 for what the file says, 5 for what the system refuses."""
    config = site(folder)
    p = subprocess.run([binary, "-T", "-c", config], capture_output=True)
    check(p.returncode == 0 and b"warning" not in p.stderr, p.stderr)
    with open(os.path.join(folder, "bad.yaml"), "w") as f:
        f.write("outputs: { metrics: 'localhost:9333' }\n")
    p = subprocess.run([binary, "-T", "-c", f.name], capture_output=True)
    check(p.returncode == 2 and b"bad.yaml:1:21: 'localhost:9333': " in p.stderr and b"127.0.0.1:9333" in p.stderr, p.returncode, p.stderr)
    with socket.create_server(PLACE):
        p = subprocess.run([binary, "-q", "-i", "tap0", "-c", config], capture_output=True, timeout=30)
    check(p.returncode == 5 and p.stderr == b"utwatch: outputs.metrics: 127.0.0.1:9333: Address already in use\n", p.returncode, p.stderr)
    with open(f.name, "w") as f:
        f.write("outputs: { metrics: '198.51.100.7:9333' }\n")
    p = subprocess.run([binary, "-q", "-i", "tap0", "-c", f.name], capture_output=True, timeout=30)
    check(p.returncode == 5 and b"outputs.metrics: 198.51.100.7:9333: Cannot assign" in p.stderr, p.returncode, p.stderr)
    with socket.create_server(PLACE):  # a replay serves nothing
        p = subprocess.run([binary, "-q", "-c", config, "-r", FAILS], capture_output=True, timeout=30)
    check(p.returncode == 1 and not p.stderr, "a replay", p.returncode, p.stderr)


with Taps() as taps, tempfile.TemporaryDirectory() as folder:
    enter(taps)
    os.chmod(folder, 0o755)
    bad_addresses(folder)
    numbers(taps, folder)
    of_workers(taps, folder)
    outputs_are_beyond_the_sensor(taps, folder)
    killed(taps, folder)
    hostile(taps, folder)
    outputs(taps, folder)
    reloaded(taps, folder)
    watched(taps, folder)
finish(400)
