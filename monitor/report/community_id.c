#include "report/community_id.h"

#include <arpa/inet.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>

void community_id(const struct endpoint *a, const struct endpoint *b, uint8_t protocol, struct text *out)
{
    size_t n = a->family == 4 ? 4 : 16;
    int order = memcmp(a->address, b->address, n);
    if (order > 0 || (order == 0 && a->port > b->port)) {
        const struct endpoint *other = a;
        a = b;
        b = other;
    }
    enum { SEED = 2, TAIL = 6 };
    uint8_t hashed[SEED + sizeof a->address + sizeof b->address + TAIL] = {0};
    const uint16_t ports[2] = {htons(a->port), htons(b->port)};
    memcpy(hashed + SEED, a->address, n);
    memcpy(hashed + SEED + n, b->address, n);
    hashed[SEED + 2 * n] = protocol;
    memcpy(hashed + SEED + 2 * n + 2, ports, sizeof ports);
    struct sha1_ctx sha1;
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_init(&sha1);
    sha1_update(&sha1, SEED + 2 * n + TAIL, hashed);
    sha1_digest(&sha1, sizeof digest, digest);
    char base64[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)];
    base64_encode_raw(base64, sizeof digest, digest);
    text_put(out, "1:");
    text_bytes(out, base64, sizeof base64);
}
