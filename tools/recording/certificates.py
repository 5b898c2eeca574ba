"""The certificates of the recordings, made anew each time with openssl; the keys never leave the temporary folder.

Each NAME gives NAME.pem (the chain as the server sends it, its own certificate first), NAME.key, and both as NAME.p12.
"""
import os
import subprocess

NAME = "xcap.ims.mnc001.mcc001.pub.3gppnetwork.org"
OTHER = "other.example.org"
SUBJECT = "/O=Example/CN=" + NAME
LONG = "9000"

# What WAPCert 6.4.7 wants in a server certificate; a variant replaces or drops a line.
SERVER = {"subjectKeyIdentifier": "hash", "authorityKeyIdentifier": "keyid:always", "keyUsage": "critical,digitalSignature,keyEncipherment",
          "extendedKeyUsage": "serverAuth", "subjectAltName": "DNS:" + NAME}
CA = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign", "subjectKeyIdentifier": "hash"}

RSA = ["-newkey", "rsa:2048"]
WEAK_RSA = ["-newkey", "rsa:1024"]  # what WAPCert asks for at least, and RFC 2246 export suites sign with


def run(*command):
    p = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if p.returncode:
        raise RuntimeError("%s\n%s" % (" ".join(command), p.stderr))


class Workshop:
    """Makes certificates in one folder."""

    def __init__(self, folder):
        self.folder, self.issuers = folder, {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def request(self, name, subject, key, digest, mask):
        config = self.path("request.cnf")
        with open(config, "w") as f:
            f.write("[req]\ndistinguished_name=dn\nstring_mask=%s\n[dn]\n" % mask)
        run("openssl", "req", "-config", config, "-new", "-nodes", *key, digest, "-utf8", "-keyout", self.path(name + ".key"),
            "-subj", subject, "-out", self.path(name + ".csr"))

    def make(self, name, subject=SUBJECT, key=RSA, digest="-sha256", extensions=SERVER, by=None, serial="0x1001", mask="utf8only",
             dates=("-days", LONG), send_root=False):
        """Signed by the CA `by`, whose certificates are sent too as far as they are not self-signed; by itself if None."""
        self.request(name, subject, key, digest, mask)
        text = self.path(name + ".ext")
        with open(text, "w") as f:
            f.writelines("%s=%s\n" % e for e in extensions.items())
        signer = ["-CA", self.path(by + ".crt"), "-CAkey", self.path(by + ".key")] if by else ["-signkey", self.path(name + ".key")]
        run("openssl", "x509", "-req", "-in", self.path(name + ".csr"), *signer, "-set_serial", serial, digest, *dates, "-extfile", text,
            "-out", self.path(name + ".crt"))
        chain = [name]
        while by:
            issuer = self.issuers.get(by)
            if issuer or send_root:
                chain.append(by)
            by = issuer
        self.issuers[name] = chain[1] if len(chain) > 1 else None
        with open(self.path(name + ".pem"), "w") as out:
            for c in chain:
                with open(self.path(c + ".crt")) as f:
                    out.write(f.read())
        if len(chain) > 1:  # openssl s_server takes what follows the server's own certificate from a file of its own
            with open(self.path(name + ".chain"), "w") as out:
                for c in chain[1:]:
                    with open(self.path(c + ".crt")) as f:
                        out.write(f.read())
        run("openssl", "pkcs12", "-export", "-in", self.path(name + ".pem"), "-inkey", self.path(name + ".key"), "-passout", "pass:secret",
            "-out", self.path(name + ".p12"))

    def authority(self, name, by=None, key=WEAK_RSA, digest="-sha1", extensions=CA):
        self.make(name, "/O=Example/CN=" + name, key, digest, extensions, by, serial="0x2001")
        self.issuers[name] = by


def make_all(folder):
    w = Workshop(folder)
    w.make("good")
    w.make("other", "/O=Example/CN=" + OTHER, extensions=dict(SERVER, subjectAltName="DNS:" + OTHER))
    w.make("ec", key=["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], extensions=dict(SERVER, keyUsage="critical,digitalSignature"))
    w.make("modern", key=["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], extensions=dict(SERVER, keyUsage="critical,digitalSignature"),
           mask="nombstr")
    w.make("ed25519", key=["-newkey", "ed25519"], digest="-sha256", extensions=dict(SERVER, keyUsage="critical,digitalSignature"))
    run("openssl", "dsaparam", "-out", w.path("dsaparam"), "1024")
    w.make("dsa", key=["-newkey", "dsa:" + w.path("dsaparam")], digest="-sha1", extensions=dict(SERVER, keyUsage="critical,digitalSignature"))
    w.make("ue", "/O=Example/CN=ue", extensions={"extendedKeyUsage": "clientAuth"})
    expired(w)
    wapcert(w)


def expired(w):
    """`openssl x509` of 3.0 cannot date back; `openssl ca` can."""
    w.make("expired")
    config = w.path("ca.cnf")
    with open(config, "w") as f:
        f.write("[ca]\ndefault_ca=a\n[a]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\n[p]\n"
                "organizationName=optional\ncommonName=supplied\n" % ((w.folder,) * 3))
    open(w.path("index"), "w").close()
    with open(w.path("serial"), "w") as f:
        f.write("01\n")
    run("openssl", "ca", "-batch", "-config", config, "-selfsign", "-keyfile", w.path("expired.key"), "-in", w.path("expired.csr"), "-out",
        w.path("expired.pem"), "-startdate", "20240101000000Z", "-enddate", "20240102000000Z", "-extfile", w.path("expired.ext"), "-notext")
    run("openssl", "pkcs12", "-export", "-in", w.path("expired.pem"), "-inkey", w.path("expired.key"), "-passout", "pass:secret", "-out",
        w.path("expired.p12"))


def wapcert(w):
    """One certificate that keeps every line of WAPCert 6.4 and 6.6, and for each line one that breaks it alone."""
    w.authority("root")
    base = dict(key=WEAK_RSA, digest="-sha1", by="root")
    w.make("wap", send_root=True, **base)
    w.make("wap-serial", serial="0x7f" + "ab" * 20, **base)
    w.make("wap-printable", mask="nombstr", **base)
    w.make("wap-small-key", **dict(base, key=["-newkey", "rsa:768"]))
    w.make("wap-no-extensions", **dict(base, extensions={"subjectKeyIdentifier": "hash"}))
    w.make("wap-key-usage", **dict(base, extensions=dict(SERVER, keyUsage="critical,digitalSignature")))
    w.make("wap-eku", **dict(base, extensions=dict(SERVER, extendedKeyUsage="clientAuth")))
    w.make("wap-san-ip", **dict(base, extensions=dict(SERVER, subjectAltName="IP:192.0.2.80")))
    names = ",".join("DNS:host%02d.%s" % (i, NAME) for i in range(20))
    w.make("wap-large", **dict(base, extensions=dict(SERVER, subjectAltName="DNS:%s,%s" % (NAME, names))))
    w.make("wap-no-names", "/", key=WEAK_RSA, digest="-sha1", extensions=SERVER)  # self-signed: issuer empty too
    w.authority("not-a-ca", "root", extensions={"basicConstraints": "CA:FALSE", "subjectKeyIdentifier": "hash"})
    w.make("wap-bad-ca", **dict(base, by="not-a-ca"))
    above = "root"
    for i in (1, 2, 3):
        w.authority("sub%d" % i, above)
        above = "sub%d" % i
    w.make("wap-deep", **dict(base, by=above))
