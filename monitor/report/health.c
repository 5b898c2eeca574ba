#include "report/health.h"

#include <string.h>

enum weight { PLAIN, LOSS };

const struct health_row health_rows[] = {
#define HEALTH(object, key, member, group, weight, one, many, phrase, source)                                \
    {object, key,  HEALTH_##group, (weight) == LOSS,                                                         \
     one,    many, phrase,         offsetof(struct capture_health, member)},
#include "report/health.def"
#undef HEALTH
};

const size_t health_row_count = sizeof health_rows / sizeof *health_rows;

uint64_t health_value(const struct capture_health *health, const struct health_row *row)
{
    uint64_t value = 0;
    memcpy(&value, (const char *)health + row->at, sizeof value);
    return value;
}

bool capture_whole(const struct capture_health *health)
{
    for (size_t i = 0; i < health_row_count; i++)
        if (health_rows[i].loss && health_value(health, &health_rows[i]))
            return false;
    return !health->unread;
}
