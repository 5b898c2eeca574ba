/*
 * The frames of handshakes, kept for a while: when a verdict is an alert, they are its evidence. One ring of
 * bytes for all connections, the oldest frames being overwritten; the frames of one connection are linked
 * backwards. No allocation per packet. Several threads may keep frames while another one writes files.
 */
#ifndef UTWATCH_EVIDENCE_FRAMES_H
#define UTWATCH_EVIDENCE_FRAMES_H

#include "base/limits.h"
#include "capture/frame.h"
#include "decode/segment.h"

struct evidence_frames;

struct evidence_counters {
    uint64_t frames_cut; /* left out, or kept in part, since their connection has EVIDENCE_BYTES already */
    uint64_t duplicates; /* second copies that a mirror made, left out */
    uint64_t files;      /* written */
    uint64_t withheld;   /* beyond EVIDENCE_FILES_PER_HOUR, or whose frames were overwritten */
};

/* Bytes for all of it. */
size_t evidence_frames_memory(void);

/* NULL when there is no memory. */
struct evidence_frames *evidence_frames_new(void);
void evidence_frames_free(struct evidence_frames *e);

/* The segment is what the frame carried. */
void evidence_keep(struct evidence_frames *e, uint64_t flow_id, const struct frame *frame,
                   const struct segment *segment);

/* What an alert wants to have written. */
struct evidence_request {
    uint64_t flow_id;
    uint64_t frame_number; /* the deciding frame, whose packet gets the comment as well */
    unsigned source;
    nanos time;          /* packet time, which the limit per hour goes by */
    const char *comment; /* in UTF-8: which alerts, by which rules */
};

/* The most that a file can have, bytes. */
enum { EVIDENCE_FILE_BYTES = 3 * EVIDENCE_BYTES };

/*
 * Writes a pcapng file with the frames of one connection, in the order of their capture, and returns its
 * length in bytes; 0, and counted, when there are none any more or this hour has had its files.
 */
size_t evidence_file(struct evidence_frames *e, const struct evidence_request *request, uint8_t *out,
                     size_t room);

const struct evidence_counters *evidence_counters(const struct evidence_frames *e);

#endif
