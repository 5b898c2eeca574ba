/*
 * One connection's payloads from both sides through nDPI. Input: one byte of transport and family, the ports
 * of client and server, then pieces of one control byte (side, close early) and a 2-byte length.
 */
#include "arena.h"
#include "base/cursor.h"
#include "fuzz.h"
#include "naming/naming.h"

#include <assert.h>

enum setting { UDP = 0x01, IPV6 = 0x02 };
enum control { FROM_SERVER = 0x01, CLOSE = 0x80 };

static struct naming *naming;

static void set_up(void)
{
    arena_for_ndpi();
    naming = naming_new(1);
    assert(naming);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter()) {
        set_up();
        arena_keep();
    }
    struct cursor c = cursor_over(span_of(data, size));
    uint8_t settings = cursor_u8(&c);
    uint8_t family = settings & IPV6 ? 6 : 4;
    struct endpoint client = {.address = {192, 0, 2, 1}, .family = family, .port = cursor_u16(&c)};
    struct endpoint server = {.address = {192, 0, 2, 2}, .family = family, .port = cursor_u16(&c)};
    uint32_t slot = naming_open(naming, &client, &server, settings & UDP ? TRANSPORT_UDP : TRANSPORT_TCP);
    assert(slot);
    nanos now = NANOS_PER_SECOND;
    unsigned fed = 0;
    while (cursor_left(&c)) {
        uint8_t control = cursor_u8(&c);
        size_t length = cursor_u16(&c);
        struct span bytes = cursor_take(&c, length < cursor_left(&c) ? length : cursor_left(&c));
        if (control & CLOSE)
            break;
        enum naming_progress progress =
            naming_feed(naming, slot, !(control & FROM_SERVER), bytes, now += NANOS_PER_SECOND / 100);
        fed += bytes.n > 0;
        assert(strlen(naming_name(naming, slot)) > 0);
        assert(progress == NAMING_DONE || fed < NAMING_PACKETS);
    }
    naming_close(naming, slot);
    arena_leave();
    return 0;
}
