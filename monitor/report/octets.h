/*
 * Which octets of a handshake's messages decided a finding: those that the fields of its rule are read from,
 * with a name for each.
 */
#ifndef UTWATCH_REPORT_OCTETS_H
#define UTWATCH_REPORT_OCTETS_H

#include "policy/policy.h"
#include "tls/kept_messages.h"

struct octets {
    const struct kept_message *message;
    uint32_t at, length; /* in the message as it is kept */
    const char *name;
    const struct suite *suite; /* that is there, or NULL */
};

/* "ClientHello", ... */
const char *kept_message_name(const struct kept_message *m);

/* The octets behind a verdict that is VERDICT_FAIL, the most telling ones first; 0 when no message of the
 * case is kept, or none of them shows it. */
size_t octets_of_verdict(const struct verdict *v, const struct policy_case *c, struct octets *out,
                         size_t most);

#endif
