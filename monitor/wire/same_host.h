/*
 * One form of a host name, in which equal names are equal bytes: without the dot at its end (RFC 1034 3.1),
 * letters of ASCII in lower case (RFC 4343 3), and a label that is written in UTF-8 as its A-label (RFC 5890
 * 2.3.2.1). Such a label is taken to be in its canonical form: what maps one to another (capitals beyond
 * ASCII, composed characters) is not known here. libidn encodes it (RFC 3492): it allocates nothing, and
 * refuses no label that IDNA forbids and a UE may still send, as libidn2 does.
 */
#ifndef UTWATCH_WIRE_SAME_HOST_H
#define UTWATCH_WIRE_SAME_HOST_H

#include "base/limits.h"
#include "base/span.h"

struct same_host {
    size_t length;
    uint8_t bytes[MAX_HOST_NAME];
};

/* A longer name is cut. */
void same_host(struct same_host *form, struct span name);

static inline struct span same_host_span(const struct same_host *form)
{
    return span_of(form->bytes, form->length);
}

bool host_is_ascii(struct span name);

/* Is it a name that has octets beyond ASCII, or an A-label: one of which there is another form? */
bool host_is_international(struct span name);

#endif
