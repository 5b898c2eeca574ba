/* A profile in the form used for judging: flat tables, everything by index. */
#ifndef UTWATCH_POLICY_COMPILED_H
#define UTWATCH_POLICY_COMPILED_H

#include "base/limits.h"
#include "policy/compiler.h"

enum op {
    OP_TRUE, /* constants: the result of a condition on parameters */
    OP_FALSE,
    OP_ALL_OF, /* operand: number of children */
    OP_ANY_OF,
    OP_NOT,
    OP_PRESENT, /* operand: 1 present, 0 absent */
    OP_ONE_OF,  /* BOOL, NUMBER, VERSION, ENUM: operand numbers from `from` */
    OP_BELOW,   /* operand: the number */
    OP_ABOVE,
    OP_AT_LEAST,
    OP_AT_MOST,
    OP_FLAGS_ANY, /* operand: mask */
    OP_FLAGS_ALL,
    OP_LIST_ANY, /* NUMBERS: operand numbers from `from` */
    OP_LIST_ALL,
    OP_STRING,    /* STRING, ADDRESS: operand patterns from `from` */
    OP_TEXTS_ANY, /* TEXTS: likewise */
    OP_TEXTS_ALL,
    OP_NETWORK,    /* ADDRESS: operand networks from `from` */
    OP_SUITE_IN,   /* operand: set */
    OP_SUITES_ALL, /* every offered suite is in the set */
    OP_SUITES_ANY,
    OP_PREFERS, /* two codes from `from`: both are offered, the first before the second */
};

/* In prefix order; a leaf is a test of one field. */
struct condition_node {
    uint8_t op;
    uint8_t field;
    uint16_t from;
    uint16_t test; /* of a leaf: equal tests have the same number, and are made once per case */
    int64_t operand;
};

enum kleene { FALSE3, UNKNOWN3, TRUE3 };

struct result {
    enum kleene value;
    uint32_t reasons; /* of UNKNOWN3 */
};

/* A case's answer to a question: the fact of a field, as far as its tests distinguish it, if it has few
 * values or is a number; the result of a test; or the class of the case's chain or hello. */
struct answer {
    struct fact fact;  /* of a test: its result is the number */
    uint16_t question; /* a test, test_count + enum field, or question_of_class() */
};

/* The results of a profile's tests for the case being judged. */
struct results {
    uint32_t now;      /* number of the case; results of others are not valid */
    uint32_t *made_at; /* by test */
    struct result *result;
    struct result *stack; /* NODES_OF_CONDITION, for one condition */
    struct answer *order; /* for this case, in the order in which they were first asked for; room for all
                             tests and fields */
    size_t order_count;
    uint32_t *asked_at;            /* by question, as made_at: the answer is in the order */
    uint32_t read_at[FIELD_COUNT]; /* by field, likewise */
    struct value value[FIELD_COUNT];
    struct verdict *verdicts; /* on this case */
    bool breach;              /* see profile_found_breach() */
    bool sure;                /* see case_is_sure() */
};

/* The numbers with which tests compare a field, in order: profile.landmarks[] from `from` on. */
struct landmarks {
    size_t from, count;
};

struct known_verdicts;
struct known_classes;

struct condition {
    uint32_t start;
    uint16_t length; /* nodes; 0: no condition */
};

struct rule_case {
    struct condition condition;
    enum fault fault;
    enum basis basis;
    enum severity severity;
    const char *note;
    const struct template *observed;
    int offending; /* set of the offered suites that make the case true; NO_SET: none */
};

#define NO_SET (-1)

struct rule {
    struct rule_facts facts; /* first, since rule_of() finds the rule by this public part */
    const struct profile *profile;
    char *clause; /* with the document's name; owned, facts.clause is the same */
    const char *note;
    const struct template *observed;
    enum basis basis;
    bool never_pass, never_fail;
    struct condition when;
    struct rule_case fail[CASES_OF_RULE];
    size_t fail_count;
    struct rule_case pass[CASES_OF_RULE];
    size_t pass_count;
    const struct node *node; /* as it was written */
    const char *file;
    const char *document;
};

struct parameter {
    const char *name;
    const char *text;     /* its value, from the file or, instead, from the site */
    const char *first;    /* the value in the profile that first defines it */
    const char *compared; /* a word with which a rule compares it; NULL: none does */
    bool meant;           /* a rule compares it with its present word */
    const struct node *node;
    const char *file;
};

struct named_set {
    const char *name;
    const struct node *node;
    const char *file;
    uint16_t index; /* into sets, when compiled */
    bool compiled, compiling, mistaken;
};

/* A note joined from two; owned by the profile. */
struct joined_text {
    struct joined_text *next;
    char text[];
};

/* Words, then the value of a field, then a noun for one and for more; the part without a field is the
 * last. */
struct template_part {
    struct span words;
    enum field field;      /* FIELD_COUNT: none */
    struct span one, many; /* empty: there is no noun */
};

/* Owned by the profile. */
struct template
{
    struct template *next;
    const char *text;
    struct template_part part[];
};

struct profile {
    struct joined_text *joined;
    struct template *templates;
    const char *name, *title, *status;
    struct rules_version version;
    const char *note; /* of every rule that has none of its own; NULL: none */
    struct tree *trees;
    struct rule rules[MAX_RULES];
    size_t rule_count;
    struct parameter parameters[64];
    size_t parameter_count;
    struct named_set named[SETS_OF_PROFILE];
    size_t named_count;
    struct condition_node *nodes;
    size_t node_count, node_capacity;
    int64_t values[VALUES_OF_PROFILE];
    size_t value_count;
    const char *strings[STRINGS_OF_PROFILE];
    size_t string_count;
    struct network networks[NETWORKS_OF_PROFILE];
    size_t network_count;
    struct suite_set sets[SETS_OF_PROFILE];
    bool set_by_property[SETS_OF_PROFILE]; /* not only by names */
    size_t set_count;
    size_t test_count;
    struct condition_node *tests; /* by number: a node with the test */
    struct landmarks landmarks_of[FIELD_COUNT];
    int64_t *landmarks;
    /* The only parts that judging changes: only one thread judges by a profile. */
    struct results *results;
    struct known_verdicts *known;
    struct known_classes *classes;
    int64_t key_bits[SUITE_SET_WORDS * 64]; /* of each suite by suite_index(), under the parameters */
    struct profile *more;                   /* judges after this one, and counts as part of it (joined.c) */
    struct verdict *joined_verdicts;        /* room for the verdicts of all */
};

static inline const struct rule *rule_of(const struct rule_facts *facts)
{
    return (const struct rule *)(const void *)facts;
}

/* judge.c: by this profile alone, whatever is joined to it. */
const struct verdict *profile_judge_alone(const struct profile *p, const struct policy_case *c,
                                          size_t *count);
uint64_t verdicts_forgotten_alone(const struct profile *p);

/* The question for the class of such a subject of a case; these questions follow all others. */
static inline uint16_t question_of_class(const struct profile *p, enum subject subject)
{
    return (uint16_t)(p->test_count + FIELD_COUNT + subject);
}

static inline size_t question_count(const struct profile *p)
{
    return p->test_count + FIELD_COUNT + SUBJECTS;
}

/* test.c: is the test a constant, the result of a condition on parameters? */
bool test_is_constant(const struct condition_node *n);
struct result test_of_case(const struct profile *p, const struct condition_node *n,
                           const struct policy_case *c);
/* The question whose answer decides the test; and a case's answer to a question that is not about a class. */
uint16_t question_of_test(const struct profile *p, const struct condition_node *n);
struct fact answer_to(const struct profile *p, uint16_t question, const struct policy_case *c);

/* judge.c: the condition is definitely true of the case. */
bool condition_holds(const struct profile *p, struct condition condition, const struct policy_case *c);

/* members.c: values that are not texts, and words that the key does not know, are mistakes. */
void complain_of_missing(struct compiler *c, const struct node *n, const char *key);
/* NULL: it is not there (a mistake if it is required). */
const char *text_member(struct compiler *c, const struct node *n, const char *key, bool required);
bool word_node(struct compiler *c, const struct node *n, const struct word *words, const char *key,
               int64_t *out);
int64_t word_member(struct compiler *c, const struct node *n, const char *key, const struct word *words,
                    int64_t otherwise);
uint32_t number_member(struct compiler *c, const struct node *n, const char *key, bool required,
                       uint32_t otherwise);

/* profile.c: compiles the sets and rules. NULL, and the profile is freed, if reading it added mistakes. */
struct profile *compile_profile(struct profile *p, struct mistakes *mistakes, size_t mistakes_before);

/* profile.c: the file of the profile itself, which was read before what it extends. */
const struct tree *own_tree(const struct profile *p);

/* profile.c: the index of the named parameter in parameters[]; parameter_count: there is none. */
size_t parameter_index(const struct profile *p, const char *name);

/* distinct_tests.c: numbers the tests, once all conditions are compiled. */
void number_tests(struct profile *p);
void free_tests(struct profile *p);

/* condition.c: a mapping of conditions (conjunction) or a list of them (disjunction); members named in
 * `reserved` are left alone. */
struct condition compile_condition(struct compiler *c, const struct node *n, const char *const *reserved);

/* shapes.c: a text that the field can never have, or a pattern in another language, is a mistake. */
void check_shape(struct compiler *c, const struct node *n, enum field field, const char *text);

/* known_texts.c: the texts that a field can have, if all are known; NULL: after the last. And the text for an
 * object identifier; NULL: it has no name, and is written in digits. */
const char *known_text(enum field field, size_t i);
const char *known_text_of_oid(enum field field, const char *dotted);

/* meant.c: an unknown operator or field, and what may have been meant. */
void complain_about_operator(struct compiler *c, const struct node *n, enum field field);
void complain_about_field(struct compiler *c, const struct node *n);

/* template.c: a text with {fields}, compiled. */
const struct template *compile_template(struct compiler *c, const struct node *n);

/* suite_sets.c: a set by $name, a suite by name, a list of them, or a mapping of properties. -1 after a
 * mistake. */
int compile_suite_set(struct compiler *c, const struct node *n);

/* impossible.c: conditions that could never be true are mistakes. The operators of one field, and the members
 * of a conjunction. */
/* False for a number that the field never has: a port of 70000, an hour of 24. */
bool field_can_be(enum field field, int64_t number);

void check_possible(struct compiler *c, const struct node *n, enum field field);
/* Checks `when` and the cases of a rule, one or a list; either may be NULL. A case that `when` excludes is a
 * mistake. */
void check_cases(struct compiler *c, const struct node *when, const struct node *cases);
/* A case of `pass` that is also one of `fail` is a mistake; either may be NULL. */
void check_same_cases(struct compiler *c, const struct node *fail, const struct node *pass);
void check_contradiction(struct compiler *c, const struct node *n, const char *const *reserved);

#endif
