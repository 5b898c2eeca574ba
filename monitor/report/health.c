#include "report/health.h"

#include <assert.h>
#include <string.h>

enum { PLAIN = 0, LOSS = 1, LEVEL = 2, EACH = 4 }; /* the marks of a row */

const struct health_row health_rows[] = {
#define HEALTH(object, key, member, group, marks, one, many, phrase, source)                                 \
    {object,       key, HEALTH_##group, (marks)&LOSS, (marks)&LEVEL,                                         \
     (marks)&EACH, one, many,           phrase,       offsetof(struct capture_health, member)},
#include "report/health.def"
#undef HEALTH
};

const size_t health_row_count = sizeof health_rows / sizeof *health_rows;

static_assert(sizeof health_rows / sizeof *health_rows == HEALTH_ROWS, "a number for each row");

uint64_t health_value(const struct capture_health *health, const struct health_row *row)
{
    uint64_t value = 0;
    memcpy(&value, (const char *)health + row->at, sizeof value);
    return value;
}

static struct not_followed commoner(struct not_followed a, struct not_followed b)
{
    return a.frames >= b.frames ? a : b;
}

static void add_greedy(struct greedy_client *list, const struct greedy_client *more)
{
    size_t at = GREEDY_CLIENTS;
    while (at > 0 && list[at - 1].handshakes < more->handshakes)
        at--;
    for (size_t i = GREEDY_CLIENTS - 1; i > at; i--)
        list[i] = list[i - 1];
    if (at < GREEDY_CLIENTS)
        list[at] = *more;
}

void health_add(struct capture_health *sum, const struct capture_health *more)
{
    const uint64_t frames = sum->frames;
#define HEALTH(object, key, member, group, marks, one, many, phrase, source) sum->member += more->member;
#include "report/health.def"
#undef HEALTH
    if (more->frames && (!frames || more->first_time < sum->first_time))
        sum->first_time = more->first_time;
    if (more->frames && (!frames || more->last_time > sum->last_time))
        sum->last_time = more->last_time;
    sum->commonest = commoner(sum->commonest, more->commonest);
    sum->flow_memory += more->flow_memory;
    for (size_t i = 0; i < GREEDY_CLIENTS; i++)
        add_greedy(sum->greediest, &more->greediest[i]);
}

bool capture_whole(const struct capture_health *health)
{
    for (size_t i = 0; i < health_row_count; i++)
        if (health_rows[i].loss && health_value(health, &health_rows[i]))
            return false;
    return !health->unread;
}

bool capture_too_damaged(const struct capture_health *health)
{
    return 100.0 * (double)health->handshakes_damaged >
           health->loss_limit * (double)health->handshakes_judged;
}
