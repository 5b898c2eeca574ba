/*
 * From frames to verdicts. The input says what two ends of a connection send, and the client never
 * acknowledges a number of the server's: nobody is known to have received an answer, so no breach may be of
 * high severity.
 *
 * Input: pieces of a byte of flags (bit 0: from the server; 1: SYN; 2: FIN; 3: RST; 4: another place in the
 * stream; 5: a second later), a byte of length, and so many bytes of payload.
 */
#include "app/pipeline.h"
#include "arena.h"
#include "evidence/streams.h"
#include "fuzz.h"
#include "report/html_material.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pcap/dlt.h>
#include <stdlib.h>

enum { IP_HEADER = 20, TCP_HEADER = 20, MOST = 255, SERVER_PORT = 443 };
enum piece { FROM_SERVER = 1, WITH_SYN = 2, WITH_FIN = 4, WITH_RST = 8, ELSEWHERE = 16, LATER = 32 };

/* Set up once. */
static struct pipeline *pipeline;
static struct judge *judge;
static struct html_material *material;
static struct streams *streams;

/* What the pipeline calls of app/output.c. */
void output_expect(const struct output *out, const struct endpoint *offender, uint64_t asked)
{
    (void)out;
    (void)offender;
    (void)asked;
}

void output_case(struct output *out, const struct policy_case *c, const struct verdict *verdicts,
                 size_t count, const struct verdict *advice, size_t advised)
{
    (void)out, (void)advice, (void)advised;
    html_material_case(material, c);
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].value != VERDICT_FAIL)
            continue;
        assert(verdicts[i].severity <= SEVERITY_MEDIUM);
        html_material_finding(material, c, &verdicts[i], FINDING_VIOLATION, -1);
    }
}

void output_peer(struct output *out, const struct policy_case *c, const struct verdict *v,
                 const struct peer_news *news, bool advice)
{
    if (news->tell)
        output_case(out, c, v, 1, NULL, advice);
}

bool output_has_baseline(const struct output *out)
{
    return (void)out, false;
}

const char *output_interface(const struct output *out, const struct whence *about)
{
    (void)out;
    (void)about;
    return NULL;
}

bool output_knows(const struct output *out, const struct policy_case *c, const struct verdict *v)
{
    return (void)out, (void)c, (void)v, false;
}

struct evidence_frames *output_evidence(struct output *out)
{
    return (void)out, NULL;
}

/* Streams are numbered and messages kept, so that what reads them is tried too. */
struct streams *output_streams(struct output *out)
{
    return (void)out, streams;
}

bool output_shows_messages(const struct output *out)
{
    return (void)out, true;
}

void output_time(struct output *out, nanos now)
{
    (void)out, (void)now;
}

const struct summing_counters *output_messages(const struct output *out)
{
    static const struct summing_counters none;
    return (void)out, &none;
}

const struct summing_counters *output_beyond_limit(const struct output *out)
{
    return output_messages(out);
}

struct ends {
    uint32_t next[2]; /* the number of the next byte, client and server */
    uint16_t port;    /* the client's */
};

static void put16(uint8_t *at, uint32_t value)
{
    const uint16_t order = htons((uint16_t)value);
    memcpy(at, &order, sizeof order);
}

static void put32(uint8_t *at, uint32_t value)
{
    const uint32_t order = htonl(value);
    memcpy(at, &order, sizeof order);
}

/* An IPv4 packet of the piece; returns its length. */
static size_t write_packet(uint8_t *packet, struct ends *e, unsigned flags, struct span payload)
{
    const unsigned from = flags & FROM_SERVER;
    const size_t length = IP_HEADER + TCP_HEADER + payload.n;
    memset(packet, 0, IP_HEADER + TCP_HEADER);
    packet[0] = 0x45;
    put16(packet + 2, (uint32_t)length);
    packet[9] = TRANSPORT_TCP;
    put32(packet + 12, from ? 0xc0000250 : 0xc000020a); /* 192.0.2.80, 192.0.2.10 */
    put32(packet + 16, from ? 0xc000020a : 0xc0000250);
    uint8_t *tcp = packet + IP_HEADER;
    put16(tcp, from ? SERVER_PORT : e->port);
    put16(tcp + 2, from ? e->port : SERVER_PORT);
    put32(tcp + 4, e->next[from] + (flags & ELSEWHERE && payload.n ? payload.p[0] : 0));
    put32(tcp + 8, from ? e->next[0] : e->next[1] + 0x80000000U);
    tcp[12] = TCP_HEADER / 4 << 4;
    tcp[13] = (uint8_t)((flags & WITH_SYN && !from ? 0 : TCP_ACK) | (flags & WITH_SYN ? TCP_SYN : 0) |
                        (flags & WITH_FIN ? TCP_FIN : 0) | (flags & WITH_RST ? TCP_RST : 0));
    if (payload.n)
        memcpy(tcp + TCP_HEADER, payload.p, payload.n);
    if (!(flags & ELSEWHERE))
        e->next[from] += (uint32_t)payload.n + !!(flags & WITH_SYN) + !!(flags & WITH_FIN);
    return length;
}

/* What the input says, on a client's port of its own. */
static void converse(struct span input, uint16_t port)
{
    static const nanos start = 1795471000LL * NANOS_PER_SECOND;
    struct ends ends = {.next = {1000, 5000}, .port = port};
    uint8_t packet[IP_HEADER + TCP_HEADER + MOST];
    nanos now = start;
    for (uint64_t number = 1; input.n >= 2; number++) {
        const unsigned flags = input.p[0];
        const struct span payload = span_head(span_skip(input, 2), input.p[1]);
        input = span_skip(input, 2 + payload.n);
        now += flags & LATER ? NANOS_PER_SECOND : 1000000;
        const size_t length = write_packet(packet, &ends, flags, payload);
        const struct frame frame = {.time = now,
                                    .bytes = span_of(packet, length),
                                    .wire_len = length,
                                    .link_type = DLT_RAW,
                                    .number = number};
        pipeline_frame(pipeline, &frame);
    }
}

/* nDPI is made for the first connection that it is to name, which takes longer than all else. */
static void meet_unknown(void)
{
    static const uint8_t pieces[] = "\2\0\3\0\0\0\0\17SSH-2.0-OpenSSH\1\17SSH-2.0-OpenSSH\4";
    converse(span_of(pieces, sizeof pieces), 1023);
    pipeline_end(pipeline);
}

static void set_up(void)
{
    static struct ruleset rules;
    static const char *const directories[] = {UTWATCH_RULES_SOURCE, NULL};
    struct mistakes mistakes = {0};
    arena_for_ndpi();
    rules.site = site_load(NULL, NULL, &mistakes);
    rules.profile = profile_load("modern", directories, NULL, 0, NULL, &mistakes);
    assert(rules.site && rules.profile);
    rules.site->checksums = CHECKSUMS_IGNORE; /* nobody makes them here */
    rules.site->flows = 1024;
    rules.site->handshakes = 64;
    rules.site->sessions.sessions = 1024;
    material = html_material_new();
    streams = streams_new();
    judge = judge_new(&rules, NULL, NULL, 1);
    assert(material && streams && judge);
    pipeline = pipeline_new(&rules, NULL, judge, &(struct pipeline_worker){.workers = 1});
    assert(pipeline);
    meet_unknown();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena_enter()) {
        set_up();
        arena_keep();
    }
    converse(span_of(data, size), 1024);
    pipeline_end(pipeline);
    (void)judge_end(judge);
    arena_leave();
    return 0;
}
