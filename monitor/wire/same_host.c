#include "wire/same_host.h"

#include "base/cursor.h"

enum { LABEL_BYTES = 63 };
static const char prefix[] = "xn--"; /* RFC 5890 2.3.1 */

struct label {
    size_t length;
    uint8_t bytes[LABEL_BYTES];
};

static bool put(struct label *l, uint8_t c)
{
    if (l->length == sizeof l->bytes)
        return false;
    l->bytes[l->length++] = c;
    return true;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* RFC 3629 3. False: the bytes are no UTF-8. */
static bool next_character(struct cursor *c, uint32_t *character)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint8_t first = cursor_u8(c);
    const unsigned more = first < 0x80   ? 0
                          : first < 0xc0 ? 4
                          : first < 0xe0 ? 1
                          : first < 0xf0 ? 2
                          : first < 0xf8 ? 3
                                         : 4;
    if (more == 4 || cursor_left(c) < more)
        return false;
    *character = more ? first & (0x3fU >> more) : lower(first);
    for (unsigned i = 0; i < more; i++) {
        const uint8_t next = cursor_u8(c);
        if ((next & 0xc0) != 0x80)
            return false;
        *character = *character << 6 | (next & 0x3fU);
    }
    return *character >= least[more] && *character < 0x110000;
}

/* ---- Punycode, RFC 3492 5 and 6 */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128 };

static uint32_t adapted(uint32_t delta, uint32_t count, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / count;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static bool put_digit(struct label *l, uint32_t digit)
{
    return put(l, (uint8_t)(digit < 26 ? 'a' + digit : '0' + digit - 26));
}

static bool put_number(struct label *l, uint32_t q, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        const uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if (q < t)
            return put_digit(l, q);
        if (!put_digit(l, t + (q - t) % (BASE - t)))
            return false;
        q = (q - t) / (BASE - t);
    }
}

static uint32_t next_greater(const uint32_t *character, size_t count, uint32_t n)
{
    uint32_t next = UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        if (character[i] >= n && character[i] < next)
            next = character[i];
    return next;
}

/* A label of at most 63 characters, of which `basic` are ASCII. */
static bool encode(struct label *l, const uint32_t *character, uint32_t count, uint32_t basic)
{
    uint32_t delta = 0;
    uint32_t bias = INITIAL_BIAS;
    uint32_t done = basic;
    for (uint32_t n = INITIAL_N; done < count; n++, delta++) {
        const uint32_t next = next_greater(character, count, n);
        delta += (next - n) * (done + 1); /* at most 63 times 2^21 */
        n = next;
        for (uint32_t i = 0; i < count; i++) {
            delta += character[i] < n;
            if (character[i] != n)
                continue;
            if (!put_number(l, delta, bias))
                return false;
            bias = adapted(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return true;
}

/* False: there is no A-label of it. */
static bool a_label(struct label *l, struct span u_label)
{
    uint32_t character[LABEL_BYTES];
    uint32_t count = 0;
    uint32_t basic = 0;
    *l = (struct label){.length = sizeof prefix - 1};
    memcpy(l->bytes, prefix, sizeof prefix - 1);
    for (struct cursor c = cursor_over(u_label); cursor_left(&c); count++) {
        if (count == LABEL_BYTES || !next_character(&c, &character[count]))
            return false;
        if (character[count] >= 0x80)
            continue;
        basic++;
        if (!put(l, (uint8_t)character[count]))
            return false;
    }
    return (!basic || put(l, '-')) && encode(l, character, count, basic);
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
    for (size_t i = 0; i < s.n; i++)
        form->bytes[form->length++] = lower(s.p[i]);
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
        bool is_a_label = label.n >= sizeof prefix - 1;
        for (size_t i = 0; is_a_label && i < sizeof prefix - 1; i++)
            is_a_label = lower(label.p[i]) == (uint8_t)prefix[i];
        if (is_a_label || label.n == name.n)
            return is_a_label;
        name = span_skip(name, label.n + 1);
    }
}
