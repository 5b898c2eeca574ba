/* Values of the site's configuration: mappings and lists, networks, servers, numbers. */
#include "app/site_parts.h"

#include <inttypes.h>
#include <stdlib.h>

bool site_is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

bool site_mapping(struct site_reader *r, const struct node *n, const char *const *known)
{
    if (n->kind != NODE_MAPPING) {
        char keys[160];
        struct text t = text_over(keys, sizeof keys);
        for (const char *const *k = known; *k; k++) {
            text_put(&t, k == known ? "" : ", ");
            text_put(&t, *k);
        }
        complain_at(&r->at, n, "expected a mapping with %s%s%s", keys, t.cut ? "..." : "",
                    n->kind == NODE_SCALAR ? unparted_hint(n->text) : "");
        return false;
    }
    check_keys(&r->at, n, known);
    return true;
}

const char *site_text(struct site_reader *r, const struct node *n)
{
    if (n->kind == NODE_SCALAR && *n->text)
        return n->text;
    complain_at(&r->at, n, n->kind == NODE_SCALAR ? "expected a value" : "expected one value");
    return NULL;
}

bool site_network(struct site_reader *r, const struct node *e, struct network *out)
{
    const char *text = site_text(r, e);
    return text && text_network(&r->at, e, text, out);
}

void site_each(struct site_reader *r, const struct node *list, const char *example,
               void (*take)(struct site_reader *, const struct node *))
{
    if (!list)
        return;
    if (list->kind != NODE_SEQUENCE) {
        complain_at(&r->at, list, "expected a list: %s", example);
        return;
    }
    size_t count = 0;
    for (const struct node *e = list->first; e; e = e->next) {
        if (count++ == MAX_SCOPE) {
            complain_at(&r->at, e, "more than %d entries", MAX_SCOPE);
            return;
        }
        take(r, e);
    }
}

void site_some(struct site_reader *r, const struct node *list, const char *example,
               void (*take)(struct site_reader *, const struct node *))
{
    if (list && list->kind == NODE_SEQUENCE && !list->first)
        complain_at(&r->at, list, "an empty list: leave '%s' out, or write %s", list->key, example);
    site_each(r, list, example, take);
}

bool site_count(const char *text, int64_t *number)
{
    return *text && text[strspn(text, "0123456789")] == '\0' && parse_number(text, number);
}

void site_number(struct site_reader *r, const struct node *n, int64_t least, int64_t most, int64_t *out)
{
    const char *text = n ? site_text(r, n) : NULL;
    int64_t number;
    if (!text)
        return;
    if (!site_count(text, &number) || number < least || number > most)
        complain_at(&r->at, n, "'%s' is not a number from %" PRId64 " to %" PRId64, text, least, most);
    else
        *out = number;
}

void site_interval(struct site_reader *r, const struct node *n, int64_t least, nanos *out)
{
    enum { SECONDS_AN_HOUR = 3600, SECONDS_A_DAY = 86400, MOST_DAYS = 366 };
    const char *text = n ? site_text(r, n) : NULL;
    int64_t seconds;
    if (!text)
        return;
    if (!parse_number(text, &seconds) || seconds < least || seconds > (int64_t)MOST_DAYS * SECONDS_A_DAY)
        complain_at(&r->at, n, "'%s' is not a time from %s to %dd, as 60s, 15m or 24h", text,
                    least == SECONDS_AN_HOUR ? "1h" : "1s", MOST_DAYS);
    else
        *out = seconds * NANOS_PER_SECOND;
}

bool site_port(const char *text, uint16_t *out)
{
    int64_t port;
    if (!site_count(text, &port) || port < 1 || port > UINT16_MAX)
        return false;
    *out = (uint16_t)port;
    return true;
}

bool site_end(const char *text, struct endpoint *out)
{
    char address[64];
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    uint16_t port;
    if (n == 0 || n >= sizeof address || !site_port(colon + 1, &port))
        return false;
    bool brackets = text[0] == '[' && n > 2 && text[n - 1] == ']';
    const size_t length = brackets ? n - 2 : n;
    memcpy(address, text + brackets, length);
    address[length] = '\0';
    struct network network;
    if (strchr(address, '/') || !network_parse(address, &network))
        return false;
    *out = (struct endpoint){.port = port, .family = network.family};
    memcpy(out->address, network.address, sizeof out->address);
    return true;
}
