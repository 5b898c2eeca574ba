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

static void put_input(struct html *h, const struct html_report *r, size_t i)
{
    const struct report_provenance *origin = r->origin;
    const struct input_provenance *input = origin && i < origin->input_count ? &origin->input[i] : NULL;
    html_put(h, "<tr><th scope=\"row\">");
    html_text(h, r->names->name[i] ? r->names->name[i] : "?", HTML_NAME_MOST);
    html_put(h, "</th><td>");
    if (input && input->known)
        html_count(h, input->bytes);
    html_put(h, "</td><td><code>");
    html_put(h, !input || !input->known ? "not a file" : input->sha256[0] ? input->sha256 : "not computed");
    html_put(h, "</code></td></tr>\n");
}

static void put_inputs(struct html *h, const struct html_report *r)
{
    if (!r->names || r->names->live || r->names->folder || !r->names->count)
        return;
    html_put(h, "<table class=\"inputs\"><thead><tr><th scope=\"col\">Input</th><th scope=\"col\">Bytes</th>"
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
    if (r->origin && r->origin->command) {
        put_fact(h, "Command");
        html_put(h, "<code>");
        html_text(h, r->origin->command, HTML_REQUIRES_MOST);
        html_put(h, "</code></dd>\n");
    }
    if (r->names && r->names->config) {
        put_fact(h, "Configuration");
        html_put(h, "<code>");
        html_text(h, r->names->config, HTML_NAME_MOST);
        html_put(h, "</code></dd>\n");
    }
    html_put(h, "</dl>\n");
    put_inputs(h, r);
    html_put(h, "</section>\n");
}
