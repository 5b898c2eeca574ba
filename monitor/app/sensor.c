#include "app/sensor.h"

#include "app/docket.h"
#include "app/live.h"
#include "app/replay.h"
#include "app/watch.h"

/* Where parcels are taken by a call, it is known now what the end of the report has to say. */
static bool outputs_fail(const struct sensor_setup *setup)
{
    const struct delivered *delivered = setup->sink.delivered;
    if (setup->options->endless || !delivered)
        return false;
    parcel_put(&setup->sink, PARCEL_FLUSH, span_of(NULL, 0));
    return atomic_load(&delivered->failing[OUTPUT_JSON]) || atomic_load(&delivered->events_dropped) ||
           atomic_load(&delivered->unwritten);
}

/* Judges what is in progress as it is, and reports everything. */
static int end(const struct sensor_setup *setup, const struct orders *orders, int status)
{
    for (unsigned i = 0; i < orders->workers; i++)
        pipeline_end(orders->pipeline[i]);
    if (!judge_end(orders->judge))
        status = EXIT_RUNTIME;
    const bool failing = outputs_fail(setup);
    struct capture_health health = {0}; /* with what they could not write */
    orders_health(orders, &health);
    const bool expects = setup->options->expected_count;
    const bool violated = output_violated(orders->output) || orders->earlier.violated;
    if (expects ? !output_as_expected(orders->output) : violated)
        status = worse_status(status, EXIT_VIOLATIONS);
    const bool blind =
        capture_too_damaged(&health) || !(output_judged(orders->output) || orders->earlier.judged);
    if (blind && !expects)
        status = worse_status(status, EXIT_LOSS);
    if (failing)
        status = EXIT_RUNTIME;
    if (orders_another_follows(orders))
        output_pause(orders->output, &health);
    else
        output_end(orders->output, &health, status);
    return status;
}

/* All files or interfaces, and the end. */
static int judge(const struct sensor_setup *setup, struct orders *orders)
{
    const struct options *o = setup->options;
    for (unsigned i = 0; o->endless && i < orders->workers; i++)
        pipeline_prepare(orders->pipeline[i]);
    const int status = o->live    ? live_run(orders, o, setup->rules)
                       : o->watch ? watch_run(orders, o, setup->rules, setup->watched, &setup->sink)
                                  : replay_run(orders, o);
    if (status == EXIT_USAGE || (o->live && status != EXIT_CLEAN))
        return status;
    return end(setup, orders, status);
}

static void answer(void *context, unsigned worker, struct flow *flow, uint64_t flow_id, uint32_t key_since)
{
    const struct orders *orders = context;
    const struct docket_answer answer = {.flow = flow, .flow_id = flow_id, .key_since = key_since};
    if (orders->docket[worker])
        docket_answer(orders->docket[worker], &answer);
    else
        pipeline_answer(orders->pipeline[worker], flow, flow_id, key_since);
}

/* False after a message. */
static bool open_all(const struct sensor_setup *setup, struct orders *orders)
{
    orders->workers = setup->options->workers;
    orders->output = output_new(setup->options, setup->rules, &setup->sink, orders->earlier.count);
    if (orders->output)
        orders->judge = judge_new(setup->rules, orders->output, setup->sessions, orders->workers);
    if (!orders->judge)
        return false;
    judge_answers_to(orders->judge, answer, orders);
    for (unsigned i = 0; i < orders->workers; i++) {
        if (orders->workers > 1 && !(orders->docket[i] = docket_new()))
            return false;
        const struct pipeline_worker worker = {
            .number = i, .workers = orders->workers, .docket = orders->docket[i]};
        if (!(orders->pipeline[i] = pipeline_new(setup->rules, orders->output, orders->judge, &worker)))
            return false;
    }
    return true;
}

int sensor_run(const struct sensor_setup *setup)
{
    struct orders orders = setup->orders;
    orders.live = setup->options->endless;
    orders.delivered = setup->sink.delivered;
    const int status = open_all(setup, &orders) ? judge(setup, &orders) : EXIT_RUNTIME;
    for (unsigned i = 0; i < orders.workers; i++)
        pipeline_free(orders.pipeline[i]);
    for (unsigned i = 0; i < orders.workers; i++)
        docket_free(orders.docket[i]);
    judge_free(orders.judge);
    output_free(orders.output);
    return status;
}
