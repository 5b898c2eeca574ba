#!/usr/bin/env python3
"""A hello is found behind whatever may precede it on a connection: the PROXY protocol of a balancer, alerts in clear, a HelloRequest; and raw public
keys (RFC 7250) are not broken certificates. usage: before_hello.py UTWATCH"""
import http.server
import os
import socket
import struct
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
# HAProxy's proxy-protocol.txt, 2.1 and 2.2: a TCP connection over IPv4, without and with a TLV.
LINE = b"PROXY TCP4 192.0.2.10 192.0.2.80 40000 443\r\n"
ADDRESSES = b"\xc0\0\2\x0a\xc0\0\2\x50\x9c\x40\1\xbb"


def header(more=b""):
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(ADDRESSES) + len(more)) + ADDRESSES + more


ALERT, REQUEST = m.alert(1, 90), m.message(0, b"")
HEADERS = {"line": LINE, "header": header(), "header with a name": header(b"\2\0\4xcap"), "those of two balancers": LINE + header(),
           "line last": header() + LINE, "header without addresses": b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "short line": b"PROXY UNKNOWN\r\n"}
BEFORE = {**{k: HEADERS[k] for k in ("line", "header", "header with a name")}, "an alert": ALERT}


def said(path, frames):
    capturelib.write_frames(path, frames)
    evs, _ = events(sys.argv[1], "-r", path)
    tls = [e for e in of_type(evs, "tls")]
    return [(e["tls"], {k: v for k, v in e["utwatch"].items() if k not in ("history", "alerts", "proxied_for")}) for e in tls]


def built(conversation):
    return capturelib.build(conversation, time=1795471000 * 10**9)


# ---- CONNECT and Upgrade of which a part was not captured. The frames: SYN, SYN/ACK, ACK, request, answer, hello. A direction is told by its port.

def verdict(path, frames, rule, words):
    """(verdict, reasons) of a rule that may apply once."""
    capturelib.write_frames(path, frames)
    evs, _ = events(sys.argv[1], "--fail-on", "info", *words, "-r", path)
    counts = rule_counts(evs)[rule]
    said = next(r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r["rule"] == rule)
    found = [v for v in ("pass", "fail", "not_observable", "not_applicable") if counts.get(v)]
    return found, {k for k, n in said.get("reasons", {}).items() if n}


def parts(frames):
    client = capturelib.segment_of(frames[0][1])[0]
    ours = [capturelib.segment_of(f)[0] == client for _, f in frames]
    return {"client-direction": [f for f, own in zip(frames, ours) if not own], "server-direction": [f for f, own in zip(frames, ours) if own],
            "gap": frames[:3] + frames[4:], **{"midstream, from frame %d" % n: frames[n - 1:] for n in range(5, 9)}}


def test_unseen(folder):
    path, site = os.path.join(folder, "unseen.pcap"), os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("scope: { servers: [0.0.0.0/0] }\n")
    of_site = ("-c", site, "-p", "ts33141-v1.0.0")
    for name, rule, words, whole in (("openssl-http-upgrade", "m-no-http-upgrade", ("-p", "modern"), "fail"),
                                     ("openssl-connect-proxy", "ut-5.1.4-no-proxy-configuration", of_site, "fail"),
                                     ("gen-connect-refused-ignored", "wap219-7-connect-abort", ("-p", "wap-219"), "fail"),
                                     ("openssl-http-upgrade", "wap219-7-connect", ("-p", "wap-219"), "fail"),
                                     ("openssl-tls12-full", "m-no-http-upgrade", ("-p", "modern"), "pass"),
                                     ("openssl-tls12-full", "ut-5.1.4-no-proxy-configuration", of_site, "pass")):
        frames = capturelib.read_frames(os.path.join(PCAPS, name + ".pcap"))
        check(verdict(path, frames, rule, words)[0] == [whole], name, rule, verdict(path, frames, rule, words))
        for what, kept in parts(frames).items():
            found, reasons = verdict(path, kept, rule, words)
            if found == [whole] and what == "server-direction":  # the client's own bytes tell
                continue
            check(found == ["not_observable"] and reasons & {what.split(",")[0]}, name, rule, what, found, reasons)


def test_in_clear(folder):
    """HTTP in clear is found behind a header of the PROXY protocol too: a balancer passes it on, and whether
    the UE spoke TLS to that is not seen."""
    path = os.path.join(folder, "clear.pcap")
    steps = [(CLIENT, b"GET / HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    for what, before in {"nothing": b"", **HEADERS}.items():
        together = [(CLIENT, before + steps[0][1]), steps[1]]
        apart = [(CLIENT, before), *steps]
        cut = [(CLIENT, before[:12]), (CLIENT, before[12:] + steps[0][1]), steps[1]]
        for way in (together, apart, cut) if before else (together,):
            capturelib.write_frames(path, built(way))
            evs, _ = events(sys.argv[1], "-r", path)
            told = [e["utwatch"]["observed"] for e in of_type(evs, "alert")]
            open_ = rule_counts(evs)["ut-4-tls-required"]["not_observable"]
            wanted = ([], 1) if before else (["HTTP without TLS: 1 request, 1 of them served"], 0)
            check((told, open_) == wanted, "HTTP in clear behind", what, [len(b) for _, b in way], told, open_)


def test_other_requests(folder):
    """RFC 9112 2.2 and RFC 9110 16.1, 9.3.6: behind an empty line, of any method, in a tunnel, a request is one. What is none keeps its reason."""
    path = os.path.join(folder, "request.pcap")
    serve, connect = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"CONNECT xcap.example.org:443 HTTP/1.1\r\nHost: xcap.example.org:443\r\n\r\n"
    tail = b" /x HTTP/1.1\r\nHost: xcap.example.org\r\n\r\n"
    tunnel = [(CLIENT, connect), (SERVER, b"HTTP/1.1 200 Connection established\r\n\r\n")]
    for what, before, request, frame in (("behind an empty line", [], b"\r\nGET" + tail, 4), ("REPORT", [], b"REPORT" + tail, 4),
                                         ("of no known method", [], b"X-Y" + tail, 4),
                                         ("in lower case", [], b"get" + tail, 4), ("in a tunnel", tunnel, b"GET" + tail, 6),
                                         ("in a tunnel, of no known method", tunnel, b"X-Y" + tail, 6)):
        capturelib.write_frames(path, built([*before, (CLIENT, request), (SERVER, serve)]))
        evs, _ = events(sys.argv[1], "-r", path)
        told = [(e["utwatch"]["observed"], e["pcap_cnt"]) for e in of_type(evs, "alert")]
        check(told == [("HTTP without TLS: 1 request, 1 of them served", frame)], "a request", what, told)
    for what, steps in (("no request at all", [(CLIENT, b"hello\r\n\r\n"), (SERVER, serve)]),
                        ("a request that does not parse", [(CLIENT, b"PUT /\r\n\r\n")])):
        found = verdict(path, built(steps), "ut-4-tls-required", ())
        check(found == (["not_observable"], {"malformed"}), what, found)
    found = verdict(path, built([*tunnel, (CLIENT, b"SSH-2.0-x\r\n"), (SERVER, b"SSH-2.0-y\r\n")]), "ut-4-tls-required", ())
    check(found[0] in ([], ["not_applicable"]), "a tunnel of something else:", found)
    # RFC 9110 15.5.8: the challenge of a proxy on the way is not the server's.
    for status, field, wanted in ((401, "WWW", ["fail"]), (407, "Proxy", ["not_applicable"])):
        answer = "HTTP/1.1 %d No\r\n%s-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n" % (status, field)
        found = verdict(path, built([(CLIENT, b"GET" + tail), (SERVER, answer.encode())]), "ut-5.1.1-gaa", ())
        check(found[0] == wanted, "a challenge in an answer of", status, found)


class Reader(http.server.BaseHTTPRequestHandler):
    """A server that somebody runs: what it makes of a request."""
    def do_GET(self):
        self.server.append(self.path)

    def log_message(self, *_):
        pass


def is_read(request):
    ours, theirs = socket.socketpair()
    paths = []
    with ours, theirs:
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        Reader(theirs, ("", 0), paths)
    return len(paths) == 1


def test_lenient(folder):
    """What a server may read is a request, though RFC 9112 has another way to write it: 3 (whitespace), 5.1, 5.2 (folds), RFC 1945 5 (no version).
    Nothing in it is too long to be one. The witness is Python's server, but where it has a bound of its own, or is strict."""
    path, served = os.path.join(folder, "lenient.pcap"), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    target = b"/simservs.ngn.etsi.org/users/sip:a@example.org/simservs.xml"
    encoded = target.replace(b"simservs.ngn", b"%73imservs%2Engn").replace(b"users", b"%75sers")

    def get(before=b"GET ", to=target, after=b" HTTP/1.1", fields=b""):
        return before + to + after + b"\r\n" + fields + b"Host: a\r\n\r\n"
    ways = {"a fold": get(fields=b"X: a\r\n b\r\n\tc\r\n"), "a fold of nothing": get(fields=b"X:\r\n \r\n"),
            "a line that is no field": get(fields=b"garbage\r\n"),
            "whitespace before the first field": get(fields=b" X: a\r\n"), "space before a colon": get(fields=b"X : a\r\n"),
            "a tab": get(before=b"GET\t"), "tabs and spaces": get(before=b"GET \t ", after=b"\t \tHTTP/1.1"),
            "space at the end": get(after=b" HTTP/1.1  "),
            "a long field": get(fields=b"Cookie: " + b"c" * 20000 + b"\r\n"),
            "many fields": get(fields=b"".join(b"X%02d: %s\r\n" % (i, b"x" * 300) for i in range(90))),
            "many of one field": get(fields=b"Accept: %s\r\n" % (b"x" * 300) * 90),
            "a long target": get(to=target + b"?" + b"x" * 20000),
            "an encoded target": get(to=encoded), "no version": b"GET " + target + b"\r\n",
            "a length that is none": get(fields=b"Content-Length: -1\r\n"),
            "two lengths": get(fields=b"Content-Length: 0\r\nContent-Length: 1\r\n"),
            "space in front": get(before=b" GET "), "vertical tabs": get(before=b"GET\v", after=b"\fHTTP/1.1"),
            "space in the target": get(to=target + b" x"),
            "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + get()}
    strict = ("space in the target", "the preface of HTTP/2")
    for what, request in ways.items():
        check(is_read(request) or what in strict, "Python's server does not read a request with", what)
        for size in (1400, len(request), 7):
            if size == 7 and len(request) > 1000:
                continue
            steps = [*((CLIENT, request[i:i + size]) for i in range(0, len(request), size)), (SERVER, served)]
            frames = capturelib.build(steps, server=("192.0.2.80", 80), time=1795471000 * 10**9)
            capturelib.write_frames(path, frames)
            evs, _ = events(sys.argv[1], "-r", path)
            told = [e["utwatch"]["observed"] for e in of_type(evs, "alert") if e["utwatch"]["rule"] == "ut-4-tls-required"]
            wanted = "HTTP without TLS: 1 request, 1 of them served"
            if what == "the preface of HTTP/2":  # nobody knows whose answer it is
                wanted = "HTTP without TLS: 1 request; no answer that serves is known"
            check(told == [wanted], "a request with", what, "in segments of", size, told)
    # What cannot be read to its end keeps its reason.
    for what, steps, lost, reason in (("a bad version", [(CLIENT, get(after=b" HTTX/1.1"))], None, "malformed"),
                                      ("no version", [(CLIENT, b"PUT " + target + b"\r\n\r\n")], None, "malformed"),
                                      ("a gap", [(CLIENT, get()[:80]), (CLIENT, get()[80:90]), (CLIENT, get()[90:])], 4, "gap")):
        frames = capturelib.build(steps, server=("192.0.2.80", 80), time=1795471000 * 10**9)
        found = verdict(path, [f for i, f in enumerate(frames) if i != lost], "ut-4-tls-required", ())
        check(found[0] == ["not_observable"] and reason in found[1], "a request with", what, found)
    # What was too long to be kept is not known, and not absent (TS 24.423: the identity in X-3GPP-Intended-Identity).
    identity = b"X-3GPP-Intended-Identity: \"sip:a@example.org\"" + b" " * 3000 + b"\r\n"
    for what, request in (("a target", get(to=b"/" + b"x" * 5000 + target)), ("an identity", get(fields=identity))):
        steps = [*((CLIENT, request[i:i + 1400]) for i in range(0, len(request), 1400)), (SERVER, served)]
        found = verdict(path, built(steps), "ut-5.1.1-own-data-only", ())
        check(found == (["not_observable"], {"too-long"}), "cut off:", what, found)


with tempfile.TemporaryDirectory() as folder:
    test_unseen(folder)
    test_lenient(folder)
    test_in_clear(folder)
    test_other_requests(folder)
    path = os.path.join(folder, "before.pcap")
    for name in ("openssl-tls12-full", "openssl-tls13-full", "jsse-tls10-anon-only-refused"):
        conversation = capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[0]
        side, hello = conversation[0]
        wanted = said(path, built(conversation))
        check(side == CLIENT and len(wanted) == 1, name, "is no recording of one handshake")
        for what, before in BEFORE.items():
            together = said(path, built([(CLIENT, before + hello), *conversation[1:]]))
            check(together == wanted, name, "behind", what, "in one segment:", together)
            for cut in (len(before), len(before) - 1, 3):
                apart = said(path, built([(CLIENT, before[:cut]), (CLIENT, before[cut:] + hello), *conversation[1:]]))
                check(apart == wanted, name, "behind", what, "cut at", cut, apart)
                if what.startswith("header"):  # and the server's direction captured first
                    frames = built([(CLIENT, before[:cut]), (CLIENT, before[cut:] + hello), *conversation[1:]])
                    late = said(path, [*frames[:3], (frames[3][0], frames[5][1]), *frames[3:5], *frames[6:]])
                    offers = [[u.get("client_hello") for _, u in tls] for tls in (late, wanted)]
                    check(offers[0] == offers[1], name, "behind", what, "cut at", cut, "and captured late:", offers[0])
        for what, before in (("an alert", ALERT), ("a HelloRequest", REQUEST)):
            answer = next(i for i, (s, _) in enumerate(conversation) if s == SERVER)
            for start in (0, answer):
                steps = [*conversation[:start], (SERVER, before), *conversation[start:]]
                check(said(path, built(steps)) == wanted, name, what, "of the server at step", start, said(path, built(steps)))
    evs, _ = events(sys.argv[1], "--fail-on", "info", "-p", "ts33141-pcr1", "-r", os.path.join(PCAPS, "gnutls-tls12-raw-public-keys.pcap"))
    found = [e["utwatch"] for e in of_type(evs, "tls")]
    check([u["outcome"] for u in found] == ["complete"] and "unobserved" not in found[0], "raw public keys:", found)
    check(found and found[0]["client_certificate"] == {"requested": True, "sent": True, "count": 1}, found and found[0].get("client_certificate"))
    check(found and found[0].get("session", {}).get("resumed") is False, "raw public keys count as a resumption, or hide that there was none")
    titles = {a["alert"]["signature"] for a in of_type(evs, "alert") if a["utwatch"]["rule"] == "ut-6.1.2-server-certificate"}
    check(titles and all("certificate" in t for t in titles), "a raw public key authenticates a server too (RFC 7250 1):", titles)
finish()
