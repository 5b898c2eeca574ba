#include "app/reload.h"

#include "app/say.h"

#include "base/memory.h"
#include "policy/tree.h"

#include <inttypes.h>
#include <stdlib.h>

struct file_texts texts_to_collect(void)
{
    struct file_texts texts = {.size = RULES_TEXT_BYTES, .bytes = memory_map(1, RULES_TEXT_BYTES)};
    if (!texts.bytes)
        abort();
    return texts;
}

void texts_free(struct file_texts *texts)
{
    memory_unmap(texts->bytes);
    texts->bytes = NULL;
}

static bool equal_nodes(const struct node *a, const struct node *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || strcmp(a->key ? a->key : "", b->key ? b->key : "") != 0 ||
        strcmp(a->text ? a->text : "", b->text ? b->text : "") != 0)
        return false;
    const struct node *x = a->first;
    const struct node *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (!equal_nodes(x, y))
            return false;
    return x == y;
}

static const struct node *node_at(const struct site *site, const char *section, const char *key)
{
    const struct node *n = site->tree ? node_member(site->tree->root, section) : NULL;
    return n && key ? node_member(n, key) : n;
}

/* What is opened or reserved at the start, before the processes part. */
static void tell_what_waits(const struct site *running, const struct site *now)
{
    static const char *const at_start[][2] = {{"limits", "memory"},
                                              {"limits", "flows"},
                                              {"limits", "handshakes"},
                                              {"limits", "sessions"},
                                              {"limits", "session-retention"},
                                              {"sessions", NULL},
                                              {"outputs", "json"},
                                              {"outputs", "metrics"},
                                              {"outputs", "syslog"},
                                              {"outputs", "spool"},
                                              {"outputs", "tls"}};
    char safe[SAID_BYTES];
    for (size_t i = 0; i < sizeof at_start / sizeof *at_start; i++) {
        const char *section = at_start[i][0];
        const char *key = at_start[i][1];
        if (!equal_nodes(node_at(running, section, key), node_at(now, section, key)))
            (void)fprintf(stderr, "utwatch: %s: the change of %s%s%s takes effect at the next start\n",
                          say_safely(now->tree->file, safe), section, key ? "." : "", key ? key : "");
    }
}

static bool is_published(const struct board *board, const struct file_texts *texts)
{
    uint32_t number;
    uint8_t *bytes = malloc(board_size(board));
    if (!bytes)
        abort();
    const size_t length = board_get(board, bytes, &number);
    const bool same = number && length == texts->used && memcmp(bytes, texts->bytes, length) == 0;
    free(bytes);
    return same;
}

static void stays(const char *why)
{
    (void)fprintf(stderr, "utwatch: %sthe rules and the configuration stay as they were\n", why);
}

void reload_publish(struct board *board, const struct options *o, const struct site *running)
{
    struct ruleset rules;
    struct file_texts texts = texts_to_collect();
    if (!ruleset_load(&rules, o, &texts, board_number(board) + 1)) {
        stays("");
    } else {
        if (running->tree)
            tell_what_waits(running, rules.site);
        if (texts.full)
            stays("more than 8 MiB of rules; ");
        else if (!is_published(board, &texts))
            (void)board_put(board, span_of(texts.bytes, texts.used));
        ruleset_free(&rules);
    }
    texts_free(&texts);
}

bool reload_take(const struct board *board, const struct options *o, struct ruleset *rules)
{
    uint32_t number;
    struct file_texts texts = texts_to_collect();
    texts.used = board_get(board, texts.bytes, &number);
    texts.closed = true;
    const bool good = ruleset_load(rules, o, &texts, number);
    texts_free(&texts);
    if (!good)
        stays("");
    return good;
}
