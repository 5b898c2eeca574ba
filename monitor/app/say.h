/* A message for people on standard error about something that was named from outside. */
#ifndef UTWATCH_APP_SAY_H
#define UTWATCH_APP_SAY_H

enum { SAID_BYTES = 1024 };

/* The name without bytes that a terminal obeys, cut when it is long. */
const char *say_safely(const char *name, char safe[static SAID_BYTES]);

/* "utwatch: MESSAGE"; names in it are made safe. */
void say_line(const char *message);

/* "utwatch: NAME: WHAT"; the name may hold any bytes, and is cut when it is long. */
void say(const char *name, const char *what);

/* "utwatch: OPTION: NAME: WHAT" */
void say_about(const char *option, const char *name, const char *what);

/* "utwatch: OPTION: NAME: " and the words of errno. */
void say_failed(const char *option, const char *name);

#endif
