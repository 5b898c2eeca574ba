/*
 * From a complete message to facts in the observation. Called by the feeding layer with one whole message
 * body; each returns false if the message does not parse, and then leaves its facts unseen.
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

/* What has to be remembered about a hello besides its facts while the handshake lasts. */
struct hello_memory {
    uint8_t client_random[32], server_random[32];
    const struct identifier_keys *keys; /* tickets and identities are hashed with them */
};

bool learn_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                        struct span body);
bool learn_sslv2_client_hello(struct observation *o, struct span message);

/* A second ClientHello, after a HelloRetryRequest: the first one's offer counts, and a change is noted. */
bool learn_second_client_hello(struct observation *o, const struct hello_memory *memory, struct span body);

/* A further ClientHello that nothing asked for: nobody knows which of them the server took, so whatever
 * differs between them is unknown. */
bool learn_other_client_hello(struct observation *o, const struct hello_memory *memory,
                              struct known_hellos *hellos, struct span body);

/* The same for two hellos of which only the suites were compared. */
void learn_doubt_hello(struct client_hello_facts *f);

/* Sets hello_retry and nothing else if the message is a HelloRetryRequest. */
bool learn_server_hello(struct observation *o, struct hello_memory *memory, struct span body);

/* Learns the captured part of a hello whose end is missing; false: it is too little. The rest is unknown. */
bool learn_cut_client_hello(struct observation *o, struct hello_memory *memory, uint16_t record_version,
                            struct span part);
bool learn_cut_server_hello(struct observation *o, struct hello_memory *memory, struct span part);

bool learn_sslv2_server_hello(struct observation *o, struct span message);
bool learn_server_certificate(struct observation *o, struct span body);
/* Compares the leaf of a Certificate message, whose other facts are known, with the name that the client
 * meant. */
void learn_host_of_certificate(struct observation *o, struct span body);
/* The ClientHello was captured after the certificate: now the name that this has to carry is known. */
void learn_name_after_certificate(struct observation *o);
bool learn_client_certificate(struct observation *o, struct span body);
bool learn_server_key_exchange(struct observation *o, struct span body);
bool learn_certificate_request(struct observation *o, struct span body);
bool learn_session_ticket(struct observation *o, const struct hello_memory *memory, struct span body);

/* Puts a name into the observation's text; length 0: there is no room (text_cut is set). */
struct text_slice learn_text(struct observation *o, struct span bytes);

#endif
