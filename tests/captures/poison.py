#!/usr/bin/env python3
"""Can somebody make another's session younger, or unjudged? usage: poison.py UTWATCH

Ids and tickets are in clear, so whoever sees them can name them in packets of his own. The victim begins a session, somebody tries to give it
another origin, and the victim uses it after 25 hours: that is a breach, and has to stay one; the same after 20 hours is not, and must not become
one.
"""
import os
import sys
import tempfile

from made_sessions import CLIENT, HOUR, ID, RULES, SERVER, SERVERS, START, VICTIM, connection, full, issued, resumption
from run_utwatch import events, of_type
from checks import check, finish

import capturelib
import messages as m

utwatch = sys.argv[1]


# ---- the attempts: frames between the victim's two connections

def one_direction(side):
    """Only what one side would send, with the victim's name in it; the other side never says a word."""
    def frames(kind, at):
        c = capturelib.Connection(client=("192.0.2.10", 41000), server=SERVERS["own"], time=START + at)
        c.frames.append(c.frame(side, 0x02 if side == CLIENT else 0x12))
        c.seq[side] += 1
        for who, data in issued(kind):
            if who == side:
                c.send(side, data)
        return c.frames
    return frames


def no_change_of_cipher(kind, at):
    """Both directions, but the handshake never comes to its end."""
    return connection(*issued(kind)[:2], at=at, client=("192.0.2.10", 41001), ends=False)


def outside_window(kind, at):
    """A ServerHello with the victim's name, far from the sequence numbers of another connection that is going on."""
    c = capturelib.Connection(client=("192.0.2.10", 41002), server=SERVERS["own"], time=START + at)
    c.open()
    hello, *rest = full()
    c.send(*hello)
    flight = b"".join(data for who, data in issued(kind) if who == SERVER)
    c.frames.append(c.frame(SERVER, 0x18, flight, seq=c.seq[SERVER] + 2**30))
    for step in rest:
        c.send(*step)
    return c.frames


def before_the_real_one(kind, at):
    """The forged ServerHello comes first and fits; the real one contradicts it."""
    c = capturelib.Connection(client=("192.0.2.10", 41003), server=SERVERS["own"], time=START + at)
    c.open()
    real = full(session=b"\xc7" * 32)
    c.send(*real[0])
    c.frames.append(c.frame(SERVER, 0x18, issued(kind)[1][1]))
    for step in real[1:]:
        c.send(*step)
    return c.frames


def another_server(kind, at):
    """Somebody's own server gives the victim's name to its own client: both directions are real."""
    return connection(*issued(kind), at=at, client=("192.0.2.99", 42000), server=SERVERS["other"])


def offered_by_another(kind, at):
    """The name offered by somebody else, who cannot finish."""
    return connection(resumption(kind)[0], (SERVER, m.alert(2, 40, m.TLS12)), at=at, client=("192.0.2.99", 42001), server=SERVERS["other"])


def short_names(kind, at):
    """Ids of every length that begin as the victim's."""
    out = []
    for n in range(1, 32):
        out += connection(*full(session=ID[:n]), at=at + n * 10**9, client=("192.0.2.99", 43000 + n))
    return out


def flood(kind, at):
    out = []
    for i in range(4000):
        name = i.to_bytes(4, "big") * 8
        out += connection(*(full(session=name) if kind == "id" else full(ticket=name * 5)), at=at + i * 10**8, client=("192.0.2.99", 20000 + i))
    return out


def a_client_alone_that_offers(kind, at):
    """The victim's name in a hello, then a ClientKeyExchange as if the server had made a full handshake of it; no server anywhere."""
    c = capturelib.Connection(client=("192.0.2.99", 41007), server=SERVERS["own"], time=START + at)
    c.frames.append(c.frame(CLIENT, 0x02))
    c.seq[CLIENT] += 1
    c.send(*resumption(kind)[0])
    c.send(CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12))
    return c.frames


def failed_before_the_cipher(kind, at):
    """The victim's name in a ServerHello, and then an alert: the server never shows that it has the keys."""
    return connection(*issued(kind)[:2], (CLIENT, m.alert(2, 42, m.TLS12)), at=at, client=("192.0.2.99", 41004))


def marker_of_a_ticket(kind, at):
    """The victim's id beside a ticket that means nothing: the server echoes it, and makes a full handshake (E6)."""
    hello = m.client_hello([0x000A], m.TLS12, session=ID, more=[(35, b"\xee" * 160)])
    return connection(*full(session=ID, hello=hello), at=at, client=("192.0.2.99", 41005))


def whole_answer_before_the_real_one(kind, at):
    """The forged handshake is complete before the real server's first byte comes."""
    c = capturelib.Connection(client=("192.0.2.99", 41006), server=SERVERS["own"], time=START + at)
    c.open()
    hello, *forged = issued(kind)
    c.send(*hello)
    first = c.seq[SERVER]
    for step in forged:
        c.send(*step)
    c.time += 20 * 10**6
    c.frames.append(c.frame(SERVER, 0x18, full(session=b"\xc7" * 32)[1][1], seq=first))
    c.close()
    return c.frames


ATTEMPTS = {"nothing": lambda kind, at: [], "the server's side alone": one_direction(SERVER), "the client's side alone": one_direction(CLIENT),
            "no ChangeCipherSpec": no_change_of_cipher, "outside the window": outside_window, "before the real one": before_the_real_one,
            "another server": another_server, "offered by another": offered_by_another, "short names": short_names, "flood": flood,
            "an alert before the ChangeCipherSpec": failed_before_the_cipher, "marker of a ticket": marker_of_a_ticket,
            "a client alone that offers it": a_client_alone_that_offers,
            "the whole answer before the real one": whole_answer_before_the_real_one}
# After these it is only known that something is wrong: the age may be a bound, but no breach is found and nothing passes that is none.
IN_DOUBT = {"the whole answer before the real one"}
# After these the server may have issued the name once more, for nobody knows which answer is forged: the breach stays one, but is no longer severe.
WEAKER = {"before the real one"}
SITES = {"": None, "scope of all servers": "sessions: { scope: all }\n",
         "farm": "sessions: { farms: [[192.0.2.80:443, 192.0.2.66:443]] }\n", "small memory": "limits: { sessions: 1000 }\n"}


def verdict(folder, frames, site, kind):
    path = os.path.join(folder, "poison.pcap")
    capturelib.write_frames(path, sorted(frames))
    words = ["-r", path]
    if site:
        with open(os.path.join(folder, "site.yaml"), "w") as f:
            f.write(site)
        words += ["-c", os.path.join(folder, "site.yaml")]
    evs, _ = events(utwatch, *words)
    last = [e for e in of_type(evs, "tls") if e["src_port"] == 49999][-1]
    fails = [a for a in of_type(evs, "alert") if a["utwatch"]["rule"] == RULES[kind] and a["flow_id"] == last["flow_id"]]
    passes = sum(r["pass"] for r in of_type(evs, "stats")[-1]["utwatch"]["rules"] if r["rule"] == RULES[kind])
    return last["utwatch"]["session"], {(a["utwatch"]["basis"], a["alert"]["severity"]) for a in fails}, passes


with tempfile.TemporaryDirectory() as folder:
    for kind in ("id", "ticket"):
        for what, attempt in ATTEMPTS.items():
            for where, site in SITES.items():
                for hours in (20, 25):
                    frames = connection(*issued(kind), at=0) + attempt(kind, 19 * HOUR) \
                        + connection(*resumption(kind), at=hours * HOUR, client=(VICTIM[0], 49999))
                    session, failed, passes = verdict(folder, frames, site, kind)
                    label = "%s, %s, %s, after %d h: %s" % (kind, what, where, hours, session)
                    forgotten = what == "flood" and where == "small memory"  # never resumed, and the oldest: the first to go
                    exact = session.get("age_basis") == "exact"
                    right = exact and abs(session["age_s"] - hours * 3600) <= 1
                    if what in IN_DOUBT:
                        check(not exact and session.get("age_s", 0) <= hours * 3600 + 1 and not failed and not passes, label)
                    elif forgotten:
                        check(right or not exact, label)
                    elif what in WEAKER and kind == "id":  # a ticket comes in the last flight, after both answers
                        as_old = not exact and abs(session["age_s"] - hours * 3600) <= 1
                        check(as_old and failed == ({("partial", 2)} if hours == 25 else set()) and not passes, label, failed)
                    else:
                        check(right and bool(failed) == (hours == 25), label)
finish()
