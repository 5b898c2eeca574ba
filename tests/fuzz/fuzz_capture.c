/* A capture file, read to its end. Every byte of every frame can be read, and lies within the input. */
#include "capture/reader.h"
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

static unsigned touch(struct span bytes)
{
    unsigned sum = 0;
    for (size_t i = 0; i < bytes.n; i++)
        sum += bytes.p[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* of its very size: one byte more is a fault */
    if (!exact)
        return 0;
    if (size)
        memcpy(exact, data, size);
    struct source source;
    struct reader reader;
    source_over(&source, span_of(exact, size));
    enum read_result result = READ_BROKEN;
    if (reader_open(&reader, &source)) {
        struct frame frame;
        size_t total = 0;
        while ((result = reader_next(&reader, &frame)) == READ_FRAME) {
            total += frame.bytes.n;
            assert(total <= size);
            if (touch(frame.bytes) == UINT32_MAX) /* so that the sum is needed */
                abort();
        }
    }
    assert((result == READ_BROKEN) == (reader.error[0] != '\0'));
    assert(reader.interface_count <= size / 20);
    reader_close(&reader);
    source_close(&source);
    free(exact);
    return 0;
}
