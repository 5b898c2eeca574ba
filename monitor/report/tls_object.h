/* The object `tls` of an event, with the names of Suricata's EVE. */
#ifndef UTWATCH_REPORT_TLS_OBJECT_H
#define UTWATCH_REPORT_TLS_OBJECT_H

#include "report/fit.h"
#include "report/json.h"
#include "tls/observation.h"

void tls_object(struct json *j, const struct observation *o, enum detail detail);

#endif
