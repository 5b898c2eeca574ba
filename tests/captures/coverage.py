#!/usr/bin/env python3
"""Every shipped rule is seen to fail, to pass, not to apply, and to be not observable on some capture, where it can. usage: coverage.py UTWATCH"""
import os
import re
import sys
import tempfile

from run_utwatch import PCAPS, can_be_rebuilt, events, manifest, rule_counts, utwatch
from checks import check, finish
import capturelib
import messages as m

STRICT = "utwatch: 1\nprofile: strict\ntitle: Strict policy\nextends: [ts33141-pcr1]\n" \
         "parameters: { encryption-required: true, authenticates-ue: gba }\n"
with tempfile.TemporaryDirectory() as folder:
    strict = os.path.join(folder, "strict.yaml")
    with open(strict, "w") as f:
        f.write(STRICT)
    captures = [[os.path.join(PCAPS, e["file"])] for e in manifest()]
    sides = []
    for i, e in enumerate(manifest()):
        if not can_be_rebuilt(e):
            continue
        conversation = capturelib.conversations(os.path.join(PCAPS, e["file"]))[0]
        for side in (0, 1):  # one direction only, each from a UE of its own
            frames = capturelib.build(conversation, client=("10.%d.%d.%d" % (1 + side, i // 256, i % 256), 40000), time=1795470000 * 10**9)
            path = os.path.join(folder, "%d-%d.pcap" % (i, side))
            capturelib.write_frames(path, [f for f in frames if (capturelib.segment_of(f[1])[1][1] == 40000) == bool(side)])
            sides.append(path)
    captures.append(sides)  # together: these are to hide things, not to show what a server can do
    # A UE of which only a resumption was captured.
    path = os.path.join(folder, "resumption.pcap")
    resumption = capturelib.conversations(os.path.join(PCAPS, "openssl-tls10-resumed-id.pcap"))[1]
    capturelib.write_frames(path, capturelib.build(resumption, time=1795470000 * 10**9))
    captures.append([path])
    # What one capture of a server lacks another of the same server has.
    captures.append([os.path.join(PCAPS, "jsse-tls10-%s.pcap" % n) for n in ("3des", "rc4")])
    # A server that selects SSLv3 and refuses the hello before its flight is over: the version was not negotiated.
    path = os.path.join(folder, "refused-late.pcap")
    said = [(0, m.client_hello([0x002F])), (1, m.server_hello(0x002F, m.SSL3) + m.alert(2, 70))]
    capturelib.write_frames(path, capturelib.build(said, time=1795470000 * 10**9))
    captures.append([path])
    # A server that has TLS 1.2 and selects TLS 1.0, as another hello shows: one that answers the same hello in two ways is several.
    path = os.path.join(folder, "earlier-version.pcap")
    frames = []
    for i, (suites, version) in enumerate((([0x002F, 0x000A], m.TLS12), ([0x002F], m.TLS10))):
        said = [(0, m.client_hello(suites, m.TLS12)), (1, m.server_hello(0x002F, version) + m.done(version)),
                (0, m.client_key_exchange(version) + m.finished(version)), (1, m.finished(version))]
        frames += capturelib.build(said, client=("192.0.2.10", 40000 + i), time=(1795470000 + 60 * i) * 10**9)
    capturelib.write_frames(path, frames)
    captures.append([path])
    # What the site lists is a server of Ut: with that a CONNECT to it is told.
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write('scope: { servers: [0.0.0.0/0, "::/0"] }\n')
    # These fail only under an operator's policy.
    policy = {"ut-5.1.4-no-proxy-configuration", "ut-6.1.3-server-continues", "ut-6.2-null-encryption-used", "ut-7.2-policy-128",
              "ut-op-weaker-selected"}
    set_off_by_policy = {"ut-5.1.4-no-proxy-configuration", "ut-7.2-policy-128", "ut-op-weaker-selected"}
    only_kept = {"ut-7.1-resume-ue"}  # 7.1 says "allow": not to resume is no breach
    always_decided = {"ut-port-other-protocol"}  # a connection whose beginning was not captured is not judged by it
    never_kept = {  # judged only when it is broken, or unclear
        "ut-port-other-protocol",  # it is about what is neither TLS nor HTTP, and that is no breach of anything else
        "dp-3.2-key-lifetime-24h"}
    # The policy, or the site's list, alone sets them off.
    always_set_off = {"ut-7.2-policy-128", "ut-5.1.4-no-proxy-configuration", "ut-6.2-server-3des", "ut-6.2-server-rc4"}
    for profile in ("ts33141-v1.0.0", "ts33141-pcr1", "ts33141-pcr2", "wap-219", "ls-advice", "modern-draft", strict):
        sums = {}
        for c in captures:  # one by one: what a server shows in one capture is no evidence about another
            evs, _ = events(sys.argv[1], "-p", profile, *(["-c", site] if profile == strict else []), *(w for path in c for w in ("-r", path)))
            for rule, counts in rule_counts(evs).items():
                for verdict, count in counts.items():
                    sums.setdefault(rule, {}).setdefault(verdict, 0)
                    sums[rule][verdict] += count
        for rule, counts in sums.items():
            policy_decides = profile != strict and rule in policy
            unclear = rule not in always_decided and (profile == strict or rule not in set_off_by_policy)
            text = utwatch(sys.argv[1], "--explain", rule, "-p", profile).stdout.decode()
            seldom_kept = "never: pass" in text or rule in never_kept
            has_when = re.search(r"^ +when:", text, re.M) and rule not in always_set_off
            check(counts.get("fail") or policy_decides or rule in only_kept, profile, rule, "never fails")
            check(counts.get("pass") or policy_decides or seldom_kept, profile, rule, "never passes")
            check(counts.get("not_applicable") or policy_decides or not has_when, profile, rule, "always applies")
            check(counts.get("not_observable") or not unclear, profile, rule, "is never not observable")
finish()
