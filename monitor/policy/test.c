/* What a test says about a case: three values (Kleene), of which "unknown" has reasons. */
#include "policy/compiled.h"

#include <assert.h>
#include <fnmatch.h>
#include <string.h>

bool test_is_constant(const struct condition_node *n)
{
    return n->op == OP_TRUE || n->op == OP_FALSE;
}

static struct result definite(bool b)
{
    return (struct result){.value = b ? TRUE3 : FALSE3};
}

static bool in_values(const struct profile *p, const struct condition_node *n, int64_t number)
{
    for (int64_t i = 0; i < n->operand; i++)
        if (p->values[n->from + i] == number)
            return true;
    return false;
}

static int64_t element(const struct value *v, size_t i)
{
    return v->list ? v->list[i] : v->octets[i];
}

static struct result test_list(const struct profile *p, const struct condition_node *n, const struct value *v)
{
    bool all = n->op == OP_LIST_ALL;
    for (size_t i = 0; i < v->count; i++)
        if (in_values(p, n, element(v, i)) != all)
            return definite(!all);
    if (v->cut)
        return (struct result){.value = UNKNOWN3,
                               .reasons = v->fact.reasons ? v->fact.reasons : UNOBSERVED_TOO_LONG};
    return definite(all);
}

/* An unknown code may have the properties by which a set was made, and leaves open what the known ones do not
 * decide. It is not one of the suites that a set names. */
static bool unnamed_decides_nothing(const struct profile *p, const struct condition_node *n,
                                    const struct value *v)
{
    return v->unknown_suites && (n->op == OP_SUITES_ALL || p->set_by_property[n->operand]);
}

static struct result test_suites(const struct profile *p, const struct condition_node *n,
                                 const struct value *v)
{
    const struct suite_set *set = &p->sets[n->operand];
    bool all = n->op == OP_SUITES_ALL;
    bool holds = all ? suite_set_subset(set, v->suites) : suite_set_meets(set, v->suites);
    if (v->doubtful && holds && suite_set_meets(set, v->doubtful))
        return (struct result){.value = UNKNOWN3,
                               .reasons = v->why_doubtful ? v->why_doubtful : UNOBSERVED_INCONSISTENT};
    if (v->possible && holds == all && suite_set_meets(set, v->possible) == !all)
        return (struct result){.value = UNKNOWN3, .reasons = v->fact.reasons};
    if ((v->unseen_suites || unnamed_decides_nothing(p, n, v)) && holds == all)
        return (struct result){.value = UNKNOWN3,
                               .reasons = v->fact.reasons ? v->fact.reasons : UNOBSERVED_UNKNOWN_CODE};
    return definite(holds);
}

/* A lower bound decides "above" if it is above, and "below" if it is not below. */
static struct result test_limit(const struct condition_node *n, struct fact f)
{
    bool upwards = n->op == OP_ABOVE || n->op == OP_AT_LEAST;
    bool above = f.number > n->operand || (f.number == n->operand && f.beyond);
    bool below = f.number < n->operand;
    bool holds = n->op == OP_BELOW      ? below
                 : n->op == OP_ABOVE    ? above
                 : n->op == OP_AT_LEAST ? !below
                                        : !above;
    if (f.at_least && holds != upwards)
        return (struct result){.value = UNKNOWN3, .reasons = f.reasons};
    return definite(holds);
}

static struct result test_order(const struct profile *p, const struct condition_node *n,
                                const struct value *v)
{
    size_t place[2] = {SIZE_MAX, SIZE_MAX};
    for (size_t i = 0; i < v->count; i++)
        for (size_t which = 0; which < 2; which++)
            if (v->list[i] == p->values[n->from + which] && place[which] == SIZE_MAX)
                place[which] = i;
    if (v->cut && (place[0] == SIZE_MAX || place[1] == SIZE_MAX))
        return (struct result){.value = UNKNOWN3, .reasons = UNOBSERVED_TOO_LONG};
    return definite(place[0] < place[1] && place[1] != SIZE_MAX);
}

/* A history distinguishes the sides by capitals. Not inlined, since every test would clear its buffer. */
__attribute__((noinline)) static bool matches_string(const struct profile *p, const struct condition_node *n,
                                                     struct span string)
{
    const int either_case = n->field == FIELD_HISTORY ? 0 : FNM_CASEFOLD;
    char text[256];
    if (string.n >= sizeof text || memchr(string.p, 0, string.n))
        return false;
    memcpy(text, string.p, string.n);
    text[string.n] = '\0';
    for (int64_t i = 0; i < n->operand; i++)
        if (fnmatch(p->strings[n->from + i], text, either_case) == 0)
            return true;
    return false;
}

static struct result test_texts(const struct profile *p, const struct condition_node *n,
                                const struct value *v)
{
    bool all = n->op == OP_TEXTS_ALL;
    for (size_t i = 0; i < v->count; i++)
        if (matches_string(p, n, observation_text(v->of, v->texts[i])) != all)
            return definite(!all);
    if (v->cut)
        return (struct result){.value = UNKNOWN3, .reasons = UNOBSERVED_TOO_LONG};
    return definite(all);
}

/* Not inlined, for the same reason. */
__attribute__((noinline)) static bool matches_address(const struct profile *p, const struct condition_node *n,
                                                      const struct endpoint *end)
{
    char room[ADDRESS_TEXT];
    return matches_string(p, n, address_text(end, room));
}

static const struct value *read_once(const struct profile *p, enum field field, const struct policy_case *c)
{
    struct results *r = p->results;
    if (r->read_at[field] != r->now) {
        r->value[field] = field_value(field, c, p->key_bits);
        r->read_at[field] = r->now;
    }
    return &r->value[field];
}

/* Tests that the fact alone decides. */
static struct result test_fact(const struct profile *p, const struct condition_node *n, struct fact f)
{
    if (n->op == OP_ONE_OF && f.at_least)
        return (struct result){.value = UNKNOWN3, .reasons = f.reasons};
    if (n->op == OP_ONE_OF)
        return definite(!f.beyond && in_values(p, n, f.number));
    if (n->op == OP_FLAGS_ANY)
        return definite(f.number & n->operand);
    if (n->op == OP_FLAGS_ALL)
        return definite((f.number & n->operand) == n->operand);
    return test_limit(n, f);
}

static struct result test_value(const struct profile *p, const struct condition_node *n,
                                const struct value *v)
{
    switch ((enum op)n->op) {
    case OP_LIST_ANY:
    case OP_LIST_ALL:
        return test_list(p, n, v);
    case OP_STRING:
        return definite(field_info[n->field].type == TYPE_ADDRESS ? matches_address(p, n, v->end)
                                                                  : matches_string(p, n, v->string));
    case OP_TEXTS_ANY:
    case OP_TEXTS_ALL:
        return test_texts(p, n, v);
    case OP_NETWORK:
        return definite(
            networks_have(&p->networks[n->from], (size_t)n->operand, v->end->family, v->end->address));
    case OP_SUITE_IN:
        return definite(suite_set_has(&p->sets[n->operand], suite_index(v->suite)));
    case OP_SUITES_ALL:
    case OP_SUITES_ANY:
        return test_suites(p, n, v);
    case OP_PREFERS:
        return test_order(p, n, v);
    case OP_TRUE:
    case OP_FALSE:
    case OP_ALL_OF:
    case OP_ANY_OF:
    case OP_NOT:
    case OP_PRESENT:
    case OP_ONE_OF:
    case OP_BELOW:
    case OP_ABOVE:
    case OP_AT_LEAST:
    case OP_AT_MOST:
    case OP_FLAGS_ANY:
    case OP_FLAGS_ALL:
        break;
    }
    assert(false);
    return definite(false);
}

/* A value that is absent or unknown decides every test; a known one decides only whether it is present. */
static bool is_decided(const struct condition_node *n, struct fact f)
{
    return n->op == OP_PRESENT || f.known != KNOWN_VALUE;
}

static struct result decided(const struct condition_node *n, struct fact f)
{
    if (n->op == OP_PRESENT && f.known == UNKNOWN && f.reasons == UNOBSERVED_UNKNOWN_CODE)
        return definite(n->operand); /* it is there, only its name is not known */
    if (f.known == UNKNOWN)
        return (struct result){.value = UNKNOWN3, .reasons = f.reasons};
    return definite(n->op == OP_PRESENT && (f.known == KNOWN_VALUE) == (n->operand != 0));
}

/* Not inlined: tests of a fact need no room on the stack. */
__attribute__((noinline)) static struct result
test_of_value(const struct profile *p, const struct condition_node *n, const struct policy_case *c)
{
    const struct value *v = read_once(p, (enum field)n->field, c);
    return is_decided(n, v->fact) ? decided(n, v->fact) : test_value(p, n, v);
}

struct result test_of_case(const struct profile *p, const struct condition_node *n,
                           const struct policy_case *c)
{
    if (test_is_constant(n))
        return definite(n->op == OP_TRUE);
    if (n->op > OP_FLAGS_ALL)
        return test_of_value(p, n, c);
    const struct fact f = field_fact((enum field)n->field, c, p->key_bits);
    return is_decided(n, f) ? decided(n, f) : test_fact(p, n, f);
}

/* Is the value itself remembered, instead of all tests of it? A number is, as far as they distinguish it. */
static bool has_few_values(enum field field)
{
    switch (field_info[field].type) {
    case TYPE_BOOL:
    case TYPE_VERSION:
    case TYPE_ENUM:
    case TYPE_FLAGS:
    case TYPE_SUITE:
        return true;
    case TYPE_NUMBER:
    case TYPE_STRING:
    case TYPE_NUMBERS:
    case TYPE_TEXTS:
    case TYPE_ADDRESS:
    case TYPE_SUITES:
        break;
    }
    return false;
}

uint16_t question_of_test(const struct profile *p, const struct condition_node *n)
{
    const bool of_field = has_few_values((enum field)n->field) || p->landmarks_of[n->field].count;
    return of_field ? (uint16_t)(p->test_count + n->field) : n->test;
}

/* Not inlined, as most questions are about fields, which do not need its registers saved. */
__attribute__((noinline)) static struct fact answer_of_test(const struct profile *p, uint16_t test,
                                                            const struct policy_case *c)
{
    const struct result r = test_of_case(p, &p->tests[test], c);
    return (struct fact){.number = r.value, .reasons = r.reasons};
}

/* Of a field that the case has. */
static inline struct fact fact_in_case(const struct profile *p, enum field field, const struct policy_case *c)
{
    return p->results->sure ? field_fact_of_sure(field, c, p->key_bits) : field_fact(field, c, p->key_bits);
}

/* Where a number is among those that tests compare it with: below the first one, equal to it, and so on. Not
 * inlined, likewise. */
__attribute__((noinline)) static struct fact placed_fact(const struct profile *p, enum field field,
                                                         const struct policy_case *c)
{
    const struct landmarks among = p->landmarks_of[field];
    struct fact f = fact_in_case(p, field, c);
    int64_t place = 0;
    bool there = false;
    if (f.known != KNOWN_VALUE)
        return f;
    for (size_t i = among.from; i < among.from + among.count; i++) {
        place += f.number >= p->landmarks[i];
        there |= f.number == p->landmarks[i];
    }
    f.number = 2 * place - there;
    f.beyond &= there;
    return f;
}

struct fact answer_to(const struct profile *p, uint16_t question, const struct policy_case *c)
{
    if (question < p->test_count)
        return answer_of_test(p, question, c);
    const enum field field = (enum field)(question - p->test_count);
    return p->landmarks_of[field].count ? placed_fact(p, field, c) : fact_in_case(p, field, c);
}
