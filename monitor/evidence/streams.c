#include "evidence/streams.h"

#include "base/cursor.h"
#include "base/siphash.h"

#include <stdlib.h>

enum { FILES_AT_A_TIME = MAX_MERGED, DLT_ETHERNET = 1 };

static const size_t most = (size_t)MAX_STREAMS / 4 * 3; /* open addressing needs free places */

struct key {
    struct endpoint end[2]; /* the lesser one first */
    uint32_t source;
};

struct stream {
    struct key key;
    bool used, certain, ended;
    bool base_set[2];
    uint32_t base[2]; /* by the sender in key.end: the number of its SYN as Wireshark takes it to be */
    uint32_t number;
    uint64_t first_frame;
};

/* The connections of one file so far. */
struct file {
    bool used, uncertain;
    uint32_t source;
    uint32_t next;
};

struct streams {
    struct siphash_key hash_key;
    struct file file[FILES_AT_A_TIME]; /* by the source, of which a later one takes the place */
    size_t used;
    struct stream_counters counters;
    struct stream stream[MAX_STREAMS];
};

struct streams *streams_new(void)
{
    struct streams *s = calloc(1, sizeof *s);
    if (s)
        s->hash_key = siphash_random_key();
    return s;
}

void streams_free(struct streams *s)
{
    free(s);
}

const struct stream_counters *streams_counters(const struct streams *s)
{
    return &s->counters;
}

static struct file *file_of(struct streams *s, unsigned source)
{
    struct file *file = &s->file[source % FILES_AT_A_TIME];
    if (!file->used || file->source != source)
        *file = (struct file){.used = true, .source = source};
    return file;
}

/* `first`: which end of the key `one` is. */
static struct key key_of(unsigned source, const struct endpoint *one, const struct endpoint *other,
                         unsigned *first)
{
    struct key key;
    memset(&key, 0, sizeof key);
    *first = memcmp(one, other, sizeof *one) > 0;
    key.end[*first] = *one;
    key.end[!*first] = *other;
    key.source = source;
    return key;
}

/* Its place in the table, or a free one. */
static size_t find(const struct streams *s, const struct key *key)
{
    size_t at = siphash_for_table(&s->hash_key, span_of(key, sizeof *key)) & (MAX_STREAMS - 1);
    while (s->stream[at].used && memcmp(&s->stream[at].key, key, sizeof *key) != 0)
        at = (at + 1) & (MAX_STREAMS - 1);
    return at;
}

enum { ICMP = 1, IGMP = 2, UDP = 17, ICMPV6 = 58 };

/* An error quotes the packet that it is about (RFC 792, RFC 4443 3), and Wireshark numbers the connection of
 * a quoted segment like any other. */
static bool quotes_no_tcp(struct cursor icmp, bool v6)
{
    const uint8_t type = cursor_u8(&icmp);
    const bool error = v6 ? type < 128 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    cursor_skip(&icmp, v6 ? 7 + 6 : 7 + 9);
    const uint8_t quoted = cursor_u8(&icmp);
    return !error || quoted == UDP || quoted == (v6 ? ICMPV6 : ICMP);
}

/* A protocol that carries no TCP: ARP, LLDP, ICMP, IGMP. */
static bool carries_no_stream(const struct frame *frame)
{
    enum { MAC_ADDRESSES = 12, ARP = 0x0806, IPV4 = 0x0800, IPV6 = 0x86dd, LLDP = 0x88cc, IPV6_HEADER = 40 };
    if (frame->link_type != DLT_ETHERNET)
        return false;
    struct cursor c = cursor_over(frame->bytes);
    cursor_skip(&c, MAC_ADDRESSES);
    const uint16_t type = cursor_u16(&c);
    struct cursor inside = c;
    if (type == IPV4) {
        cursor_skip(&inside, (size_t)(cursor_u8(&c) & 0x0f) * 4);
        cursor_skip(&c, 8);
        const uint8_t protocol = cursor_u8(&c);
        return protocol == IGMP || (protocol == ICMP && quotes_no_tcp(inside, false));
    }
    if (type == IPV6) {
        cursor_skip(&inside, IPV6_HEADER);
        cursor_skip(&c, 6);
        return cursor_u8(&c) == ICMPV6 && quotes_no_tcp(inside, true);
    }
    return type == ARP || type == LLDP;
}

/* Ports of UDP behind which Wireshark looks for packets. */
static bool may_be_tunnel(const struct segment *segment)
{
    static const uint16_t ports[] = {1701, 2152, 3386, 3544, 4500, 4754, 4789,  4790,
                                     5246, 5247, 6081, 6635, 8472, 8805, 37008, 12222};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (segment->src.port == ports[i] || segment->dst.port == ports[i])
            return true;
    return false;
}

static bool only_tags(const struct wrappers *wrappers)
{
    for (size_t i = 0; i < wrappers->encapsulation_count; i++)
        if (wrappers->encapsulation[i] != ENCAP_VLAN)
            return false;
    return true;
}

/* Wireshark sees the same connection in it, or none. */
static bool is_plain(const struct frame *frame, enum decode_result result, const struct segment *segment)
{
    if (result == DECODE_OTHER)
        return carries_no_stream(frame);
    return result == DECODE_SEGMENT && only_tags(&segment->wrappers) &&
           (segment->transport == TRANSPORT_TCP || !may_be_tunnel(segment));
}

static void number(struct stream *stream, struct file *file, uint64_t frame_number)
{
    stream->number = file->next++;
    stream->certain = !file->uncertain;
    stream->first_frame = frame_number;
    stream->ended = stream->base_set[0] = stream->base_set[1] = false;
}

/* A SYN with another number than the last one of its sender begins a connection of its own there; so may one
 * with the same number after an end. */
static void follow(struct stream *stream, struct file *file, const struct segment *segment, unsigned sender)
{
    const bool syn = segment->flags & TCP_SYN;
    const uint32_t base = syn ? segment->seq : segment->seq - 1;
    if (syn && !(segment->flags & TCP_ACK) && stream->base_set[sender]) {
        if (stream->base[sender] != segment->seq)
            number(stream, file, segment->frame_number);
        else if (stream->ended)
            stream->certain = !(file->uncertain = true);
    }
    if (!stream->base_set[sender] || syn) {
        stream->base_set[sender] = true;
        stream->base[sender] = base;
    }
    stream->ended |= (segment->flags & (TCP_FIN | TCP_RST)) != 0;
}

void streams_frame(struct streams *s, const struct frame *frame, enum decode_result result,
                   const struct segment *segment)
{
    struct file *file = file_of(s, frame->source);
    if (!is_plain(frame, result, segment))
        file->uncertain = true;
    if (result != DECODE_SEGMENT || segment->transport != TRANSPORT_TCP)
        return;
    unsigned sender;
    const struct key key = key_of(frame->source, &segment->src, &segment->dst, &sender);
    struct stream *stream = &s->stream[find(s, &key)];
    if (!stream->used && s->used == most) {
        s->counters.without_room++;
        file->uncertain = true;
        return;
    }
    if (!stream->used) {
        stream->used = true;
        stream->key = key;
        s->used++;
        number(stream, file, frame->number);
    }
    follow(stream, file, segment, sender);
}

int64_t streams_number(const struct streams *s, unsigned source, const struct endpoint *one,
                       const struct endpoint *other, uint64_t frame_number)
{
    unsigned first;
    const struct key key = key_of(source, one, other, &first);
    const struct stream *stream = &s->stream[find(s, &key)];
    const bool known = stream->used && stream->certain && frame_number >= stream->first_frame;
    return known ? (int64_t)stream->number : -1;
}
