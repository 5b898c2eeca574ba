#include "process/supervisor.h"

#include "base/clock.h"
#include "process/notify.h"
#include "process/signals.h"

#include <inttypes.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_MS = 200,
    STATUS_SECONDS = 5,
    WRITERS_AT_THE_END = 3, /* that may die while they bring out the rest */
};

struct child {
    const char *name;
    int (*run)(void *context, bool again);
    pid_t pid;       /* 0: not running */
    int descriptor;  /* of the process, readable when it has ended */
    unsigned deaths; /* one after the other */
    int64_t started;
    int64_t due; /* when it is to be started again; 0: it is not */
    bool over;
    int status;
};

struct supervisor {
    const struct supervised *what;
    struct child sensor, writer;
    pid_t self;
    int stop; /* the signal that asked for the end */
    int64_t stop_until;
    bool writer_waits; /* and that was reported */
    bool forced;       /* what had not ended was killed */
    bool told_ready;
    int64_t next_notice;
    unsigned index[MAX_INTERFACES];
};

struct pulse *pulse_new(void)
{
    struct pulse *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void live(const struct supervisor *s, const struct child *c, bool again)
{
    (void)setpgid(0, 0); /* Ctrl-C is for the parent, which passes it on once */
    if (c == &s->sensor)
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != s->self)
        _exit(EXIT_FAILURE);
    exit(c->run(s->what->context, again));
}

/* The index of an interface that is switched on, or 0. It may have another name than when it was opened. */
static unsigned usable(const char *interface, unsigned known)
{
    const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    char now[IF_NAMESIZE];
    if (known && !if_nametoindex(interface) && if_indextoname(known, now))
        interface = now;
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    const bool up = any >= 0 && ioctl(any, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
    const unsigned index = up && ioctl(any, SIOCGIFINDEX, &request) == 0 ? (unsigned)request.ifr_ifindex : 0;
    if (any >= 0)
        (void)close(any);
    return index;
}

/* What can be captured from, and could not when the sensor opened its interfaces, or was another one. */
static void look_at_interfaces(struct supervisor *s, bool sensor_starts)
{
    for (size_t i = 0; i < s->what->interface_count && i < MAX_INTERFACES; i++) {
        const unsigned index = usable(s->what->interfaces[i], atomic_load(&s->what->pulse->links[i].index));
        if (sensor_starts)
            s->index[i] = index;
        else if (index && index != s->index[i])
            atomic_store(&s->what->pulse->anew, true);
    }
}

static void start(struct supervisor *s, struct child *c)
{
    const bool again = c->deaths != 0 || c->started != 0;
    (void)fflush(NULL);
    c->due = 0;
    c->started = clock_monotonic();
    if (c == &s->sensor) {
        atomic_store(&s->what->pulse->beat, 0);
        atomic_store(&s->what->pulse->anew, false);
        look_at_interfaces(s, true);
    }
    if (c == &s->writer)
        atomic_store(&s->what->pulse->writer_beat, 0);
    atomic_fetch_add(c == &s->sensor ? &s->what->pulse->sensors : &s->what->pulse->writers, 1);
    c->pid = fork();
    if (c->pid == 0)
        live(s, c, again);
    c->descriptor = c->pid > 0 ? pidfd_open(c->pid, 0) : -1;
    if (c->pid > 0 && c->descriptor >= 0)
        return;
    if (c->pid > 0) {
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
    }
    c->pid = 0;
    c->deaths++;
    c->due = c->started + RESTART_MOST_MS * NANOS_PER_MILLISECOND;
    perror("utwatch: cannot start a process");
}

static void start_later(struct child *c, int64_t now)
{
    if (now - c->started > PROVEN_SECONDS * NANOS_PER_SECOND)
        c->deaths = 0;
    int64_t pause = RESTART_MS;
    for (unsigned i = 0; i < c->deaths && pause < RESTART_MOST_MS; i++)
        pause *= 2;
    c->deaths++;
    c->due = now + (pause < RESTART_MOST_MS ? pause : RESTART_MOST_MS) * NANOS_PER_MILLISECOND;
}

static void tell_of_death(const struct child *c, int how, bool again)
{
    if (WIFSIGNALED(how))
        (void)fprintf(stderr, "utwatch: the %s was ended by SIG%s%s\n", c->name,
                      sigabbrev_np(WTERMSIG(how)) ? sigabbrev_np(WTERMSIG(how)) : "?",
                      again ? "; another one is started" : "");
}

/* What becomes of the sensor's end. */
static void sensor_ended(struct supervisor *s, int how, int64_t now)
{
    struct child *c = &s->sensor;
    const bool anew = WIFEXITED(how) && WEXITSTATUS(how) == SENSOR_ANEW;
    if (anew && !s->stop) {
        c->due = now;
        return;
    }
    const bool again = !WIFEXITED(how) && !s->stop && s->what->endless;
    tell_of_death(c, how, again);
    if (again) {
        start_later(c, now);
        return;
    }
    c->over = true;
    c->status = WIFEXITED(how) ? WEXITSTATUS(how) : PROCESS_DIED;
}

/* The writer ends only after the sensor has. */
static void writer_ended(struct supervisor *s, int how, int64_t now)
{
    struct child *c = &s->writer;
    const bool good = WIFEXITED(how) && s->sensor.over;
    const bool again = !good && !(s->sensor.over && c->deaths >= WRITERS_AT_THE_END);
    tell_of_death(c, how, again);
    if (again) {
        start_later(c, now);
        return;
    }
    c->over = true;
    c->status = good ? WEXITSTATUS(how) : PROCESS_DIED;
}

static void reap(struct supervisor *s, struct child *c, int64_t now)
{
    int how;
    if (!c->pid || waitpid(c->pid, &how, WNOHANG) != c->pid)
        return;
    (void)close(c->descriptor);
    c->descriptor = -1;
    c->pid = 0;
    if (c == &s->writer) {
        writer_ended(s, how, now);
        return;
    }
    sensor_ended(s, how, now);
    if (!c->over)
        return;
    atomic_store(&s->what->pulse->over, true);
    s->what->wake_writer(s->what->context);
}

static void send_signal(const struct child *c, int signal)
{
    if (c->pid)
        (void)kill(c->pid, signal);
}

static void stop_in_order(struct supervisor *s, int64_t now)
{
    s->stop = signals_stop();
    s->stop_until = now + END_SECONDS * NANOS_PER_SECOND;
    notify("STOPPING=1");
    send_signal(&s->sensor, s->stop);
    if (s->sensor.pid)
        return;
    s->sensor.over = true; /* it was about to be started */
    s->sensor.due = 0;
    s->sensor.status = PROCESS_DIED;
    atomic_store(&s->what->pulse->over, true);
    s->what->wake_writer(s->what->context);
}

static void stop_at_once(const struct supervisor *s)
{
    send_signal(&s->sensor, SIGKILL);
    send_signal(&s->writer, SIGKILL);
    signals_remove_unfinished();
    (void)signal(signals_stop(), SIG_DFL);
    (void)raise(signals_stop());
}

static void heed_signals(struct supervisor *s, int64_t now)
{
    if (signals_stops() > 1)
        stop_at_once(s);
    if (signals_stop() && !s->stop)
        stop_in_order(s, now);
    if (signals_take(SIGHUP))
        send_signal(&s->writer, SIGHUP);
    if (signals_take(SIGUSR1))
        send_signal(&s->sensor, SIGUSR1);
}

static bool has_stopped(int64_t beat, int64_t now)
{
    return beat && now - beat > HANG_SECONDS * NANOS_PER_SECOND;
}

/* SIGSTOP, or a debugger. */
static bool is_stopped(const struct child *c)
{
    char path[64];
    char line[512] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)c->pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    const bool read = fgets(line, sizeof line, f) != NULL;
    (void)fclose(f);
    const char *name_end = read ? strrchr(line, ')') : NULL;
    return name_end && name_end[1] && (name_end[2] == 'T' || name_end[2] == 't');
}

/* One that waits for a file would do so again, and have lost what it holds. */
static void look_at_the_writer(struct supervisor *s, int64_t now)
{
    struct pulse *p = s->what->pulse;
    if (!s->writer.pid || !s->what->endless || s->stop)
        return;
    if (!has_stopped(atomic_load(&p->writer_beat), now)) {
        if (s->writer_waits)
            (void)fputs("utwatch: the writer goes on\n", stderr);
        s->writer_waits = false;
    } else if (atomic_load(&p->writer_delivers) && !is_stopped(&s->writer)) {
        if (!s->writer_waits)
            (void)fprintf(stderr,
                          "utwatch: the writer has been waiting for a file or its reader for %d seconds\n",
                          HANG_SECONDS);
        s->writer_waits = true;
    } else {
        (void)fprintf(stderr, "utwatch: the writer has not moved for %d seconds\n", HANG_SECONDS);
        atomic_store(&p->writer_beat, 0);
        s->writer_waits = false;
        send_signal(&s->writer, SIGKILL);
    }
}

/* A sensor that hangs is of no use; neither is one that does not end. */
static void look_at_the_pulse(struct supervisor *s, int64_t now)
{
    if (s->sensor.pid && has_stopped(atomic_load(&s->what->pulse->beat), now) && !s->stop) {
        (void)fprintf(stderr, "utwatch: the sensor has not moved for %d seconds\n", HANG_SECONDS);
        atomic_store(&s->what->pulse->beat, 0);
        send_signal(&s->sensor, SIGKILL);
    }
    look_at_the_writer(s, now);
    if (s->stop && now > s->stop_until) {
        (void)fputs("utwatch: processes that have not ended by now are killed\n", stderr);
        s->stop_until = now + END_SECONDS * NANOS_PER_SECOND;
        s->forced = true;
        send_signal(s->sensor.pid ? &s->sensor : &s->writer, SIGKILL);
    }
}

static void tell_the_manager(struct supervisor *s, int64_t now)
{
    const struct pulse *p = s->what->pulse;
    if (!s->told_ready && atomic_load(&p->ready)) {
        s->told_ready = true;
        notify("READY=1");
    }
    if (!s->told_ready || now < s->next_notice)
        return;
    const int64_t watchdog = notify_watchdog();
    const int64_t usual = STATUS_SECONDS * NANOS_PER_SECOND;
    s->next_notice = now + (watchdog && watchdog / 3 < usual ? watchdog / 3 : usual);
    const int64_t beat = atomic_load(&p->beat);
    const bool alive = beat && !has_stopped(beat, now) && !has_stopped(atomic_load(&p->writer_beat), now);
    char text[160];
    (void)snprintf(text, sizeof text, "%sSTATUS=%" PRIu64 " frames, %" PRIu64 " handshakes",
                   alive ? "WATCHDOG=1\n" : "", atomic_load(&p->frames), atomic_load(&p->handshakes));
    notify(text);
}

struct supervised_end supervise(const struct supervised *what)
{
    struct supervisor s = {.what = what,
                           .sensor = {.name = "sensor", .run = what->sensor, .descriptor = -1},
                           .writer = {.name = "writer", .run = what->writer, .descriptor = -1},
                           .self = getpid()};
    start(&s, &s.writer);
    start(&s, &s.sensor);
    while (!s.sensor.over || !s.writer.over) {
        struct pollfd fds[] = {{.fd = s.sensor.descriptor, .events = POLLIN},
                               {.fd = s.writer.descriptor, .events = POLLIN}};
        if (s.stop)
            (void)poll(fds, 2, LOOK_MS);
        else
            (void)signals_poll(fds, 2, LOOK_MS * NANOS_PER_MILLISECOND);
        const int64_t now = clock_monotonic();
        heed_signals(&s, now);
        reap(&s, &s.sensor, now);
        reap(&s, &s.writer, now);
        if (s.sensor.due && now >= s.sensor.due)
            start(&s, &s.sensor);
        if (s.writer.due && now >= s.writer.due)
            start(&s, &s.writer);
        look_at_the_pulse(&s, now);
        look_at_interfaces(&s, false);
        tell_the_manager(&s, now);
    }
    /* Another writer that ended well knows nothing of what the killed one had in memory. */
    return (struct supervised_end){.sensor = s.sensor.status,
                                   .writer = s.forced ? PROCESS_DIED : s.writer.status};
}
