#include "report/page.h"

static const char *tone_code(enum tone tone)
{
    switch (tone) {
    case TONE_PLAIN:
        return "";
    case TONE_FAINT:
        return "\033[2m";
    case TONE_STRONG:
        return "\033[1m";
    case TONE_RED:
        return "\033[1;31m";
    case TONE_YELLOW:
        return "\033[33m";
    case TONE_CYAN:
        return "\033[36m";
    case TONE_GREEN:
        return "\033[32m";
    }
    return "";
}

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static size_t columns(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

static void spaces(struct page *page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)fputc(' ', page->out);
}

void page_tone(const struct page *page, enum tone tone)
{
    if (page->colour)
        (void)fputs(tone == TONE_PLAIN ? "\033[0m" : tone_code(tone), page->out);
}

void page_put(struct page *page, enum tone tone, size_t width, const char *s)
{
    const bool toned = page->colour && tone != TONE_PLAIN;
    if (toned)
        page_tone(page, tone);
    (void)fputs(s, page->out);
    if (toned)
        page_tone(page, TONE_PLAIN);
    const size_t taken = columns(s, strlen(s));
    if (taken < width)
        spaces(page, width - taken);
}

void page_heading(struct page *page, const char *title)
{
    (void)fputc('\n', page->out);
    page_tone(page, TONE_STRONG);
    page_words(page, 0, title);
    page_tone(page, TONE_PLAIN);
}

static void put_word(struct page *page, const char *word, size_t n)
{
    const char *space;
    while ((space = memchr(word, PAGE_NO_BREAK[0], n))) {
        const size_t before = (size_t)(space - word);
        (void)fwrite(word, 1, before, page->out);
        (void)fputc(' ', page->out);
        word += before + 1;
        n -= before + 1;
    }
    (void)fwrite(word, 1, n, page->out);
}

void page_words(struct page *page, size_t hang, const char *words)
{
    size_t column = hang;
    bool first = true;
    while (*words) {
        const size_t n = strcspn(words, " ");
        const size_t wide = columns(words, n);
        if (!first && column + 1 + wide > page->width) {
            (void)fputc('\n', page->out);
            spaces(page, hang);
            column = hang;
        } else if (!first) {
            (void)fputc(' ', page->out);
            column++;
        }
        put_word(page, words, n);
        column += wide;
        first = false;
        words += n;
        words += strspn(words, " ");
    }
    (void)fputc('\n', page->out);
}

void page_field(struct page *page, size_t indent, size_t hang, const char *label, const char *words)
{
    spaces(page, indent);
    page_put(page, TONE_FAINT, hang - indent, label);
    page_words(page, hang, words);
}

void text_count(struct text *out, uint64_t count)
{
    char digits[24];
    struct text t = text_over(digits, sizeof digits);
    text_uint(&t, count);
    for (size_t i = 0; i < t.n; i++) {
        if (i && (t.n - i) % 3 == 0)
            text_char(out, ',');
        text_char(out, digits[i]);
    }
}

void text_counted(struct text *out, uint64_t count, const char *one, const char *many)
{
    text_count(out, count);
    text_char(out, ' ');
    text_put(out, count == 1 ? one : many);
}
