/* The command line. */
#ifndef UTWATCH_APP_OPTIONS_H
#define UTWATCH_APP_OPTIONS_H

#include "decode/checksum.h"
#include "policy/policy.h"
#include "report/baseline.h"
#include "report/text_report.h"

enum task {
    TASK_REPLAY,
    TASK_TEST, /* -T */
    TASK_LIST_PROFILES,
    TASK_LIST_RULES,
    TASK_LIST_FIELDS,
    TASK_LIST_SUITES,
    TASK_EXPLAIN,
    TASK_SESSIONS, /* --sessions */
    TASK_DUMP,     /* --dump-profile */
    TASK_VERSION,
    TASK_BUILD_INFO,
    TASK_HELP,
};

enum exit_status { /* docs: contract with the user */
                   EXIT_CLEAN = 0,
                   EXIT_VIOLATIONS = 1,
                   EXIT_USAGE = 2,
                   EXIT_INPUT = 3,
                   EXIT_LOSS = 4,
                   EXIT_RUNTIME = 5,
};

/* The one of two that is returned, in the order: runtime, usage, input, violations, too little to judge. */
int worse_status(int a, int b);

enum { MAX_REPORTS = 8, WATCH_NAMES = 64, WATCH_NAME_BYTES = 4096 };
enum report_form { REPORT_TEXT, REPORT_HTML, REPORT_CSV, REPORT_JUNIT };
struct report_wanted {
    enum report_form form;
    const char *file; /* NULL: standard output */
};

enum { MAX_EXPECTED = 64 };
struct expectation {  /* of --expect */
    const char *rule; /* not ended by a zero */
    size_t rule_length;
    enum verdict_value verdict;
};

struct options {
    enum task task;
    const char **inputs; /* of -r or -i, in order */
    size_t input_count;
    unsigned *input_folder; /* for each, which folder it was found in, from 1 on; 0: it was named itself */
    unsigned folders;
    bool live;         /* they are interfaces */
    bool endless;      /* a signal is how it ends: interfaces, or a watched folder */
    const char *watch; /* the folder, which is inputs[0], or NULL; the other inputs are in `watched` */
    char (*watched)[WATCH_NAME_BYTES]; /* the files that were read last */
    bool merge;                        /* files are parts of one traffic */
    unsigned workers;                  /* threads that parse in live capture */
    uint64_t ring;                     /* bytes of the kernel's ring for each */
    const char *profile;               /* of -p, or NULL */
    const char *advise[MAX_ADVICE];    /* further profiles */
    size_t advise_count;
    const char *config;   /* of -c, or NULL */
    const char *state;    /* file of --state, or NULL */
    const char *evidence; /* folder of --evidence, or NULL */
    const char *shared;   /* redis://... of --state, or NULL */
    const char *json;     /* file, or "-" */
    const char *syslog[MAX_RECEIVERS];
    size_t syslog_count;
    struct report_wanted report[MAX_REPORTS];
    size_t report_count;       /* 0: a text on standard output, where that is free for it */
    struct baseline *baseline; /* findings of an earlier run, or NULL */
    const char *baseline_file;
    const char *rule; /* of --explain */
    enum severity fail_on;
    struct text_choice show; /* --details, --rules, --unseen, --min-severity */
    struct expectation expected[MAX_EXPECTED];
    size_t expected_count;
    bool strict; /* superseded demands count */
    bool no_confine;
    bool quiet;
    unsigned verbose;
    enum checksum_policy checksums;
    int argument_count; /* the command line as it was given */
    char *const *arguments;
    char *filter; /* the words after the options, or NULL */
};

/* False after a message on standard error: exit with EXIT_USAGE. */
bool options_parse(int argc, char **argv, struct options *out);
void options_free(struct options *o);
void options_help(FILE *out);

#endif
