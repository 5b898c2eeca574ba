/* utwatch: command line in, exit status out. */
#include "app/delivery.h"
#include "app/profiles.h"
#include "app/sensor.h"
#include "process/signals.h"

static void reopen(void *context)
{
    delivery_reopen(context);
}

/* Sensor and delivery in one process. */
static int run(const struct options *o, const struct site *site, const struct profile *profile,
               const struct profile *advice)
{
    struct delivery *delivery = delivery_new(o, site, true);
    if (!delivery)
        return EXIT_RUNTIME;
    signals_catch();
    const struct sensor_setup setup = {.options = o,
                                       .site = site,
                                       .profile = profile,
                                       .advice = advice,
                                       .sink = {.take = delivery_take, .context = delivery},
                                       .reopen = reopen,
                                       .context = delivery};
    int status = sensor_run(&setup);
    if (!delivery_finish(delivery, DELIVERY_PATIENCE))
        status = EXIT_RUNTIME;
    delivery_free(delivery);
    return status;
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
