"""Puts Ethernet frames into the encapsulations that mirrored traffic comes in. Each function takes a frame and gives one."""
import struct

import capturelib

OUTER = ("198.51.100.1", "198.51.100.2")
OUTER6 = ("2001:db8:ffff::1", "2001:db8:ffff::2")
ADDRESSES = b"\2\0\0\0\xaa\2" + b"\2\0\0\0\xaa\1"


def ethernet(kind, payload):
    return ADDRESSES + kind + payload


def split(frame):
    """(addresses, EtherType, payload); the payload without Ethernet's padding."""
    kind, payload = frame[12:14], frame[14:]
    if kind == b"\x08\x00":
        payload = payload[:struct.unpack("!H", payload[2:4])[0]]
    elif kind == b"\x86\xdd":
        payload = payload[:40 + struct.unpack("!H", payload[4:6])[0]]
    return frame[:12], kind, payload


def over_ip(protocol, payload, ends=OUTER, checksum_at=None):
    return ethernet(*capturelib.internet(protocol, *ends, payload, checksum_at))


def over_udp(port, payload):
    """UDP without a checksum, as tunnels send it over IPv4."""
    return over_ip(17, struct.pack("!HHHH", 49152, port, 8 + len(payload), 0) + payload)


def vlan(frame, number=100):
    return frame[:12] + b"\x81\x00" + struct.pack("!H", number) + frame[12:]


def qinq(frame, outer=200, inner=100):
    """802.1ad outside, 802.1Q inside."""
    return frame[:12] + b"\x88\xa8" + struct.pack("!H", outer) + vlan(frame, inner)[12:]


def mpls(frame):
    """Two labels, the second at the bottom of the stack; what follows is IP."""
    _, _, packet = split(frame)
    return ethernet(b"\x88\x47", struct.pack("!II", 100 << 12 | 64, 200 << 12 | 1 << 8 | 64) + packet)


def pppoe(frame):
    _, kind, packet = split(frame)
    protocol = b"\x00\x21" if kind == b"\x08\x00" else b"\x00\x57"
    return ethernet(b"\x88\x64", b"\x11\x00\x00\x01" + struct.pack("!H", 2 + len(packet)) + protocol + packet)


def gre(frame, key=None):
    """IP in GRE, without options (RFC 2784) or with a key (RFC 2890)."""
    _, kind, packet = split(frame)
    return over_ip(47, (b"\0\0" if key is None else b"\x20\0") + kind + (b"" if key is None else struct.pack("!I", key)) + packet)


def nvgre(frame, network=0x2a00, path=0):
    """Ethernet in GRE whose key has the number of a network and what chooses a path (RFC 7637)."""
    return over_ip(47, b"\x20\x00\x65\x58" + struct.pack("!I", network << 8 | path) + frame)


def erspan(frame):
    """A switch's mirror, type II: GRE with a sequence number and eight octets of its own."""
    return over_ip(47, b"\x10\x00\x88\xbe" + b"\0\0\0\1" + b"\x10\x64\0\1" + b"\0\0\0\0" + frame)


def vxlan(frame, number=42):
    return over_udp(4789, b"\x08\0\0\0" + struct.pack("!I", number << 8) + frame)


def geneve(frame, number=42):
    return over_udp(6081, b"\0\0\x65\x58" + struct.pack("!I", number << 8) + frame)


def gtp(frame, endpoint=0x01020304):
    """A G-PDU of GTP-U (TS 29.281), with a sequence number."""
    _, _, packet = split(frame)
    return over_udp(2152, b"\x32\xff" + struct.pack("!HI", 4 + len(packet), endpoint) + b"\0\1\0\0" + packet)


def ipip(frame):
    _, kind, packet = split(frame)
    return over_ip(4 if kind == b"\x08\x00" else 41, packet)


def ip6(frame):
    """IP in IPv6 (RFC 2473)."""
    _, kind, packet = split(frame)
    return over_ip(4 if kind == b"\x08\x00" else 41, packet, OUTER6)


KINDS = {f.__name__: f for f in (vlan, qinq, mpls, pppoe, gre, nvgre, erspan, vxlan, geneve, gtp, ipip, ip6)}


def fragments(frame, size):
    """The frame as IPv4 fragments of at most `size` octets of payload; what is not IPv4, or small enough, as it is."""
    addresses, kind, packet = split(frame)
    if kind != b"\x08\x00":
        return [frame]
    header = packet[:(packet[0] & 15) * 4]
    body, size = packet[len(header):], max(8, size - size % 8)
    if len(body) <= size:
        return [frame]
    number = capturelib.ones_sum(body).to_bytes(2, "big")
    out = []
    for at in range(0, len(body), size):
        part = body[at:at + size]
        more = 0x2000 if at + size < len(body) else 0
        where = struct.pack("!H", more | at // 8)
        head = header[:2] + struct.pack("!H", len(header) + len(part)) + number + where + header[8:10] + b"\0\0" + header[12:]
        out.append(addresses + kind + head[:10] + struct.pack("!H", capturelib.ones_sum(head)) + head[12:] + part)
    return out
