#!/usr/bin/env python3
"""The evidence of the HTML report, with tshark as its witness. usage: html_evidence.py UTWATCH [CAPTURE ...]
For each finding: the frame that it names shows the message that it names; the number of the stream is the one that tshark counts, or the
ends select the same connection; the octets of each record are those of that frame's message, and the marked ones are the field that the mark
names. CAPTURE: names in pcaps/, all of them by default; a path is read as it is (for the corpus)."""
import concurrent.futures
import html
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

from run_utwatch import PCAPS, SKIP, manifest, utwatch
from checks import check, finish

sys.path.insert(0, os.path.join(os.path.dirname(PCAPS), "tools"))
from capturelib import read_frames, write_frames  # noqa: E402

# As a reader's Wireshark is set; segments with a wrong checksum are taken too, since senders may leave it to the card.
TSHARK = ["tshark", "-2", "-n", "--enable-heuristic", "tls_tcp", "-o", "tcp.reassemble_out_of_order:TRUE"]
TYPES = {"ClientHello": 1, "ServerHello": 2, "NewSessionTicket": 4, "Certificate": 11, "ServerKeyExchange": 12, "CertificateRequest": 13,
         "ClientKeyExchange": 16}
# tshark looks for no TLS behind a CONNECT that was refused, nor behind an Upgrade
NOT_SEEN = {"gen-connect-refused-ignored.pcap", "openssl-http-upgrade.pcap"}
# mark -> the field of tshark that stands there, and how many octets before it the mark begins
FIELDS = {"cipher_suite": ("tls.handshake.ciphersuite", 0), "cipher_suites": ("tls.handshake.ciphersuites", 0),
          "cipher suite offered": ("tls.handshake.ciphersuite", 0), "server_version": ("tls.handshake.version", 0),
          "client_version": ("tls.handshake.version", 0), "compression_method": ("tls.handshake.comp_method", 0),
          "compression_methods": ("tls.handshake.comp_methods", 0), "session_id": ("tls.handshake.session_id_length", 0),
          "random": ("tls.handshake.random", 0), "subjectPublicKeyInfo": ("x509af.subjectPublicKeyInfo_element", 0),
          "validity": ("x509af.validity_element", 0), "serialNumber": ("x509af.serialNumber", None), "issuer": ("x509af.issuer", 0),
          "subject": ("x509af.subject", 0), "dh_p": ("tls.handshake.p_len", 0),
          "ticket_lifetime_hint": ("tls.handshake.session_ticket_lifetime_hint", 0)}


class Message:
    """A handshake message as tshark shows it: what it knows of its octets, and where its fields begin."""

    def __init__(self, node):
        self.at, self.size = int(node.get("pos")), int(node.get("size"))
        self.type = int(next(f.get("show") for f in node.iter("field") if f.get("name") == "tls.handshake.type"))
        self.octets, self.fields = {}, {}
        for field in node.iter("field"):
            place, size, value = int(field.get("pos")) - self.at, int(field.get("size")), field.get("value") or ""
            self.fields.setdefault(field.get("name"), []).append((place, size))
            if len(value) == 2 * size and 0 <= place and place + size <= self.size:
                self.octets.update({place + i: value[2 * i:2 * i + 2] for i in range(size)})


class Frame:
    def __init__(self, packet):
        value = {f.get("name"): f.get("show") for f in packet.iter("field")}
        self.number, self.stream = int(value["frame.number"]), value.get("tcp.stream")
        self.messages = [Message(n) for n in packet.iter("field") if n.get("name") == "tls.handshake" and n.find("field") is not None]
        self.alerts = sum(f.get("name") == "tls.alert_message.desc" for f in packet.iter("field"))
        self.sslv2 = any((f.get("name") or "").startswith("tls.record.is_v2") or f.get("name") == "tls.handshake.cipherspec" or
                         "SSLv2" in (f.get("showname") or "") for f in packet.iter("field"))


def frames_of(capture):
    p = subprocess.run(TSHARK + ["-r", capture, "-T", "pdml", "-Y", "tcp"], capture_output=True, timeout=600)
    return {f.number: f for f in map(Frame, ET.fromstring(p.stdout).iter("packet"))}


def selected(capture, display_filter):
    p = subprocess.run(["tshark", "-n", "-r", capture, "-Y", display_filter, "-T", "fields", "-e", "frame.number"], capture_output=True, timeout=600)
    check(p.returncode == 0, capture, "tshark refuses", display_filter, p.stderr.decode()[-200:])
    return {int(n) for n in p.stdout.split()}


def text(markup):
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


class Record:
    def __init__(self, markup):
        self.name = text(re.search(r"<p class=\"of\"><b>(.*?)</b>", markup)[1])
        frame = re.search(r"frame\.number == (\d+)", markup)
        self.frame = int(frame[1]) if frame else None
        length = re.search(r"Of its ([\d,]+) octets", markup)
        self.octets, self.cut = {}, int(length[1].replace(",", "")) if length else None
        for line in text(re.search(r"<pre class=\"hex\">(.*?)</pre>", markup, re.S)[1]).splitlines():
            if line != "…":
                place, *octets = line.split()
                self.octets.update({int(place, 16) + i: octet for i, octet in enumerate(octets)})
        marks = re.findall(r"<li><b>octets? (\w+)(?:–(\w+))?</b> (.*?)</li>", markup)
        self.marks = [(int(first, 16), int(last or first, 16), text(what).split(": ")[0]) for first, last, what in marks]
        self.marked = "".join(re.findall(r"<mark>(.*?)</mark>", markup, re.S))


class Finding:
    def __init__(self, markup):
        facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", markup, re.S))
        frame = re.fullmatch(r"(\d+)(?: \((.*)\))?", text(facts["Frame"])) if "Frame" in facts else None
        self.frame, self.shows = (int(frame[1]), frame[2]) if frame else (None, None)
        self.filters = [text(f) for f in re.findall(r"<code class=\"copy\">(.*?)</code>", facts["Filter"])]
        self.capture, self.fact_names = text(facts.get("Capture", "")), set(facts)
        self.records = [Record(m) for m in re.findall(r"<details class=\"record\">.*?</div>", markup, re.S)]


def shows(frame, name):
    if name == "alert":
        return frame.alerts
    return frame.sslv2 if name.startswith("SSLv2") else any(m.type == TYPES.get(name, m.type) for m in frame.messages)


def check_finding(where, f, frames, path):
    check({"Observed", "Basis", "Filter"} <= f.fact_names and {"Time", "Last seen"} & f.fact_names, where, "lacks a fact:", f.fact_names)
    if f.frame is None:
        check(not any("frame.number" in x for x in f.filters), where, "a filter for no frame")
        return
    check(f.capture == os.path.basename(path), where, "names", f.capture)
    check("frame.number == %d" % f.frame in f.filters, where, f.filters)
    frame = frames.get(f.frame)
    check(frame is not None or not f.shows, where, "frame", f.frame, "is no segment")
    if not frame:
        return
    check(not f.shows or shows(frame, f.shows) or f.capture in NOT_SEEN, where, "frame", f.frame, "does not show", f.shows)
    stream = [x for x in f.filters if x.startswith("tcp.stream eq ")]
    check(not stream or stream == ["tcp.stream eq " + frame.stream], where, stream, "and not", frame.stream)
    if not stream:
        check(f.frame in selected(path, f.filters[-1]), where, f.filters[-1], "does not select frame", f.frame)


def check_record(where, r, frames):
    frame = frames.get(r.frame)
    check(r.frame is None or (frame and shows(frame, r.name)), where, "frame", r.frame, "does not show", r.name)
    check(r.marks and r.marked, where, "marks nothing")
    for first, last, what in r.marks:
        left_out = [i for i in range(first, last + 1) if i not in r.octets]
        check(not left_out, where, r.name, what, "lacks", len(left_out), "of octets", first, "to", last)
    if not frame or r.name not in TYPES:
        return
    same = [m for m in frame.messages if m.type == TYPES[r.name]]
    length = r.cut or len(r.octets)
    fits = [m for m in same if m.size == length and all(r.octets.get(i, o) == o for i, o in m.octets.items())]
    check(fits, where, r.name, "of frame", r.frame, "has other octets:", length, [m.size for m in same])
    for first, last, what in r.marks if fits else ():
        name = what.removesuffix(" the hello was accepted")
        if name in FIELDS and FIELDS[name][1] is not None:
            places = {place for m in fits for place, _ in m.fields.get(FIELDS[name][0], ())}
            lowest = min(places, default=None)
            of_list = name.endswith("s") and lowest is not None and abs(first - lowest) <= 2
            check(first in places or of_list, where, what, "at", first, "not", places)


def one(binary, folder, path):
    page = os.path.join(folder, re.sub(r"\W", "_", path) + ".html")
    utwatch(binary, "-q", "--report", "html:" + page, "-r", path)
    with open(page, encoding="utf-8") as f:
        content = f.read()
    os.remove(page)
    findings = [Finding(m) for m in re.findall(r"<li class=\"finding\".*?(?:</div>|</dl>\n)</li>\n", content, re.S)]
    frames = frames_of(path) if findings else {}
    return path, findings, frames


def quoted(folder):
    """An error of ICMP that quotes a segment of another connection, before a handshake: RFC 792."""
    frames = read_frames(os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap"))
    tcp = struct.pack("!HHIIHHHH", 50000, 443, 1, 0, 0x5002, 1024, 0, 0)
    segment = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, bytes([192, 0, 2, 7]), bytes([198, 51, 100, 7])) + tcp
    error = b"\3\1\0\0\0\0\0\0" + segment
    packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(error), 1, 0, 64, 1, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 7])) + error
    path = os.path.join(folder, "quoted.pcap")
    write_frames(path, [(frames[0][0] - 10**6, bytes([2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 8, 0]) + packet), *frames])
    return path


def main():
    if not shutil.which("tshark"):
        sys.exit(SKIP)
    binary, wanted = sys.argv[1], sys.argv[2:]
    paths = [w for w in wanted if os.path.exists(w)]
    if not paths:
        paths = [os.path.join(PCAPS, e["file"]) for e in manifest(wanted)]
    numbered = records = frames_named = findings_count = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if not wanted:
            paths.append(quoted(folder))
        for path, findings, frames in pool.map(lambda p: one(binary, folder, p), paths):
            for i, f in enumerate(findings):
                where = "%s, finding %d:" % (os.path.basename(path), i)
                check_finding(where, f, frames, path)
                for r in f.records if f.capture not in NOT_SEEN else ():
                    check_record(where, r, frames)
                    records += 1
                findings_count += 1
                frames_named += f.frame is not None
                numbered += any("tcp.stream" in x for x in f.filters)
    print("%d findings, %d with a frame, %d with the number of their stream, %d records" % (findings_count, frames_named, numbered, records))
    if not wanted:
        check(numbered > 0.9 * frames_named and records > findings_count / 2, "too little was there to be checked")
    finish()


main()
