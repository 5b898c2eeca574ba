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

void text_severities(struct text *out, const struct rule_tally *rule)
{
    if (rule->of_severity[rule->worst] == rule->value[VERDICT_FAIL])
        return;
    bool first = true;
    text_put(out, " (");
    for (unsigned severity = SEVERITIES; severity-- > 0;) {
        if (!rule->of_severity[severity])
            continue;
        text_put(out, first ? "" : ", ");
        text_count(out, rule->of_severity[severity]);
        text_printf(out, " %s", word_of(severity_words, severity));
        first = false;
    }
    text_char(out, ')');
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

static const char *base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash && slash[1] ? slash + 1 : name;
}

/* Another input of the same name lies in another folder. */
static bool is_ambiguous(const struct input_names *names, unsigned source)
{
    const char *base = base_name(names->name[source]);
    for (size_t i = 0; i < names->count; i++)
        if (i != source && names->name[i] && strcmp(base_name(names->name[i]), base) == 0 &&
            strcmp(names->name[i], names->name[source]) != 0)
            return true;
    return false;
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
    if (!names->live && !is_ambiguous(names, source))
        name = base_name(name);
    text_safe(out, span_of(name, strlen(name)));
}
