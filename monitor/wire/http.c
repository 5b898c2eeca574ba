#include "wire/http.h"

#include <strings.h>

const struct word http_method_words[] = {
    {HTTP_OTHER_METHOD, "other"},
    {HTTP_GET, "GET"},
    {HTTP_HEAD, "HEAD"},
    {HTTP_PUT, "PUT"},
    {HTTP_POST, "POST"},
    {HTTP_DELETE, "DELETE"},
    {HTTP_OPTIONS, "OPTIONS"},
    {HTTP_CONNECT, "CONNECT"},
    {HTTP_PATCH, "PATCH"},
    {HTTP_TRACE, "TRACE"},
    {HTTP_PRI, "PRI"},
    {0, NULL},
};

/* Those that a request line may name: all but "other", the first of the list. */
static const struct word *const named_methods = &http_method_words[1];

bool http_starts(struct span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && strncasecmp((const char *)s.p, prefix, n) == 0;
}

/* `start` begins with `word`, or could when there were more of it. */
static enum parse begins(struct span start, const char *word)
{
    size_t n = strlen(word);
    size_t have = start.n < n ? start.n : n;
    if (have && memcmp(start.p, word, have) != 0)
        return PARSE_BAD;
    return have == n ? PARSE_OK : PARSE_SHORT;
}

/* RFC 9110 5.6.2: what a method is made of. */
static bool is_token_character(uint8_t c)
{
    return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/* What lenient recipients take for the space between the parts of a request line, or around it (RFC 9112 3).
 */
static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static struct span skip_space(struct span s)
{
    while (s.n && is_space(s.p[0]))
        s = span_skip(s, 1);
    return s;
}

/* A request line of any method, as far as its version (RFC 9112 3). */
static bool has_request_line(struct span start)
{
    size_t n = 0;
    while (n < start.n && is_token_character(start.p[n]))
        n++;
    if (!n || n == start.n || !is_space(start.p[n]))
        return false;
    const struct span target = skip_space(span_skip(start, n));
    n = 0;
    while (n < target.n && target.p[n] > ' ' && target.p[n] != 0x7f)
        n++;
    const struct span behind = span_skip(target, n);
    return n && behind.n && is_space(behind.p[0]) && http_starts(skip_space(behind), "HTTP/1.");
}

/* Without whitespace around it, also that of a fold (RFC 9112 5.2). */
static struct span trim(struct span s)
{
    s = http_skip_to_request(s);
    while (s.n && (is_space(s.p[s.n - 1]) || s.p[s.n - 1] == '\n'))
        s = span_head(s, s.n - 1);
    return s;
}

enum http_method http_method_of(struct span name)
{
    for (const struct word *m = named_methods; m->word; m++)
        if (span_equal(name, span_of_text(m->word)))
            return (enum http_method)m->number;
    return HTTP_OTHER_METHOD;
}

/* Up to the next space; *rest is then what follows all space. */
static struct span next_word(struct span *rest)
{
    size_t n = 0; /* no memchr(): GCC 12 at -O3 takes its size for unbounded */
    while (n < rest->n && !is_space(rest->p[n]))
        n++;
    struct span word = span_head(*rest, n);
    *rest = skip_space(span_skip(*rest, n));
    return word;
}

const char *http_other_protocol(struct span start)
{
    static const char *const names[] = {"SIP", "RTSP", "ICAP"};
    const uint8_t *end = start.n ? memchr(start.p, '\n', start.n) : NULL;
    struct span line = trim(span_head(start, end ? (size_t)(end - start.p) : 0));
    (void)next_word(&line);
    (void)next_word(&line);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (http_starts(line, names[i]) && line.n > strlen(names[i]) && line.p[strlen(names[i])] == '/')
            return names[i];
    return NULL;
}

struct span http_skip_empty_lines(struct span bytes)
{
    while (bytes.n && (bytes.p[0] == '\r' || bytes.p[0] == '\n'))
        bytes = span_skip(bytes, 1);
    return bytes;
}

struct span http_skip_to_request(struct span bytes)
{
    while (bytes.n && (is_space(bytes.p[0]) || bytes.p[0] == '\n'))
        bytes = span_skip(bytes, 1);
    return bytes;
}

enum parse http_looks_like_request(struct span start)
{
    start = http_skip_empty_lines(start);
    const bool spaces = start.n > 0; /* if nothing comes behind them: they alone tell nothing */
    start = http_skip_to_request(start);
    if (spaces && !start.n)
        return PARSE_BAD;
    if (start.n && !is_token_character(start.p[0])) /* as TLS, which most of what is asked about is */
        return PARSE_BAD;
    if (has_request_line(start))
        return PARSE_OK;
    if (http_other_protocol(start))
        return PARSE_BAD;
    enum parse best = PARSE_BAD;
    for (const struct word *m = named_methods; m->word; m++) {
        enum parse name = begins(start, m->word);
        size_t n = strlen(m->word);
        if (name == PARSE_OK && start.n > n && is_space(start.p[n]))
            return PARSE_OK;
        if (name == PARSE_SHORT || (name == PARSE_OK && start.n == n))
            best = PARSE_SHORT;
    }
    return best;
}

enum parse http_looks_like_response(struct span start)
{
    return begins(start, "HTTP/1.");
}

size_t http_head_length(struct span bytes)
{
    struct span rest = bytes;
    while (rest.n) {
        const uint8_t *end = memchr(rest.p, '\n', rest.n);
        if (!end)
            return 0;
        rest = span_skip(rest, (size_t)(end - rest.p) + 1);
        if (rest.n >= 1 && rest.p[0] == '\n')
            return bytes.n - rest.n + 1;
        if (rest.n >= 2 && rest.p[0] == '\r' && rest.p[1] == '\n')
            return bytes.n - rest.n + 2;
    }
    return 0;
}

/* The next line without its end; false after the last. RFC 9112 2.2: a bare LF ends a line too. */
static bool next_line(struct cursor *c, struct span *line)
{
    struct span rest = span_of(c->p, cursor_left(c));
    const uint8_t *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
    if (!end)
        return false;
    *line = cursor_take(c, (size_t)(end - rest.p));
    cursor_skip(c, 1);
    if (line->n && line->p[line->n - 1] == '\r')
        *line = span_head(*line, line->n - 1);
    return true;
}

/* A line that begins with whitespace belongs to the one before it. */
static bool is_fold(struct span line)
{
    return line.n && (line.p[0] == ' ' || line.p[0] == '\t');
}

static bool parse_length(struct span s, uint64_t *out)
{
    uint64_t n = 0;
    if (!s.n || s.n > 18)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = n;
    return true;
}

uint16_t http_status_of(struct span s)
{
    uint64_t code = 0;
    return s.n == 3 && parse_length(s, &code) && code >= 100 ? (uint16_t)code : 0;
}

static bool contains_word(struct span s, const char *word)
{
    size_t n = strlen(word);
    for (; s.n >= n; s = span_skip(s, 1))
        if (http_starts(s, word))
            return true;
    return false;
}

static void take_once(struct span *field, struct span value)
{
    if (!field->n)
        *field = value;
}

/* The value after the name of a parameter: "=", perhaps with space around it (RFC 9110 11.2), and a token or
 * a quoted string. A NULL pointer: there is none. */
static struct span parameter_value(struct span rest)
{
    struct span v = trim(rest);
    if (!v.n || v.p[0] != '=')
        return span_of(NULL, 0);
    v = trim(span_skip(v, 1));
    const bool quoted = v.n && v.p[0] == '"';
    if (quoted)
        v = span_skip(v, 1);
    size_t length = 0;
    while (length < v.n && v.p[length] != '"' && (quoted || (v.p[length] != ',' && !is_space(v.p[length]))))
        length++;
    return span_head(v, length);
}

/* The next parameter of that name; *rest begins after its name. A NULL pointer: no more. */
static struct span next_parameter(struct span *rest, const char *name)
{
    const size_t n = strlen(name);
    uint8_t before = ' ';
    while (rest->n > n) {
        const bool border = before == ' ' || before == ',' || before == '\t';
        const bool named = border && http_starts(*rest, name);
        before = rest->p[0];
        const struct span value = named ? parameter_value(span_skip(*rest, n)) : span_of(NULL, 0);
        *rest = span_skip(*rest, 1);
        if (value.p)
            return value;
    }
    return span_of(NULL, 0);
}

struct span http_auth_parameter(struct span value, const char *name)
{
    return next_parameter(&value, name);
}

/* A field may have several challenges (RFC 9110 11.6.1). */
static void take_challenge(struct http_fields *f, struct span value)
{
    take_once(&f->challenge, value);
    bool gba = false;
    struct span rest = value;
    for (struct span realm; (realm = next_parameter(&rest, "realm")).p;)
        gba |= http_starts(realm, "3GPP-bootstrapping");
    f->gba_realm |= gba;
    f->gaa |= gba && contains_word(value, "Digest");
    rest = value;
    for (struct span algorithm; (algorithm = next_parameter(&rest, "algorithm")).p;)
        f->aka |= http_starts(algorithm, "AKAv");
}

enum field {
    FIELD_OTHER,
    FIELD_HOST,
    FIELD_LOCATION,
    FIELD_UPGRADE,
    FIELD_CREDENTIALS,
    FIELD_CHALLENGE,
    FIELD_INTENDED_IDENTITY,
    FIELD_ASSERTED_IDENTITY,
    FIELD_COOKIE,
    FIELD_FORWARDED,
    FIELD_AGENT,
    FIELD_ACCEPT,
    FIELD_OF_BROWSER,
    FIELD_TRANSFER_ENCODING,
    FIELD_CONTENT_LENGTH,
    FIELD_CONTENT_TYPE,
};

static enum field field_of(struct span name)
{
    static const struct {
        const char *name;
        size_t length; /* a head may have thousands of fields */
        enum field field;
    } known[] = {
        {"Host", sizeof "Host" - 1, FIELD_HOST},
        {"Location", sizeof "Location" - 1, FIELD_LOCATION},
        {"Upgrade", sizeof "Upgrade" - 1, FIELD_UPGRADE},
        {"Authorization", sizeof "Authorization" - 1, FIELD_CREDENTIALS},
        {"Proxy-Authorization", sizeof "Proxy-Authorization" - 1, FIELD_CREDENTIALS},
        {"WWW-Authenticate", sizeof "WWW-Authenticate" - 1, FIELD_CHALLENGE},
        {"Proxy-Authenticate", sizeof "Proxy-Authenticate" - 1, FIELD_CHALLENGE},
        {"X-3GPP-Intended-Identity", sizeof "X-3GPP-Intended-Identity" - 1, FIELD_INTENDED_IDENTITY},
        /* By which a proxy vouches for the user: TS 24.109, OMA XDM, RFC 3325. */
        {"X-3GPP-Asserted-Identity", sizeof "X-3GPP-Asserted-Identity" - 1, FIELD_ASSERTED_IDENTITY},
        {"X-XCAP-Asserted-Identity", sizeof "X-XCAP-Asserted-Identity" - 1, FIELD_ASSERTED_IDENTITY},
        {"P-Asserted-Identity", sizeof "P-Asserted-Identity" - 1, FIELD_ASSERTED_IDENTITY},
        /* By which a proxy says that it passes a request on: RFC 9110 7.6.3, RFC 7239, and what preceded it.
         */
        {"Via", sizeof "Via" - 1, FIELD_FORWARDED},
        {"Forwarded", sizeof "Forwarded" - 1, FIELD_FORWARDED},
        {"X-Forwarded-For", sizeof "X-Forwarded-For" - 1, FIELD_FORWARDED},
        {"X-Forwarded-Proto", sizeof "X-Forwarded-Proto" - 1, FIELD_FORWARDED},
        {"User-Agent", sizeof "User-Agent" - 1, FIELD_AGENT},
        {"Accept", sizeof "Accept" - 1, FIELD_ACCEPT},
        /* By which a browser says on whose behalf it asks: RFC 9110 10.1.3, RFC 6454 7, Fetch Metadata 2.3,
         * and Upgrade Insecure Requests 3.2.1 of the W3C. */
        {"Referer", sizeof "Referer" - 1, FIELD_OF_BROWSER},
        {"Origin", sizeof "Origin" - 1, FIELD_OF_BROWSER},
        {"Sec-Fetch-Site", sizeof "Sec-Fetch-Site" - 1, FIELD_OF_BROWSER},
        {"Upgrade-Insecure-Requests", sizeof "Upgrade-Insecure-Requests" - 1, FIELD_OF_BROWSER},
        {"Cookie", sizeof "Cookie" - 1, FIELD_COOKIE},
        {"Set-Cookie", sizeof "Set-Cookie" - 1, FIELD_COOKIE},
        {"Transfer-Encoding", sizeof "Transfer-Encoding" - 1, FIELD_TRANSFER_ENCODING},
        {"Content-Length", sizeof "Content-Length" - 1, FIELD_CONTENT_LENGTH},
        {"Content-Type", sizeof "Content-Type" - 1, FIELD_CONTENT_TYPE},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known && name.n >= sizeof "Via" - 1; i++)
        if (name.n == known[i].length && strncasecmp((const char *)name.p, known[i].name, name.n) == 0)
            return known[i].field;
    return FIELD_OTHER;
}

/* The name in a field's line; empty: it is no field. Whitespace before the colon is an error that some
 * servers let pass (RFC 9112 5.1). */
static struct span name_in(struct span line)
{
    const uint8_t *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    return colon && !is_fold(line) ? trim(span_head(line, (size_t)(colon - line.p))) : span_of(NULL, 0);
}

enum http_field_use http_use_of_name(struct span name)
{
    switch (field_of(name)) {
    case FIELD_OTHER:
    case FIELD_ACCEPT: /* of a head that comes in pieces the other marks of a browser are enough */
        return HTTP_FIELD_UNUSED;
    case FIELD_COOKIE:
    case FIELD_FORWARDED:
    case FIELD_OF_BROWSER:
        return HTTP_FIELD_NAME;
    default:
        return HTTP_FIELD_VALUE;
    }
}

enum http_field_use http_field_use(struct span line)
{
    return http_use_of_name(name_in(line));
}

/* Is "chunked" the last coding (RFC 9112 6.1, 7)? Servers differ about what only resembles it. */
static bool ends_in_chunks(struct span codings)
{
    static const char chunked[] = "chunked";
    size_t last = codings.n;
    while (last && codings.p[last - 1] != ',')
        last--;
    const struct span coding = trim(span_skip(codings, last));
    return coding.n == sizeof chunked - 1 && http_starts(coding, chunked);
}

/* RFC 9112 6.3: it overrides a Content-Length. */
static void take_codings(struct http_fields *f, struct span value)
{
    f->twice |= f->body == HTTP_LENGTH;
    f->body = f->body != HTTP_UNCLEAR && ends_in_chunks(value) ? HTTP_CHUNKED : HTTP_UNCLEAR;
}

static void take_length(struct http_fields *f, struct span value)
{
    uint64_t length = 0;
    f->twice |= f->body == HTTP_CHUNKED;
    if (f->body == HTTP_CHUNKED)
        return;
    const bool clear = parse_length(value, &length) && f->body != HTTP_UNCLEAR &&
                       !(f->body == HTTP_LENGTH && f->length != length);
    f->body = clear ? HTTP_LENGTH : HTTP_UNCLEAR;
    f->length = length;
}

/* By what balancers, and those who watch servers, call themselves when they ask whether one is up. */
static bool is_probe(struct span agent)
{
    static const char *const names[] = {
        "ELB-HealthChecker/",
        "Amazon-Route53-Health-Check-Service",
        "GoogleHC/",
        "GoogleStackdriverMonitoring",
        "kube-probe/",
        "Envoy/HC",
        "HAProxy",
        "Consul Health Check",
        "Edge Health Probe",
        "Load Balancer Agent",
        "check_http/",
        "keepalived",
        "KeepAliveClient",
        "Blackbox Exporter",
        "Varnish/",
        "Traefik",
    };
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        found |= http_starts(agent, names[i]);
    return found;
}

/* What a page consists of, as the destination "image" or "style" of the Fetch standard. Some HTTP libraries
 * accept text/html first, unless they are told something else. */
static bool is_part_of_page(struct span accepted)
{
    return http_starts(accepted, "image/") || http_starts(accepted, "text/css");
}

void http_take_field(struct http_fields *f, struct span name, struct span value)
{
    switch (field_of(name)) {
    case FIELD_HOST:
        take_once(&f->host, value);
        break;
    case FIELD_LOCATION:
        take_once(&f->location, value);
        break;
    case FIELD_CONTENT_TYPE:
        take_once(&f->type, value);
        break;
    case FIELD_UPGRADE:
        take_once(&f->upgrade, value);
        break;
    case FIELD_CREDENTIALS:
        take_once(&f->authorization, value);
        break;
    case FIELD_CHALLENGE:
        take_challenge(f, value);
        break;
    case FIELD_INTENDED_IDENTITY:
        f->identities++;
        take_once(&f->identity, value);
        break;
    case FIELD_ASSERTED_IDENTITY:
        f->assertions++;
        take_once(&f->asserted, value);
        break;
    case FIELD_COOKIE:
        f->cookie = true;
        break;
    case FIELD_FORWARDED:
        f->forwarded = true;
        break;
    case FIELD_AGENT:
        f->probe |= is_probe(value);
        f->browser |= http_starts(value, "Mozilla/");
        break;
    case FIELD_ACCEPT:
        f->browser |= is_part_of_page(value);
        break;
    case FIELD_OF_BROWSER:
        f->browser = true;
        break;
    case FIELD_TRANSFER_ENCODING:
        take_codings(f, value);
        break;
    case FIELD_CONTENT_LENGTH:
        take_length(f, value);
        break;
    case FIELD_OTHER:
        break;
    }
}

/* The next line with all that is folded under it. */
static bool next_field_line(struct cursor *c, struct span *line)
{
    if (!next_line(c, line))
        return false;
    struct span fold;
    while (line->n && is_fold(span_of(c->p, cursor_left(c))) && next_line(c, &fold))
        line->n = (size_t)(fold.p + fold.n - line->p);
    return true;
}

/* Does it say how long the body is, in a way that some servers take for another field, or for none (RFC 9112
 * 5.1, 5.5)? */
static bool is_odd_length(struct span line, const uint8_t *colon, struct span name)
{
    const bool as_long = name.n == sizeof "Content-Length" - 1 || name.n == sizeof "Transfer-Encoding" - 1;
    const enum field field = as_long ? field_of(name) : FIELD_OTHER; /* a head may have thousands */
    if (field != FIELD_TRANSFER_ENCODING && field != FIELD_CONTENT_LENGTH)
        return false;
    return (colon > line.p && is_space(colon[-1])) || memchr(line.p, '\v', line.n) ||
           memchr(line.p, '\f', line.n);
}

static enum parse parse_fields(struct cursor *c, struct http_fields *f)
{
    struct span line;
    while (next_field_line(c, &line)) {
        if (!line.n)
            return PARSE_OK;
        const struct span name = name_in(line);
        const uint8_t *colon = memchr(line.p, ':', line.n);
        if (!name.n || !colon)
            continue;
        http_take_field(f, name, trim(span_skip(line, (size_t)(colon - line.p) + 1)));
        if (is_odd_length(line, colon, name))
            f->body = HTTP_UNCLEAR;
    }
    return PARSE_SHORT;
}

/* Of a line, with the whitespace behind it cut off. */
static struct span last_word(struct span line)
{
    line = trim(line);
    size_t last = line.n;
    while (last && !is_space(line.p[last - 1]))
        last--;
    return span_skip(line, last);
}

/* The version is the last word: some servers take a target that has spaces (RFC 9112 3.2). */
static bool parse_request_line(struct span line, bool cut, struct http_request *out)
{
    line = trim(line);
    const struct span method = next_word(&line);
    out->method = http_method_of(method);
    const struct span word = last_word(line);
    const size_t last = line.n - word.n;
    const bool version = last && http_starts(word, "HTTP/");
    out->target = version ? trim(span_head(line, last)) : line;
    out->simple = !version && !cut && !last && out->method == HTTP_GET && line.n;
    return method.n && out->target.n && (version || cut || out->simple);
}

size_t http_simple_request_length(struct span bytes)
{
    struct cursor c = cursor_over(bytes);
    struct span line;
    struct http_request r = {0};
    return next_line(&c, &line) && parse_request_line(line, false, &r) && r.simple ? bytes.n - cursor_left(&c)
                                                                                   : 0;
}

/* RFC 9112 6.1: in HTTP/1.0 chunks are no framing. */
static void distrust_old_chunks(struct span version, struct http_fields *f)
{
    if (f->body == HTTP_CHUNKED && http_starts(version, "HTTP/1.0"))
        f->body = HTTP_UNCLEAR;
}

enum parse http_request_parse(struct span head, bool cut, struct http_request *out)
{
    *out = (struct http_request){.method = HTTP_OTHER_METHOD};
    struct cursor c = cursor_over(head);
    struct span line;
    if (!next_line(&c, &line))
        return PARSE_SHORT;
    if (!parse_request_line(line, cut, out))
        return PARSE_BAD;
    if (out->simple)
        return PARSE_OK;
    const enum parse result = parse_fields(&c, &out->fields);
    distrust_old_chunks(last_word(line), &out->fields);
    /* RFC 9112 6.1 lets a server refuse it, and has it close the connection behind it. */
    if (out->fields.twice)
        out->fields.body = HTTP_UNCLEAR;
    return result;
}

enum parse http_response_parse(struct span head, struct http_response *out)
{
    *out = (struct http_response){0};
    struct cursor c = cursor_over(head);
    struct span line;
    if (!next_line(&c, &line))
        return PARSE_SHORT;
    struct span version = next_word(&line);
    struct span status = next_word(&line);
    out->status = http_starts(version, "HTTP/") ? http_status_of(status) : 0;
    if (!out->status)
        return PARSE_BAD;
    const enum parse result = parse_fields(&c, &out->fields);
    distrust_old_chunks(version, &out->fields);
    return result;
}

static uint8_t next_octet(struct span *s)
{
    const uint8_t c = s->p[0];
    *s = span_skip(*s, 1);
    return c;
}

/* One round of percent-encoding undone, of what `next` reads. */
static uint8_t unescaped(struct span *s, uint8_t (*next)(struct span *))
{
    const uint8_t c = next(s);
    if (c != '%')
        return c;
    struct span ahead = *s;
    const int high = ahead.n ? hex_digit(next(&ahead)) : -1;
    const int low = high >= 0 && ahead.n ? hex_digit(next(&ahead)) : -1;
    if (low < 0)
        return c;
    *s = ahead;
    return (uint8_t)(16 * high + low);
}

uint8_t http_unescaped(struct span *s)
{
    return unescaped(s, next_octet);
}

uint8_t http_unescaped_twice(struct span *s)
{
    return unescaped(s, http_unescaped);
}
