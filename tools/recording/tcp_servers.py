#!/usr/bin/env python3
"""TLS 1.2 servers on OpenSSL whose TCP does what real networks make of it. usage: tcp_servers.py HOST PORT CERT KEY KIND [ARG ...]

serves                  a document to each request
answers SECONDS         the document comes so much later
closes SECONDS          no document; closes so long after the request
delays SECONDS          what follows the client's FIN leaves so much later than OpenSSL had it ready
restarts FILE           a new listener takes the place of the first when FILE appears: a SYN that was answered before is answered anew
"""
import os
import socket
import ssl
import sys
import threading
import time

DOCUMENT = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n<simservs/>"


def listen(host, port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen()
    return s


def context(certificate, key):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    c.load_cert_chain(certificate, key)
    return c


def serve(c, tls, kind, seconds):
    try:
        s = tls.wrap_socket(c, server_side=True, suppress_ragged_eofs=True)
        s.recv(1024)
        time.sleep(seconds)
        if kind != "closes":
            s.sendall(DOCUMENT)
            s.recv(1024)
        s.close()
    except OSError as e:
        print("connection ended:", e, file=sys.stderr, flush=True)


def delay(c, tls, seconds):
    """Handshake in memory, so that each flight leaves when we want."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    s = tls.wrap_bio(into, out, server_side=True)
    done = False
    while True:
        data = c.recv(65536)
        late = not data
        if data:
            c.settimeout(0.2)  # a FIN that comes with the data, or just behind it
            try:
                late = not c.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                pass
            c.settimeout(None)
            into.write(data)
        if not done:
            try:
                s.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
        answer = out.read()
        if done and not late:
            try:
                if s.read(1024):
                    s.write(DOCUMENT)
                    answer += out.read()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass
        if late:
            time.sleep(seconds)
        if answer:
            c.sendall(answer)
        if late:
            c.close()
            return


def main():
    host, port, certificate, key, kind, *more = sys.argv[1:]
    tls = context(certificate, key)
    listener = listen(host, int(port))
    if kind == "restarts":
        while not os.path.exists(more[0]):
            time.sleep(0.05)
        listener.close()
        listener = listen(host, int(port))
    while True:
        c, _ = listener.accept()
        if kind == "delays":
            threading.Thread(target=delay, args=(c, tls, float(more[0])), daemon=True).start()
        else:
            seconds = float(more[0]) if kind in ("answers", "closes") else 0
            threading.Thread(target=serve, args=(c, tls, kind, seconds), daemon=True).start()


main()
