/* What was probably meant: the names that other languages have for operators, and the events for fields. None
 * of them is accepted: there is one way to write a rule. */
#include "policy/compiled.h"
#include "policy/json_names.h" /* made of report/schema.in.json */

#include <ctype.h>
#include <strings.h>

/* What other languages call the operators. */
static const struct {
    const char *theirs, *ours;
} operators[] = {
    {"<", "below"},
    {"lt", "below"},
    {"less", "below"},
    {"less-than", "below"},
    {"before", "below"},
    {"under", "below"},
    {">", "above"},
    {"gt", "above"},
    {"more", "above"},
    {"more-than", "above"},
    {"greater", "above"},
    {"greater-than", "above"},
    {"after", "above"},
    {"over", "above"},
    {"<=", "at-most"},
    {"le", "at-most"},
    {"lte", "at-most"},
    {"max", "at-most"},
    {"maximum", "at-most"},
    {"not-above", "at-most"},
    {">=", "at-least"},
    {"ge", "at-least"},
    {"gte", "at-least"},
    {"min", "at-least"},
    {"minimum", "at-least"},
    {"not-below", "at-least"},
    {"=", "in"},
    {"==", "in"},
    {"eq", "in"},
    {"equal", "in"},
    {"equals", "in"},
    {"is", "in"},
    {"one-of", "in"},
    {"value", "in"},
    {"!=", "not"},
    {"<>", "not"},
    {"ne", "not"},
    {"neq", "not"},
    {"is-not", "not"},
    {"not-equal", "not"},
    {"not-equals", "not"},
    {"not-in", "not"},
    {"except", "not"},
    {"regex", "matches"},
    {"regexp", "matches"},
    {"re", "matches"},
    {"like", "matches"},
    {"glob", "matches"},
    {"match", "matches"},
    {"pattern", "matches"},
    {"wildcard", "matches"},
    {"exists", "present"},
    {"exist", "present"},
    {"defined", "present"},
    {"absent", "present"},
    {"missing", "present"},
    {"null", "present"},
    {"some", "any"},
    {"includes", "any"},
    {"include", "any"},
    {"has", "any"},
    {"intersects", "any"},
    {"any-of", "any"},
    {"every", "all"},
    {"only", "all"},
    {"subset", "all"},
    {"all-of", "all"},
    {"none-of", "none"},
    {"excludes", "none"},
    {"prefer", "prefers"},
};

/* Operators that equal one of ours with a pattern. "%s": the value. */
static const struct {
    const char *theirs, *pattern;
} patterns[] = {
    {"contains", "*%s*"},   {"contain", "*%s*"},    {"substring", "*%s*"}, {"startswith", "%s*"},
    {"begins-with", "%s*"}, {"starts-with", "%s*"}, {"prefix", "%s*"},     {"endswith", "*%s"},
    {"ends-with", "*%s"},   {"suffix", "*%s"},
};

/* Applied to a text, such an operator means a pattern; applied to a list, that it has a member. */
static bool complain_about_pattern(struct compiler *c, const struct node *n, enum field field)
{
    const enum field_type type = field_info[field].type;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (strcasecmp(n->key, patterns[i].theirs) != 0)
            continue;
        const char *value = n->kind == NODE_SCALAR ? n->text : "TEXT";
        char pattern[128];
        const char *star = strstr(patterns[i].pattern, "%s");
        (void)snprintf(pattern, sizeof pattern, "%.*s%.100s%s", (int)(star - patterns[i].pattern),
                       patterns[i].pattern, value, star + 2);
        if (type == TYPE_STRING || type == TYPE_TEXTS || type == TYPE_ADDRESS)
            complain_at_key(c, n, "no operator '%s' (did you mean { matches: \"%s\" }?)", n->key, pattern);
        else
            complain_at_key(c, n, "no operator '%s' (did you mean '%s'?)", n->key,
                            type == TYPE_SUITES || type == TYPE_NUMBERS || type == TYPE_FLAGS ? "any" : "in");
        return true;
    }
    return false;
}

static bool complain_about_range(struct compiler *c, const struct node *n)
{
    if (strcasecmp(n->key, "between") != 0 && strcasecmp(n->key, "range") != 0 &&
        strcasecmp(n->key, "within") != 0)
        return false;
    const struct node *low = n->kind == NODE_SEQUENCE ? n->first : NULL;
    const struct node *high = low ? low->next : NULL;
    const bool both = high && !high->next && low->kind == NODE_SCALAR && high->kind == NODE_SCALAR;
    complain_at_key(c, n, "no operator '%s' (did you mean { at-least: %.40s, at-most: %.40s }?)", n->key,
                    both ? low->text : "LEAST", both ? high->text : "MOST");
    return true;
}

void complain_about_operator(struct compiler *c, const struct node *n, enum field field)
{
    if (complain_about_range(c, n) || complain_about_pattern(c, n, field))
        return;
    struct suggestion near = suggestion_for(n->key);
    for (const struct operator_info *o = operator_info; o->word; o++)
        suggestion_try(&near, o->word);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcasecmp(n->key, operators[i].theirs) == 0)
            near.best = operators[i].ours;
    char buffer[128];
    complain_at_key(c, n, "no operator '%s'%s", n->key,
                    near.best ? suggestion_text(&near, buffer, sizeof buffer)
                              : " (--list-fields shows them)");
}

/* What other languages call the ways to join conditions. */
static const char *joining_meant(const char *word)
{
    static const char side_by_side[] = ": conditions that stand side by side all have to hold; leave it out";
    static const char any_of[] = "; did you mean 'any-of'?";
    static const char not_[] = "; did you mean 'not'?";
    static const struct {
        const char *theirs, *ours;
    } aliases[] = {
        {"or", any_of},          {"anyof", any_of},        {"any_of", any_of},    {"one-of", any_of},
        {"oneof", any_of},       {"any", any_of},          {"and", side_by_side}, {"all-of", side_by_side},
        {"allof", side_by_side}, {"all_of", side_by_side}, {"all", side_by_side}, {"none-of", not_},
        {"noneof", not_},        {"none", not_},           {"nor", not_},         {"unless", not_}};
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcasecmp(word, aliases[i].theirs) == 0)
            return aliases[i].ours;
    return NULL;
}

/* Are the paths equal, ignoring case, with _ for -, and without the object's name before them? */
static bool is_key_of_events(const char *name, const char *path)
{
    static const char *const objects[] = {"utwatch.", "tls.", "http."};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        if (strncasecmp(name, objects[i], strlen(objects[i])) == 0)
            name += strlen(objects[i]);
    const size_t n = strlen(name);
    const size_t whole = strlen(path);
    if (n > whole || (n < whole && path[whole - n - 1] != '.'))
        return false;
    for (path += whole - n; *name; name++, path++)
        if (tolower((unsigned char)*name) != *path && !(*name == '-' && *path == '_'))
            return false;
    return true;
}

/* Does the help have the name's words? That of hello.sni has those of "server-name". */
static bool speaks_of(const char *help, const char *name)
{
    const char *dot = strrchr(name, '.');
    char words[64];
    (void)snprintf(words, sizeof words, "%s", dot ? dot + 1 : name);
    for (char *at = words; *at; at++)
        if (*at == '-' || *at == '_')
            *at = ' ';
    const size_t n = strlen(words);
    const char *found = n > 3 ? strcasestr(help, words) : NULL;
    return found && !isalnum((unsigned char)found[n]);
}

/* Up to three fields, each once. */
struct meant {
    const char *field[3];
    size_t count;
};

static void add_meant(struct meant *m, enum field field)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->field[i] == field_info[field].name)
            return;
    if (m->count < sizeof m->field / sizeof *m->field)
        m->field[m->count++] = field_info[field].name;
}

static void fields_of_events(struct meant *m, const char *name)
{
    for (size_t i = 0; i < sizeof json_names / sizeof *json_names; i++)
        if (is_key_of_events(name, json_names[i].path))
            add_meant(m, field_by_name(span_of_text(json_names[i].field)));
}

static void fields_that_speak_of(struct meant *m, const char *name)
{
    for (int f = 0; f < FIELD_COUNT; f++)
        if (speaks_of(field_info[f].help, name))
            add_meant(m, (enum field)f);
}

const char *field_meant(const char *name, char buffer[FIELD_MEANT])
{
    struct meant m = {.count = 0};
    struct suggestion near = suggestion_for(name);
    for (int f = 0; f < FIELD_COUNT; f++)
        suggestion_try(&near, field_info[f].name);
    fields_of_events(&m, name);
    if (!m.count && near.best)
        return suggestion_text(&near, buffer, FIELD_MEANT);
    if (!m.count)
        fields_that_speak_of(&m, name);
    if (!m.count)
        return " (--list-fields shows them)";
    (void)several_text(m.field, m.count, buffer, FIELD_MEANT);
    return buffer;
}

void complain_about_field(struct compiler *c, const struct node *n)
{
    char buffer[FIELD_MEANT];
    const char *meant = joining_meant(n->key);
    if (!meant && is_reserved(rule_keys, n->key))
        meant = ": it is a member of the rule, not of a condition: let it stand beside 'fail'";
    if (!meant && *unparted_hint(n->key))
        meant = unparted_hint(n->key);
    complain_at_key(c, n, "no field '%s'%s", n->key, meant ? meant : field_meant(n->key, buffer));
}
