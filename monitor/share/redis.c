#include "share/redis.h"

#include "base/limits.h"
#include "base/nanos.h"

#include <arpa/inet.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_PATIENCE (REDIS_ANSWER_SECONDS * NANOS_PER_SECOND)
#define RETRY_FIRST     (REDIS_RETRY_MS * NANOS_PER_MILLISECOND)
#define RETRY_MOST      (REDIS_RETRY_MOST_SECONDS * NANOS_PER_SECOND)

enum { SLOTS = 16384, HOST_BYTES = 256, MAX_REDIRECTIONS = 5, DEFAULT_PORT = 6379 };

struct node {
    char host[HOST_BYTES]; /* "": free */
    int port;
    redisAsyncContext *connection; /* NULL: not connected, nor trying to */
    bool up, want_read, want_write;
    int64_t retry_at, retry_after;
    int64_t heard;    /* when it last answered, or was first asked something */
    uint32_t waiting; /* commands without an answer */
    struct redis *redis;
    const redisReplyObjectFunctions *makers; /* hiredis' own, and ours before them */
    redisReplyObjectFunctions asked;
};

struct command {
    struct command *next; /* free ones */
    struct redis *redis;
    struct node *node;
    redis_done *done;
    void *context;
    uint64_t item;
    char bytes[REDIS_COMMAND_BYTES];
    size_t length;
    uint16_t slot;
    uint8_t redirections;
};

struct redis {
    struct node nodes[REDIS_NODES];
    size_t given; /* the first nodes are those of the URL */
    uint8_t slots[SLOTS];
    struct command commands[REDIS_COMMANDS];
    struct command *free;
    char password[HOST_BYTES];
    int64_t now;
    bool ending;
};

/* CRC-16 of the cluster specification (XMODEM) over the whole key, since our keys have no {tag}. */
static uint16_t slot_of(struct span key)
{
    unsigned crc = 0;
    for (size_t i = 0; i < key.n; i++) {
        crc ^= (unsigned)key.p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
    }
    return (uint16_t)(crc % SLOTS);
}

/* Finds a node by its address; a new one replaces one that is gone. */
static struct node *node_of(struct redis *r, const char *host, size_t length, int port)
{
    struct node *free = NULL;
    struct node *gone = NULL;
    if (length == 0 || length >= HOST_BYTES || port <= 0 || port > 65535)
        return NULL;
    for (size_t i = 0; i < REDIS_NODES; i++) {
        struct node *n = &r->nodes[i];
        if (n->port == port && strlen(n->host) == length && memcmp(n->host, host, length) == 0)
            return n;
        if (!n->host[0])
            free = free ? free : n;
        else if (i >= r->given && !n->connection)
            gone = gone ? gone : n;
    }
    free = free ? free : gone;
    if (!free)
        return NULL;
    *free = (struct node){.port = port, .retry_after = RETRY_FIRST, .redis = r};
    memcpy(free->host, host, length);
    return free;
}

/* host, host:port, [v6], [v6]:port */
static bool parse_host(const char *text, size_t length, const char **host, size_t *host_length, int *port)
{
    const size_t open = length > 0 && text[0] == '[';
    const char *close = memchr(text, open ? ']' : ':', length);
    if (open && !close)
        return false;
    *host = text + open;
    *host_length = close ? (size_t)(close - *host) : length;
    *port = DEFAULT_PORT;
    size_t at = *host_length + 2 * open;
    if (at < length) {
        char digits[8] = "";
        const size_t n = length - ++at;
        if (text[at - 1] != ':' || n == 0 || n >= sizeof digits || strspn(text + at, "0123456789") < n)
            return false;
        memcpy(digits, text + at, n);
        *port = (int)strtol(digits, NULL, 10);
    }
    return *host_length > 0 && *port > 0 && *port <= 65535;
}

static bool parse_url(struct redis *r, const char *url)
{
    static const char scheme[] = "redis://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    url += sizeof scheme - 1;
    const char *at = strrchr(url, '@');
    if (at) {
        const size_t n = (size_t)(at - url);
        if (n < 2 || n > sizeof r->password || url[0] != ':')
            return false;
        memcpy(r->password, url + 1, n - 1);
        url = at + 1;
    }
    while (*url) {
        const size_t n = strcspn(url, ",");
        const char *host;
        size_t length;
        int port;
        if (!parse_host(url, n, &host, &length, &port) || !node_of(r, host, length, port))
            return false;
        r->given++;
        url += n + (url[n] == ',');
    }
    return r->given > 0;
}

struct redis *redis_new(const char *url)
{
    struct redis *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    if (!parse_url(r, url)) {
        free(r);
        return NULL;
    }
    for (size_t i = 0; i < REDIS_COMMANDS; i++) {
        r->commands[i].next = r->free;
        r->commands[i].redis = r;
        r->free = &r->commands[i];
    }
    return r;
}

static void finish(struct command *c, enum redis_status status, struct span value)
{
    struct redis *r = c->redis;
    redis_done *done = c->done;
    void *context = c->context;
    c->next = r->free;
    r->free = c;
    done(context, c->item, status, value);
}

static void lost(struct node *n)
{
    n->connection = NULL;
    n->up = n->want_read = n->want_write = false;
    n->waiting = 0;
    n->retry_at = n->redis->now + n->retry_after;
    n->retry_after = n->retry_after * 2 < RETRY_MOST ? n->retry_after * 2 : RETRY_MOST;
}

static void on_connect(const redisAsyncContext *connection, int status)
{
    struct node *n = connection->data;
    if (status != REDIS_OK) {
        lost(n); /* hiredis frees the connection */
        return;
    }
    n->up = true;
    n->heard = n->redis->now;
}

static void on_disconnect(const redisAsyncContext *connection, int status)
{
    (void)status;
    lost(connection->data);
}

static void add_read(void *node)
{
    ((struct node *)node)->want_read = true;
}

static void del_read(void *node)
{
    ((struct node *)node)->want_read = false;
}

static void add_write(void *node)
{
    ((struct node *)node)->want_write = true;
}

static void del_write(void *node)
{
    ((struct node *)node)->want_write = false;
}

static void clean_up(void *node)
{
    ((struct node *)node)->want_read = ((struct node *)node)->want_write = false;
}

/*
 * hiredis aborts the process at a reply without a command (assert() in redisProcessCallbacks()), and any
 * server can send one. So no object is made for such a reply: that is an error, which ends the connection.
 */
static bool is_asked_for(const redisReadTask *task)
{
    const struct node *n = task->privdata;
    return task->parent || n->connection->replies.head;
}

static const redisReplyObjectFunctions *makers_of(const redisReadTask *task)
{
    return ((const struct node *)task->privdata)->makers;
}

static void *make_string(const redisReadTask *task, char *bytes, size_t length)
{
    return is_asked_for(task) ? makers_of(task)->createString(task, bytes, length) : NULL;
}

static void *make_array(const redisReadTask *task, int elements)
{
    return is_asked_for(task) ? makers_of(task)->createArray(task, elements) : NULL;
}

static void *make_integer(const redisReadTask *task, long long number)
{
    return is_asked_for(task) ? makers_of(task)->createInteger(task, number) : NULL;
}

static void *make_nil(const redisReadTask *task)
{
    return is_asked_for(task) ? makers_of(task)->createNil(task) : NULL;
}

static void refuse_unasked(struct node *n, redisReader *reader)
{
    n->makers = reader->fn;
    n->asked =
        (redisReplyObjectFunctions){make_string, make_array, make_integer, make_nil, reader->fn->freeObject};
    reader->fn = &n->asked;
    reader->privdata = n;
}

static void connect_node(struct node *n)
{
    redisAsyncContext *c = redisAsyncConnect(n->host, n->port);
    if (!c || c->err) {
        if (c)
            redisAsyncFree(c);
        lost(n);
        return;
    }
    refuse_unasked(n, c->c.reader);
    c->data = c->ev.data = n;
    c->ev.addRead = add_read;
    c->ev.delRead = del_read;
    c->ev.addWrite = add_write;
    c->ev.delWrite = del_write;
    c->ev.cleanup = clean_up;
    n->connection = c;
    n->heard = n->redis->now;
    (void)redisAsyncSetConnectCallback(c, on_connect);
    (void)redisAsyncSetDisconnectCallback(c, on_disconnect);
    if (n->redis->password[0])
        (void)redisAsyncCommand(c, NULL, NULL, "AUTH %s", n->redis->password);
}

static void on_reply(redisAsyncContext *connection, void *reply, void *command);

static bool send_to(struct node *n, struct command *c, bool asking)
{
    if (!n || !n->up || !n->connection)
        return false;
    if (asking)
        (void)redisAsyncCommand(n->connection, NULL, NULL, "ASKING");
    c->node = n;
    if (n->waiting++ == 0)
        n->heard = n->redis->now;
    if (redisAsyncFormattedCommand(n->connection, on_reply, c, c->bytes, c->length) == REDIS_OK)
        return true;
    n->waiting--;
    return false;
}

/* Only names in the URL are looked up, so that no server can make this thread wait for a resolver. */
static bool is_address(const char *host, size_t length)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (length >= sizeof text)
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* "MOVED 3999 127.0.0.1:6381" for good, "ASK ..." for this once. False when it is no redirection. */
static bool redirect(struct command *c, const char *error)
{
    const bool moved = strncmp(error, "MOVED ", 6) == 0;
    const bool ask = strncmp(error, "ASK ", 4) == 0;
    if ((!moved && !ask) || c->redirections++ >= MAX_REDIRECTIONS)
        return false;
    const char *where = strrchr(error, ' ');
    const char *colon = where ? strrchr(where, ':') : NULL;
    if (!colon)
        return false;
    const long port = strtol(colon + 1, NULL, 10);
    const size_t length = (size_t)(colon - where - 1);
    if (length && !is_address(where + 1, length))
        return false;
    const char *host = length ? where + 1 : c->node->host; /* without a host: the node that redirects */
    struct node *n = node_of(c->redis, host, length ? length : strlen(host), port < 65536 ? (int)port : 0);
    if (n && moved)
        c->redis->slots[c->slot] = (uint8_t)(n - c->redis->nodes);
    if (n && !n->connection && n->retry_at <= c->redis->now)
        connect_node(n); /* the next command finds it */
    return send_to(n, c, ask);
}

static void on_reply(redisAsyncContext *connection, void *reply, void *command)
{
    struct command *c = command;
    struct node *n = connection->data;
    const redisReply *r = reply;
    if (n->waiting)
        n->waiting--;
    n->heard = n->redis->now;
    if (!r) {
        finish(c, REDIS_FAILED, span_of(NULL, 0));
        return;
    }
    n->retry_after = RETRY_FIRST;
    if (r->type == REDIS_REPLY_ERROR) {
        if (c->redis->ending || !redirect(c, r->str))
            finish(c, REDIS_FAILED, span_of(r->str, r->len));
        return;
    }
    const bool text = r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS;
    finish(c, r->type == REDIS_REPLY_NIL ? REDIS_NIL : REDIS_ANSWERED,
           text ? span_of(r->str, r->len) : span_of(NULL, 0));
}

/* The protocol's own form: a count, then each word with its length; words may hold any byte. */
static bool put_words(struct command *c, const struct redis_command *from)
{
    int n = snprintf(c->bytes, sizeof c->bytes, "*%zu\r\n", from->count);
    size_t at = (size_t)n;
    for (size_t i = 0; i < from->count; i++) {
        const struct span word = from->word[i];
        n = snprintf(c->bytes + at, sizeof c->bytes - at, "$%zu\r\n", word.n);
        at += (size_t)n;
        if (at >= sizeof c->bytes || word.n + 2 >= sizeof c->bytes - at)
            return false;
        memcpy(c->bytes + at, word.p, word.n);
        memcpy(c->bytes + at + word.n, "\r\n", 2);
        at += word.n + 2;
    }
    c->length = at;
    return true;
}

/* The node of the slot, or, when there is no connection to it, any: it will redirect. */
static struct node *node_for(struct redis *r, uint16_t slot)
{
    struct node *n = &r->nodes[r->slots[slot]];
    for (size_t i = 0; !n->up && i < REDIS_NODES; i++)
        if (r->nodes[i].up)
            n = &r->nodes[i];
    return n;
}

bool redis_is_up(const struct redis *r)
{
    for (size_t i = 0; i < REDIS_NODES; i++)
        if (r->nodes[i].up)
            return true;
    return false;
}

bool redis_send(struct redis *r, const struct redis_command *command, redis_done *done, void *context,
                uint64_t item, int64_t now)
{
    struct command *c = r->free;
    r->now = now;
    if (!c || !put_words(c, command))
        return false;
    c->slot = slot_of(command->word[command->key]);
    c->redirections = 0;
    c->done = done;
    c->context = context;
    c->item = item;
    struct command *next = c->next;
    if (!send_to(node_for(r, c->slot), c, false))
        return false;
    r->free = next;
    return true;
}

size_t redis_wait_for(struct redis *r, struct pollfd *fds, int64_t *until, int64_t now)
{
    size_t count = 0;
    *until = now + NANOS_PER_SECOND;
    for (struct node *n = r->nodes; n < r->nodes + REDIS_NODES; n++) {
        if (!n->host[0])
            continue;
        const int64_t due = n->connection ? n->heard + ANSWER_PATIENCE : n->retry_at;
        if ((!n->connection || n->waiting || !n->up) && due < *until)
            *until = due;
        if (n->connection)
            fds[count++] = (struct pollfd){
                .fd = n->connection->c.fd,
                .events = (short)((n->want_read ? POLLIN : 0) | (n->want_write ? POLLOUT : 0))};
    }
    return count;
}

static struct node *node_with(struct redis *r, int fd)
{
    for (struct node *n = r->nodes; n < r->nodes + REDIS_NODES; n++)
        if (n->connection && n->connection->c.fd == fd)
            return n;
    return NULL;
}

/* hiredis reports the end of a connection, but not a connection that failed: on_disconnect() is not called
 * then. */
static void give_up(struct node *n)
{
    redisAsyncFree(n->connection);
    if (n->connection)
        lost(n);
}

void redis_handle(struct redis *r, const struct pollfd *fds, size_t count, int64_t now)
{
    r->now = now;
    for (size_t i = 0; i < count; i++) {
        struct node *n = fds[i].revents ? node_with(r, fds[i].fd) : NULL;
        if (n && fds[i].revents & (POLLIN | POLLERR | POLLHUP))
            redisAsyncHandleRead(n->connection);
        n = fds[i].revents & POLLOUT ? node_with(r, fds[i].fd) : NULL;
        if (n)
            redisAsyncHandleWrite(n->connection);
    }
    for (struct node *n = r->nodes; n < r->nodes + REDIS_NODES; n++) {
        if (!n->host[0])
            continue;
        if (n->connection && (n->waiting || !n->up) && now - n->heard > ANSWER_PATIENCE)
            give_up(n); /* and its commands fail */
        if (!n->connection && n->retry_at <= now)
            connect_node(n);
    }
}

void redis_free(struct redis *r)
{
    if (!r)
        return;
    r->ending = true;
    for (struct node *n = r->nodes; n < r->nodes + REDIS_NODES; n++)
        if (n->connection)
            redisAsyncFree(n->connection);
    free(r);
}
