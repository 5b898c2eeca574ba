/*
 * Getters of the fields whose value is not simply read: what was not seen is definitely absent, or unknown
 * for reasons. fields.def names them.
 */
#ifndef UTWATCH_POLICY_GETTERS_H
#define UTWATCH_POLICY_GETTERS_H

#include "policy/values.h"

/* fields_named.c */
struct value hello_groups(const struct observation *o);
struct value hello_signature_algorithms(const struct observation *o);
struct value server_alpn(const struct observation *o);
struct fact server_group(const struct observation *o);
struct value certificate_subject(const struct observation *o);
struct value certificate_issuer(const struct observation *o);
struct value certificate_curve(const struct observation *o);
struct value certificate_fingerprint(const struct observation *o);
struct fact certificate_days_left(const struct observation *o);
struct value certificate_serial(const struct observation *o);
struct fact certificate_not_after(const struct observation *o);
struct value certificate_alt_names(const struct observation *o);
struct value hello_alpn(const struct observation *o);
struct fact hello_record_version(const struct observation *o);
struct value hello_compression(const struct observation *o);
struct value hello_ja3(const struct observation *o);
struct value hello_ja4(const struct observation *o);
struct value server_ja3s(const struct observation *o);
struct fact key_exchange_type(const struct observation *o);
struct value handshake_history(const struct observation *o);
struct value alerts_seen(const struct observation *o, enum side side);
struct value warnings_seen(const struct observation *o, enum side side);

/* fields_whence.c */
struct value client_address(const struct policy_case *c);
struct value server_address(const struct policy_case *c);
struct fact client_port(const struct policy_case *c);
struct fact server_port(const struct policy_case *c);
struct fact hour_of_day(const struct policy_case *c);
struct fact time_of_day(const struct policy_case *c);
struct fact weekday(const struct policy_case *c);
struct value captured_at(const struct policy_case *c);
struct value vlan_ids(const struct policy_case *c);
struct value encapsulations(const struct policy_case *c);

/* fields_handshake.c: one handshake. `n` is the value if the message that carries it was seen. */
struct fact client_hello_seen(const struct observation *o); /* 1, or unknown */
struct fact in_client_hello(const struct observation *o, int64_t n);
struct fact in_server_hello(const struct observation *o, int64_t n);
struct fact part_of_client_hello(const struct observation *o, unsigned part,
                                 int64_t n); /* enum hello_unknown */
struct fact part_of_server_hello(const struct observation *o, unsigned part, int64_t n);
struct fact extension_of_client(const struct observation *o, bool here);
struct fact extension_of_server(const struct observation *o, bool here);
struct fact in_both_hellos(const struct observation *o, int64_t n);
struct fact in_certificate(const struct observation *o,
                           int64_t n); /* in the server's own certificate, if that could be parsed */
struct fact in_certificate_message(const struct observation *o,
                                   int64_t n); /* there even if it could not be parsed */
struct fact in_extension(const struct observation *o, unsigned extension, int64_t n); /* enum x509_presence */
struct fact subordinate_authorities(const struct observation *o);
struct fact largest_authority(const struct observation *o);
struct fact of_authorities(const struct observation *o, int64_t n, bool decided);
struct value offered_suites(const struct observation *o);
struct fact offered_count(const struct observation *o);
struct value hello_extensions(const struct observation *o);
struct value hello_sni(const struct observation *o);
struct fact server_version(const struct observation *o);
struct value server_suite(const struct observation *o);
struct fact server_key_bits(const struct observation *o,
                            const int64_t *key_bits); /* key_bits: by suite_index() */
struct fact server_key_exchange(const struct observation *o);
struct value server_extensions(const struct observation *o);
struct fact server_reaction(const struct observation *o);
struct fact server_conclusion(const struct observation *o);
struct fact handshake_complete(const struct observation *o);
struct fact resumption_method(const struct observation *o);
struct fact handshake_method(const struct policy_case *c);
struct fact handshake_full(const struct observation *o);
struct fact client_continued(const struct observation *o);
struct fact client_follow_up(const struct observation *o);
struct fact certificate_requested(const struct observation *o);
struct fact certificate_answer(const struct observation *o);
struct fact client_certificate_sent(const struct observation *o);
struct fact client_certificate_count(const struct observation *o);
struct fact client_certificate_time(const struct observation *o, int64_t seconds);
struct value client_certificate_issuer(const struct observation *o);
struct value request_types(const struct observation *o);
struct fact certificate_present(const struct observation *o);
struct fact certificate_bits(const struct observation *o);
struct value certificate_signature(const struct observation *o);
struct fact certificate_has_dns_name(const struct observation *o);
struct fact certificate_not_before(const struct observation *o);
struct fact certificate_expired_for(const struct observation *o);
struct fact certificate_early_by(const struct observation *o);
struct fact certificate_expired(const struct observation *o);
struct fact certificate_not_yet_valid(const struct observation *o);
struct fact certificate_names_host(const struct observation *o);
struct value certificate_asked_host(const struct observation *o);
struct fact certificate_fits_suite(const struct observation *o);
struct fact key_exchange_bits(const struct observation *o, int64_t bits);
struct fact ticket_hint(const struct observation *o);
struct fact fatal_alert_seen(const struct observation *o, enum side side);

static inline bool handshake_is_doubted(const struct policy_case *c)
{
    const struct side_facts *of = c->observation->side;
    return (of[CLIENT].damage | of[SERVER].damage) & UNOBSERVED_DOUBTED || c->acknowledged_only;
}

/* Why it is not known whether the receiver took the bytes that a field of a handshake is read from, as enum
 * unobserved: they have two contents, or a wrong checksum, or were not acknowledged. */
static inline uint32_t handshake_doubts(const struct policy_case *c, enum field_side side)
{
    const struct side_facts *of = c->observation->side;
    if (!handshake_is_doubted(c)) /* as nearly always */
        return 0;
    const bool client = side == CLIENT_SIDE || side == OF_HELLO || side == CLIENT_LATER;
    const bool server = side == SERVER_SIDE || side == OF_CHAIN || side == SERVER_LATER;
    const bool later = side >= CLIENT_LATER;
    uint32_t why = 0;
    for (enum side who = CLIENT; who <= SERVER; who++) {
        if (who == CLIENT ? server : client)
            continue;
        why |= of[who].damage & UNOBSERVED_DOUBTED;
        if (c->acknowledged_only && (later ? of[who].later_unacknowledged : of[who].unacknowledged))
            why |= UNOBSERVED_UNACKNOWLEDGED;
    }
    return why;
}

/* Unknown if there is such a doubt. */
struct fact unless_doubtful(const struct policy_case *c, enum field_side side, struct fact f);

/* fields_http.c: before TLS, in clear, and under NULL encryption. */
struct fact tunnel_connect(const struct policy_case *c);
struct fact tunnel_status(const struct policy_case *c);
struct value tunnel_authority(const struct policy_case *c);
struct fact tunnel_upgrade(const struct policy_case *c);
struct fact connection_protocol(const struct policy_case *c);
struct value connection_name(const struct policy_case *c);
struct fact connection_requests(const struct policy_case *c);
struct fact connection_answers(const struct policy_case *c);
struct fact connection_served(const struct policy_case *c);
struct fact connection_challenges(const struct policy_case *c);
struct fact in_request(const struct http_exchange *e, int64_t n);
struct fact in_answer(const struct http_exchange *e, int64_t n);
struct fact in_target(const struct http_exchange *e, int64_t n);
struct fact user_document(const struct http_exchange *e);
struct fact in_request_fields(const struct http_exchange *e, int64_t n);
struct fact in_answer_fields(const struct http_exchange *e, int64_t n);
struct value application_usage(const struct http_exchange *e);
struct value request_host(const struct http_exchange *e);
struct fact document_owner(const struct http_exchange *e);
struct fact request_identity(const struct policy_case *c);
struct fact unanswered_challenge(const struct http_exchange *e);

/* What a client shows that is not a UE says nothing about a UE; what it does not show, no UE has shown
 * either. */
static inline struct fact unless_passed_on(const struct policy_case *c, struct fact v)
{
    return c->passed_on && v.known == KNOWN_VALUE && v.number ? unknown(UNOBSERVED_PASSED_ON) : v;
}

/* fields_context.c: the session memory, the peers, the keys in use. */
struct fact session_offered(const struct policy_case *c);
struct fact session_method(const struct policy_case *c);
struct fact session_by_id(const struct policy_case *c);
struct fact session_accepted(const struct policy_case *c);
struct fact session_age_basis(const struct policy_case *c);
struct value session_offered_age(const struct policy_case *c);
struct fact session_origin(const struct policy_case *c);
struct value session_resumed_age(const struct policy_case *c);
struct fact session_ended(const struct policy_case *c);
struct fact session_ended_here(const struct policy_case *c);
struct fact session_same_suite(const struct policy_case *c);
struct value known_common_suites(const struct policy_case *c);
struct fact known_highest_version(const struct policy_case *c);
const struct peer *peer_of(const struct policy_case *c);   /* the peer that the case is about */
struct fact counted(const struct peer *p, uint32_t count); /* a lower bound, if its history is shortened */
struct fact peer_never_resumable(const struct policy_case *c);
struct fact peer_resumptions(const struct policy_case *c);
struct fact peer_resumes(const struct policy_case *c);
struct fact peer_fresh_refused(const struct policy_case *c);
struct fact peer_attempts(const struct policy_case *c);
struct fact peer_not_used(const struct policy_case *c);
struct fact peer_alike(const struct policy_case *c);
struct value server_selected(const struct policy_case *c);
struct value server_refused(const struct policy_case *c);
struct value server_refused_usable(const struct policy_case *c);
struct value server_refused_alone(const struct policy_case *c);
struct value server_may_select(const struct policy_case *c);
struct fact peer_highest_version(const struct policy_case *c);
struct fact peer_lowest_version(const struct policy_case *c);
struct value ue_offered(const struct peer *ue); /* absent if there is none, like the two below */
struct value ue_offered_always(const struct peer *ue);
struct fact ue_full_offers(const struct peer *ue);
struct value key_age(const struct key_use *k);
struct fact key_renegotiated(const struct key_use *k);

#endif
