/* Ages of reused sessions, for the summary. */
#include "report/ages.h"
#include "report/names.h"
#include "report/text_summary.h"

#include <inttypes.h>

enum { INDENT = 2, SERVER_WIDTH = 22, ROWS_SHOWN = 20, OLDEST_SHOWN = 5, WIDE = 98 };

static void put_server(struct page *page, const struct endpoint *server, size_t width)
{
    char name[64];
    struct text t = text_over(name, sizeof name);
    text_age_server(&t, server);
    page_put(page, TONE_PLAIN, width, name);
}

/* One line of counts; those beyond 24 hours are breaches. */
static void put_steps(struct page *page, const struct age_row *row, const uint64_t *steps, const char *basis)
{
    bool any = false;
    for (size_t i = 0; i < AGE_STEPS; i++)
        any |= steps[i] != 0;
    if (!any)
        return;
    (void)fprintf(page->out, "%*s", INDENT, "");
    const bool narrow = page->width < WIDE;
    put_server(page, &row->server, narrow ? 0 : SERVER_WIDTH);
    if (narrow)
        (void)fprintf(page->out, "\n%*s", INDENT, "");
    (void)fprintf(page->out, " %-6s %-8s", resumption_name(row->method), basis);
    for (size_t i = 0; i < AGE_STEPS; i++) {
        char count[24] = "";
        struct text t = text_over(count, sizeof count);
        if (steps[i])
            text_printf(&t, "%" PRIu64, steps[i]);
        (void)fprintf(page->out, i == AGE_STEPS_WITHIN ? " |" : "");
        (void)fprintf(page->out, " ");
        for (size_t pad = t.n; pad < 6; pad++)
            (void)fputc(' ', page->out);
        page_put(page, steps[i] && i >= AGE_STEPS_WITHIN ? TONE_RED : TONE_PLAIN, 0, count);
    }
    (void)fputc('\n', page->out);
}

static void put_unknown(struct page *page, const struct ages *ages)
{
    uint64_t unknown = 0;
    for (size_t i = 0; i < ages->count; i++)
        unknown += ages->rows[i].unknown;
    if (!unknown)
        return;
    char buffer[160];
    struct text t = text_over(buffer, sizeof buffer);
    text_counted(&t, unknown, "session was", "sessions were");
    text_put(&t, " resumed, but never seen before: the age is unknown.");
    page_field(page, INDENT, INDENT, "", buffer);
}

static void put_oldest(struct page *page, const struct ages *ages)
{
    for (size_t i = 0; i < ages->oldest_count && i < OLDEST_SHOWN; i++) {
        const struct reuse *r = &ages->oldest[i];
        char buffer[256];
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, r->exact ? "" : "at least ");
        text_duration(&t, r->age);
        text_printf(&t, " by %s, ", resumption_name(r->method));
        text_ue(&t, &r->client);
        text_put(&t, " -> ");
        text_end(&t, &r->server);
        text_put(&t, ", ");
        text_time(&t, r->when, false);
        page_field(page, INDENT, INDENT + 8, i ? "" : "oldest", buffer);
    }
}

void summary_ages(struct page *page, const struct ages *ages)
{
    if (!ages->count)
        return;
    page_heading(page, "Ages of the resumed sessions (7.1: at most 24 hours)");
    (void)fprintf(page->out, "%*s%-*s %-6s %-8s", INDENT, "", page->width < WIDE ? 0 : SERVER_WIDTH, "", "by",
                  "age is");
    static const char *const head[AGE_STEPS] = {"1 min", "1 h", "6 h", "12 h", "24 h", "48 h", "7 d", "more"};
    for (size_t i = 0; i < AGE_STEPS; i++)
        (void)fprintf(page->out, "%s %6s", i == AGE_STEPS_WITHIN ? " |" : "", head[i]);
    (void)fputc('\n', page->out);
    const struct age_row *rows[AGE_ROWS];
    const size_t count = ages_ordered(ages, rows);
    for (size_t i = 0; i < count && i < ROWS_SHOWN; i++) {
        put_steps(page, rows[i], rows[i]->exact, "exact");
        put_steps(page, rows[i], rows[i]->at_least, "at least");
    }
    if (ages->count > ROWS_SHOWN)
        (void)fprintf(page->out, "%*s%zu more in the page that --report html writes\n", INDENT, "",
                      ages->count - ROWS_SHOWN);
    put_unknown(page, ages);
    put_oldest(page, ages);
}
