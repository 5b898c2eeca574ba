/*
 * One page of text for whoever asks for it by HTTP: GET /metrics. A server that cannot harm the process it
 * lives in: nothing here waits, connections have a number, a size and a time, and so many are taken in a
 * second. Whoever is slow is cut off, and when all places are taken the oldest connection gives way.
 */
#ifndef UTWATCH_SCRAPE_SERVER_H
#define UTWATCH_SCRAPE_SERVER_H

#include "base/limits.h"
#include "base/text.h"
#include "scrape/address.h"

#include <poll.h>

enum { SCRAPE_DESCRIPTORS = 1 + SCRAPE_CONNECTIONS /* the most that scrape_wait_for() fills in */ };

struct scrape;

/* A socket that listens there; -1, with errno. */
int scrape_listen(const struct scrape_address *address);

/* Writes the page into what is empty, at most SCRAPE_PAGE_BYTES. */
typedef void scrape_page(void *context, struct text *out);

/* Takes the socket over. NULL: there is no memory, and the socket is closed. */
struct scrape *scrape_new(int listener, scrape_page *page, void *context);
void scrape_free(struct scrape *s);

/* What to wait for, and until when at the latest. */
size_t scrape_wait_for(const struct scrape *s, struct pollfd *fds, int64_t *until, int64_t now);

/* Goes on with what can be done now. */
void scrape_work(struct scrape *s, int64_t now);

struct scrape_counters {
    uint64_t requests; /* that were answered, whatever the answer */
    uint64_t cut_off;  /* connections that took too long */
    uint64_t gave_way; /* to others, for all places were taken */
};
struct scrape_counters scrape_counters(const struct scrape *s);

#endif
