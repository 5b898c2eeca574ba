/*
 * What a hello looks like apart from its suites: everything else that a server may refuse it for.
 *
 * A server that insists on renegotiation_info, extended_master_secret or encrypt_then_mac refuses whoever
 * does not offer it, mostly with handshake_failure; others refuse a hello for the contents of an extension,
 * for instance if it names none of their protocols (RFC 7301 3.2) or certificate types (RFC 7250 4.2). So the
 * extensions that a hello carries belong to its shape, with their values unless these vary anyway.
 */
#ifndef UTWATCH_PEERS_SHAPE_H
#define UTWATCH_PEERS_SHAPE_H

#include "base/siphash.h"
#include "tls/observation.h"

struct hello_shape {
    uint64_t groups; /* a hash of supported_groups and ec_point_formats */
    uint64_t rest;   /* of the server name, all other extensions, SCSV and format */
    uint64_t asked;  /* of the server name alone, see asked.h: known even if the rest is not */
    uint64_t stack;  /* of what a stack always says, whatever it asks for, resumes or offers */
    bool known;      /* else the hello was longer than can be kept */
};

/* The shapes of numbered hellos, without the server name. */
struct known_shapes {
    struct siphash_key key;
    struct known_shape {
        uint64_t hello; /* 0: none */
        struct hello_shape shape;
    } shape[KNOWN_HELLOS];
};

struct hello_shape shape_of_hello(struct known_shapes *shapes, const struct observation *o);

/* True if the hellos are alike; `with_groups`: their groups have to be alike too. */
bool shapes_match(const struct hello_shape *a, const struct hello_shape *b, bool with_groups);

/* Suites whose key exchange may be over a group. */
struct group_suites {
    struct suite_set curves, finite_fields;
};
struct group_suites suites_with_groups(void);

/* Suites that need a version or a later one: the others work with any. */
struct version_suites {
    struct suite_set tls12, tls13;
};
struct version_suites suites_by_version(void);

/* Those of an offer that can be negotiated up to this version. */
struct suite_set suites_up_to(const struct version_suites *by, const struct suite_set *offer,
                              uint16_t version);

/* Whether suites of the offer depend on the groups that the hello lists: those on elliptic curves (RFC
 * 8422 5.1), and finite-field ones where it lists groups for them (RFC 7919 4). */
bool offer_needs_groups(const struct group_suites *with, const struct suite_set *offer,
                        const struct client_hello_facts *hello);

#endif
