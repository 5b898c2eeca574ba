/*
 * Many replays in one process, for tests that replay thousands of small captures. Each line of standard input
 * is the command line of a replay, its words parted by tabs. For each, standard output gets the exit status,
 * the number of bytes of its events, and these. Rules that are asked for again by the same words, from files
 * that have not changed, are not loaded again; all else begins anew.
 */
#include "app/delivery.h"
#include "app/reload.h"
#include "app/sensor.h"

#include <getopt.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    MAX_WORDS = 1024,
    MAX_LOADED = 16,
    STATUS_NOT_HERE = 99 /* it writes more than events, or takes more than one process */
};

/* What --json - would have written. */
struct events {
    char *text;
    size_t length, room;
};

struct command {
    char *line; /* the words, parted by their ends */
    char *word[MAX_WORDS + 1];
    int words;
    bool too_many;
    struct options options;
};

/* Its options point into its words, and its rules to its options. */
struct loaded {
    struct command of;
    struct ruleset rules;
    struct stat *file; /* of each file of rules as it was */
    uint64_t used;     /* the latest replay that did */
};

static void take(void *context, enum parcel_kind kind, struct span bytes)
{
    struct events *e = context;
    if (kind != PARCEL_EVENT || !bytes.n)
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

/* False: it was told what is wrong. */
static bool parse(struct command *c, const char *line)
{
    *c = (struct command){.line = strdup(line), .word = {"utwatch"}, .words = 1};
    if (!c->line)
        abort();
    for (char *next = c->line, *word; c->words < MAX_WORDS && (word = strsep(&next, "\t"));)
        c->word[c->words++] = word;
    c->too_many = c->words == MAX_WORDS;
    optind = 0; /* glibc's getopt() begins anew */
    return options_parse(c->words, c->word, &c->options);
}

static void end(struct command *c)
{
    options_free(&c->options);
    free(c->line);
}

static bool is_capture(const struct command *c, int i)
{
    return strcmp(c->word[i - 1], "-r") == 0;
}

/* But for the names of captures. */
static bool same_words(const struct command *a, const struct command *b)
{
    bool same = a->words == b->words;
    for (int i = 1; i < a->words && same; i++)
        same = (is_capture(a, i) && is_capture(b, i)) || strcmp(a->word[i], b->word[i]) == 0;
    return same;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_files(const struct loaded *l)
{
    struct stat now;
    bool same = true;
    for (size_t i = 0; i < l->rules.file_count && same; i++)
        same = stat(l->rules.files[i].name, &now) == 0 && same_file(&now, &l->file[i]);
    return same;
}

static void forget(struct loaded *l)
{
    ruleset_free(&l->rules);
    free(l->file);
    if (l->of.line)
        end(&l->of);
    *l = (struct loaded){0};
}

static bool load(struct loaded *l)
{
    struct file_texts texts = texts_to_collect();
    const bool good = ruleset_load(&l->rules, &l->of.options, &texts, 1);
    texts_free(&texts);
    l->file = good ? calloc(l->rules.file_count + 1, sizeof *l->file) : NULL;
    bool there = l->file != NULL;
    for (size_t i = 0; there && i < l->rules.file_count; i++)
        there = stat(l->rules.files[i].name, &l->file[i]) == 0;
    return there;
}

/* NULL after a mistake. */
static const struct ruleset *rules_of(struct loaded loaded[MAX_LOADED], const struct command *c,
                                      const char *line)
{
    static uint64_t replays;
    struct loaded *oldest = &loaded[0];
    replays++;
    for (struct loaded *l = loaded; l < loaded + MAX_LOADED; l++) {
        if (l->used && same_words(&l->of, c) && same_files(l)) {
            l->used = replays;
            return &l->rules;
        }
        if (l->used < oldest->used)
            oldest = l;
    }
    forget(oldest);
    if (parse(&oldest->of, line) && load(oldest)) {
        oldest->used = replays;
        return &oldest->rules;
    }
    forget(oldest);
    return NULL;
}

/* It needs no process of its own, and its events are all that it writes. */
static bool is_for_here(const struct options *o, const struct ruleset *rules)
{
    const struct destinations to = destinations_of(o, rules->site);
    return to.json && strcmp(to.json, "-") == 0 && !to.alerts && !to.report_count && !to.evidence &&
           !rules->site->sessions.state && !rules->site->sessions.shared;
}

static int replay(struct loaded loaded[MAX_LOADED], const char *line, struct events *events)
{
    struct command c;
    int status = EXIT_USAGE;
    if (parse(&c, line)) {
        const bool replays = c.options.task == TASK_REPLAY && !c.options.endless && !c.too_many;
        const struct ruleset *rules = replays ? rules_of(loaded, &c, line) : NULL;
        const struct sensor_setup setup = {
            .options = &c.options, .rules = rules, .sink = {.take = take, .context = events}};
        if (!replays || (rules && !is_for_here(&c.options, rules)))
            status = STATUS_NOT_HERE;
        else if (rules)
            status = sensor_run(&setup);
    }
    end(&c);
    return status;
}

int main(void)
{
    /* Tables come from the kernel as zeros each time: what is used again would have to be cleared. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 17);
    static struct loaded loaded[MAX_LOADED];
    struct events events = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) > 0) {
        line[length - 1] = '\0';
        events.length = 0;
        const int status = replay(loaded, line, &events);
        (void)printf("%d %zu\n", status, events.length);
        (void)fwrite(events.text, 1, events.length, stdout);
        (void)fflush(stdout);
    }
    for (size_t i = 0; i < MAX_LOADED; i++)
        forget(&loaded[i]);
    free(line);
    free(events.text);
    return 0;
}
