#include "app/orders.h"

#include <signal.h>

void orders_health(const struct orders *orders, struct capture_health *health)
{
    const int signal = signals_stop();
    if (orders->delivered)
        pipeline_delivered(orders->pipeline, delivered_counters(orders->delivered));
    pipeline_health(orders->pipeline, health);
    health->broken_inputs = orders->broken_inputs;
    health->filtered = orders->filtered;
    health->interrupted = !signal ? NULL : signal == SIGINT ? "SIGINT" : "SIGTERM";
    health->unread = signal && !orders->live;
}

bool orders_heed(struct orders *orders)
{
    if (signals_take(SIGHUP) && orders->reopen)
        orders->reopen(orders->context);
    if (signals_take(SIGUSR1)) {
        struct capture_health health = {0};
        orders_health(orders, &health);
        output_status(orders->output, &health);
    }
    return !signals_stop();
}

bool orders_ready(const struct orders *orders)
{
    return !orders->ready || orders->ready(orders->context);
}

bool orders_go_on(struct orders *orders)
{
    return (!signals_any() || orders_heed(orders)) &&
           (!orders->turn || orders->turn(orders->context, orders));
}
