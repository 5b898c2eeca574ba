/* Looking up a name that nobody answers for, again and again: what is given up is released when its thread is
 * done with it, not before. The resolver is ours. */
#include "syslog/lookup.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int __wrap_getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event);
int __wrap_gai_error(struct gaicb *request);
int __wrap_gai_cancel(struct gaicb *request);
void __wrap_freeaddrinfo(struct addrinfo *found);

static struct addrinfo answer;
static bool at_work;
static int released;

int __wrap_getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
    (void)mode;
    (void)count;
    (void)event;
    list[0]->ar_result = &answer;
    return 0;
}

int __wrap_gai_error(struct gaicb *request)
{
    (void)request;
    return at_work ? EAI_INPROGRESS : 0;
}

int __wrap_gai_cancel(struct gaicb *request)
{
    (void)request;
    return EAI_NOTCANCELED;
}

void __wrap_freeaddrinfo(struct addrinfo *found)
{
    released += found == &answer;
}

static void given_up(void **state)
{
    (void)state;
    enum { TIMES = 3 };
    const struct addrinfo *found;
    const char *why;
    at_work = true;
    for (int i = 0; i < TIMES; i++) {
        struct lookup *l = lookup_new("siem.invalid", "514", 1);
        assert_non_null(l);
        assert_false(lookup_ended(l, &found, &why));
        lookup_free(l);
    }
    assert_int_equal(released, 0);
    at_work = false;
    struct lookup *l = lookup_new("siem.invalid", "514", 1);
    assert_int_equal(released, TIMES);
    assert_true(lookup_ended(l, &found, &why));
    assert_ptr_equal(found, &answer);
    lookup_free(l);
    assert_int_equal(released, TIMES + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(given_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
