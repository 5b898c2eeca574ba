/* What the path of a request means in XCAP. */
#ifndef UTWATCH_WIRE_XCAP_PATH_H
#define UTWATCH_WIRE_XCAP_PATH_H

#include "base/span.h"

/*
 * XCAP (RFC 4825 6): /[root/]AUID/users/XUI/document or /AUID/global/... . False: the path has no AUID of Ut;
 * one that is a word like others counts only above one of these trees. `user` is the XUI as it is written
 * (percent-encoded), empty for none. Servers differ in what they do with "..", with empty segments and with
 * parameters: the path counts if it leads to such a resource at any of them. A segment "." is none.
 */
struct xcap_path {
    struct span auid;
    struct span user;
    bool tree;   /* the path has one of these trees, if only below an unknown AUID */
    bool climbs; /* a segment ".." (RFC 3986 5.2.4) follows the AUID: another resource may be meant */
};
/* The application usages that are known, or NULL behind the last. */
const char *xcap_auid_name(size_t i);
bool xcap_path_parse(struct span target, struct xcap_path *out);

#endif
