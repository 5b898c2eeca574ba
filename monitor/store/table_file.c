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

enum { PAGE = TABLE_PAGE, VERSION = 1 };

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

/* A file may have lost its end, but not more than what is left: a header that announces more was not written
 * by this program. */
static bool is_of_size(const struct table_header *h, size_t size)
{
    return h->buckets > 0 && h->buckets / 2 <= size / (TABLE_BUCKET * sizeof(struct entry));
}

/* One of the two headers, whichever is whole. */
static bool read_header(int file, size_t size, struct table_header *out)
{
    if (pread(file, out, sizeof *out, 0) == (ssize_t)sizeof *out && is_whole(out))
        return true;
    return size > PAGE && pread(file, out, sizeof *out, (off_t)(size - PAGE)) == (ssize_t)sizeof *out &&
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
           write_all(t->file, span_of(&h, sizeof h), table_layout(t->buckets).last_header) &&
           fsync(t->file) == 0;
}

/* Compares an existing file with what is wanted. */
static enum table_result judge_file(int file, size_t size, uint64_t buckets, struct table_header *h)
{
    char start[sizeof magic];
    if (!read_header(file, size, h)) {
        bool ours = pread(file, start, sizeof start, 0) == (ssize_t)sizeof start &&
                    memcmp(start, magic, sizeof start) == 0;
        bool our_size = size == table_layout(buckets).bytes; /* both of its headers were lost */
        return ours || our_size ? TABLE_DAMAGED : TABLE_NOT_OURS;
    }
    bool same = h->version == VERSION && h->entry_bytes == sizeof(struct entry) && h->buckets == buckets;
    if (!same)
        return TABLE_OTHER_SIZE;
    return size == table_layout(buckets).bytes ? TABLE_OK : TABLE_CUT;
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
    for (size_t at = l.jumps; good && at < l.last_header;) {
        const size_t want = l.last_header - at < CHUNK ? l.last_header - at : CHUNK;
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

/* Allocates the disk space now, so that no later write meets a full disk. The header is written first: if the
 * process ends in between, it recognises its own file. */
static enum table_result begin(struct table *t, int file, uint64_t buckets)
{
    enum table_result result = table_allocate(t, buckets);
    if (result != TABLE_OK)
        return result;
    t->key = siphash_random_key();
    const struct table_header h = header_of(t);
    int why = write_all(file, span_of(&h, sizeof h), 0) ? 0 : errno;
    if (!why)
        why = posix_fallocate(file, 0, (off_t)t->bytes);
    if (why && ftruncate(file, 0) != 0)
        why = errno;
    errno = why;
    return why ? TABLE_ERROR : TABLE_OK;
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
    enum table_result was = s.st_size ? judge_file(*file, (size_t)s.st_size, buckets, &h) : TABLE_OK;
    if (was != TABLE_OK && was != TABLE_DAMAGED && was != TABLE_CUT)
        return was;
    if (was == TABLE_DAMAGED)
        result = set_aside(path, file, &s);
    if (result == TABLE_OK)
        result = s.st_size ? load(t, *file, &h) : begin(t, *file, buckets);
    if (result == TABLE_OK && was == TABLE_CUT) {
        errno = posix_fallocate(*file, 0, (off_t)t->bytes);
        if (errno || ftruncate(*file, (off_t)t->bytes) != 0)
            return TABLE_ERROR;
    }
    if (result != TABLE_OK)
        return result;
    t->dirty = mmap(NULL, marks_bytes(t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t->dirty == MAP_FAILED) {
        t->dirty = NULL;
        return TABLE_NO_MEMORY;
    }
    t->file = *file;
    table_take_stock(t);
    return write_headers(t) ? was : TABLE_ERROR;
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
    if (result == TABLE_OK || result == TABLE_DAMAGED || result == TABLE_CUT)
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
    const uint64_t buckets = ((uint64_t)capacity * 5 / 4 + TABLE_BUCKET - 1) / TABLE_BUCKET + 1;
    *t = (struct table){.file = -1, .shared = shared};
    if (path)
        return open_file(t, buckets, path);
    t->key = siphash_random_key();
    return table_allocate(t, buckets);
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
    *t = (struct table){.file = -1};
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is not waited for */
    struct stat s;
    struct table_header h;
    if (file < 0)
        return TABLE_ERROR;
    enum table_result result = TABLE_NOT_OURS;
    if (fstat(file, &s) != 0)
        result = TABLE_ERROR;
    else if (S_ISREG(s.st_mode) && read_header(file, (size_t)s.st_size, &h) &&
             is_of_size(&h, (size_t)s.st_size))
        result = judge_file(file, (size_t)s.st_size, h.buckets, &h);
    const enum table_result was = result;
    if (result == TABLE_OK || result == TABLE_CUT)
        result = load(t, file, &h);
    result = result == TABLE_OK ? was : result;
    const int why = errno;
    (void)close(file);
    if (result == TABLE_OK || result == TABLE_CUT)
        table_take_stock(t);
    else
        table_close(t);
    errno = why;
    return result;
}

/* A page that changes while it is written is marked again by that change, and written again. */
bool table_write_out(struct table *t, bool *any)
{
    *any = false;
    if (t->file < 0)
        return true;
    bool good = true;
    for (size_t word = 0; word <= t->bytes / PAGE / TABLE_PAGES_A_WORD; word++) {
        uint64_t bits = atomic_load_explicit(&t->dirty[word], memory_order_relaxed);
        if (bits)
            bits = atomic_exchange_explicit(&t->dirty[word], 0, memory_order_acquire);
        for (; bits; bits &= bits - 1) {
            const size_t at = (word * TABLE_PAGES_A_WORD + (unsigned)__builtin_ctzll(bits)) * PAGE;
            *any = true;
            if (write_all(t->file, span_of((const char *)t->image + at, PAGE), at))
                continue;
            (void)atomic_fetch_or(&t->dirty[word], bits & -bits);
            good = false;
        }
    }
    return good;
}

/* After a failure Linux marks the pages clean that it could not write, so everything is written again. */
bool table_keep(struct table *t)
{
    if (t->file < 0 || fdatasync(t->file) == 0)
        return true;
    const int why = errno;
    const struct table_layout l = table_layout(t->buckets);
    table_mark(t, (const char *)t->image + l.jumps, l.last_header - l.jumps);
    errno = why;
    return false;
}
