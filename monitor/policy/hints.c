/* Suggests what the author of a rule probably meant by an invalid value or key. */
#include "policy/compiled.h"

#include <ctype.h>
#include <stdlib.h>

/* “RSA”, ‘RSA’, „RSA“, «RSA»: quotes as written by word processors. */
bool is_quoted_typographically(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;
    return (t[0] == 0xE2 && t[1] == 0x80 && t[2] >= 0x98 && t[2] <= 0x9F) ||
           (t[0] == 0xC2 && (t[1] == 0xAB || t[1] == 0xBB));
}

/* 443-445, or 2xx. */
static bool range_meant(const char *text, char hint[VALUE_HINT])
{
    const size_t digits = strspn(text, "0123456789");
    const size_t more = text[digits] == '-' ? strspn(text + digits + 1, "0123456789") : 0;
    enum { MOST = 9 };
    if (!digits || digits > MOST || more > MOST)
        return false;
    if (more && !text[digits + 1 + more])
        (void)snprintf(hint, VALUE_HINT, "; write { at-least: %.*s, at-most: %s }", (int)digits, text,
                       text + digits + 1);
    else if (digits == 1 && strcasecmp(text + 1, "xx") == 0)
        (void)snprintf(hint, VALUE_HINT, "; write { at-least: %c00, below: %d00 }", *text, *text - '0' + 1);
    else
        return false;
    return true;
}

const char *value_hint(const struct field_info *info, const char *text, char hint[VALUE_HINT])
{
    if (is_quoted_typographically(text))
        return QUOTED_TYPOGRAPHICALLY;
    if (info->words)
        return " (--list-fields shows its words)";
    if (info->type != TYPE_NUMBER && info->type != TYPE_NUMBERS)
        return "";
    if (info->type == TYPE_NUMBER && range_meant(text, hint))
        return hint;
    if (strcmp(info->unit, "seconds") == 0)
        return "; expected a number of seconds, as 90, 15m, 24h or 7d, or a $parameter";
    if (strcmp(info->unit, "seconds since 1970") == 0)
        return "; expected seconds since 1970, as 1893456000 for 2030-01-01 (date -u -d 2030-01-01 +%s)";
    if (strcmp(info->unit, "seconds since midnight") == 0)
        return "; expected the time since midnight, as 8h or 510m";
    return "; expected a number, as 128 or 0x80, or a $parameter";
}

const char *unparted_hint(const char *text)
{
    const char *colon = text ? strchr(text, ':') : NULL;
    return colon && colon > text && colon[1] && isalpha((unsigned char)*text)
               ? ": put a space behind the ':' of a key, as in KEY: VALUE"
               : "";
}
