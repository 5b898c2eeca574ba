#!/usr/bin/env python3
"""Real handshakes within floods are judged as they are without them: small versions of what tools/floods measures, with tables as much smaller.
And how much memory a handshake in progress takes. usage: floods.py UTWATCH"""
import os
import sys
import tempfile

import run_utwatch  # noqa: F401  (finds tools)
from checks import check, finish
import flood_run

SHARE = 0.02
FLOWS, HANDSHAKES = 262144, 8192  # of the configuration that is made so much smaller
WHOLE = ("ahead", "ahead-few", "at-once", "hellos-few")  # whose tables have their usual size
NAMES = ("syn", "half-hellos", "half-starts", "refusals", "announced", "announced-few", "announced-many", "ues")

with tempfile.TemporaryDirectory() as folder:
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("limits: { flows: %d, handshakes: %d }\n" % (FLOWS * SHARE, HANDSHAKES * SHARE))
    for name in NAMES + WHOLE:
        share, words = (1, []) if name in WHOLE else (SHARE, ["-c", site])
        real, wrong, first, _, _ = flood_run.tried(sys.argv[1], name, share, words)
        check(wrong <= real // 1000, name, "judged wrong:", wrong, "of", real, first)
for kind, most in (("real-hello", 4096), ("real-certificate", 12288)):
    each = flood_run.resident(sys.argv[1], kind, [])
    check(1000 < each <= most, kind, "takes", each, "bytes")
finish()
