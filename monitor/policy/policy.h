/*
 * Rules as data: a profile is loaded from YAML, compiled into flat tables, and judges one case at a time.
 *
 * This is what judging takes. Who reads YAML also includes tree.h and mistakes.h, and who names fields,
 * fields.h.
 */
#ifndef UTWATCH_POLICY_POLICY_H
#define UTWATCH_POLICY_POLICY_H

#include "base/text.h"
#include "base/words.h"
#include "http/exchange.h"
#include "peers/peers.h"
#include "policy/file_texts.h"
#include "session/session.h"
#include "tls/observation.h"

#include <stdio.h>

enum verdict_value {
    VERDICT_NOT_APPLICABLE,
    VERDICT_PASS,
    VERDICT_NOTHING_AGAINST, /* from a rule that can only find breaches: it found none */
    VERDICT_NOT_OBSERVABLE,
    VERDICT_FAIL
};
enum basis { BASIS_DIRECT, BASIS_INFERRED, BASIS_PARTIAL };
enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH };
enum fault { FAULT_NONE, FAULT_UE, FAULT_SERVER, FAULT_BOTH };

/* What a rule is about. */
enum case_kind {
    CASE_HANDSHAKE,  /* one TLS handshake */
    CASE_CONNECTION, /* one connection of Ut that is not TLS */
    CASE_EXCHANGE,   /* one HTTP request and its answer that could be read */
    CASE_SERVER,     /* everything that one server showed */
    CASE_UE,         /* everything that one UE showed */
    CASE_KEY,        /* a connection in use for longer than a session may live */
};
#define CASE_KINDS 6

/* The words of these enums in profiles and reports: "pass", "ue", ... */
extern const struct word verdict_words[], basis_words[], severity_words[], fault_words[], case_kind_words[];
extern const struct word side_words[]; /* of enum fault, for people */

bool severity_by_name(const char *name, enum severity *out);

/* A connection whose key is old (discussion paper 3.2). */
struct key_use {
    struct whence whence; /* of the data that showed it */
    nanos since;          /* the latest time at which the key's session can have begun */
    bool clock_set;       /* it may be older: the clock of the capture may have been set since */
    bool renegotiated;
    bool hides_updates; /* TLS 1.3: the key may have been updated */
};

/* A connection with the same handshake. */
struct other_side {
    struct endpoint client, server; /* family 0: there is none */
    bool linked;                    /* they have a host in common (peers/met.h) */
};

/* What is judged: the facts of its kind, and NULL for all others. */
struct policy_case {
    enum case_kind kind;
    const struct observation *observation;    /* HANDSHAKE */
    const struct session_result *session;     /* HANDSHAKE; NULL: there is no memory to ask */
    const struct http_connection *before;     /* HANDSHAKE: what was said in clear before it, if anything */
    const struct http_connection *connection; /* CONNECTION that is HTTP */
    const char *protocol;                     /* CONNECTION: what it is called, "HTTP" or nDPI's name */
    uint32_t damage;                          /* CONNECTION that is not HTTP: enum http_damage */
    const struct http_exchange *exchange;     /* EXCHANGE */
    const struct peer *server;                /* SERVER; HANDSHAKE: what its server showed before */
    const struct peer *ue;                    /* UE */
    const struct peer_evidence *evidence;     /* SERVER; HANDSHAKE, if `server` is there */
    const struct key_use *key;                /* KEY */
    bool acknowledged_only;                   /* what its receiver has not acknowledged counts as unknown */
    bool passed_on;     /* its client seems not to be a UE, but to forward the requests of UEs: a proxy or a
                           balancer */
    bool server_listed; /* HANDSHAKE, CONNECTION: the site names its server as one of Ut */
    struct other_side nearer; /* HANDSHAKE: where it was seen nearer to the UE (peers/met.h) */
    const char *interface;    /* where it was captured; NULL: from a file, or not of a single connection */
    const char *packets;      /* the file of --evidence that has its frames; NULL: none */
    struct whence about;      /* whom and what it is about, for reports */
};

/* A case of each kind, with its `about` filled in. */
struct policy_case case_of_handshake(const struct observation *o);
/* `protocol`: "HTTP", or what nDPI calls it; then `c` only identifies the connection. */
struct policy_case case_of_connection(const struct http_connection *c, const char *protocol);
struct policy_case case_of_exchange(const struct http_exchange *e);
struct policy_case case_of_peer(const struct peer *peer, const struct peer_evidence *evidence);
struct policy_case case_of_key(const struct key_use *key);

/* The server at its address that a case is about (peers/asked.h), and its name as safe text; 0 and "": it is
 * not about a server, or that has no name. */
uint64_t case_asked(const struct policy_case *c);
const char *case_asked_name(const struct policy_case *c);

/* Identifies the rules, which may be read again during a capture. */
struct rules_version {
    uint32_t generation; /* 1: those from the start; 0: not set */
    char hash[17];       /* of everything that the profile says, whatever files it came from */
};

/* What the conditions of a rule look at: an alert omits the rest. */
enum rule_reads {
    READS_CERTIFICATE = 1 << 0,
    READS_OTHERS = 1 << 1, /* anything but the certificate, including: */
    READS_SUITE = 1 << 2,
    READS_SESSION = 1 << 3,
};

/* A rule as reports need it; owned by its profile. */
struct rule_facts {
    const char *id;
    uint32_t sid, rev;
    const char *clause;   /* "TS 33.141 7.2 (1)" */
    const char *title;    /* the breach in one line */
    const char *requires; /* the requirement in words */
    /* The text that forbids, discourages or has dropped this demand; NULL: none. A breach is reported
     * separately. */
    const char *superseded;
    const char *profile; /* the name of the profile that judges by it, though it may be inherited */
    const struct rules_version *version; /* of that profile */
    enum severity severity;
    enum fault binds; /* whom the requirement binds */
    uint8_t about;    /* a bit for each enum case_kind that it judges */
    uint8_t reads;    /* enum rule_reads: what its conditions look at */
    size_t index;     /* dense, in the order of the profile */
};

struct verdict {
    const struct rule_facts *rule;
    enum verdict_value value;
    uint32_t index; /* of the rule, so that counting verdicts need not look at their rules */
    enum basis basis;
    enum fault fault;       /* of a fail */
    enum severity severity; /* of this finding */
    uint32_t reasons;       /* enum unobserved bits: why it is not observable; never 0 then, 0 otherwise */
    const char *note;       /* the profile's remark on this outcome, or NULL */
    const struct suite_set
        *offending; /* the offered suites that break the rule, or NULL; text names them first */
    const struct template *observed; /* the template for verdict_observed(); NULL: there is none */
    bool known;                      /* a fail that --baseline has */
    const char *excepted;       /* the reason for a fail that the site's configuration excepts; else NULL */
    const char *excepted_until; /* and its last day */
};

/* "server selected TLS_DH_anon_WITH_RC4_128_MD5 (128 bits)": the rule's template, filled from the case. Text
 * safe. */
void verdict_observed(const struct verdict *v, const struct policy_case *c, struct text *out);

/* The template as it was written. */
const char *verdict_template(const struct verdict *v);

/* One mistake of an operator's file. */
struct mistake {
    char file[128];        /* as the operator names it */
    uint32_t line, column; /* 1-based; 0: the mistake is the file itself */
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

/* What the site's configuration sets in place of the profile's own parameters. */
struct parameter_override {
    const char *name;
    const char *value;
};

/*
 * `name_or_file`: a name is looked up as NAME.yaml in `directories` (NULL-terminated), anything with a slash
 * or ending in .yaml is a path. What it extends is searched next to it, then in the directories. `files`: see
 * file_texts.h, or NULL. NULL after any mistake, all of which are in `mistakes`.
 */
struct profile *profile_load(const char *name_or_file, const char *const *directories,
                             const struct parameter_override *overrides, size_t override_count,
                             struct file_texts *files, struct mistakes *mistakes);
/* The same from text in memory; mistakes are reported under the name `file`. */
struct profile *profile_parse(const char *file, struct span text, const char *const *directories,
                              struct mistakes *mistakes);
/* Is there a profile of the name? A path counts as one. If not, `message` says what was probably meant, or
 * where it was searched. */
bool profile_is_there(const char *name_or_file, const char *const *directories, struct file_texts *files,
                      char message[256]);
/*
 * Joins a profile to others, like those of --advise: from now on they are one, which judges by all of them;
 * each keeps its name and version. `first` then owns `more`. False, and nothing is changed: together they
 * have more than MAX_RULES rules.
 */
bool profile_join(struct profile *first, struct profile *more);
const struct profile *profile_next(const struct profile *p);   /* NULL: the last */
void profile_names(const struct profile *p, struct text *out); /* "modern, wapcert" */
/* Superseded demands count like all others from now on. */
void profile_be_strict(struct profile *p);
void profile_free(struct profile *p);

/* Sets the version, which profile_version() and all rules then have. */
void profile_number(struct profile *p, uint32_t generation);
const struct rules_version *profile_version(const struct profile *p);

const char *profile_name(const struct profile *p);
const char *profile_title(const struct profile *p);
const char *profile_status(const struct profile *p);
size_t profile_rule_count(const struct profile *p);
const struct rule_facts *profile_rule(const struct profile *p, size_t index);
const struct rule_facts *profile_find(const struct profile *p, const char *id);

/* Has the processor fetch what is remembered about the handshake's hello and chain. */
void profile_expect(const struct profile *p, const struct observation *o);

/*
 * One verdict per rule that is about such a case, at most profile_rule_count(): `count`. Valid until the next
 * call. No allocation, no I/O.
 */
const struct verdict *profile_judge(const struct profile *p, const struct policy_case *c, size_t *count);

/* The number of these verdicts while they are valid, if many cases share them; no others ever have it. 0:
 * they are those of one case. */
uint64_t profile_verdict_set(const struct profile *p, const struct verdict *verdicts);

/* Is one of the last verdicts a breach, other than of a superseded demand? */
bool profile_found_breach(const struct profile *p);

/* The memory that judging by so many profiles reserves. */
size_t profiles_memory(size_t count);

/* How often the verdicts on earlier cases, which are reused for equal ones, were forgotten for lack of
 * room. */
uint64_t profile_verdicts_forgotten(const struct profile *p);

/* A parameter as a number (24h is 86400). False: the profile has none of the name. */
bool profile_parameter(const struct profile *p, const char *name, int64_t *number);

/* Everything that an operator may want to know about a rule: --explain. `r` comes from a profile. */
void rule_explain(const struct rule_facts *r, FILE *out);

/* --list-fields: name, type, unit, one line of help. */
void fields_list(FILE *out);

/* The same for one field, and which rules may use it. False: there is none of the name. */
bool field_explain(const char *name, FILE *out);

/* A line for each field whose name fits the pattern. False: none does. */
bool fields_listed_like(const char *pattern, FILE *out);

/* What the profile adds to those that it extends, changes in them, and drops. */
void profile_explain(const struct profile *p, const struct profile *const *parents, size_t count, FILE *out);
/* The name of a profile that it extends, as its file writes it; NULL: after the last. */
const char *profile_extends(const struct profile *p, size_t i);

/* The profile with everything it inherits, as canonical YAML, so that a change of policy shows as a
 * difference. */
void profile_dump(const struct profile *p, FILE *out);

#endif
