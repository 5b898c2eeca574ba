#!/usr/bin/env python3
"""Servers too odd for a TLS library: close | reset (refuse without an alert), proxy PORT (HTTP CONNECT),
deny (HTTP CONNECT), http (whatever comes is a bad request), silent (never answers), starttls CERT KEY (SMTP),
upgrade CERT KEY (RFC 2817). usage: little_servers.py HOST PORT KIND [ARG ...]"""
import socket
import ssl
import struct
import sys
import threading


def pump(a, b):
    while True:
        data = a.recv(4096)
        if not data:
            break
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)


def line_of(c):
    data = b""
    while not data.endswith(b"\n"):
        more = c.recv(1)
        if not more:
            break
        data += more
    return data


def head_of(c):
    while line_of(c).strip():
        pass


def secure(c, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    s = context.wrap_socket(c, server_side=True)
    s.recv(1024)
    s.close()


def main():
    host, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen()
    c, _ = server.accept()
    if kind == "close":
        c.recv(4096)
    elif kind == "reset":
        c.recv(4096)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif kind == "silent":
        while c.recv(4096):
            pass
    elif kind == "http":
        c.recv(4096)
        c.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    elif kind == "deny":
        head_of(c)
        c.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    elif kind == "proxy":
        head_of(c)
        behind = socket.create_connection(("127.0.0.1", int(sys.argv[4])))
        c.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        t = threading.Thread(target=pump, args=(behind, c))
        t.start()
        pump(c, behind)
        t.join()
    elif kind == "starttls":
        c.sendall(b"220 mail.example.org ESMTP\r\n")
        while True:
            word = line_of(c)[:4].upper()
            if word == b"EHLO":
                c.sendall(b"250-mail.example.org\r\n250 STARTTLS\r\n")
            elif word == b"STAR":
                c.sendall(b"220 go ahead\r\n")
                secure(c, sys.argv[4], sys.argv[5])
                return
            else:
                return
    elif kind == "upgrade":
        head_of(c)
        c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n")
        secure(c, sys.argv[4], sys.argv[5])
        return
    c.close()


main()
