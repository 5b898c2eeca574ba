#!/usr/bin/env python3
"""One handshake on two connections: before and behind a proxy that copies octets, a balancer or an address translator, both of which are captured.
No two handshakes have the same randoms (RFC 5246 7.4.1.2, RFC 8446 4.1.2). usage: sides.py UTWATCH

Each connection has its event. A breach is reported once, for the UE and the server, never for the host between them; and nobody hides a breach with
a copy.
"""
import hashlib
import ipaddress
import itertools
import os
import sys
import tempfile

from run_utwatch import PCAPS, events, of_type, rule_counts
from checks import check, finish
import capturelib
import encapsulation
import messages as m

UTWATCH = sys.argv[1]
CLIENT, SERVER, SECOND = 0, 1, 10**9
START, ACK = 1795471000 * SECOND, 0x10
UE, MIDDLE, ORIGIN = "198.51.100.10", "192.0.2.1", "192.0.2.80"
ANON, NULL_SHA, DES3, AES = 0x0018, 0x0002, 0x000A, 0x002F
CONNECT = [(CLIENT, b"CONNECT xcap.example.org:443 HTTP/1.1\r\nHost: xcap.example.org:443\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
SECRET = [(CLIENT, m.record(23, b"\7" * 48, m.TLS12)), (SERVER, m.record(23, b"\7" * 48, m.TLS12))]
# What is between them has a connection to each; what was said on the first before TLS; and who is the UE's client and server.
PLACES = {
    "a CONNECT proxy": [((UE, 40000), (MIDDLE, 3128), CONNECT), ((MIDDLE, 50000), (ORIGIN, 443), [])],
    "a proxy that copies octets": [((UE, 40000), (MIDDLE, 443), []), ((MIDDLE, 50000), (ORIGIN, 443), [])],
    "a NAT": [((UE, 40000), (ORIGIN, 443), []), ((MIDDLE, 61000), (ORIGIN, 443), [])],
    "a NAT that keeps the port": [((UE, 40000), (ORIGIN, 443), []), ((MIDDLE, 40000), (ORIGIN, 443), [])],
    "a balancer": [((UE, 40000), (MIDDLE, 443), []), ((UE, 40000), (ORIGIN, 443), [])],
    "a NAT and a balancer": [((UE, 40000), (MIDDLE, 443), []), (("192.0.2.2", 61000), (MIDDLE, 443), []), (("192.0.2.2", 61000), (ORIGIN, 443), [])],
    "IPv6 to IPv4": [(("2001:db8::10", 40000), ("64:ff9b::c000:250", 443), []),  # RFC 6052 2.1
                     ((MIDDLE, 61000), (ORIGIN, 443), [])],
}
number = itertools.count(1)


def conversation(offered, selected, version=m.TLS12, session=b"", resumes=False, randoms=None):
    own = randoms or next(number)
    random = [bytes([kind]) + own.to_bytes(31, "big") for kind in (1, 2)]
    hello = m.client_hello([offered], version, session=session if resumes else b"", random=random[0])
    answer = m.server_hello(selected, version, session, random=random[1])
    if resumes:
        return [(CLIENT, hello), (SERVER, answer + m.finished(version)), (CLIENT, m.finished(version)), *SECRET]
    return [(CLIENT, hello), (SERVER, answer + m.done(version)), (CLIENT, m.client_key_exchange(version) + m.finished(version)),
            (SERVER, m.finished(version)), *SECRET]


def copied(legs, steps, at=START, apart=300000, one_way=()):
    """Each leg opens its connection; then every message goes from leg to leg, the UE's towards the server, and the server's back."""
    connections = [capturelib.Connection(client=client, server=server, time=at, step=20000) for client, server, _ in legs]
    for c, (_, _, before) in zip(connections, legs):
        c.open()
        for step in before:
            c.send(*step)
    now = max(c.time for c in connections)
    for side, data in steps:
        for c in connections if side == CLIENT else connections[::-1]:
            now += apart
            c.time = now
            c.send(side, data)
        for c in connections:
            c.frames.append(c.frame(1 - side, ACK))
            now = max(now, c.time)
        now += 20 * apart
    for c in connections:
        c.close()
    frames = [[f for f in c.frames if i not in one_way or f[1][5] == CLIENT] for i, c in enumerate(connections)]
    return sorted((f for part in frames for f in part), key=lambda f: f[0])


class Judged:
    def __init__(self, frames, *words):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sides.pcap")
            capturelib.write_frames(path, sorted(frames, key=lambda f: f[0]))
            evs, _ = events(UTWATCH, *(words or ["--strict"]), "-r", path)
        self.counts = rule_counts(evs)
        self.tls, self.alerts = of_type(evs, "tls"), of_type(evs, "alert")
        self.stats = of_type(evs, "stats")[-1]["utwatch"]["tls"]

    def of_handshakes(self):
        return [e for e in self.alerts if e["utwatch"]["about"] == "handshake"]

    def ues(self):
        return {e["src_ip"] for e in self.alerts if e["utwatch"]["fault"] != "server"}

    def failed(self):
        return {r: c["fail"] for r, c in self.counts.items() if c["fail"]}


def ends(event):
    return event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"]


def told_once():
    for offered, selected, version in ((ANON, ANON, m.TLS12), (NULL_SHA, NULL_SHA, m.TLS12), (DES3, DES3, m.SSL3), (AES, AES, m.TLS10)):
        alone = Judged(copied(PLACES["a NAT"][:1], conversation(offered, selected, version)))
        check(alone.failed(), "a breach")
        for name, legs in PLACES.items():
            for apart in (10000, 300000, 40000000):  # up to 40 ms from leg to leg
                found = Judged(copied(legs, conversation(offered, selected, version), apart=apart))
                case = name, "%04x" % offered, apart
                first = (*legs[0][0], *legs[0][1])
                check(sorted(map(ends, found.tls)) == sorted((*client, *server) for client, server, _ in legs), *case, [ends(e) for e in found.tls])
                check(all(ends(e) == first for e in found.of_handshakes()), *case, [ends(e) for e in found.of_handshakes()])
                check(found.ues() <= {legs[0][0][0]}, *case, found.ues())
                check(name == "a CONNECT proxy" or found.failed() == alone.failed(), *case, found.failed(), alone.failed())
                check(all(n == 1 for n in found.failed().values()), *case, found.failed())
                for e in found.tls:
                    named = e["utwatch"].get("same_handshake")
                    check((named and ends(named)) == (None if ends(e) == first else first), *case, named)


def superseded_and_advised():
    """A superseded demand counts for nothing, and advice is no demand: told once, all the same, and neither waits where there is one side only."""
    capture = os.path.join(PCAPS, "nginx-modern-ues.pcap")
    modern, then = capturelib.conversations(capture)[0], capturelib.read_frames(capture)[0][0]
    advised = [(CLIENT, m.client_hello([ANON, DES3], m.TLS12, random=b"\1" * 32, more=[(4, b"")])),
               (SERVER, m.server_hello(DES3, m.TLS12, b"\6" * 32, more=[(4, b"")]) + m.done(m.TLS12)), *conversation(DES3, DES3)[2:]]
    for what, steps, rules in (("superseded", modern, {"wapcert-6.4-utf8", "wapcert-6.4.3-signature-algorithm"}),
                               ("advice", advised, {"ut-6.4-anonymous-offered", "dp-rfc3546-truncated-hmac"})):
        for name, legs in PLACES.items():
            for apart in (10000, 300000):
                found = Judged(copied(legs, steps, at=then, apart=apart), "--advise", "ls-advice")
                told = sorted((ends(e), e["utwatch"]["rule"]) for e in found.of_handshakes() if e["utwatch"]["rule"] in rules)
                check(sorted(r for _, r in told) == sorted(rules) and len({e for e, _ in told}) == 1, what, name, apart, told)
                check({e[0] for e, _ in told} & {legs[0][0][0], legs[0][1][0]}, what, name, "of the UE's side:", told)
        alone = Judged(copied(PLACES["a NAT"][:1], steps, at=then), "--advise", "ls-advice")
        check(rules <= {e["utwatch"]["rule"] for e in alone.of_handshakes()}, what, "alone:", [e["utwatch"]["rule"] for e in alone.alerts])


def by_two_clocks():
    """Two taps of which the second is late in both directions."""
    near = capturelib.build(conversation(ANON, ANON, randoms=91), time=START, client=(UE, 40000), server=(ORIGIN, 443))
    far = capturelib.build(conversation(ANON, ANON, randoms=91), time=START, client=(MIDDLE, 61000), server=(ORIGIN, 443))
    found = Judged(near + [(t + 200000, f) for t, f in far])
    check(all(n == 1 for n in found.failed().values()) and found.ues() == {UE}, "two clocks", found.failed(), found.ues())


def in_tunnels():
    """Inside a tunnel and outside, and in two: of the connection that nobody's tunnel shows the breach is direct."""
    alone = Judged(capturelib.build(conversation(ANON, ANON), time=START))
    for later in (-500000, 200000):
        steps = conversation(ANON, ANON)
        plain = capturelib.build(steps, time=START, client=(UE, 40000), server=(ORIGIN, 443))
        found = Judged(plain + [(t + later, encapsulation.gtp(f)) for t, f in plain])
        check(found.failed() == alone.failed() and len(found.tls) == 2, "in GTP-U and outside", later, found.failed())
        check(later > 0 or {e["utwatch"]["basis"] for e in found.of_handshakes()} == {"direct"}, "the one outside", found.failed())


def written_again():
    """A capture of one handshake, written again for other UEs at the same time or later, is one of as many handshakes."""
    steps = conversation(ANON, ANON)
    for later in (0, 50 * 10**6, SECOND):
        for count in (2, 3, 10):
            frames = []
            for i in range(count):
                c = capturelib.Connection(client=("10.9.0.%d" % (i + 1), 40000), time=START + i * later)
                c.open()
                for step in steps:
                    c.send(*step)
                c.close()
                frames += c.frames
            found = Judged(frames)
            check(len(found.tls) == found.counts["ut-6.4-anonymous-key-exchange"]["fail"] == count, "written again", count, later, len(found.tls))


def refused():
    """Without a ServerHello nothing shows which of them is behind the other, and none is dropped."""
    steps = conversation(ANON, ANON)[:1] + [(SERVER, m.alert(2, 40, m.TLS12))]
    for name, legs in PLACES.items():
        found = Judged(copied(legs, steps))
        count = len(legs)
        check(found.counts["ut-7.2-only-anonymous"]["pass"] == len(found.tls) == count, "refused,", name, found.counts["ut-7.2-only-anonymous"])


def drawn(what):
    return hashlib.sha256(repr(what).encode()).digest()


def hello_of(suites, version=m.TLS12):
    return m.client_hello(suites, version, random=drawn(next(number)))


def refused_first():
    """A UE is refused and tries again. What stands for it on the other side of a translator is no UE: it neither lacks what the UE has, nor has it;
    and one hello is one breach."""
    weak = [(CLIENT, hello_of([9])), (SERVER, m.alert(2, 40, m.TLS12))]
    old = [(CLIENT, hello_of([AES, DES3], m.SSL3)), (SERVER, m.alert(2, 70, m.SSL3))]
    left = [(CLIENT, hello_of([9]))]  # the client closes
    for what, first in (("refused", weak), ("SSL 3.0", old), ("no answer", left)):
        for name, legs in PLACES.items():
            if name in ("a balancer", "a CONNECT proxy"):  # of the one the client is the UE on both sides, the other is asked for another name
                continue
            middle = legs[-1][0][0]
            for apart in (10000, 300000):
                again = [((c[0], c[1] + 1), s, before) for c, s, before in legs]
                then = [(CLIENT, hello_of([AES, DES3, 9])), *conversation(DES3, AES)[1:]]
                both = copied(legs, first, apart=apart) + copied(again, then, at=START + 20 * SECOND, apart=apart)
                alone = Judged(copied(legs[:1], first) + copied(again[:1], then, at=START + 20 * SECOND))
                found = Judged(both)
                case = what, name, apart
                check(len(found.tls) == 2 * len(legs) and found.failed() == alone.failed(), *case, found.failed(), alone.failed())
                check(middle not in {e["src_ip"] for e in found.alerts}, *case, "a breach of the one between", found.ues())
                rule = found.counts["ut-6.2-ue-3des"]
                check(rule["pass"] == alone.counts["ut-6.2-ue-3des"]["pass"] and not rule["fail"], *case, rule, "of the one between as well")
                once = Judged(copied(legs, first, apart=apart))
                check(once.failed() == Judged(copied(legs[:1], first)).failed(), *case, "only that", once.failed())
                for steps in (first, then):  # where the answer was not captured, it is the same hello still
                    half = Judged(copied(legs, steps, apart=apart, one_way=(len(legs) - 1,)))
                    ues = {e["src_ip"] for e in half.alerts if e["utwatch"]["about"] == "ue"}
                    check(middle not in ues and half.counts["ut-6.2-ue-3des"]["pass"] < 2, *case, "one way", half.failed())
    # What was asked after the server had refused the first did not pass by it on the way.
    plain = [(CLIENT, hello_of([2])), (SERVER, m.alert(2, 40, m.TLS12))]
    for later in (30000000, 100000000):
        other = [((MIDDLE, 62000), (ORIGIN, 443), [])]
        found = Judged(copied(PLACES["a NAT"][:1], plain, apart=10000) + copied(other, plain, at=START + later, apart=10000))
        told = [e["src_ip"] for e in found.alerts if e["utwatch"]["rule"] == "ut-6.2-ue-offers-encryption"]
        check(MIDDLE in told and len(told) == 2, "the same hello", later, "ns after it was refused:", told)
    # Somebody else's hello with the same random, and one that offers something else, are their own.
    stolen = bytearray(weak[0][1])
    stolen[-3] ^= 0x0C  # another suite
    for later in (100000, 300000, SECOND):
        frames = copied(PLACES["a NAT"][:1], old) + copied(PLACES["a NAT"][:1], weak, at=START + SECOND)
        other = [((MIDDLE, 62000), (ORIGIN, 443), [])]
        found = Judged(frames + copied(other, [(CLIENT, bytes(stolen)), weak[1]], at=START + SECOND + later))
        mine = {e["utwatch"]["rule"] for e in found.alerts if e["src_ip"] == MIDDLE}
        check("ut-5.1.2-possible-128" in mine or "ut-6.2-ue-3des" in mine, "the random of another", later, mine)


def fresh(suites, selected, more=(), closed=()):
    """A full handshake whose randoms and id no other has."""
    own = next(number)
    return [(CLIENT, m.client_hello(suites, m.TLS12, more=more, random=drawn(own))),
            (SERVER, m.server_hello(selected, m.TLS12, drawn(("id", own)) if not more else b"", random=drawn((own, own))) + m.done(m.TLS12)),
            (CLIENT, m.client_key_exchange(m.TLS12) + m.finished(m.TLS12)), (SERVER, m.finished(m.TLS12)), *closed]


def one_by_one(handshakes):
    """At these seconds, each by its own connection of one UE."""
    frames = []
    for i, (second, steps) in enumerate(handshakes):
        frames += capturelib.build(steps, time=START + int(second * SECOND), client=(UE, 40000 + i), server=(ORIGIN, 443))
    return frames


def seen_again():
    """Two taps whose clocks differ, in one capture: what is concluded from several handshakes needs as many, and each has its own randoms."""
    ticket = [(35, b"")]
    never = [(60 * i, fresh([DES3, 5, AES], DES3, more=ticket, closed=m.closing(version=m.TLS12))) for i in range(4)]
    weak = [(CLIENT, hello_of([DES3])), (SERVER, m.alert(2, 40, m.TLS12))]
    weaker = [(CLIENT, hello_of([DES3])), (SERVER, m.alert(2, 40, m.TLS12))]
    lacks = [(0, fresh([AES, DES3], AES)), (20, weak), (21.5, fresh([AES, DES3], AES)), (40, fresh([AES, DES3], AES))]
    for rule, handshakes, more in (("ut-7.1-resume-server", never[:2], never[2:]),
                                   ("ut-6.2-server-3des", lacks, [(60, weaker), (61.5, fresh([AES, DES3], AES))])):
        once, proof = one_by_one(handshakes), one_by_one(handshakes + more)
        check(not Judged(once).counts[rule]["fail"], rule, "is not shown by", len(handshakes))
        check(Judged(proof).counts[rule]["fail"] == 1, rule, "is shown by", len(handshakes + more))
        for later in (0.0002, 1, 2.1, 5, 4000):
            for clock in (1, -1):
                found = Judged(once + [(t + int(clock * later * SECOND), f) for t, f in once])
                check(not found.counts[rule]["fail"], rule, "of a copy", clock * later, "seconds later:", found.failed())
                check(later < 2 or clock < 0 or len(found.tls) == 2 * len(handshakes), rule, "in as many connections", clock * later, len(found.tls))


def ages():
    """Of a session of 25 hours both legs know the age, and the UE's is exact."""
    for name, legs in PLACES.items():
        session = next(number).to_bytes(32, "big")
        later = [((c[0], c[1] + 1), s, before) for c, s, before in legs]
        frames = copied(legs, conversation(DES3, DES3, session=session))
        frames += copied(later, conversation(DES3, DES3, session=session, resumes=True), at=START + 90000 * SECOND)
        found = Judged(frames)
        counts = found.counts["ut-7.1-session-lifetime"]
        check(counts["fail"] == 1 and {e["alert"]["severity"] for e in found.alerts if e["utwatch"]["rule"] == "ut-7.1-session-lifetime"} == {1},
              "25 hours,", name, counts)
        age = [e for e in found.tls if "same_handshake" not in e["utwatch"]][-1]["utwatch"]["session"]
        check(age.get("age_basis", age.get("basis")) == "exact", "25 hours,", name, age)


def no_leg():
    """What is no other leg of the handshake hides it not, and is not hidden by it."""
    bad = conversation(ANON, ANON, randoms=77)
    target = [((UE, 40000), (ORIGIN, 443), [])]
    other = [((UE, 41000), ("192.0.2.99", 443), [])]
    rule = "ut-6.4-listed-anonymous"
    for name, decoy in (("a hello alone", bad[:1]), ("another answer", conversation(ANON, DES3, randoms=77)),
                        ("a refusal", [bad[0], (SERVER, m.alert(2, 40, m.TLS12))]),
                        ("other randoms of the server", [bad[0], *conversation(ANON, ANON, randoms=78)[1:]])):
        for before in (-1000000, 500000):  # nanoseconds between the hellos
            found = Judged(copied(other, decoy, at=START + before) + copied(target, bad))
            mine = [e for e in found.alerts if e["utwatch"]["rule"] == rule and ORIGIN in (e["src_ip"], e["dest_ip"])]
            check([(e["alert"]["severity"], e["utwatch"]["basis"]) for e in mine] == [(1, "direct")], "behind", name, before, mine)
    for one_way in (0, 1):  # where one leg is no full evidence, the other is
        found = Judged(copied(PLACES["a NAT"], conversation(ANON, ANON), one_way=(one_way,)))
        worst = min((e["alert"]["severity"] for e in found.alerts if e["utwatch"]["rule"] == rule), default=None)
        check(worst == 1, "one direction of leg", one_way, found.counts[rule])
    frames, same = [], conversation(ANON, ANON, randoms=79)[:1]
    for i in range(8):
        frames += copied([((UE, 40000 + i), (ORIGIN, 443), [])], same + conversation(ANON, ANON)[1:], at=START + i * SECOND // 4)
    found = Judged(frames)
    check(found.counts[rule]["fail"] == 8, "a client that always sends one random", found.counts[rule])
    frames = [f for i in range(2) for f in copied([((UE, 40000 + i), (ORIGIN, 443), [])], bad, at=START + i * 3 * SECOND)]
    check(Judged(frames).counts[rule]["fail"] == 2, "the same once more, seconds later")


def own_addresses_with(four):
    """Addresses of a prefix that is not a translator's by any standard, with that of IPv4 in each of the places of RFC 6052 2.2."""
    octets = ipaddress.IPv4Address(four).packed
    for length in (32, 40, 48, 56, 64, 96):
        address = bytearray(bytes.fromhex("20010db8000000000000000000000000"))
        places = [i for i in range(length // 8, 16) if i != 8][:4]
        for place, octet in zip(places, octets):
            address[place] = octet
        yield str(ipaddress.IPv6Address(bytes(address)))


def nothing_in_common():
    """Two sides without a common host: a balancer that has other addresses behind, or who repeats what he sees. Nothing vanishes on either.
    An address of IPv6 is chosen by whoever has its prefix; that it contains the server's shows nothing, but under the prefix of RFC 6052 2.1."""
    for name, first in (("another host", (("10.0.0.99", 41000), ("203.0.113.5", 443), [])),
                        ("IPv6", (("2001:db8::10", 40000), ("2001:db8::80", 443), [])),
                        *((six, (("2001:db8::10", 40000), (six, 443), [])) for six in own_addresses_with(ORIGIN))):
        for second in ((("10.0.0.66", 40000), (ORIGIN, 443), []), (("10.0.0.66", 40000), (ORIGIN, 443), CONNECT)):
            alone = Judged(copied([second], conversation(ANON, ANON)))
            for apart in (10000, 300000):
                found = Judged(copied([first, second], conversation(ANON, ANON), apart=apart))
                mine = [e for e in found.of_handshakes() if e["src_ip"] == "10.0.0.66"]
                told = {e["utwatch"]["rule"] for e in mine}
                check(told == {e["utwatch"]["rule"] for e in alone.of_handshakes()} and told, name, apart, "told of the second as if it were alone:",
                      told)
                weak = {e["utwatch"]["fault"] for e in mine if e["utwatch"]["basis"] == "partial"}
                direct = {e["utwatch"]["fault"] for e in mine if e["utwatch"]["basis"] == "direct"}
                check(weak <= {"ue", "both"} and direct <= {"server"}, name, "of its UE as a part of the evidence:", weak, direct)
                named = [e["utwatch"]["same_handshake"]["src_ip"] for e in found.tls if e["src_ip"] == "10.0.0.66"]
                check(named == [first[0][0]], name, "and the other side is named:", named)


def contradicted():
    """The side that is nearer ends last, and comes to nothing by other bytes: it stands for the other no more."""
    steps = conversation(ANON, ANON)
    alone = Judged(copied(PLACES["a NAT"][:1], conversation(ANON, ANON)))
    for name in ("a NAT", "a balancer"):
        near, far = (capturelib.Connection(client=client, server=server, time=START, step=20000) for client, server, _ in PLACES[name])
        for c in (near, far):
            c.open()
        for i, (side, data) in enumerate(steps):
            for c, late in ((far, 300000), (near, 0)) if side == CLIENT else ((far, 0), (near, 300000)):
                c.time = START + (i + 1) * 10**7 + late + (3 * SECOND // 2 if c is near and i >= 2 else 0)
                c.send(side, data)
                c.frames.append(c.frame(1 - side, ACK))
        near.time += SECOND
        for side, first in ((CLIENT, 1001), (SERVER, 5001)):
            other = bytearray(steps[side][1])
            other[20] ^= 0xFF
            near.frames.append(near.frame(side, 0x18, bytes(other), seq=first))
        found = Judged(near.frames + far.frames)
        lost = {e["utwatch"]["rule"] for e in alone.of_handshakes()} - {e["utwatch"]["rule"] for e in found.of_handshakes()}
        check(alone.of_handshakes() and not lost, name, "told of neither:", lost)


def no_room():
    """700 handshakes at once, each on two connections: what finds no room is judged by itself, and nothing is lost."""
    frames = []
    for i in range(700):
        ends = "10.0.%d.%d" % (i // 250, 1 + i % 250)
        legs = [((ends, 40000), (MIDDLE, 443), []), ((MIDDLE, 20000 + i), (ORIGIN, 443), [])]
        frames += copied(legs, conversation(ANON, ANON, m.TLS12), at=START + i * 1000)
    found = Judged(frames)
    failed = found.counts["ut-6.4-anonymous-key-exchange"]["fail"]
    check(found.stats["judged"] == 1400 and 700 <= failed <= 1400, "700 at once", found.stats["judged"], failed)


told_once()
superseded_and_advised()
by_two_clocks()
written_again()
in_tunnels()
refused()
refused_first()
seen_again()
ages()
no_leg()
nothing_in_common()
contradicted()
no_room()
finish()
