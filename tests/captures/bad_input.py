#!/usr/bin/env python3
"""No input crashes or hangs utwatch or passes silently: cut files, random damage, files that are not captures. usage: bad_input.py UTWATCH"""
import gzip
import os
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, utwatch
from checks import check, finish
import capturelib

binary = sys.argv[1]
HELLO = 286  # bytes of the file before its ClientHello
SHIM = bytes.fromhex("8926 00000000")  # Cisco's VN-Tag stands before the EtherType of IP


def expect(what, p, status, words=b""):
    check(p.returncode == status and words in p.stderr, "%s: status %d, %r" % (what, p.returncode, p.stderr[-200:]))


with tempfile.TemporaryDirectory() as folder:
    here = lambda name: os.path.join(folder, name)  # noqa: E731
    report_on = lambda name: b" ".join(utwatch(binary, "-r", here(name)).stdout.split())  # noqa: E731
    whole = os.path.join(PCAPS, "jsse-tls10-wapcert.pcap")
    data = open(whole, "rb").read()
    # Every cut of the file: judged up to its last whole packet, then said to be broken. Before the hello nothing can be judged.
    for n in list(range(0, 200)) + list(range(200, len(data), 37)):
        with open(here("cut.pcap"), "wb") as f:
            f.write(data[:n])
        _, p = events(binary, "-r", here("cut.pcap"))
        at = 24
        while at + 16 <= n and at + 16 + int.from_bytes(data[at + 8:at + 12], "little") <= n:
            at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
        expect("cut at %d" % n, p, 3 if n != at or n < 24 else 4 if n < HELLO else 0)
    # Random damage, in the file and in the frames.
    for seed in range(150):
        rng = capturelib.seeded("damage", seed)
        bad = bytearray(data)
        for _ in range(rng.choice((1, 10, 100))):
            bad[rng.randrange(len(bad))] = rng.getrandbits(8)
        with open(here("bad.pcap"), "wb") as f:
            f.write(bad)
        events(binary, "-r", here("bad.pcap"))  # ends the test if utwatch crashes
    with gzip.open(here("whole.gz"), "wb") as f:
        f.write(data)
    expect("gzip", utwatch(binary, "-q", "-r", here("whole.gz")), 0)
    with open(here("half.gz"), "wb") as f:
        f.write(open(here("whole.gz"), "rb").read()[:900])
    expect("half a gzip", utwatch(binary, "-q", "-r", here("half.gz")), 3)
    if shutil.which("zstd"):
        subprocess.run(["zstd", "-q", "-o", here("whole.zst"), whole], check=True)
        expect("zstd", utwatch(binary, "-q", "-r", here("whole.zst")), 0)
    with open(here("empty"), "wb"):
        pass
    with open(here("text"), "w") as f:
        f.write("not a capture\n" * 100)
    for name, why in ("empty", "it is empty\n"), ("text", "it is neither"):
        told = "utwatch: %s: this is not a capture: %s" % (here(name), why)
        expect(name, utwatch(binary, "-q", "-r", here(name)), 3, told.encode())
    # Operands that name files before the first word of a filter are inputs, with or without -r.
    for words in ([whole], [whole, "tcp"], [whole, "-r", whole], ["-q", whole, "--fail-on", "high"], [whole, whole]):
        p = utwatch(binary, "--report", "text:/dev/null", *words)
        check(p.returncode in (0, 1), "%s: status %d, %r" % (words, p.returncode, p.stderr[-200:]))
    check(utwatch(binary, whole).stdout == utwatch(binary, "-r", whole).stdout, "an operand alone is not read as with -r")
    expect("a capture that is not there", utwatch(binary, here("gone.pcap")), 2, b"gone.pcap': no such file")
    expect("a folder without -r", utwatch(binary, folder), 2, b"is a folder: write -r before it")
    expect("a filter alone", utwatch(binary, "tcp", "port", "443"), 2, b"nothing to read")
    expect("a file for a look-up", utwatch(binary, "--list-rules", whole), 2, b"is not expected here")
    for wrong, meant in (("--repotr", "--report"),
                         ("--jsn=-", "--json"), ("--sylog", "--syslog"), ("--fail_on", "--fail-on"), ("--detials", "--details")):
        expect(wrong, utwatch(binary, wrong, "-r", whole), 2, b"(did you mean '%s'?)" % meant.encode())
    os.mkdir(here("none"))
    expect("an empty folder", utwatch(binary, "-q", "-r", here("none")), 3, b"a folder without captures")
    expect("no such file", utwatch(binary, "-q", "-r", here("nowhere")), 3, b"No such file")
    os.mkfifo(here("fifo"))
    expect("a FIFO nobody writes to", utwatch(binary, "-q", "-r", here("fifo"), timeout=20), 3, b"FIFO")
    writer = subprocess.Popen(["sh", "-c", "cat '%s' > '%s'" % (whole, here("fifo"))])
    expect("a FIFO with a capture", utwatch(binary, "-q", "-r", here("fifo"), timeout=20), 0)
    writer.wait()
    p = subprocess.run([binary, "-q", "-r", "-"], stdin=open(whole, "rb"), capture_output=True)
    expect("standard input", p, 0)
    # What no frame of could be decoded is no clean capture; what was not followed has a name.
    frames = capturelib.read_frames(whole)
    tagged = [(t, f[:12] + SHIM + f[12:]) for t, f in frames]
    capturelib.write_frames(here("tagged.pcap"), tagged)
    expect("an unknown EtherType", utwatch(binary, "-q", "-r", here("tagged.pcap")), 3, b"no frame could be decoded")
    stats = of_type(events(binary, "-r", here("tagged.pcap"))[0], "stats")[-1]["utwatch"]["capture"]
    check(stats["not_followed"] == len(frames) and stats["commonest_not_followed"] == {"ethertype": "0x8926", "frames": len(frames)},
          "not followed: %s" % stats)
    with open(here("user0.pcap"), "wb") as f:
        f.write(data[:20] + (147).to_bytes(4, "little") + data[24:])
    expect("an unknown link type", utwatch(binary, "-q", "-r", here("user0.pcap")), 3, b"no frame could be decoded")
    check(b"frames of link type 147 (if it is" in report_on("user0.pcap"), "the unknown link type is named")
    capturelib.write_frames(here("half.pcap"), tagged + frames)
    expect("one direction behind an unknown EtherType", utwatch(binary, "-q", "-r", here("half.pcap")), 0)
    check(b"frames behind EtherType 0x8926 (where that is a tag, editcap -C 12:N " in report_on("half.pcap"), "the unknown EtherType is named")
    # What the report advises has them read.
    for bad, options in (("tagged.pcap", ["-C", "12:%d" % len(SHIM)]), ("user0.pcap", ["-T", "ether"])):
        subprocess.run(["editcap", *options, here(bad), here("mended.pcap")], check=True)
        evs, _ = events(binary, "-r", here("mended.pcap"))
        check(of_type(evs, "tls") and not of_type(evs, "stats")[0]["utwatch"]["capture"]["not_followed"], bad, "is not read after editcap", options)
    # Names from the wire stay data on a terminal and in JSON.
    for seed in range(60):
        rng = capturelib.seeded("name", seed)
        name = bytes(rng.choice(b"\x00\x1b\n\r\"\\\x7f\x9b<>&a\xc3\xa9\xe2\x80\xae\xff") for _ in range(rng.randint(1, 60)))
        sni = b"\x00\x00" + (len(name) + 5).to_bytes(2, "big") + (len(name) + 3).to_bytes(2, "big") + b"\x00" + len(name).to_bytes(2, "big") + name
        body = b"\x03\x01" + b"\x11" * 32 + b"\x00" + b"\x00\x02\x00\x18" + b"\x01\x00" + len(sni).to_bytes(2, "big") + sni
        hello = b"\x16\x03\x01" + (len(body) + 4).to_bytes(2, "big") + b"\x01" + len(body).to_bytes(3, "big") + body
        capturelib.write_frames(here("name.pcap"), capturelib.build([(0, hello), (1, b"\x15\x03\x01\x00\x02\x02\x28")]))
        evs, _ = events(binary, "-r", here("name.pcap"))
        text = utwatch(binary, "-r", here("name.pcap"), "--fail-on", "high").stdout
        controls = [c for c in text if c < 0x20 and c != 0x0A or c == 0x7F]
        check(of_type(evs, "tls") and not controls and b"\xe2\x80\xae" not in text, "name %r reaches the terminal" % name)
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            check(False, "name %r: the text is not UTF-8" % name)
finish()
