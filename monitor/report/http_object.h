/* HTTP in events: EVE's object `http`, and what else can be told of an exchange. */
#ifndef UTWATCH_REPORT_HTTP_OBJECT_H
#define UTWATCH_REPORT_HTTP_OBJECT_H

#include "http/exchange.h"
#include "report/json.h"

/* Users' identities are shown as keyed hashes, equal within a run and of no use outside it, unless `clear`.
 */
void identities_in_clear(bool clear);

void http_object(struct json *j, const struct http_exchange *e);
void http_facts(struct json *j, const struct http_exchange *e);

#endif
