#include "policy/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <yaml.h>

enum { BLOCK_BYTES = 16384, MOST_OPEN_BRACKETS = 4 * MAX_YAML_DEPTH };

struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
};

static void *tree_allocate(struct tree *tree, size_t n)
{
    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!tree->blocks || tree->blocks->size - tree->blocks->used < n) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        struct block *block = calloc(1, sizeof *block + size);
        if (!block)
            abort(); /* at start-up, for a file of at most a megabyte */
        block->size = size;
        block->next = tree->blocks;
        tree->blocks = block;
    }
    void *p = (char *)tree->blocks->bytes + tree->blocks->used;
    tree->blocks->used += n;
    return p;
}

static const char *tree_text(struct tree *tree, const void *text, size_t n)
{
    char *copy = tree_allocate(tree, n + 1);
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    while (tree->blocks) {
        struct block *next = tree->blocks->next;
        free(tree->blocks);
        tree->blocks = next;
    }
    free(tree->file);
    free(tree);
}

const struct node *node_member(const struct node *mapping, const char *key)
{
    if (!mapping || mapping->kind != NODE_MAPPING)
        return NULL;
    for (const struct node *n = mapping->first; n; n = n->next)
        if (strcmp(n->key, key) == 0)
            return n;
    return NULL;
}

const struct node *node_first(const struct node *n)
{
    return n->kind == NODE_SEQUENCE ? n->first : n;
}

const struct node *node_next(const struct node *n, const struct node *e)
{
    return n->kind == NODE_SEQUENCE ? e->next : NULL;
}

/* A collection whose events are still coming. */
struct open {
    struct node *node;
    struct node *last;
    const char *key; /* of a mapping: the key whose value is awaited */
    uint32_t key_line, key_column;
};

struct builder {
    struct tree *tree;
    struct mistakes *mistakes;
    struct open stack[MAX_YAML_DEPTH];
    size_t depth;
    bool failed;
};

static void complain(struct builder *b, const yaml_mark_t *mark, const char *what)
{
    mistake_add(b->mistakes, b->tree->file, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, "%s", what);
}

/* A scalar in the place of a key. */
static void take_key(struct builder *b, const yaml_event_t *e)
{
    struct open *top = &b->stack[b->depth - 1];
    const char *key = tree_text(b->tree, e->data.scalar.value, e->data.scalar.length);
    if (strlen(key) != e->data.scalar.length)
        complain(b, &e->start_mark, "a key with a NUL character");
    const struct node *first = node_member(top->node, key);
    if (first)
        mistake_add(b->mistakes, b->tree->file, (uint32_t)e->start_mark.line + 1,
                    (uint32_t)e->start_mark.column + 1, "duplicate key '%s' (first on line %u)", key,
                    first->key_line);
    top->key = key;
    top->key_line = (uint32_t)e->start_mark.line + 1;
    top->key_column = (uint32_t)e->start_mark.column + 1;
}

static struct node *add_node(struct builder *b, enum node_kind kind, const yaml_event_t *e)
{
    struct node *node = tree_allocate(b->tree, sizeof *node);
    *node = (struct node){
        .kind = kind, .line = (uint32_t)e->start_mark.line + 1, .column = (uint32_t)e->start_mark.column + 1};
    if (b->depth == 0) {
        b->tree->root = node;
        return node;
    }
    struct open *top = &b->stack[b->depth - 1];
    assert(top->node);
    if (top->node->kind == NODE_MAPPING) {
        node->key = top->key;
        node->key_line = top->key_line;
        node->key_column = top->key_column;
        top->key = NULL;
    }
    if (top->last)
        top->last->next = node;
    else
        top->node->first = node;
    top->last = node;
    return node;
}

static bool awaits_key(const struct builder *b)
{
    const struct open *top = b->depth ? &b->stack[b->depth - 1] : NULL;
    return top && top->node && top->node->kind == NODE_MAPPING && !top->key;
}

static void open_collection(struct builder *b, enum node_kind kind, const yaml_event_t *e)
{
    if (awaits_key(b)) {
        complain(b, &e->start_mark, "a key must be a plain word, as in KEY: VALUE");
        b->failed = true;
        return;
    }
    if (b->depth == MAX_YAML_DEPTH) {
        complain(b, &e->start_mark, "nested too deeply (more than 32 levels)");
        b->failed = true;
        return;
    }
    struct node *node = add_node(b, kind, e);
    b->stack[b->depth++] = (struct open){.node = node};
}

static void take_event(struct builder *b, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
        if (awaits_key(b)) {
            take_key(b, e);
        } else {
            struct node *node = add_node(b, NODE_SCALAR, e);
            node->text = tree_text(b->tree, e->data.scalar.value, e->data.scalar.length);
            if (strlen(node->text) != e->data.scalar.length)
                complain(b, &e->start_mark, "a value with a NUL character");
        }
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
        open_collection(b, NODE_SEQUENCE, e);
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
        open_collection(b, NODE_MAPPING, e);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        break;
    case YAML_ALIAS_EVENT:
        complain(b, &e->start_mark, "aliases are not allowed: write the value out");
        b->failed = true;
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (b->tree->root) {
            complain(b, &e->start_mark,
                     "a second document in one file: take out the --- or make it a file of its own");
            b->failed = true;
        }
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    if (anchor)
        complain(b, &e->start_mark, "anchors are not allowed: write the value out where it is used");
    if (tag)
        complain(b, &e->start_mark, "tags are not allowed: leave it out, every value is a text");
}

/* libyaml needs quadratic time for nested brackets, and reads ahead; so they are counted before it sees them.
 */
static bool too_many_brackets(struct span text, uint32_t *line)
{
    size_t open = 0;
    *line = 1;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        *line += c == '\n';
        if (c == '[' || c == '{')
            open++;
        else if ((c == ']' || c == '}') && open)
            open--;
        if (open > MOST_OPEN_BRACKETS)
            return true;
    }
    return false;
}

/* Is there a no-break space (U+00A0) in the line? It looks like a space, but is a letter to YAML. */
static bool has_no_break_space(struct span text, size_t at)
{
    for (; at < text.n && text.p[at] != '\n'; at++)
        if (text.p[at] == 0xC2 && at + 1 < text.n && text.p[at + 1] == 0xA0)
            return true;
    return false;
}

/* Does what comes next follow something that was already closed, as in KEY: {this} and more? */
static bool is_behind_its_end(struct span text, size_t at)
{
    if (!text.p || at > text.n)
        return false;
    while (at && text.p[at - 1] == ' ')
        at--;
    return at && text.p[at - 1] && strchr("}]\"'", text.p[at - 1]);
}

/* What libyaml does not say about the commonest mistakes. `begin`: the beginning of what it could not
 * read. */
static const char *yaml_hint(const char *problem, struct span text, size_t begin, size_t at)
{
    const char c = at < text.n ? (char)text.p[at] : ' ';
    if (c == '\t')
        return "; indent with spaces, not with tabs";
    if (c == '%' || c == '@' || c == '`')
        return "; put the value into quotes";
    if (strstr(problem, "alphabetic or numeric"))
        return "; put a value that begins with * or & in quotes";
    if (strstr(problem, "mapping values are not allowed"))
        return "; quote a value that has ': ' in it, and put a condition in braces";
    if (strstr(problem, "could not find expected ':'"))
        return has_no_break_space(text, begin) ? "; there is a no-break space (U+00A0): write a plain one"
                                               : "; a key has a ':', a space and a value";
    if (strstr(problem, "did not find expected") && is_behind_its_end(text, at))
        return "; put a value that goes on behind its } or ] or quote in quotes as a whole";
    if (strstr(problem, "did not find expected key") || strstr(problem, "expected '-' indicator"))
        return "; indent it like the lines that it belongs with";
    return "";
}

/* libyaml counts characters. */
static size_t offset_of(struct span text, const yaml_mark_t *mark)
{
    size_t at = 0;
    for (size_t line = 0; line < mark->line && at < text.n; at++)
        line += text.p[at] == '\n';
    for (size_t column = 0; at < text.n; at++) {
        if ((text.p[at] & 0xC0) == 0x80) /* inside a character */
            continue;
        if (column++ == mark->column)
            break;
    }
    return at;
}

/* The line and column at which the text stops being UTF-8; libyaml says 1:1, since it reads ahead. */
static void place_of(struct span text, size_t at, uint32_t *line, uint32_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < text.n && i < at; i++) {
        *column = text.p[i] == '\n' ? 1 : *column + 1;
        *line += text.p[i] == '\n';
    }
}

static void complain_of_yaml(const char *file, struct span text, const yaml_parser_t *parser,
                             struct mistakes *mistakes)
{
    /* A key without ':' is noticed on a later line; the context has its place. */
    const char *problem = parser->problem ? parser->problem : "unreadable";
    const bool unended = strstr(problem, "could not find expected ':'");
    const yaml_mark_t *mark = unended ? &parser->context_mark : &parser->problem_mark;
    uint32_t line = (uint32_t)mark->line + 1;
    uint32_t column = (uint32_t)mark->column + 1;
    const bool unreadable = parser->error == YAML_READER_ERROR;
    if (unreadable)
        place_of(text, parser->problem_offset, &line, &column);
    mistake_add(
        mistakes, file, line, column, "not YAML: %s%s", problem,
        unreadable ? "; write the file in UTF-8, without control characters"
                   : yaml_hint(problem, text, offset_of(text, mark), offset_of(text, &parser->problem_mark)));
}

struct tree *tree_parse(const char *file, struct span text, struct mistakes *mistakes)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree || !(tree->file = strdup(file)))
        abort();
    uint32_t line = 0;
    if (text.n > MAX_RULES_FILE_BYTES) {
        mistake_add(mistakes, file, 0, 0, "larger than 1 MiB");
        return tree;
    }
    if (too_many_brackets(text, &line)) {
        mistake_add(mistakes, file, line, 1, "nested too deeply (more than 32 levels)");
        return tree;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, text.p ? text.p : (const uint8_t *)"", text.n);
    struct builder b = {.tree = tree, .mistakes = mistakes};
    bool end = false;
    while (!end && !b.failed) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            complain_of_yaml(file, text, &parser, mistakes);
            b.failed = true;
            break;
        }
        take_event(&b, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (b.failed)
        tree->root = NULL;
    else if (!tree->root)
        mistake_add(mistakes, file, 0, 0, "an empty file: it holds nothing, or nothing but comments");
    return tree;
}

struct tree *tree_read(const char *path, struct file_texts *files, struct mistakes *mistakes)
{
    struct span text;
    uint8_t *read = NULL;
    struct tree *tree = NULL;
    const char *wrong = file_text(files, path, &text, &read);
    if (wrong)
        mistake_add(mistakes, path, 0, 0, "%s", wrong);
    else
        tree = tree_parse(path, text, mistakes);
    free(read);
    return tree;
}
