#!/usr/bin/env python3
"""TS 33.141 6.1.3: a challenge (401) that a UE left unanswered has to be made again when its session is used again, before a document is served. It
can be read under NULL encryption; a breach is told only where nothing that was captured, or is known to be missing, may be an answer.
usage: reauthentication.py UTWATCH"""
import os
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type
from checks import check, finish
from made_sessions import CLIENT, SERVER, SERVERS, connection
import capturelib
import messages as m

UTWATCH = sys.argv[1]
RULE = "ut-6.1.3-reauthenticate"
RECORDED = os.path.join(PCAPS, "openssl-tls12-null-challenge-unanswered.pcap")
NULL, SECOND, ID, TICKET = 0x0002, 10**9, b"\xc7" * 32, b"\xd7" * 96
MAC = b"\0" * 20  # of TLS_RSA_WITH_NULL_SHA
DOCUMENT, GLOBAL = "users/sip:a@example.org/simservs.xml", "global/simservs.xml"
CREDENTIALS = 'Authorization: Digest username="a@example.org", realm="3GPP-bootstrapping@xcap.example.org", nonce="b2"\r\n'


def data(text):
    return m.record(23, text.encode() + MAC, m.TLS12)


def get(more="", document=DOCUMENT):
    return CLIENT, data("GET /simservs.ngn.etsi.org/%s HTTP/1.1\r\nHost: xcap.example.org\r\n%s\r\n" % (document, more))


def answer(status, more=""):
    return SERVER, data("HTTP/1.1 %d X\r\nContent-Length: 0\r\n%s\r\n" % (status, more))


ASK = answer(401, 'WWW-Authenticate: Digest realm="3GPP-bootstrapping@xcap.example.org", nonce="b2", qop="auth-int"\r\n')
ASK_OF_BSF = answer(401, 'WWW-Authenticate: Digest realm="bsf.example.org", nonce="b2", algorithm=AKAv1-MD5\r\n')
SERVE = answer(200)


def begin(ticket=b"", session=ID):
    more = [(35, b"")] if ticket else []
    return [(CLIENT, m.client_hello([NULL], m.TLS12, more=more)),
            (SERVER, m.server_hello(NULL, m.TLS12, session, more=more) + m.done(m.TLS12)),
            (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
            (SERVER, (m.new_session_ticket(ticket) if ticket else b"") + m.finished(m.TLS12))]


def resume(ticket=b"", renewed=b"", session=ID):
    marker = b"\xe1" * 32 if ticket else session
    return [(CLIENT, m.client_hello([NULL], m.TLS12, session=marker, more=[(35, ticket)] if ticket else [])),
            (SERVER, m.server_hello(NULL, m.TLS12, marker, more=[(35, b"")] if renewed else [])
             + (m.new_session_ticket(renewed) if renewed else b"") + m.finished(m.TLS12)),
            (CLIENT, m.finished(m.TLS12))]


def at(second, steps, port=40000, ends=True, server="own"):
    return connection(*steps, at=second * SECOND, client=("192.0.2.10", port), server=SERVERS[server], ends=ends)


def told(frames, folder, profile="ts33141-pcr2", words=()):
    path = os.path.join(folder, "reauthentication.pcap")
    capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
    evs, _ = events(UTWATCH, "--fail-on", "info", "-p", profile, *words, "-r", path)
    return [e for e in of_type(evs, "alert") if e["utwatch"]["rule"] == RULE]


def test_recorded():
    """The bytes are the witness: NULL encryption leaves them in the frames."""
    frames = [f for _, f in capturelib.read_frames(RECORDED)]
    asked = [i for i, f in enumerate(frames, 1) if b"HTTP/1.1 401 " in f]
    served = [i for i, f in enumerate(frames, 1) if b"HTTP/1.1 200 " in f]
    requests = [i for i, f in enumerate(frames, 1) if b"GET /simservs" in f]
    check(len(asked) == len(served) == 1 and len(requests) == 2 and not any(b"Authorization" in f for f in frames), asked, served, requests)
    ids = subprocess.run(["tshark", "-r", RECORDED, "-Y", "tls.handshake.type==2", "-T", "fields", "-e", "tls.handshake.session_id"],
                         capture_output=True, text=True).stdout.split()
    check(len(ids) == 2 and ids[0] == ids[1], "tshark sees one session:", ids)
    for profile in ("ts33141-pcr1", "ts33141-pcr2", "rel6-final"):
        alerts = [e for e in of_type(events(UTWATCH, "-p", profile, "-r", RECORDED)[0], "alert") if e["utwatch"]["rule"] == RULE]
        check([e["pcap_cnt"] for e in alerts] == requests[1:], profile, alerts)
        check(alerts and alerts[0]["utwatch"]["fault"] == "server" and alerts[0]["utwatch"]["basis"] == "partial", profile, alerts)


UNANSWERED = at(0, [*begin(), get(), ASK])
BY_TICKET = at(0, [*begin(TICKET), get(), ASK])
LATER = [*resume(), get(), SERVE]


def breaches():
    yield "resumed by its id", UNANSWERED + at(60, LATER)
    yield "resumed by its ticket", BY_TICKET + at(60, [*resume(TICKET), get(), SERVE])
    yield "resumed by a renewed ticket", (BY_TICKET + at(60, resume(TICKET, b"\xd8" * 96), 40001)
                                          + at(120, [*resume(b"\xd8" * 96), get(), SERVE], 40002))
    yield "the ticket asked for, the id resumed", at(0, [*begin(TICKET), get(), ASK]) + at(60, [*resume(), get(), SERVE])
    yield "credentials that the server did not take", at(0, [*begin(), get(CREDENTIALS), ASK]) + at(60, LATER)
    yield "served after another challenge", UNANSWERED + at(60, [*resume(), get(), ASK, get(), SERVE])
    yield "asked in a session that was resumed", at(0, begin()) + at(30, [*resume(), get(), ASK], 40001) + at(60, LATER, 40002)
    yield "asked, then quiet for two minutes", at(0, [*begin(), get(), ASK], ends=False) + at(200, LATER, 40001)
    for side, who in ((CLIENT, "the UE"), (SERVER, "the server")):
        c = capturelib.Connection(time=1800000000 * SECOND)
        c.open()
        for step in [*begin(), get(), ASK]:
            c.send(*step)
        c.reset(side)
        yield "reset by " + who, c.frames + at(60, LATER, 40001)


def no_breaches():
    yield "answered on its connection", at(0, [*begin(), get(), ASK, get(CREDENTIALS), SERVE]) + at(60, LATER)
    yield "answered later", UNANSWERED + at(30, [*resume(), get(CREDENTIALS), SERVE], 40001) + at(60, LATER, 40002)
    yield "answered in the request itself", UNANSWERED + at(60, [*resume(), get(CREDENTIALS), SERVE])
    yield "asked again and answered", UNANSWERED + at(60, [*resume(), get(), ASK, get(CREDENTIALS), SERVE])
    yield "asked again and left again", UNANSWERED + at(60, [*resume(), get(), ASK])
    yield "refused", UNANSWERED + at(60, [*resume(), get(), answer(403)])
    yield "no user's document", UNANSWERED + at(60, [*resume(), get(document=GLOBAL), SERVE])
    yield "a session of its own", UNANSWERED + at(60, [*begin(session=b"\xc8" * 32), get(), SERVE])
    yield "another session", UNANSWERED + at(20, begin(session=b"\xc8" * 32), 40001) + at(60, [*resume(session=b"\xc8" * 32), get(), SERVE], 40002)
    yield "at another server", UNANSWERED + at(60, LATER, server="other")
    yield "challenged as a BSF does", at(0, [*begin(), get(), ASK_OF_BSF]) + at(60, LATER)
    yield "never challenged", at(0, [*begin(), get(), SERVE]) + at(60, LATER)
    yield "a cookie may stand for an authentication", UNANSWERED + at(60, [*resume(), get("Cookie: a=b\r\n"), SERVE])
    yield "another proxy vouches for the user", UNANSWERED + at(60, [*resume(), get('X-3GPP-Asserted-Identity: "sip:a@example.org"\r\n'), SERVE])
    yield "while the challenge may still be answered", at(0, [*begin(), get(), ASK], ends=False) + at(60, LATER, 40001)
    yield "a reset that may have come before its data", [*UNANSWERED[:-2], (UNANSWERED[-2][0], reset_of(UNANSWERED))] + at(1, LATER, 40001)
    yield "the origin was not captured", at(0, [*resume(), get(), ASK], 40001) + at(60, LATER, 40002)
    yield "pipelined, and captured in another order", at(0, [*begin(), get(), get(CREDENTIALS), ASK, SERVE]) + at(60, LATER)
    yield "renegotiated", at(0, [*begin(), get(), ASK, *begin(session=b"\xc9" * 32)]) + at(60, LATER)
    yield "two sessions of one instant", (UNANSWERED + at(0, begin(session=b"\xc8" * 32), 40001)
                                          + at(60, [*resume(session=b"\xc8" * 32), get(), SERVE], 40002))
    # A request that was not captured may have had the credentials: on the connection of the challenge, or on another one of the session.
    for gap in range(len(UNANSWERED)):
        if b"GET" in UNANSWERED[gap][1]:
            answered = at(0, [*begin(), get(), ASK, get(CREDENTIALS), SERVE])
            lost = [f for f in answered if b"Authorization" not in f[1]]
            yield "the answer was not captured", lost + at(60, LATER)
    between = at(30, [*resume(), get(CREDENTIALS), SERVE], 40001)
    yield "an answer between was not captured", UNANSWERED + [f for f in between if b"Authorization" not in f[1]] + at(60, LATER, 40002)
    yield "only the server of a connection between was captured", (UNANSWERED + [f for f in between if f[1][5] == 0]
                                                                   + at(60, LATER, 40002))
    no_end = [f for f in at(0, [*begin(), get(), ASK, get(CREDENTIALS), SERVE], ends=False)
              if b"Authorization" not in f[1] and b"200 X" not in f[1]]
    yield "the last segments were not captured, only their acknowledgement", (
        no_end + [acknowledgement(2, len(get(CREDENTIALS)[1]))] + at(200, LATER, 40001))


def ending():
    c = capturelib.Connection(time=1800000000 * SECOND)
    c.open()
    for step in [*begin(), get(), ASK]:
        c.send(*step)
    return c


def reset_of(_):
    c = ending()
    return c.frame(CLIENT, 0x14)[1]


def acknowledgement(second, ahead):
    """Of the server, for bytes of the UE that were not captured."""
    c = ending()
    c.seq[CLIENT] += ahead
    return 1800000000 * SECOND + second * SECOND, c.frame(SERVER, 0x10)[1]


def main():
    test_recorded()
    with tempfile.TemporaryDirectory() as folder:
        for what, frames in breaches():
            alerts = told(frames, folder)
            check([(e["utwatch"]["fault"], e["alert"]["severity"]) for e in alerts] == [("server", 2)], what, "is not told:", alerts)
        for what, frames in no_breaches():
            check(not told(frames, folder), what, "is told")
        for profile in ("modern", "wap-219", "ts33141-v1.0.0"):
            check(not told(UNANSWERED + at(60, LATER), folder, profile), "the clause is not of", profile)
        # The challenge is not remembered from one run to the next.
        state = ("--state", os.path.join(folder, "state"))
        check(not told(UNANSWERED, folder, words=state) and not told(at(60, LATER), folder, words=state), "told of what another run saw")
    finish()


main()
