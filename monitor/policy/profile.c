/* From files to a profile: what it extends, what it drops, its parameters, sets and rules. */
#include "policy/compiled.h"
#include "policy/profile_files.h"

#include <stdlib.h>

struct loader {
    struct profile *profile;
    struct mistakes *mistakes;
    struct file_texts *files; /* NULL: they are only read */
    const char *const *directories;
    const char *loaded[64]; /* names of profiles that are in already */
    size_t loaded_count;
    const char *chain[MAX_EXTENDS_DEPTH + 1]; /* what is being loaded, outermost first */
    size_t depth;
};

enum { TITLE_MOST = 80 /* characters of a line in reports */ };

static const char *const document_keys[] = {"utwatch", "profile",    "title", "status", "document", "extends",
                                            "drop",    "parameters", "sets",  "rules",  "note",     NULL};
static const char *const rule_keys[] = {
    "id",   "sid",  "rev",  "clause",   "document", "title", "requires", "binds",      "severity", "basis",
    "when", "pass", "fail", "observed", "note",     "never", "about",    "superseded", NULL};
static const char *const case_keys[] = {"fault", "basis", "severity", "note", "observed", NULL};

enum { KEYS_LISTED = 200 };

static const char *keys_listed(const char *const *known, char buffer[KEYS_LISTED])
{
    struct text t = text_over(buffer, KEYS_LISTED);
    for (const char *const *k = known; *k; k++) {
        text_put(&t, k == known ? "; here stand " : ", ");
        text_put(&t, *k);
    }
    return buffer;
}

static void check_keys(struct compiler *c, const struct node *n, const char *const *known)
{
    for (const struct node *m = n->first; m; m = m->next) {
        struct suggestion near = suggestion_for(m->key);
        bool found = false;
        for (const char *const *k = known; *k; k++) {
            found |= strcmp(*k, m->key) == 0;
            suggestion_try(&near, *k);
        }
        char buffer[KEYS_LISTED];
        if (!found)
            complain_at_key(c, m, "unknown key '%s'%s", m->key,
                            near.best ? suggestion_text(&near, buffer, sizeof buffer)
                                      : keys_listed(known, buffer));
    }
}

/* Says of a member that has to be there what it is. */
static void complain_of_missing(struct compiler *c, const struct node *n, const char *key)
{
    static const struct {
        const char *key, *is;
    } needed[] = {
        {"utwatch", "the version of the rule language, utwatch: 1"},
        {"profile", "the name of the profile"},
        {"title", "what the profile says, in one line"},
        {"id", "a name that no other rule has"},
        {"sid", "a number that no other rule has, and that it keeps"},
        {"clause", "where the demand stands, as \"7.2 (1)\""},
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

/* The text of a member; NULL when it is not there (a mistake when it has to be). */
static const char *text_member(struct compiler *c, const struct node *n, const char *key, bool required)
{
    const struct node *m = node_member(n, key);
    if (m && m->kind == NODE_SCALAR && *m->text)
        return m->text;
    if (m)
        complain_at(c, m, "'%s' has to be a text", key);
    else if (required)
        complain_of_missing(c, n, key);
    return NULL;
}

/* The number of the word, or a mistake that says what was expected. */
static bool word_node(struct compiler *c, const struct node *n, const struct word *words, const char *key,
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

static int64_t word_member(struct compiler *c, const struct node *n, const char *key,
                           const struct word *words, int64_t otherwise)
{
    const struct node *m = node_member(n, key);
    int64_t number;
    return m && word_node(c, m, words, key, &number) ? number : otherwise;
}

static uint32_t number_member(struct compiler *c, const struct node *n, const char *key, bool required,
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

static const char *template_member(struct compiler *c, const struct node *n, const char *otherwise)
{
    const char *text = text_member(c, n, "observed", false);
    if (text)
        check_template(c, node_member(n, "observed"));
    return text ? text : otherwise;
}

/* What the profile remarks on all its rules stands behind a rule's own note. */
static const char *with_profile_note(struct profile *p, const char *note)
{
    if (!note || !p->note)
        return note ? note : p->note;
    struct joined_text *joined = malloc(sizeof *joined + strlen(note) + strlen(p->note) + 2);
    if (!joined)
        abort();
    (void)sprintf(joined->text, "%s %s", note, p->note);
    joined->next = p->joined;
    p->joined = joined;
    return joined->text;
}

/* The set that an offered suite must not be in: "any" of it makes the condition true, unless negated. */
static int offending_set(const struct profile *p, struct condition condition)
{
    for (size_t i = 0; i < condition.length; i++) {
        const struct condition_node *n = &p->nodes[condition.start + i];
        if (n->op == OP_SUITES_ANY && n->field == FIELD_OFFERED_SUITES && !(i && n[-1].op == OP_NOT))
            return (int)n->operand;
    }
    return NO_SET;
}

static void compile_case(struct compiler *c, const struct rule *r, const struct node *n,
                         struct rule_case *out)
{
    *out = (struct rule_case){.fault = r->facts.binds,
                              .basis = r->basis,
                              .severity = r->facts.severity,
                              .note = r->note,
                              .observed = r->observed};
    if (n->kind == NODE_MAPPING) {
        const char *note = text_member(c, n, "note", false);
        out->fault = (enum fault)word_member(c, n, "fault", fault_words, r->facts.binds);
        out->basis = (enum basis)word_member(c, n, "basis", basis_words, r->basis);
        out->severity = (enum severity)word_member(c, n, "severity", severity_words, r->facts.severity);
        out->note = note ? with_profile_note(c->profile, note) : r->note;
        out->observed = template_member(c, n, r->observed);
    }
    out->condition = compile_condition(c, n, case_keys);
    out->offending = offending_set(c->profile, out->condition);
}

static size_t compile_cases(struct compiler *c, const struct rule *r, const struct node *n,
                            struct rule_case *out)
{
    if (!n)
        return 0;
    if (n->kind != NODE_SEQUENCE) {
        compile_case(c, r, n, &out[0]);
        return 1;
    }
    if (!n->first)
        complain_at(c, n, "an empty list of cases: write one, as { FIELD: VALUE }, or leave the list out");
    size_t count = 0;
    for (const struct node *e = n->first; e; e = e->next) {
        if (count == CASES_OF_RULE) {
            complain_at(c, e, "more than %d cases", CASES_OF_RULE);
            break;
        }
        compile_case(c, r, e, &out[count++]);
    }
    return count;
}

/* Which cases the rule judges: handshakes unless it says otherwise. */
static uint8_t about_member(struct compiler *c, const struct node *n)
{
    const struct node *m = node_member(n, "about");
    if (!m)
        return 1 << CASE_HANDSHAKE;
    uint8_t about = 0;
    if (m->kind != NODE_SCALAR && !m->first)
        complain_at(c, m,
                    "a rule has to be about something: handshake, connection, exchange, server, ue or key");
    for (const struct node *e = node_first(m); e; e = node_next(m, e)) {
        int64_t kind;
        if (word_node(c, e, case_kind_words, "about", &kind))
            about = (uint8_t)(about | 1U << kind);
    }
    return about ? about : 1 << CASE_HANDSHAKE;
}

static char *clause_of(const char *document, const char *clause)
{
    char *text;
    if (asprintf(&text, "%s%s%s", document, *document ? " " : "", clause ? clause : "") < 0)
        abort();
    return text;
}

static void require_member(struct compiler *c, const struct node *n, const char *key)
{
    if (!node_member(n, key))
        complain_of_missing(c, n, key);
}

static void compile_facts(struct compiler *c, struct rule *r)
{
    const struct node *n = r->node;
    struct rule_facts *f = &r->facts;
    f->profile = c->profile->name;
    f->about = c->about = about_member(c, n);
    f->sid = number_member(c, n, "sid", true, 0);
    f->rev = number_member(c, n, "rev", false, 1);
    const char *clause = text_member(c, n, "clause", true);
    const char *document = text_member(c, n, "document", false);
    f->clause = r->clause = clause_of(document ? document : r->document, clause);
    f->requires = fill_parameters_in(c, node_member(n, "requires"), text_member(c, n, "requires", true));
    const char *title = fill_parameters_in(c, node_member(n, "title"), text_member(c, n, "title", false));
    if (title && strlen(title) > TITLE_MOST)
        complain_at(c, node_member(n, "title"), "a title of %zu characters: it is one line of at most %d",
                    strlen(title), TITLE_MOST);
    f->title = title ? title : f->requires;
    f->superseded = text_member(c, n, "superseded", false);
    if (f->superseded && (strcmp(f->superseded, "true") == 0 || strcmp(f->superseded, "false") == 0))
        complain_at(c, node_member(n, "superseded"),
                    "'superseded' names what took the demand's place, as \"RFC 9325 4.1\"; where nothing "
                    "did, leave it out");
    require_member(c, n, "severity");
    f->severity = (enum severity)word_member(c, n, "severity", severity_words, SEVERITY_LOW);
    require_member(c, n, "binds");
    f->binds = (enum fault)word_member(c, n, "binds", fault_words, FAULT_BOTH);
}

/* enum rule_reads of the condition. */
static uint8_t reads_of(const struct profile *p, struct condition condition)
{
    static const char of_certificate[] = "certificate.";
    uint8_t reads = 0;
    for (size_t i = 0; i < condition.length; i++) {
        const enum field field = (enum field)p->nodes[condition.start + i].field;
        if (field == FIELD_COUNT)
            continue;
        const bool certificate =
            strncmp(field_info[field].name, of_certificate, sizeof of_certificate - 1) == 0;
        reads |= (uint8_t)(certificate ? READS_CERTIFICATE : READS_OTHERS);
        if (field == FIELD_CERTIFICATE_FITS)
            reads |= READS_OTHERS; /* the suite as well */
    }
    return reads;
}

static void compile_rule(struct compiler *c, struct rule *r)
{
    enum { NEVER_PASS = 1, NEVER_FAIL };
    static const struct word never_words[] = {{NEVER_PASS, "pass"}, {NEVER_FAIL, "fail"}, {0, NULL}};
    const struct node *n = r->node;
    c->file = r->file;
    check_keys(c, n, rule_keys);
    r->profile = c->profile;
    compile_facts(c, r);
    r->note = with_profile_note(c->profile, text_member(c, n, "note", false));
    r->observed = template_member(c, n, NULL);
    r->basis = (enum basis)word_member(c, n, "basis", basis_words, BASIS_DIRECT);
    const int64_t never = word_member(c, n, "never", never_words, 0);
    r->never_pass = never == NEVER_PASS;
    r->never_fail = never == NEVER_FAIL;
    const struct node *when = node_member(n, "when");
    if (when)
        r->when = compile_condition(c, when, NULL);
    check_cases(c, when, node_member(n, "fail"));
    check_cases(c, when, node_member(n, "pass"));
    if (!node_member(n, "fail") && !node_member(n, "pass"))
        complain_at(c, n, "'fail' or 'pass' is missing: a rule has cases, as fail: { FIELD: VALUE }");
    r->fail_count = compile_cases(c, r, node_member(n, "fail"), r->fail);
    r->pass_count = compile_cases(c, r, node_member(n, "pass"), r->pass);
    r->facts.reads = reads_of(c->profile, r->when);
    for (size_t i = 0; i < r->fail_count; i++)
        r->facts.reads |= reads_of(c->profile, r->fail[i].condition);
}

static struct rule *rule_by_id(struct profile *p, const char *id)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i].facts.id, id) == 0)
            return &p->rules[i];
    return NULL;
}

/* It stands in events, file names of evidence and on the command line. */
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
        r = NULL; /* its own mistakes are told as well */
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
        struct named_set *known = NULL;
        for (size_t i = 0; i < p->named_count; i++)
            if (strcmp(p->named[i].name, n->key) == 0)
                known = &p->named[i];
        if (!known && p->named_count == SETS_OF_PROFILE) {
            complain_at_key(c, n, "too many sets");
            return;
        }
        if (!known)
            known = &p->named[p->named_count++];
        *known = (struct named_set){.name = n->key, .node = n, .file = c->file};
    }
}

static void load_tree(struct loader *l, struct tree *tree);

static void load_named(struct loader *l, const char *name, struct compiler *by, const struct node *at)
{
    for (size_t i = 0; i < l->depth; i++)
        if (by && strcmp(l->chain[i], name) == 0) {
            complain_at(by, at, "'%s' extends itself", name);
            return;
        }
    for (size_t i = 0; i < l->loaded_count; i++)
        if (strcmp(l->loaded[i], name) == 0)
            return;
    if (by && (l->depth == MAX_EXTENDS_DEPTH || l->loaded_count == sizeof l->loaded / sizeof *l->loaded)) {
        complain_at(by, at, "profiles extend each other too deeply (more than %d)", MAX_EXTENDS_DEPTH);
        return;
    }
    char *path = profile_file(name, by ? by->file : NULL, l->directories, l->files);
    if (!path) {
        char message[PROFILE_HINT];
        no_such_profile(name, l->directories, message);
        if (by)
            complain_at(by, at, "'%s': %s", name, message);
        else
            mistake_add(l->mistakes, name, 0, 0, "%s", message);
        return;
    }
    struct tree *tree = tree_read(path, l->files, l->mistakes);
    free(path);
    if (!tree)
        return;
    tree->next = l->profile->trees;
    l->profile->trees = tree;
    l->chain[l->depth++] = name;
    l->loaded[l->loaded_count++] = name;
    if (tree->root)
        load_tree(l, tree);
    l->depth--;
}

/* True when one of them is a draft: so is what stands on it, unless it says otherwise. */
static bool load_extended(struct loader *l, struct compiler *c, const struct node *root)
{
    const struct node *extends = node_member(root, "extends");
    bool draft = false;
    if (!extends)
        return false;
    if (extends->kind != NODE_SCALAR && !extends->first)
        complain_at(c, extends, "an empty list of profiles to extend: name one, or leave the list out");
    for (const struct node *e = node_first(extends); e; e = node_next(extends, e)) {
        l->profile->status = NULL;
        if (e->kind == NODE_SCALAR)
            load_named(l, e->text, c, e);
        else
            complain_at(c, e, "'extends' has to be a list of names, as [ts33141-pcr2]");
        draft |= l->profile->status && strcmp(l->profile->status, "draft") == 0;
    }
    return draft;
}

static void load_tree(struct loader *l, struct tree *tree)
{
    struct compiler c = {.profile = l->profile, .mistakes = l->mistakes, .file = tree->file};
    const struct node *root = tree->root;
    if (root->kind != NODE_MAPPING) {
        complain_at(&c, root, "a profile has to be a mapping, which begins with utwatch: 1");
        return;
    }
    check_keys(&c, root, document_keys);
    const char *version = text_member(&c, root, "utwatch", true);
    if (version && strcmp(version, "1") != 0)
        complain_at(&c, node_member(root, "utwatch"),
                    "unknown version '%s' of the rule language (expected 1)", version);
    const bool draft = load_extended(l, &c, root);
    const char *name = text_member(&c, root, "profile", true);
    const char *title = text_member(&c, root, "title", true);
    const char *status = text_member(&c, root, "status", false);
    l->profile->name = name;
    l->profile->title = title;
    l->profile->status = status ? status : draft ? "draft" : "final";
    l->profile->note = text_member(&c, root, "note", false);
    const char *document = text_member(&c, root, "document", false);
    parameters_take(&c, root, !node_member(root, "extends"));
    take_sets(&c, root);
    const struct node *drop = node_member(root, "drop");
    for (const struct node *n = drop && drop->kind == NODE_SEQUENCE ? drop->first : NULL; n; n = n->next)
        drop_rule(&c, n);
    if (drop && (drop->kind != NODE_SEQUENCE || !drop->first))
        complain_at(&c, drop, "'drop' has to be a list of rule ids, as [ut-6.2-null-integrity]");
    take_rules(&c, root, document ? document : "");
}

static void check_sids(struct compiler *c)
{
    struct profile *p = c->profile;
    for (size_t i = 0; i < p->rule_count; i++)
        for (size_t j = 0; j < i; j++)
            if (p->rules[i].facts.sid == p->rules[j].facts.sid && p->rules[i].facts.sid &&
                strcmp(p->rules[i].facts.id, p->rules[j].facts.id) != 0) {
                c->file = p->rules[i].file;
                complain_at(c, p->rules[i].node,
                            "sid %u also belongs to rule '%s': give one of them another number",
                            p->rules[i].facts.sid, p->rules[j].facts.id);
            }
}

/* Stable numbers follow the clauses, so this is the order of the document, whichever file a rule came from.
 */
static int by_sid(const void *a, const void *b)
{
    const struct rule *x = a;
    const struct rule *y = b;
    return (x->facts.sid > y->facts.sid) - (x->facts.sid < y->facts.sid);
}

/* Of each suite, under the parameters: packets are judged by these numbers. */
static void count_key_bits(struct profile *p)
{
    int64_t triple_des; /* RFC 2246 says 168; RFC 9325 counts 112 */
    const bool set = profile_parameter(p, "key-bits-3des", &triple_des);
    for (size_t i = 0; i < suite_count; i++)
        p->key_bits[i] =
            set && strstr(suite_table[i].cipher, "3DES_EDE") ? triple_des : suite_table[i].key_bits;
}

static struct profile *compile(struct loader *l, size_t mistakes_before)
{
    struct profile *p = l->profile;
    struct compiler c = {.profile = p, .mistakes = l->mistakes};
    count_key_bits(p);
    for (size_t i = 0; i < p->named_count; i++) {
        if (p->named[i].compiled)
            continue;
        c.file = p->named[i].file;
        p->named[i].compiling = true;
        int index = compile_suite_set(&c, p->named[i].node);
        p->named[i].compiling = false;
        p->named[i].compiled = index >= 0;
        p->named[i].index = (uint16_t)(index >= 0 ? index : 0);
    }
    for (size_t i = 0; i < p->rule_count; i++)
        compile_rule(&c, &p->rules[i]);
    parameters_check(&c);
    check_sids(&c);
    if (p->rule_count)
        qsort(p->rules, p->rule_count, sizeof *p->rules, by_sid);
    for (size_t i = 0; i < p->rule_count; i++)
        p->rules[i].facts.index = i;
    if (p->rule_count == 0 && l->mistakes->count == mistakes_before && p->trees)
        mistake_add(l->mistakes, p->trees->file, 0, 0,
                    "a profile without rules: add 'rules', or 'extends' with a profile that has some");
    if (l->mistakes->count == mistakes_before) {
        number_tests(p);
        return p;
    }
    profile_free(p);
    return NULL;
}

/* The site's values in place of the profile's; a profile that has no such parameter is not about it. */
static void override_parameters(struct profile *p, const struct parameter_override *overrides, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < p->parameter_count; j++)
            if (strcmp(p->parameters[j].name, overrides[i].name) == 0)
                p->parameters[j].text = overrides[i].value;
}

struct profile *profile_load(const char *name_or_file, const char *const *directories,
                             const struct parameter_override *overrides, size_t override_count,
                             struct file_texts *files, struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    struct profile *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    struct loader l = {.profile = p, .mistakes = mistakes, .files = files, .directories = directories};
    load_named(&l, name_or_file, NULL, NULL);
    override_parameters(p, overrides, override_count);
    return compile(&l, before);
}

struct profile *profile_parse(const char *file, struct span text, const char *const *directories,
                              struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    struct profile *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    struct loader l = {.profile = p, .mistakes = mistakes, .directories = directories};
    p->trees = tree_parse(file, text, mistakes);
    l.chain[l.depth++] = file;
    if (p->trees->root)
        load_tree(&l, p->trees);
    return compile(&l, before);
}

void profile_be_strict(struct profile *p)
{
    for (size_t i = 0; i < p->rule_count; i++)
        p->rules[i].facts.superseded = NULL;
}

static void free_alone(struct profile *p)
{
    for (size_t i = 0; i < p->rule_count; i++)
        free(p->rules[i].clause);
    while (p->joined) {
        struct joined_text *next = p->joined->next;
        free(p->joined);
        p->joined = next;
    }
    while (p->trees) {
        struct tree *next = p->trees->next;
        tree_free(p->trees);
        p->trees = next;
    }
    free_tests(p);
    free(p->nodes);
    free(p->joined_verdicts);
    free(p);
}

void profile_free(struct profile *p)
{
    while (p) {
        struct profile *more = p->more;
        free_alone(p);
        p = more;
    }
}

bool profile_parameter(const struct profile *p, const char *name, int64_t *number)
{
    for (size_t i = 0; i < p->parameter_count; i++)
        if (strcmp(p->parameters[i].name, name) == 0)
            return parse_number(p->parameters[i].text, number);
    return false;
}
