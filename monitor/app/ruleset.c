#include "app/ruleset.h"

#include "app/expect.h"
#include "app/say.h"
#include "base/clock.h"
#include "policy/tree.h"

#include <inttypes.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USUAL_PROFILE "ts33141-pcr2"

static bool holds(const char *folder, const char *name)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s", folder, name) < PATH_MAX && access(path, R_OK) == 0;
}

/*
 * Those of the source tree that this program was built in, or "": `rules` in the nearest folder above the
 * program that is such a tree. Looked for once, at the start: later the process may be confined.
 */
static const char *rules_of_source(void)
{
    static char found[PATH_MAX];
    static bool looked;
    char at[PATH_MAX];
    if (looked)
        return found;
    looked = true;
    const ssize_t length = readlink("/proc/self/exe", at, sizeof at);
    if (length <= 0 || length >= PATH_MAX)
        return found;
    at[length] = '\0';
    for (char *slash = strrchr(at, '/'); slash && slash > at; slash = strrchr(at, '/')) {
        *slash = '\0';
        if (holds(at, "meson.build") && holds(at, "rules/common.yaml")) {
            if (snprintf(found, sizeof found, "%s/rules", at) >= PATH_MAX)
                found[0] = '\0';
            break;
        }
    }
    return found;
}

const char *const *profile_directories(void)
{
    static const char *directories[4];
    size_t n = 0;
    const char *own = getenv("UTWATCH_RULES");
    if (own && *own)
        directories[n++] = own;
    directories[n++] = UTWATCH_RULES_DIRECTORY;
    const char *source = rules_of_source();
    if (*source)
        directories[n++] = source;
    directories[n] = NULL;
    return directories;
}

/* `at`: where the site's configuration names it, or NULL. */
static struct profile *load(const char *name, const struct site *site, const struct node *at,
                            struct file_texts *files)
{
    struct mistakes mistakes = {0};
    struct profile *p = NULL;
    char wrong[256];
    if (at && !profile_is_there(name, profile_directories(), files, wrong))
        mistake_add(&mistakes, site->tree->file, at->line, at->column, "'%s': %s", name, wrong);
    else
        p = profile_load(name, profile_directories(), site ? site->overrides : NULL,
                         site ? site->override_count : 0, files, &mistakes);
    mistakes_print(&mistakes, stderr);
    mistakes_free(&mistakes);
    return p;
}

struct profile *profile_or_mistakes(const struct options *o, const struct site *site,
                                    struct file_texts *files)
{
    const struct node *at = site && !o->profile ? site->profile : NULL;
    return load(o->profile ? o->profile : at ? at->text : USUAL_PROFILE, site, at, files);
}

/* False after a message: there are too many rules. */
static bool join(struct profile **all, struct profile *p)
{
    if (!*all) {
        *all = p;
        return true;
    }
    if (profile_join(*all, p))
        return true;
    (void)fprintf(stderr, "utwatch: the profiles that give advice have more than %d rules together\n",
                  MAX_RULES);
    profile_free(p);
    return false;
}

struct profile *advice_or_mistakes(const struct options *o, const struct site *site, struct file_texts *files,
                                   bool *good)
{
    const bool of_site = site && !o->advise_count;
    const size_t count = of_site ? site->advise_count : o->advise_count;
    struct profile *all = NULL;
    *good = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *at = of_site ? site->advise[i] : NULL;
        struct profile *p = load(at ? at->text : o->advise[i], site, at, files);
        *good &= p && join(&all, p);
    }
    if (*good)
        return all;
    profile_free(all);
    return NULL;
}

/* False after a mistake: the tables that the limits ask for do not fit the memory that they allow. */
static bool limits_fit(const struct site *site, struct mistakes *mistakes)
{
    const uint64_t need = site_memory(site, NULL);
    if (!site->memory || need <= site->memory)
        return true;
    (void)site_memory(site, stderr);
    const struct node *memory = node_member(node_member(site->tree->root, "limits"), "memory");
    mistake_add(mistakes, site->tree->file, memory->line, memory->column,
                "limits need %" PRIu64 " MiB, and memory is %" PRIu64
                " MiB: raise memory, or lower flows, handshakes or sessions",
                need >> 20, site->memory >> 20);
    return false;
}

/* False after a mistake: a file that `outputs` names cannot be used. */
static bool outputs_work(const struct site *site, struct mistakes *mistakes)
{
    char error[256];
    if (receivers_check(&site->receivers, error, sizeof error))
        return true;
    const struct node *outputs = node_member(site->tree->root, "outputs");
    mistake_add(mistakes, site->tree->file, outputs->line, outputs->column, "%s", error);
    return false;
}

struct site *site_or_mistakes(const struct options *o, struct file_texts *files)
{
    struct mistakes mistakes = {0};
    struct site *site = site_load(o->config, files, &mistakes);
    if (site) {
        site->evidence = o->evidence != NULL;
        site->workers = o->workers;
        site->advised = (uint32_t)(o->advise_count ? o->advise_count : site->advise_count);
        site_size_handshakes(site);
    }
    const bool fit = !site || limits_fit(site, &mistakes);
    const bool work = !site || (files && files->closed) || outputs_work(site, &mistakes);
    if (!fit || !work) {
        site_free(site);
        site = NULL;
    }
    mistakes_print(&mistakes, stderr);
    mistakes_free(&mistakes);
    return site;
}

/* What the command line says counts more. */
static void apply_options(struct site *site, const struct options *o)
{
    if (o->expected_count) { /* a test neither writes nor tells what the site's sensor does */
        site->json = NULL;
        site->receivers.count = 0;
        site->sessions.state = site->sessions.shared = NULL;
    }
    site->checksums = o->checksums;
    if (o->state)
        site->sessions.state = o->state;
    if (o->shared)
        site->sessions.shared = o->shared;
    site->sessions.take_memory = site->sessions.state;
}

/* -vv: by what it is judged. */
static void tell_rules(const struct ruleset *rules, const char *config)
{
    const char *what = "profile";
    char safe[SAID_BYTES];
    if (config)
        (void)fprintf(stderr, "utwatch: configuration %s\n", say_safely(config, safe));
    for (const struct profile *p = rules->profile; p;
         p = p == rules->profile ? rules->advice : profile_next(p)) {
        (void)fprintf(stderr, "utwatch: %s %s (%s), generation %" PRIu32 ", hash %s: %s\n", what,
                      profile_name(p), profile_status(p), profile_version(p)->generation,
                      profile_version(p)->hash, profile_title(p));
        what = "advice";
    }
}

/* What was collected is what was read: a file may have changed since then. */
static void add_up_files(struct ruleset *rules, const struct file_texts *files)
{
    char name[4096];
    struct span text;
    for (size_t at = 0; files && file_next(files, &at, name, sizeof name, &text);) {
        struct ruleset_file *more = reallocarray(rules->files, rules->file_count + 1, sizeof *rules->files);
        char *copy = strdup(name);
        if (!more || !copy)
            abort();
        rules->files = more;
        struct ruleset_file *file = &more[rules->file_count++];
        struct sha256_ctx sum;
        uint8_t digest[SHA256_DIGEST_SIZE];
        sha256_init(&sum);
        sha256_update(&sum, text.n, text.p);
        sha256_digest(&sum, sizeof digest, digest);
        *file = (struct ruleset_file){.name = copy};
        struct text hex = text_over(file->sha256, sizeof file->sha256);
        text_hex(&hex, span_of(digest, sizeof digest), 0);
    }
}

bool ruleset_load(struct ruleset *rules, const struct options *o, struct file_texts *files,
                  uint32_t generation)
{
    *rules = (struct ruleset){.site = site_or_mistakes(o, files)};
    struct site *site = rules->site;
    bool advised;
    rules->profile = profile_or_mistakes(o, site, files);
    rules->advice = advice_or_mistakes(o, site, files, &advised);
    if (site && rules->profile)
        site_warn_of_exceptions(site, rules->profile, o->live ? clock_of_day() : 0, stderr);
    if (!site || !rules->profile || !advised || !expect_has_rules(o, rules->profile)) {
        ruleset_free(rules);
        return false;
    }
    apply_options(site, o);
    if (o->strict)
        profile_be_strict(rules->profile);
    profile_number(rules->profile, generation);
    if (rules->advice)
        profile_number(rules->advice, generation);
    add_up_files(rules, files);
    if (o->verbose > 1)
        tell_rules(rules, o->config);
    return true;
}

void ruleset_free(struct ruleset *rules)
{
    for (size_t i = 0; i < rules->file_count; i++)
        free(rules->files[i].name);
    free(rules->files);
    profile_free(rules->advice);
    profile_free(rules->profile);
    site_free(rules->site);
    *rules = (struct ruleset){0};
}
