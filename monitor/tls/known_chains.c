#include "tls/known_chains.h"

#include "base/limits.h"
#include "base/ways.h"
#include "tls/learn.h"

#include <stdlib.h>

struct known_chain {
    uint16_t length;      /* of the message; 0: nothing is known here */
    uint16_t text_length; /* of the names that were written for it */
    uint16_t text_start;  /* where they began in the observation that they were written for */
    struct certificate_facts facts;
    uint16_t host_length;
    char host[MAX_HOST_NAME]; /* against which it was held */
    uint8_t body[KNOWN_CHAIN_BYTES];
    char text[KNOWN_CHAIN_TEXT];
};

struct known_chains {
    struct siphash_key key;
    struct known_chain *chain; /* KNOWN_CHAINS, in sets of WAYS; a newer one takes the place of an older */
    uint32_t turn;
};

size_t known_chains_memory(void)
{
    return KNOWN_CHAINS * sizeof(struct known_chain);
}

struct known_chains *known_chains_new(struct siphash_key key)
{
    struct known_chains *chains = calloc(1, sizeof *chains);
    if (!chains)
        return NULL;
    chains->key = key;
    chains->chain = calloc(KNOWN_CHAINS, sizeof *chains->chain);
    if (chains->chain)
        return chains;
    free(chains);
    return NULL;
}

void known_chains_free(struct known_chains *chains)
{
    if (chains)
        free(chains->chain);
    free(chains);
}

/* The end of a chain is a signature: chains that differ, differ there or in what it signs. */
static struct known_chain *places_of(const struct known_chains *chains, struct span body)
{
    enum { TAIL = 32 };
    const struct span tail = body.n > TAIL ? span_skip(body, body.n - TAIL) : body;
    return &chains->chain[ways_of(siphash_for_table(&chains->key, tail), KNOWN_CHAINS)];
}

/* Of these places the one that knows the message; NULL: none. */
static struct known_chain *find(struct known_chain *places, struct span body)
{
    for (size_t i = 0; i < WAYS && body.n; i++)
        if (span_equal(span_of(places[i].body, places[i].length), body))
            return &places[i];
    return NULL;
}

static void move(struct text_slice *slice, uint16_t from, uint16_t to)
{
    if (slice->length)
        slice->offset = (uint16_t)(slice->offset - from + to);
}

/* The names are behind one another in the text of the observation, wherever they begin. */
static void recall(const struct known_chain *known, struct observation *o)
{
    struct certificate_facts *f = &o->certificate;
    const uint16_t to = o->text_used;
    const uint16_t from = known->text_start;
    memcpy(o->text + to, known->text, known->text_length);
    o->text_used = (uint16_t)(to + known->text_length);
    *f = known->facts;
    move(&f->key_name, from, to);
    move(&f->curve, from, to);
    move(&f->signature, from, to);
    move(&f->subject, from, to);
    move(&f->issuer, from, to);
    move(&f->serial, from, to);
    move(&f->common_name, from, to);
    for (size_t i = 0; i < f->alt_name_count; i++)
        move(&f->alt_names[i], from, to);
    o->seen |= SEEN_CERTIFICATE;
}

static void remember(struct known_chain *known, struct span body, const struct observation *o,
                     uint16_t text_start)
{
    const size_t text_length = (size_t)(o->text_used - text_start);
    const struct span host = certificate_host(o);
    if (body.n > KNOWN_CHAIN_BYTES || text_length > KNOWN_CHAIN_TEXT || host.n > MAX_HOST_NAME || o->text_cut)
        return;
    known->length = (uint16_t)body.n;
    known->text_start = text_start;
    known->text_length = (uint16_t)text_length;
    known->facts = o->certificate;
    known->host_length = (uint16_t)host.n;
    if (host.n)
        memcpy(known->host, host.p, host.n);
    memcpy(known->body, body.p, body.n);
    memcpy(known->text, o->text + text_start, text_length);
}

bool known_chains_learn(struct known_chains *chains, struct observation *o, struct span body)
{
    struct known_chain *places = places_of(chains, body);
    struct known_chain *known = find(places, body);
    if (known && known->text_length <= sizeof o->text - o->text_used) {
        recall(known, o);
        if (!span_equal(span_of(known->host, known->host_length), certificate_host(o)))
            learn_host_of_certificate(o, body);
        return true;
    }
    const uint16_t text_start = o->text_used;
    if (!learn_server_certificate(o, body))
        return false;
    if (o->seen & SEEN_CERTIFICATE)
        remember(known ? known : &places[next_way(&chains->turn)], body, o, text_start);
    return true;
}
