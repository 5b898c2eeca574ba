/* What several sections write alike. */
#include "report/html_parts.h"

#include "report/names.h"
#include "report/text_summary.h"

void html_time(struct html *h, nanos time, bool micros)
{
    char buffer[48];
    struct text t = text_over(buffer, sizeof buffer);
    text_time(&t, time, micros);
    html_put(h, "<time>");
    html_text(h, buffer, HTML_ID_MOST);
    html_put(h, "</time>");
}

void html_input(struct html *h, const struct input_names *names, unsigned source)
{
    char buffer[HTML_NAME_MOST];
    struct text t = text_over(buffer, sizeof buffer);
    text_input(&t, names, source);
    html_safe_text(h, t.cut ? "the input" : buffer, HTML_NAME_MOST);
}

void html_end(struct html *h, const struct endpoint *end, bool port)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    if (port)
        text_end(&t, end);
    else
        text_address(&t, end);
    html_text(h, buffer, HTML_ID_MOST);
}
