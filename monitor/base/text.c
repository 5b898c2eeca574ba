#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

struct text text_over(char *buffer, size_t cap)
{
    buffer[0] = '\0';
    return (struct text){.p = buffer, .cap = cap};
}

static size_t digits_of(uint64_t value)
{
    enum { MOST = 20 };
    size_t digits = 1;
    for (uint64_t bound = 10; digits < MOST && value >= bound; bound *= 10)
        digits++;
    return digits;
}

/* With zeros before it. */
static void put_digits(struct text *t, uint64_t value, size_t width)
{
    char *at = text_room(t, width);
    for (size_t i = width; at && i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
}

void text_uint(struct text *t, uint64_t value)
{
    put_digits(t, value, digits_of(value));
}

void text_int(struct text *t, int64_t value)
{
    if (value < 0)
        text_char(t, '-');
    text_uint(t, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static const char hex_digits[] = "0123456789abcdef";

void text_hex(struct text *t, struct span bytes, char separator)
{
    const size_t width = separator ? 3 : 2;
    char *at = bytes.n ? text_room(t, bytes.n * width - (separator != 0)) : NULL;
    for (size_t i = 0; at && i < bytes.n; i++) {
        if (separator && i)
            *at++ = separator;
        *at++ = hex_digits[bytes.p[i] >> 4];
        *at++ = hex_digits[bytes.p[i] & 15];
    }
}

void text_printf(struct text *t, const char *format, ...)
{
    if (t->cut)
        return;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(t->p + t->n, t->cap - t->n, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= t->cap - t->n) {
        t->p[t->n] = '\0';
        t->cut = true;
    } else {
        t->n += (size_t)n;
    }
}

size_t utf8_next(struct span s, uint32_t *character)
{
    uint8_t first = s.p[0];
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    size_t length = first >= 0xf0 && first < 0xf5   ? 4
                    : first >= 0xe0 && first < 0xf0 ? 3
                    : first >= 0xc2 && first < 0xe0 ? 2
                                                    : 0;
    if (length == 0 || length > s.n)
        return 0;
    uint32_t c = first & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s.p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s.p[i] & 0x3fu);
    }
    if ((length == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
        (length == 4 && (c < 0x10000 || c > 0x10ffff)))
        return 0;
    *character = c;
    return length;
}

/* C0, DEL, C1, and the characters that reorder or hide text on a terminal (Unicode Cf, line and paragraph
 * separators). */
static bool is_deceptive(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x0600 && c <= 0x0605) || c == 0x061c ||
           c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

void text_safe(struct text *t, struct span bytes)
{
    while (bytes.n) {
        uint32_t c = 0;
        size_t length = utf8_next(bytes, &c);
        if (length && c == '\\') {
            text_put(t, "\\\\"); /* so that nothing else looks like an escape */
            bytes = span_skip(bytes, length);
        } else if (length == 0 || is_deceptive(c)) {
            size_t escaped = length ? length : 1;
            for (size_t i = 0; i < escaped; i++) {
                char hex[4] = {'\\', 'x', hex_digits[bytes.p[i] >> 4], hex_digits[bytes.p[i] & 15]};
                text_bytes(t, hex, sizeof hex);
            }
            bytes = span_skip(bytes, escaped);
        } else {
            text_bytes(t, bytes.p, length);
            bytes = span_skip(bytes, length);
        }
    }
}

/* All but printable ASCII, and of that quotes and backslashes. */
static inline uint8_t is_special(uint8_t c)
{
    return (c < 0x20) | (c > 0x7e) | (c == '"') | (c == '\\');
}

enum { AT_ONCE = 16 };

/* Not inlined: in a function of its own the compiler tests all of them in one register. */
__attribute__((noinline)) static bool any_special(const uint8_t *p)
{
    uint8_t any = 0;
    for (size_t i = 0; i < AT_ONCE; i++)
        any |= is_special(p[i]);
    return any;
}

/* Is any of eight bytes? Only bytes that are cause borrows and carries, so none is found where there is none.
 */
static inline bool any_special_of_word(const uint8_t *p)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t w;
    memcpy(&w, p, sizeof w);
    const uint64_t not_a_quote = w ^ ones * '"';
    const uint64_t not_a_backslash = w ^ ones * '\\';
    const uint64_t found =
        w | (w + ones) | (w - ones * 0x20) | (not_a_quote - ones) | (not_a_backslash - ones);
    return found & ones * 0x80;
}

/* Bytes of which nothing has to be told apart. */
static size_t plain_length(struct span bytes)
{
    size_t n = 0;
    while (n < bytes.n && !is_special(bytes.p[n]))
        n++;
    return n;
}

/* The last bytes are looked at together with those before them. */
static bool is_plain(struct span bytes)
{
    enum { WORD = sizeof(uint64_t) };
    if (bytes.n < WORD)
        return plain_length(bytes) == bytes.n;
    if (bytes.n < AT_ONCE)
        return !any_special_of_word(bytes.p) && !any_special_of_word(bytes.p + bytes.n - WORD);
    for (size_t i = 0; i + AT_ONCE < bytes.n; i += AT_ONCE)
        if (any_special(bytes.p + i))
            return false;
    return !any_special(bytes.p + bytes.n - AT_ONCE);
}

void text_json(struct text *t, struct span bytes)
{
    if (is_plain(bytes)) {
        char *at = text_room(t, bytes.n + 2);
        if (!at)
            return;
        at[0] = '"';
        if (bytes.n)
            memcpy(at + 1, bytes.p, bytes.n);
        at[bytes.n + 1] = '"';
        return;
    }
    text_char(t, '"');
    while (bytes.n) {
        const size_t plain = plain_length(bytes);
        text_bytes(t, bytes.p, plain);
        bytes = span_skip(bytes, plain);
        if (!bytes.n)
            break;
        uint32_t c = 0;
        size_t length = utf8_next(bytes, &c);
        if (length == 0) {
            text_put(t, "\xef\xbf\xbd");
            length = 1;
        } else if (c == '"' || c == '\\') {
            text_char(t, '\\');
            text_char(t, (char)c);
        } else if (is_deceptive(c) && c < 0x10000) {
            text_printf(t, "\\u%04x", (unsigned)c);
        } else if (is_deceptive(c)) {
            text_printf(t, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                        (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
        } else {
            text_bytes(t, bytes.p, length);
        }
        bytes = span_skip(bytes, length);
    }
    text_char(t, '"');
}

void text_seconds(struct text *t, int64_t nanoseconds)
{
    const int64_t micros = nanoseconds > 0 ? nanoseconds / 1000 : 0;
    int64_t part = micros % 1000000;
    size_t digits = 6;
    text_int(t, micros / 1000000);
    if (!part)
        return;
    for (; part % 10 == 0; part /= 10)
        digits--;
    text_char(t, '.');
    put_digits(t, (uint64_t)part, digits);
}

void text_duration(struct text *t, int64_t nanoseconds)
{
    const int64_t minute = INT64_C(60000000000);
    const struct {
        int64_t length;
        const char *name;
    } units[] = {{1440 * minute, " d"}, {60 * minute, " h"}, {minute, " min"}};
    int64_t rest = nanoseconds < 0 ? 0 : nanoseconds;
    bool begun = false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (rest < (begun ? 1 : 2) * units[i].length) /* "24 h", and not "1 d" */
            continue;
        text_put(t, begun ? " " : "");
        text_int(t, rest / units[i].length);
        text_put(t, units[i].name);
        rest %= units[i].length;
        begun = true;
    }
    if (begun && rest == 0)
        return;
    text_put(t, begun ? " " : "");
    text_seconds(t, rest);
    text_put(t, " s");
}

struct date {
    int64_t year;
    unsigned month, day;
};

/* gmtime_r() takes eight times as long. Years begin in March here, so that a leap day is the last of its
 * year, and all eras of 400 years are alike. */
static struct date date_of(int64_t days_since_1970)
{
    enum { ERA = 146097, BEFORE_1970 = 719468 /* since March of the year 0 */ };
    const int64_t days = days_since_1970 + BEFORE_1970;
    const int64_t era = (days >= 0 ? days : days - (ERA - 1)) / ERA;
    const unsigned day_of_era = (unsigned)(days - era * ERA);
    const unsigned year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    const unsigned month = (5 * day_of_year + 2) / 153; /* of 31, 30, 31, 30 and 31 days in turn */
    return (struct date){.year = era * 400 + year + (month >= 10),
                         .month = month < 10 ? month + 3 : month - 9,
                         .day = day_of_year - (153 * month + 2) / 5 + 1};
}

void text_calendar(struct text *t, int64_t seconds)
{
    enum { DAY = 86400 };
    const int64_t days = (seconds >= 0 ? seconds : seconds - (DAY - 1)) / DAY;
    const unsigned rest = (unsigned)(seconds - days * DAY);
    const struct date date = date_of(days);
    const unsigned parts[] = {date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60};
    text_int(t, date.year);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char part[] = {"--T::"[i], (char)('0' + parts[i] / 10), (char)('0' + parts[i] % 10)};
        text_bytes(t, part, sizeof part);
    }
}

void text_time(struct text *t, int64_t nanoseconds, bool micros)
{
    int64_t second = nanoseconds / 1000000000;
    int64_t rest = nanoseconds % 1000000000;
    if (rest < 0) {
        rest += 1000000000;
        second--;
    }
    char buffer[40];
    struct text time = text_over(buffer, sizeof buffer);
    text_calendar(&time, second);
    if (micros) {
        text_char(&time, '.');
        put_digits(&time, (uint64_t)rest / 1000, 6);
        text_put(&time, "+0000");
    } else {
        text_char(&time, 'Z');
    }
    text_bytes(t, time.p, time.n);
}
