/*
 * Capture files: pcap and pcapng, micro- or nanoseconds, plain, .gz or .zst (told by content, not by name),
 * from a file, a FIFO or standard input. One source at a time; frames come in the order of the file.
 */
#ifndef UTWATCH_CAPTURE_CAPTURE_H
#define UTWATCH_CAPTURE_CAPTURE_H

#include "capture/frame.h"

enum capture_result {
    CAPTURE_FRAME,
    CAPTURE_END,
    CAPTURE_BROKEN, /* the rest cannot be read; capture_error() tells why */
};

struct capture;

/*
 * Opens `path` ("-": standard input) as source number `source`. `filter`: BPF words, or NULL. NULL on
 * failure, with the reason in `error` (at least 512 bytes); *filter_fault is set when the filter, not the
 * file, is at fault.
 */
struct capture *capture_open_file(const char *path, unsigned source, const char *filter, char *error,
                                  size_t error_size, bool *filter_fault);
void capture_close(struct capture *capture);

/* The next frame; its bytes live until the next call. */
enum capture_result capture_next(struct capture *capture, struct frame *frame);

const char *capture_error(const struct capture *capture);

/* Bytes of the file read so far, and its size; size 0 when it is not known (pipe). For a progress line. */
void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size);

#endif
