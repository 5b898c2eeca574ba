#include "app/profiles.h"

#include "app/profiles_parts.h"
#include "app/ruleset.h"
#include "app/say.h"
#include "base/clock.h"
#include "naming/naming.h"
#include "policy/fields.h"
#include "policy/mistakes.h"
#include "wire/suite.h"

#include <dirent.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <unistd.h>

static int yaml_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

/* NULL after a mistake. */
static struct profile *load_of_folder(const char *folder, const struct dirent *entry,
                                      struct mistakes *mistakes)
{
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    return length < (int)sizeof path ? profile_load(path, profile_directories(), NULL, 0, NULL, mistakes)
                                     : NULL;
}

/* A folder that is searched before this one has a profile of that name. */
static bool is_hidden(const char *const *folder, const struct dirent *entry)
{
    char path[4096];
    for (const char *const *d = profile_directories(); d != folder; d++)
        if (snprintf(path, sizeof path, "%s/%s", *d, entry->d_name) < (int)sizeof path &&
            access(path, F_OK) == 0)
            return true;
    return false;
}

/* False after a mistake. */
static bool list_profile(const char *folder, const struct dirent *entry)
{
    struct mistakes mistakes = {0};
    struct profile *p = load_of_folder(folder, entry, &mistakes);
    if (p)
        (void)printf("%-20s %-7s %3zu %s  %s\n", profile_name(p), profile_status(p), profile_rule_count(p),
                     profile_rule_count(p) == 1 ? "rule " : "rules", profile_title(p));
    mistakes_print(&mistakes, stderr);
    mistakes_free(&mistakes);
    const bool good = p;
    profile_free(p);
    return good;
}

/* Those that -p finds by their name. */
static int list_profiles(void)
{
    bool broken = false;
    for (const char *const *d = profile_directories(); *d; d++) {
        struct dirent **entries = NULL;
        const int count = scandir(*d, &entries, yaml_file, alphasort);
        for (int i = 0; i < count; i++) {
            if (!is_hidden(d, entries[i]))
                broken |= !list_profile(*d, entries[i]);
            free(entries[i]);
        }
        free(entries);
    }
    return broken ? EXIT_USAGE : EXIT_CLEAN;
}

static int list_suites(void)
{
    (void)printf("%-6s  %-50s %-10s %-8s %4s  %s\n", "code", "name", "kx", "auth", "bits", "");
    for (size_t i = 0; i < suite_count; i++) {
        const struct suite *s = &suite_table[i];
        (void)printf(
            "0x%04x  %-50s %-10s %-8s %4u %s%s%s%s%s\n", s->code, s->name,
            suite_kx_name((enum suite_kx)s->kx), suite_auth_name((enum suite_auth)s->auth), s->key_bits,
            s->flags & SUITE_EXPORT ? " export" : "", s->flags & SUITE_ANONYMOUS ? " anonymous" : "",
            s->flags & SUITE_NULL_ENCRYPTION ? " null-encryption" : "",
            s->flags & SUITE_NO_MAC ? " no-mac" : "", s->flags & SUITE_SIGNALLING ? " signalling" : "");
    }
    return EXIT_CLEAN;
}

static int list_rules(const struct profile *p)
{
    (void)printf("%s (%s): %s\n\n", profile_name(p), profile_status(p), profile_title(p));
    for (size_t i = 0; i < profile_rule_count(p); i++) {
        const struct rule_facts *r = profile_rule(p, i);
        (void)printf("%-32s %-8s %-7s %-26s %s%s\n", r->id, word_of(severity_words, r->severity),
                     word_of(fault_words, r->binds), r->clause, r->title,
                     r->superseded ? " (superseded)" : "");
    }
    return EXIT_CLEAN;
}

/* By its id, or by its sid. */
static const struct rule_facts *find_rule(const struct profile *p, const char *name)
{
    const struct rule_facts *r = profile_find(p, name);
    char *end;
    const unsigned long sid = strtoul(name, &end, 10);
    for (size_t i = 0; !r && *name && !*end && i < profile_rule_count(p); i++)
        if (profile_rule(p, i)->sid == sid)
            r = profile_rule(p, i);
    return r;
}

/* A rule of another profile than the one at hand. False: none of those in the folder has it. */
static bool explain_of_others(const char *folder, const char *name)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, yaml_file, alphasort);
    bool found = false;
    for (int i = 0; i < count; i++) {
        struct mistakes mistakes = {0};
        struct profile *p = found ? NULL : load_of_folder(folder, entries[i], &mistakes);
        const struct rule_facts *r = p ? find_rule(p, name) : NULL;
        if (r)
            rule_explain(r, stdout);
        found |= r != NULL;
        mistakes_free(&mistakes);
        profile_free(p);
        free(entries[i]);
    }
    free(entries);
    return found;
}

static int explain(const struct profile *p, const struct profile *advice, const char *name)
{
    const struct rule_facts *r = find_rule(p, name);
    if (!r && advice)
        r = find_rule(advice, name);
    if (r) {
        rule_explain(r, stdout);
        return EXIT_CLEAN;
    }
    if (field_explain(name, stdout))
        return EXIT_CLEAN;
    for (const char *const *d = profile_directories(); *d; d++)
        if (explain_of_others(*d, name))
            return EXIT_CLEAN;
    if (explain_profile(name) || explain_pattern(p, name))
        return EXIT_CLEAN;
    char safe[256];
    char hint[FIELD_MEANT];
    struct text t = text_over(safe, sizeof safe);
    struct suggestion near = suggestion_for(name);
    suggestion_try_rules(&near, p);
    text_safe(&t, span_of(name, strlen(name)));
    (void)fprintf(stderr, "utwatch: no profile has a rule '%s'%s; --list-rules shows those of %s\n", safe,
                  near.best ? suggestion_text(&near, hint, sizeof hint) : field_meant(name, hint),
                  profile_name(p));
    return EXIT_USAGE;
}

static int build_info(void)
{
    (void)printf("utwatch %s\ncompiler  %s\nlibpcap   %s\nnaming    %s\n", UTWATCH_VERSION, __VERSION__,
                 pcap_lib_version(), naming_library());
    return EXIT_CLEAN;
}

static void tell_rules(const struct profile *p, size_t count, const char *of_what)
{
    (void)printf("%s: %zu rule%s, no mistake%s\n", profile_name(p), count, count == 1 ? "" : "s", of_what);
}

/* -T: everything that is loaded has no mistake; say what it needs. */
static void tell_test(const struct options *o, const struct profile *p, const struct profile *advice,
                      const struct site *site)
{
    char safe[SAID_BYTES];
    site_warn_of_paths(site, o->evidence, o->json, stderr);
    tell_rules(p, profile_rule_count(p), "");
    for (; advice; advice = profile_next(advice)) {
        const struct profile *next = profile_next(advice);
        tell_rules(advice, profile_rule_count(advice) - (next ? profile_rule_count(next) : 0), " (advice)");
    }
    if (o->config)
        (void)printf("%s: no mistake; %zu exception%s\n", say_safely(o->config, safe), site->exception_count,
                     site->exception_count == 1 ? "" : "s");
    (void)printf("memory at most, which is taken as it is used:\n");
    (void)site_memory(site, stdout);
}

static int look_into(const struct options *o, const struct profile *p, const struct profile *advice,
                     const struct site *site)
{
    if (o->task == TASK_LIST_RULES)
        return list_rules(p);
    if (o->task == TASK_EXPLAIN)
        return explain(p, advice, o->rule);
    if (o->task == TASK_DUMP)
        profile_dump(p, stdout);
    else
        tell_test(o, p, advice, site);
    return EXIT_CLEAN;
}

static int with_profile(const struct options *o)
{
    struct site *site = site_or_mistakes(o, NULL);
    bool advised;
    struct profile *p = profile_or_mistakes(o, site, NULL);
    struct profile *advice = advice_or_mistakes(o, site, NULL, &advised);
    if (site && p)
        site_warn_of_exceptions(site, p, o->task == TASK_TEST ? clock_of_day() : 0, stderr);
    int status = site && p && advised ? look_into(o, p, advice, site) : EXIT_USAGE;
    profile_free(advice);
    profile_free(p);
    site_free(site);
    return status;
}

static int with_sessions(const struct options *o)
{
    struct site *site = site_or_mistakes(o, NULL);
    const int status = site ? list_sessions(o, site) : EXIT_USAGE;
    site_free(site);
    return status;
}

int look_up(const struct options *o)
{
    switch (o->task) {
    case TASK_LIST_PROFILES:
        return list_profiles();
    case TASK_LIST_FIELDS:
        fields_list(stdout);
        return EXIT_CLEAN;
    case TASK_LIST_SUITES:
        return list_suites();
    case TASK_VERSION:
        (void)printf("utwatch %s\n", UTWATCH_VERSION);
        return EXIT_CLEAN;
    case TASK_BUILD_INFO:
        return build_info();
    case TASK_SESSIONS:
        return with_sessions(o);
    case TASK_HELP:
        options_help(stdout);
        return EXIT_CLEAN;
    case TASK_TEST:
    case TASK_LIST_RULES:
    case TASK_EXPLAIN:
    case TASK_DUMP:
    case TASK_REPLAY:
        break;
    }
    return with_profile(o);
}
