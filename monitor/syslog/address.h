/* Where alerts go: unix:PATH, udp:HOST:PORT, tcp:..., tls:..., relp:..., relp+tls:... */
#ifndef UTWATCH_SYSLOG_ADDRESS_H
#define UTWATCH_SYSLOG_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum syslog_transport {
    SYSLOG_UNIX, /* datagrams to a local socket, such as /dev/log */
    SYSLOG_UDP,  /* RFC 5426 */
    SYSLOG_TCP,  /* RFC 6587, octet counting */
    SYSLOG_TLS,  /* RFC 5425 */
    SYSLOG_RELP, /* acknowledged message by message */
    SYSLOG_RELP_TLS,
};

struct syslog_address {
    const char *text; /* as given; lives as long as what it was parsed from */
    enum syslog_transport transport;
    char host[256]; /* name or address, without brackets; the path of unix: */
    char port[8];
};

/* NULL, or what is wrong with it, to be said after the text itself. */
const char *syslog_address_parse(const char *text, struct syslog_address *out);

static inline bool syslog_has_tls(const struct syslog_address *a)
{
    return a->transport == SYSLOG_TLS || a->transport == SYSLOG_RELP_TLS;
}

static inline bool syslog_is_relp(const struct syslog_address *a)
{
    return a->transport == SYSLOG_RELP || a->transport == SYSLOG_RELP_TLS;
}

/* One message one datagram, without acknowledgement of any kind. */
static inline bool syslog_is_datagram(const struct syslog_address *a)
{
    return a->transport == SYSLOG_UNIX || a->transport == SYSLOG_UDP;
}

#endif
