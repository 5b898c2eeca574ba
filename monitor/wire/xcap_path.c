#include "wire/xcap_path.h"

#include "wire/http.h"

#include <string.h>
#include <strings.h>

/* TS 24.423, 24.623, RFC 4826, RFC 4827, OMA XDM. Other pages have words of plain English in their paths as
 * well, but neither of the trees of RFC 4825 6.1 below them. */
#define AUID(text, word)                                                                                     \
    {                                                                                                        \
        text, sizeof(text) - 1, word                                                                         \
    }
static const struct {
    const char *name;
    size_t length;
    bool word;
} auids[] = {
    AUID("simservs.ngn.etsi.org", false),
    AUID("resource-lists", true),
    AUID("rls-services", true),
    AUID("pres-rules", true),
    AUID("pidf-manipulation", true),
    AUID("org.openmobilealliance.pres-rules", false),
    AUID("xcap-caps", true),
    AUID("org.openmobilealliance.xcap-directory", false),
    AUID("org.openmobilealliance.user-profile", false),
    AUID("org.openmobilealliance.groups", false),
    AUID("org.etsi.ngn.simservs", false),
    AUID("org.openmobilealliance.search", false),
};

enum { AUIDS = sizeof auids / sizeof *auids, LONGEST_NAME = 40 };

const char *xcap_auid_name(size_t i)
{
    return i < AUIDS ? auids[i].name : NULL;
}

/* What a segment is, by its name. */
enum { OTHER, DOT, UP, USERS, GLOBAL, FIRST_AUID };

struct path_segment {
    struct span written;
    struct span name; /* without its parameters (RFC 3986 3.3) */
    unsigned is;
};

/* Of a path, from its last segment to its first, so that each ".." comes before the segment that it removes.
 * Servers differ: some take a path as it is written, some join slashes first, some leave out parameters. */
struct reading {
    size_t climb;            /* so many of the segments before are removed */
    struct span next, below; /* the segments that follow */
    struct xcap_path path;
    unsigned next_is;
    bool resolved;   /* ".." removes a segment (RFC 3986 5.2.4) */
    bool parameters; /* "..;x" is another segment than ".." */
    bool empty;      /* the segment between two slashes is one that ".." can remove */
};

static bool is_name(struct span s, const char *text, size_t length)
{
    return s.n == length && strncasecmp((const char *)s.p, text, length) == 0;
}

/* Any character may be percent-encoded (RFC 3986 6.2.2.2). */
static inline unsigned meaning_of(struct span name, bool escaped)
{
    uint8_t text[LONGEST_NAME];
    if (escaped) {
        size_t n = 0;
        while (name.n && n < sizeof text)
            text[n++] = http_unescaped(&name);
        if (name.n)
            return OTHER;
        name = span_of(text, n);
    }
    if (name.n < sizeof "users" - 1) {
        const bool dots = name.n && name.p[0] == '.' && name.p[name.n - 1] == '.';
        return dots && name.n <= 2 ? (name.n == 1 ? DOT : UP) : OTHER;
    }
    if (is_name(name, "users", sizeof "users" - 1))
        return USERS;
    if (is_name(name, "global", sizeof "global" - 1))
        return GLOBAL;
    for (unsigned a = 0; a < AUIDS; a++)
        if (is_name(name, auids[a].name, auids[a].length))
            return FIRST_AUID + a;
    return OTHER;
}

/* Takes it from the end of the path, with the slash before it. */
static inline struct path_segment last_segment(struct span *path)
{
    const uint8_t *const start = path->p;
    size_t end = path->n;
    size_t from = end;
    bool escaped = false;
    for (; from && start[from - 1] != '/'; from--) {
        if (start[from - 1] == ';')
            end = from - 1;
        escaped |= start[from - 1] == '%';
    }
    const struct span written = span_of(start + from, path->n - from);
    const struct span name = span_of(start + from, end - from);
    path->n = from ? from - 1 : 0;
    return (struct path_segment){written, name, meaning_of(name, escaped)};
}

/* A segment that no later one removes. */
static inline void read_kept(struct reading *r, const struct path_segment *s, bool climbs)
{
    const bool tree = r->next_is == USERS || r->next_is == GLOBAL;
    r->path.tree |= tree;
    if (s->is >= FIRST_AUID && (tree || !auids[s->is - FIRST_AUID].word)) {
        const bool caps = is_name(span_of_text(auids[s->is - FIRST_AUID].name), "xcap-caps", 9);
        r->path.auid = s->name;
        r->path.climbs = climbs;
        /* xcap-caps: global only (RFC 4825 12.1) */
        r->path.user = r->next_is == USERS && !caps ? r->below : span_of(NULL, 0);
    }
    r->below = r->next;
    r->next = s->written;
    r->next_is = s->is;
}

static inline void read_segment(struct reading *r, const struct path_segment *s, bool climbs)
{
    const bool dots = !r->parameters || s->name.n == s->written.n;
    if ((s->is == DOT && dots) || (!s->written.n && !r->empty))
        return;
    if (s->is == UP && dots && r->resolved)
        r->climb++;
    else if (r->climb)
        r->climb--;
    else if (s->written.n)
        read_kept(r, s, climbs);
}

/* Returns whether a segment "..", with parameters or without, is in it. */
static bool read_path(struct span path, struct reading *readings, size_t count)
{
    bool climbs = false;
    while (path.n) {
        const struct path_segment s = last_segment(&path);
        for (size_t i = 0; i < count; i++)
            read_segment(&readings[i], &s, climbs);
        climbs |= s.is == UP;
    }
    return climbs;
}

bool xcap_path_parse(struct span target, struct xcap_path *out)
{
    if (http_starts(target, "http://") || http_starts(target, "https://"))
        target = span_skip(target, target.p[4] == ':' ? 7 : 8);
    const uint8_t *query = target.n ? memchr(target.p, '?', target.n) : NULL;
    const struct span path = query ? span_head(target, (size_t)(query - target.p)) : target;
    struct reading written = {0};
    const bool climbs = read_path(path, &written, 1);
    *out = written.path;
    if (out->auid.n || !climbs)
        return out->auid.n > 0;
    struct reading resolved[] = {{.resolved = true, .parameters = true, .empty = true},
                                 {.resolved = true, .parameters = true},
                                 {.resolved = true, .empty = true},
                                 {.resolved = true}};
    const size_t count = sizeof resolved / sizeof *resolved;
    (void)read_path(path, resolved, count);
    bool tree = out->tree;
    for (size_t i = 0; i < count; i++) {
        tree |= resolved[i].path.tree;
        if (!out->auid.n)
            *out = resolved[i].path;
    }
    out->tree = tree;
    return out->auid.n > 0;
}
