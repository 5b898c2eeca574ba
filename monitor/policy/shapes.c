/*
 * Texts whose form is known: one in another form would never equal anything, and the rule would stay silent
 * for ever. In a pattern, * and ? stand for anything, so only the other characters are checked.
 */
#include "policy/compiled.h"

#include <ctype.h>
#include <fnmatch.h>

#define HEXADECIMAL "0123456789abcdefABCDEF"
#define LETTERS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum {
    MD5_DIGITS = 32,
    JA4_LENGTH = 36,
    SHA1_DIGITS = 40,
    SHA1_TEXT = 59, /* 20 octets with colons */
    SHA256_DIGITS = 64,
    SHA256_TEXT = 95,
};

static const struct shape {
    enum field field;
    const char *alphabet;
    size_t length; /* 0: any */
    const char *is;
} shapes[] = {
    {FIELD_HELLO_JA3, HEXADECIMAL, MD5_DIGITS, "the MD5 of a JA3, 32 hexadecimal digits"},
    {FIELD_SERVER_JA3S, HEXADECIMAL, MD5_DIGITS, "the MD5 of a JA3S, 32 hexadecimal digits"},
    {FIELD_HELLO_JA4, "0123456789" LETTERS "_", JA4_LENGTH, "a JA4, as t12d1909h2_d83cc789557e_7af1ed941c26"},
    {FIELD_CERTIFICATE_FINGERPRINT, HEXADECIMAL ":", SHA1_TEXT, "a SHA-1, 20 octets as 0a:1b:...:9f"},
    {FIELD_CERTIFICATE_SERIAL, HEXADECIMAL ":", 0, "a serial number, octets as 01:AB:9F"},
    {FIELD_HISTORY, LETTERS, 0, "a history, a letter for each message, those of the UE as capitals"},
};

/* t13d1516h2_8daaf6152771_e5627efa2ab1: ten characters, twelve and twelve hexadecimal digits. */
static bool is_ja4(const char *text)
{
    enum { FIRST = 10, SECOND = 23 };
    for (size_t i = FIRST; i < JA4_LENGTH; i++)
        if (i == FIRST || i == SECOND ? text[i] != '_' : !strchr(HEXADECIMAL, text[i]))
            return false;
    return text[0] == 't';
}

/* What was probably mistaken for it. */
static const char *mistaken(enum field field, const char *text)
{
    const size_t n = strlen(text);
    if (field == FIELD_CERTIFICATE_FINGERPRINT && n == SHA1_DIGITS)
        return ": put a colon between its octets";
    if (field == FIELD_CERTIFICATE_FINGERPRINT && (n == SHA256_DIGITS || n == SHA256_TEXT))
        return ": this is as long as a SHA-256";
    if (field == FIELD_HELLO_JA4 && n == JA4_LENGTH && text[0] == 'q')
        return ": this is one of QUIC; over TCP it begins with t";
    if (field == FIELD_HELLO_JA4 && n == MD5_DIGITS)
        return ": this is as long as a JA3 (hello.ja3)";
    if ((field == FIELD_HELLO_JA3 || field == FIELD_SERVER_JA3S) && strchr(text, ','))
        return ": this is the text that it is made of";
    if ((field == FIELD_HELLO_JA3 || field == FIELD_SERVER_JA3S) && n == JA4_LENGTH && text[0] == 't')
        return ": this is a JA4 (hello.ja4)";
    return "";
}

static bool fits(const struct shape *s, const char *text)
{
    const bool pattern = strpbrk(text, "*?") != NULL;
    for (const char *at = text; *at; at++)
        if (!strchr(s->alphabet, *at) && *at != '*' && *at != '?')
            return false;
    if (pattern || !s->length)
        return true;
    return strlen(text) == s->length && (s->field != FIELD_HELLO_JA4 || is_ja4(text));
}

/* "is openssl's name of a curve", if all names are known. */
static const char *names_what(enum field field)
{
    return field == FIELD_HTTP_AUID           ? "an application usage of Ut"
           : field == FIELD_CERTIFICATE_CURVE ? "a curve by openssl's name"
                                              : "a signature algorithm by openssl's name";
}

/* Valid are one of the names; an object identifier without one; and a pattern that fits either. */
static void check_known_text(struct compiler *c, const struct node *n, enum field field, const char *text)
{
    const bool dotted = field != FIELD_HTTP_AUID && text[strspn(text, "0123456789.*?")] == '\0';
    const char *meant = dotted ? known_text_of_oid(field, text) : NULL;
    if (!known_text(field, 0) || (dotted && !meant))
        return;
    struct suggestion near = suggestion_for(text);
    struct containing several = {.word = text};
    const char *name;
    for (size_t i = 0; (name = known_text(field, i)); i++) {
        if (fnmatch(text, name, FNM_CASEFOLD) == 0)
            return;
        suggestion_try(&near, name);
        containing_try(&several, name);
        meant = !meant && is_synonym(text, name) ? name : meant;
    }
    char buffer[120];
    near.best = meant ? meant : near.best;
    if (several.count && !meant)
        (void)containing_text(&several, buffer, sizeof buffer);
    else if (near.best)
        (void)suggestion_text(&near, buffer, sizeof buffer);
    else
        (void)snprintf(buffer, sizeof buffer, " (--explain %s lists them)", field_info[field].name);
    complain_at(c, n, "'%s' cannot be the value of '%s': it is %s%s", text, field_info[field].name,
                names_what(field), buffer);
}

bool is_regular_expression(const char *text)
{
    const size_t n = strlen(text);
    return n > 1 && (text[0] == '^' || text[n - 1] == '$' || strncmp(text, ".*", 2) == 0 ||
                     strstr(text, ".+") || strstr(text, "\\.") || strstr(text, "\\d") ||
                     strstr(text, "\\w") || strstr(text, "]+") || strstr(text, "]*") || strstr(text, "(.*"));
}

void check_shape(struct compiler *c, const struct node *n, enum field field, const char *text)
{
    if (is_regular_expression(text)) {
        complain_at(c, n, REGULAR_EXPRESSION, text);
        return;
    }
    if (is_quoted_typographically(text) || text[0] == '!') {
        complain_at(c, n, "'%s' cannot be the value of '%s'%s", text, field_info[field].name,
                    text[0] == '!' ? ": write { not: ... } for what it must not be" : QUOTED_TYPOGRAPHICALLY);
        return;
    }
    check_known_text(c, n, field, text);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].field == field && !fits(&shapes[i], text))
            complain_at(c, n, "'%s' cannot be the value of '%s': it is %s%s", text, field_info[field].name,
                        shapes[i].is, mistaken(field, text));
}
