#!/usr/bin/env python3
"""--evidence: each alert about a connection has a file; tshark finds in it the frames of that connection, and nothing else; the rules are its
comment; a replay of the file says the same again. usage: evidence.py UTWATCH"""
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, SKIP, events, of_type, utwatch
from checks import check, finish
import capturelib

if not shutil.which("tshark") or not shutil.which("editcap"):
    print("tshark and editcap are not installed")
    sys.exit(SKIP)

ABOUT = ("handshake", "connection", "exchange")
CAPTURES = ["jsse-tls10-anon-only-accepted", "jsse-*null*", "jsse-*export*", "jsse-*ssl*", "curl-connect-refused", "gen-tcp-syn-answered-by-two"]


def fields(path, *names):
    words = [word for name in names for word in ("-e", name)]
    p = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=f", *words], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in p.stdout.splitlines()]


def plain(path, folder):
    """The frames of a pcapng file, by editcap."""
    out = os.path.join(folder, "plain.pcap")
    subprocess.run(["editcap", "-F", "nsecpcap", path, out], check=True)
    return capturelib.read_frames(out)


def verdicts(evs):
    """Alerts that one connection decides: those by the history of a server or a session need more than one file."""
    return sorted((e["utwatch"]["rule"], e["utwatch"].get("observed")) for e in of_type(evs, "alert")
                  if e["utwatch"]["about"] in ABOUT and "session" not in e["utwatch"]["rule"] and e["utwatch"]["basis"] == "direct")


def with_evidence(folder, *words):
    evidence = os.path.join(folder, "evidence")
    shutil.rmtree(evidence, ignore_errors=True)
    evs = events(sys.argv[1], "--evidence", evidence, *words)[0]
    return evs, sorted(glob.glob(os.path.join(evidence, "*")))


def one_capture(path, folder):
    name = os.path.basename(path)
    evs, files = with_evidence(folder, "-r", path)
    alerts = [e for e in of_type(evs, "alert") if e["utwatch"]["about"] in ABOUT and "superseded" not in e["alert"].get("metadata", {})]
    named = {e["utwatch"].get("evidence") for e in alerts}
    check(named == set(files), name, "files", named ^ set(files))
    original = dict(enumerate(capturelib.read_frames(path), 1))
    for file in files:
        mine = [e for e in alerts if e["utwatch"]["evidence"] == file]
        frames = plain(file, folder)
        check(all(frame in original.values() for frame in frames), name, "frames that are not in the capture")
        check(frames == sorted(frames, key=lambda f: f[0]), name, "order")
        streams = {tuple(sorted(zip(f[0:4:2], f[1:4:2]))) for f in fields(file, "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport")}
        check(len(streams) == 1, name, "connections", streams)
        comments = subprocess.run(["capinfos", file], capture_output=True, text=True, check=True).stdout
        decided = [f[0] for f in fields(file, "frame.comment") if f[0]]
        for e in mine:
            check(e["utwatch"]["rule"] in comments, name, "comment of the file", e["utwatch"]["rule"])
            marked = any(e["utwatch"]["rule"] in c for c in decided)
            check(marked or not e.get("pcap_cnt"), name, "comment of a packet", e["utwatch"]["rule"], decided)
    if len(files) == 1 and verdicts(evs):
        again = verdicts(events(sys.argv[1], "-r", files[0])[0])
        check(again == verdicts(evs), name, "replay", again, verdicts(evs))
    check(of_type(evs, "stats")[-1]["utwatch"]["evidence"]["files"] == len(files), name, "count")
    return files


def doubled(folder):
    """A mirror that shows each frame twice, the copy with a VLAN tag: the evidence has each once."""
    path, twice = os.path.join(PCAPS, "openssl-tls10-full.pcap"), os.path.join(folder, "twice.pcap")
    frames = capturelib.read_frames(path)
    capturelib.write_frames(twice, [f for time, b in frames for f in ((time, b), (time + 50000, b[:12] + b"\x81\0\0\x07" + b[12:]))])
    words = ["-p", "modern"]
    once = [len(plain(f, folder)) for f in with_evidence(folder, *words, "-r", path)[1]]
    copies = [len(plain(f, folder)) for f in with_evidence(folder, *words, "-r", twice)[1]]
    check(once and once == copies, "doubled frames", once, copies)


def folder_full(folder):
    """Files of earlier runs count; the oldest go."""
    path, evidence = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"), os.path.join(folder, "old")
    os.mkdir(evidence)
    for name in ("19990101T000000.000000Z-00000000000001-handshake.pcapng", "notes.txt"):
        with open(os.path.join(evidence, name), "wb") as f:
            f.truncate(2**30)
    utwatch(sys.argv[1], "-q", "--evidence", evidence, "-r", path)
    left = os.listdir(evidence)
    check(len(left) == 2 and "notes.txt" in left and not any(n.startswith("1999") for n in left), "a full folder", left)


def unusable(folder):
    file = os.path.join(folder, "file")
    with open(file, "w"):
        pass
    p = utwatch(sys.argv[1], "-q", "--evidence", file, "-r", os.path.join(PCAPS, "openssl-tls10-full.pcap"))
    check(p.returncode == 5 and b"--evidence" in p.stderr and b"Not a directory" in p.stderr, "a file as folder", p.stderr)


def unwritten(folder):
    """What cannot be written is counted, named by no alert, and an error at the end, which the report names too. A limit of the size of files
    stands for a full disk."""
    path, evidence = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"), os.path.join(folder, "unwritten")
    words = [sys.argv[1], "--evidence", evidence, "--json", "-", "--report", "csv:/dev/null", "-r", path]
    for limit, status, files in ((4096, 5, 0), (65536, 1, 1)):
        p = subprocess.run(words, capture_output=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        evs = [json.loads(line) for line in p.stdout.splitlines()]
        named = [e["utwatch"]["evidence"] for e in of_type(evs, "alert") if "evidence" in e["utwatch"]]
        check(p.returncode == status and len(os.listdir(evidence)) == files and bool(named) == bool(files), limit, p.returncode, named)
        check(of_type(evs, "stats")[-1]["utwatch"]["evidence"]["unwritten"] == 1 - files, "counted", limit)
        check((b"1 file could not be written" in p.stderr) == (not files), "said", limit, p.stderr)
    p = subprocess.run([sys.argv[1], "--evidence", evidence, "-r", path], capture_output=True,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    check(p.returncode == 5 and b"Exit status 5" in p.stdout, "the report names the status", p.stdout[-200:])


with tempfile.TemporaryDirectory() as folder:
    total = 0
    for path in [path for name in CAPTURES for path in sorted(glob.glob(os.path.join(PCAPS, name + ".pcap")))]:
        total += len(one_capture(path, folder))
    check(total >= 8, "captures with evidence", total)
    doubled(folder)
    folder_full(folder)
    unusable(folder)
    unwritten(folder)
finish(20)
