#include "evidence/frames.h"

#include "base/ways.h"
#include "evidence/pcapng_blocks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { INTERFACES = 8, LOOK_BACK = 8 };

/* In front of a frame's bytes in the ring. Positions count all bytes ever written, from 1. */
struct kept {
    uint64_t flow_id;
    uint64_t before; /* position of the connection's frame before; 0: it is the first */
    nanos time;
    uint64_t number;
    uint32_t source;
    int32_t link_type;
    uint32_t length, wire_len;
    uint32_t seq, ack; /* of its segment, for second copies */
    uint32_t payload_len;
    uint16_t from; /* the sender's port */
    uint8_t flags;
};

struct connection {
    uint64_t flow_id; /* 0: none */
    uint64_t last;    /* position of its newest frame */
    uint32_t bytes;   /* of its frames */
};

struct evidence_frames {
    pthread_mutex_t taken;         /* of several threads that keep frames, and one that writes files */
    uint8_t *ring;                 /* EVIDENCE_RING */
    uint64_t next;                 /* position of the next frame */
    struct connection *connection; /* EVIDENCE_CONNECTIONS, by flow id in sets of WAYS */
    int64_t hour;                  /* of packet time, to which `files` belongs */
    uint64_t files;
    struct evidence_counters counters;
};

size_t evidence_frames_memory(void)
{
    return EVIDENCE_RING + EVIDENCE_CONNECTIONS * sizeof(struct connection);
}

struct evidence_frames *evidence_frames_new(void)
{
    struct evidence_frames *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    (void)pthread_mutex_init(&e->taken, NULL);
    e->next = 1;
    e->ring = malloc(EVIDENCE_RING);
    e->connection = calloc(EVIDENCE_CONNECTIONS, sizeof *e->connection);
    if (e->ring && e->connection)
        return e;
    evidence_frames_free(e);
    return NULL;
}

void evidence_frames_free(struct evidence_frames *e)
{
    if (!e)
        return;
    (void)pthread_mutex_destroy(&e->taken);
    free(e->ring);
    free(e->connection);
    free(e);
}

/* Overwritten frames are behind the ring's beginning. */
static bool is_there(const struct evidence_frames *e, uint64_t position)
{
    return position && position + EVIDENCE_RING >= e->next;
}

static struct kept kept_at(const struct evidence_frames *e, uint64_t position)
{
    struct kept k;
    memcpy(&k, e->ring + position % EVIDENCE_RING, sizeof k);
    return k;
}

static struct connection *find(const struct evidence_frames *e, uint64_t flow_id)
{
    struct connection *set = &e->connection[ways_of(flow_id, EVIDENCE_CONNECTIONS)];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].flow_id == flow_id)
            return &set[i];
    return NULL;
}

/* The place of the connection, or of the one whose last frame is oldest. */
static struct connection *find_or_make(const struct evidence_frames *e, uint64_t flow_id)
{
    struct connection *known = find(e, flow_id);
    if (known)
        return known;
    struct connection *set = &e->connection[ways_of(flow_id, EVIDENCE_CONNECTIONS)];
    struct connection *oldest = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].last < oldest->last)
            oldest = &set[i];
    *oldest = (struct connection){.flow_id = flow_id};
    return oldest;
}

/* A mirror of two ports shows a frame twice, perhaps with another VLAN or TTL. */
static bool is_copy(const struct evidence_frames *e, const struct connection *c, const struct kept *k)
{
    const nanos within = 5 * NANOS_PER_MILLISECOND;
    uint64_t position = c->last;
    for (unsigned i = 0; i < LOOK_BACK && is_there(e, position); i++) {
        const struct kept old = kept_at(e, position);
        if (k->time - old.time > within)
            return false;
        if (old.flow_id == k->flow_id && old.seq == k->seq && old.ack == k->ack && old.flags == k->flags &&
            old.payload_len == k->payload_len && old.from == k->from)
            return true;
        position = old.before;
    }
    return false;
}

/* Frames lie in the ring in one piece. */
static uint64_t take_room(struct evidence_frames *e, size_t n)
{
    if (e->next % EVIDENCE_RING + n > EVIDENCE_RING)
        e->next += EVIDENCE_RING - e->next % EVIDENCE_RING;
    const uint64_t position = e->next;
    e->next += n;
    return position;
}

static void keep(struct evidence_frames *e, uint64_t flow_id, const struct frame *frame,
                 const struct segment *segment)
{
    struct connection *c = find_or_make(e, flow_id);
    struct kept k = {.flow_id = flow_id,
                     .before = is_there(e, c->last) ? c->last : 0,
                     .time = frame->time,
                     .number = frame->number,
                     .source = frame->source,
                     .link_type = frame->link_type,
                     .wire_len = (uint32_t)frame->wire_len,
                     .seq = segment->seq,
                     .ack = segment->ack,
                     .payload_len = (uint32_t)segment->payload_len,
                     .from = segment->src.port,
                     .flags = segment->flags};
    if (is_copy(e, c, &k)) {
        e->counters.duplicates++;
        return;
    }
    if (c->bytes >= EVIDENCE_BYTES) {
        e->counters.frames_cut++;
        return;
    }
    const struct span bytes = span_head(frame->bytes, EVIDENCE_BYTES - c->bytes);
    e->counters.frames_cut += bytes.n < frame->bytes.n;
    k.length = (uint32_t)bytes.n;
    const uint64_t position = take_room(e, sizeof k + bytes.n);
    memcpy(e->ring + position % EVIDENCE_RING, &k, sizeof k);
    memcpy(e->ring + position % EVIDENCE_RING + sizeof k, bytes.p, bytes.n);
    c->last = position;
    c->bytes += (uint32_t)bytes.n;
}

void evidence_keep(struct evidence_frames *e, uint64_t flow_id, const struct frame *frame,
                   const struct segment *segment)
{
    (void)pthread_mutex_lock(&e->taken);
    keep(e, flow_id, frame, segment);
    (void)pthread_mutex_unlock(&e->taken);
}

/* Link types of the frames, each an interface of the file. */
struct interfaces {
    int32_t link_type[INTERFACES];
    uint32_t count;
};

static bool interface_of(struct interfaces *known, struct blocks *b, int32_t link_type, uint32_t *index)
{
    for (*index = 0; *index < known->count; ++*index)
        if (known->link_type[*index] == link_type)
            return true;
    if (known->count == INTERFACES)
        return false;
    known->link_type[known->count++] = link_type;
    blocks_interface(b, link_type);
    return true;
}

static void write_frame(const struct evidence_frames *e, uint64_t position, struct interfaces *known,
                        struct blocks *b, const struct evidence_request *request)
{
    const struct kept k = kept_at(e, position);
    const struct frame frame = {
        .time = k.time,
        .bytes = span_of(e->ring + position % EVIDENCE_RING + sizeof k, k.length),
        .wire_len = k.wire_len,
    };
    const bool deciding = k.number == request->frame_number && k.source == request->source;
    uint32_t interface;
    if (interface_of(known, b, k.link_type, &interface))
        blocks_packet(b, interface, &frame, deciding ? request->comment : "");
}

/* The positions of a connection's frames, oldest first, at the end of the list. Returns how many. */
static size_t list_frames(const struct evidence_frames *e, const struct connection *c, uint64_t *list,
                          size_t room)
{
    size_t n = 0;
    for (uint64_t position = c->last; n < room && is_there(e, position);
         position = kept_at(e, position).before)
        list[room - ++n] = position;
    return n;
}

static bool hour_is_full(struct evidence_frames *e, nanos time)
{
    const int64_t hour = time / (3600 * NANOS_PER_SECOND);
    if (hour != e->hour)
        e->files = 0;
    e->hour = hour;
    return e->files >= EVIDENCE_FILES_PER_HOUR;
}

static size_t write_file(struct evidence_frames *e, const struct evidence_request *request, uint8_t *out,
                         size_t room)
{
    uint64_t list[EVIDENCE_FRAMES];
    const struct connection *c = find(e, request->flow_id);
    const size_t frames = c ? list_frames(e, c, list, EVIDENCE_FRAMES) : 0;
    if (!frames || hour_is_full(e, request->time)) {
        e->counters.withheld++;
        return 0;
    }
    struct interfaces known = {0};
    struct blocks b = {.bytes = out, .room = room};
    blocks_section(&b, request->comment);
    for (size_t i = 0; i < frames; i++)
        write_frame(e, list[EVIDENCE_FRAMES - frames + i], &known, &b, request);
    e->files++;
    e->counters.files++;
    return b.used;
}

size_t evidence_file(struct evidence_frames *e, const struct evidence_request *request, uint8_t *out,
                     size_t room)
{
    (void)pthread_mutex_lock(&e->taken);
    const size_t length = write_file(e, request, out, room);
    (void)pthread_mutex_unlock(&e->taken);
    return length;
}

const struct evidence_counters *evidence_counters(const struct evidence_frames *e)
{
    return &e->counters;
}
