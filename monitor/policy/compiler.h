/* The basis of the rule compiler: the places of mistakes, parameters, the meaning of scalars. The site's
 * configuration is also read with it. */
#ifndef UTWATCH_POLICY_COMPILER_H
#define UTWATCH_POLICY_COMPILER_H

#include "base/network.h"
#include "policy/fields.h"
#include "policy/tree.h"

/* What a compiling function needs, also for complaints. */
struct compiler {
    struct profile *profile; /* NULL for a file that is not a profile */
    struct mistakes *mistakes;
    const char *file;
    uint8_t about; /* of the rule being compiled: a bit for each enum case_kind */
};

/* A mistake at a value (NULL: the file itself), or at the key of a member. */
__attribute__((format(printf, 3, 4))) void complain_at(struct compiler *c, const struct node *n,
                                                       const char *format, ...);
__attribute__((format(printf, 3, 4))) void complain_at_key(struct compiler *c, const struct node *n,
                                                           const char *format, ...);

/* members.c: members that are not among the `known` (NULL-terminated) are mistakes. */
void check_keys(struct compiler *c, const struct node *n, const char *const *known);

/* Numbers with units: 24h, 7d, 90s, 0x0301, 1024. False: the text is not a number, and *number is
 * undefined. */
bool parse_number(const char *text, int64_t *number);

/* NULL: there is no such parameter; then `near` has one with a similar name. */
struct parameter *parameter_named(struct profile *p, const char *name, struct suggestion *near);

/* The same, and a mistake if `at` is given. */
struct parameter *find_parameter(struct compiler *c, const char *name, const struct node *at);

/* "$session-lifetime + $clock-tolerance": numbers and parameters added up. */
bool sum_number(struct compiler *c, const struct node *n, int64_t *number);

/* The value of a scalar for this field; a $name is a parameter's value. False after a mistake. */
bool scalar_number(struct compiler *c, const struct node *n, enum field field, int64_t *number);

/* "192.0.2.0/24" at the node, or one address. False after a mistake. */
bool text_network(struct compiler *c, const struct node *at, const char *text, struct network *out);

/* The text of a scalar; a $name is a parameter's value. NULL after a mistake. */
const char *scalar_text(struct compiler *c, const struct node *n, enum field field);

/* shapes.c: does it have signs of a regular expression that never occur in names, distinguished names or
 * patterns? */
bool is_regular_expression(const char *text);
#define REGULAR_EXPRESSION                                                                                   \
    "'%s' looks like a regular expression; in a pattern * is any text, ? is one character, and all else is " \
    "itself"

/* hints.c: what follows "... is not a valid value"; "" if nothing is known. */
#define VALUE_HINT 80
const char *value_hint(const struct field_info *info, const char *text, char hint[VALUE_HINT]);
bool is_quoted_typographically(const char *text);
#define QUOTED_TYPOGRAPHICALLY "; the typographic quotes are part of it: write \" or '"
/* A hint if this should be a key with its value, or a mapping, and the space between them is missing. */
const char *unparted_hint(const char *text);

/* profile.c: the members of a rule; a NULL follows the last one. */
extern const char *const rule_keys[];

/* True if values of the field can be compared. */
bool is_ordered(enum field field);

/* `reserved`: a NULL-terminated list, or NULL. */
bool is_reserved(const char *const *reserved, const char *key);

/* synonyms.c: do both mean the same curve, algorithm, key or version, by the names of other documents? */
bool is_synonym(const char *text, const char *other);

/* "no suite '...'", with the name that was probably meant. */
void complain_about_suite(struct compiler *c, const struct node *n);

/* parameters.c: takes those of a file, which may add some; after all rules, reports words that no rule
 * knows. */
void parameters_take(struct compiler *c, const struct node *root, bool may_add);
void parameters_check(struct compiler *c);
bool parameter_is_truth(const char *text);

/* A text for people, with each "{$name}" in it replaced by the parameter in words: "24 hours". Lives as long
 * as the profile. */
const char *fill_parameters_in(struct compiler *c, const struct node *at, const char *text);

#endif
