#include "syslog/segment.h"

#include "base/cursor.h"
#include "base/siphash.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t magic[8] = {'u', 't', 's', 'p', 'o', 'o', 'l', '1'};

/* Against torn writes, not against forgers: the key need not be secret. */
static const struct siphash_key checksum_key = {UINT64_C(0x7574776174636820), UINT64_C(0x73706f6f6c203120)};

static void put_number(uint8_t *p, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        p[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
}

static uint64_t take_u64(struct cursor *c)
{
    const uint64_t high = cursor_u32(c);
    return high << 32 | cursor_u32(c);
}

static bool write_at(int fd, const void *p, size_t n, uint64_t at)
{
    const ssize_t written = pwrite(fd, p, n, (off_t)at);
    if (written >= 0 && (size_t)written < n)
        errno = ENOSPC;
    return written >= 0 && (size_t)written == n;
}

static bool read_at(int fd, void *p, size_t n, uint64_t at)
{
    return pread(fd, p, n, (off_t)at) == (ssize_t)n;
}

bool segment_begin(struct segment *s, int fd, unsigned class)
{
    uint8_t header[SEGMENT_HEADER];
    memcpy(header, magic, sizeof magic);
    put_number(header + sizeof magic, SEGMENT_HEADER, 8);
    if (!write_at(fd, header, sizeof header, 0))
        return false;
    *s = (struct segment){
        .fd = fd, .class = class, .size = SEGMENT_HEADER, .done = SEGMENT_HEADER, .taken = SEGMENT_HEADER};
    return true;
}

/* What precedes a message: length (4 bytes), checksum over number and bytes (4), number (8). */
static uint32_t checksum(uint64_t number, struct span message)
{
    const struct siphash_key key = {checksum_key.k0 ^ number, checksum_key.k1};
    return (uint32_t)siphash(&key, message);
}

bool segment_append(struct segment *s, uint64_t number, struct span message)
{
    uint8_t record[SEGMENT_OVERHEAD + SEGMENT_MOST_BYTES];
    if (message.n == 0 || message.n > SEGMENT_MOST_BYTES) {
        errno = EMSGSIZE;
        return false;
    }
    put_number(record, message.n, 4);
    put_number(record + 4, checksum(number, message), 4);
    put_number(record + 8, number, 8);
    memcpy(record + SEGMENT_OVERHEAD, message.p, message.n);
    const size_t n = SEGMENT_OVERHEAD + message.n;
    if (!write_at(s->fd, record, n, s->size)) /* what was written of it will be overwritten */
        return false;
    if (s->first == 0)
        s->first = number;
    s->size += n;
    s->kept++;
    return true;
}

bool segment_read(const struct segment *s, uint64_t at, uint8_t *buffer, struct segment_message *out)
{
    uint8_t head[SEGMENT_OVERHEAD];
    if (at < SEGMENT_HEADER || at > s->size || s->size - at < sizeof head ||
        !read_at(s->fd, head, sizeof head, at))
        return false;
    struct cursor c = cursor_over(span_of(head, sizeof head));
    const size_t length = cursor_u32(&c);
    const uint32_t sum = cursor_u32(&c);
    const uint64_t number = take_u64(&c);
    if (length == 0 || length > SEGMENT_MOST_BYTES || length > s->size - at - sizeof head ||
        !read_at(s->fd, buffer, length, at + sizeof head))
        return false;
    *out = (struct segment_message){
        .number = number, .end = at + sizeof head + length, .bytes = span_of(buffer, length)};
    return number && number >> 62 == 0 && checksum(number, out->bytes) == sum;
}

/* Where the messages begin that were not done. A position that is not between two messages means none. */
static uint64_t done_before(const struct segment *s)
{
    uint8_t header[SEGMENT_HEADER];
    if (!read_at(s->fd, header, sizeof header, 0))
        return SEGMENT_HEADER;
    struct cursor c = cursor_over(span_of(header, sizeof header));
    cursor_skip(&c, sizeof magic);
    return take_u64(&c);
}

bool segment_resume(struct segment *s, int fd, unsigned class, bool *torn, uint64_t *last)
{
    uint8_t buffer[SEGMENT_MOST_BYTES];
    struct stat file;
    *torn = false;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_size < SEGMENT_HEADER ||
        !read_at(fd, buffer, sizeof magic, 0) || memcmp(buffer, magic, sizeof magic) != 0)
        return false;
    *s = (struct segment){.fd = fd, .class = class, .closed = true, .size = (uint64_t)file.st_size};
    const uint64_t done = done_before(s);
    struct segment_message m;
    uint64_t before = 0;
    s->done = SEGMENT_HEADER;
    uint64_t at = SEGMENT_HEADER;
    while (segment_read(s, at, buffer, &m) && m.number > before) {
        if (before == 0)
            s->first = m.number;
        before = m.number;
        s->kept++;
        at = m.end;
        if (at == done) {
            s->done = done;
            s->kept = 0;
        }
    }
    *torn = at != s->size;
    s->size = at;
    s->taken = s->done;
    if (before > *last)
        *last = before;
    return true;
}

/* Remembers in the file where the messages begin that are not done. Where that fails, they are sent once
 * more. */
static void write_done(const struct segment *s)
{
    uint8_t position[8];
    put_number(position, s->done, sizeof position);
    (void)write_at(s->fd, position, sizeof position, sizeof magic);
}

uint64_t segment_done(struct segment *s, uint64_t number)
{
    uint8_t buffer[SEGMENT_MOST_BYTES];
    struct segment_message m;
    uint64_t count = 0;
    uint64_t at = s->done;
    while (at < s->taken && segment_read(s, at, buffer, &m) && m.number <= number) {
        at = m.end;
        count++;
    }
    if (count == 0)
        return 0;
    s->done = at;
    s->kept -= count;
    write_done(s);
    return count;
}

/* The length first: a position behind the end means that nothing is done (segment_resume()). */
bool segment_empty(struct segment *s)
{
    if (ftruncate(s->fd, SEGMENT_HEADER) != 0)
        return false;
    s->size = s->done = s->taken = SEGMENT_HEADER;
    s->first = s->next = s->kept = 0;
    write_done(s);
    return true;
}
