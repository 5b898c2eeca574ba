/* Distributions: bars in SVG whose lengths are percentages and whose text is not scaled, so that they can be
 * read on any width; and the same numbers as a table. */
#include "report/html_parts.h"

#define ROW_HEIGHT 34 /* pixels: a line of text and its bar */

static double share(uint64_t count, uint64_t of)
{
    return of ? 100.0 * (double)count / (double)of : 0;
}

static void put_share(struct html *h, uint64_t count, uint64_t of)
{
    char buffer[32];
    struct text t = text_over(buffer, sizeof buffer);
    text_printf(&t, "%.1f", share(count, of));
    html_put(h, buffer);
}

/* One bar of a chart and one row of its table. The label is escaped. */
struct html_bar {
    const char *label;
    uint64_t count;
};

static void put_bar(struct html *h, const struct html_bar *bar, uint64_t row, uint64_t total)
{
    html_put(h, "<text x=\"0\"");
    html_attribute(h, "y", row * ROW_HEIGHT + 14);
    html_put(h, ">");
    html_text(h, bar->label, HTML_ID_MOST);
    html_put(h, "</text><text class=\"n\" x=\"100%\"");
    html_attribute(h, "y", row * ROW_HEIGHT + 14);
    html_put(h, ">");
    html_count(h, bar->count);
    html_put(h, "</text><rect class=\"track\" x=\"0\" width=\"100%\" height=\"6\"");
    html_attribute(h, "y", row * ROW_HEIGHT + 20);
    html_put(h, "/><rect class=\"bar\" x=\"0\" height=\"6\" width=\"");
    put_share(h, bar->count, total);
    html_put(h, "%\"");
    html_attribute(h, "y", row * ROW_HEIGHT + 20);
    html_put(h, "/>\n");
}

static void put_id(struct html *h, const char *name, const char *part)
{
    html_put(h, name);
    html_put(h, part);
}

static void put_svg(struct html *h, const char *name, const char *title, const struct html_bar *bars,
                    size_t count, uint64_t total)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < count; i++)
        rows += bars[i].count > 0;
    html_put(h, "<svg role=\"img\" width=\"100%\"");
    html_attribute(h, "height", rows * ROW_HEIGHT);
    html_put(h, " aria-labelledby=\"");
    put_id(h, name, "-t ");
    put_id(h, name, "-d\"><title id=\"");
    put_id(h, name, "-t\">");
    html_put(h, title);
    html_put(h, "</title><desc id=\"");
    put_id(h, name, "-d\">Bars for ");
    html_count(h, total);
    html_put(h, " handshakes; the table below has the same numbers.</desc>\n");
    uint64_t row = 0;
    for (size_t i = 0; i < count; i++)
        if (bars[i].count)
            put_bar(h, &bars[i], row++, total);
    html_put(h, "</svg>\n");
}

static void put_table(struct html *h, const char *name, const struct html_bar *bars, size_t count,
                      uint64_t total)
{
    html_put(h, "<details><summary>As a table</summary>\n<table id=\"");
    html_put(h, name);
    html_put(h, "\"><thead><tr><th scope=\"col\">Value</th><th scope=\"col\">Count</th>"
                "<th scope=\"col\">Share</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        if (!bars[i].count)
            continue;
        html_put(h, "<tr><th scope=\"row\">");
        html_text(h, bars[i].label, HTML_ID_MOST);
        html_put(h, "</th><td>");
        html_count(h, bars[i].count);
        html_put(h, "</td><td>");
        put_share(h, bars[i].count, total);
        html_put(h, "&#160;%</td></tr>\n");
    }
    html_put(h, "</tbody></table></details>\n");
}

/*
 * A figure with the bars in their order and the same numbers as a table. `name` is a word for the ids of the
 * page, `title` the heading. Nothing when all bars are 0.
 */
static void put_chart(struct html *h, const char *name, const char *title, const struct html_bar *bars,
                      size_t count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += bars[i].count;
    if (!total)
        return;
    html_put(h, "<figure><figcaption>");
    html_put(h, title);
    html_put(h, " <small>");
    html_counted(h, total, "handshake", "handshakes");
    html_put(h, "</small></figcaption>\n");
    put_svg(h, name, title, bars, count, total);
    put_table(h, name, bars, count, total);
    html_put(h, "</figure>\n");
}

static void put_outcomes(struct html *h, const struct tally *tally)
{
    static const struct {
        enum outcome outcome;
        const char *words;
    } order[OUTCOMES] = {
        {OUTCOME_COMPLETE, "complete"},
        {OUTCOME_REFUSED, "refused by the server"},
        {OUTCOME_ABORTED, "aborted by the UE"},
        {OUTCOME_UNFINISHED, "unfinished"},
        {OUTCOME_ONE_SIDED, "one direction captured only"},
    };
    struct html_bar bars[OUTCOMES];
    for (size_t i = 0; i < OUTCOMES; i++)
        bars[i] = (struct html_bar){order[i].words, tally->outcome[order[i].outcome]};
    put_chart(h, "outcomes", "Outcomes", bars, OUTCOMES);
}

static void put_versions(struct html *h, const struct tally *tally)
{
    struct html_bar bars[TALLY_VERSIONS];
    for (unsigned i = 0; i < TALLY_VERSIONS; i++) {
        const unsigned v = (i + TALLY_SSLV2) % TALLY_VERSIONS; /* "none" comes last */
        bars[i] = (struct html_bar){v == TALLY_NO_VERSION ? "no ServerHello seen"
                                                          : tally_version_name((enum tally_version)v),
                                    tally->version[v]};
    }
    put_chart(h, "versions", "Negotiated versions", bars, TALLY_VERSIONS);
}

static void put_key_bits(struct html *h, const struct tally *tally)
{
    struct html_bar bars[TALLY_KEY_BITS];
    char labels[TALLY_KEY_BITS][16];
    for (size_t i = 0; i < TALLY_KEY_BITS; i++) {
        struct text t = text_over(labels[i], sizeof labels[i]);
        text_uint(&t, (uint64_t)i * 8);
        text_put(&t, " bits");
        bars[i] = (struct html_bar){labels[i], tally->key_bits[i]};
    }
    put_chart(h, "keybits", "Key length of the selected suite", bars, TALLY_KEY_BITS);
}

static void put_suites(struct html *h, const struct tally *tally)
{
    struct html_bar bars[HTML_SUITES_SHOWN + 2];
    size_t n = 0;
    uint64_t others = 0, other_count = 0;
    for (size_t i = tally_next_suite(tally, suite_count); i < suite_count; i = tally_next_suite(tally, i)) {
        if (n < HTML_SUITES_SHOWN) {
            bars[n++] = (struct html_bar){suite_table[i].name, tally->suite[i]};
        } else {
            others++;
            other_count += tally->suite[i];
        }
    }
    char label[48];
    struct text t = text_over(label, sizeof label);
    text_uint(&t, others);
    text_put(&t, others == 1 ? " other suite" : " other suites");
    bars[n++] = (struct html_bar){label, other_count};
    bars[n++] = (struct html_bar){"codes without a name", tally->unnamed_suites};
    put_chart(h, "suites", "Selected suites", bars, n);
}

void html_distributions(struct html *h, const struct tally *tally)
{
    html_put(h, "<section id=\"handshakes\"><h2>Handshakes</h2>\n<p>");
    if (!tally->handshakes) {
        html_put(h, "None was seen.</p>\n</section>\n");
        return;
    }
    html_counted(h, tally->handshakes, "handshake", "handshakes");
    html_put(h, " with a hello of either side, ");
    html_count(h, tally->resumed);
    html_put(h, " of them resumed.");
    if (tally->without_hello) {
        html_put(h, " ");
        html_counted(h, tally->without_hello, "TLS connection was", "TLS connections were");
        html_put(h, " seen without any hello; they count in the verdicts, but not in the charts.");
    }
    html_put(h, "</p>\n<div class=\"charts\">\n");
    put_outcomes(h, tally);
    put_versions(h, tally);
    put_key_bits(h, tally);
    put_suites(h, tally);
    html_put(h, "</div></section>\n");
}
