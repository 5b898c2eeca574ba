#include "arena.h"

#include <ndpi_api.h>

void arena_for_ndpi(void)
{
    set_ndpi_malloc(arena_allocate);
    set_ndpi_free(arena_free);
    set_ndpi_flow_malloc(arena_allocate);
    set_ndpi_flow_free(arena_free);
}
