#!/usr/bin/env python3
"""Is HTTP in clear at port 443 not taken for Ut if it asks for nothing, for another server through a proxy, for a service that its standard leaves
in clear, or for a web page, and is a request of Ut still reported? usage: asked_elsewhere.py UTWATCH"""
import os
import sys
import tempfile

from run_utwatch import events, of_type, rule_counts
from checks import check, finish
from made_sessions import CLIENT, SERVER, START
import capturelib
import messages as m

UTWATCH = sys.argv[1]
RULE = "ut-4-tls-required"
ADDRESS, DOCUMENT = "192.0.2.1", b"/simservs.ngn.etsi.org/users/sip:a@b/simservs.xml"
OK, NO = (b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % s for s in (b"200 OK", b"405 No"))
TUNNEL = b"HTTP/1.1 200 OK\r\n\r\n"
UPGRADE = b"Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\n" + UPGRADE + b"\r\n"
CREDENTIALS = b'Authorization: Digest username="a", realm="x", nonce="1", uri="/", response="1"\r\n'
AKA = b'HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm="a", nonce="n", algorithm=AKAv1-MD5, qop="auth-int"\r\nContent-Length: 0\r\n\r\n'


def asks(target, fields=b"", host=b"www.example", method=b"GET"):
    return CLIENT, method + b" " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + fields + b"\r\n"


def asked(*words, answer=OK, **more):
    return [asks(*words, **more), (SERVER, answer)]


def through(authority, *steps, answer=TUNNEL):
    return [asks(authority, host=authority, method=b"CONNECT"), (SERVER, answer), *steps]


def run(folder, frames, scope=""):
    """So many requests without TLS are reported; None: none."""
    path, site = os.path.join(folder, "asked.pcap"), os.path.join(folder, "site.yaml")
    capturelib.write_frames(path, frames)
    with open(site, "w") as f:
        f.write("scope: { %s }\n" % scope)
    evs = events(UTWATCH, *(("-c", site) if scope else ()), "-r", path)[0]
    told = [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == RULE]
    check(all(e["alert"]["severity"] == 1 for e in told), told)
    return told[0]["utwatch"]["requests"] if told else None


def built(steps, port=443):
    return capturelib.build(steps, server=(ADDRESS, port), time=START)


def at_a_proxy(folder):
    """RFC 9112 3.2.2, RFC 9110 9.3.6: what is asked for is the authority's, by its own port, which is 80 for http (RFC 9110 4.2.1)."""
    for what, steps, requests in (
            ("http", asked(b"http://www.example/x"), None), ("HTTP", asked(b"HTTP://www.example"), None),
            ("a user", asked(b"http://a:443@www.example/x"), None), ("port 8080", asked(b"http://www.example:8080/x"), None),
            ("no port", asked(b"http://www.example:/x"), None), ("an address", asked(b"http://[2001:db8::443]/x"), None),
            ("a query", asked(b"http://www.example?:443"), None),
            ("https, port 80", asked(b"https://www.example:80/x"), None), ("ftp", asked(b"ftp://ftp.example/x"), None),
            ("port 443", asked(b"http://www.example:443/x"), 1), ("https", asked(b"https://www.example/x"), 1),
            ("an address, port 443", asked(b"http://[2001:db8::1]:443/x"), 1), ("a path with a colon", asked(b"/http://www.example/"), 1),
            ("a document", asked(b"http://xcap.example.org" + DOCUMENT), 1), ("an identity", asked(
                b"http://a/x", b'X-3GPP-Intended-Identity: "sip:a@b"\r\n'), 1),
            ("a host of XCAP", asked(b"http://xcap.ims.mnc001.mcc001.pub.3gppnetwork.org/x"), 1),
            ("another, then a document", asked(b"http://www.example/x") + asked(DOCUMENT), 1),
            ("a document, then another", asked(DOCUMENT) + asked(b"http://www.example/x"), 1),
            ("a tunnel to 80", through(b"www.example:80", *asked(b"/")), None),
            ("a tunnel to 8443", through(b"[2001:db8::1]:8443", *asked(b"/"), *asked(b"/y")), None),
            ("a tunnel to 80, a document", through(b"www.example:80", *asked(b"/"), *asked(DOCUMENT)), 1),
            ("a tunnel to XCAP, by 80", through(b"xcap.example.org:80", *asked(b"/x")), 1),
            ("a tunnel to 443", through(b"www.example:443", *asked(b"/")), 1), ("a tunnel to no port", through(b"www.example", *asked(b"/")), 1),
            ("a tunnel refused", through(b"www.example:80", *asked(b"/"), answer=NO), 1)):
        found = run(folder, built(steps))
        check(found == requests, "at port 443:", what, found)
    refused = through(b"xcap.example.org:443", *asked(b"/", host=b"proxy.example"), answer=NO)
    check(run(folder, built(refused, 3128)) is None, "a proxy that refuses is asked itself")
    page, tunnel = built(asked(b"http://www.example/x")), built(through(b"www.example:80", *asked(b"/")))
    for scope, requests in (('servers: ["%s"]' % ADDRESS, 1), ("names: [www.example]", 1), ("names: [xcap.example]", None), ("ports: [443]", None)):
        for frames in (page, tunnel):
            found = run(folder, frames, scope)
            check(found == requests, "within", scope, found)
    # What is missing may be the CONNECT; of a document it makes no difference.
    for target, wanted in ((b"/", {None}), (DOCUMENT, {None, 1})):
        frames = built(through(b"www.example:80", *asked(target)))
        found = {run(folder, frames[:i] + frames[i + 1:]) for i in range(len(frames))} | {run(folder, frames[i:]) for i in range(len(frames))}
        check(found == wanted, "a part of a tunnel with", target, found)
        check(run(folder, built(asked(target))[3:]) == max(wanted, key=lambda n: n or 0), "the start is missing:", target)


def for_nothing(folder):
    """RFC 9110 9.3.7: OPTIONS * is about the server in general. RFC 2817 3.2: with an Upgrade, lest a request goes without TLS."""
    for what, more, method, target, requests in (
            ("an Upgrade", UPGRADE, b"OPTIONS", b"*", None), ("a ping", b"", b"OPTIONS", b"*", None), ("a path", UPGRADE, b"OPTIONS", b"/", None),
            ("credentials", UPGRADE + CREDENTIALS, b"OPTIONS", b"*", 1), ("a cookie", b"Cookie: a=b\r\n", b"OPTIONS", b"*", 1),
            ("an identity", UPGRADE + b'X-3GPP-Intended-Identity: "sip:a@b"\r\n', b"OPTIONS", b"*", 1),
            ("a document", UPGRADE, b"OPTIONS", DOCUMENT, 1), ("a resource", b"", b"OPTIONS", b"/", 1), ("GET", UPGRADE, b"GET", b"/", 1)):
        for status, answer in ((200, OK), (405, NO), (101, SWITCHED), (0, b"")):
            found = run(folder, built(asked(target, more, method=method, answer=answer)[:2 if answer else 1]))
            check(found == requests, "answered", status, "OPTIONS with", what, found)
    frames = built(asked(b"*", UPGRADE, method=b"OPTIONS", answer=NO) + asked(DOCUMENT))
    check(run(folder, frames) == 1, "OPTIONS, then a document")
    check(run(folder, built(asked(b"*", UPGRADE, method=b"OPTIONS")), 'servers: ["%s"]' % ADDRESS) is None, "at a server of Ut")


def other_services(folder):
    """TS 33.220 4.5.2 (Ub, to the BSF: Digest AKA, RFC 3310), TS 33.246 (MBMS): HTTP without TLS."""
    digest = CREDENTIALS.replace(b'nonce="1"', b'nonce="1", algorithm=AKAv1-MD5')
    bsf = b"bsf.mnc001.mcc001.pub.3gppnetwork.org"
    for what, steps, requests in (
            ("Ub", asked(b"/", CREDENTIALS, host=bsf, answer=AKA) + asked(b"/", digest, host=bsf), None),
            ("Ub, at another name", asked(b"/", CREDENTIALS, answer=AKA) + asked(b"/", digest), None),
            ("Ub, its first answer", asked(b"/", CREDENTIALS, answer=AKA), None), ("Ub, no answer", asked(b"/", CREDENTIALS, host=bsf)[:1], None),
            ("keys of MBMS", asked(b"/keymanagement?requesttype=register", method=b"POST"), None),
            ("Ub, then a document", asked(b"/", CREDENTIALS, answer=AKA) + asked(DOCUMENT), 1),
            ("a document, answered by AKA", asked(DOCUMENT, answer=AKA), 1), ("a document at a BSF", asked(DOCUMENT, host=bsf), 1),
            ("another digest", asked(b"/", CREDENTIALS, answer=AKA.replace(b"AKAv1-", b"")), 1),
            ("a page of that name", asked(b"/", host=b"www.bsf.example"), 1), ("a page of keys", asked(b"/keymanagement"), 1)):
        for scope in "", 'servers: ["%s"]' % ADDRESS:
            found = run(folder, built(steps), scope)
            check(found == requests, what, scope, found)


def traces(folder):
    """RFC 9110 9.3.8: TRACE asks for nothing but what it is itself."""
    echo = b"HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nContent-Length: 0\r\n\r\n"
    for what, more, target, requests in (("nothing", b"", b"/", None), ("Max-Forwards", b"Max-Forwards: 0\r\n", b"/x", None),
                                         ("a document", b"", DOCUMENT, 1), ("credentials", CREDENTIALS, b"/", 1),
                                         ("a cookie", b"Cookie: a=b\r\n", b"/", 1)):
        for answer in (echo, NO, b""):
            found = run(folder, built(asked(target, more, method=b"TRACE", answer=answer)[:2 if answer else 1]))
            check(found == requests, "TRACE with", what, answer[:12], found)
    check(run(folder, built(asked(b"/", method=b"TRACE", answer=echo) + asked(DOCUMENT))) == 1, "TRACE, then a document")
    check(run(folder, built(asked(b"/", method=b"TRACY"))) == 1, "another method")


def answered_by_another_service(folder):
    """RFC 6455 4.2.2: 101 begins WebSocket. RFC 6960 A, RFC 2585 4: OCSP, revocation lists and certificates are fetched in clear."""
    def typed(kind, status=b"200 OK"):
        return b"HTTP/1.1 %s\r\nContent-Type: application/%s\r\nContent-Length: 0\r\n\r\n" % (status, kind)
    socket = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    begun = SWITCHED.replace(b"TLS/1.0", b"websocket")
    ocsp = b"Content-Type: application/ocsp-request\r\nContent-Length: 0\r\n"
    for what, steps, requests in (
            ("WebSocket", asked(b"/chat", socket, answer=begun), None), ("WebSocket, with frames", asked(b"/chat", socket, answer=begun)
                                                                         + [(CLIENT, b"\x81\x85\1\2\3\4abcde"), (SERVER, b"\x81\5hello")], None),
            ("WebSocket, passed over", asked(b"/chat", socket), 1), ("WebSocket, no answer", asked(b"/chat", socket)[:1], 1),
            ("WebSocket, with credentials", asked(b"/chat", socket + CREDENTIALS, answer=begun), 1),
            ("WebSocket at a document", asked(DOCUMENT, socket, answer=begun), 1),
            ("OCSP", asked(b"/ocsp", ocsp, method=b"POST", answer=typed(b"ocsp-response")), None),
            ("OCSP, no answer", asked(b"/", ocsp, method=b"POST")[:1], None),
            ("OCSP by GET", asked(b"/ocsp/MFMw", answer=typed(b"ocsp-response")), None),
            ("a list", asked(b"/ca.crl", answer=typed(b"pkix-crl")), None), ("a CA", asked(b"/ca.cer", answer=typed(b"pkix-cert")), None),
            ("a list that is not there", asked(b"/ca.crl", answer=typed(b"pkix-crl", b"404 N")), 1),
            ("a page", asked(b"/ca.crl", answer=typed(b"xml")), 1),
            ("OCSP, then a document", asked(b"/", ocsp, method=b"POST", answer=typed(b"ocsp-response")) + asked(DOCUMENT), 1),
            ("a document, answered by a list", asked(DOCUMENT, answer=typed(b"pkix-crl")), 1)):
        for scope in "", 'servers: ["%s"]' % ADDRESS:
            found = run(folder, built(steps), scope)
            check(found == requests, what, scope, found)


def probes(folder):
    """A balancer that asks whether a server is up is no UE. Its name proves nothing: that is not observable, and a UE that the site names is
    reported."""
    agents = b"ELB-HealthChecker/2.0", b"GoogleHC/1.0", b"kube-probe/1.27", b"Envoy/HC", b"Consul Health Check", b"check_http/v2.3 (plugins 2.3)"
    for agent in agents:
        for method, target in ((b"GET", b"/healthz"), (b"HEAD", b"/"), (b"GET", b"/")):
            frames = built(asked(target, b"User-Agent: " + agent + b"\r\n", method=method))
            found = run(folder, frames), unclear(folder)
            check(found == (None, 1), "a probe:", agent, method, target, found)
            check(run(folder, frames, "clients: [192.0.2.0/24]") == 1, "a UE of the site's:", agent, method, target)
        found = run(folder, built(asked(DOCUMENT, b"User-Agent: " + agent + b"\r\n")))
        check(found == 1, "a document, asked for by", agent, found)
    for agent in (b"Client/5.0 (kube-probe/1.27)", b"GoogleBot", b"UE XDM-client/OMA1.0", b""):
        found = run(folder, built(asked(b"/healthz", b"User-Agent: " + agent + b"\r\n")))
        check(found == 1, "no probe:", agent, found)


def for_a_page(folder):
    """<img src="http://S:443/">, or a link, on any page makes a browser ask the server. What the request looks like is for the Fetch standard of the
    WHATWG to say (2.2.1: a page sends GET, HEAD and POST without the server's consent, 4.8: and OPTIONS to ask for it), and for RFC 9110 10.1.3
    (Referer), RFC 6454 7 (Origin), and the W3C's Fetch Metadata and Upgrade Insecure Requests. It is not observable then whether that is Ut."""
    agent = b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    referer, origin = b"Referer: http://evil.example/\r\n", b"Origin: http://evil.example\r\n"
    image, style, page = (b"Accept: %s\r\n" % kind for kind in (b"image/avif,image/webp,*/*;q=0.8", b"text/css,*/*;q=0.1", b"text/html,*/*;q=0.8"))
    identity, cookie = b'X-3GPP-Intended-Identity: "sip:a@b"\r\n', b"Cookie: a=b\r\n"
    refused, served = (b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status for status in (b"400 Bad Request", b"200 OK"))
    whole = b"".join((b"Connection: keep-alive\r\n", agent, page, b"Upgrade-Insecure-Requests: 1\r\n"))
    nobody, ut = (None, 1), (1, 0)
    for what, steps, wanted in (
            ("an image", asked(b"/x.png", agent + image + referer, host=b"192.0.2.1:443", answer=refused), nobody),
            ("an image of https", asked(b"/x.png", agent + image), nobody),
            ("an image, served", asked(b"/x.png", agent + image, answer=served), nobody),
            ("its agent alone", asked(b"/", agent), nobody), ("its page alone", asked(b"/", referer), nobody), ("its origin", asked(
                b"/", origin + b"Content-Length: 0\r\n", method=b"POST"), nobody),
            ("a link", asked(b"/", whole), nobody), ("a link, no answer", asked(b"/", whole)[:1], nobody), ("a style", asked(b"/", style), nobody),
            ("a frame", asked(b"/", b"Sec-Fetch-Site: cross-site\r\n"), nobody), ("cookies", asked(b"/", agent + cookie), nobody),
            ("a question before it", asked(b"/", origin + b"Access-Control-Request-Method: PUT\r\n", method=b"OPTIONS", answer=NO), nobody),
            ("a document", asked(DOCUMENT, agent + referer, host=b"xcap.ims.mnc001.mcc001.pub.3gppnetwork.org"), nobody),
            ("a document by its path", asked(b"http://x" + DOCUMENT, agent), nobody),
            ("a long way to it", [(CLIENT, part) for part in (b"GET /x.png HTTP/1.1\r\nHost: a\r\nRefe", b"rer: http://", b"e/" * 3000, b"\r\n\r\n")]
             + [(SERVER, refused)], nobody),
            ("a page, then a document", asked(b"/x.png", agent) + asked(DOCUMENT), ut),
            ("a document, then a page", asked(DOCUMENT) + asked(b"/x.png", agent), ut),
            ("a document that is written", asked(DOCUMENT, agent + b"Content-Length: 0\r\n", method=b"PUT"), ut),
            ("a document that is deleted", asked(DOCUMENT, whole, method=b"DELETE"), ut),
            ("an identity", asked(DOCUMENT, agent + identity), ut), ("credentials", asked(b"/", agent + CREDENTIALS), ut),
            ("what a library accepts", asked(b"/", page + b"User-Agent: Java/17.0.1\r\n"), ut), ("all types", asked(b"/", b"Accept: */*\r\n"), ut),
            ("an agent that names it", asked(b"/", b"User-Agent: XDM-client/OMA1.0 (as Mozilla/5.0)\r\n"), ut)):
        for scope in "", 'servers: ["%s"]' % ADDRESS, "clients: [192.0.2.0/24], ports: [443]":
            found = run(folder, built(steps), scope), unclear(folder) if not scope else wanted[1]
            check(found == wanted, "for a page:", what, scope, found)


def answered_in_another_protocol(folder):
    """RFC 2817 3.2, RFC 7540 3.2: the answer to what was asked comes within the protocol that is switched to, and nobody knows whether it serves. A
    request for WebSocket asks for nothing else (RFC 6455 4.2.2)."""
    def switched(to):
        return SWITCHED.replace(b"TLS/1.0", to)
    unknown, served, refused = ("; no answer that serves is known", "ue"), (", 1 of them served", "both"), (", none served", "ue")
    for what, steps, (words, fault) in (
            ("TLS", asked(DOCUMENT, UPGRADE, answer=SWITCHED), unknown),
            ("TLS, and it begins", asked(DOCUMENT, UPGRADE, answer=SWITCHED) + [(CLIENT, m.client_hello([0x002F]))], unknown),
            ("HTTP/2", asked(DOCUMENT, b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
                             answer=switched(b"h2c")), unknown),
            ("TLS, passed over", asked(DOCUMENT, UPGRADE), served), ("TLS, refused", asked(DOCUMENT, UPGRADE, answer=NO), refused),
            ("TLS after a document", asked(DOCUMENT) + asked(b"*", UPGRADE, method=b"OPTIONS", answer=SWITCHED), served),
            ("WebSocket", asked(DOCUMENT, UPGRADE.replace(b"TLS/1.0", b"websocket"), answer=switched(b"websocket")), served)):
        path = os.path.join(folder, "switched.pcap")
        capturelib.write_frames(path, built(steps))
        told = [e["utwatch"] for e in of_type(events(UTWATCH, "-r", path)[0], "alert") if e["utwatch"]["rule"] == RULE]
        check([(t["observed"], t["fault"]) for t in told] == [("HTTP without TLS: 1 request" + words, fault)], "switched to", what, told)


def unclear(folder):
    """In how many connections of the last capture the rule was not observable."""
    return rule_counts(events(UTWATCH, "-r", os.path.join(folder, "asked.pcap"))[0])[RULE]["not_observable"]


with tempfile.TemporaryDirectory() as temporary:
    for case in (at_a_proxy, for_nothing, other_services, traces, answered_by_another_service, answered_in_another_protocol, probes, for_a_page):
        case(temporary)
finish()
