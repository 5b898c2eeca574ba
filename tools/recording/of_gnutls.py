"""GnuTLS at both ends. gnutls-serv asks for a client certificate unless told otherwise (-a)."""
from scenario import GNUTLS_CLIENT, GNUTLS_KEYS, GNUTLS_SERVER, GOOD, NAME, OPENSSL_CLIENT, OPENSSL_SERVER, SCENARIOS, scenario

LEGACY = "NORMAL:-VERS-ALL:+VERS-TLS1.%d:+AES-128-CBC:+SHA1"
ONLY = "NORMAL:-VERS-ALL:+VERS-TLS1.%d:-KX-ALL:+%s:-CIPHER-ALL:+%s:-MAC-ALL:+%s"
TLS12 = "NORMAL:-VERS-ALL:+VERS-TLS1.2"
UNLISTED = ["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered", "ut-7.2-only-anonymous-extended"]
LISTED_BROKEN = ["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered", "ut-6.4-listed-anonymous",
                 "ut-7.2-only-anonymous"]


def gnutls(file, shows, server, client, *rest, keys=GNUTLS_KEYS + "-a ", **more):
    scenario("gnutls-" + file, shows, GNUTLS_SERVER + keys + server, GNUTLS_CLIENT + client + " %(ap)s", *rest, **more)


for minor in (0, 1, 2):
    gnutls("tls1%d-full" % minor, "a full handshake of TLS 1.%d on GnuTLS" % minor, "--priority=" + LEGACY % minor, "--priority=" + LEGACY % minor,
           {"version": "0x030%d" % (minor + 1), "sni": NAME}, passes=["ut-6-version-min", "ut-6-version-forbidden", "ut-6.1.2-server-certificate"])
gnutls("tls13-full", "a full handshake of TLS 1.3 on GnuTLS", "", "", {"version": "0x0304", "sni": NAME}, passes=["ut-6-version-min"])
gnutls("tls13-hello-retry", "TLS 1.3 with a HelloRetryRequest on GnuTLS", "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1",
       "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1 --single-key-share",
       {"version": "0x0304", "hello_retry": True})
gnutls("tls12-resumed", "GnuTLS resumes a TLS 1.2 session", "--priority=" + TLS12, "--resume --priority=" + TLS12,
       {"version": "0x0303", "resumed": [False, True]}, passes=["ut-7.1-resume-server", "ut-7.1-resume-ue"])
gnutls("tls12-resumed-id", "GnuTLS resumes a TLS 1.2 session by its id", "--noticket --priority=" + TLS12, "--noticket --resume --priority=" + TLS12,
       {"version": "0x0303", "resumed": [False, True], "method": [None, "id"]},
       passes=["ut-7.1-resume-server", "ut-7.1-resume-ue", "ut-7.1-session-lifetime"])
gnutls("tls13-resumed", "GnuTLS resumes a TLS 1.3 session", "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3",
       "--resume --waitresumption --priority=NORMAL:-VERS-ALL:+VERS-TLS1.3", {"version": "0x0304", "resumed": [False, True], "method": [None, "psk"]},
       passes=["ut-7.1-resume-server", "ut-7.1-resume-ue"])
gnutls("tls13-resumed-hello-retry", "GnuTLS resumes a TLS 1.3 session after a HelloRetryRequest",
       "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1",
       "--resume --waitresumption --priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1 --single-key-share",
       {"version": "0x0304", "hello_retry": True, "resumed": [False, True], "method": [None, "psk"]},
       passes=["ut-7.1-resume-server", "ut-7.1-resume-ue"])
gnutls("tls12-anon", "an anonymous suite on GnuTLS, not in the list of 6.4", "--priority=" + TLS12 + ":-KX-ALL:+ANON-DH",
       "--priority=" + TLS12 + ":-KX-ALL:+ANON-DH", {"version": "0x0303"}, UNLISTED, keys="")
for file, cipher, mac, suite in (("dh-anon-rc4", "ARCFOUR-128", "MD5", "0x0018"), ("dh-anon-3des", "3DES-CBC", "SHA1", "0x001b")):
    gnutls("tls10-" + file, "a suite of the list of 6.4 on GnuTLS, offered alone and accepted", "--priority=" + ONLY % (0, "ANON-DH", cipher, mac),
           "--priority=" + ONLY % (0, "ANON-DH", cipher, mac), {"version": "0x0301", "suite": suite, "offered": [suite]}, LISTED_BROKEN, keys="")
gnutls("tls10-dh-anon-3des-refused", "a suite of the list of 6.4 offered alone, refused by GnuTLS with a fatal alert", "--priority=" + LEGACY % 0,
       "--priority=" + ONLY % (0, "ANON-DH", "3DES-CBC", "SHA1"), {"offered": ["0x001b"], "alert": 40, "alert_from": "server"},
       ["ut-6.4-anonymous-offered"], passes=["ut-7.2-only-anonymous", "ut-7.2-no-alert"])
gnutls("tls12-anon-ecdh", "an anonymous suite on elliptic curves on GnuTLS", "--priority=" + ONLY % (2, "ANON-ECDH", "AES-128-CBC", "SHA1"),
       "--priority=" + ONLY % (2, "ANON-ECDH", "AES-128-CBC", "SHA1"), {"version": "0x0303", "suite": "0xc018", "offered": ["0xc018"]}, UNLISTED,
       keys="")
NULL = ONLY % (2, "RSA", "NULL", "SHA1")
gnutls("tls12-only-null-accepted", "a hello that offers NULL encryption only, accepted by GnuTLS", "--priority=" + NULL, "--priority=" + NULL,
       {"version": "0x0303", "suite": "0x0002", "offered": ["0x0002"]}, ["ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"],
       ["ut-5.1.2-effective-key-128"], ["ut-5.1.2-possible-128"], ["ut-6.2-null-encryption-used"])
gnutls("tls12-only-null-refused", "a hello that offers NULL encryption only, refused by GnuTLS with a fatal alert", "--priority=" + LEGACY % 2,
       "--priority=" + NULL, {"offered": ["0x0002"], "alert": 40, "alert_from": "server"}, ["ut-6.2-ue-offers-encryption"], [],
       ["ut-5.1.2-possible-128"],
       passes=["ut-7.2-no-encryption", "ut-7.2-no-alert"])
for file, cipher, suite in (("3des", "3DES-CBC", "0x000a"), ("rc4", "ARCFOUR-128", "0x0005")):
    gnutls("tls10-" + file, "a suite of clause 6.2 on GnuTLS", "--priority=" + ONLY % (0, "RSA", cipher, "SHA1"),
           "--priority=" + ONLY % (0, "RSA", cipher, "SHA1"), {"version": "0x0301", "suite": suite, "offered": [suite]},
           passes=["ut-6.2-server-" + file] + (["ut-6.2-ue-3des"] if file == "3des" else []))
# A server that insists on an extension has all suites all the same: a narrow hello is refused for what it lacks.
ALONE = TLS12 + ":-KX-ALL:+RSA:-CIPHER-ALL:+3DES-CBC"
for file, insists, without in (("renegotiation-info", "SAFE_RENEGOTIATION", "DISABLE_SAFE_RENEGOTIATION"),
                               ("encrypt-then-mac", "FORCE_ETM", "NO_ETM")):
    scenario("gnutls-tls12-insists-on-" + file, "a server with 3DES that refuses a hello of 3DES alone, because it lacks " + file.replace("-", "_"),
             GNUTLS_SERVER + GNUTLS_KEYS + "-a --priority=%s:+3DES-CBC:%%%%%s" % (TLS12, insists),
             [GNUTLS_CLIENT + "--priority=" + TLS12 + " %(ap)s", GNUTLS_CLIENT + "--priority=%s:%%%%%s %%(ap)s" % (ALONE, without)],
             passes=[])
SRP = TLS12 + ":-KX-ALL:+SRP:-CIPHER-ALL:+AES-128-CBC"
scenario("gnutls-tls12-srp", "a password (SRP), no certificate",
         "srptool --create-conf %(dir)s/groups; yes secret | srptool --passwd-conf %(dir)s/groups --passwd %(dir)s/passwords -u user; "
         + GNUTLS_SERVER + "--srppasswdconf %(dir)s/groups --srppasswd %(dir)s/passwords --priority=" + SRP,
         GNUTLS_CLIENT + "--srpusername user --srppasswd secret --priority=" + SRP + " %(ap)s",
         {"version": "0x0303", "suite": "0xc01d", "offered": ["0xc01d"]},
         ["ut-6.1.2-server-certificate"])
gnutls("tls12-psk", "pre-shared key on GnuTLS, no certificate", "--pskpasswd %(dir)s/keys --priority=" + TLS12
       + ":-KX-ALL:+PSK:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA1",
       "--pskusername user --pskkey 0123456789abcdef --priority=" + TLS12 + ":-KX-ALL:+PSK:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA1",
       {"version": "0x0303", "suite": "0x008c", "offered": ["0x008c"]}, ["ut-6.1.2-server-certificate"], keys="")
SCENARIOS[-1]["servers"] = ["echo user:0123456789abcdef > %(dir)s/keys; " + SCENARIOS[-1]["servers"][0]]
RAW = TLS12 + ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK:+CTYPE-CLI-X509"
scenario("gnutls-tls12-raw-public-keys", "raw public keys in place of certificates (RFC 7250), of the server and of the UE",
         "openssl pkey -in %(dir)s/ue.key -pubout -out %(dir)s/ue.pub; openssl pkey -in %(dir)s/good.key -pubout -out %(dir)s/good.pub; "
         + GNUTLS_SERVER + "--rawpkkeyfile %(dir)s/good.key --rawpkfile %(dir)s/good.pub --priority=" + RAW,
         GNUTLS_CLIENT + "--rawpkkeyfile %(dir)s/ue.key --rawpkfile %(dir)s/ue.pub --priority=" + RAW + " %(ap)s",
         {"version": "0x0303", "sni": NAME, "extension": 20, "certificate_request": True}, ["ut-6.1.2-server-certificate"],
         ["ut-5.1.1-auth-http-based"], also=["dp-3.2-no-tls-client-auth"])
gnutls("tls12-client-certificate-empty", "GnuTLS asks for a certificate, the UE sends an empty Certificate, the server goes on",
       "--priority=" + TLS12,
       "--priority=" + TLS12, {"version": "0x0303", "certificate_request": True, "client_certificates": 0}, keys=GNUTLS_KEYS,
       passes=["ut-6.1.3-empty-certificate"])
gnutls("tls12-client-certificate-required", "GnuTLS requires a certificate, the UE sends an empty Certificate, the server refuses with a fatal alert",
       "-r --priority=" + TLS12, "--priority=" + TLS12, {"version": "0x0303", "certificate_request": True, "client_certificates": 0,
                                                         "alert_from": "server"},
       [], ["ut-6.1.1-no-required-ue-cert"], [], ["ut-6.1.3-server-continues"], keys=GNUTLS_KEYS, passes=["ut-6.1.3-empty-certificate"])
gnutls("tls12-client-certificate-sent", "GnuTLS asks for a certificate and the UE sends one", "--priority=" + TLS12,
       "--priority=" + TLS12 + " --x509certfile=%(dir)s/ue.pem --x509keyfile=%(dir)s/ue.key",
       {"version": "0x0303", "certificate_request": True, "client_certificates": 1}, [], ["ut-5.1.1-auth-http-based"], keys=GNUTLS_KEYS,
       also=["dp-3.2-no-tls-client-auth"])

# ---- one stack with another; the server's name stands first
scenario("gnutls-openssl-tls12", "an OpenSSL client with a GnuTLS server", GNUTLS_SERVER + GNUTLS_KEYS + "-a", OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303"})
scenario("openssl-gnutls-tls12", "a GnuTLS client with an OpenSSL server", OPENSSL_SERVER + GOOD + "-tls1_2", GNUTLS_CLIENT + "%(ap)s",
         {"version": "0x0303"})
scenario("gnutls-openssl-tls13", "an OpenSSL client with a GnuTLS server, TLS 1.3", GNUTLS_SERVER + GNUTLS_KEYS + "-a", OPENSSL_CLIENT,
         {"version": "0x0304"})
