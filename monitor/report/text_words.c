/* What several sections of the report call the same. */
#include "report/text_summary.h"

enum tone severity_tone(enum severity severity)
{
    static const enum tone tones[SEVERITIES] = {TONE_FAINT, TONE_CYAN, TONE_YELLOW, TONE_RED};
    return tones[severity];
}

const char *severity_label(enum severity severity)
{
    static const char *const label[SEVERITIES] = {"INFO", "LOW", "MEDIUM", "HIGH"};
    return label[severity];
}

void text_rule(struct text *out, const struct rule_facts *rule, unsigned faults)
{
    const unsigned ue = 1u << FAULT_UE;
    const unsigned server = 1u << FAULT_SERVER;
    const unsigned both = faults & 1u << FAULT_BOTH ? ue | server : faults & (ue | server);
    text_printf(out, "%s, %s", rule->id, rule->clause);
    if (both)
        text_printf(out, ", at fault: %s", both == ue ? "UE" : both == server ? "server" : "UE and server");
}

void text_input(struct text *out, const struct input_names *names, unsigned source)
{
    const char *name = input_name(names, source);
    if (!name) {
        text_put(out, "the input");
        return;
    }
    if (strcmp(name, "-") == 0) {
        text_put(out, "the standard input");
        return;
    }
    const char *slash = names->live ? NULL : strrchr(name, '/');
    if (slash && slash[1])
        name = slash + 1;
    text_safe(out, span_of(name, strlen(name)));
}
