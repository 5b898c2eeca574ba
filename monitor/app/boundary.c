#include "app/boundary.h"

#include "app/delivery.h"
#include "process/confine.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 3 + MAX_REPORTS };

/* What the confined process may still reach. */
struct reach {
    struct confine_path *path; /* room for all inputs, the baseline and OUTPUTS */
    size_t count;
    char folder[OUTPUTS][4096]; /* of the files that are written: they are renamed, or opened again */
    size_t folders;
};

static void add(struct reach *r, const char *path, bool write)
{
    r->path[r->count++] = (struct confine_path){.path = path, .write = write};
}

static void add_folder_of(struct reach *r, const char *file)
{
    if (!file || strcmp(file, "-") == 0 || r->folders == OUTPUTS || strlen(file) >= sizeof r->folder[0])
        return;
    char *folder = r->folder[r->folders++];
    (void)snprintf(folder, sizeof r->folder[0], "%s", file);
    add(r, dirname(folder), true);
}

static void add_outputs(struct reach *r, const struct destinations *to)
{
    add_folder_of(r, to->json);
    for (size_t i = 0; i < to->report_count; i++)
        add_folder_of(r, to->report[i].file);
    if (to->evidence)
        add(r, to->evidence, true);
}

void boundary_close(const struct options *o, const struct site *site, const struct orders *orders)
{
    if (o->no_confine)
        return;
    struct reach r = {.path = calloc(o->input_count + 1 + OUTPUTS, sizeof *r.path)};
    const struct destinations to = destinations_of(o, site);
    for (size_t i = 0; r.path && i < o->input_count && !o->live; i++)
        if (strcmp(o->inputs[i], "-") != 0 && (i == 0 || !o->watch))
            add(&r, o->inputs[i], false);
    if (r.path && o->baseline_file)
        add(&r, o->baseline_file, false);
    if (r.path && orders->reopen) /* the files are this process's own */
        add_outputs(&r, &to);
    const char *what = "memory";
    const struct confine limits = {.paths = r.path,
                                   .count = r.count,
                                   .start_threads = orders->start_threads,
                                   .context = orders->threads,
                                   .live = o->live};
    if (!r.path || !confine(&limits, &what))
        (void)fprintf(stderr, "utwatch: not confined: the system refuses %s: %s\n", what, strerror(errno));
    free(r.path);
}
