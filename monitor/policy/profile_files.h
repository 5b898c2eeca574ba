/* Where a profile is, and which one a wrong name probably meant. */
#ifndef UTWATCH_POLICY_PROFILE_FILES_H
#define UTWATCH_POLICY_PROFILE_FILES_H

#include "policy/file_texts.h"

/* A path as it is; a name is searched next to the file `beside` (or NULL), then in the directories
 * (NULL-terminated). NULL: none of them has the name. The caller frees it. */
char *profile_file(const char *name, const char *beside, const char *const *directories,
                   const struct file_texts *files);

/* "no such profile ...": what was probably meant, or where it was searched. */
enum { PROFILE_HINT = 256 };
void no_such_profile(const char *name, const char *const *directories, char message[256]);

#endif
