/* A rules file: load it, and judge an empty observation by whatever came out. */
#include "fuzz.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct observation nothing;
    struct mistakes mistakes = {0};
    struct profile *p = profile_parse("input.yaml", span_of(data, size), NULL, &mistakes);
    if (p) {
        struct policy_case c = {.observation = &nothing};
        size_t count;
        const struct verdict *verdicts = profile_judge(p, &c, &count);
        verdicts = profile_judge(p, &c, &count); /* as remembered */
        char buffer[256];
        for (size_t i = 0; i < count; i++) {
            struct text t = text_over(buffer, sizeof buffer);
            verdict_observed(&verdicts[i], &c, &t);
        }
        FILE *sink = fopen("/dev/null", "w");
        if (sink) {
            profile_dump(p, sink);
            (void)fclose(sink);
        }
        profile_free(p);
    }
    mistakes_free(&mistakes);
    return 0;
}
