/*
 * Frames by hand, from the inside out: each call puts a header before what is there. The headers are written
 * as in the RFC's picture, in hexadecimal; only lengths are worked out.
 */
#ifndef UTWATCH_TESTS_DECODE_BUILD_H
#define UTWATCH_TESTS_DECODE_BUILD_H

#include "decode/decode.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
/* cmocka.h wants those before it */
#include <cmocka.h>

#define PAYLOAD     "hello"
#define PAYLOAD_LEN (sizeof PAYLOAD - 1)

enum { CLIENT_PORT = 40000, SERVER_PORT = 443 };
#define SEQ 0xa1b2c3d4u
#define ACK 0x05060708u

struct build {
    uint8_t bytes[80000];
    size_t from, to;
};

/* PAYLOAD under a TCP header; what every frame here carries. */
void build_tcp(struct build *b);
void build_bytes(struct build *b, const void *bytes, size_t n); /* starts anew with these */

void build_hex(struct build *b, const char *hex); /* blanks are skipped */
void build_udp(struct build *b, unsigned src, unsigned dst);
void build_ip4(struct build *b, unsigned protocol); /* 10.0.0.1 > 10.0.0.2 */
void build_ip4_piece(struct build *b, unsigned protocol, unsigned id, unsigned flags_and_offset);
void build_ip6(struct build *b, unsigned next); /* fd00::1 > fd00::2 */
void build_ethernet(struct build *b, unsigned type);
void build_trailer(struct build *b, size_t zeros);
void build_set(struct build *b, size_t at, unsigned value); /* a byte, counted from the front */

size_t build_size(const struct build *b);
struct span build_span(const struct build *b);

/* Decodes `bytes`, which were `wire_len` on the wire, with a decoder that all tests of a program share. */
enum decode_result decode_bytes(struct span bytes, size_t wire_len, int link, struct segment *out);
enum decode_result decode_build(const struct build *b, int link, struct segment *out);

/*
 * The frame gives build_tcp()'s segment within these wrappers (count, then enum encapsulation ...). Cut by a
 * snap length, it gives the same or says so, never anything else; cut short with lengths that lie, it gives
 * nothing.
 */
void expect_tcp(const struct build *b, int link, int wrappers, ...);
void expect_result(const struct build *b, int link, enum decode_result wanted);

struct decoder *the_decoder(void);

#endif
