/* The members of `utwatch`: what EVE has no names for. */
#include "report/event_objects.h"

#include "wire/codes.h"

static void put_suites(struct json *j, const struct client_hello_facts *c)
{
    json_open(j, "suites", '[');
    size_t native = sizeof c->sslv2_specs / sizeof *c->sslv2_specs;
    for (size_t i = 0; i < c->sslv2_suites && i < native; i++) {
        char buffer[16];
        struct text t = text_over(buffer, sizeof buffer);
        text_printf(&t, "0x%06x", (unsigned)c->sslv2_specs[i]);
        json_string(j, NULL, buffer);
    }
    for (size_t i = 0; i < c->suite_count; i++)
        json_hex16(j, NULL, c->suites[i]);
    json_close(j, ']');
    if (c->suites_cut || c->sslv2_suites > native)
        json_bool(j, "suites_cut", true);
}

static void put_compression(struct json *j, const struct client_hello_facts *c)
{
    json_open(j, "compression", '[');
    for (size_t i = 0; i < c->compression_count; i++)
        json_uint(j, NULL, c->compression[i]);
    json_close(j, ']');
}

static void put_client_hello(struct json *j, const struct client_hello_facts *c, enum detail detail)
{
    const bool tls = c->format == HELLO_TLS;
    json_open(j, "client_hello", '{');
    json_string(j, "format", tls ? "tls" : "sslv2");
    if (tls)
        json_hex16(j, "record_version", c->record_version);
    json_hex16(j, "version", c->version);
    if (!(c->unknown & UNKNOWN_VERSIONS))
        json_hex16(j, "max_version", c->max_version);
    if (detail == DETAIL_FULL)
        put_suites(j, c);
    if (!(c->unknown & UNKNOWN_SESSION_ID))
        json_uint(j, "session_id_len", c->session_id_len);
    if (c->ticket || !(c->unknown & UNKNOWN_EXTENSIONS))
        json_bool(j, "ticket", c->ticket);
    if (!(c->unknown & UNKNOWN_PSK))
        json_bool(j, "psk", c->psk);
    if (tls && detail == DETAIL_FULL) {
        json_numbers(j, "extensions", c->extensions, c->extension_count);
        if (c->extensions_cut || c->unknown & UNKNOWN_EXTENSIONS)
            json_bool(j, "extensions_cut", true);
        if (c->group_count)
            json_numbers(j, "groups", c->groups, c->group_count);
        if (!(c->unknown & UNKNOWN_COMPRESSION))
            put_compression(j, c);
    }
    json_close(j, '}');
}

/* What the object is made of: while that is the same, so is its text. */
static void client_hello_key(struct member_key *key, const struct client_hello_facts *c)
{
    const uint16_t own[] = {c->record_version, c->session_id_len, c->ticket, c->psk};
    member_key_begin(key, MEMBERS_OF_CLIENT_HELLO);
    member_key_add_number(key, c->number);
    member_key_add(key, own, sizeof own / sizeof *own);
    key->full |= c->greased;
}

static void put_known_client_hello(struct json *j, const struct client_hello_facts *c, enum detail detail)
{
    struct member_key key;
    client_hello_key(&key, c);
    key.full |= detail != DETAIL_FULL;
    if (json_known(j, &key))
        return;
    const size_t start = j->out->n;
    put_client_hello(j, c, detail);
    json_keep(j, &key, start);
}

/* What an alert says of the ServerHello. */
static void put_selected(struct json *j, const struct observation *o)
{
    const struct suite *suite = observation_suite(o);
    json_open(j, "server_hello", '{');
    if (suite)
        json_string(j, "suite_name", suite->name);
    else
        json_hex16(j, "suite", o->server_hello.suite);
    json_close(j, '}');
}

static void put_server_hello(struct json *j, const struct observation *o, enum detail detail)
{
    const struct server_hello_facts *s = &o->server_hello;
    const struct suite *suite = observation_suite(o);
    json_open(j, "server_hello", '{');
    if (!(s->unknown & UNKNOWN_VERSIONS))
        json_hex16(j, "version", s->version);
    json_hex16(j, "suite", s->suite);
    if (suite) {
        json_string(j, "suite_name", suite->name);
        json_uint(j, "key_bits", suite->key_bits);
    }
    if (!(s->unknown & UNKNOWN_SESSION_ID))
        json_uint(j, "session_id_len", s->session_id_len);
    json_bool(j, "hello_retry", o->hello_retry);
    if (s->key_share_group)
        json_uint(j, "key_share_group", s->key_share_group);
    if (detail == DETAIL_FULL) {
        json_numbers(j, "extensions", s->extensions, s->extension_count);
        if (s->extensions_cut || s->unknown & UNKNOWN_EXTENSIONS)
            json_bool(j, "extensions_cut", true);
    }
    json_uint(j, "compression", s->compression);
    json_close(j, '}');
}

static void put_certificate(struct json *j, const struct observation *o)
{
    const struct certificate_facts *c = &o->certificate;
    json_open(j, "certificate", '{');
    json_slice(j, "key", o, c->key_name);
    if (c->bits)
        json_uint(j, "bits", c->bits);
    json_slice(j, "curve", o, c->curve);
    json_slice(j, "signature", o, c->signature);
    if (c->parsed) {
        json_uint(j, "x509_version", c->x509_version);
        json_uint(j, "serial_len", c->serial_len);
    }
    json_uint(j, "chain_len", c->chain_len);
    json_uint(j, "der_len", c->der_len);
    json_close(j, '}');
}

/* Of a code; or its number, when it has none. */
static void json_name(struct json *j, const char *key, const char *name, const char *before, unsigned code)
{
    char buffer[32];
    struct text number = text_over(buffer, sizeof buffer);
    if (name) {
        json_string(j, key, name);
        return;
    }
    text_put(&number, before);
    text_uint(&number, code);
    json_string(j, key, buffer);
}

static void put_key_exchange(struct json *j, const struct observation *o)
{
    if (!observation_suite(o))
        return;
    const struct key_exchange_facts *k = &o->key_exchange;
    const uint16_t group = observation_group(o);
    enum suite_kx type;
    json_open(j, "key_exchange", '{');
    if (observation_key_exchange(o, &type))
        json_string(j, "type", suite_kx_name(type));
    if (k->dh_bits)
        json_uint(j, "dh_bits", k->dh_bits);
    if (k->rsa_bits)
        json_uint(j, "rsa_bits", k->rsa_bits);
    if (group) {
        json_name(j, "group", group_name(group), "group_", group);
    }
    json_close(j, '}');
}

static void put_client_certificate(struct json *j, const struct observation *o)
{
    bool requested = o->seen & SEEN_CERTIFICATE_REQUEST;
    bool sent = o->seen & SEEN_CLIENT_CERTIFICATE;
    if (!requested && !sent && !(o->seen & SEEN_CERTIFICATE_URL))
        return;
    json_open(j, "client_certificate", '{');
    if (requested)
        json_bool(j, "requested", true);
    if (sent) {
        json_bool(j, "sent", true);
        json_uint(j, "count", o->client_certificate.count);
    } else if (o->seen & SEEN_CERTIFICATE_URL) {
        json_bool(j, "sent", true);
    } else if (observation_settled(o, CLIENT)) {
        json_bool(j, "sent", false);
    }
    json_close(j, '}');
}

/* The age of the session that was offered, as far as it is known. */
static void put_age(struct json *j, const struct session_result *s)
{
    if (!s || !s->offered)
        return;
    const enum age_basis basis = s->accepted ? s->basis : s->offered_basis;
    json_string(j, "age_basis", word_of(age_basis_words, basis));
    if (basis == AGE_UNKNOWN)
        return;
    json_seconds(j, "age_s", s->accepted ? s->resumed_age : s->offered_age);
    if (basis == AGE_EXACT)
        json_time(j, "origin", s->origin);
}

static void put_session(struct json *j, const struct observation *o, const struct session_result *session)
{
    const bool external = session && session->ageless == AGELESS_EXTERNAL && observation_by_psk(o);
    const bool refused = session && session->refused;
    if (o->resumption == RESUMPTION_UNKNOWN && !external && !refused)
        return;
    json_open(j, "session", '{');
    json_bool(j, "resumed", o->resumption > RESUMPTION_FULL);
    if (o->resumption > RESUMPTION_FULL && o->resumption != RESUMPTION_EITHER)
        json_string(j, "method", resumption_name(o->resumption));
    if (external)
        json_bool(j, "external_psk", true);
    put_age(j, session);
    json_close(j, '}');
}

static void put_alert(struct json *j, const struct tls_alert *a)
{
    json_open(j, NULL, '{');
    json_string(j, "from", a->from == CLIENT ? "client" : "server");
    if (a->level == 1 || a->level == 2)
        json_string(j, "level", a->level == 1 ? "warning" : "fatal");
    else
        json_uint(j, "level", a->level);
    json_name(j, "description", alert_name(a->description), "alert_", a->description);
    json_close(j, '}');
}

static void put_alerts(struct json *j, const struct observation *o)
{
    if (o->alert_count == 0)
        return;
    json_open(j, "alerts", '[');
    for (size_t i = 0; i < o->alert_count; i++)
        put_alert(j, &o->alerts[i]);
    json_close(j, ']');
}

static void put_unobserved(struct json *j, uint32_t reasons)
{
    if (!reasons)
        return;
    json_open(j, "unobserved", '[');
    for (unsigned bit = 0; bit < UNOBSERVED_COUNT; bit++)
        if (reasons >> bit & 1)
            json_string(j, NULL, unobserved_name(bit));
    json_close(j, ']');
}

static void put_encapsulation(struct json *j, const struct wrappers *w)
{
    if (w->encapsulation_count == 0)
        return;
    json_open(j, "encapsulation", '[');
    for (size_t i = 0; i < w->encapsulation_count; i++)
        json_string(j, NULL, word_of(encapsulation_words, w->encapsulation[i]));
    json_close(j, ']');
}

/* How the handshake went. An alert has what its rule may depend on. */
static void put_course(struct json *j, const struct policy_case *c, const struct rule_facts *rule)
{
    const struct observation *o = c->observation;
    const bool of_certificate = rule && rule->reads == READS_CERTIFICATE;
    const bool new_session = o->resumption == RESUMPTION_FULL && !(c->session && c->session->offered);
    if (!rule || (rule->reads & READS_SESSION && !new_session)) /* an alert is short */
        put_session(j, o, c->session);
    if (!of_certificate)
        put_alerts(j, o);
    put_unobserved(j, o->unobserved);
    if (!o->whence.confirmed)
        json_bool(j, "confirmed", false);
    json_slice(j, "authority", o, o->authority);
}

/* Most rules about certificates do not depend on the suite. */
static bool tells_suite(const struct rule_facts *rule)
{
    return !rule || !(rule->reads & READS_CERTIFICATE) || rule->reads & READS_SUITE;
}

static void handshake_facts(struct json *j, const struct policy_case *c, enum detail detail,
                            const struct rule_facts *rule)
{
    const struct observation *o = c->observation;
    json_string(j, "outcome", word_of(outcome_words, o->outcome));
    if (o->renegotiation)
        json_bool(j, "renegotiation", true);
    if (detail == DETAIL_BRIEF)
        json_bool(j, "shortened", true);
    if (detail >= DETAIL_ALERT) {
        if (detail == DETAIL_ALERT && o->seen & SEEN_SERVER_HELLO && tells_suite(rule))
            put_selected(j, o);
        put_course(j, c, rule);
        return;
    }
    json_string(j, "history", o->history);
    if (detail == DETAIL_SHORT)
        json_bool(j, "shortened", true);
    if (o->seen & SEEN_CLIENT_HELLO)
        put_known_client_hello(j, &o->client_hello, detail);
    if (o->seen & SEEN_SERVER_HELLO)
        put_server_hello(j, o, detail);
    if (o->seen & SEEN_CERTIFICATE && !o->certificate.other_form)
        put_certificate(j, o);
    put_key_exchange(j, o);
    put_client_certificate(j, o);
    if (o->seen & SEEN_TICKET) {
        json_open(j, "ticket_issued", '{');
        json_uint(j, "lifetime_hint", o->ticket_issued.lifetime_hint);
        json_close(j, '}');
    }
    put_course(j, c, rule);
}

static void connection_facts(struct json *j, const struct http_connection *h)
{
    json_uint(j, "requests", h->count.requests);
    json_uint(j, "answers", h->count.answers);
    json_uint(j, "served", h->count.served);
    json_uint(j, "challenges", h->count.challenges);
}

static void server_facts(struct json *j, const struct peer *p)
{
    json_open(j, "server", '{');
    if (p->name[0])
        json_string(j, "name", p->name);
    json_uint(j, "handshakes", p->handshakes);
    json_uint(j, "full_handshakes", p->sessions.full);
    json_uint(j, "resumptions", p->sessions.resumed);
    json_uint(j, "attempts", p->sessions.attempts);
    json_uint(j, "refused_offers", p->refused_hellos);
    json_close(j, '}');
}

static void ue_facts(struct json *j, const struct peer *p)
{
    json_open(j, "ue", '{');
    json_uint(j, "handshakes", p->handshakes);
    json_uint(j, "full_offers", p->full_offers);
    json_uint(j, "attempts", p->sessions.attempts);
    json_uint(j, "resumptions", p->sessions.resumed);
    json_close(j, '}');
}

static void exchange_facts(struct json *j, const struct http_exchange *e, const struct input_names *names)
{
    json_open(j, "exchange", '{');
    json_string(j, "over", e->null_encryption ? "null-encryption" : "plain");
    if (e->auid.length)
        json_bytes(j, "auid", span_of(e->auid.bytes, e->auid.length));
    json_identity(j, "user", span_of(e->user.bytes, e->user.length), names);
    json_identity(j, "identity", span_of(e->identity.bytes, e->identity.length), names);
    if (e->request_seen)
        json_bool(j, "credentials", e->credentials);
    if (e->response_seen)
        json_bool(j, "challenge", e->challenge);
    if (e->gba_realm)
        json_bool(j, "gba_realm", true);
    json_close(j, '}');
}

static void put_nearer(struct json *j, const struct other_side *side)
{
    json_open(j, "same_handshake", '{');
    json_end(j, "src_ip", "src_port", &side->client);
    json_end(j, "dest_ip", "dest_port", &side->server);
    json_close(j, '}');
}

void utwatch_proxied_for(struct json *j, const struct whence *about)
{
    if (!about->told.family)
        return;
    json_open(j, "proxied_for", '{');
    if (about->told.port)
        json_end(j, "ip", "port", &about->told);
    json_close(j, '}');
}

void utwatch_facts(struct json *j, const struct policy_case *c, enum detail detail,
                   const struct input_names *names, const struct rule_facts *rule)
{
    switch (c->kind) {
    case CASE_HANDSHAKE:
        handshake_facts(j, c, detail, rule);
        break;
    case CASE_CONNECTION:
        if (c->connection)
            connection_facts(j, c->connection);
        break;
    case CASE_EXCHANGE:
        exchange_facts(j, c->exchange, names);
        break;
    case CASE_SERVER:
        server_facts(j, c->server);
        break;
    case CASE_UE:
        ue_facts(j, c->ue);
        break;
    case CASE_KEY:
        break;
    }
    if (c->passed_on)
        json_bool(j, "passed_on", true);
    utwatch_proxied_for(j, &c->about);
    if (c->nearer.client.family)
        put_nearer(j, &c->nearer);
    put_encapsulation(j, &c->about.wrappers);
}

void json_ruleset(struct json *j, const struct rules_version *version)
{
    if (!version || !version->generation)
        return;
    json_open(j, "ruleset", '{');
    json_uint(j, "generation", version->generation);
    json_string(j, "hash", version->hash);
    json_close(j, '}');
}

void utwatch_rule(struct json *j, const struct rule_facts *rule, bool live)
{
    json_string(j, "rule", rule->id);
    json_string(j, "clause", rule->clause);
    json_string(j, "profile", rule->profile);
    if (live)
        json_ruleset(j, rule->version);
}

void utwatch_verdict(struct json *j, const struct verdict *v, const struct policy_case *c,
                     const struct input_names *names)
{
    char buffer[1024];
    struct text t = text_over(buffer, sizeof buffer);
    verdict_observed(v, c, &t);
    json_string(j, "about", word_of(case_kind_words, c->kind));
    utwatch_rule(j, v->rule, names && (names->live || names->folder));
    json_string(j, "verdict", word_of(verdict_words, v->value));
    json_string(j, "basis", word_of(basis_words, v->basis));
    if (v->fault != FAULT_NONE)
        json_string(j, "fault", word_of(fault_words, v->fault));
    if (t.n)
        json_string(j, "observed", buffer);
    json_string(j, "required", v->rule->requires);
    if (v->note)
        json_string(j, "note", v->note);
    if (v->excepted) {
        json_open(j, "excepted", '{');
        json_string(j, "reason", v->excepted);
        json_string(j, "until", v->excepted_until);
        json_close(j, '}');
    }
    if (v->known)
        json_bool(j, "known", true);
    if (c->packets)
        json_string(j, "evidence", c->packets);
}

/* The alerts that it takes back are those of the same rule and peer since `first_told`. */
void utwatch_taken_back(struct json *j, const struct taken_back *t, const struct input_names *names)
{
    const struct verdict *v = t->now;
    json_string(j, "about", word_of(case_kind_words, t->about->kind));
    utwatch_rule(j, v->rule, names && (names->live || names->folder));
    json_uint(j, "signature_id", v->rule->sid);
    json_string(j, "verdict", word_of(verdict_words, v->value));
    put_unobserved(j, v->reasons);
    if (t->told->fault != FAULT_NONE)
        json_string(j, "fault", word_of(fault_words, t->told->fault));
    json_time(j, "first_told", told_first(t->told));
    json_string(j, "told_as", word_of(finding_words, t->as));
    if (v->note)
        json_string(j, "note", v->note);
}
