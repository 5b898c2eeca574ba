#!/usr/bin/env python3
"""One address in several VLANs or overlay networks may be that of several hosts. usage: networks.py UTWATCH

What one of them showed is not known of the others. Two connections between the same ends are read separately, as by tshark with a filter for the
network. A mirror that tags each direction in its own way, copies with another tag, and what a handover changes make no other network.
"""
import os
import subprocess
import sys
import tempfile

from made_sessions import CLIENT, DES3, HOUR, START, full, resumption_of
from run_utwatch import events, of_type
from checks import check, finish

import capturelib
import encapsulation as e
import messages as m

UTWATCH = sys.argv[1]
DES, AES, RC4, NULL_SHA = 0x0009, 0x002F, 0x0005, 0x0002
SECOND, MILLISECOND = 10**9, 10**6
SERVER, UE = ("192.0.2.80", 443), ("192.0.2.10", 40000)
LONG, OLD, SUITE = "ut-5.1.2-possible-128", "ut-7.1-session-lifetime", "rfc2246-7.4.1.3-same-suite"
SHORT, UNIQUE = b"\0\0\0\1", b"\xa7" * 32


def plain(frame):
    return frame


def in_vxlan(number):
    return lambda frame: e.vxlan(frame, number)


def in_vlan(number):
    return lambda frame: e.vlan(frame, number)


def both_ways(there, back):
    """By what the client sends and what it gets."""
    return lambda frame: (there if frame[5] == CLIENT else back)(frame)


def pseudowire(frame, label=16):
    """Ethernet in MPLS, with the control word."""
    return e.ethernet(b"\x88\x47", (label << 12 | 1 << 8 | 64).to_bytes(4, "big") + b"\0\0\0\0" + frame)


# Of these pairs the first network and the second are two.
APART = {
    "VLAN": (in_vlan(1), in_vlan(2)),
    "a VLAN and none": (in_vlan(1), plain),
    "the inner VLAN": (lambda f: e.qinq(f, 5, 1), lambda f: e.qinq(f, 5, 2)),
    "the outer VLAN": (lambda f: e.qinq(f, 5, 1), lambda f: e.qinq(f, 6, 1)),
    "VXLAN": (in_vxlan(1), in_vxlan(2)),
    "GENEVE": (lambda f: e.geneve(f, 1), lambda f: e.geneve(f, 2)),
    "keys of GRE": (lambda f: e.gre(f, 1), lambda f: e.gre(f, 2)),
    "NVGRE": (lambda f: e.nvgre(f, 0x1001), lambda f: e.nvgre(f, 0x1002)),
    "keys of Ethernet in GRE": (lambda f: e.nvgre(f, 0, 1), lambda f: e.nvgre(f, 0, 2)),
    "VLANs in a VXLAN": (lambda f: e.vxlan(e.vlan(f, 1), 7), lambda f: e.vxlan(e.vlan(f, 2), 7)),
    "VXLANs around IP in IP": (lambda f: e.vxlan(e.ipip(f), 1), lambda f: e.vxlan(e.ipip(f), 2)),
    "VXLANs around VXLAN": (lambda f: e.vxlan(e.vxlan(f, 9), 1), lambda f: e.vxlan(e.vxlan(f, 9), 2)),
    "VLANs in a pseudowire (RFC 4448)": (lambda f: pseudowire(e.vlan(f, 1)), lambda f: pseudowire(e.vlan(f, 2))),
    "one direction": (both_ways(in_vlan(1), plain), both_ways(in_vlan(2), plain)),
    "the other direction": (both_ways(plain, in_vlan(1)), both_ways(plain, in_vlan(2))),
}

# And of these they are one.
ONE = {
    "none": (plain, plain),
    "one VXLAN": (in_vxlan(1), in_vxlan(1)),
    "each direction in its own way": (both_ways(in_vlan(1), in_vlan(2)),) * 2,
    "one direction tagged": (both_ways(in_vlan(1), plain),) * 2,
    "a priority (802.1Q 9.6)": (in_vlan(0x2000), plain),
    "a priority of a VLAN": (in_vlan(0x2005), in_vlan(0x4005)),
    "the path of NVGRE (RFC 7637 3.2)": (lambda f: e.nvgre(f, 0x1001, 1), lambda f: e.nvgre(f, 0x1001, 2)),
    "endpoints of GTP-U": (lambda f: e.gtp(f, 1), lambda f: e.gtp(f, 2)),
    "the VLAN of a tunnel": (lambda f: e.vlan(e.vxlan(f, 7), 1), lambda f: e.vlan(e.vxlan(f, 7), 2)),
    "the overlay of GTP-U": (lambda f: e.vxlan(e.gtp(f), 1), lambda f: e.vxlan(e.gtp(f), 2)),
    "the VLAN of a mirror": (lambda f: e.vlan(e.erspan(e.vlan(f, 7)), 1), lambda f: e.vlan(e.erspan(e.vlan(f, 7)), 2)),
    "labels of MPLS": (lambda f: pseudowire(f, 16), lambda f: pseudowire(f, 17)),
    "the VLAN of MPLS": (lambda f: e.vlan(e.mpls(f), 1), lambda f: e.vlan(e.mpls(f), 2)),
}


def said(steps, at, wrap, client=UE, seq=(1000, 5000), server=SERVER):
    connection = capturelib.Connection(client=client, server=server, time=START + int(at), seq=seq)
    connection.open()
    for step in steps:
        connection.send(*step)
    connection.close()
    return [(time, wrap(frame)) for time, frame in connection.frames]


def told(folder, *connections):
    path = os.path.join(folder, "networks.pcap")
    capturelib.write_frames(path, sorted(sum(connections, []), key=lambda f: f[0]))
    evs, p = events(UTWATCH, "--strict", "--advise", "ls-advice", "-r", path)
    check(p.returncode in (0, 1, 4), "status", p.returncode, p.stderr)
    return evs


def rules(evs):
    return {x["utwatch"]["rule"] for x in of_type(evs, "alert")}


def shown(suites, selected):
    return [(0, m.client_hello(suites, m.TLS12)), (1, m.server_hello(selected, m.TLS12) + m.message(11, b"\0\0\0", m.TLS12) + m.done(m.TLS12)),
            (0, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (1, m.finished(m.TLS12))]


# A server selects DES, beside AES; one of its address refuses AES, and what else is mandatory, twice.
ACCEPTED, REFUSED = shown([DES, AES, DES3], DES), [(CLIENT, m.client_hello([AES, RC4, DES3], m.TLS12)), (1, m.alert(2, 40))]


def in_turn(accepted, refused):
    return [said(steps, n * 60 * SECOND, wrap, (UE[0], UE[1] + n)) for n, (steps, wrap) in enumerate(((ACCEPTED, accepted), (REFUSED, refused)) * 2)]


def abilities(folder):
    for cases, guilty in (APART, False), (ONE, True):
        for name, (first, second) in cases.items():
            evs = told(folder, *in_turn(first, second))
            check((LONG in rules(evs)) == guilty, name, "possible-128:", sorted(rules(evs)))


def copies(folder):
    """Two mirrors tag what they copy differently, and nobody knows which copy comes first: the server is one."""
    def twice(frames, first, second):
        return [(t + late, wrap(f)) for t, f in frames for late, wrap in ((0, first), (100000, second))]
    for first, second in ((in_vlan(1), in_vlan(2)), (in_vlan(1), plain), (in_vxlan(1), in_vxlan(2))):
        for orders in ((first, second, second, first), (second, first, first, second), (first, second, first, second)):
            evs = told(folder, *(twice(frames, *orders[n % 2 * 2:][:2]) for n, frames in enumerate(in_turn(plain, plain))))
            check(len(of_type(evs, "tls")) == 4 and LONG in rules(evs), "copies:", len(of_type(evs, "tls")), sorted(rules(evs)))


def sessions(folder):
    """An id is issued in both networks, an hour apart, and resumed in the first a day after it began there. A short one may be either session, and
    what is told of its age is nothing; a long one means one session wherever it is used (RFC 5246 F.1.4)."""
    for cases, apart in (APART, True), (ONE, False):
        for name, (first, second) in cases.items():
            for session in SHORT, UNIQUE:
                again = resumption_of("id", session)
                evs = told(folder, said(full(session, random=b"\1" * 32), 0, first), said(full(session, random=b"\2" * 32), HOUR, second),
                           said(again, 2 * HOUR, second), said(again, 25 * HOUR + SECOND, first))
                ages = [x["utwatch"]["session"] for x in of_type(evs, "tls")[2:]]
                basis = "exact" if session == SHORT else "at-least"  # of a long one that is drawn twice nobody knows which of the two it is
                check([(s["age_basis"], s.get("age_s")) for s in ages] ==
                      [(basis, 3600), ("unknown", None) if apart and session == SHORT else (basis, 24 * 3600 + 1)], name, session[:1], ages)


def suites(folder):
    """The server of the second network issues the id with another suite: that of the first is not said to have changed its suite."""
    other = [(s, m.client_hello([DES], m.TLS12) if n == 0 else p.replace(m.server_hello(DES3, m.TLS12, SHORT, random=b"\2" * 32),
                                                                         m.server_hello(DES, m.TLS12, SHORT, random=b"\2" * 32)))
             for n, (s, p) in enumerate(full(SHORT, random=b"\2" * 32))]
    for name, (first, second) in {**APART, **ONE}.items():
        evs = told(folder, said(full(SHORT, random=b"\1" * 32), 0, first), said(other, HOUR, second),
                   said(resumption_of("id", SHORT), 2 * HOUR, first))
        check((SUITE in rules(evs)) == (name in ONE), name, sorted(rules(evs)))


def at_once(folder):
    """Two connections between the same ends, one in each network, whatever the order of their first segments: both are read whole, as by tshark when
    it is told the network. Where only a direction tells, or the numbers are the same, they are not told apart, and nobody is accused."""
    for name, number, kind in (("VXLAN", "vxlan.vni", in_vxlan), ("VLAN", "vlan.id", in_vlan)):
        for seqs in ((1000, 5000), (0x40001000, 0x70005000)), ((1000, 5000), (1400, 5400)):
            for late in (0, 300000, 1300000, 2300000, 3300000, 4400000):
                for answers in (0, 900000):  # of the second server, which come earlier
                    first = said(shown([DES, AES], DES), 0, kind(1), seq=seqs[0])
                    second = [(t - answers * (f[5] != CLIENT), kind(2)(f)) for t, f in said(shown([AES, DES], AES), late, plain, seq=seqs[1])]
                    evs = told(folder, first, second)
                    tls = of_type(evs, "tls")
                    check(sorted((t["utwatch"]["outcome"], t["utwatch"].get("server_hello", {}).get("suite_name")) for t in tls) ==
                          [("complete", "TLS_RSA_WITH_AES_128_CBC_SHA"), ("complete", "TLS_RSA_WITH_DES_CBC_SHA")] and
                          not any(t["utwatch"].get("unobserved") for t in tls), name, seqs, late, answers,
                          [(t["utwatch"]["outcome"], t["utwatch"].get("unobserved"), t["utwatch"].get("history")) for t in tls])
        alone = []
        for n in "1", "2":
            path = os.path.join(folder, n + ".pcap")
            subprocess.run(["tshark", "-r", os.path.join(folder, "networks.pcap"), "-Y", number + "==" + n, "-F", "nsecpcap", "-w", path],
                           check=True, capture_output=True)
            alone += [facts(t) for t in of_type(events(UTWATCH, "-r", path)[0], "tls")]
            seen = subprocess.run(["tshark", "-r", path, "-Y", "tls.handshake.type in {1, 2, 16}", "-T", "fields", "-e", "frame.number"],
                                  capture_output=True, text=True)
            check(len(seen.stdout.split()) == 3, name, "tshark", seen.stdout, seen.stderr)
        check(len(alone) == 2 and sorted(alone) == sorted(map(facts, tls)), name, "one by one:", alone, list(map(facts, tls)))


def rewritten(folder):
    """A firewall draws numbers of its own (RFC 6528 is why), and both of its VLANs are captured: it is the same handshake twice, both times whole."""
    inside, outside = said(full(UNIQUE), 0, plain), said(full(UNIQUE), 0, plain, seq=(0x40001000, 0x70005000))
    late = {CLIENT: (0, 200000), 1: (200000, 0)}
    frames = [(t + late[f[5]][n], in_vlan(n + 1)(f)) for n, side in enumerate((inside, outside)) for t, f in side]
    tls = of_type(told(folder, frames), "tls")
    check([(t["utwatch"]["outcome"], t["utwatch"].get("unobserved")) for t in tls] == [("complete", None)] * 2, "rewritten:", [facts(t) for t in tls])


def fragments(folder):
    """Datagrams of two networks have the same addresses and the same number, and their pieces come in turn."""
    for name, kind in (("VXLAN", in_vxlan), ("VLAN", in_vlan)):
        pieces = []
        for n, server in enumerate((shown([DES, AES], DES), shown([AES, DES], AES))):
            for t, f in said(server, 0, plain, (UE[0], 40000 + n)):
                pieces += [(t + 1000 * i, kind(n + 1)(part)) for i, part in enumerate(same_number(e.fragments(f, 32)))]
        tls = of_type(told(folder, pieces), "tls")
        check([t["utwatch"]["outcome"] for t in tls] == ["complete"] * 2, "fragments:", name, [facts(t) for t in tls])


def same_number(parts):
    """The pieces of all datagrams with the same identification."""
    out = []
    for f in parts:
        f = f[:18] + b"\0\7" + f[20:24] + b"\0\0" + f[26:]
        out.append(f[:24] + capturelib.ones_sum(f[14:34]).to_bytes(2, "big") + f[26:])
    return out


def facts(tls):
    u = tls["utwatch"]
    return u["history"], u["server_hello"]["suite"], tls["timestamp"]


with tempfile.TemporaryDirectory() as where:
    abilities(where)
    copies(where)
    sessions(where)
    suites(where)
    at_once(where)
    rewritten(where)
    fragments(where)
finish(150)
