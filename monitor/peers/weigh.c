/* What a server's refusals prove about its suites. */
#include "peers/peers.h"
#include "wire/x509.h"

#include <string.h>

/* What a server has shown that it has, besides support for suites: for each kind of certificate
 * authentication, the kinds of key exchange. */
struct shown {
    bool deciphers;             /* an RSA key */
    bool curves;                /* an EC key, or a suite with ephemeral keys on curves */
    bool signs[AUTH_ECDSA + 1]; /* a key of this kind */
    bool selected[AUTH_ECDSA + 1]
                 [KX_PSK]; /* also what some of them need besides, such as Diffie-Hellman parameters */
};

static struct shown shown_by(const struct peer *server)
{
    const uint32_t edwards = 1U << X509_KEY_ED25519 | 1U << X509_KEY_ED448; /* RFC 8422 5.10 */
    struct shown shown = {
        .deciphers = server->keys & 1U << X509_KEY_RSA,
        .signs = {[AUTH_RSA] = server->keys & (1U << X509_KEY_RSA | 1U << X509_KEY_RSA_PSS),
                  [AUTH_DSS] = server->keys & 1U << X509_KEY_DSA,
                  [AUTH_ECDSA] = server->keys & (1U << X509_KEY_EC | edwards)},
    };
    for (size_t i = 0; i < suite_count; i++) {
        const struct suite *suite = &suite_table[i];
        if (suite->auth > AUTH_ECDSA || suite->kx >= KX_PSK || !suite_set_has(&server->selected, i))
            continue;
        shown.selected[suite->auth][suite->kx] = shown.signs[suite->auth] = true;
        shown.curves |= suite->kx == KX_ECDHE;
    }
    shown.curves |= shown.signs[AUTH_ECDSA];
    return shown;
}

static bool has_what_it_takes(const struct shown *shown, const struct suite *suite)
{
    if (suite->auth < AUTH_RSA || suite->auth > AUTH_ECDSA || suite->kx >= KX_PSK)
        return false;
    return shown->selected[suite->auth][suite->kx] ||
           (suite->kx == KX_ECDHE && shown->curves && shown->signs[suite->auth]) ||
           (suite->kx == KX_RSA && shown->deciphers);
}

/* What the server could have used of an offer if it had the suites: it may have refused the others for want
 * of a certificate, a shared key or a password. */
static struct suite_set usable_of(const struct shown *shown, const struct suite_set *offer)
{
    struct suite_set usable = {0};
    for (size_t i = 0; i < suite_count; i++)
        if (suite_set_has(offer, i) && has_what_it_takes(shown, &suite_table[i]))
            suite_set_add(&usable, i);
    return usable;
}

void peer_weigh(const struct peer *server, struct peer_evidence *out)
{
    memset(out, 0, sizeof *out);
    if (server->side != SERVER) /* a UE has less room: it ends before the members of servers */
        return;
    out->may_select = server->offers;
    suite_set_join(&out->may_select, &server->selected);
    out->doubt = server->at_times >= REFUSES_AT_TIMES ? UNOBSERVED_INCONSISTENT : 0;
    out->doubt |= server->shortened ? UNOBSERVED_EVICTED : 0;
    if (out->doubt)
        return;
    for (size_t i = 0; i < server->refused_count; i++) {
        const struct refusals *r = &server->refused[i];
        struct suite_set alone = r->lacking;
        suite_set_common(&alone, &r->alone);
        suite_set_join(&out->lacking, &r->lacking);
        suite_set_join(&out->alone, &alone);
    }
    if (suite_set_empty(&out->lacking))
        return;
    suite_set_without(&out->may_select, &out->lacking);
    const struct shown shown = shown_by(server);
    out->usable = usable_of(&shown, &out->lacking);
}
