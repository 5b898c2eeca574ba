/*
 * Capture files: pcap and pcapng, micro- or nanoseconds, plain or compressed (recognized by content, not by
 * name), from a file, a FIFO or standard input. Frames are taken in the order of the file, each with the link
 * type of its own interface.
 */
#ifndef UTWATCH_CAPTURE_CAPTURE_H
#define UTWATCH_CAPTURE_CAPTURE_H

#include "capture/frame.h"

enum capture_result {
    CAPTURE_FRAME,
    CAPTURE_END,
    CAPTURE_STOPPED,      /* capture_patience said so, or whoever takes the frames wants no more */
    CAPTURE_BROKEN,       /* the rest cannot be read; capture_error() says why */
    CAPTURE_FILTER_FAULT, /* the BPF words mean nothing for the link type of a later frame; likewise */
};

struct capture;

/* Is asked before a read that would wait for bytes in `descriptor`. False: stop. */
struct capture_patience {
    bool (*wait)(void *context, int descriptor);
    void *context;
};

/*
 * Opens `path` ("-": standard input) as source number `source`. `filter`: BPF words, or NULL. NULL on
 * failure, with the reason in `error` (at least 512 bytes); *filter_fault is set when the filter, not the
 * file, is at fault. `patience` may be NULL.
 */
struct capture *capture_open_file(const char *path, unsigned source, const char *filter,
                                  const struct capture_patience *patience, char *error, size_t error_size,
                                  bool *filter_fault);
void capture_close(struct capture *capture);

/* The next frame that the filter lets through. Its bytes live until the next call for the same capture. */
enum capture_result capture_next(struct capture *capture, struct frame *frame);

/* The bytes and link type of the next frame, if they have been read. What its block says has not been
 * checked, so it may be no frame at all. They live until the next call for the same capture. */
bool capture_ahead(const struct capture *capture, struct frame *frame);

const char *capture_error(const struct capture *capture);

/* Frames that the filter left out so far. */
uint64_t capture_filtered(const struct capture *capture);

/* Bytes of the file read so far, as they lie there. */
uint64_t capture_position(const struct capture *capture);

/* The time of a file's first frame; INT64_MAX where none can be read, which puts it behind all others. */
nanos capture_begin(const char *path);

/* A regular file that begins like a capture, plain or compressed, so that it is one of a folder's. */
bool capture_is_one(const char *path);

#endif
