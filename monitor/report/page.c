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

/* Characters, not bytes: the continuation bytes of UTF-8 take no column. */
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

void page_put(struct page *page, enum tone tone, size_t width, const char *s)
{
    const bool toned = page->colour && tone != TONE_PLAIN;
    if (toned)
        (void)fputs(tone_code(tone), page->out);
    (void)fputs(s, page->out);
    if (toned)
        (void)fputs("\033[0m", page->out);
    const size_t taken = columns(s, strlen(s));
    if (taken < width)
        spaces(page, width - taken);
}

void page_heading(struct page *page, const char *title)
{
    (void)fputc('\n', page->out);
    page_put(page, TONE_STRONG, 0, title);
    (void)fputc('\n', page->out);
}

void page_field(struct page *page, size_t indent, size_t hang, const char *label, const char *words)
{
    spaces(page, indent);
    page_put(page, TONE_FAINT, hang - indent, label);
    size_t column = hang;
    bool first = true;
    while (*words) {
        const size_t n = strcspn(words, " ");
        const size_t wide = columns(words, n);
        if (!first && column + 1 + wide > PAGE_WIDTH) {
            (void)fputc('\n', page->out);
            spaces(page, hang);
            column = hang;
        } else if (!first) {
            (void)fputc(' ', page->out);
            column++;
        }
        (void)fwrite(words, 1, n, page->out);
        column += wide;
        first = false;
        words += n;
        words += strspn(words, " ");
    }
    (void)fputc('\n', page->out);
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
