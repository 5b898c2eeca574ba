/* The inside of reading the site's configuration, shared by its files and nobody else. */
#ifndef UTWATCH_APP_SITE_PARTS_H
#define UTWATCH_APP_SITE_PARTS_H

#include "app/site.h"
#include "policy/compiler.h"

struct site_reader {
    struct site *site;
    struct compiler at;        /* only its mistakes and file are used */
    enum encapsulation tunnel; /* whose ports are read */
};

/* All of these complain about what they do not take. */

/* A mapping with no other keys than these, which a NULL ends. False: it is no mapping. */
bool site_mapping(struct site_reader *r, const struct node *n, const char *const *known);

/* Calls this for each member of a list of at most MAX_SCOPE; `list` may be NULL. `example`: what a member
 * looks like. */
void site_each(struct site_reader *r, const struct node *list, const char *example,
               void (*take)(struct site_reader *, const struct node *));

/* The same, of a list that has to have a member: whether an empty one means all or none, no reader knows. */
void site_some(struct site_reader *r, const struct node *list, const char *example,
               void (*take)(struct site_reader *, const struct node *));

/* A value that is not empty, or NULL. */
const char *site_text(struct site_reader *r, const struct node *n);

/* Digits, and no unit of time after them. */
bool site_count(const char *text, int64_t *number);

/* 1 to 65535; else false, and *out stays. */
bool site_port(const char *text, uint16_t *out);

/* Where `n` is NULL, *out stays. An interval is written in seconds, or with a unit; its
 * least is a second or an hour. */
void site_number(struct site_reader *r, const struct node *n, int64_t least, int64_t most, int64_t *out);
void site_interval(struct site_reader *r, const struct node *n, int64_t least, nanos *out);

/* False after a mistake. */
bool site_network(struct site_reader *r, const struct node *e, struct network *out);

/* 192.0.2.80:443, [2001:db8::80]:443. False: it is not one, and no mistake was noted. */
bool site_end(const char *text, struct endpoint *out);

bool site_is_known(const char *key, const char *const *known);

/* site_outputs.c */
void site_read_outputs(struct site_reader *r, const struct node *n);

#endif
