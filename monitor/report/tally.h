/* What was judged, in numbers: the material of the summary and of the stats events. */
#ifndef UTWATCH_REPORT_TALLY_H
#define UTWATCH_REPORT_TALLY_H

#include "policy/policy.h"
#include "report/ages.h"
#include "report/first_sight.h"
#include "report/ue_stacks.h"
#include "tls/ja.h"

#define VERDICT_VALUES 5
#define SEVERITIES     4
#define OUTCOMES       5
#define FAULTS         4
#define TALLY_KEY_BITS 33 /* key sizes in bytes, 0 to 256 bits */

enum tally_version {
    TALLY_NO_VERSION, /* no ServerHello was seen */
    TALLY_SSLV2,
    TALLY_SSLV3,
    TALLY_TLS10,
    TALLY_TLS11,
    TALLY_TLS12,
    TALLY_TLS13,
    TALLY_OTHER_VERSION,
    TALLY_VERSIONS
};

/* "TLS 1.2" as in the events; "none", "other". */
const char *tally_version_name(enum tally_version v);

struct offender {
    struct endpoint end; /* a UE's port is 0: it changes with every connection */
    uint64_t count;
    uint64_t asked;  /* case_asked() */
    char behind[48]; /* of a server: the name that it was asked for by, if all was judged that it did, else
                        whom the UE asked a proxy for by CONNECT; as safe text; empty: nobody */
    struct endpoint client, server; /* of the first of its gravest offences, as the next ones */
    char evidence[64];              /* the name of its file; empty: there is none */
    nanos time;                     /* of the first of its gravest offences */
    uint64_t frame;                 /* with which its handshake begins; 0: it is no matter of a single one */
    unsigned source;                /* the input that the frame is of */
    uint8_t side;                   /* enum side */
    uint8_t severity;               /* enum severity, of the gravest */
    bool mixed;                     /* not all of them are as grave */
};

/* A UE's TLS stack is named by its JA4. "unknown" where the ClientHello was not seen or has none (SSLv2
 * format).
 */
struct stack_tally {
    char ja4[JA4_TEXT];
    uint64_t handshakes;
    uint64_t violations; /* verdicts that fail in handshakes of this stack, whoever is at fault */
};

/* The stack of hellos that have a number. */
struct known_stack {
    uint64_t hello; /* 0: none */
    uint16_t stack;
};

struct stack_offence {
    uint16_t stack; /* index into tally.stacks */
    uint64_t count;
};

/* Who broke a rule: apart from the numbers, of which each case needs those of all rules. */
struct rule_offenders {
    uint16_t offender_tag[MAX_OFFENDERS]; /* two that differ are of different peers */
    uint16_t sharer_tag[MAX_OFFENDERS];
    struct offender offender[MAX_OFFENDERS]; /* the first different ones */
    struct offender sharer[MAX_OFFENDERS];   /* UEs at fault together with a server, which is in offender[] */
    struct stack_offence stack[MAX_RULE_STACKS]; /* UE stacks in whose handshakes the UE broke the rule */
};

struct rule_tally {
    uint64_t value[VERDICT_VALUES]; /* by enum verdict_value */
    uint64_t remarks;               /* passes that carry a note */
    const struct rule_facts *rule;
    struct rule_offenders *by;
    uint64_t reason[UNOBSERVED_COUNT]; /* of the not observable ones; one verdict may have several */
    uint64_t excepted;     /* fails that the operator's configuration excepts; they are in no other number */
    uint64_t known;        /* fails that --baseline has; likewise */
    const char *exception; /* the reason of the last of them */
    char earlier[128];     /* where an earlier configuration's is kept */
    uint32_t offenders, sharers, stacks; /* in by-> */
    uint64_t of_severity[SEVERITIES];    /* fails by the severity of the finding */
    uint64_t of_fault[FAULTS];           /* and by who is at fault */
    uint8_t worst;                       /* enum severity: that of the gravest fail */
    uint64_t gone;           /* counted fails of servers and UEs that no longer hold as they were reported */
    uint64_t taken_back;     /* of all that was reported, counted or not: what no longer holds at all */
    uint64_t other_offences; /* by peers that came after those */
    uint64_t other_sharings;
    uint64_t other_stacks; /* offences by stacks that came after those */
    uint64_t sharing_ues;  /* of a superseded demand: different UEs in whose handshakes it was broken, whoever
                              is at fault */
};

/* What a verdict other than a fail adds to the numbers. */
struct added_verdict {
    uint16_t rule; /* its index; of a fail: its place among the verdicts of the case */
    uint8_t value; /* enum verdict_value */
    bool remark;
    uint32_t reasons;
};

/* Verdicts that many cases share (profile_verdict_set()): those that do not fail are added for all at once.
 */
struct shared_verdicts {
    uint64_t set;   /* 0: none */
    uint64_t cases; /* for which it has not been added */
    size_t fails, count;
    struct added_verdict *verdict; /* of each rule; the fails come first */
};

struct tally {
    const struct profile *profile;
    uint64_t handshakes;    /* with a hello of either side */
    uint64_t without_hello; /* observations without any; their verdicts are counted, the rest is not */
    uint64_t outcome[OUTCOMES];
    uint64_t version[TALLY_VERSIONS];
    uint64_t suite[SUITE_SET_WORDS * 64]; /* selected, by suite_index() */
    uint64_t unnamed_suites;              /* selected codes that the registry does not know */
    uint64_t key_bits[TALLY_KEY_BITS];    /* of the selected suite, by bits / 8 */
    uint64_t resumed;
    struct ages *ages;
    uint64_t verdict[VERDICT_VALUES];
    uint64_t violation[SEVERITIES]; /* fails by the severity of the finding */
    uint64_t superseded;            /* fails of superseded demands; they are in neither of the two */
    struct tally_gone {
        uint64_t violation[SEVERITIES], excepted, superseded;
    } gone;          /* what these had counted of servers and UEs that no longer holds as it was reported */
    uint64_t untold; /* superseded ones by offenders that came when the table was full: without an event */
    uint64_t reason[UNOBSERVED_COUNT];
    struct rule_tally *rules;         /* by the index of the rule */
    struct rule_offenders *offenders; /* likewise */
    size_t rule_count;
    struct shared_verdicts *shared; /* SHARED_VERDICTS, by set; a newer one takes the place of an older */
    struct added_verdict *added;    /* theirs */
    uint64_t excepted;
    uint64_t known;                  /* fails that --baseline has */
    const struct baseline *baseline; /* NULL: there is none */
    struct stack_tally *stacks;      /* in the order of appearance */
    size_t stack_count;
    struct known_stack *known_stacks; /* KNOWN_HELLOS, by the hello's number */
    struct ue_stacks *ue_stacks;
    struct first_sights *sharers; /* UEs counted in sharing_ues */
    uint64_t other_stacks;        /* handshakes of stacks that came after MAX_STACKS others */
};

/* Takes all memory. False when it cannot be reserved. The profile has to outlive the tally. */
bool tally_open(struct tally *tally, const struct profile *profile);
void tally_close(struct tally *tally);

/* Another profile judges from now on. A rule that it has too, by id and revision, keeps its numbers. False,
 * with nothing changed, when there is no memory. */
bool tally_go_on_with(struct tally *tally, const struct profile *profile);

/* Was there a hello of either side, a part of one, or an alert in clear, so that it counts as a handshake? */
bool tally_is_handshake(const struct observation *o);

/* At least one rule was found broken or satisfied. */
bool tally_judged(const struct tally *tally);

/* tally_add() will get a case of this UE, or of this server with what is asked of it (case_asked()). */
void tally_expect(const struct tally *tally, const struct endpoint *offender, uint64_t asked);

/* One case with the verdicts of the profile on it. */
void tally_add(struct tally *tally, const struct policy_case *c, const struct verdict *verdicts,
               size_t count);

/* All cases so far are in all numbers. Until then, of verdicts that many share, the first ones are. */
void tally_settle(struct tally *tally);

/* One breach by a server or UE in general, told now: what tally_take_back() needs is noted in `told`, which
 * may be NULL. */
void tally_add_told(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                    struct told_finding *told);

/* What was reported of a server or UE no longer holds: `told` is as tally_add_told() has left it. `v`: the
 * verdict of the same rule now. */
void tally_take_back(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                     const struct told_finding *told);

/* What was reported of it holds in the end: it is counted as of now, with the stacks that came since. */
void tally_renew(struct tally *tally, const struct policy_case *c, const struct verdict *v,
                 struct told_finding *told);

/* Who is at fault with any of the fails: a bit for each enum fault. */
unsigned tally_faults(const struct rule_tally *rule);

/* Different servers or UEs at fault; *more: there were others that the table had no room for. */
uint32_t tally_offenders(const struct rule_tally *rule, enum side side, bool *more);

/* Is a UE of this stack at fault for a breach of the rule, alone or together with the server? Superseded
 * demands are not asked for. */
bool rule_broken_by_stack(const struct rule_tally *rule, size_t stack);

/* The stacks into order[], which has room for MAX_STACKS: most violations first, then most handshakes.
 * Returns how many there are. */
size_t tally_worst_stacks(const struct tally *tally, size_t *order);

/* Selected suites in falling order of frequency: the one after `last`, suite_count for the first. suite_count
 * when there is no further one. */
size_t tally_next_suite(const struct tally *tally, size_t last);

#endif
