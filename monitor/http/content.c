/* What the content of an answer is, where no Content-Type says so (RFC 9110 8.3: then its recipient may
 * look). */
#include "http/connection.h"

#include <ctype.h>

enum { LOOKED_AT = 1024 };

static struct span skip_space(struct span s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
        s = span_skip(s, 1);
    return s;
}

static struct span find(struct span s, const char *text)
{
    while (s.n && !http_starts(s, text))
        s = span_skip(s, 1);
    return s;
}

/* Without what may stand before the first element or a document type (XML 1.0 2.8). */
static struct span skip_prolog(struct span s)
{
    for (;;) {
        s = skip_space(s);
        if (http_starts(s, "<?"))
            s = span_skip(find(s, "?>"), 2);
        else if (http_starts(s, "<!--"))
            s = span_skip(find(s, "-->"), 3);
        else
            return s;
    }
}

/* XML shows itself by its declaration (XML 1.0 2.8), or by a namespace. A page in HTML or XHTML, and the
 * report of an error (RFC 4825 11), are no documents. */
bool content_is_document(struct span content)
{
    content = span_head(content, LOOKED_AT);
    if (http_starts(content, "\xef\xbb\xbf"))
        content = span_skip(content, 3);
    const bool declared = http_starts(content, "<?xml");
    const struct span root = skip_prolog(content);
    if (root.n < 2 || root.p[0] != '<' || !(isalpha(root.p[1]) || root.p[1] == '_') ||
        http_starts(root, "<html") || http_starts(root, "<xcap-error"))
        return false;
    const struct span tag = span_head(root, root.n - find(root, ">").n);
    return declared || find(tag, "xmlns").n > 0;
}
