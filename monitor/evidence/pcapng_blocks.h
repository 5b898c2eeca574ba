/* Blocks of a pcapng file (draft-ietf-opsawg-pcapng) into a buffer of fixed size, little-endian. */
#ifndef UTWATCH_EVIDENCE_PCAPNG_BLOCKS_H
#define UTWATCH_EVIDENCE_PCAPNG_BLOCKS_H

#include "capture/frame.h"

struct blocks {
    uint8_t *bytes;
    size_t used, room;
    bool cut; /* a block did not fit, and was left out */
};

/* Comments may be empty; longer ones than an option can hold are cut. */
void blocks_section(struct blocks *b, const char *comment);
void blocks_interface(struct blocks *b, int link_type);

/* `interface`: in the order of blocks_interface(), from 0. */
void blocks_packet(struct blocks *b, uint32_t interface, const struct frame *frame, const char *comment);

#endif
