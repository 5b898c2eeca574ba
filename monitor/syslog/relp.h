/*
 * The Reliable Event Logging Protocol, as rsyslog speaks it: each frame is "TXNR SP COMMAND SP LENGTH [SP
 * DATA] LF", and each command is answered by a frame "rsp" of the same transaction, whose data begin with
 * "200 OK" or another three-digit code. By hand, because librelp blocks when its window is full and does not
 * tell which messages were acknowledged.
 */
#ifndef UTWATCH_SYSLOG_RELP_H
#define UTWATCH_SYSLOG_RELP_H

#include "base/text.h"

enum {
    RELP_WINDOW = 128, /* commands under way; more than receivers commonly keep answers for is no use */
    RELP_LARGEST = 999999999,      /* transaction number; 1 comes after it */
    RELP_ANSWER_BYTES = 128 << 10, /* of one answer; a longer one is no RELP */
    RELP_KEPT = 256,               /* of an answer's data, for a message to the operator */
};

struct relp_answer {
    uint32_t transaction;
    bool is_response; /* "rsp" */
    bool closes;      /* "serverclose": the receiver will close the connection */
    unsigned code;    /* of a response: 200 is success; 0: none */
    struct span data; /* its first RELP_KEPT bytes; until the next call */
};

enum relp_result { RELP_MORE, RELP_ANSWER, RELP_BROKEN };

/* Reads answers from the pieces in which they arrive; all zero at the start of a connection. */
struct relp_reader {
    enum relp_at { RELP_NUMBER, RELP_COMMAND, RELP_LENGTH, RELP_DATA, RELP_END } at;
    uint32_t number;
    unsigned digits;
    char command[33];
    size_t command_length;
    size_t length, got; /* of the data */
    uint8_t data[RELP_KEPT];
};

/* Takes from *bytes what belongs to one answer. MORE: all was taken. BROKEN: this is not RELP; the connection
 * is of no more use. */
enum relp_result relp_read(struct relp_reader *reader, struct span *bytes, struct relp_answer *out);

/* One command's frame. */
void relp_write(struct text *out, uint32_t transaction, const char *command, struct span data);

static inline uint32_t relp_next(uint32_t transaction)
{
    return transaction == RELP_LARGEST ? 1 : transaction + 1;
}

/* The data of "open": version, name, and the one command that we need. */
extern const char relp_offers[];

/* The answer to "open" offers to take messages, as far as it is known. */
bool relp_takes_syslog(struct span data);

#endif
