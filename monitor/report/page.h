/*
 * Text for people: headings, labelled paragraphs with a hanging indent, and tone. At most as many
 * columns as the page is wide, unless one word is longer. Strings that came from the wire have to be made
 * safe (text_safe()) before.
 */
#ifndef UTWATCH_REPORT_PAGE_H
#define UTWATCH_REPORT_PAGE_H

#include "base/text.h"

#include <stdio.h>

#define PAGE_LEAST   40
#define PAGE_DEFAULT 80
#define PAGE_MOST    120

#define PAGE_NO_BREAK "\037" /* shown as a space, at which no line is broken; safe text has no such byte */

enum tone { TONE_PLAIN, TONE_FAINT, TONE_STRONG, TONE_RED, TONE_YELLOW, TONE_CYAN, TONE_GREEN };

struct page {
    FILE *out; /* errors are left to ferror() */
    bool colour;
    size_t width; /* columns, PAGE_LEAST to PAGE_MOST */
};

/* In a field of `width` columns, left-aligned; 0: as wide as it is. */
void page_put(struct page *page, enum tone tone, size_t width, const char *s);

/* What follows has this tone, until TONE_PLAIN. */
void page_tone(const struct page *page, enum tone tone);

/* A line with the section's name, after an empty line. */
void page_heading(struct page *page, const char *title);

/*
 * "<indent>label   words words words" and the following lines aligned under the first word. `hang`: the
 * column of the first word, at least indent + length of the label + 1. Label "": a plain paragraph.
 */
void page_field(struct page *page, size_t indent, size_t hang, const char *label, const char *words);

/* Words from the current column, which is `hang`; the following lines are aligned under it. */
void page_words(struct page *page, size_t hang, const char *words);

/* 1234567 as "1,234,567". */
void text_count(struct text *out, uint64_t count);

/* "1 frame", "2,000 frames". */
void text_counted(struct text *out, uint64_t count, const char *one, const char *many);

#endif
