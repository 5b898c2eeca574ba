#include "wire/xcap_path.h"

#include "wire/http.h"

#include <strings.h>

/* TS 24.423, 24.623, RFC 4826, RFC 4827, OMA XDM. Other pages have words of plain English in their paths as
 * well, but neither of the trees of RFC 4825 6.1 below them. */
static const struct {
    const char *name;
    bool word;
} auids[] = {
    {"simservs.ngn.etsi.org", false},
    {"resource-lists", true},
    {"rls-services", true},
    {"pres-rules", true},
    {"pidf-manipulation", true},
    {"org.openmobilealliance.pres-rules", false},
    {"xcap-caps", true},
    {"org.openmobilealliance.xcap-directory", false},
    {"org.openmobilealliance.user-profile", false},
    {"org.openmobilealliance.groups", false},
    {"org.etsi.ngn.simservs", false},
    {"org.openmobilealliance.search", false},
};

/* A segment of a path, in which any character may be percent-encoded (RFC 3986 6.2.2.2). */
static bool segment_is(struct span s, const char *text)
{
    for (; s.n && *text; text++) {
        const char c = (char)http_unescaped(&s);
        if (strncasecmp(&c, text, 1) != 0)
            return false;
    }
    return !s.n && !*text;
}

static struct span next_segment(struct span *path)
{
    while (path->n && path->p[0] == '/')
        *path = span_skip(*path, 1);
    size_t n = 0;
    while (n < path->n && path->p[n] != '/' && path->p[n] != '?')
        n++;
    struct span segment = span_head(*path, n);
    *path = n < path->n && path->p[n] == '?' ? span_of(NULL, 0) : span_skip(*path, n);
    return segment;
}

enum { AUIDS = sizeof auids / sizeof *auids };

const char *xcap_auid_name(size_t i)
{
    return i < AUIDS ? auids[i].name : NULL;
}

/* Its index in the list; AUIDS: none. */
static size_t auid_of(struct span segment)
{
    size_t a = 0;
    while (a < AUIDS && !segment_is(segment, auids[a].name))
        a++;
    return a;
}

bool xcap_path_parse(struct span target, struct xcap_path *out)
{
    enum { MOST_SEGMENTS = 16 };
    *out = (struct xcap_path){0};
    if (http_starts(target, "http://") || http_starts(target, "https://"))
        target = span_skip(target, target.p[4] == ':' ? 7 : 8);
    for (unsigned i = 0; i < MOST_SEGMENTS && target.n; i++) {
        const struct span segment = next_segment(&target);
        const size_t auid = auid_of(segment);
        struct span below = target;
        const struct span tree = next_segment(&below);
        const bool users = segment_is(tree, "users");
        const bool any = users || segment_is(tree, "global");
        out->tree |= any;
        if (auid == AUIDS || (auids[auid].word && !any))
            continue;
        out->auid = segment;
        if (users && !segment_is(segment, "xcap-caps")) /* global only (RFC 4825 12.1) */
            out->user = next_segment(&below);
        for (unsigned k = 0; k < MOST_SEGMENTS && below.n; k++)
            out->climbs |= segment_is(next_segment(&below), "..");
        return true;
    }
    return false;
}
