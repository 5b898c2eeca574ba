/* Facts of DER certificates, one "key=value" a line and an empty line after each file. For x509_witness.py.
 */
#include "wire/host_name.h"
#include "wire/x509_name.h"

#include <stdio.h>
#include <stdlib.h>

static void put(const char *key, void (*write)(struct span, struct text *), struct span what)
{
    char buffer[4096];
    struct text t = text_over(buffer, sizeof buffer);
    write(what, &t);
    (void)printf("%s=%s\n", key, buffer);
}

static void dump(struct span der, const char *host)
{
    static struct x509 x;
    (void)printf("parsed=%d\n", x509_parse(der, &x) == PARSE_OK);
    (void)printf("version=%u\nbits=%zu\n", x.version, x.key_bits);
    put("key", x509_key_name, x.key_oid);
    put("signature", x509_signature_name, x.signature_oid);
    if (x.curve_oid.n)
        put("curve", x509_curve_name, x.curve_oid);
    put("subject", x509_name_text, x.subject);
    put("issuer", x509_name_text, x.issuer);
    (void)printf("serial=");
    for (size_t i = 0; i < x.serial.n; i++)
        (void)printf("%02X", x.serial.p[i]);
    (void)printf("\nnotbefore=%lld\nnotafter=%lld\n", (long long)x.not_before, (long long)x.not_after);
    (void)printf("presence=%u\ncritical=%u\nusage=%u\nserver=%d\nca=%d\n", x.presence, x.critical,
                 x.key_usage, x.eku_server_auth, x.is_ca);
    (void)printf("dns=");
    for (size_t i = 0; i < x.alt_name_count; i++)
        if (x.alt_names[i].kind == X509_NAME_DNS)
            (void)printf("%.*s ", (int)x.alt_names[i].value.n, (const char *)x.alt_names[i].value.p);
    (void)printf("\nhost=%d\n\n", x509_names_host(&x, span_of(host, strlen(host))) == NAME_MATCHES);
}

/* HOST FILE [HOST FILE ...] */
int main(int argc, char **argv)
{
    static uint8_t buffer[1 << 20];
    for (int i = 1; i + 1 < argc; i += 2) {
        FILE *f = fopen(argv[i + 1], "rb");
        if (!f)
            return 1;
        size_t n = fread(buffer, 1, sizeof buffer, f);
        (void)fclose(f);
        dump(span_of(buffer, n), argv[i]);
    }
    return 0;
}
