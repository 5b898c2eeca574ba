/* The facts that decided a verdict. */
#include "policy/compiled.h"

struct fields {
    enum field *field;
    size_t count, most;
};

static bool has(const struct fields *f, enum field field)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->field[i] == field)
            return true;
    return false;
}

static bool is_leaf(enum op op)
{
    return op != OP_TRUE && op != OP_FALSE && op != OP_ALL_OF && op != OP_ANY_OF && op != OP_NOT;
}

static void add_fields(struct fields *f, const struct profile *p, struct condition condition)
{
    for (size_t i = 0; i < condition.length; i++) {
        const struct condition_node *n = &p->nodes[condition.start + i];
        const enum field field = (enum field)n->field;
        if (is_leaf((enum op)n->op) && f->count < f->most && !has(f, field))
            f->field[f->count++] = field;
    }
}

size_t verdict_fields(const struct verdict *v, const struct policy_case *c, enum field *fields, size_t most)
{
    const struct rule *r = rule_of(v->rule);
    struct fields f = {.field = fields, .most = most};
    for (size_t i = 0; i < r->fail_count; i++) {
        if (!condition_holds(r->profile, r->fail[i].condition, c))
            continue;
        add_fields(&f, r->profile, r->fail[i].condition);
        break;
    }
    add_fields(&f, r->profile, r->when);
    return f.count;
}
