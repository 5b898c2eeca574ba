#!/usr/bin/env python3
"""Hellos of which only a part was captured, and those of the drafts of TLS 1.3, say what is there; a direction whose start is missing is marked.
usage: partial.py UTWATCH"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts, utwatch
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
UTWATCH, TIME, HEADERS = sys.argv[1], 1795471000 * 10**9, 54  # Ethernet, IPv4 and TCP as capturelib builds them
SHARE = b"\0\x1d\0\x20" + b"k" * 32
PROTECTED = [(SERVER, m.record(23, b"s" * 900)), (CLIENT, m.record(23, b"c" * 53)), (SERVER, m.record(23, b"s" * 60))]
PROFILES = ("ts33141-pcr1", "modern")


def told(path, profile=PROFILES[0]):
    """(event, rules that fail, rules that pass) of a capture with one handshake; no event: None."""
    evs, _ = events(UTWATCH, "--fail-on", "info", "-p", profile, "-r", path)
    tls, counts = of_type(evs, "tls"), rule_counts(evs)
    fail, passed = ({r for r, c in counts.items() if c.get(verdict)} for verdict in ("fail", "pass"))
    return tls[0] if len(tls) == 1 else None, fail, passed


# ---- drafts of TLS 1.3 before 22: their ServerHello has neither session id nor compression, which tshark reads from draft 14 on

def draft_hellos(version):
    """Up to draft 15 the ClientHello names the version itself; since then it stands in supported_versions."""
    listed = version >= 0x7F10
    more = [(43, b"\2" + struct.pack("!H", version))] if listed else [(40, SHARE)]
    hello = m.client_hello([0x1301, 0xC02B], 0x0303 if listed else version, more=more)
    answer = m.message(2, struct.pack("!H", version) + b"\x22" * 32 + b"\x13\1" + m.extensions([(40, SHARE)]))
    return [(CLIENT, hello), (SERVER, answer)]


def test_drafts(path):
    for version in (0x0304, 0x7F0E, 0x7F0F, 0x7F10, 0x7F12, 0x7F15):
        capturelib.write_frames(path, capturelib.build(draft_hellos(version) + PROTECTED, time=TIME))
        event, *_ = told(path)
        said = event["utwatch"] if event else {}
        answer = said.get("server_hello", {})
        check(said.get("outcome") == "complete" and "malformed" not in said["unobserved"], "draft", hex(version), said.get("outcome"), event)
        check(answer.get("suite") == "0x1301" and answer.get("extensions") == [40] and answer.get("key_share_group") == 29, hex(version), answer)
        check(answer.get("version") == "0x%04x" % version and event["tls"]["version"] == "TLS 1.3", hex(version), answer, event and event["tls"])
        check(said.get("client_hello", {}).get("max_version") == "0x0304", hex(version), said.get("client_hello"))
        if version != 0x0304 and shutil.which("tshark"):  # which does not know the drafts that wrote 0x0304
            words = ["tshark", "-r", path, "-Y", "tls.handshake.type == 2", "-T", "fields", "-e", "tls.handshake.ciphersuite"]
            check(subprocess.run(words, capture_output=True, text=True).stdout.strip() == answer.get("suite"), hex(version), "tshark disagrees")
    # The layout of TLS 1.2 with a version that it may not have is read all the same.
    odd = m.server_hello(0x002F, 0x0304, b"i" * 32)
    capturelib.write_frames(path, capturelib.build([(CLIENT, m.client_hello([0x002F], 0x0304)), (SERVER, odd)], time=TIME))
    event, *_ = told(path)
    check(event and event["utwatch"]["server_hello"]["suite"] == "0x002f" and event["utwatch"]["server_hello"]["session_id_len"] == 32, event)


# ---- frames cut by the snap length

def test_cut(path):
    for name in ("openssl-tls12-full", "openssl-tls13-full", "jsse-tls10-anon-only-refused", "openssl-tls12-resumed-ticket"):
        conversation = capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[-1]
        frames = capturelib.build(conversation, time=TIME)
        capturelib.write_frames(path, frames)
        whole = {p: told(path, p) for p in PROFILES}
        hello = len(conversation[0][1])
        # A start is certain with 11 bytes; from there to the whole hello, which may be longer than the server's.
        for here in sorted({11, 12, 40, 60, hello - 1, *range(80, hello, 29)}):
            capturelib.write_frames(path, frames, HEADERS + here)
            for profile, (event, fail, passed) in whole.items():
                compare_cut(name, "with %d bytes a frame" % here, told(path, profile), event, fail, passed)
            text = utwatch(UTWATCH, "-r", path).stdout.decode()
            check("in 0 handshakes" not in text, name, "cut at", here, text[:80], text[-200:])


def compare_cut(name, how, cut, event, fail, passed):
    now, now_fail, now_passed = cut
    check(now and "truncated" in now["utwatch"].get("unobserved", []), name, how, "is no event that says it was cut", now)
    check(now_fail <= fail, name, how, "breaks", sorted(now_fail - fail))
    check(now_passed <= passed, name, how, "keeps", sorted(now_passed - passed))
    for part in ("client_hello", "server_hello"):
        of, wanted = now["utwatch"].get(part, {}) if now else {}, event["utwatch"].get(part, {})
        for key, value in of.items():
            like = value == wanted.get(key) or key == "extensions_cut" or key in ("extensions", "groups") and value == wanted[key][:len(value)]
            check(like, name, how, part, key, value, "instead of", wanted.get(key))
        if of.get("extensions", wanted.get("extensions")) != wanted.get("extensions"):
            check(of.get("extensions_cut"), name, how, part, "has some extensions only, and does not say so", of["extensions"])


def test_what_is_there(path):
    """All that stands before the cut is told, and nothing else."""
    hello = m.client_hello([0x0035, 0x000A], 0x0303, session=b"i" * 32, more=[(0, b"\0\x0f\0\0\x0cxcap.example"), (10, b"\0\2\0\x1d")])
    conversation = [(CLIENT, hello), (SERVER, m.server_hello(0x000A, 0x0303, more=[(0xFF01, b"\0"), (23, b"")]) + m.done(0x0303))]
    at = 5 + 4 + 2 + 32 + 33 + 2 + 4  # where the compression methods begin
    rows = ((at - 1, None, None), (at, ["0x0035", "0x000a"], None), (at + 2 + 2 + 4 + 17, ["0x0035", "0x000a"], "xcap.example"))
    for here, suites, name in rows:
        capturelib.write_frames(path, capturelib.build(conversation, time=TIME), HEADERS + here)
        event, *_ = told(path)
        offer = event["utwatch"].get("client_hello", {}) if event else {}
        check(offer.get("suites") == suites, "with", here, "bytes the suites are", offer.get("suites"))
        check(event and event["tls"].get("sni") == name, "with", here, "bytes the name is", event)
        check("max_version" not in offer and "psk" not in offer, "with", here, "bytes supported_versions and a PSK are known to be absent", offer)
        if here == rows[-1][0]:
            check(offer.get("extensions") == [0] and offer.get("extensions_cut"), offer)


# ---- directions that lack their start

def test_no_start(path):
    steps = [(CLIENT, m.client_hello([4, 5])), (SERVER, m.server_hello(5)), (SERVER, m.done()), (CLIENT, m.client_key_exchange()),
             (CLIENT, m.finished()), (SERVER, m.finished())]
    sent = capturelib.build(steps, time=TIME)[3:]  # no SYN was captured
    for lost in (0, 1):  # a hello, which the other side acknowledges
        check(capturelib.segment_of(sent[lost][1])[4] == steps[lost][1], "is another frame")
        capturelib.write_frames(path, sent[:lost] + sent[lost + 1:])
        event, *_ = told(path)
        said = event["utwatch"] if event else {}
        check(said.get("outcome") == "complete" and said.get("unobserved") == ["midstream"], "without hello", lost, said)
    capturelib.write_frames(path, sent)
    event, *_ = told(path)
    check(event and "unobserved" not in event["utwatch"], "nothing is missing but the SYNs:", event)


# ---- connections without a hello

def handshakes(path):
    evs, _ = events(UTWATCH, "-r", path)
    stats = of_type(evs, "stats")[-1]["utwatch"]
    return of_type(evs, "tls"), stats["handshakes"]["without_hello"], of_type(evs, "flow")


def test_answer_only(path):
    """Of a refusal whose hello was not captured the alert is told, and what may have been offered stays open."""
    for number, answer in ((40, m.alert(2, 40)), (None, m.sslv2_error())):
        frames = capturelib.build([(CLIENT, m.client_hello([0x1B])), (SERVER, answer)], time=TIME)
        server_port = frames[1][1][34:36]
        ways = {"gap": [f for i, f in enumerate(frames) if i != 3],
                "client-direction": [f for f in frames if f[1][34:36] == server_port]}
        for reason, kept in ways.items():
            capturelib.write_frames(path, kept)
            event, fail, passed = told(path)
            said = event["utwatch"] if event else {}
            alerts = [a["description"] for a in said.get("alerts", [])]
            check(reason in said.get("unobserved", []) and alerts == (["handshake_failure"] if number else []), reason, said)
            check(said.get("outcome") == ("unfinished" if reason == "gap" else "one-sided"), reason, said)  # the client may have given up
            check(not fail and not {r for r in passed if r.startswith("ut-7.2")}, reason, "fails", fail, "and passes", passed)
            check(event and event["dest_port"] == int.from_bytes(server_port, "big") and event["pcap_cnt"] == kept.index(frames[4]) + 1, event)
        if number and shutil.which("tshark"):
            words = ["tshark", "-r", path, "-d", "tcp.port==%d,tls" % int.from_bytes(server_port, "big"), "-Y", "tls.alert_message.desc == 40"]
            check(subprocess.run(words, capture_output=True, text=True).stdout.count("\n") == 1, "tshark sees no alert")
    # An alert that is not the first of its direction may be the client's.
    rejected = capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-expired-rejected.pcap"))[0]
    frames = capturelib.build(rejected, time=TIME)
    sent = [i for i, (_, frame) in enumerate(frames) if len(frame) > HEADERS]
    last = max(i for i in sent if capturelib.segment_of(frames[i][1])[1][1] == 443)
    check(capturelib.segment_of(frames[last][1])[4][:1] == b"\x15", "is no alert of the client")
    for what, kept in (("late", frames[last:]), ("with gaps", frames[:3] + frames[last:])):
        capturelib.write_frames(path, kept)
        event, fail, _ = told(path)
        said = event["utwatch"] if event else {}
        check(event and event["dest_port"] == 443 and said["alerts"][0]["from"] == "client", "the alert of a client,", what, event)
        check(said.get("outcome") in ("unfinished", "one-sided") and not fail, "the alert of a client,", what, said, fail)
    # A server of TLS answers HTTP so (openssl s_server: "http request"), which is no handshake.
    conversation = [(CLIENT, b"GET / HTTP/1.1\r\nHost: xcap.example\r\n\r\n"), (SERVER, m.alert(2, 70))]
    for first in (0, 3):  # also from the middle
        capturelib.write_frames(path, capturelib.build(conversation, time=TIME)[first:])
        tls, without, _ = handshakes(path)
        check(not tls and not without, "HTTP and an alert from frame", first, "are", tls, without)


def test_no_hello(path):
    """Where both hellos were lost, what follows is TLS all the same."""
    conversation = capturelib.conversations(os.path.join(PCAPS, "openssl-tls12-full.pcap"))[0]
    hello = conversation[1][1]
    cut = 5 + int.from_bytes(hello[3:5], "big")
    steps = [conversation[0], (SERVER, hello[:cut]), (SERVER, hello[cut:]), *conversation[2:]]
    frames = capturelib.build(steps, time=TIME)
    sent = [i for i, (_, frame) in enumerate(frames) if len(frame) > HEADERS]
    for end in (len(frames), sent[-1], sent[4]):  # closed in order, or only cut off
        capturelib.write_frames(path, [f for i, f in enumerate(frames[:end]) if i not in sent[:2]])
        tls, without, flows = handshakes(path)
        check(not tls and without == 1 and not flows, "without hellos", end, "are", tls, without, flows)


def test_resumed_by(path):
    """RFC 5077 3.4: beside a ticket the id that a server echoes is a mark of the client's; without the client's hello it says neither. tshark knows
    by what each of these was resumed, from the hellos that are then left out."""
    captures = ("openssl-tls10-resumed-id", "openssl-tls12-resumed-id", "openssl-tls12-resumed-ticket", "jsse-tls12-resumed", "gnutls-tls12-resumed")
    methods = set()
    for name in captures:
        conversation = capturelib.conversations(os.path.join(PCAPS, name + ".pcap"))[-1]
        frames = capturelib.build(conversation, time=TIME)
        capturelib.write_frames(path, frames)
        whole = of_type(events(UTWATCH, "-r", path)[0], "tls")[0]["utwatch"]["session"]
        methods.add(whole["method"])
        check(whole["resumed"], name, whole)
        if shutil.which("tshark"):
            words = ["tshark", "-r", path, "-Y", "tls.handshake.type == 1", "-T", "fields", "-e", "tls.handshake.extension.type",
                     "-e", "tls.handshake.extension.len"]
            said = subprocess.run(words, capture_output=True, text=True).stdout.strip("\n").split("\t")
            lengths = dict(zip(said[0].split(","), said[1].split(",")))
            check((int(lengths.get("35", "0")) > 0) == (whole["method"] == "ticket"), name, whole, "and in tshark", said)
        capturelib.write_frames(path, [f for f in frames if capturelib.segment_of(f[1])[0][1] == 443])
        evs, _ = events(UTWATCH, "--details=handshakes", "-r", path)
        half = of_type(evs, "tls")[0]["utwatch"]["session"]
        check(half == {"resumed": True}, name, "of which only the server was captured:", half)
    check(methods == {"id", "ticket"}, methods)


with tempfile.TemporaryDirectory() as folder:
    for test in (test_drafts, test_resumed_by, test_cut, test_what_is_there, test_no_start, test_answer_only, test_no_hello):
        test(os.path.join(folder, "partial.pcap"))
finish()
