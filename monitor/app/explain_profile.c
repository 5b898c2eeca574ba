#include "app/profiles_parts.h"

#include "app/ruleset.h"

#include <fnmatch.h>
#include <stdlib.h>

enum { MOST_PARENTS = 16 };

static struct profile *quietly(const char *name)
{
    struct mistakes ignored = {0};
    struct profile *p = profile_load(name, profile_directories(), NULL, 0, NULL, &ignored);
    mistakes_free(&ignored);
    return p;
}

bool explain_profile(const char *name)
{
    char wrong[256];
    struct profile *parents[MOST_PARENTS];
    size_t count = 0;
    struct profile *p = profile_is_there(name, profile_directories(), NULL, wrong) ? quietly(name) : NULL;
    const char *parent;
    for (size_t i = 0; p && count < MOST_PARENTS && (parent = profile_extends(p, i)); i++) {
        parents[count] = quietly(parent);
        count += parents[count] != NULL;
    }
    if (p)
        profile_explain(p, (const struct profile *const *)parents, count, stdout);
    for (size_t i = 0; i < count; i++)
        profile_free(parents[i]);
    profile_free(p);
    return p != NULL;
}

bool explain_pattern(const struct profile *p, const char *pattern)
{
    bool found = false;
    if (!strpbrk(pattern, "*?"))
        return false;
    for (size_t i = 0; i < profile_rule_count(p); i++) {
        const struct rule_facts *r = profile_rule(p, i);
        if (fnmatch(pattern, r->id, FNM_CASEFOLD) != 0)
            continue;
        (void)printf("%-32s %s\n", r->id, r->title);
        found = true;
    }
    return fields_listed_like(pattern, stdout) || found;
}
