/* Words of other protocols than HTTP before TLS: do they grant what was asked for, TLS or a way to where it
 * may be? What is not known here does not: a server that has not granted it need not read the hello. */
#include "tls/find_start.h"

#include <strings.h>

enum { LONGEST = 2048 };

static bool begins(struct span s, const char *text)
{
    return s.n >= strlen(text) && strncasecmp((const char *)s.p, text, strlen(text)) == 0;
}

static bool has(struct span s, const char *bytes, size_t n)
{
    return s.n && memmem(s.p, s.n, bytes, n);
}

static struct span last_line(struct span s)
{
    while (s.n && s.p[s.n - 1] <= ' ')
        s = span_head(s, s.n - 1);
    size_t at = s.n;
    while (at && s.p[at - 1] != '\n')
        at--;
    return span_skip(s, at);
}

/* Behind the tag that IMAP has before each answer (RFC 9051 2.2.2). */
static struct span untagged(struct span line)
{
    const uint8_t *space = line.n ? memchr(line.p, ' ', line.n) : NULL;
    return space ? span_skip(line, (size_t)(space - line.p) + 1) : line;
}

/* SMTP (RFC 3207 4), FTP (RFC 4217 4), NNTP (RFC 4642 2.2), POP3 and IMAP (RFC 2595), ManageSieve (RFC 5804
 * 2.2), XMPP (RFC 6120 5.4.2), PostgreSQL. */
static bool grant_in_words(struct span bytes)
{
    const struct span line = last_line(bytes);
    return begins(line, "220") || begins(line, "234") || begins(line, "382") || begins(line, "+OK") ||
           begins(line, "OK") || begins(untagged(line), "OK") || has(bytes, "<proceed", 8) ||
           (line.n == 1 && line.p[0] == 'S');
}

/* SOCKS (RFC 1928 3 and 6), and LDAP's extended response (RFC 4511 4.14). */
static bool grant_in_octets(struct span bytes)
{
    enum { SOCKS5 = 5, SOCKS4_GRANTED = 0x5a, LDAP_MESSAGE = 0x30 };
    static const char success[] = {0x0a, 1, 0};
    if (bytes.n < 2)
        return false;
    return (bytes.p[0] == SOCKS5 && bytes.p[1] == 0) || (bytes.p[0] == 0 && bytes.p[1] == SOCKS4_GRANTED) ||
           (bytes.p[0] == LDAP_MESSAGE && has(bytes, success, sizeof success));
}

bool words_grant(struct span bytes)
{
    bytes = span_head(bytes, LONGEST);
    return are_words(bytes) ? grant_in_words(bytes) : grant_in_octets(bytes);
}
