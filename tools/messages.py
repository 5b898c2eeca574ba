"""TLS and SSLv2 messages put together by hand: records, hellos and what follows them. For generators and tests.

Nothing here is encrypted or verified: a Finished is so many bytes. Numbers are IANA's.
"""
import struct

TLS10, TLS12, SSL3, SSL2 = 0x0301, 0x0303, 0x0300, 0x0002
EMPTY_CERTIFICATE = b"\0\0\0"


def record(kind, body, version=TLS10):
    return struct.pack("!BHH", kind, version, len(body)) + body


def message(kind, body, version=TLS10):
    return record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body, version)


def extensions(pairs):
    """(number, body) pairs; nothing at all without any."""
    if not pairs:
        return b""
    body = b"".join(struct.pack("!HH", n, len(b)) + b for n, b in pairs)
    return struct.pack("!H", len(body)) + body


def client_hello(suites, version=TLS10, session=b"", compression=b"\0", more=(), random=b"\x11" * 32):
    codes = b"".join(struct.pack("!H", s) for s in suites)
    return message(1, struct.pack("!H", version) + random + bytes([len(session)]) + session + struct.pack("!H", len(codes)) + codes
                   + bytes([len(compression)]) + compression + extensions(more), min(version, TLS10))


def server_hello(suite, version=TLS10, session=b"", compression=0, more=(), random=b"\x22" * 32):
    return message(2, struct.pack("!H", version) + random + bytes([len(session)]) + session + struct.pack("!HB", suite, compression)
                   + extensions(more), version)


def certificate_message(body, version=TLS10):
    return message(11, body, version)


def certificate_request(version=TLS10, types=b"\1\2"):
    """rsa_sign and dss_sign, no authorities; TLS 1.2 lists signature algorithms too."""
    return message(13, bytes([len(types)]) + types + (b"\0\2\4\1" if version >= TLS12 else b"") + b"\0\0", version)


def server_key_exchange(version=TLS10):
    """Parameters of anonymous Diffie-Hellman: prime, generator, public value."""
    vectors = (b"\xff" * 127 + b"\x61", b"\2", b"\x3c" * 128)
    return message(12, b"".join(struct.pack("!H", len(v)) + v for v in vectors), version)


def new_session_ticket(ticket, hint=300, version=TLS12):
    return message(4, struct.pack("!IH", hint, len(ticket)) + ticket, version)


def alert(level, description, version=TLS10):
    return record(21, bytes([level, description]), version)


def done(version=TLS10):
    return message(14, b"", version)


def client_key_exchange(version=TLS10):
    return message(16, b"\x00\x80" + b"\x44" * 128, version)


def finished(version=TLS10):
    """ChangeCipherSpec, and a Finished that is protected."""
    return record(20, b"\1", version) + record(22, b"\x55" * 40, version)


def closing(sides=(0, 1), version=TLS10):
    """[(side, bytes)]: a protected alert of each of these sides, as close_notify is."""
    return [(side, record(21, b"\x66" * 32, version)) for side in sides]


def sslv2(body):
    return struct.pack("!H", 0x8000 | len(body)) + body


def sslv2_padded(body, padding):
    """A protected record with the header of three bytes."""
    return struct.pack("!HB", len(body), padding) + body


def sslv2_hello(specs, version):
    codes = b"".join(struct.pack("!I", s)[1:] for s in specs)
    return sslv2(b"\1" + struct.pack("!HHHH", version, len(codes), 0, 16) + codes + b"\x33" * 16)


def sslv2_server_hello(spec):
    return sslv2(b"\4\0\1\0\2" + struct.pack("!HHH", 0, 3, 16) + spec.to_bytes(3, "big") + b"\x66" * 16)


def sslv2_error(number=1):
    return sslv2(b"\0" + struct.pack("!H", number))
