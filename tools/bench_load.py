"""Handshakes that differ as those of a real network do: seeded, so that two runs read the same bytes.

20,000 UEs with 200 TLS stacks speak to 1,000 servers with a certificate each. Randoms, session ids, tickets, key shares and names are of each
handshake, so that a cache meets what it would meet, and no more. Names and serial numbers are written into a recorded certificate over others of
their length, its signature is random: nobody verifies it.
"""
import functools
import random
import struct

import capturelib
import messages

STACKS, CERTIFICATES, UES = 200, 1000, 20000
NAME = b"mnc001.mcc001"  # in the name of the recorded server
SUITES = [0xC02F, 0xC030, 0xC02B, 0xC02C, 0x009C, 0x009D, 0x002F, 0x0035, 0xC013, 0xC014, 0x000A, 0xCCA8, 0xCCA9, 0xC027, 0x003C]
X25519 = 29
GROUPS = [29, 23, 24, 25, 30]
ALGORITHMS = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0203, 0x0201]
SIGNALS = 0x00FF


def vector(numbers, width=2):
    body = b"".join(n.to_bytes(2, "big") for n in numbers)
    return len(body).to_bytes(width, "big") + body


def sni(host):
    return 0, struct.pack("!HBH", len(host) + 3, 0, len(host)) + host


class Load:
    def __init__(self, recorded, seed=1):
        self.rng = random.Random(seed)
        self.hello = capturelib.records_of(recorded[0][1])[0]
        self.flight = capturelib.records_of(recorded[1][1])
        self.stacks = [self.stack() for _ in range(STACKS)]
        self.issued = {}  # by UE: the id that its server gave it

    def stack(self):
        """Suites, and the extensions that stay the same, of one TLS stack."""
        rng = self.rng
        suites = [0xC02F] + [s for s in SUITES[1:] if rng.random() < 0.5] + [SIGNALS]
        groups = rng.sample(GROUPS, rng.randint(2, 5))
        groups[0] = groups[0] if X25519 in groups else X25519  # of which each has a share (RFC 8446 4.2.8)
        more = [(10, vector(groups)), (11, b"\1\0"), (13, vector(rng.sample(ALGORITHMS, rng.randint(4, 10))))]
        more += [(n, b"") for n in (22, 23, 35) if rng.random() < 0.7]
        rng.shuffle(more)
        return suites, more

    @staticmethod
    def name(server):
        return b"mnc%03d.mcc%03d" % (server % 40, 100 + server % 7)

    def host(self, server):
        return b"xcap.ims." + self.name(server) + b".pub.3gppnetwork.org"

    @functools.lru_cache(maxsize=None)
    def certificate(self, server):
        """The record of the Certificate message of one server."""
        serial = b"\2\2" + struct.pack("!H", 0x1000 + server)
        body = next(r for r in self.flight if r[5] == 11).replace(NAME, self.name(server)).replace(b"\2\2\x10\1", serial)
        return body[:-64] + random.Random(server).randbytes(64)

    def client_hello(self, ue, server, session=b"", more=()):
        suites, same = self.stacks[ue % STACKS]
        return messages.client_hello(suites, messages.TLS12, session, more=[sni(self.host(server)), *same, *more], random=self.rng.randbytes(32))

    def server_flight(self, server, session):
        key = next(r for r in self.flight if r[5] == 12)
        key = key[:13] + self.rng.randbytes(32) + key[45:49] + self.rng.randbytes(len(key) - 49)
        hello = messages.server_hello(0xC02F, messages.TLS12, session, more=[(65281, b"\0"), (11, b"\1\0")], random=self.rng.randbytes(32))
        return hello + self.certificate(server) + key + messages.done(messages.TLS12)

    def finished(self):
        return messages.record(20, b"\1", messages.TLS12) + messages.record(22, self.rng.randbytes(40), messages.TLS12)

    def data(self, n):
        return messages.record(23, self.rng.randbytes(n), messages.TLS12)

    def exchange(self, *handshake):
        return [*handshake, (0, self.data(150)), (1, self.data(400))]

    def full(self, ue, server):
        """Session id and no ticket for every second UE, a ticket and no id for the others."""
        session = self.rng.randbytes(32) if ue % 2 else b""
        ticket = b"" if ue % 2 else messages.new_session_ticket(self.rng.randbytes(176), 7200)
        self.issued[ue] = session
        key = messages.message(16, b"\x20" + self.rng.randbytes(32), messages.TLS12)
        return self.exchange((0, self.client_hello(ue, server)), (1, self.server_flight(server, session)), (0, key + self.finished()),
                             (1, ticket + self.finished()))

    def resumed(self, ue, server):
        session = self.issued.get(ue)
        if not session:
            return self.full(ue, server)
        hello = messages.server_hello(0xC02F, messages.TLS12, session, more=[(65281, b"\0")], random=self.rng.randbytes(32))
        return self.exchange((0, self.client_hello(ue, server, session)), (1, hello + self.finished()), (0, self.finished()))

    def tls13(self, ue, server):
        share = struct.pack("!HHH", 36, X25519, 32) + self.rng.randbytes(32)
        session = self.rng.randbytes(32)
        suites, same = self.stacks[ue % STACKS]
        hello = messages.client_hello([0x1301, 0x1302, *suites], messages.TLS12, session, random=self.rng.randbytes(32),
                                      more=[sni(self.host(server)), *same, (43, b"\4\3\4\3\3"), (51, share)])
        answer = messages.server_hello(0x1301, messages.TLS12, session, random=self.rng.randbytes(32),
                                       more=[(43, b"\3\4"), (51, struct.pack("!HH", X25519, 32) + self.rng.randbytes(32))])
        change = messages.record(20, b"\1", messages.TLS12)
        return self.exchange((0, hello), (1, answer + change + self.data(1200)), (0, change + self.data(60)))

    def frames(self, kinds, count, start):
        """`count` connections one after the other, of these kinds in turn; each UE keeps to its server."""
        time = start
        for n in range(count):
            ue = n // len(kinds) % UES
            server = ue % CERTIFICATES
            client = "10.%d.%d.%d" % (1 + (ue >> 16), ue >> 8 & 255, ue & 255)
            conversation = getattr(self, kinds[n % len(kinds)])(ue, server)
            yield from capturelib.build(conversation, time=time, step=100000, client=(client, 20000 + n % 40000),
                                        server=("192.0.%d.%d" % (2 + (server >> 8), server & 255), 443))
            time += 2000000
