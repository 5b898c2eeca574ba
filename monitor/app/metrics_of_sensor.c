#include "app/metrics_of_sensor.h"

#include "app/metrics_board.h"
#include "base/clock.h"
#include "report/metrics.h"

void metrics_of_sensor(const struct orders *orders, const struct site *site, const struct self_watch *watch,
                       const struct capture_health *health, const struct metrics_interfaces *interfaces)
{
    const struct metrics m = {.tally = output_tally(orders->output),
                              .health = health,
                              .capacity = {[METRICS_CONNECTIONS] = site->flows,
                                           [METRICS_HANDSHAKES] = site->handshakes,
                                           [METRICS_SESSIONS] = site->sessions.sessions,
                                           [METRICS_SERVERS] = DEFAULT_SERVERS,
                                           [METRICS_UES] = DEFAULT_UES},
                              .interface = interfaces->name,
                              .up = interfaces->up,
                              .interfaces = interfaces->count,
                              .condition = watch->on,
                              .now = clock_of_day(),
                              .last_packet = health->last_time,
                              .lag = watch->lag};
    struct text t = metrics_board_begin(orders->metrics, clock_monotonic());
    metrics_write(&t, &m);
    metrics_board_put(orders->metrics, &t);
}
