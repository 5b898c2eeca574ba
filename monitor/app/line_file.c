#include "app/line_file.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_AT = 1 << 16 /* bytes that are worth a write */ };

struct line_file {
    char *path; /* NULL: standard output */
    int fd;
    bool patient;
    bool may_block; /* not a regular file */
    size_t used;
    size_t within;    /* bytes of an unfinished line that the file has already */
    uint64_t dropped; /* lines that nothing took */
    int error;        /* of the last write, or 0 */
    char buffer[LINES_WAITING];
};

static int open_path(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

/* A line that a killed process did not finish stays as it is, and spoils no later line. */
static void end_torn_line(const char *path, int fd)
{
    struct stat s;
    char last = '\n';
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || s.st_size == 0)
        return;
    const int in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in < 0)
        return;
    const bool torn = pread(in, &last, 1, s.st_size - 1) == 1 && last != '\n';
    (void)close(in);
    if (torn && write(fd, "\n", 1) != 1)
        return; /* likewise when the next line is written */
}

static bool is_regular(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
}

struct line_file *line_file_open(const char *path, bool patient)
{
    struct line_file *f = malloc(sizeof *f);
    if (!f)
        return NULL;
    f->path = NULL;
    f->fd = STDOUT_FILENO;
    f->patient = patient;
    f->used = f->within = 0;
    f->dropped = 0;
    f->error = 0;
    if (strcmp(path, "-") != 0) {
        f->path = strdup(path);
        f->fd = f->path ? open_path(path) : -1;
    }
    if (f->fd < 0) {
        const int why = errno;
        free(f->path);
        free(f);
        errno = why;
        return NULL;
    }
    f->may_block = !is_regular(f->fd);
    if (f->path)
        end_torn_line(f->path, f->fd);
    return f;
}

/* Half a line must not remain at the end of a file that is closed. */
static void take_back_half_line(const struct line_file *f)
{
    struct stat s;
    if (f->within && !f->may_block && fstat(f->fd, &s) == 0 && s.st_size >= (off_t)f->within &&
        ftruncate(f->fd, s.st_size - (off_t)f->within) != 0)
        return; /* it stays, as after a crash */
}

static bool is_same(int a, int b)
{
    struct stat s;
    struct stat t;
    return fstat(a, &s) == 0 && fstat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

bool line_file_reopen(struct line_file *f)
{
    (void)line_file_flush(f);
    if (!f->path)
        return true;
    const int fd = open_path(f->path);
    if (fd < 0)
        return false;
    if (!is_same(f->fd, fd)) {
        take_back_half_line(f);
        f->within = 0;
        end_torn_line(f->path, fd);
    }
    (void)close(f->fd);
    f->fd = fd;
    f->may_block = !is_regular(fd);
    return true;
}

bool line_file_is_removed(const struct line_file *f)
{
    struct stat s;
    return f->path && !f->may_block && fstat(f->fd, &s) == 0 && s.st_nlink == 0;
}

/* How much can be written now without waiting. */
static size_t writable(const struct line_file *f, size_t wanted)
{
    if (!f->may_block || f->patient)
        return wanted;
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    if (poll(&p, 1, 0) != 1)
        return 0;
    return wanted < PIPE_BUF ? wanted : PIPE_BUF; /* pipe(7): a writable pipe has this much room */
}

/* The part of the buffer's first `n` bytes that ends no line. */
static size_t unfinished(const char *bytes, size_t n)
{
    const char *end = memrchr(bytes, '\n', n);
    return end ? n - (size_t)(end + 1 - bytes) : n;
}

/* The file has so many bytes of the buffer. Those of an unfinished line stay: another file may need them. */
static void advance(struct line_file *f, size_t n)
{
    f->within = unfinished(f->buffer, n);
    const size_t done = n - f->within;
    memmove(f->buffer, f->buffer + done, f->used - done);
    f->used -= done;
}

bool line_file_flush(struct line_file *f)
{
    size_t done = f->within;
    f->error = 0;
    while (done < f->used) {
        const size_t now = writable(f, f->used - done);
        const ssize_t n = now ? write(f->fd, f->buffer + done, now) : -1;
        if (n < 0 && now && errno == EINTR)
            continue;
        if (n <= 0) {
            f->error = now && errno ? errno : EAGAIN;
            break;
        }
        done += (size_t)n;
    }
    if (done > f->within)
        advance(f, done);
    errno = f->error;
    return !line_file_waiting(f);
}

static uint64_t lines_of(struct span lines)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lines.n; i++)
        count += lines.p[i] == '\n';
    return count;
}

void line_file_put(struct line_file *f, struct span lines)
{
    if (f->used + lines.n > WRITE_AT && f->used && !f->error)
        (void)line_file_flush(f);
    if (f->used + lines.n > sizeof f->buffer)
        (void)line_file_flush(f);
    if (lines.n > sizeof f->buffer - f->used) {
        f->dropped += lines_of(lines);
        return;
    }
    if (lines.n)
        memcpy(f->buffer + f->used, lines.p, lines.n);
    f->used += lines.n;
}

size_t line_file_waiting(const struct line_file *f)
{
    return f->used - f->within;
}

uint64_t line_file_dropped(const struct line_file *f)
{
    return f->dropped;
}

bool line_file_close(struct line_file *f)
{
    if (!f)
        return true;
    bool good = line_file_flush(f) && !f->dropped;
    int why = f->error;
    take_back_half_line(f);
    if (f->path && close(f->fd) != 0) {
        good = false;
        why = errno;
    }
    free(f->path);
    free(f);
    errno = why ? why : EIO;
    return good;
}

void line_file_abandon(struct line_file *f)
{
    if (!f)
        return;
    if (f->path)
        (void)close(f->fd);
    free(f->path);
    free(f);
}
