#include "decode/tcp_options.h"

#include "decode/options.h"

enum { TIMESTAMPS = 8, MPTCP = 30 };

/* The body of the first option of this kind; empty: there is none. */
static struct span option_of(struct span header, uint8_t wanted)
{
    struct cursor c = cursor_over(span_skip(header, TCP_FIXED_BYTES));
    for (struct header_option o; next_option(&c, &o);)
        if (o.kind == wanted)
            return o.body;
    return span_of(NULL, 0);
}

/* RFC 8684 3: the subtype is the first half octet. */
enum multipath tcp_multipath(struct span header)
{
    const struct span option = option_of(header, MPTCP);
    if (!option.n)
        return MULTIPATH_NONE;
    return option.p[0] >> 4 == 0   ? MULTIPATH_CAPABLE
           : option.p[0] >> 4 == 1 ? MULTIPATH_JOIN
                                   : MULTIPATH_NONE;
}

/* Empty: it has none, or was not captured so far. */
static struct span header_with_options(const struct segment *segment)
{
    const size_t header = segment->tcp.n > 12 ? (size_t)(segment->tcp.p[12] >> 4) * 4 : 0;
    return header <= TCP_FIXED_BYTES || header > segment->tcp.n ? span_of(NULL, 0)
                                                                : span_head(segment->tcp, header);
}

/* RFC 8684 3.3: the mapping of its bytes (DSS), or what completes the opening of a path (3.1, 3.2). */
bool tcp_is_of_several_paths(const struct segment *segment)
{
    enum { SEQUENCE_SIGNAL = 2 };
    const struct span option = option_of(header_with_options(segment), MPTCP);
    return option.n && option.p[0] >> 4 <= SEQUENCE_SIGNAL;
}

bool tcp_timestamp_of_options(const struct segment *segment, uint32_t *value)
{
    struct cursor c = cursor_over(option_of(header_with_options(segment), TIMESTAMPS));
    *value = cursor_u32(&c);
    return c.status == PARSE_OK;
}
