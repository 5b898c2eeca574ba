#!/usr/bin/env python3
"""A finding about HTTP names the frame, and the file, with the request itself: in clear and under NULL encryption. The bytes of the frame are
the witness. usage: http_where.py UTWATCH [CAPTURE ...]"""
import os
import re
import sys

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
        check(e["pcap_filename"] == path and e["pcap_cnt"] in with_request,
              "%s: %s names frame %s of %s, requests are in %s" % (entry["file"], e["utwatch"]["rule"], e.get("pcap_cnt"), e["pcap_filename"],
                                                                 sorted(with_request)))
if not sys.argv[2:]:
    check(found["plain"] >= 5 and found["null"] >= 1, "findings seen: %s" % found)
finish()
