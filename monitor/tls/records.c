/* From bytes to records to messages (RFC 2246 6.2.1, 7.4). A message that is whole in one record and one run
 * is handed on in place; one that crosses a border is collected in a chain. */
#include "tls/handshake.h"

static void end_message(struct tls *tls, struct assembly *a)
{
    handshake_release_message(tls, a);
    a->message_header_length = 0;
    a->message_length = a->message_have = 0;
    a->message_skipped = false;
}

static void skip_message(struct handshake *h, enum side who, uint32_t reason)
{
    h->side[who].message_skipped = true;
    handshake_damage(h, who, reason);
}

static bool is_hello(const struct assembly *a)
{
    return a->message_header[0] == MESSAGE_CLIENT_HELLO || a->message_header[0] == MESSAGE_SERVER_HELLO;
}

/* The header of a message is here. Even if it is too long, a hello still shows what its first part holds. */
static void begin_message(struct tls *tls, struct handshake *h, enum side who)
{
    struct assembly *a = &h->side[who];
    struct cursor c = cursor_over(span_of(a->message_header + 1, 3));
    a->message_length = cursor_u24(&c);
    a->message_have = 0;
    if (a->message_length <= MAX_MESSAGE_BYTES)
        return;
    tls->counters.too_long++;
    handshake_damage(h, who, UNOBSERVED_TOO_LONG);
    a->message_skipped = !is_hello(a);
}

/* The part that has come of a message that crosses a border; valid until the next one is read. */
static struct span collected(struct tls *tls, const struct assembly *a)
{
    chain_copy(&tls->pieces, &a->message, tls->message);
    return span_of(tls->message, a->message.length);
}

/* Keeps a part of a message that crosses a border; if there is no room for it, the message is skipped. */
static void keep_part(struct tls *tls, struct handshake *h, enum side who, struct span part, nanos now)
{
    struct assembly *a = &h->side[who];
    const size_t room = MAX_MESSAGE_BYTES - (size_t)a->message.length;
    if (!chain_append(&tls->pieces, &a->message, span_head(part, room))) {
        tls->counters.no_room++;
        handshake_release_message(tls, a);
        skip_message(h, who, UNOBSERVED_EVICTED);
    } else if (part.n > room) {
        a->message_skipped = true;
        handshake_cut_message(tls, h, who, a->message_header[0], collected(tls, a), now);
        handshake_release_message(tls, a);
    }
}

/*
 * Takes what belongs to the current message; *message is the message if it is whole: in place if it is whole
 * in these bytes, else collected. Returns how many bytes were used; *whole says that the message has ended,
 * with an empty *message if it was skipped.
 */
static size_t collect(struct tls *tls, struct handshake *h, enum side who, struct span bytes,
                      struct span *message, bool *whole, nanos now)
{
    struct assembly *a = &h->side[who];
    struct span part = span_head(bytes, a->message_length - a->message_have);
    const bool in_place = a->message_have == 0 && part.n == a->message_length && !a->message_skipped;
    if (!in_place && !a->message_skipped)
        keep_part(tls, h, who, part, now);
    a->message_have += (uint32_t)part.n;
    *whole = a->message_have == a->message_length;
    *message = span_of(NULL, 0);
    if (in_place)
        *message = part;
    else if (*whole && !a->message_skipped)
        *message = collected(tls, a);
    return part.n;
}

/* More bytes of a side. After a client's hello, a server may refuse these and not the hello. */
static void note_more(struct handshake *h, enum side who)
{
    struct observation *o = h->observation;
    o->spoke_on |= who == CLIENT && o->seen & SEEN_CLIENT_HELLO && o->reaction == REACTION_UNKNOWN;
}

static void feed_handshake_fragment(struct tls *tls, struct handshake *h, enum side who, struct span bytes,
                                    nanos now)
{
    struct assembly *a = &h->side[who];
    while (bytes.n && !a->message_lost) {
        note_more(h, who);
        if (h->observation->side[who].encrypted)
            return; /* a message of this same record changed the cipher: TLS 1.3's ServerHello */
        if (a->message_header_length < MESSAGE_HEADER_BYTES) {
            if (!records_fill_header(a->message_header, &a->message_header_length, MESSAGE_HEADER_BYTES,
                                     &bytes))
                continue;
            begin_message(tls, h, who);
            if (a->message_length > 0)
                continue;
        }
        struct span message;
        bool whole;
        bytes = span_skip(bytes, collect(tls, h, who, bytes, &message, &whole, now));
        if (!whole)
            continue;
        const bool skipped = a->message_skipped;
        const uint8_t type = a->message_header[0];
        end_message(tls, a); /* first, as what it means may change how the rest is read */
        if (!skipped)
            handshake_message(tls, h, who, type, message, now);
    }
}

static void feed_alert_fragment(struct tls *tls, struct handshake *h, enum side who, struct span bytes,
                                nanos now)
{
    struct assembly *a = &h->side[who];
    while (bytes.n) {
        a->alert[a->alert_length++] = bytes.p[0];
        bytes = span_skip(bytes, 1);
        if (a->alert_length == sizeof a->alert) {
            a->alert_length = 0;
            handshake_alert(tls, h, who, now);
        }
    }
}

/* Some TLS 1.3 peers send a ChangeCipherSpec that means nothing (RFC 8446 D.4). Until the version is known,
 * the record after it shows: only a handshake message in clear can be a second ClientHello. */
static bool is_clear_after_pending(const struct assembly *a, struct span fragment)
{
    struct cursor c = cursor_over(fragment);
    uint8_t type = cursor_u8(&c);
    size_t message = cursor_u24(&c);
    bool hello = type == MESSAGE_CLIENT_HELLO || type == MESSAGE_SERVER_HELLO;
    /* A protected Finished may begin with any byte, but hardly with a fitting length too. */
    return hello && (c.status != PARSE_OK || a->record_left >= LONGER_THAN_FINISHED ||
                     message + MESSAGE_HEADER_BYTES <= a->record_left);
}

/* Cleartext alerts may share a record, or be split over several (RFC 5246 6.2.1). If nothing of the side is
 * missing, a record shorter than any protected one can be nothing else. */
static bool is_clear_alert(const struct handshake *h, enum side who)
{
    enum { SHORTEST_PROTECTED = 2 + 16 }; /* with a MAC of MD5 (RFC 2246 6.2.3.1) */
    const struct assembly *a = &h->side[who];
    const struct side_facts *side = &h->observation->side[who];
    return a->record_left == 2U + a->mac_bytes ||
           (!a->mac_bytes && a->record_left < SHORTEST_PROTECTED && side->start_captured && !side->damage);
}

/* Records of data may be read under a NULL-encryption suite, or while the ServerHello that selects it is
 * still to come: the client's direction may be captured first. */
static bool suite_may_be_clear(const struct handshake *h)
{
    return !(h->observation->seen & SEEN_SERVER_HELLO) || observation_clear_suite(h->observation);
}

/* The side's Finished is in the missing bytes, or this record is it. */
static void look_for_later(struct tls *tls, struct handshake *h, enum side who, struct span fragment,
                           nanos now)
{
    struct assembly *a = &h->side[who];
    bool readable;
    if (!later_begins(h, who, fragment, &readable))
        return;
    h->observation->side[who].encrypted = a->record_protected = true;
    if (!readable || !suite_may_be_clear(h))
        return;
    if (who == CLIENT)
        later_note_answer(h, a->read_to - (uint32_t)fragment.n);
    handshake_finished(tls, h, who, now);
}

static void begin_record(struct tls *tls, struct handshake *h, enum side who, struct span fragment, nanos now)
{
    struct assembly *a = &h->side[who];
    const struct side_facts *side = &h->observation->side[who];
    a->record_counted = false;
    if (a->record_type != RECORD_ALERT && a->alert_length) { /* half of an alert */
        a->alert_length = 0;
        handshake_damage(h, who, UNOBSERVED_MALFORMED);
    }
    if (a->message_lost) { /* a new record is the likeliest place for a new message */
        a->message_lost = false;
        end_message(tls, a);
    }
    if (a->record_type == RECORD_HANDSHAKE && a->ccs_pending && !is_clear_after_pending(a, fragment)) {
        a->ccs_pending = false;
        handshake_change_cipher(h, who);
    }
    a->record_protected = h->observation->side[who].encrypted;
    /* Protected alerts are longer than those in clear. TLS 1.3 hides them in application_data. */
    if (a->record_type == RECORD_ALERT && !is_clear_alert(h, who))
        a->record_protected = true;
    if (a->record_type == RECORD_ALERT && a->record_left == 2 &&
        observation_version(h->observation) >= 0x0304)
        a->record_protected = false;
    if (a->record_type == RECORD_HANDSHAKE && !a->record_protected && (side->damage || !side->start_captured))
        look_for_later(tls, h, who, fragment, now);
}

/* The record is under the keys of the previous session, which do not encrypt. */
static bool is_of_earlier(const struct assembly *a)
{
    return a->mac_bytes && !a->record_protected;
}

/* What the record carries, without its MAC. */
static struct span content_of(const struct assembly *a, struct span fragment)
{
    if (!is_of_earlier(a))
        return fragment;
    return span_head(fragment, a->record_left > a->mac_bytes ? a->record_left - a->mac_bytes : 0);
}

static void clear_append(struct tls *tls, struct handshake *h, enum side who, struct span bytes)
{
    struct clear_text *kept = &h->clear[who];
    kept->cut |= bytes.n > (size_t)CLEAR_BYTES - kept->bytes.length;
    if (!kept->cut && !chain_append(&tls->pieces, &kept->bytes, bytes)) {
        tls->counters.no_room++;
        kept->cut = true;
    }
}

static bool may_be_clear(const struct handshake *h, enum side who)
{
    return suite_may_be_clear(h) || is_of_earlier(&h->side[who]);
}

/* Kept until the handshake is judged. */
static void clear_keep(struct tls *tls, struct handshake *h, enum side who, struct span fragment, bool first)
{
    const struct assembly *a = &h->side[who];
    struct clear_text *kept = &h->clear[who];
    kept->earlier |= is_of_earlier(a);
    if (!kept->bytes.length && h->segment)
        kept->whence = flow_whence(h->flow, h->segment);
    if (a->record_later && !kept->later && h->segment)
        kept->later_at = flow_whence(h->flow, h->segment);
    kept->later |= a->record_later;
    if (who == CLIENT && a->record_later && !h->client_later.any)
        acknowledged_note(&h->client_later, a->read_to);
    if (first)
        clear_append(tls, h, who, span_of(a->header, sizeof a->header));
    clear_append(tls, h, who, fragment);
}

void records_keep_rest(struct tls *tls, struct handshake *h, enum side who)
{
    struct assembly *a = &h->side[who];
    const uint8_t header[RECORD_HEADER_BYTES] = {a->record_type, (uint8_t)(a->record_version >> 8),
                                                 (uint8_t)a->record_version, (uint8_t)(a->record_left >> 8),
                                                 (uint8_t)a->record_left};
    h->clear[who].earlier = true;
    h->clear[who].whence = h->observation->whence;
    clear_append(tls, h, who, span_of(header, sizeof header));
}

/* After a side's Finished its handshake records are those of a later handshake, which can be read if nothing
 * is encrypted; so are the records after its hello. */
static bool is_of_later(const struct handshake *h, enum side who)
{
    const struct assembly *a = &h->side[who];
    const uint32_t own = who == CLIENT ? SEEN_CLIENT_FINISHED : SEEN_SERVER_FINISHED;
    return a->record_protected && h->observation->seen & own && may_be_clear(h, who) &&
           (a->record_type == RECORD_HANDSHAKE || h->clear[who].later);
}

/* After its ChangeCipherSpec an alert of the client can be read only under NULL encryption. An unreadable one
 * may be a warning, but hardly before the handshake is done. */
static void note_hidden_alert(struct handshake *h, struct span fragment)
{
    enum { FATAL = 2 };
    const uint16_t mac = observation_clear_mac(h->observation);
    const bool read = mac && h->side[CLIENT].record_left == 2U + mac && fragment.n >= 2;
    h->hidden_alert = !read || fragment.p[0] == FATAL || alert_is_farewell(fragment.p[1]);
}

static void feed_fragment(struct tls *tls, struct handshake *h, enum side who, struct span fragment,
                          nanos now)
{
    struct assembly *a = &h->side[who];
    size_t record_length = a->record_left;
    bool first = !a->record_counted;
    if (first) {
        begin_record(tls, h, who, fragment, now);
        a->record_later = is_of_later(h, who);
        h->hidden_alert &= who == SERVER; /* a client that goes on had not ended */
    }
    a->record_counted = true;
    if (a->record_later) {
        clear_keep(tls, h, who, fragment, first);
        return;
    }
    const struct span content = content_of(a, fragment);
    switch (a->record_type) {
    case RECORD_HANDSHAKE:
        if (!a->record_protected)
            feed_handshake_fragment(tls, h, who, content, now);
        else if (first)
            handshake_protected_message(tls, h, who, now);
        break;
    case RECORD_ALERT:
        if (!a->record_protected)
            feed_alert_fragment(tls, h, who, content, now);
        else if (first)
            handshake_letter(h, who, 'L');
        if (a->record_protected && first && who == CLIENT)
            note_hidden_alert(h, fragment);
        break;
    case RECORD_CHANGE_CIPHER_SPEC:
        if (first)
            handshake_change_cipher(h, who);
        break;
    case RECORD_APPLICATION_DATA:
        if (first && !is_of_earlier(a))
            handshake_data(tls, h, who, record_length, now);
        if (may_be_clear(h, who))
            clear_keep(tls, h, who, fragment, first);
        break;
    default:
        break;
    }
}

/* Two bytes begin an SSLv2 record, or three if there is padding, which only protected records have. */
static bool sslv2_header_is_whole(const struct assembly *a)
{
    const bool padded = a->header_length && !(a->header[0] & 0x80);
    return a->header_length == (padded ? 3 : 2);
}

/* Everything is protected except the hellos, CLIENT-MASTER-KEY, and an ERROR before there are keys, which is
 * shorter than any MAC. */
static bool sslv2_is_protected(const struct handshake *h, enum side who, uint32_t length)
{
    enum { MAC_BYTES = 16 };
    const bool keyed = who == CLIENT
                           ? h->observation->seen & SEEN_CLIENT_KEY_EXCHANGE || h->side[who].sslv2_long
                           : h->observation->seen & SEEN_SSLV2_SERVER_HELLO;
    return keyed && length > MAC_BYTES;
}

/* The body of an SSLv2 record is one message; it is collected like any other, unless it is protected. */
static void begin_sslv2_message(struct handshake *h, enum side who)
{
    struct assembly *a = &h->side[who];
    struct cursor c = cursor_over(span_of(a->header, 2));
    a->message_length = cursor_u16(&c) & (a->header[0] & 0x80 ? 0x7fffU : 0x3fffU);
    a->message_have = 0;
    a->message_header_length = MESSAGE_HEADER_BYTES;
    a->header_length = 0;
    a->message_skipped = a->record_protected = sslv2_is_protected(h, who, a->message_length);
}

static size_t feed_sslv2(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now)
{
    struct assembly *a = &h->side[who];
    size_t used = 0;
    while (a->message_header_length == 0 && used < bytes.n) {
        a->header[a->header_length++] = bytes.p[used++];
        if (sslv2_header_is_whole(a))
            begin_sslv2_message(h, who);
    }
    if (a->message_header_length == 0)
        return used;
    struct span message;
    bool whole;
    used += collect(tls, h, who, span_skip(bytes, used), &message, &whole, now);
    if (!whole)
        return used;
    a->sslv2 = false;
    if (a->record_protected)
        handshake_sslv2_protected(tls, h, who, a->message_length, now);
    else if (!a->message_skipped)
        handshake_sslv2_message(tls, h, who, message, now);
    end_message(tls, a);
    return used;
}

/* SSLv2 goes on after both hellos, or after the client's alone if its CLIENT-MASTER-KEY follows. */
static bool goes_on_in_sslv2(const struct handshake *h, enum side who, uint8_t first)
{
    const struct observation *o = h->observation;
    const bool after_hello =
        who == CLIENT && first & 0x80 && o->seen & SEEN_CLIENT_HELLO && o->client_hello.format == HELLO_SSLV2;
    return h->native_sslv2 || after_hello;
}

static void lose_records(struct tls *tls, struct handshake *h, enum side who, uint32_t reason)
{
    struct assembly *a = &h->side[who];
    end_message(tls, a);
    a->lost = true;
    h->clear[who].cut = true;
    a->header_length = 0;
    a->record_left = 0;
    tls->counters.desynchronised++;
    handshake_damage(h, who, reason);
}

/* After a loss of records, a run that starts with a whole plausible header is a new beginning. */
static bool resynchronise(struct assembly *a, struct span bytes)
{
    struct record_header header;
    if (record_header_parse(span_head(bytes, RECORD_HEADER_BYTES), &header) != PARSE_OK ||
        !record_header_is_usual(&header))
        return false;
    a->lost = false;
    a->message_lost = false;
    return true;
}

void records_feed(struct tls *tls, struct handshake *h, enum side who, struct span bytes, nanos now)
{
    struct assembly *a = &h->side[who];
    if (a->lost && (h->native_sslv2 || !resynchronise(a, bytes)))
        return;
    const uint32_t next = h->flow->side[flow_side_of(h->flow, who)].next;
    while (bytes.n && !a->lost) {
        note_more(h, who);
        a->read_to = next;
        if (!a->sslv2 && a->record_left == 0 && a->header_length == 0)
            a->sslv2 = goes_on_in_sslv2(h, who, bytes.p[0]);
        if (a->sslv2) {
            bytes = span_skip(bytes, feed_sslv2(tls, h, who, bytes, now));
            continue;
        }
        if (a->record_left == 0) {
            if (!records_fill_header(a->header, &a->header_length, RECORD_HEADER_BYTES, &bytes))
                continue;
            a->header_length = 0;
            struct record_header header;
            if (record_header_parse(span_of(a->header, RECORD_HEADER_BYTES), &header) != PARSE_OK) {
                lose_records(tls, h, who, UNOBSERVED_MALFORMED);
                return;
            }
            a->record_type = header.type;
            a->record_version = header.version;
            a->record_left = header.length;
            a->record_counted = false;
            if (!a->record_left || !bytes.n)
                continue;
        }
        struct span fragment = span_head(bytes, a->record_left);
        a->read_to = next - (uint32_t)(bytes.n - fragment.n);
        feed_fragment(tls, h, who, fragment, now);
        a->record_left -= (uint32_t)fragment.n;
        if (h->kept && a->record_left == 0)
            handshake_keep_record_end(tls, h, who);
        bytes = span_skip(bytes, fragment.n);
    }
}

/* The part of a message that came before the gap. */
static void keep_cut_message(struct tls *tls, struct handshake *h, enum side who, nanos now)
{
    const struct assembly *a = &h->side[who];
    if (a->sslv2 || a->record_type != RECORD_HANDSHAKE || a->record_protected ||
        a->message_header_length < MESSAGE_HEADER_BYTES || a->message_skipped)
        return;
    handshake_cut_message(tls, h, who, a->message_header[0], collected(tls, a), now);
}

void records_gap(struct tls *tls, struct handshake *h, enum side who, size_t gap, nanos now)
{
    struct assembly *a = &h->side[who];
    if (a->lost)
        return;
    keep_cut_message(tls, h, who, now);
    if (a->sslv2 || gap > a->record_left || a->header_length) {
        lose_records(tls, h, who, 0);
        return;
    }
    a->record_left -= (uint32_t)gap;
    h->clear[who].cut |= a->record_type == RECORD_APPLICATION_DATA || a->record_later;
    if (a->record_type != RECORD_HANDSHAKE || a->record_protected)
        return;
    /* Within one message the loss costs that message only; across its border the rest of the record is
     * unreadable. */
    if (a->message_header_length == MESSAGE_HEADER_BYTES && gap <= a->message_length - a->message_have) {
        a->message_skipped = true;
        handshake_release_message(tls, a);
        a->message_have += (uint32_t)gap;
        if (a->message_have == a->message_length)
            end_message(tls, a);
    } else {
        end_message(tls, a);
        a->message_lost = true;
    }
}
