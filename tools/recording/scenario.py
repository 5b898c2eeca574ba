"""What a scenario is, and the words that many of them share."""
import re

from certificates import NAME  # noqa: F401 (one of the words)

UE, AP, PORT = "192.0.2.10", "192.0.2.80", 443
AP6 = "2001:db8::80"

REQUEST = "GET /simservs.ngn.etsi.org/users/sip:user@example.org/simservs.xml HTTP/1.1\\r\\nHost: %(name)s\\r\\n\\r\\n"
OPENSSL_SERVER = "openssl s_server -accept %(ap)s:%(port)d -quiet "
GOOD = "-cert %(dir)s/good.pem -key %(dir)s/good.key "
OPENSSL_CLIENT = "(printf '" + REQUEST + "'; sleep 0.5) | timeout 8 openssl s_client -connect %(ap)s:%(port)d -servername %(name)s "
GNUTLS_SERVER = "gnutls-serv -q --http --port=%(port)d "
GNUTLS_KEYS = "--x509certfile=%(dir)s/good.pem --x509keyfile=%(dir)s/good.key "
GNUTLS_CLIENT = "(printf '" + REQUEST + "'; sleep 0.5) | timeout 8 gnutls-cli --insecure --port=%(port)d --sni-hostname=%(name)s "
JAVA_SERVER = "%(java)s server host=%(ap)s port=%(port)d "
JAVA_CLIENT = "timeout 15 %(java)s client host=%(ap)s port=%(port)d sni=%(name)s "
JAVA_KEYS = "keystore=%(dir)s/good.p12 "
PYTHON_SERVER = "python3 %(here)s/little_servers.py %(ap)s %(port)d "
WEAK = ":@SECLEVEL=0"

# The five suites of clause 6.4, their numbers and effective key bits.
LISTED = [("SSL_DH_anon_EXPORT_WITH_RC4_40_MD5", "0x0017", 40), ("SSL_DH_anon_WITH_RC4_128_MD5", "0x0018", 128),
          ("SSL_DH_anon_EXPORT_WITH_DES40_CBC_SHA", "0x0019", 40), ("SSL_DH_anon_WITH_DES_CBC_SHA", "0x001a", 56),
          ("SSL_DH_anon_WITH_3DES_EDE_CBC_SHA", "0x001b", 168)]
ALL_LISTED = ",".join(s for s, _, _ in LISTED)

# IANA's numbers of the suites that scenarios name, under the names of the stacks.
NUMBERS = {name: number for name, number, _ in LISTED}
NUMBERS.update({
    "SSL_RSA_WITH_NULL_MD5": "0x0001", "SSL_RSA_WITH_NULL_SHA": "0x0002", "SSL_RSA_EXPORT_WITH_RC4_40_MD5": "0x0003",
    "SSL_RSA_WITH_RC4_128_SHA": "0x0005", "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA": "0x0008", "SSL_RSA_WITH_DES_CBC_SHA": "0x0009",
    "SSL_RSA_WITH_3DES_EDE_CBC_SHA": "0x000a", "SSL_DHE_DSS_WITH_3DES_EDE_CBC_SHA": "0x0013",
    "SSL_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA": "0x0014", "TLS_RSA_WITH_AES_128_CBC_SHA": "0x002f", "TLS_DH_anon_WITH_AES_128_CBC_SHA": "0x0034",
    "TLS_ECDH_anon_WITH_NULL_SHA": "0xc015", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "0xc02f",
    "NULL-SHA": "0x0002", "AES128-SHA": "0x002f", "DHE-DSS-AES128-SHA": "0x0032", "ADH-AES128-SHA": "0x0034", "ADH-AES256-SHA": "0x003a",
    "DHE-RSA-AES128-GCM-SHA256": "0x009e", "PSK-AES128-CBC-SHA": "0x008c", "AECDH-NULL-SHA": "0xc015", "AECDH-AES128-SHA": "0xc018",
    "ECDHE-RSA-AES128-GCM-SHA256": "0xc02f", "NULL-SHA256": "0x003b", "PSK-NULL-SHA256": "0x00b0",
})

SCENARIOS = []


def offered(command):
    """The numbers of the suites that a client was told to offer, in that order; None if it was left to itself."""
    found = re.search(r"(?:-cipher |suites=|--ciphers )([^ ]+)", command)
    if not found:
        return None
    return [NUMBERS[name] for name in re.split("[:,]", found.group(1).replace(WEAK, ""))]


def connections(clients):
    count = 0
    for c in clients:
        several = re.search(r"connections=(\d+)", c)
        count += int(several.group(1)) if several else 2 if "--resume" in c else 1
    return count


def scenario(file, shows, servers, clients, facts=None, both=(), pcr1=(), pcr2=(), policy=(), also=(), passes=(), tls=True, **more):
    """facts: what the stacks were asked for, and so what tshark has to find.
    both, pcr1, pcr2: the rules broken under ts33141-pcr1, -pcr2, by the text of the clauses: exactly these have to fail.
    policy: those broken besides where the operator requires encryption and authenticates UEs by GBA.
    also: what the capture breaks in texts beyond these profiles. passes: rules that it is meant to show kept."""
    clients = [clients] if isinstance(clients, str) else clients
    facts = dict(facts or {}, connections=connections(clients))
    suites = offered(clients[0])
    if suites and tls:
        facts.setdefault("offered", suites)
    SCENARIOS.append(dict(file=file + ".pcap", shows=shows, servers=[servers] if isinstance(servers, str) else servers, clients=clients,
                          facts=facts, tls=tls, policy=sorted(policy), also=sorted(also), passes=sorted(passes),
                          fails={"ts33141-pcr1": sorted([*both, *pcr1]), "ts33141-pcr2": sorted([*both, *pcr2])}, **more))


__all__ = [n for n in dir() if n.isupper() or n in ("scenario", "re")]
