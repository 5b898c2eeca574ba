/* One captured frame. Its bytes belong to the capture, and live until the next frame is asked for, or until
 * the callback returns. */
#ifndef UTWATCH_CAPTURE_FRAME_H
#define UTWATCH_CAPTURE_FRAME_H

#include "base/nanos.h"
#include "base/span.h"

struct frame {
    nanos time;
    struct span bytes; /* as captured */
    size_t wire_len;   /* on the wire, bytes; more than bytes.n when the snap length cut the frame */
    int link_type;     /* a DLT_ value of libpcap */
    bool big_endian;   /* byte order of the machine that captured, for link types that use it */
    unsigned source;   /* which input, 0-based, in the order given */
    uint64_t number;   /* 1-based within its source: Suricata's pcap_cnt, Wireshark's frame number */
};

/* Takes one frame of an interface. False: stop. */
typedef bool capture_callback(void *context, const struct frame *frame);

#endif
