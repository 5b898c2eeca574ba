/*
 * Rules as data: a profile is loaded from YAML, compiled into flat tables, and judges one case at a time.
 *
 * This header is all that the rest of the program knows of the rule engine. It names no rule and no field.
 */
#ifndef UTWATCH_POLICY_POLICY_H
#define UTWATCH_POLICY_POLICY_H

#include "base/limits.h"
#include "base/text.h"
#include "tls/observation.h"

#include <stdio.h>

enum verdict_value { VERDICT_NOT_APPLICABLE, VERDICT_PASS, VERDICT_NOT_OBSERVABLE, VERDICT_FAIL };
enum basis { BASIS_DIRECT, BASIS_INFERRED, BASIS_PARTIAL };
enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH };
enum fault { FAULT_NONE, FAULT_UE, FAULT_SERVER, FAULT_BOTH };

const char *verdict_name(enum verdict_value v); /* "pass", "fail", "not-observable", "not-applicable" */
const char *basis_name(enum basis b);
const char *severity_name(enum severity s);
const char *fault_name(enum fault f); /* "ue", "server", "both", "none" */
bool severity_by_name(const char *name, enum severity *out);

/* What is judged. Later stages of the pipeline add their results beside the observation. */
struct policy_case {
    const struct observation *observation;
};

struct rule; /* one compiled rule; owned by its profile */

const char *rule_id(const struct rule *r);
uint32_t rule_sid(const struct rule *r);
uint32_t rule_rev(const struct rule *r);
const char *rule_clause(const struct rule *r);   /* "TS 33.141 7.2 (1)" */
const char *rule_requires(const struct rule *r); /* the requirement in words */
const char *
rule_profile(const struct rule *r); /* the profile it is judged under (not the one it was inherited from) */
enum severity rule_severity(const struct rule *r);
enum fault rule_binds(const struct rule *r); /* whom the requirement binds */
size_t rule_index(const struct rule *r);     /* dense, in the profile's order */

struct verdict {
    const struct rule *rule;
    enum verdict_value value;
    enum basis basis;
    enum fault fault;       /* of a fail */
    enum severity severity; /* of this finding */
    uint32_t reasons;       /* enum unobserved bits: why it is not observable; never 0 then, 0 otherwise */
    const char *note;       /* the profile's remark on this outcome, or NULL */
    const char *observed;   /* template of what was seen; expand with verdict_observed() */
};

/* "server selected TLS_DH_anon_WITH_RC4_128_MD5 (128 bits)": the rule's template, filled from the case. Text
 * safe. */
void verdict_observed(const struct verdict *v, const struct policy_case *c, struct text *out);

/* One mistake of an operator's file. */
struct mistake {
    char file[128];        /* as the operator would name it */
    uint32_t line, column; /* 1-based; 0 when the mistake is the file itself */
    char message[256];
};

/* All mistakes of one load, in the order of the text; owned by the caller. */
struct mistakes {
    struct mistake *list;
    size_t count;
    size_t capacity;
};
void mistakes_free(struct mistakes *m);
void mistakes_print(const struct mistakes *m, FILE *out); /* file:line:column: message */

struct profile;

/*
 * `name_or_file`: a name is looked up as NAME.yaml in `directories` (NULL-terminated), anything with a slash
 * or ending in .yaml is a path. What it extends is found beside it, then in the directories. NULL after any
 * mistake, all of which are in `mistakes`.
 */
struct profile *profile_load(const char *name_or_file, const char *const *directories,
                             struct mistakes *mistakes);
/* The same from text in memory; `file` is what mistakes are reported under. */
struct profile *profile_parse(const char *file, struct span text, const char *const *directories,
                              struct mistakes *mistakes);
void profile_free(struct profile *p);

const char *profile_name(const struct profile *p);
const char *profile_title(const struct profile *p);
const char *profile_status(const struct profile *p);
size_t profile_rule_count(const struct profile *p);
const struct rule *profile_rule(const struct profile *p, size_t index);
const struct rule *profile_find(const struct profile *p, const char *id);

/* One verdict per rule into out[], which has room for profile_rule_count(). No allocation, no I/O. */
void profile_judge(const struct profile *p, const struct policy_case *c, struct verdict *out);

/* Everything an operator may want to know of a rule: --explain. */
void rule_explain(const struct rule *r, FILE *out);

/* --list-fields: name, type, unit, one line of help. */
void fields_list(FILE *out);

/* The profile with everything it inherits, as canonical YAML: a change of policy is a visible difference. */
void profile_dump(const struct profile *p, FILE *out);

#endif
