/* Between whom, where and when something happened that is judged. */
#include "policy/getters.h"

#include <arpa/inet.h>
#include <string.h>

enum { SECONDS_A_DAY = 86400, SECONDS_AN_HOUR = 3600, DAYS_A_WEEK = 7, THURSDAY = 4 };

struct span address_text(const struct endpoint *end, char room[ADDRESS_TEXT])
{
    _Static_assert(ADDRESS_TEXT == INET6_ADDRSTRLEN, "room for any address");
    const char *text = inet_ntop(end->family == 4 ? AF_INET : AF_INET6, end->address, room, ADDRESS_TEXT);
    return text ? span_of(text, strlen(text)) : span_of(NULL, 0);
}

static struct value address(const struct endpoint *end)
{
    return end->family ? (struct value){.fact = {.known = KNOWN_VALUE}, .end = end} : fact_alone(absent());
}

struct value client_address(const struct policy_case *c)
{
    return address(whence_ue(&c->about));
}

struct value server_address(const struct policy_case *c)
{
    return address(&c->about.server);
}

/* A UE as such has no port: each connection has another one. */
struct fact client_port(const struct policy_case *c)
{
    return c->about.client.family && c->kind != CASE_UE ? number(c->about.client.port) : absent();
}

struct fact server_port(const struct policy_case *c)
{
    return c->about.server.family ? number(c->about.server.port) : absent();
}

/* Rounded down, before 1970 too. */
static int64_t whole_days(const struct policy_case *c, int64_t *second)
{
    const int64_t seconds = c->about.time / NANOS_PER_SECOND;
    const int64_t rest = seconds % SECONDS_A_DAY;
    *second = rest < 0 ? rest + SECONDS_A_DAY : rest;
    return (seconds - *second) / SECONDS_A_DAY;
}

struct fact hour_of_day(const struct policy_case *c)
{
    int64_t second;
    (void)whole_days(c, &second);
    return number(second / SECONDS_AN_HOUR);
}

struct fact time_of_day(const struct policy_case *c)
{
    int64_t second;
    (void)whole_days(c, &second);
    return number(second);
}

/* 1 January 1970 was a Thursday. */
struct fact weekday(const struct policy_case *c)
{
    int64_t second;
    const int64_t day = (whole_days(c, &second) + THURSDAY) % DAYS_A_WEEK;
    return number(day < 0 ? day + DAYS_A_WEEK : day);
}

struct value captured_at(const struct policy_case *c)
{
    return c->interface ? string(span_of_text(c->interface)) : fact_alone(absent());
}

struct value vlan_ids(const struct policy_case *c)
{
    const struct wrappers *w = &c->about.wrappers;
    return w->vlan_count ? (struct value){.fact = {.known = KNOWN_VALUE},
                                          .list = w->vlan,
                                          .count = w->vlan_count,
                                          .cut = w->vlan_count == MAX_VLAN_TAGS}
                         : fact_alone(absent());
}

struct value encapsulations(const struct policy_case *c)
{
    const struct wrappers *w = &c->about.wrappers;
    return w->encapsulation_count ? (struct value){.fact = {.known = KNOWN_VALUE},
                                                   .octets = w->encapsulation,
                                                   .count = w->encapsulation_count,
                                                   .cut = w->encapsulation_count == MAX_ENCAPSULATIONS}
                                  : fact_alone(absent());
}
