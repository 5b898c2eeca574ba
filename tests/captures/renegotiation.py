#!/usr/bin/env python3
"""A later handshake inside an encrypted connection is counted once, however many records it has, and the report says what the verdicts cover;
under NULL encryption it is read and judged as one of its own, and the data before and after it are read. usage: renegotiation.py UTWATCH"""
import itertools
import os
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, utwatch
from checks import check, finish
import capturelib
import messages as m

CLIENT, SERVER = 0, 1
LATER = [(CLIENT, m.record(22, b"\x71" * 200)), (SERVER, m.record(22, b"\x72" * 900) + m.record(22, b"\x73" * 40)),
         (CLIENT, m.record(22, b"\x74" * 170) + m.record(20, b"\x75" * 20) + m.record(22, b"\x76" * 40)),
         (SERVER, m.record(20, b"\x77" * 20) + m.record(22, b"\x78" * 40))]
DATA = [(CLIENT, m.record(23, b"\x61" * 90)), (SERVER, m.record(23, b"\x62" * 300))]
FULL = [(CLIENT, m.client_hello([0x000A])), (SERVER, m.server_hello(0x000A) + m.done()), (CLIENT, m.client_key_exchange() + m.finished()),
        (SERVER, m.finished())]


def counted(path):
    evs, _ = events(sys.argv[1], "-r", path)
    return of_type(evs, "stats")[-1]["utwatch"]["tls"]["renegotiations"]


def judged(path, profile="ts33141-pcr2"):
    """(handshakes, {(frame of the hello, rule) that fails}, exchanges over HTTP that were read)"""
    evs, _ = events(sys.argv[1], "-p", profile, "-r", path)
    tls = of_type(evs, "tls")
    fails = {(e.get("pcap_cnt"), e["utwatch"]["rule"]) for e in of_type(evs, "alert")}
    return tls, fails, of_type(evs, "stats")[-1]["utwatch"]["http"]["exchanges"]


def tshark(path, query, field):
    words = ["tshark", "-r", path, "-Y", query, "-T", "fields", "-e", field]
    return subprocess.run(words, capture_output=True, text=True).stdout.split()


def test_recorded():
    for name in ("openssl-tls12-null-renegotiated", "openssl-tls12-null-renegotiated-data"):
        path = os.path.join(PCAPS, name + ".pcap")
        tls, _, _ = judged(path)
        check(len(tls) == 2 and len({e["flow_id"] for e in tls}) == 1, name, "is not two handshakes of one connection:", tls)
        check([e["utwatch"].get("renegotiation") for e in tls] == [None, True], name, [e["utwatch"] for e in tls])
        check(all(e["utwatch"]["outcome"] == "complete" and "unobserved" not in e["utwatch"] for e in tls), name, tls)
        if shutil.which("tshark"):
            check([str(e["pcap_cnt"]) for e in tls] == tshark(path, "tls.handshake.type == 1", "frame.number"), name, "has its hellos elsewhere")
            chosen = [int(x, 16) for x in tshark(path, "tls.handshake.type == 2", "tls.handshake.ciphersuite")]
            check([int(e["utwatch"]["server_hello"]["suite"], 16) for e in tls] == chosen, name, "has other suites", chosen)


def test_declined(folder):
    """A key is the same as ever after a HelloRequest that the client has declined, and may be another after the records of a handshake."""
    path, rule, day = os.path.join(folder, "declined.pcap"), "dp-3.2-key-lifetime-24h", 86400 * 10**9
    declined = [(SERVER, m.record(22, b"\x79" * 32)), (CLIENT, m.record(21, b"\x7a" * 32))]
    for what, between, verdict in (("nothing", [], "fail"), ("a HelloRequest", declined, "fail"), ("a handshake", LATER, "not_observable"),
                                   ("a handshake without its end", LATER[:2], "not_observable"), ("its end alone", LATER[3:], "not_observable")):
        c = capturelib.Connection(time=1795471000 * 10**9)
        c.open()
        for step in [*FULL, *DATA, *between]:
            c.send(*step)
        c.time += day + 3600 * 10**9
        for step in DATA:
            c.send(*step)
        capturelib.write_frames(path, c.frames)
        evs, _ = events(sys.argv[1], "-p", "ls-advice", "-r", path)
        counts = {r["rule"]: r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"]}[rule]
        check(counts.get(verdict), "a key of 25 hours after", what, counts)


def test_asked_later(folder):
    """Apache asks for a certificate in a renegotiation (mod_ssl, SSLVerifyClient in a Location), which is encrypted: that a server asked for none at
    first is no sign that it requires none."""
    path = os.path.join(folder, "asked.pcap")
    for profile, rule in (("ts33141-pcr1", "ut-6.1.1-no-required-ue-cert"), ("ls-advice", "dp-3.2-no-tls-client-auth")):
        for later in ([], LATER):
            capturelib.write_frames(path, capturelib.build(FULL + DATA + later + DATA, time=1795471000 * 10**9))
            evs, _ = events(sys.argv[1], "-p", profile, "-r", path)
            counts = {r["rule"]: r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"]}[rule]
            check(not counts.get("pass") and not counts.get("fail") and counts.get("nothing_against") == 1, rule, counts)


def test_session_from_inside(folder):
    """A session may have begun in a handshake that cannot be read: then nobody knows that it began before the capture. Nothing of the capture is
    missing for that, but not all was judged."""
    ticket = b"\x33" * 96
    asks = m.client_hello([0x000A], m.TLS12, b"\5" * 32, more=[(35, ticket)])
    uses = [(CLIENT, asks), (SERVER, m.server_hello(0x000A, m.TLS12, b"\5" * 32) + m.finished(m.TLS12)), (CLIENT, m.finished(m.TLS12))]
    for later, reason in (([], "began-before-capture"), (LATER, "origin-not-seen")):
        path = os.path.join(folder, "inside.pcap")
        frames = capturelib.build(FULL + DATA + later + DATA, time=1795471000 * 10**9)
        frames += capturelib.build(uses, client=("192.0.2.10", 40001), time=1795471010 * 10**9)
        capturelib.write_frames(path, frames)
        evs, _ = events(sys.argv[1], "-r", path)
        rules = {r["rule"]: r.get("reasons", {}) for r in of_type(evs, "stats")[-1]["utwatch"]["rules"]}
        check(set(rules["ut-7.1-ticket-lifetime"]) == {reason}, later, rules["ut-7.1-ticket-lifetime"])
        text = utwatch(sys.argv[1], "-r", path).stdout.decode()
        check("nothing is known to be missing" in text and "capture incomplete" not in text, text)
        check(("inside encrypted connections" in text) == bool(later), text)


# ---- under TLS_RSA_WITH_NULL_SHA, whose MAC has 20 bytes

def under(records, mac=20):
    return b"".join(r[:3] + (int.from_bytes(r[3:5], "big") + mac).to_bytes(2, "big") + r[5:] + b"m" * mac for r in capturelib.records_of(records))


NULL = [(CLIENT, m.client_hello([0x0002, 0x002F])), (SERVER, m.server_hello(0x0002) + m.done()), (CLIENT, m.client_key_exchange() + m.finished()),
        (SERVER, m.finished())]
ASK = (CLIENT, under(m.record(23, b"GET /simservs.ngn.etsi.org/users/sip:a@b/simservs.xml HTTP/1.1\r\nHost: xcap.example\r\n\r\n")))
GIVE = (SERVER, under(m.record(23, b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")))
REQUEST = (SERVER, under(m.record(22, b"\0\0\0\0")))


def later(suite, offer=(0x0002, 0x001B), closing=True):
    """The Finished of both come under new keys: 40 bytes that nobody reads."""
    done = [(CLIENT, under(m.client_key_exchange()) + under(m.record(20, b"\1")) + m.record(22, b"f" * 40)),
            (SERVER, under(m.record(20, b"\1")) + m.record(22, b"f" * 40))]
    return [(CLIENT, under(m.client_hello(list(offer)))), (SERVER, under(m.server_hello(suite) + m.done()))] + (done if closing else [])


def in_pieces(steps, size):
    return [(who, data[at:at + size]) for who, data in steps for at in range(0, len(data), size)]


def test_made(path):
    refused = [(CLIENT, under(m.client_hello([0x001B]))), (SERVER, under(m.alert(1, 100)))]
    fatal = [(CLIENT, under(m.client_hello([0x001B]))), (SERVER, under(m.alert(2, 40)))]
    closed = [(CLIENT, under(m.client_hello([0x001B]))), (SERVER, under(m.alert(1, 0)))]  # the session's end (RFC 5246 7.2.1)
    anonymous = {"ut-6.4-anonymous-key-exchange", "ut-6.4-listed-anonymous"}
    for name, steps, count, outcome, broken, http in (
            ("selects NULL encryption again", [ASK, GIVE] + later(2) + [ASK, GIVE], 2, "complete", set(), 2),
            ("selects an anonymous suite", [ASK, GIVE, REQUEST] + later(0x1B) + DATA, 2, "complete", anonymous, 1),
            ("is asked for and not begun", [ASK, GIVE, REQUEST, ASK, GIVE], 1, "complete", set(), 2),
            ("is refused with a warning", [ASK, GIVE] + refused + [ASK, GIVE], 2, "refused", set(), 2),
            ("crosses a close_notify", [ASK, GIVE] + closed, 2, "aborted", set(), 1),
            ("is refused with a fatal alert", [ASK, GIVE] + fatal, 2, "refused", set(), 1)):
        for size in (1400, 7, 1):
            capturelib.write_frames(path, capturelib.build(NULL + in_pieces(steps, size), time=1795471000 * 10**9))
            tls, fails, exchanges = judged(path)
            check(len(tls) == count and tls[-1]["utwatch"]["outcome"] == outcome, "a renegotiation that", name, "in", size, tls)
            check(exchanges == http, "a renegotiation that", name, "in", size, "leaves", exchanges, "exchanges instead of", http)
            if len(tls) == 2:
                second = {r for frame, r in fails if frame == tls[1]["pcap_cnt"]}
                check(broken <= second, "a renegotiation that", name, "in", size, "breaks", second)
                check(not anonymous & {r for frame, r in fails if frame == tls[0]["pcap_cnt"]}, name, "puts it on the first handshake:", fails)
    for offer in ([0x001B], [0x0002]):
        for ends in (0x11, 0x14):
            c = capturelib.Connection(time=1795471000 * 10**9)
            c.open()
            for step in [*NULL, ASK, GIVE, (CLIENT, under(m.client_hello(offer))), (SERVER, under(m.alert(1, 0)))]:
                c.send(*step)
            c.frames.append(c.frame(SERVER, ends))
            capturelib.write_frames(path, c.frames)
            evs, _ = events(sys.argv[1], "-r", path)
            counts = {r["rule"]: r for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r["rule"].startswith("ut-7.2")}
            check(not any(r.get("pass") or r.get("fail") for r in counts.values()), "the session's end answers a hello of", offer, ends, counts)
            check([e["utwatch"]["outcome"] for e in of_type(evs, "tls")] == ["complete", "unfinished"], offer, ends, of_type(evs, "tls"))
    # A server that refuses to renegotiate does so whatever is offered: that says nothing of its suites.
    only_3des = [(CLIENT, under(m.client_hello([0x000A]))), (SERVER, under(m.alert(2, 40)))]
    frames = capturelib.build(FULL[:1] + [(SERVER, m.server_hello(0x0005) + m.done())] + FULL[2:], time=1795471000 * 10**9)
    again = capturelib.build([(CLIENT, m.client_hello([0x0002])), *NULL[1:], *only_3des], time=1795471100 * 10**9)
    capturelib.write_frames(path, frames + again)
    tls, fails, _ = judged(path)
    check(len(tls) == 3 and not {r for _, r in fails if r.startswith("ut-6.2-server")}, "a refused renegotiation says", fails)


def test_lost(path):
    """RFC 5246 7.3: a server that has the client's Finished sends nothing more of its flight, and a client that has the server's ChangeCipherSpec
    nothing more of its answer; RFC 9293 3.4: a segment says by its acknowledgement what its sender has. So whatever frames are lost, neither
    handshake is told with what was said in the other."""
    certificate = capturelib.certificate_of(os.path.join(PCAPS, "openssl-tls12-full.pcap"))
    flight = m.server_hello(2, random=b"\x23" * 32) + m.certificate_message(certificate) + m.certificate_request() + m.done()
    flight = b"".join(r[5:] for r in capturelib.records_of(flight))
    end = under(m.record(20, b"\1")) + m.record(22, b"f" * 40)
    asked = [(CLIENT, under(m.client_hello([2], random=b"\x12" * 32))), (SERVER, under(m.record(22, flight))),
             (CLIENT, under(m.certificate_message(certificate) + m.client_key_exchange()) + end), (SERVER, end)]
    for between, most in (([ASK, REQUEST], 3), ([REQUEST], 2), ([ASK, GIVE], 2)):
        frames = capturelib.build(NULL + between + asked, time=1795471000 * 10**9)
        sent = [i for i, (_, frame) in enumerate(frames) if capturelib.segment_of(frame)[4]]
        capturelib.write_frames(path, frames)
        check(len(judged(path)[0]) == 2, "nothing is lost", judged(path))
        check_lost(path, frames, [])
        for lost in (frozenset(lost) for n in range(1, most + 1) for lost in itertools.combinations([1] + sent[:-1], n)):
            capturelib.write_frames(path, [f for i, f in enumerate(frames) if i not in lost])
            check_lost(path, frames, lost)


def test_hello_unread(path):
    """RFC 5246 7.4.1.1, and the selected suite decides whether what follows can be read: where that, or what came with a later hello, was not
    captured, a UE may have offered there what it did not offer before, or not offered what it did."""
    long, des3 = "ut-5.1.2-possible-128", "ut-6.2-ue-3des"

    def counts(frames):
        capturelib.write_frames(path, frames)
        return {r["rule"]: r for r in of_type(events(sys.argv[1], "--strict", "-r", path)[0], "stats")[-1]["utwatch"]["rules"]}

    first = [(CLIENT, m.client_hello([0x0002, 0x002F])), *NULL[1:]]
    for what, suite, offer, rule, verdict in (("less", 2, [0x0002], long, "pass"), ("3DES", 0x0A, [0x000A, 0x0002], des3, "fail")):
        for between in ([], [ASK, GIVE]):
            frames = capturelib.build(first + between + later(suite, offer), time=1795471000 * 10**9)
            sent = [i for i, (_, frame) in enumerate(frames) if capturelib.segment_of(frame)[4]]
            check(not counts(frames)[rule].get(verdict), "nothing is lost:", what, counts(frames)[rule])
            for lost in ({1}, {1, 2}, {2, 3}, {1, 3}):
                found = counts([f for i, f in enumerate(frames) if i not in {sent[n] for n in lost}])[rule]
                check(not found.get(verdict), "a later hello offers", what, "without flights", lost, found)
        # Of a UE that offers no NULL encryption no later hello can be read.
        frames = capturelib.build(FULL + DATA, time=1795471000 * 10**9)
        sent = [i for i, (_, frame) in enumerate(frames) if capturelib.segment_of(frame)[4]]
        whole, less = counts(frames)[long], counts(frames[:sent[1]] + frames[sent[1] + 1:])[long]
        check(whole.get("pass") and less.get("pass"), "an answer is lost, and nothing can be in clear", whole, less)


def check_lost(path, frames, lost):
    tls, fails, _ = judged(path)
    check("ut-6.1.3-empty-certificate" not in {r for _, r in fails}, "without frames", sorted(lost), "of", len(frames), fails)
    for history in (e["utwatch"]["history"] for e in tls):  # the second server asks, and its client answers with a certificate
        check(not ("r" in history and "G" in history and "X" not in history), "without frames", sorted(lost), "of", len(frames), history)


recorded = os.path.join(PCAPS, "openssl-tls12-renegotiated.pcap")
check(counted(recorded) == 1, "OpenSSL renegotiates once:", counted(recorded))
text = " ".join(utwatch(sys.argv[1], "-r", recorded).stdout.decode().split())
check("1 later handshake inside encrypted connections; the verdicts about them cover the first session only" in text, text[-900:])
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "twice.pcap")
    # RFC 5246 7.4.1.1: a client may decline a HelloRequest, here by an alert, and data may stand between the flights.
    declined = [(SERVER, m.record(22, b"\x79" * 32)), (CLIENT, m.record(21, b"\x7a" * 32))]
    for steps, count in ((DATA, 0), (LATER, 1), (DATA + LATER + DATA, 1), (DATA + LATER + DATA + LATER + DATA, 2), (LATER * 2, 2),
                         (DATA + LATER[:2] + DATA + LATER[2:] + DATA, 1), (DATA + declined + DATA, 0)):
        capturelib.write_frames(path, capturelib.build(FULL + steps, time=1795471000 * 10**9))
        check(counted(path) == count, "later handshakes:", counted(path), "instead of", count)
    test_recorded()
    test_made(path)
    test_lost(path)
    test_hello_unread(path)
    test_asked_later(folder)
    test_session_from_inside(folder)
    test_declined(folder)
finish()
