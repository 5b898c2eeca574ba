/* What the head of a request or an answer says, for the rules. */
#include "http/connection.h"
#include "http/identity.h"
#include "wire/xcap_path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void keep(struct http_text *text, struct span s)
{
    s = span_head(s, sizeof text->bytes);
    text->length = (uint8_t)s.n;
    for (size_t i = 0; i < s.n; i++) {
        const bool fold = s.p[i] == '\r' || s.p[i] == '\n'; /* RFC 9112 5.2: read as spaces */
        text->bytes[i] = fold ? ' ' : (char)s.p[i];
    }
}

/* A span that the end of the target may have been cut from. */
static bool touches_end(struct span s, struct span target)
{
    return s.p + s.n == target.p + target.n;
}

/* TS 23.003 13.9: xcap.<domain>. Others of an operator's hosts speak HTTP in clear by their standards: the
 * BSF (TS 33.220, Digest AKA), MBMS, the lists of revoked certificates. */
static bool is_xcap_host(const struct http_text *host)
{
    return http_starts(span_of(host->bytes, host->length), "xcap.");
}

/* An operator's own domain may end otherwise, and a host of that name elsewhere may have nothing to do with
 * IMS. */
static bool is_of_3gpp(const struct http_text *host)
{
    static const char domain[] = ".3gppnetwork.org";
    const size_t n = sizeof domain - 1;
    size_t end = host->length;
    for (size_t i = 0; i < end; i++)
        if (host->bytes[i] == ':')
            end = i;
    end -= end && host->bytes[end - 1] == '.'; /* the name is absolute (RFC 1034 3.1) */
    return end > n && http_starts(span_of(host->bytes + end - n, n), domain);
}

/* Of a target in absolute form with an authority; 0: it is in another form (RFC 3986 3). */
static size_t scheme_length(struct span target)
{
    static const char marks[] = {'+', '-', '.'};
    size_t n = 0;
    while (n < target.n && (isalnum(target.p[n]) || memchr(marks, target.p[n], sizeof marks)))
        n++;
    return n && isalpha(target.p[0]) && http_starts(span_skip(target, n), "://") ? n : 0;
}

/* Of a target in absolute form, without its scheme, user and path. Empty: it is in another form. */
static struct span authority_of(struct span target)
{
    const size_t scheme = scheme_length(target);
    if (!scheme)
        return span_of(NULL, 0);
    const struct span rest = span_skip(target, scheme + strlen("://"));
    size_t end = 0;
    while (end < rest.n && !strchr("/?#", rest.p[end]))
        end++;
    struct span authority = span_head(rest, end);
    for (size_t at = 0; at < authority.n; at++)
        if (authority.p[at] == '@')
            return span_skip(authority, at + 1);
    return authority;
}

enum { HTTPS = 443 };

/* It names another port than that of https; `without`: what holds where it names none. */
static bool is_not_443(struct span authority, bool without)
{
    size_t digits = 0;
    while (digits < authority.n && isdigit(authority.p[authority.n - digits - 1]))
        digits++;
    if (!digits || digits == authority.n || authority.p[authority.n - digits - 1] != ':')
        return without;
    uint32_t port = 0;
    for (size_t i = authority.n - digits; i < authority.n && port <= UINT16_MAX; i++)
        port = port * 10 + (authority.p[i] - '0');
    return port != HTTPS;
}

/* At a proxy it is the authority that is asked, on its own port (RFC 9112 3.2.2, RFC 9110 4.2.1, 4.2.2 and
 * 9.3.6), wherever the proxy listens. */
static bool is_asked_elsewhere(const struct connection *c, const struct http_request *r)
{
    if (r->method == HTTP_CONNECT || c->seen.any_port || c->seen.null_encryption)
        return false;
    const struct span authority = authority_of(r->target);
    const bool of_https = http_starts(r->target, "https:") || http_starts(r->target, "wss:");
    /* In what is missing a tunnel may have begun. */
    const bool unseen = c->seen.damage & (HTTP_DAMAGE_START | HTTP_DAMAGE_GAP) && !c->seen.connect;
    return authority.n ? is_not_443(authority, !of_https) : c->tunnel_not_443 || unseen;
}

void note_tunnel(struct connection *c, const struct http_request *r, const struct http_exchange *e)
{
    c->tunnel_of_ut = e->of_ut;
    c->tunnel_not_443 = is_not_443(r->target, false);
}

/* They are in clear by their standards: Ub, to the BSF, which authenticates by Digest AKA (TS 33.220 4.5.2,
 * TS 23.003 16.2), MBMS's requests for keys (TS 33.246), and questions about certificates (RFC 6960 A.1). */
static bool is_of_other_interface(const struct http_request *r, const struct http_text *host)
{
    return http_starts(span_of(host->bytes, host->length), "bsf.") ||
           http_starts(http_auth_parameter(r->fields.authorization, "algorithm"), "AKA") ||
           http_starts(r->target, "/keymanagement?requesttype=") ||
           http_starts(r->fields.type, "application/ocsp-request");
}

/* OPTIONS of the server as a whole asks for no resource (RFC 9110 9.3.7); with an Upgrade it is sent so that
 * no request has to go without TLS, whatever the answer is (RFC 2817 3.2). TRACE has the request sent back
 * (RFC 9110 9.3.8). Credentials say who asks. */
static bool asks_nothing(const struct http_request *r, const struct http_exchange *e)
{
    const bool is_all = r->target.n == 1 && r->target.p[0] == '*';
    const bool claims = e->credentials || e->cookie || e->vouched || e->said_identity;
    const bool asks = r->method != HTTP_TRACE && !(r->method == HTTP_OPTIONS && (is_all || e->asks_tls));
    return !asks && !claims && !e->xcap;
}

/* Any page can have a browser ask any server for anything, with the cookies that it has of it, but by these
 * methods alone, and without fields that the page chooses, unless the server agrees (Fetch 2.2.1 and 4.8; a
 * preflight request asks whether it does). So only what a page cannot write shows who asks. */
static bool may_be_for_page(const struct http_request *r, const struct http_exchange *e)
{
    const bool by_method = r->method == HTTP_GET || r->method == HTTP_HEAD || r->method == HTTP_POST ||
                           r->method == HTTP_OPTIONS;
    const bool claims = e->credentials || e->vouched || e->said_identity;
    return r->fields.browser && by_method && !claims && !e->null_encryption && !e->not_of_ut;
}

/* The host and port that a request is for. Beside a target in absolute form a Host field does not count (RFC
 * 9112 3.2.2). */
static struct span host_asked(const struct http_request *r)
{
    const struct span authority = authority_of(r->target);
    return r->method == HTTP_CONNECT ? r->target : authority.n ? authority : r->fields.host;
}

/* No room was left for the path, or for the rest of it. A reference to an earlier head of HTTP/2 is another
 * thing: what it stands for was read there. */
static bool may_go_on_to_document(const struct reader *reader, const struct http_request *r)
{
    const bool lost = reader->target_cut && (reader->fields_lost || !reader->unread);
    return lost && r->method != HTTP_CONNECT && !(r->target.n && memchr(r->target.p, '?', r->target.n));
}

/* If there are several fields, nobody knows which one counts. Next to an asserted identity, the proxy says
 * who asks (TS 24.109), unless the UE claims something else. */
static enum document_owner owner_of(struct span user, const struct http_fields *f)
{
    const enum document_owner claimed =
        f->identities == 1 ? identity_owner(user, f->identity) : OWNER_NOT_TOLD;
    if (!f->assertions)
        return claimed;
    const enum document_owner asserted =
        f->assertions == 1 ? identity_owner_of_any(user, f->asserted) : OWNER_NOT_TOLD;
    const bool contradicted = asserted == OWNER_FOREIGN && f->identities && claimed != OWNER_FOREIGN;
    return contradicted ? OWNER_NOT_TOLD : asserted;
}

/* RFC 9110 7.8: a list, of which the server chooses one, and says which. */
static bool is_all_tls(struct span upgrade)
{
    bool all = upgrade.n > 0;
    while (upgrade.n && all) {
        upgrade = http_skip_to_request(upgrade);
        all = http_starts(upgrade, "TLS/");
        const uint8_t *comma = memchr(upgrade.p, ',', upgrade.n);
        upgrade = span_skip(upgrade, comma ? (size_t)(comma - upgrade.p) + 1 : upgrade.n);
    }
    return all;
}

struct http_exchange request_facts(const struct connection *c, const struct http_request *r,
                                   const struct whence *where)
{
    const struct http_fields *f = &r->fields;
    const struct reader *reader = &c->side[CLIENT];
    const bool too_long =
        reader->fields_cut || reader->fields_lost || (reader->target_cut && !reader->unread);
    const bool fields_cut = reader->fields_cut || reader->fields_lost || reader->unread;
    const uint32_t damage =
        (too_long ? HTTP_DAMAGE_TOO_LONG : 0U) | (reader->unread ? HTTP_DAMAGE_COMPRESSED : 0U);
    struct http_exchange e = {.whence = *where,
                              .null_encryption = c->seen.null_encryption,
                              .request_seen = true,
                              .request_to = c->place.end,
                              .stream = c->stream,
                              .damage = c->seen.damage | damage,
                              .target_cut = reader->target_cut,
                              .fields_cut = fields_cut,
                              .method = r->method,
                              .credentials = f->authorization.n > 0,
                              .said_identity = f->identity.n > 0,
                              .vouched = f->assertions > 0,
                              .forwarded = f->forwarded || f->assertions || c->seen.forwarded,
                              .cookie = f->cookie,
                              .known_user = c->known_user,
                              .tls_user = c->seen.tls_user,
                              .asks_tls = http_starts(f->upgrade, "TLS/"),
                              .asks_tls_only = is_all_tls(f->upgrade)};
    struct xcap_path path;
    if (xcap_path_parse(r->target, &path)) {
        e.xcap = true;
        e.user_document = path.user.n > 0;
        keep(&e.auid, path.auid);
        keep(&e.user, path.user);
        const bool whole = !fields_cut && !(reader->target_cut && touches_end(path.user, r->target));
        if (path.user.n && whole && !path.climbs)
            e.owner = owner_of(path.user, f);
    }
    keep(&e.host, host_asked(r));
    keep(&e.identity, f->asserted.n   ? f->asserted
                      : f->identity.n ? f->identity
                                      : http_auth_parameter(f->authorization, "username"));
    const bool by_host = path.tree || r->method == HTTP_CONNECT || is_of_3gpp(&e.host);
    e.of_ut = e.xcap || e.said_identity || (by_host && is_xcap_host(&e.host)) ||
              (c->tunnel_of_ut && r->method != HTTP_CONNECT);
    e.not_of_ut =
        asks_nothing(r, &e) || (!e.of_ut && (is_asked_elsewhere(c, r) || is_of_other_interface(r, &e.host)));
    e.for_page = may_be_for_page(r, &e);
    e.may_be_of_ut = !e.of_ut && (is_xcap_host(&e.host) || may_go_on_to_document(reader, r));
    e.forwarded |= f->probe && !e.of_ut;
    return e;
}

void http_count_ut_only(struct http_connection *c)
{
    if (c->of_ut.requests)
        c->whence = c->first_of_ut;
    c->count = c->of_ut;
}

/* Documents of XCAP, and parts of them, are of types of XML (RFC 4825 7.2, 8.2.1; RFC 7303 4.2). A page is
 * not a document, not even in XHTML (RFC 3236): it may be a login form, an error, a redirection, or a captive
 * portal that impersonates the server. Nor is an error report (RFC 4825 11). */
static bool is_of_document(struct span type)
{
    bool xml = false;
    for (; type.n >= 3 && type.p[0] != ';'; type = span_skip(type, 1)) {
        if (http_starts(type, "html") || http_starts(type, "xcap-error"))
            return false;
        xml |= http_starts(type, "xml");
    }
    return xml;
}

static bool has_no_document(const struct http_response *r)
{
    return r->status == 200 && r->fields.type.n && !is_of_document(r->fields.type);
}

/* Answers that only another service gives: WebSocket (RFC 6455 4.2.2), and information about certificates,
 * which its standards leave in clear (RFC 6960 A.2, RFC 2585 4, RFC 5280 4.2.1.13). */
static bool is_of_other_service(const struct http_response *r)
{
    const struct span type = r->fields.type;
    if (r->status == 101)
        return http_starts(r->fields.upgrade, "websocket");
    return r->status == 200 &&
           (http_starts(type, "application/ocsp-response") || http_starts(type, "application/pkix-crl") ||
            http_starts(type, "application/pkix-cert"));
}

/* The protocol that follows, by which the server says what it will read (RFC 9110 7.8). */
static bool switches_to_tls(const struct http_response *r)
{
    return r->status == 101 && http_starts(r->fields.upgrade, "TLS/");
}

struct answer answer_facts(const struct connection *c, const struct http_response *r)
{
    const struct reader *reader = &c->side[SERVER];
    return (struct answer){.status = r->status,
                           .stream = c->stream,
                           .cut = reader->fields_cut || reader->fields_lost || reader->unread,
                           .unread = reader->unread,
                           .challenge = r->fields.challenge.n > 0,
                           .gba_realm = r->fields.gba_realm,
                           .gaa = r->fields.gaa,
                           .aka = r->fields.aka,
                           .no_document = has_no_document(r),
                           .to_http2 = r->status == 101 && http_starts(r->fields.upgrade, "h2c"),
                           .to_tls = switches_to_tls(r),
                           .to_other = r->status == 101 && r->fields.upgrade.n && !switches_to_tls(r),
                           .in_frames = follows_in_frames(r),
                           .other_service = is_of_other_service(r),
                           .to_https = r->status >= 300 && r->status < 400 &&
                                       http_starts(r->fields.location, "https:")};
}

bool follows_in_frames(const struct http_response *r)
{
    return r->status == 101 &&
           (http_starts(r->fields.upgrade, "h2c") || http_starts(r->fields.upgrade, "websocket"));
}
