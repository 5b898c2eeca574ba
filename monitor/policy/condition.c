/* Conditions from YAML to nodes in prefix order. */
#include "policy/compiled.h"

#include <stdlib.h>
#include <strings.h>

static void emit(struct compiler *c, enum op op, enum field field, size_t from, int64_t operand)
{
    struct profile *p = c->profile;
    if (p->node_count == p->node_capacity) {
        p->node_capacity = p->node_capacity ? p->node_capacity * 2 : 256;
        struct condition_node *nodes = realloc(p->nodes, p->node_capacity * sizeof *nodes);
        if (!nodes)
            abort();
        p->nodes = nodes;
    }
    p->nodes[p->node_count++] = (struct condition_node){
        .op = (uint8_t)op, .field = (uint8_t)field, .from = (uint16_t)from, .operand = operand};
}

const struct operator_info operator_info[] = {
    {"in", "any", "the value is one of these, or in one of these networks; FIELD: VALUE means the same"},
    {"not", "any", "the condition does not hold, and the field is there"},
    {"present", "any", "true: there is a value; false: there is definitely none"},
    {"below", "numbers, versions", "less than"},
    {"above", "numbers, versions", "more than"},
    {"at-least", "numbers, versions", "not less than"},
    {"at-most", "numbers, versions", "not more than"},
    {"all", "sets and lists", "every member is one of these"},
    {"any", "sets and lists", "some member is one of these"},
    {"none", "sets and lists", "no member is one of these, and the field is there"},
    {"prefers", "offered.suites", "two suites: both are offered, the first before the second"},
    {"matches", "texts, addresses", "a pattern with * and ?, letters of either case"},
    {NULL, NULL, NULL},
};

/* A condition on an absent fact is false, and so is its negation. */
static void emit_not(struct compiler *c, enum field field)
{
    emit(c, OP_ALL_OF, field, 0, 2);
    emit(c, OP_PRESENT, field, 0, 1);
    emit(c, OP_NOT, field, 0, 1);
}

/* Adds the elements of a list, or a single scalar, to the table of values. Returns how many; 0: a mistake. */
static size_t add_values(struct compiler *c, const struct node *n, enum field field, size_t *from)
{
    struct profile *p = c->profile;
    *from = p->value_count;
    size_t count = 0;
    bool ok = true;
    for (const struct node *e = node_first(n); e; e = node_next(n, e)) {
        int64_t number;
        if (p->value_count == VALUES_OF_PROFILE) {
            complain_at(c, e, "too many values in one profile");
            return 0;
        }
        if (!scalar_number(c, e, field, &number)) {
            ok = false;
            continue;
        }
        if (!field_can_be(field, number))
            complain_at(c, e, "'%s' can never be %s (%s)", field_info[field].name, e->text,
                        field_info[field].help);
        p->values[p->value_count++] = number;
        count++;
    }
    if (ok && count == 0)
        complain_at(c, n, "an empty list: the condition could never be true; write at least one value");
    return ok ? count : 0;
}

static void compile_strings(struct compiler *c, const struct node *n, enum field field, enum op op)
{
    struct profile *p = c->profile;
    size_t from = p->string_count;
    bool ok = true;
    for (const struct node *e = node_first(n); e; e = node_next(n, e)) {
        const char *text = scalar_text(c, e, field);
        if (text && p->string_count == STRINGS_OF_PROFILE) {
            complain_at(c, e, "more than %d texts in one profile", STRINGS_OF_PROFILE);
            return;
        }
        ok &= text != NULL;
        if (!text)
            continue;
        check_shape(c, e, field, text);
        p->strings[p->string_count++] = text;
    }
    if (ok && p->string_count == from)
        complain_at(c, n, "an empty list: the condition could never be true; write at least one value");
    emit(c, op, field, from, (int64_t)(p->string_count - from));
}

static void compile_networks(struct compiler *c, const struct node *n, enum field field)
{
    struct profile *p = c->profile;
    size_t from = p->network_count;
    bool ok = true;
    for (const struct node *e = node_first(n); e; e = node_next(n, e)) {
        const char *text = scalar_text(c, e, field);
        if (text && p->network_count == NETWORKS_OF_PROFILE) {
            complain_at(c, e, "more than %d networks in one profile", NETWORKS_OF_PROFILE);
            return;
        }
        if (text && strpbrk(text, "*?"))
            complain_at(c, e, "'%s' is a pattern: write a network (192.0.2.0/24), or { matches: \"%s\" }",
                        text, text);
        else if (text && text_network(c, e, text, &p->networks[p->network_count]))
            p->network_count++;
        ok &= text != NULL && !strpbrk(text, "*?");
    }
    if (ok && !node_first(n))
        complain_at(c, n, "an empty list: the condition could never be true; write at least one value");
    emit(c, OP_NETWORK, field, from, (int64_t)(p->network_count - from));
}

static void compile_flags(struct compiler *c, const struct node *n, enum field field, enum op op)
{
    size_t from;
    int64_t mask = 0;
    size_t count = add_values(c, n, field, &from);
    for (size_t i = 0; i < count; i++)
        mask |= c->profile->values[from + i];
    c->profile->value_count = from;
    emit(c, op, field, 0, mask);
}

/* The plain form: a value, or a list of which one value has to match. */
static void compile_equals(struct compiler *c, const struct node *n, enum field field)
{
    size_t from;
    size_t count;
    int set;
    switch (field_info[field].type) {
    case TYPE_BOOL:
    case TYPE_NUMBER:
    case TYPE_VERSION:
    case TYPE_ENUM:
        count = add_values(c, n, field, &from);
        emit(c, OP_ONE_OF, field, from, (int64_t)count);
        break;
    case TYPE_FLAGS:
        compile_flags(c, n, field, OP_FLAGS_ANY);
        break;
    case TYPE_NUMBERS:
        count = add_values(c, n, field, &from);
        emit(c, OP_LIST_ANY, field, from, (int64_t)count);
        break;
    case TYPE_STRING:
        compile_strings(c, n, field, OP_STRING);
        break;
    case TYPE_TEXTS:
        compile_strings(c, n, field, OP_TEXTS_ANY);
        break;
    case TYPE_ADDRESS:
        compile_networks(c, n, field);
        break;
    case TYPE_SUITE:
        set = compile_suite_set(c, n);
        emit(c, OP_SUITE_IN, field, 0, set);
        break;
    case TYPE_SUITES:
        complain_at(c, n, "'%s' needs all, any or none: { all: { in: $set } }", field_info[field].name);
        break;
    }
}

/* An operator that the field does not have. */
static void complain_about_type(struct compiler *c, const struct node *n, enum field field, const char *does)
{
    const struct field_info *info = &field_info[field];
    const bool set = info->type == TYPE_SUITES;
    complain_at_key(c, n, "'%s' %s; '%s' is %s%s: write it as %s: %s", n->key, does, info->name,
                    field_type_article(info->type), field_type_name(info), info->name,
                    set ? "{ any: $SET }" : "VALUE");
}

/* The value of all, any or none: a list, a $set, or { in: ... }. */
static const struct node *quantified(struct compiler *c, const struct node *n)
{
    if (n->kind != NODE_MAPPING)
        return n;
    if (n->first && !n->first->next && strcmp(n->first->key, "in") == 0)
        return n->first;
    complain_at(c, n, "expected a list, a $set, or { in: ... }");
    return NULL;
}

static void compile_quantifier(struct compiler *c, const struct node *n, enum field field)
{
    bool all = strcmp(n->key, "all") == 0;
    bool none = strcmp(n->key, "none") == 0;
    const struct node *what = quantified(c, n);
    size_t from;
    if (!what)
        return;
    if (none)
        emit_not(c, field);
    switch (field_info[field].type) {
    case TYPE_SUITES:
        emit(c, all ? OP_SUITES_ALL : OP_SUITES_ANY, field, 0, compile_suite_set(c, what));
        break;
    case TYPE_NUMBERS: {
        int64_t count = (int64_t)add_values(c, what, field, &from);
        emit(c, all ? OP_LIST_ALL : OP_LIST_ANY, field, from, count);
        break;
    }
    case TYPE_TEXTS:
        compile_strings(c, what, field, all ? OP_TEXTS_ALL : OP_TEXTS_ANY);
        break;
    case TYPE_FLAGS:
        compile_flags(c, what, field, all ? OP_FLAGS_ALL : OP_FLAGS_ANY);
        break;
    default:
        complain_about_type(c, n, field, "applies to lists and sets");
        break;
    }
}

/* prefers: [A, B]: both suites are offered, A before B. */
static void compile_prefers(struct compiler *c, const struct node *n, enum field field)
{
    struct profile *p = c->profile;
    size_t from = p->value_count;
    if (field != FIELD_OFFERED_SUITES)
        complain_at_key(c, n, "'prefers' applies to %s", field_info[FIELD_OFFERED_SUITES].name);
    size_t count = 0;
    for (const struct node *e = n->kind == NODE_SEQUENCE ? n->first : NULL; e; e = e->next, count++) {
        const struct suite *suite = e->kind == NODE_SCALAR ? suite_by_name(e->text) : NULL;
        if (!suite)
            complain_about_suite(c, e);
        else if (p->value_count < VALUES_OF_PROFILE)
            p->values[p->value_count++] = suite->code;
    }
    if (count != 2)
        complain_at(c, n, "expected two suites: the one that comes first, and the other");
    emit(c, OP_PREFERS, field, from, 2);
}

static void compile_operator(struct compiler *c, const struct node *n, enum field field);

static size_t count_members(const struct node *n)
{
    size_t count = 0;
    for (const struct node *m = n->first; m; m = m->next)
        count++;
    return count;
}

static void compile_field(struct compiler *c, const struct node *n, enum field field)
{
    if (n->kind != NODE_MAPPING) {
        compile_equals(c, n, field);
        return;
    }
    if (!n->first)
        complain_at(c, n, "an empty condition on '%s': write a value or an operator", field_info[field].name);
    check_possible(c, n, field);
    emit(c, OP_ALL_OF, field, 0, (int64_t)count_members(n));
    for (const struct node *m = n->first; m; m = m->next)
        compile_operator(c, m, field);
}

static void compile_limit(struct compiler *c, const struct node *n, enum field field, enum op op)
{
    int64_t limit = 0;
    if (!is_ordered(field))
        complain_about_type(c, n, field, "compares numbers");
    else
        (void)scalar_number(c, n, field, &limit);
    emit(c, op, field, 0, limit);
}

static bool is_limit(const char *key, enum op *op)
{
    static const struct {
        const char *word;
        enum op op;
    } limits[] = {
        {"below", OP_BELOW}, {"above", OP_ABOVE}, {"at-least", OP_AT_LEAST}, {"at-most", OP_AT_MOST}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (strcmp(key, limits[i].word) == 0) {
            *op = limits[i].op;
            return true;
        }
    return false;
}

static void compile_operator(struct compiler *c, const struct node *n, enum field field)
{
    enum op limit;
    if (is_limit(n->key, &limit)) {
        compile_limit(c, n, field, limit);
        return;
    }
    if (strcmp(n->key, "in") == 0) {
        compile_equals(c, n, field);
    } else if (strcmp(n->key, "not") == 0) {
        emit_not(c, field);
        compile_field(c, n, field);
    } else if (strcmp(n->key, "present") == 0) {
        bool yes = n->kind == NODE_SCALAR && strcmp(n->text, "true") == 0;
        if (!yes && !(n->kind == NODE_SCALAR && strcmp(n->text, "false") == 0))
            complain_at(c, n, "'present' has to be true or false");
        emit(c, OP_PRESENT, field, 0, yes);
    } else if (strcmp(n->key, "matches") == 0) {
        if (field_info[field].type == TYPE_STRING || field_info[field].type == TYPE_ADDRESS)
            compile_strings(c, n, field, OP_STRING);
        else if (field_info[field].type == TYPE_TEXTS)
            compile_strings(c, n, field, OP_TEXTS_ANY);
        else
            complain_about_type(c, n, field, "applies to texts and addresses");
    } else if (strcmp(n->key, "prefers") == 0) {
        compile_prefers(c, n, field);
    } else if (strcmp(n->key, "all") == 0 || strcmp(n->key, "any") == 0 || strcmp(n->key, "none") == 0) {
        compile_quantifier(c, n, field);
    } else {
        complain_about_operator(c, n, field);
    }
}

/* Is the parameter within all limits of a mapping? */
static bool parameter_within(struct compiler *c, const struct node *n, const struct parameter *p)
{
    bool within = true;
    int64_t value;
    if (!parse_number(p->text, &value)) {
        complain_at(c, n, "the parameter '%s' is '%s', and no number that can be compared", p->name, p->text);
        return false;
    }
    for (const struct node *m = n->first; m; m = m->next) {
        enum op op;
        int64_t limit;
        if (!is_limit(m->key, &op)) {
            complain_at_key(c, m, "a parameter is compared by below, above, at-least and at-most");
            continue;
        }
        if (m->kind != NODE_SCALAR)
            complain_at(c, m, "expected one number, or one parameter");
        if (m->kind != NODE_SCALAR || !sum_number(c, m, &limit))
            continue;
        if (op == OP_BELOW && limit <= 0)
            complain_at(c, m, "nothing is below %s: the condition could never be true", m->text);
        within &= op == OP_BELOW      ? value < limit
                  : op == OP_ABOVE    ? value > limit
                  : op == OP_AT_LEAST ? value >= limit
                                      : value <= limit;
    }
    return within;
}

/* Is the parameter equal to this listed value? */
static bool parameter_is(struct compiler *c, const struct node *value, struct parameter *p)
{
    if (value->kind != NODE_SCALAR)
        return false;
    if (parameter_is_truth(p->text) && !parameter_is_truth(value->text))
        complain_at(c, value, "'%s' has to be true or false, not '%s'", p->name, value->text);
    const bool equal = strcmp(value->text, p->text) == 0;
    p->meant |= equal;
    p->compared = strcmp(value->text, p->first) != 0 ? value->text : p->compared;
    return equal;
}

static void compile_parameter_test(struct compiler *c, const struct node *n, const char *name)
{
    const struct node at_key = {.line = n->key_line, .column = n->key_column};
    struct parameter *p = find_parameter(c, name, &at_key);
    bool equal = false;
    if (n->kind == NODE_MAPPING && p)
        equal = parameter_within(c, n, p);
    for (const struct node *e = node_first(n); p && e && n->kind != NODE_MAPPING; e = node_next(n, e))
        equal |= parameter_is(c, e, p);
    emit(c, equal ? OP_TRUE : OP_FALSE, FIELD_COUNT, 0, 0);
}

static void compile_member(struct compiler *c, const struct node *n);

static void compile_mapping(struct compiler *c, const struct node *n, const char *const *reserved)
{
    size_t count = 0;
    for (const struct node *m = n->first; m; m = m->next)
        count += !is_reserved(reserved, m->key);
    if (count == 0)
        complain_at(c, n, "expected a condition, as { FIELD: VALUE }");
    check_contradiction(c, n, reserved);
    emit(c, OP_ALL_OF, FIELD_COUNT, 0, (int64_t)count);
    for (const struct node *m = n->first; m; m = m->next)
        if (!is_reserved(reserved, m->key))
            compile_member(c, m);
}

static void compile_any(struct compiler *c, const struct node *n, const char *const *reserved)
{
    if (n->kind == NODE_SCALAR) {
        complain_at(c, n, "expected a condition, { FIELD: VALUE }, or a list of them");
        return;
    }
    if (n->kind == NODE_MAPPING) {
        compile_mapping(c, n, reserved);
        return;
    }
    if (!n->first)
        complain_at(c, n, "an empty list: the condition could never be true; write at least one value");
    emit(c, OP_ANY_OF, FIELD_COUNT, 0, (int64_t)count_members(n));
    for (const struct node *e = n->first; e; e = e->next) {
        if (e->kind == NODE_MAPPING)
            compile_mapping(c, e, reserved);
        else
            complain_at(c, e, "expected a mapping of conditions, as { FIELD: VALUE }");
    }
}

/* A mistake if no case that the rule is about has such a field, as the condition could never be true. */
static void check_about(struct compiler *c, const struct node *n, enum field field)
{
    uint8_t kinds = field_kinds(field);
    if (kinds & c->about)
        return;
    char names[128] = "";
    const char *first = NULL;
    for (const struct word *w = case_kind_words; w->word; w++)
        if (kinds & 1 << w->number) {
            size_t used = strlen(names);
            first = first ? first : w->word;
            (void)snprintf(names + used, sizeof names - used, "%s%s", used ? " or " : "", w->word);
        }
    complain_at_key(c, n, "'%s' is a fact about %s, which is not what this rule judges: write about: %s",
                    field_info[field].name, names, first);
}

static void compile_member(struct compiler *c, const struct node *n)
{
    static const char prefix[] = "parameter.";
    if (strcmp(n->key, "any-of") == 0) {
        if (n->kind == NODE_MAPPING && n->first && n->first->next)
            complain_at(c, n,
                        "'any-of' has a list, as [{ FIELD: VALUE }, { FIELD: VALUE }]; in one mapping all "
                        "conditions have to hold");
        compile_any(c, n, NULL);
    } else if (strcmp(n->key, "not") == 0) {
        emit(c, OP_NOT, FIELD_COUNT, 0, 1);
        compile_any(c, n, NULL);
    } else if (strncmp(n->key, prefix, sizeof prefix - 1) == 0) {
        compile_parameter_test(c, n, n->key + sizeof prefix - 1);
    } else {
        enum field field = field_by_name(span_of_text(n->key));
        if (field != FIELD_COUNT) {
            check_about(c, n, field);
            compile_field(c, n, field);
            return;
        }
        complain_about_field(c, n);
    }
}

struct condition compile_condition(struct compiler *c, const struct node *n, const char *const *reserved)
{
    size_t start = c->profile->node_count;
    compile_any(c, n, reserved);
    size_t length = c->profile->node_count - start;
    if (length > NODES_OF_CONDITION) {
        complain_at(c, n, "a condition with more than %d parts", NODES_OF_CONDITION);
        length = 0;
    }
    return (struct condition){.start = (uint32_t)start, .length = (uint16_t)length};
}
