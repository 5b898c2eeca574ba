"""TLS inside or after other protocols, and what is not TLS: OpenSSL under nginx, curl and Python."""
from scenario import ALL_LISTED, GOOD, JAVA_CLIENT, NAME, OPENSSL_CLIENT, PYTHON_SERVER, REQUEST, scenario

NGINX = "sed -e s/SUITES/%s/ -e s/TIMEOUT/%s/ %%(here)s/nginx.conf > %%(dir)s/nginx.conf; nginx -p %%(dir)s -c nginx.conf"
MODERN = NGINX.replace("; nginx -p", "; sed -i -e 's/good/modern/' -e 's/TLSv1.2/TLSv1.2 TLSv1.3/' -e 's/443 ssl/443 ssl http2/' "
                       "%%(dir)s/nginx.conf; nginx -p")
CURL = "curl -s -m 8 -o /dev/null --resolve %%(name)s:443:%%(ap)s --resolve %%(name)s:80:%%(ap)s %s %s://%%(name)s/simservs.ngn.etsi.org/"

scenario("nginx-curl-tls12", "curl with nginx", NGINX % ("HIGH", "5m"), CURL % ("-k --tls-max 1.2", "https"), {"version": "0x0303", "sni": NAME})
scenario("nginx-openssl-ticket", "a NewSessionTicket that promises five minutes", NGINX % ("HIGH", "5m"), OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303", "ticket_hint": 300}, passes=["ut-7.1-ticket-lifetime-hint"])
scenario("nginx-openssl-ticket-two-days", "a NewSessionTicket that promises two days", NGINX % ("HIGH", "2d"), OPENSSL_CLIENT + "-tls1_2",
         {"version": "0x0303", "ticket_hint": 172800}, also=["ut-7.1-ticket-lifetime-hint"])
scenario("nginx-modern-ues", "thirty UEs of today at nginx, twice each: TLS 1.2 and 1.3, ECDSA, AES-GCM, HTTP/2, and a "
         "resumption by ticket. They break nothing but what later texts have overtaken", MODERN % ("HIGH", "5m"),
         "python3 %(here)s/modern_ues.py %(ap)s %(port)d %(name)s veth0 connections=60",
         {"sni": NAME, "resumed": [False, True] * 30, "method": [None, "ticket", None, "psk", None, "psk"] * 10},
         also=["wapcert-6.4-utf8"])
scenario("nginx-curl-rejects", "curl refuses a self-signed certificate with an alert", NGINX % ("HIGH", "5m"), CURL % ("--tls-max 1.2", "https"),
         {"version": "0x0303", "alert": 48, "alert_from": "client"})
scenario("nginx-curl-plain", "XCAP without TLS: the document's folder is listed for somebody without an identity",
         NGINX % ("HIGH", "5m"), CURL % ("", "http"),
         {"http": "GET", "status": 200}, tls=False, ports=[80], also=["ut-4-tls-required"])
scenario("nginx-curl-plain-redirected", "XCAP without TLS, redirected to https", NGINX % ("HIGH", "5m"),
         (CURL % ("", "http")).replace("simservs.ngn.etsi.org/", "elsewhere"), {"http": "GET", "status": 301}, tls=False, ports=[80],
         also=["ut-4-tls-required"])
scenario("nginx-curl-plain-401", "XCAP without TLS: HTTP authentication is asked for and given", NGINX % ("HIGH", "5m"),
         (CURL % ("--anyauth -u user:secret", "http")).replace("simservs.ngn.etsi.org/", "asks"), {"http": "GET", "status": 401, "connections": 1},
         tls=False,
         ports=[80], also=["ut-4-tls-required", "ut-5.1.1-gaa"], passes=["ut-5.1.1-http-authentication"])
scenario("openssl-connect-proxy", "TLS after HTTP CONNECT through a proxy",
         ["openssl s_server -accept 127.0.0.1:4433 -quiet " + GOOD + "-tls1_2", "python3 %(here)s/little_servers.py %(ap)s 8080 proxy 4433"],
         "(printf '" + REQUEST + "'; sleep 0.5) | timeout 8 openssl s_client -proxy %(ap)s:8080 -connect %(name)s:443 -servername %(name)s -tls1_2",
         {"version": "0x0303", "http": "CONNECT", "status": 200, "authority": NAME}, ports=[8080, 4433],
         passes=["wap219-7-connect", "wap219-7-connect-abort"])
scenario("curl-connect-refused", "a proxy refuses CONNECT and the UE gives up, as WAP-219 wants",
         "python3 %(here)s/little_servers.py %(ap)s 8080 deny",
         CURL % ("-k -x http://%(ap)s:8080", "https"), {"http": "CONNECT", "status": 403}, tls=False, ports=[8080], passes=["wap219-7-connect-abort"])
scenario("openssl-starttls-smtp", "TLS that begins after STARTTLS", PYTHON_SERVER + "starttls %(dir)s/good.pem %(dir)s/good.key",
         OPENSSL_CLIENT + "-starttls smtp -tls1_2", {"version": "0x0303"})
scenario("openssl-http-upgrade", "TLS within HTTP/1.1 (RFC 2817), both ends Python's ssl on OpenSSL",
         "python3 %(here)s/little_servers.py %(ap)s 80 upgrade %(dir)s/good.pem %(dir)s/good.key",
         "python3 %(here)s/upgrade_client.py %(ap)s 80 %(name)s",
         {"version": "0x0303", "http": "OPTIONS", "status": 101}, ports=[80], also=["wap219-7-connect", "m-no-http-upgrade"])
scenario("http-on-tls-port", "a server that speaks HTTP answers a ClientHello", PYTHON_SERVER + "http", OPENSSL_CLIENT + "-tls1_2", {"status": 400})
scenario("silent-server", "a server that never answers only suites of 6.4, until the UE gives up: what it decided is not observable",
         PYTHON_SERVER + "silent",
         JAVA_CLIENT + "protocols=TLSv1 timeout=1500 suites=" + ALL_LISTED, {"closing": ["fin", "client"]}, ["ut-6.4-anonymous-offered"])
