#include "scrape/request.h"

#include "base/cursor.h"

/* RFC 9112 2.2: a line feed alone may be taken for the end of a line. */
static struct span line_of(struct cursor *c, bool *whole)
{
    const struct span rest = span_of(c->p, cursor_left(c));
    const uint8_t *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
    *whole = end != NULL;
    if (!end)
        return span_of(NULL, 0);
    struct span line = cursor_take(c, (size_t)(end - rest.p));
    (void)cursor_u8(c);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* Up to the next space, or to the end of the line. */
static struct span word_of_line(struct span *line)
{
    const uint8_t *space = line->n ? memchr(line->p, ' ', line->n) : NULL;
    const struct span word = space ? span_of(line->p, (size_t)(space - line->p)) : *line;
    *line = span_skip(*line, word.n + 1);
    return word;
}

static bool is_text(struct span word, const char *text)
{
    return span_equal(word, span_of_text(text));
}

static bool begins(struct span word, const char *text)
{
    return is_text(span_head(word, strlen(text)), text);
}

/* RFC 9112 3: method, target, version, with a space between them. */
static enum scrape_request line_means(struct span line)
{
    const struct span method = word_of_line(&line);
    const struct span target = word_of_line(&line);
    if (!method.n || !target.n || !begins(line, "HTTP/1.") || line.n != strlen("HTTP/1.1"))
        return SCRAPE_NOT_HTTP;
    const bool head = is_text(method, "HEAD");
    if (!head && !is_text(method, "GET"))
        return SCRAPE_NOT_ALLOWED;
    if (!is_text(target, "/metrics") && !begins(target, "/metrics?"))
        return SCRAPE_NOT_FOUND;
    return head ? SCRAPE_HEAD : SCRAPE_GET;
}

enum scrape_request scrape_request(struct span bytes)
{
    struct cursor c = cursor_over(bytes);
    bool whole;
    const struct span first = line_of(&c, &whole);
    while (whole)
        if (line_of(&c, &whole).n == 0 && whole)
            return line_means(first);
    return SCRAPE_UNFINISHED;
}
