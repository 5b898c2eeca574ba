/* Two byte streams in pieces, with gaps, into the http layer: every call ends, exchanges are pairs. */
#include "arena.h"
#include "fuzz.h"
#include "http/http.h"

#include <assert.h>
#include <stdlib.h>

static struct http *http;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter()) {
        http = http_new(2);
        assert(http);
        arena_keep();
    }
    uint32_t slot = http_open(http, &(struct http_connection){0}, NULL);
    assert(slot);
    /* A byte says which side, how long the piece is, and whether a gap comes before it. */
    struct span rest = span_of(data, size);
    struct whence where = {0};
    while (rest.n) {
        uint8_t control = rest.p[0];
        rest = span_skip(rest, 1);
        bool client = control & 1;
        size_t length = control >> 2;
        if (control & 2 && length > 60)
            http_gap(http, slot, client, length);
        else if (control & 2)
            length *= 64;
        struct span piece = span_head(rest, length);
        rest = span_skip(rest, piece.n);
        /* An exact block, so that reading beyond it is seen. */
        uint8_t *copy = malloc(piece.n ? piece.n : 1);
        if (!copy)
            abort();
        if (piece.n)
            memcpy(copy, piece.p, piece.n);
        struct span bytes = span_of(copy, piece.n);
        where.time++;
        const size_t place = http_switch_place(http, slot, client, bytes, control & 2 ? length : 0);
        assert(place <= bytes.n || place == SIZE_MAX);
        while (http_feed(http, slot, client, &bytes, &where)) {
            for (const struct http_exchange *e; (e = http_exchange(http, slot));) {
                assert(e->request_seen &&
                       (e->damage & HTTP_DAMAGE_TOO_LONG || (e->response_seen && e->status >= 100)));
                assert(e->host.length <= HTTP_NAME_BYTES && e->user.length <= HTTP_NAME_BYTES);
            }
        }
        assert(bytes.n == 0);
        free(copy);
    }
    while (http_unreceived(http, slot))
        continue;
    for (unsigned i = 0; http_unanswered(http, slot); i++)
        assert(i < HTTP_PIPELINE);
    assert(http_connection(http, slot)->count.served <= http_connection(http, slot)->count.answers);
    http_close(http, slot);
    arena_leave();
    return 0;
}
