/* The box of provenance: what made the report, by which rules, of which files, with which options. */
#include "report/html_parts.h"

static void put_fact(struct html *h, const char *name)
{
    html_put(h, "<dt>");
    html_put(h, name);
    html_put(h, "</dt><dd>");
}

static void put_profile(struct html *h, const char *what, const struct profile *profile)
{
    put_fact(h, what);
    html_put(h, "<code>");
    html_text(h, profile_name(profile), HTML_ID_MOST);
    html_put(h, "</code>, ");
    html_text(h, profile_status(profile), HTML_ID_MOST);
    html_put(h, ", hash of the rules <code>");
    html_text(h, profile_version(profile)->hash, HTML_ID_MOST);
    html_put(h, "</code></dd>\n");
}

/* Where there are many, paper has the first digits of each. */
static void put_sum(struct html *h, const char *sum)
{
    enum { SHORT = 16 };
    char head[SHORT + 1];
    const bool all = snprintf(head, sizeof head, "%s", sum) <= SHORT;
    html_put(h, "<code>");
    html_text(h, head, HTML_ID_MOST);
    if (!all) {
        html_put(h, "<span class=\"tail\">");
        html_text(h, sum + SHORT, HTML_ID_MOST);
        html_put(h, "</span>");
    }
    html_put(h, "</code>");
}

static void put_input(struct html *h, const struct html_report *r, size_t i)
{
    const struct report_provenance *origin = r->origin;
    const struct input_provenance *input = origin && i < origin->input_count ? &origin->input[i] : NULL;
    html_put(h, "<tr><th scope=\"row\">");
    html_text(h, r->names->name[i] ? r->names->name[i] : "?", HTML_NAME_MOST);
    html_put(h, "</th><td>");
    if (input && input->known)
        html_count(h, input->bytes);
    html_put(h, "</td><td>");
    put_sum(h, !input || !input->known ? "not a file" : input->sha256[0] ? input->sha256 : "not computed");
    html_put(h, "</td></tr>\n");
}

static void put_inputs(struct html *h, const struct html_report *r)
{
    if (!r->names || r->names->live || r->names->folder || !r->names->count)
        return;
    const bool many = r->names->count > HTML_FILES_WIDE;
    if (many)
        html_put(
            h,
            "<p class=\"paper\">Of each SHA-256 the first 16 digits are printed; the file of this report has "
            "all 64.</p>\n");
    html_put(h, many ? "<table class=\"inputs many\">" : "<table class=\"inputs\">");
    html_put(h, "<thead><tr><th scope=\"col\">Input</th><th scope=\"col\">Bytes</th>"
                "<th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->names->count && i < HTML_FILES_SHOWN; i++)
        put_input(h, r, i);
    if (r->names->count > HTML_FILES_SHOWN) {
        html_put(h, "<tr class=\"rest\"><th scope=\"row\">");
        html_counted(h, r->names->count - HTML_FILES_SHOWN, "other input", "other inputs");
        html_put(h, "</th><td></td><td></td></tr>\n");
    }
    html_put(h, "</tbody></table>\n");
}

static void put_rules(struct html *h, const struct html_report *r)
{
    const char *config = r->names ? r->names->config : NULL;
    for (size_t i = 0; i < r->origin->rules_count; i++) {
        const struct rules_provenance *file = &r->origin->rules[i];
        put_fact(h, config && strcmp(config, file->name) == 0 ? "Configuration" : "File of rules");
        html_put(h, "<code>");
        html_text(h, file->name, HTML_NAME_MOST);
        html_put(h, "</code>, SHA-256 <code>");
        html_text(h, file->sha256, HTML_ID_MOST);
        html_put(h, "</code></dd>\n");
    }
}

static void put_exceptions(struct html *h, const struct html_report *r)
{
    if (!r->origin->exception_count)
        return;
    html_put(h,
             "<table class=\"excepted\"><caption>Exceptions</caption><thead><tr><th scope=\"col\">Rule</th>"
             "<th scope=\"col\">Server</th><th scope=\"col\">Last day</th><th scope=\"col\">Reason</th>"
             "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->origin->exception_count && i < HTML_EXCEPTIONS; i++) {
        const struct exception_provenance *e = &r->origin->exception[i];
        html_put(h, "<tr><th scope=\"row\"><code>");
        html_text(h, e->rule, HTML_ID_MOST);
        html_put(h, "</code></th><td>");
        html_text(h, e->server[0] ? e->server : "any", HTML_ID_MOST);
        html_put(h, "</td><td><time>");
        html_text(h, e->until, HTML_ID_MOST);
        html_put(h, "</time></td><td>");
        html_text(h, e->reason, HTML_NAME_MOST);
        html_put(h, "</td></tr>\n");
    }
    if (r->origin->exception_count > HTML_EXCEPTIONS) {
        html_put(h, "<tr class=\"rest\"><th scope=\"row\">");
        html_counted(h, r->origin->exception_count - HTML_EXCEPTIONS, "other exception", "other exceptions");
        html_put(h, "</th><td></td><td></td><td></td></tr>\n");
    }
    html_put(h, "</tbody></table>\n");
}

static void put_baseline(struct html *h, const struct report_provenance *origin)
{
    if (!origin->baseline)
        return;
    put_fact(h, "Baseline");
    html_put(h, "<code>");
    html_text(h, origin->baseline, HTML_NAME_MOST);
    html_put(h, "</code>, SHA-256 <code>");
    html_text(h, origin->baseline_file.sha256[0] ? origin->baseline_file.sha256 : "not computed",
              HTML_ID_MOST);
    html_put(h, "</code></dd>\n");
}

static void put_command(struct html *h, const struct report_provenance *origin)
{
    if (origin->command) {
        put_fact(h, "Command");
        html_put(h, "<code>");
        html_text(h, origin->command, HTML_REQUIRES_MOST);
        html_put(h, "</code></dd>\n");
    }
    put_fact(h, "Filter");
    if (origin->filter) {
        html_put(h, "<code>");
        html_text(h, origin->filter, HTML_REQUIRES_MOST);
        html_put(h, "</code></dd>\n");
    } else {
        html_put(h, "none: every frame was taken</dd>\n");
    }
}

void html_provenance(struct html *h, const struct html_report *r)
{
    html_put(h, "<section id=\"provenance\"><h2>Provenance</h2>\n<dl class=\"facts\">\n");
    if (r->origin) {
        put_fact(h, "Made by");
        html_put(h, "utwatch ");
        html_text(h, r->origin->version, HTML_ID_MOST);
        html_put(h, "</dd>\n");
    }
    if (r->made_at) {
        put_fact(h, "Made at");
        html_put(h, "<time>");
        html_text(h, r->made_at, HTML_ID_MOST);
        html_put(h, "</time></dd>\n");
    }
    put_profile(h, "Profile", r->tally->profile);
    for (const struct profile *p = r->advice ? r->advice->profile : NULL; p; p = profile_next(p))
        put_profile(h, "Advice", p);
    if (r->origin) {
        put_command(h, r->origin);
        put_rules(h, r);
        put_baseline(h, r->origin);
    }
    html_put(h, "</dl>\n");
    if (r->origin)
        put_exceptions(h, r);
    put_inputs(h, r);
    html_put(h, "</section>\n");
}
