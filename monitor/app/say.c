#include "app/say.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>

enum { NAME_BYTES = 128, ESCAPED = 8 /* the most that one byte becomes */ };

static void put(const char *option, const char *name, const char *what)
{
    char safe[NAME_BYTES * ESCAPED];
    struct text t = text_over(safe, sizeof safe);
    text_safe(&t, span_of(name, strnlen(name, NAME_BYTES)));
    (void)fprintf(stderr, "utwatch: %s%s%s: %s\n", option, *option ? ": " : "", safe, what);
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
