/* -T: files and folders that a run would miss. They may be there by then, so that none is a mistake. */
#include "app/site.h"

#include "app/say.h"
#include "policy/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that the path is in, or the path itself where `whole`: is it there? */
static bool is_there(const char *path, bool whole)
{
    if (whole)
        return access(path, R_OK) == 0;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n && path[n - 1] != '/')
        n--;
    char *folder = n ? strndup(path, n) : strdup(".");
    if (!folder)
        abort();
    const bool there = access(folder, W_OK) == 0;
    free(folder);
    return there;
}

static void warn_of(const struct site *site, const struct node *n, bool whole, FILE *out)
{
    char safe[SAID_BYTES];
    struct stat st;
    const bool folder = n && n->kind == NODE_SCALAR && stat(n->text, &st) == 0 && S_ISDIR(st.st_mode);
    if (!n || n->kind != NODE_SCALAR || strcmp(n->text, "-") == 0 || (!folder && is_there(n->text, whole)))
        return;
    (void)fprintf(out, "%s:%u: warning: '%s': %s\n", site->tree->file, n->line, say_safely(n->text, safe),
                  folder  ? "this is a folder, not a file"
                  : whole ? "there is no readable file of this name"
                          : "there is no writable folder of this name");
}

void site_warn_of_paths(const struct site *site, const char *evidence, const char *json, FILE *out)
{
    static const char *const files[] = {"ca", "certificate", "key"};
    char safe[SAID_BYTES];
    if (site->tree && site->tree->root && site->tree->root->kind == NODE_MAPPING) {
        const struct node *outputs = node_member(site->tree->root, "outputs");
        const struct node *sessions = node_member(site->tree->root, "sessions");
        const struct node *tls = outputs ? node_member(outputs, "tls") : NULL;
        warn_of(site, outputs ? node_member(outputs, "json") : NULL, false, out);
        warn_of(site, sessions ? node_member(sessions, "state") : NULL, false, out);
        for (size_t i = 0; tls && i < sizeof files / sizeof *files; i++)
            warn_of(site, node_member(tls, files[i]), true, out);
    }
    if (json && strcmp(json, "-") != 0 && !is_there(json, false))
        (void)fprintf(out, "utwatch: warning: --json '%s': its folder does not exist or is not writable\n",
                      say_safely(json, safe));
    if (evidence && access(evidence, W_OK) != 0 && !is_there(evidence, false)) /* a run makes it */
        (void)fprintf(out,
                      "utwatch: warning: --evidence '%s': this folder does not exist or is not writable\n",
                      say_safely(evidence, safe));
}
