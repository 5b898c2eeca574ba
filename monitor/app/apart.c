#include "app/apart.h"

#include "app/delivery.h"
#include "app/evidence_folder.h"

#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A regular file, or a place in a folder where one will be made. */
struct place {
    dev_t device;
    ino_t inode;
    bool is_there;
    char name[256]; /* for a file that does not exist yet, device and inode are those of its folder */
};

struct use {
    const char *as; /* "-r", "--json" */
    const char *path;
    struct place place;
    bool written;
};

struct uses {
    struct use *list;
    size_t count;
};

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder that a path lies in, and its name there: dirname() and basename() change what they are given. */
static bool look_at_folder(const char *path, struct stat *folder, char *name, size_t size)
{
    char parent[4096];
    char last[4096];
    if (snprintf(parent, sizeof parent, "%s", path) >= (int)sizeof parent)
        return false;
    (void)snprintf(last, sizeof last, "%s", path);
    (void)snprintf(name, size, "%s", basename(last));
    return stat(dirname(parent), folder) == 0;
}

static bool is_at(struct place *p, const struct stat *s)
{
    p->device = s->st_dev;
    p->inode = s->st_ino;
    return true;
}

/* False for pipes, terminals, /dev/null and folders, which nothing overwrites. */
static bool find_place(const char *path, bool written, struct place *p)
{
    struct stat s;
    *p = (struct place){.is_there = true};
    if (strcmp(path, "-") == 0)
        return fstat(written ? STDOUT_FILENO : STDIN_FILENO, &s) == 0 && S_ISREG(s.st_mode) && is_at(p, &s);
    if (stat(path, &s) == 0)
        return S_ISREG(s.st_mode) && is_at(p, &s);
    p->is_there = false;
    return written && look_at_folder(path, &s, p->name, sizeof p->name) && is_at(p, &s);
}

static void add(struct uses *u, const char *as, const char *path, bool written)
{
    struct use use = {.as = as, .path = path, .written = written};
    if (!path || !find_place(path, written, &use.place))
        return;
    struct use *list = realloc(u->list, (u->count + 1) * sizeof *list);
    if (!list)
        abort();
    u->list = list;
    u->list[u->count++] = use;
}

static bool same_place(const struct place *a, const struct place *b)
{
    return a->device == b->device && a->inode == b->inode && a->is_there == b->is_there &&
           (a->is_there || strcmp(a->name, b->name) == 0);
}

static void say_use(struct text *t, const struct use *use)
{
    text_put(t, use->as);
    text_char(t, ' ');
    text_safe(t, span_of(use->path, strlen(use->path)));
}

static bool refuse(const struct use *a, const struct use *b)
{
    char buffer[2048];
    struct text t = text_over(buffer, sizeof buffer);
    say_use(&t, a);
    text_put(&t, " and ");
    say_use(&t, b);
    (void)fprintf(stderr, "utwatch: %s are the same file\n", buffer);
    return false;
}

static bool compare(const struct uses *u)
{
    for (size_t i = 0; i < u->count; i++)
        for (size_t j = 0; j < i; j++)
            if ((u->list[i].written || u->list[j].written) &&
                same_place(&u->list[i].place, &u->list[j].place))
                return refuse(&u->list[i], &u->list[j]);
    return true;
}

static void add_outputs(struct uses *u, const struct options *o, const struct site *site)
{
    const struct destinations to = destinations_of(o, site);
    add(u, "--json", to.json, true);
    for (size_t i = 0; i < to.report_count; i++)
        add(u, "--report", to.report[i].file ? to.report[i].file : "-", true);
    add(u, "--state", site->sessions.state, true);
}

/* Of a folder of evidence the oldest files go when it is full, and an input may look like one of them. */
static bool apart_from_evidence(const struct options *o)
{
    struct stat evidence;
    struct stat watched;
    if (!o->evidence || o->live || stat(o->evidence, &evidence) != 0)
        return true;
    if (o->watch && stat(o->watch, &watched) == 0 && same_file(&watched, &evidence)) {
        (void)fputs("utwatch: --evidence and --watch are the same folder\n", stderr);
        return false;
    }
    for (size_t i = 0; i < o->input_count; i++) {
        struct stat folder;
        char name[256];
        if (!look_at_folder(o->inputs[i], &folder, name, sizeof name) || !same_file(&folder, &evidence) ||
            !evidence_is_ours(name))
            continue;
        char buffer[2048];
        struct text t = text_over(buffer, sizeof buffer);
        text_safe(&t, span_of(o->inputs[i], strlen(o->inputs[i])));
        text_put(&t, " is in the folder of --evidence ");
        text_safe(&t, span_of(o->evidence, strlen(o->evidence)));
        (void)fprintf(stderr, "utwatch: -r %s, where it may be removed\n", buffer);
        return false;
    }
    return true;
}

bool outputs_are_apart(const struct options *o, const struct site *site, const struct file_texts *texts)
{
    struct uses u = {0};
    char program[4096];
    char file[4096];
    for (size_t i = 0; i < o->input_count && !o->endless; i++)
        add(&u, "-r", o->inputs[i], false);
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    if (n > 0)
        add(&u, "the program", program, false);
    add(&u, "-c", o->config, false);
    add(&u, "--baseline", o->baseline_file, false);
    add(&u, "ca", site->receivers.tls.ca, false);
    add(&u, "certificate", site->receivers.tls.certificate, false);
    add(&u, "key", site->receivers.tls.key, false);
    add_outputs(&u, o, site);
    bool good = compare(&u);
    struct span text;
    for (size_t at = 0; good && file_next(texts, &at, file, sizeof file, &text);) {
        if (o->config && strcmp(file, o->config) == 0)
            continue;
        const size_t before = u.count;
        add(&u, "the rules of", file, false);
        good = compare(&u);
        u.count = before;
    }
    free(u.list);
    return good && apart_from_evidence(o);
}
