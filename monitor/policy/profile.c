/* From the definitions of a profile to what judges cases: sets of suites, and rules with their cases. */
#include "policy/compiled.h"

#include <stdlib.h>

enum { TITLE_MOST = 80 /* characters of a line in reports */ };

const char *const rule_keys[] = {"id",    "sid",      "rev",   "clause",     "document", "title", "requires",
                                 "binds", "severity", "basis", "when",       "pass",     "fail",  "observed",
                                 "note",  "never",    "about", "superseded", NULL};
static const char *const case_keys[] = {"fault", "basis", "severity", "note", "observed", NULL};

static const struct template *template_member(struct compiler *c, const struct node *n,
                                              const struct template *otherwise)
{
    return text_member(c, n, "observed", false) ? compile_template(c, node_member(n, "observed")) : otherwise;
}

/* The profile's remark on all its rules follows a rule's own note. */
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

/* The set that an offered suite must not be in: if any suite of it is offered, the condition is true, unless
 * negated. */
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

static uint8_t reads_of_field(enum field field)
{
    static const char of_certificate[] = "certificate.";
    switch (field) {
    case FIELD_CERTIFICATE_FITS:
        return READS_CERTIFICATE | READS_OTHERS | READS_SUITE;
    case FIELD_SERVER_KEY_BITS:
    case FIELD_SERVER_KEY_EXCHANGE:
    case FIELD_KX_TYPE:
        return READS_OTHERS | READS_SUITE;
    case FIELD_METHOD:
    case FIELD_FULL:
        return READS_OTHERS | READS_SESSION;
    default:
        break;
    }
    if (field_info[field].type == TYPE_SUITE || field_info[field].type == TYPE_SUITES)
        return READS_OTHERS | READS_SUITE;
    if (field_is_of_session(field))
        return READS_OTHERS | READS_SESSION;
    const bool certificate = strncmp(field_info[field].name, of_certificate, sizeof of_certificate - 1) == 0;
    return certificate ? READS_CERTIFICATE : READS_OTHERS;
}

/* enum rule_reads of the condition. */
static uint8_t reads_of(const struct profile *p, struct condition condition)
{
    uint8_t reads = 0;
    for (size_t i = 0; i < condition.length; i++) {
        const enum field field = (enum field)p->nodes[condition.start + i].field;
        if (field != FIELD_COUNT)
            reads |= reads_of_field(field);
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
    check_same_cases(c, node_member(n, "fail"), node_member(n, "pass"));
    if (!node_member(n, "fail") && !node_member(n, "pass"))
        complain_at(c, n, "'fail' or 'pass' is missing: a rule has cases, as fail: { FIELD: VALUE }");
    r->fail_count = compile_cases(c, r, node_member(n, "fail"), r->fail);
    r->pass_count = compile_cases(c, r, node_member(n, "pass"), r->pass);
    r->facts.reads = reads_of(c->profile, r->when);
    for (size_t i = 0; i < r->fail_count; i++)
        r->facts.reads |= reads_of(c->profile, r->fail[i].condition);
}

static void check_sids(struct compiler *c)
{
    struct profile *p = c->profile;
    for (size_t i = 0; i < p->rule_count; i++)
        for (size_t j = 0; j < i; j++)
            if (p->rules[i].facts.sid == p->rules[j].facts.sid && p->rules[i].facts.sid &&
                strcmp(p->rules[i].facts.id, p->rules[j].facts.id) != 0) {
                c->file = p->rules[i].file;
                complain_at(c, node_member(p->rules[i].node, "sid"),
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

/* The key bits of each suite, under the parameters: these numbers judge packets. */
static void count_key_bits(struct profile *p)
{
    int64_t triple_des; /* RFC 2246 says 168; RFC 9325 counts 112 */
    const bool set = profile_parameter(p, "key-bits-3des", &triple_des);
    for (size_t i = 0; i < suite_count; i++)
        p->key_bits[i] =
            set && strstr(suite_table[i].cipher, "3DES_EDE") ? triple_des : suite_table[i].key_bits;
}

const struct tree *own_tree(const struct profile *p)
{
    const struct tree *tree = p->trees;
    while (tree->next)
        tree = tree->next;
    return tree;
}

struct profile *compile_profile(struct profile *p, struct mistakes *mistakes, size_t mistakes_before)
{
    struct compiler c = {.profile = p, .mistakes = mistakes};
    count_key_bits(p);
    for (size_t i = 0; i < p->named_count; i++) {
        if (p->named[i].compiled || p->named[i].mistaken)
            continue;
        c.file = p->named[i].file;
        p->named[i].compiling = true;
        int index = compile_suite_set(&c, p->named[i].node);
        p->named[i].compiling = false;
        p->named[i].compiled = index >= 0;
        p->named[i].mistaken = index < 0;
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
    if (p->rule_count == 0 && mistakes->count == mistakes_before && p->trees)
        mistake_add(mistakes, own_tree(p)->file, 0, 0,
                    "a profile without rules: add 'rules', or 'extends' with a profile that has some");
    if (mistakes->count == mistakes_before) {
        number_tests(p);
        return p;
    }
    profile_free(p);
    return NULL;
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
    while (p->templates) {
        struct template *next = p->templates->next;
        free(p->templates);
        p->templates = next;
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

size_t parameter_index(const struct profile *p, const char *name)
{
    size_t i = 0;
    while (i < p->parameter_count && strcmp(p->parameters[i].name, name) != 0)
        i++;
    return i;
}

bool profile_parameter(const struct profile *p, const char *name, int64_t *number)
{
    const size_t i = parameter_index(p, name);
    return i < p->parameter_count && parse_number(p->parameters[i].text, number);
}
