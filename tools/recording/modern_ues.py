#!/usr/bin/env python3
"""UEs of today, each with an address of its own: TLS 1.2 or 1.3, ECDSA, AES-GCM, ALPN h2; each makes a full handshake and resumes it by its ticket.

usage: modern_ues.py HOST PORT NAME INTERFACE connections=N"""
import socket
import ssl
import subprocess
import sys

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # with an empty SETTINGS (RFC 9113 3.4)
KINDS = [  # highest version, suites up to TLS 1.2: what three stacks offer
    (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"),
    (ssl.TLSVersion.TLSv1_3, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"),
    (ssl.TLSVersion.TLSv1_3, "ECDHE+AESGCM"),
]


def connect(context, address, session):
    host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with socket.create_connection((host, port), 5, (address, 0)) as plain:
        with context.wrap_socket(plain, server_hostname=name, session=session) as s:
            s.sendall(PREFACE)
            s.settimeout(0.3)
            try:
                while s.recv(4096):  # tickets of TLS 1.3 come with the server's first data
                    pass
            except TimeoutError:
                pass
            return s.session


def main():
    count = int(sys.argv[5].removeprefix("connections=")) // 2
    for i in range(count):
        address = "192.0.2.%d" % (100 + i)
        subprocess.run(["ip", "address", "add", address + "/24", "dev", sys.argv[4]], check=True)
        version, suites = KINDS[i % len(KINDS)]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = version
        context.set_ciphers(suites)
        context.set_alpn_protocols(["h2", "http/1.1"])
        session = connect(context, address, None)
        connect(context, address, session)
        subprocess.run(["ip", "address", "del", address + "/24", "dev", sys.argv[4]], check=True)


main()
