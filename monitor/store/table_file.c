/* Opens and closes a table, and writes the file that follows it. */
#include "base/write_all.h"
#include "store/table_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = TABLE_PAGE,
    VERSION = 3,
    STEP = 1 << 20, /* bytes by which a file grows: more of them would wait more often for the file system */
    PLACE_BYTES = TABLE_BUCKET * sizeof(struct entry),
    AHEAD = STEP / 2 / PLACE_BYTES, /* places that it grows by before they are used */
};

static const char magic[8] = "utwatch\n";

struct table_header {
    char magic[8];
    uint32_t version;
    uint32_t entry_bytes;
    uint64_t buckets;
    struct siphash_key key;
    uint64_t check; /* of all before it */
};

static uint64_t check_of(const struct table_header *h)
{
    static const struct siphash_key fixed = {1, 1};
    return siphash(&fixed, span_of(h, offsetof(struct table_header, check)));
}

static bool is_whole(const struct table_header *h)
{
    return memcmp(h->magic, magic, sizeof magic) == 0 && h->check == check_of(h);
}

/* A number of buckets that this program can have written: where their places are. */
static bool is_of_size(const struct table_header *h, size_t size)
{
    return h->buckets > 0 && h->buckets <= table_buckets_for(UINT32_MAX) &&
           h->buckets / 2 <= size / sizeof(uint32_t);
}

/* One of the two headers, whichever is whole. */
static bool read_header(int file, size_t size, struct table_header *out)
{
    if (pread(file, out, sizeof *out, 0) == (ssize_t)sizeof *out && is_whole(out))
        return true;
    const size_t second = table_layout(0).second_header;
    return size > second && pread(file, out, sizeof *out, (off_t)second) == (ssize_t)sizeof *out &&
           is_whole(out);
}

static struct table_header header_of(const struct table *t)
{
    struct table_header h = {
        .version = VERSION, .entry_bytes = sizeof(struct entry), .buckets = t->buckets, .key = t->key};
    memcpy(h.magic, magic, sizeof magic);
    h.check = check_of(&h);
    return h;
}

static bool write_headers(const struct table *t)
{
    const struct table_header h = header_of(t);
    return write_all(t->file, span_of(&h, sizeof h), 0) &&
           write_all(t->file, span_of(&h, sizeof h), table_layout(t->buckets).second_header) &&
           fsync(t->file) == 0;
}

static bool has_magic(int file, size_t at)
{
    char start[sizeof magic];
    return pread(file, start, sizeof start, (off_t)at) == (ssize_t)sizeof start &&
           memcmp(start, magic, sizeof start) == 0;
}

static enum table_result judge_file(int file, size_t size, struct table_header *h)
{
    if (!read_header(file, size, h))
        return has_magic(file, 0) || has_magic(file, table_layout(0).second_header) ? TABLE_DAMAGED
                                                                                    : TABLE_NOT_OURS;
    if (h->version != VERSION || h->entry_bytes != sizeof(struct entry))
        return TABLE_OTHER_KIND;
    return is_of_size(h, size) ? TABLE_OK : TABLE_DAMAGED;
}

/* Pages of zeros are left alone: they cost no memory until they are used. What is missing at the end remains
 * zero. */
static bool read_image(struct table *t, int file)
{
    enum { CHUNK = 64 * PAGE };
    static const char zeros[PAGE];
    const struct table_layout l = table_layout(t->buckets);
    char *chunk = malloc(CHUNK);
    bool good = chunk;
    for (size_t at = l.jumps; good && at < l.bytes;) {
        const size_t want = l.bytes - at < CHUNK ? l.bytes - at : CHUNK;
        const ssize_t n = pread(file, chunk, want, (off_t)at);
        good = n >= 0;
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i += PAGE) {
            const size_t part = n - i < PAGE ? (size_t)(n - i) : PAGE;
            if (memcmp(chunk + i, zeros, part) != 0)
                memcpy((char *)t->image + at + (size_t)i, chunk + i, part);
        }
        at += (size_t)n;
    }
    free(chunk);
    return good;
}

static enum table_result load(struct table *t, int file, const struct table_header *h)
{
    enum table_result result = table_allocate(t, h->buckets);
    if (result != TABLE_OK)
        return result;
    t->key = h->key;
    return read_image(t, file) ? TABLE_OK : TABLE_ERROR;
}

/* Where the file ends whose last place is the given one. */
static size_t end_of_file(const struct table *t, uint64_t place)
{
    const struct table_layout l = table_layout(t->buckets);
    const size_t entries = place * PLACE_BYTES;
    const size_t end = l.entries + (entries + STEP - 1) / STEP * STEP;
    return end < l.bytes ? end : l.bytes;
}

/* Allocates disk space for so many places. False, with errno, if there is none. The part before the places
 * says where each bucket has its place; its pages of zeros are holes and take no space. */
static bool reserve(const struct table *t, int file, uint64_t places)
{
    struct stat s;
    const size_t begin = table_layout(t->buckets).entries;
    const size_t end = end_of_file(t, places);
    if (fstat(file, &s) != 0)
        return false;
    if ((size_t)s.st_size >= end)
        return true;
    const int why = posix_fallocate(file, (off_t)begin, (off_t)(end - begin));
    if (why)
        errno = why;
    return !why;
}

/* The first part of a place at the end of the file, of which nothing is kept. What of it lies behind the end
 * that mend_size() makes is not written, since that would make the file longer. */
static void empty_part_of_place(struct table *t, size_t held)
{
    const size_t part = held % PLACE_BYTES;
    const uint64_t left = held / PLACE_BYTES;
    if (left < t->taken || !part)
        return;
    const size_t to_end = end_of_file(t, left) - table_layout(t->buckets).entries - left * PLACE_BYTES;
    char *at = (char *)t->entries + left * PLACE_BYTES;
    memset(at, 0, part);
    if (left == t->taken || part <= to_end)
        table_mark(t, at, part);
    else if (to_end)
        table_mark(t, at, to_end);
}

/* What the image holds of a file of this size. TABLE_CUT: there was more. */
static enum table_result take_stock(struct table *t, size_t size)
{
    const struct table_layout l = table_layout(t->buckets);
    const uint64_t last = table_last_place(t);
    const bool odd =
        size < l.bytes && (size - l.entries) % STEP != 0; /* what is beyond the image is not ours */
    const bool cut = size < l.entries || odd || (last <= t->buckets && size < end_of_file(t, last));
    const size_t end = size < l.bytes ? size : l.bytes;
    const size_t held = end > l.entries ? end - l.entries : 0;
    table_take_stock(t, held / PLACE_BYTES);
    empty_part_of_place(t, held);
    return cut ? TABLE_CUT : TABLE_OK;
}

/* The header is written first: if the process ends in between, it recognises its own file. */
static enum table_result begin(struct table *t, int file, uint64_t buckets)
{
    enum table_result result = table_allocate(t, buckets);
    if (result != TABLE_OK)
        return result;
    t->key = siphash_random_key();
    const struct table_header h = header_of(t);
    const bool good = write_all(file, span_of(&h, sizeof h), 0) && reserve(t, file, AHEAD);
    int why = good ? 0 : errno;
    if (why && ftruncate(file, 0) != 0)
        why = errno;
    errno = why;
    return good ? TABLE_OK : TABLE_ERROR;
}

static enum table_result open_locked(const char *path, int *file, struct stat *s)
{
    *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*file < 0)
        return TABLE_ERROR;
    if (flock(*file, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? TABLE_IN_USE : TABLE_ERROR;
    if (fstat(*file, s) != 0)
        return TABLE_ERROR;
    return S_ISREG(s->st_mode) ? TABLE_OK : TABLE_NOT_OURS;
}

/* The damaged file remains locked until the new one is, so that no other process can come in between. */
static enum table_result set_aside(const char *path, int *file, struct stat *s)
{
    char aside[4096];
    const int n = snprintf(aside, sizeof aside, "%s.damaged", path);
    if (n >= (int)sizeof aside || rename(path, aside) != 0)
        return TABLE_ERROR;
    const int damaged = *file;
    const enum table_result result = open_locked(path, file, s);
    (void)close(damaged);
    return result;
}

/* The size that the file had, as far as that is known: whole steps, so that it is not taken for cut again. */
static bool mend_size(const struct table *t, size_t size)
{
    const struct table_layout l = table_layout(t->buckets);
    const size_t left = size > l.entries ? (size - l.entries) / PLACE_BYTES : 0;
    const uint64_t places = left > t->taken ? left : t->taken + AHEAD;
    const size_t end = end_of_file(t, places);
    if (size > end && ftruncate(t->file, (off_t)end) != 0)
        return false;
    return reserve(t, t->file, places);
}

static size_t marks_bytes(const struct table *t)
{
    return (t->bytes / PAGE / TABLE_PAGES_A_WORD + 1) * sizeof *t->dirty;
}

static enum table_result open_with(struct table *t, uint64_t buckets, const char *path, int *file)
{
    struct stat s;
    struct table_header h;
    enum table_result result = open_locked(path, file, &s);
    if (result != TABLE_OK)
        return result;
    enum table_result was = s.st_size ? judge_file(*file, (size_t)s.st_size, &h) : TABLE_OK;
    if (was != TABLE_OK && was != TABLE_DAMAGED)
        return was;
    if (was == TABLE_DAMAGED)
        result = set_aside(path, file, &s);
    if (result == TABLE_OK)
        result = s.st_size ? load(t, *file, &h) : begin(t, *file, buckets);
    if (result != TABLE_OK)
        return result;
    t->dirty = mmap(NULL, marks_bytes(t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t->dirty == MAP_FAILED) {
        t->dirty = NULL;
        return TABLE_NO_MEMORY;
    }
    t->file = *file;
    result = take_stock(t, s.st_size ? (size_t)s.st_size : end_of_file(t, AHEAD));
    if ((result == TABLE_CUT && !mend_size(t, (size_t)s.st_size)) || !write_headers(t))
        return TABLE_ERROR;
    t->written = (uint32_t)t->taken;
    if (was != TABLE_OK || result != TABLE_OK)
        return was != TABLE_OK ? was : result;
    return t->buckets < buckets ? TABLE_SMALLER : TABLE_OK;
}

void table_close(struct table *t)
{
    if (t->file >= 0)
        (void)close(t->file);
    if (t->dirty) {
        /* The compiler does not convert a pointer to atomic words to void *. */
        void *marks = (void *)(uintptr_t)t->dirty; /* NOLINT(performance-no-int-to-ptr) */
        (void)munmap(marks, marks_bytes(t));
    }
    if (t->image)
        (void)munmap(t->image, t->bytes);
    *t = (struct table){.file = -1};
}

static enum table_result open_file(struct table *t, uint64_t buckets, const char *path)
{
    int file = -1;
    const enum table_result result = open_with(t, buckets, path, &file);
    if (result == TABLE_OK || result == TABLE_DAMAGED || result == TABLE_CUT || result == TABLE_SMALLER)
        return result;
    const int why = errno;
    t->file = -1;
    if (file >= 0)
        (void)close(file);
    table_close(t);
    errno = why;
    return result;
}

static enum table_result open_as(struct table *t, uint32_t capacity, const char *path, bool shared)
{
    const uint64_t buckets = table_buckets_for(capacity);
    *t = (struct table){.file = -1, .shared = shared};
    enum table_result result;
    if (path) {
        result = open_file(t, buckets, path);
    } else {
        t->key = siphash_random_key();
        result = table_allocate(t, buckets);
    }
    /* Buckets for this number are full enough at more than that; those of a file may be for another one. */
    t->capacity = t->buckets > buckets ? capacity : UINT64_MAX;
    return result;
}

enum table_result table_open(struct table *t, uint32_t capacity, const char *path)
{
    return open_as(t, capacity, path, false);
}

enum table_result table_open_shared(struct table *t, uint32_t capacity, const char *path)
{
    return open_as(t, capacity, path, true);
}

enum table_result table_open_to_read(struct table *t, const char *path)
{
    *t = (struct table){.file = -1, .capacity = UINT64_MAX};
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is not waited for */
    struct stat s;
    struct table_header h;
    if (file < 0)
        return TABLE_ERROR;
    enum table_result result = TABLE_NOT_OURS;
    if (fstat(file, &s) != 0)
        result = TABLE_ERROR;
    else if (S_ISREG(s.st_mode))
        result = judge_file(file, (size_t)s.st_size, &h);
    if (result == TABLE_DAMAGED) /* which only who uses the file sets aside */
        result = TABLE_NOT_OURS;
    if (result == TABLE_OK)
        result = load(t, file, &h);
    const int why = errno;
    (void)close(file);
    if (result == TABLE_OK)
        result = take_stock(t, (size_t)s.st_size);
    else
        table_close(t);
    errno = why;
    return result;
}

static bool write_pages(struct table *t, size_t from, size_t end, bool *any);

/* The file is as long as the last place of which it tells, so that a shorter one was cut; and it has the
 * servers that its entries name, so that a process that is killed between two pages leaves none without. */
static bool write_page(struct table *t, size_t at)
{
    const struct table_layout l = table_layout(t->buckets);
    char page[PAGE];
    memcpy(page, (const char *)t->image + at, sizeof page);
    bool any;
    if (at >= l.entries && !write_pages(t, l.servers, l.second_header, &any))
        return false;
    uint32_t last = 0;
    for (size_t i = 0; at >= l.places && at < l.entries && i < PAGE / sizeof last; i++) {
        uint32_t place;
        memcpy(&place, page + i * sizeof place, sizeof place);
        last = place > last ? place : last;
    }
    if (last && !reserve(t, t->file, last))
        return false;
    if (last > t->written) /* which only this thread changes */
        t->written = last;
    return write_all(t->file, span_of(page, sizeof page), at);
}

/* The bits of this word of marks that are of pages from one to another. */
static uint64_t bits_between(size_t word, size_t from, size_t end)
{
    const size_t first = word * TABLE_PAGES_A_WORD;
    const uint64_t below_end =
        end - first < TABLE_PAGES_A_WORD ? (UINT64_C(1) << (end - first)) - 1 : UINT64_MAX;
    return from > first ? below_end & ~((UINT64_C(1) << (from - first)) - 1) : below_end;
}

/* Those that are marked of the pages in this part of the image. A page that changes while it is written is
 * marked again by that change, and written again. */
static bool write_pages(struct table *t, size_t from, size_t end, bool *any)
{
    *any = false;
    int why = 0;
    for (size_t word = from / PAGE / TABLE_PAGES_A_WORD; word * TABLE_PAGES_A_WORD < end / PAGE; word++) {
        const uint64_t wanted = bits_between(word, from / PAGE, end / PAGE);
        uint64_t bits = atomic_load_explicit(&t->dirty[word], memory_order_relaxed) & wanted;
        if (bits)
            bits = atomic_fetch_and_explicit(&t->dirty[word], ~wanted, memory_order_acquire) & wanted;
        for (; bits; bits &= bits - 1) {
            const size_t at = (word * TABLE_PAGES_A_WORD + (unsigned)__builtin_ctzll(bits)) * PAGE;
            *any = true;
            if (write_page(t, at))
                continue;
            why = errno ? errno : EIO;
            (void)atomic_fetch_or(&t->dirty[word], bits & -bits);
        }
    }
    if (why)
        errno = why;
    return !why;
}

bool table_write_out(struct table *t, bool *any)
{
    *any = false;
    return t->file < 0 || write_pages(t, 0, t->bytes, any);
}

/* After a failure Linux marks the pages clean that it could not write, so everything is written again. */
bool table_keep(struct table *t)
{
    if (t->file < 0)
        return true;
    /* In this thread, since the file system may let it wait; without space it is tried again when it is
     * needed.
     */
    (void)reserve(t, t->file, t->written + AHEAD);
    if (fdatasync(t->file) == 0)
        return true;
    const int why = errno;
    const struct table_layout l = table_layout(t->buckets);
    table_mark(t, (const char *)t->image + l.jumps, l.second_header - l.jumps);
    table_mark(t, t->places, end_of_file(t, table_last_place(t)) - l.places);
    errno = why;
    return false;
}
