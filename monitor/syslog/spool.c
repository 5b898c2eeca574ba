#include "syslog/spool.h"

#include "base/clock.h"
#include "syslog/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SHARES = 32, /* of the cap that one segment may take: the grain of what is dropped */
    SEGMENTS = SHARES * 2 + SPOOL_CLASSES, /* those that were closed early count too */
    NAME_BYTES = 64,
};

struct spool {
    int folder; /* -1: in memory */
    int lock;   /* file by which a second process is kept out, or -1 */
    char name[NAME_BYTES];
    uint64_t cap, segment_bytes;
    uint64_t last; /* number of the newest message */
    uint64_t ids;  /* of segments, so far */
    struct segment segments[SEGMENTS];
    struct spool_counters counters;
    int64_t refused_at; /* by the disk, the last time */
    int trouble;        /* errno of the last write to disk, 0: it went well */
    uint8_t buffer[SEGMENT_MOST_BYTES];
};

struct file_name {
    char text[NAME_BYTES + 32];
};

static struct file_name name_of(const struct spool *s, unsigned class, uint64_t id)
{
    struct file_name name;
    (void)snprintf(name.text, sizeof name.text, "%s.%u.%016" PRIx64, s->name, class, id);
    return name;
}

static struct segment *free_slot(struct spool *s)
{
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++)
        if (!segment_is_used(g))
            return g;
    return NULL;
}

static void remove_segment(struct spool *s, struct segment *g)
{
    if (!g->in_memory)
        (void)unlinkat(s->folder, name_of(s, g->class, g->id).text, 0);
    (void)close(g->fd);
    s->counters.bytes -= g->size;
    s->counters.kept -= g->kept;
    g->fd = -1;
}

/* Drops the oldest segment of the least severe class. False when all there is is more severe than `class`. */
static bool make_room(struct spool *s, unsigned class)
{
    struct segment *least = NULL;
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++) {
        const bool candidate = segment_is_used(g) && g->class <= class && g->size > SEGMENT_HEADER;
        if (candidate &&
            (!least || g->class < least->class || (g->class == least->class && g->first < least->first)))
            least = g;
    }
    if (!least)
        return false;
    s->counters.dropped[least->class] += least->kept;
    remove_segment(s, least);
    return true;
}

static uint64_t memory_used(const struct spool *s)
{
    uint64_t bytes = 0;
    for (const struct segment *g = s->segments; g < s->segments + SEGMENTS; g++)
        if (segment_is_used(g) && g->in_memory)
            bytes += g->size;
    return bytes;
}

static struct segment *appended_to(struct spool *s, unsigned class)
{
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++)
        if (segment_is_used(g) && !g->closed && g->class == class)
            return g;
    return NULL;
}

static struct segment *new_segment(struct spool *s, unsigned class, bool in_memory)
{
    struct segment *g = free_slot(s);
    if (!g && make_room(s, class))
        g = free_slot(s);
    if (!g) {
        errno = ENOSPC;
        return NULL;
    }
    const uint64_t id = ++s->ids;
    const struct file_name name = name_of(s, class, id);
    const int fd =
        in_memory ? memfd_create("utwatch-spool", MFD_CLOEXEC)
                  : openat(s->folder, name.text, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return NULL;
    if (!segment_begin(g, fd, class)) {
        const int why = errno;
        (void)close(fd);
        if (!in_memory)
            (void)unlinkat(s->folder, name.text, 0);
        g->fd = -1;
        errno = why;
        return NULL;
    }
    g->id = id;
    g->in_memory = in_memory;
    s->counters.bytes += g->size;
    return g;
}

/* To a segment of this kind, the open one or a new one, which then takes its place. */
static bool append(struct spool *s, unsigned class, struct span message, bool in_memory)
{
    struct segment *g = appended_to(s, class);
    if (!g || g->in_memory != in_memory || g->size + SEGMENT_OVERHEAD + message.n > s->segment_bytes) {
        struct segment *fresh = new_segment(s, class, in_memory);
        if (!fresh)
            return false;
        if (g && segment_is_used(g) && g != fresh)
            g->closed = true;
        g = fresh;
    }
    const uint64_t before = g->size;
    if (!segment_append(g, s->last + 1, message))
        return false;
    s->last++;
    s->counters.bytes += g->size - before;
    s->counters.kept++;
    return true;
}

/* A disk that refused is asked again after a while. */
static bool put_on_disk(struct spool *s, unsigned class, struct span message)
{
    const int64_t now = clock_monotonic();
    if (s->trouble && now - s->refused_at < NANOS_PER_SECOND)
        return false;
    if (append(s, class, message, false)) {
        s->trouble = 0;
        return true;
    }
    s->trouble = errno;
    s->refused_at = now;
    s->counters.refused++;
    return false;
}

bool spool_put(struct spool *s, unsigned class, struct span message)
{
    const uint64_t needed = SEGMENT_HEADER + SEGMENT_OVERHEAD + message.n;
    bool room = true;
    while (s->counters.bytes + needed > s->cap && (room = make_room(s, class)))
        ;
    if (room && s->folder >= 0) {
        if (put_on_disk(s, class, message))
            return true;
        room = memory_used(s) + needed <= SPOOL_MEMORY_BYTES;
    }
    if (room && append(s, class, message, true))
        return true;
    s->counters.dropped[class]++;
    return false;
}

/* The segment whose next message is the oldest, with that message's number in `next`. */
static struct segment *next_segment(struct spool *s)
{
    struct segment *oldest = NULL;
    struct segment_message m;
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++) {
        if (!segment_is_used(g) || g->taken >= g->size)
            continue;
        if (g->next == 0) {
            if (!segment_read(g, g->taken, s->buffer, &m)) { /* the disk gives back something else */
                s->counters.dropped[g->class] += g->kept;
                s->counters.damaged++;
                remove_segment(s, g);
                continue;
            }
            g->next = m.number;
        }
        if (!oldest || g->next < oldest->next)
            oldest = g;
    }
    return oldest;
}

bool spool_peek(struct spool *s, struct spool_message *out)
{
    struct segment *g = next_segment(s);
    struct segment_message m;
    if (!g || !segment_read(g, g->taken, s->buffer, &m))
        return false;
    *out = (struct spool_message){.number = m.number, .bytes = m.bytes};
    return true;
}

void spool_took(struct spool *s)
{
    struct segment *g = next_segment(s);
    struct segment_message m;
    if (!g || !segment_read(g, g->taken, s->buffer, &m))
        return;
    g->taken = m.end;
    g->next = 0;
}

/* A quiet spool keeps one empty file for each class: making and removing files for every message would be
 * dear. */
static void reuse(struct spool *s, struct segment *g)
{
    const uint64_t before = g->size;
    if (g->closed || g->in_memory || !segment_empty(g))
        remove_segment(s, g);
    else
        s->counters.bytes -= before - g->size;
}

void spool_done(struct spool *s, uint64_t number)
{
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++) {
        if (!segment_is_used(g) || g->done >= g->size)
            continue;
        const uint64_t done = segment_done(g, number);
        s->counters.kept -= done;
        s->counters.done += done;
        if (g->done >= g->size)
            reuse(s, g);
    }
}

void spool_rewind(struct spool *s)
{
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++) {
        g->taken = g->done;
        g->next = 0;
    }
}

/* NAME.CLASS.ID of an earlier run. */
static bool is_own(const struct spool *s, const char *file, unsigned *class, uint64_t *id)
{
    const size_t n = strlen(s->name);
    if (strncmp(file, s->name, n) != 0 || file[n] != '.' || file[n + 1] < '0' ||
        file[n + 1] >= '0' + SPOOL_CLASSES || file[n + 2] != '.')
        return false;
    *class = (unsigned)(file[n + 1] - '0');
    *id = strtoull(file + n + 3, NULL, 16);
    return strcmp(name_of(s, *class, *id).text, file) == 0;
}

/* The length of NAME in NAME.CLASS.ID; 0: the file is no segment. */
static size_t segment_name_length(const char *file)
{
    static const char form[] = ".0.0123456789abcdef";
    const size_t n = strlen(file);
    const size_t after = sizeof form - 1;
    if (n <= after)
        return 0;
    const char *at = file + n - after;
    const bool class = at[0] == '.' && at[1] >= '0' && at[1] < '0' + SPOOL_CLASSES && at[2] == '.';
    return class && strspn(at + 3, "0123456789abcdef") == after - 3 ? n - after : 0;
}

static bool is_among(const char *file, size_t length, const struct spool_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->name[i]) == length && memcmp(names->name[i], file, length) == 0)
            return true;
    return false;
}

size_t spool_strangers(const char *folder, const struct spool_names *names, char *first, size_t bytes)
{
    size_t count = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        const size_t length = segment_name_length(e->d_name);
        if (!length || is_among(e->d_name, length, names))
            continue;
        if (count++ == 0)
            (void)snprintf(first, bytes, "%.*s", (int)length, e->d_name);
    }
    if (d)
        (void)closedir(d);
    return count;
}

static void take_over(struct spool *s, const char *file, unsigned class, uint64_t id)
{
    struct segment *g = free_slot(s);
    const int fd = g ? openat(s->folder, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0)
        return;
    bool torn = false;
    if (!segment_resume(g, fd, class, &torn, &s->last)) {
        (void)close(fd);
        g->fd = -1;
        s->counters.damaged++;
        return;
    }
    g->id = id;
    if (id > s->ids)
        s->ids = id;
    g->closed = torn;
    s->counters.damaged += torn;
    s->counters.bytes += g->size;
    s->counters.kept += g->kept;
    if (g->kept == 0)
        remove_segment(s, g);
}

/* Where each of many processes that follow one another leaves a few messages, these must not use up the
 * segments, for want of which others are dropped: to the newest of a class that is whole, more is appended.
 */
static void go_on_with_newest(struct spool *s)
{
    struct segment *newest[SPOOL_CLASSES] = {NULL};
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++) {
        if (!segment_is_used(g) || g->closed)
            continue;
        struct segment **most = &newest[g->class];
        struct segment *older = *most && (*most)->id > g->id ? g : *most;
        if (older)
            older->closed = true;
        if (older != g)
            *most = g;
    }
}

static bool take_over_all(struct spool *s)
{
    const int copy = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    if (!d) {
        if (copy >= 0)
            (void)close(copy);
        return false;
    }
    for (const struct dirent *e; (e = readdir(d));) {
        unsigned class;
        uint64_t id;
        if (is_own(s, e->d_name, &class, &id))
            take_over(s, e->d_name, class, id);
    }
    (void)closedir(d);
    go_on_with_newest(s);
    return true;
}

/* Two processes must not send, and remove, the same messages. */
static bool lock_out_others(struct spool *s)
{
    char name[NAME_BYTES + 8];
    (void)snprintf(name, sizeof name, "%s.lock", s->name);
    s->lock = openat(s->folder, name, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    return s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) == 0;
}

struct spool *spool_open(const char *folder, const char *name, uint64_t cap, char *error, size_t error_bytes)
{
    struct spool *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->folder = s->lock = -1;
    s->cap = cap < SPOOL_LEAST_BYTES ? SPOOL_LEAST_BYTES : cap;
    s->segment_bytes = s->cap / SHARES;
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    for (size_t i = 0; i < SEGMENTS; i++)
        s->segments[i].fd = -1;
    if (!folder)
        return s;
    s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder >= 0 && lock_out_others(s) && take_over_all(s))
        return s;
    (void)snprintf(error, error_bytes, "%s",
                   errno == EWOULDBLOCK ? "another process uses this spool" : strerror(errno));
    spool_close(s);
    return NULL;
}

const char *spool_name(const struct spool *s)
{
    return s->name;
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    for (struct segment *g = s->segments; g < s->segments + SEGMENTS; g++)
        if (segment_is_used(g) && g->kept)
            (void)close(g->fd);
        else if (segment_is_used(g))
            remove_segment(s, g);
    if (s->lock >= 0)
        (void)close(s->lock);
    if (s->folder >= 0)
        (void)close(s->folder);
    free(s);
}

struct spool_counters spool_counters(const struct spool *s)
{
    return s->counters;
}

const char *spool_trouble(const struct spool *s)
{
    return s->trouble ? strerror(s->trouble) : NULL;
}
