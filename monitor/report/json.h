/* JSON, appended to a text: members and elements with their commas. One line, no spaces. */
#ifndef UTWATCH_REPORT_JSON_H
#define UTWATCH_REPORT_JSON_H

#include "base/text.h"

struct json {
    struct text *out;
    bool comma; /* something stands before in the innermost object or array */
};

struct json json_on(struct text *out);

void json_open(struct json *j, const char *key, char bracket); /* key NULL: an element; bracket '{' or '[' */
void json_close(struct json *j, char bracket);                 /* '}' or ']' */

void json_string(struct json *j, const char *key, const char *value);
void json_bytes(struct json *j, const char *key, struct span value);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_hex16(struct json *j, const char *key, uint16_t value);        /* "0x00ff" */
void json_seconds(struct json *j, const char *key, int64_t nanoseconds); /* as text_seconds() */
void json_time(struct json *j, const char *key, int64_t nanoseconds);
void json_numbers(struct json *j, const char *key, const uint16_t *number, size_t count);

enum detail {
    DETAIL_FULL,
    DETAIL_SHORT, /* without the long lists */
};

/*
 * A line: calls write() with DETAIL_FULL and, when that did not fit, once more with DETAIL_SHORT. Nothing is
 * appended and `cut` is set when neither fits. The newline at the end is added here.
 */
void json_line(struct text *out, void (*write)(struct json *j, const void *what, enum detail detail),
               const void *what);

#endif
