/* One certificate: the walk, its names as text, and the look for a host name. */
#include "fuzz.h"
#include "wire/host_name.h"
#include "wire/x509_name.h"

#include <assert.h>

static void within(struct span part, const uint8_t *data, size_t size)
{
    assert(part.n == 0 || (part.p >= data && part.p + part.n <= data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x509 x;
    (void)x509_parse(span_of(data, size), &x);
    within(x.serial, data, size);
    within(x.subject, data, size);
    within(x.issuer, data, size);
    within(x.signature_oid, data, size);
    within(x.curve_oid, data, size);
    assert(x.alt_name_count <= MAX_ALT_NAMES);
    for (size_t i = 0; i < x.alt_name_count; i++)
        within(x.alt_names[i].value, data, size);
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    x509_name_text(x.subject, &t);
    t = text_over(buffer, sizeof buffer);
    x509_name_text(x.issuer, &t);
    t = text_over(buffer, sizeof buffer);
    x509_signature_name(x.signature_oid, &t);
    x509_curve_name(x.curve_oid, &t);
    x509_key_name(x.key_oid, &t);
    (void)x509_names_host(&x, span_of("xcap.example.org", 16));
    (void)x509_names_host(&x, span_of("192.0.2.1", 9));
    return 0;
}
