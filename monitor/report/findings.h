/*
 * Findings one by one, with the records that decided them, for the HTML report: of each rule the gravest
 * ones by different offenders, and of these the first. Bounded in number and bytes.
 */
#ifndef UTWATCH_REPORT_FINDINGS_H
#define UTWATCH_REPORT_FINDINGS_H

#include "policy/policy.h"
#include "report/csv_report.h"

#define RECORD_MARKS  8
#define RECORD_PIECES (RECORD_MARKS + 1)

/* Octets of a record that decided. */
struct record_mark {
    uint32_t at, length; /* in the message */
    const char *name;
    const char *suite; /* that is there, or NULL */
};

/* A message, or its head and what lies around its marks, in the bytes of all findings. */
struct finding_record {
    const char *name; /* "ServerHello" */
    uint64_t frame;   /* that shows the message; 0: not known */
    nanos time;
    unsigned source;
    uint32_t length; /* of the message */
    struct record_piece {
        uint32_t from, bytes; /* in the message; in findings.bytes */
        uint32_t length;
    } piece[RECORD_PIECES];
    struct record_mark mark[RECORD_MARKS];
    uint8_t pieces, marks;
};

struct finding {
    const struct rule_facts *rule; /* NULL: there is no such rule any more */
    enum finding_status status;
    enum severity severity;
    enum basis basis;
    enum fault fault;
    struct endpoint ue; /* whence_ue() */
    struct endpoint client, server;
    uint64_t asked; /* case_asked() */
    nanos time;
    const char *shows; /* the message that the frame shows; NULL: not known */
    uint64_t frame;    /* 0: none */
    unsigned source;
    int64_t stream;                /* as Wireshark numbers it; below 0: not known */
    uint64_t times;                /* by this offender */
    uint32_t name, observed, note; /* texts in findings.bytes; 0: none */
    uint16_t record, records;      /* in findings.record */
    uint16_t before;               /* the one before it of its rule, + 1; 0: none */
};

struct findings_counters {
    uint64_t without_room; /* findings, or records of them, that found the tables full */
};

#define FINDING_RECORDS ((size_t)2 * MAX_FINDINGS)

struct findings {
    size_t count, record_count, used;
    uint16_t last[2][MAX_RULES]; /* of profile and advice, by rule: the last one + 1 */
    uint8_t kept[2][MAX_RULES];
    struct findings_counters counters;
    struct finding finding[MAX_FINDINGS];
    struct finding_record record[FINDING_RECORDS];
    uint8_t bytes[FINDING_BYTES];
};

/* `stream`: see struct finding. */
void findings_add(struct findings *f, const struct policy_case *c, const struct verdict *v,
                  enum finding_status status, int64_t stream);

/* Findings of rules that the profiles still have, by id and revision, stay; `advice` may be NULL. */
void findings_go_on_with(struct findings *f, const struct profile *profile, const struct profile *advice);

static inline const char *finding_text(const struct findings *f, uint32_t at)
{
    return at ? (const char *)f->bytes + at : "";
}

#endif
