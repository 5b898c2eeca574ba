/* Where metrics are served: 127.0.0.1:9333, [::1]:9333. Numbers only: what a name means may change. */
#ifndef UTWATCH_SCRAPE_ADDRESS_H
#define UTWATCH_SCRAPE_ADDRESS_H

#include <netinet/in.h>

struct scrape_address {
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    } at;
    socklen_t length;
};

/* NULL, or what is wrong with it, to be said after the text itself. */
const char *scrape_address_parse(const char *text, struct scrape_address *out);

#endif
