/* The TCP segments of captures, one a line: frame, ports, sequence number, payload length; "end" after each
 * capture. For decode_witness.py. */
#include "capture/capture.h"
#include "decode/decode.h"

#include <inttypes.h>
#include <stdio.h>

static void dump(struct decoder *decoder, const struct frame *frame)
{
    struct segment s;
    if (decode_frame(decoder, frame, &s) == DECODE_SEGMENT && s.transport == TRANSPORT_TCP)
        (void)printf("%" PRIu64 " %u %u %" PRIu32 " %zu\n", frame->number, s.src.port, s.dst.port, s.seq,
                     s.payload_len);
}

static void dump_all(const char *path)
{
    char error[512];
    bool filter_fault;
    struct capture *capture = capture_open_file(path, 0, NULL, NULL, error, sizeof error, &filter_fault);
    struct decoder *decoder = decoder_new();
    struct frame frame = {0};
    while (capture && decoder && capture_next(capture, &frame) == CAPTURE_FRAME)
        dump(decoder, &frame);
    capture_close(capture);
    decoder_free(decoder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        dump_all(argv[i]);
        (void)puts("end");
    }
    return 0;
}
