/*
 * The site's scope as BPF words for the kernel, so that other traffic is not copied into the ring.
 *
 * What passes is a superset of what is judged: a decision about tags, tunnels and extension headers that BPF
 * cannot follow is left to the decoder.
 */
#ifndef UTWATCH_CAPTURE_SCOPE_FILTER_H
#define UTWATCH_CAPTURE_SCOPE_FILTER_H

#include "base/limits.h"
#include "base/network.h"
#include "base/text.h"

struct capture_scope {
    const struct network *servers;
    size_t server_count; /* 0: every address is in scope */
    const uint16_t *ports;
    size_t port_count;                       /* 0: every port is in scope */
    uint16_t tunnel_ports[MAX_TUNNEL_PORTS]; /* of UDP, of the site's own tunnels */
    size_t tunnel_port_count;
};

/* Appends the words, for Ethernet. False when the scope leaves nothing out, or `out` has no room. */
bool scope_filter(struct text *out, const struct capture_scope *scope);

#endif
