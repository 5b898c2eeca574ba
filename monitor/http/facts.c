/* What the head of a request or an answer says, for the rules. */
#include "http/connection.h"
#include "http/identity.h"

#include <strings.h>

static void keep(struct http_text *text, struct span s)
{
    s = span_head(s, sizeof text->bytes);
    text->length = (uint8_t)s.n;
    if (s.n)
        memcpy(text->bytes, s.p, s.n);
}

struct http_exchange request_facts(const struct connection *c, const struct http_request *r,
                                   const struct whence *where)
{
    const struct http_fields *f = &r->fields;
    struct http_exchange e = {.whence = *where,
                              .null_encryption = c->seen.null_encryption,
                              .request_seen = true,
                              .damage = c->seen.damage,
                              .method = r->method,
                              .credentials = f->authorization.n > 0,
                              .said_identity = f->identity.n > 0,
                              .vouched = f->asserted,
                              .cookie = f->cookie,
                              .known_user = c->known_user,
                              .asks_tls = http_starts(f->upgrade, "TLS/")};
    for (struct span ua = f->user_agent; ua.n && !e.gba_client; ua = span_skip(ua, 1))
        e.gba_client = http_starts(ua, "3gpp-gba");
    struct xcap_path path;
    if (xcap_path_parse(r->target, &path)) {
        e.xcap = true;
        e.user_document = path.user.n > 0;
        keep(&e.auid, path.auid);
        keep(&e.user, path.user);
        /* Of several nobody knows which one counts, and beside an asserted one it is the proxy that says. */
        if (path.user.n && f->identities == 1 && !f->asserted)
            e.owner = identity_owner(path.user, f->identity);
    }
    keep(&e.host, r->method == HTTP_CONNECT ? r->target : f->host);
    keep(&e.identity, f->identity.n ? f->identity : http_auth_parameter(f->authorization, "username"));
    return e;
}

struct answer answer_facts(const struct http_response *r)
{
    return (struct answer){.status = r->status,
                           .challenge = r->fields.challenge.n > 0,
                           .gba_realm = r->fields.gba_realm,
                           .gaa = r->fields.gaa,
                           .aka = r->fields.aka,
                           .to_http2 = r->status == 101 && http_starts(r->fields.upgrade, "h2c"),
                           .to_https = r->status >= 300 && r->status < 400 &&
                                       http_starts(r->fields.location, "https:")};
}

/* TS 23.003 13.9: xcap.<domain>, and the domains of IMS end in 3gppnetwork.org. */
bool is_ims_host(const struct http_text *host)
{
    struct span s = span_of(host->bytes, host->length);
    if (http_starts(s, "xcap."))
        return true;
    for (; s.n; s = span_skip(s, 1))
        if (http_starts(s, ".3gppnetwork.org"))
            return true;
    return false;
}
