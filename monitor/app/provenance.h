/* What the HTML report says of where it comes from. */
#ifndef UTWATCH_APP_PROVENANCE_H
#define UTWATCH_APP_PROVENANCE_H

#include "app/options.h"
#include "report/provenance.h"

struct provenance {
    struct report_provenance origin;
    char command[2048];
    struct input_provenance *input;
};

/* Reads the inputs that are files again, for their sums. */
void provenance_find(struct provenance *p, const struct options *o);
void provenance_free(struct provenance *p);

#endif
