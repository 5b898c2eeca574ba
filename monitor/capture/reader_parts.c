#include "capture/reader_parts.h"

#include <pcap/dlt.h>
#include <stdarg.h>
#include <stdio.h>

enum read_result reader_broken(struct reader *reader, const char *format, ...)
{
    const char *why = source_error(reader->source);
    va_list values;
    va_start(values, format);
    if (why)
        (void)snprintf(reader->error, sizeof reader->error, "%s", why);
    else
        (void)vsnprintf(reader->error, sizeof reader->error, format, values);
    va_end(values);
    return READ_BROKEN;
}

enum read_result reader_cut(struct reader *reader, const char *file, size_t n, const char *what, size_t got)
{
    return reader_broken(reader, "truncated %s; tried to read %zu %s, only got %zu", file, n, what, got);
}

int link_type_of_file(uint32_t link_type)
{
    enum {
        LINKTYPE_ATM_RFC1483 = 100,
        LINKTYPE_RAW = 101,
        LINKTYPE_SLIP_BSDOS = 102,
        LINKTYPE_PPP_BSDOS = 103,
        LINKTYPE_ATM_CLIP = 106,
    };
    switch (link_type) {
    case LINKTYPE_ATM_RFC1483:
        return DLT_ATM_RFC1483;
    case LINKTYPE_RAW:
        return DLT_RAW;
    case LINKTYPE_SLIP_BSDOS:
        return DLT_SLIP_BSDOS;
    case LINKTYPE_PPP_BSDOS:
        return DLT_PPP_BSDOS;
    case LINKTYPE_ATM_CLIP:
        return DLT_ATM_CLIP;
    default:
        return (int)link_type;
    }
}

nanos reader_time(int64_t seconds, uint64_t rest)
{
    if (seconds > LATEST_SECOND)
        seconds = LATEST_SECOND;
    if (seconds < EARLIEST_SECOND)
        seconds = EARLIEST_SECOND;
    if (rest >= NANOS_PER_SECOND)
        rest = 0;
    return seconds * NANOS_PER_SECOND + (int64_t)rest;
}
