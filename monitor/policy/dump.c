/*
 * A profile with everything it inherits as one file, which loads and judges the same. Sets remain as they
 * were written, since one made of properties says more than the suites that have them today. Those are in
 * comments, so that a change of the registry shows.
 */
#include "policy/compiled.h"

#include <stdlib.h>
#include <yaml.h>

/* Aborts if there is no memory; the owner of `out` has to check whether the text could be written. */
static void emit(yaml_emitter_t *to, yaml_event_t *event, int made)
{
    if (!made || (!yaml_emitter_emit(to, event) && to->error == YAML_MEMORY_ERROR))
        abort();
}

static void put_text(yaml_emitter_t *to, const char *text)
{
    yaml_event_t event;
    const yaml_char_t *value = (const yaml_char_t *)text;
    emit(to, &event,
         yaml_scalar_event_initialize(&event, NULL, NULL, value, (int)strlen(text), 1, 1,
                                      YAML_ANY_SCALAR_STYLE));
}

static void put_member(yaml_emitter_t *to, const char *key, const char *text)
{
    put_text(to, key);
    put_text(to, text);
}

static void begin_mapping(yaml_emitter_t *to, yaml_mapping_style_t style)
{
    yaml_event_t event;
    emit(to, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style));
}

static void end_mapping(yaml_emitter_t *to)
{
    yaml_event_t event;
    emit(to, &event, yaml_mapping_end_event_initialize(&event));
}

static void begin_list(yaml_emitter_t *to, yaml_sequence_style_t style)
{
    yaml_event_t event;
    emit(to, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style));
}

static void end_list(yaml_emitter_t *to)
{
    yaml_event_t event;
    emit(to, &event, yaml_sequence_end_event_initialize(&event));
}

/* In one line; the depth is that of a parsed tree, at most MAX_YAML_DEPTH. */
static void put_node(yaml_emitter_t *to, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        put_text(to, n->text);
        return;
    }
    const bool mapping = n->kind == NODE_MAPPING;
    if (mapping)
        begin_mapping(to, YAML_FLOW_MAPPING_STYLE);
    else
        begin_list(to, YAML_FLOW_SEQUENCE_STYLE);
    for (const struct node *m = n->first; m; m = m->next) {
        if (mapping)
            put_text(to, m->key);
        put_node(to, m);
    }
    if (mapping)
        end_mapping(to);
    else
        end_list(to);
}

/* A list of cases or suites has one line for each. */
static void put_value(yaml_emitter_t *to, const struct node *n)
{
    if (n->kind != NODE_SEQUENCE || !n->first || !n->first->next) {
        put_node(to, n);
        return;
    }
    begin_list(to, YAML_BLOCK_SEQUENCE_STYLE);
    for (const struct node *e = n->first; e; e = e->next)
        put_node(to, e);
    end_list(to);
}

static void put_rule(yaml_emitter_t *to, const struct rule *r)
{
    begin_mapping(to, YAML_BLOCK_MAPPING_STYLE);
    put_member(to, "id", r->facts.id);
    if (*r->document && !node_member(r->node, "document"))
        put_member(to, "document", r->document);
    for (const struct node *m = r->node->first; m; m = m->next) {
        if (strcmp(m->key, "id") == 0)
            continue;
        put_text(to, m->key);
        put_value(to, m);
    }
    end_mapping(to);
}

static void put_parameters(yaml_emitter_t *to, const struct profile *p)
{
    put_text(to, "parameters");
    begin_mapping(to, YAML_BLOCK_MAPPING_STYLE);
    for (size_t i = 0; i < p->parameter_count; i++)
        put_member(to, p->parameters[i].name, p->parameters[i].text);
    end_mapping(to);
}

static void put_sets(yaml_emitter_t *to, const struct profile *p)
{
    put_text(to, "sets");
    begin_mapping(to, YAML_BLOCK_MAPPING_STYLE);
    for (size_t i = 0; i < p->named_count; i++) {
        put_text(to, p->named[i].name);
        put_value(to, p->named[i].node);
    }
    end_mapping(to);
}

static void put_profile(yaml_emitter_t *to, const struct profile *p)
{
    begin_mapping(to, YAML_BLOCK_MAPPING_STYLE);
    put_member(to, "utwatch", "1");
    put_member(to, "profile", p->name);
    put_member(to, "title", p->title);
    put_member(to, "status", p->status);
    if (p->note)
        put_member(to, "note", p->note);
    put_parameters(to, p);
    put_sets(to, p);
    put_text(to, "rules");
    begin_list(to, YAML_BLOCK_SEQUENCE_STYLE);
    for (size_t i = 0; i < p->rule_count; i++)
        put_rule(to, &p->rules[i]);
    end_list(to);
    end_mapping(to);
}

static int write_out(void *out, unsigned char *bytes, size_t count)
{
    return fwrite(bytes, 1, count, out) == count;
}

static void put_members_of_sets(const struct profile *p, FILE *out)
{
    for (size_t i = 0; i < p->named_count; i++) {
        const struct suite_set *set = &p->sets[p->named[i].index];
        (void)fprintf(out, "# %s:\n", p->named[i].name);
        for (size_t s = 0; s < suite_count; s++)
            if (suite_set_has(set, s))
                (void)fprintf(out, "#   %s\n", suite_table[s].name);
    }
}

void profile_dump(const struct profile *p, FILE *out)
{
    enum { ANY_WIDTH = -1 };
    yaml_emitter_t to;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&to))
        abort();
    yaml_emitter_set_output(&to, write_out, out);
    yaml_emitter_set_unicode(&to, 1);
    yaml_emitter_set_width(&to, ANY_WIDTH);
    emit(&to, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&to, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    put_profile(&to, p);
    emit(&to, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&to, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&to);
    put_members_of_sets(p, out);
}
