#include "share/shared.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define KEY_NAME    "utwatch:key"
#define RETRY_PAUSE NANOS_PER_SECOND
#define KEY_PERIOD  (60 * NANOS_PER_SECOND) /* Redis may have been emptied, or have thrown the key out */

enum question_state {
    QUESTION_FREE,
    QUESTION_ASKED,
    QUESTION_DROPPED, /* before the answer came: free when it comes */
    QUESTION_KNOWN,
    QUESTION_PARTED,
    QUESTION_UNKNOWN,
    QUESTION_FAILED,
};

struct question {
    _Atomic unsigned state;
    struct origin origin;
};

/* From the packet path to the thread. */
struct request {
    uint32_t question; /* else news */
    bool news;
    struct origin origin; /* of a question only the name */
};

enum letter_state { LETTER_WAITING, LETTER_SENT, LETTER_DONE };

struct letter {
    struct origin news;
    enum letter_state state;
    bool retried; /* it was refused before */
};

/* News by number; number modulo SHARED_OUTBOX is the place. */
struct outbox {
    struct letter *letters;
    uint64_t first, next, end; /* oldest that has not arrived, next to send, next to write */
    size_t under_way;
    int64_t hold_until; /* for what was refused before */
};

enum key_state { KEY_TO_OFFER, KEY_OFFERED, KEY_TO_FETCH, KEY_FETCHED, KEY_AGREED };

struct shared {
    struct redis *redis;
    struct question *questions;
    struct request *ring;
    _Atomic uint32_t ring_first, ring_end;
    struct outbox outbox;
    uint32_t retention;
    pthread_t thread;
    int wake; /* eventfd */
    _Atomic bool asleep, stop, ready;
    bool key_checked_again; /* the one that was agreed on goes on meanwhile */

    enum key_state key_state;
    int64_t key_again;        /* when to try again */
    struct siphash_key offer; /* what this sensor would use, and then what all of them do */
    pthread_mutex_t lock;     /* of what follows */
    struct siphash_key key;
    _Atomic unsigned key_version;

    uint32_t next_question; /* of the packet path, as are these */
    struct shared_counters counters;
    _Atomic uint64_t told, untold, pending; /* of the thread */
};

/* ---- the thread: the common key */

static void offer_key_later(struct shared *s)
{
    s->key_state = KEY_TO_OFFER;
    s->key_checked_again = false;
    s->key_again = clock_monotonic() + RETRY_PAUSE;
}

static void on_key(void *context, uint64_t item, enum redis_status status, struct span value)
{
    struct shared *s = context;
    (void)item;
    if (status == REDIS_FAILED) {
        offer_key_later(s);
        return;
    }
    if (s->key_state == KEY_OFFERED) {
        s->key_state = KEY_TO_FETCH;
        return;
    }
    struct siphash_key key;
    if (!origin_read_key(value, &key)) {
        offer_key_later(s); /* it expired in between, or is none of ours */
        return;
    }
    s->key_state = KEY_AGREED;
    s->key_checked_again = false;
    s->key_again = clock_monotonic() + KEY_PERIOD;
    if (s->offer.k0 == key.k0 && s->offer.k1 == key.k1)
        return;
    /* News under the key that nobody else has would never be found. */
    for (uint64_t i = s->outbox.first; i < s->outbox.end; i++)
        s->outbox.letters[i % SHARED_OUTBOX].news.name = 0;
    (void)pthread_mutex_lock(&s->lock);
    s->key = s->offer = key;
    (void)pthread_mutex_unlock(&s->lock);
    (void)atomic_fetch_add(&s->key_version, 1);
}

static void agree_on_key(struct shared *s, int64_t now)
{
    if (s->key_state == KEY_AGREED && now >= s->key_again) {
        s->key_state = KEY_TO_OFFER;
        s->key_checked_again = true;
    }
    if (!redis_is_up(s->redis)) {
        s->key_state = KEY_TO_OFFER;
        s->key_again = 0;
        s->key_checked_again = false;
    } else if (s->key_state == KEY_TO_OFFER && now >= s->key_again) {
        char text[40];
        struct text t = text_over(text, sizeof text);
        text_printf(&t, "%016" PRIx64 "%016" PRIx64, s->offer.k0, s->offer.k1);
        const struct redis_command c = {
            .word = {span_of_text("SETNX"), span_of_text(KEY_NAME), span_of_text(text)},
            .count = 3,
            .key = 1};
        if (redis_send(s->redis, &c, on_key, s, 0, now))
            s->key_state = KEY_OFFERED;
    } else if (s->key_state == KEY_TO_FETCH) {
        const struct redis_command c = {
            .word = {span_of_text("GET"), span_of_text(KEY_NAME)}, .count = 2, .key = 1};
        if (redis_send(s->redis, &c, on_key, s, 0, now))
            s->key_state = KEY_FETCHED;
    }
    atomic_store(&s->ready, s->key_state == KEY_AGREED || s->key_checked_again);
}

/* ---- the thread: questions */

static void answer(struct shared *s, uint64_t question, enum question_state state)
{
    struct question *q = &s->questions[question];
    unsigned expected = QUESTION_ASKED;
    if (!atomic_compare_exchange_strong(&q->state, &expected, state))
        atomic_store(&q->state, QUESTION_FREE);
}

static void on_answer(void *context, uint64_t item, enum redis_status status, struct span value)
{
    struct shared *s = context;
    enum question_state state = status == REDIS_FAILED ? QUESTION_FAILED : QUESTION_UNKNOWN;
    if (status == REDIS_ANSWERED && origin_read(value, &s->questions[item].origin))
        state = QUESTION_KNOWN;
    else if (status == REDIS_ANSWERED && value.n == 1 && value.p[0] == '?')
        state = QUESTION_PARTED;
    answer(s, item, state);
}

static void ask(struct shared *s, const struct request *r, int64_t now)
{
    struct origin_texts texts;
    struct redis_command command;
    origin_question(r->origin.name, s->retention, &texts, &command);
    if (!atomic_load(&s->ready) || !redis_send(s->redis, &command, on_answer, s, r->question, now))
        answer(s, r->question, QUESTION_FAILED);
}

/* ---- the thread: news */

static void settle(struct outbox *o)
{
    while (o->first < o->end && o->letters[o->first % SHARED_OUTBOX].state == LETTER_DONE)
        o->first++;
    if (o->next < o->first)
        o->next = o->first;
}

/* The order of the news does not matter, so that what was refused goes behind what was not tried yet. */
static void put_letter(struct shared *s, const struct origin *news, bool retried)
{
    struct outbox *o = &s->outbox;
    if (o->end - o->first == SHARED_OUTBOX) {
        struct letter *oldest = &o->letters[o->first % SHARED_OUTBOX];
        (void)atomic_fetch_add(&s->untold, 1);
        if (oldest->state != LETTER_WAITING)
            return;
        oldest->state = LETTER_DONE;
        settle(o);
    }
    o->letters[o->end++ % SHARED_OUTBOX] =
        (struct letter){.news = *news, .state = LETTER_WAITING, .retried = retried};
}

static void on_told(void *context, uint64_t item, enum redis_status status, struct span value)
{
    struct shared *s = context;
    struct outbox *o = &s->outbox;
    struct letter *letter = &o->letters[item % SHARED_OUTBOX];
    const struct origin news = letter->news;
    (void)value;
    o->under_way--;
    letter->state = LETTER_DONE;
    settle(o);
    if (status != REDIS_FAILED) {
        (void)atomic_fetch_add(&s->told, 1);
        return;
    }
    put_letter(s, &news, true);
    o->hold_until = clock_monotonic() + RETRY_PAUSE;
}

static void deliver(struct shared *s, int64_t now)
{
    struct outbox *o = &s->outbox;
    for (; atomic_load(&s->ready) && o->next < o->end && o->under_way < SHARED_UNDER_WAY; o->next++) {
        struct letter *letter = &o->letters[o->next % SHARED_OUTBOX];
        struct origin_texts texts;
        struct redis_command command;
        if (letter->state != LETTER_WAITING)
            continue;
        if (letter->retried && now < o->hold_until)
            return;
        if (!letter->news.name) {
            letter->state = LETTER_DONE;
            (void)atomic_fetch_add(&s->untold, 1);
            continue;
        }
        origin_message(&letter->news, s->retention, &texts, &command);
        if (!redis_send(s->redis, &command, on_told, s, o->next, now))
            return;
        letter->state = LETTER_SENT;
        o->under_way++;
    }
}

/* ---- the thread */

static void count_pending(struct shared *s)
{
    atomic_store(&s->pending, s->outbox.end - s->outbox.first);
}

static bool ring_is_empty(struct shared *s)
{
    return atomic_load(&s->ring_first) == atomic_load(&s->ring_end);
}

static void take_requests(struct shared *s, int64_t now)
{
    uint32_t first = atomic_load(&s->ring_first);
    for (const uint32_t end = atomic_load(&s->ring_end); first != end; first++) {
        const struct request *r = &s->ring[first % SHARED_RING];
        if (r->news)
            put_letter(s, &r->origin, false);
        else
            ask(s, r, now);
    }
    count_pending(s); /* first: what is taken is never in neither */
    atomic_store(&s->ring_first, first);
}

static void wait_for_work(struct shared *s, int64_t now)
{
    struct pollfd fds[1 + REDIS_NODES] = {{.fd = s->wake, .events = POLLIN}};
    int64_t until;
    const size_t nodes = redis_wait_for(s->redis, fds + 1, &until, now);
    atomic_store(&s->asleep, true);
    const bool work = !ring_is_empty(s) || atomic_load(&s->stop);
    const int64_t left = until > now ? (until - now) / 1000000 + 1 : 0;
    (void)poll(fds, 1 + nodes, work ? 1 : (int)left);
    atomic_store(&s->asleep, false);
    uint64_t count;
    if (fds[0].revents && read(s->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        atomic_store(&s->stop, true);
    redis_handle(s->redis, fds + 1, nodes, clock_monotonic());
}

static void *serve(void *argument)
{
    struct shared *s = argument;
    while (!atomic_load(&s->stop)) {
        const int64_t now = clock_monotonic();
        agree_on_key(s, now);
        take_requests(s, now);
        deliver(s, now);
        settle(&s->outbox);
        count_pending(s);
        wait_for_work(s, now);
    }
    return NULL;
}

/* A signal is for the packet path; a connection that broke is an error, and no signal. */
static bool start_thread(struct shared *s)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    const bool started = pthread_create(&s->thread, NULL, serve, s) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void let_go(struct shared *s)
{
    if (s->wake >= 0)
        (void)close(s->wake);
    redis_free(s->redis);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->outbox.letters);
    free(s->ring);
    free(s->questions);
    free(s);
}

bool shared_url_is_valid(const char *url)
{
    struct redis *r = redis_new(url);
    redis_free(r);
    return r != NULL;
}

struct shared *shared_open(const char *url, uint32_t retention)
{
    struct shared *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    (void)pthread_mutex_init(&s->lock, NULL);
    s->retention = retention;
    s->key = s->offer = siphash_random_key();
    s->key_version = 1; /* until Redis has another, it may become that of all */
    s->redis = redis_new(url);
    s->questions = calloc(SHARED_QUESTIONS, sizeof *s->questions);
    s->ring = calloc(SHARED_RING, sizeof *s->ring);
    s->outbox.letters = calloc(SHARED_OUTBOX, sizeof *s->outbox.letters);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->redis && s->questions && s->ring && s->outbox.letters && s->wake >= 0 && start_thread(s))
        return s;
    let_go(s);
    return NULL;
}

void shared_close(struct shared *s)
{
    const uint64_t one = 1;
    if (!s)
        return;
    atomic_store(&s->stop, true);
    (void)!write(s->wake, &one, sizeof one);
    struct timespec end;
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SHARED_FLUSH_SECONDS;
    /* It may be waiting for the name of a host, for as long as the resolver pleases: the end does not wait
     * for that. */
    if (pthread_timedjoin_np(s->thread, NULL, &end) == 0)
        let_go(s);
}

bool shared_wait_ready(struct shared *s, int64_t most)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (const int64_t end = clock_monotonic() + most; !atomic_load(&s->ready) && clock_monotonic() < end;)
        (void)nanosleep(&pause, NULL);
    return atomic_load(&s->ready);
}

void shared_flush(struct shared *s, int64_t most)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const int64_t end = clock_monotonic() + most;
    while ((!ring_is_empty(s) || atomic_load(&s->pending)) && atomic_load(&s->ready) &&
           clock_monotonic() < end)
        (void)nanosleep(&pause, NULL);
}

/* ---- the packet path */

bool shared_new_key(struct shared *s, unsigned *version, struct siphash_key *key)
{
    const unsigned now = atomic_load_explicit(&s->key_version, memory_order_relaxed);
    if (now == *version)
        return false;
    (void)pthread_mutex_lock(&s->lock);
    *key = s->key;
    (void)pthread_mutex_unlock(&s->lock);
    *version = now;
    return true;
}

static bool post(struct shared *s, const struct request *r)
{
    const uint64_t one = 1;
    const uint32_t end = atomic_load_explicit(&s->ring_end, memory_order_relaxed);
    if (end - atomic_load(&s->ring_first) == SHARED_RING)
        return false;
    s->ring[end % SHARED_RING] = *r;
    atomic_store(&s->ring_end, end + 1);
    if (atomic_exchange(&s->asleep, false))
        (void)!write(s->wake, &one, sizeof one);
    return true;
}

unsigned shared_ask(struct shared *s, uint64_t name)
{
    const uint32_t at = s->next_question % SHARED_QUESTIONS;
    struct question *q = &s->questions[at];
    if (!name || !atomic_load(&s->ready) || atomic_load(&q->state) != QUESTION_FREE) {
        s->counters.unasked++;
        return 0;
    }
    atomic_store(&q->state, QUESTION_ASKED);
    if (!post(s, &(struct request){.question = at, .origin = {.name = name}})) {
        atomic_store(&q->state, QUESTION_FREE);
        s->counters.unasked++;
        return 0;
    }
    s->next_question++;
    s->counters.asked++;
    return at + 1;
}

enum shared_answer shared_answer(struct shared *s, unsigned question, struct origin *out)
{
    const struct question *q = &s->questions[question - 1];
    switch ((enum question_state)atomic_load(&q->state)) {
    case QUESTION_ASKED:
        return SHARED_WAIT;
    case QUESTION_KNOWN:
        *out = q->origin;
        return SHARED_KNOWN;
    case QUESTION_PARTED:
        return SHARED_PARTED;
    case QUESTION_UNKNOWN:
    case QUESTION_FAILED:
    case QUESTION_FREE:
    case QUESTION_DROPPED:
        break;
    }
    return SHARED_UNKNOWN;
}

void shared_drop(struct shared *s, unsigned question)
{
    struct question *q = &s->questions[question - 1];
    unsigned state = QUESTION_ASKED;
    if (atomic_compare_exchange_strong(&q->state, &state, QUESTION_DROPPED)) {
        s->counters.late++;
        return;
    }
    s->counters.known += state == QUESTION_KNOWN;
    s->counters.late += state == QUESTION_FAILED;
    atomic_store(&q->state, QUESTION_FREE);
}

void shared_tell(struct shared *s, const struct origin *news)
{
    if (!news->name || !post(s, &(struct request){.news = true, .origin = *news}))
        (void)atomic_fetch_add(&s->untold, 1);
}

void shared_count(const struct shared *s, struct shared_counters *out)
{
    *out = s->counters;
    out->told = atomic_load(&s->told);
    out->untold = atomic_load(&s->untold) + atomic_load(&s->pending);
}
