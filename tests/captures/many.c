/*
 * Many replays in one process, for tests that replay thousands of small captures. Each line of standard input
 * is the command line of a replay, its words parted by tabs. For each, standard output gets the exit status,
 * the number of bytes of its events, and these. Rules that are asked for again are not loaded again; all else
 * begins anew.
 */
#include "app/sensor.h"

#include <getopt.h>
#include <malloc.h>
#include <stdlib.h>

enum { MAX_WORDS = 64, MAX_LOADED = 16 };

/* What --json - would have written. */
struct events {
    char *text;
    size_t length, room;
};

struct loaded {
    char *profile, *config; /* by which they are found */
    struct ruleset rules;
};

static void take(void *context, enum parcel_kind kind, struct span bytes)
{
    struct events *e = context;
    if (kind != PARCEL_EVENT)
        return;
    if (e->room - e->length < bytes.n) {
        e->room = 2 * (e->length + bytes.n);
        e->text = realloc(e->text, e->room);
        if (!e->text)
            abort();
    }
    memcpy(e->text + e->length, bytes.p, bytes.n);
    e->length += bytes.n;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static char *copy(const char *text)
{
    char *out = text ? strdup(text) : NULL;
    if (text && !out)
        abort();
    return out;
}

/* NULL after a mistake. */
static const struct ruleset *rules_of(const struct options *o)
{
    static struct loaded loaded[MAX_LOADED];
    static size_t count;
    for (size_t i = 0; i < count; i++)
        if (same(loaded[i].profile, o->profile) && same(loaded[i].config, o->config))
            return &loaded[i].rules;
    if (count == MAX_LOADED)
        return NULL;
    struct loaded *l = &loaded[count];
    if (!ruleset_load(&l->rules, o, NULL, 1))
        return NULL;
    l->profile = copy(o->profile);
    l->config = copy(o->config);
    count++;
    return &l->rules;
}

static int replay(const struct options *o, struct events *events)
{
    const struct ruleset *rules = o->task == TASK_REPLAY && !o->endless ? rules_of(o) : NULL;
    const struct sensor_setup setup = {
        .options = o, .rules = rules, .sink = {.take = take, .context = events}};
    return rules ? sensor_run(&setup) : EXIT_USAGE;
}

int main(void)
{
    /* Tables come from the kernel as zeros each time: what is used again would have to be cleared. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 17);
    struct events events = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) > 0) {
        char *words[MAX_WORDS + 1] = {"utwatch"};
        int count = 1;
        line[length - 1] = '\0';
        for (char *next = line, *word; count < MAX_WORDS && (word = strsep(&next, "\t"));)
            words[count++] = word;
        struct options options;
        events.length = 0;
        optind = 0; /* glibc's getopt() begins anew */
        int status = EXIT_USAGE;
        if (options_parse(count, words, &options))
            status = replay(&options, &events);
        options_free(&options);
        (void)printf("%d %zu\n", status, events.length);
        (void)fwrite(events.text, 1, events.length, stdout);
        (void)fflush(stdout);
    }
    free(line);
    free(events.text);
    return 0;
}
