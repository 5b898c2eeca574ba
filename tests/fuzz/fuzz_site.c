/* A site's configuration: loaded, or refused with mistakes that have a place. */
#include "app/site.h"
#include "arena.h"
#include "fuzz.h"
#include "policy/file_texts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "site.yaml";

/* As one process hands it to another, in a block of its very size: one byte more is a fault. */
static struct file_texts texts_of(const uint8_t *data, size_t size)
{
    const uint32_t heading[] = {sizeof name - 1, (uint32_t)size};
    struct file_texts texts = {.closed = true, .used = sizeof heading + sizeof name - 1 + size};
    texts.size = texts.used;
    texts.bytes = malloc(texts.size);
    if (!texts.bytes)
        abort();
    memcpy(texts.bytes, heading, sizeof heading);
    memcpy(texts.bytes + sizeof heading, name, sizeof name - 1);
    if (size)
        memcpy(texts.bytes + texts.size - size, data, size);
    return texts;
}

static void run(const uint8_t *data, size_t size)
{
    struct file_texts texts = texts_of(data, size);
    struct mistakes mistakes = {0};
    struct site *site = site_load(name, &texts, &mistakes);
    assert(!site == (mistakes.count != 0));
    if (site) {
        const struct endpoint server = {.address = {192, 0, 2, 80}, .family = 4, .port = 443};
        (void)site_in_scope(site, &server, span_of_text("xcap.example.org"));
    }
    for (size_t i = 0; i < mistakes.count; i++)
        assert(mistakes.list[i].message[0]);
    site_free(site);
    mistakes_free(&mistakes);
    free(texts.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter())
        arena_keep();
    run(data, size);
    assert(arena_is_free());
    arena_leave();
    return 0;
}
