#include "app/inputs.h"

#include "app/say.h"
#include "capture/capture.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static void add(struct options *o, const char *path, unsigned folder)
{
    const char **inputs = realloc(o->inputs, (o->input_count + 1) * sizeof *inputs);
    if (!inputs)
        abort();
    o->inputs = inputs;
    unsigned *folders = realloc(o->input_folder, (o->input_count + 1) * sizeof *folders);
    if (!folders)
        abort();
    o->input_folder = folders;
    o->inputs[o->input_count] = path;
    o->input_folder[o->input_count++] = folder;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A file with the name of a capture is an input, even if it is empty or damaged. */
static bool is_called_one(const char *name)
{
    return strcasestr(name, ".pcap") || strcasestr(name, ".cap");
}

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

bool inputs_is_capture(const char *path, const char *name)
{
    return is_file(path) && (is_called_one(name) || capture_is_one(path));
}

void inputs_watch(struct options *o, const char *folder)
{
    o->watch = folder;
    o->watched = calloc(WATCH_NAMES, sizeof *o->watched);
    if (!o->watched)
        abort();
    add(o, folder, 0);
    for (size_t i = 0; i < WATCH_NAMES; i++)
        add(o, o->watched[i], 0);
}

static void add_captures(struct options *o, const char *folder, struct dirent **entries, int count)
{
    size_t left_out = 0;
    for (int i = 0; i < count; i++) {
        char *path;
        const size_t length = strlen(folder);
        const char *slash = length && folder[length - 1] == '/' ? "" : "/";
        if (asprintf(&path, "%s%s%s", folder, slash, entries[i]->d_name) < 0)
            abort();
        if (inputs_is_capture(path, entries[i]->d_name)) {
            add(o, path, o->folders);
            continue;
        }
        left_out += is_file(path);
        if (is_file(path) && o->verbose)
            say(path, "not a capture, skipped");
        free(path);
    }
    char what[64];
    (void)snprintf(what, sizeof what, "%zu %s, skipped", left_out,
                   left_out == 1 ? "file is not a capture" : "files are not captures");
    if (left_out && !o->verbose)
        say(folder, what);
}

void inputs_add(struct options *o, const char *path)
{
    struct dirent **entries = NULL;
    const size_t before = o->input_count;
    const int count = strcmp(path, "-") == 0 ? -1 : scandir(path, &entries, is_shown, alphasort);
    o->folders += count >= 0;
    if (count > 0)
        add_captures(o, path, entries, count);
    if (o->input_count == before) /* opening it will show what is wrong */
        add(o, path, 0);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

bool inputs_names_file(const char *operand)
{
    struct stat s;
    return stat(operand, &s) == 0 && (S_ISREG(s.st_mode) || S_ISFIFO(s.st_mode));
}

bool inputs_names_folder(const char *operand)
{
    struct stat s;
    if (stat(operand, &s) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(s.st_mode);
}

void inputs_free(struct options *o)
{
    for (size_t i = 0; i < o->input_count; i++) {
        union {
            const char *path;
            char *own;
        } input = {.path = o->inputs[i]};
        if (o->input_folder[i])
            free(input.own);
    }
    free(o->watched);
    free(o->inputs);
    free(o->input_folder);
}
