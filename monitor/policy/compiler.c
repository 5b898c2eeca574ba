/* What every part of the rule compiler needs: places of mistakes, parameters, numbers. */
#include "policy/compiled.h"

#include <stdarg.h>
#include <stdlib.h>

void complain_at(struct compiler *c, const struct node *n, const char *format, ...)
{
    char message[400];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    mistake_add(c->mistakes, c->file, n ? n->line : 0, n ? n->column : 0, "%s", message);
}

void complain_at_key(struct compiler *c, const struct node *n, const char *format, ...)
{
    char message[400];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    mistake_add(c->mistakes, c->file, n->key ? n->key_line : n->line, n->key ? n->key_column : n->column,
                "%s", message);
}

bool parse_number(const char *text, int64_t *number)
{
    if (*text == '\0' || *text == ' ' || *text == '+')
        return false;
    char *end;
    long long n = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    static const struct {
        const char *unit;
        long long factor;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; end != text && i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0 && n < INT64_MAX / 86400 && n > INT64_MIN / 86400) {
            *number = n * units[i].factor;
            return true;
        }
    return false;
}

struct parameter *parameter_named(struct profile *p, const char *name, struct suggestion *near)
{
    for (size_t i = 0; i < p->parameter_count; i++)
        if (strcmp(p->parameters[i].name, name) == 0)
            return &p->parameters[i];
    for (size_t i = 0; i < p->parameter_count; i++)
        suggestion_try(near, p->parameters[i].name);
    return NULL;
}

struct parameter *find_parameter(struct compiler *c, const char *name, const struct node *at)
{
    struct suggestion near = suggestion_for(name);
    struct parameter *p = parameter_named(c->profile, name, &near);
    char buffer[128];
    if (!p && at)
        complain_at(c, at, "no parameter '%s'%s", name,
                    strchr(name, ' ') ? ": a value is one $name, or a sum with ' + ' between its parts"
                                      : suggestion_text(&near, buffer, sizeof buffer));
    return p;
}

bool is_ordered(enum field field)
{
    enum field_type type = field_info[field].type;
    return type == TYPE_NUMBER || type == TYPE_VERSION;
}

bool is_reserved(const char *const *reserved, const char *key)
{
    for (; reserved && *reserved; reserved++)
        if (strcmp(*reserved, key) == 0)
            return true;
    return false;
}

bool sum_number(struct compiler *c, const struct node *n, int64_t *number)
{
    char text[256];
    (void)snprintf(text, sizeof text, "%s", n->text);
    char *rest = text;
    *number = 0;
    while (rest) {
        char *next = strstr(rest, " + ");
        if (next) {
            *next = '\0';
            next += 3;
        }
        const struct parameter *p = *rest == '$' ? find_parameter(c, rest + 1, n) : NULL;
        int64_t part;
        if (*rest == '$' && !p)
            return false;
        if (!parse_number(p ? p->text : rest, &part)) {
            complain_at(c, n, "'%s' is not a number that can be added", p ? p->text : rest);
            return false;
        }
        *number += part;
        rest = next;
    }
    return true;
}

/* 30d means 2592000, which a field that counts days, bits or anything else than seconds would take
 * literally. */
static bool is_of_unit(struct compiler *c, const struct node *n, const struct field_info *info,
                       const char *text)
{
    const char unit = text[strlen(text) - 1];
    if (!strchr("smhd", unit) || strncmp(text, "0x", 2) == 0 || strncmp(info->unit, "seconds", 7) == 0)
        return true;
    complain_at(c, n, "'%s' is a time, and '%s' is a number%s%s: write it without the %c", text, info->name,
                *info->unit ? " of " : "", info->unit, unit);
    return false;
}

bool scalar_number(struct compiler *c, const struct node *n, enum field field, int64_t *number)
{
    const struct field_info *info = &field_info[field];
    if (n->kind != NODE_SCALAR) {
        complain_at(c, n, "expected one value for '%s' (%s)", info->name, field_type_name(info));
        return false;
    }
    const char *text = n->text;
    if (strstr(text, " + "))
        return sum_number(c, n, number);
    if (*text == '$') {
        const struct parameter *p = find_parameter(c, text + 1, n);
        if (!p)
            return false;
        text = p->text;
    }
    if (info->type == TYPE_BOOL) {
        *number = strcmp(text, "true") == 0;
        if (*number || strcmp(text, "false") == 0)
            return true;
        complain_at(c, n, "'%s' has to be true or false, not '%s'", info->name, text);
        return false;
    }
    if (info->words && field_word(field, text, number))
        return true;
    if ((info->type == TYPE_NUMBER || info->type == TYPE_VERSION || info->type == TYPE_NUMBERS) &&
        parse_number(text, number))
        return is_of_unit(c, n, info, text);
    struct suggestion near = suggestion_for(text);
    for (const struct word *w = info->words; w && w->word; w++)
        suggestion_try(&near, w->word);
    for (const struct word *w = info->words; w && w->word; w++)
        near.best = is_synonym(text, w->word) ? w->word : near.best;
    char buffer[128];
    char words[128];
    char hint[VALUE_HINT];
    (void)words_listed(info->words, words, sizeof words);
    complain_at(c, n, "'%s' is not a valid value for '%s' (%s)%s%s%s", text, info->name,
                field_type_name(info), suggestion_text(&near, buffer, sizeof buffer), words,
                (near.best || *words) && !is_quoted_typographically(text) ? ""
                                                                          : value_hint(info, text, hint));
    return false;
}

bool text_network(struct compiler *c, const struct node *at, const char *text, struct network *out)
{
    struct network whole;
    char network[NETWORK_TEXT];
    if (!network_parse(text, out)) {
        complain_at(c, at, "'%s' is not an address or network (192.0.2.0/24, 2001:db8::/32)%s", text,
                    is_quoted_typographically(text) ? QUOTED_TYPOGRAPHICALLY : "");
        return false;
    }
    if (!network_has_host_bits(out, &whole))
        return true;
    network_text(&whole, network);
    complain_at(c, at, "'%s' is an address within a network; the network is %s", text, network);
    return false;
}

const char *scalar_text(struct compiler *c, const struct node *n, enum field field)
{
    const struct field_info *info = &field_info[field];
    if (n->kind != NODE_SCALAR) {
        complain_at(c, n, "expected one value for '%s' (%s)", info->name, field_type_name(info));
        return NULL;
    }
    if (*n->text != '$')
        return n->text;
    const struct parameter *p = find_parameter(c, n->text + 1, n);
    return p ? p->text : NULL;
}
