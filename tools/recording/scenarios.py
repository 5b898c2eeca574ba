"""What is recorded: servers, clients, what it shows, the facts that were asked for, and the rules that it breaks.

`facts` are what tshark has to find (tests/pcaps). `fails` are the rules broken under ts33141-pcr1 and -pcr2, by the text
of the clauses: everything that stands there has to fail, nothing else may.
"""
UE, AP, PORT = "192.0.2.10", "192.0.2.80", 443
NAME = "xcap.ims.mnc001.mcc001.pub.3gppnetwork.org"

OPENSSL_SERVER = "openssl s_server -accept %(ap)s:%(port)d -quiet "
GOOD = "-cert %(dir)s/good.pem -key %(dir)s/good.key "
OPENSSL_CLIENT = "(printf 'GET / HTTP/1.1\\r\\n\\r\\n'; sleep 0.5) | timeout 8 openssl s_client -connect %(ap)s:%(port)d -servername %(name)s "
GNUTLS_SERVER = "gnutls-serv -q --http --port=%(port)d "
GNUTLS_KEYS = "--x509certfile=%(dir)s/good.pem --x509keyfile=%(dir)s/good.key "
GNUTLS_CLIENT = "(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 0.5) | timeout 8 gnutls-cli --insecure --port=%(port)d --sni-hostname=%(name)s "
JAVA_SERVER = "%(java)s server host=%(ap)s port=%(port)d "
JAVA_CLIENT = "timeout 15 %(java)s client host=%(ap)s port=%(port)d sni=%(name)s "
JAVA_KEYS = "keystore=%(dir)s/good.p12 "
WEAK = ":@SECLEVEL=0"

SCENARIOS = []


def scenario(file, shows, servers, clients, facts=None, pcr1=(), pcr2=(), **more):
    SCENARIOS.append(dict(file=file + ".pcap", shows=shows, servers=[servers] if isinstance(servers, str) else servers,
                          clients=[clients] if isinstance(clients, str) else clients, facts=facts or {},
                          fails={"ts33141-pcr1": sorted(pcr1), "ts33141-pcr2": sorted(pcr2)}, **more))


# ---- OpenSSL
for version, flag, suite, number in (("10", "-tls1", "AES128-SHA", "0x002f"), ("11", "-tls1_1", "AES128-SHA", "0x002f"),
                                     ("12", "-tls1_2", "ECDHE-RSA-AES128-GCM-SHA256", "0xc02f")):
    scenario("openssl-tls%s-full" % version, "a full handshake of TLS 1.%s" % version[1],
             OPENSSL_SERVER + GOOD + flag + " -cipher " + suite + WEAK,
             OPENSSL_CLIENT + flag + " -cipher " + suite + WEAK,
             {"version": "0x030%d" % (int(version[1]) + 1), "suite": number, "sni": NAME})
scenario("openssl-tls13-full", "a full handshake of TLS 1.3: certificate and client authentication are not observable",
         OPENSSL_SERVER + GOOD + "-tls1_3", OPENSSL_CLIENT + "-tls1_3", {"version": "0x0304", "suite": "0x1302", "sni": NAME})
scenario("openssl-tls13-hello-retry", "TLS 1.3 with a HelloRetryRequest",
         OPENSSL_SERVER + GOOD + "-tls1_3 -groups P-384", OPENSSL_CLIENT + "-tls1_3 -groups X25519:P-384",
         {"version": "0x0304", "hello_retry": True})
scenario("openssl-tls13-psk", "TLS 1.3: a full handshake, then one that resumes by PSK",
         OPENSSL_SERVER + GOOD + "-tls1_3",
         [OPENSSL_CLIENT + "-tls1_3 -sess_out %(dir)s/s13", OPENSSL_CLIENT + "-tls1_3 -sess_in %(dir)s/s13"],
         {"version": "0x0304", "resumed": [False, True], "method": [None, "psk"]})
scenario("openssl-tls13-early-data", "TLS 1.3 with 0-RTT data after a PSK",
         OPENSSL_SERVER + GOOD + "-tls1_3 -early_data",
         [OPENSSL_CLIENT + "-tls1_3 -sess_out %(dir)s/s0",
          "printf 'GET / HTTP/1.1\\r\\n\\r\\n' > %(dir)s/early; " + OPENSSL_CLIENT +
          "-tls1_3 -sess_in %(dir)s/s0 -early_data %(dir)s/early"],
         {"version": "0x0304", "resumed": [False, True], "method": [None, "psk"]})
scenario("openssl-tls12-resumed-id", "TLS 1.2: a session resumed by its session id",
         OPENSSL_SERVER + GOOD + "-tls1_2 -no_ticket",
         [OPENSSL_CLIENT + "-tls1_2 -sess_out %(dir)s/si", OPENSSL_CLIENT + "-tls1_2 -sess_in %(dir)s/si"],
         {"version": "0x0303", "resumed": [False, True], "method": [None, "id"]})
scenario("openssl-tls12-resumed-ticket", "TLS 1.2: a session resumed by a ticket",
         OPENSSL_SERVER + GOOD + "-tls1_2",
         [OPENSSL_CLIENT + "-tls1_2 -sess_out %(dir)s/st", OPENSSL_CLIENT + "-tls1_2 -sess_in %(dir)s/st"],
         {"version": "0x0303", "resumed": [False, True], "method": [None, "ticket"]})
scenario("openssl-tls12-null", "a suite with NULL encryption, which 6.2 permits and 5.1.2 of the first pseudo-CR does not; "
         "offered beside one that encrypts",
         OPENSSL_SERVER + GOOD + "-tls1_2 -cipher NULL-SHA" + WEAK,
         OPENSSL_CLIENT + "-tls1_2 -cipher NULL-SHA:AES128-SHA" + WEAK, {"version": "0x0303", "suite": "0x0002"},
         pcr1=["ut-5.1.2-effective-key-128"])
scenario("openssl-tls12-only-null-accepted", "a hello that offers NULL encryption only, accepted",
         OPENSSL_SERVER + GOOD + "-tls1_2 -cipher NULL-SHA" + WEAK, OPENSSL_CLIENT + "-tls1_2 -cipher NULL-SHA" + WEAK,
         {"version": "0x0303", "suite": "0x0002"},
         pcr1=["ut-5.1.2-effective-key-128", "ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"],
         pcr2=["ut-5.1.2-possible-128", "ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"])
scenario("openssl-tls12-only-null-refused", "a hello that offers NULL encryption only, refused with a fatal alert",
         OPENSSL_SERVER + GOOD + "-tls1_2 -cipher AES128-SHA" + WEAK, OPENSSL_CLIENT + "-tls1_2 -cipher NULL-SHA" + WEAK,
         {"alert": 40}, pcr1=["ut-6.2-ue-offers-encryption"],
         pcr2=["ut-5.1.2-possible-128", "ut-6.2-ue-offers-encryption"])
scenario("openssl-tls12-adh-aes", "anonymous suites that clause 6.4 does not list (RFC 3268), accepted",
         OPENSSL_SERVER + "-nocert -tls1_2 -cipher ADH-AES128-SHA" + WEAK,
         OPENSSL_CLIENT + "-tls1_2 -cipher ADH-AES128-SHA:ADH-AES256-SHA" + WEAK, {"version": "0x0303", "suite": "0x0034"},
         pcr1=["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered",
               "ut-7.2-only-anonymous-extended"],
         pcr2=["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered",
               "ut-7.2-only-anonymous-extended"])
scenario("openssl-tls12-adh-aes-refused", "anonymous suites that clause 6.4 does not list, refused with a fatal alert",
         OPENSSL_SERVER + GOOD + "-tls1_2 -cipher AES128-SHA" + WEAK,
         OPENSSL_CLIENT + "-tls1_2 -cipher ADH-AES128-SHA" + WEAK, {"alert": 40},
         pcr1=["ut-6.4-anonymous-offered"], pcr2=["ut-6.4-anonymous-offered"])
scenario("openssl-tls12-psk", "pre-shared key, no certificate",
         OPENSSL_SERVER + "-nocert -tls1_2 -psk 0123456789abcdef -cipher PSK-AES128-CBC-SHA" + WEAK,
         OPENSSL_CLIENT + "-tls1_2 -psk 0123456789abcdef -cipher PSK-AES128-CBC-SHA" + WEAK,
         {"version": "0x0303", "suite": "0x008c"}, pcr1=["ut-6.1.2-server-certificate"],
         pcr2=["ut-6.1.2-server-certificate"])
scenario("openssl-tls12-client-certificate-empty", "a certificate is asked for, the UE has none and says so, the server goes on",
         OPENSSL_SERVER + GOOD + "-tls1_2 -verify 1", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303", "certificate_request": True, "client_certificates": 0})
scenario("openssl-tls12-client-certificate-required", "a certificate is required, the UE has none: fatal alert",
         OPENSSL_SERVER + GOOD + "-tls1_2 -Verify 1", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303", "certificate_request": True, "client_certificates": 0, "alert": 40},
         pcr1=["ut-6.1.1-no-required-ue-cert"])
scenario("openssl-tls12-client-certificate-sent", "a certificate is asked for and the UE sends one",
         OPENSSL_SERVER + GOOD + "-tls1_2 -verify 1",
         OPENSSL_CLIENT + "-tls1_2 -cert %(dir)s/ue.pem -key %(dir)s/ue.key",
         {"version": "0x0303", "certificate_request": True, "client_certificates": 1},
         pcr1=["ut-5.1.1-auth-http-based"])
scenario("openssl-tls12-expired", "the UE completes a handshake with an expired certificate",
         OPENSSL_SERVER + "-cert %(dir)s/expired.pem -key %(dir)s/expired.key -tls1_2", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303"}, pcr1=["ut-6.1.2-ue-accepted-bad-cert"], pcr2=["ut-6.1.2-ue-accepted-bad-cert"])
scenario("openssl-tls12-wrong-name", "the UE completes a handshake with a certificate for another name",
         OPENSSL_SERVER + "-cert %(dir)s/other.pem -key %(dir)s/other.key -tls1_2", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303"}, pcr1=["ut-6.1.2-ue-accepted-bad-cert"], pcr2=["ut-6.1.2-ue-accepted-bad-cert"])
scenario("openssl-tls12-ecdsa", "an ECDSA certificate",
         OPENSSL_SERVER + "-cert %(dir)s/ec.pem -key %(dir)s/ec.key -tls1_2", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303", "suite": "0xc02c"})
scenario("openssl-tls12-ipv6", "IPv6", OPENSSL_SERVER.replace("%(ap)s", "[2001:db8::80]") + GOOD + "-tls1_2",
         OPENSSL_CLIENT.replace("%(ap)s", "[2001:db8::80]") + "-tls1_2", {"version": "0x0303"})
scenario("openssl-connect-proxy", "TLS after HTTP CONNECT through a proxy",
         ["openssl s_server -accept 127.0.0.1:4433 -quiet " + GOOD + "-tls1_2",
          "python3 %(here)s/little_servers.py %(ap)s 8080 proxy 4433"],
         "(printf 'GET / HTTP/1.1\\r\\n\\r\\n'; sleep 0.5) | timeout 8 openssl s_client -proxy %(ap)s:8080 -connect %(name)s:443 "
         "-servername %(name)s -tls1_2", {"version": "0x0303", "authority": NAME}, ports=[8080, 4433])
scenario("openssl-starttls-smtp", "TLS that begins after STARTTLS",
         "python3 %(here)s/little_servers.py %(ap)s %(port)d starttls %(dir)s/good.pem %(dir)s/good.key",
         OPENSSL_CLIENT + "-starttls smtp -tls1_2", {"version": "0x0303"})
scenario("openssl-http-upgrade", "TLS within HTTP/1.1 (RFC 2817), both ends Python's ssl on OpenSSL",
         "python3 %(here)s/little_servers.py %(ap)s 80 upgrade %(dir)s/good.pem %(dir)s/good.key",
         "python3 %(here)s/upgrade_client.py %(ap)s 80 %(name)s", {"version": "0x0303"}, ports=[80])

# ---- GnuTLS
LEGACY = "NORMAL:-VERS-ALL:+VERS-TLS1.%d:+AES-128-CBC:+SHA1"
for minor in (0, 1, 2):
    scenario("gnutls-tls1%d-full" % minor, "a full handshake of TLS 1.%d on GnuTLS" % minor,
             GNUTLS_SERVER + GNUTLS_KEYS + "--priority=" + LEGACY % minor,
             GNUTLS_CLIENT + "--priority=" + LEGACY % minor + " %(ap)s", {"version": "0x030%d" % (minor + 1), "sni": NAME})
scenario("gnutls-tls13-full", "a full handshake of TLS 1.3 on GnuTLS", GNUTLS_SERVER + GNUTLS_KEYS,
         GNUTLS_CLIENT + "%(ap)s", {"version": "0x0304", "sni": NAME})
scenario("gnutls-tls12-resumed", "GnuTLS resumes a TLS 1.2 session", GNUTLS_SERVER + GNUTLS_KEYS + "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2",
         GNUTLS_CLIENT + "--resume --priority=NORMAL:-VERS-ALL:+VERS-TLS1.2 %(ap)s", {"version": "0x0303", "resumed": [False, True]})
ANON = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-DH"
scenario("gnutls-tls12-anon", "an anonymous suite on GnuTLS, not in the list of 6.4", GNUTLS_SERVER + "--priority=" + ANON,
         GNUTLS_CLIENT + "--priority=" + ANON + " %(ap)s", {"version": "0x0303"},
         pcr1=["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered",
               "ut-7.2-only-anonymous-extended"],
         pcr2=["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered",
               "ut-7.2-only-anonymous-extended"])
scenario("gnutls-openssl-tls12", "an OpenSSL client with a GnuTLS server", GNUTLS_SERVER + GNUTLS_KEYS,
         OPENSSL_CLIENT + "-tls1_2", {"version": "0x0303"}, stacks="openssl")
scenario("openssl-gnutls-tls12", "a GnuTLS client with an OpenSSL server", OPENSSL_SERVER + GOOD + "-tls1_2",
         GNUTLS_CLIENT + "%(ap)s", {"version": "0x0303"}, stacks="gnutls")

# ---- JSSE
TLS10 = "protocols=TLSv1 "
scenario("jsse-tls10-3des", "the suite that 6.2 makes mandatory", JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA,SSL_RSA_WITH_RC4_128_SHA", {"version": "0x0301", "suite": "0x000a"})
scenario("jsse-tls10-rc4", "the second suite of WAP-219", JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_RC4_128_SHA",
         JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA,SSL_RSA_WITH_RC4_128_SHA", {"version": "0x0301", "suite": "0x0005"})
scenario("jsse-tls10-wapcert", "a certificate as WAPCert has it: RSA 1024, SHA-1",
         JAVA_SERVER + "keystore=%(dir)s/wap.p12 " + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", {"version": "0x0301", "suite": "0x000a"})
scenario("jsse-sslv3", "SSLv3, offered and selected", JAVA_SERVER + JAVA_KEYS + "protocols=SSLv3 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT + "protocols=SSLv3 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", {"version": "0x0300", "suite": "0x000a"},
         pcr1=["ut-6-version-forbidden", "ut-6-version-min"], pcr2=["ut-6-version-forbidden", "ut-6-version-min"])
scenario("jsse-sslv3-selected", "SSLv3 selected by a server although the UE offers TLS 1.0",
         JAVA_SERVER + JAVA_KEYS + "protocols=SSLv3 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT + "protocols=SSLv3,TLSv1 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", {"version": "0x0300", "suite": "0x000a"},
         pcr1=["ut-6-version-forbidden"], pcr2=["ut-6-version-forbidden"])
scenario("jsse-sslv3-refused", "a UE that speaks SSLv3 only, refused by a TLS 1.0 server",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT + "protocols=SSLv3 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", {},
         pcr1=["ut-6-version-forbidden", "ut-6-version-min"], pcr2=["ut-6-version-forbidden", "ut-6-version-min"])
scenario("jsse-sslv2-hello", "a ClientHello in the format of SSLv2 that offers TLS 1.0",
         JAVA_SERVER + JAVA_KEYS + "protocols=SSLv2Hello,TLSv1 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT.replace(" sni=%(name)s", "") + "protocols=SSLv2Hello,TLSv1 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA",
         {"version": "0x0301", "suite": "0x000a", "format": "sslv2"},
         pcr1=["ut-6-sslv2-hello"], pcr2=["ut-6-sslv2-hello"])
EXPORT = ["SSL_RSA_EXPORT_WITH_RC4_40_MD5", "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA"]
for suite, number in ((EXPORT[0], "0x0003"), (EXPORT[1], "0x0008"), ("SSL_RSA_WITH_DES_CBC_SHA", "0x0009")):
    scenario("jsse-tls10-" + suite[8:].lower().replace("_", "-"), "a suite below 128 bits, the only one offered: " + suite,
             JAVA_SERVER + "keystore=%(dir)s/wap.p12 " + TLS10 + "suites=" + suite, JAVA_CLIENT + TLS10 + "suites=" + suite,
             {"version": "0x0301", "suite": number}, pcr1=["ut-5.1.2-effective-key-128"], pcr2=["ut-5.1.2-possible-128"])
scenario("jsse-tls10-des-selected", "single DES selected although the UE offers 3DES",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_DES_CBC_SHA",
         JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA,SSL_RSA_WITH_DES_CBC_SHA",
         {"version": "0x0301", "suite": "0x0009"}, pcr1=["ut-5.1.2-effective-key-128"])
scenario("jsse-tls10-null-md5", "NULL encryption with MD5, offered beside 3DES",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_NULL_MD5",
         JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_NULL_MD5,SSL_RSA_WITH_3DES_EDE_CBC_SHA", {"version": "0x0301", "suite": "0x0001"},
         pcr1=["ut-5.1.2-effective-key-128"])
LISTED = [("SSL_DH_anon_EXPORT_WITH_RC4_40_MD5", "0x0017", 40), ("SSL_DH_anon_WITH_RC4_128_MD5", "0x0018", 128),
          ("SSL_DH_anon_EXPORT_WITH_DES40_CBC_SHA", "0x0019", 40), ("SSL_DH_anon_WITH_DES_CBC_SHA", "0x001a", 56),
          ("SSL_DH_anon_WITH_3DES_EDE_CBC_SHA", "0x001b", 168)]
BROKEN = ["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered",
          "ut-6.4-listed-anonymous", "ut-7.2-only-anonymous"]
for suite, number, bits in LISTED:
    scenario("jsse-tls10-" + suite[4:].lower().replace("_", "-"), "an anonymous suite of clause 6.4, offered alone and accepted: " + suite,
             JAVA_SERVER + TLS10 + "suites=" + suite, JAVA_CLIENT + TLS10 + "suites=" + suite, {"version": "0x0301", "suite": number},
             pcr1=BROKEN + (["ut-5.1.2-effective-key-128"] if bits < 128 else []),
             pcr2=BROKEN + (["ut-5.1.2-possible-128"] if bits < 128 else []))
ALL_LISTED = ",".join(s for s, _, _ in LISTED)
scenario("jsse-tls10-anon-only-accepted", "all five suites of clause 6.4 and nothing else, accepted", JAVA_SERVER + TLS10 + "suites=" + ALL_LISTED,
         JAVA_CLIENT + TLS10 + "suites=" + ALL_LISTED, {"version": "0x0301"},
         pcr1=BROKEN + ["ut-5.1.2-effective-key-128"], pcr2=BROKEN)
scenario("jsse-tls10-anon-only-refused", "all five suites of clause 6.4 and nothing else, refused with a fatal alert",
         JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", JAVA_CLIENT + TLS10 + "suites=" + ALL_LISTED, {"alert": 40},
         pcr1=["ut-6.4-anonymous-offered"], pcr2=["ut-6.4-anonymous-offered"])
for kind in ("close", "reset"):
    scenario("jsse-anon-only-" + kind, "only suites of clause 6.4, refused by %s without an alert" % kind,
             "python3 %(here)s/little_servers.py %(ap)s %(port)d " + kind, JAVA_CLIENT + TLS10 + "suites=" + ALL_LISTED, {},
             pcr1=["ut-6.4-anonymous-offered", "ut-7.2-no-alert"], pcr2=["ut-6.4-anonymous-offered", "ut-7.2-no-alert"])
scenario("jsse-tls10-anon-selected", "an anonymous suite selected although 3DES with RSA is offered",
         JAVA_SERVER + TLS10 + "suites=SSL_DH_anon_WITH_3DES_EDE_CBC_SHA",
         JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA,SSL_DH_anon_WITH_3DES_EDE_CBC_SHA",
         {"version": "0x0301", "suite": "0x001b"},
         pcr1=BROKEN[:4], pcr2=BROKEN[:4])
for auth, shows, fails in (("want", "goes on", []), ("need", "refuses with a fatal alert", ["ut-6.1.1-no-required-ue-cert"])):
    scenario("jsse-tls10-client-certificate-" + auth, "JSSE asks for a certificate, the UE sends an empty Certificate, the server " + shows,
             JAVA_SERVER + JAVA_KEYS + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA clientauth=" + auth,
             JAVA_CLIENT + TLS10 + "suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", {"certificate_request": True, "client_certificates": 0}, pcr1=fails)
scenario("jsse-sslv3-no-certificate", "SSLv3: the UE answers the CertificateRequest with a warning alert, no_certificate",
         JAVA_SERVER + JAVA_KEYS + "protocols=SSLv3 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA clientauth=want",
         JAVA_CLIENT + "protocols=SSLv3 suites=SSL_RSA_WITH_3DES_EDE_CBC_SHA", {"version": "0x0300", "certificate_request": True},
         pcr1=["ut-6-version-forbidden", "ut-6-version-min", "ut-6.1.3-empty-certificate"],
         pcr2=["ut-6-version-forbidden", "ut-6-version-min", "ut-6.1.3-empty-certificate"])
scenario("jsse-tls12-resumed", "JSSE resumes a TLS 1.2 session", JAVA_SERVER + JAVA_KEYS + "protocols=TLSv1.2 connections=2",
         JAVA_CLIENT + "protocols=TLSv1.2 connections=2", {"version": "0x0303", "resumed": [False, True]})
scenario("jsse-tls13-resumed", "JSSE resumes a TLS 1.3 session", JAVA_SERVER + JAVA_KEYS + "protocols=TLSv1.3 connections=2",
         JAVA_CLIENT + "protocols=TLSv1.3 connections=2", {"version": "0x0304", "resumed": [False, True]})
