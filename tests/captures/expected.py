"""What a capture has to break: what its manifest says, and what every handshake of today breaks in a text of 2004, as tshark and openssl show it."""
import os
import sys

from run_utwatch import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "pcaps"))
import witness  # noqa: E402

MANDATORY_3DES = 0x000A  # 6.2
SERVER_CERTIFICATE_TYPE = 20  # RFC 7250
SIGNATURES = ("sha1WithRSAEncryption", "ecdsa-with-SHA1")  # WAPCert 6.4.3


def lacks_3des(connections):
    """A UE (address) none of whose hellos for a full handshake holds the mandatory suite."""
    issued, offers = set(), {}
    for c in connections:
        for hello in c.of("client_hello", witness.CLIENT)[:1]:
            if hello["ticket"] or hello["psk"] or hello["session_id"] in issued - {""}:
                continue
            codes = {int(s, 16) for s in hello["suites"]}
            if 0x5600 in codes:  # TLS_FALLBACK_SCSV (RFC 7507): it came to nothing with a better offer
                continue
            if not all(code > 0xFFFF for code in codes):  # else SSLv2's own ciphers only, which are no offer of TLS
                offers.setdefault(c.client[0], []).append(codes)
        for hello in c.of("server_hello", witness.SERVER):
            issued.add(hello["session_id"])
    return any(all(MANDATORY_3DES not in offer for offer in of_ue) for of_ue in offers.values())


def signed_otherwise(connections):
    """A server certificate in clear whose signature is none of the two that WAPCert defines."""
    for c in connections:
        if c.server_hello() and SERVER_CERTIFICATE_TYPE in c.server_hello()["extensions"]:
            continue  # raw public keys, in the captures that there are
        for chain in c.of("certificate", witness.SERVER):
            if chain and witness.certificate_facts(chain[0])["signature"] not in SIGNATURES:
                return True
    return False


def at_fault(connections, alert):
    """Who broke a rule that binds both ends, by the messages that tshark sees: the UE offers, the server selects, and the UE goes on with it or
    does not. Empty where the alert is not about one handshake of TLS."""
    about = [c for c in connections if c.client == (alert.get("src_ip"), str(alert.get("src_port")))]
    if len(about) != 1 or not about[0].messages:
        return ()
    c, rule = about[0], alert["utwatch"]["rule"]
    if rule.startswith("ut-7.1-"):
        return ("both",) if c.server_hello() and c.resumed() else ("ue",)
    if not c.of("client_hello") and not c.of("server_hello"):
        return ("both",) if {side for side, _, _ in c.messages} == {witness.CLIENT, witness.SERVER} else ()
    if not c.server_hello():
        return ("ue", "both") if c.of("sslv2_message", witness.SERVER) else ("ue",)
    if not c.of("client_hello"):
        return ("server",)
    return ("both",) if c.of("client_key_exchange") or c.of("ccs", witness.CLIENT) else ("server",)


def ambient(connections):
    out = set()
    if lacks_3des(connections):
        out.add("ut-6.2-ue-3des")
    if signed_otherwise(connections):
        out.add("wapcert-6.4.3-signature-algorithm")
    return out


def broken(entry, profile, rules, around):
    """The rules of the profile that have to fail; `around` is ambient(entry)."""
    return (set(entry["fails"].get(profile, [])) | set(entry["also"]) | around) & rules
