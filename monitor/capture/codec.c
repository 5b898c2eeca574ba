/*
 * The formats' own libraries, and not libarchive: its filters hand out whole blocks, so that what a truncated
 * file has in its last 64 KiB or more would be lost, and with it the newest frames.
 */
#include "capture/codec.h"

#include "base/limits.h"

#define ZLIB_CONST /* what it reads is const */

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

static void *open_gzip(void)
{
    enum { GZIP_FORMAT = 16 };
    z_stream *z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, GZIP_FORMAT + MAX_WBITS) == Z_OK)
        return z;
    free(z);
    return NULL;
}

static enum codec_result step_gzip(void *state, struct codec_step *s)
{
    z_stream *z = state;
    z->next_in = s->in;
    z->avail_in = (uInt)s->in_left;
    z->next_out = s->out;
    z->avail_out = (uInt)s->out_left;
    const int status = inflate(z, Z_NO_FLUSH);
    *s = (struct codec_step){.in = z->next_in,
                             .in_left = z->avail_in,
                             .out = z->next_out,
                             .out_left = z->avail_out,
                             .last = s->last};
    if (status == Z_STREAM_END)
        return inflateReset(z) == Z_OK ? CODEC_MEMBER_ENDS : CODEC_BROKEN;
    return status == Z_OK || status == Z_BUF_ERROR ? CODEC_GOES_ON : CODEC_BROKEN;
}

static void close_gzip(void *state)
{
    (void)inflateEnd(state);
    free(state);
}

static void *open_zstd(void)
{
    return ZSTD_createDStream();
}

static enum codec_result step_zstd(void *state, struct codec_step *s)
{
    ZSTD_inBuffer in = {.src = s->in, .size = s->in_left};
    ZSTD_outBuffer out = {.dst = s->out, .size = s->out_left};
    const size_t status = ZSTD_decompressStream(state, &out, &in);
    s->in += in.pos;
    s->in_left -= in.pos;
    s->out += out.pos;
    s->out_left -= out.pos;
    if (ZSTD_isError(status))
        return CODEC_BROKEN;
    return status == 0 ? CODEC_MEMBER_ENDS : CODEC_GOES_ON;
}

static void close_zstd(void *state)
{
    (void)ZSTD_freeDStream(state);
}

static void *open_xz(void)
{
    lzma_stream *z = calloc(1, sizeof *z);
    if (z && lzma_stream_decoder(z, XZ_MOST_MEMORY, LZMA_CONCATENATED) == LZMA_OK)
        return z;
    free(z);
    return NULL;
}

static enum codec_result step_xz(void *state, struct codec_step *s)
{
    lzma_stream *z = state;
    z->next_in = s->in;
    z->avail_in = s->in_left;
    z->next_out = s->out;
    z->avail_out = s->out_left;
    const lzma_ret status = lzma_code(z, s->last ? LZMA_FINISH : LZMA_RUN);
    *s = (struct codec_step){.in = z->next_in,
                             .in_left = z->avail_in,
                             .out = z->next_out,
                             .out_left = z->avail_out,
                             .last = s->last};
    if (status == LZMA_STREAM_END)
        return CODEC_MEMBER_ENDS;
    return status == LZMA_OK || status == LZMA_BUF_ERROR ? CODEC_GOES_ON : CODEC_BROKEN;
}

static void close_xz(void *state)
{
    lzma_end(state);
    free(state);
}

static void *open_bzip2(void)
{
    bz_stream *z = calloc(1, sizeof *z);
    if (z && BZ2_bzDecompressInit(z, 0, 0) == BZ_OK)
        return z;
    free(z);
    return NULL;
}

static enum codec_result step_bzip2(void *state, struct codec_step *s)
{
    bz_stream *z = state;
    union {
        const uint8_t *in;
        char *next; /* the library only reads */
    } bytes = {.in = s->in};
    z->next_in = bytes.next;
    z->avail_in = (unsigned)s->in_left;
    z->next_out = (char *)s->out;
    z->avail_out = (unsigned)s->out_left;
    const int status = BZ2_bzDecompress(z);
    s->in += s->in_left - z->avail_in;
    s->in_left = z->avail_in;
    s->out += s->out_left - z->avail_out;
    s->out_left = z->avail_out;
    if (status == BZ_OK)
        return CODEC_GOES_ON;
    if (status != BZ_STREAM_END)
        return CODEC_BROKEN;
    (void)BZ2_bzDecompressEnd(z);
    *z = (bz_stream){0};
    return BZ2_bzDecompressInit(z, 0, 0) == BZ_OK ? CODEC_MEMBER_ENDS : CODEC_BROKEN;
}

static void close_bzip2(void *state)
{
    (void)BZ2_bzDecompressEnd(state);
    free(state);
}

static void *open_lz4(void)
{
    LZ4F_dctx *state = NULL;
    return LZ4F_isError(LZ4F_createDecompressionContext(&state, LZ4F_VERSION)) ? NULL : state;
}

static enum codec_result step_lz4(void *state, struct codec_step *s)
{
    size_t in = s->in_left;
    size_t out = s->out_left;
    const size_t status = LZ4F_decompress(state, s->out, &out, s->in, &in, NULL);
    s->in += in;
    s->in_left -= in;
    s->out += out;
    s->out_left -= out;
    if (LZ4F_isError(status))
        return CODEC_BROKEN;
    return status == 0 ? CODEC_MEMBER_ENDS : CODEC_GOES_ON;
}

static void close_lz4(void *state)
{
    (void)LZ4F_freeDecompressionContext(state);
}

#define MAGIC(bytes)                                                                                         \
    {                                                                                                        \
        .p = (const uint8_t *)(bytes), .n = sizeof(bytes) - 1                                                \
    }

static const struct codec codecs[] = {
    {"gzip", MAGIC("\x1f\x8b"), open_gzip, step_gzip, close_gzip},
    {"zstd", MAGIC("\x28\xb5\x2f\xfd"), open_zstd, step_zstd, close_zstd},
    {"xz", MAGIC("\xfd\x37\x7a\x58\x5a\x00"), open_xz, step_xz, close_xz},
    {"bzip2", MAGIC("BZh"), open_bzip2, step_bzip2, close_bzip2},
    {"lz4", MAGIC("\x04\x22\x4d\x18"), open_lz4, step_lz4, close_lz4},
};

const struct codec *codec_of(struct span begin)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        const struct span magic = codecs[i].magic;
        if (begin.n >= magic.n && memcmp(begin.p, magic.p, magic.n) == 0)
            return &codecs[i];
    }
    return NULL;
}
