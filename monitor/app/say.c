#include "app/say.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>

enum { NAME_BYTES = 128, MESSAGE_BYTES = 512, ESCAPED = 8 /* the most that one byte becomes */ };

const char *say_safely(const char *name, char safe[static SAID_BYTES])
{
    struct text t = text_over(safe, SAID_BYTES);
    text_safe(&t, span_of(name, strnlen(name, NAME_BYTES)));
    return safe;
}

void say_line(const char *message)
{
    char safe[MESSAGE_BYTES * ESCAPED];
    struct text t = text_over(safe, sizeof safe);
    text_safe(&t, span_of(message, strnlen(message, MESSAGE_BYTES)));
    (void)fprintf(stderr, "utwatch: %s\n", safe);
}

static void put(const char *option, const char *name, const char *what)
{
    char safe[SAID_BYTES];
    (void)fprintf(stderr, "utwatch: %s%s%s: %s\n", option, *option ? ": " : "", say_safely(name, safe), what);
}

void say(const char *name, const char *what)
{
    put("", name, what);
}

void say_about(const char *option, const char *name, const char *what)
{
    put(option, name, what);
}

void say_failed(const char *option, const char *name)
{
    put(option, name, strerror(errno));
}
