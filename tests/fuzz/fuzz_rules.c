/* A rules file: load it, and judge an empty observation by whatever came out. */
#include "arena.h"
#include "fuzz.h"
#include "policy/policy.h"

#include <assert.h>
#include <stdlib.h>

static struct observation *nothing;
static FILE *sink;

static void run(struct span file)
{
    struct mistakes mistakes = {0};
    struct profile *p = profile_parse("input.yaml", file, NULL, &mistakes);
    if (p) {
        struct policy_case c = {.observation = nothing};
        size_t count;
        const struct verdict *verdicts = profile_judge(p, &c, &count);
        verdicts = profile_judge(p, &c, &count); /* as remembered */
        char buffer[256];
        for (size_t i = 0; i < count; i++) {
            struct text t = text_over(buffer, sizeof buffer);
            verdict_observed(&verdicts[i], &c, &t);
        }
        profile_dump(p, sink);
        profile_free(p);
    }
    mistakes_free(&mistakes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter()) {
        nothing = calloc(1, sizeof *nothing);
        sink = fopen("/dev/null", "w");
        assert(nothing && sink);
        arena_keep();
    }
    run(span_of(data, size));
    assert(arena_is_free());
    arena_leave();
    return 0;
}
