#include "app/progress.h"

#include "base/clock.h"
#include "base/nanos.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVERY_FRAMES = 16384, EVERY_MS = 200, TRUSTED_SECONDS = 2 /* before the rest is estimated */ };

void progress_begin(struct progress *p, const char *const *inputs, size_t count)
{
    *p = (struct progress){.on = isatty(STDERR_FILENO), .start = clock_monotonic()};
    for (size_t i = 0; i < count && p->on; i++) {
        struct stat s;
        if (strcmp(inputs[i], "-") == 0 || stat(inputs[i], &s) != 0 || !S_ISREG(s.st_mode)) {
            p->size = 0;
            return;
        }
        p->size += (uint64_t)s.st_size;
    }
}

bool progress_frame(struct progress *p)
{
    if (++p->frames % EVERY_FRAMES || !p->on)
        return false;
    const int64_t now = clock_monotonic();
    if (now < p->next)
        return false;
    p->next = now + EVERY_MS * NANOS_PER_MILLISECOND;
    return true;
}

static void put_time_left(const struct progress *p, uint64_t done)
{
    const int64_t seconds = (clock_monotonic() - p->start) / NANOS_PER_SECOND;
    if (seconds < TRUSTED_SECONDS || !done)
        return;
    const double left = (double)seconds * (double)(p->size - done) / (double)done;
    (void)fprintf(stderr, ", %" PRIu64 ":%02u left", (uint64_t)left / 60, (unsigned)((uint64_t)left % 60));
}

void progress_show(struct progress *p, uint64_t now, uint64_t violations)
{
    const uint64_t read = p->done + now;
    const uint64_t done = p->size && read > p->size ? p->size : read; /* a file may have grown */
    if (p->size)
        (void)fprintf(stderr, "\r%3" PRIu64 "%%", (uint64_t)(100.0 * (double)done / (double)p->size));
    else
        (void)fputc('\r', stderr);
    (void)fprintf(stderr, " %" PRIu64 " MiB, %" PRIu64 " frames, %" PRIu64 " violation%s", done >> 20,
                  p->frames, violations, violations == 1 ? "" : "s");
    if (p->size)
        put_time_left(p, done);
    (void)fputs("\033[K", stderr);
    p->shown = true;
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        (void)fputs("\r\033[K", stderr);
    p->shown = false;
}
