#include "syslog/message.h"

#include <stdio.h>
#include <unistd.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* RFC 5424 6.4: before words that are UTF-8 */
#define TRUNCATED       " trunc=\"1\""

enum { FACILITY_LOCAL5 = 21, LARGEST_SEQUENCE = 2147483647 };

/* RFC 5424 6.2.4 to 6.2.7: printable US-ASCII without spaces; "-" when nothing of it is left. */
static void put_word(struct text *t, const char *word, size_t most)
{
    size_t n = 0;
    for (; *word && n < most; word++)
        if (*word > ' ' && *word < 0x7f) {
            text_char(t, *word);
            n++;
        }
    if (n == 0)
        text_char(t, '-');
}

struct syslog_origin syslog_origin_here(uint32_t enterprise, size_t most)
{
    struct syslog_origin origin = {.facility = FACILITY_LOCAL5};
    char name[sizeof origin.host] = "";
    (void)gethostname(name, sizeof name - 1);
    struct text host = text_over(origin.host, sizeof origin.host);
    put_word(&host, name, sizeof name - 1);
    (void)snprintf(origin.process, sizeof origin.process, "%ld", (long)getpid());
    syslog_origin_set(&origin, enterprise, most);
    return origin;
}

void syslog_origin_set(struct syslog_origin *origin, uint32_t enterprise, size_t most)
{
    origin->most = most;
    (void)snprintf(origin->element, sizeof origin->element, "utwatch@%u", (unsigned)enterprise);
}

/* RFC 5424 6.2.3: as ISO 8601 elsewhere, but with Z for UTC. */
static void put_time(struct text *t, nanos time)
{
    char buffer[40];
    struct text stamp = text_over(buffer, sizeof buffer);
    text_time(&stamp, time, true);
    const size_t zone = strlen("+0000");
    if (stamp.n <= zone) {
        text_char(t, '-');
        return;
    }
    text_bytes(t, buffer, stamp.n - zone);
    text_char(t, 'Z');
}

void syslog_begin(struct syslog_message *m, char *buffer, struct syslog_origin *origin,
                  enum syslog_severity severity, nanos time, const char *id)
{
    m->out = text_over(buffer, origin->most + 1);
    m->length = 0;
    m->words[0] = '\0';
    m->truncated = false;
    origin->sequence = origin->sequence == LARGEST_SEQUENCE ? 1 : origin->sequence + 1; /* RFC 5424 7.3.1 */
    text_printf(&m->out, "<%u>1 ", origin->facility * 8 + (unsigned)severity);
    put_time(&m->out, time);
    text_printf(&m->out, " %s utwatch %s ", origin->host, origin->process);
    put_word(&m->out, id, SYSLOG_ID_BYTES);
    text_printf(&m->out, " [meta sequenceId=\"%u\"][%s", (unsigned)origin->sequence, origin->element);
    const size_t taken = m->out.n + strlen(TRUNCATED "]");
    m->left = origin->most > taken ? origin->most - taken : 0;
    if (strlen(id) > SYSLOG_ID_BYTES)
        syslog_param_text(m, "rule", id);
}

/* Writes n bytes of params, if they fit. */
static void claim(struct syslog_message *m, const struct text *param)
{
    if (param->cut || param->n > m->left) {
        m->truncated = true;
        return;
    }
    memcpy(m->params + m->length, param->p, param->n);
    m->length += param->n;
    m->left -= param->n;
}

/* RFC 5424 6.3.3 wants quote, bracket and backslash escaped. Receivers differ in how they take a quote or a
 * bracket back, so neither occurs: they become \xHH, as does a backslash of the value, which text_safe()
 * doubles. */
static void put_value(struct text *t, struct span value)
{
    char safe[SYSLOG_MOST_BYTES];
    struct text s = text_over(safe, sizeof safe);
    text_safe(&s, value);
    if (s.cut)
        t->cut = true;
    for (size_t i = 0; i < s.n; i++) {
        if (safe[i] == '\\' && i + 1 < s.n && safe[i + 1] == '\\') {
            text_put(t, "\\\\x5c");
            i++;
        } else if (safe[i] == '\\')
            text_put(t, "\\\\");
        else if (safe[i] == '"' || safe[i] == '[' || safe[i] == ']')
            text_printf(t, "\\\\x%02x", (unsigned)(unsigned char)safe[i]);
        else
            text_char(t, safe[i]);
    }
}

void syslog_param(struct syslog_message *m, const char *name, struct span value)
{
    char buffer[SYSLOG_MOST_BYTES];
    struct text t = text_over(buffer, sizeof buffer);
    text_char(&t, ' ');
    text_put(&t, name);
    text_put(&t, "=\"");
    put_value(&t, value);
    text_char(&t, '"');
    claim(m, &t);
}

void syslog_param_text(struct syslog_message *m, const char *name, const char *value)
{
    syslog_param(m, name, span_of_text(value));
}

void syslog_param_uint(struct syslog_message *m, const char *name, uint64_t value)
{
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_printf(&t, " %s=\"", name);
    text_uint(&t, value);
    text_char(&t, '"');
    claim(m, &t);
}

static bool is_ascii(const char *words)
{
    for (; *words; words++)
        if ((unsigned char)*words >= 0x80)
            return false;
    return true;
}

void syslog_words(struct syslog_message *m, const char *words)
{
    struct text t = text_over(m->words, sizeof m->words);
    text_put(&t, is_ascii(words) ? " " : " " BYTE_ORDER_MARK);
    text_safe(&t, span_of_text(words));
    if (t.cut || t.n > m->left) {
        m->words[0] = '\0';
        m->truncated = true;
        return;
    }
    m->left -= t.n;
}

struct span syslog_end(struct syslog_message *m)
{
    text_bytes(&m->out, m->params, m->length);
    if (m->truncated)
        text_put(&m->out, TRUNCATED);
    text_char(&m->out, ']');
    text_put(&m->out, m->words);
    return span_of(m->out.p, m->out.n);
}
