/* A message for people on standard error about something that was named from outside. */
#ifndef UTWATCH_APP_SAY_H
#define UTWATCH_APP_SAY_H

/* "utwatch: NAME: WHAT"; the name may hold any bytes, and is cut when it is long. */
void say(const char *name, const char *what);

/* "utwatch: OPTION: NAME: WHAT" */
void say_about(const char *option, const char *name, const char *what);

/* "utwatch: OPTION: NAME: " and the words of errno. */
void say_failed(const char *option, const char *name);

#endif
