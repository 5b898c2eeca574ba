/* The TCP segments of a capture, one a line: frame, ports, sequence number, payload length. For
 * decode_witness.py. */
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

int main(int argc, char **argv)
{
    char error[512];
    bool filter_fault;
    struct capture *capture =
        argc == 2 ? capture_open_file(argv[1], 0, NULL, NULL, error, sizeof error, &filter_fault) : NULL;
    struct decoder *decoder = decoder_new();
    if (!capture || !decoder)
        return 1;
    struct frame frame = {0};
    while (capture_next(capture, &frame) == CAPTURE_FRAME)
        dump(decoder, &frame);
    capture_close(capture);
    decoder_free(decoder);
    return 0;
}
