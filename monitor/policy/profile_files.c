#include "policy/profile_files.h"

#include "policy/mistakes.h"
#include "policy/policy.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static const char ending[] = ".yaml";

static bool is_file_name(const char *name)
{
    const size_t n = strlen(name);
    return n >= sizeof ending && strcmp(name + n - (sizeof ending - 1), ending) == 0;
}

static bool is_path(const char *name)
{
    return strchr(name, '/') || is_file_name(name);
}

char *profile_file(const char *name, const char *beside, const char *const *directories,
                   const struct file_texts *files)
{
    char *path = NULL;
    const char *slash = beside ? strrchr(beside, '/') : NULL;
    if (is_path(name)) {
        if (name[0] != '/' && slash)
            return asprintf(&path, "%.*s/%s", (int)(slash - beside), beside, name) < 0 ? NULL : path;
        return strdup(name);
    }
    if (slash) {
        if (asprintf(&path, "%.*s/%s.yaml", (int)(slash - beside), beside, name) < 0)
            return NULL;
        if (file_is_there(files, path))
            return path;
        free(path);
    }
    for (const char *const *d = directories; d && *d; d++) {
        if (asprintf(&path, "%s/%s.yaml", *d, name) < 0)
            return NULL;
        if (file_is_there(files, path))
            return path;
        free(path);
    }
    return NULL;
}

/* Tries the profiles of a folder. `best`: room for the nearest name, as its directory entry does not last. */
static void try_folder(const char *folder, struct suggestion *near, char *best, size_t size)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return;
    for (const struct dirent *e; (e = readdir(entries));) {
        char name[64];
        const size_t n = strlen(e->d_name);
        if (!is_file_name(e->d_name) || n >= sizeof name)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)(n - (sizeof ending - 1)), e->d_name);
        const size_t before = near->distance;
        suggestion_try(near, name);
        if (near->distance < before || near->best == name)
            (void)snprintf(best, size, "%s", name);
        if (near->best)
            near->best = best;
    }
    (void)closedir(entries);
}

void no_such_profile(const char *name, const char *const *directories, char message[256])
{
    char best[64] = "";
    char hint[128];
    struct suggestion near = suggestion_for(name);
    struct text t = text_over(message, PROFILE_HINT);
    for (const char *const *d = directories; d && *d; d++)
        try_folder(*d, &near, best, sizeof best);
    text_put(&t, "no such profile");
    if (near.best) {
        text_put(&t, suggestion_text(&near, hint, sizeof hint));
        return;
    }
    for (const char *const *d = directories; d && *d; d++) {
        text_put(&t, d == directories ? " in " : ", ");
        text_put(&t, *d);
    }
    text_put(&t, t.cut ? "" : " (--list-profiles shows them)");
}

/* modern.yaml would be the reader's own file, modern one of ours. */
static void no_such_file(const char *file, const char *const *directories, const struct file_texts *files,
                         char message[256])
{
    char name[64] = "";
    const size_t n = strlen(file) - (is_file_name(file) ? sizeof ending - 1 : 0);
    if (!strchr(file, '/') && n < sizeof name)
        (void)snprintf(name, sizeof name, "%.*s", (int)n, file);
    char *meant = *name ? profile_file(name, NULL, directories, files) : NULL;
    (void)snprintf(message, PROFILE_HINT, "no such file%s%s%s", meant ? " (did you mean '" : "",
                   meant ? name : "", meant ? "'?)" : "");
    free(meant);
}

bool profile_is_there(const char *name_or_file, const char *const *directories, struct file_texts *files,
                      char message[256])
{
    char *path = profile_file(name_or_file, NULL, directories, files);
    if (!path)
        no_such_profile(name_or_file, directories, message);
    const bool found = path && (!is_path(name_or_file) || file_is_there(files, path));
    if (path && !found)
        no_such_file(name_or_file, directories, files, message);
    free(path);
    return found;
}
