"""Connections that begin a session, and use it again: made up, for what no stack can be asked to do."""
from run_utwatch import ROOT  # noqa: F401 (it knows where capturelib is)

import hashlib

import capturelib
import messages as m

CLIENT, SERVER, HOUR = 0, 1, 3600 * 10**9
START = 1800000000 * 10**9
VICTIM, ID, TICKET = ("192.0.2.10", 40000), b"\xc1" * 32, b"\xd1" * 160
SERVERS = {"own": ("192.0.2.80", 443), "other": ("192.0.2.66", 443)}
DES3, RULES = 0x000A, {"id": "ut-7.1-session-lifetime", "ticket": "ut-7.1-ticket-lifetime"}


def connection(*conversation, at, client=VICTIM, server=SERVERS["own"], ends=True):
    c = capturelib.Connection(client=client, server=server, time=START + at)
    c.open()
    for step in conversation:
        c.send(*step)
    if ends:
        c.close()
    return c.frames


def full(session=b"", ticket=b"", hello=b"", random=b""):
    random = random or hashlib.sha256(session + ticket).digest()  # of no other session
    more = [(35, b"")] if ticket else []
    hello = hello or m.client_hello([DES3], m.TLS12, more=more, random=hashlib.sha256(random).digest())
    return [(CLIENT, hello),
            (SERVER, m.server_hello(DES3, m.TLS12, session, more=more, random=random) + m.message(11, b"\0\0\0", m.TLS12) + m.done(m.TLS12)),
            (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)),
            (SERVER, (m.new_session_ticket(ticket) if ticket else b"") + m.finished(m.TLS12))]


def resumption_of(kind, name, random=b"\0" * 32):
    """Of the session that is known by this id or ticket; `random`: of both ends."""
    marker = name if kind == "id" else b"\xe1" * 32
    more = [(35, name)] if kind == "ticket" else []
    return [(CLIENT, m.client_hello([DES3], m.TLS12, session=marker, more=more, random=random)),
            (SERVER, m.server_hello(DES3, m.TLS12, marker, random=random) + m.finished(m.TLS12)),
            (CLIENT, m.finished(m.TLS12))]


def resumption(kind):
    return resumption_of(kind, ID if kind == "id" else TICKET)


def issued(kind):
    return full(session=ID) if kind == "id" else full(ticket=TICKET)
