/* What is counted, and that its tables are bounded. */
#include "report/first_sight.h"
#include "report/tally.h"
#include "stand_in.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct tally tally;
static struct observation o;

static int setup(void **state)
{
    (void)state;
    return tally_open(&tally, stand_in_profile()) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tally_close(&tally);
    return 0;
}

static void add(void (*sample)(struct observation *), size_t rule, enum verdict_value value)
{
    sample(&o);
    const struct verdict v = stand_in_verdict(rule, value);
    sample_add(&tally, &o, &v, 1);
}

static void handshakes_by_what_they_were(void **state)
{
    (void)state;
    add(sample_full, RULE_VERSION, VERDICT_PASS);
    add(sample_full, RULE_VERSION, VERDICT_PASS);
    add(sample_tls13, RULE_VERSION, VERDICT_NOT_APPLICABLE);
    add(sample_sslv2, RULE_VERSION, VERDICT_FAIL);
    add(sample_one_sided, RULE_VERSION, VERDICT_NOT_OBSERVABLE);
    assert_int_equal(tally.handshakes, 5);
    assert_int_equal(tally.outcome[OUTCOME_COMPLETE], 3);
    assert_int_equal(tally.outcome[OUTCOME_REFUSED], 1);
    assert_int_equal(tally.outcome[OUTCOME_ONE_SIDED], 1);
    assert_int_equal(tally.version[TALLY_TLS12], 2);
    assert_int_equal(tally.version[TALLY_TLS13], 1); /* draft 28 */
    assert_int_equal(tally.version[TALLY_TLS10], 1);
    assert_int_equal(tally.version[TALLY_NO_VERSION], 1);
    assert_int_equal(tally.suite[suite_index(suite_find(0x0033))], 2);
    assert_int_equal(tally.unnamed_suites, 1);
    assert_int_equal(tally.key_bits[128 / 8], 3);
    assert_int_equal(tally.resumed, 1);
    for (size_t value = 0; value < VERDICT_VALUES; value++)
        assert_int_equal(tally.verdict[value], value == VERDICT_PASS              ? 2
                                               : value == VERDICT_NOTHING_AGAINST ? 0
                                                                                  : 1);
    assert_int_equal(tally.violation[SEVERITY_LOW], 1);
    assert_int_equal(tally.reason[1], 1); /* server-direction */
    assert_int_equal(tally.rules[RULE_VERSION].value[VERDICT_PASS], 2);
    assert_int_equal(tally.rules[RULE_KEY_BITS].value[VERDICT_PASS], 0);
}

/* A case with these verdicts, of which the first one fails. */
static void add_shared(uint64_t set, enum verdict_value second, const char *note)
{
    struct verdict v[] = {stand_in_verdict(RULE_KEY_BITS, VERDICT_FAIL),
                          stand_in_verdict(RULE_VERSION, second)};
    v[1].note = note;
    stand_in_verdict_set(set);
    sample_full(&o);
    sample_add(&tally, &o, v, 2);
    stand_in_verdict_set(0);
}

static void verdicts_that_cases_share_are_all_counted(void **state)
{
    (void)state;
    const struct rule_tally *version = &tally.rules[RULE_VERSION];
    for (unsigned i = 0; i < 10; i++) {
        add_shared(5, VERDICT_PASS, "a remark");
        add_shared(6, VERDICT_NOT_OBSERVABLE, NULL);
        assert_int_equal(tally.rules[RULE_KEY_BITS].value[VERDICT_FAIL], 2 * i + 2); /* at once */
        assert_true(tally_judged(&tally));
    }
    add_shared(0, VERDICT_PASS, NULL);
    for (unsigned i = 0; i < 3; i++) /* sets that come later */
        add_shared(UINT64_C(5) << (8 + i), VERDICT_NOT_APPLICABLE, NULL);
    add_shared(5 + (1 << 20), VERDICT_PASS, NULL); /* likely in the place of the first */
    tally_settle(&tally);
    tally_settle(&tally);
    assert_int_equal(version->value[VERDICT_PASS], 12);
    assert_int_equal(version->remarks, 10);
    assert_int_equal(version->value[VERDICT_NOT_OBSERVABLE], 10);
    assert_int_equal(version->value[VERDICT_NOT_APPLICABLE], 3);
    assert_int_equal(version->reason[1], 10);
    assert_int_equal(tally.reason[1], 10);
    assert_int_equal(tally.verdict[VERDICT_PASS], 12);
    assert_int_equal(tally.verdict[VERDICT_FAIL], 25);
    add_shared(7, VERDICT_PASS, NULL);
    add_shared(7, VERDICT_PASS, NULL);
    assert_true(tally_go_on_with(&tally, stand_in_profile())); /* whose sets have numbers of their own */
    assert_int_equal(tally.rules[RULE_VERSION].value[VERDICT_PASS], 14);
}

static void offend(const struct verdict *v, uint32_t client, uint16_t client_port, uint32_t server)
{
    sample_empty(&o);
    o.whence.client = sample_ipv4(client, client_port);
    o.whence.server = sample_ipv4(server, 443);
    sample_add(&tally, &o, v, 1);
}

static void a_ue_is_known_by_its_address_alone(void **state)
{
    (void)state;
    struct verdict v = stand_in_verdict(RULE_KEY_BITS, VERDICT_FAIL);
    v.fault = FAULT_UE;
    offend(&v, 1, 1000, 1);
    offend(&v, 1, 1001, 2);
    offend(&v, 2, 1000, 1);
    v.fault = FAULT_SERVER;
    offend(&v, 3, 1000, 1);
    offend(&v, 4, 1000, 1);
    const struct rule_tally *rule = &tally.rules[RULE_KEY_BITS];
    bool more = true;
    assert_int_equal(tally_offenders(rule, CLIENT, &more), 2);
    assert_int_equal(tally_offenders(rule, SERVER, &more), 1);
    assert_false(more);
    assert_int_equal(rule->by->offender[0].count, 2);
    assert_int_equal(rule->by->offender[2].count, 2);
}

static void a_fault_of_both_counts_at_both(void **state)
{
    (void)state;
    struct verdict v = stand_in_verdict(RULE_KEY_BITS, VERDICT_FAIL);
    v.fault = FAULT_BOTH;
    offend(&v, 1, 1000, 1);
    offend(&v, 2, 1000, 1);
    offend(&v, 2, 1001, 1);
    const struct rule_tally *rule = &tally.rules[RULE_KEY_BITS];
    assert_int_equal(rule->offenders, 1);
    assert_int_equal(rule->by->offender[0].side, SERVER);
    assert_int_equal(rule->by->offender[0].count, 3);
    assert_int_equal(rule->sharers, 2);
    assert_int_equal(rule->by->sharer[0].count, 1);
    assert_int_equal(rule->by->sharer[1].count, 2);
    assert_int_equal(rule->by->sharer[1].end.port, 0);
    v.fault = FAULT_SERVER;
    offend(&v, 1, 1000, 1);
    assert_int_equal(rule->by->offender[0].count, 4);
    assert_int_equal(rule->by->sharer[0].count, 1);
}

static void offenders_beyond_the_table_are_counted(void **state)
{
    (void)state;
    const struct verdict v = stand_in_verdict(RULE_KEY_BITS, VERDICT_FAIL);
    for (uint32_t server = 0; server < MAX_OFFENDERS + 10; server++)
        offend(&v, 1, 1000, server);
    offend(&v, 1, 1000, 0);
    bool more = false;
    assert_int_equal(tally_offenders(&tally.rules[RULE_KEY_BITS], SERVER, &more), MAX_OFFENDERS);
    assert_true(more);
    assert_int_equal(tally.rules[RULE_KEY_BITS].other_offences, 10);
    assert_int_equal(tally.rules[RULE_KEY_BITS].value[VERDICT_FAIL], MAX_OFFENDERS + 11);
}

/* A finding about a UE names the stacks that its address was seen with; a superseded one is no violation. */
static void a_ue_brings_its_stacks(void **state)
{
    (void)state;
    sample_full(&o);
    sample_add(&tally, &o, NULL, 0);
    sample_tls13(&o);
    o.whence.client = sample_ipv4(7, 1000);
    sample_add(&tally, &o, NULL, 0);
    sample_full(&o);
    o.whence.client = sample_ipv4(7, 1001); /* behind one address, another stack */
    sample_add(&tally, &o, NULL, 0);
    struct verdict v = stand_in_verdict(RULE_SUPERSEDED, VERDICT_FAIL);
    v.fault = FAULT_UE;
    for (uint32_t ue = 7; ue < 9; ue++) {
        struct policy_case c = {.kind = CASE_UE};
        c.about.client = sample_ipv4(ue, 0);
        tally_add_told(&tally, &c, &v, NULL);
    }
    const struct rule_tally *rule = &tally.rules[RULE_SUPERSEDED];
    assert_int_equal(rule->stacks, 2);
    assert_int_equal(rule->by->stack[0].count + rule->by->stack[1].count, 2);
    assert_int_equal(rule->other_stacks, 1); /* that of the other UE, of which no hello was seen */
    assert_int_equal(tally.superseded, 2);
    assert_int_equal(tally.verdict[VERDICT_FAIL], 0);
    assert_int_equal(tally.violation[SEVERITY_MEDIUM], 0);
}

static struct told_finding told_of(const struct verdict *v)
{
    return (struct told_finding){.state = 1,
                                 .severity = v->severity & 3U,
                                 .fault = v->fault & 3U,
                                 .excepted = v->excepted != NULL,
                                 .known = v->known};
}

/* What is taken back leaves the numbers as they would be if it had never been told. */
static void what_is_taken_back_is_in_no_number(void **state)
{
    (void)state;
    sample_full(&o);
    o.whence.client = sample_ipv4(7, 1000);
    sample_add(&tally, &o, NULL, 0);
    for (unsigned form = 0; form < 4; form++) {
        struct verdict v = stand_in_verdict(form == 3 ? RULE_SUPERSEDED : RULE_KEY_BITS, VERDICT_FAIL);
        v.fault = FAULT_UE;
        v.excepted = form == 1 ? "a reason" : NULL;
        v.known = form == 2;
        struct rule_tally *rule = &tally.rules[v.index];
        struct told_finding told[2] = {told_of(&v), told_of(&v)};
        struct policy_case c[2] = {{.kind = CASE_UE}, {.kind = CASE_UE}};
        for (unsigned ue = 0; ue < 2; ue++) {
            c[ue].about.client = sample_ipv4(7 + ue, 0);
            tally_add_told(&tally, &c[ue], &v, &told[ue]);
        }
        sample_tls13(&o);
        o.whence.client = sample_ipv4(7, 1001); /* another stack, which has no part in what was told */
        sample_add(&tally, &o, NULL, 0);
        const uint64_t counts = form == 1 || form == 2 ? 0 : 1;
        assert_int_equal(rule->value[VERDICT_FAIL], 2 * counts);
        const struct verdict now = {.rule = v.rule, .index = v.index, .value = VERDICT_PASS};
        tally_take_back(&tally, &c[0], &now, &told[0]);
        assert_int_equal(rule->value[VERDICT_FAIL], counts);
        assert_int_equal(rule->offenders, counts);
        assert_int_equal(rule->stacks, 0); /* the other UE has none that was seen */
        assert_int_equal(rule->other_stacks, counts);
        tally_take_back(&tally, &c[1], &now, &told[1]);
        assert_int_equal(rule->value[VERDICT_FAIL] + rule->offenders + rule->other_stacks + rule->excepted,
                         0);
        assert_int_equal(rule->known + rule->sharing_ues + rule->of_severity[v.severity] + rule->worst, 0);
        assert_int_equal(tally_faults(rule), 0);
        assert_int_equal(rule->gone, 2 * counts);
        assert_int_equal(tally.verdict[VERDICT_FAIL] + tally.superseded + tally.excepted + tally.known, 0);
        assert_int_equal(tally.violation[v.severity], 0);
        tally_close(&tally);
        assert_true(tally_open(&tally, stand_in_profile()));
        sample_full(&o);
        o.whence.client = sample_ipv4(7, 1000);
        sample_add(&tally, &o, NULL, 0);
    }
}

/* What was forgotten is new again, and finds room in a full set. */
static void a_forgotten_offender_is_new_again(void **state)
{
    (void)state;
    struct first_sights *s = first_sights_new();
    assert_non_null(s);
    const struct verdict v = stand_in_verdict(RULE_SUPERSEDED, VERDICT_FAIL);
    struct policy_case c = {.kind = CASE_SERVER};
    for (uint32_t i = 0; i < MAX_FIRST_SIGHTS; i++) {
        c.about.server = sample_ipv4(i, 443);
        (void)first_sight(s, &c, v.rule, FAULT_SERVER, false);
    }
    assert_false(first_sight_forget(s, &c, v.rule, FAULT_SERVER, false)); /* it had found no room */
    for (uint32_t i = 0; i < MAX_FIRST_SIGHTS / 2; i++) {
        c.about.server = sample_ipv4(i, 443);
        assert_true(first_sight_forget(s, &c, v.rule, FAULT_SERVER, false));
        assert_false(first_sight_forget(s, &c, v.rule, FAULT_SERVER, false));
        assert_true(first_sight(s, &c, v.rule, FAULT_SERVER, false));
        assert_false(first_sight(s, &c, v.rule, FAULT_SERVER, false));
    }
    assert_int_equal(s->used, MAX_FIRST_SIGHTS / 4 * 3);
    first_sights_free(s);
}

/* Each offender of each rule is new once; a UE is the same behind every port. */
static void each_offender_is_new_once(void **state)
{
    (void)state;
    struct first_sights *s = first_sights_new();
    assert_non_null(s);
    struct verdict v = stand_in_verdict(RULE_SUPERSEDED, VERDICT_FAIL);
    v.fault = FAULT_UE;
    struct policy_case c = {.kind = CASE_HANDSHAKE};
    c.about.client = sample_ipv4(1, 1000);
    c.about.server = sample_ipv4(2, 443);
    assert_true(first_sight(s, &c, v.rule, v.fault, false));
    c.about.client.port = 1001;
    assert_false(first_sight(s, &c, v.rule, v.fault, false));
    assert_true(first_sight(s, &c, v.rule, v.fault, true)); /* of what an exception covers */
    v.rule = &stand_in_rules[RULE_VERSION];
    assert_true(first_sight(s, &c, v.rule, v.fault, false));
    v.fault = FAULT_SERVER;
    assert_true(first_sight(s, &c, v.rule, v.fault, false));
    size_t told = 4;
    for (uint32_t i = 0; i < MAX_FIRST_SIGHTS; i++) {
        c.about.server = sample_ipv4(3 + i, 443);
        told += first_sight(s, &c, v.rule, v.fault, false);
    }
    assert_int_equal(told, MAX_FIRST_SIGHTS / 4 * 3);
    assert_int_equal(s->untold, MAX_FIRST_SIGHTS + 4 - told);
    first_sights_free(s);
}

/* The histogram of key sizes has a place for each suite of the registry, and no two share one. */
static void every_key_size_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < suite_count; i++) {
        assert_int_equal(suite_table[i].key_bits % 8, 0);
        assert_in_range(suite_table[i].key_bits / 8, 0, TALLY_KEY_BITS - 1);
    }
}

/* The texts of a configuration go with it; what the report says of its exceptions stays. */
static void a_reason_outlives_its_configuration(void **state)
{
    (void)state;
    char reason[] = "the old portal";
    sample_full(&o);
    struct verdict v = stand_in_verdict(RULE_VERSION, VERDICT_FAIL);
    v.excepted = reason;
    sample_add(&tally, &o, &v, 1);
    for (int reload = 0; reload < 2; reload++) {
        assert_true(tally_go_on_with(&tally, stand_in_profile()));
        reason[0] = 'X';
        assert_string_equal(tally.rules[RULE_VERSION].exception, "the old portal");
        assert_int_equal(tally.rules[RULE_VERSION].excepted, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(handshakes_by_what_they_were, setup, teardown),
        cmocka_unit_test_setup_teardown(verdicts_that_cases_share_are_all_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ue_is_known_by_its_address_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fault_of_both_counts_at_both, setup, teardown),
        cmocka_unit_test_setup_teardown(offenders_beyond_the_table_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ue_brings_its_stacks, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_taken_back_is_in_no_number, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reason_outlives_its_configuration, setup, teardown),
        cmocka_unit_test(each_offender_is_new_once),
        cmocka_unit_test(a_forgotten_offender_is_new_again),
        cmocka_unit_test(every_key_size_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
