/*
 * The text format of Prometheus, version 0.0.4: for each metric its HELP and TYPE, then its samples. What
 * does not fit the text is left out by whole lines.
 */
#ifndef UTWATCH_REPORT_EXPOSITION_H
#define UTWATCH_REPORT_EXPOSITION_H

#include "base/nanos.h"
#include "base/text.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

struct label {
    const char *name, *value; /* a value of NULL: there is no such label */
};

/* `help`: a sentence in one line. */
void metric_begin(struct text *t, const char *name, enum metric_type type, const char *help);

/* One sample of the metric that was begun last, and of that name, with at most two labels. */
void metric_value(struct text *t, const char *name, struct label a, struct label b, uint64_t value);
void metric_seconds(struct text *t, const char *name, nanos time);

/* A metric without labels. */
void metric_alone(struct text *t, const char *name, enum metric_type type, const char *help, uint64_t value);

#define NO_LABEL ((struct label){NULL, NULL})

#endif
