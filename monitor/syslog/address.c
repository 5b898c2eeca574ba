#include "syslog/address.h"

#include "base/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const struct word transports[] = {
    {SYSLOG_UNIX, "unix"}, {SYSLOG_UDP, "udp"},           {SYSLOG_TCP, "tcp"}, {SYSLOG_TLS, "tls"},
    {SYSLOG_RELP, "relp"}, {SYSLOG_RELP_TLS, "relp+tls"}, {0, NULL},
};

static const char *take_path(const char *path, struct syslog_address *out)
{
    const size_t n = strlen(path);
    if (path[0] != '/')
        return "the path of a socket begins with /";
    if (n >= sizeof((struct sockaddr_un *)0)->sun_path)
        return "the path of a socket has at most 107 bytes";
    memcpy(out->host, path, n + 1);
    return NULL;
}

static const char *take_host(const char *host, size_t n, struct syslog_address *out)
{
    const bool brackets = n > 2 && host[0] == '[' && host[n - 1] == ']';
    if (!brackets && n && strcspn(host, ":[]") < n)
        return "write an IPv6 address in brackets: [2001:db8::1]:514";
    static const char of_names[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
    if (!brackets && strspn(host, of_names) < n)
        return "a host has letters, digits, '.', '-' and '_': udp:192.0.2.1:514";
    const size_t length = brackets ? n - 2 : n;
    if (length == 0)
        return "the host is missing";
    if (length >= sizeof out->host)
        return "the host's name is too long";
    memcpy(out->host, host + brackets, length);
    out->host[length] = '\0';
    return NULL;
}

const char *syslog_address_parse(const char *text, struct syslog_address *out)
{
    *out = (struct syslog_address){.text = text};
    const char *const forms = "a receiver is unix:PATH, udp:HOST:PORT, tcp:HOST:PORT, tls:HOST:PORT, "
                              "relp:HOST:PORT or relp+tls:HOST:PORT";
    char scheme[16] = "";
    const size_t n = strcspn(text, ":");
    if (n >= sizeof scheme || text[n] != ':')
        return forms;
    memcpy(scheme, text, n);
    int64_t transport;
    if (!word_number(transports, scheme, &transport))
        return forms;
    out->transport = (enum syslog_transport)transport;
    const char *rest = text + n + 1;
    if (out->transport == SYSLOG_UNIX)
        return take_path(rest, out);
    const char *colon = strrchr(rest, ':');
    if (!colon || colon[1] == '\0')
        return "the port is missing (TRANSPORT:HOST:PORT)";
    char *end;
    const long port = strtol(colon + 1, &end, 10);
    if (!isdigit((unsigned char)colon[1]) || *end || port < 1 || port > 65535 ||
        strlen(colon + 1) >= sizeof out->port)
        return "a port is a number from 1 to 65535";
    memcpy(out->port, colon + 1, strlen(colon + 1) + 1);
    return take_host(rest, (size_t)(colon - rest), out);
}
