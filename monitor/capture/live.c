#include "capture/live.h"

#include "base/clock.h"
#include "capture/fanout.h"
#include "capture/interface_drops.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A frame that a card has put together from several segments may be longer than 65,535 bytes. */
enum { LIVE_SNAP_LENGTH = 262144 };

enum {
    CACHE_LINE = 64,
    RING_HEADERS = 86, /* of libpcap's ring, before each frame of Ethernet */
};

struct live {
    struct live_settings settings;
    pcap_t *pcap; /* NULL: not open */
    bool keep_closed;
    unsigned index; /* the kernel's number of the interface */
    int link_type;
    char name[IF_NAMESIZE]; /* to the kernel, now */
    enum live_state state;
    bool disturbed;               /* it went down, and may be up again */
    int64_t vanished;             /* when it was found to be removed; 0: it is there */
    struct interface_drops drops; /* while there is a handle */
    struct live_counters counters;
    uint64_t frames; /* pushed since it was opened first */
    uint64_t missed; /* that were in rings when these were closed */
    capture_callback *callback;
    void *context;
    size_t pushed; /* by this call of live_read() */
    bool refused;  /* in it, by the callback */
    bool empty;    /* the ring, at its end */
};

static enum live_failure explain(pcap_t *pcap, int result, char *error, size_t error_size)
{
    switch (result) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        (void)snprintf(error, error_size, "there is no interface of that name");
        break;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        (void)snprintf(error, error_size, "no right to capture; CAP_NET_RAW is needed");
        break;
    default:
        (void)snprintf(error, error_size, "cannot capture from it: %s",
                       pcap && *pcap_geterr(pcap) ? pcap_geterr(pcap) : pcap_statustostr(result));
    }
    return LIVE_NOT_READABLE;
}

static bool apply_filter(const struct live *live, pcap_t *pcap, bool now, char *error, size_t error_size)
{
    struct bpf_program program;
    const char *words = live->settings.filter;
    if (!words)
        return true;
    if (pcap_compile(pcap, &program, words, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        (void)snprintf(error, error_size, "filter \"%s\": %s", words, pcap_geterr(pcap));
        return false;
    }
    const bool applied = !now || pcap_setfilter(pcap, &program) == 0;
    if (!applied)
        (void)snprintf(error, error_size, "filter \"%s\": %s", words, pcap_geterr(pcap));
    pcap_freecode(&program);
    return applied;
}

/* No worker may miss what comes first of a connection because another one took it before it had joined. */
static bool reject_all_and_join(const struct live *live, pcap_t *pcap, char *error, size_t error_size)
{
    struct bpf_insn nothing = {.code = BPF_RET | BPF_K};
    struct bpf_program program = {.bf_len = 1, .bf_insns = &nothing};
    if (pcap_setfilter(pcap, &program) == 0 && fanout_join(live->settings.fanout, pcap_fileno(pcap)))
        return true;
    (void)snprintf(error, error_size, "several threads cannot share it: %s", strerror(errno));
    return false;
}

/* It only saves work, so that nothing is lost when the kernel does not take it. Words of the user may name
 * tags, which changes what words behind them mean: the two are not put together. */
static void apply_scope(const struct live *live, pcap_t *pcap)
{
    struct bpf_program program;
    if (live->settings.filter || !live->settings.scope || pcap_datalink(pcap) != DLT_EN10MB ||
        pcap_compile(pcap, &program, live->settings.scope, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return;
    if (program.bf_len <= BPF_MAXINSNS)
        (void)pcap_setfilter(pcap, &program);
    pcap_freecode(&program);
}

/* Never in immediate mode: that has slots of a fixed size, of which the ring holds few, and costs ten times
 * the processor time. */
static int activate(struct live *live, pcap_t *pcap)
{
    (void)pcap_set_snaplen(pcap, LIVE_SNAP_LENGTH);
    (void)pcap_set_promisc(pcap, 1);
    (void)pcap_set_timeout(pcap, LIVE_BLOCK_MS);
    (void)pcap_set_buffer_size(pcap, (int)live->settings.ring);
    (void)pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    return pcap_activate(pcap);
}

/* Is the interface switched on, with a link? False too when there is none. */
static bool is_up(int socket, const char *name)
{
    struct ifreq request = {0};
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    const int wanted = IFF_UP | IFF_RUNNING;
    return ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & wanted) == wanted;
}

static enum live_failure open_handle(struct live *live, char *error, size_t error_size)
{
    char message[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_create(live->name, message);
    if (!pcap) {
        (void)snprintf(error, error_size, "%s", message);
        return LIVE_NOT_READABLE;
    }
    const int result = activate(live, pcap);
    live->index = if_nametoindex(live->name);
    enum live_failure failure = LIVE_NO_FAILURE;
    if (result == PCAP_ERROR_IFACE_NOT_UP) {
        pcap_close(pcap);
        live->state = LIVE_DOWN;
        return LIVE_NO_FAILURE;
    }
    if (result < 0)
        failure = explain(pcap, result, error, error_size);
    else if (!apply_filter(live, pcap, !live->settings.fanout, error, error_size))
        failure = LIVE_FILTER_FAULT;
    else if (live->settings.fanout && !reject_all_and_join(live, pcap, error, error_size))
        failure = LIVE_NOT_READABLE;
    else if (pcap_setnonblock(pcap, 1, message) != 0)
        failure = explain(pcap, PCAP_ERROR, error, error_size);
    if (failure) {
        pcap_close(pcap);
        return failure;
    }
    if (!live->settings.fanout)
        apply_scope(live, pcap);
    live->pcap = pcap;
    live->link_type = pcap_datalink(pcap);
    live->state = LIVE_UP; /* if it has no link, live_look() finds that out */
    live->disturbed = false;
    live->vanished = 0;
    interface_drops_open(&live->drops, live->name);
    return LIVE_NO_FAILURE;
}

/* Without a handle: is there an interface of that name, and is it switched on? */
static enum live_state state_of(const char *name)
{
    const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    const bool there = any >= 0 && ioctl(any, SIOCGIFFLAGS, &request) == 0;
    if (any >= 0)
        (void)close(any);
    if (!there)
        return LIVE_GONE;
    return request.ifr_flags & IFF_UP ? LIVE_UP : LIVE_DOWN;
}

/* Who has to open it again may find it under the name that it has by now. */
static void find_name(struct live *live)
{
    const struct live_settings *s = &live->settings;
    if (!s->index || state_of(s->interface) != LIVE_GONE || !if_indextoname(s->index, live->name))
        (void)snprintf(live->name, sizeof live->name, "%s", s->interface);
}

struct live *live_open(const struct live_settings *settings, enum live_failure *failure, char *error,
                       size_t error_size)
{
    struct live *live = calloc(1, sizeof *live);
    *failure = LIVE_NOT_READABLE;
    if (!live) {
        (void)snprintf(error, error_size, "not enough memory");
        return NULL;
    }
    live->settings = *settings;
    find_name(live);
    *failure = open_handle(live, error, error_size);
    if (*failure == LIVE_NOT_READABLE && settings->may_be_gone && state_of(live->name) == LIVE_GONE) {
        live->state = LIVE_GONE;
        *failure = LIVE_NO_FAILURE;
    }
    if (*failure) {
        live_close(live);
        return NULL;
    }
    return live;
}

/* What the kernel counted since it was last asked: it forgets what it has reported. */
static void read_ring_statistics(struct live *live)
{
    struct tpacket_stats_v3 s;
    socklen_t n = sizeof s;
    if (getsockopt(pcap_fileno(live->pcap), SOL_PACKET, PACKET_STATISTICS, &s, &n) == 0) {
        live->counters.kernel_packets += s.tp_packets;
        live->counters.kernel_drops += s.tp_drops;
    }
}

static void read_statistics(struct live *live)
{
    read_ring_statistics(live);
    live->counters.interface_drops += interface_drops_new(&live->drops);
}

uint64_t live_unread(struct live *live)
{
    if (!live->pcap)
        return 0;
    read_ring_statistics(live);
    const uint64_t put = live->counters.kernel_packets - live->counters.kernel_drops;
    const uint64_t gone = live->frames + live->missed;
    return put > gone ? put - gone : 0;
}

static void close_handle(struct live *live)
{
    if (!live->pcap)
        return;
    read_statistics(live);
    live->missed += live_unread(live);
    interface_drops_close(&live->drops);
    pcap_close(live->pcap);
    live->pcap = NULL;
}

void live_close(struct live *live)
{
    if (!live)
        return;
    close_handle(live);
    free(live);
}

int live_descriptor(const struct live *live)
{
    return live->pcap && !live->vanished ? pcap_get_selectable_fd(live->pcap) : -1;
}

/* Nobody has touched the ring since the kernel wrote it, and the processor takes longer to fetch a frame's
 * headers than it takes to read one of bulk data. So those of the frame after the next are asked for; it is
 * there if the next is as long as this one, as in bulk. A useless request costs next to nothing, and an
 * invalid address does no harm. */
static void fetch_ahead(const u_char *bytes, size_t length)
{
    const u_char *ahead = bytes + length + RING_HEADERS + length;
    __builtin_prefetch(ahead);
    __builtin_prefetch(ahead + CACHE_LINE);
    __builtin_prefetch(ahead + (size_t)2 * CACHE_LINE);
}

static void push(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct live *live = (struct live *)context;
    fetch_ahead(bytes, header->caplen);
    const struct frame frame = {
        .time =
            (nanos)header->ts.tv_sec * NANOS_PER_SECOND + header->ts.tv_usec, /* nanoseconds, as asked for */
        .bytes = span_of(bytes, header->caplen),
        .wire_len = header->len,
        .link_type = live->link_type,
        .big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
        .source = live->settings.source,
        .number = ++live->frames,
    };
    if (live->callback(live->context, &frame)) {
        live->pushed++;
    } else {
        live->refused = true;
        pcap_breakloop(live->pcap);
    }
}

/* The name that it has now. False: it is not there any more. */
static bool ask_name(const struct live *live, struct ifreq *request)
{
    request->ifr_ifindex = (int)live->index;
    return ioctl(pcap_fileno(live->pcap), SIOCGIFNAME, request) == 0;
}

/* libpcap asks for the interface by its former name, so an interface that went down and was renamed looks
 * removed to it; frames that arrive there afterwards are still read. */
static void note_failure(struct live *live)
{
    struct ifreq request = {0};
    if (!live->vanished && !ask_name(live, &request))
        live->vanished = clock_monotonic();
}

size_t live_read(struct live *live, size_t most, capture_callback *callback, void *context)
{
    live->empty = true;
    if (!live->pcap)
        return 0;
    live->callback = callback;
    live->context = context;
    live->pushed = 0;
    live->refused = false;
    if (pcap_dispatch(live->pcap, (int)most, push, (u_char *)live) == PCAP_ERROR)
        note_failure(live);
    live->empty = live->pushed < most && !live->refused;
    return live->pushed;
}

uint64_t live_frames(const struct live *live)
{
    return live->frames;
}

bool live_found_empty(const struct live *live)
{
    return live->empty;
}

static void drop(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)context;
    (void)header;
    (void)bytes;
}

void live_begin(struct live *live)
{
    struct bpf_insn anything = {.code = BPF_RET | BPF_K, .k = LIVE_SNAP_LENGTH};
    struct bpf_program program = {.bf_len = 1, .bf_insns = &anything};
    char error[512];
    if (!live->pcap)
        return;
    while (pcap_dispatch(live->pcap, -1, drop, NULL) > 0) { /* from before the filter that rejects all */
    }
    read_statistics(live);
    live->counters = (struct live_counters){0};
    if (live->settings.filter)
        (void)apply_filter(live, live->pcap, true, error, sizeof error); /* it was compiled before */
    else
        (void)pcap_setfilter(live->pcap, &program);
    apply_scope(live, live->pcap);
}

void live_keep_closed(struct live *live)
{
    live->keep_closed = true;
}

void live_disturbed(struct live *live)
{
    live->disturbed = true;
}

/* A handle that is not open is opened when there is an interface of its name, and that is up. */
static enum live_edge look_for(struct live *live)
{
    if (live->keep_closed)
        return LIVE_NO_EDGE;
    const enum live_state before = live->state;
    live->state = state_of(live->settings.interface);
    if (live->state == LIVE_DOWN && before == LIVE_GONE)
        live->state = LIVE_GONE; /* as long as it cannot be captured from */
    char error[512];
    find_name(live);
    if (live->state == LIVE_UP && open_handle(live, error, sizeof error) != LIVE_NO_FAILURE)
        live->state = before; /* tried again */
    if (live->state == before)
        return LIVE_NO_EDGE;
    if (live->state == LIVE_GONE)
        return LIVE_REMOVED;
    if (before == LIVE_GONE)
        return LIVE_CREATED;
    return live->state == LIVE_UP ? LIVE_CAME_UP : LIVE_NO_EDGE;
}

/* The last block of the ring is still to be given out when the interface is removed. */
static enum live_edge look_after_removal(struct live *live)
{
    if (clock_monotonic() - live->vanished < INT64_C(3) * LIVE_BLOCK_MS * NANOS_PER_MILLISECOND)
        return LIVE_NO_EDGE;
    close_handle(live);
    live->state = LIVE_GONE;
    return LIVE_REMOVED;
}

enum live_edge live_look(struct live *live)
{
    if (!live->pcap)
        return look_for(live);
    if (live->vanished)
        return look_after_removal(live);
    struct ifreq request = {0};
    if (!ask_name(live, &request)) {
        live->vanished = clock_monotonic();
        return LIVE_NO_EDGE;
    }
    if (strncmp(request.ifr_name, live->name, sizeof live->name) != 0) {
        (void)snprintf(live->name, sizeof live->name, "%s", request.ifr_name);
        return LIVE_RENAMED;
    }
    const enum live_state before = live->state;
    live->state = is_up(pcap_fileno(live->pcap), live->name) && !live->disturbed ? LIVE_UP : LIVE_DOWN;
    live->disturbed = false;
    if (live->state == before)
        return LIVE_NO_EDGE;
    return live->state == LIVE_UP ? LIVE_CAME_UP : LIVE_WENT_DOWN;
}

enum live_state live_state(const struct live *live)
{
    return live->state;
}

const char *live_name(const struct live *live)
{
    return live->name;
}

unsigned live_index(const struct live *live)
{
    return live->state == LIVE_GONE || live->vanished ? 0 : live->index;
}

const struct live_counters *live_counters(struct live *live)
{
    if (live->pcap)
        read_statistics(live);
    return &live->counters;
}
