/* A record behind a finding: its octets in hexadecimal, those that decided marked and named. */
#include "report/html_parts.h"

enum { ROW = 16 };

static void put_octets(struct html *h, uint32_t octets, size_t width)
{
    char buffer[16];
    struct text t = text_over(buffer, sizeof buffer);
    text_printf(&t, "%0*x", (int)width, octets);
    html_put(h, buffer);
}

/* The mark that the octet is in, + 1; 0: none. */
static unsigned mark_of(const struct finding_record *r, uint32_t octet)
{
    for (unsigned i = 0; i < r->marks; i++)
        if (octet >= r->mark[i].at && octet - r->mark[i].at < r->mark[i].length)
            return i + 1;
    return 0;
}

/* Paper has the first row, those with a mark, and of a long mark its begin and end. */
static bool row_is_printed(const struct finding_record *r, uint32_t from, uint32_t end)
{
    enum { BEGIN = 2 * ROW };
    for (uint32_t octet = from; octet < end; octet++) {
        const unsigned mark = mark_of(r, octet);
        if (!mark)
            continue;
        const struct record_mark *m = &r->mark[mark - 1];
        if (octet - m->at < BEGIN || octet + 1 == m->at + m->length)
            return true;
    }
    return from == 0;
}

static void put_row(struct html *h, const struct finding_record *r, const uint8_t *bytes, uint32_t from,
                    uint32_t end)
{
    html_put(h, row_is_printed(r, from, end) ? "<span>" : "<span class=\"far\">");
    put_octets(h, from, 4);
    html_put(h, " ");
    unsigned inside = 0;
    for (uint32_t octet = from; octet < end; octet++) {
        const unsigned mark = mark_of(r, octet);
        if (inside && mark != inside)
            html_put(h, "</mark>");
        html_put(h, " ");
        if (mark && mark != inside)
            html_put(h, "<mark>");
        put_octets(h, bytes[octet - from], 2);
        inside = mark;
    }
    html_put(h, inside ? "</mark>\n</span>" : "\n</span>");
}

static void put_piece(struct html *h, const struct findings *f, const struct finding_record *r,
                      const struct record_piece *piece)
{
    const uint32_t end = piece->from + piece->length;
    for (uint32_t at = piece->from; at < end; at += ROW)
        put_row(h, r, f->bytes + piece->bytes + (at - piece->from), at, at + ROW < end ? at + ROW : end);
}

static void put_left_out(struct html *h, const struct finding_record *r)
{
    uint32_t shown = 0;
    for (size_t i = 0; i < r->pieces; i++)
        shown += r->piece[i].length;
    if (shown == r->length)
        return;
    html_put(h, " Of its ");
    html_count(h, r->length);
    html_put(h, " octets ");
    html_count(h, shown);
    html_put(h, " are here.");
}

static void put_mark(struct html *h, const struct record_mark *m)
{
    html_put(h, "<li><b>");
    html_put(h, m->length == 1 ? "octet " : "octets ");
    put_octets(h, m->at, 4);
    if (m->length > 1) {
        html_put(h, "–");
        put_octets(h, m->at + m->length - 1, 4);
    }
    html_put(h, "</b> ");
    html_text(h, m->name, HTML_ID_MOST);
    if (m->suite) {
        html_put(h, ": <code>");
        html_text(h, m->suite, HTML_ID_MOST);
        html_put(h, "</code>");
    }
    html_put(h, "</li>");
}

/* The file where it is another one than the finding's. */
static void put_frame(struct html *h, const struct finding_record *r, const struct finding *of,
                      const struct input_names *names)
{
    if (!r->frame || !names || names->live) {
        html_put(h, "The frame is not numbered.");
        return;
    }
    html_put(h, "<code class=\"copy\">frame.number == ");
    html_number(h, r->frame);
    html_put(h, "</code>");
    if (r->source != of->source) {
        html_put(h, " in ");
        html_input(h, names, r->source);
    }
    html_put(h, ", ");
    html_time(h, r->time, true);
    html_put(h, ".");
}

void html_record(struct html *h, const struct findings *f, const struct finding_record *r,
                 const struct finding *of, const struct input_names *names)
{
    html_put(h, "<details class=\"record\"><summary>");
    html_put(h, r->name);
    html_put(h, ": ");
    html_put(h, r->marks ? r->mark[0].name : "");
    /* Beside the element that folds, not in it: so paper shows it, folded out or not. */
    html_put(h, "</summary></details><div class=\"octets\"><p class=\"of\"><b>");
    html_put(h, r->name);
    html_put(h, "</b> ");
    put_frame(h, r, of, names);
    put_left_out(h, r);
    html_put(h, "</p>\n<pre class=\"hex\">");
    for (size_t i = 0; i < r->pieces; i++) {
        if (i)
            html_put(h, "<span class=\"far\">…\n</span>");
        put_piece(h, f, r, &r->piece[i]);
    }
    html_put(h, "</pre><ul class=\"marks\">");
    for (size_t i = 0; i < r->marks; i++)
        put_mark(h, &r->mark[i]);
    html_put(h, "</ul></div>\n");
}
