#include "capture/filter.h"

#include <stdio.h>

/* It is given back only when something matched, so that it must not be 0. */
enum { SNAP_LENGTH = 262144 };

static bool compile(struct bpf_program *program, const char *words, int link_type, char *error,
                    size_t error_size)
{
    pcap_t *dead = pcap_open_dead(link_type, SNAP_LENGTH);
    if (!dead) {
        (void)snprintf(error, error_size, "filter \"%s\": not enough memory", words);
        return false;
    }
    const bool compiled = pcap_compile(dead, program, words, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!compiled)
        (void)snprintf(error, error_size, "filter \"%s\": %s", words, pcap_geterr(dead));
    pcap_close(dead);
    return compiled;
}

static const struct bpf_program *program_for(struct filter *f, int link_type, char *error, size_t error_size)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->compiled[i].link_type == link_type)
            return &f->compiled[i].program;
    struct bpf_program program;
    if (!compile(&program, f->words, link_type, error, error_size))
        return NULL;
    if (f->count == FILTER_LINK_TYPES)
        pcap_freecode(&f->compiled[--f->count].program);
    f->compiled[f->count].link_type = link_type;
    f->compiled[f->count].program = program;
    return &f->compiled[f->count++].program;
}

bool filter_prepare(struct filter *filter, int link_type, char *error, size_t error_size)
{
    return !filter->words || program_for(filter, link_type, error, error_size);
}

enum filter_result filter_frame(struct filter *filter, const struct frame *frame, char *error,
                                size_t error_size)
{
    if (!filter->words)
        return FILTER_PASSES;
    const struct bpf_program *program = program_for(filter, frame->link_type, error, error_size);
    if (!program)
        return FILTER_FAULT;
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)frame->bytes.n,
                                       .len = (bpf_u_int32)frame->wire_len};
    return pcap_offline_filter(program, &header, frame->bytes.p) ? FILTER_PASSES : FILTER_DROPS;
}

void filter_close(struct filter *filter)
{
    while (filter->count)
        pcap_freecode(&filter->compiled[--filter->count].program);
}
