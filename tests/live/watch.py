#!/usr/bin/env python3
"""Is each capture of a watched folder read once, when it is whole, and judged as a replay of the same files judges it? usage: watch.py UTWATCH"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from taps import HELD, NOT_GRAVE, PATIENCE, PCAPS, PORTS, ROOT, Sensor, Taps, as_new, comparable, fill, replay, sensor_and_writer
from checks import check, finish
import capturelib
import encapsulation

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
FORMS = {"vlan": lambda f: [encapsulation.vlan(f)], "qinq": lambda f: [encapsulation.qinq(f)], "gtp": lambda f: [encapsulation.gtp(f)],
         "erspan": lambda f: [encapsulation.erspan(f)], "twice": lambda f: [f, f]}


class Folder:
    def __init__(self, parent, name):
        self.path, self.aside = os.path.join(parent, name), os.path.join(parent, name + "-aside")
        for path in self.path, self.aside:
            os.mkdir(path)

    def at(self, name):
        return os.path.join(self.path, name)

    def put(self, source, name):
        """Copied beside the folder, and renamed into it when it is whole."""
        shutil.copy(source, os.path.join(self.aside, name))
        os.rename(os.path.join(self.aside, name), self.at(name))

    def put_new(self, name, capture=NOT_GRAVE):
        """One more handshake."""
        with tempfile.NamedTemporaryFile(suffix=".pcap") as moved:
            as_new(capture, moved.name)
            os.chmod(moved.name, 0o644)
            self.put(moved.name, name)


def watch(taps, folder, *words, **options):
    sensor = Sensor(taps, binary, "--watch", folder.path, *words, interfaces=(), **options)
    check(sensor.wait_for(b"watching"), "it does not begin", sensor.talk)
    return sensor


def write_end(path, time):
    """A piece that says nothing, and comes last: when it is read, all others have been."""
    capturelib.write_frames(path, [(time, bytes(12) + b"\x08\x06" + bytes(46))])
    os.chmod(path, 0o644)
    return path


def has_read(sensor, name):
    check(sensor.wait_for(name.encode() + b": reading"), name, "is not read", sensor.talk[-300:])


def handshakes(sensor, wanted, seconds=PATIENCE):
    """How many there are, after a while in which more could have come."""
    def count():
        return sum(e["event_type"] == "tls" for e in sensor.events())

    until = time.monotonic() + seconds
    while count() < wanted and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    return count()


def places(events):
    return sorted((os.path.basename(e["pcap_filename"]), e["pcap_cnt"]) for e in events if e["event_type"] == "alert" and "pcap_cnt" in e)


def same_as_replay(taps, parent):
    """A day in pieces that cut connections, some there before, one being written, the rest coming by rename and by close."""
    folder = Folder(parent, "day")
    day, site = os.path.join(parent, "day.pcap"), os.path.join(parent, "site.yaml")
    with open(site, "w") as f:
        f.write("privacy: clear\n")
    subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, day + ".json", "--connections", "400"], check=True, capture_output=True)
    subprocess.run(["editcap", "-F", "pcap", "-c", "700", day, os.path.join(parent, "piece.pcap")], check=True)
    pieces = sorted(os.path.join(parent, name) for name in os.listdir(parent) if name.startswith("piece_"))
    pieces.append(write_end(os.path.join(parent, "piece_end.pcap"), capturelib.read_frames(day)[-1][0] + 1000))
    wanted = replay(binary, "-c", site, *[word for piece in pieces for word in ("-r", piece)])
    check(len(pieces) >= 4, "too few pieces", pieces)
    for n in 1, 0:  # the order of names and of time, not that of arrival
        folder.put(pieces[n], os.path.basename(pieces[n]))
    with open(pieces[2], "rb") as f:
        whole = f.read()
    written = open(folder.at(os.path.basename(pieces[2])), "wb")
    written.write(whole[:3000])
    written.flush()
    sensor = watch(taps, folder, "-c", site)
    time.sleep(1)
    check(os.path.basename(pieces[2]) not in {name for name, _ in places(sensor.events())}, "a file is read while it is written")
    written.write(whole[3000:])
    written.close()
    time.sleep(1)
    for piece in pieces[3:]:
        folder.put(piece, os.path.basename(piece))
        time.sleep(0.1)
    has_read(sensor, os.path.basename(pieces[-1]))
    found = sensor.end(signal.SIGTERM)
    ours, theirs = comparable(found), comparable(wanted)
    check(ours == theirs, "events", len(ours), len(theirs), sorted(set(ours) - set(theirs))[:1], sorted(set(theirs) - set(ours))[:1])
    check(places(found) == places(wanted) != [], "files and frames", places(found)[:3], places(wanted)[:3])
    check(sensor.status == 1, "status", sensor.status, sensor.talk[-300:])


def in_any_form(taps, parent):
    """Tagged, in a tunnel whose ends are named or learned, and each frame twice: pieces of such a day say what a replay of them says."""
    day, site = os.path.join(parent, "day-of-forms.pcap"), os.path.join(parent, "forms.yaml")
    subprocess.run([os.path.join(ROOT, "tools", "make-day"), day, day + ".json", "--connections", "150"], check=True, capture_output=True)
    frames = capturelib.read_frames(day)
    for name, form in FORMS.items():
        for ends in ("", "tunnels: { ends: [198.51.100.0/24, '2001:db8:ffff::/48'] }\n")[:1 + (name in ("gtp", "erspan"))]:
            what = name + (" of known ends" if ends else "")
            with open(site, "w") as f:
                f.write("privacy: clear\n" + ends)
            made = [(time, wrapped) for time, frame in frames for wrapped in form(frame)]
            pieces = []
            for n in range(0, len(made), 600):
                pieces.append(os.path.join(parent, "%s-%05d.pcap" % (what.replace(" ", "-"), n)))
                capturelib.write_frames(pieces[-1], made[n:n + 600])
            pieces.append(write_end(os.path.join(parent, what.replace(" ", "-") + "-end.pcap"), made[-1][0] + 1000))
            wanted = replay(binary, "-c", site, *[word for piece in pieces for word in ("-r", piece)])
            folder = Folder(parent, "forms-" + what)
            for piece in pieces[:2]:
                folder.put(piece, os.path.basename(piece))
            sensor = watch(taps, folder, "-c", site)
            for piece in pieces[2:]:
                folder.put(piece, os.path.basename(piece))
            has_read(sensor, os.path.basename(pieces[-1]))
            found = sensor.end(signal.SIGTERM)
            ours, theirs = comparable(found), comparable(wanted)
            check(len(pieces) > 3 and sum(e["event_type"] == "alert" for e in wanted) > 100, what, len(pieces), len(wanted))
            check(ours == theirs, what, "events", len(ours), len(theirs), [e for e in ours if e not in theirs][:1],
                  [e for e in theirs if e not in ours][:1])
            check(places(found) == places(wanted), what, "files and frames")


def remembered(taps, parent, *words):
    """Over restarts, renaming, and growth of a file."""
    folder = Folder(parent, "kept%d" % len(words))
    folder.put_new("a.pcap")
    sensor = watch(taps, folder, *words)
    check(handshakes(sensor, 1) == 1, "the first file", sensor.talk)
    folder.put_new("b.pcap")
    check(handshakes(sensor, 2) == 2, "the second file", sensor.talk)
    os.rename(folder.at("a.pcap"), folder.at("a.pcap.1"))
    check(handshakes(sensor, 3, 1) == 2, "a file that was renamed is read again")
    with open(folder.at("note.txt"), "w") as f:
        f.write("no capture")
    sensor.end(signal.SIGTERM)
    check(b"note" not in sensor.talk, "what is no capture", sensor.talk)
    sensor = watch(taps, folder, *words)
    folder.put_new("c.pcap")
    check(handshakes(sensor, 1) == 1, "after a restart", sensor.talk)
    with open(folder.at("c.pcap"), "rb") as f:
        whole = f.read()
    with open(folder.at("c.pcap"), "ab") as grown:
        grown.write(whole[24:])
    handshakes(sensor, 2, 2)
    events = sensor.end(signal.SIGTERM)
    frames = [e for e in events if e["event_type"] == "stats"][-1]["utwatch"]["capture"]["frames"]
    once = [e for e in replay(binary, "-r", NOT_GRAVE) if e["event_type"] == "stats"][-1]["utwatch"]["capture"]["frames"]
    check(frames == 2 * once, "frames of a file that grew", frames, once)


def killed(taps, parent, which):
    """Nothing is read twice, and nothing but what the killed sensor had in hands is missing."""
    folder = Folder(parent, "killed-" + which)
    sensor = watch(taps, folder)
    for n in range(20):
        folder.put_new("%02d.pcap" % n)
        if n % 5 == 4:
            handshakes(sensor, n + 1)
            os.kill(sensor_and_writer(sensor.process.pid)[which], signal.SIGKILL)
            check(sensor.wait_for(b"another one is started"), which, "is not started again", sensor.talk[-300:])
    seen = handshakes(sensor, 20)
    check(seen == 20, which, "was killed: handshakes", seen, sensor.talk[-500:])
    files = sorted(os.path.basename(e["pcap_filename"]) for e in sensor.events() if e["event_type"] == "tls")
    check(files == sorted(set(files)), which, "was killed: twice", files)
    sensor.end(signal.SIGTERM)


def killed_on_a_full_disk(taps, parent):
    """A file whose events could not be written when all processes were killed is not noted as read: the next run judges it."""
    folder, disk = Folder(parent, "unwritten"), os.path.join(parent, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    try:
        sensor = watch(taps, folder, json_in=disk)
        filler = fill(os.path.join(disk, "filler"))
        folder.put_new("a.pcap")
        check(sensor.wait_for(b"No space left on device"), "the disk is not full", sensor.talk)
        time.sleep(1)
        for pid in sensor.process.pid, *sensor_and_writer(sensor.process.pid).values():
            os.kill(pid, signal.SIGKILL)
        sensor.process.wait(PATIENCE)
        os.unlink(filler)
        sensor = watch(taps, folder, json_in=disk)
        check(handshakes(sensor, 1) == 1, "a file without its events is taken for read", sensor.talk)
        with open(folder.at(".utwatch-watched")) as f:
            check(len(f.readlines()) == 1, "a file with its events is not noted")
        sensor.end(signal.SIGTERM)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def between_files(taps, parent):
    """A breach is told though no other file comes; meanwhile time stands still for a handshake that the next file goes on with."""
    folder = Folder(parent, "between")
    frames = capturelib.from_port(capturelib.read_frames(FAILS), next(PORTS))
    cut = capturelib.build(capturelib.conversations(NOT_GRAVE)[0], time=frames[-1][0])
    for name, part in ("1.pcap", frames + cut[:5]), ("2.pcap", cut[5:]):
        capturelib.write_frames(os.path.join(folder.aside, name), part)
    sensor = watch(taps, folder)
    os.rename(os.path.join(folder.aside, "1.pcap"), folder.at("1.pcap"))
    begun = time.monotonic()
    alert = sensor.wait_for_event(lambda e: e["event_type"] == "alert" and e["alert"]["severity"] == 1)
    waited = time.monotonic() - begun
    check(alert and HELD - 0.5 < waited < HELD + 30, "told after", waited)
    time.sleep(5)  # longer than a hole is waited for
    os.rename(os.path.join(folder.aside, "2.pcap"), folder.at("2.pcap"))
    check(handshakes(sensor, 2) == 2, "the second one", sensor.talk)
    last = [e["utwatch"] for e in sensor.end(signal.SIGTERM) if e["event_type"] == "tls"][-1]
    check(last["outcome"] == "complete" and not last.get("unobserved"), "a handshake in two files", last)


def junk(taps, parent):
    """What is no capture, though its name says so, is told of once: the next run, which has nothing else to tell, ends well."""
    folder = Folder(parent, "junk")
    for name, content in (("junk.pcap", b"no capture at all"), ("empty.pcap", b"")):
        with open(folder.at(name), "wb") as f:
            f.write(content)
    folder.put_new("good.pcap")
    told = []
    for _ in range(3):
        sensor = watch(taps, folder)
        handshakes(sensor, 1, 1 if told else PATIENCE)
        sensor.end(signal.SIGTERM)
        told.append((sensor.talk.count(b"junk.pcap: "), sensor.talk.count(b"empty.pcap: "), sensor.status))
    check(told == [(1, 1, 3), (0, 0, 4), (0, 0, 4)], "what is no capture, in three runs", told)
    with open(folder.at("junk.pcap"), "ab") as f:
        f.write(b" even now")
    sensor = watch(taps, folder)
    check(sensor.wait_for(b"junk.pcap: "), "it grew, and is not told of", sensor.talk)
    sensor.end(signal.SIGTERM)


def bad_input(taps, parent):
    def expect(words, status, message):
        p = subprocess.run([binary, "-q", *words], capture_output=True, timeout=PATIENCE)
        check(p.returncode == status and message in p.stderr, words, p.returncode, p.stderr)

    expect(["--watch", os.path.join(parent, "nowhere")], 3, b"nowhere: No such file")
    expect(["--watch", FAILS], 3, b"Not a directory")
    expect(["--watch", parent, "-r", FAILS], 2, b"--watch")
    expect(["-r", FAILS, "--watch", parent], 2, b"--watch")
    expect(["--watch", parent, "--evidence", parent], 2, b"the same folder")
    linked = Folder(parent, "linked")
    target = os.path.join(parent, "target")
    with open(target, "w") as f:
        f.write("somebody else's")
    os.symlink(target, linked.at(".utwatch-watched.new"))
    watch(taps, linked).end(signal.SIGTERM)
    with open(target) as f:
        check(f.read() == "somebody else's" and not os.path.islink(linked.at(".utwatch-watched")), "what is remembered goes where a link says")
    os.unlink(linked.at(".utwatch-watched"))
    os.symlink(target, linked.at(".utwatch-watched"))
    expect(["--watch", linked.path], 5, b"Too many levels of symbolic links")
    folder = Folder(parent, "broken")
    sensor = watch(taps, folder)
    with open(folder.at("broken.pcap"), "wb") as f:
        f.write(b"no capture at all")
    check(sensor.wait_for(b"broken.pcap"), "a broken file is not told of", sensor.talk)
    folder.put_new("good.pcap")
    check(handshakes(sensor, 1) == 1, "after a broken file", sensor.talk)
    uid = next(line.split()[1] for line in open("/proc/%d/status" % sensor_and_writer(sensor.process.pid)["sensor"]) if line.startswith("Uid"))
    check(uid != "0", "the sensor is root")
    shutil.rmtree(folder.path)
    check(sensor.wait_for(b"the folder is gone"), "the folder is gone", sensor.talk)
    sensor.process.wait(PATIENCE)
    check(sensor.process.returncode == 3, "status", sensor.process.returncode)


with Taps(0) as taps, tempfile.TemporaryDirectory() as parent:
    os.chmod(parent, 0o755)
    same_as_replay(taps, parent)
    in_any_form(taps, parent)
    remembered(taps, parent)
    remembered(taps, parent, "--state", os.path.join(parent, "state"))
    check(json.dumps(sorted(os.listdir(parent))).count("state.watched") == 1, "not beside the state file", os.listdir(parent))
    for which in "sensor", "writer":
        killed(taps, parent, which)
    killed_on_a_full_disk(taps, parent)
    between_files(taps, parent)
    junk(taps, parent)
    bad_input(taps, parent)
finish(40)
