#include "tls/known_chains.h"

#include "base/expect.h"
#include "base/fold_hash.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "decode/endpoint_hash.h"
#include "tls/learn.h"

#include <stdlib.h>

/* Places of a set: a server farm has hundreds of chains, and parsing one costs as much as fifty other
 * messages. */
enum { SET = 16, EXPECTED_TEXT = 192, SHOWN = 4096 };

struct known_chain {
    uint16_t length;      /* of the message */
    uint16_t text_length; /* of the names that were written for it */
    uint16_t text_start;  /* where they began in the observation that they were written for */
    struct certificate_facts facts;
    uint16_t host_length;
    char host[MAX_HOST_NAME]; /* with which it was compared */
    uint8_t body[KNOWN_CHAIN_BYTES];
    char text[KNOWN_CHAIN_TEXT];
};

/* What is compared before a chain's own bytes. */
struct mark {
    uint64_t hash; /* 0: nothing is known here */
    uint64_t used; /* the chain used longest ago goes first */
};

/* For servers that share a place, the wrong chain is fetched, and they wait for the right one. */
struct shown {
    uint16_t place;  /* of a chain */
    uint16_t length; /* of its message; 0: none */
};

struct known_chains {
    struct siphash_key key;
    struct shown shown[SHOWN]; /* by server: the chain that came last */
    struct mark *marks;        /* KNOWN_CHAINS, in sets of SET */
    struct known_chain *chain; /* likewise */
    uint64_t used;
};

size_t known_chains_memory(void)
{
    return sizeof(struct known_chains) + KNOWN_CHAINS * (sizeof(struct known_chain) + sizeof(struct mark));
}

struct known_chains *known_chains_new(struct siphash_key key)
{
    struct known_chains *chains = calloc(1, sizeof *chains);
    if (!chains)
        return NULL;
    chains->key = key;
    chains->marks = memory_map(KNOWN_CHAINS, sizeof *chains->marks);
    chains->chain = memory_map(KNOWN_CHAINS, sizeof *chains->chain);
    if (chains->marks && chains->chain)
        return chains;
    known_chains_free(chains);
    return NULL;
}

void known_chains_free(struct known_chains *chains)
{
    if (chains) {
        memory_unmap(chains->marks);
        memory_unmap(chains->chain);
    }
    free(chains);
}

/* The end of a chain is a signature: different chains differ there or in what it signs. */
static uint64_t hash_of(const struct known_chains *chains, struct span body)
{
    enum { TAIL = 32 };
    const struct span tail = body.n > TAIL ? span_skip(body, body.n - TAIL) : body;
    return fold_hash_bytes(&chains->key, tail) | 1;
}

/* Everything that is read if it is the right chain. */
static void expect_chain(const struct known_chain *chain, size_t length)
{
    expect(chain, offsetof(struct known_chain, host));
    expect(chain->body, length);
    expect(chain->text, EXPECTED_TEXT);
}

static size_t shown_by(const struct known_chains *chains, const struct endpoint *server)
{
    return endpoint_hash(&chains->key, server) % SHOWN;
}

void known_chains_expect_server(const struct known_chains *chains, const struct endpoint *server)
{
    expect(&chains->shown[shown_by(chains, server)], 1);
}

void known_chains_expect(const struct known_chains *chains, const struct endpoint *server)
{
    const struct shown *shown = &chains->shown[shown_by(chains, server)];
    if (!shown->length)
        return;
    const size_t set = (size_t)shown->place / SET * SET;
    expect(&chains->marks[set], SET * sizeof *chains->marks);
    expect_chain(&chains->chain[shown->place], shown->length);
}

/* The place of the message if it is known, else the one that a new message takes. */
static size_t place_of(struct known_chains *chains, uint64_t hash, struct span body, bool *known)
{
    const size_t set = (hash >> 1) % (KNOWN_CHAINS / SET) * SET;
    size_t oldest = set;
    *known = true;
    for (size_t i = set; i < set + SET; i++) {
        const struct known_chain *chain = &chains->chain[i];
        if (chains->marks[i].hash == hash && span_equal(span_of(chain->body, chain->length), body))
            return i;
        if (chains->marks[i].used < chains->marks[oldest].used)
            oldest = i;
    }
    *known = false;
    return oldest;
}

static void move(struct text_slice *slice, uint16_t from, uint16_t to)
{
    if (slice->length)
        slice->offset = (uint16_t)(slice->offset - from + to);
}

/* The names follow each other in the text of the observation, wherever they begin. */
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

/* False: what was learned is too long. */
static bool remember(struct known_chains *chains, size_t place, struct span body, struct observation *o,
                     uint16_t text_start)
{
    struct known_chain *known = &chains->chain[place];
    const size_t text_length = (size_t)(o->text_used - text_start);
    const struct span host = observation_certificate_host(o);
    if (body.n > KNOWN_CHAIN_BYTES || text_length > KNOWN_CHAIN_TEXT || host.n > MAX_HOST_NAME || o->text_cut)
        return false;
    o->certificate.number = number_of_its_own(place, KNOWN_CHAINS);
    known->length = (uint16_t)body.n;
    known->text_start = text_start;
    known->text_length = (uint16_t)text_length;
    known->facts = o->certificate;
    known->host_length = (uint16_t)host.n;
    if (host.n)
        memcpy(known->host, host.p, host.n);
    memcpy(known->body, body.p, body.n);
    memcpy(known->text, o->text + text_start, text_length);
    return true;
}

bool known_chains_learn(struct known_chains *chains, struct observation *o, struct span body)
{
    const uint64_t hash = hash_of(chains, body);
    bool is_known;
    const size_t place = place_of(chains, hash, body, &is_known);
    struct known_chain *chain = &chains->chain[place];
    chains->shown[shown_by(chains, &o->whence.server)] = (struct shown){
        .place = (uint16_t)place, .length = body.n <= KNOWN_CHAIN_BYTES ? (uint16_t)body.n : 0};
    if (is_known)
        chains->marks[place].used = ++chains->used;
    if (is_known && chain->text_length <= sizeof o->text - o->text_used) {
        recall(chain, o);
        if (!span_equal(span_of(chain->host, chain->host_length), observation_certificate_host(o)))
            learn_host_of_certificate(o, body);
        return true;
    }
    const uint16_t text_start = o->text_used;
    if (!learn_server_certificate(o, body))
        return false;
    if (o->seen & SEEN_CERTIFICATE && remember(chains, place, body, o, text_start))
        chains->marks[place] = (struct mark){.hash = hash, .used = ++chains->used};
    return true;
}
