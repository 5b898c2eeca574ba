/* The members of a mapping in a profile: which keys exist, and what a text, a word or a number has to be. */
#include "policy/compiled.h"

#include <string.h>

enum { KEYS_LISTED = 256 };

static const char *keys_listed(const char *const *known, char buffer[KEYS_LISTED])
{
    struct text t = text_over(buffer, KEYS_LISTED);
    for (const char *const *k = known; *k; k++) {
        text_put(&t, k == known ? "; the keys here are " : ", ");
        text_put(&t, *k);
    }
    return buffer;
}

void check_keys(struct compiler *c, const struct node *n, const char *const *known)
{
    for (const struct node *m = n->first; m; m = m->next) {
        if (is_reserved(known, m->key))
            continue;
        struct suggestion near = suggestion_for(m->key);
        for (const char *const *k = known; *k; k++)
            suggestion_try(&near, *k);
        char buffer[KEYS_LISTED];
        complain_at_key(c, m, "unknown key '%s'%s", m->key,
                        *unparted_hint(m->key) ? unparted_hint(m->key)
                        : near.best            ? suggestion_text(&near, buffer, sizeof buffer)
                                               : keys_listed(known, buffer));
    }
}

/* Reports a missing required member, and says what it is. */
void complain_of_missing(struct compiler *c, const struct node *n, const char *key)
{
    static const struct {
        const char *key, *is;
    } needed[] = {
        {"utwatch", "the version of the rule language, utwatch: 1"},
        {"profile", "the name of the profile"},
        {"title", "what the profile says, in one line"},
        {"id", "a name that no other rule has"},
        {"sid", "a number that no other rule has, and that it keeps"},
        {"clause", "where the demand is, as \"7.2 (1)\""},
        {"requires", "the demand in words"},
        {"severity", "info, low, medium or high"},
        {"binds", "ue, server, both or none"},
    };
    const char *is = "";
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (strcmp(needed[i].key, key) == 0)
            is = needed[i].is;
    complain_at(c, n, "'%s' is missing%s%s", key, *is ? ": " : "", is);
}

/* The text of a member; NULL: it is not there (a mistake if it is required). */
const char *text_member(struct compiler *c, const struct node *n, const char *key, bool required)
{
    const struct node *m = node_member(n, key);
    if (m && m->kind == NODE_SCALAR && *m->text)
        return m->text;
    if (m)
        complain_at(c, m, "'%s' has to be a text%s", key,
                    m->kind == NODE_SCALAR     ? ", and is empty; put one that begins with # in quotes"
                    : m->kind == NODE_SEQUENCE ? "; put one that begins with [ in quotes"
                                               : "; put one that begins with { in quotes");
    else if (required)
        complain_of_missing(c, n, key);
    return NULL;
}

/* The number of the word, or a mistake that says what was expected. */
bool word_node(struct compiler *c, const struct node *n, const struct word *words, const char *key,
               int64_t *out)
{
    const char *text = n->kind == NODE_SCALAR ? n->text : "";
    if (word_number(words, text, out))
        return true;
    struct suggestion near = suggestion_for(text);
    for (const struct word *w = words; w->word; w++)
        suggestion_try(&near, w->word);
    char buffer[128];
    char list[128];
    if (n->kind != NODE_SCALAR) {
        complain_at(c, n, "'%s' has to be one value%s", key, words_listed(words, list, sizeof list));
        return false;
    }
    complain_at(c, n, "'%s' is not a valid value for '%s'%s%s", text, key,
                suggestion_text(&near, buffer, sizeof buffer), words_listed(words, list, sizeof list));
    return false;
}

int64_t word_member(struct compiler *c, const struct node *n, const char *key, const struct word *words,
                    int64_t otherwise)
{
    const struct node *m = node_member(n, key);
    int64_t number;
    return m && word_node(c, m, words, key, &number) ? number : otherwise;
}

uint32_t number_member(struct compiler *c, const struct node *n, const char *key, bool required,
                       uint32_t otherwise)
{
    const struct node *m = node_member(n, key);
    int64_t number = otherwise;
    if (!m && required)
        complain_of_missing(c, n, key);
    const bool decimal =
        m && m->kind == NODE_SCALAR && *m->text != '0' && strspn(m->text, "0123456789") == strlen(m->text);
    if (m && (!decimal || !parse_number(m->text, &number) || number < 1 || number > UINT32_MAX))
        complain_at(c, m, "'%s' has to be a decimal number from 1 to %u", key, UINT32_MAX);
    return (uint32_t)number;
}
