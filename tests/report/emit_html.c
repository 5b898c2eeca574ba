/*
 * Writes a page of the compliance report and the numbers that were given to it, for the test in the browser.
 *
 * usage: emit_html ordinary|empty|worst|hostile PAGE NUMBERS
 * NUMBERS: a line a row, "ROW NUMBER...": "r0" and so on the rules in the order of the columns, "reason N",
 * "outcome N" and so on single counts.
 */
#include "pages.h"
#include "report/html_report.h"

#include <inttypes.h>
#include <stdlib.h>

static struct tally tally;
static struct capture_health health;
static struct rule_facts rules[MAX_RULES];

static bool fill(const char *kind)
{
    if (strcmp(kind, "empty") == 0)
        return tally_open(&tally, stand_in_profile());
    page_health_of(&health, 1201);
    if (strcmp(kind, "ordinary") == 0)
        return page_ordinary(&tally);
    return page_worst(&tally, rules, strcmp(kind, "hostile") == 0);
}

static void print_series(FILE *out, const char *name, const uint64_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (counts[i])
            (void)fprintf(out, "%s %" PRIu64 "\n", name, counts[i]);
}

static void print_numbers(FILE *out)
{
    for (size_t i = 0; i < tally.rule_count; i++) {
        const struct rule_tally *r = &tally.rules[i];
        const uint64_t *v = r->value;
        (void)fprintf(
            out, "r%zu %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
            i, v[VERDICT_PASS] + v[VERDICT_FAIL], v[VERDICT_PASS], v[VERDICT_FAIL],
            v[VERDICT_NOTHING_AGAINST], v[VERDICT_NOT_OBSERVABLE], v[VERDICT_NOT_APPLICABLE], r->excepted);
    }
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        if (tally.reason[bit])
            (void)fprintf(out, "why-%s %" PRIu64 "\n", unobserved_name(bit), tally.reason[bit]);
    (void)fprintf(out,
                  "n-handshakes %" PRIu64 "\nn-excepted %" PRIu64 "\nn-superseded %" PRIu64
                  "\nn-nothing %" PRIu64 "\n",
                  tally.handshakes, tally.excepted, tally.superseded, tally.verdict[VERDICT_NOTHING_AGAINST]);
    (void)fprintf(out, "n-pass %" PRIu64 "\nn-fail %" PRIu64 "\nn-unseen %" PRIu64 "\nn-idle %" PRIu64 "\n",
                  tally.verdict[VERDICT_PASS], tally.verdict[VERDICT_FAIL],
                  tally.verdict[VERDICT_NOT_OBSERVABLE], tally.verdict[VERDICT_NOT_APPLICABLE]);
    print_series(out, "outcomes", tally.outcome, OUTCOMES);
    print_series(out, "versions", tally.version, TALLY_VERSIONS);
    print_series(out, "keybits", tally.key_bits, TALLY_KEY_BITS);
    uint64_t selected = tally.unnamed_suites;
    for (size_t i = 0; i < suite_count; i++)
        selected += tally.suite[i];
    (void)fprintf(out, "suites-sum %" PRIu64 "\n", selected);
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"captures/ut-2026-11-23.pcap.zst", "captures/ut-2026-11-24.pcap.zst"};
    static const struct input_names names = {.name = files, .count = 2};
    if (argc != 4 || !fill(argv[1]))
        return EXIT_FAILURE;
    FILE *page = fopen(argv[2], "w");
    FILE *numbers = fopen(argv[3], "w");
    if (!page || !numbers)
        return EXIT_FAILURE;
    html_report_write(
        page, &(struct html_report){
                  .tally = &tally, .health = &health, .names = &names, .made_at = "2026-11-24T08:00:00Z"});
    print_numbers(numbers);
    const bool written = !ferror(page) && !ferror(numbers) && fclose(page) == 0 && fclose(numbers) == 0;
    tally_close(&tally);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
