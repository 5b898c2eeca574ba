/* Have equal names one form, and other names others? The labels are the samples of RFC 3492 7.1, and of RFC
 * 5891 and 5895. */
#include "wire/host_name.h"
#include "wire/same_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct span form_of(struct same_host *form, const char *name)
{
    same_host(form, span_of_text(name));
    return same_host_span(form);
}

static void assert_form(const char *name, const char *wanted)
{
    struct same_host form;
    const struct span found = form_of(&form, name);
    if (!span_equal(found, span_of_text(wanted)))
        fail_msg("%s: %.*s", name, (int)found.n, (const char *)found.p);
}

static void labels(void **state)
{
    (void)state;
    static const char *const samples[][2] = {
        {"ليهمابتكلموشعربي؟", "xn--egbpdaj6bu4bxfgehfvwxn"},
        {"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
        {"Pročprostěnemluvíčesky", "xn--proprostnemluvesky-uyb24dma41a"},
        {"למההםפשוטלאמדבריםעברית", "xn--4dbcagdahymbxekheh6e0a7fei0b"},
        {"なぜみんな日本語を話してくれないのか", "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"},
        {"почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
        {"PorquénopuedensimplementehablarenEspañol", "xn--porqunopuedensimplementehablarenespaol-fmd56a"},
        {"TạisaohọkhôngthểchỉnóitiếngViệt", "xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"},
        {"3年B組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},
        {"安室奈美恵-with-SUPER-MONKEYS", "xn---with-super-monkeys-pc58ag80a8qai00g7n9n"},
        {"bücher", "xn--bcher-kva"},
        {"faß", "xn--fa-hia"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        assert_form(samples[i][0], samples[i][1]);
}

static void names(void **state)
{
    (void)state;
    assert_form("XCAP.Example.org.", "xcap.example.org");
    assert_form("xcap.example.org", "xcap.example.org");
    assert_form("xcap..", "xcap.");
    assert_form("a.b\303\274cher.example.", "a.xn--bcher-kva.example");
    assert_form("XN--BCHER-KVA.example", "xn--bcher-kva.example");
    assert_form(".", "");
    assert_form("", "");
    /* No UTF-8: it stays what it is. */
    assert_form("b\374cher.Example", "b\374cher.example");
    assert_form("\300\200.a", "\300\200.a");
    assert_form("\303", "\303");
    assert_form("a\355\240", "a\355\240");
}

static void long_names(void **state)
{
    (void)state;
    static char name[600];
    struct same_host form;
    for (size_t length = 0; length < sizeof name - 1; length++) {
        for (size_t i = 0; i < length; i++) /* two octets a character, a dot at times */
            name[i] = i % 50 == 49 ? '.' : i % 50 % 2 ? '\274' : '\303';
        name[length] = '\0';
        assert_true(form_of(&form, name).n <= sizeof form.bytes);
    }
}

static void of_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *host;
        enum name_match match;
    } cases[] = {
        {"xn--bcher-kva.example.org", "b\303\274cher.example.org", NAME_MATCHES},
        {"XN--BCHER-KVA.example.org", "b\303\274cher.EXAMPLE.org.", NAME_MATCHES},
        {"b\303\274cher.example.org", "xn--bcher-kva.example.org", NAME_MATCHES},
        {"*.example.org", "b\303\274cher.example.org", NAME_MATCHES},
        {"xn--bcher-kva.example.org", "B\303\234CHER.example.org", NAME_MAY_MATCH}, /* which RFC 5895 maps */
        {"bucher.example.org", "b\303\274cher.example.org", NAME_DIFFERS},
        {"xn--bcher-kva.example.org", "bcher.example.org", NAME_DIFFERS},
        {"xn--bcher-kva.example.org", "xn--fa-hia.example.org", NAME_DIFFERS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (x509_dns_name_match(span_of_text(cases[i].pattern), span_of_text(cases[i].host)) !=
            cases[i].match)
            fail_msg("%s, %s", cases[i].pattern, cases[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels),
        cmocka_unit_test(names),
        cmocka_unit_test(long_names),
        cmocka_unit_test(of_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
