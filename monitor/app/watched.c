#include "app/watched.h"

#include "base/siphash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BEGIN_BYTES = 64 /* of a capture: its header and that of the first frame, with its time */ };

struct watched {
    size_t count; /* that were ever made; the newest take the places of the oldest */
    struct watched_file file[WATCHED_FILES];
};

struct watched *watched_new(void)
{
    struct watched *w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return w == MAP_FAILED ? NULL : w;
}

bool watched_look(const char *path, struct watched_file *file, uint64_t *size)
{
    static const struct siphash_key key = {0, 0}; /* the next run has to find the same */
    struct stat s;
    uint8_t bytes[BEGIN_BYTES];
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    const ssize_t n = fstat(fd, &s) == 0 && S_ISREG(s.st_mode) ? read(fd, bytes, sizeof bytes) : -1;
    const int why = errno;
    (void)close(fd);
    errno = why;
    if (n < 0)
        return false;
    *file = (struct watched_file){
        .device = s.st_dev, .inode = s.st_ino, .begin = siphash(&key, span_of(bytes, (size_t)n))};
    *size = (uint64_t)s.st_size;
    return true;
}

static bool is_same(const struct watched_file *a, const struct watched_file *b)
{
    return a->device == b->device && a->inode == b->inode && a->begin == b->begin;
}

struct watched_file *watched_find(struct watched *w, const struct watched_file *file)
{
    for (size_t i = 0; i < WATCHED_FILES && i < w->count; i++)
        if (is_same(&w->file[i], file))
            return &w->file[i];
    return NULL;
}

struct watched_file *watched_entry(struct watched *w, const struct watched_file *file)
{
    struct watched_file *known = watched_find(w, file);
    if (known)
        return known;
    struct watched_file *entry = &w->file[w->count++ % WATCHED_FILES];
    *entry = *file;
    return entry;
}

/* The next number of a line, which moves on to what follows it. */
static bool take_number(char **line, int base, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(*line, &end, base);
    const bool found = end != *line && errno == 0;
    *line = end;
    return found;
}

void watched_load(struct watched *w, FILE *in)
{
    char buffer[256];
    while (fgets(buffer, sizeof buffer, in)) {
        struct watched_file f;
        char *line = buffer;
        if (take_number(&line, 10, &f.device) && take_number(&line, 10, &f.inode) &&
            take_number(&line, 16, &f.begin) && take_number(&line, 10, &f.frames) &&
            take_number(&line, 10, &f.size) && strcmp(line, "\n") == 0)
            *watched_entry(w, &f) = f;
    }
}

void watched_write(const struct watched_file *f, FILE *out)
{
    (void)fprintf(out, "%" PRIu64 " %" PRIu64 " %016" PRIx64 " %" PRIu64 " %" PRIu64 "\n", f->device,
                  f->inode, f->begin, f->frames, f->size);
}

void watched_write_all(const struct watched *w, FILE *out)
{
    const size_t kept = w->count < WATCHED_FILES ? w->count : WATCHED_FILES;
    for (size_t i = w->count - kept; i < w->count; i++)
        watched_write(&w->file[i % WATCHED_FILES], out);
}

/* The folder may belong to others: no link of theirs decides what a process of more rights reads or writes.
 */
static bool load_earlier(struct watched *w, const char *path)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT;
    FILE *in = fdopen(fd, "r");
    if (!in) {
        (void)close(fd);
        return false;
    }
    watched_load(w, in);
    (void)fclose(in);
    return true;
}

static FILE *create(const char *path)
{
    (void)unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out && fd >= 0)
        (void)close(fd);
    return out;
}

FILE *watched_begin(struct watched *w, const char *path)
{
    char fresh[4160];
    const int n = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (n >= (int)sizeof fresh) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    FILE *out = load_earlier(w, path) ? create(fresh) : NULL;
    if (!out)
        return NULL;
    watched_write_all(w, out);
    if (fflush(out) == 0 && fsync(fileno(out)) == 0 && rename(fresh, path) == 0)
        return out;
    const int why = errno;
    (void)fclose(out);
    (void)unlink(fresh);
    errno = why;
    return NULL;
}
