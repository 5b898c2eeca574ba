/* utwatch: command line in, exit status out. */
#include "app/apart.h"
#include "app/boundary.h"
#include "app/delivered.h"
#include "app/delivery.h"
#include "app/inputs.h"
#include "app/processes.h"
#include "app/profiles.h"
#include "app/reload.h"
#include "app/say.h"
#include "app/sensor.h"
#include "process/signals.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct replay_run {
    const struct options *options;
    const struct site *site;
    struct delivery *delivery;
};

static void reopen(void *context)
{
    delivery_reopen(((const struct replay_run *)context)->delivery);
}

static bool ready(void *context, const struct orders *orders)
{
    const struct replay_run *run = context;
    boundary_close(run->options, run->site, orders);
    return true;
}

/* Files, with sensor and delivery in one process. */
static int replay(const struct options *o, const struct ruleset *rules)
{
    struct delivered *delivered = delivered_new();
    struct delivery *delivery = delivered ? delivery_new(o, rules->site, true) : NULL;
    if (!delivery)
        return EXIT_RUNTIME;
    delivery_tell(delivery, delivered);
    struct replay_run context = {.options = o, .site = rules->site, .delivery = delivery};
    signals_catch();
    const struct sensor_setup setup = {
        .options = o,
        .rules = rules,
        .sink = {.take = delivery_take, .context = delivery, .delivered = delivered},
        .orders = {.reopen = reopen, .ready = ready, .context = &context}};
    int status = sensor_run(&setup);
    if (!delivery_finish(delivery, DELIVERY_PATIENCE))
        status = EXIT_RUNTIME;
    delivery_free(delivery);
    return status;
}

static int run(const struct options *o, const struct ruleset *rules, const struct file_texts *texts)
{
    if (o->no_confine)
        (void)fputs(
            "utwatch: --no-confine: whoever finds a fault in the parsers gets all rights of this process\n",
            stderr);
    if (o->watch && !inputs_names_folder(o->watch)) {
        say(o->watch, strerror(errno));
        return EXIT_INPUT;
    }
    return o->endless || rules->site->sessions.shared || destinations_of(o, rules->site).alerts
               ? processes_run(o, rules, texts)
               : replay(o, rules);
}

int main(int argc, char **argv)
{
    enum { LARGE = 128 << 10 };
    /* Large tables come from the kernel, which has cleared them. The C library would take more and more of
     * them from what reading the profiles has left, and touch all of it. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
    struct options options;
    int status = EXIT_USAGE;
    /* A reader that is gone, or a file at its limit of size, fails a write, and the run still ends in order.
     */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (options_parse(argc, argv, &options)) {
        if (options.task != TASK_REPLAY) {
            status = look_up(&options);
        } else {
            struct ruleset rules;
            struct file_texts texts = texts_to_collect();
            if (ruleset_load(&rules, &options, &texts, 1)) {
                if (outputs_are_apart(&options, rules.site, &texts))
                    status = run(&options, &rules, &texts);
                ruleset_free(&rules);
            }
            texts_free(&texts);
        }
    }
    options_free(&options);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (options.task != TASK_REPLAY) /* else the delivery has said so */
            (void)fprintf(stderr, "utwatch: standard output: %s\n", strerror(errno ? errno : EIO));
        status = EXIT_RUNTIME;
    }
    return status;
}
