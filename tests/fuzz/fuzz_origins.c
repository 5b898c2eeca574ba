/* A value that another sensor, or somebody else, left in Redis. */
#include "fuzz.h"
#include "share/origins.h"
#include "store/table.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct origin o;
    if (!origin_read(span_of(data, size), &o))
        return 0;
    assert(o.us < UINT64_C(1) << 54);
    assert(!(o.flags & ~(unsigned)(ENTRY_EXACT | ENTRY_DEAD | ENTRY_SUITE)));
    assert(o.kind == ORIGIN_FULL || o.kind == ORIGIN_PART || o.kind == ORIGIN_SEEN);
    /* What was read can be told again. */
    struct origin_texts texts;
    struct redis_command command;
    o.key = 1;
    origin_message(&o, 1000, &texts, &command);
    assert(command.count == 10);
    return 0;
}
