/* Compressed formats, each decoded as far as its bytes have come. */
#ifndef UTWATCH_CAPTURE_CODEC_H
#define UTWATCH_CAPTURE_CODEC_H

#include "base/span.h"

enum codec_result {
    CODEC_GOES_ON,
    CODEC_MEMBER_ENDS, /* the input may end here, or another member may follow */
    CODEC_BROKEN,
};

/* What one step reads and writes; the step moves the pointers on. */
struct codec_step {
    const uint8_t *in;
    size_t in_left;
    uint8_t *out;
    size_t out_left;
    bool last; /* no more input will come */
};

struct codec {
    const char *name;
    struct span magic;
    void *(*open)(void); /* NULL: no memory */
    enum codec_result (*step)(void *state, struct codec_step *step);
    void (*close)(void *state);
};

enum { CODEC_MAGIC_BYTES = 6 /* the longest magic number */ };

/* The format whose magic number begins these bytes, or NULL. */
const struct codec *codec_of(struct span begin);

#endif
