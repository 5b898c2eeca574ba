/* How much of the traffic could be looked at. Plain counters of one run; the application fills them. */
#ifndef UTWATCH_REPORT_HEALTH_H
#define UTWATCH_REPORT_HEALTH_H

#include "base/limits.h"
#include "base/nanos.h"
#include "decode/obstacles.h"
#include "tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What most of the frames that were not followed begin with. */
struct not_followed {
    uint64_t frames; /* 0: all were followed */
    uint32_t code;
    enum obstacle_kind kind;
};

/* Where most of the handshakes are that scope: ports leaves out. */
struct port_outside {
    uint64_t handshakes; /* 0: there are none */
    uint16_t port;
};

/* The rows of health.def, by number. */
enum {
#define HEALTH(object, key, member, group, marks, one, many, phrase, source) HEALTH_ROW_##member,
#include "report/health.def"
#undef HEALTH
    HEALTH_ROWS
};

struct capture_health {
    nanos first_time, last_time; /* of the frames; meaningless without any */
#define HEALTH(object, key, member, group, marks, one, many, phrase, source) uint64_t member;
#include "report/health.def"
#undef HEALTH
    struct not_followed commonest;
    struct port_outside commonest_outside;
    struct greedy_client greediest[GREEDY_CLIENTS];
    unsigned workers;                             /* that share the traffic; 0: one thread does all */
    uint64_t of_worker[MAX_WORKERS][HEALTH_ROWS]; /* of the rows with EACH */
    uint64_t flow_memory;                         /* bytes of the table of connections */
    double loss_limit;                            /* percent of the judged handshakes that may be damaged */
    const char *interrupted;                      /* the signal that ended the run, or NULL */
    int64_t running;    /* nanoseconds since the start of a run without end; 0: its time is that of packets */
    nanos restarted_at; /* with the last of the restarts */
    bool violated_before; /* a sensor before that found violations */
    bool unread;          /* by which it left a part of its input unread */
};

enum health_group {
    HEALTH_BLIND,  /* spells without sight, see spells.h */
    HEALTH_READ,   /* no loss: what there was to look at */
    HEALTH_FRAMES, /* lost or unreadable */
    HEALTH_BYTES,  /* lost, in doubt or unreadable */
    HEALTH_PARTS,  /* of connections seen only in part */
    HEALTH_ROOM,   /* given up: no room, no time */
    HEALTH_GROUPS
};

/* A row of health.def, where the members are explained. */
struct health_row {
    const char *object, *key;
    enum health_group group;
    bool loss, level, each;
    const char *one, *many, *phrase;
    size_t at; /* in struct capture_health */
};

extern const struct health_row health_rows[];
extern const size_t health_row_count;

uint64_t health_value(const struct capture_health *health, const struct health_row *row);

/* What two parts of one capture have counted together. */
void health_add(struct capture_health *sum, const struct capture_health *more);

/* Nothing is known to be missing: no loss, no damage, no connection seen only in part. */
bool capture_whole(const struct capture_health *health);

/* More handshakes were damaged than limits: loss-limit allows: too much was lost to judge. */
bool capture_too_damaged(const struct capture_health *health);

#endif
