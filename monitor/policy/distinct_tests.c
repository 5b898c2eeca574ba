/* Equal tests of different rules get one number, so that each is made once per case, however many rules
 * ask. */
#include "policy/known_classes.h"
#include "policy/known_verdicts.h"

#include <stdlib.h>
#include <string.h>

static bool is_test(const struct condition_node *n)
{
    return n->op != OP_ALL_OF && n->op != OP_ANY_OF && n->op != OP_NOT;
}

static bool same_values(const struct profile *p, const struct condition_node *a,
                        const struct condition_node *b, size_t count)
{
    return a->from == b->from ||
           memcmp(&p->values[a->from], &p->values[b->from], count * sizeof p->values[0]) == 0;
}

static bool same_strings(const struct profile *p, const struct condition_node *a,
                         const struct condition_node *b)
{
    for (int64_t i = 0; i < a->operand; i++)
        if (strcmp(p->strings[a->from + i], p->strings[b->from + i]) != 0)
            return false;
    return true;
}

static bool same_networks(const struct profile *p, const struct condition_node *a,
                          const struct condition_node *b)
{
    return memcmp(&p->networks[a->from], &p->networks[b->from], (size_t)a->operand * sizeof p->networks[0]) ==
           0;
}

static bool is_same_test(const struct profile *p, const struct condition_node *a,
                         const struct condition_node *b)
{
    if (!is_test(b) || a->op != b->op || a->field != b->field)
        return false;
    if (a->op == OP_SUITE_IN || a->op == OP_SUITES_ALL || a->op == OP_SUITES_ANY)
        return memcmp(&p->sets[a->operand], &p->sets[b->operand], sizeof p->sets[0]) == 0 &&
               p->set_by_property[a->operand] == p->set_by_property[b->operand];
    if (a->operand != b->operand)
        return false;
    switch ((enum op)a->op) {
    case OP_ONE_OF:
    case OP_LIST_ANY:
    case OP_LIST_ALL:
        return same_values(p, a, b, (size_t)a->operand);
    case OP_PREFERS:
        return same_values(p, a, b, 2);
    case OP_NETWORK:
        return same_networks(p, a, b);
    case OP_STRING:
    case OP_TEXTS_ANY:
    case OP_TEXTS_ALL:
        return same_strings(p, a, b);
    case OP_TRUE:
    case OP_FALSE:
    case OP_PRESENT:
    case OP_BELOW:
    case OP_ABOVE:
    case OP_AT_LEAST:
    case OP_AT_MOST:
    case OP_FLAGS_ANY:
    case OP_FLAGS_ALL:
        return true;
    case OP_SUITE_IN:
    case OP_SUITES_ALL:
    case OP_SUITES_ANY:
    case OP_ALL_OF:
    case OP_ANY_OF:
    case OP_NOT:
        break;
    }
    return false;
}

static void number(struct profile *p)
{
    for (size_t i = 0; i < p->node_count; i++) {
        struct condition_node *n = &p->nodes[i];
        if (!is_test(n))
            continue;
        size_t same = 0;
        while (same < i && !is_same_test(p, n, &p->nodes[same]))
            same++;
        n->test = same < i ? p->nodes[same].test : (uint16_t)p->test_count++;
        if (same == i)
            p->tests[n->test] = *n;
    }
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        abort();
    return memory;
}

static void add_landmark(struct profile *p, struct landmarks *of, int64_t number)
{
    int64_t *list = &p->landmarks[of->from];
    size_t at = of->count;
    for (; at && list[at - 1] >= number; at--)
        if (list[at - 1] == number)
            return;
    memmove(&list[at + 1], &list[at], (of->count - at) * sizeof *list);
    list[at] = number;
    of->count++;
}

/* How many numbers the test compares with. */
static size_t numbers_of(const struct condition_node *n)
{
    if (test_is_constant(n) || n->op == OP_PRESENT || field_info[n->field].type != TYPE_NUMBER)
        return 0;
    return n->op == OP_ONE_OF ? (size_t)n->operand : 1;
}

static void find_landmarks(struct profile *p)
{
    size_t room = 0;
    for (size_t i = 0; i < p->test_count; i++)
        room += numbers_of(&p->tests[i]);
    p->landmarks = zeroed(room, sizeof *p->landmarks);
    for (size_t field = 0, from = 0; field < FIELD_COUNT; from += p->landmarks_of[field++].count) {
        p->landmarks_of[field].from = from;
        for (size_t i = 0; i < p->test_count; i++) {
            const struct condition_node *n = &p->tests[i];
            for (size_t k = 0; n->field == field && k < numbers_of(n); k++)
                add_landmark(p, &p->landmarks_of[field],
                             n->op == OP_ONE_OF ? p->values[n->from + k] : n->operand);
        }
    }
}

void number_tests(struct profile *p)
{
    p->tests = zeroed(p->node_count, sizeof *p->tests);
    number(p);
    find_landmarks(p);
    p->results = zeroed(1, sizeof *p->results);
    p->results->made_at = zeroed(p->test_count, sizeof *p->results->made_at);
    p->results->result = zeroed(p->test_count, sizeof *p->results->result);
    p->results->order = zeroed(question_count(p), sizeof *p->results->order);
    p->results->asked_at = zeroed(question_count(p), sizeof *p->results->asked_at);
    p->results->stack = zeroed(NODES_OF_CONDITION, sizeof *p->results->stack);
    p->results->verdicts = zeroed(p->rule_count, sizeof *p->results->verdicts);
    p->known = known_verdicts_new(p->rule_count);
    p->classes = known_classes_new(p);
    if (!p->known || !p->classes)
        abort();
}

void free_tests(struct profile *p)
{
    free(p->tests);
    free(p->landmarks);
    known_verdicts_free(p->known);
    known_classes_free(p->classes);
    if (!p->results)
        return;
    free(p->results->made_at);
    free(p->results->result);
    free(p->results->order);
    free(p->results->asked_at);
    free(p->results->stack);
    free(p->results->verdicts);
    free(p->results);
}
