/* How much of the traffic could be looked at, counter by counter, zeros included. */
#include "report/html_parts.h"
#include "report/spells.h"
#include "report/text_report.h"

static const char *const titles[HEALTH_GROUPS] = {
    [HEALTH_BLIND] = "The sensor was blind or late",
    [HEALTH_READ] = "Read",
    [HEALTH_FRAMES] = "Frames lost or unreadable",
    [HEALTH_BYTES] = "Bytes lost, in doubt or unreadable",
    [HEALTH_PARTS] = "Seen only in part",
    [HEALTH_ROOM] = "Given up for lack of room or time",
};

static void put_counter(struct html *h, const struct health_row *row, uint64_t value)
{
    html_put(h, value ? "<tr><th scope=\"row\">" : "<tr class=\"unheard\"><th scope=\"row\">");
    html_put(h, row->many);
    if (row->phrase[0])
        html_put(h, " ");
    html_put(h, row->phrase);
    html_put(h, !value                      ? "</th><td class=\"zero\">"
                : row->group != HEALTH_READ ? "</th><td class=\"doubt\">"
                                            : "</th><td>");
    html_count(h, value);
    html_put(h, "</td></tr>\n");
}

/* Every counter of the group is 0. */
static bool is_quiet(const struct capture_health *health, unsigned group)
{
    for (size_t i = 0; i < health_row_count; i++)
        if (health_rows[i].group == group && health_value(health, &health_rows[i]))
            return false;
    return true;
}

void html_health(struct html *h, const struct capture_health *health)
{
    html_put(h, "<section id=\"capture\"><h2>Capture health</h2>\n<p>");
    html_put(h, capture_whole(health)
                    ? "Nothing is known to be missing from the capture."
                    : "The capture is incomplete: the losses counted below may hide violations.");
    if (health->interrupted) {
        html_put(h, " The run was interrupted by ");
        html_put(h, health->interrupted);
        html_put(h, ".");
    }
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    if (text_restarts(&t, health)) {
        html_put(h, " ");
        html_put(h, buffer);
    }
    t = text_over(buffer, sizeof buffer);
    if (text_spells(&t, health)) {
        html_put(h, " ");
        html_put(h, buffer);
    }
    if (health->commonest.frames) {
        t = text_over(buffer, sizeof buffer);
        text_commonest(&t, health);
        html_put(h, " Most of what was not followed: ");
        html_put(h, buffer);
        html_put(h, ".");
    }
    html_put(h, "</p>\n<p class=\"paper\">Counters that are 0 are not printed.</p>\n<table "
                "class=\"health\"><thead><tr><th scope=\"col\">What</th><th "
                "scope=\"col\">Count</th></tr>"
                "</thead>\n");
    for (unsigned g = 0; g < HEALTH_GROUPS; g++) {
        html_put(h, is_quiet(health, g) ? "<tbody class=\"unheard\">" : "<tbody>");
        html_put(h, "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"2\">");
        html_put(h, titles[g]);
        html_put(h, "</th></tr>\n");
        for (size_t i = 0; i < health_row_count; i++)
            if (health_rows[i].group == g)
                put_counter(h, &health_rows[i], health_value(health, &health_rows[i]));
        html_put(h, "</tbody>\n");
    }
    html_put(h, "</table></section>\n");
}
