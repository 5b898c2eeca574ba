/*
 * Rules and configuration that are read again while a live capture goes on. The process that may open files
 * reads them and tries them; the one that judges gets their texts through a board, and loads the same once
 * more.
 */
#ifndef UTWATCH_APP_RELOAD_H
#define UTWATCH_APP_RELOAD_H

#include "app/ruleset.h"
#include "process/board.h"

enum { RULES_TEXT_BYTES = 8 << 20 /* of all files together */ };

/* Room for all files, taken as it is used. To be freed with texts_free(). */
struct file_texts texts_to_collect(void);
void texts_free(struct file_texts *texts);

/* Reads all files again and publishes them, when they have changed and have no mistake. Tells how it went.
 * `running`: the configuration of the start, from which some things are taken only then. */
void reload_publish(struct board *board, const struct options *o, const struct site *running);

/* What is on the board; its number is the generation of the rules. False after a message: the rules stay. */
bool reload_take(const struct board *board, const struct options *o, struct ruleset *rules);

#endif
