/* Would an output overwrite an input or another output? */
#ifndef UTWATCH_APP_APART_H
#define UTWATCH_APP_APART_H

#include "app/options.h"
#include "app/site.h"

/*
 * Before anything is opened: all files that are read or written are compared by device and inode, so that
 * neither a link nor another spelling hides that two are one. `texts`: the files that rules came from. False
 * after a message with both names.
 */
bool outputs_are_apart(const struct options *o, const struct site *site, const struct file_texts *texts);

#endif
