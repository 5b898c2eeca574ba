#!/usr/bin/env python3
"""Every capture of pcaps/ shows what its manifest says: tshark finds the facts that the stacks were asked for. usage: check.py [CAPTURE ...]"""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(os.path.dirname(sys.path[0]), "tools", "recording"))
from checks import check, finish  # noqa: E402
import manifest  # noqa: E402
from witness import CLIENT, SERVER, certificate_facts, connections  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PCAPS = os.path.join(ROOT, "pcaps")
LARGEST, LARGEST_SUM = 30000, 2000000
OF_MANY = {"nginx-modern-ues.pcap": 200000}  # sixty handshakes cannot be small
HOSTS = {"192.0.2.10", "192.0.2.80", "2001:db8::10", "2001:db8::80"}
SIGNALLING = {"0x00ff", "0x5600"}


def first_hello(all_of):
    return all_of[0].of("client_hello")[0]


def offered(all_of):
    """The TLS suites of the first hello without signalling values and GREASE; a v2 hello's begin with a zero byte (RFC 2246 E.1)."""
    codes = first_hello(all_of)["suites"]
    if first_hello(all_of)["format"] == "sslv2":
        codes = ["0x" + c[4:] for c in codes if c.startswith("0x00")]
    return [c for c in codes if c not in SIGNALLING and not re.match(r"0x([0-9a-f])a\1a$", c)]


def fatal(c):
    return [(side, m[1]) for side, kind, m in c.messages if kind == "alert" and m[0] == 2]


def hellos(all_of):
    return [c.server_hello() for c in all_of if c.server_hello()]


def the_same(values):
    values = set(values)
    return values.pop() if len(values) == 1 else sorted(values, key=str)


# What each fact of the manifest means on the wire. A fact that is not in this list is a mistake.
FACTS = {
    "connections": lambda a, _: len(a),
    "version": lambda a, _: the_same(h["version"] for h in hellos(a)),
    "suite": lambda a, _: the_same(h["suite"] for h in hellos(a)),
    "suites": lambda a, _: [h["suite"] for h in hellos(a)],
    "sni": lambda a, _: the_same(h["sni"] for c in a for h in c.of("client_hello")),
    "format": lambda a, _: first_hello(a)["format"],
    "offered": lambda a, _: offered(a),
    "offered_raw": lambda a, _: first_hello(a)["suites"],
    "alert": lambda a, _: the_same(d for c in a for _, d in fatal(c)),
    "alert_from": lambda a, _: the_same(s for c in a for s, _ in fatal(c)),
    "warning": lambda a, _: the_same((m[1], s) for c in a for s, k, m in c.messages if k == "alert" and m[0] == 1 and m[1] != 0),
    "hello_retry": lambda a, _: any(h["retry"] for c in a for h in c.of("server_hello")) and len(a[0].of("client_hello")) == 2,
    "certificate_request": lambda a, _: any(c.of("certificate_request", SERVER) for c in a),
    "client_certificates": lambda a, _: the_same(len(m) for c in a for m in c.of("certificate", CLIENT)),
    "resumed": lambda a, _: [c.resumed() for c in a],
    "method": lambda a, _: [c.method() for c in a],
    "session_id_length": lambda a, _: the_same(len(h["session_id"]) // 2 for h in hellos(a)),
    "certificate": lambda a, wanted: {k: v for k, v in certificate_facts(a[0].of("certificate", SERVER)[0][0]).items() if k in wanted},
    "chain": lambda a, _: len(a[0].of("certificate", SERVER)[0]),
    "ticket_hint": lambda a, _: the_same(h for c in a for h in c.of("new_session_ticket")),
    "encrypted_handshake": lambda a, _: sum(len(c.of("encrypted_handshake", CLIENT)) for c in a) > 1,
    "sslv2_message": lambda a, _: the_same(m for c in a for m in c.of("sslv2_message", SERVER)),
    "random_equal": lambda a, _: a[0].server_hello()["random"] == first_hello(a)["random"],
    "compression": lambda a, _: a[0].server_hello()["compression"],
    "extension": lambda a, wanted: wanted if wanted in a[0].server_hello()["extensions"] else None,
    "answer": lambda a, _: a[0].answer,
    "data_version": lambda a, _: "0x" + the_same(v for c in a for v in c.of("data")),
    "closing": lambda a, _: a[-1].closing,
    "http": lambda a, _: a[0].requests[0],
    "authority": lambda a, _: re.sub(r":[0-9]+$", "", a[0].targets[0]),
    "status": lambda a, _: a[0].statuses[0],
    "vlan": lambda a, _: a[0].vlan,
    "datagrams": lambda a, _: a[0].datagrams,
}


def plain(value):
    return list(value) if isinstance(value, tuple) else value


def check_capture(entry):
    path = os.path.join(PCAPS, entry["file"])
    found, hosts, bad = connections(path)
    facts = {**entry["facts"], **entry.get("witness", {})}
    for key, wanted in facts.items():
        try:
            got = plain(FACTS[key](found, wanted))
        except (IndexError, KeyError, TypeError, AttributeError) as e:
            got = "nothing (%s: %s)" % (type(e).__name__, e)
        check(got == wanted, "%s: %s is %s, the stacks were asked for %s" % (entry["file"], key, got, wanted))
    check(facts, entry["file"], "has no fact to check")
    check(not bad, entry["file"], "has", bad, "wrong checksums")
    ues = {"192.0.2.%d" % n for n in range(100, 130)} if entry["file"] in OF_MANY else set()  # tools/recording/modern_ues.py
    check(hosts <= HOSTS | ues, entry["file"], "has traffic of strangers:", sorted(hosts - HOSTS - ues))
    check(entry["made_by"] != "tools/record" or all(c.opened for c in found), entry["file"], "lacks the SYN of a connection")


def check_folder(entries):
    here = {f for f in os.listdir(PCAPS) if f.endswith((".pcap", ".pcapng"))}
    named = {e["file"] for e in entries}
    with open(os.path.join(PCAPS, "README.md")) as f:
        page = f.read()
    check(page == manifest.page(entries), "README.md is not what the manifest says: tools/make-captures writes it")
    ours = {*manifest.rules_of(manifest.ONE), *manifest.rules_of(manifest.TWO)}
    strange = sorted(ours & set(re.findall(r"(\S+) \(beyond", page)))
    check(not strange, "rules of these profiles are called beyond:", strange)
    others = {r for e in entries for r in (*e["passes"], *e["also"])} - ours
    plain = sorted(r for r in others if re.search(r"(?<![\w.-])%s(?![\w.-]| \(beyond)" % re.escape(r), page))
    check(others and not plain, "rules of other profiles are not called beyond:", plain)
    check(named <= here, "in the manifest, but not in pcaps/:", sorted(named - here))
    for f in sorted(here):
        check(f in named, f, "is not in the manifest")
        check("`%s`" % f in page, f, "is not in README.md")
    sizes = {f: os.path.getsize(os.path.join(PCAPS, f)) for f in here}
    small = all(n <= OF_MANY.get(f, LARGEST) for f, n in sizes.items())
    check(small and sum(sizes.values()) <= LARGEST_SUM, "pcaps/ is too large:", sum(sizes.values()),
          [f for f in sizes if sizes[f] > OF_MANY.get(f, LARGEST)])


def main():
    if not shutil.which("tshark") or not shutil.which("openssl"):
        sys.exit(77)
    with open(os.path.join(PCAPS, "manifest.json")) as f:
        entries = json.load(f)
    only = {n.removesuffix(".pcap") for n in sys.argv[1:]}
    check_folder(entries)
    for e in entries:
        if not only or e["file"].removesuffix(".pcap") in only:
            check_capture(e)
    finish()


if __name__ == "__main__":
    main()
