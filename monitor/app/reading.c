#include "app/reading.h"

#include "base/clock.h"
#include "process/signals.h"

#include <assert.h>
#include <unistd.h>

enum {
    READ_FRAMES = 4096,            /* at most, before clocks and signals are looked at again */
    UNREAD_MS = 2 * LIVE_BLOCK_MS, /* older frames cannot be in a ring that had none to read */
};

static_assert(DRAIN_SECONDS <= END_SECONDS / 2, "the report needs time too");

bool reading_open(struct reading *r, size_t room)
{
    return r->count <= 1 || (r->merge = merge_new((unsigned)r->count, room));
}

void reading_close(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        live_close(r->interface[i]);
    merge_free(r->merge);
    r->count = 0;
    r->merge = NULL;
}

static void note_offset(const struct reading *r, int64_t at)
{
    atomic_store_explicit(r->offset, r->read_time - at, memory_order_relaxed);
}

/* With the first one other threads know the time: a judge waits for what they have to say before it makes
 * room for this one, which may need it before it has read all that is there. */
static void note_read(struct reading *r, nanos time)
{
    const bool first = !r->read_time;
    r->read_time = time;
    if (first)
        note_offset(r, clock_monotonic());
}

/* It came after the end was asked for. */
static bool is_late(const struct reading *r, const struct frame *frame)
{
    if (!r->end)
        return false;
    return r->drained[frame->source] || (frame->time > r->end && frame->number > r->arrived[frame->source]);
}

static void pass_on(struct reading *r, const struct frame *frame)
{
    r->frame_time = frame->time;
    pipeline_frame(r->pipeline, frame);
}

static bool take_frame(void *context, const struct frame *frame)
{
    struct reading *r = context;
    if (is_late(r, frame))
        return false;
    note_read(r, frame->time);
    pass_on(r, frame);
    return true;
}

static bool take_held_frame(void *context, const struct frame *frame)
{
    pass_on(context, frame);
    return true;
}

/* What frames that arrive now are stamped with, or a little less: by the monotonic clock since the last
 * reading, so that setting the clock does not change the order of frames. 0: none was read yet. */
static nanos packet_clock(const struct reading *r, int64_t now)
{
    const int64_t offset = atomic_load_explicit(r->offset, memory_order_relaxed);
    return offset ? now + offset : 0;
}

/* A frame that is held back until the other interfaces' earlier ones have come. */
static bool hold_frame(void *context, const struct frame *frame)
{
    struct reading *r = context;
    if (is_late(r, frame))
        return false;
    note_read(r, frame->time);
    while (!merge_put(r->merge, frame, r->now))
        if (!merge_give_one(r->merge, take_held_frame, r))
            break;
    return true;
}

static size_t read_merged(struct reading *r)
{
    size_t frames = 0;
    for (unsigned i = 0; i < r->count; i++) {
        const nanos before = packet_clock(r, clock_monotonic());
        const size_t n = live_read(r->interface[i], READ_FRAMES, hold_frame, r);
        if (!n && before)
            merge_seen(r->merge, i, before - UNREAD_MS * NANOS_PER_MILLISECOND);
        frames += n;
    }
    merge_give(r->merge, r->now, take_held_frame, r);
    return frames;
}

size_t reading_go_on(struct reading *r)
{
    r->now = clock_monotonic();
    const size_t frames = r->merge ? read_merged(r) : live_read(r->interface[0], READ_FRAMES, take_frame, r);
    if (frames) {
        r->frame_at = clock_monotonic();
        note_offset(r, r->frame_at);
    }
    return frames;
}

/* On a quiet tap packet time advances with the monotonic clock, but stays behind frames that may still be in
 * a ring. A thread without frames knows the time of others. */
void reading_pass_time(struct reading *r)
{
    const int64_t unread = (UNREAD_MS + (r->merge ? MERGE_HOLD_MS : 0)) * NANOS_PER_MILLISECOND;
    nanos clock = r->frame_at ? r->frame_time + (r->now - r->frame_at) : 0;
    if (r->shared && packet_clock(r, r->now) > clock)
        clock = packet_clock(r, r->now);
    if (clock)
        pipeline_time(r->pipeline, clock - unread);
}

void reading_before_wait(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        r->poll[i] = (struct pollfd){.fd = live_descriptor(r->interface[i]), .events = POLLIN};
    r->poll[r->count] = (struct pollfd){.fd = r->news, .events = POLLIN};
}

void reading_wait(struct reading *r, int most)
{
    r->ready = r->shared /* then signals are the judge's */
                   ? poll(r->poll, (nfds_t)r->count, most)
                   : signals_poll(r->poll, (nfds_t)r->count + 1, most * NANOS_PER_MILLISECOND);
}

void reading_after_wait(struct reading *r)
{
    for (size_t i = 0; r->ready > 0 && i < r->count; i++)
        if (r->poll[i].revents & POLLERR)
            live_disturbed(r->interface[i]);
    uint64_t news;
    if (!r->shared && r->ready > 0 && r->poll[r->count].revents)
        (void)!read(r->news, &news, sizeof news);
    r->ready = 0;
}

/* Have as many frames been read as had come, by the kernel's count? It also counts what libpcap leaves out,
 * as frames that go out on the loopback interface: a ring without frames so long after the end was asked for
 * has none from before, whatever the count says. */
static bool note_drained(struct reading *r, bool long_after)
{
    bool all = true;
    for (size_t i = 0; i < r->count; i++) {
        r->drained[i] |= long_after && live_found_empty(r->interface[i]);
        all &= r->drained[i] || live_frames(r->interface[i]) >= r->arrived[i];
    }
    return all;
}

/* Nothing comes that is earlier than what is held. */
static void give_held(struct reading *r)
{
    for (unsigned i = 0; i < r->count; i++)
        merge_seen(r->merge, i, INT64_MAX);
    merge_give(r->merge, clock_monotonic(), take_held_frame, r);
}

/* `clock` is behind the time where reading has lagged since the first frame, or there was none yet: so they
 * are counted too. */
bool reading_drain(struct reading *r, nanos clock)
{
    const int64_t block = INT64_C(2) * UNREAD_MS * NANOS_PER_MILLISECOND;
    const int64_t most = DRAIN_SECONDS * NANOS_PER_SECOND;
    const int64_t start = clock_monotonic();
    int64_t quiet_since = start;
    int64_t now = start;
    bool all = false;
    r->end = clock + block;
    for (size_t i = 0; i < r->count; i++)
        r->arrived[i] = live_frames(r->interface[i]) + live_unread(r->interface[i]);
    for (; now - quiet_since < (all ? block : NANOS_PER_SECOND) && now - start < most;
         now = clock_monotonic()) {
        if (reading_go_on(r))
            quiet_since = clock_monotonic(); /* reading may have taken longer than the wait */
        else
            (void)poll(NULL, 0, LIVE_BLOCK_MS);
        all = note_drained(r, r->now - start >= NANOS_PER_SECOND);
    }
    if (r->merge)
        give_held(r);
    return now - start < most;
}

void reading_count(struct reading *r, struct live_counters *sum, bool alone)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct live_counters *one = live_counters(r->interface[i]);
        sum->kernel_packets += one->kernel_packets;
        sum->kernel_drops += one->kernel_drops;
        sum->interface_drops += alone ? one->interface_drops : 0;
    }
    sum->unordered += r->merge ? merge_unordered(r->merge) : 0;
}
