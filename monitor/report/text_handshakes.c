/* What the handshakes were: outcomes, versions, keys and suites. */
#include "report/text_summary.h"

#define INDENT       2
#define HANG         15
#define SUITES_SHOWN 12

/* ", " between the parts of an enumeration. */
static void separate(struct text *t)
{
    if (t->n)
        text_put(t, ", ");
}

static void put_outcomes(struct page *page, const struct tally *tally)
{
    static const enum outcome order[OUTCOMES] = {OUTCOME_COMPLETE, OUTCOME_REFUSED, OUTCOME_ABORTED,
                                                 OUTCOME_UNFINISHED, OUTCOME_ONE_SIDED};
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    for (size_t i = 0; i < OUTCOMES; i++) {
        if (!tally->outcome[order[i]])
            continue;
        separate(&t);
        text_count(&t, tally->outcome[order[i]]);
        text_char(&t, ' ');
        text_put(&t, word_of(outcome_words, order[i]));
    }
    if (tally->resumed) {
        text_put(&t, "; ");
        text_count(&t, tally->resumed);
        text_put(&t, " resumed");
    }
    page_field(page, INDENT, HANG, "outcome", buffer);
}

static void put_versions(struct page *page, const struct tally *tally)
{
    char buffer[256];
    struct text t = text_over(buffer, sizeof buffer);
    for (unsigned i = TALLY_SSLV2; i <= TALLY_VERSIONS; i++) {
        const unsigned v = i % TALLY_VERSIONS; /* "none" comes last */
        if (!tally->version[v])
            continue;
        separate(&t);
        text_put(&t,
                 v == TALLY_NO_VERSION ? "no ServerHello seen" : tally_version_name((enum tally_version)v));
        text_put(&t, ": ");
        text_count(&t, tally->version[v]);
    }
    page_field(page, INDENT, HANG, "version", buffer);
}

static void put_key_bits(struct page *page, const struct tally *tally)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    for (uint64_t i = 0; i < TALLY_KEY_BITS; i++) {
        if (!tally->key_bits[i])
            continue;
        separate(&t);
        text_uint(&t, i * 8);
        text_put(&t, " bits: ");
        text_count(&t, tally->key_bits[i]);
    }
    if (t.n)
        page_field(page, INDENT, HANG, "key", buffer);
}

static void put_suites(struct page *page, const struct tally *tally)
{
    const char *label = "suite";
    size_t shown = 0;
    char buffer[128];
    size_t i = tally_next_suite(tally, suite_count);
    for (; i < suite_count && shown < SUITES_SHOWN; i = tally_next_suite(tally, i), shown++) {
        struct text t = text_over(buffer, sizeof buffer);
        text_put(&t, suite_table[i].name);
        text_put(&t, ": ");
        text_count(&t, tally->suite[i]);
        page_field(page, INDENT, HANG, label, buffer);
        label = "";
    }
    uint64_t rest = 0;
    for (; i < suite_count; i = tally_next_suite(tally, i))
        rest += tally->suite[i];
    struct text t = text_over(buffer, sizeof buffer);
    if (rest) {
        text_put(&t, "others: ");
        text_count(&t, rest);
    }
    if (tally->unnamed_suites) {
        separate(&t);
        text_put(&t, "codes without a name: ");
        text_count(&t, tally->unnamed_suites);
    }
    if (t.n)
        page_field(page, INDENT, HANG, label, buffer);
}

void summary_handshakes(struct page *page, const struct tally *tally)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_put(&t, "Handshakes: ");
    text_count(&t, tally->handshakes);
    page_heading(page, buffer);
    if (tally->handshakes == 0)
        return;
    put_outcomes(page, tally);
    put_versions(page, tally);
    put_key_bits(page, tally);
    put_suites(page, tally);
}
