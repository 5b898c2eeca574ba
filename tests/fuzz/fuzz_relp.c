/* What a receiver answers over RELP, in two pieces. */
#include "fuzz.h"
#include "syslog/relp.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct relp_reader reader = {0};
    struct relp_answer answer;
    const size_t cut = size ? data[0] % size : 0;
    struct span pieces[] = {span_of(data, cut), span_of(data + cut, size - cut)};
    for (size_t i = 0; i < 2; i++)
        while (pieces[i].n) {
            const size_t before = pieces[i].n;
            const enum relp_result result = relp_read(&reader, &pieces[i], &answer);
            assert(pieces[i].n < before);
            if (result == RELP_BROKEN)
                return 0;
            if (result == RELP_MORE)
                break;
            assert(answer.transaction <= RELP_LARGEST && answer.code <= 999 && answer.data.n <= RELP_KEPT);
        }
    return 0;
}
