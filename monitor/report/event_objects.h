/* The objects of an event: EVE's `tls` and `http`, and `utwatch` with what EVE has no names for. */
#ifndef UTWATCH_REPORT_EVENT_OBJECTS_H
#define UTWATCH_REPORT_EVENT_OBJECTS_H

#include "policy/policy.h"
#include "report/inputs.h"
#include "report/json.h"
#include "report/names.h"
#include "report/taken_back.h"

/* `rule`: of an alert, which says of the handshake what the rule looked at; else NULL. */
void tls_object(struct json *j, const struct policy_case *c, const struct input_names *names,
                enum detail detail, const struct rule_facts *rule);
void http_object(struct json *j, const struct http_exchange *e);

/* An endpoint in two members. `port` NULL: a UE in general, whose port changes with every connection. */
static inline void json_end(struct json *j, const char *address, const char *port, const struct endpoint *end)
{
    json_key(j, address);
    text_char(j->out, '"');
    text_address(j->out, end);
    text_char(j->out, '"');
    if (port)
        json_uint(j, port, end->port);
}

/* `proxied_for`: whom a PROXY header names; empty if it names nobody, nothing if there was none. */
void utwatch_proxied_for(struct json *j, const struct whence *about);

/* Members of `utwatch`: what is known of the case, and the verdict of one rule. */
void utwatch_facts(struct json *j, const struct policy_case *c, enum detail detail,
                   const struct input_names *names, const struct rule_facts *rule);
void utwatch_taken_back(struct json *j, const struct taken_back *t, const struct input_names *names);
void utwatch_verdict(struct json *j, const struct verdict *v, const struct policy_case *c,
                     const struct input_names *names);
/* Which reading of the rules it was is written where they can change, that is live; a replay writes it once.
 */
void utwatch_rule(struct json *j, const struct rule_facts *rule, bool live);

/* By which reading of the rules it was judged, where that is known. */
void json_ruleset(struct json *j, const struct rules_version *version);

/* Who a user is, if it is known: as written there, or as a hash. */
void json_identity(struct json *j, const char *key, struct span identity, const struct input_names *names);

/* A name from the wire, if there is one. */
void json_slice(struct json *j, const char *key, const struct observation *o, struct text_slice slice);

#endif
