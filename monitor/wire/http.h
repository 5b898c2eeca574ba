/*
 * The heads of HTTP/1.x messages (RFC 9112), as far as a monitor has to understand them: the start line, the
 * few fields that the Ut reference point gives a meaning to, and how long the body is.
 *
 * A head is given whole, from the first byte of the start line to the empty line. Spans point into it.
 */
#ifndef UTWATCH_WIRE_HTTP_H
#define UTWATCH_WIRE_HTTP_H

#include "base/cursor.h"
#include "base/words.h"

enum http_method {
    HTTP_OTHER_METHOD,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_PUT,
    HTTP_POST,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_CONNECT,
    HTTP_PATCH,
    HTTP_TRACE,
    HTTP_PRI, /* the preface of HTTP/2 (RFC 9113 3.4) */
};
extern const struct word http_method_words[];

/* HTTP_UNCLEAR: the lengths contradict each other, or one is invalid (RFC 9112 6.3). */
enum http_body { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE, HTTP_UNCLEAR };

struct http_fields {
    struct span host;
    struct span location;
    struct span type;          /* Content-Type, the first */
    struct span upgrade;       /* protocols that Upgrade names */
    struct span authorization; /* credentials, also of Proxy-Authorization */
    struct span challenge;     /* WWW-Authenticate or Proxy-Authenticate, the first */
    struct span identity;      /* X-3GPP-Intended-Identity (TS 24.109), the first */
    size_t identities;         /* so many of them */
    struct span asserted; /* X-3GPP-Asserted-Identity and its kin, the first: an AP vouches for the user */
    size_t assertions;    /* so many of them */
    bool gba_realm;       /* of a challenge: 3GPP-bootstrapping@... (TS 24.109) */
    bool gaa;             /* a challenge of GAA: Digest with such a realm */
    bool aka;             /* a challenge of HTTP Digest AKA (RFC 3310), as the BSF sends it on Ub */
    bool cookie;          /* Cookie or Set-Cookie */
    bool forwarded;       /* a proxy says that it has passed the message on */
    bool probe;           /* User-Agent is that with which a balancer asks whether a server is up */
    bool browser;         /* a browser sends it, as it does whatever web page tells it to */
    enum http_body body;  /* as the fields alone say */
    bool twice;           /* both Content-Length and Transfer-Encoding say it */
    uint64_t length;      /* of HTTP_LENGTH, bytes */
};

struct http_request {
    enum http_method method;
    struct span target;
    bool simple; /* of HTTP/0.9 (RFC 1945 5): a line, no fields; the answer may have no head either */
    struct http_fields fields;
};

struct http_response {
    uint16_t status;
    struct http_fields fields;
};

/* Without the empty lines that may precede a message (RFC 9112 2.2). */
struct span http_skip_empty_lines(struct span bytes);
/* And without the whitespace that lenient servers ignore before a request line (RFC 9112 3). */
struct span http_skip_to_request(struct span bytes);

/* Can these first bytes of a direction be HTTP? SHORT: more are needed. A method that is not in the list
 * above is known by its whole request line only. */
enum parse http_looks_like_request(struct span start);
enum parse http_looks_like_response(struct span start);

/* A request within bytes that begin with something else, or where something else came before: behind whole
 * records of TLS, and behind a few bytes that are no text. Empty: there is none. It is one by its whole
 * line. */
struct span http_find_request(struct span bytes);
bool http_is_text(uint8_t byte);

/* The name of the protocol that a whole request line of three words ends with, if it is one whose methods
 * HTTP has as well: SIP, RTSP or ICAP (RFC 3261 7.1, RFC 7826 7.1, RFC 3507 4.3.2). NULL: none of them. */
const char *http_other_protocol(struct span start);

/* The length of the head at the start of `bytes`, the empty line included; 0: it has not ended yet. */
size_t http_head_length(struct span bytes);

/* The length of the line at the start of `bytes` if that is a whole request of HTTP/0.9; else 0. */
size_t http_simple_request_length(struct span bytes);

enum http_method http_method_of(struct span name);
/* Three digits, the first not 0 (RFC 9110 15); 0: it is not a status. */
uint16_t http_status_of(struct span s);

/* The line of a field, or its beginning, says something that struct http_fields has a place for. */
enum http_field_use { HTTP_FIELD_UNUSED, HTTP_FIELD_NAME, HTTP_FIELD_VALUE };
enum http_field_use http_field_use(struct span line);
enum http_field_use http_use_of_name(struct span name);
/* A field, where its name has not to be looked for in a line. */
void http_take_field(struct http_fields *f, struct span name, struct span value);

/* `cut`: the end of the request line is missing. Lines that are not fields are skipped. PARSE_BAD: the
 * request line is malformed; `out` still has the target, if there is one. */
enum parse http_request_parse(struct span head, bool cut, struct http_request *out);
enum parse http_response_parse(struct span head, struct http_response *out);

/* A parameter of an authentication challenge or of credentials (username, realm), without quotes; empty:
 * none. */
struct span http_auth_parameter(struct span value, const char *name);

/* A case-insensitive prefix. */
bool http_starts(struct span s, const char *prefix);

/* The value of a hexadecimal digit; -1: it is not one. */
static inline int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next octet of a URI that is not empty, its percent-encoding (RFC 3986 2.1) undone; and that of one
 * within another, undone twice. What is no escape stays as it is. */
uint8_t http_unescaped(struct span *s);
uint8_t http_unescaped_twice(struct span *s);

#endif
