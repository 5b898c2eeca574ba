#!/usr/bin/env python3
"""Is the leg behind a proxy, which is not Ut, told apart from a UE that speaks HTTP in clear? usage: passed_on.py UTWATCH"""
import ipaddress
import os
import struct
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
    for case in (signs_in_a_request, header_of_a_balancer, a_server_that_asks, ues_behind_a_balancer,
                 a_certificate_of_the_proxy):
        case(temporary)
finish()
