#!/usr/bin/env python3
"""A finding about HTTP names the frame, and the file, with the request itself: in clear and under NULL encryption. The bytes of the frame are
the witness. usage: http_where.py UTWATCH [CAPTURE ...]"""
import os
import re
import sys
import tempfile

from run_utwatch import PCAPS, events, manifest, of_type
from checks import check, finish
import capturelib

REQUEST = re.compile(rb"(GET|PUT|POST|DELETE|HEAD|OPTIONS|CONNECT|PATCH|TRACE) \S+ HTTP/1\.[01]\r\n")
FIRST = os.path.join(PCAPS, "jsse-tls10-wapcert.pcap")  # another input before it
ABOUT = {"exchange", "connection"}

found = {"plain": 0, "null": 0}
for entry in manifest(sys.argv[2:]):
    path = os.path.join(PCAPS, entry["file"])
    frames = [f for _, f in capturelib.read_frames(path)]
    with_request = {i + 1 for i, f in enumerate(frames) if REQUEST.search(f)}
    if not with_request:
        continue
    evs, _ = events(sys.argv[1], "-p", "ts33141-pcr1", "-r", FIRST, "-r", path)
    for e in of_type(evs, "alert"):
        if e["utwatch"]["about"] not in ABOUT:
            continue
        found["null" if "null" in entry["file"] else "plain"] += 1
        check(e["pcap_filename"] == path and e["pcap_cnt"] in with_request, entry["file"], e["utwatch"]["rule"], "names frame", e.get("pcap_cnt"),
              "of", e["pcap_filename"], "requests are in", sorted(with_request))
# HTTP/2 in clear (RFC 9113 3.4), whoever speaks first: the client's preface is the request.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
SETTINGS = bytes.fromhex("000006040000000000000300000064")
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "http2.pcap")
    for conversation in ([(0, PREFACE), (1, SETTINGS)], [(1, SETTINGS), (0, PREFACE)]):
        frames = capturelib.build(conversation, time=1795470000 * 10**9)
        capturelib.write_frames(path, frames)
        told = [(e["pcap_cnt"], e["utwatch"]["rule"]) for e in of_type(events(sys.argv[1], "-r", path)[0], "alert")]
        wanted = next(i for i, (_, f) in enumerate(frames, 1) if PREFACE in f)
        check(told == [(wanted, "ut-4-tls-required")], "HTTP/2 in clear: %s, the preface is in frame %d" % (told, wanted))
if not sys.argv[2:]:
    check(found["plain"] >= 5 and found["null"] >= 1, "findings seen: %s" % found)
finish()
