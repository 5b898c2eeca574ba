#include "app/boundary.h"

#include "app/delivery.h"
#include "process/confine.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 4 };

static void add_folder_of(const char *file, char folders[OUTPUTS][4096], struct confine *limits,
                          struct confine_path *paths)
{
    static size_t used;
    if (!file || strcmp(file, "-") == 0 || used == OUTPUTS || strlen(file) >= sizeof folders[0])
        return;
    (void)snprintf(folders[used], sizeof folders[used], "%s", file);
    paths[limits->count++] = (struct confine_path){.path = dirname(folders[used++]), .write = true};
}

void boundary_close(const struct options *o, const struct site *site, bool writes)
{
    if (o->no_confine)
        return;
    static char folders[OUTPUTS][4096];
    struct confine_path *paths = calloc(o->input_count + OUTPUTS, sizeof *paths);
    struct confine limits = {.paths = paths, .live = o->live};
    const struct destinations to = destinations_of(o, site);
    const char *what = "memory";
    for (size_t i = 0; paths && i < o->input_count && !o->live; i++)
        if (strcmp(o->inputs[i], "-") != 0)
            paths[limits.count++] = (struct confine_path){.path = o->inputs[i]};
    if (paths && writes) {
        add_folder_of(to.json, folders, &limits, paths);
        add_folder_of(to.report_file, folders, &limits, paths);
        if (to.evidence)
            paths[limits.count++] = (struct confine_path){.path = to.evidence, .write = true};
    }
    if (!paths || !confine(&limits, &what))
        (void)fprintf(stderr, "utwatch: not confined: the system refuses %s: %s\n", what, strerror(errno));
    free(paths);
}
