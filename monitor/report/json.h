/* JSON, appended to a text: members and elements with their commas. One line, no spaces. */
#ifndef UTWATCH_REPORT_JSON_H
#define UTWATCH_REPORT_JSON_H

#include "base/text.h"
#include "report/known_members.h"

struct json {
    struct text *out;
    bool comma;                  /* the innermost object or array is not empty */
    struct known_members *known; /* or NULL */
};

struct json json_on(struct text *out);

/*
 * The comma and the key; key NULL: an element. In place, as are those that write short values, so that the
 * compiler knows the bytes of a literal key: it stores them as words.
 */
__attribute__((always_inline)) static inline void json_key(struct json *j, const char *key)
{
    const size_t length = key ? strlen(key) : 0;
    char *at = text_room(j->out, j->comma + (key ? length + 3 : 0));
    const bool comma = j->comma;
    j->comma = true;
    if (!at)
        return;
    if (comma)
        *at++ = ',';
    if (!key)
        return;
    at[0] = '"';
    memcpy(at + 1, key, length); /* NOLINT(bugprone-not-null-terminated-result): of known length */
    at[length + 1] = '"';
    at[length + 2] = ':';
}

__attribute__((always_inline)) static inline void json_open(struct json *j, const char *key,
                                                            char bracket) /* '{' or '[' */
{
    json_key(j, key);
    text_char(j->out, bracket);
    j->comma = false;
}

void json_close(struct json *j, char bracket); /* '}' or ']' */

__attribute__((always_inline)) static inline void json_bytes(struct json *j, const char *key,
                                                             struct span value)
{
    json_key(j, key);
    text_json(j->out, value);
}

__attribute__((always_inline)) static inline void json_string(struct json *j, const char *key,
                                                              const char *value)
{
    json_bytes(j, key, span_of(value, strlen(value)));
}

__attribute__((always_inline)) static inline void json_uint(struct json *j, const char *key, uint64_t value)
{
    json_key(j, key);
    text_uint(j->out, value);
}

__attribute__((always_inline)) static inline void json_bool(struct json *j, const char *key, bool value)
{
    json_key(j, key);
    text_put(j->out, value ? "true" : "false");
}

void json_hex16(struct json *j, const char *key, uint16_t value);        /* "0x00ff" */
void json_seconds(struct json *j, const char *key, int64_t nanoseconds); /* as text_seconds() */
void json_time(struct json *j, const char *key, int64_t nanoseconds);
/* The members written since the text was so long, without a comma before them; and to write them again. */
struct span json_written(const struct json *j, size_t start);
void json_members(struct json *j, struct span members);

/* What the members are about in a key that is remembered. */
enum {
    MEMBERS_OF_FINGERPRINTS = 1,
    MEMBERS_OF_SERVER_HELLO,
    MEMBERS_OF_CLIENT_HELLO,
    MEMBERS_OF_CERTIFICATE
};

/* Writes them when they were written before; false when they were not. */
bool json_known(struct json *j, const struct member_key *key);
/* Remembers those that were written since the text was so long. */
void json_keep(struct json *j, const struct member_key *key, size_t start);

void json_numbers(struct json *j, const char *key, const uint16_t *number, size_t count);

enum detail {
    DETAIL_FULL,
    DETAIL_SHORT, /* without the long lists */
    DETAIL_ALERT, /* what names the finding; all else is in the tls event of the same flow_id */
    DETAIL_BRIEF, /* the same without what is long in some of them and is in the tls event as well */
};

/*
 * A line: calls write() with DETAIL_FULL and, when that did not fit, once more with DETAIL_SHORT. Nothing is
 * appended and `cut` is set when neither fits. The newline at the end is added here. `known`: members of
 * earlier lines, or NULL.
 */
void json_line(struct text *out, struct known_members *known,
               void (*write)(struct json *j, const void *what, enum detail detail), const void *what);

#endif
