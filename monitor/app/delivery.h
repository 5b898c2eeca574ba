/*
 * Brings finished parcels to the file of events, the report, the receivers of syslog and the folder of
 * evidence. It sees no packet. In a replay it lives beside the judge; in live capture in a process of its
 * own, so that neither a slow disk nor a slow receiver delays a packet.
 */
#ifndef UTWATCH_APP_DELIVERY_H
#define UTWATCH_APP_DELIVERY_H

#include "app/options.h"
#include "app/parcel.h"
#include "app/site.h"
#include "scrape/server.h"

#include <poll.h>

struct delivery;
struct delivered;
struct metrics_board;
struct pulse;
struct watched;

/* The outputs that options and site ask for. Standard output takes one kind of data: events, a page, or the
 * report for a person. */
struct destinations {
    const char *json; /* a file, "-" for standard output, or NULL: no events */
    bool alerts;      /* to receivers of syslog */
    struct report_wanted report[MAX_REPORTS];
    size_t report_count;
    const char *evidence; /* a folder, or NULL */
};
struct destinations destinations_of(const struct options *o, const struct site *site);

enum {
    DELIVERY_DESCRIPTORS = MAX_RECEIVERS + SCRAPE_DESCRIPTORS /* the most that delivery_wait_for() fills in */
};

/*
 * Opens all files. NULL when one cannot be opened (a message is printed). Options and site outlive it.
 * `patient`: a full pipe is waited for, as in a replay.
 */
struct delivery *delivery_new(const struct options *o, const struct site *site, bool patient);

/* Takes one parcel; waits for nothing but a full pipe, and for that only when patient. */
void delivery_take(void *delivery, enum parcel_kind kind, struct span bytes);

/* Fills in what to wait for; returns how many, and until when at the latest (monotonic clock). */
size_t delivery_wait_for(struct delivery *d, struct pollfd *fds, int64_t *until, int64_t now);

/* Continues what is waiting. */
void delivery_work(struct delivery *d, int64_t now);

/* Writes what is buffered. */
void delivery_flush(struct delivery *d);

/* Opens the files of events again, after they were renamed (SIGHUP). */
void delivery_reopen(struct delivery *d);

/* Of --watch: takes over what earlier runs have read, and from now on writes down what is read. False after a
 * message. */
bool delivery_remembers(struct delivery *d, struct watched *watched);

/* How it goes, for others: from now on after each delivery_work(). What is there of one that was killed goes
 * on. */
void delivery_tell(struct delivery *d, struct delivered *delivered);

/* Serves metrics too, where outputs.metrics asks for them: those of the sensor, and its own. After
 * delivery_tell(). */
void delivery_serve_metrics(struct delivery *d, const struct metrics_board *sensor,
                            const struct pulse *pulse);

/* The end: writes and sends what is waiting, and gives up after so many nanoseconds; when patient, after so
 * many in which nothing has moved.
 * False, after a message, when something could not be written. */
bool delivery_finish(struct delivery *d, int64_t most);
void delivery_free(struct delivery *d);

/* For a process with a copy of it, after another one has finished: nothing is written or removed. */
void delivery_abandon(struct delivery *d);

#endif
