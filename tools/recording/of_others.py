"""Stacks beyond OpenSSL, GnuTLS and JSSE: Botan, Go, wolfSSL and Mbed TLS under lighttpd, NSS, BouncyCastle."""
from scenario import GNUTLS_CLIENT, GOOD, JAVA_KEYS, NAME, OPENSSL_CLIENT, OPENSSL_SERVER, REQUEST, WEAK, scenario

RESUMES = ["ut-7.1-resume-server", "ut-7.1-resume-ue"]
V12, V13 = {"version": "0x0303"}, {"version": "0x0304"}


def twice(version, method):
    return {**version, "resumed": [False, True], "method": [None, method]}


def only_null_refused(stack, words, server, **more):
    scenario(stack + "-openssl-only-null-refused", "a hello that offers NULL encryption only, refused by %s with a fatal alert" % words, server,
             OPENSSL_CLIENT + "-tls1_2 -cipher NULL-SHA" + WEAK, {"offered": ["0x0002"], "alert": 40, "alert_from": "server"},
             ["ut-6.2-ue-offers-encryption"], [], ["ut-5.1.2-possible-128"], passes=["ut-7.2-no-encryption", "ut-7.2-no-alert"], **more)


def by_openssl(stack, words, server, version, method):
    """A session of the stack's server that OpenSSL resumes."""
    flag, name = ("-tls1_2", "tls12") if version is V12 else ("-tls1_3", "tls13")
    flag += " -no_ticket" if method == "id" else ""
    session = "%%(dir)s/%s-%s" % (stack, name)
    scenario("%s-openssl-%s-resumed" % (stack, name), "an OpenSSL client resumes a session with a server of %s" % words, server,
             [OPENSSL_CLIENT + flag + " -sess_out " + session, OPENSSL_CLIENT + flag + " -sess_in " + session], twice(version, method),
             passes=RESUMES + {"id": ["ut-7.1-session-lifetime"], "ticket": ["ut-7.1-ticket-lifetime"], "psk": []}[method])


# ---- Go
GO_SERVER = "%(dir)s/tls_peer server %(ap)s:%(port)d %(dir)s/good.pem %(dir)s/good.key 1.2 1.3"
GO_CLIENT = "timeout 8 %%(dir)s/tls_peer client %%(ap)s:%%(port)d %%(name)s %d %s %s"
for version, number, method in (("1.2", V12, "ticket"), ("1.3", V13, "psk")):
    scenario("go-tls%s-resumed" % version.replace(".", ""), "a full handshake of TLS %s on Go, then one that resumes" % version, GO_SERVER,
             GO_CLIENT % (2, version, version) + " # connections=2", twice(number, method), passes=RESUMES)
scenario("openssl-go-tls12", "a Go client with an OpenSSL server", OPENSSL_SERVER + GOOD + "-tls1_2", GO_CLIENT % (1, "1.2", "1.3"), V12)
scenario("go-go-tls11-refused", "a UE of TLS 1.1 refused by a server of TLS 1.2: the alert is protocol_version, and no rule of TS 33.141 is broken",
         GO_SERVER, GO_CLIENT % (1, "1.0", "1.1"), {"alert": 70, "alert_from": "server"})
only_null_refused("go", "Go", GO_SERVER)

# ---- wolfSSL and Mbed TLS. Mbed TLS 2.28 has no TLS 1.3 for servers.
for library, words in (("wolfssl", "wolfSSL"), ("mbedtls", "Mbed TLS")):
    server = "lighttpd -D -f %%(dir)s/%s.conf" % library
    by_openssl(library, words, server, V12, "ticket")
    if library == "wolfssl":
        by_openssl(library, words, server, V13, "psk")
    gnutls = GNUTLS_CLIENT + "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2 %(ap)s"
    if library == "wolfssl":
        scenario("wolfssl-gnutls-closed", "wolfSSL does not like the hello of GnuTLS, and closes without an alert", server, gnutls,
                 {"closing": ["fin", "server"]})
    else:
        scenario(library + "-gnutls-tls12", "a GnuTLS client with a server of " + words, server, gnutls, {**V12, "sni": NAME})
    only_null_refused(library, words, server)

# ---- NSS
NSS_SERVER = "selfserv -n \"$(cat %(dir)s/nss.name)\" -p %(port)d -d sql:%(dir)s/nss -V tls1.2:tls1.3 -u"
NSS_CLIENT = "timeout 8 tstclnt -h %%(ap)s -p %%(port)d -a %%(name)s -d sql:%%(dir)s/nss -o -u -A %%(dir)s/request -V %s:%s -L 2 # connections=2"
for version, name, number, method in (("tls1.2", "tls12", V12, "ticket"), ("tls1.3", "tls13", V13, "psk")):
    hint = number is V12  # two days, as NSS has it by default
    scenario("nss-%s-resumed" % name, "a full handshake on NSS, then one that resumes" + ("; its tickets promise two days" if hint else ""),
             NSS_SERVER,
             NSS_CLIENT % (version, version), {**twice(number, method), **({"ticket_hint": 172800} if hint else {})}, passes=RESUMES,
             also=["ut-7.1-ticket-lifetime-hint"] if hint else [])
by_openssl("nss", "NSS", NSS_SERVER, V12, "id")
only_null_refused("nss", "NSS", NSS_SERVER)

# ---- BouncyCastle
BC_SERVER = "%(bc)s server host=%(ap)s port=%(port)d " + JAVA_KEYS + "connections=2 "
BC_CLIENT = "timeout 15 %(bc)s client host=%(ap)s port=%(port)d sni=%(name)s "
scenario("bc-tls12-resumed-id", "a full handshake of TLS 1.2 on BouncyCastle, then one that resumes", BC_SERVER,
         BC_CLIENT + "protocols=TLSv1.2 connections=2", twice(V12, "id"), passes=[*RESUMES, "ut-7.1-session-lifetime"])
scenario("bc-tls13-full", "a full handshake of TLS 1.3 on BouncyCastle", BC_SERVER, BC_CLIENT + "protocols=TLSv1.3", V13)
scenario("openssl-bc-tls12", "a BouncyCastle client with an OpenSSL server", OPENSSL_SERVER + GOOD + "-tls1_2", BC_CLIENT, V12)
only_null_refused("bc", "BouncyCastle", BC_SERVER)

# ---- Botan 2 has no TLS 1.3. It stands last: it does not reuse addresses, and leaves ports in TIME-WAIT to whoever comes next.
BOTAN_SERVER = "botan tls_server %(dir)s/good.pem %(dir)s/good.key --port=%(port)d "
BOTAN_CLIENT = "(printf '" + REQUEST + "'; sleep 0.5) | timeout 8 botan tls_client %(ap)s --port=%(port)d --tls1.2 --skip-system-cert-store "
NAMED = "--policy=%(dir)s/named.policy "
scenario("botan-tls12-full", "a full handshake of TLS 1.2 on Botan", BOTAN_SERVER + NAMED, BOTAN_CLIENT + NAMED, V12,
         passes=["ut-6-version-min", "ut-6.1.2-server-certificate", "ut-6.2-ue-offers-encryption"])
scenario("botan-tls12-unknown", "Botan left to itself: both agree on a suite with post-quantum keys of Google's experiment, which no registry names",
         BOTAN_SERVER, BOTAN_CLIENT, V12)
scenario("openssl-botan-tls12", "a Botan client with an OpenSSL server", OPENSSL_SERVER + GOOD + "-tls1_2", BOTAN_CLIENT + NAMED, V12)
by_openssl("botan", "Botan", BOTAN_SERVER, V12, "id")
only_null_refused("botan", "Botan", BOTAN_SERVER)
