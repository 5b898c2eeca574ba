/* Writing an event again with less in it when it did not fit. */
#ifndef UTWATCH_REPORT_FIT_H
#define UTWATCH_REPORT_FIT_H

#include "report/json.h"

enum detail {
    DETAIL_FULL,
    DETAIL_SHORT, /* without the long lists */
};

/*
 * Calls write() with DETAIL_FULL and, when that did not fit, once more with DETAIL_SHORT. Nothing is appended
 * and `cut` is set when neither fits. The newline at the end is added here.
 */
void json_fit(struct text *out, void (*write)(struct json *j, const void *what, enum detail detail),
              const void *what);

#endif
