#include "report/names.h"

#include <arpa/inet.h>

const char *alert_name(uint8_t description)
{
    static const struct word names[] = {
        {0, "close_notify"},
        {10, "unexpected_message"},
        {20, "bad_record_mac"},
        {21, "decryption_failed"},
        {22, "record_overflow"},
        {30, "decompression_failure"},
        {40, "handshake_failure"},
        {41, "no_certificate"},
        {42, "bad_certificate"},
        {43, "unsupported_certificate"},
        {44, "certificate_revoked"},
        {45, "certificate_expired"},
        {46, "certificate_unknown"},
        {47, "illegal_parameter"},
        {48, "unknown_ca"},
        {49, "access_denied"},
        {50, "decode_error"},
        {51, "decrypt_error"},
        {52, "too_many_cids_requested"},
        {60, "export_restriction"},
        {70, "protocol_version"},
        {71, "insufficient_security"},
        {80, "internal_error"},
        {86, "inappropriate_fallback"},
        {90, "user_canceled"},
        {100, "no_renegotiation"},
        {109, "missing_extension"},
        {110, "unsupported_extension"},
        {111, "certificate_unobtainable"},
        {112, "unrecognized_name"},
        {113, "bad_certificate_status_response"},
        {114, "bad_certificate_hash_value"},
        {115, "unknown_psk_identity"},
        {116, "certificate_required"},
        {120, "no_application_protocol"},
        {121, "ech_required"},
        {0, NULL},
    };
    return word_of(names, description);
}

const char *group_name(uint16_t group)
{
    static const struct word names[] = {
        {1, "sect163k1"},
        {2, "sect163r1"},
        {3, "sect163r2"},
        {4, "sect193r1"},
        {5, "sect193r2"},
        {6, "sect233k1"},
        {7, "sect233r1"},
        {8, "sect239k1"},
        {9, "sect283k1"},
        {10, "sect283r1"},
        {11, "sect409k1"},
        {12, "sect409r1"},
        {13, "sect571k1"},
        {14, "sect571r1"},
        {15, "secp160k1"},
        {16, "secp160r1"},
        {17, "secp160r2"},
        {18, "secp192k1"},
        {19, "secp192r1"},
        {20, "secp224k1"},
        {21, "secp224r1"},
        {22, "secp256k1"},
        {23, "secp256r1"},
        {24, "secp384r1"},
        {25, "secp521r1"},
        {26, "brainpoolP256r1"},
        {27, "brainpoolP384r1"},
        {28, "brainpoolP512r1"},
        {29, "x25519"},
        {30, "x448"},
        {31, "brainpoolP256r1tls13"},
        {32, "brainpoolP384r1tls13"},
        {33, "brainpoolP512r1tls13"},
        {256, "ffdhe2048"},
        {257, "ffdhe3072"},
        {258, "ffdhe4096"},
        {259, "ffdhe6144"},
        {260, "ffdhe8192"},
        {512, "MLKEM512"},
        {513, "MLKEM768"},
        {514, "MLKEM1024"},
        {4587, "SecP256r1MLKEM768"},
        {4588, "X25519MLKEM768"},
        {4589, "SecP384r1MLKEM1024"},
        {25497, "X25519Kyber768Draft00"},
        {0, NULL},
    };
    return word_of(names, group);
}

const char *reason_words(unsigned bit_index)
{
    static const struct word sentences[] = {
        {UNOBSERVED_CLIENT_DIRECTION, "the UE's direction was not captured"},
        {UNOBSERVED_SERVER_DIRECTION, "the server's direction was not captured"},
        {UNOBSERVED_GAP, "bytes of the handshake are missing from the capture"},
        {UNOBSERVED_MIDSTREAM, "the capture starts within the connection"},
        {UNOBSERVED_ENCRYPTED, "the message that would tell is encrypted"},
        {UNOBSERVED_TRUNCATED, "frames were cut by the snap length"},
        {UNOBSERVED_EVICTED, "a full table gave the handshake up before its end"},
        {UNOBSERVED_OVERLAP, "two different contents were captured for the same bytes"},
        {UNOBSERVED_MALFORMED, "a message could not be parsed"},
        {UNOBSERVED_UNFINISHED, "the capture or the handshake ended before it was decided"},
        {UNOBSERVED_TOO_LONG, "a message was longer than the monitor keeps"},
        {UNOBSERVED_UNKNOWN_CODE, "a code point is in no registry that the monitor knows"},
        {UNOBSERVED_UNDECIDED, "what was seen does not decide the rule"},
        {UNOBSERVED_INCONSISTENT, "what the peer showed contradicts itself"},
        {UNOBSERVED_ORIGIN, "the full handshake of the session was not captured"},
        {UNOBSERVED_EARLIER, "the session began before the capture"},
        {UNOBSERVED_TICKET, "TLS 1.3 issues tickets encrypted, so when a session began is not visible"},
        {UNOBSERVED_IN_PROGRESS, "the handshake in which the session may have begun had not ended yet"},
        {UNOBSERVED_REORDERED, "the two directions were captured out of order"},
        {0, NULL},
    };
    return word_of(sentences, INT64_C(1) << bit_index);
}

void text_address(struct text *out, const struct endpoint *end)
{
    char buffer[INET6_ADDRSTRLEN];
    if (end->family != 4) {
        text_put(out, inet_ntop(AF_INET6, end->address, buffer, sizeof buffer));
        return;
    }
    struct text t = text_over(buffer, sizeof buffer); /* inet_ntop() takes ten times as long */
    for (size_t i = 0; i < 4; i++) {
        if (i)
            text_char(&t, '.');
        text_uint(&t, end->address[i]);
    }
    text_bytes(out, t.p, t.n);
}

void text_end(struct text *out, const struct endpoint *end)
{
    if (end->family == 6)
        text_char(out, '[');
    text_address(out, end);
    if (end->family == 6)
        text_char(out, ']');
    text_char(out, ':');
    text_uint(out, end->port);
}
