#include "report/html.h"

#include "report/page.h"

static void put_bytes(struct html *h, const char *p, size_t n)
{
    (void)fwrite(p, 1, n, h->out);
    h->written += n;
}

void html_put(struct html *h, const char *markup)
{
    put_bytes(h, markup, strlen(markup));
}

static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&#34;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static size_t character_length(const char *s)
{
    size_t n = 1;
    while (((unsigned char)s[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* `n` bytes of safe text, as markup that takes at most `most`. */
static void put_safe(struct html *h, const char *s, size_t n, size_t most, bool whole)
{
    size_t taken = 0;
    for (size_t i = 0; i < n;) {
        const size_t length = character_length(s + i);
        const char *escaped = entity(s[i]);
        const char *as = escaped ? escaped : s + i;
        const size_t needs = escaped ? strlen(escaped) : length;
        if (taken + needs > most) {
            whole = false;
            break;
        }
        put_bytes(h, as, needs);
        taken += needs;
        i += length;
    }
    if (!whole)
        html_put(h, "…");
}

void html_text(struct html *h, const char *s, size_t most)
{
    char buffer[HTML_TEXT_MOST + 1];
    struct text safe = text_over(buffer, sizeof buffer);
    /* Beyond this the buffer cannot hold it, however it is written. */
    text_safe(&safe, span_of(s, strnlen(s, sizeof buffer)));
    put_safe(h, safe.p, safe.n, most, !safe.cut);
}

void html_safe_text(struct html *h, const char *s, size_t most)
{
    put_safe(h, s, strlen(s), most, true);
}

void html_count(struct html *h, uint64_t count)
{
    char buffer[32];
    struct text t = text_over(buffer, sizeof buffer);
    text_count(&t, count);
    put_bytes(h, t.p, t.n);
}

void html_number(struct html *h, uint64_t value)
{
    char buffer[24];
    struct text t = text_over(buffer, sizeof buffer);
    text_uint(&t, value);
    put_bytes(h, t.p, t.n);
}

void html_attribute(struct html *h, const char *name, uint64_t value)
{
    html_put(h, " ");
    html_put(h, name);
    html_put(h, "=\"");
    html_number(h, value);
    html_put(h, "\"");
}

void html_counted(struct html *h, uint64_t count, const char *one, const char *many)
{
    html_count(h, count);
    html_put(h, " ");
    html_put(h, count == 1 ? one : many);
}
