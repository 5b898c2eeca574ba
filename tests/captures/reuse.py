"""What is on the wire of connections that use a session again, by tshark: for the tests of ages."""
import os
import subprocess
import sys

from run_utwatch import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "pcaps"))
import capturelib  # noqa: E402
import witness  # noqa: E402

SECOND = 10**9
DAY = 86400 * SECOND
RULE = {"id": "ut-7.1-session-lifetime", "ticket": "ut-7.1-ticket-lifetime", "psk": "ut-7.1-ticket-lifetime"}
# Recorded from OpenSSL, GnuTLS and JSSE.
CAPTURES = ["openssl-tls10-resumed-id", "openssl-tls12-resumed-id", "openssl-tls12-null-resumed", "gnutls-tls12-resumed-id", "jsse-tls12-resumed-id",
            "openssl-tls12-resumed-ticket", "gnutls-tls12-resumed", "jsse-tls10-resumed", "jsse-tls12-resumed", "jsse-tls12-renewed-ticket",
            "openssl-tls12-duplicated", "openssl-tls12-ticket-refused", "openssl-tls12-id-refused", "openssl-tls13-psk", "gnutls-tls13-resumed",
            "jsse-tls13-resumed", "openssl-tls13-psk-reused", "openssl-tls13-psk-refused", "openssl-tls13-psk-hello-retry",
            "gnutls-tls13-resumed-hello-retry",
            "openssl-tls13-early-data", "openssl-tls13-full", "openssl-tls13-hello-retry"]


class Use:
    """One connection as tshark sees it: what it offered, what came of it, and when."""

    def __init__(self, seen, frames):
        self.frames = frames
        self.resumed, self.method = seen.resumed(), seen.method()
        self.sslv3_or_later = seen.server_hello()["version"]
        hello = seen.of("client_hello")[0]
        by_id = hello["session_id"] and self.sslv3_or_later < "0x0304"
        self.offered = "psk" if hello["psk"] else "ticket" if hello["ticket"] else "id" if by_id else None
        self.id, self.issued = hello["session_id"], seen.server_hello()["session_id"]


def by_connection(path):
    """Frames of each TCP connection, in the order of their first."""
    out = {}
    for time, frame in capturelib.read_frames(path):
        s = capturelib.segment_of(frame)
        if s:
            out.setdefault(frozenset(s[:2]), []).append((time, frame))
    return list(out.values())


def hello_times(path):
    """[(time of the ClientHello, time of the ServerHello)] by connection, and the PSK identity of each; a HelloRetryRequest is no ServerHello."""
    p = subprocess.run([*witness.TSHARK, "-r", path, "-Y", "tls.handshake.type == 1 || tls.handshake.type == 2", "-T", "fields", "-e", "tcp.stream",
                        "-e", "frame.time_epoch", "-e", "tls.handshake.type", "-e", "tls.handshake.random", "-e",
                        "tls.handshake.extensions.psk.identity.identity"],
                       capture_output=True, text=True, check=True)
    times, identities = {}, {}
    for line in p.stdout.splitlines():
        stream, time, kind, random, identity = (line.split("\t") + [""])[:5]
        whole, _, part = time.partition(".")
        ns = int(whole) * SECOND + int(part.ljust(9, "0"))
        if "1" in kind.split(","):
            times.setdefault(stream, {}).setdefault("client", ns)
            identities.setdefault(stream, identity)
        if "2" in kind.split(",") and witness.HELLO_RETRY not in random:
            times[stream]["server"] = ns
    order = sorted(times, key=int)
    return [(times[s]["client"], times[s].get("server")) for s in order], [identities[s] for s in order]


def move(uses, times, age, side):
    """The connections so that the last hello of `side` comes `age` after the origin, and those between evenly before it."""
    origin = times[0][1]
    later = len(uses) - 1
    frames = list(uses[0].frames)
    shifts = [0]
    for i, use in enumerate(uses[1:], 1):
        shift = origin + age * i // later // 1000 * 1000 - times[i][side] if i < later else origin + age - times[i][side]
        frames += [(t + shift, f) for t, f in use.frames]
        shifts.append(shift)
    return sorted(frames), shifts


def expected(uses, times, identities):
    """For each use: (method, resumed, basis, origin) by what is on the wire."""
    sighted, out = {}, []
    for i, use in enumerate(uses):
        if not use.offered or i == 0:
            out.append(None)
        elif use.offered == "psk":
            first = sighted.setdefault(identities[i], i)
            out.append(("unknown", None) if first == i else ("at-least", times[first][0]))
        else:
            out.append(("exact", times[0][1]))
    return out


def verdict(use, ages, basis, limit):
    """(verdict, side at fault) under 7.1: the UE uses a session by offering it, the server by resuming it."""
    if basis == "unknown":
        return "not-observable", None
    over = [a > limit for a in ages]
    if over[0]:
        return "fail", "both" if use.resumed else "ue"
    if use.resumed and over[1]:
        return "fail", "server"
    return ("pass" if basis == "exact" else "not-observable"), None


def uses_of(path):
    """[Use] of a capture's connections, their hello_times() and PSK identities."""
    uses = [Use(seen, group) for seen, group in zip(witness.connections(path)[0], by_connection(path))]
    return (uses, *hello_times(path))
