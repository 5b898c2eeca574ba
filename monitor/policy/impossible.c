/*
 * Conditions that could never be true, found while a rule is compiled: an operator wrote them by mistake, and
 * the rule would stay silent for ever. Only contradictions within one field, or between a condition and its
 * own negation, are found; finding none proves nothing.
 */
#include "policy/compiled.h"

/* Tries a value without complaining: its mistakes are reported where it is compiled. */
static bool quietly(struct compiler *c, const struct node *n, enum field field, int64_t *number)
{
    struct mistakes ignored = {0};
    struct compiler quiet = {.profile = c->profile, .mistakes = &ignored, .file = c->file};
    const bool good = n->kind == NODE_SCALAR && scalar_number(&quiet, n, field, number);
    mistakes_free(&ignored);
    return good;
}

struct range {
    int64_t low, high;
};

static int64_t highest_of(enum field field)
{
    switch (field) {
    case FIELD_HOUR:
        return 23;
    case FIELD_TIME_OF_DAY:
        return 24 * 60 * 60 - 1;
    case FIELD_CONNECTION_VLAN:
        return 4095;
    case FIELD_HTTP_STATUS:
    case FIELD_TUNNEL_STATUS:
        return 999; /* three digits: RFC 9110 15 */
    case FIELD_HELLO_COMPRESSION:
    case FIELD_REQUEST_TYPES:
        return UINT8_MAX;
    case FIELD_HELLO_EXTENSIONS:
    case FIELD_SERVER_EXTENSIONS:
    case FIELD_CLIENT_PORT:
    case FIELD_SERVER_PORT:
        return UINT16_MAX;
    default:
        return INT64_MAX;
    }
}

/* What the field can hold at all: no number is negative except the days left of a validity that has ended,
 * and no version is before the first named one. */
static struct range range_of(enum field field)
{
    const struct field_info *info = &field_info[field];
    const bool whole = info->type == TYPE_NUMBER && field != FIELD_CERTIFICATE_DAYS_LEFT;
    struct range r = {.low = whole ? 0 : INT64_MIN, .high = highest_of(field)};
    if (info->type != TYPE_VERSION || !info->words)
        return r;
    r.low = INT64_MAX;
    for (const struct word *w = info->words; w->word; w++)
        r.low = w->number < r.low ? w->number : r.low;
    return r;
}

bool field_can_be(enum field field, int64_t number)
{
    const struct range r = range_of(field);
    if (field_info[field].type == TYPE_NUMBERS) /* all have 16 bits, or fewer */
        return number >= 0 && number <= r.high;
    return field_info[field].type != TYPE_NUMBER || (number >= r.low && number <= r.high);
}

/* For whole numbers; `step`: from a limit to the lowest number above it, 0 if a fraction is enough. */
static void narrow(struct range *r, const char *word, int64_t limit, int64_t step)
{
    if (strcmp(word, "below") == 0 && limit - 1 < r->high)
        r->high = limit - 1;
    if (strcmp(word, "at-most") == 0 && limit < r->high)
        r->high = limit;
    if (strcmp(word, "above") == 0 && limit + step > r->low)
        r->low = limit + step;
    if (strcmp(word, "at-least") == 0 && limit > r->low)
        r->low = limit;
}

static struct range limits_of(struct compiler *c, const struct node *n, enum field field)
{
    struct range r = range_of(field);
    const int64_t step = strcmp(field_info[field].unit, "seconds") != 0;
    for (const struct node *m = n->first; m; m = m->next) {
        int64_t limit;
        if (is_ordered(field) && quietly(c, m, field, &limit))
            narrow(&r, m->key, limit, step);
    }
    return r;
}

static bool is_among(struct compiler *c, const struct node *list, enum field field, int64_t number)
{
    int64_t other;
    for (const struct node *e = node_first(list); e; e = node_next(list, e))
        if (quietly(c, e, field, &other) && other == number)
            return true;
    return false;
}

/* Do the limits and the negation leave one of the values? Values that are not numbers are not checked
 * here. */
static bool any_is_left(struct compiler *c, const struct node *in, const struct node *denied,
                        const struct range *r, enum field field)
{
    int64_t number;
    for (const struct node *e = node_first(in); e; e = node_next(in, e))
        if (!quietly(c, e, field, &number) ||
            (number >= r->low && number <= r->high && !(denied && is_among(c, denied, field, number))))
            return true;
    return false;
}

/* Does the negation exclude everything that the field can be? */
static bool leaves_nothing(struct compiler *c, const struct node *denied, enum field field)
{
    const struct field_info *info = &field_info[field];
    if (info->type == TYPE_BOOL)
        return is_among(c, denied, field, 0) && is_among(c, denied, field, 1);
    if (info->type != TYPE_ENUM)
        return false;
    for (const struct word *w = info->words; w->word; w++)
        if (!is_among(c, denied, field, w->number))
            return false;
    return true;
}

void check_possible(struct compiler *c, const struct node *n, enum field field)
{
    const struct node *in = node_member(n, "in");
    const struct node *denied = node_member(n, "not");
    const struct node *present = node_member(n, "present");
    const char *name = field_info[field].name;
    const enum field_type type = field_info[field].type;
    const bool single = type != TYPE_NUMBERS && type != TYPE_TEXTS && type != TYPE_FLAGS;
    const struct range r = limits_of(c, n, field);
    if (denied && denied->kind == NODE_MAPPING)
        denied = NULL;
    if (r.low > r.high)
        complain_at(c, n,
                    "no value of '%s' is within these limits: the condition could never be true; one of them "
                    "has to go",
                    name);
    else if (single && in && !any_is_left(c, in, denied, &r, field))
        complain_at(c, n, "these conditions on '%s' exclude each other: the condition could never be true",
                    name);
    else if (single && denied && leaves_nothing(c, denied, field))
        complain_at(c, n, "'%s' is always one of these: the condition could never be true", name);
    if (present && present->kind == NODE_SCALAR && strcmp(present->text, "false") == 0 && n->first->next)
        complain_at(c, n, "'%s' cannot be absent and have a value: the condition could never be true", name);
}

/* What a condition on a field admits. */
struct admitted {
    struct range limits;
    const struct node *in;     /* one of these; NULL: any */
    const struct node *denied; /* none of these; NULL: none is */
};

static struct admitted admitted_by(struct compiler *c, const struct node *n, enum field field)
{
    if (n->kind != NODE_MAPPING)
        return (struct admitted){.limits = range_of(field), .in = n};
    struct admitted a = {
        .limits = limits_of(c, n, field), .in = node_member(n, "in"), .denied = node_member(n, "not")};
    if (a.denied && a.denied->kind == NODE_MAPPING)
        a.denied = NULL;
    return a;
}

/* Does one of the values named by the first pass the second? Values that are not numbers are not checked
 * here. */
static bool one_passes(struct compiler *c, const struct admitted *named, const struct admitted *by,
                       enum field field)
{
    int64_t number;
    for (const struct node *e = node_first(named->in); e; e = node_next(named->in, e))
        if (!quietly(c, e, field, &number) || (number >= by->limits.low && number <= by->limits.high &&
                                               (!by->in || is_among(c, by->in, field, number)) &&
                                               (!by->denied || !is_among(c, by->denied, field, number))))
            return true;
    return false;
}

static bool exclude_each_other(struct compiler *c, const struct node *a, const struct node *b,
                               enum field field)
{
    const enum field_type type = field_info[field].type;
    if (type != TYPE_BOOL && type != TYPE_NUMBER && type != TYPE_VERSION && type != TYPE_ENUM)
        return false;
    const struct admitted x = admitted_by(c, a, field);
    const struct admitted y = admitted_by(c, b, field);
    return x.limits.low > y.limits.high || y.limits.low > x.limits.high ||
           (x.in && !one_passes(c, &x, &y, field)) || (y.in && !one_passes(c, &y, &x, field));
}

static void check_case(struct compiler *c, const struct node *when, const struct node *one)
{
    for (const struct node *m = one->kind == NODE_MAPPING ? one->first : NULL; m; m = m->next) {
        const enum field field = field_by_name(span_of_text(m->key));
        const struct node *first = field != FIELD_COUNT ? node_member(when, m->key) : NULL;
        if (first && exclude_each_other(c, first, m, field))
            complain_at(c, m, "'when' (line %u) excludes this value of '%s': the case could never be true",
                        first->line, m->key);
    }
}

void check_cases(struct compiler *c, const struct node *when, const struct node *cases)
{
    if (!when || when->kind != NODE_MAPPING || !cases)
        return;
    if (cases->kind != NODE_SEQUENCE)
        check_case(c, when, cases);
    else
        for (const struct node *one = cases->first; one; one = one->next)
            check_case(c, when, one);
}

/* Are both the same, written the same way? */
static bool is_same(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == NODE_SCALAR)
        return strcmp(a->text, b->text) == 0;
    const struct node *x = a->first;
    const struct node *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if ((x->key && strcmp(x->key, y->key) != 0) || !is_same(x, y))
            return false;
    return !x && !y;
}

void check_contradiction(struct compiler *c, const struct node *n, const char *const *reserved)
{
    const struct node *denied = node_member(n, "not");
    if (!denied || is_reserved(reserved, "not") || denied->kind != NODE_MAPPING || !denied->first)
        return;
    for (const struct node *m = denied->first; m; m = m->next) {
        const struct node *same = node_member(n, m->key);
        if (!same || !is_same(same, m))
            return; /* this part may be what makes the negation hold */
    }
    complain_at(c, denied, "this is both required and excluded: the condition could never be true");
}

/* Is it one of the cases, or the only one? */
static bool is_one_of(const struct node *one, const struct node *cases)
{
    for (const struct node *n = node_first(cases); n; n = node_next(cases, n))
        if (is_same(one, n))
            return true;
    return false;
}

void check_same_cases(struct compiler *c, const struct node *fail, const struct node *pass)
{
    if (!fail || !pass)
        return;
    for (const struct node *n = node_first(pass); n; n = node_next(pass, n))
        if (n->kind == NODE_MAPPING && is_one_of(n, fail))
            complain_at(c, n,
                        "'fail' (line %u) has the same condition, and counts first: this could never pass",
                        fail->line);
}
