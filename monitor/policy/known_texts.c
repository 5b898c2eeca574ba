/* Fields whose possible texts are all known: object identifiers by openssl's names, and application usages of
 * Ut. */
#include "policy/compiled.h"
#include "wire/http.h"
#include "wire/oid.h"
#include "wire/xcap_path.h"

static const struct oid_name *oids_of(enum field field, size_t *count)
{
    *count = 0;
    return field == FIELD_CERTIFICATE_CURVE       ? oid_curves(count)
           : field == FIELD_CERTIFICATE_SIGNATURE ? oid_signatures(count)
                                                  : NULL;
}

const char *known_text(enum field field, size_t i)
{
    size_t count;
    const struct oid_name *names = oids_of(field, &count);
    if (field == FIELD_HTTP_AUID)
        return xcap_auid_name(i);
    return i < count ? names[i].name : NULL;
}

const char *known_text_of_oid(enum field field, const char *dotted)
{
    size_t count;
    const struct oid_name *names = oids_of(field, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i].dotted, dotted) == 0)
            return names[i].name;
    return NULL;
}
