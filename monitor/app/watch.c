#include "app/watch.h"

#include "app/foresight.h"
#include "app/inputs.h"
#include "app/metrics_board.h"
#include "app/metrics_of_sensor.h"
#include "app/say.h"
#include "app/self_watch.h"
#include "base/clock.h"
#include "capture/capture.h"
#include "process/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_PENDING = 1024, /* files that are known to wait; beyond them the folder is looked through again */
    LOOK_MS = 100,
    FRAMES_AT_ONCE = 256, /* before signals and the like are looked at */
    MOST_UNNOTED = 64,    /* files that were read and have findings that wait */
};

struct pending {
    char *path;
    nanos begin; /* of its first frame; one that cannot be read is reported when its turn comes, the last */
};

struct watch {
    struct orders *orders;
    const struct options *options;
    const struct ruleset *rules; /* of which the content may change, see orders.turn */
    struct watched *watched;
    const struct parcel_sink *sink;
    struct self_watch self;
    int changes; /* inotify */
    struct pending pending[MOST_PENDING];
    size_t count;
    bool look_through; /* a change may have been missed */
    struct stat folder;
    bool gone;       /* it, or it is another one */
    size_t taken;    /* files, for their places among the names */
    int64_t read_at; /* by the monotonic clock: when the last file had been read */
    struct watched_file unnoted[MOST_UNNOTED];
    size_t unnoted_count;
    int64_t next_look, next_stats;
    int status;
};

static void add(struct watch *w, const char *name)
{
    char *path;
    if (*name == '.' || asprintf(&path, "%s/%s", w->options->watch, name) < 0)
        return;
    bool known = !inputs_is_capture(path, name);
    for (size_t i = 0; i < w->count && !known; i++)
        known = strcmp(w->pending[i].path, path) == 0;
    if (known || w->count == MOST_PENDING) {
        w->look_through |= !known;
        free(path);
        return;
    }
    w->pending[w->count++] = (struct pending){.path = path, .begin = capture_begin(path)};
}

/* Its writer still has it open: a lease for reading is refused. Without leases, nobody can know. */
static bool is_written(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    const bool written = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    (void)close(fd); /* and with it the lease */
    return written;
}

static bool look_through(struct watch *w, bool first)
{
    DIR *folder = opendir(w->options->watch);
    w->look_through = false;
    if (!folder)
        return false;
    for (const struct dirent *e; (e = readdir(folder));)
        if (!first || !is_written(w->options->watch, e->d_name))
            add(w, e->d_name);
    (void)closedir(folder);
    return true;
}

static void take_changes(struct watch *w)
{
    union {
        struct inotify_event event;
        char bytes[16384];
    } buffer;
    for (ssize_t n; (n = read(w->changes, &buffer, sizeof buffer)) > 0;)
        for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n;) {
            struct inotify_event e;
            memcpy(&e, buffer.bytes + at, sizeof e);
            if (e.mask & IN_Q_OVERFLOW)
                w->look_through = true;
            else if (e.len)
                add(w, buffer.bytes + at + sizeof e);
            at += sizeof e + e.len;
        }
}

/* inotify tells nothing of its end, since Landlock's rule keeps it. */
static void look_at_folder(struct watch *w)
{
    struct stat now;
    w->gone = stat(w->options->watch, &now) != 0 || now.st_ino != w->folder.st_ino ||
              now.st_dev != w->folder.st_dev;
}

static bool go_on(struct watch *w)
{
    const int64_t now = clock_monotonic();
    if (now >= w->next_look) {
        self_watch_outputs(&w->self, w->orders->delivered);
        look_at_folder(w);
        w->next_look = now + LOOK_MS * NANOS_PER_MILLISECOND;
    }
    if (w->next_stats > now + w->rules->site->stats_interval) /* it was longer before the last reload */
        w->next_stats = now + w->rules->site->stats_interval;
    if (now >= w->next_stats) {
        struct capture_health health = {0};
        orders_health(w->orders, &health);
        output_statistics(w->orders->output, &health, clock_of_day());
        w->next_stats = now + w->rules->site->stats_interval;
    }
    if (metrics_board_is_due(w->orders->metrics, now)) {
        static const struct metrics_interfaces none;
        struct capture_health health = {0};
        orders_health(w->orders, &health);
        metrics_of_sensor(w->orders, w->rules->site, &w->self, &health, &none);
    }
    return orders_go_on(w->orders);
}

/* Its frames beyond those that were taken before. The number of a frame is noted before it is looked at: one
 * that ends the process is not looked at again. */
static enum capture_result read_frames(struct watch *w, const char *path, struct capture *capture,
                                       struct watched_file *entry)
{
    struct frame frame = {0};
    enum capture_result result;
    const uint64_t before = entry->frames;
    for (unsigned n = 0; (result = capture_next(capture, &frame)) == CAPTURE_FRAME; n++) {
        if (frame.number > before) {
            entry->frames = frame.number;
            pipeline_frame(w->orders->pipeline[0], &frame);
            foresee(w->orders->pipeline[0], path, w->options->filter);
        }
        if ((signals_any() || n % FRAMES_AT_ONCE == 0) && !go_on(w))
            return CAPTURE_STOPPED;
    }
    return result;
}

static void tell(struct watch *w, const char *path, const char *error)
{
    say(path, error);
    w->orders->broken_inputs++;
    w->status = EXIT_INPUT;
}

/* What was read is noted once its events are written, with those of findings that wait. */
static void note(struct watch *w, bool all)
{
    if (judge_holds_back(w->orders->judge) && w->unnoted_count < MOST_UNNOTED && !all)
        return;
    for (size_t i = 0; i < w->unnoted_count; i++)
        parcel_put(w->sink, PARCEL_WATCHED, span_of(&w->unnoted[i], sizeof w->unnoted[i]));
    w->unnoted_count = 0;
}

/* What is known and has not grown was read, or is no capture. */
static void read_file(struct watch *w, const char *path)
{
    char error[512];
    bool filter_fault;
    struct watched_file file;
    uint64_t size;
    if (!watched_look(path, &file, &size)) {
        if (errno != ENOENT) /* it was renamed or removed meanwhile */
            tell(w, path, strerror(errno));
        return;
    }
    const bool known = watched_find(w->watched, &file);
    struct watched_file *entry = watched_entry(w->watched, &file);
    if (known && entry->size == size)
        return;
    const unsigned source = 1 + (unsigned)(w->taken++ % WATCH_NAMES);
    (void)snprintf(w->options->watched[source - 1], WATCH_NAME_BYTES, "%s", path);
    struct capture *capture =
        capture_open_file(path, source, w->options->filter, NULL, error, sizeof error, &filter_fault);
    if (!capture) {
        tell(w, path, error);
        entry->size = size; /* it is reported once, and again only when it has grown */
        parcel_put(w->sink, PARCEL_WATCHED, span_of(entry, sizeof *entry));
        return;
    }
    if (w->options->verbose)
        say(path, "reading");
    const enum capture_result result = read_frames(w, path, capture, entry);
    if (result == CAPTURE_BROKEN || result == CAPTURE_FILTER_FAULT)
        tell(w, path, capture_error(capture));
    if (result != CAPTURE_STOPPED)
        entry->size = size;
    w->orders->filtered += capture_filtered(capture);
    capture_close(capture);
    w->read_at = clock_monotonic();
    w->unnoted[w->unnoted_count++] = *entry;
    note(w, false);
}

static void read_earliest(struct watch *w)
{
    size_t earliest = 0;
    for (size_t i = 1; i < w->count; i++)
        if (w->pending[i].begin < w->pending[earliest].begin ||
            (w->pending[i].begin == w->pending[earliest].begin &&
             strcmp(w->pending[i].path, w->pending[earliest].path) < 0))
            earliest = i;
    char *path = w->pending[earliest].path;
    w->pending[earliest] = w->pending[--w->count];
    read_file(w, path);
    free(path);
}

/* As on a pipe, time goes on by the monotonic clock once nothing has come for a second. */
static void wait_for_changes(struct watch *w)
{
    struct pollfd p = {.fd = w->changes, .events = POLLIN};
    const int64_t waited = clock_monotonic() - w->read_at;
    if (waited >= NANOS_PER_SECOND)
        pipeline_between_files(w->orders->pipeline[0], waited);
    note(w, false);
    output_flush(w->orders->output);
    (void)signals_poll(&p, 1, LOOK_MS * NANOS_PER_MILLISECOND);
}

static bool begin(struct watch *w)
{
    const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR;
    w->changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (stat(w->options->watch, &w->folder) == 0 && w->changes >= 0 &&
        inotify_add_watch(w->changes, w->options->watch, mask) >= 0 && look_through(w, true))
        return true;
    say(w->options->watch, strerror(errno));
    w->status = EXIT_INPUT;
    return false;
}

int watch_run(struct orders *orders, const struct options *o, const struct ruleset *rules,
              struct watched *watched, const struct parcel_sink *sink)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return EXIT_RUNTIME;
    *w = (struct watch){.orders = orders, .options = o, .rules = rules, .watched = watched, .sink = sink};
    self_watch_begin(&w->self, orders->output, clock_monotonic());
    w->next_stats = clock_monotonic() + rules->site->stats_interval;
    bool good = begin(w) && orders_ready(orders);
    if (good && o->verbose)
        say(o->watch, "watching");
    while (good && !w->gone && go_on(w)) {
        take_changes(w);
        if (w->count)
            read_earliest(w);
        else if (!w->look_through || !look_through(w, false))
            wait_for_changes(w);
    }
    note(w, true);
    if (w->gone)
        tell(w, o->watch, "the folder is gone");
    for (size_t i = 0; i < w->count; i++)
        free(w->pending[i].path);
    if (w->changes >= 0)
        (void)close(w->changes);
    const int status = good || w->status ? w->status : EXIT_RUNTIME;
    free(w);
    return status;
}
