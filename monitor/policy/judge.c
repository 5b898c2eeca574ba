/* Three-valued (Kleene) evaluation of conditions, and from conditions to verdicts. */
#include "policy/known_verdicts.h"

#include <assert.h>
#include <fnmatch.h>
#include <string.h>

static bool is_constant(const struct condition_node *n)
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

/* A code that nobody has named may have the properties by which a set was made, and leaves open what the
 * known ones do not decide. It is none of the suites that a set names. */
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
    size_t sets = v->sets ? v->sets : 1;
    bool holds = false;
    for (size_t i = 0; i < sets; i++)
        holds |= all ? suite_set_subset(set, &v->suites[i]) : suite_set_meets(set, &v->suites[i]);
    if (v->doubtful && holds && suite_set_meets(set, v->doubtful))
        return (struct result){.value = UNKNOWN3, .reasons = UNOBSERVED_INCONSISTENT};
    if (v->possible && holds == all && suite_set_meets(set, v->possible) == !all)
        return (struct result){.value = UNKNOWN3, .reasons = v->fact.reasons};
    if ((v->unseen_suites || unnamed_decides_nothing(p, n, v)) && holds == all)
        return (struct result){.value = UNKNOWN3,
                               .reasons = v->fact.reasons ? v->fact.reasons : UNOBSERVED_UNKNOWN_CODE};
    return definite(holds);
}

/* A lower bound decides "above" when it is above, and "below" when it is not below. */
static struct result test_limit(const struct condition_node *n, const struct fact *f)
{
    bool upwards = n->op == OP_ABOVE || n->op == OP_AT_LEAST;
    bool above = f->number > n->operand || (f->number == n->operand && f->beyond);
    bool below = f->number < n->operand;
    bool holds = n->op == OP_BELOW      ? below
                 : n->op == OP_ABOVE    ? above
                 : n->op == OP_AT_LEAST ? !below
                                        : !above;
    if (f->at_least && holds != upwards)
        return (struct result){.value = UNKNOWN3, .reasons = f->reasons};
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

/* A history tells the sides apart by capitals. Not inlined: every test would clear its buffer. */
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

/* Not inlined, likewise. */
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

/* Tests of which the fact decides all. */
static struct result test_fact(const struct profile *p, const struct condition_node *n, const struct fact *f)
{
    if (n->op == OP_ONE_OF && f->at_least)
        return (struct result){.value = UNKNOWN3, .reasons = f->reasons};
    if (n->op == OP_ONE_OF)
        return definite(!f->beyond && in_values(p, n, f->number));
    if (n->op == OP_FLAGS_ANY)
        return definite(f->number & n->operand);
    if (n->op == OP_FLAGS_ALL)
        return definite((f->number & n->operand) == n->operand);
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

static struct result test_leaf(const struct profile *p, const struct condition_node *n,
                               const struct policy_case *c)
{
    if (is_constant(n))
        return definite(n->op == OP_TRUE);
    const bool fact_is_all = n->op <= OP_FLAGS_ALL;
    const struct value *v = fact_is_all ? NULL : read_once(p, (enum field)n->field, c);
    const struct fact f = v ? v->fact : field_fact((enum field)n->field, c, p->key_bits);
    if (n->op == OP_PRESENT && f.known == UNKNOWN && f.reasons == UNOBSERVED_UNKNOWN_CODE)
        return definite(n->operand); /* it is there, only nobody knows its name */
    if (f.known == UNKNOWN)
        return (struct result){.value = UNKNOWN3, .reasons = f.reasons};
    if (n->op == OP_PRESENT)
        return definite((f.known == KNOWN_VALUE) == (n->operand != 0));
    if (f.known == ABSENT)
        return definite(false);
    return v ? test_value(p, n, v) : test_fact(p, n, &f);
}

/* Fields of few values: the value itself is remembered, in place of all tests of it. */
static bool has_few_values(enum field field)
{
    switch (field_info[field].type) {
    case TYPE_BOOL:
    case TYPE_VERSION:
    case TYPE_ENUM:
    case TYPE_FLAGS:
        return true;
    case TYPE_NUMBER:
    case TYPE_STRING:
    case TYPE_NUMBERS:
    case TYPE_TEXTS:
    case TYPE_ADDRESS:
    case TYPE_SUITE:
    case TYPE_SUITES:
        break;
    }
    return false;
}

static struct fact result_as_fact(struct result r)
{
    return (struct fact){.number = r.value, .reasons = r.reasons};
}

static void note_answer(const struct profile *p, const struct condition_node *n, const struct policy_case *c)
{
    struct results *r = p->results;
    if (is_constant(n) || !(field_kinds((enum field)n->field) & 1 << c->kind))
        return; /* every case of the kind gives the same answer */
    const bool of_field = has_few_values((enum field)n->field);
    if (of_field && r->asked_at[n->field] == r->now)
        return;
    struct answer *answer = &r->order[r->order_count++];
    if (of_field) {
        r->asked_at[n->field] = r->now;
        answer->question = (uint16_t)(p->test_count + n->field);
        answer->fact = field_fact((enum field)n->field, c, p->key_bits);
    } else {
        answer->question = n->test;
        answer->fact = result_as_fact(r->result[n->test]);
    }
}

static struct result test_once(const struct profile *p, const struct condition_node *n,
                               const struct policy_case *c)
{
    struct results *r = p->results;
    if (r->made_at[n->test] != r->now) {
        r->result[n->test] = test_leaf(p, n, c);
        r->made_at[n->test] = r->now;
        note_answer(p, n, c);
    }
    return r->result[n->test];
}

/* Takes `count` results off the stack: ALL_OF is as false as its falsest part, ANY_OF as true as its truest.
 */
static struct result combine(bool all, const struct result *parts, int64_t count)
{
    struct result r = definite(all);
    for (int64_t i = 0; i < count; i++) {
        bool decides = parts[i].value == (all ? FALSE3 : TRUE3);
        if (decides)
            return definite(!all);
        if (parts[i].value == UNKNOWN3) {
            r.value = UNKNOWN3;
            r.reasons |= parts[i].reasons;
        }
    }
    return r;
}

/* Prefix order read from its end is a stack machine without jumps. */
static struct result evaluate(const struct profile *p, struct condition condition,
                              const struct policy_case *c)
{
    struct result *stack = p->results->stack;
    size_t depth = 0;
    for (size_t i = condition.length; i-- > 0;) {
        const struct condition_node *n = &p->nodes[condition.start + i];
        if (n->op == OP_ALL_OF || n->op == OP_ANY_OF) {
            assert(depth >= (size_t)n->operand);
            depth -= (size_t)n->operand;
            struct result r = combine(n->op == OP_ALL_OF, &stack[depth], n->operand);
            stack[depth++] = r;
        } else if (n->op == OP_NOT) {
            assert(depth >= 1);
            stack[depth - 1].value = (enum kleene)(TRUE3 - stack[depth - 1].value);
        } else {
            stack[depth++] = test_once(p, n, c);
        }
    }
    assert(depth == 1);
    return stack[0];
}

static const struct rule_case *first_true(const struct profile *p, const struct rule_case *cases,
                                          size_t count, const struct policy_case *c, uint32_t *unknown)
{
    for (size_t i = 0; i < count; i++) {
        struct result r = evaluate(p, cases[i].condition, c);
        if (r.value == TRUE3)
            return &cases[i];
        if (r.value == UNKNOWN3)
            *unknown |= r.reasons;
    }
    return NULL;
}

static void conclude(const struct profile *p, struct verdict *v, enum verdict_value value,
                     const struct rule_case *by)
{
    v->value = value;
    if (!by)
        return;
    v->basis = by->basis;
    v->severity = by->severity;
    v->fault = value == VERDICT_FAIL ? by->fault : FAULT_NONE;
    v->note = by->note;
    v->offending = by->offending == NO_SET ? NULL : &p->sets[by->offending];
    v->observed = by->observed;
}

static void judge_rule(const struct rule *r, const struct policy_case *c, struct verdict *v)
{
    const struct profile *p = r->profile;
    *v = (struct verdict){.rule = &r->facts,
                          .index = (uint32_t)r->facts.index,
                          .basis = r->basis,
                          .severity = r->facts.severity,
                          .observed = r->observed};
    if (r->when.length) {
        struct result when = evaluate(p, r->when, c);
        if (when.value == FALSE3)
            return;
        if (when.value == UNKNOWN3) {
            v->value = VERDICT_NOT_OBSERVABLE;
            v->reasons = when.reasons;
            return;
        }
    }
    const struct rule_case *fail = first_true(p, r->fail, r->fail_count, c, &v->reasons);
    if (fail) {
        v->reasons = 0;
        conclude(p, v, r->never_fail ? VERDICT_NOT_APPLICABLE : VERDICT_FAIL, fail);
        if (r->facts.superseded)
            v->severity = SEVERITY_INFO;
        return;
    }
    if (v->reasons) {
        v->value = VERDICT_NOT_OBSERVABLE;
        return;
    }
    const struct rule_case *pass = NULL;
    if (r->pass_count) {
        pass = first_true(p, r->pass, r->pass_count, c, &v->reasons);
        if (!pass) { /* neither the one nor the other: this connection does not tell */
            v->value = VERDICT_NOT_OBSERVABLE;
            v->reasons |= v->reasons ? 0 : UNOBSERVED_UNDECIDED;
            return;
        }
        v->reasons = 0;
    }
    conclude(p, v, r->never_pass ? VERDICT_NOTHING_AGAINST : VERDICT_PASS, pass);
}

/* Every rule about such a case, from its conditions. */
static size_t judge_in_full(const struct profile *p, const struct policy_case *c)
{
    size_t count = 0;
    p->results->order_count = 0;
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].facts.about & 1 << c->kind)
            judge_rule(&p->rules[i], c, &p->results->verdicts[count++]);
    return count;
}

static struct fact ask(const struct profile *p, uint16_t question, const struct policy_case *c)
{
    if (question >= p->test_count)
        return field_fact((enum field)(question - p->test_count), c, p->key_bits);
    return result_as_fact(test_leaf(p, &p->tests[question], c));
}

/* The verdicts on a case that was decided alike: it gave the same answers. NULL: there was none. */
static const struct verdict *find_known(const struct profile *p, const struct policy_case *c, size_t *count)
{
    const struct known_verdicts *k = p->known;
    for (uint32_t at = k->first[c->kind]; at; at = k->steps[at].then) {
        const struct fact fact = ask(p, k->steps[at].answer.question, c);
        while (at && !facts_match(&k->steps[at].answer.fact, &fact))
            at = k->steps[at].otherwise;
        if (!at)
            return NULL;
        if (!k->steps[at].last)
            continue;
        const uint32_t alike = k->steps[at].then;
        *count = k->counts[alike];
        return &k->verdicts[alike * k->rules];
    }
    return NULL;
}

#ifdef PROVE_KNOWN_VERDICTS /* tests/policy/known_verdicts.py: what is remembered is what would be judged */
#include <stdio.h>

static unsigned long proven;

static void prove_known(const struct verdict *known, size_t known_count, const struct verdict *judged,
                        size_t count)
{
    assert(known_count == count);
    for (size_t i = 0; i < count; i++) {
        const struct verdict *a = &known[i];
        const struct verdict *b = &judged[i];
        assert(a->rule == b->rule && a->index == b->index && a->value == b->value && a->basis == b->basis &&
               a->fault == b->fault);
        assert(a->severity == b->severity && a->reasons == b->reasons && a->note == b->note);
        assert(a->offending == b->offending && a->observed == b->observed && a->excepted == b->excepted);
    }
    proven++;
}

__attribute__((destructor)) static void tell_proven(void)
{
    (void)fprintf(stderr, "%lu cases were known and proven\n", proven);
}
#endif

/* Once in four billion cases: no result is taken for one of this case. */
static void begin_anew(const struct profile *p)
{
    memset(p->results->made_at, 0, p->test_count * sizeof *p->results->made_at);
    memset(p->results->read_at, 0, sizeof p->results->read_at);
    memset(p->results->asked_at, 0, sizeof p->results->asked_at);
    p->results->now = 1;
}

bool condition_holds(const struct profile *p, struct condition condition, const struct policy_case *c)
{
    if (++p->results->now == 0)
        begin_anew(p);
    p->results->order_count = 0;
    return !condition.length || evaluate(p, condition, c).value == TRUE3;
}

const struct verdict *profile_judge_alone(const struct profile *p, const struct policy_case *c, size_t *count)
{
    if (++p->results->now == 0)
        begin_anew(p);
    const struct verdict *known = find_known(p, c, count);
#ifdef PROVE_KNOWN_VERDICTS
    if (known)
        prove_known(known, *count, p->results->verdicts, judge_in_full(p, c));
#endif
    if (known)
        return known;
    *count = judge_in_full(p, c);
    known_verdicts_add(p->known, c->kind, p->results, p->results->verdicts, *count);
    return p->results->verdicts;
}

uint64_t verdicts_forgotten_alone(const struct profile *p)
{
    return p->known->forgotten;
}
