/*
 * HTML: markup as it is, and text from elsewhere, which has one way onto the page (html_text()). What was
 * written is counted, so that a page can leave details out before it grows too large.
 */
#ifndef UTWATCH_REPORT_HTML_H
#define UTWATCH_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct html {
    FILE *out;      /* errors are left to ferror() */
    size_t written; /* bytes */
};

/* Markup of our own. */
void html_put(struct html *h, const char *markup);

/*
 * Text of the wire, of the operator or of a profile, inside an element or a quoted attribute: made safe with
 * text_safe(), then escaped. It takes at most `most` bytes of the page (up to HTML_TEXT_MOST); what is longer
 * ends in an ellipsis, which comes on top.
 */
#define HTML_TEXT_MOST 1000
void html_text(struct html *h, const char *s, size_t most);

/* Of what text_safe() has written, whose backslashes are not escaped once more. */
void html_safe_text(struct html *h, const char *s, size_t most);

void html_count(struct html *h, uint64_t count);                                      /* 1,234,567 */
void html_number(struct html *h, uint64_t value);                                     /* 1234567 */
void html_attribute(struct html *h, const char *name, uint64_t value);                /* x="5" */
void html_counted(struct html *h, uint64_t count, const char *one, const char *many); /* "1 frame" */

#endif
