#!/usr/bin/env python3
"""A client that changes to TLS within HTTP/1.1 (RFC 2817). usage: upgrade_client.py HOST PORT NAME"""
import socket
import ssl
import sys

c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
c.sendall(b"OPTIONS * HTTP/1.1\r\nHost: " + sys.argv[3].encode() + b"\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n")
head = b""
while not head.endswith(b"\r\n\r\n"):
    head += c.recv(1)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.maximum_version = ssl.TLSVersion.TLSv1_2
s = context.wrap_socket(c, server_hostname=sys.argv[3])
s.sendall(b"GET / HTTP/1.1\r\n\r\n")
s.close()
