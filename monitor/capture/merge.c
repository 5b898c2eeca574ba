#include "capture/merge.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* A frame in its input's room, followed by its bytes. */
struct held {
    struct frame frame; /* without its bytes */
    size_t length;
    size_t size;   /* of this and the bytes, up to the next one */
    int64_t since; /* on the monotonic clock */
};

/* A ring of bytes; a frame lies in one piece, so that some at the end may be left unused. */
struct input {
    uint8_t *room;
    size_t first, end; /* offsets; equal: empty */
    size_t wrap;       /* where the frames in front of the ring's end stop */
    nanos until;       /* nothing earlier is still to come */
};

struct merge {
    struct input *input;
    unsigned inputs;
    size_t room;
    uint64_t unordered;
};

enum { ALIGNMENT = _Alignof(struct held) };

struct merge *merge_new(unsigned inputs, size_t room)
{
    struct merge *merge = calloc(1, sizeof *merge);
    if (!merge)
        return NULL;
    merge->input = calloc(inputs, sizeof *merge->input);
    merge->room = room / ALIGNMENT * ALIGNMENT;
    for (; merge->input && merge->inputs < inputs; merge->inputs++) {
        struct input *in = &merge->input[merge->inputs];
        if (!(in->room = malloc(merge->room)))
            break;
        in->wrap = merge->room;
    }
    if (merge->input && merge->inputs == inputs)
        return merge;
    merge_free(merge);
    return NULL;
}

void merge_free(struct merge *merge)
{
    if (!merge)
        return;
    for (unsigned i = 0; i < merge->inputs; i++)
        free(merge->input[i].room);
    free(merge->input);
    free(merge);
}

uint64_t merge_unordered(const struct merge *merge)
{
    return merge->unordered;
}

/* Where `size` bytes can lie in one piece; NULL: nowhere. One byte stays free, so that a full ring is not
 * taken for an empty one. */
static uint8_t *find_room(const struct merge *merge, struct input *in, size_t size)
{
    if (in->first == in->end) {
        in->first = in->end = 0;
        in->wrap = merge->room;
    }
    if (in->end < in->first)
        return size < in->first - in->end ? in->room + in->end : NULL;
    if (size <= merge->room - in->end && (in->end + size < merge->room || in->first > 0))
        return in->room + in->end;
    if (size >= in->first)
        return NULL;
    in->wrap = in->end;
    in->end = 0;
    return in->room;
}

bool merge_put(struct merge *merge, const struct frame *frame, int64_t now)
{
    struct input *in = &merge->input[frame->source];
    struct held held = {.frame = *frame, .length = frame->bytes.n, .since = now};
    held.size = (sizeof held + held.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint8_t *place = find_room(merge, in, held.size);
    if (!place)
        return false;
    memcpy(place, &held, sizeof held);
    if (held.length)
        memcpy(place + sizeof held, frame->bytes.p, held.length);
    in->end = (size_t)(place - in->room) + held.size;
    if (in->end == merge->room) {
        in->wrap = merge->room;
        in->end = 0;
    }
    in->until = frame->time;
    return true;
}

void merge_seen(struct merge *merge, unsigned input, nanos until)
{
    const nanos clock_was_set = 60 * NANOS_PER_SECOND;
    struct input *in = &merge->input[input];
    if (until > in->until || until < in->until - clock_was_set)
        in->until = until;
}

static const struct held *first_of(const struct input *in)
{
    return in->first == in->end ? NULL : (const struct held *)(const void *)(in->room + in->first);
}

/* The input with the earliest frame; NULL when all are empty. */
static struct input *earliest(const struct merge *merge)
{
    struct input *best = NULL;
    for (unsigned i = 0; i < merge->inputs; i++) {
        const struct held *h = first_of(&merge->input[i]);
        if (h && (!best || h->frame.time < first_of(best)->frame.time))
            best = &merge->input[i];
    }
    return best;
}

static void give(const struct merge *merge, struct input *in, capture_callback *callback, void *context)
{
    const struct held *h = first_of(in);
    struct frame frame = h->frame;
    frame.bytes = span_of((const uint8_t *)(h + 1), h->length);
    (void)callback(context, &frame);
    in->first += h->size;
    if (in->first == in->wrap && in->first != in->end) {
        in->first = 0;
        in->wrap = merge->room;
    }
}

bool merge_give_one(struct merge *merge, capture_callback *callback, void *context)
{
    struct input *in = earliest(merge);
    if (!in)
        return false;
    merge->unordered++;
    give(merge, in, callback, context);
    return true;
}

/* May another input still have something earlier? */
static bool is_next(const struct merge *merge, const struct input *in, nanos time)
{
    for (unsigned i = 0; i < merge->inputs; i++)
        if (&merge->input[i] != in && merge->input[i].first == merge->input[i].end &&
            merge->input[i].until < time)
            return false;
    return true;
}

void merge_give(struct merge *merge, int64_t now, capture_callback *callback, void *context)
{
    for (struct input *in; (in = earliest(merge));) {
        const struct held *h = first_of(in);
        if (!is_next(merge, in, h->frame.time)) {
            if (now - h->since < MERGE_HOLD_MS * NANOS_PER_MILLISECOND)
                return;
            merge->unordered++;
        }
        give(merge, in, callback, context);
    }
}
