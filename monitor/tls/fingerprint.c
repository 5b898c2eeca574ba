#include "tls/fingerprint.h"

#include "base/text.h"

#include <nettle/md5.h>

static void add_text(struct md5_ctx *md5, const char *text, size_t n)
{
    md5_update(md5, n, (const uint8_t *)text);
}

static void add_number(struct md5_ctx *md5, uint32_t number, bool *first)
{
    char buffer[16];
    struct text t = text_over(buffer, sizeof buffer);
    if (!*first)
        text_char(&t, '-');
    *first = false;
    text_uint(&t, number);
    add_text(md5, t.p, t.n);
}

/* Numbers of `width` bytes each, GREASE left out. */
static void add_list(struct md5_ctx *md5, struct span list, size_t width)
{
    struct cursor c = cursor_over(list);
    bool first = true;
    while (cursor_left(&c) >= width) {
        uint32_t number = cursor_uint(&c, width);
        if (width == 1 || !is_grease((uint16_t)number))
            add_number(md5, number, &first);
    }
}

static void add_extensions(struct md5_ctx *md5, struct span extensions)
{
    struct cursor c = cursor_over(extensions);
    struct extension extension;
    bool first = true;
    while (extension_next(&c, &extension))
        if (!is_grease(extension.type))
            add_number(md5, extension.type, &first);
}

static struct span body_of(struct span extensions, uint16_t type)
{
    struct cursor c = cursor_over(extensions);
    struct extension extension;
    while (extension_next(&c, &extension))
        if (extension.type == type)
            return extension.body;
    return span_of(NULL, 0);
}

/* The list in an extension's body; empty if it does not parse. */
static struct span list_of(struct span extensions, uint16_t type, size_t width)
{
    struct span list;
    const bool parses = extension_list(body_of(extensions, type), width, &list) == PARSE_OK;
    return parses ? list : span_of(NULL, 0);
}

void ja3_client(const struct client_hello *hello, uint8_t md5[16])
{
    struct md5_ctx ctx;
    md5_init(&ctx);
    bool first = true;
    add_number(&ctx, hello->version, &first);
    add_text(&ctx, ",", 1);
    add_list(&ctx, hello->suites, 2);
    add_text(&ctx, ",", 1);
    add_extensions(&ctx, hello->extensions);
    add_text(&ctx, ",", 1);
    add_list(&ctx, list_of(hello->extensions, EXTENSION_SUPPORTED_GROUPS, 2), 2);
    add_text(&ctx, ",", 1);
    add_list(&ctx, list_of(hello->extensions, EXTENSION_POINT_FORMATS, 1), 1);
    md5_digest(&ctx, 16, md5);
}

void ja3_server(const struct server_hello *hello, uint8_t md5[16])
{
    struct md5_ctx ctx;
    md5_init(&ctx);
    bool first = true;
    add_number(&ctx, hello->version, &first);
    add_text(&ctx, ",", 1);
    first = true;
    add_number(&ctx, hello->suite, &first);
    add_text(&ctx, ",", 1);
    add_extensions(&ctx, hello->extensions);
    md5_digest(&ctx, 16, md5);
}
