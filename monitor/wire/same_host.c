#include "wire/same_host.h"

#include "base/text.h"

#include <punycode.h>

enum { LABEL_BYTES = 63, PREFIX_BYTES = 4 };
static const char prefix[PREFIX_BYTES + 1] = "xn--"; /* RFC 5890 2.3.1 */

struct label {
    size_t length;
    char bytes[LABEL_BYTES];
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* RFC 5891 4.4, RFC 3492. False: there is no A-label of it. */
static bool a_label(struct label *l, struct span u_label)
{
    uint32_t character[LABEL_BYTES];
    size_t count = 0;
    for (; u_label.n; count++) {
        const size_t length = count < LABEL_BYTES ? utf8_next(u_label, &character[count]) : 0;
        if (!length)
            return false;
        if (length == 1)
            character[count] = lower(u_label.p[0]);
        u_label = span_skip(u_label, length);
    }
    memcpy(l->bytes, prefix, PREFIX_BYTES);
    l->length = LABEL_BYTES - PREFIX_BYTES;
    const int result = punycode_encode(count, character, NULL, &l->length, l->bytes + PREFIX_BYTES);
    l->length += PREFIX_BYTES;
    return result == PUNYCODE_SUCCESS;
}

/* ---- names */

bool host_is_ascii(struct span s)
{
    uint8_t all = 0;
    for (size_t i = 0; i < s.n; i++)
        all |= s.p[i];
    return all < 0x80;
}

static struct span first_label(struct span name)
{
    const uint8_t *dot = name.n ? memchr(name.p, '.', name.n) : NULL;
    return dot ? span_head(name, (size_t)(dot - name.p)) : name;
}

static void append(struct same_host *form, struct span s)
{
    s = span_head(s, sizeof form->bytes - form->length);
    uint8_t *to = form->bytes + form->length;
    for (size_t i = 0; i < s.n; i++)
        to[i] = lower(s.p[i]);
    form->length += s.n;
}

void same_host(struct same_host *form, struct span name)
{
    form->length = 0;
    if (name.n && name.p[name.n - 1] == '.')
        name = span_head(name, name.n - 1);
    if (host_is_ascii(name)) {
        append(form, name);
        return;
    }
    for (;;) {
        const struct span label = first_label(name);
        struct label encoded;
        const bool converted = !host_is_ascii(label) && a_label(&encoded, label);
        append(form, converted ? span_of(encoded.bytes, encoded.length) : label);
        if (label.n == name.n)
            return;
        append(form, span_of_text("."));
        name = span_skip(name, label.n + 1);
    }
}

bool host_is_international(struct span name)
{
    if (!host_is_ascii(name))
        return true;
    for (;;) {
        const struct span label = first_label(name);
        bool is_a_label = label.n >= PREFIX_BYTES;
        for (size_t i = 0; is_a_label && i < PREFIX_BYTES; i++)
            is_a_label = lower(label.p[i]) == (uint8_t)prefix[i];
        if (is_a_label || label.n == name.n)
            return is_a_label;
        name = span_skip(name, label.n + 1);
    }
}
