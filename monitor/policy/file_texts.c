#include "policy/file_texts.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct heading {
    uint32_t name, text; /* bytes; the name is without its NUL */
};

/* The file at *at, which moves to the one after it. False: there is none. */
static bool next_file(const struct file_texts *files, size_t *at, struct span *name, struct span *text)
{
    struct heading h;
    if (files->used - *at < sizeof h)
        return false;
    memcpy(&h, files->bytes + *at, sizeof h);
    const struct span rest = span_of(files->bytes + *at + sizeof h, files->used - *at - sizeof h);
    if ((uint64_t)h.name + h.text > rest.n)
        return false;
    *name = span_head(rest, h.name);
    *text = span_head(span_skip(rest, h.name), h.text);
    *at += sizeof h + h.name + h.text;
    return true;
}

static bool find(const struct file_texts *files, const char *path, struct span *text)
{
    const struct span wanted = span_of(path, strlen(path));
    struct span name;
    for (size_t at = 0; next_file(files, &at, &name, text);)
        if (span_equal(name, wanted))
            return true;
    return false;
}

static void collect(struct file_texts *files, const char *path, struct span text)
{
    struct span known;
    const struct heading h = {.name = (uint32_t)strlen(path), .text = (uint32_t)text.n};
    if (find(files, path, &known))
        return;
    if (files->size - files->used < sizeof h + h.name + h.text) {
        files->full = true;
        return;
    }
    uint8_t *to = files->bytes + files->used;
    memcpy(to, &h, sizeof h);
    memcpy(to + sizeof h, path, h.name);
    if (text.n)
        memcpy(to + sizeof h + h.name, text.p, text.n);
    files->used += sizeof h + h.name + h.text;
}

bool file_next(const struct file_texts *files, size_t *at, char *name, size_t size, struct span *text)
{
    struct span found;
    if (!next_file(files, at, &found, text))
        return false;
    found = span_head(found, size - 1);
    if (found.n)
        memcpy(name, found.p, found.n);
    name[found.n] = '\0';
    return true;
}

bool file_is_there(const struct file_texts *files, const char *path)
{
    struct span text;
    return files && files->closed ? find(files, path, &text) : access(path, R_OK) == 0;
}

static bool read_whole(int fd, uint8_t *buffer, size_t size, size_t *n)
{
    *n = 0;
    while (*n < size) {
        ssize_t got = read(fd, buffer + *n, size - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        *n += (size_t)got;
    }
    return true;
}

static const char *read_file(const char *path, struct span *text, uint8_t **own)
{
    struct stat st;
    const char *wrong = NULL;
    const size_t size = MAX_RULES_FILE_BYTES + 1;
    size_t n = 0;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        wrong = strerror(errno);
    else if (!S_ISREG(st.st_mode))
        wrong = "not a regular file";
    else if (!(*own = malloc(size)))
        abort();
    else if (!read_whole(fd, *own, size, &n))
        wrong = strerror(errno);
    if (fd >= 0)
        (void)close(fd);
    *text = span_of(*own, n);
    return wrong;
}

const char *file_text(struct file_texts *files, const char *path, struct span *text, uint8_t **own)
{
    *own = NULL;
    if (files && files->closed)
        return find(files, path, text) ? NULL : strerror(ENOENT);
    const char *wrong = read_file(path, text, own);
    if (!wrong && files)
        collect(files, path, *text);
    return wrong;
}
