/* What several sections of the report call the same. */
#include "report/text_report.h"
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

void text_commonest(struct text *out, const struct capture_health *health)
{
    const struct not_followed *most = &health->commonest;
    text_counted(out, most->frames, "frame", "frames");
    switch (most->kind) {
    case OBSTACLE_LINK_TYPE:
        text_printf(out, " of link type %u", (unsigned)most->code);
        text_put(out, " (if it is a known one under another number, editcap -T, as in editcap -T ether, "
                      "writes a copy that says so)");
        break;
    case OBSTACLE_IP_PROTOCOL:
        text_printf(out, " of IP protocol %u", (unsigned)most->code);
        break;
    case OBSTACLE_ETHERTYPE:
    case OBSTACLE_PORT:
        text_printf(out, " behind EtherType 0x%04x", (unsigned)most->code);
        text_put(
            out,
            " (where that is a tag, editcap -C 12:N writes a copy without the N bytes of it behind the MAC "
            "addresses)");
        break;
    }
}

void text_outside(struct text *out, const struct capture_health *health)
{
    const struct {
        const char *key;
        uint64_t count;
    } by[] = {{"clients", health->outside_clients},
              {"servers", health->outside_servers},
              {"ports", health->outside_ports},
              {"names", health->outside_names}};
    const char *before = " (";
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        if (!by[i].count)
            continue;
        text_printf(out, "%sby %s: ", before, by[i].key);
        text_count(out, by[i].count);
        before = "; ";
        if (strcmp(by[i].key, "ports") == 0)
            text_printf(out, ", %son port %u",
                        by[i].count > health->commonest_outside.handshakes ? "most of them " : "",
                        (unsigned)health->commonest_outside.port);
    }
    if (*before == ';')
        text_put(out, "; what is Ut has to be added there)");
}
