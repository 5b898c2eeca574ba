#include "wire/proxy.h"

#include "base/cursor.h"

#include <arpa/inet.h>
#include <string.h>

static const char line_signature[] = "PROXY ";
enum { LINE_SIGNATURE = sizeof line_signature - 1, LONGEST_LINE = 107 }; /* 2.1 */

/* 2.1: the line is sent in one piece, so a shorter start is not waited for; P begins methods of HTTP too. */
static bool begins_line(struct span bytes)
{
    return bytes.n >= LINE_SIGNATURE && memcmp(bytes.p, line_signature, LINE_SIGNATURE) == 0;
}

static bool begins_binary(struct span bytes)
{
    static const uint8_t signature[] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    const size_t n = bytes.n < sizeof signature ? bytes.n : sizeof signature;
    return n && memcmp(bytes.p, signature, n) == 0;
}

bool proxy_begins(struct span bytes)
{
    return begins_line(bytes) || begins_binary(bytes);
}

bool proxy_awaits(const struct proxy_header *p)
{
    return p->line ? p->left > 0 : p->length && (p->length < sizeof p->fixed || p->left);
}

bool proxy_is_there(const struct proxy_header *p)
{
    return (p->line || p->length == sizeof p->fixed) && !proxy_awaits(p);
}

/* The word that begins here, and the space behind it. */
static struct span take_word(struct span *rest)
{
    const uint8_t *end = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
    const struct span word = span_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);
    *rest = span_skip(*rest, end ? word.n + 1 : word.n);
    return word;
}

static bool is_word(struct span word, const char *text)
{
    return word.n == strlen(text) && memcmp(word.p, text, word.n) == 0;
}

/* A port; 0 if it is not one. */
static uint16_t number_of(struct span word)
{
    unsigned number = 0;
    for (struct cursor c = cursor_over(word); cursor_left(&c);) {
        const uint8_t digit = cursor_u8(&c);
        if (digit < '0' || digit > '9' || word.n > 5)
            return 0;
        number = 10 * number + (unsigned)(digit - '0');
    }
    return (uint16_t)(number <= UINT16_MAX ? number : 0);
}

/* 2.1: "PROXY TCP4 198.51.100.10 192.0.2.80 51000 443\r\n" */
static void read_line(struct proxy_header *p, struct span bytes)
{
    char source[INET6_ADDRSTRLEN];
    struct span rest = span_of(bytes.p, bytes.n < LONGEST_LINE ? bytes.n : LONGEST_LINE);
    const uint8_t *end = memchr(rest.p, '\r', rest.n);
    if (!end)
        return;
    rest = span_skip(span_of(rest.p, (size_t)(end - rest.p)), LINE_SIGNATURE);
    const struct span protocol = take_word(&rest);
    const struct span address = take_word(&rest);
    struct proxy_client client = {.family = is_word(protocol, "TCP4")   ? 4
                                            : is_word(protocol, "TCP6") ? 6
                                                                        : 0};
    if (!client.family || address.n >= sizeof source)
        return;
    memcpy(source, address.p, address.n);
    source[address.n] = '\0';
    (void)take_word(&rest); /* the balancer's own */
    client.port = number_of(take_word(&rest));
    if (inet_pton(client.family == 4 ? AF_INET : AF_INET6, source, client.address) == 1)
        p->client = client;
}

/* 2.2: the command behind the signature, the family, the length, and the source first of all addresses. */
static void read_binary(struct proxy_header *p, struct span bytes)
{
    enum { SIGNATURE = 12, PROXIED = 0x21, TCP4 = 0x11, TCP6 = 0x21 };
    struct cursor c = cursor_over(span_skip(bytes, SIGNATURE));
    const uint8_t command = cursor_u8(&c);
    const uint8_t family = cursor_u8(&c);
    struct cursor rest = cursor_vector(&c, 2);
    const size_t length = family == TCP4 ? 4 : 16;
    const struct span source = cursor_take(&rest, length);
    cursor_skip(&rest, length);
    const uint16_t port = cursor_u16(&rest);
    if (rest.status != PARSE_OK || command != PROXIED || (family != TCP4 && family != TCP6))
        return;
    p->client = (struct proxy_client){.family = family == TCP4 ? 4 : 6, .port = port};
    memcpy(p->client.address, source.p, source.n);
}

static void follow_line(struct proxy_header *p, struct span *bytes)
{
    while (bytes->n && p->left) {
        const bool ends = bytes->p[0] == '\n';
        *bytes = span_skip(*bytes, 1);
        p->left = ends ? 0 : (uint16_t)(p->left - 1);
    }
}

static void follow_binary(struct proxy_header *p, struct span *bytes)
{
    struct span rest = *bytes;
    while (rest.n && p->length < sizeof p->fixed) {
        p->fixed[p->length++] = rest.p[0];
        rest = span_skip(rest, 1);
        if (!begins_binary(span_of(p->fixed, p->length))) {
            p->length = 0;
            return;
        }
        if (p->length == sizeof p->fixed) {
            struct cursor c = cursor_over(span_of(p->fixed + sizeof p->fixed - 2, 2));
            p->left = cursor_u16(&c);
        }
    }
    const size_t part = rest.n < p->left ? rest.n : p->left;
    p->left = (uint16_t)(p->left - part);
    *bytes = span_skip(rest, part);
}

/* Each balancer on the way may add one. The client itself may have written a second one, so that this names
 * nobody. */
void proxy_follow(struct proxy_header *p, struct span *bytes)
{
    do {
        if (!proxy_awaits(p)) {
            const bool first = !proxy_is_there(p);
            const bool line = begins_line(*bytes);
            *p = (struct proxy_header){.line = line, .left = line ? LONGEST_LINE : 0};
            if (first && line)
                read_line(p, *bytes);
            else if (first && bytes->n >= sizeof p->fixed)
                read_binary(p, *bytes);
        }
        if (p->line)
            follow_line(p, bytes);
        else
            follow_binary(p, bytes);
    } while ((p->line || p->length) && !proxy_awaits(p) && proxy_begins(*bytes));
}
