#!/usr/bin/env python3
"""Nobody who can put both ends of a connection into a tunnel of his own can frame others, or make a session younger. usage: spaces.py UTWATCH

A UE's datagram to the port of a tunnel looks like one of the network's tunnels. What is in it belongs to an address space of its own.
"""
import json
import os
import subprocess
import sys
import tempfile

from made_sessions import full, resumption_of
from run_utwatch import events, of_type, utwatch
from checks import check, finish

import capturelib
import encapsulation as e
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER = 0, 1
NULL_SHA, DES3 = 0x0002, 0x000A
START, MILLISECOND, HOUR = 1795471000 * 10**9, 10**6, 3600 * 10**9
UE, VICTIM = ("192.0.2.10", 40000), ("192.0.2.80", 443)
BREACH = "m-null-rc4-export"  # of `modern`, severity high
OLD = "ut-7.1-session-lifetime"
TUNNELS = {"GTP-U": e.gtp, "VXLAN": e.vxlan, "GENEVE": e.geneve, "GRE": e.gre, "IP in IP": e.ipip}
NAME = b"\xa7" * 32


def bad():
    return [(CLIENT, m.client_hello((DES3, NULL_SHA))), (SERVER, m.server_hello(NULL_SHA) + m.certificate_message(b"\0\0\0") + m.done()),
            (CLIENT, m.client_key_exchange() + m.finished()), (SERVER, m.finished())]


def said(conversation, hours=0, port=40000, inside=()):
    frames = capturelib.build(conversation, time=START + hours * HOUR, client=(UE[0], port), server=VICTIM)
    for wrap in inside:
        frames = [(t, wrap(f)) for t, f in frames]
    return frames


def judged(frames, profile="modern", site="", port=None):
    """The rules broken with (severity, basis), and the sessions' facts, of the connection from this port."""
    with tempfile.TemporaryDirectory() as folder:
        capture, config = os.path.join(folder, "spaces.pcap"), os.path.join(folder, "site.yaml")
        capturelib.write_frames(capture, frames)
        with open(config, "w") as f:
            f.write(site)
        evs, p = events(UTWATCH, "-p", profile, "--fail-on", "info", *(["-c", config] if site else []), "-r", capture)
    check(p.returncode in (0, 1) and b"warning" not in p.stderr, "status", p.returncode, p.stderr)
    mine = [x for x in evs if port is None or x.get("src_port") == port]
    return ({x["utwatch"]["rule"]: (x["alert"]["severity"], x["utwatch"]["basis"]) for x in of_type(mine, "alert")},
            [x["utwatch"] for x in of_type(mine, "tls")])


def moved(wrap, port):
    """The tunnel on another port of UDP (its checksum is none)."""
    def wrapped(frame):
        out = wrap(frame)
        return out[:36] + port.to_bytes(2, "big") + out[38:]
    return wrapped


def on_other_ports():
    """Of a port that the site names, what is said is what the tunnel's own port says; tshark reads the same there when it is told so too. On any
    other port, a tunnel is a datagram."""
    for kind, wrap, theirs in (("vxlan", e.vxlan, "vxlan"), ("geneve", e.geneve, "geneve"), ("gtp-u", e.gtp, "gtp")):
        site = "tunnels: { ends: [198.51.100.0/24], ports: { %s: [7000, 7001] } }\n" % kind
        at_home, elsewhere = said(bad(), inside=(wrap,)), said(bad(), inside=(moved(wrap, 7001),))
        wanted, found = (judged(frames, site=site)[0] for frames in (at_home, elsewhere))
        check(found == wanted != {}, kind, "on a port that the site names", found, wanted)
        with tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "moved.pcap")
            capturelib.write_frames(capture, said(bad(), inside=(moved(wrap, 7002),)))
            check(not of_type(events(UTWATCH, "-r", capture)[0], "tls"), kind, "on a port that nobody names")
            capturelib.write_frames(capture, elsewhere)
            seen = subprocess.run(["tshark", "-r", capture, "-d", "udp.port==7001," + theirs, "-Y", "tls.handshake.type == 2"], capture_output=True)
            check(seen.stdout.count(b"\n") == 1, kind, "tshark", seen.stdout, seen.stderr)


def nobody_is_framed():
    """The tap's own traffic is outside of tunnels, or inside one; the attacker's is one tunnel deeper."""
    for base, around in (("plain", ()), ("in GTP-U", (e.gtp,)), ("in ERSPAN", (e.erspan,))):
        own = [f for i in range(3) for f in said(full(), port=41000 + i, inside=around)]
        direct, _ = judged(own + said(bad(), port=42000, inside=around), port=42000)
        check(direct.get(BREACH) == (1, "direct"), base, "a real breach:", direct)
        for name, tunnel in TUNNELS.items():
            framed, tls = judged(own + said(bad(), port=42000, inside=(tunnel, *around)), port=42000)
            check(framed.get(BREACH) == (2, "partial"), base, name, "framed:", framed.get(BREACH))
            check([t.get("confirmed") for t in tls] == [False], base, name, tls and tls[0].get("confirmed"))


def in_the_tunnel_of(ue, peer):
    """GTP-U datagrams that a UE itself sends to somebody."""
    def wrap(frame):
        _, _, packet = e.split(frame)
        return capturelib.datagram((ue, 2152), (peer, 2152), b"\x30\xff" + len(packet).to_bytes(2, "big") + b"\0\0\0\7" + packet)
    return wrap


def a_network(around, count=30):
    """Connections of so many UEs."""
    out = []
    for n in range(count):
        made = capturelib.build(full(), time=START + n * MILLISECOND * 100, client=("192.0.2.%d" % (20 + n), 41000 + n), server=VICTIM)
        for wrap in around:
            made = [(t, wrap(f)) for t, f in made]
        out += made
    return out


def made_up(count):
    """Segments of as many hosts as one likes, which one sender makes."""
    out = []
    for n in range(count):
        c = capturelib.Connection(("198.18.%d.%d" % divmod(n, 250), 1000 + n), VICTIM, time=START + n * 100000)
        out.append(c.frame(CLIENT, 0x10))
    return out


def who_speaks_first_or_most():
    """One UE's tunnels are not the network's, whenever they come and whatever is inside: it sends them from one address."""
    for addresses in ("203.0.113.9", "203.0.113.7"), ("2001:db8:9::9", "2001:db8:7::7"):
        own = in_the_tunnel_of(*addresses)
        for base, around in (("plain", ()), ("in GTP-U", (e.gtp,)), ("in ERSPAN", (e.erspan,))):
            def sent(frames):
                for wrap in (own, *around):
                    frames = [(t, wrap(f)) for t, f in frames]
                return frames
            network = a_network(around)
            hours = {"first": (-1, []), "last": (1, []), "after a flood of one host's": (1, sent(made_up(1500)))}
            for when, (hour, more) in hours.items():
                frames = sorted(network + more + sent(said(bad(), hour, port=42000)), key=lambda f: f[0])
                framed, tls = judged(frames, port=42000)
                check(framed.get(BREACH) == (2, "partial"), base, when, addresses[0], framed.get(BREACH))
                check([t.get("confirmed") for t in tls] == [False], base, when, addresses[0], tls and tls[0].get("confirmed"))
            real, _ = judged(sorted(network + said(bad(), 1, 42000, around), key=lambda f: f[0]), port=42000)
            check(real.get(BREACH) == (1, "direct"), base, "a real breach:", real.get(BREACH))


def many_senders():
    """Nor are those of as many addresses as one likes, all of them made up, beside a network that speaks outside of tunnels."""
    network = a_network((), 40)
    flood = []
    for n, (time, frame) in enumerate(made_up(1500)):
        flood.append((time, in_the_tunnel_of("203.0.113.%d" % (1 + n % 250), "203.0.113.251")(frame)))
    forged = [(t, in_the_tunnel_of("203.0.113.1", "203.0.113.251")(f)) for t, f in said(bad(), 1, port=42000)]
    framed, tls = judged(network + flood + forged, port=42000)
    check(framed.get(BREACH) == (2, "partial"), "in tunnels of 250 addresses:", framed.get(BREACH))
    check([t.get("confirmed") for t in tls] == [False], "in tunnels of 250 addresses:", tls and tls[0].get("confirmed"))


def in_more_tunnels_than_are_told_apart():
    """A UE of a network that lies in three tunnels sends a fourth one."""
    around = (e.gtp, e.vxlan, e.gre)
    network = a_network(around)
    real, _ = judged(network + said(bad(), 1, 42000, around), port=42000)
    check(real.get(BREACH) == (1, "direct"), "in three tunnels, a real breach:", real.get(BREACH))
    framed, tls = judged(network + said(bad(), 1, 42000, (in_the_tunnel_of("203.0.113.9", "203.0.113.7"), *around)), port=42000)
    check(framed.get(BREACH) == (2, "partial"), "in a fourth tunnel:", framed.get(BREACH))
    check([t.get("confirmed") for t in tls] == [False], "in a fourth tunnel:", tls and tls[0].get("confirmed"))


def from_the_first_frame():
    """A file is read ahead, so that the first handshake of a tap of tunnels counts as the last one; a pipe cannot be, and tunnels count after a
    minute. Some hosts beside a mirror's switch do not matter."""
    for name, tunnel in TUNNELS.items():
        first, later = said(bad(), port=42000, inside=(tunnel,)), said(bad(), 1, 42001, (tunnel,))
        for port in 42000, 42001:
            found, _ = judged(first + later, port=port)
            check(found.get(BREACH) == (1, "direct"), name, "from a file:", port, found.get(BREACH))
            found = piped(first + later, port)
            check(found.get(BREACH) == ((2, "partial") if port == 42000 else (1, "direct")), name, "from a pipe:", port, found.get(BREACH))
        beside = said(full(), port=41000)
        many = a_network((tunnel,))
        found, _ = judged(sorted(beside + many + later, key=lambda f: f[0]), port=42001)
        check(found.get(BREACH) == (1, "direct"), name, "beside a few hosts:", found.get(BREACH))
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "spaces.pcap")
        capturelib.write_frames(capture, said(bad(), inside=(e.gtp,)))
        text = " ".join(utwatch(UTWATCH, "-r", capture).stdout.decode().split())
        check("segments in tunnels that are taken for the network's own" in text and "confirm nothing" not in text, "told:", text[-600:])


def piped(frames, port):
    with tempfile.TemporaryDirectory() as folder:
        capture, told = os.path.join(folder, "spaces.pcap"), os.path.join(folder, "events.json")
        capturelib.write_frames(capture, frames)
        with open(capture, "rb") as f:
            subprocess.run([UTWATCH, "-q", "-p", "modern", "--json", told, "-r", "-"], input=f.read(), timeout=60, check=False)
        with open(told) as f:
            evs = [json.loads(line) for line in f]
    return {x["utwatch"]["rule"]: (x["alert"]["severity"], x["utwatch"]["basis"]) for x in of_type(evs, "alert") if x.get("src_port") == port}


def no_session_grows_younger():
    """A session of 30 h; in between the attacker has it issued anew inside his tunnel."""
    use = resumption_of("id", NAME)
    clean, tls = judged(said(full(session=NAME)) + said(use, 30, 40001), "ts33141-pcr2", port=40001)
    check(tls[0]["session"]["age_s"] >= 30 * 3600 - 1 and OLD in clean, "clean:", tls[0]["session"], clean)
    for name, tunnel in TUNNELS.items():
        frames = said(full(session=NAME)) + said(full(session=NAME), 29, 40002, (tunnel,)) + said(use, 30, 40001)
        rules, tls = judged(frames, "ts33141-pcr2", port=40001)
        check(tls[0]["session"].get("age_s") == clean_age(use), name, "the age:", tls[0]["session"])
        check(rules.get(OLD) == clean.get(OLD), name, rules.get(OLD), "not", clean.get(OLD))
        # Inside the tunnel nothing is known of the session outside.
        _, tls = judged(said(full(session=NAME)) + said(use, 1, 40001, (tunnel,)), "ts33141-pcr2", port=40001)
        check(tls[0]["session"].get("age_basis") == "unknown", name, "inside:", tls[0]["session"])


def sessions_across_spaces():
    """A UE that moves, or a second tap: what the network's own tunnels hold and what is outside of them are the same sessions, where the bytes alone
    tell them apart from others (F.1.4). Where nobody vouches for the tunnel, the session is not said to be from before the capture."""
    ends = "tunnels: { ends: [198.51.100.0/24] }\n"
    for kind, name, issues in (("id", NAME, {"session": NAME}), ("ticket", b"\x5a" * 100, {"ticket": b"\x5a" * 100})):
        use, old = resumption_of(kind, name), {"id": OLD, "ticket": "ut-7.1-ticket-lifetime"}[kind]
        for what, tunnel in TUNNELS.items():
            for first, then in (((tunnel,), ()), ((), (tunnel,)), ((tunnel,), (e.gre if tunnel != e.gre else e.vxlan,))):
                frames = said(full(**issues), inside=first) + said(use, 25, 40001, then)
                rules, tls = judged(frames, "ts33141-pcr2", ends, 40001)
                age = tls[0]["session"]
                check(age.get("age_s", 0) >= 25 * 3600 - 1 and age["age_basis"] == "exact" and old in rules, kind, what, age, rules)
                # Two taps: the handshake was seen twice, at the same server.
                twice = said(full(**issues), inside=first) + [(t + 10**6, f) for t, f in said(full(**issues), inside=then)]
                rules, tls = judged(sorted(twice, key=lambda f: f[0]) + said(use, 25, 40001, then), "ts33141-pcr2", ends, 40001)
                check(tls[0]["session"].get("age_s", 0) >= 25 * 3600 - 1 and old in rules, kind, what, "seen twice:", tls[0]["session"])
            # A bulk of plain traffic: the tunnel may be anybody's.
            around = a_network(())
            frames = said(full(**issues), inside=(tunnel,)) + around + said(use, 25, 40001)
            _, tls = judged(sorted(frames, key=lambda f: f[0]), "ts33141-pcr2", port=40001)
            check(tls[0]["session"].get("age_basis") == "unknown", kind, what, "of anybody's:", tls[0]["session"])
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "spaces.pcap")
        capturelib.write_frames(capture, said(full(session=NAME), inside=(e.gtp,)) + said(resumption_of("id", NAME), 25, 40001))
        text = " ".join(utwatch(UTWATCH, "--details", "-r", capture).stdout.decode().split())
        check("before the capture" not in text, "told of a session that was issued in the capture:", text[-900:])


def clean_age(use):
    return judged(said(full(session=NAME)) + said(use, 30, 40001), "ts33141-pcr2", port=40001)[1][0]["session"]["age_s"]


def connections_are_apart():
    """The ports and numbers of a real connection, once more inside a tunnel: they do not end, replace or contradict it."""
    real = said(bad())
    clean, _ = judged(real)
    for name, tunnel in TUNNELS.items():
        for forged in (said(full()), said(bad())[:3]):
            mixed = list(real)
            for i, (t, f) in enumerate(forged):
                mixed.append((real[0][0] + i * 3 * MILLISECOND // 2 + 1, tunnel(f)))
            rules, tls = judged(sorted(mixed, key=lambda f: f[0]))
            direct = [t for t in tls if t.get("confirmed", True)]
            what = [(t["outcome"], t.get("confirmed"), t.get("encapsulation")) for t in tls]
            whole = len(direct) == 1 and direct[0]["outcome"] == "complete"
            check(whole and rules.get(BREACH) == clean[BREACH], name, rules.get(BREACH), what)


def ends_that_the_site_names():
    """With the ends of the network's tunnels named, its tunnels count at any depth, and all others are foreign."""
    site = "tunnels: { ends: [198.51.100.0/24] }\n"
    own = [f for i in range(3) for f in said(full(), port=41000 + i)]
    for name, tunnel in TUNNELS.items():
        rules, _ = judged(own + said(bad(), port=42000, inside=(tunnel,)), site=site, port=42000)
        check(rules.get(BREACH) == (1, "direct"), name, "of the site:", rules.get(BREACH))
        rules, _ = judged(own + said(bad(), port=42000, inside=(tunnel,)), site=site.replace("198.51", "203.0"), port=42000)
        check(rules.get(BREACH) == (2, "partial"), name, "foreign:", rules.get(BREACH))
        # A foreign tunnel of the same kind and depth is another space.
        frames = said(full(session=NAME), inside=(tunnel,)) + said(full(session=NAME), 29, 40002, (foreign(tunnel),))
        _, tls = judged(frames + said(resumption_of("id", NAME), 30, 40001, (tunnel,)), "ts33141-pcr2", site=site, port=40001)
        check(tls[0]["session"].get("age_s", 0) >= 30 * 3600 - 1, name, "laundered:", tls[0]["session"])


def foreign(tunnel):
    def wrap(frame):
        kept = e.OUTER
        swap = ("203.0.113.1", "203.0.113.2")
        e.over_ip.__defaults__ = (swap, None)
        try:
            return tunnel(frame)
        finally:
            e.over_ip.__defaults__ = (kept, None)
    return wrap


def pieces():
    """Fragments inside a tunnel do not spoil a datagram outside of it."""
    real = [(t, p) for t, f in said(bad()) for p in e.fragments(f, 64)]
    clean, _ = judged(real)
    check(clean.get(BREACH) == (1, "direct"), "in fragments:", clean)
    forged = [(t - 1, e.gtp(p)) for t, f in said(full()) for p in e.fragments(f, 64)]
    rules, _ = judged(sorted(real + forged, key=lambda f: f[0]))
    check(rules.get(BREACH) == (1, "direct"), "forged fragments:", rules.get(BREACH))


def left_to_its_card(timed):
    """Of the server's frames, as a tap before its network card sees them: with wrong sums."""
    time, frame = timed
    if capturelib.segment_of(frame)[0][1] != VICTIM[1]:
        return timed
    return time, frame[:50] + bytes((frame[50] ^ 0x55, frame[51] ^ 0xAA)) + frame[52:]


def sums_are_of_their_space():
    """A server that never had a right sum leaves them to its card. Right ones in its name, in a tunnel of somebody else, do not make it a server that
    makes its own, whose wrong ones were nobody's words."""
    network = [left_to_its_card(f) for n in range(6) for f in said(full(), port=41000 + n)] + [left_to_its_card(f) for f in said(bad(), port=42000)]
    forged = [(t, in_the_tunnel_of("203.0.113.9", "203.0.113.7")(f)) for t, f in said(full(), port=43000)]
    real, _ = judged(network, port=42000)
    check(real.get(BREACH) == (1, "direct"), "sums left to the card:", real.get(BREACH))
    found, _ = judged(forged + network, port=42000)
    check(found.get(BREACH) == real.get(BREACH), "and right ones in a tunnel:", found.get(BREACH))


nobody_is_framed()
who_speaks_first_or_most()
many_senders()
in_more_tunnels_than_are_told_apart()
from_the_first_frame()
no_session_grows_younger()
sessions_across_spaces()
connections_are_apart()
ends_that_the_site_names()
pieces()
on_other_ports()
sums_are_of_their_space()
finish()
