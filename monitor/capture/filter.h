/* The BPF words, compiled for each link type when its first frame comes. */
#ifndef UTWATCH_CAPTURE_FILTER_H
#define UTWATCH_CAPTURE_FILTER_H

#include "capture/frame.h"

#include <pcap/pcap.h>

/* A capture of more link types than that is none; the last program makes room. */
enum { FILTER_LINK_TYPES = 16 };

struct filter {
    const char *words; /* NULL: everything passes */
    struct {
        int link_type;
        struct bpf_program program;
    } compiled[FILTER_LINK_TYPES];
    size_t count;
};

enum filter_result { FILTER_PASSES, FILTER_DROPS, FILTER_FAULT };

/* FILTER_FAULT: the words mean nothing for this link type; why is in `error`. */
enum filter_result filter_frame(struct filter *filter, const struct frame *frame, char *error,
                                size_t error_size);

/* Compiles for a link type before there is a frame of it. */
bool filter_prepare(struct filter *filter, int link_type, char *error, size_t error_size);
void filter_close(struct filter *filter);

#endif
