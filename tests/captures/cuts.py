#!/usr/bin/env python3
"""The same handshakes in 10,000 other shapes: records and segments cut anew, reordered within a window, some frames twice.
Every shape of one handshake has to get the very same event and verdicts. usage: cuts.py UTWATCH [SHAPES [CAPTURE ...]]"""
import json
import os
import sys
import tempfile

from run_utwatch import PCAPS, events, manifest, of_type, rule_counts, without_what_length_decides
from checks import check, finish
import capturelib

SHAPES = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
WINDOW = 8
VALUES = ("pass", "fail", "not_observable", "not_applicable")
VARIES = {"timestamp", "flow_id", "pcap_cnt", "pcap_filename", "src_port", "community_id", "src_ip", "dest_ip"}


def shape_of(conversation, rng, start, port, reorder, records):
    if records and rng.random() < 0.7:
        conversation = capturelib.rerecord(conversation, rng)
    if rng.random() < 0.8:
        conversation = capturelib.resegment(conversation, rng)
    # A UE and a server of its own, and a time beyond the session memory's: what is remembered of one shape is no evidence about another.
    number = "%d.%d" % (port >> 8 & 255, port & 255)
    frames = capturelib.build(conversation, client=("10.1." + number, 40000), server=("10.2." + number, 443), time=start, step=20000,
                              seq=(rng.getrandbits(32), rng.getrandbits(32)))
    if reorder and rng.random() < 0.7:
        frames = capturelib.shuffle(frames, rng, rng.choice((1, WINDOW)), rng.choice((0.0, 0.2)))
    return frames


def facts(event):
    event = without_what_length_decides(event)
    kept = {k: v for k, v in event.items() if k not in VARIES}
    kept["utwatch"] = {k: v for k, v in event["utwatch"].items() if k not in ("history", "evidence")}
    if "alerts" in kept["utwatch"]:  # each side's stand in its order; between the sides the network decides
        kept["utwatch"]["alerts"] = sorted(kept["utwatch"]["alerts"], key=lambda a: a["from"])
    return json.dumps(kept, sort_keys=True)


names = [e["file"] for e in manifest(sys.argv[3:]) if e["made_by"] == "tools/record" and "ipv6" not in e["file"]]
conversations = [(n, c) for n in names for c in capturelib.conversations(os.path.join(PCAPS, n)) if c]
each = max(1, SHAPES // len(conversations))
with tempfile.TemporaryDirectory() as folder:
    clear = os.path.join(folder, "site.yaml")  # hashes of identities differ from run to run
    with open(clear, "w") as f:
        f.write("privacy: clear\nlimits: { session-retention: 1h }\noutputs: { peers-interval: 366d }\n")
    for name, conversation in conversations:
        path = os.path.join(folder, "shapes.pcap")
        start = capturelib.read_frames(os.path.join(PCAPS, name))[0][0]  # certificates were valid then
        plain = capturelib.build(conversation, client=("10.1.255.255", 40000), server=("10.2.255.255", 443), time=start)
        capturelib.write_frames(path, plain)
        base, _ = events(sys.argv[1], "-c", clear, "-p", "ts33141-pcr1", "-r", path)
        wanted = {kind: sorted(facts(e) for e in of_type(base, kind)) for kind in ("tls", "alert")}
        counts = rule_counts(base)
        frames, seeds = [], []
        for i in range(each):
            rng = capturelib.seeded(name, i, len(conversation))
            # With early data only the order of both sides' records tells which of them is the client's Finished. And the records of a
            # renegotiation under NULL encryption end in MACs, which stay where they are.
            frames += shape_of(conversation, rng, start + i * 7200 * 10**9, i, "early-data" not in name, "null-renegotiated" not in name)
        capturelib.write_frames(path, frames)
        evs, _ = events(sys.argv[1], "-c", clear, "-p", "ts33141-pcr1", "-r", path)
        of_shape = {}
        for e in evs:
            if "src_ip" in e or "dest_ip" in e:  # an alert about a UE has only its address, one about a server only the server's
                of_shape.setdefault((e.get("src_ip") or e["dest_ip"]).split(".", 2)[2], []).append(e)
        for i in range(each):
            got = of_shape.get("%d.%d" % (i >> 8 & 255, i & 255), [])
            for kind in wanted:
                have = sorted(facts(e) for e in of_type(got, kind))
                check(have == wanted[kind], "%s shape %d %s:\n  %s\n  %s" % (name, i, kind, have, wanted[kind]))
        total = rule_counts(evs)
        for rule, verdicts in counts.items():
            for value, count in verdicts.items():
                if value in VALUES:
                    check(total[rule].get(value, 0) == count * each, name, rule, value, total[rule].get(value), "times, wanted", count * each)
finish()
