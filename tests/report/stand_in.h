/*
 * A policy of a few rules that stands in for the rule engine, so that reports are tested with verdicts of our
 * choice; and hand-made observations. It defines every function
 * about a profile that the reports call; words and cases are those of the rule engine.
 */
#ifndef UTWATCH_TESTS_REPORT_STAND_IN_H
#define UTWATCH_TESTS_REPORT_STAND_IN_H

#include "policy/policy.h"
#include "report/event_json.h"
#include "report/tally.h"

enum {
    RULE_ANONYMOUS,
    RULE_KEY_BITS,
    RULE_VERSION,
    RULE_LIFETIME,
    RULE_CERTIFICATE,
    RULE_SUPERSEDED,
    STAND_IN_RULES
};
extern const struct rule_facts stand_in_rules[STAND_IN_RULES];
const struct profile *stand_in_profile(void);

struct verdict stand_in_verdict(size_t rule, enum verdict_value value);

/* That all verdicts belong to from now on (profile_verdict_set()). */
void stand_in_verdict_set(uint64_t set);

/* The observed text of all rules from now on; NULL: each rule's own. */
void stand_in_observed(const char *text);

/* The profile's from now on; NULL: its own. */
void stand_in_profile_words(const char *title, const char *status);

/* Appends to the observation's text. */
struct text_slice sample_text(struct observation *o, const void *p, size_t n);
struct text_slice sample_string(struct observation *o, const char *s);

struct endpoint sample_ipv4(uint32_t address, uint16_t port);

/* 198.51.100.7:40112 to 192.0.2.1:443, nothing seen yet. */
void sample_empty(struct observation *o);
/* A complete TLS 1.2 handshake with a certificate, every fact filled. */
void sample_full(struct observation *o);
/* A TLS 1.3 handshake resumed by PSK. */
void sample_tls13(struct observation *o);
/* An SSLv2 hello with native specifications, refused with alerts. */
void sample_sslv2(struct observation *o);
/* One direction of IPv6. */
void sample_one_sided(struct observation *o);
/* Every list at its longest, every name at the most bytes. */
void sample_largest(struct observation *o);

/* The observation as a judged case, counted or written. */
void sample_add(struct tally *tally, const struct observation *o, const struct verdict *verdicts,
                size_t count);
void sample_tls_event(struct text *out, const struct observation *o, const struct input_names *names);

#endif
