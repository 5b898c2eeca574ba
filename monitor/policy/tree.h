/*
 * A YAML file as a checked tree: mappings, sequences, scalars, each with its place. Refused here, with their
 * place: aliases and anchors, tags, duplicate keys, keys that are not scalars, nesting beyond MAX_YAML_DEPTH,
 * more than one document, files beyond MAX_RULES_FILE_BYTES or not regular.
 */
#ifndef UTWATCH_POLICY_TREE_H
#define UTWATCH_POLICY_TREE_H

#include "policy/file_texts.h"
#include "policy/mistakes.h"

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
    enum node_kind kind;
    uint32_t line, column; /* 1-based */
    const char *text;      /* of a scalar */
    const char *key;       /* if it is a member of a mapping */
    uint32_t key_line, key_column;
    struct node *first, *next; /* members or elements, in order */
};

struct tree {
    char *file;        /* as the operator named it */
    struct node *root; /* NULL after a mistake that leaves nothing */
    struct block *blocks;
    struct tree *next; /* for the owner's list */
};

/* `files`: NULL, or where it is searched as well, see file_texts.h. */
struct tree *tree_read(const char *path, struct file_texts *files, struct mistakes *mistakes);
struct tree *tree_parse(const char *file, struct span text, struct mistakes *mistakes);
void tree_free(struct tree *tree);

/* The member of that name, or NULL. */
const struct node *node_member(const struct node *mapping, const char *key);

/* The elements of a list, or a single value as a list of one:
 * for (e = node_first(n); e; e = node_next(n, e)) */
const struct node *node_first(const struct node *n);
const struct node *node_next(const struct node *n, const struct node *e);

#endif
