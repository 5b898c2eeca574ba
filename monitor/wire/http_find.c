/* A request of HTTP among bytes that are none, such as records of TLS that no handshake belongs to. */
#include "wire/http.h"
#include "wire/record.h"

/* How far behind the first such byte it may begin, and how much of it is looked at. */
enum { AMONG_BYTES = 64, LINE_BYTES = 2048 };

static struct span skip_whole_records(struct span bytes)
{
    struct record_header header;
    while (record_header_parse(span_head(bytes, RECORD_HEADER_BYTES), &header) == PARSE_OK &&
           header.length <= bytes.n - RECORD_HEADER_BYTES)
        bytes = span_skip(bytes, RECORD_HEADER_BYTES + (size_t)header.length);
    return bytes;
}

/* More than a method of which other protocols have commands as well: the whole line, as far as it is here. */
static bool is_request(struct span bytes)
{
    bytes = span_head(bytes, LINE_BYTES);
    if (http_looks_like_request(bytes) != PARSE_OK)
        return false;
    bytes = http_skip_to_request(bytes);
    const uint8_t *end = memchr(bytes.p, '\n', bytes.n);
    struct http_request r;
    return !end ||
           (http_request_parse(span_head(bytes, (size_t)(end - bytes.p) + 1), false, &r) != PARSE_BAD &&
            !r.simple);
}

bool http_is_text(uint8_t byte)
{
    return (byte >= ' ' && byte < 0x7f) || (byte >= '\t' && byte <= '\r');
}

/* At the start, behind a line, or behind what is no text. `odd`: the first byte is none. */
static bool may_begin(struct span bytes, size_t i, bool odd)
{
    return i == 0 || odd || bytes.p[i - 1] == '\n' || !http_is_text(bytes.p[i - 1]);
}

struct span http_find_request(struct span bytes)
{
    bytes = skip_whole_records(bytes);
    const struct span line = span_head(bytes, LINE_BYTES);
    const bool among = line.n && memmem(line.p, line.n, "HTTP/", 5);
    const size_t most = among ? AMONG_BYTES : 1;
    for (size_t i = 0; i < most && i < bytes.n; i++) {
        const bool found_before = i && bytes.p[i] <= ' '; /* empty lines are skipped from the first one on */
        if (!found_before && may_begin(bytes, i, !http_is_text(bytes.p[0])) &&
            is_request(span_skip(bytes, i)))
            return span_skip(bytes, i);
    }
    return span_of(NULL, 0);
}
