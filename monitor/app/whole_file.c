#include "app/whole_file.h"

#include "process/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct whole_file {
    FILE *out;
    char *name;      /* NULL: the bytes go where they belong at once */
    char *temporary; /* beside the name */
    int error;
};

static void forget_temporary(struct whole_file *f)
{
    if (f->temporary)
        signals_finished(f->temporary);
    free(f->temporary);
    f->temporary = NULL;
}

static bool make_temporary(struct whole_file *f, const char *path, mode_t mode)
{
    char real[PATH_MAX];
    f->name = strdup(realpath(path, real) ? real : path); /* the target of a symbolic link, not the link */
    if (!f->name || asprintf(&f->temporary, "%s.XXXXXX", f->name) < 0) {
        f->temporary = NULL;
        return false;
    }
    const int fd = mkostemp(f->temporary, O_CLOEXEC);
    if (fd < 0) {
        free(f->temporary);
        f->temporary = NULL;
        return false;
    }
    signals_unfinished(f->temporary);
    f->out = fdopen(fd, "w");
    if (!f->out)
        (void)close(fd);
    return f->out && fchmod(fd, mode) == 0;
}

static bool open_path(struct whole_file *f, const char *path)
{
    struct stat s;
    const mode_t mask = umask(0);
    (void)umask(mask);
    if (stat(path, &s) != 0)
        return make_temporary(f, path, 0666 & ~mask);
    if (S_ISREG(s.st_mode))
        return access(path, W_OK) == 0 && make_temporary(f, path, s.st_mode & 0777);
    f->out = fopen(path, "we");
    return f->out != NULL;
}

struct whole_file *whole_file_open(const char *path)
{
    struct whole_file *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    if (!path)
        f->out = stdout;
    else if (!open_path(f, path)) {
        const int why = errno;
        whole_file_free(f);
        errno = why;
        return NULL;
    }
    return f;
}

void whole_file_put(struct whole_file *f, struct span bytes)
{
    if (bytes.n && fwrite(bytes.p, 1, bytes.n, f->out) != bytes.n && !f->error)
        f->error = errno;
}

void whole_file_flush(struct whole_file *f)
{
    if (fflush(f->out) != 0 && !f->error)
        f->error = errno;
}

bool whole_file_finish(struct whole_file *f)
{
    if (fflush(f->out) != 0 && !f->error)
        f->error = errno;
    /* Or the name might outlive a power cut, and the bytes not. */
    if (!f->error && f->name && fsync(fileno(f->out)) != 0)
        f->error = errno;
    if (!f->error && f->name && rename(f->temporary, f->name) != 0)
        f->error = errno;
    if (!f->error)
        forget_temporary(f);
    errno = f->error;
    return !f->error;
}

void whole_file_abandon(struct whole_file *f)
{
    if (!f)
        return;
    forget_temporary(f);
    whole_file_free(f);
}

void whole_file_free(struct whole_file *f)
{
    if (!f)
        return;
    if (f->out && f->out != stdout)
        (void)fclose(f->out);
    if (f->temporary)
        (void)unlink(f->temporary);
    forget_temporary(f);
    free(f->name);
    free(f);
}
