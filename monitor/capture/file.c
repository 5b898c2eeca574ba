#include "capture/capture.h"
#include "capture/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct capture {
    pcap_t *pcap;
    struct unpack *unpack; /* owned by the stream that pcap owns */
    unsigned source;
    uint64_t frames;
    uint64_t size;
    int link_type;
    bool filtered;
    struct bpf_program filter;
    char error[512];
};

enum { FIFO_WAIT_MS = 10000 };

/* A FIFO without a writer would block for ever in open(); one that gets a writer soon is waited for. */
static int open_fifo(const char *path, char *error, size_t error_size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        return -1;
    }
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = poll(&wait, 1, FIFO_WAIT_MS);
    if (ready == 1 && fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    (void)snprintf(error, error_size, "a FIFO that nobody wrote to for %d seconds", FIFO_WAIT_MS / 1000);
    (void)close(fd);
    return -1;
}

static int open_descriptor(const char *path, uint64_t *size, char *error, size_t error_size)
{
    if (strcmp(path, "-") == 0) {
        int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            (void)snprintf(error, error_size, "%s", strerror(errno));
        return fd;
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        (void)snprintf(error, error_size, "is a directory");
        return -1;
    }
    if (S_ISFIFO(st.st_mode) && strncmp(path, "/dev/fd/", 8) != 0 && strncmp(path, "/proc/", 6) != 0)
        return open_fifo(path, error, error_size);
    *size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        (void)snprintf(error, error_size, "%s", strerror(errno));
    return fd;
}

/* Applied here and not by libpcap, so that frame numbers stay those of the file. */
static bool set_filter(struct capture *capture, const char *filter, char *error, size_t error_size)
{
    if (pcap_compile(capture->pcap, &capture->filter, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        (void)snprintf(error, error_size, "filter \"%s\": %s", filter, pcap_geterr(capture->pcap));
        return false;
    }
    capture->filtered = true;
    return true;
}

struct capture *capture_open_file(const char *path, unsigned source, const char *filter, char *error,
                                  size_t error_size, bool *filter_fault)
{
    *filter_fault = false;
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        return NULL;
    }
    capture->source = source;
    int fd = open_descriptor(path, &capture->size, error, error_size);
    FILE *stream = fd < 0 ? NULL : unpack_open(fd, &capture->unpack);
    if (!stream) {
        if (fd >= 0)
            (void)close(fd);
        free(capture);
        return NULL;
    }
    char reason[PCAP_ERRBUF_SIZE] = "";
    capture->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!capture->pcap) {
        const char *unpacking = unpack_error(capture->unpack);
        (void)snprintf(error, error_size, "%s", unpacking ? unpacking : reason);
        (void)fclose(stream);
        free(capture);
        return NULL;
    }
    capture->link_type = pcap_datalink(capture->pcap);
    if (filter && !set_filter(capture, filter, error, error_size)) {
        *filter_fault = true;
        capture_close(capture);
        return NULL;
    }
    return capture;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    if (capture->filtered)
        pcap_freecode(&capture->filter);
    pcap_close(capture->pcap);
    free(capture);
}

/* Nanoseconds by our asking. Times beyond what `nanos` holds are not times; they become its ends. */
static nanos time_of(const struct pcap_pkthdr *header)
{
    const int64_t most = INT64_MAX / NANOS_PER_SECOND - 2;
    int64_t seconds = header->ts.tv_sec;
    if (seconds > most)
        seconds = most;
    if (seconds < -most)
        seconds = -most;
    int64_t rest = header->ts.tv_usec;
    if (rest < 0 || rest >= NANOS_PER_SECOND)
        rest = 0;
    return seconds * NANOS_PER_SECOND + rest;
}

enum capture_result capture_next(struct capture *capture, struct frame *frame)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int status;
    while ((status = pcap_next_ex(capture->pcap, &header, &bytes)) == 1) {
        capture->frames++;
        if (capture->filtered && !pcap_offline_filter(&capture->filter, header, bytes))
            continue;
        *frame = (struct frame){
            .time = time_of(header),
            .bytes = span_of(bytes, header->caplen),
            .wire_len = header->len,
            .link_type = capture->link_type,
            .source = capture->source,
            .number = capture->frames,
        };
        return CAPTURE_FRAME;
    }
    const char *unpacking = unpack_error(capture->unpack);
    if (status == PCAP_ERROR_BREAK && !unpacking)
        return CAPTURE_END;
    (void)snprintf(capture->error, sizeof capture->error, "%s",
                   unpacking ? unpacking : pcap_geterr(capture->pcap));
    return CAPTURE_BROKEN;
}

const char *capture_error(const struct capture *capture)
{
    return capture->error;
}

void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size)
{
    *done = unpack_position(capture->unpack);
    *size = capture->size;
}
