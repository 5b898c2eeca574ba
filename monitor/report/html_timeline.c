/* When: handshakes, and violations by severity, over packet time. A lane for each, so that no colour has to
 * be told from another. */
#include "report/html_parts.h"

enum { LABEL = 16, LANE = 26, GAP = 6, LANES = 4, AXIS = 18 };

struct lane {
    const char *label, *class;
    uint64_t most, sum;
};

static uint64_t value(const struct timeline_step *step, unsigned lane)
{
    switch (lane) {
    case 0:
        return step->handshakes;
    case 1:
        return step->violations[SEVERITY_HIGH];
    case 2:
        return step->violations[SEVERITY_MEDIUM];
    default:
        return step->violations[SEVERITY_LOW] + step->violations[SEVERITY_INFO];
    }
}

static void put_percent(struct html *h, const char *attribute, double part)
{
    char buffer[48];
    struct text t = text_over(buffer, sizeof buffer);
    text_printf(&t, " %s=\"%.3f%%\"", attribute, 100 * part);
    html_put(h, buffer);
}

static void put_lane(struct html *h, const struct timeline *t, const struct lane *lane, unsigned number,
                     uint64_t top)
{
    const double steps = (double)(t->last - t->first + 1);
    html_put(h, "<text x=\"0\"");
    html_attribute(h, "y", top + LABEL - 4);
    html_put(h, ">");
    html_put(h, lane->label);
    html_put(h, "</text><text class=\"n\" x=\"100%\"");
    html_attribute(h, "y", top + LABEL - 4);
    html_put(h, ">");
    html_count(h, lane->sum);
    html_put(h, "</text><rect class=\"track\" x=\"0\" width=\"100%\" height=\"1\"");
    html_attribute(h, "y", top + LABEL + LANE);
    html_put(h, "/>\n");
    for (int64_t i = t->first; i <= t->last; i++) {
        const uint64_t count = value(&t->step[i - t->first], number);
        if (!count)
            continue;
        const uint64_t height = 2 + (uint64_t)((double)count / (double)lane->most * (LANE - 2));
        html_put(h, "<rect class=\"");
        html_put(h, lane->class);
        html_put(h, "\"");
        put_percent(h, "x", (double)(i - t->first) / steps);
        put_percent(h, "width", 0.9 / steps);
        html_attribute(h, "y", top + LABEL + LANE - height);
        html_attribute(h, "height", height);
        html_put(h, "/>");
    }
}

/* The steps at both ends reach beyond the capture; what is named is its own first and last frame. */
static void put_axis(struct html *h, const struct timeline *t, const struct capture_health *health,
                     uint64_t top)
{
    const nanos begin = t->first * t->width;
    const nanos end = (t->last + 1) * t->width;
    char from[48], to[48];
    struct text text = text_over(from, sizeof from);
    text_time(&text, health->first_time > begin && health->first_time < end ? health->first_time : begin,
              false);
    text = text_over(to, sizeof to);
    text_time(&text, health->last_time > begin && health->last_time < end ? health->last_time : end, false);
    html_put(h, "\n<text class=\"axis\" x=\"0\"");
    html_attribute(h, "y", top + 13);
    html_put(h, ">");
    html_text(h, from, HTML_ID_MOST);
    html_put(h, "</text><text class=\"axis n\" x=\"100%\"");
    html_attribute(h, "y", top + 13);
    html_put(h, ">");
    html_text(h, to, HTML_ID_MOST);
    html_put(h, "</text>");
}

void html_timeline(struct html *h, const struct html_material *material, const struct capture_health *health)
{
    const struct timeline *t = material ? &material->timeline : NULL;
    if (!t || !t->width || t->first == t->last)
        return;
    struct lane lanes[LANES] = {{"Handshakes", "bar", 0, 0},
                                {"Violations of high severity", "over", 0, 0},
                                {"of medium severity", "warn", 0, 0},
                                {"of low severity, and info", "bar", 0, 0}};
    uint64_t shown = 0;
    for (unsigned i = 0; i < LANES; i++) {
        for (int64_t at = t->first; at <= t->last; at++) {
            const uint64_t count = value(&t->step[at - t->first], i);
            lanes[i].sum += count;
            lanes[i].most = count > lanes[i].most ? count : lanes[i].most;
        }
        shown += lanes[i].sum > 0;
    }
    enum { HEIGHT = LABEL + LANE + GAP };
    html_put(h, "<figure id=\"timeline\" class=\"timeline\"><figcaption>When</figcaption>\n<svg role=\"img\" "
                "width=\"100%\" aria-label=\"Handshakes and violations over the time of the capture\"");
    html_attribute(h, "height", shown * HEIGHT + AXIS);
    html_put(h, ">\n");
    uint64_t top = 0;
    for (unsigned i = 0; i < LANES; i++) {
        if (!lanes[i].sum)
            continue;
        put_lane(h, t, &lanes[i], i, top);
        top += HEIGHT;
    }
    put_axis(h, t, health, top);
    html_put(h, "</svg></figure>\n");
}
