/* --sessions: what a state file holds, in numbers and never by name. */
#include "app/profiles.h"
#include "app/say.h"

#include "report/names.h"

#include <inttypes.h>

/* An origin may lie microseconds after the last use that was rounded down: that is no age below 0. */
static double hours_since(nanos origin, nanos now)
{
    return now > origin ? (double)(now - origin) / 3.6e12 : 0;
}

static void put_sum(const struct session_sum *sum, void *context)
{
    const nanos *now = context;
    char server[64];
    struct text t = text_over(server, sizeof server);
    if (sum->server.family)
        text_end(&t, &sum->server);
    else
        text_put(&t, "others");
    (void)printf("%-28s %-7s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64, server,
                 resumption_name(sum->method), sum->sessions, sum->exact, sum->resumed, sum->old);
    if (sum->exact)
        (void)printf("  %.1f h to %.1f h", hours_since(sum->last_origin, *now),
                     hours_since(sum->first_origin, *now));
    (void)printf("\n");
}

int list_sessions(const struct options *o, struct site *site)
{
    if (o->state)
        site->sessions.state = o->state;
    site->sessions.look_only = true;
    char message[256] = "--sessions needs --state FILE";
    struct sessions *s = site->sessions.state ? sessions_new(&site->sessions, message, sizeof message) : NULL;
    if (*message)
        say_line(message);
    if (s) {
        nanos now = sessions_last_use(s);
        char at[40];
        struct text t = text_over(at, sizeof at);
        text_time(&t, now, false);
        (void)printf("%" PRIu64 " remembered %s, as of the last use at %s\n%-28s %-7s "
                     "%10s %10s %10s %10s  %s\n",
                     sessions_counters(s)->used,
                     sessions_counters(s)->used == 1 ? "session id or ticket" : "session ids and tickets",
                     now ? at : "-", "server", "method", "known", "exact", "resumed", "over 24 h",
                     "ages of the exact");
        sessions_list(s, now, put_sum, &now);
    }
    int status = s ? EXIT_CLEAN : EXIT_USAGE;
    sessions_free(s);
    return status;
}
