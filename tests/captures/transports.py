#!/usr/bin/env python3
"""A TLS connection and UDP datagrams between the same ports are two connections, whichever comes first.
usage: transports.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type
from checks import check, finish
import capturelib

SITE = "scope: { servers: [192.0.2.80] }\n"


DATAGRAM = capturelib.datagram(("192.0.2.10", 40000), ("192.0.2.80", 443), b"no TLS at all, whatever the port")
conversation = capturelib.conversations(os.path.join(PCAPS, "openssl-tls10-full.pcap"))[0]
frames = capturelib.build(conversation, time=1795470000 * 10**9)
with tempfile.TemporaryDirectory() as folder:
    path, site = os.path.join(folder, "both.pcap"), os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write(SITE)
    capturelib.write_frames(path, frames)
    alone = of_type(events(sys.argv[1], "-c", site, "-r", path)[0], "tls")
    check(len(alone) == 1 and alone[0]["utwatch"]["outcome"] == "complete", "the recording by itself")
    for at in range(len(frames)):
        mixed = frames[:at] + [(frames[at][0] - 1, DATAGRAM)] + frames[at:]
        capturelib.write_frames(path, mixed)
        evs = events(sys.argv[1], "-c", site, "-r", path)[0]
        tls, flows = of_type(evs, "tls"), of_type(evs, "flow")
        check(len(tls) == 1 and tls[0]["utwatch"]["outcome"] == "complete" and tls[0]["utwatch"].get("unobserved", []) == alone[0]["utwatch"].get(
            "unobserved", []), "a datagram before frame %d: the handshake" % at, tls)
        check([f["proto"] for f in flows] == ["UDP"], "a datagram before frame %d: the datagrams" % at, flows)
finish()
