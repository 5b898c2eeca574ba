#include "capture/fanout.h"

#include <assert.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/random.h>
#include <sys/socket.h>

enum { MOST_INSTRUCTIONS = 768, MOST_JUMPS = 64, TAGS = 3, GTP_EXTENSIONS = 3, GTP_PORT = 2152 };

/* Where the program continues; END is where it returns. */
enum label {
    END,
    TAGGED,
    V4 = TAGGED + TAGS,
    V6,
    UDP,
    GTP,
    EXTENDED,
    INSIDE = EXTENDED + GTP_EXTENSIONS,
    INSIDE_V6,
    QUOTED,
    QUOTED_V6,
    LABELS
};

/* Places of its memory. X is loaded from BASE before each access to the frame. */
enum place { BASE, SUM, PART, HALF, PROTOCOL };

struct program {
    struct sock_filter code[MOST_INSTRUCTIONS];
    uint16_t length;
    uint16_t at[LABELS];
    struct {
        uint16_t from;
        enum label to;
    } jump[MOST_JUMPS];
    size_t jumps;
    uint32_t key;
};

static void put(struct program *p, unsigned code, uint32_t k)
{
    assert(p->length < MOST_INSTRUCTIONS);
    p->code[p->length++] = (struct sock_filter){.code = (uint16_t)code, .k = k};
}

static void go_to(struct program *p, enum label to)
{
    assert(p->jumps < MOST_JUMPS);
    p->jump[p->jumps].from = p->length;
    p->jump[p->jumps++].to = to;
    put(p, BPF_JMP | BPF_JA, 0);
}

static void here(struct program *p, unsigned label)
{
    p->at[label] = p->length;
}

static void if_is(struct program *p, uint32_t value, unsigned to)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, value);
    p->code[p->length - 1].jf = 1;
    go_to(p, (enum label)to);
}

static void end_unless_is(struct program *p, uint32_t value)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, value);
    p->code[p->length - 1].jt = 1;
    go_to(p, END);
}

static void load(struct program *p, unsigned size, uint32_t offset)
{
    put(p, BPF_LDX | BPF_MEM, BASE);
    put(p, BPF_LD | size | BPF_IND, offset);
}

/* The base advances by A. */
static void go_on(struct program *p)
{
    put(p, BPF_LDX | BPF_MEM, BASE);
    put(p, BPF_ALU | BPF_ADD | BPF_X, 0);
    put(p, BPF_ST, BASE);
}

static void go_on_by(struct program *p, uint32_t bytes)
{
    put(p, BPF_LD | BPF_IMM, bytes);
    go_on(p);
}

static void mix(struct program *p)
{
    put(p, BPF_ALU | BPF_MUL | BPF_K, p->key | 1);
    put(p, BPF_ST, HALF);
    put(p, BPF_ALU | BPF_RSH | BPF_K, 15);
    put(p, BPF_LDX | BPF_MEM, HALF);
    put(p, BPF_ALU | BPF_XOR | BPF_X, 0);
}

static void go_on_behind_v4(struct program *p)
{
    load(p, BPF_B, 0);
    put(p, BPF_ALU | BPF_AND | BPF_K, 0xf);
    put(p, BPF_ALU | BPF_LSH | BPF_K, 2);
    go_on(p);
}

/* The sum of both addresses, each mixed word by word: the same in both directions. */
static void sum_addresses(struct program *p, uint32_t source, unsigned words)
{
    put(p, BPF_LD | BPF_IMM, 0);
    put(p, BPF_ST, SUM);
    for (unsigned end = 0; end < 2; end++) {
        put(p, BPF_LD | BPF_IMM, 0);
        for (unsigned i = 0; i < words; i++) {
            put(p, BPF_ST, PART);
            load(p, BPF_W, source + 4 * (end * words + i));
            put(p, BPF_LDX | BPF_MEM, PART);
            put(p, BPF_ALU | BPF_ADD | BPF_X, 0);
            mix(p);
        }
        put(p, BPF_LDX | BPF_MEM, SUM);
        put(p, BPF_ALU | BPF_ADD | BPF_X, 0);
        put(p, BPF_ST, SUM);
    }
}

static void sum_v4(struct program *p)
{
    sum_addresses(p, 12, 1);
}

static void sum_v6(struct program *p)
{
    sum_addresses(p, 8, 4);
}

/* The kernel hands in a frame from the network's header on, or as a whole when this machine sends it; it has
 * taken off one tag. */
static void find_network(struct program *p)
{
    put(p, BPF_LD | BPF_IMM, 0);
    put(p, BPF_ST, SUM);
    put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING);
    p->code[p->length - 1].jf = 2;
    put(p, BPF_LD | BPF_IMM, ETH_HLEN);
    put(p, BPF_JMP | BPF_JA, 1);
    put(p, BPF_LD | BPF_IMM, 0);
    put(p, BPF_ST, BASE);
    put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    for (unsigned i = 0; i < TAGS; i++) {
        if_is(p, ETH_P_IP, V4);
        if_is(p, ETH_P_IPV6, V6);
        if_is(p, ETH_P_8021Q, TAGGED + i);
        if_is(p, ETH_P_8021AD, TAGGED + i);
        end_unless_is(p, ETH_P_QINQ1);
        here(p, TAGGED + i);
        load(p, BPF_H, 2);
        put(p, BPF_ST, PROTOCOL);
        go_on_by(p, 4);
        put(p, BPF_LD | BPF_MEM, PROTOCOL);
    }
    if_is(p, ETH_P_IP, V4);
    end_unless_is(p, ETH_P_IPV6);
}

/* Fragments have no ports. */
static void look_behind_ip(struct program *p)
{
    here(p, V6);
    sum_v6(p);
    load(p, BPF_B, 6);
    if_is(p, IPPROTO_ICMPV6, INSIDE);
    end_unless_is(p, IPPROTO_UDP);
    go_on_by(p, 40);
    go_to(p, UDP);
    here(p, V4);
    sum_v4(p);
    load(p, BPF_H, 6);
    put(p, BPF_ALU | BPF_AND | BPF_K, 0x3fff);
    end_unless_is(p, 0);
    load(p, BPF_B, 9);
    if_is(p, IPPROTO_ICMP, INSIDE);
    end_unless_is(p, IPPROTO_UDP);
    go_on_behind_v4(p);
}

/* A user's packet: version 1, protocol type GTP, message type 255; with a sequence number and the like there
 * are four bytes more, of which the last names the first extension header, as each of these does the next. */
static void look_into_gtp(struct program *p)
{
    here(p, UDP);
    load(p, BPF_H, 0);
    if_is(p, GTP_PORT, GTP);
    load(p, BPF_H, 2);
    end_unless_is(p, GTP_PORT);
    here(p, GTP);
    go_on_by(p, 8);
    load(p, BPF_B, 0);
    put(p, BPF_ALU | BPF_AND | BPF_K, 0xf0);
    end_unless_is(p, 0x30);
    load(p, BPF_B, 1);
    end_unless_is(p, 255);
    load(p, BPF_B, 0);
    put(p, BPF_ST, PROTOCOL);
    go_on_by(p, 8);
    put(p, BPF_LD | BPF_MEM, PROTOCOL);
    put(p, BPF_ALU | BPF_AND | BPF_K, 7);
    if_is(p, 0, INSIDE);
    go_on_by(p, 4);
    put(p, BPF_LD | BPF_MEM, PROTOCOL);
    put(p, BPF_ALU | BPF_AND | BPF_K, 4);
    if_is(p, 0, INSIDE);
    for (unsigned i = 0; i < GTP_EXTENSIONS; i++) {
        load(p, BPF_B, (uint32_t)-1);
        if_is(p, 0, INSIDE);
        load(p, BPF_B, 0);
        put(p, BPF_ALU | BPF_LSH | BPF_K, 2);
        go_on(p);
    }
}

static void if_is_v6(struct program *p, enum label to)
{
    load(p, BPF_B, 0);
    put(p, BPF_ALU | BPF_RSH | BPF_K, 4);
    if_is(p, 6, to);
    end_unless_is(p, 4);
}

/* An error of ICMP, which comes from anywhere on the way, belongs to the packet that it quotes. */
static void look_inside(struct program *p)
{
    here(p, INSIDE);
    if_is_v6(p, INSIDE_V6);
    sum_v4(p);
    load(p, BPF_B, 9);
    end_unless_is(p, IPPROTO_ICMP);
    go_on_behind_v4(p);
    go_to(p, QUOTED);
    here(p, INSIDE_V6);
    sum_v6(p);
    load(p, BPF_B, 6);
    end_unless_is(p, IPPROTO_ICMPV6);
    go_on_by(p, 40);
    here(p, QUOTED);
    go_on_by(p, 8);
    if_is_v6(p, QUOTED_V6);
    sum_v4(p);
    go_to(p, END);
    here(p, QUOTED_V6);
    sum_v6(p);
}

/* What it returns modulo the number of sockets is the one that gets the frame. */
static void write_program(struct program *p)
{
    find_network(p);
    look_behind_ip(p);
    look_into_gtp(p);
    look_inside(p);
    here(p, END);
    put(p, BPF_LD | BPF_MEM, SUM);
    mix(p);
    put(p, BPF_ALU | BPF_RSH | BPF_K, 8);
    put(p, BPF_RET | BPF_A, 0);
    for (size_t i = 0; i < p->jumps; i++)
        p->code[p->jump[i].from].k = (uint32_t)(p->at[p->jump[i].to] - p->jump[i].from - 1);
}

uint32_t fanout_key(void)
{
    uint32_t key;
    return getrandom(&key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key ? key : 0x9e3779b1;
}

static bool set_program(int socket, uint32_t key)
{
    struct program p = {.key = key};
    write_program(&p);
    const struct sock_fprog program = {.len = p.length, .filter = p.code};
    return setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program) == 0;
}

/* Whole datagrams, since only the first fragment of one shows what it carries. */
bool fanout_join(struct fanout *f, int socket)
{
    const unsigned how =
        PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_DEFRAG | (f->made ? 0 : PACKET_FANOUT_FLAG_UNIQUEID);
    const int group = (int)(how << 16 | f->id);
    if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &group, sizeof group) != 0)
        return false;
    if (f->made)
        return true;
    int made = 0;
    socklen_t size = sizeof made;
    if (getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &made, &size) != 0 || !set_program(socket, f->key))
        return false;
    f->id = (uint16_t)(made & 0xffff);
    f->made = true;
    return true;
}
