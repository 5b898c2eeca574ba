/* The version of a profile: a count of the times that the rules were read, and a hash of what they say. */
#include "policy/compiled.h"

#include <nettle/sha2.h>
#include <stdlib.h>

/* Over the canonical text, so that comments and the layout of files change nothing. */
static void hash_rules(const struct profile *p, char *out, size_t size)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *dump = open_memstream(&bytes, &length);
    if (!dump)
        abort();
    profile_dump(p, dump);
    if (fclose(dump) != 0)
        abort();
    struct sha256_ctx sha256;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&sha256);
    sha256_update(&sha256, length, (const uint8_t *)bytes);
    sha256_digest(&sha256, sizeof digest, digest);
    free(bytes);
    struct text t = text_over(out, size);
    text_hex(&t, span_of(digest, (size - 1) / 2), 0);
}

void profile_number(struct profile *p, uint32_t generation)
{
    if (p->more)
        profile_number(p->more, generation);
    p->version.generation = generation;
    hash_rules(p, p->version.hash, sizeof p->version.hash);
    for (size_t i = 0; i < p->rule_count; i++)
        p->rules[i].facts.version = &p->version;
}

const struct rules_version *profile_version(const struct profile *p)
{
    return &p->version;
}
