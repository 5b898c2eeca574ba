#!/usr/bin/env python3
"""Is the leg behind a proxy, which is not Ut, distinguished from a UE that speaks HTTP in clear? usage: passed_on.py UTWATCH"""
import csv
import ipaddress
import os
import re
import struct
import subprocess
import sys
import tempfile

from run_utwatch import events, of_type, rule_counts
from checks import check, finish
from made_sessions import CLIENT, SERVER, START
import capturelib
import messages as m

UTWATCH = sys.argv[1]
AES, SECOND = 0x002F, 10**9
UE, PROXY, ORIGIN = ("198.51.100.10", 40000), "192.0.2.80", "192.0.2.90"
TLS, HTTP = "ut-4-tls-required", "ut-5.1.1-http-authentication"


def asks(more=b""):
    return [(CLIENT, b"GET /simservs.ngn.etsi.org/users/sip:a@b/simservs.xml HTTP/1.1\r\nHost: xcap.example.org\r\n" + more + b"\r\n"),
            (SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: application/simservs+xml\r\nContent-Length: 11\r\n\r\n<simservs/>")]


def shakes(*of_client, request=b""):
    hello = m.client_hello([AES], m.TLS12)
    return [(CLIENT, hello), (SERVER, m.server_hello(AES, m.TLS12, b"") + request + m.done(m.TLS12)),
            (CLIENT, b"".join(of_client) + m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12))]


def header_v2(client, more=b"", command=1):
    """HAProxy's proxy-protocol.txt 2.2: a signature, the command, AF_INET over STREAM, the length, both ends, and TLVs."""
    ends = ipaddress.ip_address(client).packed + ipaddress.ip_address(PROXY).packed + struct.pack("!HH", 51000, 443) + more
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, 0x11]) + struct.pack("!H", len(ends)) + ends


# 2.2.6: PP2_TYPE_SSL, with PP2_CLIENT_SSL and the version that the client speaks.
OF_TLS = b"\x20" + struct.pack("!H", 5 + 3 + 7) + b"\1" + struct.pack("!I", 1) + b"\x21" + struct.pack("!H", 7) + b"TLSv1.2"


def run(folder, frames, *words, profile="ts33141-pcr2"):
    path = os.path.join(folder, "passed_on.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs = events(UTWATCH, "-p", profile, *words, "-r", path)[0]
    return {e["utwatch"]["rule"]: e["utwatch"]["fault"] for e in of_type(evs, "alert")}, rule_counts(evs), evs


def leg(steps, client=PROXY, server=(ORIGIN, 80), time=START + SECOND):
    return capturelib.build(steps, client=(client, 41000), server=server, time=time)


def before(client=UE, server=(PROXY, 443)):
    """The UE's own connection to the proxy."""
    return capturelib.build(shakes(), client=client, server=server, time=START)


def told_apart(what, found):
    accused, rules, evs = found
    check(TLS not in accused and HTTP not in accused, what, accused)
    check(rules[TLS].get("not_observable") == 1, what, rules[TLS])
    check(any(e["utwatch"].get("passed_on") for e in evs if e["event_type"] in ("http", "flow")), what, [e["event_type"] for e in evs])


def signs_in_a_request(folder):
    """TS 24.109: an AP adds X-3GPP-Asserted-Identity, which no UE has. RFC 9110 7.6.3, RFC 7239: a proxy says that it passes a request on."""
    listed = os.path.join(folder, "listed.yaml")
    with open(listed, "w") as f:
        f.write('scope: { clients: ["192.0.2.0/24"], servers: ["%s"] }\n' % ORIGIN)
    for field in (b'X-3GPP-Asserted-Identity: "sip:a@b"', b"Via: 1.1 ap.example.org", b"X-Forwarded-For: 198.51.100.10",
                  b"Forwarded: for=198.51.100.10;proto=https", b"x-forwarded-proto: https"):
        told_apart(field, run(folder, leg(asks(field + b"\r\n"))))
        told_apart(("the first of two requests", field), run(folder, leg(asks(field + b"\r\n") + asks())))
        accused, _, _ = run(folder, leg(asks(field + b"\r\n")), "-c", listed)
        check(accused.get(TLS) == "both", "of an address that the site calls a UE:", field, accused)
    accused, _, evs = run(folder, leg(asks(b"X-Viable: 1\r\nForwarded-By: x\r\n")))
    check(accused.get(TLS) == "both" and accused.get(HTTP) == "server", "no proxy's field", accused)
    check(not any("passed_on" in e.get("utwatch", {}) for e in evs), "no proxy's field")


def not_known_to_be(folder):
    """A UE can write Via itself, as can a program on it that compresses what it sends: nobody says that it is a proxy, nor that there was nothing."""
    run(folder, leg(asks(b"Via: 1.1 ap.example.org\r\n")))
    p = subprocess.run([UTWATCH, "-r", os.path.join(folder, "passed_on.pcap")], capture_output=True, text=True, timeout=60)
    text = " ".join(p.stdout.split())
    check("a proxy or balancer seems to have passed it on: what the UE sent is not known" in text, text)
    check("1 connection with HTTP in clear that gave no verdict" in text, text)


def header_of_a_balancer(folder):
    for what, header in (("version 2, of TLS", header_v2(UE[0], OF_TLS)), ("version 2", header_v2(UE[0])),
                         ("version 1", b"PROXY TCP4 198.51.100.10 192.0.2.80 51000 443\r\n")):
        (_, ask), answer = asks()
        told_apart(what, run(folder, leg([(CLIENT, header + ask), answer])))
        told_apart((what, "by itself"), run(folder, leg([(CLIENT, header), (CLIENT, ask), answer])))
        told_apart((what, "in two"), run(folder, leg([(CLIENT, header[:20]), (CLIENT, header[20:] + ask), answer])))


def a_server_that_asks(folder):
    """The UE's own connection shows that the client of the next one ends TLS."""
    told_apart("a server of TLS", run(folder, before() + leg(asks())))
    for what, frames, client in (("its UE", before(), UE[0]), ("another host", before(), "198.51.100.99"),
                                 ("which served itself", before(client=(PROXY, 5000)), PROXY),
                                 ("a loopback address", before(server=("127.0.0.1", 443)), "127.0.0.1")):
        accused, _, _ = run(folder, frames + leg(asks(), client=client))
        check(accused.get(TLS) == "both", what, accused)


def ues_behind_a_balancer(folder):
    """A balancer that passes TLS on has the hellos of many UEs: what one of them offers says nothing of another."""
    def counted(header):
        frames = []
        for n, suites in enumerate(([0x0009], [AES])):
            steps = shakes()
            if n == 0:
                steps = [(CLIENT, m.client_hello(suites, m.TLS12)), (SERVER, m.alert(2, 40))]
            frames += leg([(CLIENT, header(n) + steps[0][1])] + steps[1:] if header else steps, server=(ORIGIN, 443), time=START + n * 60 * SECOND)
        return run(folder, frames)

    accused, rules, _ = counted(None)
    check(rules["ut-6.2-ue-offers-encryption"].get("pass", 0) > 0 or "ut-6.2-ue-offers-encryption" in accused, "one UE", rules)
    one = sum(rules[r].get("pass", 0) + rules[r].get("fail", 0) for r in ("ut-5.1.2-possible-128", "ut-6.2-ue-3des"))
    for what, header in (("version 1", lambda n: b"PROXY TCP4 198.51.100.%d 192.0.2.80 51000 443\r\n" % (77 + n)),
                         ("version 2", lambda n: header_v2("198.51.100.%d" % (77 + n)))):
        accused, rules, _ = counted(header)
        check("ut-6.2-ue-3des" not in accused, what, accused)
        many = sum(rules[r].get("pass", 0) + rules[r].get("fail", 0) for r in ("ut-5.1.2-possible-128", "ut-6.2-ue-3des"))
        check(many < one, "nothing of the balancer as a UE", what, many, one)


def named_by_a_header(folder):
    """proxy-protocol.txt 2.1 and 2.2: the header names the client's address and port. That is what its sender says: told so, and no other host's."""
    rule, anonymous = "ut-6.4-anonymous-key-exchange", 0x0018
    hello = m.client_hello([anonymous], m.TLS12)
    rest = [(SERVER, m.server_hello(anonymous, m.TLS12, b"") + m.done(m.TLS12)), (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
            (SERVER, m.finished(m.TLS12))]
    v1, v2 = b"PROXY TCP4 198.51.100.10 192.0.2.80 51000 443\r\n", header_v2(UE[0], OF_TLS)
    six = b"PROXY TCP6 2001:db8::10 2001:db8::80 51000 443\r\n"
    told = {"ip": UE[0], "port": 51000}
    for what, before_hello, named in (("version 1", [v1 + hello], told), ("version 2", [v2 + hello], told), ("version 1, alone", [v1, hello], told),
                                      ("version 2, alone", [v2, hello], told), ("IPv6", [six + hello], {"ip": "2001:db8::10", "port": 51000}),
                                      ("two of them", [header_v2("192.0.2.1") + v1 + hello], {}),
                                      ("two of them, each alone", [v1, header_v2("192.0.2.1"), hello], {}),
                                      ("of the balancer itself", [header_v2(UE[0], command=0) + hello], {}),
                                      ("of nobody", [b"PROXY UNKNOWN\r\n" + hello], {}), ("none", [hello], None),
                                      *(("a port of " + port, [v1.replace(b"51000", port.encode()) + hello], {})
                                        for port in ("0", "51x00", "510000", "70000"))):
        accused, _, evs = run(folder, leg([(CLIENT, part) for part in before_hello] + rest, server=(ORIGIN, 443)))
        # Whoever is named is not shown to have taken part; the server, and the balancer where nobody is named, are.
        check(accused.get(rule) == ("server" if named else "both"), what, accused)
        severities = {e["alert"]["severity"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule}
        check(severities == {1}, what, "severities", severities)
        for e in of_type(evs, "tls") + [a for a in of_type(evs, "alert") if a["utwatch"]["about"] == "handshake"]:
            check(e["utwatch"].get("proxied_for") == named and e["src_ip"] == PROXY, what, e["event_type"], e["utwatch"].get("proxied_for"))
        path = os.path.join(folder, "passed_on.pcap")
        text = subprocess.run([UTWATCH, "-r", path], capture_output=True, text=True, timeout=60).stdout
        ue = re.search(r"at fault as well: UE (.*)", text)
        wanted = None if named else PROXY + (" (behind a PROXY header)" if named is not None else "")
        check((ue and ue[1]) == wanted, what, ue)
        table = subprocess.run([UTWATCH, "--report", "csv", "-r", path], capture_output=True, text=True, timeout=60).stdout
        rows = csv.DictReader(table.splitlines())
        found = {(r["client"], r["client_port"], r.get("client_named_by")) for r in rows if r["rule"] == rule}
        wanted = (named or {}).get("ip", PROXY), str((named or {}).get("port", 41000)), "PROXY header" if named is not None else ""
        check(found == {wanted}, what, "CSV", found)
    # What is lost behind the hello takes no name away.
    whole = leg([(CLIENT, v1 + hello)] + rest, server=(ORIGIN, 443))
    second = max((f for f in whole if f[1][26:30] == ipaddress.ip_address(PROXY).packed), key=lambda f: len(f[1]) if v1 not in f[1] else 0)
    _, _, evs = run(folder, [f for f in whole if f is not second])
    e = of_type(evs, "tls")[0]["utwatch"]
    check(e.get("proxied_for") == told and "gap" in e["unobserved"], "a gap behind the hello", e)
    # Two UEs of one balancer are two, and the host that has the address is a third.
    frames = [f for n, header in enumerate((v1, v1.replace(b".10 ", b".11 "), b""))
              for f in leg([(CLIENT, header + hello)] + rest, client=PROXY if header else UE[0], server=(ORIGIN, 443), time=START + n * 60 * SECOND)]
    run(folder, frames)
    site = os.path.join(folder, "its-ues.yaml")
    with open(site, "w") as f:
        f.write('scope: { clients: ["198.51.100.0/24"] }\n')
    for words, wanted in (((), "UE 198.51.100.10"),
                          (("-c", site), "UEs 198.51.100.10 (behind a PROXY header), 198.51.100.11 (behind a PROXY header), 198.51.100.10")):
        text = subprocess.run([UTWATCH, *words, "-r", os.path.join(folder, "passed_on.pcap")], capture_output=True, text=True, timeout=60).stdout
        found = re.search(r"at fault as well: (UEs?.*?)\n(?:HIGH|MEDIUM|\n)", text, re.S)
        both = " ".join(found[1].split()) if found else text
        check(both == wanted, "three UEs", both)
    # By either address it is a UE of the site: who writes another one is not left out by it.
    for networks, wanted in (("198.51.100.0/24", True), ("192.0.2.80/32", True), ("203.0.113.0/24", False)):
        site = os.path.join(folder, "clients.yaml")
        with open(site, "w") as f:
            f.write('scope: { clients: ["%s"] }\n' % networks)
        accused, _, _ = run(folder, leg([(CLIENT, v1 + hello)] + rest, server=(ORIGIN, 443)), "-c", site)
        check((rule in accused) == wanted, "scope", networks, accused)


def header_of_a_ue(folder):
    """A UE can write the header of another one. nginx 1.22 takes it for a request then and answers 400, and s_server of OpenSSL 3.0 closes, where
    they expect none; other stacks send an alert about the record. So the hello is known to be read only where the answer is about what it says.
    And who is known by the header only is known by its sender's word."""
    rule, offer = "ut-6.2-ue-offers-encryption", b"PROXY TCP4 198.51.100.10 192.0.2.80 51000 443\r\n" + m.client_hello([2], m.TLS12)
    sites = {}
    for which, networks in (("all", "0.0.0.0/0"), ("the other", "198.51.100.0/24")):
        sites[which] = os.path.join(folder, which.replace(" ", "-") + ".yaml")
        with open(sites[which], "w") as f:
            f.write('scope: { clients: ["%s"] }\n' % networks)

    def of(answer, *words):
        _, rules, evs = run(folder, leg([(CLIENT, offer), *answer], server=(ORIGIN, 443)), *words)
        found = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
        return rules[rule], found[0]["utwatch"] if found else None, evs

    for what, answer in (("closes", []), ("400", [(SERVER, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]),
                         *(("alert %d" % n, [(SERVER, m.alert(2, n))]) for n in (10, 22, 50, 70))):
        counts, found, evs = of(answer)
        check(not found and counts.get("not_observable") == 1, what, counts)
        check(not any(e["utwatch"]["fault"] != "none" for e in of_type(evs, "alert")), what, [e["utwatch"]["rule"] for e in of_type(evs, "alert")])
        check("passed-on" in of_type(evs, "stats")[-1]["utwatch"]["verdicts"]["reasons"], what, "the reason")
        # To a UE of the site nobody listens who expects a header.
        counts, found, evs = of(answer, "-c", sites["all"])
        check(found and found["fault"] == "ue" and "proxied_for" not in found, what, "of a UE of the site", found)
    refused = [(SERVER, m.alert(2, 40))]
    taken = [(SERVER, m.server_hello(2, m.TLS12, b"") + m.done(m.TLS12)), (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
             (SERVER, m.finished(m.TLS12))]
    for what, answer in (("refused", refused), ("taken", taken)):
        _, found, _ = of(answer)
        check(found and (found["basis"], found["fault"], found["proxied_for"]["ip"]) == ("partial", "ue", UE[0]), what, found)
        _, found, _ = of(answer, "-c", sites["the other"])
        check(found and (found["basis"], found["proxied_for"]["ip"]) == ("direct", UE[0]), what, "from a balancer of the site", found)


def ports_used_again(folder):
    """A header of one connection says nothing of the next one on its ports."""
    rule, v1 = "ut-6.2-ue-offers-encryption", b"PROXY TCP4 198.51.100.10 192.0.2.80 51000 443\r\n"
    first = leg([(CLIENT, v1 + m.client_hello([AES], m.TLS12)), (SERVER, m.alert(2, 40))], server=(ORIGIN, 443))
    second = leg([(CLIENT, m.client_hello([2], m.TLS12, random=b"\x33" * 32))], server=(ORIGIN, 443), time=START + 600 * SECOND)
    _, rules, evs = run(folder, first + second)
    found = [e["utwatch"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
    check(found and "proxied_for" not in found[0] and found[0]["fault"] == "ue", "the next connection", rules[rule])


def known_by_a_header(folder):
    """A baseline has the UE behind the header, of both forms, and no other UE of the balancer."""
    v1 = b"PROXY TCP4 198.51.100.10 192.0.2.80 51000 443\r\n"
    rule = "ut-6.2-ue-offers-encryption"
    steps = [(SERVER, m.server_hello(2, m.TLS12, b"") + m.done(m.TLS12)), (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
             (SERVER, m.finished(m.TLS12))]

    def of(header):
        path = os.path.join(folder, "known.pcap")
        capturelib.write_frames(path, leg([(CLIENT, header + m.client_hello([2], m.TLS12))] + steps, server=(ORIGIN, 443)))
        return path

    json_file, csv_file, old_csv = (os.path.join(folder, name) for name in ("known.json", "known.csv", "old.csv"))
    subprocess.run([UTWATCH, "-q", "--json", json_file, "--report", "csv:" + csv_file, "-r", of(v1)], capture_output=True, timeout=60)
    with open(csv_file, newline="") as now, open(old_csv, "w", newline="") as before_column:  # which said it behind the address
        before_column.write(now.read().replace(",client_named_by", "").replace("198.51.100.10,", "198.51.100.10 (behind a PROXY header),")
                            .replace(",PROXY header\r", "\r"))
    for header, wanted in ((v1, True), (v1.replace(b".10 ", b".11 "), False), (b"", False)):
        for known in (json_file, csv_file, old_csv):
            evs, _ = events(UTWATCH, "--baseline", known, "-r", of(header))
            found = [bool(e["utwatch"].get("known")) for e in of_type(evs, "alert") if e["utwatch"]["rule"] == rule]
            check(found == [wanted], "known", header[:30], known[-4:], found)


def a_certificate_of_the_proxy(folder):
    """Mutual TLS between proxy and server is Za or Zb."""
    rule = "ut-5.1.1-auth-http-based"
    own = struct.pack("!I", 6)[1:] + struct.pack("!I", 3)[1:] + b"\x30\1\0"
    mutual = shakes(m.certificate_message(own, m.TLS12), request=m.certificate_request(m.TLS12))
    for what, frames, wanted in (("of a UE", [], True), ("of a proxy", before(), False)):
        accused, rules, _ = run(folder, frames + leg(mutual, server=(ORIGIN, 443)), profile="ts33141-pcr1")
        check((rule in accused) == wanted, what, accused)
        check(rules[rule].get("not_observable", 0) == (not wanted), what, rules[rule])


with tempfile.TemporaryDirectory() as temporary:
    for case in (signs_in_a_request, not_known_to_be, header_of_a_balancer, a_server_that_asks, ues_behind_a_balancer, named_by_a_header,
                 header_of_a_ue, ports_used_again, known_by_a_header, a_certificate_of_the_proxy):
        case(temporary)
finish()
