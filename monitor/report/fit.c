#include "report/fit.h"

void json_fit(struct text *out, void (*write)(struct json *j, const void *what, enum detail detail),
              const void *what)
{
    if (out->cut)
        return;
    const size_t start = out->n;
    for (enum detail detail = DETAIL_FULL; detail <= DETAIL_SHORT; detail++) {
        out->n = start;
        out->cut = false;
        struct json j = json_on(out);
        write(&j, what, detail);
        text_char(out, '\n');
        if (!out->cut)
            return;
    }
    out->n = start;
    out->p[start] = '\0';
}
