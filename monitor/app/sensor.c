#include "app/sensor.h"

#include "app/live.h"
#include "app/replay.h"
#include "app/watch.h"

/* Judges what is in progress as it is, and reports everything. */
static int end(const struct sensor_setup *setup, const struct orders *orders, int status)
{
    if (!pipeline_end(orders->pipeline))
        status = EXIT_RUNTIME;
    struct capture_health health = {0};
    orders_health(orders, &health);
    const bool expects = setup->options->expected_count;
    if (expects ? !output_as_expected(orders->output) : output_violated(orders->output))
        status = worse_status(status, EXIT_VIOLATIONS);
    const bool blind =
        pipeline_loss(orders->pipeline) > setup->rules->site->loss_limit || !output_judged(orders->output);
    if (blind && !expects)
        status = worse_status(status, EXIT_LOSS);
    output_end(orders->output, &health, status);
    return status;
}

/* All files or interfaces, and the end. */
static int judge(const struct sensor_setup *setup, struct orders *orders)
{
    const struct options *o = setup->options;
    if (o->endless)
        pipeline_prepare(orders->pipeline);
    const int status = o->live    ? live_run(orders, o, setup->rules)
                       : o->watch ? watch_run(orders, o, setup->rules, setup->watched, &setup->sink)
                                  : replay_run(orders, o);
    if (status == EXIT_USAGE || (o->live && status != EXIT_CLEAN))
        return status;
    return end(setup, orders, status);
}

int sensor_run(const struct sensor_setup *setup)
{
    struct orders orders = setup->orders;
    orders.live = setup->options->endless;
    orders.output = output_new(setup->options, setup->rules, &setup->sink);
    if (orders.output)
        orders.pipeline = pipeline_new(setup->rules, orders.output, setup->sessions);
    const int status = orders.pipeline ? judge(setup, &orders) : EXIT_RUNTIME;
    pipeline_free(orders.pipeline);
    output_free(orders.output);
    return status;
}
