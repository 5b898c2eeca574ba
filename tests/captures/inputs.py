#!/usr/bin/env python3
"""Several inputs: operands, folders, --merge, compressed files, a pipe that falls silent. usage: inputs.py UTWATCH
The same frames, however they are brought, give the same events; editcap, mergecap and the compressors are the witnesses."""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time

from run_utwatch import PCAPS, events, of_type, utwatch
from checks import check, finish

binary = sys.argv[1]
WHOLE = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
OTHER = os.path.join(PCAPS, "jsse-tls10-wapcert.pcap")
PACKERS = {"gzip": ["gzip", "-c"], "zstd": ["zstd", "-qc"], "xz": ["xz", "-c"], "bzip2": ["bzip2", "-c"], "lz4": ["lz4", "-qc", "-", "-"]}


def told(*words):
    """The events but for what names the input, and the exit status."""
    found, p = events(binary, *words)
    found = [e for e in found if e["event_type"] != "stats"]
    for e in found:
        for key in ("pcap_filename", "pcap_cnt", "timestamp"):
            e.pop(key, None)
    return found, p.returncode, p.stderr.decode()


def sources(*words):
    return [os.path.basename(e["pcap_filename"]) for e in of_type(events(binary, *words)[0], "tls")]


def by_direction(folder):
    """The two directions of WHOLE, a file each."""
    halves = []
    for name, which in (("client", "tcp.dstport == 443"), ("server", "tcp.srcport == 443")):
        path = os.path.join(folder, name + ".pcap")
        subprocess.run(["tshark", "-r", WHOLE, "-Y", which, "-w", path, "-F", "pcap"], check=True, capture_output=True)
        halves.append(path)
    return halves


def pack(packer, *parts):
    """One compressed stream for each part, one behind the other, as parallel compressors write them."""
    return b"".join(subprocess.run(packer, input=part, capture_output=True, check=True).stdout for part in parts)


def test_packed(folder):
    with open(WHOLE, "rb") as f:
        raw = f.read()
    plain = told("-r", WHOLE)
    check(plain[0] and plain[1] == 1, "nothing was found in", WHOLE)
    path = os.path.join(folder, "packed")
    for name, packer in PACKERS.items():
        packed = pack(packer, raw)
        middle = len(packed) // 2
        for what, data, status in (("whole", packed, 1), ("in two streams", pack(packer, raw[:1000], raw[1000:]), 1),
                                   ("cut", packed[:middle], 3),
                                   ("damaged", packed[:middle] + b"\xff" * 40 + packed[middle + 40:], 3)):
            with open(path, "wb") as f:
                f.write(data)
            found = told("-r", path)
            check(found[1] == status, name, what, "status", found[1], found[2])
            if status == 1:
                check(found == plain, name, what, "other events than from the plain file")
            else:
                check("too early" in found[2] or "damaged" in found[2], name, what, found[2])
    os.remove(path)


def test_cut_gzip(folder):
    """What a truncated file still has is read, also within its last block."""
    with open(WHOLE, "rb") as f:
        raw = f.read()
    path = os.path.join(folder, "cut.pcap.gz")
    with open(path, "wb") as f:
        f.write(gzip.compress(raw, 0)[:-200])  # stored, so that it is known how much is left
    with open(path + ".plain", "wb") as f:
        f.write(raw[:-200 + 8])
    check(told("-r", path)[0] == told("-r", path + ".plain")[0] != [], "a truncated gzip lost frames that it still has")
    os.remove(path)
    os.remove(path + ".plain")


def test_operands():
    check(sources("-r", WHOLE, OTHER) == sources("-r", WHOLE, "-r", OTHER) != [], "an operand that is a file is no input")
    check(sources("-r", WHOLE, OTHER, "tcp", "port", "1") == [], "the filter after the operands has no effect")
    p = utwatch(binary, "-r", WHOLE, OTHER, "-q", "--json", "-")
    check(p.stdout.count(b'"event_type":"tls"') == 2, "options after operands", p.stderr)


def test_folder(folder):
    """The later capture has the earlier name; a text is no capture, and hidden files and folders are not looked at."""
    where = os.path.join(folder, "rotated")
    os.makedirs(os.path.join(where, "below"))
    stamps = {}
    for name, path in (("b-first.pcap", WHOLE), ("a-second.pcap.gz", OTHER)):
        stamps[name] = float(subprocess.run(["tshark", "-r", path, "-c", "1", "-T", "fields", "-e", "frame.time_epoch"],
                                            capture_output=True, check=True, text=True).stdout)
    subprocess.run("cp %s %s/b-first.pcap; gzip -kc %s > %s/a-second.pcap.gz; cp %s %s/.hidden.pcap; cp %s %s/below/; echo x > %s/notes"
                   % (WHOLE, where, OTHER, where, OTHER, where, OTHER, where, where), shell=True, check=True)
    wanted = sorted(stamps, key=stamps.get)
    found, p = events(binary, "-r", where)
    got = [os.path.basename(e["pcap_filename"]) for e in of_type(found, "tls")]
    check(got == wanted, "order", got, wanted)
    check(b"1 file is not a capture" in p.stderr, p.stderr)
    # The directions of the names do not matter: once more the other way round.
    os.rename(os.path.join(where, "b-first.pcap"), os.path.join(where, "0.pcap"))
    os.rename(os.path.join(where, "a-second.pcap.gz"), os.path.join(where, "1.pcap.gz"))
    names = {"b-first.pcap": "0.pcap", "a-second.pcap.gz": "1.pcap.gz"}
    check(sources("-r", where) == [names[n] for n in wanted], "order by name and not by time")
    with open(os.path.join(where, "2.pcap"), "wb"):
        pass
    check(utwatch(binary, "-r", where).returncode == 3, "an empty capture of a folder goes unnoticed")
    empty = os.path.join(folder, "empty")
    os.mkdir(empty)
    p = utwatch(binary, "-r", empty)
    check(p.returncode == 3 and b"without captures" in p.stderr, "empty folder", p.returncode, p.stderr)


def test_merge(folder):
    """A file a direction: merged as mergecap does, they are the whole."""
    halves = by_direction(folder)
    merged = os.path.join(folder, "merged.pcap")
    subprocess.run(["mergecap", "-F", "pcap", "-w", merged, *halves], check=True, capture_output=True)
    wanted = told("-r", merged)
    check(wanted[0] == told("-r", WHOLE)[0], "mergecap's file is not the whole")
    for order in (halves, halves[::-1]):
        got = told("--merge", "-r", *order)
        check(got[:2] == wanted[:2], "--merge", order, got[2])
    check(told("-r", *halves)[0] != wanted[0], "the directions one after the other are told apart from the whole")
    for words, behind in ((("-r", WHOLE, OTHER), 1), (("-r", OTHER, WHOLE), 0), (("--merge", "-r", WHOLE, OTHER), 0)):
        found, p = events(binary, *words)
        check(found[-1]["utwatch"]["capture"]["inputs_unordered"] == behind, words, found[-1]["utwatch"]["capture"])
        text = utwatch(binary, *words).stdout.decode()
        check(("--merge reads them in order of time" in " ".join(text.split())) == bool(behind), words, text)
    found, p = events(binary, "-r", *halves)  # together they last for half a second
    check(found[-1]["utwatch"]["capture"]["inputs_unordered"] == 1, "a file a direction, without --merge", found[-1]["utwatch"]["capture"])
    check(utwatch(binary, "--merge", "-r", halves[0], "-r", "/nowhere").returncode == 3, "one that is missing")
    check(utwatch(binary, "--merge", "-i", "lo").returncode == 2, "--merge of interfaces")
    check(utwatch(binary, "--merge", "-r", *halves, "no such words").returncode == 2, "filter fault in a merge")


def test_silent_pipe(folder):
    """The capture has been written, and its writer stays: what has ended is told all the same."""
    out = os.path.join(folder, "x.json")
    wanted = {e["event_type"] for e in events(binary, "-r", WHOLE)[0]} - {"stats"}
    count = len([e for e in events(binary, "-r", WHOLE)[0] if e["event_type"] == "tls"])
    with open(WHOLE, "rb") as f:
        raw = f.read()
    p = subprocess.Popen([binary, "-q", "-r", "-", "--json", out], stdin=subprocess.PIPE)
    p.stdin.write(raw)
    p.stdin.flush()
    found, until = [], time.monotonic() + 60
    while ({e["event_type"] for e in found} != wanted or len(of_type(found, "tls")) != count) and time.monotonic() < until:
        time.sleep(0.5)
        if os.path.exists(out):
            with open(out) as f:
                text = f.read()
            check(text == "" or text.endswith("\n"), "half a line")
            found = [json.loads(line) for line in text.splitlines()]
    check({e["event_type"] for e in found} == wanted and len(of_type(found, "tls")) == count, "meanwhile:", [e["event_type"] for e in found])
    p.stdin.close()
    check(p.wait(60) == 1, "status", p.returncode)


def test_reproducible(folder):
    """Two replays of the same bytes are equal, byte by byte, also of a capture without a frame and at another second."""
    empty = os.path.join(folder, "empty.pcap")
    with open(WHOLE, "rb") as whole, open(empty, "wb") as f:
        f.write(whole.read(24))
    for capture in (empty, WHOLE):
        first = subprocess.run([binary, "-r", capture, "--json", "-"], capture_output=True).stdout
        time.sleep(1.1)
        again = subprocess.run([binary, "-r", capture, "--json", "-"], capture_output=True).stdout
        check(first and first == again, "two replays of", capture, "differ:", first[:300], again[:300])


with tempfile.TemporaryDirectory() as top:
    test_reproducible(top)
    test_packed(top)
    test_cut_gzip(top)
    test_operands()
    test_folder(top)
    test_merge(top)
    test_silent_pipe(top)
finish(48)
