/* From files to the definitions of one profile: its parameters, sets and rules, and those of the profiles
 * that it extends. Each of these is first read by itself: what it drops was never in it, even if others have
 * it. */
#include "policy/compiled.h"
#include "policy/profile_files.h"

#include <stdlib.h>
#include <string.h>

/* A profile that was read, with everything it inherits. */
struct part {
    const char *name; /* as requested */
    struct profile *profile;
    const char *file;
    uint64_t stands_on; /* a bit for each part by its number: itself and what it extends */
};

struct loader {
    struct mistakes *mistakes;
    struct file_texts *files; /* NULL: they are read, not collected */
    const char *const *directories;
    struct tree *trees;
    struct part parts[64];
    size_t part_count;
    const char *chain[MAX_EXTENDS_DEPTH + 1]; /* what is being read, outermost first */
    size_t depth;
};

static const char *const document_keys[] = {"utwatch", "profile",    "title", "status", "document", "extends",
                                            "drop",    "parameters", "sets",  "rules",  "note",     NULL};

static struct rule *rule_by_id(struct profile *p, const char *id)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i].facts.id, id) == 0)
            return &p->rules[i];
    return NULL;
}

static struct parameter *parameter_of(struct profile *p, const char *name)
{
    const size_t i = parameter_index(p, name);
    return i < p->parameter_count ? &p->parameters[i] : NULL;
}

static struct named_set *set_of(struct profile *p, const char *name)
{
    for (size_t i = 0; i < p->named_count; i++)
        if (strcmp(p->named[i].name, name) == 0)
            return &p->named[i];
    return NULL;
}

/* Ids occur in events, in names of evidence files and on the command line. */
static bool is_identifier(const char *id)
{
    return *id &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(id);
}

static void take_rule(struct compiler *c, const struct node *n, const char *document)
{
    struct profile *p = c->profile;
    if (n->kind != NODE_MAPPING) {
        complain_at(c, n, "a rule has to be a mapping, as - id: NAME and its other members below");
        return;
    }
    const char *id = text_member(c, n, "id", true);
    if (!id)
        return;
    if (!is_identifier(id))
        complain_at(c, node_member(n, "id"), "'%s' has more than letters, digits, '.', '_' and '-'", id);
    struct rule *r = rule_by_id(p, id);
    if (r && r->file == c->file) {
        complain_at(c, n, "rule '%s' is defined twice (first on line %u): give one of them another id", id,
                    r->node->line);
        r = NULL; /* so that its own mistakes are reported as well */
    }
    if (!r && p->rule_count == MAX_RULES) {
        complain_at(c, n, "more than %d rules", MAX_RULES);
        return;
    }
    if (!r)
        r = &p->rules[p->rule_count++];
    *r = (struct rule){.facts.id = id, .node = n, .file = c->file, .document = document};
}

static void take_rules(struct compiler *c, const struct node *root, const char *document)
{
    const struct node *rules = node_member(root, "rules");
    if (!rules)
        return;
    if (rules->kind != NODE_SEQUENCE) {
        complain_at(c, rules, "'rules' has to be a list, in which each rule begins with - id: NAME");
        return;
    }
    for (const struct node *n = rules->first; n; n = n->next)
        take_rule(c, n, document);
}

static void drop_rule(struct compiler *c, const struct node *n)
{
    struct profile *p = c->profile;
    const char *id = n->kind == NODE_SCALAR ? n->text : "";
    struct rule *r = rule_by_id(p, id);
    if (!r) {
        struct suggestion near = suggestion_for(id);
        for (size_t i = 0; i < p->rule_count; i++)
            suggestion_try(&near, p->rules[i].facts.id);
        char buffer[160];
        complain_at(c, n, "no rule '%s' to drop%s", id, suggestion_text(&near, buffer, sizeof buffer));
        return;
    }
    size_t index = (size_t)(r - p->rules);
    memmove(r, r + 1, (p->rule_count - index - 1) * sizeof *r);
    p->rule_count--;
}

static void take_sets(struct compiler *c, const struct node *root)
{
    struct profile *p = c->profile;
    const struct node *list = node_member(root, "sets");
    if (!list)
        return;
    if (list->kind != NODE_MAPPING) {
        complain_at(c, list, "'sets' has to be a mapping, as { NAME: [SUITE, ...] }");
        return;
    }
    for (const struct node *n = list->first; n; n = n->next) {
        struct named_set *known = set_of(p, n->key);
        if (!known && p->named_count == SETS_OF_PROFILE) {
            complain_at_key(c, n, "too many sets");
            return;
        }
        if (!known)
            known = &p->named[p->named_count++];
        *known = (struct named_set){.name = n->key, .node = n, .file = c->file};
    }
}

static bool same_value(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || (a->kind == NODE_SCALAR && strcmp(a->text, b->text) != 0))
        return false;
    const struct node *x = a->first;
    const struct node *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (strcmp(x->key ? x->key : "", y->key ? y->key : "") != 0 || !same_value(x, y))
            return false;
    return !x && !y;
}

/* Does the file being read define the parameter or set itself? */
static bool says_itself(const struct node *root, const char *section, const char *name)
{
    const struct node *n = node_member(root, section);
    return n && n->kind == NODE_MAPPING && node_member(n, name);
}

static void inherit_parameters(struct compiler *c, const struct node *root, const struct node *at,
                               const struct profile *parent)
{
    struct profile *p = c->profile;
    for (size_t i = 0; i < parent->parameter_count; i++) {
        const struct parameter *theirs = &parent->parameters[i];
        const struct parameter *ours = parameter_of(p, theirs->name);
        if (!ours && p->parameter_count == sizeof p->parameters / sizeof *p->parameters)
            complain_at(c, at, "'%s': too many parameters", at->text);
        else if (!ours)
            p->parameters[p->parameter_count++] = *theirs;
        else if (strcmp(ours->text, theirs->text) != 0 && !says_itself(root, "parameters", theirs->name))
            complain_at(c, at,
                        "'%s' sets '%s' to %s, a profile before it to %s: say which counts, as parameters: { "
                        "%s: %s }",
                        at->text, theirs->name, theirs->text, ours->text, theirs->name, ours->text);
    }
}

static void inherit_sets(struct compiler *c, const struct node *root, const struct node *at,
                         const struct profile *parent)
{
    struct profile *p = c->profile;
    for (size_t i = 0; i < parent->named_count; i++) {
        const struct named_set *theirs = &parent->named[i];
        const struct named_set *ours = set_of(p, theirs->name);
        if (!ours && p->named_count == SETS_OF_PROFILE)
            complain_at(c, at, "'%s': too many sets", at->text);
        else if (!ours)
            p->named[p->named_count++] = *theirs;
        else if (!same_value(ours->node, theirs->node) && !says_itself(root, "sets", theirs->name))
            complain_at(
                c, at,
                "the set '%s' of '%s' (%s:%u) differs from that of a profile before it (%s:%u): say which "
                "counts, as sets: { %s: [SUITE, ...] }",
                theirs->name, at->text, theirs->file, theirs->node->key_line, ours->file,
                ours->node->key_line, theirs->name);
    }
}

/* The bit of the part that was read from the file. */
static uint64_t bit_of(const struct loader *l, const char *file)
{
    for (size_t i = 0; i < l->part_count; i++)
        if (l->parts[i].file == file)
            return (uint64_t)1 << i;
    return 0;
}

/* A rule replaces the one with the same id from an earlier parent, unless that one is itself a replacement
 * for it: a profile that changes another's rule means the changed one, in whatever order the two are
 * named. */
static void inherit_rules(const struct loader *l, struct compiler *c, const struct node *at,
                          const struct part *parent, uint64_t before)
{
    struct profile *p = c->profile;
    for (size_t i = 0; i < parent->profile->rule_count; i++) {
        const struct rule *theirs = &parent->profile->rules[i];
        struct rule *ours = rule_by_id(p, theirs->facts.id);
        const bool changed =
            ours && before & bit_of(l, theirs->file) && !(parent->stands_on & bit_of(l, ours->file));
        if (!ours && p->rule_count == MAX_RULES) {
            complain_at(c, at, "'%s': more than %d rules", at->text, MAX_RULES);
            return;
        }
        if (!ours)
            ours = &p->rules[p->rule_count++];
        if (!changed)
            *ours = *theirs;
    }
}

static const struct part *read_part(struct loader *l, const char *name, struct compiler *by,
                                    const struct node *at);

/* True if one of them is a draft: then so is the profile that extends it, unless it says otherwise. */
static bool read_extended(struct loader *l, struct compiler *c, const struct node *root, uint64_t *stands_on)
{
    const struct node *extends = node_member(root, "extends");
    bool draft = false;
    if (!extends)
        return false;
    if (extends->kind != NODE_SCALAR && !extends->first)
        complain_at(c, extends, "an empty list of profiles to extend: name one, or leave the list out");
    for (const struct node *e = node_first(extends); e; e = node_next(extends, e)) {
        const struct part *parent = NULL;
        if (e->kind == NODE_SCALAR)
            parent = read_part(l, e->text, c, e);
        else
            complain_at(c, e, "'extends' has to be a list of names, as [ts33141-pcr2]");
        if (!parent)
            continue;
        inherit_parameters(c, root, e, parent->profile);
        inherit_sets(c, root, e, parent->profile);
        inherit_rules(l, c, e, parent, *stands_on);
        *stands_on |= parent->stands_on;
        draft |= strcmp(parent->profile->status, "draft") == 0;
    }
    return draft;
}

static const char *status_member(struct compiler *c, const struct node *root, bool draft)
{
    enum { STATUS_DRAFT, STATUS_FINAL, STATUS_SHARED };
    static const struct word status_words[] = {
        {STATUS_DRAFT, "draft"}, {STATUS_FINAL, "final"}, {STATUS_SHARED, "shared"}, {0, NULL}};
    return word_of(status_words,
                   word_member(c, root, "status", status_words, draft ? STATUS_DRAFT : STATUS_FINAL));
}

/* The profile, and the bits of itself and what it extends. */
static struct profile *read_tree(struct loader *l, const struct tree *tree, uint64_t *stands_on)
{
    struct profile *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->status = "";
    struct compiler c = {.profile = p, .mistakes = l->mistakes, .file = tree->file};
    const struct node *root = tree->root;
    if (root->kind != NODE_MAPPING) {
        complain_at(&c, root, "a profile has to be a mapping, which begins with utwatch: 1");
        return p;
    }
    check_keys(&c, root, document_keys);
    const char *version = text_member(&c, root, "utwatch", true);
    if (version && strcmp(version, "1") != 0)
        complain_at(&c, node_member(root, "utwatch"),
                    "unknown version '%s' of the rule language (expected 1)", version);
    const bool draft = read_extended(l, &c, root, stands_on);
    p->name = text_member(&c, root, "profile", true);
    p->title = text_member(&c, root, "title", true);
    p->status = status_member(&c, root, draft);
    p->note = text_member(&c, root, "note", false);
    const char *document = text_member(&c, root, "document", false);
    parameters_take(&c, root, !node_member(root, "extends"));
    take_sets(&c, root);
    const struct node *drop = node_member(root, "drop");
    for (const struct node *n = drop && drop->kind == NODE_SEQUENCE ? drop->first : NULL; n; n = n->next)
        drop_rule(&c, n);
    if (drop && (drop->kind != NODE_SEQUENCE || !drop->first))
        complain_at(&c, drop, "'drop' has to be a list of rule ids, as [ut-6.2-null-integrity]");
    take_rules(&c, root, document ? document : "");
    return p;
}

/* The file for a name; NULL after a mistake. */
static struct tree *tree_named(struct loader *l, const char *name, struct compiler *by, const struct node *at)
{
    char *path = profile_file(name, by ? by->file : NULL, l->directories, l->files);
    if (!path) {
        char message[PROFILE_HINT];
        no_such_profile(name, l->directories, message);
        if (by)
            complain_at(by, at, "'%s': %s", name, message);
        else
            mistake_add(l->mistakes, name, 0, 0, "%s", message);
        return NULL;
    }
    struct tree *tree = tree_read(path, l->files, l->mistakes);
    free(path);
    return tree;
}

static const struct part *part_of_tree(struct loader *l, const char *name, struct tree *tree)
{
    tree->next = l->trees;
    l->trees = tree;
    if (!tree->root)
        return NULL;
    uint64_t stands_on = 0;
    l->chain[l->depth++] = name;
    struct profile *p = read_tree(l, tree, &stands_on);
    l->depth--;
    struct part *part = &l->parts[l->part_count];
    *part = (struct part){.name = name,
                          .profile = p,
                          .file = tree->file,
                          .stands_on = stands_on | (uint64_t)1 << l->part_count++};
    return part;
}

/* NULL after a mistake that leaves nothing of it. Each profile is read once, however many extend it. */
static const struct part *read_part(struct loader *l, const char *name, struct compiler *by,
                                    const struct node *at)
{
    for (size_t i = 0; i < l->depth; i++)
        if (by && strcmp(l->chain[i], name) == 0) {
            complain_at(by, at, "'%s' extends itself", name);
            return NULL;
        }
    for (size_t i = 0; i < l->part_count; i++)
        if (strcmp(l->parts[i].name, name) == 0)
            return &l->parts[i];
    /* A profile that is still being read has no part yet. */
    if (by &&
        (l->depth == MAX_EXTENDS_DEPTH || l->part_count + l->depth >= sizeof l->parts / sizeof *l->parts)) {
        complain_at(by, at, "profiles extend each other too deeply (more than %d)", MAX_EXTENDS_DEPTH);
        return NULL;
    }
    struct tree *tree = tree_named(l, name, by, at);
    return tree ? part_of_tree(l, name, tree) : NULL;
}

/* Puts the site's values in place of the profile's; a profile without such a parameter ignores them. */
static void override_parameters(struct profile *p, const struct parameter_override *overrides, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct parameter *known = parameter_of(p, overrides[i].name);
        if (known)
            known->text = overrides[i].value;
    }
}

/* The last part is the profile, which includes the others. NULL after any mistake. */
static struct profile *whole(struct loader *l, const struct parameter_override *overrides, size_t count,
                             size_t mistakes_before)
{
    struct profile *p = l->part_count ? l->parts[l->part_count - 1].profile : calloc(1, sizeof *p);
    if (!p)
        abort();
    for (size_t i = 0; i + 1 < l->part_count; i++)
        profile_free(l->parts[i].profile);
    p->trees = l->trees;
    override_parameters(p, overrides, count);
    return compile_profile(p, l->mistakes, mistakes_before);
}

struct profile *profile_load(const char *name_or_file, const char *const *directories,
                             const struct parameter_override *overrides, size_t override_count,
                             struct file_texts *files, struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    struct loader l = {.mistakes = mistakes, .files = files, .directories = directories};
    (void)read_part(&l, name_or_file, NULL, NULL);
    return whole(&l, overrides, override_count, before);
}

struct profile *profile_parse(const char *file, struct span text, const char *const *directories,
                              struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    struct loader l = {.mistakes = mistakes, .directories = directories};
    (void)part_of_tree(&l, file, tree_parse(file, text, mistakes));
    return whole(&l, NULL, 0, before);
}
