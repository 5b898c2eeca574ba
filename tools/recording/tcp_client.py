#!/usr/bin/env python3
"""A UE of TLS 1.2 on OpenSSL, in a network that loses what it should not. usage: tcp_client.py HOST PORT NAME KIND [ARG ...]

vanishes FROM           handshake and request from that port; then the network is gone, and so is the UE, without a FIN or RST that gets through
returns FROM SECONDS    the network is back, but lets no RST out for so long; a handshake from that port, and another that resumes its session
half-closes WHEN        a FIN right behind the "hello" or the "Finished"; after the latter a second handshake that resumes
waits FILE              the server's first SYN/ACK does not come through; FILE tells the server to start again. Handshake, and one that resumes
"""
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

REQUEST = b"GET /simservs.ngn.etsi.org/users/sip:user@example.org/simservs.xml HTTP/1.1\r\nHost: xcap\r\n\r\n"


def nft(*words):
    subprocess.run(["nft", *words], check=True)


def lose(hook, what):
    """From now on the UE's network loses such segments."""
    nft("add table inet radio; add chain inet radio lost { type filter hook %s priority 0; }; add rule inet radio lost %s drop" % (hook, what))


def lose_nothing():
    subprocess.run(["nft", "delete", "table", "inet", "radio"], check=False)


def tcp(host, port, source=0):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", source))
    s.settimeout(12)
    s.connect((host, port))
    return s


class Handshake:
    """One handshake over memory, so that a FIN can go where a socket of OpenSSL would not put it."""

    def __init__(self, s, context, name, session=None):
        self.s, self.into, self.out = s, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_hostname=name, session=session)

    def run(self, half_close=None):
        flight = 0
        while True:
            try:
                self.tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            data = self.out.read()
            if data and half_close and flight >= half_close:
                return done  # there is no way out any more
            if data:
                self.s.sendall(data)
                flight += 1
                if half_close == flight:
                    self.s.shutdown(socket.SHUT_WR)
            if done:
                return True
            more = self.s.recv(65536)
            if not more:
                return False
            self.into.write(more)

    def ask(self):
        self.tls.write(REQUEST)
        self.s.sendall(self.out.read())

    def answer(self):
        """Whatever comes until it is a document, or the end."""
        try:
            self.into.write(self.s.recv(65536))
            return self.tls.read(1024)
        except (ssl.SSLError, OSError):
            return b""


def full(host, port, name, context, source=0, session=None):
    h = Handshake(tcp(host, port, source), context, name, session)
    h.run()
    h.ask()
    h.answer()
    h.s.close()
    return h


def main():
    host, port, name, kind, *more = sys.argv[1:]
    port = int(port)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if kind == "vanishes":
        h = Handshake(tcp(host, port, int(more[0])), context, name)
        h.run()
        h.ask()
        time.sleep(0.2)
        lose("output", "meta l4proto tcp")
        nft("add chain inet radio lost_in { type filter hook input priority 0; }; add rule inet radio lost_in meta l4proto tcp drop")
        h.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        h.s.close()
    elif kind == "returns":
        lose_nothing()
        lose("output", "tcp flags & rst == rst")
        threading.Timer(float(more[1]), lose_nothing).start()
        h = full(host, port, name, context, int(more[0]))
        full(host, port, name, context, session=h.tls.session)
    elif kind == "half-closes":
        h = Handshake(tcp(host, port), context, name)
        h.run(1 if more[0] == "hello" else 2)
        while h.s.recv(65536):
            pass
        h.s.close()
        if more[0] != "hello":
            full(host, port, name, context, session=h.tls.session)
    elif kind == "waits":
        lose("input", "tcp flags & (syn|ack) == syn|ack")

        def go_on():
            open(more[0], "w").close()
            time.sleep(0.3)
            lose_nothing()

        threading.Timer(0.4, go_on).start()
        h = full(host, port, name, context)
        full(host, port, name, context, session=h.tls.session)
        os.remove(more[0])


try:
    main()
except BaseException:
    lose_nothing()
    raise
