"""What tshark and openssl see in a capture, connection by connection. utwatch has no part in it."""
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zlib
import xml.etree.ElementTree as ET

TSHARK = ["tshark", "-2", "-n", "--enable-heuristic", "tls_tcp", "-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.check_checksum:TRUE",
          "-o", "ip.check_checksum:TRUE"]
HELLO_RETRY = "cf21ad74e59a6111be1d8c021e65b891"  # RFC 8446 4.1.3: this random makes a ServerHello a HelloRetryRequest
CLIENT, SERVER = "client", "server"


def fields(node, name):
    return [f for f in node.iter("field") if f.get("name") == name]


def show(node, name, otherwise=None):
    found = fields(node, name)
    return found[0].get("show") if found else otherwise


def value(node, name):
    found = fields(node, name)
    return (found[0].get("value") or "") if found else ""


class Connection:
    """One TCP connection: messages as (side, kind, facts), in the order in which they came."""

    def __init__(self, client):
        self.client = client
        self.messages, self.closing, self.requests, self.statuses, self.opened = [], None, [], [], False
        self.targets, self.answer = [], None  # answer: the first bytes of the server, in hexadecimal
        self.vlan = []  # ids of the first frame, outermost first
        self.ends, self.datagrams = None, 0  # datagrams: of UDP between the same ends

    def of(self, kind, side=None):
        return [m[2] for m in self.messages if m[1] == kind and (side is None or m[0] == side)]

    def server_hello(self):
        hellos = [h for h in self.of("server_hello") if not h["retry"]]
        return hellos[0] if hellos else None

    def resumed(self):
        """By the messages that an abbreviated handshake has and lacks (RFC 2246 7.3), or by pre_shared_key (RFC 8446 4.2.11)."""
        hello = self.server_hello()
        if hello["version"] == "0x0304":
            return 41 in hello["extensions"]
        return bool(self.of("ccs", SERVER)) and not self.of("certificate", SERVER) and not self.of("done")

    def method(self):
        if not self.resumed():
            return None
        if self.server_hello()["version"] == "0x0304":
            return "psk"
        return "ticket" if self.of("client_hello")[0]["ticket"] else "id"


def hello_facts(node, sslv2):
    codes = fields(node, "tls.handshake.cipherspec") if sslv2 else fields(node, "tls.handshake.ciphersuite")
    numbers = [f.get("show") for f in fields(node, "tls.handshake.extension.type")]
    lengths = [f.get("show") for f in fields(node, "tls.handshake.extension.len")]
    return {"format": "sslv2" if sslv2 else "tls", "sni": show(node, "tls.handshake.extensions_server_name"),
            "suites": ["0x" + (f.get("value") or "").rjust(6 if sslv2 else 4, "0") for f in codes],
            "random": value(node, "tls.handshake.random"), "session_id": value(node, "tls.handshake.session_id"), "psk": "41" in numbers,
            "ticket": any(n == "35" and int(x) > 0 for n, x in zip(numbers, lengths))}


def server_hello_facts(node):
    version = value(node, "tls.handshake.extensions.supported_version") or value(node, "tls.handshake.version")
    return {"version": "0x" + version, "suite": "0x" + value(node, "tls.handshake.ciphersuite").rjust(4, "0"),
            "random": value(node, "tls.handshake.random"),
            "retry": value(node, "tls.handshake.random").startswith(HELLO_RETRY), "session_id": value(node, "tls.handshake.session_id"),
            "extensions": [int(f.get("show")) for f in fields(node, "tls.handshake.extension.type")],
            "compression": int(show(node, "tls.handshake.comp_method", "0"), 0)}


@functools.lru_cache(maxsize=None)
def certificate_facts(der):
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text"], input=bytes.fromhex(der), capture_output=True,
                          check=True).stdout.decode()

    def after(word):
        found = re.search(re.escape(word) + r":? *\(?([^\n (]+)", text)
        return found.group(1) if found else None

    bits = re.search(r"Public-Key: \((\d+) bit", text)
    return {"key": after("Public Key Algorithm"), "bits": int(bits.group(1)) if bits else None, "signature": after("Signature Algorithm")}


def handshake(connection, side, node, sslv2):
    kind = show(node, "tls.handshake.type")
    put = connection.messages.append
    if kind == "1":
        put((side, "client_hello", hello_facts(node, sslv2)))
    elif sslv2:
        put((side, "sslv2_message", kind))
    elif kind == "2":
        put((side, "server_hello", server_hello_facts(node)))
    elif kind == "4":
        put((side, "new_session_ticket", int(show(node, "tls.handshake.session_ticket_lifetime_hint", "0"))))
    elif kind == "11":
        put((side, "certificate", [f.get("value") for f in fields(node, "tls.handshake.certificate") if f.get("value")]))
    elif kind == "13":
        put((side, "certificate_request", None))
    elif kind == "14":
        put((side, "done", None))
    elif kind == "16":
        put((side, "client_key_exchange", None))


def record(connection, side, node):
    kind = show(node, "tls.record.content_type") or show(node, "tls.record.opaque_type")
    put = connection.messages.append
    if kind == "20":
        put((side, "ccs", None))
    elif kind == "21":
        level = show(node, "tls.alert_message.level")
        put((side, "alert", (int(level), int(show(node, "tls.alert_message.desc")))) if level else (side, "encrypted_alert", None))
    elif kind == "23":
        put((side, "data", value(node, "tls.record.version")))
    elif kind in ("22", None):
        found = [h for h in fields(node, "tls.handshake") if show(h, "tls.handshake.type")]
        for h in found:
            handshake(connection, side, h, False)
        if not found and show(node, "tls.handshake.type"):
            handshake(connection, side, node, kind is None)
        elif not found and kind == "22" and "ragment" not in "".join(h.get("showname", "") for h in node.iter("field")):
            put((side, "encrypted_handshake", None))


def connections(path):
    """As dissect() has it. To the HTTP of tshark all that follows 101 is its own, so TLS within HTTP (RFC 2817) takes a second look without it."""
    found, hosts, bad = dissect(path)
    if any(101 in c.statuses or "CONNECT" in c.requests and max(c.statuses, default=0) >= 300 for c in found):
        for c, secure in zip(found, dissect(path, "--disable-protocol", "http")[0]):
            c.messages = secure.messages
    return found, hosts, bad


def packets(path, *words):
    """As tshark shows them. What it showed a test before it, with the same words, is kept in the folder UTWATCH_WITNESS: its start takes most
    of the time of these tests."""
    folder, kept = os.environ.get("UTWATCH_WITNESS"), None
    if folder:
        with open(path, "rb") as f:
            tshark = os.stat(shutil.which("tshark"))
            told = repr((TSHARK, words, tshark.st_mtime_ns, tshark.st_size)).encode()
            kept = os.path.join(folder, hashlib.sha256(told + f.read()).hexdigest())
    if kept and os.path.exists(kept):
        with open(kept, "rb") as f:
            return ET.fromstring(zlib.decompress(f.read())).iter("packet")
    shown = subprocess.run([*TSHARK, *words, "-r", path, "-T", "pdml"], capture_output=True, check=False).stdout
    if kept:
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as f:
            f.write(zlib.compress(shown, 1))
        os.replace(f.name, kept)
    return ET.fromstring(shown).iter("packet")


def dissect(path, *words):
    """Connections of the capture in the order of their first packets, the addresses that take part, and how many checksums are wrong."""
    streams, hosts, bad_checksums, datagrams = {}, set(), 0, {}
    for packet in packets(path, *words):
        protocols = {n.get("name"): n for n in packet.findall("proto")}
        tcp, ip = protocols.get("tcp"), protocols.get("ip", protocols.get("ipv6"))
        name = ip.get("name") if ip is not None else ""
        if tcp is None:
            if udp := protocols.get("udp"):
                ends = frozenset(((show(ip, name + ".src"), show(udp, "udp.srcport")), (show(ip, name + ".dst"), show(udp, "udp.dstport"))))
                datagrams[ends] = datagrams.get(ends, 0) + 1
            continue
        source, port = show(ip, name + ".src"), show(tcp, "tcp.srcport")
        hosts.update((source, show(ip, name + ".dst")))
        bad_checksums += show(tcp, "tcp.checksum.status") != "1"
        tags = [int(show(n, name + ".id")) for n in packet.findall("proto") for name in [n.get("name")] if name in ("vlan", "ieee8021ad")]
        flags = int(show(tcp, "tcp.flags"), 16)
        # Whoever sends first is the client, unless that is a SYN with an ACK.
        client = (source, port) if flags & 18 != 18 else (show(ip, name + ".dst"), show(tcp, "tcp.dstport"))
        c = streams.setdefault(int(show(tcp, "tcp.stream")), Connection(client))
        side = CLIENT if (source, port) == c.client else SERVER
        c.vlan = c.vlan or tags
        c.ends = frozenset(((source, port), (show(ip, name + ".dst"), show(tcp, "tcp.dstport"))))
        c.opened |= bool(flags & 2)
        payload = value(tcp, "tcp.payload")
        if payload and side == SERVER and c.answer is None:
            c.answer = payload[:64]
        if flags & 5 and not c.closing:
            c.closing = ["rst" if flags & 4 else "fin", side]
        for proto in packet.findall("proto"):
            if proto.get("name") == "http":
                c.requests += [f.get("show") for f in fields(proto, "http.request.method")]
                c.targets += [f.get("show") for f in fields(proto, "http.request.uri")]
                c.statuses += [int(f.get("show")) for f in fields(proto, "http.response.code")]
            if proto.get("name") == "tls":
                for r in fields(proto, "tls.record"):
                    record(c, side, r)
    for c in streams.values():
        c.datagrams = datagrams.get(c.ends, 0)
    return [streams[k] for k in sorted(streams)], hosts, bad_checksums
