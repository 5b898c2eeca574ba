/* The name of a connection that several monitors have in common. */
#ifndef UTWATCH_REPORT_COMMUNITY_ID_H
#define UTWATCH_REPORT_COMMUNITY_ID_H

#include "base/text.h"
#include "decode/segment.h"

/* Community ID version 1, seed 0. */
void community_id(const struct endpoint *a, const struct endpoint *b, uint8_t protocol, struct text *out);

#endif
