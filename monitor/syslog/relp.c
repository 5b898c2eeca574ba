#include "syslog/relp.h"

#include "base/cursor.h"

const char relp_offers[] = "relp_version=0\nrelp_software=utwatch\ncommands=syslog";

void relp_write(struct text *out, uint32_t transaction, const char *command, struct span data)
{
    text_printf(out, "%u %s %zu", (unsigned)transaction, command, data.n);
    if (data.n) {
        text_char(out, ' ');
        text_bytes(out, data.p, data.n);
    }
    text_char(out, '\n');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* A number of at most 9 digits that ends with a space. False: it is not one. */
static bool take_digit(struct relp_reader *r, uint8_t c, uint32_t *number)
{
    enum { MOST_DIGITS = 9 };
    if (!is_digit(c) || r->digits == MOST_DIGITS)
        return false;
    *number = *number * 10 + (uint32_t)(c - '0');
    r->digits++;
    return true;
}

static bool take_number(struct relp_reader *r, uint8_t c)
{
    if (c == ' ' && r->digits) {
        r->at = RELP_COMMAND;
        r->command_length = 0;
        return true;
    }
    return take_digit(r, c, &r->number);
}

static bool take_command(struct relp_reader *r, uint8_t c)
{
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ' ' && r->command_length) {
        r->command[r->command_length] = '\0';
        r->at = RELP_LENGTH;
        r->digits = 0;
        r->length = r->got = 0;
        return true;
    }
    if (!letter || r->command_length + 1 == sizeof r->command)
        return false;
    r->command[r->command_length++] = (char)c;
    return true;
}

/* Without data the line may end right after the length. */
static bool take_length(struct relp_reader *r, uint8_t c)
{
    if (r->digits && c == ' ') {
        r->at = r->length ? RELP_DATA : RELP_END;
        return r->length <= RELP_ANSWER_BYTES;
    }
    if (r->digits && c == '\n' && r->length == 0) {
        r->at = RELP_NUMBER;
        return true;
    }
    uint32_t length = (uint32_t)r->length;
    const bool ok = take_digit(r, c, &length);
    r->length = length;
    return ok;
}

static void take_data(struct relp_reader *r, struct cursor *c)
{
    const size_t wanted = r->length - r->got;
    const size_t left = cursor_left(c);
    const struct span piece = cursor_take(c, wanted < left ? wanted : left);
    const size_t room = r->got < sizeof r->data ? sizeof r->data - r->got : 0;
    const struct span kept = span_head(piece, room);
    if (kept.n)
        memcpy(r->data + r->got, kept.p, kept.n);
    r->got += piece.n;
    if (r->got == r->length)
        r->at = RELP_END;
}

static struct relp_answer finished(const struct relp_reader *r)
{
    const size_t kept = r->got < sizeof r->data ? r->got : sizeof r->data;
    struct relp_answer a = {
        .transaction = r->number,
        .is_response = strcmp(r->command, "rsp") == 0,
        .closes = strcmp(r->command, "serverclose") == 0,
        .data = span_of(r->data, kept),
    };
    if (kept >= 3 && is_digit(r->data[0]) && is_digit(r->data[1]) && is_digit(r->data[2]))
        a.code = (unsigned)((r->data[0] - '0') * 100 + (r->data[1] - '0') * 10 + (r->data[2] - '0'));
    return a;
}

/* One byte outside the data. *whole: it ended an answer. */
static bool take_byte(struct relp_reader *r, uint8_t c, bool *whole)
{
    switch (r->at) {
    case RELP_NUMBER:
        return take_number(r, c);
    case RELP_COMMAND:
        return take_command(r, c);
    case RELP_LENGTH:
        if (!take_length(r, c))
            return false;
        *whole = r->at == RELP_NUMBER;
        return true;
    case RELP_DATA:
        break;
    case RELP_END:
        r->at = RELP_NUMBER;
        *whole = true;
        return c == '\n';
    }
    return false;
}

enum relp_result relp_read(struct relp_reader *reader, struct span *bytes, struct relp_answer *out)
{
    struct cursor c = cursor_over(*bytes);
    bool whole = false;
    bool ok = true;
    while (ok && !whole && cursor_left(&c)) {
        if (reader->at == RELP_DATA)
            take_data(reader, &c);
        else
            ok = take_byte(reader, cursor_u8(&c), &whole);
    }
    *bytes = cursor_rest(&c);
    if (!ok)
        return RELP_BROKEN;
    if (!whole)
        return RELP_MORE;
    *out = finished(reader);
    reader->number = 0;
    reader->digits = 0;
    return RELP_ANSWER;
}

bool relp_takes_syslog(struct span data)
{
    static const char wanted[] = "syslog";
    char text[RELP_KEPT + 1];
    const struct span kept = span_head(data, RELP_KEPT);
    memcpy(text, kept.p, kept.n);
    text[kept.n] = '\0';
    const bool cut = kept.n == RELP_KEPT;
    const char *at = strstr(text, "\ncommands=");
    if (!at)
        return cut;
    for (at = strchr(at, '=') + 1;; at++) {
        const size_t n = strcspn(at, ",\n");
        if (n == sizeof wanted - 1 && memcmp(at, wanted, n) == 0)
            return true;
        at += n;
        if (*at != ',')
            return cut && !*at;
    }
}
