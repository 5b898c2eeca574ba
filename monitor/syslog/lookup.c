#include "syslog/lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
    char host[256], port[8];
    struct addrinfo hints;
    struct gaicb request;
    struct gaicb *list[1];
    int result;          /* EAI_INPROGRESS: a thread is at it */
    struct lookup *next; /* of those that are left to one */
};

/* Given up while a thread was at work, which still writes into them. Where no name server answers, that
 * happens at each attempt. */
static struct lookup *left;

static void release(struct lookup *l)
{
    if (l->request.ar_result)
        freeaddrinfo(l->request.ar_result);
    free(l);
}

static void release_what_was_left(void)
{
    for (struct lookup **at = &left; *at;) {
        struct lookup *l = *at;
        if (gai_error(&l->request) == EAI_INPROGRESS) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        release(l);
    }
}

struct lookup *lookup_new(const char *host, const char *port, int kind)
{
    release_what_was_left();
    struct lookup *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    (void)snprintf(l->host, sizeof l->host, "%s", host);
    (void)snprintf(l->port, sizeof l->port, "%s", port);
    l->hints = (struct addrinfo){.ai_socktype = kind, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    l->result = getaddrinfo(l->host, l->port, &l->hints, &l->request.ar_result);
    if (l->result != EAI_NONAME)
        return l;
    l->hints.ai_flags = AI_NUMERICSERV;
    l->request = (struct gaicb){.ar_name = l->host, .ar_service = l->port, .ar_request = &l->hints};
    l->list[0] = &l->request;
    l->result = getaddrinfo_a(GAI_NOWAIT, l->list, 1, NULL);
    if (l->result == 0)
        l->result = EAI_INPROGRESS;
    return l;
}

bool lookup_ended(struct lookup *l, const struct addrinfo **found, const char **why)
{
    if (l->result == EAI_INPROGRESS)
        l->result = gai_error(&l->request);
    if (l->result == EAI_INPROGRESS)
        return false;
    *found = l->result == 0 ? l->request.ar_result : NULL;
    *why = gai_strerror(l->result);
    return true;
}

void lookup_free(struct lookup *l)
{
    if (!l)
        return;
    if (l->result == EAI_INPROGRESS && gai_cancel(&l->request) != EAI_CANCELED &&
        gai_error(&l->request) == EAI_INPROGRESS) {
        l->next = left;
        left = l;
        return;
    }
    release(l);
}
