/* A host's addresses, without waiting: a name is looked up by a thread of the C library. */
#ifndef UTWATCH_SYSLOG_LOOKUP_H
#define UTWATCH_SYSLOG_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

struct addrinfo;
struct lookup;

/* NULL when even that does not work. */
struct lookup *lookup_new(const char *host, const char *port, int kind);

/* It has come to its end. *found: the addresses, which live as long as the lookup; NULL: none, and *why. */
bool lookup_ended(struct lookup *l, const struct addrinfo **found, const char **why);
void lookup_free(struct lookup *l);

#endif
