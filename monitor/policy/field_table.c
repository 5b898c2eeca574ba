#include "policy/compiled.h"

#include "wire/codes.h"
#include "wire/hello.h"
#include "wire/x509.h"

#include <fnmatch.h>

static const struct word format_names[] = {{HELLO_TLS, "tls"}, {HELLO_SSLV2, "sslv2"}, {0, NULL}};
static const struct word conclusion_names[] = {
    {CONCLUSION_CONTINUED, "continued"},     {CONCLUSION_FATAL_ALERT, "fatal-alert"},
    {CONCLUSION_CLOSED, "closed"},           {CONCLUSION_RESET, "reset"},
    {CONCLUSION_OTHER_ALERT, "other-alert"}, {0, NULL}};
static const struct word follow_up_names[] = {
    {FOLLOW_UP_DATA, "data"},
    {FOLLOW_UP_CLOSE, "close"},
    {0, NULL},
};

static const struct word answer_names[] = {
    {ANSWER_EMPTY, "empty"},
    {ANSWER_CERTIFICATE, "certificate"},
    {ANSWER_NONE, "none"},
    {ANSWER_NO_CERTIFICATE_ALERT, "no-certificate-alert"},
    {0, NULL},
};
static const struct word key_names[] = {
    {X509_KEY_RSA, "RSA"},
    {X509_KEY_RSA_PSS, "rsassaPss"},
    {X509_KEY_DSA, "DSA"},
    {X509_KEY_DH, "DH"},
    {X509_KEY_EC, "EC"},
    {X509_KEY_ED25519, "ED25519"},
    {X509_KEY_ED448, "ED448"},
    {X509_KEY_GOST, "GOST"},
    {X509_KEY_ML_DSA, "ML-DSA"},
    {X509_KEY_UNKNOWN, "unknown"},
    {0, NULL},
};
static const struct word presence_names[] = {
    {X509_HAS_AUTHORITY_KEY_ID, "authorityKeyIdentifier"},
    {X509_HAS_SUBJECT_KEY_ID, "subjectKeyIdentifier"},
    {X509_HAS_KEY_USAGE, "keyUsage"},
    {X509_HAS_EXTENDED_KEY_USAGE, "extKeyUsage"},
    {X509_HAS_SUBJECT_ALT_NAME, "subjectAltName"},
    {X509_HAS_BASIC_CONSTRAINTS, "basicConstraints"},
    {0, NULL},
};
static const struct word usage_names[] = {
    {X509_DIGITAL_SIGNATURE, "digitalSignature"},
    {X509_NON_REPUDIATION, "nonRepudiation"},
    {X509_KEY_ENCIPHERMENT, "keyEncipherment"},
    {X509_DATA_ENCIPHERMENT, "dataEncipherment"},
    {X509_KEY_AGREEMENT, "keyAgreement"},
    {X509_KEY_CERT_SIGN, "keyCertSign"},
    {X509_CRL_SIGN, "cRLSign"},
    {X509_ENCIPHER_ONLY, "encipherOnly"},
    {X509_DECIPHER_ONLY, "decipherOnly"},
    {0, NULL},
};

static const struct word weekday_names[] = {
    {0, "sunday"},   {1, "monday"}, {2, "tuesday"},  {3, "wednesday"},
    {4, "thursday"}, {5, "friday"}, {6, "saturday"}, {0, NULL},
};
static const struct word transport_names[] = {{TRANSPORT_TCP, "tcp"}, {TRANSPORT_UDP, "udp"}, {0, NULL}};
static const struct word protocol_names[] = {
    {PROTOCOL_TLS, "tls"}, {PROTOCOL_HTTP, "http"}, {PROTOCOL_OTHER, "other"}, {0, NULL}};
static const struct word over_names[] = {
    {OVER_PLAIN, "plain"}, {OVER_NULL_ENCRYPTION, "null-encryption"}, {0, NULL}};
static const struct word owner_names[] = {{OWNER_SAME, "same"}, {OWNER_FOREIGN, "foreign"}, {0, NULL}};

const struct field_info field_info[FIELD_COUNT] = {
#define FIELD(identifier, name, type, side, names, unit, help, value, octets)                                \
    [FIELD_##identifier] = {name, TYPE_##type, side, names, unit, help},
#include "policy/fields.def"
#undef FIELD
};

const char *field_type_name(const struct field_info *info)
{
    switch (info->type) {
    case TYPE_BOOL:
        return "true or false";
    case TYPE_NUMBER:
        return "number";
    case TYPE_VERSION:
        return "version";
    case TYPE_ENUM:
        return "word";
    case TYPE_FLAGS:
        return "set of words";
    case TYPE_STRING:
        return "text";
    case TYPE_NUMBERS:
        return info->words ? "list of words" : "list of numbers";
    case TYPE_TEXTS:
        return "list of texts";
    case TYPE_ADDRESS:
        return "address";
    case TYPE_SUITE:
        return "suite";
    case TYPE_SUITES:
        return "set of suites";
    }
    return "";
}

const char *field_type_article(enum field_type type)
{
    return type == TYPE_BOOL ? "" : type == TYPE_ADDRESS ? "an " : "a ";
}

static const uint8_t name_length[FIELD_COUNT] = {
#define FIELD(identifier, name, type, side, names, unit, help, value, octets)                                \
    [FIELD_##identifier] = sizeof(name) - 1,
#include "policy/fields.def"
#undef FIELD
};

enum field field_by_name(struct span name)
{
    for (int f = 0; f < FIELD_COUNT; f++)
        if (name.n == name_length[f] && memcmp(field_info[f].name, name.p, name.n) == 0)
            return (enum field)f;
    return FIELD_COUNT;
}

bool field_word(enum field field, const char *word, int64_t *number)
{
    const struct word *words = field_info[field].words;
    return words && word_number(words, word, number);
}

const char *field_word_of(enum field field, int64_t number)
{
    const struct word *words = field_info[field].words;
    return words ? word_of(words, number) : NULL;
}

static void list_words(const struct word *words, FILE *out)
{
    enum { INDENT = 50, WIDTH = 140 };
    size_t column = INDENT;
    (void)fprintf(out, "%*s%s", INDENT, "", words->word);
    for (const struct word *w = words + 1; w->word; w++) {
        const size_t n = strlen(w[-1].word) + 2;
        column += n;
        if (column + strlen(w->word) > WIDTH) {
            (void)fprintf(out, ",\n%*s%s", INDENT, "", w->word);
            column = INDENT;
        } else {
            (void)fprintf(out, ", %s", w->word);
        }
    }
    (void)fputc('\n', out);
}

static void list_field(enum field f, FILE *out)
{
    const struct field_info *info = &field_info[f];
    (void)fprintf(out, "%-32s %-16s %s%s%s%s\n", info->name, field_type_name(info), info->help,
                  *info->unit ? " (" : "", info->unit, *info->unit ? ")" : "");
    if (info->words)
        list_words(info->words, out);
}

bool field_explain(const char *name, FILE *out)
{
    const enum field field = field_by_name(span_of_text(name));
    if (field == FIELD_COUNT)
        return false;
    list_field(field, out);
    (void)fprintf(out, "%-50sin rules about", "");
    for (const struct word *w = case_kind_words; w->word; w++)
        if (field_kinds(field) & 1 << w->number)
            (void)fprintf(out, " %s", w->word);
    (void)fputc('\n', out);
    for (size_t i = 0; known_text(field, i); i++)
        (void)fprintf(out, "%50s%s\n", "", known_text(field, i));
    return true;
}

bool fields_listed_like(const char *pattern, FILE *out)
{
    bool found = false;
    for (int f = 0; f < FIELD_COUNT; f++)
        if (fnmatch(pattern, field_info[f].name, FNM_CASEFOLD) == 0) {
            list_field((enum field)f, out);
            found = true;
        }
    return found;
}

/* Grouped by what a rule has to be about to use them. */
void fields_list(FILE *out)
{
    static const struct {
        const char *heading;
        uint8_t kinds;
    } groups[] = {
        {"Fields of a handshake", 1 << CASE_HANDSHAKE},
        {"Fields of a handshake or a connection in clear", 1 << CASE_HANDSHAKE | 1 << CASE_CONNECTION},
        {"Fields of a connection in clear", 1 << CASE_CONNECTION},
        {"Fields of an HTTP exchange", 1 << CASE_EXCHANGE},
        {"Fields of a server or UE", 1 << CASE_SERVER | 1 << CASE_UE},
        {"Fields of a key in use", 1 << CASE_KEY},
        {"Fields of whatever is judged", (1 << CASE_KINDS) - 1},
    };
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        (void)fprintf(out, "%s%s:\n", g ? "\n" : "", groups[g].heading);
        for (int f = 0; f < FIELD_COUNT; f++)
            if (field_kinds((enum field)f) == groups[g].kinds)
                list_field((enum field)f, out);
    }
    (void)fputs("\nOperators:\n", out);
    for (const struct operator_info *o = operator_info; o->word; o++)
        (void)fprintf(out, "%-32s %-16s %s\n", o->word, o->applies_to, o->help);
}
