/* utwatch: command line in, exit status out. */
#include "app/boundary.h"
#include "app/delivery.h"
#include "app/processes.h"
#include "app/profiles.h"
#include "app/sensor.h"

struct replay_run {
    const struct options *options;
    const struct site *site;
    struct delivery *delivery;
};

static void reopen(void *context)
{
    delivery_reopen(((const struct replay_run *)context)->delivery);
}

static bool ready(void *context)
{
    const struct replay_run *run = context;
    boundary_close(run->options, run->site, true);
    return true;
}

/* Files, with sensor and delivery in one process. */
static int replay(const struct options *o, const struct site *site, const struct profile *profile,
                  const struct profile *advice)
{
    struct delivery *delivery = delivery_new(o, site, true);
    if (!delivery)
        return EXIT_RUNTIME;
    struct replay_run context = {.options = o, .site = site, .delivery = delivery};
    signals_catch();
    const struct sensor_setup setup = {.options = o,
                                       .site = site,
                                       .profile = profile,
                                       .advice = advice,
                                       .sink = {.take = delivery_take, .context = delivery},
                                       .orders = {.reopen = reopen, .ready = ready, .context = &context}};
    int status = sensor_run(&setup);
    if (!delivery_finish(delivery, DELIVERY_PATIENCE))
        status = EXIT_RUNTIME;
    delivery_free(delivery);
    return status;
}

static int run(const struct options *o, const struct site *site, const struct profile *profile,
               const struct profile *advice)
{
    if (o->no_confine)
        (void)fputs(
            "utwatch: --no-confine: whoever finds a fault in the parsers gets all rights of this process\n",
            stderr);
    return o->live || site->sessions.shared || destinations_of(o, site).alerts
               ? processes_run(o, site, profile, advice)
               : replay(o, site, profile, advice);
}

int main(int argc, char **argv)
{
    struct options options;
    int status = EXIT_USAGE;
    if (options_parse(argc, argv, &options)) {
        if (options.task != TASK_REPLAY) {
            status = look_up(&options);
        } else {
            struct site *site = site_or_mistakes(&options);
            if (site && options.state)
                site->sessions.state = options.state;
            if (site && options.shared)
                site->sessions.shared = options.shared;
            if (site)
                site->sessions.take_memory = site->sessions.state;
            struct profile *profile = profile_or_mistakes(options.profile, site);
            if (profile && options.strict)
                profile_be_strict(profile);
            struct profile *advice = options.advise ? profile_or_mistakes(options.advise, site) : NULL;
            if (site && profile)
                site_warn_of_exceptions(site, profile, stderr);
            if (site && profile && (advice || !options.advise))
                status = run(&options, site, profile, advice);
            profile_free(advice);
            profile_free(profile);
            site_free(site);
        }
    }
    options_free(&options);
    if (fflush(stdout) != 0 || ferror(stdout))
        status = EXIT_RUNTIME;
    return status;
}
