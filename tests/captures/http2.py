#!/usr/bin/env python3
"""HTTP/2 in clear is read as HTTP/1.1 is: by prior knowledge and by Upgrade (RFC 9113 3.3, RFC 7540 3.2), in any segments. usage: http2.py UTWATCH

What curl, nghttp and nghttpd said is here as octets; tshark reads the same methods, paths and answers from the captures. Where a head refers to
HPACK's dynamic table (RFC 7541 2.3.2) nobody is cleared or blamed for what it refers to.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import events, of_type, rule_counts
from checks import check, finish
import capturelib
import encapsulation

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
START = 1795471000 * 10**9
RULE = "ut-4-tls-required"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 0x20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATH = b"/simservs.ngn.etsi.org/users/sip:a@example.org/simservs.xml"

CURL = [bytes.fromhex(words) for words in (
    "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00001204000000000000030000006400040200000000020000000000000408000000000001ff0001",
    "00006f0105000000018204ab6106a505b3ba17aa6a972a5065cf64cc5a82d886106aee0fff45f23a6ba0ab9ec99841a9416cee85fcd34786418a089d5c0b8170dc780f03"
    "7a8825b650c3abbcf2e153032a2f2a4092f2b333575ac6a925aa42c8b1a42d49327d7f90fe506aee0fff45f23a6ba0ab9ec9bf9f000000040100000000")]
NGHTTP = [bytes.fromhex(
    "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00000c04000000000000030000006400040000ffff00000502000000000300000000c8000005020000000005"
    "00000000640000050200000000070000000000000005020000000009000000070000000502000000000b000000030000006401250000000d0000000b0f8204ab6106a505"
    "b3ba17aa6a972a5065cf64cc5a82d886106aee0fff45f23a6ba0ab9ec99841a9416cee85fcd34786418a089d5c0b8170dc780f0353032a2f2a907a8aaa69d29ac4c0576c"
    "4b831f088fbe698a84a96a0b6543a4b07f23fe7f")]
SERVER_SETTINGS = bytes.fromhex("000006040000000000000300000064")


def served_by_nghttpd(stream):
    return bytes.fromhex("00000004010000000000005f0104000000%02x887690aa69d29ae452a9a74a6b13015db12e0f5889a47e561cc58197000f6196c361be9413aa693f7504"
                         "0138a01ab820dc6db53168df0f0d01356c96c361be9413aa693f75040138a01ab820dc6d953168df5f8b1d75d0620d263d4c79a68f000005000100"
                         "0000%02x3c782f3e0a" % (stream, stream))


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def string(text):
    return bytes([len(text)]) + text if len(text) < 127 else b"\x7f" + bytes([len(text) - 127]) + text


def request(stream, path=PATH, method=b"\x82", more=b""):
    """:method, :scheme http, :path without indexing, :authority."""
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, method + b"\x86" + b"\x04" + string(path) + b"\x01" + string(b"xcap.example.org") + more)


def answer(stream, status=b"\x88"):
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, status)


def status(code):
    return b"\x08\x03" + code  # the name of the static table, the value as a literal


IDENTITY = b"\x10" + string(b"x-3gpp-intended-identity") + string(b'"sip:a@example.org"')
FOREIGN = b"\x10" + string(b"x-3gpp-intended-identity") + string(b'"sip:b@example.org"')
START_CLIENT = (CLIENT, PREFACE + frame(SETTINGS, 0, 0))
START_SERVER = (SERVER, frame(SETTINGS, 0, 0) + frame(SETTINGS, 1, 0))


class Judged:
    def __init__(self, frames, profile="ts33141-pcr2"):
        with tempfile.TemporaryDirectory() as folder:
            self.path = os.path.join(folder, "h2.pcap")
            capturelib.write_frames(self.path, frames)
            self.tshark = self.read()
            evs, _ = events(UTWATCH, "--strict", "-p", profile, "-r", self.path)
        self.counts = rule_counts(evs)
        self.alerts = {e["utwatch"]["rule"]: e for e in of_type(evs, "alert")}
        self.reasons = {r["rule"]: r.get("reasons", {}) for r in of_type(evs, "stats")[-1]["utwatch"]["rules"]}

    def read(self):
        """(method, path, status), each as often as tshark finds it."""
        if not shutil.which("tshark"):
            return None
        p = subprocess.run(["tshark", "-n", "-d", "tcp.port==80,http2", "-r", self.path, "-Y", "http2.headers", "-T", "fields", "-E", "separator=|",
                            "-e", "http2.headers.method", "-e", "http2.headers.path", "-e", "http2.headers.status"], capture_output=True, text=True)
        columns = ([], [], [])
        for line in p.stdout.splitlines():
            for column, cell in zip(columns, line.split("|")):
                column += [v for v in cell.split(",") if v]
        return columns

    def observed(self):
        return self.alerts[RULE]["utwatch"]["observed"] if RULE in self.alerts else None


def conversation(steps, v6=False, tunnelled=False, port=80):
    ends = {"client": ("2001:db8::10", 40000), "server": ("2001:db8::80", port)} if v6 else {"server": ("192.0.2.80", port)}
    frames = capturelib.build(steps, time=START, **ends)
    return [(t, encapsulation.gtp(f)) for t, f in frames] if tunnelled else frames


def recorded():
    rng = random.Random(7541)
    for what, client, stream in (("curl", CURL, 1), ("nghttp", NGHTTP, 13)):
        steps = [(CLIENT, client[0]), (SERVER, SERVER_SETTINGS), *((CLIENT, words) for words in client[1:]), (SERVER, served_by_nghttpd(stream))]
        for form in "as it was", "server first", "in pieces", "IPv6", "in a tunnel":
            said = [steps[1], steps[0], *steps[2:]] if form == "server first" else steps
            said = capturelib.resegment(said, rng) if form == "in pieces" else said
            found = Judged(conversation(said, form == "IPv6", form == "in a tunnel"))
            check(found.observed() == "HTTP without TLS: 1 request, 1 of them served", what, form, found.observed())
            check(found.counts[RULE]["not_observable"] == 0, what, form, found.reasons[RULE])
            if found.tshark and form != "in pieces":
                check(found.tshark == (["GET"], [PATH.decode()], ["200"]), what, form, found.tshark)


def made():
    """What is asked and answered, and what is said of it: in frames of any shape, beside others, in any order."""
    asked, served = request(1), answer(1)
    split = asked[9:]
    padded = frame(HEADERS, END_HEADERS | PADDED | PRIORITY, 1, b"\x03" + bytes(5) + split + bytes(3))
    continued = frame(HEADERS, END_STREAM, 1, split[:7]) + frame(CONTINUATION, 0, 1, split[7:8]) + frame(CONTINUATION, END_HEADERS, 1, split[8:])
    other = request(1, b"/index.html")
    by_index = frame(HEADERS, 5, 1, b"\x82\x86\x44" + string(PATH) + b"\x41" + string(b"xcap.example.org"))
    by_index += frame(HEADERS, 5, 3, b"\x82\x86\xbf\xbe")
    two = "HTTP without TLS: 2 requests, 1 of them served"
    one, none = ("HTTP without TLS: 1 request, %s" % n for n in ("1 of them served", "none served"))
    unseen = "HTTP without TLS: 1 request; no answer that serves is known"
    cases = (
        ("padding and priority", padded, served, one), ("CONTINUATION", continued, served, one),
        ("a frame of an extension", frame(0xBA, 0, 7, b"x" * 30) + asked, served, one),
        ("100 first", asked, answer(1, status(b"100")) + served, one), ("206", asked, answer(1, b"\x8a"), one),
        ("403 as a literal", asked, answer(1, status(b"403")), none), ("404", asked, answer(1, b"\x8d"), none),
        ("another document first", other + request(3), answer(1, b"\x8d") + answer(3), one),
        ("answers in another order", asked + request(3), answer(3, b"\x8d") + answer(1), two),
        ("a body and trailers", frame(HEADERS, END_HEADERS, 1, split) + frame(DATA, 0, 1, b"<x/>" * 999) + frame(HEADERS, 5, 1, b"\x00\x01a\x01b"),
         frame(HEADERS, END_HEADERS, 1, b"\x88") + frame(DATA, 0, 1, b"d" * 5000) + frame(HEADERS, 5, 1, b"\x00\x01a\x01b"), one),
        ("no answer", asked, b"", unseen), ("an answer by index", asked, answer(1, b"\xbe"), unseen),
        ("another document", other, served, None),
        ("refused, and served when asked by index", by_index, answer(1, b"\x8d") + answer(3), unseen),
        ("a path by index", request(1, b"/x") + frame(HEADERS, 5, 3, b"\x82\x86\xbe\xbf"), served, None),
    )
    for what, client, server, observed in cases:
        for v6, tunnelled in ((False, False), (True, False), (False, True)):
            found = Judged(conversation([START_CLIENT, START_SERVER, (CLIENT, client), (SERVER, server)], v6, tunnelled))
            check(found.observed() == observed, what, v6, tunnelled, found.observed())
        if what in ("403 as a literal", "CONTINUATION", "answers in another order") and found.tshark:
            paths = [PATH.decode()] * client.count(PATH) or [PATH.decode()]
            check(found.tshark[1] == paths and len(found.tshark[2]) == len(paths), what, found.tshark)


def people():
    """Who asks for whose document, as in HTTP/1.1; what is not read decides nothing."""
    for what, more, rule, value in (
            ("the owner", IDENTITY, "ut-5.1.1-own-data-only", "fail"), ("somebody else", FOREIGN, "ut-5.1.1-own-data-only", "fail"),
            ("nobody", b"", "ut-5.1.1-http-authentication", "fail"),
            ("a cookie", b"\x0f\x11" + string(b"a=b"), "ut-5.1.1-http-authentication", "fail"),
            ("by index", b"\xbe", "ut-5.1.1-http-authentication", "fail")):
        found = Judged(conversation([START_CLIENT, START_SERVER, (CLIENT, request(1, more=more)), (SERVER, answer(1))]))
        check(bool(found.counts[rule][value]) == (what in ("somebody else", "nobody")), what, found.counts[rule])
        if what == "by index":
            check(found.reasons[rule] == {"compressed": 1}, what, found.reasons[rule])


def many_at_once():
    """Requests that wait for their answers together: of eight each is judged. Of more the rest is left out, and that is told."""
    for count, later in ((1, 1), (8, 3), (9, 3), (40, 0)):
        streams = range(1, 1 + 2 * count, 2)
        steps = [(CLIENT, PREFACE + frame(SETTINGS, 0, 0) + b"".join(request(s) for s in streams)),
                 (SERVER, SERVER_SETTINGS + b"".join(answer(s) for s in reversed(streams)))]
        for s in range(1 + 2 * count, 1 + 2 * (count + later), 2):
            steps += [(CLIENT, request(s)), (SERVER, answer(s))]
        found, rule = Judged(conversation(steps)), "ut-5.1.1-http-authentication"
        total, left_out = count + later, max(0, count - 8)
        words = "at least %d requests, at least %d" if left_out else "%d request%s, %d"
        words %= (total, total - left_out) if left_out else (total, "s" * (total > 1), total)
        check(found.observed() == "HTTP without TLS: %s of them served" % words, count, "at once:", found.observed())
        check(found.counts[rule]["fail"] == (0 if left_out else total), count, "at once:", found.counts[rule])
        check(found.counts[rule]["not_observable"] == (total if left_out else 0), count, "at once:", found.counts[rule], found.reasons[rule])
        check(set(found.reasons[rule]) == ({"too-long"} if left_out else set()), count, "at once:", found.reasons[rule])
        if found.tshark:
            check(len(found.tshark[0]) == total, "tshark reads", found.tshark)


def upgraded():
    """RFC 7540 3.2: the answer to the request that asks for it comes on stream 1."""
    asked = b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" \
            b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    switches = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + frame(SETTINGS, 0, 0)
    for what, steps, observed in (
            ("200", [(CLIENT, asked), (SERVER, switches), START_CLIENT, (SERVER, answer(1))], "1 request, 1 of them served"),
            ("at once", [(CLIENT, asked), (SERVER, switches + answer(1)), START_CLIENT], "1 request, 1 of them served"),
            ("404", [(CLIENT, asked), (SERVER, switches), START_CLIENT, (SERVER, answer(1, b"\x8d"))], "1 request, none served"),
            ("the answer before its request", [(SERVER, switches + answer(1)), (CLIENT, asked), START_CLIENT], None),
            ("another", [(CLIENT, asked), (SERVER, switches), (CLIENT, START_CLIENT[1] + request(3)), (SERVER, answer(3) + answer(1))],
             "2 requests, 2 of them served"),
            ("declined", [(CLIENT, asked), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], "1 request, 1 of them served")):
        found = Judged(conversation(steps))
        check(found.observed() == (observed and "HTTP without TLS: " + observed) or observed is None, what, found.observed())
    found = Judged(conversation([START_CLIENT, (SERVER, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")], port=443))
    check(found.observed() == "HTTP without TLS: 1 request, none served", "a server of HTTP/1.1:", found.observed())


def nonsense():
    """What is no frame, or no head, ends the reading, and no document of it becomes anything else."""
    asked = request(1)
    for what, words in (("a length", b"\xff" * 40), ("SETTINGS on a stream", frame(SETTINGS, 0, 1)),
                        ("half a head", frame(HEADERS, 0, 3, b"\x82") + asked),
                        ("no HPACK", frame(HEADERS, END_HEADERS, 3, b"\x80")), ("padding", frame(HEADERS, END_HEADERS | PADDED, 3, b"\x09\x82"))):
        found = Judged(conversation([START_CLIENT, START_SERVER, (CLIENT, asked + words + asked), (SERVER, answer(1))]))
        check(found.observed() == "HTTP without TLS: 1 request, 1 of them served", what, found.observed())
        found = Judged(conversation([START_CLIENT, START_SERVER, (CLIENT, words), (SERVER, words)], port=443))
        reasons = found.reasons[RULE]
        check(found.counts[RULE]["pass"] == 0 and "malformed" not in reasons, what, "alone", found.counts[RULE], reasons)
    frames = conversation([START_CLIENT, START_SERVER, (CLIENT, asked), (CLIENT, request(3)), (SERVER, answer(1)), (SERVER, answer(3))])
    lost = [f for f in frames if asked not in f[1]]
    found = Judged(lost)
    check(found.counts[RULE]["pass"] == 0, "a gap:", found.counts[RULE], found.observed())


recorded()
made()
people()
many_at_once()
upgraded()
nonsense()
finish()
