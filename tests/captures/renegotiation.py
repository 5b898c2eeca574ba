#!/usr/bin/env python3
"""A later handshake inside an encrypted connection is counted once, however many records it has, and the report says what the verdicts cover.
usage: renegotiation.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, utwatch
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
LATER = [(CLIENT, m.record(22, b"\x71" * 200)), (SERVER, m.record(22, b"\x72" * 900) + m.record(22, b"\x73" * 40)),
         (CLIENT, m.record(22, b"\x74" * 170) + m.record(20, b"\x75" * 20) + m.record(22, b"\x76" * 40)),
         (SERVER, m.record(20, b"\x77" * 20) + m.record(22, b"\x78" * 40))]
DATA = [(CLIENT, m.record(23, b"\x61" * 90)), (SERVER, m.record(23, b"\x62" * 300))]
FULL = [(CLIENT, m.client_hello([0x000A])), (SERVER, m.server_hello(0x000A) + m.done()), (CLIENT, m.client_key_exchange() + m.finished()),
        (SERVER, m.finished())]


def counted(path):
    evs, _ = events(sys.argv[1], "-r", path)
    return of_type(evs, "stats")[-1]["stats"]["tls"]["renegotiations"]


recorded = os.path.join(PCAPS, "openssl-tls12-renegotiated.pcap")
check(counted(recorded) == 1, "OpenSSL renegotiates once:", counted(recorded))
text = " ".join(utwatch(sys.argv[1], "-r", recorded).stdout.decode().split())
check("1 later handshake inside encrypted connections; the verdicts about them cover the first session only" in text, text[-900:])
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "twice.pcap")
    for steps, count in ((DATA, 0), (LATER, 1), (DATA + LATER + DATA, 1), (DATA + LATER + DATA + LATER + DATA, 2)):
        capturelib.write_frames(path, capturelib.build(FULL + steps, time=1795471000 * 10**9))
        check(counted(path) == count, "later handshakes:", counted(path), "instead of", count)
finish()
