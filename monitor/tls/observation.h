/*
 * All facts of one handshake, as seen on the wire. The tls layer fills it; the later layers only read it.
 *
 * A fact is there only if its message was seen (`seen`); why others are missing is in `unobserved`. The
 * policy layer alone turns "not there" into "definitely absent" or "unknown", with observation_settled() and
 * observation_missing().
 */
#ifndef UTWATCH_TLS_OBSERVATION_H
#define UTWATCH_TLS_OBSERVATION_H

#include "base/limits.h"
#include "base/nanos.h"
#include "base/words.h"
#include "flow/flow.h"
#include "wire/host_name.h"
#include "wire/suite.h"

enum seen {
    SEEN_CLIENT_HELLO = 1 << 0,
    SEEN_SERVER_HELLO = 1 << 1, /* a real one; a HelloRetryRequest only sets hello_retry */
    SEEN_CERTIFICATE = 1 << 2,  /* the server's, with at least one certificate in it */
    SEEN_EMPTY_SERVER_CERTIFICATE = 1 << 3,
    SEEN_SERVER_KEY_EXCHANGE = 1 << 4,
    SEEN_CERTIFICATE_REQUEST = 1 << 5,
    SEEN_SERVER_HELLO_DONE = 1 << 6,
    SEEN_CLIENT_CERTIFICATE = 1 << 7,
    SEEN_CLIENT_KEY_EXCHANGE = 1 << 8,
    SEEN_CERTIFICATE_VERIFY = 1 << 9,
    SEEN_TICKET = 1 << 10, /* NewSessionTicket in clear */
    SEEN_CLIENT_CCS = 1 << 11,
    SEEN_SERVER_CCS = 1 << 12,
    SEEN_CLIENT_FINISHED =
        1 << 13, /* the first protected handshake record after the CCS; TLS 1.3: protected data */
    SEEN_SERVER_FINISHED = 1 << 14,
    SEEN_CLIENT_DATA = 1 << 15, /* application_data records */
    SEEN_SERVER_DATA = 1 << 16,
    SEEN_SSLV2_SERVER_HELLO = 1 << 17, /* a genuine SSLv2 SERVER-HELLO */
    SEEN_SSLV2_ERROR = 1 << 18,
    SEEN_CERTIFICATE_STATUS = 1 << 19,
    SEEN_NO_CERTIFICATE_ALERT = 1 << 20, /* SSLv3's warning in place of an empty Certificate */
    SEEN_RENEGOTIATION = 1 << 21,
    SEEN_HELLO_REQUEST = 1 << 22,
    SEEN_RAW_PUBLIC_KEY = 1 << 23,  /* the server's, in place of a certificate (RFC 7250) */
    SEEN_CUT_HELLO = 1 << 24,       /* part of a hello of either side, or one that does not parse */
    SEEN_CERTIFICATE_URL = 1 << 25, /* the client's, in place of its certificates (RFC 6066 5) */
};

enum unobserved {
    UNOBSERVED_CLIENT_DIRECTION = 1 << 0, /* no byte of the client was captured */
    UNOBSERVED_SERVER_DIRECTION = 1 << 1,
    UNOBSERVED_GAP = 1 << 2,       /* bytes of the handshake are missing */
    UNOBSERVED_MIDSTREAM = 1 << 3, /* the capture starts within the connection */
    UNOBSERVED_ENCRYPTED = 1 << 4,
    UNOBSERVED_TRUNCATED = 1 << 5, /* frames cut by the snap length */
    UNOBSERVED_EVICTED = 1 << 6,   /* a full table dropped it, or what was known about its server or UE */
    UNOBSERVED_OVERLAP = 1 << 7, /* two contents for the same bytes of the stream, or signs of a second one */
    UNOBSERVED_MALFORMED = 1 << 8,     /* a message that does not parse */
    UNOBSERVED_UNFINISHED = 1 << 9,    /* the capture ended, or nothing more came within the idle time */
    UNOBSERVED_TOO_LONG = 1 << 10,     /* a message above MAX_MESSAGE_BYTES */
    UNOBSERVED_UNKNOWN_CODE = 1 << 11, /* a code point that the registry does not know */
    UNOBSERVED_UNDECIDED = 1 << 12,    /* everything was seen, but does not decide the rule */
    UNOBSERVED_INCONSISTENT = 1 << 13, /* what a peer showed contradicts itself */
    UNOBSERVED_ORIGIN = 1 << 14,       /* the session's full handshake was not seen, or was forgotten */
    UNOBSERVED_EARLIER = 1 << 16,      /* since it was before the capture, from which nothing is missing */
    UNOBSERVED_TICKET = 1 << 17,       /* TLS 1.3 encrypts the tickets that it issues */
    UNOBSERVED_IN_PROGRESS = 1 << 18,  /* the session may have begun in a handshake not known to have ended */
    UNOBSERVED_REORDERED =
        1 << 15, /* the directions were captured out of order, and their order would matter */
    UNOBSERVED_UNACKNOWLEDGED = 1 << 19, /* nothing captured shows that it was received */
    UNOBSERVED_COMPRESSED = 1 << 20,     /* HTTP/2 header compression, which refers to earlier headers */
    UNOBSERVED_CHECKSUM = 1 << 21,       /* bytes were read whose checksum is wrong: see stream_doubt() */
    UNOBSERVED_PASSED_ON = 1 << 22,      /* there is a proxy between the UE and what was captured */
    UNOBSERVED_OTHER_SIDE = 1 << 23,     /* the same handshake was judged on another side (peers/met.h) */
    UNOBSERVED_NETWORKS = 1 << 24,       /* several hosts may have the peer's address */
    UNOBSERVED_DISPUTED = 1 << 25,       /* an end disowns it (flow/dispute.c), or struct start_beside */
    UNOBSERVED_WEB_PAGE = 1 << 26,       /* any web page may have made a browser send it */
    UNOBSERVED_NOT_READ = 1 << 27,       /* what is not read: TLS 1.3 without encryption (RFC 9150), and
                                            certificates of another form than that of X.509 */
    UNOBSERVED_CLOCK = 1 << 28, /* an age spans a time at which the capture's clock may have been set */
};
#define UNOBSERVED_COUNT 29

/* It is not known whether the bytes of that side are those that the receiver took, or who sent them. */
#define UNOBSERVED_DOUBTED ((uint32_t)(UNOBSERVED_OVERLAP | UNOBSERVED_CHECKSUM | UNOBSERVED_PASSED_ON))

/* "server-direction", "gap", ... as in the JSON contract: by the flag, and by the index of its bit. */
extern const struct word unobserved_words[];
const char *unobserved_name(unsigned bit_index);

enum outcome {
    OUTCOME_UNFINISHED, /* the capture ended, or the connection ended quietly, before either end was reached;
                           or the server's last records, which may be a refusal, are encrypted (answer.c) */
    OUTCOME_COMPLETE,   /* both sides changed to the new keys and sent Finished (as far as can be seen) */
    OUTCOME_REFUSED,    /* the server ended it: fatal alert, close or reset */
    OUTCOME_ABORTED,    /* the client ended it */
    OUTCOME_ONE_SIDED,  /* only one direction was captured */
};
extern const struct word outcome_words[];

/* What the client does after a complete handshake with a certificate that a client may reject only then (RFC
 * 2818 3.1). */
enum follow_up {
    FOLLOW_UP_UNKNOWN, /* it was not looked at, or not seen */
    FOLLOW_UP_DATA,    /* it sent data */
    FOLLOW_UP_CLOSE,   /* it closed without sending any */
};

/* How the server answered the first hello; the reaction test of clause 7.2. */
enum reaction {
    REACTION_UNKNOWN,
    REACTION_FATAL_ALERT, /* a fatal alert before any ServerHello, or an SSLv2 ERROR to an SSLv2 hello */
    REACTION_LATE_ALERT,  /* ServerHello, then its fatal alert before ServerHelloDone or ChangeCipherSpec */
    REACTION_ACCEPTED, /* ServerHello, and no fatal alert before ServerHelloDone, ChangeCipherSpec or the end
                        */
    REACTION_ACCEPTED_LATE, /* likewise, but then the server's own fatal alert in clear */
    REACTION_CLOSED,        /* FIN without a fatal alert or ServerHello */
    REACTION_RESET,         /* RST likewise; a middlebox may have sent it */
};
extern const struct word reaction_words[]; /* REACTION_UNKNOWN has no word */

/* RESUMPTION_EXTERNAL: nothing was resumed; the PSK was established outside TLS. An observation never says
 * that, as it takes several hellos to know: it has RESUMPTION_UNKNOWN if a PSK without an age was taken.
 * RESUMPTION_EITHER: by id or ticket; the client's hello, which would tell, was not seen. */
enum resumption {
    RESUMPTION_UNKNOWN,
    RESUMPTION_FULL,
    RESUMPTION_ID,
    RESUMPTION_TICKET,
    RESUMPTION_PSK,
    RESUMPTION_EXTERNAL,
    RESUMPTION_EITHER
};
extern const struct word resumption_words[];    /* RESUMPTION_UNKNOWN and _EITHER have none */
const char *resumption_name(enum resumption r); /* "id", "ticket", "psk"; "" if nothing was resumed */

enum hello_format { HELLO_TLS, HELLO_SSLV2 };

struct text_slice { /* a name in observation.text; length 0: none */
    uint16_t offset;
    uint16_t length;
};

/* The SipHash of a ticket or PSK identity: under this monitor's own key, and under the one that sensors share
 * (0: there is none). own 0: there is no identifier. */
struct identifier_hash {
    uint64_t own, common;
    bool brief; /* of fewer than UNIQUE_ID octets */
};

struct tls_alert {
    uint8_t from;  /* enum side */
    uint8_t level; /* 1 warning, 2 fatal, as on the wire */
    uint8_t description;
    bool before_hello; /* no hello of either side had been read */
};

/* Is it one of the warnings that end a connection (RFC 5246 7.2.1, 7.2.2)? */
static inline bool alert_is_farewell(uint8_t description)
{
    enum { CLOSE_NOTIFY = 0, USER_CANCELED = 90 };
    return description == CLOSE_NOTIFY || description == USER_CANCELED;
}

/* The parts of a hello that are unknown, because they do not parse, or differ in a second hello that nothing
 * asked for. */
enum hello_unknown {
    UNKNOWN_SESSION_ID = 1 << 0, /* longer than 32 bytes */
    UNKNOWN_COMPRESSION = 1 << 1,
    UNKNOWN_EXTENSIONS = 1 << 2, /* the ones read are valid, but there may be others */
    UNKNOWN_NAME = 1 << 3,       /* server_name */
    UNKNOWN_VERSIONS = 1 << 4,   /* supported_versions */
    UNKNOWN_PSK = 1 << 5,        /* pre_shared_key */
    UNKNOWN_LISTS = 1 << 6,      /* groups, point formats, signature algorithms, ALPN, key shares */
    UNKNOWN_OFFER = 1 << 7, /* the suites may not be as read: some length before or after them is wrong, or a
                               second hello offers others */
    UNKNOWN_IN_EXTENSIONS = UNKNOWN_NAME | UNKNOWN_VERSIONS | UNKNOWN_PSK | UNKNOWN_LISTS,
};

struct client_hello_facts {
    uint64_t number; /* the same for hellos that differ only in what is particular to each (known_hellos.h);
                        0: not known */
    bool greased;    /* such hellos may differ in GREASE among suites, extensions or other lists */
    enum hello_format format;
    uint8_t unknown; /* enum hello_unknown; such facts are empty */
    uint16_t record_version;
    uint16_t version;     /* client_version, legacy_version; SSLv2 format: its version field */
    uint16_t max_version; /* the highest of supported_versions (GREASE and drafts aside), else `version`. A
                             draft of TLS 1.3 (0x7f00 + n) counts as 0x0304 */
    uint8_t session_id_len;
    uint8_t session_id[32];
    uint16_t suites[MAX_SUITES_LISTED]; /* in order; SSLv2 format: only the TLS ones (first byte 0) */
    uint16_t suite_count;               /* of suites[] */
    bool suites_cut;
    uint32_t suites_total;    /* offered, TLS code points, signalling included */
    uint32_t sslv2_suites;    /* SSLv2-native specs offered */
    uint32_t sslv2_specs[16]; /* the first of them, 3 bytes each */
    struct suite_set offered; /* known suites, without signalling values */
    uint32_t unknown_suites;  /* offered codes that the registry does not know */
    bool ticket;              /* a non-empty session_ticket extension */
    bool ticket_extension;
    bool psk; /* pre_shared_key */
    bool early_data;
    bool ticket_in_doubt, psk_in_doubt; /* it comes twice, or may be where the extensions do not parse. Other
                                           odd extensions do not matter to the session. */
    /* What the client offers to resume. */
    struct identifier_hash ticket_hash;
    struct identifier_hash ticket_inner_hash; /* the same ticket without the inner length of RFC 4507 */
    struct identifier_hash psk_hash[MAX_PSK_IDENTITIES];
    uint64_t psk_ageless; /* a bit for each of the first 64 identities: its obfuscated age is 0, as it should
                             be for an externally established PSK (RFC 8446 4.2.11), and is for one ticket in
                             2^32; or it is a name, whose age may mean nothing */
    uint64_t psk_named;   /* likewise: it is a name, and its age is 0 or the name is one of GBA. Names are
                             printable ASCII, as people choose them for a key, or imported (RFC 9258); the
                             octets of a ticket are neither */
    uint8_t psk_count;    /* identities offered, also those beyond psk_hash[] */
    bool has_extensions;  /* there was an extensions block, perhaps empty */
    uint16_t extensions[MAX_EXTENSIONS];
    uint16_t extension_count;
    bool extensions_cut;
    /* A sum of keyed hashes of the bodies of extensions without a member of their own; a sum, since clients
     * shuffle their extensions. */
    uint64_t values;
    uint16_t groups[MAX_GROUPS];
    uint16_t group_count;
    uint8_t point_formats[8];
    uint8_t point_format_count;
    uint16_t signature_algorithms[MAX_SIGNATURE_ALGORITHMS];
    uint16_t signature_algorithm_count;
    uint16_t versions[MAX_VERSIONS];
    uint16_t version_count;
    uint8_t compression[MAX_COMPRESSION];
    uint8_t compression_count;
    bool compression_null;   /* null(0) is in the whole list */
    bool lists_cut;          /* one of the lists above was longer than its room */
    bool renegotiation_info; /* the extension, or its SCSV */
    bool fallback_scsv;
    struct text_slice sni;
    struct text_slice alpn[MAX_ALPN];
    uint8_t alpn_count;
    bool ja3_known;
    bool ja3_made;   /* made here because it does not follow from the lists above; else tls/ja.h makes it */
    uint8_t ja3[16]; /* MD5 over the whole lists */
};

struct server_hello_facts {
    uint8_t unknown; /* enum hello_unknown; such facts are empty */
    uint16_t legacy_version;
    uint16_t version; /* after supported_versions; the code there, even of a draft of TLS 1.3 */
    uint16_t suite;
    uint8_t session_id_len;
    uint8_t session_id[32];
    uint8_t compression;
    bool psk;             /* pre_shared_key: the PSK was taken */
    uint8_t psk_selected; /* the index among the client's */
    bool ticket_extension;
    bool extensions_in_doubt; /* like those of the client */
    bool renegotiation_info;
    bool truncated_hmac;
    bool random_equals_clients;
    bool raw_server_key, raw_client_key; /* keys take the place of certificates (RFC 7250) */
    bool pgp;                            /* OpenPGP keys do, on both sides (RFC 6091 3.2) */
    bool cached;                         /* a hash does, of a certificate that the client has (RFC 7924 3) */
    bool extensions_cut;
    uint16_t key_share_group; /* 0: none */
    uint16_t extensions[MAX_SERVER_EXTENSIONS];
    uint16_t extension_count;
    struct text_slice alpn;
    bool ja3s_known;
    bool ja3s_made; /* as ja3_made */
    uint8_t ja3s[16];
};

struct certificate_facts {
    uint64_t number;            /* equal messages may have the same; 0: none */
    bool parsed;                /* the leaf's DER could be walked to its end */
    bool other_form;            /* it is not here, but a PGP key or its own hash: nothing else is known */
    uint8_t key;                /* enum x509_key */
    struct text_slice key_name; /* "RSA", "EC", ... */
    uint32_t bits;              /* 0: unknown */
    struct text_slice curve;
    struct text_slice signature;
    uint8_t x509_version;
    uint16_t serial_len;                       /* octets */
    uint16_t chain_len;                        /* certificates in the message */
    uint32_t der_len;                          /* of the leaf */
    struct text_slice subject, issuer, serial; /* serial: "01:AB:..", as EVE prints it */
    struct text_slice common_name;             /* of the subject, if there is no dNSName: the last */
    bool common_name_open; /* there are others besides, or its characters have several bytes */
    struct text_slice alt_names[MAX_ALT_NAMES];
    uint8_t alt_name_count;
    bool alt_names_cut;
    bool valid_times;
    int64_t not_before, not_after; /* seconds, UTC */
    uint8_t sha1[20];
    bool issuer_empty, subject_empty, names_utf8;
    uint16_t presence, critical; /* enum x509_presence */
    uint16_t unparsed;           /* the same bits: it is not known what the extension says */
    uint16_t key_usage;          /* enum x509_key_usage */
    bool eku_server_auth;
    bool alt_name_has_dns;
    bool name_checked; /* there was an SNI (or CONNECT authority) to compare it with */
    enum name_match name_match;
    /* of the CA certificates sent with it */
    uint16_t ca_count;
    uint16_t ca_subordinate; /* of these, those that another CA issued */
    uint32_t ca_largest;     /* bytes of DER */
    bool ca_not_ca;          /* one has no basicConstraints, or has it without cA TRUE */
    bool ca_uncritical;      /* one has a basicConstraints that is not critical */
    bool ca_without_sign;    /* one has keyUsage without keyCertSign */
    bool ca_nameless;        /* one with an empty issuer or subject */
    bool ca_weak_key;        /* one below 1024 RSA / 160 EC */
    bool ca_unparsed;        /* one was not read at all, or not to its end */
    bool ca_broken;          /* one does not parse */
};

/* The first certificate of the client's message. It names the user: whatever writes its facts has to respect
 * the site's privacy. */
struct client_certificate_facts {
    uint16_t count;                            /* certificates in the message */
    bool is_certificate;                       /* else a raw public key (RFC 7250) */
    bool parsed;                               /* its DER could be walked to its end */
    bool named;                                /* its names are short enough to be kept */
    struct text_slice subject, issuer, serial; /* as those of the server's */
    struct text_slice alt_names[MAX_CLIENT_ALT_NAMES];
    uint8_t alt_name_count;
    bool valid_times;
    int64_t not_before, not_after; /* seconds, UTC */
    uint8_t sha1[20];
};

struct key_exchange_facts {
    uint16_t dh_bits;  /* of p; 0: none */
    uint16_t group;    /* named curve; 0: none */
    uint16_t rsa_bits; /* ephemeral RSA of the EXPORT suites; 0: none */
};

/* How far one side got, and what of it is missing. */
struct side_facts {
    uint32_t damage; /* enum unobserved: what happened to its bytes before it changed its cipher */
    uint32_t damage_since_hello; /* of that, what may have removed something after its hello */
    nanos hello_time;            /* of its ClientHello or ServerHello */
    bool captured;               /* any byte of it was captured */
    bool start_captured; /* its first byte was captured: SYN, or a message that can only be the first */
    bool closed;         /* it sent FIN */
    bool reset;          /* it sent RST */
    bool encrypted;      /* its later messages cannot be read */
    /* The other side was captured, but has not acknowledged what this one said first (a client's hello, a
     * server's flight); later_unacknowledged: that, or something else that it said in clear. Such bytes may
     * have been forged for the tap. */
    bool unacknowledged;
    bool later_unacknowledged;
};

struct kept_messages;

struct observation {
    const struct kept_messages *messages; /* in clear; NULL: not wanted */
    struct whence whence; /* the frame of the first hello; time: of the connection's first packet */
    nanos event_time;     /* when the observation was finished */
    nanos exchange_time;  /* of the client's key exchange, which answers the server's hello; 0: not seen */
    nanos alert_had[2];   /* by enum side: when it sent a fatal alert, or acknowledged the other's; 0: neither
                             is known */
    struct text_slice authority; /* of an HTTP CONNECT before the hello */

    /* how far the handshake got */
    uint32_t seen;             /* enum seen */
    uint32_t unobserved;       /* enum unobserved: why facts are missing, all directions */
    enum follow_up follow_up;  /* of the client, if its server's certificate is in doubt */
    struct side_facts side[2]; /* by enum side */
    enum outcome outcome;
    enum reaction reaction;
    enum resumption resumption;
    uint32_t unseen_before; /* enum unobserved: why the client may have said something before its hello that
                               was not seen; 0: it cannot have */
    uint64_t random[2];     /* by enum side: 8 bytes of its random; 0: not seen */
    uint64_t hello;   /* a hash of the client's hello with its random, which no other hello has (RFC 5246
                         7.4.1.2); 0: it was not seen whole, or its random is none */
    uint64_t randoms; /* a hash of both; 0: one was not seen. Copies of a handshake captured at two places
                         have the same, whatever their addresses */
    struct acknowledged hello_ack; /* of the server's bytes, when the client sent its hello */
    bool spoke_on;                 /* the client sent more after its hello before the server had answered */
    bool alert_unreceived; /* a fatal alert that the other side, though captured, had not acknowledged */
    uint32_t unheard; /* enum unobserved: why the client may have ended it before the server did, by a message
                         that was not seen; 0: it cannot have */
    bool had_answer; /* the server's end acknowledges the client's answer to a request for its certificate, or
                        there was no such answer */
    bool client_left;     /* the client ended first, in the middle of its part of the handshake */
    bool server_followed; /* the server ended because the client had closed, reset or given up before, or long
                             after the last bytes: it may have waited for more */
    bool hello_retry;
    bool renegotiation; /* under the session of an earlier handshake of the connection, without encryption */
    uint16_t protected_version; /* record version of protected records when no hello was seen; 0: none */
    char history[MAX_HISTORY + 1];
    uint8_t history_len;
    struct tls_alert alerts[MAX_ALERTS];
    uint8_t alert_count;

    /* what was said */
    struct client_hello_facts client_hello;
    struct server_hello_facts server_hello;
    struct certificate_facts certificate;
    struct key_exchange_facts key_exchange;
    struct client_certificate_facts client_certificate;
    struct {
        uint8_t types[MAX_CERTIFICATE_TYPES];
        uint8_t type_count;
    } certificate_request;
    struct {
        uint32_t lifetime_hint; /* seconds */
        uint16_t length;        /* of the ticket */
        struct identifier_hash hash;
    } ticket_issued;

    uint16_t text_used;
    bool text_cut;               /* a name did not fit and was left out */
    char text[OBSERVATION_TEXT]; /* the slices point into this; last, since it need not be cleared */
};

/* Is it no random, but one octet repeated, as two handshakes may well have? 1 stands for 0: random_drawn().
 */
static inline bool random_is_filler(uint64_t random)
{
    return random <= 1 || random == (random & 0xff) * UINT64_C(0x0101010101010101);
}

/* The negotiated version: 0x0304 also for a draft of TLS 1.3; 0 without a ServerHello, or if its
 * supported_versions does not parse. */
uint16_t observation_version(const struct observation *o);

/* Does the hello offer more than this version, and each version up to its highest? A list of
 * supported_versions may leave some out (RFC 8446 4.2.1): a server that selects less may support just
 * those. */
bool observation_offers_all_above(const struct observation *o, uint16_t version);

/* Does the client offer TLS 1.3, or may it have offered it in what was not seen or does not parse? */
bool observation_may_offer_tls13(const struct observation *o);

/* The hello offers ciphers of SSLv2 and no suite of TLS: it makes no TLS offer. */
bool observation_offers_sslv2_only(const struct observation *o);

/* The suite that the server selected, or NULL: no ServerHello, or an unknown code. */
const struct suite *observation_suite(const struct observation *o);

/* Why a part of the side's hello is not known: the hello does not parse, or is not whole; or what was read of
 * it may contradict a later one. */
uint32_t observation_unread(const struct observation *o, enum side side);

/* The client has said by an alert that it will not go on: a fatal one, close_notify or user_canceled (RFC
 * 5246 7.2). */
bool observation_client_gave_up(const struct observation *o);

/* The group of the key exchange; 0: none was seen. */
uint16_t observation_group(const struct observation *o);

/* Why nothing is known of what TLS 1.3 says after its hellos. */
uint32_t observation_hidden(const struct observation *o);

/* The kind of key exchange: that of the suite or, since TLS 1.3 suites have none, what the ServerHello's
 * extensions show (RFC 8446 4.1.1). False: it is not known. */
bool observation_key_exchange(const struct observation *o, enum suite_kx *out);

/* The suite, if it is one of NULL encryption whose records can be read: TLS up to 1.2. Else NULL. */
const struct suite *observation_clear_suite(const struct observation *o);

/* Bytes of the MAC at the end of each record under that suite; 0: there is none. */
uint16_t observation_clear_mac(const struct observation *o);

/* Does the handshake tell the server who the client is: by a certificate, a PSK, a password (SRP) or a ticket
 * of Kerberos? UNKNOWN also if a session was resumed that may have begun with a certificate. */
enum identified { IDENTIFIED_UNKNOWN, IDENTIFIED_NO, IDENTIFIED_YES };
enum identified observation_identified(const struct observation *o);

/* The server took a PSK (TLS 1.3), with or without an age. */
bool observation_by_psk(const struct observation *o);

/* The PSK that it took has no age, as far as the hello was seen. */
bool observation_psk_ageless(const struct observation *o);

struct span observation_text(const struct observation *o, struct text_slice slice);

/* Copies it, with only the text in use. */
void observation_copy(struct observation *to, const struct observation *from);

/*
 * Nothing that `side` sent in clear before its ChangeCipherSpec can be hidden: its first byte was captured,
 * none is missing, and it went on to ChangeCipherSpec (for the server: or ServerHelloDone), a fatal alert or
 * the end of the connection. Then a message that was not seen was never sent.
 */
bool observation_settled(const struct observation *o, enum side side);

/* The second since 1970 in which the server's certificate was sent, with which its validity is compared. */
int64_t observation_certificate_second(const struct observation *o);

/* RFC 2818 3.1: the name that the client meant; through a proxy, the authority of its CONNECT (WAP-219 7).
 * Empty: it is not known. */
struct span observation_certificate_host(const struct observation *o);

/* The server's certificate is expired, not valid yet, or does not name the host that the client asked for. */
bool observation_certificate_in_doubt(const struct observation *o);

/* Is there a fatal alert in clear: of either side; of this one? */
bool observation_fatal_alert(const struct observation *o);
bool observation_fatal_alert_of(const struct observation *o, enum side side);

/* The direction was captured from its first byte on, and nothing of it in clear is missing so far. */
bool observation_is_whole(const struct observation *o, enum side side);

/* It is not known whether the other side received its hello (a server's flight), or another one. */
bool observation_is_doubtful(const struct observation *o, enum side side);

/* Because of damage to the capture, less is known about it. */
bool observation_is_damaged(const struct observation *o);

/* Why the connection may have had another readable handshake that was not read: enum unobserved; 0: it cannot
 * have. Under NULL encryption, which the ServerHello shows, a later one is in clear (RFC 5246 7.4.1.1). */
uint32_t observation_other_unread(const struct observation *o);

/* Notes that its ends may not have taken part. */
void observation_disputed(struct observation *o);

/* There are two versions of what the side said, and its receiver may have taken the other one: noted even if
 * it is encrypted or the handshake is complete, unlike handshake_damage(). */
void observation_contradicted(struct observation *o, enum side side);

/* If not settled: why, as enum unobserved bits; then never 0. */
uint32_t observation_missing(const struct observation *o, enum side side);

/* It is not known what the client offers to resume. A server that resumes in TLS 1.2 does not know about
 * PSKs. */
static inline bool observation_offer_in_doubt(const struct observation *o)
{
    const struct client_hello_facts *c = &o->client_hello;
    const bool by_other = o->resumption == RESUMPTION_TICKET || o->resumption == RESUMPTION_ID;
    return c->unknown & UNKNOWN_SESSION_ID || c->ticket_in_doubt || (c->psk_in_doubt && !by_other);
}

#endif
