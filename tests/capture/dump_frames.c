/* Every frame of captures, one a line: time, lengths, link type, a hash of its bytes. "libpcap" reads with
 * libpcap alone, "utwatch" with our own reader. For reader_witness.py. */
#include "capture/capture.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

static void print(nanos time, size_t captured, size_t wire, int link_type, const uint8_t *bytes)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < captured; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    (void)printf("%" PRId64 " %zu %zu %d %016" PRIx64 "\n", time, captured, wire, link_type, hash);
}

static const char *with_utwatch(const char *path)
{
    static char error[512];
    bool filter_fault;
    struct capture *capture = capture_open_file(path, 0, NULL, NULL, error, sizeof error, &filter_fault);
    if (!capture)
        return error;
    const char *why = NULL;
    struct frame f = {0};
    enum capture_result result;
    while ((result = capture_next(capture, &f)) == CAPTURE_FRAME)
        print(f.time, f.bytes.n, f.wire_len, f.link_type, f.bytes.p);
    if (result != CAPTURE_END) {
        (void)snprintf(error, sizeof error, "%s", capture_error(capture));
        why = error;
    }
    capture_close(capture);
    return why;
}

static const char *with_libpcap(const char *path)
{
    static char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    if (!pcap)
        return error;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int status;
    while ((status = pcap_next_ex(pcap, &header, &bytes)) == 1)
        print(header->ts.tv_sec * NANOS_PER_SECOND + header->ts.tv_usec, header->caplen, header->len,
              pcap_datalink(pcap), bytes);
    (void)snprintf(error, sizeof error, "%s", pcap_geterr(pcap));
    pcap_close(pcap);
    return status == PCAP_ERROR_BREAK ? NULL : error;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const bool libpcap = strcmp(argv[1], "libpcap") == 0;
    for (int i = 2; i < argc; i++) {
        const char *why = libpcap ? with_libpcap(argv[i]) : with_utwatch(argv[i]);
        (void)printf("end %s\n", why ? why : "");
    }
    return 0;
}
