#include "wire/record.h"

bool record_header_is_usual(const struct record_header *header)
{
    return header->version <= 0x0304 && header->length > 0;
}
