/* What the HTML report says about its origin. */
#ifndef UTWATCH_APP_PROVENANCE_H
#define UTWATCH_APP_PROVENANCE_H

#include "app/options.h"
#include "app/ruleset.h"
#include "report/provenance.h"

struct provenance {
    struct report_provenance origin;
    char command[2048];
    struct input_provenance *input;
    struct rules_provenance *rules;
    struct exception_provenance *exception;
};

/* Reads the inputs that are files again, for their sums. `rules` has to outlive what is found. */
void provenance_find(struct provenance *p, const struct options *o, const struct ruleset *rules);
void provenance_free(struct provenance *p);

#endif
