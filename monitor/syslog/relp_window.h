/*
 * Messages that are under way over RELP: sent, and perhaps answered. What has arrived is everything before
 * the first that was not accepted, since a spool is done with in order. A message that is refused is sent
 * again, and what was accepted behind it is not.
 */
#ifndef UTWATCH_SYSLOG_RELP_WINDOW_H
#define UTWATCH_SYSLOG_RELP_WINDOW_H

#include "syslog/relp.h"

struct relp_sent {
    uint64_t number;      /* of the spool */
    uint32_t transaction; /* 0: not sent, since it was accepted before */
    bool answered, refused;
};

struct relp_window {
    struct relp_sent sent[RELP_WINDOW]; /* oldest first */
    size_t count;
    uint32_t next;                  /* transaction */
    uint64_t accepted[RELP_WINDOW]; /* behind one that was not, and that is to be sent again */
    size_t accepted_count;
    bool refusing;    /* one of sent[] is refused: nothing more is sent until all are answered */
    uint64_t suspect; /* number of the first that was refused */
    unsigned refusals;
};

/* A new connection, on which transaction 1 was "open". What the last one has not accepted is sent again. */
void relp_window_open(struct relp_window *w);

static inline bool relp_window_has_room(const struct relp_window *w)
{
    return w->count < RELP_WINDOW && !w->refusing;
}

/* The next message. Returns the transaction by which it is to be sent; 0: it was accepted before. */
uint32_t relp_window_put(struct relp_window *w, uint64_t number);

/* An answer; one that nobody waits for is nothing. */
void relp_window_answer(struct relp_window *w, uint32_t transaction, bool accepted);

/* Number of the last of the messages from the first on that were accepted since, or 0. */
uint64_t relp_window_arrived(struct relp_window *w);

/* After relp_window_arrived(): something is refused, and everything is answered. */
bool relp_window_is_settled(const struct relp_window *w);

/* Then: begins anew with the first that was refused. Returns its number when it was refused several times
 * while others were accepted, and is given up; else 0. */
uint64_t relp_window_begin_again(struct relp_window *w);

#endif
