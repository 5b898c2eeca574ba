#include "app/orders.h"

#include "base/clock.h"
#include "process/signals.h"

#include <signal.h>

void orders_health(const struct orders *orders, struct capture_health *health)
{
    const int signal = signals_stop();
    if (orders->delivered)
        judge_delivered(orders->judge, delivered_counters(orders->delivered));
    pipelines_health(orders->pipeline, orders->workers, orders->judge, health);
    output_blind(orders->output, clock_monotonic(), health);
    health->broken_inputs = orders->broken_inputs;
    health->filtered = orders->filtered;
    health->running = orders->began ? clock_monotonic() - orders->began : 0;
    health->restarts = orders->earlier.count;
    health->restarted_at = orders->earlier.until;
    health->violated_before = orders->earlier.violated;
    health->interrupted = !signal ? NULL : signal == SIGINT ? "SIGINT" : "SIGTERM";
    health->unread = signal && !orders->live;
}

void orders_hold(const struct orders *orders, unsigned count)
{
    if (orders->hold_threads)
        orders->hold_threads(orders->threads, count);
}

void orders_let_go(const struct orders *orders)
{
    if (orders->hold_threads)
        orders->hold_threads(orders->threads, 0);
}

bool orders_another_follows(const struct orders *orders)
{
    return orders->anew && atomic_load(orders->anew) && !signals_stop();
}

bool orders_heed(struct orders *orders)
{
    if (signals_take(SIGHUP) && orders->reopen)
        orders->reopen(orders->context);
    if (signals_take(SIGUSR1)) {
        struct capture_health health = {0};
        orders_hold(orders, orders->workers);
        orders_health(orders, &health);
        orders_let_go(orders);
        output_status(orders->output, &health);
    }
    return !signals_stop();
}

bool orders_ready(const struct orders *orders)
{
    return !orders->ready || orders->ready(orders->context, orders);
}

bool orders_go_on(struct orders *orders)
{
    return (!signals_any() || orders_heed(orders)) &&
           (!orders->turn || orders->turn(orders->context, orders));
}
