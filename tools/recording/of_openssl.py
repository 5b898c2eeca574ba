"""OpenSSL at both ends."""
from scenario import GOOD, NAME, OPENSSL_CLIENT, OPENSSL_SERVER, REQUEST, WEAK, scenario

RESUMED = ["ut-7.1-resume-server", "ut-7.1-resume-ue"]
UNLISTED = ["ut-6.1.2-server-certificate", "ut-6.4-anonymous-key-exchange", "ut-6.4-anonymous-offered", "ut-7.2-only-anonymous-extended"]


def openssl(file, shows, server, client, *rest, cert=GOOD, **more):
    """One full handshake, or several if `client` is a list."""
    clients = [OPENSSL_CLIENT + c for c in ([client] if isinstance(client, str) else client)]
    scenario("openssl-" + file, shows, OPENSSL_SERVER + cert + server, clients, *rest, **more)


# ---- versions
for version, flag, suite, number in (("10", "-tls1", "AES128-SHA", "0x002f"), ("11", "-tls1_1", "AES128-SHA", "0x002f"),
                                     ("12", "-tls1_2", "ECDHE-RSA-AES128-GCM-SHA256", "0xc02f")):
    openssl("tls%s-full" % version, "a full handshake of TLS 1.%s" % version[1], flag + " -cipher " + suite + WEAK,
            flag + " -cipher " + suite + WEAK, {"version": "0x030%d" % (int(version[1]) + 1), "suite": number, "sni": NAME},
            also=["wapcert-6.4.3-signature-algorithm"],
            passes=["ut-6-version-min", "ut-6-version-forbidden", "ut-5.1.2-effective-key-128", "ut-5.1.2-possible-128", "ut-4-protected-link",
                    "ut-6.1.2-server-certificate", "ut-6.2-ue-offers-encryption", "ut-6.2-null-integrity", "ut-6.2-null-integrity-offered",
                    "ut-6.2-null-encryption-used", "ut-6.4-anonymous-key-exchange", "ut-6.4-listed-anonymous", "ut-6.4-anonymous-offered"])
openssl("tls13-full", "a full handshake of TLS 1.3: certificate and client authentication are not observable", "-tls1_3", "-tls1_3",
        {"version": "0x0304", "suite": "0x1302", "sni": NAME}, passes=["ut-6-version-min", "m-version-tls12"])
openssl("tls13-hello-retry", "TLS 1.3 with a HelloRetryRequest", "-tls1_3 -groups P-384", "-tls1_3 -groups X25519:P-384",
        {"version": "0x0304", "hello_retry": True})
openssl("tls13-client-certificate", "TLS 1.3: a client certificate is asked for and sent, which is not observable", "-tls1_3 -verify 1",
        "-tls1_3 -cert %(dir)s/ue.pem -key %(dir)s/ue.key", {"version": "0x0304"})
openssl("tls12-dhe", "finite-field Diffie-Hellman", "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256", "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
        {"version": "0x0303", "suite": "0x009e"})
openssl("tls12-refuses-tls10", "a UE of TLS 1.0 refused by a server of TLS 1.2: the alert is protocol_version, and no rule of TS 33.141 is broken",
        "-tls1_2", "-tls1 -cipher AES128-SHA" + WEAK, {"alert": 70, "alert_from": "server"})
scenario("openssl-tls12-renegotiated", "the UE renegotiates: the second handshake is not observable",
         OPENSSL_SERVER + GOOD + "-tls1_2 -client_renegotiation",
         "(sleep 0.4; echo R; sleep 0.6) | timeout 8 openssl s_client -connect %(ap)s:%(port)d -servername %(name)s -tls1_2",
         {"version": "0x0303", "encrypted_handshake": True})

# ---- resumption
openssl("tls13-psk", "TLS 1.3: a full handshake, then one that resumes by PSK", "-tls1_3",
        ["-tls1_3 -sess_out %(dir)s/s13", "-tls1_3 -sess_in %(dir)s/s13"],
        {"version": "0x0304", "resumed": [False, True], "method": [None, "psk"]}, passes=RESUMED)
scenario("openssl-tls13-early-data", "TLS 1.3 with 0-RTT data after a PSK", OPENSSL_SERVER + GOOD + "-tls1_3 -early_data",
         [OPENSSL_CLIENT + "-tls1_3 -sess_out %(dir)s/s0",
          "printf 'GET / HTTP/1.1\\r\\n\\r\\n' > %(dir)s/early; " + OPENSSL_CLIENT + "-tls1_3 -sess_in %(dir)s/s0 -early_data %(dir)s/early"],
         {"version": "0x0304", "resumed": [False, True], "method": [None, "psk"]}, passes=RESUMED)
openssl("tls12-resumed-id", "TLS 1.2: a session resumed by its session id", "-tls1_2 -no_ticket",
        ["-tls1_2 -sess_out %(dir)s/si", "-tls1_2 -sess_in %(dir)s/si"],
        {"version": "0x0303", "resumed": [False, True], "method": [None, "id"]}, passes=[*RESUMED, "ut-7.1-session-lifetime"])
openssl("tls10-resumed-id", "TLS 1.0: a session resumed by its session id", "-tls1 -no_ticket -cipher AES128-SHA" + WEAK,
        ["-tls1 -cipher AES128-SHA" + WEAK + " -sess_out %(dir)s/s10", "-tls1 -cipher AES128-SHA" + WEAK + " -sess_in %(dir)s/s10"],
        {"version": "0x0301", "resumed": [False, True], "method": [None, "id"]}, passes=[*RESUMED, "ut-7.1-session-lifetime"])
openssl("tls12-resumed-ticket", "TLS 1.2: a session resumed by a ticket", "-tls1_2",
        ["-tls1_2 -sess_out %(dir)s/st", "-tls1_2 -sess_in %(dir)s/st"],
        {"version": "0x0303", "resumed": [False, True], "method": [None, "ticket"]},
        passes=[*RESUMED, "ut-7.1-ticket-lifetime", "ut-7.1-ticket-lifetime-hint"])
for file, shows, suites, more, facts in (
        ("null-renegotiated", "the UE renegotiates under NULL encryption, which can be read: the second handshake selects NULL encryption again",
         "NULL-SHA", "echo R; sleep 0.6", {}),
        ("null-renegotiated-data", "data before, between and after two handshakes under NULL encryption", "NULL-SHA",
         "printf '%s'; sleep 0.2; echo R; sleep 0.4; printf '%s'; sleep 0.2" % (REQUEST, REQUEST), {})):
    scenario("openssl-tls12-" + file, shows, OPENSSL_SERVER + GOOD + "-tls1_2 -client_renegotiation -cipher " + suites + WEAK,
             "(sleep 0.4; %s) | timeout 8 openssl s_client -connect %%(ap)s:%%(port)d -servername %%(name)s -tls1_2 -cipher NULL-SHA:AES128-SHA%s"
             % (more, WEAK), {"version": "0x0303", "suite": "0x0002", **facts}, pcr1=["ut-5.1.2-effective-key-128"],
             policy=["ut-6.2-null-encryption-used"], also=["m-null-rc4-export", "ut-4-protected-link"])
openssl("tls12-null-resumed", "a session of NULL encryption resumed: the suite is judged again", "-tls1_2 -no_ticket -cipher NULL-SHA" + WEAK,
        ["-tls1_2 -cipher NULL-SHA:AES128-SHA" + WEAK + " -sess_out %(dir)s/sn",
         "-tls1_2 -cipher NULL-SHA:AES128-SHA" + WEAK + " -sess_in %(dir)s/sn"],
        {"version": "0x0303", "suite": "0x0002", "resumed": [False, True], "method": [None, "id"]}, pcr1=["ut-5.1.2-effective-key-128"],
        policy=["ut-6.2-null-encryption-used"])
CHALLENGE = ("HTTP/1.1 401 Unauthorized\\r\\nWWW-Authenticate: Digest realm=\"3GPP-bootstrapping@%(name)s\", nonce=\"a1\", qop=\"auth-int\"\\r\\n"
             "Content-Length: 0\\r\\n\\r\\n")
DOCUMENT = "simservs.ngn.etsi.org/users/user@example.org"  # s_server takes no name with a colon
ASKING = OPENSSL_CLIENT.replace("sip:", "") + "-tls1_2 -cipher NULL-SHA:AES128-SHA" + WEAK
scenario("openssl-tls12-null-challenge-unanswered", "a UE leaves a challenge (401) of GAA unanswered under NULL encryption, resumes the "
         "session, and is served the document", "cd %(dir)s; mkdir -p " + DOCUMENT + "; printf '" + CHALLENGE + "' > " + DOCUMENT + "/simservs.xml; "
         + OPENSSL_SERVER.replace("-quiet", "-HTTP") + GOOD + "-tls1_2 -no_ticket -cipher NULL-SHA" + WEAK,
         [ASKING + " -sess_out %(dir)s/sc",
          "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 12\\r\\n\\r\\n<simservs/>\\n' > " + DOCUMENT + "/simservs.xml; "
          + ASKING + " -sess_in %(dir)s/sc"],
         {"version": "0x0303", "suite": "0x0002", "resumed": [False, True], "method": [None, "id"]},
         ["ut-6.1.3-reauthenticate", "ut-5.1.1-http-authentication"], pcr1=["ut-5.1.2-effective-key-128"], policy=["ut-6.2-null-encryption-used"])
SERVED = ("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 12\\r\\n\\r\\n<simservs/>\\n' > " + DOCUMENT + "/simservs.xml; ")
SERVES = "cd %(dir)s; mkdir -p " + DOCUMENT + "; " + SERVED + OPENSSL_SERVER.replace("-quiet", "-HTTP")
scenario("openssl-tls12-null-certificate-identifies", "the UE's certificate, asked for and shown under NULL encryption, says who is served a "
         "document; the session is resumed and says so again", SERVES + GOOD + "-tls1_2 -no_ticket -verify 1 -cipher NULL-SHA" + WEAK,
         [ASKING + " -cert %(dir)s/ue.pem -key %(dir)s/ue.key -sess_out %(dir)s/su", ASKING + " -sess_in %(dir)s/su"],
         {"version": "0x0303", "suite": "0x0002", "resumed": [False, True], "method": [None, "id"], "client_certificates": 1},
         pcr1=["ut-5.1.2-effective-key-128", "ut-5.1.1-auth-http-based"], policy=["ut-6.2-null-encryption-used"])
BTID = "'3GPP-bootstrapping;dXNlcg@bsf.example.org'"
scenario("openssl-tls12-null-psk-identifies", "a pre-shared key of GBA under NULL encryption: its name, in clear, says who is served a document",
         SERVES + "-nocert -tls1_2 -psk_identity " + BTID + " -psk 0123456789abcdef -cipher PSK-NULL-SHA256" + WEAK,
         OPENSSL_CLIENT.replace("sip:", "") + "-tls1_2 -psk_identity " + BTID + " -psk 0123456789abcdef "
         "-cipher PSK-NULL-SHA256:PSK-AES128-CBC-SHA" + WEAK,
         {"version": "0x0303", "suite": "0x00b0"}, ["ut-6.1.2-server-certificate"], pcr1=["ut-5.1.2-effective-key-128"],
         policy=["ut-6.2-null-encryption-used"])
openssl("tls12-never-resumable", "three full handshakes with empty session ids and no tickets: what this server begins cannot be resumed",
        "-tls1_2 -no_ticket -no_cache", ["-tls1_2"] * 3, {"version": "0x0303", "session_id_length": 0}, also=["ut-7.1-resume-server"])
openssl("tls12-no-ticket-asked", "three full handshakes in which nobody asked for a ticket, with a server that has no other way to resume",
        "-tls1_2 -no_cache", ["-tls1_2 -no_ticket"] * 3, {"version": "0x0303", "session_id_length": 0})
RESUMES = OPENSSL_CLIENT + "-tls1_2 -sess_in %(dir)s/sd"
scenario("openssl-tls12-duplicated", "one session on two connections at the same time (7.1: duplicated): both have the age of their origin",
         ["openssl s_server -accept %(ap)s:%(port)d -www " + GOOD + "-tls1_2 -no_ticket"],
         [OPENSSL_CLIENT + "-tls1_2 -sess_out %(dir)s/sd", ": connections=2; (" + RESUMES + ") & (" + RESUMES + ") & wait"],
         {"version": "0x0303", "resumed": [False, True, True], "method": [None, "id", "id"]}, passes=[*RESUMED, "ut-7.1-session-lifetime"])
openssl("tls13-psk-reused", "TLS 1.3: one PSK identity used twice, which bounds its age", "-tls1_3",
        ["-tls1_3 -sess_out %(dir)s/s13r", "-tls1_3 -sess_in %(dir)s/s13r", "-tls1_3 -sess_in %(dir)s/s13r"],
        {"version": "0x0304", "resumed": [False, True, True], "method": [None, "psk", "psk"]}, passes=RESUMED)
openssl("tls13-psk-hello-retry", "TLS 1.3: a PSK is taken after a HelloRetryRequest", "-tls1_3 -groups P-384",
        ["-tls1_3 -groups X25519:P-384 -sess_out %(dir)s/s13h", "-tls1_3 -groups X25519:P-384 -sess_in %(dir)s/s13h",
         "-tls1_3 -groups X25519:P-384 -sess_in %(dir)s/s13h"],
        {"version": "0x0304", "hello_retry": True, "resumed": [False, True, True], "method": [None, "psk", "psk"]}, passes=RESUMED)
AGAIN = "sh -c 'while :; do openssl s_server -accept %(ap)s:%(port)d -quiet -naccept 1 " + GOOD + "-tls1_2; done'"
scenario("openssl-tls12-ticket-refused", "a server that forgets its tickets: one full handshake and three attempts that it turns into full "
                                         "handshakes",
         AGAIN, [OPENSSL_CLIENT + "-tls1_2 -sess_out %(dir)s/sf"] + [OPENSSL_CLIENT + "-tls1_2 -sess_in %(dir)s/sf; sleep 0.5"] * 3,
         {"version": "0x0303", "resumed": [False] * 4}, passes=["ut-7.1-resume-ue"])
scenario("openssl-tls12-resumption-refused", "a server that forgets its tickets: three sessions, and an attempt to resume each that it "
                                             "turns into a full handshake",
         AGAIN, [OPENSSL_CLIENT + "-tls1_2 -sess_%s %%(dir)s/sf%d; sleep 0.5" % (way, n) for n in range(3) for way in ("out", "in")],
         {"version": "0x0303", "resumed": [False] * 6}, also=["ut-7.1-resume-server"], passes=["ut-7.1-resume-ue"])

scenario("openssl-tls13-psk-refused", "TLS 1.3: a server that forgets its keys, and turns a PSK into a full handshake",
         AGAIN.replace("-tls1_2;", "-tls1_3;"),
         [OPENSSL_CLIENT + "-tls1_3 -sess_out %(dir)s/sp", "sleep 0.5; " + OPENSSL_CLIENT + "-tls1_3 -sess_in %(dir)s/sp; sleep 0.5"],
         {"version": "0x0304", "resumed": [False] * 2}, passes=["ut-7.1-resume-ue"])

scenario("openssl-tls12-id-refused", "a server that forgets its sessions: an id is offered, and answered with a full handshake under another id",
         AGAIN.replace("-tls1_2;", "-tls1_2 -no_ticket;"),
         [OPENSSL_CLIENT + "-tls1_2 -sess_out %(dir)s/sg", "sleep 0.5; " + OPENSSL_CLIENT + "-tls1_2 -sess_in %(dir)s/sg; sleep 0.5"],
         {"version": "0x0303", "resumed": [False] * 2}, passes=["ut-7.1-resume-ue"])

# ---- NULL encryption
openssl("tls12-null", "a suite with NULL encryption, which 6.2 permits and 5.1.2 of the first pseudo-CR does not; offered beside one that encrypts",
        "-tls1_2 -cipher NULL-SHA" + WEAK, "-tls1_2 -cipher NULL-SHA:AES128-SHA" + WEAK, {"version": "0x0303", "suite": "0x0002"},
        pcr1=["ut-5.1.2-effective-key-128"], policy=["ut-6.2-null-encryption-used"],
        also=["m-null-rc4-export", "ut-4-protected-link"],
        passes=["ut-6.2-ue-offers-encryption", "ut-6.2-null-encryption-used"])
openssl("tls12-only-null-accepted", "a hello that offers NULL encryption only, accepted", "-tls1_2 -cipher NULL-SHA" + WEAK,
        "-tls1_2 -cipher NULL-SHA" + WEAK, {"version": "0x0303", "suite": "0x0002"}, ["ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"],
        ["ut-5.1.2-effective-key-128"], ["ut-5.1.2-possible-128"], ["ut-6.2-null-encryption-used"])
openssl("tls12-only-null-refused", "a hello that offers NULL encryption only, refused with a fatal alert", "-tls1_2 -cipher AES128-SHA" + WEAK,
        "-tls1_2 -cipher NULL-SHA" + WEAK, {"alert": 40, "alert_from": "server"}, ["ut-6.2-ue-offers-encryption"], [], ["ut-5.1.2-possible-128"],
        passes=["ut-7.2-no-encryption", "ut-7.2-no-alert"])

# ---- anonymous
openssl("tls12-adh-aes", "anonymous suites that clause 6.4 does not list (RFC 3268), accepted", "-nocert -tls1_2 -cipher ADH-AES128-SHA" + WEAK,
        "-tls1_2 -cipher ADH-AES128-SHA:ADH-AES256-SHA" + WEAK, {"version": "0x0303", "suite": "0x0034"}, UNLISTED, cert="")
openssl("tls12-adh-aes-refused", "anonymous suites that clause 6.4 does not list, refused with a fatal alert", "-tls1_2 -cipher AES128-SHA" + WEAK,
        "-tls1_2 -cipher ADH-AES128-SHA" + WEAK, {"alert": 40, "alert_from": "server"}, ["ut-6.4-anonymous-offered"],
        passes=["ut-7.2-only-anonymous-extended", "ut-7.2-no-alert"])
openssl("tls12-aecdh", "an anonymous suite on elliptic curves, accepted", "-nocert -tls1_2 -cipher AECDH-AES128-SHA" + WEAK,
        "-tls1_2 -cipher AECDH-AES128-SHA" + WEAK, {"version": "0x0303", "suite": "0xc018"}, UNLISTED, cert="")
openssl("tls12-aecdh-null", "neither server authentication nor encryption, accepted", "-nocert -tls1_2 -cipher AECDH-NULL-SHA" + WEAK,
        "-tls1_2 -cipher AECDH-NULL-SHA" + WEAK, {"version": "0x0303", "suite": "0xc015"},
        [*UNLISTED, "ut-6.2-ue-offers-encryption", "ut-7.2-no-encryption"], ["ut-5.1.2-effective-key-128"], ["ut-5.1.2-possible-128"],
        ["ut-6.2-null-encryption-used"], cert="")
openssl("tls12-anon-mixed-offer", "anonymous suites offered beside AES with RSA, which is selected", "-tls1_2 -cipher AES128-SHA" + WEAK,
        "-tls1_2 -cipher ADH-AES128-SHA:AES128-SHA:AECDH-AES128-SHA" + WEAK, {"version": "0x0303", "suite": "0x002f"},
        ["ut-6.4-anonymous-offered"], passes=["ut-6.4-anonymous-key-exchange"])

# ---- a shared key
openssl("tls12-psk", "pre-shared key, no certificate", "-nocert -tls1_2 -psk 0123456789abcdef -cipher PSK-AES128-CBC-SHA" + WEAK,
        "-tls1_2 -psk 0123456789abcdef -cipher PSK-AES128-CBC-SHA" + WEAK, {"version": "0x0303", "suite": "0x008c"},
        ["ut-6.1.2-server-certificate"], cert="")

for count, file, shows in ((1, "-once", "one hello does not tell it from a ticket"), (2, "", "its age is 0 in both hellos")):
    openssl("tls13-external-psk" + file, "TLS 1.3: a key that was established externally, and no certificate; " + shows,
            "-nocert -tls1_3 -psk 0123456789abcdef", ["-tls1_3 -psk 0123456789abcdef"] * count,
            {"version": "0x0304"}, ["ut-6.1.2-server-certificate"] if count == 2 else [], cert="")

# ---- client certificates
openssl("tls12-client-certificate-empty", "a certificate is asked for, the UE has none and says so, the server goes on", "-tls1_2 -verify 1",
        "-tls1_2",
        {"version": "0x0303", "certificate_request": True, "client_certificates": 0},
        passes=["ut-6.1.3-empty-certificate"], also=["dp-3.2-no-tls-client-auth"])
openssl("tls12-client-certificate-required", "a certificate is required, the UE has none: fatal alert", "-tls1_2 -Verify 1", "-tls1_2",
        {"version": "0x0303", "certificate_request": True, "client_certificates": 0, "alert": 40, "alert_from": "server"}, [],
        ["ut-6.1.1-no-required-ue-cert"], [], ["ut-6.1.3-server-continues"], passes=["ut-6.1.3-empty-certificate"],
        also=["dp-3.2-no-tls-client-auth"])
openssl("tls12-client-certificate-sent", "a certificate is asked for and the UE sends one", "-tls1_2 -verify 1",
        "-tls1_2 -cert %(dir)s/ue.pem -key %(dir)s/ue.key", {"version": "0x0303", "certificate_request": True, "client_certificates": 1}, [],
        ["ut-5.1.1-auth-http-based"], also=["dp-3.2-no-tls-client-auth"])

# ---- the server's certificate
openssl("tls12-expired", "the UE completes a handshake with an expired certificate", "-tls1_2", "-tls1_2", {"version": "0x0303"},
        ["ut-6.1.2-ue-accepted-bad-cert"], cert="-cert %(dir)s/expired.pem -key %(dir)s/expired.key ")
openssl("tls12-expired-rejected", "the UE refuses an expired certificate with an alert, certificate_expired", "-tls1_2",
        "-tls1_2 -CAfile %(dir)s/expired.pem -verify_return_error", {"version": "0x0303", "alert": 45, "alert_from": "client"},
        cert="-cert %(dir)s/expired.pem -key %(dir)s/expired.key ")
openssl("tls12-wrong-name", "the UE completes a handshake with a certificate for another name", "-tls1_2", "-tls1_2", {"version": "0x0303"},
        ["ut-6.1.2-ue-accepted-bad-cert"], cert="-cert %(dir)s/other.pem -key %(dir)s/other.key ")
openssl("tls12-wrong-name-rejected", "the UE refuses a certificate for another name with an alert", "-tls1_2",
        "-tls1_2 -CAfile %(dir)s/other.pem -verify_return_error -verify_hostname %(name)s", {"version": "0x0303", "alert_from": "client"},
        cert="-cert %(dir)s/other.pem -key %(dir)s/other.key ")
openssl("tls12-ecdsa", "an ECDSA certificate", "-tls1_2", "-tls1_2",
        {"version": "0x0303", "suite": "0xc02c", "certificate": {"key": "id-ecPublicKey", "bits": 256}},
        cert="-cert %(dir)s/ec.pem -key %(dir)s/ec.key ", passes=["ut-6.1.2-server-certificate"])
openssl("tls12-ed25519", "an Ed25519 certificate", "-tls1_2", "-tls1_2", {"version": "0x0303", "suite": "0xc02c", "certificate": {"key": "ED25519"}},
        cert="-cert %(dir)s/ed25519.pem -key %(dir)s/ed25519.key ", also=["wapcert-6.4.6-key"], passes=["ut-6.1.2-server-certificate"])
openssl("tls10-dss", "a DSA certificate", "-tls1 -cipher DHE-DSS-AES128-SHA" + WEAK, "-tls1 -cipher DHE-DSS-AES128-SHA" + WEAK,
        {"version": "0x0301", "suite": "0x0032", "certificate": {"key": "dsaEncryption", "bits": 1024}},
        cert="-cert %(dir)s/dsa.pem -key %(dir)s/dsa.key ", also=["wapcert-6.4.6-key"], passes=["ut-6.1.2-server-certificate"])
scenario("openssl-tls12-ipv6", "IPv6", OPENSSL_SERVER.replace("%(ap)s", "[%(ap6)s]") + GOOD + "-tls1_2",
         OPENSSL_CLIENT.replace("%(ap)s", "[%(ap6)s]") + "-tls1_2", {"version": "0x0303"})

# ---- WAPCert, line by line: all else is kept
for name, shows, breaks in (
        ("wap-serial", "a serial number of 21 octets", "wapcert-6.4.2-serial-length"),
        ("wap-no-names", "issuer and subject are empty", "wapcert-6.4.4-issuer-empty wapcert-6.4.5-subject-empty"),
        ("wap-printable", "names in PrintableString", "wapcert-6.4-utf8"),
        ("wap-small-key", "an RSA key of 768 bits", "wapcert-6.4.6-key"),
        ("wap-no-extensions", "none of the extensions that WAPCert wants", "wapcert-6.4.7-extensions-present"),
        ("wap-key-usage", "keyUsage does not permit the RSA key exchange that is used", "wapcert-6.4.7-key-usage"),
        ("wap-eku", "extKeyUsage without serverAuth", "wapcert-6.4.7-eku"),
        ("wap-san-ip", "subjectAltName without a dNSName", "wapcert-6.4.7-san-dns"),
        ("wap-large", "a certificate of more than 1500 bytes", "wapcert-6.1-size"),
        ("wap-deep", "three subordinate CAs", "wapcert-6.1-chain-depth"),
        ("wap-bad-ca", "signed by what is not a CA", "wapcert-6.6-ca")):
    openssl("tls10-" + name, "WAPCert broken in one line: " + shows, "-tls1 -cipher AES128-SHA" + WEAK, "-tls1 -cipher AES128-SHA" + WEAK,
            {"version": "0x0301", "suite": "0x002f", "certificate": {"key": "rsaEncryption", "bits": 768 if "small" in name else 1024,
             "signature": "sha1WithRSAEncryption"}, "chain": {"wap-deep": 4, "wap-bad-ca": 2}.get(name, 1)},
            # Without names only an exception could match; the name of the host stands in subjectAltName alone.
            also=breaks.split(), cert="-cert %%(dir)s/%s.crt -key %%(dir)s/%s.key " % (name, name)
            + ("-cert_chain %%(dir)s/%s.chain " % name if name in ("wap-deep", "wap-bad-ca") else ""))
