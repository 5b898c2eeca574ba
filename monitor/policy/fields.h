/* The facts that rules can use. A fact is a value, definitely absent, or unknown for reasons. */
#ifndef UTWATCH_POLICY_FIELDS_H
#define UTWATCH_POLICY_FIELDS_H

#include "policy/policy.h"

#include <assert.h>

enum field {
#define FIELD(identifier, name, type, side, names, unit, help, value, octets) FIELD_##identifier,
#include "policy/fields.def"
#undef FIELD
    FIELD_COUNT
};

enum field_type {
    TYPE_BOOL,
    TYPE_NUMBER,
    TYPE_VERSION, /* a number with names */
    TYPE_ENUM,
    TYPE_FLAGS, /* a set of names: bit n is names[n] */
    TYPE_STRING,
    TYPE_NUMBERS, /* a list */
    TYPE_TEXTS,   /* a list */
    TYPE_ADDRESS,
    TYPE_SUITE,
    TYPE_SUITES, /* a set, and perhaps unknown codes */
};

/* Where a field is read from; it decides which cases have it. */
enum field_side {
    CLIENT_SIDE,  /* a handshake: the client's hello */
    OF_HELLO,     /* a handshake: what all hellos of a client's stack have in common (tls/known_hellos.h) */
    SERVER_SIDE,  /* a handshake: the server's flight */
    OF_CHAIN,     /* a handshake: the server's Certificate message and, if that was seen, nothing else */
    EITHER_SIDE,  /* a handshake: the client's hello and the server's flight */
    CLIENT_LATER, /* a handshake: what the client said, or did not say, after its hello */
    SERVER_LATER, /* likewise for the server after its flight */
    EITHER_LATER, /* a handshake: its course */
    OF_SESSION,   /* a handshake and the session memory */
    OF_CAPTURE,   /* a handshake: how well it was seen, which itself is never in doubt */
    OF_SERVER_HISTORY, /* a handshake and what its server showed before */
    OF_OPENING,        /* how a connection began, in clear or with a handshake */
    OF_CONNECTION,
    OF_EXCHANGE,
    OF_PEER,
    OF_PEERS, /* likewise, and true of each host if several share the address */
    OF_KEY,
    OF_WHENCE, /* between whom, where and when: for anything that is judged */
};

/* A bit for each enum case_kind that has the field. */
uint8_t field_kinds(enum field field);

/* Can a case of this kind have the field? Else it is absent in all of them. */
bool field_is_told(enum field field, enum case_kind kind);

/* The field whose fact decides this one alone; FIELD_COUNT: there is none. */
enum field field_source(enum field field);

bool field_is_of_session(enum field field);

/* What recurs in many handshakes and alone decides some fields (known_classes.h). */
enum subject { SUBJECT_NONE, SUBJECT_CHAIN, SUBJECT_HELLO, SUBJECTS };
enum subject field_subject(enum field field);

enum server_conclusion {
    CONCLUSION_CONTINUED,
    CONCLUSION_FATAL_ALERT, /* about the handshake or a certificate */
    CONCLUSION_CLOSED,
    CONCLUSION_RESET,
    CONCLUSION_OTHER_ALERT, /* fatal, and about neither of these, nor about keys and records: it may still
                               mean them */
};

/* The client's answer to a CertificateRequest. */
enum certificate_answer { ANSWER_EMPTY, ANSWER_CERTIFICATE, ANSWER_NONE, ANSWER_NO_CERTIFICATE_ALERT };

enum connection_protocol { PROTOCOL_TLS, PROTOCOL_HTTP, PROTOCOL_OTHER };

/* How an HTTP exchange could be read. */
enum exchange_over { OVER_PLAIN, OVER_NULL_ENCRYPTION };

/* The unit of fields that say how long, in fields.def: shown to people in hours and days. */
#define DURATION "seconds"

struct field_info {
    const char *name;
    enum field_type type;
    enum field_side side;
    const struct word *words; /* of ENUM, FLAGS (number: the mask of the bit), VERSION, some NUMBERS */
    const char *unit;
    const char *help;
};

extern const struct field_info field_info[FIELD_COUNT];

const char *field_type_name(const struct field_info *info);
/* "a number", "true or false". */
const char *field_type_article(enum field_type type);
/* FIELD_COUNT: there is none. */
enum field field_by_name(struct span name);
/* meant.c: closes a complaint about an unknown field: what may have been meant, or where all are listed. */
#define FIELD_MEANT 160
const char *field_meant(const char *name, char buffer[FIELD_MEANT]);
/* False: the field has no such word. */
bool field_word(enum field field, const char *word, int64_t *number);
const char *field_word_of(enum field field, int64_t number);

enum known { KNOWN_VALUE, ABSENT, UNKNOWN };

/* Whether there is a value, and the value itself if it is a number: for most fields this is everything. It
 * fits two registers. */
struct fact {
    int64_t number;   /* BOOL 0 or 1, NUMBER, VERSION, ENUM, FLAGS (mask) */
    uint32_t reasons; /* UNKNOWN: enum unobserved bits, never 0 */
    uint8_t known;    /* enum known */
    bool at_least;    /* NUMBER: a lower bound; what it leaves open is unknown for `reasons` */
    bool beyond;      /* NUMBER of seconds: it is a fraction of a second more */
    uint8_t unused;   /* so that facts can be compared by their bytes */
};
static_assert(sizeof(struct fact) == 16, "a fact has no byte that nobody sets");

struct value {
    struct fact fact;
    uint32_t nanos_beyond; /* NUMBER of seconds: the fraction beyond its number; then fact.beyond */
    bool cut;              /* the list goes on beyond what is kept or, with `reasons`, beyond what was seen */
    size_t count;          /* of list, octets or texts */
    const uint16_t *list;  /* NUMBERS of two bytes; SUITES of an offer: its codes in order */
    const uint8_t *octets; /* NUMBERS of one byte, if list is NULL */
    union {
        struct span string;         /* STRING */
        const struct endpoint *end; /* ADDRESS */
        const struct suite *suite;  /* SUITE */
        struct {                    /* TEXTS */
            const struct text_slice *texts;
            const struct observation *of; /* whose text they are in */
        };
        struct { /* SUITES */
            const struct suite_set *suites;
            const struct suite_set *possible; /* these may be in it too, for `reasons`; or NULL */
            const struct suite_set *doubtful; /* selected and refused: not known to be in it; or NULL */
            uint32_t why_doubtful;            /* 0: that */
            uint32_t unknown_suites;          /* unknown codes */
            uint32_t unseen_suites;           /* unseen parts that may hold any suite, for `reasons` */
        };
    };
};

/* `key_bits`: effective key bits of each suite by suite_index(), as the profile counts them. Depends on
 * nothing else: a value may be computed once per case and kept. */
struct value field_value(enum field field, const struct policy_case *c, const int64_t *key_bits);
/* The fact of that value, if nothing else is needed. */
struct fact field_fact(enum field field, const struct policy_case *c, const int64_t *key_bits);

/* Is nothing of the case in doubt? Then the fact of a field that it has is what its getter says. */
bool case_is_sure(const struct policy_case *c);
struct fact field_fact_of_sure(enum field field, const struct policy_case *c, const int64_t *key_bits);

/*
 * The fields behind a verdict that is VERDICT_FAIL, each once: first those of the case that is true, then
 * those of `when`. `c` is the same as when it was judged. Returns how many.
 */
size_t verdict_fields(const struct verdict *v, const struct policy_case *c, enum field *fields, size_t most);

/* The operators of conditions; a NULL word ends the list. */
extern const struct operator_info {
    const char *word, *applies_to, *help;
} operator_info[];

/* Room for the text of an address, which the span then refers to. */
#define ADDRESS_TEXT 46
struct span address_text(const struct endpoint *end, char room[ADDRESS_TEXT]);

/* Appends the value for people; of suites, first those in the set `first` (or NULL). */
void field_text(enum field field, const struct policy_case *c, const int64_t *key_bits,
                const struct suite_set *first, struct text *out);

#endif
