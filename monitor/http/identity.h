/* Do two names mean the same user? They are public identities from paths and header fields of Ut. */
#ifndef UTWATCH_HTTP_IDENTITY_H
#define UTWATCH_HTTP_IDENTITY_H

#include "base/span.h"
#include "http/exchange.h"

/*
 * Whose document a path with the user `xui` is about, when `identity` asks. sip:user@domain,
 * "sip:user@domain" in quotes or angle brackets and sip%3auser%40domain are one identity; URI parameters and
 * headers (RFC 3261 19.1.1, RFC 3966 3) say how to reach a user, not who it is. A user has identities of
 * several schemes, so those of different schemes do not decide, nor do several identities in a list: the UE
 * claims one.
 */
enum document_owner identity_owner(struct span xui, struct span identity);

/* The same for a user with several identities, separated by commas (TS 24.109, RFC 3325 9.1): foreign only if
 * all of them are. */
enum document_owner identity_owner_of_any(struct span xui, struct span identities);

#endif
