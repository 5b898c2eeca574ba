"""JSSE, the TLS of Java: the one stack of today that still speaks SSLv3, the SSLv2 hello, EXPORT and the list of clause 6.4."""
from scenario import (ALL_LISTED, GNUTLS_CLIENT, GNUTLS_KEYS, GNUTLS_SERVER, GOOD, JAVA_CLIENT, JAVA_KEYS, JAVA_SERVER,
                      LISTED, NAME, OPENSSL_CLIENT, OPENSSL_SERVER, PYTHON_SERVER, SCENARIOS, WEAK, scenario)

TLS10 = "protocols=TLSv1 "
DES3, RC4, DES = "SSL_RSA_WITH_3DES_EDE_CBC_SHA", "SSL_RSA_WITH_RC4_128_SHA", "SSL_RSA_WITH_DES_CBC_SHA"
EXPORT = ["SSL_RSA_EXPORT_WITH_RC4_40_MD5", "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA"]
WAP = "keystore=%(dir)s/wap.p12 "
OLD = ["ut-6-version-forbidden", "ut-6-version-min"]
SELECTED = ["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered", "ut-6.4-listed-anonymous"]
BROKEN = [*SELECTED, "ut-7.2-only-anonymous"]


def jsse(file, shows, server, client, *rest, keys=JAVA_KEYS, **more):
    scenario("jsse-" + file, shows, JAVA_SERVER + keys + server, JAVA_CLIENT + client, *rest, **more)


# ---- the suites of clause 6.2
jsse("tls10-3des", "the suite that 6.2 makes mandatory", TLS10 + "suites=" + DES3, TLS10 + "suites=" + DES3 + "," + RC4,
     {"version": "0x0301", "suite": "0x000a"}, also=["m-below-128", "m-static-rsa", "m-version-tls12"],
     passes=["ut-5.1.2-effective-key-128", "ut-6.2-ue-3des", "ut-6.2-server-3des", "wap219-6.1-client-one-suite", "dp-3.2-3des-before-rc4"])
jsse("tls10-rc4", "the second suite of WAP-219", TLS10 + "suites=" + RC4, TLS10 + "suites=" + DES3 + "," + RC4,
     {"version": "0x0301", "suite": "0x0005"}, passes=["ut-6.2-server-rc4"], also=["dp-3.2-3des-before-rc4", "m-null-rc4-export"])
jsse("tls10-rc4-first", "the UE prefers RC4 to 3DES", TLS10 + "suites=" + DES3, TLS10 + "suites=" + RC4 + "," + DES3,
     {"version": "0x0301", "suite": "0x000a"}, also=["dp-3.2-3des-before-rc4"])
jsse("tls10-3des-only-refused", "3DES offered alone and refused: this server cannot do what 6.2 makes mandatory",
     TLS10 + "suites=TLS_RSA_WITH_AES_128_CBC_SHA",
     TLS10 + "suites=" + DES3, {"alert": 40, "alert_from": "server"}, passes=["ut-6.2-ue-3des"])
jsse("tls10-rc4-only-refused", "RC4 offered alone and refused: mandatory for the server in the second pseudo-CR", TLS10 + "suites=" + DES3,
     TLS10 + "suites=" + RC4, {"alert": 40, "alert_from": "server"}, also=["ut-6.2-ue-3des"])
# The same with the other half of the evidence: the server accepts this version, so it was the suite that it refused, and it does so again.
AES = "TLS_RSA_WITH_AES_128_CBC_SHA"
scenario("jsse-tls10-3des-refused-aes-accepted", "AES accepted, 3DES offered alone and refused: this server cannot do what 6.2 makes mandatory",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=" + AES + " connections=4",
         [JAVA_CLIENT + TLS10 + "suites=" + AES, JAVA_CLIENT + TLS10 + "suites=" + DES3] * 2,
         {"connections": 4, "suites": ["0x002f", "0x002f"]}, also=["ut-6.2-server-3des", "wap219-6.1-server-both-suites"])
scenario("jsse-tls10-rc4-refused-3des-accepted", "3DES accepted, RC4 offered alone and refused: mandatory for the server in the second pseudo-CR",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=" + DES3 + " connections=4",
         [JAVA_CLIENT + TLS10 + "suites=" + DES3, JAVA_CLIENT + TLS10 + "suites=" + RC4] * 2,
         {"connections": 4, "suites": ["0x000a", "0x000a"]}, also=["ut-6.2-server-rc4", "wap219-6.1-server-both-suites"],
         passes=["ut-6.2-server-3des"])
jsse("tls10-aes-only", "a UE that offers neither 3DES nor RC4", TLS10 + "suites=TLS_RSA_WITH_AES_128_CBC_SHA",
     TLS10 + "suites=TLS_RSA_WITH_AES_128_CBC_SHA",
     {"version": "0x0301", "suite": "0x002f"}, also=["ut-6.2-ue-3des", "wap219-6.1-client-one-suite"], passes=["ut-ls-aes-supported"])
jsse("tls10-wapcert", "a certificate as WAPCert has it: RSA 1024, SHA-1, with its CA", TLS10 + "suites=" + DES3, TLS10 + "suites=" + DES3,
     {"version": "0x0301", "suite": "0x000a", "certificate": {"key": "rsaEncryption", "bits": 1024, "signature": "sha1WithRSAEncryption"},
      "chain": 2},
     keys=WAP, also=["m-rsa-2048"],
     passes=["wapcert-6.1-size", "wapcert-6.1-chain-depth", "wapcert-6.4.2-serial-length", "wapcert-6.4.3-signature-algorithm",
             "wapcert-6.4.4-issuer-empty", "wapcert-6.4.5-subject-empty", "wapcert-6.4-utf8", "wapcert-6.4.6-key", "wapcert-6.4.7-extensions-present",
             "wapcert-6.4.7-key-usage", "wapcert-6.4.7-eku", "wapcert-6.4.7-san-dns", "wapcert-6.6-ca"])
jsse("tls10-dss", "the suite that RFC 2246 makes mandatory: DHE, DSS, 3DES", TLS10 + "suites=SSL_DHE_DSS_WITH_3DES_EDE_CBC_SHA",
     TLS10 + "suites=SSL_DHE_DSS_WITH_3DES_EDE_CBC_SHA", {"version": "0x0301", "suite": "0x0013",
                                                          "certificate": {"key": "dsaEncryption", "bits": 1024}},
     keys="keystore=%(dir)s/dsa.p12 ", also=["wapcert-6.4.6-key"], passes=["ut-6.1.2-server-certificate"])
for version, number in (("1.1", "0x0302"), ("1.2", "0x0303")):
    jsse("tls%s-full" % version.replace(".", ""), "a full handshake of TLS %s with 3DES" % version, "protocols=TLSv%s suites=" % version + DES3,
         "protocols=TLSv%s suites=" % version + DES3, {"version": number, "suite": "0x000a", "sni": NAME},
         passes=["ut-6-version-min", "ut-ls-tls11-supported"])
jsse("tls10-chosen", "TLS 1.0 chosen although the UE does 1.2", TLS10 + "suites=" + DES3, "protocols=TLSv1,TLSv1.1,TLSv1.2 suites=" + DES3,
     {"version": "0x0301", "suite": "0x000a"}, also=["m-version-tls12"])

# ---- SSLv3 and the hello of SSLv2
jsse("sslv3", "SSLv3, offered and selected", "protocols=SSLv3 suites=" + DES3, "protocols=SSLv3 suites=" + DES3,
     {"version": "0x0300", "suite": "0x000a"}, OLD)
jsse("sslv3-selected", "SSLv3 selected by a server although the UE offers TLS 1.0; the UE goes on", "protocols=SSLv3 suites=" + DES3,
     "protocols=SSLv3,TLSv1 suites=" + DES3, {"version": "0x0300", "suite": "0x000a"}, OLD[:1])
jsse("sslv3-refused", "a UE that speaks SSLv3 only, refused by a TLS 1.0 server", TLS10 + "suites=" + DES3, "protocols=SSLv3 suites=" + DES3,
     {"alert_from": "server"}, OLD)
jsse("sslv3-server", "a UE that speaks TLS only, refused by a server of SSLv3 only", "protocols=SSLv3 suites=" + DES3, TLS10 + "suites=" + DES3,
     {"alert_from": "server"})
jsse("sslv2-hello", "a ClientHello in the format of SSLv2 that offers TLS 1.0", "protocols=SSLv2Hello,TLSv1 suites=" + DES3,
     "protocols=SSLv2Hello,TLSv1 suites=" + DES3, {"version": "0x0301", "suite": "0x000a", "format": "sslv2"}, ["ut-6-sslv2-hello"])
jsse("sslv2-hello-sslv3", "a ClientHello in the format of SSLv2 that offers SSLv3", "protocols=SSLv2Hello,SSLv3 suites=" + DES3,
     "protocols=SSLv2Hello,SSLv3 suites=" + DES3, {"version": "0x0300", "suite": "0x000a", "format": "sslv2"}, OLD)
jsse("sslv2-hello-anon-only", "a ClientHello in the format of SSLv2 that offers only suites of 6.4, refused",
     "protocols=SSLv2Hello,TLSv1 suites=" + DES3,
     "protocols=SSLv2Hello,TLSv1 suites=" + ALL_LISTED, {"format": "sslv2", "alert": 40, "alert_from": "server"},
     ["ut-6-sslv2-hello", "ut-6.4-anonymous-offered"], passes=["ut-7.2-only-anonymous", "ut-7.2-no-alert"])
for s in SCENARIOS:
    if "sslv2-hello" in s["file"]:  # that format has no room for a server name
        s["clients"] = [c.replace(" sni=%(name)s", "") for c in s["clients"]]

# ---- less than 128 bits
for suite, number in ((EXPORT[0], "0x0003"), (EXPORT[1], "0x0008"), (DES, "0x0009"), ("SSL_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", "0x0014")):
    jsse("tls10-" + suite[4:].replace("RSA_EXPORT_W", "EXPORT_W").replace("RSA_WITH_D", "WITH_D").lower().replace("_", "-"),
         "a suite below 128 bits, the only one offered: " + suite, TLS10 + "suites=" + suite, TLS10 + "suites=" + suite,
         {"version": "0x0301", "suite": number}, [], ["ut-5.1.2-effective-key-128"], ["ut-5.1.2-possible-128"], ["ut-7.2-policy-128"], keys=WAP,
         also=["m-null-rc4-export"])
jsse("tls10-export-only-refused", "EXPORT and DES and nothing else, refused with a fatal alert", TLS10 + "suites=" + DES3,
     TLS10 + "suites=" + ",".join([*EXPORT, DES]), {"alert": 40, "alert_from": "server"}, [], [], ["ut-5.1.2-possible-128"],
     passes=["ut-7.2-policy-128"])
jsse("tls10-export-mixed-offer", "EXPORT and DES offered beside 3DES, which is selected", TLS10 + "suites=" + DES3,
     TLS10 + "suites=" + ",".join([*EXPORT, DES, DES3]), {"version": "0x0301", "suite": "0x000a"},
     passes=["ut-5.1.2-effective-key-128", "ut-7.2-policy-128"])
jsse("tls10-export-selected", "EXPORT selected although 3DES is offered", TLS10 + "suites=" + EXPORT[0],
     TLS10 + "suites=" + ",".join([DES3, *EXPORT]),
     {"version": "0x0301", "suite": "0x0003"}, [], ["ut-5.1.2-effective-key-128"], keys=WAP)
jsse("tls10-des-selected", "single DES selected although the UE offers 3DES", TLS10 + "suites=" + DES, TLS10 + "suites=" + DES3 + "," + DES,
     {"version": "0x0301", "suite": "0x0009"}, [], ["ut-5.1.2-effective-key-128"])
scenario("jsse-tls10-weaker-selected", "a server that selects 3DES from one hello and DES from another which offers both",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "order=server suites=" + DES + "," + DES3 + " connections=2",
         [JAVA_CLIENT + TLS10 + "suites=" + DES3, JAVA_CLIENT + TLS10 + "suites=" + DES3 + "," + DES],
         {"version": "0x0301", "suites": ["0x000a", "0x0009"], "connections": 2}, [], ["ut-5.1.2-effective-key-128"],
         policy=["ut-op-weaker-selected"])
for suite, number in (("MD5", "0x0001"), ("SHA", "0x0002")):
    jsse("tls10-null-" + suite.lower(), "NULL encryption with %s, offered beside 3DES" % suite, TLS10 + "suites=SSL_RSA_WITH_NULL_" + suite,
         TLS10 + "suites=SSL_RSA_WITH_NULL_" + suite + "," + DES3, {"version": "0x0301", "suite": number}, [], ["ut-5.1.2-effective-key-128"], [],
         ["ut-6.2-null-encryption-used"],
         passes=["ut-6.2-ue-offers-encryption", "ut-6.2-null-encryption-used"])
BOTH_NULL = "suites=SSL_RSA_WITH_NULL_SHA,SSL_RSA_WITH_NULL_MD5"
jsse("tls10-only-null-accepted", "a hello that offers NULL encryption only, accepted by JSSE", TLS10 + BOTH_NULL, TLS10 + BOTH_NULL,
     {"version": "0x0301", "suite": "0x0002"}, ["ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"], ["ut-5.1.2-effective-key-128"],
     ["ut-5.1.2-possible-128"], ["ut-6.2-null-encryption-used"])
jsse("tls10-only-null-refused", "a hello that offers NULL encryption only, refused by JSSE with a fatal alert", TLS10 + "suites=" + DES3,
     TLS10 + BOTH_NULL,
     {"alert": 40, "alert_from": "server"}, ["ut-6.2-ue-offers-encryption"], [], ["ut-5.1.2-possible-128"],
     passes=["ut-7.2-no-encryption", "ut-7.2-no-alert"])

# ---- the list of clause 6.4
for suite, number, bits in LISTED:
    below = bits < 128
    jsse("tls10-" + suite[4:].lower().replace("_", "-"), "an anonymous suite of clause 6.4, offered alone and accepted: " + suite,
         TLS10 + "suites=" + suite, TLS10 + "suites=" + suite, {"version": "0x0301", "suite": number}, BROKEN,
         ["ut-5.1.2-effective-key-128"] * below, ["ut-5.1.2-possible-128"] * below, ["ut-7.2-policy-128"] * below, keys="")
jsse("tls10-anon-only-accepted", "all five suites of clause 6.4 and nothing else, accepted", TLS10 + "suites=" + ALL_LISTED,
     TLS10 + "suites=" + ALL_LISTED,
     {"version": "0x0301", "suite": "0x0017"}, BROKEN, ["ut-5.1.2-effective-key-128"], keys="")
jsse("tls10-anon-only-refused", "all five suites of clause 6.4 and nothing else, refused with a fatal alert", TLS10 + "suites=" + DES3,
     TLS10 + "suites=" + ALL_LISTED, {"alert": 40, "alert_from": "server"}, ["ut-6.4-anonymous-offered"],
     passes=["ut-7.2-only-anonymous", "ut-7.2-no-alert"])
for kind, closing in (("close", "fin"), ("reset", "rst")):
    scenario("jsse-anon-only-" + kind, "only suites of clause 6.4, refused by %s without an alert" % kind, PYTHON_SERVER + kind,
             JAVA_CLIENT + TLS10 + "suites=" + ALL_LISTED, {"closing": [closing, "server"]}, ["ut-6.4-anonymous-offered", "ut-7.2-no-alert"],
             passes=["ut-7.2-only-anonymous"])
jsse("tls10-anon-selected", "an anonymous suite selected although 3DES with RSA is offered", TLS10 + "suites=" + LISTED[4][0],
     TLS10 + "suites=" + DES3 + "," + LISTED[4][0], {"version": "0x0301", "suite": "0x001b"}, SELECTED, keys="")
jsse("tls10-anon-mixed-offer", "suites of clause 6.4 offered beside 3DES, which is selected", TLS10 + "suites=" + DES3,
     TLS10 + "suites=" + ALL_LISTED + "," + DES3,
     {"version": "0x0301", "suite": "0x000a"}, ["ut-6.4-anonymous-offered"], passes=["ut-6.4-anonymous-key-exchange", "ut-6.4-listed-anonymous"])
UNLISTED = "suites=" + LISTED[4][0] + ",TLS_DH_anon_WITH_AES_128_CBC_SHA"
jsse("tls10-anon-partly-listed", "only anonymous suites, one of them not in the list of 6.4, accepted", TLS10 + "suites=" + LISTED[4][0],
     TLS10 + UNLISTED,
     {"version": "0x0301", "suite": "0x001b"}, [*SELECTED, "ut-7.2-only-anonymous-extended"], keys="")
jsse("tls10-anon-partly-listed-refused", "only anonymous suites, one of them not in the list of 6.4, refused with a fatal alert",
     TLS10 + "suites=" + DES3,
     TLS10 + UNLISTED, {"alert": 40, "alert_from": "server"}, ["ut-6.4-anonymous-offered"],
     passes=["ut-7.2-only-anonymous-extended", "ut-7.2-no-alert"])

# ---- certificates
for auth, shows, facts, fails, policy, passes in (
        ("want", "goes on", {"version": "0x0301"}, [], [], ["wap219-6.4-rsa-sign"]),
        ("need", "refuses with a fatal alert", {"alert_from": "server"}, ["ut-6.1.1-no-required-ue-cert"], ["ut-6.1.3-server-continues"], [])):
    jsse("tls10-client-certificate-" + auth, "JSSE asks for a certificate, the UE sends an empty Certificate, the server " + shows,
         TLS10 + "suites=" + DES3 + " clientauth=" + auth, TLS10 + "suites=" + DES3, dict(facts, certificate_request=True, client_certificates=0),
         [], fails, [], policy, passes=["ut-6.1.3-empty-certificate", *passes])
jsse("tls10-client-certificate-sent", "JSSE asks for a certificate and the UE sends one", TLS10 + "suites=" + DES3 + " clientauth=need",
     TLS10 + "suites=" + DES3 + " keystore=%(dir)s/ue.p12", {"version": "0x0301", "certificate_request": True, "client_certificates": 1}, [],
     ["ut-5.1.1-auth-http-based"])
for auth, shows, facts, fails, policy in (("want", "goes on", {"version": "0x0300"}, [], []),
                                          ("need", "refuses", {}, ["ut-6.1.1-no-required-ue-cert"], ["ut-6.1.3-server-continues"])):
    jsse("sslv3-no-certificate" + ("" if auth == "want" else "-refused"),
         "SSLv3: the UE answers the CertificateRequest with a warning alert, no_certificate; the server " + shows,
         "protocols=SSLv3 suites=" + DES3 + " clientauth=" + auth, "protocols=SSLv3 suites=" + DES3,
         dict(facts, certificate_request=True, warning=[41, "client"]), [*OLD, "ut-6.1.3-empty-certificate"], fails, [], policy)
for what, store in (("expired", "expired"), ("wrong-name", "other")):
    jsse("tls10-" + what, "a UE that trusts everybody completes a handshake: " + what, TLS10 + "suites=" + DES3, TLS10 + "suites=" + DES3,
         {"version": "0x0301", "suite": "0x000a"}, ["ut-6.1.2-ue-accepted-bad-cert"], keys="keystore=%%(dir)s/%s.p12 " % store)

# ---- resumption
for version, number, more in (("1", "0x0301", {}), ("1.2", "0x0303", {}), ("1.3", "0x0304", {"method": [None, "psk"]})):
    name = "tls%s-resumed" % {"1": "10", "1.2": "12", "1.3": "13"}[version]
    jsse(name, "JSSE resumes a session of TLS " + (version if "." in version else "1.0"), "protocols=TLSv%s connections=2" % version,
         "protocols=TLSv%s connections=2" % version, dict(more, version=number, resumed=[False, True]),
         passes=["ut-7.1-resume-server", "ut-7.1-resume-ue"])

jsse("tls12-renewed-ticket", "JSSE renews the ticket each time a session is resumed: the session keeps its age", "protocols=TLSv1.2 connections=4",
     "protocols=TLSv1.2 connections=4", {"version": "0x0303", "resumed": [False, True, True, True], "method": [None, "ticket", "ticket", "ticket"]},
     passes=["ut-7.1-resume-server", "ut-7.1-resume-ue", "ut-7.1-ticket-lifetime"])
scenario("jsse-tls12-resumed-id", "JSSE resumes a session of TLS 1.2 by its id", JAVA_SERVER + JAVA_KEYS + "protocols=TLSv1.2 connections=2",
         "JAVA_TOOL_OPTIONS=-Djdk.tls.client.enableSessionTicketExtension=false " + JAVA_CLIENT + "protocols=TLSv1.2 connections=2",
         {"version": "0x0303", "resumed": [False, True], "method": [None, "id"]},
         passes=["ut-7.1-resume-server", "ut-7.1-resume-ue", "ut-7.1-session-lifetime"])

# ---- one stack with another; the server's name stands first
scenario("jsse-openssl-tls12", "an OpenSSL client with a JSSE server", JAVA_SERVER + JAVA_KEYS + "protocols=TLSv1.2", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303"})
scenario("jsse-gnutls-tls13", "a GnuTLS client with a JSSE server", JAVA_SERVER + JAVA_KEYS + "protocols=TLSv1.3", GNUTLS_CLIENT + "%(ap)s",
         {"version": "0x0304"})
for other, server in (("openssl", OPENSSL_SERVER + GOOD + "-cipher ALL" + WEAK),
                      ("gnutls", GNUTLS_SERVER + GNUTLS_KEYS + "-a --priority=NORMAL:+VERS-TLS1.0")):
    scenario(other + "-jsse-anon-only-refused", "only suites of clause 6.4, refused by %s with a fatal alert" % other, server,
             JAVA_CLIENT + TLS10 + "suites=" + ALL_LISTED, {"alert_from": "server"}, ["ut-6.4-anonymous-offered"],
             passes=["ut-7.2-only-anonymous", "ut-7.2-no-alert"])
    scenario(other + "-jsse-sslv3-refused", "a UE that speaks SSLv3 only, refused by " + other, server,
             JAVA_CLIENT + "protocols=SSLv3 suites=" + DES3, {"alert_from": "server"}, OLD)
scenario("openssl-jsse-sslv2-hello", "a ClientHello in the format of SSLv2, accepted by OpenSSL", OPENSSL_SERVER + GOOD + "-cipher ALL" + WEAK,
         JAVA_CLIENT.replace(" sni=%(name)s", "") + "protocols=SSLv2Hello,TLSv1 suites=TLS_RSA_WITH_AES_128_CBC_SHA",
         {"version": "0x0301", "suite": "0x002f", "format": "sslv2"}, ["ut-6-sslv2-hello"])
