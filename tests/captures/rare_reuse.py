#!/usr/bin/env python3
"""Is the age right if the reuse, or the capture, is unusual? usage: rare_reuse.py UTWATCH

Each case is made so that the real age of the last connection's session is known. An age that is called exact has to be that, a lower bound must not
exceed it, and each case states the expected basis.
"""
import os
import struct
import sys
import tempfile

from made_sessions import CLIENT, HOUR, ID, SERVER, SERVERS, START, TICKET, connection, full, resumption_of
from run_utwatch import events, of_type
from checks import check, finish

import capturelib
import messages as m

utwatch = sys.argv[1]
MARKER, OLD, NEW = b"\xaa" * 32, b"\x0a" * 64, b"\x0b" * 64
SIX = [b"\x80%02d" % i * 20 for i in range(6)]
RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
CCS, DATA = m.record(20, b"\1", m.TLS12), m.record(23, b"\x5a" * 60, m.TLS12)
ALL = "sessions: { scope: all }\nlimits: { sessions: 64 }\n"
port = 30000


def at(hours, *conversation, server="own", client="192.0.2.10"):
    global port
    port += 1
    return connection(*conversation, at=int(hours * HOUR), client=(client, port), server=SERVERS[server])


def identities(names):
    listed = b"".join(struct.pack("!H", len(n)) + n + struct.pack("!I", 12345) for n in names)
    binders = (b"\x20" + b"\x77" * 32) * len(names)
    return 41, struct.pack("!H", len(listed)) + listed + struct.pack("!H", len(binders)) + binders


def hello13(names):
    more = [(43, b"\x02\x03\x04"), (45, b"\x01\x01"), (51, b"\x00\x26\x00\x1d\x00\x20" + b"\x09" * 32)]
    return m.client_hello([0x1301, 0x1302], m.TLS12, session=MARKER, more=more + ([identities(names)] if names else []))


def server13(selected=None, retry=False):
    more = [(43, b"\x03\x04"), (51, b"\x00\x17" if retry else b"\x00\x1d\x00\x20" + b"\x08" * 32)]
    return m.server_hello(0x1302, m.TLS12, MARKER, more=more + ([] if selected is None else [(41, struct.pack("!H", selected))]),
                          random=RETRY if retry else b"\x22" * 32)


def stray(frames, seq, ack):
    """With a segment of somebody who knows neither side's numbers behind the first hello, in the server's name."""
    at_hello = next(i for i, (_, frame) in enumerate(frames) if len(frame) > 100)
    client, server = capturelib.segment_of(frames[at_hello][1])[:2]
    c = capturelib.Connection(client=client, server=server)
    c.seq = [ack & 0xFFFFFFFF, seq & 0xFFFFFFFF]
    forged = frames[at_hello][0] + 1000, c.frame(SERVER, 0x10, b"x")[1]
    return frames[:at_hello + 1] + [forged] + frames[at_hello + 1:]


def by_psk(names, selected):
    return (CLIENT, hello13(names)), (SERVER, server13(selected) + CCS + DATA), (CLIENT, CCS + DATA), (SERVER, DATA)


def lost(frames, *numbers):
    return [f for n, f in enumerate(frames) if n not in numbers]


def use(hours, kind="id", name=ID, **where):
    return at(hours, *resumption_of(kind, name), **where)


def chain(hours):
    """Tickets, each renewed by the one before it."""
    names = [bytes([0x30 + i]) * 100 for i in range(len(hours))]
    out = at(hours[0], *full(ticket=names[0]))
    for old, new, when in zip(names, names[1:], hours[1:]):
        hello, answer, end = resumption_of("ticket", old)
        out += at(when, hello, (SERVER, answer[1][:len(answer[1]) - len(m.finished(m.TLS12))] + m.new_session_ticket(new) + m.finished(m.TLS12)), end)
    return out, names[-1]


renewed, last_ticket = chain([0, 10, 20])
both = m.client_hello([0x000A, 0x1301], m.TLS12, session=b"\xe1" * 32, more=[(43, b"\x04\x03\x04\x03\x03"), (35, TICKET), identities([OLD])])
flood = [f for i in range(400) for f in at(1 + i / 3600, *full(session=(i + 7).to_bytes(4, "big") * 8), server="other")]
again = at(20, *full(session=ID, hello=m.client_hello([0x000A], m.TLS12, session=ID, random=b"\x24" * 32), random=b"\x23" * 32))
first, copy = at(0, *full(session=ID)), at(20, *full(session=ID))


def of_side(frames, side):
    return [f for f in frames if (capturelib.segment_of(f[1])[0][1] == 443) == (side == SERVER)]


def one_late(frames, side, seconds):
    late = {t for t, _ in of_side(frames, side)}
    return sorted((t + int(seconds * 10**9) if t in late else t, f) for t, f in frames)


def halted(messages, seconds):
    """A full handshake that stands still for a while behind so many messages, acknowledged; 3 frames open the connection."""
    c = capturelib.Connection(client=("192.0.2.10", 39999), server=SERVERS["own"], time=START)
    c.open()
    for i, step in enumerate(full(session=ID)):
        c.time += seconds * 10**9 if i == messages else 0
        c.send(*step)
        if i + 1 == messages:
            c.frames.append(c.frame(1 - step[0], 0x10))
    c.close()
    return c.frames


def without_hellos(seconds):
    """Of the connection that issued the ticket both hellos are lost; it stays open, and so is known to have ended when the ticket was used."""
    begun = connection(*full(ticket=TICKET), at=0, client=("192.0.2.10", 39999), ends=False)
    return sorted(lost(begun, 3, 4) + use(seconds / 3600, "ticket", TICKET))


# label, captures, configuration, real age in hours of the last connection's session, its method and basis
CASES = [
    ("begun while the clock was two days back", [at(0, *full(session=b"\xc9" * 32)) + at(-48, *full(session=ID)) + use(0.1)], "", 0.2, "id",
     "at-least"),
    ("numbers that nobody takes, 2^28 away", [stray(at(0, *full(session=ID)), 5001 + 2**28, 2**30 + 5) + use(25)], "", 25, "id", "exact"),
    ("and 2^31 away", [stray(at(0, *full(session=ID)), 5001 + 2**31, 2**30 + 5) + use(25)], "", 25, "id", "exact"),
    ("a PSK dropped after a HelloRetryRequest", [at(0, *by_psk([OLD], None))
                                                 + at(25, (CLIENT, hello13([OLD, NEW])), (SERVER, server13(retry=True) + CCS),
                                                      (CLIENT, CCS + hello13([NEW])),
                                                      (SERVER, server13(0) + DATA), (CLIENT, DATA), (SERVER, DATA))], "", 25, "psk", "unknown"),
    ("the fifth of six PSKs", [at(0, *by_psk(SIX, 5)) + at(25, *by_psk(SIX, 5))],
     "", 25, "psk", "unknown"),
    ("a PSK beside the ticket that is taken", [at(0, *by_psk([OLD], None)) + at(24, *full(ticket=TICKET))
                                               + at(25, (CLIENT, both), (SERVER, m.server_hello(0x000A, m.TLS12, b"\xe1" * 32) + m.finished(m.TLS12)),
                                                    (CLIENT, m.finished(m.TLS12)))],
     "", 1, "ticket", "exact"),
    ("forgotten, and given out by another server", [at(0, *full(session=ID)) + flood + at(19, *full(session=ID), server="other") + use(25)], ALL, 25,
     "id", "at-least"),
    ("used before it was given out, by the clock", [at(48, *full(session=ID)), use(0), use(50)], "", 2, "id", "at-least"),
    ("given out again, the hello lost", [at(0, *full(session=ID)) + lost(again, 3) + use(26)], "", 6, "id", "at-least"),
    ("given out again, the answer lost", [at(0, *full(session=ID)) + lost(again, 4) + use(26)], "", 6, "id", "at-least"),
    ("given out again, its end lost", [at(0, *full(session=ID)) + lost(again, 6) + use(26)], "", 6, "id", "at-least"),
    # RFC 5246 7.3: what a handshake issued is as old as its ServerHello, which the client's key exchange follows.
    *[("used %g s after it was given out, both hellos lost" % s, [without_hellos(s) + use(2, "ticket", TICKET)], "", 2, "ticket", "at-least")
      for s in (0.05, 30)],
    ("given out again, both hellos lost", [at(0, *full(session=ID)) + lost(again, 3, 4) + use(26)], "", 26, "id", "at-least"),
    ("a copy, by a clock that is late", [at(0, *full(session=ID)) + copy + use(26)], "", 6, "id", "at-least"),  # RFC 5246 7.4.1.2: the same randoms
    # RFC 5077 3.3 leaves what a ticket holds to the server: a short one may be a number, and be issued again.
    *[("a ticket of %d octets, of another UE" % n, [at(0, *full(ticket=b"\x51" * n)) + use(25, "ticket", b"\x51" * n, client="192.0.2.11")], "",
       25, "ticket", "unknown" if n < 16 else "exact") for n in (1, 4, 8, 15, 16)],
    *[("a ticket of %d octets, of the same UE" % n, [at(0, *full(ticket=b"\x51" * n)) + use(25, "ticket", b"\x51" * n)], "", 25, "ticket", "exact")
      for n in (1, 4, 8, 15, 16)],
    ("a ticket of 4 octets, at another server", [at(0, *full(ticket=b"\x51" * 4)) + use(25, "ticket", b"\x51" * 4, server="other")], "", 25, "ticket",
     "unknown"),
    # RFC 5246 7.3: the ServerHello comes before what the client answers to it, and behind the ClientHello.
    ("begun while the server's clock was late", [one_late(first, SERVER, 5) + use(25)], "", 25 - 5 / 3600, "id", "at-least"),
    ("begun while the client's clock was late", [one_late(first, CLIENT, 5) + use(25)], "", 25 - 5 / 3600, "id", "unknown"),
    ("begun while the server's frames came late", [one_late(first, SERVER, 0.5) + use(25)], "", 25 - 0.5 / 3600, "id", "exact"),
    # RFC 5246 7.3: the id is in the ServerHello; who resumes by it was given it there, if nobody else can have been.
    ("stood still behind the server's flight", [halted(2, 200) + use(25)], "", 25, "id", "exact"),
    ("stood still behind the client's flight", [halted(3, 200) + use(25)], "", 25, "id", "exact"),
    ("captured to the server's flight, and acknowledged", [halted(2, 0)[:6] + use(25)], "", 25, "id", "exact"),
    ("the server's flight, of which nobody knows that it arrived", [first[:5] + use(25)], "", 25, "id", "unknown"),
    ("a copy, of which the first ends early", [first[:6] + copy + use(26)], "", 6, "id", "at-least"),
    ("a copy, of which the first ends with the server's flight", [first[:5] + copy + use(26)], "", 6, "id", "at-least"),
    ("a copy, of which the first is the client's side", [of_side(first, CLIENT) + copy + use(26)], "", 6, "id", "at-least"),
    ("a copy, of which the first is the server's side", [of_side(first, SERVER) + copy + use(26)], "", 6, "id", "at-least"),
    ("a copy, of which the first lacks the hello", [lost(first, 3) + copy + use(26)], "", 6, "id", "at-least"),
    ("a copy, of which the first lacks the answer", [lost(first, 4) + copy + use(26)], "", 6, "id", "at-least"),
    ("given out again, all of it seen", [at(0, *full(session=ID)) + again + use(26)], "", 6, "id", "exact"),
    # A generator of random octets that is broken, or begins anew with the server: nobody knows which of two sessions is resumed.
    *[("drawn twice, by %s" % whose, [at(0, *full(random=b"\1" * 32, **{kind: drawn}), client="192.0.2.11")
                                      + at(20, *full(random=b"\2" * 32, **{kind: drawn}), client=client)
                                      + use(26, method, drawn, client=user)], "", 26, method, "at-least")
      for kind, method in (("session", "id"), ("ticket", "ticket")) for drawn in (b"\x52" * 16, b"\x52" * 32)
      for whose, client, user in (("one UE", "192.0.2.11", "192.0.2.11"), ("two, and the first uses it", "192.0.2.12", "192.0.2.11"),
                                  ("two, and the second uses it", "192.0.2.12", "192.0.2.12"))],
    ("renewed twice", [renewed + use(30, "ticket", last_ticket)], "", 30, "ticket", "exact"),
    ("the inner length of RFC 4507", [at(0, *full(ticket=TICKET)) + use(25, "ticket", struct.pack("!H", len(TICKET)) + TICKET)], "", 25, "ticket",
     "exact"),
    ("a random id of TLS 1.3, answered by TLS 1.2",
     [at(0, *by_psk([], None)) + at(25, *full(session=b"\xc8" * 32, hello=m.client_hello([0x000A], m.TLS12, session=MARKER)))], "", 0, None, None),
]
with tempfile.TemporaryDirectory() as folder:
    for label, captures, site, hours, method, basis in CASES:
        words = []
        for i, frames in enumerate(captures):
            path = os.path.join(folder, "%d.pcap" % i)
            capturelib.write_frames(path, frames)  # as they are: a clock that is set back is no disorder
            words += ["-r", path]
        if site:
            with open(os.path.join(folder, "site.yaml"), "w") as f:
                f.write(site)
            words += ["-c", os.path.join(folder, "site.yaml")]
        evs, _ = events(utwatch, *words)
        session = of_type(evs, "tls")[-1]["utwatch"]["session"]
        age = session.get("age_s", 0)
        check(session.get("age_basis") == basis and method in (None, session.get("method", method)),
              "%s: %s, expected %s by %s" % (label, session, basis, method))
        check(basis != "exact" or abs(age - hours * 3600) <= 1, "%s: %s, and it is %s h old" % (label, session, hours))
        check(age <= hours * 3600 + 1, "%s: %s is above the %s h that it is old" % (label, session, hours))
    # Of a PSK beyond those that are looked up, it is that limit which hides the age, not TLS.
    for taken, reason in (0, "ticket-encrypted"), (3, "ticket-encrypted"), (4, "too-long"), (5, "too-long"):
        path = os.path.join(folder, "six.pcap")
        capturelib.write_frames(path, at(0, *by_psk(SIX, taken)))
        rules = of_type(events(utwatch, "-r", path)[0], "stats")[-1]["utwatch"]["rules"]
        reasons = {r["rule"]: r.get("reasons") for r in rules}["ut-7.1-ticket-lifetime"]
        check(reasons == {reason: 1}, "PSK", taken, "of six:", reasons)
finish()
