#include "policy/known_classes.h"

#include "base/expect.h"
#include "base/limits.h"
#include "base/memory.h"
#include "policy/getters.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(KNOWN_CLASSED % KNOWN_CHAINS == 0 && KNOWN_CLASSED % KNOWN_HELLOS == 0,
              "each that is known has a place of its own");

struct classed {
    uint64_t number; /* of the chain or hello; 0: none */
    uint32_t class;
};

struct classes {
    uint16_t *questions; /* that tests ask about such a subject and nothing else */
    size_t question_count;
    struct fact *answers; /* to all of them, for each class from 1 on */
    uint32_t count, capacity;
    struct classed classed[KNOWN_CLASSED];
};

struct known_classes {
    struct classes of[SUBJECTS];
    struct fact *asked; /* room for the answers of one case */
};

/* Several tests of a field may be one question. */
static void add_question(struct classes *of, uint16_t question)
{
    for (size_t i = 0; i < of->question_count; i++)
        if (of->questions[i] == question)
            return;
    of->questions[of->question_count++] = question;
}

static bool open_classes(struct classes *of, const struct profile *p, enum subject subject)
{
    of->questions = calloc(p->test_count + 1, sizeof *of->questions);
    of->answers = memory_map(1, KNOWN_CLASS_BYTES);
    if (!of->questions || !of->answers)
        return false;
    for (size_t i = 0; i < p->test_count; i++)
        if (!test_is_constant(&p->tests[i]) && field_subject((enum field)p->tests[i].field) == subject)
            add_question(of, question_of_test(p, &p->tests[i]));
    if (of->question_count)
        of->capacity = (uint32_t)(KNOWN_CLASS_BYTES / (of->question_count * sizeof *of->answers)) - 1;
    return true;
}

struct known_classes *known_classes_new(const struct profile *p)
{
    struct known_classes *k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->asked = calloc(p->test_count + 1, sizeof *k->asked);
    bool opened = k->asked != NULL;
    for (enum subject s = SUBJECT_CHAIN; s < SUBJECTS && opened; s++)
        opened = open_classes(&k->of[s], p, s);
    if (opened)
        return k;
    known_classes_free(k);
    return NULL;
}

void known_classes_free(struct known_classes *k)
{
    if (!k)
        return;
    for (enum subject s = SUBJECT_NONE; s < SUBJECTS; s++) {
        free(k->of[s].questions);
        memory_unmap(k->of[s].answers);
    }
    free(k->asked);
    free(k);
}

size_t known_classes_memory(void)
{
    return sizeof(struct known_classes) + (SUBJECTS - 1) * (size_t)KNOWN_CLASS_BYTES;
}

/* 0 also if something else matters: bytes that are in doubt, or names for which there was no room. */
static uint64_t number_of(const struct policy_case *c, enum subject subject)
{
    const struct observation *o = c->observation;
    if (subject == SUBJECT_CHAIN)
        return o->seen & SEEN_CERTIFICATE && !o->text_cut && !handshake_doubts(c, OF_CHAIN)
                   ? o->certificate.number
                   : 0;
    return o->seen & SEEN_CLIENT_HELLO && !handshake_doubts(c, OF_HELLO) ? o->client_hello.number : 0;
}

/* The class of these answers, a new one if there is room. */
static uint32_t class_of_answers(struct classes *of, const struct fact *asked)
{
    const size_t bytes = of->question_count * sizeof *asked;
    for (uint32_t class = 1; class <= of->count; class ++)
        if (memcmp(&of->answers[class * of->question_count], asked, bytes) == 0)
            return class;
    if (of->count == of->capacity)
        return 0;
    of->count++;
    memcpy(&of->answers[of->count * of->question_count], asked, bytes);
    return of->count;
}

void profile_expect(const struct profile *p, const struct observation *o)
{
    expect(&p->classes->of[SUBJECT_CHAIN].classed[o->certificate.number % KNOWN_CLASSED], 1);
    expect(&p->classes->of[SUBJECT_HELLO].classed[o->client_hello.number % KNOWN_CLASSED], 1);
}

uint32_t class_of_case(const struct profile *p, enum subject subject, const struct policy_case *c)
{
    struct classes *of = &p->classes->of[subject];
    const uint64_t number = of->question_count ? number_of(c, subject) : 0;
    if (!number)
        return 0;
    struct classed *place = &of->classed[number % KNOWN_CLASSED];
    if (place->number == number)
        return place->class;
    for (size_t i = 0; i < of->question_count; i++)
        p->classes->asked[i] = answer_to(p, of->questions[i], c);
    *place = (struct classed){.number = number, .class = class_of_answers(of, p->classes->asked)};
    return place->class;
}
