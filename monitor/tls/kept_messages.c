#include "tls/kept_messages.h"

static size_t put(struct kept_messages *k, size_t most, struct span bytes)
{
    const size_t room = sizeof k->bytes - k->used;
    const struct span part = span_head(bytes, most < room ? most : room);
    if (part.n)
        memcpy(k->bytes + k->used, part.p, part.n);
    k->used = (uint16_t)(k->used + part.n);
    return part.n;
}

bool kept_messages_add(struct kept_messages *k, const struct kept_message *m, struct span head,
                       struct span body)
{
    if (k->count == KEPT_MESSAGES)
        return false;
    struct kept_message *message = &k->message[k->count++];
    *message = *m;
    message->at = k->used;
    message->length = (uint32_t)(head.n + body.n);
    const size_t of_head = put(k, KEPT_MESSAGE_BYTES, head);
    message->kept = (uint16_t)(of_head + put(k, KEPT_MESSAGE_BYTES - of_head, body));
    return message->kept == message->length;
}

void kept_messages_copy(struct kept_messages *to, const struct kept_messages *from)
{
    to->used = from->used;
    to->count = from->count;
    memcpy(to->message, from->message, from->count * sizeof *from->message);
    memcpy(to->bytes, from->bytes, from->used);
}
