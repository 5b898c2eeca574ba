#!/usr/bin/env python3
"""What utwatch says by 6.2 and 7.2 of random hellos and answers equals what the definitions say, read slowly. usage: oracle.py UTWATCH [PAIRS [SEED]]

The definitions are those of the requirements on TS 33.141: predicates of suites in three values, the reaction test R of clause 7.2, the
edge cases E2, E3, E10, E12 and E17. Properties of suites come from the lists of the requirements and from the names in Wireshark's registry.
The pairs are made by pairs.py and judged by their description, not by their bytes.
"""
import collections
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import pairs
from pairs import CLIENT, SERVER
from run_utwatch import SKIP, events, of_type, rule_counts

PASS, FAIL, HIDDEN, NONE = "pass", "fail", "not_observable", "not_applicable"
ANONYMOUS = set(pairs.LISTED) | {0x0034, 0x003A, 0x0046, 0x006C, 0x006D, 0x0089, 0x009B, 0x00A6, 0x00A7, 0x00BF, 0x00C5, 0xC015, 0xC016, 0xC017,
                                 0xC018, 0xC019, 0xC046, 0xC047, 0xC05A, 0xC05B, 0xC084, 0xC085}
# With the Fortezza and GOST codes, which the requirements count when they are named.
NULL = {0x0000, 0x0001, 0x0002, 0x001C, 0x0082, 0x0083, 0x002C, 0x002D, 0x002E, 0x003B, 0x00B0, 0x00B1, 0x00B4, 0x00B5, 0x00B8, 0x00B9, 0xC001,
        0xC006, 0xC00B, 0xC010, 0xC015, 0xC039, 0xC03A, 0xC03B, 0xC0B4, 0xC0B5}
BITS = [(r"NULL|^TLS_SHA\d+_SHA\d+$", 0), (r"RC4_40|RC2_CBC_40|DES40|DES_CBC_40", 40), (r"RC4_56|RC2_CBC_56|[^3]DES_CBC|_DES_CBC", 56),
        (r"3DES_EDE", 168),
        (r"FORTEZZA_CBC", 80), (r"RC4_128|IDEA|SEED|SM4|_128", 128), (r"_256_|_256$|CHACHA20|28147|KUZNYECHIK|MAGMA", 256)]
REFUSED = ("alert", "late alert", "closed", "reset")


def registry():
    out = subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True).stdout
    found = {int(w[2], 0): w[3] for w in (line.split("\t") for line in out.splitlines()) if w[:2] == ["V", "tls.handshake.ciphersuite"]}
    return {c: n for c, n in found.items() if re.match("TLS_|SSL_", n) and c < 0xE000}  # above: private, and of no registry


NAMES = registry() if shutil.which("tshark") else {}


# ---- predicates of suites: True, False, or None where nobody has named the code

def named(holds):
    return lambda s: holds(s) if s in NAMES else None


listed64 = named(lambda s: s in pairs.LISTED)
anon = named(lambda s: s in ANONYMOUS)
nullenc = named(lambda s: s in NULL)
nomac = named(lambda s: s == 0x0000)


def bits(s):
    for pattern, count in BITS:
        if re.search(pattern, NAMES[s]):
            return count
    raise KeyError("no key length in " + NAMES[s])


below128 = named(lambda s: bits(s) < 128)


def no(value):
    return None if value is None else not value


def both(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def either(a, b):
    return no(both(no(a), no(b)))


def every(predicate, suites):
    out = True
    for s in suites:
        out = both(out, predicate(s))
    return out


def some(predicate, suites):
    return no(every(lambda s: no(predicate(s)), suites))


# ---- what was seen

def offer(pair):
    """The TLS suites of the hello without signalling values; None if the hello was not captured."""
    if pair["missing"] in (CLIENT, CLIENT + "'s first"):
        return None
    return [s for s in pair["suites"] if s not in pairs.SIGNALLING]


def server_steps(pair):
    """What was captured of the server, as far as it is in clear, and whether that is all."""
    steps = pair["steps"]
    if pair["missing"] == SERVER:
        return [], False
    if pair["missing"] == SERVER + "'s first":
        lost = next(i for i, s in enumerate(steps) if s[0] == SERVER)
        return steps[:lost] + steps[lost + 1:], False
    return steps, True


def later_hello_may_be_in_clear(pair):
    """RFC 5246 7.4.1.1: so it is under NULL encryption. Where bytes are missing, another offer may be among them; where the ServerHello is, nobody
    knows whether it could be read. TLS 1.3 has no later hello (RFC 8446 4.1.2), and RFC 9150 is of that version."""
    steps = server_steps(pair)[0]
    chosen = [s[2] for s in steps if s[:2] == (SERVER, "hello")] or offer(pair)
    changed = any(s[1] in ("ccs", "finished") for s in steps + [s for s in pair["steps"] if s[0] == CLIENT])
    return bool(pair["missing"]) and changed and some(nullenc, [s for s in chosen if s not in (0xC0B4, 0xC0B5)]) is True


def selected(pair):
    """(suite, whether that is known): (None, True) where the server has ended the connection and selected none."""
    steps, whole = server_steps(pair)
    chosen = [s[2] for s in steps if s[:2] == (SERVER, "hello")]
    return (chosen[0], True) if chosen else (None, whole and any(s[0] == SERVER and s[1] in ("fin", "rst") for s in steps))


def reaction(pair):
    """The test R: alert, late alert, accepted, closed, reset; None where the answer is not observable."""
    steps, whole = server_steps(pair)
    heard = whole and pair["missing"] != CLIENT + "'s first"  # else the client's own alert, which the server's answers, may be what is missing
    hello = done = gone = False
    for who, what, *more in steps:
        if who == CLIENT:
            gone = gone or what in ("fin", "rst")
        elif what == "alert" and more[0] == 2 and not done:
            return None if not heard else "late alert" if hello else "alert"  # E3: a ServerHello, or its end, may be what is missing
        elif what == "v2 error":
            return "alert"
        elif what == "v2 hello":
            return "accepted"
        elif what == "hello":
            hello, done = True, more[1] == 0x0304  # what comes after is encrypted
        elif what in ("done", "ccs") and hello:
            done = True
        elif what in ("fin", "rst") and not hello and not gone:
            return None if not whole else "closed" if what == "fin" else "reset"
    return "accepted" if hello else None


def verdict(broken, kept):
    """A rule that is either broken or kept, in three values."""
    return FAIL if broken is True else PASS if kept is True else HIDDEN


# ---- the rules

def judged_by_7_2(trigger, how):
    if trigger is False:
        return NONE
    if trigger is None or how is None:
        return HIDDEN
    return FAIL if how == "accepted" else PASS


def oracle(pair, policy):
    """{rule: verdict} of the pair, by the letter of the requirements."""
    offered, how = offer(pair), reaction(pair)
    suite, known = selected(pair)
    out = {}

    def whole(predicate):
        return None if offered is None else every(predicate, offered)

    # E17: nothing but native SSLv2 ciphers: rules on the TLS offer do not apply.
    only_native = bool(offered == [] and pair["native"])
    none_encrypts, not_empty = whole(nullenc), None if offered is None else bool(offered)
    all_anonymous, all_listed = both(not_empty, whole(anon)), both(not_empty, whole(listed64))
    all_bare, all_weak = both(not_empty, whole(nomac)), whole(below128)

    out["ut-6.2-ue-offers-encryption"] = verdict(none_encrypts, no(none_encrypts))
    bare = None if offered is None else some(nomac, offered)
    out["ut-6.2-null-integrity-offered"] = verdict(bare, no(bare))
    # Case 1 to 4 of 7.2.
    out["ut-7.2-only-anonymous"] = judged_by_7_2(all_listed, how)
    out["ut-7.2-only-anonymous-extended"] = judged_by_7_2(both(all_anonymous, no(all_listed)), how)
    out["ut-7.2-no-integrity"] = judged_by_7_2(all_bare, how)
    out["ut-7.2-no-encryption"] = judged_by_7_2(none_encrypts, how)
    out["ut-7.2-policy-128"] = policy_128(all_weak, how, suite, offered) if policy else NONE
    case = either(either(all_anonymous, none_encrypts), both(policy, all_weak))
    out["ut-7.2-no-alert"] = no_alert(case, how)
    for rule, holds, matters in (("ut-6.2-null-integrity", nomac, True), ("ut-6.2-null-encryption-used", nullenc, policy)):
        used = None if suite is None else holds(suite)
        # A server that refuses after its hello has not used what it selected there.
        hidden = used is None or used and how is None
        out[rule] = NONE if suite is None and known or used and how == "late alert" else HIDDEN if hidden else FAIL if used and matters else PASS
    # Support of mandatory suites, of this UE and this server alone. A session id that was not seen to be issued may be one all the same:
    # a hello that resumes need only hold the suite of its session. One that falls back (RFC 7507) may offer less than the UE supports.
    # Neither is a full offer, and the rule asks for one.
    partial = bool(pair["ticket"] or pair["session"]) or 0x5600 in pair["suites"]
    out["ut-6.2-ue-3des"] = HIDDEN if offered is None else NONE if partial else FAIL if 0x000A not in offered else PASS
    if offered and out["ut-6.2-ue-3des"] != PASS and later_hello_may_be_in_clear(pair):
        out["ut-6.2-ue-3des"] = HIDDEN
    out["ut-6.2-server-3des"] = PASS if suite == 0x000A else HIDDEN
    out["ut-6.2-server-rc4"] = PASS if suite == 0x0005 else HIDDEN
    if only_native:
        for rule in out:
            if rule.startswith("ut-7.2") or rule in ("ut-6.2-ue-offers-encryption", "ut-6.2-null-integrity-offered", "ut-6.2-ue-3des"):
                out[rule] = NONE
    return out


def policy_128(all_weak, how, suite, offered):
    """The common set is hidden, but within the offer, if there was one of TLS. A refusal is what the clause wants, whatever it was for."""
    # NULL encryption that is used is told once, by the rule about it.
    used = False if suite is None else both(nullenc(suite), None if how is None else how == "accepted")
    if used is True:
        return NONE
    if offered is None or used is None:
        return HIDDEN
    if all_weak is True and how == "accepted":
        return FAIL
    if how in REFUSED or offered is not None and suite is not None and below128(suite) is False:
        return PASS
    return HIDDEN


def no_alert(case, how):
    if case is False or how == "accepted":
        return NONE
    if case is None or how is None:
        return HIDDEN
    return FAIL if how in ("closed", "reset") else PASS


def faults(rule, pair):
    """Who may be named as at fault. A UE shares in what a server selected when it goes on with it."""
    if rule != "ut-6.2-null-integrity":
        return {"ue"} if rule in ("ut-6.2-ue-offers-encryption", "ut-6.2-null-integrity-offered", "ut-6.2-ue-3des") else {"server"}
    went_on = any(s in pair["steps"] for s in ((CLIENT, "exchange"), (CLIENT, "ccs")))
    return {"server"} if not went_on or pair["missing"] == CLIENT else {"both"} if pair["missing"] is None else {"both", "server"}


# ---- where utwatch is known to say something else

def unrecognised(pair):
    """No hello was captured, and no byte of the server's that could tell that this is TLS."""
    return offer(pair) is None and all(s[0] == CLIENT or s[1] in ("fin", "rst") for s in server_steps(pair)[0])


def known(pair, got):
    """Why a difference is let pass; None: it is not."""
    if got is None and unrecognised(pair):
        return "of a connection without a byte of TLS nothing is said"
    return None


def may_differ(pair, policy):
    """Such pairs are compared one by one: where a difference is let pass, sums over many say nothing."""
    return unrecognised(pair) or bool(pair["native"]) \
        or policy and any(s[1] == "hello" and s[2] in NULL for s in pair["steps"])


# ---- comparison

RULES = list(oracle({"suites": [], "native": [], "steps": [], "missing": None, "ticket": None, "session": b""}, False)) if NAMES else []
STRICT = "utwatch: 1\nprofile: strict\ntitle: An operator's policy\nextends: [ts33141-pcr2]\nparameters: { encryption-required: true }\n"
CHUNK = 100


def write(path, numbered):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for time, frame in sorted(frame for n, p in numbered for frame in pairs.frames(p, n, 1795470000 * 10**9 + n * 7000000)):
            f.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), len(frame)) + frame)


def said(utwatch, profile, path):
    """({rule: {verdict: count}}, {(rule, number of the pair): fault} of what fails)."""
    evs, _ = events(utwatch, "-p", profile, "-r", path)
    fails = {}
    for e in of_type(evs, "alert"):
        address = [int(x) for x in e.get("src_ip", e.get("dest_ip")).split(".")]  # what is about a UE or a server names that alone
        fails[e["utwatch"]["rule"], address[2] * 256 + address[3]] = e["utwatch"]["fault"]
    return rule_counts(evs), fails


def agree(utwatch, profile, policy, path, numbered):
    """Whether a capture of many pairs is judged as the oracle does: who fails by which rule, and the sums of the other verdicts."""
    write(path, numbered)
    counts, fails = said(utwatch, profile, path)
    wanted = {n: oracle(p, policy) for n, p in numbered}
    for rule in counts.keys() & set(RULES):
        sums = collections.Counter(w[rule] for w in wanted.values())
        blamed = {n: fails[r, n] for r, n in fails if r == rule}
        broken = {n for n in wanted if wanted[n][rule] == FAIL}
        if any(sums[v] != counts[rule].get(v, 0) for v in (PASS, FAIL, HIDDEN, NONE)) or blamed.keys() != broken:
            return False
        if any(blamed[n] not in faults(rule, p) for n, p in numbered if n in blamed):
            return False
    return True


def differences(utwatch, profile, policy, path, number, pair):
    """(rule, what the oracle says, what utwatch says or None, fault) of one pair alone."""
    write(path, [(number, pair)])
    counts, fails = said(utwatch, profile, path)
    for rule, wanted in oracle(pair, policy).items():
        got = [v for v in (PASS, FAIL, HIDDEN, NONE) if counts.get(rule, {}).get(v)]
        got, fault = got[0] if len(got) == 1 else got or None, fails.get((rule, number))
        if got != wanted or fault and fault not in faults(rule, pair):
            yield rule, wanted, got, fault


def compare(utwatch, profile, policy, path, drawn, problems, excused):
    alone = [(n, p) for n, p in drawn if may_differ(p, policy)]
    others = [(n, p) for n, p in drawn if not may_differ(p, policy)]
    for at in range(0, len(others), CHUNK):
        part = others[at:at + CHUNK]
        if not agree(utwatch, profile, policy, path, part):
            alone += part  # to name the pair
    for number, pair in alone:
        for rule, wanted, got, fault in differences(utwatch, profile, policy, path, number, pair):
            why = known(pair, got)
            if why:
                excused[why] += 1
            else:
                problems.append("%s, pair %d: %s: oracle %s, utwatch %s%s: %s" % (os.path.basename(profile), number, rule, wanted, got,
                                                                                  ", fault " + fault if fault else "", describe(pair)))


def describe(p):
    steps = "; ".join(" ".join(hex(x) if isinstance(x, int) else x for x in s) for s in p["steps"])
    offered = [hex(s) for s in p["native"] + p["suites"]]
    return "%s%#06x offers %s, missing %s, then %s" % ("v2 " if p["sslv2"] else "", p["version"], offered, p["missing"], steps)


def main():
    if not NAMES:
        sys.exit(SKIP)
    utwatch, count, seed = sys.argv[1], int((*sys.argv, *["5000"] * 2)[2]), sys.argv[3] if len(sys.argv) > 3 else "33141"
    rng = random.Random(seed)
    drawn = list(enumerate(pairs.draw(rng, NAMES) for _ in range(count)))
    problems, spread, excused = [], collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        strict, path = os.path.join(folder, "strict.yaml"), os.path.join(folder, "pairs.pcap")
        with open(strict, "w") as f:
            f.write(STRICT)
        for profile, policy in (("ts33141-pcr2", False), (strict, True)):
            compare(utwatch, profile, policy, path, drawn, problems, excused)
            for _, p in drawn:
                spread.update(oracle(p, policy).items())
    for rule in RULES:
        print(rule, {v: spread[rule, v] for v in (PASS, FAIL, HIDDEN, NONE)})
        # A draw that never sets a rule off would prove nothing about it.
        if count >= 1000 and not (spread[rule, PASS] and (spread[rule, FAIL] or rule in ("ut-6.2-server-3des", "ut-6.2-server-rc4"))):
            problems.append("the draw shows too little of " + rule)
    for why, n in sorted(excused.items()):
        print("let pass %d times: %s" % (n, why))
    for p in problems[:40]:
        print("FAILED:", p)
    print("%d pairs, seed %s, %d failed" % (count, seed, len(problems)))
    sys.exit(1 if problems or count < 1 else 0)


if __name__ == "__main__":
    main()
