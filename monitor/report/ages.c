#include "report/ages.h"

#include "report/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES(n) (INT64_C(n) * 60 * NANOS_PER_SECOND)
#define HOURS(n)   (INT64_C(n) * 3600 * NANOS_PER_SECOND)

const int64_t age_step[AGE_STEPS] = {MINUTES(1), HOURS(1),  HOURS(6),   HOURS(12),
                                     HOURS(24),  HOURS(48), HOURS(168), INT64_MAX};
const char *const age_step_name[AGE_STEPS] = {"up to 1 min", "to 1 h",  "to 6 h", "to 12 h",
                                              "to 24 h",     "to 48 h", "to 7 d", "over 7 d"};

static size_t step_of(int64_t age)
{
    size_t i = 0;
    while (age > age_step[i])
        i++;
    return i;
}

static struct age_row *find_row(struct ages *ages, const struct endpoint *server, enum resumption method)
{
    for (struct age_row *row = ages->rows; row < ages->rows + ages->count; row++)
        if (row->method == method && endpoint_equal(&row->server, server))
            return row;
    return NULL;
}

static struct age_row *row_of(struct ages *ages, const struct endpoint *server, enum resumption method)
{
    static const struct endpoint others = {0};
    struct age_row *known = find_row(ages, server, method);
    if (!known && ages->count >= MAX_AGE_ROWS)
        known = find_row(ages, server = &others, method);
    if (known)
        return known;
    struct age_row *row = &ages->rows[ages->count++];
    *row = (struct age_row){.server = *server, .method = method};
    return row;
}

static bool same_reuse(const struct reuse *a, const struct reuse *b)
{
    return a->method == b->method && endpoint_equal(&a->server, &b->server) &&
           endpoint_equal(&a->client, &b->client);
}

static void note_oldest(struct ages *ages, const struct reuse *reuse)
{
    size_t i = 0;
    while (i < ages->oldest_count && !same_reuse(&ages->oldest[i], reuse))
        i++;
    if (i < ages->oldest_count) {
        if (ages->oldest[i].age >= reuse->age)
            return;
    } else if (ages->oldest_count < OLDEST_REUSES) {
        ages->oldest_count++;
    } else if (ages->oldest[--i].age >= reuse->age) {
        return;
    }
    for (; i > 0 && ages->oldest[i - 1].age < reuse->age; i--)
        ages->oldest[i] = ages->oldest[i - 1];
    ages->oldest[i] = *reuse;
}

void ages_add(struct ages *ages, const struct policy_case *c)
{
    const struct observation *o = c->observation;
    const struct session_result *s = c->session;
    if (!o || !s || !s->accepted)
        return;
    struct age_row *row = row_of(ages, &o->whence.server, s->method);
    if (!s->known) {
        row->unknown++;
        return;
    }
    struct reuse reuse = {.client = peer_end(whence_ue(&o->whence), CLIENT),
                          .server = o->whence.server,
                          .method = s->method,
                          .age = s->resumed_age,
                          .exact = s->basis == AGE_EXACT,
                          .when = o->side[SERVER].hello_time};
    uint64_t *steps = reuse.exact ? row->exact : row->at_least;
    steps[step_of(reuse.age)]++;
    note_oldest(ages, &reuse);
}

uint64_t age_row_total(const struct age_row *row)
{
    uint64_t sum = row->unknown;
    for (size_t i = 0; i < AGE_STEPS; i++)
        sum += row->exact[i] + row->at_least[i];
    return sum;
}

uint64_t age_row_over(const struct age_row *row)
{
    uint64_t sum = 0;
    for (size_t i = AGE_STEPS_WITHIN; i < AGE_STEPS; i++)
        sum += row->exact[i] + row->at_least[i];
    return sum;
}

static int compare_rows(const void *a, const void *b)
{
    const struct age_row *x = *(const struct age_row *const *)a;
    const struct age_row *y = *(const struct age_row *const *)b;
    if (age_row_over(x) != age_row_over(y))
        return age_row_over(x) < age_row_over(y) ? 1 : -1;
    if (age_row_total(x) != age_row_total(y))
        return age_row_total(x) < age_row_total(y) ? 1 : -1;
    return x < y ? -1 : x > y;
}

size_t ages_ordered(const struct ages *ages, const struct age_row **rows)
{
    for (size_t i = 0; i < ages->count; i++)
        rows[i] = &ages->rows[i];
    qsort(rows, ages->count, sizeof *rows, compare_rows); /* NOLINT(bugprone-sizeof-expression): pointers */
    return ages->count;
}

void text_age_server(struct text *out, const struct endpoint *server)
{
    if (server->family)
        text_end(out, server);
    else
        text_put(out, "other servers");
}
