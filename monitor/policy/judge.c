/* Three-valued (Kleene) evaluation of conditions, and verdicts from their results. */
#include "policy/known_classes.h"
#include "policy/known_verdicts.h"

#include <assert.h>
#include <string.h>

static void note(struct results *r, uint16_t question, struct fact answer)
{
    r->order[r->order_count++] = (struct answer){.question = question, .fact = answer};
    r->asked_at[question] = r->now;
}

static struct fact class_as_fact(const struct profile *p, enum subject subject, const struct policy_case *c)
{
    return (struct fact){.number = class_of_case(p, subject, c)};
}

/* Was the question asked for the field whose answer decides this one? */
static bool follows_from_source(const struct profile *p, enum field field)
{
    const enum field source = field_source(field);
    const struct results *r = p->results;
    return source != FIELD_COUNT && r->asked_at[p->test_count + source] == r->now;
}

/* Notes the answer that the test depends on, unless it adds nothing: all cases of the kind give the same one,
 * or it was asked for before, or something that implies it was, such as the class of the case's chain or
 * hello. */
static void note_answer(const struct profile *p, const struct condition_node *n, const struct policy_case *c)
{
    struct results *r = p->results;
    const enum field field = (enum field)n->field;
    if (test_is_constant(n) || !field_is_told(field, c->kind) || follows_from_source(p, field))
        return;
    const enum subject subject = field_subject(field);
    if (subject != SUBJECT_NONE) {
        const uint16_t of_class = question_of_class(p, subject);
        const struct fact class = class_as_fact(p, subject, c);
        if (r->asked_at[of_class] != r->now)
            note(r, of_class, class);
        if (class.number)
            return;
    }
    const uint16_t question = question_of_test(p, n);
    if (r->asked_at[question] != r->now)
        note(r, question, answer_to(p, question, c));
}

static struct result test_once(const struct profile *p, const struct condition_node *n,
                               const struct policy_case *c)
{
    struct results *r = p->results;
    if (r->made_at[n->test] != r->now) {
        r->result[n->test] = test_of_case(p, n, c);
        r->made_at[n->test] = r->now;
        note_answer(p, n, c);
    }
    return r->result[n->test];
}

/* Takes `count` results off the stack: ALL_OF is as false as its falsest part, ANY_OF as true as its truest.
 */
static struct result combine(bool all, const struct result *parts, int64_t count)
{
    struct result r = {.value = all ? TRUE3 : FALSE3};
    for (int64_t i = 0; i < count; i++) {
        bool decides = parts[i].value == (all ? FALSE3 : TRUE3);
        if (decides)
            return parts[i];
        if (parts[i].value == UNKNOWN3) {
            r.value = UNKNOWN3;
            r.reasons |= parts[i].reasons;
        }
    }
    return r;
}

/* Read backwards, prefix order is a program for a stack machine without jumps. */
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
        if (!pass) { /* neither of them is true: this case does not decide the rule */
            v->value = VERDICT_NOT_OBSERVABLE;
            v->reasons |= v->reasons ? 0 : UNOBSERVED_UNDECIDED;
            return;
        }
        v->reasons = 0;
    }
    conclude(p, v, r->never_pass ? VERDICT_NOTHING_AGAINST : VERDICT_PASS, pass);
}

/* Evaluates the conditions of all rules about cases of this kind. */
static size_t judge_in_full(const struct profile *p, const struct policy_case *c)
{
    size_t count = 0;
    p->results->order_count = 0;
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].facts.about & 1 << c->kind)
            judge_rule(&p->rules[i], c, &p->results->verdicts[count++]);
    return count;
}

static bool has_breach(const struct verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].value == VERDICT_FAIL && !verdicts[i].rule->superseded)
            return true;
    return false;
}

static struct fact ask(const struct profile *p, uint16_t question, const struct policy_case *c)
{
    const uint16_t classes = question_of_class(p, SUBJECT_NONE);
    return question > classes ? class_as_fact(p, (enum subject)(question - classes), c)
                              : answer_to(p, question, c);
}

/* The verdicts on an earlier case that gave the same answers. NULL: there was none. */
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
        *count = k->cases[alike].count;
        p->results->breach = k->cases[alike].breach;
        return &k->verdicts[alike * k->rules];
    }
    return NULL;
}

#ifdef PROVE_KNOWN_VERDICTS /* tests/policy/known_verdicts.py: the remembered verdicts are what judging      \
                               would give */
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

/* The number of the case has wrapped around, once in four billion: forget all results, so that none is taken
 * for this case's. */
static void begin_anew(const struct profile *p)
{
    memset(p->results->made_at, 0, p->test_count * sizeof *p->results->made_at);
    memset(p->results->read_at, 0, sizeof p->results->read_at);
    memset(p->results->asked_at, 0, question_count(p) * sizeof *p->results->asked_at);
    p->results->now = 1;
}

static void begin_case(const struct profile *p, const struct policy_case *c)
{
    if (++p->results->now == 0)
        begin_anew(p);
    p->results->sure = case_is_sure(c);
}

bool condition_holds(const struct profile *p, struct condition condition, const struct policy_case *c)
{
    begin_case(p, c);
    p->results->order_count = 0;
    return !condition.length || evaluate(p, condition, c).value == TRUE3;
}

const struct verdict *profile_judge_alone(const struct profile *p, const struct policy_case *c, size_t *count)
{
    begin_case(p, c);
    const struct verdict *known = find_known(p, c, count);
#ifdef PROVE_KNOWN_VERDICTS
    if (known)
        prove_known(known, *count, p->results->verdicts, judge_in_full(p, c));
#endif
    if (known)
        return known;
    *count = judge_in_full(p, c);
    p->results->breach = has_breach(p->results->verdicts, *count);
    known_verdicts_add(p->known, c->kind, p->results, p->results->verdicts, *count);
    return p->results->verdicts;
}

uint64_t profile_verdict_set(const struct profile *p, const struct verdict *verdicts)
{
    return known_verdicts_set(p->known, verdicts);
}

uint64_t verdicts_forgotten_alone(const struct profile *p)
{
    return p->known->forgotten;
}
