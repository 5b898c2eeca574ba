/*
 * The messages of a handshake that were read in clear, exactly as captured, for the HTML report. Bounded;
 * what is left out is counted.
 */
#ifndef UTWATCH_TLS_KEPT_MESSAGES_H
#define UTWATCH_TLS_KEPT_MESSAGES_H

#include "tls/observation.h"

enum kept_form {
    KEPT_HANDSHAKE, /* type and length, then the body */
    KEPT_SSLV2,     /* the message after the header of its record */
    KEPT_ALERT,     /* level and description */
};

struct kept_message {
    uint64_t frame; /* the one with the last byte of its record, where Wireshark shows it; 0: not known */
    nanos time;     /* of that frame */
    unsigned source;
    uint32_t length; /* of the whole message, in the form of `bytes` */
    uint16_t at;     /* in kept_messages.bytes */
    uint16_t kept;   /* bytes of it there */
    uint8_t form;    /* enum kept_form */
    uint8_t type;    /* of a handshake message: enum message_type */
    uint8_t side;    /* enum side: who sent it */
    bool open;       /* its record is incomplete: so far the frame is that of its own last byte */
};

struct kept_messages {
    uint16_t used; /* of bytes[] */
    uint8_t count;
    struct kept_message message[KEPT_MESSAGES];
    uint8_t bytes[KEPT_BYTES]; /* last: most of it stays unused */
};

static inline void kept_messages_clear(struct kept_messages *k)
{
    k->used = 0;
    k->count = 0;
}

/* `m` says what it is; the bytes are those of `head` and `body`. False: not all of it was kept. */
bool kept_messages_add(struct kept_messages *k, const struct kept_message *m, struct span head,
                       struct span body);

static inline struct span kept_message_bytes(const struct kept_messages *k, const struct kept_message *m)
{
    return span_of(k->bytes + m->at, m->kept);
}

/* Copies the parts in use: the rest of *to stays as it is. */
void kept_messages_copy(struct kept_messages *to, const struct kept_messages *from);

#endif
