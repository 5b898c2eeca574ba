"""Captures as TCP conversations: read them, write them, cut them anew. For generators and tests.

A conversation is a list of (side, bytes), side 0 the client, in the order in which they were first sent.
"""
import gzip
import hashlib
import ipaddress
import random
import struct
import sys

ETHERNET = 1


def read_frames(path):
    """(time in ns, frame) of an Ethernet pcap."""
    data = gzip.open(path).read() if path.endswith(".gz") else open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if struct.unpack(order + "I", data[:4])[0] == 0xA1B23C4D else 1000
    at, out = 24, []
    while at + 16 <= len(data):
        sec, sub, cap, _ = struct.unpack(order + "IIII", data[at:at + 16])
        out.append((sec * 10**9 + sub * unit, data[at + 16:at + 16 + cap]))
        at += 16 + cap
    return out


def write_frames(path, frames, snaplen=262144):
    """Frames of (time in ns, bytes) as a pcap with nanoseconds; cut at snaplen."""
    with open(path, "wb") as f:
        write_frames_to(f, frames, snaplen)


def write_frames_to(f, frames, snaplen=262144):
    f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, ETHERNET))
    for time, frame in frames:
        kept = frame[:snaplen]
        f.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(kept), len(frame)) + kept)


def segment_of(frame):
    """(source, destination, seq, flags, payload) of a TCP frame over Ethernet, else None."""
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == 0x0800 and frame[23] == 6:
        header = (frame[14] & 15) * 4
        src, dst = frame[26:30], frame[30:34]
        tcp = frame[14 + header:14 + struct.unpack("!H", frame[16:18])[0]]
    elif kind == 0x86DD and frame[20] == 6:
        src, dst = frame[22:38], frame[38:54]
        tcp = frame[54:54 + struct.unpack("!H", frame[18:20])[0]]
    else:
        return None
    sport, dport, seq = struct.unpack("!HHI", tcp[:8])
    return (src, sport), (dst, dport), seq, tcp[13], tcp[(tcp[12] >> 4) * 4:]


def from_port(frames, port):
    """The same TCP connections over IPv4, their clients (whose ports are the higher ones) at another port."""
    out = []
    for time, frame in frames:
        at = 14 + (frame[14] & 15) * 4
        ports = list(struct.unpack("!HH", frame[at:at + 4]))
        ports[ports[0] < ports[1]] = port
        tcp = struct.pack("!HH", *ports) + frame[at + 4:at + 16] + b"\0\0" + frame[at + 18:14 + struct.unpack("!H", frame[16:18])[0]]
        checksum = ones_sum(frame[26:34] + struct.pack("!II", len(tcp), 6) + tcp)
        out.append((time, frame[:at] + tcp[:16] + struct.pack("!H", checksum) + tcp[18:]))
    return out


def datagram(source, destination, payload):
    """An Ethernet frame with a UDP datagram between two (address, port)."""
    header = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0)
    kind, packet = internet(17, source[0], destination[0], header + payload, 6)
    return bytes([2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]) + kind + packet


def conversations(path):
    """Every TCP connection of a capture as {first SYN's source: [(side, bytes), ...]}, retransmissions left out."""
    out, nexts = {}, {}
    for _, frame in read_frames(path):
        s = segment_of(frame)
        if not s:
            continue
        src, dst, seq, flags, payload = s
        if flags & 2:
            nexts[src, dst] = seq + 1
            if not flags & 16:
                out[src, dst] = []
            else:  # only the server's side was captured, or its answer came first
                out.setdefault((dst, src), [])
            continue
        key, side = ((src, dst), 0) if (src, dst) in out else ((dst, src), 1)
        if key not in out or not payload or (src, dst) not in nexts:  # the last: of an earlier connection on these ports
            continue
        new = payload[(nexts[src, dst] - seq) & 0xFFFFFFFF:] if seq != nexts[src, dst] else payload
        if new:
            out[key].append((side, new))
            nexts[src, dst] = (seq + len(payload)) & 0xFFFFFFFF
    return list(out.values())


def ones_sum(data):
    """The checksum of RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    # 2^16 is 1 modulo 2^16 - 1, so the words need no adding one by one.
    total = int.from_bytes(data, "big")
    return 0xFFFF - (total % 0xFFFF or (0xFFFF if total else 0))


def internet(protocol, src, dst, payload, checksum_at=None):
    """(EtherType, IP packet); src and dst as text or as octets; checksum_at: where the payload holds its own checksum."""
    src, dst = (ipaddress.ip_address(a).packed for a in (src, dst))
    if checksum_at is not None:
        start = src + dst + struct.pack("!II", len(payload), protocol)
        payload = payload[:checksum_at] + struct.pack("!H", ones_sum(start + payload)) + payload[checksum_at + 2:]
    if len(src) == 16:
        return b"\x86\xdd", struct.pack("!IHBB", 0x60000000, len(payload), protocol, 64) + src + dst + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + src + dst
    return b"\x08\x00", head[:10] + struct.pack("!H", ones_sum(head)) + head[12:] + payload


def icmp_error(src, dst, kind, code, quoted):
    """A frame with an error of ICMP (RFC 792) or ICMPv6 (RFC 4443) that quotes this beginning of an IP packet."""
    body = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + quoted
    if quoted[0] >> 4 == 6:
        ethertype, packet = internet(58, src, dst, body, 2)
    else:
        ethertype, packet = internet(1, src, dst, body[:2] + struct.pack("!H", ones_sum(body)) + body[4:])
    return bytes(12) + ethertype + packet


class Connection:
    """Builds the frames of one TCP connection. options: what gives the options of a segment, by its side."""

    def __init__(self, client=("192.0.2.10", 40000), server=("192.0.2.80", 443), time=0, step=1000000, seq=(1000, 5000), options=lambda side: b""):
        self.ends, self.options = (client, server), options
        self.time, self.step, self.seq, self.frames = time, step, list(seq), []

    def frame(self, side, flags, payload=b"", seq=None):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        seq = self.seq[side] if seq is None else seq
        options = self.options(side)
        words = struct.pack("!II", seq & 0xFFFFFFFF, self.seq[1 - side] & 0xFFFFFFFF)
        tcp = struct.pack("!HH8sBBHHH", sport, dport, words, 0x50 + 4 * len(options), flags, 65000, 0, 0) + options + payload
        self.time += self.step
        kind, packet = internet(6, src, dst, tcp, 16)
        return self.time, bytes([2, 0, 0, 0, 0, side]) + bytes([2, 0, 0, 0, 0, 1 - side]) + kind + packet

    def open(self):
        for side, flags in ((0, 0x02), (1, 0x12)):
            self.frames.append(self.frame(side, flags))
            self.seq[side] += 1
        self.frames.append(self.frame(0, 0x10))

    def send(self, side, payload):
        self.frames.append(self.frame(side, 0x18, payload))
        self.seq[side] += len(payload)

    def close(self, first=0):
        for side in (first, 1 - first):
            self.frames.append(self.frame(side, 0x11))
            self.seq[side] += 1

    def reset(self, side):
        self.frames.append(self.frame(side, 0x14))


def build(conversation, **where):
    """Frames of a whole connection: open, the bytes as they are, close."""
    c = Connection(**where)
    c.open()
    for side, payload in conversation:
        c.send(side, payload)
    c.close()
    return c.frames


def as_another(conversation, number):
    """The conversation as another handshake, whose hello has its own random (RFC 5246 7.4.1.2). It begins with a TLS hello."""
    (side, hello), *rest = conversation
    return [(side, hello[:11] + hashlib.sha256(b"hello %d" % number).digest() + hello[43:]), *rest]


def made_up(name, forged, answers, reset=0x04):
    """The segments of somebody who is neither end and chooses all numbers, and what the ends say, which know nothing of them: RFC 9293 3.10.7.1, a
    reset at the number that is acknowledged. `answers`: whose are captured, and whether each follows its segment or all come behind. lwIP and some
    firewalls acknowledge in it (`reset`)."""
    ends, at_once = answers
    frames, late = [], []
    for i, (time, frame) in enumerate(forged):
        frames.append((time, frame))
        head = frame[54:] if frame[12:14] == b"\x86\xdd" else frame[34:]
        flags, ack = head[13], struct.unpack("!I", head[8:12])[0]
        to = int(int.from_bytes(head[2:4], "big") == name.get("server", ("", 443))[1])
        if not flags & 0x10 or to not in ends:
            continue
        c = Connection(time=time + 500000 if at_once else forged[-1][0] + (i + 1) * 1000000, **name)
        (frames if at_once else late).append(c.frame(to, reset, seq=ack))
    return frames + late


def resegment(conversation, rng):
    """The same bytes in other segments; what one side sends in a row may be merged or cut, down to single bytes."""
    out = []
    for side, payload in rows_of(conversation):
        largest = rng.choice((1, 7, 40, 300, 1400, 100000))
        if largest == 1 and len(payload) > 4000:
            largest = 40
        while payload:
            n = rng.randint(1, largest)
            out.append((side, bytes(payload[:n])))
            del payload[:n]
    return out


def rows_of(conversation):
    """What one side sends in a row, joined."""
    rows = []
    for side, payload in conversation:
        if rows and rows[-1][0] == side:
            rows[-1][1] += payload
        else:
            rows.append([side, bytearray(payload)])
    return rows


def records_of(data):
    """TLS records, or None when the bytes are not whole records."""
    out, at = [], 0
    while at < len(data):
        if data[at] not in (20, 21, 22, 23) or data[at + 1:at + 2] != b"\x03" or at + 5 > len(data):
            return None
        length = struct.unpack("!H", data[at + 3:at + 5])[0]
        out.append(bytes(data[at:at + 5 + length]))
        at += 5 + length
    return out if at == len(data) else None


def certificate_of(path):
    """The body of the first Certificate message of a recording's servers."""
    for conversation in conversations(path):
        for side, payload in rows_of(conversation):
            data = b"".join(r[5:] for r in records_of(payload) or [] if r[0] == 22) if side == 1 else b""
            at = 0
            while at + 4 <= len(data):
                length = int.from_bytes(data[at + 1:at + 4], "big")
                if data[at] == 11:
                    return data[at + 4:at + 4 + length]
                at += 4 + length
    sys.exit("no certificate in " + path)


def rerecord(conversation, rng):
    """The same handshake messages in other TLS records, as far as they are in clear; all else stays as it is."""
    clear = [True, True]
    out = []
    for side, payload in rows_of(conversation):
        records = records_of(payload) if clear[side] else None
        if records is None:
            out.append((side, bytes(payload)))
            continue
        done, pending, version = bytearray(), bytearray(), b"\x03\x01"
        largest = rng.choice((1, 9, 200, 16384))

        def flush():
            while pending:
                part = bytes(pending[:rng.randint(1, largest)])
                done.extend(b"\x16" + version + struct.pack("!H", len(part)) + part)
                del pending[:len(part)]

        for record in records:
            if record[0] == 22 and clear[side]:
                if record[1:3] != version:
                    flush()
                version = record[1:3]
                pending += record[5:]
            else:
                flush()
                clear[side] = clear[side] and record[0] == 21
                done += record
        flush()
        out.append((side, bytes(done)))
    return out


def shuffle(frames, rng, window, duplicate=0.0):
    """Frames reordered by up to `window` places, some twice. Those that open and close the connection stay: who closes
    first is a fact that their order tells."""
    body = list(frames[3:-2])
    keyed = sorted(((i + rng.uniform(0, window), f) for i, f in enumerate(body)), key=lambda x: x[0])
    times = [t for t, _ in frames[3:-2]]
    out = [f for _, (_, f) in keyed]
    doubled = []
    for f in out:
        doubled.append(f)
        if rng.random() < duplicate:
            doubled.append(f)
    step = max(1, (times[-1] - times[0]) // max(1, len(doubled))) if times else 1
    start = times[0] if times else 0
    return frames[:3] + [(start + i * step, f) for i, f in enumerate(doubled)] + frames[-2:]


def seeded(*words):
    return random.Random("/".join(str(w) for w in words))
