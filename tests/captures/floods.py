#!/usr/bin/env python3
"""Real handshakes within floods are judged as they are without them: small versions of what tools/floods measures, with tables as much smaller.
usage: floods.py UTWATCH"""
import os
import sys
import tempfile

import run_utwatch  # noqa: F401  (finds tools)
from checks import check, finish
import flood_run

SHARE = 0.02
FLOWS, HANDSHAKES = 262144, 8192  # of the configuration that is made so much smaller
WHOLE = ("ahead", "ahead-few")  # whose table has a fixed size
NAMES = ("syn", "half-hellos", "half-starts", "refusals", "announced", "announced-few", "announced-many", "ues")

with tempfile.TemporaryDirectory() as folder:
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("limits: { flows: %d, handshakes: %d }\n" % (FLOWS * SHARE, HANDSHAKES * SHARE))
    for name in NAMES + WHOLE:
        share, words = (1, []) if name in WHOLE else (SHARE, ["-c", site])
        real, wrong, first, _, _ = flood_run.tried(sys.argv[1], name, share, words)
        check(wrong <= real // 1000, name, "judged wrong:", wrong, "of", real, first)
finish()
