#include "report/baseline.h"

#include "report/names.h"
#include "wire/same_host.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

enum { KEY_BYTES = 512, COLUMNS_MOST = 64 };

/* rule, newline, "ue 10.0.0.1" and "server 192.0.2.80:443" as far as they are at fault; the latter with its
 * name where the rule is about all that a server did */
struct finding {
    char *key;
    size_t at; /* in the order of the file */
    bool taken_back, met;
};

struct baseline {
    struct finding *finding; /* sorted by key, each once */
    size_t count, room;
};

/* What a file says of one finding. */
struct told {
    const char *rule, *fault, *client, *server, *name;
    int64_t port;
    bool taken_back; /* it was found before, and taken back */
};

static void put_key(struct text *t, const struct told *f)
{
    const bool ue = f->fault && (strcmp(f->fault, "ue") == 0 || strcmp(f->fault, "both") == 0);
    const bool server = !ue || strcmp(f->fault, "both") == 0;
    text_put(t, f->rule);
    if (ue)
        text_printf(t, "\nUE %s", f->client);
    if (server)
        text_printf(t, strchr(f->server, ':') ? "\nserver [%s]:%" PRId64 : "\nserver %s:%" PRId64, f->server,
                    f->port);
    if (server && *f->name) {
        struct same_host name;
        same_host(&name, span_of_text(f->name));
        text_printf(t, " %.*s", (int)name.length, (const char *)name.bytes);
    }
}

static bool add(struct baseline *b, const struct told *f)
{
    char buffer[KEY_BYTES];
    struct text t = text_over(buffer, sizeof buffer);
    if (!f->rule || !*f->rule)
        return true;
    put_key(&t, f);
    if (b->count == b->room) {
        b->room = b->room ? 2 * b->room : 256;
        struct finding *more = realloc(b->finding, b->room * sizeof *more);
        if (!more)
            return false;
        b->finding = more;
    }
    b->finding[b->count] =
        (struct finding){.key = strdup(buffer), .at = b->count, .taken_back = f->taken_back};
    return b->finding[b->count++].key != NULL;
}

/* ---- JSON: one event a line */

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* As text_ue() writes it. */
static const char *ue_of(const json_t *event, const json_t *told, char *buffer, size_t size)
{
    struct text t = text_over(buffer, size);
    if (!told)
        return member(event, "src_ip");
    text_put(&t, *member(told, "ip") ? member(told, "ip") : member(event, "src_ip"));
    text_put(&t, text_behind_header);
    return buffer;
}

/* Alerts that decided an exit status: no advice, not excepted, not of superseded demands. */
static bool add_event(struct baseline *b, const char *line)
{
    char ue[100];
    json_t *event = json_loads(line, 0, NULL);
    const json_t *ours = json_object_get(event, "utwatch");
    const bool taken_back = strcmp(member(event, "event_type"), "taken-back") == 0;
    const struct told f = {.rule = member(ours, "rule"),
                           .fault = member(ours, "fault"),
                           .client = ue_of(event, json_object_get(ours, "proxied_for"), ue, sizeof ue),
                           .server = member(event, "dest_ip"),
                           .name = member(json_object_get(ours, "server"), "name"),
                           .port = json_integer_value(json_object_get(event, "dest_port")),
                           .taken_back = taken_back};
    const json_t *alert = json_object_get(event, "alert");
    const char *told_as = member(ours, "told_as");
    const bool counts = taken_back ? strcmp(told_as, "violation") == 0 || strcmp(told_as, "known") == 0
                                   : alert && !json_object_get(ours, "advice") &&
                                         !json_object_get(ours, "excepted") &&
                                         !json_object_get(json_object_get(alert, "metadata"), "superseded");
    const bool good = event && (!counts || add(b, &f));
    json_decref(event);
    return good;
}

/* ---- CSV, as csv_report.c writes it */

/* Splits in place; returns how many cells. */
static size_t split(char *line, const char **cell)
{
    size_t n = 0;
    char *read = line;
    while (n < COLUMNS_MOST) {
        const bool quoted = *read == '"';
        read += quoted;
        char *write = read;
        cell[n++] = write;
        while (*read &&
               (quoted ? *read != '"' || read[1] == '"' : *read != ',' && *read != '\r' && *read != '\n')) {
            read += quoted && *read == '"';
            *write++ = *read++;
        }
        read += quoted && *read == '"';
        const bool more = *read == ',';
        read += more;
        *write = '\0';
        if (!more)
            break;
    }
    return n;
}

struct columns {
    size_t status, rule, fault, client, server, port, name;
    size_t named_by; /* COLUMNS_MOST: none, as in files of earlier versions */
};

static bool find_columns(char *line, struct columns *at)
{
    const struct {
        const char *name;
        size_t *column;
    } wanted[] = {{"status", &at->status}, {"rule", &at->rule},     {"at_fault", &at->fault},
                  {"client", &at->client}, {"server", &at->server}, {"server_port", &at->port},
                  {"name", &at->name}};
    const char *cell[COLUMNS_MOST];
    const size_t n = split(line, cell);
    size_t found = 0;
    at->named_by = COLUMNS_MOST;
    for (size_t i = 0; i < n; i++)
        if (strcmp(cell[i], "client_named_by") == 0)
            at->named_by = i;
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
        for (size_t i = 0; i < n; i++)
            if (strcmp(cell[i], wanted[w].name) == 0) {
                *wanted[w].column = i;
                found++;
                break;
            }
    return found == sizeof wanted / sizeof *wanted;
}

static bool add_row(struct baseline *b, char *line, const struct columns *at)
{
    const char *cell[COLUMNS_MOST] = {0};
    const size_t n = split(line, cell);
    for (size_t i = n; i < COLUMNS_MOST; i++)
        cell[i] = "";
    char ue[100];
    struct text t = text_over(ue, sizeof ue);
    text_put(&t, cell[at->client]);
    if (at->named_by < COLUMNS_MOST && strcmp(cell[at->named_by], csv_named_by_header) == 0)
        text_put(&t, text_behind_header);
    const struct told f = {.rule = cell[at->rule],
                           .fault = cell[at->fault],
                           .client = ue,
                           .server = cell[at->server],
                           .name = *cell[at->client] ? "" : cell[at->name], /* about a server alone */
                           .port = strtoll(cell[at->port], NULL, 10)};
    const char *status = cell[at->status];
    return (strcmp(status, "violation") != 0 && strcmp(status, "known") != 0) || add(b, &f);
}

/* ---- the file */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct finding *)a)->key, ((const struct finding *)b)->key);
}

static int by_key_and_order(const void *a, const void *b)
{
    const struct finding *x = a;
    const struct finding *y = b;
    const int keys = strcmp(x->key, y->key);
    return keys ? keys : x->at < y->at ? -1 : x->at > y->at;
}

/* Of each finding the last word counts. */
static void sort(struct baseline *b)
{
    size_t kept = 0;
    if (b->count)
        qsort(b->finding, b->count, sizeof *b->finding, by_key_and_order);
    for (size_t i = 0; i < b->count; i++) {
        const bool again = i + 1 < b->count && strcmp(b->finding[i].key, b->finding[i + 1].key) == 0;
        if (again || b->finding[i].taken_back)
            free(b->finding[i].key);
        else
            b->finding[kept++] = b->finding[i];
    }
    b->count = kept;
}

/* NULL: all lines were understood. */
static const char *read_lines(struct baseline *b, FILE *in, size_t *number)
{
    char *line = NULL;
    size_t room = 0;
    bool json = true;
    struct columns at;
    const char *wrong = NULL;
    for (*number = 1; !wrong && getline(&line, &room, in) >= 0; ++*number) {
        if (*number == 1 && *line != '{') {
            json = false;
            wrong = find_columns(line, &at) ? NULL : "neither events of --json nor a --report csv";
        } else if (json ? !add_event(b, line) : !add_row(b, line, &at)) {
            wrong = json ? "not an event of --json" : "not a row of --report csv";
        }
    }
    *number -= wrong != NULL;
    free(line);
    return wrong;
}

struct baseline *baseline_load(const char *path, char *error, size_t error_size)
{
    struct baseline *b = calloc(1, sizeof *b);
    FILE *in = b ? fopen(path, "re") : NULL;
    if (!in) {
        (void)snprintf(error, error_size, "%s", strerror(errno));
        free(b);
        return NULL;
    }
    size_t number;
    const char *wrong = read_lines(b, in, &number);
    (void)fclose(in);
    if (!wrong) {
        sort(b);
        return b;
    }
    (void)snprintf(error, error_size, "line %zu: %s", number, wrong);
    baseline_free(b);
    return NULL;
}

void baseline_free(struct baseline *baseline)
{
    if (!baseline)
        return;
    for (size_t i = 0; i < baseline->count; i++)
        free(baseline->finding[i].key);
    free(baseline->finding);
    free(baseline);
}

static struct finding *find(struct baseline *baseline, const struct policy_case *c,
                            const struct rule_facts *rule, enum fault fault)
{
    char client[100] = "";
    char server[64] = "";
    char key[KEY_BYTES];
    struct text t = text_over(client, sizeof client);
    if (c->about.client.family)
        text_ue(&t, whence_ue(&c->about));
    t = text_over(server, sizeof server);
    if (c->about.server.family)
        text_address(&t, &c->about.server);
    const struct told f = {.rule = rule->id,
                           .fault = word_of(fault_words, fault),
                           .client = client,
                           .server = server,
                           .name = case_asked_name(c),
                           .port = c->about.server.port};
    t = text_over(key, sizeof key);
    put_key(&t, &f);
    const struct finding wanted = {.key = key};
    return baseline->count ? bsearch(&wanted, baseline->finding, baseline->count, sizeof wanted, by_key)
                           : NULL;
}

bool baseline_has(struct baseline *baseline, const struct policy_case *c, const struct verdict *v)
{
    struct finding *found = find(baseline, c, v->rule, v->fault);
    if (found)
        found->met = true;
    return found;
}

void baseline_take_back(struct baseline *baseline, const struct policy_case *c, const struct rule_facts *rule,
                        enum fault fault)
{
    struct finding *found = find(baseline, c, rule, fault);
    if (found)
        found->met = false;
}

static bool is_gone(const struct finding *f, const struct profile *profile)
{
    char rule[KEY_BYTES];
    (void)snprintf(rule, sizeof rule, "%.*s", (int)strcspn(f->key, "\n"), f->key);
    return !f->met && profile_find(profile, rule);
}

size_t baseline_gone(const struct baseline *baseline, const struct profile *profile)
{
    size_t gone = 0;
    for (size_t i = 0; i < baseline->count; i++)
        gone += is_gone(&baseline->finding[i], profile);
    return gone;
}

bool baseline_next_gone(const struct baseline *baseline, const struct profile *profile, size_t *at,
                        struct text *out)
{
    while (*at < baseline->count && !is_gone(&baseline->finding[*at], profile))
        ++*at;
    if (*at == baseline->count)
        return false;
    for (const char *p = baseline->finding[(*at)++].key; *p; p++)
        if (*p == '\n')
            text_put(out, ", ");
        else
            text_safe(out, span_of(p, 1));
    return true;
}
