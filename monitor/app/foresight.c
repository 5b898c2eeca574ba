#include "app/foresight.h"

#include "app/pipeline_parts.h"
#include "capture/capture.h"

#include <sys/stat.h>

enum { FRAMES = 10000, MOST_FRAMES = 50000 };

/* A pipe gives its bytes once. */
static bool can_be_read_twice(const char *path)
{
    struct stat s;
    return strcmp(path, "-") != 0 && stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static void look_at(struct pipeline *p, struct decoder *ahead, struct capture *capture)
{
    struct frame frame = {0};
    nanos first = 0;
    for (uint32_t n = 0; n < MOST_FRAMES && capture_next(capture, &frame) == CAPTURE_FRAME; n++) {
        if (!n)
            first = frame.time;
        if (n >= FRAMES && frame.time - first >= LEARNING_SECONDS * NANOS_PER_SECOND)
            return;
        struct segment segment;
        if (decode_frame(ahead, &frame, &segment) == DECODE_SEGMENT && segment.transport == TRANSPORT_TCP)
            decoder_foresees(p->decoder, &segment);
    }
}

/* Not inlined: the test whether to look is made for every frame. */
__attribute__((noinline)) static void look_ahead(struct pipeline *p, const char *path, const char *filter)
{
    if (!can_be_read_twice(path))
        return;
    char error[512];
    bool filter_fault;
    struct decoder *ahead = decoder_new();
    struct capture *capture =
        ahead ? capture_open_file(path, 0, filter, NULL, error, sizeof error, &filter_fault) : NULL;
    if (capture) {
        look_at(p, ahead, capture);
        capture_close(capture);
        decoder_foresaw(p->decoder);
    }
    decoder_free(ahead);
}

void foresee(struct pipeline *p, const char *path, const char *filter)
{
    if (decoder_wonders(p->decoder))
        look_ahead(p, path, filter);
}
