"""Handshakes whose outcome is known, within floods: seeded, so that two runs read the same bytes. All rates and times are packet time.

The real ones are full, resumed, TLS 1.3, refused or in breach of a rule, of UEs in 10.0.0.0/8, their segments small and some of them
swapped. A flood comes from addresses outside of that, and differs in addresses, ports and randoms.
"""
import collections
import heapq
import random
import struct

import bench_inputs
import bench_load
import capturelib
import messages

SECOND, MILLISECOND = 10**9, 10**6
START = bench_inputs.START + SECOND
SEGMENT = 536  # the least that each host takes (RFC 9293 3.7.1), so that a flight has several
NULL_SHA, CHACHA = 0x0002, 0xCCA8
CLIENT, SERVER = 0, 1
SYN, ACK, PUSH = 0x02, 0x10, 0x08
HOST = ("192.0.2.80", 443)
KINDS = ("full", "resumed", "tls13", "guilty", "refused")

Label = collections.namedtuple("Label", "outcome suite resumption")
LABELS = {
    "full": Label("complete", 0xC02F, "full"),
    "resumed": Label("complete", 0xC02F, "id"),
    "tls13": Label("complete", 0x1301, "full"),
    "guilty": Label("complete", NULL_SHA, "full"),
    "refused": Label("refused", None, None),
}


class Real:
    """Real handshakes, and what must be said of each."""

    def __init__(self, seed=1):
        self.load = bench_load.Load(bench_inputs.recorded(), seed)
        self.rng = random.Random(seed)
        self.labels = {}  # by (address, port) of the client

    def conversation(self, kind, ue):
        server = ue % bench_load.CERTIFICATES
        if kind == "resumed":
            if not self.load.issued.get(ue):
                self.load.issued[ue] = self.rng.randbytes(32)
            return self.load.resumed(ue, server)
        if kind == "guilty":
            return self.guilty(self.rng)
        if kind == "refused":
            return [(CLIENT, self.load.client_hello(ue, server)), (SERVER, messages.alert(2, 40, messages.TLS12))]
        return getattr(self.load, kind)(ue, server)

    @staticmethod
    def guilty(rng):
        answer = messages.server_hello(NULL_SHA, random=rng.randbytes(32))
        answer += messages.certificate_message(messages.EMPTY_CERTIFICATE) + messages.done()
        return [(CLIENT, messages.client_hello([NULL_SHA], random=rng.randbytes(32))), (SERVER, answer),
                (CLIENT, messages.client_key_exchange() + messages.finished()), (SERVER, messages.finished())]

    def handshake(self, kind, ue, start, rtt, reorder=False, pause=0):
        """Its frames; the tap is in the middle of the way. `pause`: between the opening of the connection and the hello."""
        client = "10.%d.%d.%d" % (1 + (ue >> 16), ue >> 8 & 255, ue & 255)
        port = 20000 + self.rng.randrange(40000)
        self.labels[client, port] = kind
        c = capturelib.Connection((client, port), ("192.0.%d.80" % (2 + ue % 8), 443), time=start, step=0,
                                  seq=(self.rng.getrandbits(32), self.rng.getrandbits(32)))
        c.open()
        wait = rtt // 2
        frames = [(start, c.frames[0][1]), (start + wait, c.frames[1][1]), (start + 2 * wait, c.frames[2][1])]
        time, before = start + 2 * wait + pause, CLIENT
        for side, data in self.conversation(kind, ue):
            time += wait if side != before else 0
            c.frames = []
            for at in range(0, len(data), SEGMENT):
                c.send(side, data[at:at + SEGMENT])
            if reorder and len(c.frames) > 2:
                c.frames[1:3] = c.frames[2:0:-1]
            for _, frame in c.frames:
                time += 20000
                frames.append((time, frame))
            before = side
        c.frames = []
        c.close(SERVER if kind == "refused" else CLIENT)
        return frames + [(time + wait * (i + 1), frame) for i, (_, frame) in enumerate(c.frames)]

    def handshakes(self, rate, seconds, rtts, kinds=KINDS, start=START, reorder=True, first_ue=0, pause=0):
        """Frames in their order: `rate` handshakes a second."""
        frames = []
        for n in range(int(rate * seconds)):
            kind = kinds[n % len(kinds)]
            frames += self.handshake(kind, first_ue + n, start + n * SECOND // rate, rtts[n % len(rtts)], reorder and n % 2 == 0, pause)
        frames.sort(key=lambda f: f[0])
        return frames


class Forged:
    """One frame of a flood, of which address, port and some bytes are to differ; its sums stay right."""

    def __init__(self, connection, side, flags, payload=b"", random_at=None):
        _, frame = connection.frame(side, flags, payload)
        self.frame = bytearray(frame)
        self.address_at, self.port_at = (26, 34) if side == CLIENT else (30, 36)
        self.salt_at = 54 + random_at if random_at is not None else 4  # else in the MAC address of the destination
        self.salted = random_at is not None
        for at, n in ((self.address_at, 4), (self.port_at, 2), (self.salt_at if self.salted else 0, 4 if self.salted else 0), (24, 2), (50, 2)):
            self.frame[at:at + n] = bytes(n)
        tcp = bytes(self.frame[34:])
        self.ip_sum = 0xFFFF - capturelib.ones_sum(bytes(self.frame[14:34]))
        self.tcp_sum = 0xFFFF - capturelib.ones_sum(bytes(self.frame[26:34]) + struct.pack("!II", len(tcp), 6) + tcp)

    def made(self, address, port, salt=0):
        frame, words = self.frame, (address >> 16) + (address & 0xFFFF)
        struct.pack_into("!I", frame, self.address_at, address)
        struct.pack_into("!H", frame, self.port_at, port)
        sum_ip, sum_tcp = self.ip_sum + words, self.tcp_sum + words + port
        if self.salted:
            struct.pack_into("!I", frame, self.salt_at, salt)
            sum_tcp += (salt >> 16) + (salt & 0xFFFF)
        struct.pack_into("!H", frame, 24, 0xFFFF - (sum_ip % 0xFFFF or 0xFFFF))
        struct.pack_into("!H", frame, 50, 0xFFFF - (sum_tcp % 0xFFFF or 0xFFFF))
        return bytes(frame)


def client():
    return capturelib.Connection(("0.0.0.0", 0), HOST, step=0, seq=(0x1F00, 0x2F00))


def opening(c, answered):
    """SYN alone, or a whole opening."""
    steps = ((CLIENT, SYN), (SERVER, SYN | ACK), (CLIENT, ACK)) if answered else ((CLIENT, SYN),)
    out = []
    for side, flags in steps:
        out.append(Forged(c, side, flags))
        c.seq[side] += flags & SYN == SYN
    return out


HELLO = messages.client_hello([0xC02F, 0xC030, 0xCCA8, 0x009C], messages.TLS12, more=[bench_load.sni(b"xcap.ims.mnc001.mcc001.pub.3gppnetwork.org")])
ANNOUNCED = messages.record(22, b"\1" + (14000).to_bytes(3, "big") + HELLO[9:], messages.TLS12)[:5 + 4 + 60]
ANNOUNCED = ANNOUNCED[:3] + (14004).to_bytes(2, "big") + ANNOUNCED[5:]
RANDOM_AT = 12  # an even offset within the random of a hello


def whole_flight(c):
    """Frames of a hello and of an answer with a Certificate message of 3 KB."""
    certificate = random.Random(4).randbytes(2994)
    body = (len(certificate) + 3).to_bytes(3, "big") + len(certificate).to_bytes(3, "big") + certificate
    answer = messages.server_hello(0xC02F, messages.TLS12) + messages.certificate_message(body, messages.TLS12)
    frames = [Forged(c, CLIENT, PUSH | ACK, HELLO, RANDOM_AT)]
    c.seq[CLIENT] += len(HELLO)
    for at in range(0, len(answer), SEGMENT):
        frames.append(Forged(c, SERVER, PUSH | ACK, answer[at:at + SEGMENT]))
        c.seq[SERVER] += len(answer[at:at + SEGMENT])
    return frames


def all_but_the_end(c):
    """Frames of a hello of 14,000 bytes, without the last of them."""
    frames, hello = [], ANNOUNCED + bytes(14009 - len(ANNOUNCED))
    for at in range(0, 13 * 1000, 1000):
        frames.append(Forged(c, CLIENT, PUSH | ACK, hello[at:at + 1000], RANDOM_AT if at == 0 else None))
        c.seq[CLIENT] += 1000
    return frames


def frames_of(kind):
    """What one sender of a flood sends."""
    c = client()
    if kind == "syn":
        return opening(c, False)
    answered = kind.startswith("real-")
    out = opening(c, answered)
    if kind == "real-certificate":
        return [*out, *whole_flight(c)]
    if kind == "real-delivered":
        return [*out, *all_but_the_end(c)]
    payload = {"hello": HELLO, "announced": ANNOUNCED, "ahead": HELLO[1:2], "start": HELLO[:3]}[kind.removeprefix("real-")]
    c.seq[CLIENT] += kind.endswith("ahead")
    return [*out, Forged(c, CLIENT, PUSH | ACK, payload, RANDOM_AT if len(payload) > 40 else None)]


def spoofed(rng):
    """An address outside 10.0.0.0/8, and a port."""
    return 0x0B000000 + rng.getrandbits(31), 1024 + rng.getrandbits(15)


def greedy(rng, addresses=4):
    """One of few addresses."""
    return 0xC6336400 + rng.randrange(addresses), 1024 + rng.randrange(64000)


def flood(kind, rate, seconds, start=START, sender=spoofed, seed=2, spread=0):
    """`rate` senders a second; `spread`: nanoseconds between the frames of one."""
    def step(forged, later):
        rng = random.Random(seed)
        for n in range(int(rate * seconds)):
            address, port = sender(rng)
            salt = rng.getrandbits(32)
            for frame in forged:
                yield start + n * SECOND // rate + later, frame.made(address, port, salt)

    forged = frames_of(kind)
    return mixed(*(step([frame], k * spread) for k, frame in enumerate(forged))) if spread else step(forged, 0)


def crowd(labels, rate, seconds, start=START, rtt=30 * MILLISECOND):
    """A handshake in breach of a rule of each of rate * seconds UEs, and their labels."""
    c = client()
    forged = [(wait, frame) for wait, frame in zip((0, 1, 2), opening(c, True))]
    c = client()
    c.open()
    wait = 2
    for side, data in Real.guilty(random.Random(3)):
        forged.append((wait, Forged(c, side, PUSH | ACK, data, RANDOM_AT if wait == 2 else None)))
        c.seq[side] += len(data)
        wait += 1

    # Frames of one step follow each other in the order of the UEs.
    def step(k):
        wait, frame = forged[k]
        for n in range(int(rate * seconds)):
            if k == 0:
                labels["10.%d.%d.%d" % (n >> 16, n >> 8 & 255, n & 255), 40000] = "guilty"
            yield start + n * SECOND // rate + wait * rtt // 2, frame.made(0x0A000000 + n, 40000, n)

    return [step(k) for k in range(len(forged))]


def mixed(*streams):
    return heapq.merge(*streams, key=lambda f: f[0])
