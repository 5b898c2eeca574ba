/* A request for metrics: what a prefix says for good, the whole says too. */
#include "fuzz.h"
#include "scrape/request.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const enum scrape_request whole = scrape_request(span_of(data, size));
    const enum scrape_request half = scrape_request(span_of(data, size / 2));
    assert(half == SCRAPE_UNFINISHED || half == whole);
    return 0;
}
