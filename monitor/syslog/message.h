/*
 * One message of RFC 5424: header, structured data, and words for a person.
 *
 * A message has a bound. Parameters are given the most important first; each is written whole or not at all,
 * and trunc="1" says that some are missing. Values may come from the wire: what a receiver or a terminal
 * could take for more than text (control bytes, quotes, brackets, broken UTF-8, characters that reorder text)
 * becomes \xHH.
 */
#ifndef UTWATCH_SYSLOG_MESSAGE_H
#define UTWATCH_SYSLOG_MESSAGE_H

#include "base/nanos.h"
#include "base/text.h"

enum {
    SYSLOG_LEAST_BYTES = 480,  /* RFC 5424 6.1: what every receiver takes */
    SYSLOG_MOST_BYTES = 8192,  /* 6.1: 2048 should be taken; rsyslog takes 8096 by default, syslog-ng 65536 */
    SYSLOG_ID_BYTES = 32,      /* 6.2.7, of MSGID and SD-NAME */
    SYSLOG_ELEMENT_BYTES = 64, /* of "utwatch@32473" */
};

/* Severities of RFC 5424 6.2.1 that alerts have. */
enum syslog_severity { SYSLOG_CRITICAL = 2, SYSLOG_ERROR, SYSLOG_WARNING, SYSLOG_NOTICE };

/* Who sends, the same in every message of a process. */
struct syslog_origin {
    unsigned facility;
    char host[256];
    char process[16];                   /* PROCID: a new one is a new start of sequenceId (RFC 5424 6.2.6) */
    char element[SYSLOG_ELEMENT_BYTES]; /* SD-ID */
    size_t most;                        /* bytes of a message */
    uint32_t sequence;                  /* of the last message; 0: none yet */
};

/* This host, this process. `most` is between SYSLOG_LEAST_BYTES and SYSLOG_MOST_BYTES. */
struct syslog_origin syslog_origin_here(uint32_t enterprise, size_t most);

/* Other values of the configuration. It makes no system call, so a confined process may do it. */
void syslog_origin_set(struct syslog_origin *origin, uint32_t enterprise, size_t most);

struct syslog_message {
    struct text out;
    char params[SYSLOG_MOST_BYTES];
    size_t length; /* of the params */
    size_t left;   /* bytes that may still be claimed */
    char words[SYSLOG_MOST_BYTES];
    bool truncated;
};

/* `buffer` takes origin->most + 1 bytes. Counts the origin's sequence on. */
void syslog_begin(struct syslog_message *m, char *buffer, struct syslog_origin *origin,
                  enum syslog_severity severity, nanos time, const char *id);
void syslog_param(struct syslog_message *m, const char *name, struct span value);
void syslog_param_text(struct syslog_message *m, const char *name, const char *value);
void syslog_param_uint(struct syslog_message *m, const char *name, uint64_t value);
/* MSG, once; like a parameter it is left out when there is no room. */
void syslog_words(struct syslog_message *m, const char *words);
/* The whole message, in the buffer. */
struct span syslog_end(struct syslog_message *m);

#endif
