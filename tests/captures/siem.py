#!/usr/bin/env python3
"""What a SIEM gets: every event is one of Suricata's once `utwatch` is taken out, and `utwatch` is as our own schema says.
usage: siem.py UTWATCH [CAPTURE ...]
UTWATCH_SPEC names the folder with data/suricata-eve-schema.json, and UTWATCH_CORPUS further captures; without the first only our own schema is
looked at."""
import collections
import datetime
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

from run_utwatch import PCAPS, ROOT, events, of_type, utwatch
from check_schema import built_with
from checks import check, finish
from made_sessions import connection
import capturelib
import messages as m

binary, names = sys.argv[1], sys.argv[2:]
USUAL_ALERT = 1200  # bytes
THEIRS = os.path.join(os.environ.get("UTWATCH_SPEC", ""), "data", "suricata-eve-schema.json")
CORPUS = os.environ.get("UTWATCH_CORPUS", "")


def validator(path):
    with open(path) as f:
        return Draft202012Validator(json.load(f))


def captures():
    if names:
        return [os.path.join(PCAPS, n if "." in n else n + ".pcap") for n in names]
    found = [os.path.join(PCAPS, n) for n in sorted(os.listdir(PCAPS)) if n.endswith(".pcap")]
    for folder, _, files in os.walk(CORPUS):
        found += [os.path.join(folder, n) for n in sorted(files) if n.endswith((".pcap", ".pcapng", ".cap"))]
    return found


def validate(paths):
    """Schemas are slow: of events of the same shape and words, but for numbers and names, some are looked at."""
    ours = validator(built_with(binary))
    theirs = validator(THEIRS) if os.path.exists(THEIRS) else None
    seen, sizes, count = collections.Counter(), ([], []), 0
    for path in paths:
        lines = utwatch(binary, "-q", "--json", "-", "--advise", "modern", "-r", path).stdout.splitlines()
        for line in lines:
            event = json.loads(line)
            count += 1
            if event["event_type"] == "alert":
                sizes[path.startswith(PCAPS)].append(len(line) + 1 - len(os.path.dirname(path)))
            shape = shape_of(event)
            seen[shape] += 1
            if seen[shape] > 3:
                continue
            for error in ours.iter_errors(event):
                check(False, os.path.basename(path), "own schema:", "/".join(map(str, error.absolute_path)), error.message[:200])
            event.pop("utwatch", None)
            for error in theirs.iter_errors(event) if theirs else ():
                check(False, os.path.basename(path), "Suricata's schema:", "/".join(map(str, error.absolute_path)), error.message[:200])
    check(count > 500 or names, "only", count, "events")
    for sized in filter(None, sizes):
        long = sum(size > USUAL_ALERT for size in sized)
        check(statistics.median(sized) <= USUAL_ALERT, "an alert has usually", statistics.median(sized), "bytes")
        check(not long, long, "alerts of", len(sized), "have more than", USUAL_ALERT, "bytes, up to", max(sized))
    print("%d events of %d shapes, Suricata's schema %s" % (count, len(seen), "too" if theirs else "is not here"))


def shape_of(value):
    if isinstance(value, dict):
        return tuple((k, shape_of(v)) for k, v in value.items())
    if isinstance(value, list):
        return ("list", tuple(sorted({shape_of(v) for v in value}, key=repr)))
    return type(value).__name__


def test_excepted():
    """An excepted breach is an event that decides nothing."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write("exceptions: [{ rule: ut-7.2-only-anonymous, reason: the old portal, until: 2099-03-31 }]\n")
        f.flush()
        evs, _ = events(binary, "-c", f.name, "-r", os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"))
    alerts = {e["utwatch"]["rule"]: e for e in of_type(evs, "alert")}
    excepted = alerts.get("ut-7.2-only-anonymous")
    check(excepted and excepted["utwatch"].get("excepted") == {"reason": "the old portal", "until": "2099-03-31"}, excepted)
    check(excepted and excepted["alert"]["severity"] == 4, "severity of what is excepted")
    check(all(("excepted" in e["utwatch"]) == (rule == "ut-7.2-only-anonymous") for rule, e in alerts.items()), "others are excepted")


def test_lists():
    """The long lists stand in the tls event, which the alert leads to."""
    evs, _ = events(binary, "-r", os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"))
    tls = {e["flow_id"]: e for e in of_type(evs, "tls")}
    for e in of_type(evs, "alert"):
        if "flow_id" not in e:
            continue  # about a server, over all its handshakes
        check("client_hello" not in e["utwatch"] and tls[e["flow_id"]]["utwatch"]["client_hello"]["suites"], "lists in an alert")
        check(e["app_proto"] == "tls" and e["alert"]["signature"] and e["alert"]["signature"] != e["utwatch"]["required"], e["alert"])


def test_what_it_is_about():
    """An alert about a certificate does not tell of the hello and of alerts, one about the hello nothing of the certificate."""
    evs, _ = events(binary, "-r", os.path.join(PCAPS, "openssl-tls12-wrong-name-rejected.pcap"))
    tls = of_type(evs, "tls")[0]
    check({"ja4", "subject"} <= tls["tls"].keys() and tls["utwatch"]["alerts"], tls)
    alert = {e["utwatch"]["rule"]: e for e in of_type(evs, "alert")}["wapcert-6.4.3-signature-algorithm"]
    check("subject" in alert["tls"] and "ja4" not in alert["tls"] and "alerts" not in alert["utwatch"], alert)
    evs, _ = events(binary, "-r", os.path.join(PCAPS, "jsse-sslv3-no-certificate-refused.pcap"))
    check("subject" in of_type(evs, "tls")[0]["tls"], evs)
    alert = {e["utwatch"]["rule"]: e for e in of_type(evs, "alert")}["ut-6-version-forbidden"]
    check("subject" not in alert["tls"] and "ja4" in alert["tls"] and alert["utwatch"]["alerts"], alert)


def test_long():
    """An alert that would be longer leaves out what the tls event has, says so, and keeps who, what and why."""
    if not CORPUS:
        return
    evs, _ = events(binary, "-r", os.path.join(CORPUS, "real", "zeek", "pppoe-over-qinq.pcap"))
    tls = {e["flow_id"]: e["tls"] for e in of_type(evs, "tls")}
    alerts = of_type(evs, "alert")
    long = [e for e in alerts if "shortened" in e["utwatch"]]
    check(long, "none of", len(alerts), "alerts is shortened")
    for e in long:
        check(len(tls[e["flow_id"]]["subject"]) > 200 and "subject" not in e["tls"], "a subject of 267 characters", e["tls"])
        check({"fingerprint", "sni"} <= e["tls"].keys() and {"observed", "required", "fault", "basis"} <= e["utwatch"].keys(), e)
        check(all(tls[e["flow_id"]][key] == value for key, value in e["tls"].items()), "other than the tls event", e["tls"])


def test_what_is_no_matter():
    """Session and age stand in alerts of rules about sessions only, the suite in none about a certificate that the UE took; the event has both."""
    for name, rule, told, other in (("openssl-tls12-null-challenge-unanswered", "m-null-rc4-export", "server_hello", "session"),
                                    ("gen-ticket-resumed-after-25h", "ut-7.1-ticket-lifetime", "session", None),
                                    ("openssl-tls12-wrong-name", "ut-6.1.2-ue-accepted-bad-cert", "rule", "server_hello")):
        evs, _ = events(binary, "--advise", "modern", "-r", os.path.join(PCAPS, name + ".pcap"))
        alerts = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
        check(alerts and all(told in e["utwatch"] and other not in e["utwatch"] for e in alerts), name, rule, alerts[:1])
        tls = {e["flow_id"]: e["utwatch"] for e in of_type(evs, "tls")}
        check(all({"server_hello", "session"} <= tls[e["flow_id"]].keys() for e in alerts), name, "the tls event")


def test_stats():
    """tshark counts the same frames and bytes."""
    path = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
    stats = of_type(events(binary, "-r", path)[0], "stats")[-1]
    sizes = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.len"], capture_output=True, text=True).stdout.split()
    check(stats["stats"]["decoder"] == {"pkts": len(sizes), "bytes": sum(map(int, sizes)), "invalid": 0}, stats["stats"])
    check(stats["stats"]["flow"]["memuse"] > 0 and stats["stats"]["capture"]["kernel_drops"] == 0, stats["stats"])
    ours = stats["utwatch"]["handshakes"]
    names = ours["versions"], ours["suites"]
    check(names == ([{"name": "TLSv1", "count": 1}], [{"name": "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", "count": 1}]), ours)


def test_app_proto():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write("scope: { ports: [80] }\n")
        f.flush()
        evs, _ = events(binary, "-c", f.name, "-r", os.path.join(PCAPS, "nginx-curl-plain.pcap"))
    check({e["app_proto"] for e in of_type(evs, "flow")} == {"http"}, [e.get("app_proto") for e in evs])


def test_pipeline():
    """What the pipeline renames is what the manual page says, and stands in some event."""
    with open(os.path.join(ROOT, "tools", "siem", "elastic-pipeline.json")) as f:
        renamed = {p["rename"]["field"]: p["rename"]["target_field"] for p in json.load(f)["processors"] if "rename" in p}
    with open(os.path.join(ROOT, "tools", "man", "utwatch.1")) as f:
        rows = [line.split()[1:4:2] for line in f if line.startswith(".It ") and line.count(" Ta ") == 2]
    page = {ours: ecs for ours, ecs in rows if ours not in ("Em", "timestamp", "tls.version")}
    check(len(page) >= 20 and page == renamed, "page and pipeline differ:", page.items() ^ renamed.items())
    found = set()
    for name in ("jsse-tls10-anon-only-accepted", "openssl-tls12-null"):
        for e in events(binary, "-r", os.path.join(PCAPS, name + ".pcap"))[0]:
            found |= {ours for ours in renamed if has(e, ours.split("."))}
    check(renamed.keys() - found == {"in_iface", "utwatch.signature_id"}, "stands in no event:", renamed.keys() - found)


def of_hello(path, kind):
    """By the TCP stream: (ciphers, extensions, signature algorithms) of its first hello of this type, as tshark has it, without GREASE."""
    fields = ("tcp.stream", "tls.handshake.ciphersuite", "tls.handshake.extension.type", "tls.handshake.sig_hash_alg")
    out = subprocess.run(["tshark", "-r", path, "-Y", "tls.handshake.type == %d" % kind, "-T", "fields", *(w for f in fields for w in ("-e", f))],
                         capture_output=True, text=True).stdout
    hellos = {}
    for line in out.splitlines():
        stream, *lists = line.split("\t")
        codes = [[int(word, 0) for word in words.split(",") if word] for words in lists]
        hellos.setdefault(stream, tuple([c for c in of if c & 0x0F0F != 0x0A0A or c >> 8 != c & 255] for of in codes))
    return hellos


def test_hellos():
    """client_handshake and server_handshake as Suricata 8 writes them: numbers, no GREASE, nothing that is empty, the highest version."""
    names = {"bc-tls13-full": ("TLS 1.3", "TLS 1.3"), "openssl-tls12-null": ("TLS 1.2", "TLS 1.2"),
             "jsse-tls10-anon-only-accepted": ("TLSv1", "TLSv1"), "jsse-sslv3": ("SSLv3", "SSLv3"), "gen-grease": None}
    for name, versions in names.items():
        path = os.path.join(PCAPS, name + ".pcap")
        events_of = [e["tls"] for e in of_type(events(binary, "-r", path)[0], "tls")]
        for key, kind in (("client_handshake", 1), ("server_handshake", 2)):
            ours = [e.get(key, {}) for e in events_of]
            ciphers = [h.get("ciphers", []) if kind == 1 else [h.get("cipher")] for h in ours]
            found = sorted((c, h.get("exts", []), h.get("sig_algs", [])) for c, h in zip(ciphers, ours))
            wanted = sorted(of_hello(path, kind).values())
            check(found == wanted != [], name, key, found[:1], wanted[:1])
            check(not versions or {h.get("version") for h in ours} == {versions[kind - 1]}, name, key, "version", ours[:1])
    for e in of_type(events(binary, "-r", os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"))[0], "alert"):
        check(not {"client_handshake", "server_handshake"} & e.get("tls", {}).keys(), "lists in an alert")


def openssl(*words, **options):
    return subprocess.run(["openssl", *words], capture_output=True, check=True, **options).stdout


def as_openssl_says(der):
    """(subject, issuer, serial number, SHA-1, begin, end) in EVE's words."""
    told = openssl("x509", "-inform", "DER", "-noout", "-subject", "-issuer", "-startdate", "-enddate", "-nameopt",
                   "esc_ctrl,sep_comma_plus_space,sname", input=der).decode().splitlines()
    subject, issuer, begin, end = (line.split("=", 1)[1].strip() for line in told)
    dates = [datetime.datetime.strptime(d, "%b %d %H:%M:%S %Y GMT").strftime("%Y-%m-%dT%H:%M:%S") for d in (begin, end)]
    number = int(openssl("x509", "-inform", "DER", "-noout", "-serial", input=der).decode().split("=")[1], 16)
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")  # X.690 8.3: the first bit is a sign
    return subject, issuer, serial.hex(":").upper(), hashlib.sha1(der).hexdigest(), *dates


def told_of(tls):
    return (tls.get("subject"), tls.get("issuerdn"), tls.get("serial"), tls.get("fingerprint", "").replace(":", ""), tls.get("notbefore"),
            tls.get("notafter"))


def test_certificates(folder):
    """Both sides', with the octet 00 before a serial number whose first bit is set; who the user is only where privacy is clear."""
    key, names = os.path.join(folder, "key"), os.path.join(folder, "names")
    made = []
    for serial, subject in ("0x80ab", "/CN=xcap.example.org"), ("0xff00000000000001", "/C=DE/O=Operator/CN=sip:user@example.org"):
        with open(names, "w") as f:
            f.write("[req]\ndistinguished_name=d\n[d]\n[v3]\nsubjectAltName=DNS:a.example.org,URI:sip:user@example.org\n")
        made.append(openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-keyout", key,
                            "-outform", "DER", "-set_serial", serial, "-subj", subject, "-config", names, "-extensions", "v3"))
    shown = [m.message(11, (len(der) + 3).to_bytes(3, "big") + len(der).to_bytes(3, "big") + der, m.TLS12) for der in made]
    frames = connection((0, m.client_hello([0xC02B], m.TLS12)), (1, m.server_hello(0xC02B, m.TLS12) + shown[0] + m.certificate_request(m.TLS12)
                        + m.done(m.TLS12)), (0, shown[1] + m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (1, m.finished(m.TLS12)), at=0)
    path, site = os.path.join(folder, "both.pcap"), os.path.join(folder, "site.yaml")
    capturelib.write_frames(path, frames)
    for privacy in "clear", "hashed":
        with open(site, "w") as f:
            f.write("privacy: %s\n" % privacy)
        tls = of_type(events(binary, "-c", site, "-r", path)[0], "tls")[0]["tls"]
        check(told_of(tls) == as_openssl_says(made[0]), "the server's", told_of(tls), as_openssl_says(made[0]))
        own, wanted = tls.get("client", {}), as_openssl_says(made[1])
        if privacy == "clear":
            check(told_of(own) == wanted and own.get("subjectaltname") == ["a.example.org", "sip:user@example.org"], "the client's", own, wanted)
        else:  # it has signed its certificate itself: the issuer's name is the user's
            check(own.get("subject", "").startswith("hash:") and own["issuerdn"] == own["subject"], "a user's name", own)
            check(set(own) == {"subject", "issuerdn", "notbefore", "notafter"}, "what tells one user from others", own)
    path = os.path.join(PCAPS, "openssl-tls12-client-certificate-sent.pcap")
    der = subprocess.run(["tshark", "-r", path, "-Y", "tls.handshake.type == 16", "-T", "fields", "-e", "tls.handshake.certificate"],
                         capture_output=True, text=True).stdout.split()[0].split(",")[0]
    own, wanted = of_type(events(binary, "-r", path)[0], "tls")[0]["tls"].get("client", {}), as_openssl_says(bytes.fromhex(der))
    check((own.get("notbefore"), own.get("notafter")) == wanted[4:], "of openssl", own, wanted)


def test_from_proto():
    """Suricata's name of what was spoken before TLS began: of a CONNECT (RFC 9110 9.3.6) and of an Upgrade (RFC 2817) it is http."""
    for name, wanted in (("openssl-connect-proxy", {"http"}), ("openssl-http-upgrade", {"http"}), ("openssl-tls12-null", {None})):
        told = {e["tls"].get("from_proto") for e in of_type(events(binary, "-r", os.path.join(PCAPS, name + ".pcap"))[0], "tls")}
        check(told == wanted, name, "from_proto", told)


def through_pipeline(event, processors):
    """The members of an event by their full names, after the processors of the pipeline that change them."""
    flat = dict(flatten(event, ""))
    for p in processors:
        (kind, what), = p.items()
        field = what["field"]
        if field not in flat:
            continue
        if kind == "rename":
            flat[what["target_field"]] = flat.pop(field)
        elif kind == "gsub":
            flat[field] = re.sub(what["pattern"], what["replacement"], flat[field])
        elif kind == "dissect":
            names = re.findall(r"%{([^}]*)}", what["pattern"])
            found = re.fullmatch(re.sub(r"%{[^}]*}", "(.*)", what["pattern"].replace(".", r"\.")), flat[field])
            flat.update(zip(names, found.groups()) if found else [])
        elif kind == "lowercase":
            flat[field] = flat[field].lower()
    return flat


def flatten(value, before):
    for k, v in value.items():
        if isinstance(v, dict):
            yield from flatten(v, before + k + ".")
        else:
            yield before + k, v


def test_versions():
    """ECS has "1.2" as tls.version and "tls" as tls.version_protocol, and of SSL likewise."""
    with open(os.path.join(ROOT, "tools", "siem", "elastic-pipeline.json")) as f:
        processors = json.load(f)["processors"]
    for name, wanted in (("openssl-tls12-null", ("tls", "1.2")), ("jsse-tls10-anon-only-accepted", ("tls", "1.0")),
                         ("jsse-sslv3", ("ssl", "3")), ("bc-tls13-full", ("tls", "1.3"))):
        path = os.path.join(PCAPS, name + ".pcap")
        told = [through_pipeline(e, processors) for e in of_type(events(binary, "-r", path)[0], "tls")]
        told = {(e.get("tls.version_protocol"), e.get("tls.version")) for e in told}
        check(told == {wanted}, name, told)


def has(value, path):
    return not path or (isinstance(value, dict) and path[0] in value and has(value[path[0]], path[1:]))


validate(captures())
test_pipeline()
test_versions()
test_hellos()
test_from_proto()
with tempfile.TemporaryDirectory() as temporary:
    test_certificates(temporary)
test_excepted()
test_lists()
test_long()
test_what_it_is_about()
test_what_is_no_matter()
test_stats()
test_app_proto()
finish()
