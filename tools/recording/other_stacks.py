"""What the stacks of of_others.py need besides certificates. All of it goes into the folder of the recordings."""
import os
import subprocess

PACKAGES = ["botan", "golang-go", "lighttpd", "lighttpd-mod-wolfssl", "lighttpd-mod-mbedtls", "libnss3-tools", "libbctls-java"]
VERSIONS = {"botan": ("botan", "version", "--full"), "tls_peer": ("go", "version")}
for word, package, name in (("bctls", "libbctls-java", "BouncyCastle %s"), ("wolfssl", "libwolfssl35", "wolfSSL %s under lighttpd"),
                            ("mbedtls", "libmbedtls14", "Mbed TLS %s under lighttpd"), ("selfserv", "libnss3-tools", "NSS %s")):
    VERSIONS[word] = ("dpkg-query", "-W", "-f", name % "${Version}" + "\n", package)
JARS = ":".join("/usr/share/java/%s.jar" % jar for jar in ("bctls", "bcprov", "bcutil"))
# BouncyCastle's JSSE stands before the one of the JDK.
PROVIDERS = ["org.bouncycastle.jsse.provider.BouncyCastleJsseProvider", "org.bouncycastle.jce.provider.BouncyCastleProvider", "SUN", "SunRsaSign",
             "SunEC", "SunJCE"]
LIGHTTPD = """server.modules = ("mod_LIBRARY")
server.document-root = "DIR/html"
server.bind = "ADDRESS"
server.port = 443
ssl.engine = "enable"
ssl.pemfile = "DIR/good.pem"
ssl.privkey = "DIR/good.key"
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")
"""


def run(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def put(folder, name, text):
    with open(os.path.join(folder, name), "w") as f:
        f.write(text)


def bouncy(folder):
    """The words that run TlsPeer on BouncyCastle."""
    return "java -Djava.security.properties==%s/bc.security -XX:TieredStopAtLevel=1 -cp %s:%s TlsPeer" % (folder, folder, JARS)


def prepare(folder, here, address):
    with open(os.path.join(folder, "java.security")) as f:
        text = f.read()
    providers = "".join("security.provider.%d=%s\n" % (i + 1, p) for i, p in enumerate(PROVIDERS))
    put(folder, "bc.security", text + providers + "ssl.KeyManagerFactory.algorithm=X.509\n")
    run("go", "build", "-o", os.path.join(folder, "tls_peer"), os.path.join(here, "tls_peer.go"),
        env={**os.environ, "GOCACHE": os.path.join(folder, "gocache"), "HOME": folder})
    for library in ("wolfssl", "mbedtls"):
        put(folder, library + ".conf", LIGHTTPD.replace("LIBRARY", library).replace("DIR", folder).replace("ADDRESS", address))
    put(folder, "named.policy", "key_exchange_methods = ECDH\n")  # without the suites of Google's experiment, which IANA never named
    base = "sql:" + os.path.join(folder, "nss")
    os.makedirs(os.path.join(folder, "nss"))
    run("certutil", "-N", "-d", base, "--empty-password")
    run("pk12util", "-i", os.path.join(folder, "good.p12"), "-d", base, "-W", "secret", "-K", "")
    name = subprocess.run(["certutil", "-L", "-d", base], capture_output=True, text=True, check=True).stdout.splitlines()[-1].rsplit(None, 1)[0]
    run("certutil", "-M", "-n", name, "-t", "P,,", "-d", base)
    put(folder, "nss.name", name)
    put(folder, "request", "GET /simservs.ngn.etsi.org/ HTTP/1.1\r\n\r\n")
