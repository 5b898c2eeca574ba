#include "app/options.h"

#include "app/expect.h"
#include "app/inputs.h"
#include "app/say.h"
#include "base/amount.h"
#include "base/limits.h"
#include "policy/mistakes.h"
#include "session/session.h"
#include "syslog/address.h"

#include <getopt.h>
#include <stdlib.h>

int worse_status(int a, int b)
{
    static const int order[] = {EXIT_RUNTIME, EXIT_USAGE, EXIT_INPUT, EXIT_VIOLATIONS, EXIT_LOSS};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_CLEAN;
}

enum long_only {
    OPTION_JSON = 256,
    OPTION_ADVISE,
    OPTION_STATE,
    OPTION_SESSIONS,
    OPTION_EVIDENCE,
    OPTION_REPORT,
    OPTION_SYSLOG,
    OPTION_DETAILS,
    OPTION_RULES,
    OPTION_UNSEEN,
    OPTION_MIN_SEVERITY,
    OPTION_FAIL_ON,
    OPTION_STRICT,
    OPTION_LIST_PROFILES,
    OPTION_LIST_RULES,
    OPTION_LIST_FIELDS,
    OPTION_LIST_SUITES,
    OPTION_EXPLAIN,
    OPTION_DUMP,
    OPTION_BUILD_INFO,
    OPTION_NO_CONFINE,
    OPTION_WORKERS,
    OPTION_RING,
    OPTION_MERGE,
    OPTION_WATCH,
    OPTION_BASELINE,
    OPTION_EXPECT,
    OPTION_CHECKSUMS,
};

static const struct option long_options[] = {
    {"read", required_argument, NULL, 'r'},
    {"merge", no_argument, NULL, OPTION_MERGE},
    {"interface", required_argument, NULL, 'i'},
    {"watch", required_argument, NULL, OPTION_WATCH},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"ring", required_argument, NULL, OPTION_RING},
    {"profile", required_argument, NULL, 'p'},
    {"advise", required_argument, NULL, OPTION_ADVISE},
    {"state", required_argument, NULL, OPTION_STATE},
    {"sessions", no_argument, NULL, OPTION_SESSIONS},
    {"evidence", required_argument, NULL, OPTION_EVIDENCE},
    {"config", required_argument, NULL, 'c'},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"expect", required_argument, NULL, OPTION_EXPECT},
    {"baseline", required_argument, NULL, OPTION_BASELINE},
    {"details", optional_argument, NULL, OPTION_DETAILS},
    {"rules", no_argument, NULL, OPTION_RULES},
    {"unseen", no_argument, NULL, OPTION_UNSEEN},
    {"min-severity", required_argument, NULL, OPTION_MIN_SEVERITY},
    {"json", required_argument, NULL, OPTION_JSON},
    {"syslog", required_argument, NULL, OPTION_SYSLOG},
    {"fail-on", required_argument, NULL, OPTION_FAIL_ON},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"test", no_argument, NULL, 'T'},
    {"list-profiles", no_argument, NULL, OPTION_LIST_PROFILES},
    {"list-rules", no_argument, NULL, OPTION_LIST_RULES},
    {"list-fields", no_argument, NULL, OPTION_LIST_FIELDS},
    {"list-suites", no_argument, NULL, OPTION_LIST_SUITES},
    {"explain", required_argument, NULL, OPTION_EXPLAIN},
    {"dump-profile", no_argument, NULL, OPTION_DUMP},
    {"checksums", required_argument, NULL, OPTION_CHECKSUMS},
    {"no-confine", no_argument, NULL, OPTION_NO_CONFINE},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"build-info", no_argument, NULL, OPTION_BUILD_INFO},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "usage: utwatch [options] -r FILE|DIR [FILE ...] [BPF filter words]\n"
    "       utwatch [options] -i INTERFACE [-i INTERFACE ...] [BPF filter words]\n"
    "       utwatch [options] --watch DIR [BPF filter words]\n"
    "       utwatch -T [-p NAME|FILE] [--advise NAME|FILE] [-c FILE] [--expect RULE=VERDICT -r FILE]\n"
    "\n"
    "Judges the TLS handshakes of Ut traffic against TS 33.141.\n"
    "\n"
    "  -r, --read FILE|DIR    pcap or pcapng, plain or compressed (gz, zst, xz, bz2, lz4); - is "
    "standard\n"
    "                         input; a folder is read in order of time; repeatable\n"
    "      --merge            merge the files, each with a part of the same traffic, by time stamp\n"
    "  -i, --interface INTERFACE  capture live, for instance from a mirror port; repeatable\n"
    "      --watch DIR        read each capture in DIR once its writer has closed or renamed it\n"
    "      --workers N        threads that parse in live capture (default 1)\n"
    "      --ring SIZE        the kernel's ring for each worker and interface (default 64MiB)\n"
    "  -p, --profile NAME|FILE  the rules that decide the verdicts (default ts33141-pcr2)\n"
    "      --advise NAME|FILE   a further profile, whose findings never change the exit status; "
    "repeatable\n"
    "  -c, --config FILE      the site: what counts as Ut, the operator's policy, exceptions, limits\n"
    "      --state FILE       remember sessions across restarts\n"
    "      --state redis://HOST[:PORT]  share remembered sessions with other sensors\n"
    "      --json FILE|-      one JSON object per line for each handshake and violation\n"
    "      --syslog TRANSPORT:HOST:PORT  alerts as RFC 5424; udp, tcp, tls, relp, relp+tls, or "
    "unix:PATH\n"
    "      --report text|html|csv|junit[:FILE]  the compliance report (text on standard output by "
    "default);\n"
    "                         repeatable\n"
    "      --baseline FILE    an earlier --json or --report csv, whose violations do not count again\n"
    "      --details          in the text, every finding in order of time, handshakes, stacks and ages\n"
    "      --details=handshakes  in the text, a line for each handshake\n"
    "      --rules            in the text, the table of the rules\n"
    "      --unseen           in the text, what could not be judged, rule by rule\n"
    "      --min-severity LEVEL  least severity that the text shows; does not change the exit status\n"
    "      --evidence DIR     for each alert, a pcapng file with the packets of its handshake\n"
    "      --fail-on LEVEL    lowest severity for exit status 1: info, low (default), medium or high\n"
    "      --strict           breaches of superseded demands count as violations\n"
    "      --checksums auto|verify|ignore  whether a segment with a wrong TCP checksum counts\n"
    "      --no-confine       run without the sandbox, for debugging\n"
    "  -q, --quiet            no report on standard output\n"
    "  -v, --verbose          print more on standard error: inputs and receivers; twice: the rules too\n"
    "\n"
    "  -T, --test             check the rules and the configuration, read no packets\n"
    "      --expect RULE=VERDICT  with -T and -r FILE: exit status 1 unless the rule has this verdict\n"
    "      --sessions         print what --state FILE remembers: counts and ages by server\n"
    "      --list-profiles    list the installed profiles\n"
    "      --list-rules       list the rules of the profile\n"
    "      --explain NAME     explain a rule, a fact that rules can use, or a profile\n"
    "      --dump-profile     print the profile with everything it inherits\n"
    "      --list-fields      list the facts that rules can use\n"
    "      --list-suites      list the registry of cipher suites\n"
    "  -V, --version   --build-info   -h, --help\n"
    "\n"
    "Exit status: 0 no violation, 1 violations, 2 wrong usage or rules, 3 an input could not be read to\n"
    "its end or none of its frames decoded, 4 more than loss-limit (1 %) of the handshakes were damaged "
    "by\n"
    "the capture or nothing was judged, 5 runtime failure.\n";

void options_help(FILE *out)
{
    (void)fputs(help, out);
}

/* "utwatch: BEFORE'WORD'AFTER"; always false. */
static bool refuse(const char *before, const char *word, const char *after)
{
    char buffer[512];
    struct text t = text_over(buffer, sizeof buffer);
    text_safe(&t, span_of(word, strlen(word)));
    (void)fprintf(stderr, "utwatch: %s'%s'%s\n(utwatch --help shows the options)\n", before,
                  t.cut ? "..." : buffer, after);
    return false;
}

static bool join_filter(struct options *o, char **words, int count)
{
    size_t length = 1;
    for (int i = 0; i < count; i++)
        length += strlen(words[i]) + 1;
    o->filter = malloc(length);
    if (!o->filter)
        return false;
    struct text t = text_over(o->filter, length);
    for (int i = 0; i < count; i++) {
        if (i)
            text_char(&t, ' ');
        text_put(&t, words[i]);
    }
    return true;
}

/* One run reads files or interfaces. */
static bool take_input(struct options *o, bool live, const char *name)
{
    if (o->watch)
        return refuse("", name, " and --watch are not for the same run");
    if (o->input_count && o->live != live)
        return refuse("", live ? "-i" : "-r",
                      live ? " follows -r: a run reads files or interfaces, not both"
                           : " follows -i: a run reads files or interfaces, not both");
    if (live && strcmp(name, "any") == 0)
        return refuse("", name,
                      " loses VLAN tags and sees no mirrored traffic; give each interface its own -i");
    for (unsigned i = 0; live && i < o->input_count; i++)
        if (strcmp(o->inputs[i], name) == 0)
            return refuse("-i ", name, " is given twice: each of its frames would count twice");
    if (live && o->input_count == MAX_INTERFACES)
        return refuse("too many interfaces: ", name, "");
    o->live = o->endless = live;
    inputs_add(o, name);
    return true;
}

static bool take_watch(struct options *o, const char *folder)
{
    if (o->input_count)
        return refuse("--watch ", folder, " needs a run of its own, without other inputs");
    inputs_watch(o, folder);
    return o->endless = true;
}

static bool take_workers(struct options *o, const char *text)
{
    char *end;
    const unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n < 1 || n > MAX_WORKERS)
        return refuse("--workers is a number from 1 to 16, not ", text, "");
    o->workers = (unsigned)n;
    return true;
}

static bool take_ring(struct options *o, const char *text)
{
    const uint64_t least = UINT64_C(1) << 20;
    const uint64_t most = UINT64_C(1) << 30;
    if (amount_of_bytes(text, &o->ring) && o->ring >= least && o->ring <= most)
        return true;
    return refuse("--ring is an amount from 1MiB to 1GiB, not ", text, "");
}

static bool take_checksums(struct options *o, const char *word)
{
    int64_t policy;
    if (!word_number(checksum_policy_words, word, &policy))
        return refuse("--checksums is auto, verify or ignore, not ", word, "");
    o->checksums = (enum checksum_policy)policy;
    return true;
}

/* FORM or FORM:FILE */
static bool take_report(struct options *o, const char *text)
{
    static const struct word forms[] = {{REPORT_TEXT, "text"},
                                        {REPORT_HTML, "html"},
                                        {REPORT_CSV, "csv"},
                                        {REPORT_JUNIT, "junit"},
                                        {0, NULL}};
    char form[8];
    int64_t number;
    const size_t n = strcspn(text, ":");
    (void)snprintf(form, sizeof form, "%.*s", (int)(n < sizeof form ? n : 0), text);
    if (!word_number(forms, form, &number))
        return refuse("--report is text, html, csv or junit, with :FILE or without, not ", text, "");
    if (o->report_count == MAX_REPORTS)
        return refuse("too many reports: ", text, "");
    const char *file = text[n] == ':' && text[n + 1] ? text + n + 1 : NULL;
    for (size_t i = 0; i < o->report_count; i++)
        if (!file && !o->report[i].file)
            return refuse("a second report on standard output: ", text, "; give it a FILE");
    o->report[o->report_count++] = (struct report_wanted){.form = (enum report_form)number, .file = file};
    return true;
}

static bool take_baseline(struct options *o, const char *path)
{
    char error[256];
    if (o->baseline)
        return refuse("a second --baseline: ", path, "");
    o->baseline_file = path;
    o->baseline = baseline_load(path, error, sizeof error);
    if (!o->baseline)
        say_about("--baseline", path, error);
    return o->baseline != NULL;
}

static bool take_syslog(struct options *o, const char *where)
{
    char why[256];
    struct syslog_address address;
    const char *wrong = o->syslog_count == MAX_RECEIVERS ? "there are too many receivers"
                                                         : syslog_address_parse(where, &address);
    for (size_t i = 0; i < o->syslog_count && !wrong; i++)
        wrong = strcmp(o->syslog[i], where) == 0 ? "this receiver is given twice" : NULL;
    if (wrong) {
        (void)snprintf(why, sizeof why, ": %s", wrong);
        return refuse("--syslog ", where, why);
    }
    o->syslog[o->syslog_count++] = where;
    return true;
}

/* An option that a run can have only once. */
static bool take_once(const char *option, const char **value, const char *text)
{
    if (*value)
        return refuse("a second ", option, ": a run can have only one");
    *value = text;
    return true;
}

/* A file, or redis://... for what several sensors remember together; both may be given. */
static bool take_state(struct options *o, const char *where)
{
    if (strncmp(where, "redis://", 8) != 0)
        return take_once("--state FILE", &o->state, where);
    if (!take_once("--state redis://...", &o->shared, where))
        return false;
    return sessions_shared_is_valid(where) ||
           refuse("--state is a FILE or redis://[:PASSWORD@]HOST[:PORT][,HOST[:PORT]...], not ",
                  "redis://...", "");
}

/* Options that choose what is done instead of a replay. */
static bool take_task(struct options *o, int option)
{
    static const struct {
        int option;
        enum task task;
    } tasks[] = {
        {OPTION_SESSIONS, TASK_SESSIONS},
        {OPTION_EXPLAIN, TASK_EXPLAIN},
        {'T', TASK_TEST},
        {OPTION_LIST_PROFILES, TASK_LIST_PROFILES},
        {OPTION_LIST_RULES, TASK_LIST_RULES},
        {OPTION_LIST_FIELDS, TASK_LIST_FIELDS},
        {OPTION_LIST_SUITES, TASK_LIST_SUITES},
        {OPTION_DUMP, TASK_DUMP},
        {'V', TASK_VERSION},
        {OPTION_BUILD_INFO, TASK_BUILD_INFO},
        {'h', TASK_HELP},
    };
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        if (tasks[i].option != option)
            continue;
        o->task = tasks[i].task;
        if (option == OPTION_EXPLAIN)
            o->rule = optarg;
        return true;
    }
    return false;
}

/* Options without a value: true when given. */
static bool take_flag(struct options *o, int option)
{
    const struct {
        int option;
        bool *flag;
    } flags[] = {
        {OPTION_MERGE, &o->merge},   {OPTION_RULES, &o->show.rules},      {OPTION_UNSEEN, &o->show.unseen},
        {OPTION_STRICT, &o->strict}, {OPTION_NO_CONFINE, &o->no_confine}, {'q', &o->quiet},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].option == option)
            return *flags[i].flag = true;
    return false;
}

static bool take_details(struct options *o, const char *of)
{
    if (of && strcmp(of, "handshakes") != 0)
        return refuse("--details takes no value or handshakes, not ", of, "");
    if (of)
        o->show.handshakes = true;
    else
        o->show.details = true;
    return true;
}

static bool take_advice(struct options *o, const char *text)
{
    for (size_t i = 0; i < o->advise_count; i++)
        if (strcmp(o->advise[i], text) == 0)
            return refuse("--advise names ", text, " twice");
    if (o->advise_count == MAX_ADVICE)
        return refuse("too many --advise: ", text, " is one more than a run can have");
    o->advise[o->advise_count++] = text;
    return true;
}

static bool take_option(struct options *o, int option)
{
    switch (option) {
    case 'r':
    case 'i':
        return take_input(o, option == 'i', optarg);
    case OPTION_WATCH:
        return take_watch(o, optarg);
    case OPTION_WORKERS:
        return take_workers(o, optarg);
    case OPTION_RING:
        return take_ring(o, optarg);
    case 'p':
        return take_once("-p", &o->profile, optarg);
    case 'c':
        return take_once("-c", &o->config, optarg);
    case OPTION_ADVISE:
        return take_advice(o, optarg);
    case OPTION_EVIDENCE:
        return take_once("--evidence", &o->evidence, optarg);
    case OPTION_STATE:
        return take_state(o, optarg);
    case OPTION_REPORT:
        return take_report(o, optarg);
    case OPTION_SYSLOG:
        return take_syslog(o, optarg);
    case OPTION_JSON:
        return take_once("--json", &o->json, optarg);
    case OPTION_EXPECT:
        return expect_take(o, optarg);
    case OPTION_BASELINE:
        return take_baseline(o, optarg);
    case OPTION_DETAILS:
        return take_details(o, optarg);
    case OPTION_MIN_SEVERITY:
        return severity_by_name(optarg, &o->show.least) ||
               refuse("--min-severity is info, low, medium or high, not ", optarg, "");
    case OPTION_FAIL_ON:
        return severity_by_name(optarg, &o->fail_on) ||
               refuse("--fail-on is info, low, medium or high, not ", optarg, "");
    case OPTION_CHECKSUMS:
        return take_checksums(o, optarg);
    case 'v':
        o->verbose++;
        return true;
    default:
        return take_flag(o, option) || take_task(o, option);
    }
}

/* With the one that was probably meant. */
static bool refuse_option(const char *option)
{
    char name[64];
    char meant[128] = "";
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(option, "="), option);
    struct suggestion near = suggestion_for(name + strspn(name, "-"));
    for (const struct option *o = long_options; o->name && strncmp(name, "--", 2) == 0; o++)
        suggestion_try(&near, o->name);
    if (near.best)
        (void)snprintf(meant, sizeof meant, " (did you mean '--%s'?)", near.best);
    return refuse("no option ", option, meant);
}

static bool take_options(int argc, char **argv, struct options *o)
{
    int option;
    /* The leading + stops at the first word that is no option. The colon tells a missing argument from an
     * unknown option. */
    while ((option = getopt_long(argc, argv, "+:r:i:p:c:TqvVh", long_options, NULL)) != -1) {
        if (option == ':')
            return refuse("option ", argv[optind - 1], " needs a value");
        if (option == '?')
            return refuse_option(argv[optind - 1]);
        if (!take_option(o, option))
            return false;
    }
    return true;
}

/* Operands that name files are inputs too (-r *.pcap); the rest is a BPF filter. True: options follow. */
static bool take_files(int argc, char **argv, struct options *o)
{
    const int before = optind;
    const bool reads = o->input_count || o->expected_count || o->task == TASK_REPLAY;
    while (reads && !o->endless && optind < argc && inputs_names_file(argv[optind]))
        inputs_add(o, argv[optind++]);
    return optind > before && optind < argc && argv[optind][0] == '-';
}

/* It is meant as a file, and none is there: a filter has no such words. */
static bool looks_like_capture(const char *operand)
{
    static const char *const endings[] = {".pcap", ".pcapng", ".cap", ".gz", ".zst", ".xz", ".bz2", ".lz4"};
    const size_t length = strlen(operand);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t n = strlen(endings[i]);
        if (length > n && strcmp(operand + length - n, endings[i]) == 0)
            return true;
    }
    return false;
}

/* What the options say together, and the words behind them. */
static bool is_consistent(int argc, char **argv, struct options *out)
{
    if (out->expected_count && (out->task != TASK_TEST || !out->input_count || out->live))
        return refuse("", "--expect", " is for -T with -r FILE");
    if (!out->expected_count && out->task == TASK_TEST && out->input_count && !out->endless)
        return refuse("", "-r", " with -T needs --expect RULE=VERDICT: -T alone reads no capture");
    if (out->expected_count) {
        out->task = TASK_REPLAY;
        out->quiet = true;
    }
    if (out->task != TASK_REPLAY)
        return optind == argc || refuse("", argv[optind], " is not expected here");
    if (!out->endless && optind < argc && looks_like_capture(argv[optind]))
        return refuse("", argv[optind], ": no such file");
    if (out->input_count == 0 && optind < argc && inputs_names_folder(argv[optind]))
        return refuse("", argv[optind], " is a folder: write -r before it");
    if (out->input_count == 0)
        return refuse("nothing to read: ", "-r FILE", " or '-i INTERFACE' is missing");
    if (out->workers > 1 && !out->live)
        return refuse("", "--workers", " is for live capture (-i)");
    if (out->ring && !out->live)
        return refuse("", "--ring", " is for live capture (-i)");
    out->ring = out->ring ? out->ring : DEFAULT_RING;
    if (out->merge && (out->endless || out->input_count > MAX_MERGED))
        return refuse("", "--merge",
                      out->endless ? " is for files; interfaces are always merged"
                                   : " takes at most 64 files: merge some of them first");
    return optind == argc || join_filter(out, argv + optind, argc - optind);
}

bool options_parse(int argc, char **argv, struct options *out)
{
    *out = (struct options){.task = TASK_REPLAY,
                            .fail_on = SEVERITY_LOW,
                            .workers = 1,
                            .argument_count = argc,
                            .arguments = argv};
    opterr = 0;
    do {
        if (!take_options(argc, argv, out))
            return false;
    } while (take_files(argc, argv, out));
    return is_consistent(argc, argv, out);
}

void options_free(struct options *o)
{
    inputs_free(o);
    baseline_free(o->baseline);
    free(o->filter);
}
