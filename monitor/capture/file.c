#include "capture/capture.h"

#include "capture/codec.h"
#include "capture/filter.h"
#include "capture/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct capture {
    struct source bytes;
    struct reader reader;
    struct filter filter; /* applied here, so that frame numbers stay those of the file */
    unsigned source;
    uint64_t frames, filtered;
    char error[512];
};

static bool open_reader(struct capture *capture, char *error, size_t error_size, bool *filter_fault)
{
    if (!reader_open(&capture->reader, &capture->bytes)) {
        (void)snprintf(error, error_size, "%s", capture->reader.error);
        return false;
    }
    const int link_type = reader_link_type(&capture->reader);
    *filter_fault = link_type >= 0 && !filter_prepare(&capture->filter, link_type, error, error_size);
    return !*filter_fault;
}

struct capture *capture_open_file(const char *path, unsigned source, const char *filter,
                                  const struct capture_patience *patience, char *error, size_t error_size,
                                  bool *filter_fault)
{
    *filter_fault = false;
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        return NULL;
    }
    capture->source = source;
    capture->filter.words = filter;
    if (source_open(&capture->bytes, path, patience, error, error_size) &&
        open_reader(capture, error, error_size, filter_fault))
        return capture;
    capture_close(capture);
    return NULL;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    filter_close(&capture->filter);
    reader_close(&capture->reader);
    source_close(&capture->bytes);
    free(capture);
}

enum capture_result capture_next(struct capture *capture, struct frame *frame)
{
    enum read_result result;
    frame->source = capture->source;
    while ((result = reader_next(&capture->reader, frame)) == READ_FRAME) {
        frame->number = ++capture->frames;
        switch (filter_frame(&capture->filter, frame, capture->error, sizeof capture->error)) {
        case FILTER_DROPS:
            capture->filtered++;
            continue;
        case FILTER_FAULT:
            return CAPTURE_FILTER_FAULT;
        case FILTER_PASSES:
            return CAPTURE_FRAME;
        }
    }
    if (source_was_stopped(&capture->bytes))
        return CAPTURE_STOPPED;
    if (result == READ_END)
        return CAPTURE_END;
    (void)snprintf(capture->error, sizeof capture->error, "%s", capture->reader.error);
    return CAPTURE_BROKEN;
}

bool capture_ahead(const struct capture *capture, struct frame *frame)
{
    return reader_ahead(&capture->reader, frame);
}

const char *capture_error(const struct capture *capture)
{
    return capture->error;
}

uint64_t capture_filtered(const struct capture *capture)
{
    return capture->filtered;
}

uint64_t capture_position(const struct capture *capture)
{
    return source_position(&capture->bytes);
}

nanos capture_begin(const char *path)
{
    char error[512];
    bool filter_fault;
    struct frame frame = {0};
    struct capture *capture = capture_open_file(path, 0, NULL, NULL, error, sizeof error, &filter_fault);
    const bool begins = capture && capture_next(capture, &frame) == CAPTURE_FRAME;
    capture_close(capture);
    return begins ? frame.time : INT64_MAX;
}

bool capture_is_one(const char *path)
{
    uint8_t first[8];
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat s;
    const bool regular = fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
    const ssize_t n = regular ? read(fd, first, sizeof first) : 0;
    if (fd >= 0)
        (void)close(fd);
    const struct span begin = span_of(first, n > 0 ? (size_t)n : 0);
    return reader_knows(begin) || codec_of(begin);
}
