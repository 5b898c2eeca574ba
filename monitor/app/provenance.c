#include "app/provenance.h"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that are read again for sums; a second and a half for each GiB. */
static const uint64_t most_summed = UINT64_C(4) << 30;

/* False when it cannot be read to its end. */
static bool add_up(int file, struct input_provenance *input)
{
    struct sha256_ctx sum;
    uint8_t buffer[65536];
    sha256_init(&sum);
    ssize_t n;
    while ((n = read(file, buffer, sizeof buffer)) > 0)
        sha256_update(&sum, (size_t)n, buffer);
    if (n < 0)
        return false;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&sum, sizeof digest, digest);
    struct text t = text_over(input->sha256, sizeof input->sha256);
    text_hex(&t, span_of(digest, sizeof digest), 0);
    return true;
}

static void find_input(struct input_provenance *input, const char *name, uint64_t *left)
{
    const int file = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (file < 0)
        return;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        input->known = true;
        input->bytes = (uint64_t)status.st_size;
        if (input->bytes <= *left && add_up(file, input))
            *left -= input->bytes;
    }
    (void)close(file);
}

/* A password in a URL is nobody's business. */
static void put_argument(struct text *t, const char *argument)
{
    const char *scheme = strstr(argument, "://");
    const char *at = scheme ? strrchr(scheme, '@') : NULL;
    if (!at) {
        text_put(t, argument);
        return;
    }
    text_bytes(t, argument, (size_t)(scheme - argument) + strlen("://"));
    text_put(t, "...");
    text_put(t, at);
}

static void put_command(struct text *t, const struct options *o)
{
    for (int i = 0; i < o->argument_count; i++) {
        const size_t before = t->n;
        text_put(t, i ? " " : "");
        put_argument(t, o->arguments[i]);
        if (!t->cut)
            continue;
        *t = (struct text){.p = t->p, .n = before < t->cap - 8 ? before : t->cap - 8, .cap = t->cap};
        text_put(t, " ...");
        return;
    }
}

static void find_rules(struct provenance *p, const struct ruleset *rules)
{
    p->rules = calloc(rules->file_count + 1, sizeof *p->rules);
    for (size_t i = 0; p->rules && i < rules->file_count; i++)
        p->rules[i] = (struct rules_provenance){rules->files[i].name, rules->files[i].sha256};
    p->origin.rules = p->rules;
    p->origin.rules_count = p->rules ? rules->file_count : 0;
}

static void find_exceptions(struct provenance *p, const struct site *site)
{
    p->exception = calloc(site->exception_count + 1, sizeof *p->exception);
    for (size_t i = 0; p->exception && i < site->exception_count; i++) {
        const struct exception *x = &site->exceptions[i];
        struct exception_provenance *e = &p->exception[i];
        *e = (struct exception_provenance){.rule = x->rule, .reason = x->reason, .until = x->until_text};
        struct text t = text_over(e->server, sizeof e->server);
        char network[NETWORK_TEXT];
        if (x->server.family) {
            network_text(&x->server, network);
            text_put(&t, network);
        }
        if (x->port)
            text_printf(&t, "%sport %u", t.n ? " " : "", x->port);
    }
    p->origin.exception = p->exception;
    p->origin.exception_count = p->exception ? site->exception_count : 0;
}

void provenance_find(struct provenance *p, const struct options *o, const struct ruleset *rules)
{
    *p = (struct provenance){.origin = {.version = UTWATCH_VERSION}};
    struct text t = text_over(p->command, sizeof p->command);
    put_command(&t, o);
    p->origin.command = p->command;
    p->origin.filter = o->filter;
    find_rules(p, rules);
    find_exceptions(p, rules->site);
    p->origin.baseline = o->baseline_file;
    if (o->endless)
        return;
    p->input = calloc(o->input_count, sizeof *p->input);
    p->origin.input = p->input;
    p->origin.input_count = p->input ? o->input_count : 0;
    uint64_t left = most_summed;
    for (size_t i = 0; i < p->origin.input_count; i++)
        if (strcmp(o->inputs[i], "-") != 0)
            find_input(&p->input[i], o->inputs[i], &left);
    if (o->baseline_file)
        find_input(&p->origin.baseline_file, o->baseline_file, &left);
}

void provenance_free(struct provenance *p)
{
    free(p->input);
    free(p->rules);
    free(p->exception);
}
