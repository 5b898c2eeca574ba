/* What one handshake teaches about its UE. */
#include "peers/learn.h"
#include "peers/resumptions.h"
#include "peers/spread.h"

static void ue_offered_version(struct peer *u, const struct client_hello_facts *c, struct lesson *l)
{
    l->offered_before = u->highest_version;
    l->fallback_before = u->fallback_version;
    if (c->unknown & (UNKNOWN_VERSIONS | UNKNOWN_EXTENSIONS))
        return;
    if (c->max_version > u->highest_version)
        u->highest_version = c->max_version;
    if (c->fallback_scsv && c->max_version > u->fallback_version)
        u->fallback_version = c->max_version;
    l->offered_version = u->highest_version;
    l->fallback_version = u->fallback_version;
}

/* What a hello offers is supported; what it lacks proves nothing if it need not offer everything. */
static void ue_offered(struct peer *u, const struct observation *o, const struct session_result *r,
                       struct lesson *l)
{
    const struct client_hello_facts *c = &o->client_hello;
    ue_offered_version(u, c, l);
    if (observation_offers_sslv2_only(o)) {
        learn_lowest(u, c->max_version, l);
        return;
    }
    l->offered = c->offered;
    suite_set_without(&l->offered, &u->offered);
    suite_set_join(&u->offered, &c->offered);
    if (r->offered) /* a hello that resumes need only list the session's suite (RFC 2246 7.4.1.2) */
        return;
    if (c->unknown & (UNKNOWN_OFFER | UNKNOWN_VERSIONS) ||
        observation_offer_in_doubt(o)) { /* it may resume, or offer others */
        u->unseen_offers++;
        u->missing |= observation_unread(o, CLIENT);
        return;
    }
    if (r->ageless == AGELESS_EITHER) { /* it may resume */
        u->unseen_offers++;
        u->missing |= UNOBSERVED_UNDECIDED;
        return;
    }
    /* A hello with an id that was not seen to be issued may resume as well: up to TLS 1.2 an id has no other
     * use. */
    bool has_id = c->session_id_len && !c->ticket;
    bool may_resume = has_id && o->resumption == RESUMPTION_UNKNOWN;
    if (may_resume || (has_id && c->max_version < 0x0304)) {
        u->unseen_offers += may_resume && c->max_version >= 0x0304;
        u->missing |= may_resume && c->max_version >= 0x0304 ? observation_missing(o, SERVER) : 0;
        return;
    }
    if (c->fallback_scsv) /* a UE has other suites for the version that it fell back from */
        return;
    if (u->full_offers == 0)
        u->always = c->offered;
    suite_set_common(&u->always, &c->offered);
    u->full_offers++;
    learn_lowest(u, c->max_version, l);
    l->full_offers = 1;
    u->unknown_offers += c->unknown_suites > 0;
}

void learn_of_other_side(struct peer *ue)
{
    ue->unseen_offers++;
    ue->missing |= UNOBSERVED_OTHER_SIDE;
}

void learn_of_ue(struct peer *u, const struct taught *t, struct lesson *l)
{
    const struct observation *o = t->o;
    const struct hello_shape *shape = t->shape;
    const struct session_result *session = t->session;
    u->handshakes++;
    spread_learn(u, o);
    resumptions_add(&u->sessions, &l->added);
    l->refused_fresh[CLIENT] = resumptions_learn(u, o, session, &t->refusal);
    if (!(o->seen & SEEN_CLIENT_HELLO) || observation_is_doubtful(o, CLIENT)) {
        u->unseen_offers++;
        u->missing |= observation_missing(o, CLIENT);
        return;
    }
    ue_offered(u, o, session, l);
    const uint32_t unread = observation_other_unread(o);
    u->unseen_offers += unread != 0;
    u->missing |= unread;
    u->unlike |= u->stack && shape->known && shape->stack != u->stack;
    u->stack = u->stack ? u->stack : shape->stack;
    l->not_used = !session->offered && !observation_offer_in_doubt(o) && held_is_usable(&u->held, shape, o);
    u->not_used += l->not_used;
    l->got_session = o->resumption == RESUMPTION_FULL && o->outcome == OUTCOME_COMPLETE && session->issued;
    if (l->got_session)
        held_learn(&u->held, shape, o, t->begun);
}
