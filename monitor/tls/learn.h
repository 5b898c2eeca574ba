/*
 * From a complete message to facts in the observation. Called by the feeding layer with one whole message
 * body; each returns false when the message does not parse, and then leaves its facts unseen.
 */
#ifndef UTWATCH_TLS_LEARN_H
#define UTWATCH_TLS_LEARN_H

#include "base/siphash.h"
#include "tls/known_hellos.h"
#include "tls/observation.h"

/* `own` is this monitor's; `common` is shared by several, once it is known. */
struct identifier_keys {
    struct siphash_key own, common;
    bool has_common;
};

/* What has to be remembered of a hello beyond its facts, for the length of the handshake. */
struct hello_memory {
    uint8_t client_random[32], server_random[32];
    const struct identifier_keys *keys; /* tickets and identities are hashed with them */
};

bool learn_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                        struct span body);
bool learn_sslv2_client_hello(struct observation *o, struct span message);

/* A second ClientHello, after a HelloRetryRequest: the first one's offer stands, a change is noted. */
bool learn_second_client_hello(struct observation *o, const struct hello_memory *memory, struct span body);

/* A ClientHello behind the first that nothing asked for: nobody knows which of them the server took, so that
 * nothing is known in which they differ. */
bool learn_other_client_hello(struct observation *o, const struct hello_memory *memory,
                              struct known_hellos *hellos, struct span body);

/* Of two hellos of which only the suites were compared. */
void learn_doubt_hello(struct client_hello_facts *f);

/* Sets hello_retry and nothing else when the message is a HelloRetryRequest. */
bool learn_server_hello(struct observation *o, struct hello_memory *memory, struct span body);

/* What is there of a hello whose end was not captured; false when that is too little. The rest is unknown. */
bool learn_cut_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                            struct span part);
bool learn_cut_server_hello(struct observation *o, struct hello_memory *memory, struct span part);

bool learn_sslv2_server_hello(struct observation *o, struct span message);
bool learn_server_certificate(struct observation *o, struct span body);
/* Holds the leaf of a Certificate message whose other facts are known against the name that the client meant.
 */
void learn_host_of_certificate(struct observation *o, struct span body);
/* The ClientHello came (was captured) after the certificate: now the name is known that it has to carry. */
void learn_name_after_certificate(struct observation *o);
bool learn_client_certificate(struct observation *o, struct span body);
bool learn_server_key_exchange(struct observation *o, struct span body);
bool learn_certificate_request(struct observation *o, struct span body);
bool learn_session_ticket(struct observation *o, const struct hello_memory *memory, struct span body);

/* A name into the observation's text; length 0 when there is no room (text_cut is set). */
struct text_slice learn_text(struct observation *o, struct span bytes);

#endif
