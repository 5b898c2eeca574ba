#!/usr/bin/env python3
"""Can somebody make another's session younger, or unjudged? usage: poison.py UTWATCH

Ids and tickets are in clear, so whoever sees them can name them in packets of his own. The victim begins a session, somebody tries
to give it another origin, and the victim uses it after 25 hours: that is a breach, and has to stay one; the same after 20 hours
is none, and has to stay none.
"""
import os
import sys
import tempfile

from run_utwatch import events, finish, of_type

import capturelib
import messages as m

CLIENT, SERVER, HOUR = 0, 1, 3600 * 10**9
START = 1800000000 * 10**9
VICTIM, ID, TICKET = ("192.0.2.10", 40000), b"\xc1" * 32, b"\xd1" * 160
SERVERS = {"own": ("192.0.2.80", 443), "other": ("192.0.2.66", 443)}
DES3, RULES = 0x000A, {"id": "ut-7.1-session-lifetime", "ticket": "ut-7.1-ticket-lifetime"}
utwatch = sys.argv[1]
problems, checked = [], 0


def connection(*conversation, at, client=VICTIM, server=SERVERS["own"], ends=True):
    c = capturelib.Connection(client=client, server=server, time=START + at)
    c.open()
    for step in conversation:
        c.send(*step)
    if ends:
        c.close()
    return c.frames


def full(session=b"", ticket=b"", hello=b""):
    more = [(35, b"")] if ticket else []
    return [(CLIENT, hello or m.client_hello([DES3], m.TLS12, more=more)),
            (SERVER, m.server_hello(DES3, m.TLS12, session, more=more) + m.message(11, b"\0\0\0", m.TLS12) + m.done(m.TLS12)),
            (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
            (SERVER, (m.new_session_ticket(ticket) if ticket else b"") + m.finished(m.TLS12))]


def resumption(kind):
    marker = ID if kind == "id" else b"\xe1" * 32
    more = [(35, TICKET)] if kind == "ticket" else []
    return [(CLIENT, m.client_hello([DES3], m.TLS12, session=marker, more=more)), (SERVER, m.server_hello(DES3, m.TLS12, marker) + m.finished(m.TLS12)),
            (CLIENT, m.finished(m.TLS12))]


def issued(kind):
    return full(session=ID) if kind == "id" else full(ticket=TICKET)


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


ATTEMPTS = {"nothing": lambda kind, at: [], "the server's side alone": one_direction(SERVER), "the client's side alone": one_direction(CLIENT),
            "no ChangeCipherSpec": no_change_of_cipher, "outside the window": outside_window, "before the real one": before_the_real_one,
            "another server": another_server, "offered by another": offered_by_another, "short names": short_names, "flood": flood}
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
    return last["utwatch"]["session"], bool(fails)


with tempfile.TemporaryDirectory() as folder:
    for kind in ("id", "ticket"):
        for what, attempt in ATTEMPTS.items():
            for where, site in SITES.items():
                for hours in (20, 25):
                    frames = connection(*issued(kind), at=0) + attempt(kind, 19 * HOUR) \
                        + connection(*resumption(kind), at=hours * HOUR, client=(VICTIM[0], 49999))
                    session, failed = verdict(folder, frames, site, kind)
                    checked += 1
                    label = "%s, %s, %s, after %d h: %s" % (kind, what, where, hours, session)
                    forgotten = what == "flood" and where == "small memory"  # never resumed, and the oldest: the first to go
                    if forgotten:
                        if session["age_basis"] == "exact" and abs(session["age_s"] - hours * 3600) > 1:
                            problems.append(label)
                    elif session.get("age_basis") != "exact" or abs(session["age_s"] - hours * 3600) > 1 or failed != (hours == 25):
                        problems.append(label)
finish(problems, checked)
