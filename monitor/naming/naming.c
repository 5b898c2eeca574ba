/* The one file that knows nDPI. The NDPI_HAS_ macros come from meson.build, which asks the compiler. */
#include "naming/naming.h"

#include "base/pool.h"

#include <assert.h>
#include <ndpi_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER  20
#define UDP_HEADER  8

/* Zeros behind every payload: nDPI's dissectors are known to read a little too far, and to take payload for
 * text. */
#define SLACK 128

/* A datagram of at least QUIC_BYTES may be a QUIC Initial (RFC 9000, 14.1), whose ClientHello nDPI would
 * decrypt and hand to its TLS code. Only its start is shown, with zeros after it: the long header is all that
 * a name takes, and with both connection ids it has 47 bytes at most. */
#define QUIC_BYTES 1200
#define QUIC_SHOWN 64

struct slot {
    struct endpoint end[2]; /* client, server; first, as the pool writes over the start of a free slot */
    struct ndpi_flow_struct *flow; /* NULL once named, given up or closed */
    uint32_t seq[2];               /* of the next byte of each, made up */
    uint16_t protocol;             /* nDPI's number */
    uint8_t transport;
    uint8_t packets;
};

struct naming {
    struct ndpi_detection_module_struct *module;
    struct pool slots;
    struct naming_counters counters;
    /* Not const for nDPI: some dissectors write into the packet. */
    _Alignas(8) uint8_t packet[IPV6_HEADER + TCP_HEADER + NAMING_BYTES + SLACK];
};

/* nDPI's modules must not be made at the same time. */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* Copies, because nDPI's own texts go with the module. Filled before the first naming_new() returns. */
static char names[NDPI_LAST_IMPLEMENTED_PROTOCOL][32];

static void copy_names(struct ndpi_detection_module_struct *module)
{
    if (names[0][0] != '\0')
        return;
    for (unsigned i = 0; i < NDPI_LAST_IMPLEMENTED_PROTOCOL; i++) {
        const char *name = i == NDPI_PROTOCOL_UNKNOWN ? NULL : ndpi_get_proto_name(module, (uint16_t)i);
        (void)snprintf(names[i], sizeof names[i], "%s", name ? name : "Unknown");
    }
}

/* TLS is left out: it is not fed, and nDPI's TLS code is where most of its memory errors were. */
static struct ndpi_detection_module_struct *module_new(void)
{
    /* naming.c reads members of the flow, so the library has to be the one the headers are of. */
    if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct))
        return NULL;
#ifdef NDPI_HAS_PREFS
    ndpi_init_prefs prefs = ndpi_dont_load_tor_hosts;
    struct ndpi_detection_module_struct *module = ndpi_init_detection_module(prefs);
#else
    struct ndpi_detection_module_struct *module = ndpi_init_detection_module(NULL);
#endif
    if (!module)
        return NULL;
#ifdef NDPI_HAS_BITMASK
    NDPI_PROTOCOL_BITMASK wanted;
    NDPI_BITMASK_SET_ALL(wanted);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion" /* in the macro */
    NDPI_BITMASK_DEL(wanted, NDPI_PROTOCOL_TLS);
    NDPI_BITMASK_DEL(wanted, NDPI_PROTOCOL_DTLS);
#pragma GCC diagnostic pop
    ndpi_set_protocol_detection_bitmask2(module, &wanted);
#else
    (void)ndpi_set_config(module, "tls", "enable", "0");
    (void)ndpi_set_config(module, "dtls", "enable", "0");
#endif
#ifdef NDPI_HAS_FINALIZE_STATUS
    if (ndpi_finalize_initialization(module) != 0) {
        ndpi_exit_detection_module(module);
        return NULL;
    }
#else
    ndpi_finalize_initialization(module);
#endif
    return module;
}

struct naming *naming_new(uint32_t flows)
{
    struct naming *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    if (!pool_open(&n->slots, sizeof(struct slot), flows)) {
        free(n);
        return NULL;
    }
    (void)pthread_mutex_lock(&making);
    n->module = module_new();
    if (n->module)
        copy_names(n->module);
    (void)pthread_mutex_unlock(&making);
    if (!n->module) {
        naming_free(n);
        return NULL;
    }
    return n;
}

static void forget(struct slot *slot)
{
    if (slot->flow)
        ndpi_free_flow(slot->flow);
    slot->flow = NULL;
}

void naming_free(struct naming *n)
{
    if (!n)
        return;
    /* Slots that were given back have no flow. */
    for (uint32_t i = 1; i < n->slots.fresh; i++)
        forget(pool_at(&n->slots, i));
    if (n->module)
        ndpi_exit_detection_module(n->module);
    pool_close(&n->slots);
    free(n);
}

uint32_t naming_open(struct naming *n, const struct endpoint *client, const struct endpoint *server,
                     enum transport transport)
{
    assert(client->family == server->family);
    uint32_t index = pool_take(&n->slots);
    if (!index) {
        n->counters.refused++;
        return 0;
    }
    struct slot *slot = pool_at(&n->slots, index);
    *slot = (struct slot){.flow = ndpi_flow_malloc(sizeof *slot->flow),
                          .end = {*client, *server},
                          .seq = {1, 1}, /* 0 means "not known" to nDPI */
                          .protocol = NDPI_PROTOCOL_UNKNOWN,
                          .transport = (uint8_t)transport};
    if (!slot->flow) {
        pool_give(&n->slots, index);
        n->counters.refused++;
        return 0;
    }
    memset(slot->flow, 0, sizeof *slot->flow);
#ifdef NDPI_HAS_GUESS_MARK
    /* Else nDPI looks up a guess from ports and addresses at the first packet, and its HTTP dissector (4.2)
     * returns that as if it were content: a GET on port 22 would be "SSH". */
    slot->flow->protocol_id_already_guessed = 1;
#endif
    return index;
}

static uint8_t *put_16(uint8_t *p, size_t value)
{
    *p++ = (uint8_t)(value >> 8);
    *p++ = (uint8_t)value;
    return p;
}

static uint8_t *put_32(uint8_t *p, uint32_t value)
{
    return put_16(put_16(p, value >> 16), value & 0xffff);
}

static uint8_t *put_bytes(uint8_t *p, const void *from, size_t n)
{
    memcpy(p, from, n);
    return p + n;
}

/* The payload as one IP packet in n->packet; its length. Checksums stay 0: nDPI does not look at them. */
static uint16_t build(struct naming *n, const struct slot *slot, enum side who, struct span payload)
{
    const enum side peer = other_end(who);
    const struct endpoint *src = &slot->end[who], *dst = &slot->end[peer];
    size_t rest = (slot->transport == TRANSPORT_TCP ? TCP_HEADER : UDP_HEADER) + payload.n;
    uint8_t *p = n->packet;
    if (src->family == 4) {
        p = put_16(p, 0x4500);
        p = put_16(p, IPV4_HEADER + rest);
        p = put_32(p, 0x4000); /* do not fragment */
        *p++ = 64;
        *p++ = slot->transport;
        p = put_16(p, 0);
        p = put_bytes(p, src->address, 4);
        p = put_bytes(p, dst->address, 4);
    } else {
        p = put_32(p, 0x60000000);
        p = put_16(p, rest);
        *p++ = slot->transport;
        *p++ = 64;
        p = put_bytes(p, src->address, 16);
        p = put_bytes(p, dst->address, 16);
    }
    p = put_16(p, src->port);
    p = put_16(p, dst->port);
    if (slot->transport == TRANSPORT_TCP) {
        p = put_32(p, slot->seq[who]);
        p = put_32(p, slot->seq[peer]);
        p = put_16(p, 0x5000 | TCP_ACK | TCP_PSH);
        p = put_16(p, 0xffff);
        p = put_32(p, 0);
    } else {
        p = put_16(p, rest);
        p = put_16(p, 0);
    }
    bool quic = slot->transport == TRANSPORT_UDP && payload.n >= QUIC_BYTES;
    struct span shown = span_head(payload, quic ? QUIC_SHOWN : payload.n);
    memset(p, 0, payload.n + SLACK);
    p = put_bytes(p, shown.p, shown.n) + (payload.n - shown.n);
    return (uint16_t)(p - n->packet);
}

/* The lowest protocol nDPI tells apart: "HTTP" and not the service spoken over it. */
static uint16_t detected(const struct ndpi_flow_struct *flow, ndpi_protocol found)
{
    if (flow->confidence != NDPI_CONFIDENCE_DPI)
        return NDPI_PROTOCOL_UNKNOWN;
#ifdef NDPI_HAS_NESTED_RESULT
    uint16_t master = found.proto.master_protocol, app = found.proto.app_protocol;
#else
    uint16_t master = found.master_protocol, app = found.app_protocol;
#endif
    uint16_t protocol = master != NDPI_PROTOCOL_UNKNOWN ? master : app;
    return protocol < NDPI_LAST_IMPLEMENTED_PROTOCOL ? protocol : NDPI_PROTOCOL_UNKNOWN;
}

enum naming_progress naming_feed(struct naming *n, uint32_t index, enum side who, struct span payload,
                                 nanos time)
{
    struct slot *slot = pool_at(&n->slots, index);
    if (!slot->flow)
        return NAMING_DONE;
    payload = span_head(payload, NAMING_BYTES);
    if (payload.n == 0)
        return NAMING_MORE;

    uint16_t length = build(n, slot, who, payload);
    slot->seq[who] += (uint32_t)payload.n;
    slot->packets++;
    n->counters.packets++;
    uint64_t milliseconds = time > 0 ? (uint64_t)time / 1000000 : 0;
#ifdef NDPI_HAS_INPUT_INFO
    struct ndpi_flow_input_info info = {.in_pkt_dir =
                                            who == CLIENT ? NDPI_IN_PKT_DIR_C_TO_S : NDPI_IN_PKT_DIR_S_TO_C};
    ndpi_protocol found =
        ndpi_detection_process_packet(n->module, slot->flow, n->packet, length, milliseconds, &info);
#else
    ndpi_protocol found =
        ndpi_detection_process_packet(n->module, slot->flow, n->packet, length, milliseconds);
#endif
    slot->protocol = detected(slot->flow, found);
    if (slot->protocol != NDPI_PROTOCOL_UNKNOWN)
        n->counters.named++;
    else if (slot->packets == NAMING_PACKETS)
        n->counters.gave_up++;
    else
        return NAMING_MORE;
    forget(slot);
    return NAMING_DONE;
}

const char *naming_name(const struct naming *n, uint32_t index)
{
    const struct slot *slot = pool_at(&n->slots, index);
    return names[slot->protocol];
}

void naming_close(struct naming *n, uint32_t index)
{
    struct slot *slot = pool_at(&n->slots, index);
    if (slot->flow)
        n->counters.evicted++;
    forget(slot);
    pool_give(&n->slots, index);
}

const struct naming_counters *naming_counters(const struct naming *n)
{
    return &n->counters;
}

static char library[64];

static void write_library(void)
{
    (void)snprintf(library, sizeof library, "nDPI %s", ndpi_revision());
}

const char *naming_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, write_library);
    return library;
}
