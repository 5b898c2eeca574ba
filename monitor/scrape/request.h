/* The head of a request of HTTP/1.0 or HTTP/1.1, as far as one page needs it. */
#ifndef UTWATCH_SCRAPE_REQUEST_H
#define UTWATCH_SCRAPE_REQUEST_H

#include "base/span.h"

enum scrape_request {
    SCRAPE_UNFINISHED, /* more bytes may complete it */
    SCRAPE_GET,
    SCRAPE_HEAD,      /* the same without the page */
    SCRAPE_NOT_FOUND, /* another page */
    SCRAPE_NOT_ALLOWED,
    SCRAPE_NOT_HTTP,
};

/* `bytes`: all that has come. */
enum scrape_request scrape_request(struct span bytes);

#endif
