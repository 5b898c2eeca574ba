#!/usr/bin/env python3
"""Facts of pcaps/: what the stacks were asked to do, what tshark sees and what utwatch says agree. usage: facts.py UTWATCH [CAPTURE ...]"""
import os
import shutil
import sys

from run_utwatch import PCAPS, ROOT, SKIP, events, manifest, of_type
from checks import check, finish

sys.path.append(os.path.join(ROOT, "tests", "pcaps"))
import witness  # noqa: E402

if not shutil.which("tshark"):
    sys.exit(SKIP)
FIELDS = ["tls.handshake.type", "tls.handshake.version", "tls.handshake.extensions.supported_version", "tls.handshake.ciphersuite",
          "tls.alert_message.desc", "tls.handshake.certificates_length", "tls.handshake.extensions_server_name"]


def by_tshark(path):
    """One dictionary for each frame with messages that tshark names."""
    shown = [{f: ",".join(n.get("show") for n in witness.fields(packet, f)) for f in FIELDS} for packet in witness.packets(path)]
    return [row for row in shown if any(row.values())]


def check_facts(entry):
    path = os.path.join(PCAPS, entry["file"])
    facts = entry["facts"]
    rows = by_tshark(path)
    evs, _ = events(sys.argv[1], "-r", path)
    tls = sorted(of_type(evs, "tls"), key=lambda e: e["timestamp"])  # one with a breach is told two seconds later
    check(tls, entry["file"] + ": no event")
    if not tls:
        return
    first = tls[0]["utwatch"]

    def fact(what, ours, wanted, confirmed=None):
        check(ours == wanted, "%s: %s is %r, asked for %r" % (entry["file"], what, ours, wanted))
        # tshark does not follow an RFC 2817 upgrade: there the request to the stacks is the only witness.
        check(confirmed is None or confirmed or "upgrade" in entry["file"], "%s: tshark does not confirm %s = %r" % (entry["file"], what, wanted))

    text = [" ".join(r.values()) for r in rows]
    if "suite" in facts:
        fact("suite", first.get("server_hello", {}).get("suite"), facts["suite"],
             any("2" in r["tls.handshake.type"].split(",") and r["tls.handshake.ciphersuite"].lower().endswith(facts["suite"]) for r in rows))
    if "version" in facts:
        fact("version", first.get("server_hello", {}).get("version"), facts["version"], any(facts["version"] in t for t in text))
    if "sni" in facts:
        fact("sni", tls[0]["tls"].get("sni"), facts["sni"], any(facts["sni"] in t for t in text))
    if "connect" in entry["file"]:
        fact("authority", first.get("authority"), facts["authority"])
    if "format" in facts:
        fact("format", first["client_hello"]["format"], facts["format"])
    if "alert" in facts:
        fact("alert", any(a["level"] == "fatal" for a in first.get("alerts", [])), True,
             any(str(facts["alert"]) in r["tls.alert_message.desc"].split(",") for r in rows))
    if "hello_retry" in facts:
        fact("hello_retry", first["server_hello"]["hello_retry"], True,
             sum("1" in r["tls.handshake.type"].split(",") for r in rows) == 2 * facts["connections"])
    if "certificate_request" in facts:
        fact("request", first.get("client_certificate", {}).get("requested"), True, any("13" in r["tls.handshake.type"].split(",") for r in rows))
    if "client_certificates" in facts:
        fact("client certificates", first.get("client_certificate", {}).get("count"), facts["client_certificates"])
    if "resumed" in facts:
        fact("resumed", [t["utwatch"].get("session", {}).get("resumed") for t in tls], facts["resumed"])
    if "datagrams" in facts:
        fact("outcome beside datagrams", (len(tls), first["outcome"], first.get("unobserved")), (1, "complete", None))
    if "method" in facts:
        fact("method", [t["utwatch"].get("session", {}).get("method") for t in tls], facts["method"])


def check_wrappers(entry):
    """What the frames of a connection were wrapped in is said in all of its events."""
    vlan = entry.get("witness", {}).get("vlan")
    if not vlan:
        return
    found = [e for e in events(sys.argv[1], "-r", os.path.join(PCAPS, entry["file"]))[0] if "flow_id" in e]
    check({e["event_type"] for e in found} == {"alert", "flow"}, entry["file"] + ": other events than an alert and a flow", found)
    for e in found:
        wrappers = e.get("vlan"), e["utwatch"].get("encapsulation")
        check(wrappers == (vlan, ["vlan", "mpls"]), "%s: the %s event says %r" % (entry["file"], e["event_type"], wrappers))


for entry in manifest(sys.argv[2:]):
    if entry["facts"]:
        check_facts(entry)
    check_wrappers(entry)
finish()
