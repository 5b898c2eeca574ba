#include "policy/mistakes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

enum { MOST_MISTAKES = 1000, LONGEST_WORD = 63 };

void mistake_add(struct mistakes *m, const char *file, uint32_t line, uint32_t column, const char *format,
                 ...)
{
    if (m->count == MOST_MISTAKES)
        return;
    if (m->count == m->capacity) {
        size_t capacity = m->capacity ? m->capacity * 2 : 16;
        struct mistake *list = realloc(m->list, capacity * sizeof *list);
        if (!list)
            return;
        m->list = list;
        m->capacity = capacity;
    }
    struct mistake *new = &m->list[m->count++];
    new->line = line;
    new->column = column;
    struct text file_text = text_over(new->file, sizeof new->file);
    text_safe(&file_text, span_of(file, strlen(file)));
    char message[512];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    /* On a terminal, text from a file is as untrustworthy as text from the wire. */
    struct text text = text_over(new->message, sizeof new->message);
    text_safe(&text, span_of(message, strnlen(message, sizeof new->message - 1)));
    if (text.cut)
        text = text_over(new->message, sizeof new->message),
        text_put(&text, "a mistake in text that cannot be displayed");
}

void mistakes_free(struct mistakes *m)
{
    free(m->list);
    *m = (struct mistakes){0};
}

static int by_place(const void *a, const void *b)
{
    const struct mistake *x = a;
    const struct mistake *y = b;
    int files = strcmp(x->file, y->file);
    if (files)
        return files;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

void mistakes_print(const struct mistakes *m, FILE *out)
{
    if (m->count)
        qsort(m->list, m->count, sizeof *m->list, by_place);
    for (size_t i = 0; i < m->count; i++) {
        const struct mistake *one = &m->list[i];
        if (one->line)
            (void)fprintf(out, "%s:%u:%u: %s\n", one->file, one->line, one->column, one->message);
        else
            (void)fprintf(out, "%s: %s\n", one->file, one->message);
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), ignoring case. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    size_t m = strlen(a);
    if (n > LONGEST_WORD || m > LONGEST_WORD)
        return SIZE_MAX;
    size_t row[3][LONGEST_WORD + 1];
    for (size_t j = 0; j <= n; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        const size_t *above = row[(i - 1) % 3];
        const size_t *two_above = row[(i + 1) % 3];
        size_t *here = row[i % 3];
        here[0] = i;
        for (size_t j = 1; j <= n; j++) {
            here[j] =
                smaller(smaller(above[j], here[j - 1]) + 1, above[j - 1] + !same_letter(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
                here[j] = smaller(here[j], two_above[j - 2] + 1);
        }
    }
    return row[m % 3][n];
}

struct suggestion suggestion_for(const char *word)
{
    size_t n = strlen(word);
    return (struct suggestion){.word = word, .distance = n < 4 ? 2 : n < 10 ? 3 : 4};
}

void suggestion_try(struct suggestion *s, const char *candidate)
{
    enum { ENOUGH_OF_A_WORD = 3 };
    size_t n = strlen(s->word);
    size_t m = strlen(candidate);
    if (n >= ENOUGH_OF_A_WORD && m > n && strncasecmp(s->word, candidate, n) == 0 && !s->best)
        s->best = candidate;                    /* its beginning, unless another is nearer by its letters */
    if ((n > m ? n - m : m - n) >= s->distance) /* each additional letter costs an insertion */
        return;
    size_t distance = edit_distance(s->word, candidate);
    if (distance < s->distance) {
        s->distance = distance;
        s->best = candidate;
    }
}

const char *suggestion_text(const struct suggestion *s, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (s->best)
        (void)snprintf(buffer, size, " (did you mean '%s'?)", s->best);
    return buffer;
}

void suggestion_try_rules(struct suggestion *s, const struct profile *p)
{
    for (size_t i = 0; i < profile_rule_count(p); i++)
        suggestion_try(s, profile_rule(p, i)->id);
}

/* Is the word in the text, ignoring hyphens and case? */
static bool contains(const char *text, const char *word)
{
    for (; *text; text++) {
        const char *at = text;
        const char *w = word;
        for (; *w; at++, w++) {
            at += strspn(at, "-_ ");
            w += strspn(w, "-_ ");
            if (!*w || !same_letter(*at, *w))
                break;
        }
        if (!*w)
            return true;
    }
    return false;
}

void containing_try(struct containing *c, const char *candidate)
{
    enum { LEAST = 3 };
    if (strlen(c->word) >= LEAST && c->count < sizeof c->found / sizeof *c->found &&
        contains(candidate, c->word))
        c->found[c->count++] = candidate;
}

const char *containing_text(struct containing *c, char *buffer, size_t size)
{
    while (!several_text(c->found, c->count, buffer, size)) /* long names leave room for fewer */
        c->count--;
    return buffer;
}

bool several_text(const char *const *found, size_t count, char *buffer, size_t size)
{
    struct text t = text_over(buffer, size);
    for (size_t i = 0; i < count; i++)
        text_printf(&t, "%s'%s'", i == 0 ? " (did you mean " : i + 1 < count ? ", " : " or ", found[i]);
    text_put(&t, count ? "?)" : "");
    return count == 0 || !t.cut;
}

const char *words_listed(const struct word *words, char *buffer, size_t size)
{
    enum { FEW = 6 };
    size_t count = 0;
    while (words && words[count].word)
        count++;
    struct text t = text_over(buffer, size);
    for (size_t i = 0; count <= FEW && i < count; i++) {
        text_put(&t, i ? ", " : "; it is one of ");
        text_put(&t, words[i].word);
    }
    if (t.cut)
        buffer[0] = '\0';
    return buffer;
}
