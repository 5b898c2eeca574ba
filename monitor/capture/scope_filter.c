#include "capture/scope_filter.h"

#include <arpa/inet.h>
#include <string.h>

static void put_network(struct text *t, const struct network *n)
{
    char words[INET6_ADDRSTRLEN];
    uint8_t address[16] = {0};
    const unsigned whole = n->bits / 8;
    memcpy(address, n->address, whole);
    if (n->bits % 8) /* a network with host bits is refused by libpcap */
        address[whole] = (uint8_t)(n->address[whole] & 0xffU << (8 - n->bits % 8));
    (void)inet_ntop(n->family == 4 ? AF_INET : AF_INET6, address, words, sizeof words);
    text_printf(t, "net %s/%u", words, n->bits);
}

/* "(net A or net B)" of one family; false if the scope names servers, but none of this family. */
static bool put_servers(struct text *t, const struct capture_scope *scope, unsigned family)
{
    bool any = false;
    for (size_t i = 0; i < scope->server_count; i++) {
        if (scope->servers[i].family != family)
            continue;
        text_put(t, any ? " or " : "(");
        put_network(t, &scope->servers[i]);
        any = true;
    }
    text_put(t, any ? ")" : "");
    return any;
}

static void put_ports(struct text *t, const struct capture_scope *scope)
{
    for (size_t i = 0; i < scope->port_count; i++)
        text_printf(t, "%sport %u", i ? " or " : "(", scope->ports[i]);
    text_put(t, scope->port_count ? ")" : "");
}

/* In one version of IP: servers and ports, tunnels, other protocols, and fragments, which have no ports. An
 * extension header of IPv6 counts as another protocol. */
static void put_version(struct text *t, const struct capture_scope *scope, unsigned family)
{
    static const char *const others[] = {
        "(ip and (ip[9] != 6 and ip[9] != 17 or ip[6:2] & 0x3fff != 0",
        "(ip6 and (ip6[6] != 6 and ip6[6] != 17",
    };
    /* GTP-U, CAPWAP, VXLAN on its ports, GENEVE: what decode/tunnel.c opens */
    static const char *const tunnels =
        " or udp port 2152 or udp port 5247 or udp dst port 4789 or udp dst port 8472"
        " or udp dst port 4790 or udp dst port 6081";
    text_put(t, others[family == 6]);
    text_put(t, tunnels);
    for (size_t i = 0; i < scope->tunnel_port_count; i++)
        text_printf(t, " or udp port %u", scope->tunnel_ports[i]);
    bool any = false;
    for (size_t i = 0; i < scope->server_count; i++)
        any |= scope->servers[i].family == family;
    if (any || !scope->server_count) {
        text_put(t, " or (");
        if (put_servers(t, scope, family) && scope->port_count)
            text_put(t, " and ");
        put_ports(t, scope);
        text_put(t, ")");
    }
    text_put(t, "))");
}

/* At one depth of VLAN tags; `last`: further tags are not looked behind. */
static void put_level(struct text *t, const struct capture_scope *scope, bool last)
{
    put_version(t, scope, 4);
    text_put(t, " or ");
    put_version(t, scope, 6);
    text_put(t, " or not (ip or ip6 or arp");
    if (!last)
        text_put(t, " or ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100");
    text_put(t, ")");
}

bool scope_filter(struct text *out, const struct capture_scope *scope)
{
    if (!scope->server_count && !scope->port_count)
        return false;
    /* The kernel takes the outer tag off a frame and libpcap looks for it where the kernel keeps it, so that
     * the same words count one tag more in live capture; they hold at any depth. */
    put_level(out, scope, false);
    text_put(out, " or (vlan and (");
    put_level(out, scope, false);
    text_put(out, " or (vlan and (");
    put_level(out, scope, true);
    text_put(out, "))))");
    return !out->cut;
}
