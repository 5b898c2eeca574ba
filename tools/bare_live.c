/* What live capture costs with libpcap and nothing else: the measure for tools/bench --live.
 * usage: bare_live INTERFACE RING_BYTES; SIGINT ends it, and it prints the number of frames. */
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t ended;
static unsigned long frames, sum;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static void take(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)context;
    frames++;
    sum += header->caplen ? bytes[0] : 0; /* touched, so that the loop is not empty */
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = argc == 3 ? pcap_create(argv[1], error) : NULL;
    if (!pcap)
        return 1;
    pcap_set_snaplen(pcap, 262144);
    pcap_set_promisc(pcap, 1);
    pcap_set_timeout(pcap, 20);
    pcap_set_buffer_size(pcap, atoi(argv[2]));
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    if (pcap_activate(pcap) != 0 || pcap_setnonblock(pcap, 1, error) != 0)
        return 1;
    signal(SIGINT, end);
    fprintf(stderr, "capturing\n");
    struct pollfd fd = {.fd = pcap_get_selectable_fd(pcap), .events = POLLIN};
    while (!ended)
        if (pcap_dispatch(pcap, 4096, take, NULL) == 0)
            poll(&fd, 1, 100);
    printf("%lu frames, %lu\n", frames, sum);
    pcap_close(pcap);
    return 0;
}
