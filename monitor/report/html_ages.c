/* Ages of reused sessions: a histogram for each server and method with the line of 24 hours, and the oldest.
 */
#include "report/ages.h"
#include "report/html_parts.h"
#include "report/names.h"

enum { CHARTS = 12, TABLE_ROWS = 100, WIDTH = 320, BASE = 72 /* of the view box of 320 by 90 */ };

static void put_server(struct html *h, const struct endpoint *server)
{
    char name[64];
    struct text t = text_over(name, sizeof name);
    text_age_server(&t, server);
    html_text(h, name, HTML_ID_MOST);
}

static void put_row_name(struct html *h, const struct age_row *row)
{
    put_server(h, &row->server);
    html_put(h, " by ");
    html_put(h, resumption_name(row->method));
}

static void put_number(struct html *h, const char *attribute, uint64_t value)
{
    html_put(h, attribute);
    html_number(h, value);
    html_put(h, "\"");
}

static void put_bar(struct html *h, size_t step, uint64_t count, uint64_t most)
{
    const uint64_t wide = WIDTH / AGE_STEPS;
    const uint64_t high = count ? 2 + count * (BASE - 20) / most : 0;
    const uint64_t x = step * wide;
    html_put(h, step < AGE_STEPS_WITHIN ? "<rect class=\"bar\"" : "<rect class=\"over\"");
    put_number(h, " x=\"", x + 4);
    put_number(h, " width=\"", wide - 8);
    put_number(h, " y=\"", BASE - high);
    put_number(h, " height=\"", high);
    html_put(h, "/>");
    if (count) {
        put_number(h, "<text class=\"m\" x=\"", x + wide / 2);
        put_number(h, " y=\"", BASE - high - 4);
        html_put(h, ">");
        html_count(h, count);
        html_put(h, "</text>");
    }
    static const char *const below[AGE_STEPS] = {"1 min", "1 h",  "6 h", "12 h",
                                                 "24 h",  "48 h", "7 d", "more"};
    put_number(h, "<text class=\"m\" x=\"", x + wide / 2);
    put_number(h, " y=\"", BASE + 15);
    html_put(h, ">");
    html_put(h, below[step]);
    html_put(h, "</text>\n");
}

static void put_chart(struct html *h, const struct age_row *row)
{
    uint64_t most = 1;
    for (size_t i = 0; i < AGE_STEPS; i++)
        if (row->exact[i] + row->at_least[i] > most)
            most = row->exact[i] + row->at_least[i];
    html_put(h, "<figure><figcaption>");
    put_row_name(h, row);
    html_put(h, " <small>");
    html_counted(h, age_row_total(row), "reuse", "reuses");
    html_put(h, ", ");
    html_count(h, age_row_over(row));
    html_put(h, " over 24 h</small></figcaption>\n<svg class=\"ages\" role=\"img\" viewBox=\"0 0 320 90\" "
                "aria-label=\"Histogram of ages; the table has the numbers\">\n");
    for (size_t i = 0; i < AGE_STEPS; i++)
        put_bar(h, i, row->exact[i] + row->at_least[i], most);
    const uint64_t limit = (uint64_t)AGE_STEPS_WITHIN * (WIDTH / AGE_STEPS);
    put_number(h, "<line class=\"limit\" y1=\"0\" y2=\"", BASE + 4);
    put_number(h, " x1=\"", limit);
    put_number(h, " x2=\"", limit);
    html_put(h, "/></svg></figure>\n");
}

static void put_counts(struct html *h, const struct age_row *row, const uint64_t *steps, const char *basis)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < AGE_STEPS; i++)
        sum += steps[i];
    if (!sum)
        return;
    html_put(h, "<tr><th scope=\"row\">");
    put_row_name(h, row);
    html_put(h, "</th><td>");
    html_put(h, basis);
    html_put(h, "</td>");
    for (size_t i = 0; i < AGE_STEPS; i++) {
        html_put(h, steps[i] && i >= AGE_STEPS_WITHIN ? "<td class=\"fail\">" : "<td>");
        html_count(h, steps[i]);
        html_put(h, "</td>");
    }
    html_put(h, "</tr>\n");
}

static void put_table(struct html *h, const struct age_row *const *rows, size_t count)
{
    html_put(h,
             "<table id=\"agetable\" class=\"agetable\"><thead><tr><th scope=\"col\">Server and method</th>"
             "<th scope=\"col\">Age is</th>");
    for (size_t i = 0; i < AGE_STEPS; i++) {
        html_put(h, "<th scope=\"col\">");
        html_put(h, age_step_name[i]);
        html_put(h, "</th>");
    }
    html_put(h, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count && i < TABLE_ROWS; i++) {
        put_counts(h, rows[i], rows[i]->exact, "exact");
        put_counts(h, rows[i], rows[i]->at_least, "at least");
    }
    html_put(h, "</tbody></table>\n");
    if (count > TABLE_ROWS) {
        html_put(h, "<p class=\"note\">");
        html_counted(h, count - TABLE_ROWS, "other server and method is", "other servers and methods are");
        html_put(h, " left out.</p>\n");
    }
}

static void put_oldest(struct html *h, const struct ages *ages)
{
    if (!ages->oldest_count)
        return;
    html_put(
        h, "<h3>The oldest</h3>\n<table id=\"oldest\" class=\"oldest\"><thead><tr><th scope=\"col\">Age</th>"
           "<th scope=\"col\">By</th><th scope=\"col\">UE</th><th scope=\"col\">Server</th>"
           "<th scope=\"col\">When</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < ages->oldest_count; i++) {
        const struct reuse *r = &ages->oldest[i];
        char buffer[96];
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, r->exact ? "" : "at least ");
        text_duration(&t, r->age);
        html_put(h, r->age > age_step[AGE_STEPS_WITHIN - 1] ? "<tr><td class=\"fail\">" : "<tr><td>");
        html_text(h, buffer, HTML_ID_MOST);
        html_put(h, "</td><td>");
        html_put(h, resumption_name(r->method));
        html_put(h, "</td><td>");
        t = text_over(buffer, sizeof buffer);
        text_ue(&t, &r->client);
        html_text(h, buffer, HTML_ID_MOST);
        html_put(h, "</td><td>");
        put_server(h, &r->server);
        html_put(h, "</td><td><time>");
        t = text_over(buffer, sizeof buffer);
        text_time(&t, r->when, false);
        html_text(h, buffer, HTML_ID_MOST);
        html_put(h, "</time></td></tr>\n");
    }
    html_put(h, "</tbody></table>\n");
}

void html_ages(struct html *h, const struct ages *ages)
{
    if (!ages->count)
        return;
    const struct age_row *rows[AGE_ROWS];
    const size_t count = ages_ordered(ages, rows);
    uint64_t unknown = 0;
    for (size_t i = 0; i < count; i++)
        unknown += rows[i]->unknown;
    html_put(
        h,
        "<section id=\"ages\"><h2>Ages of reused sessions</h2>\n<p class=\"note\">Since the full handshake "
        "that began the session, through every renewed ticket. 7.1 allows 24 hours, the line. An age that is "
        "a lower bound is in the step of the bound.</p>\n");
    if (unknown) {
        html_put(h, "<p>");
        html_counted(h, unknown, "session was", "sessions were");
        html_put(h, " resumed, but never seen before: the age is unknown.</p>\n");
    }
    html_put(h, "<div class=\"charts\">\n");
    for (size_t i = 0, shown = 0; i < count && shown < CHARTS; i++) {
        if (age_row_total(rows[i]) == rows[i]->unknown)
            continue;
        put_chart(h, rows[i]);
        shown++;
    }
    html_put(h, "</div>\n");
    put_table(h, rows, count);
    put_oldest(h, ages);
    html_put(h, "</section>\n");
}
