/*
 * Takes the place of decode_frame() in a build for tests: as if a packet had taken over the parser, the first
 * frame does what UTWATCH_ATTACK says. "SUCCEEDED" on standard error is what must not come. Likewise it takes
 * the place of ring_put(), to give the writer what no sensor would.
 */
#include "app/evidence_folder.h"
#include "app/parcel.h"
#include "decode/decode.h"
#include "process/ring.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum decode_result __real_decode_frame(struct decoder *decoder, const struct frame *frame,
                                       struct segment *segment);
enum decode_result __wrap_decode_frame(struct decoder *decoder, const struct frame *frame,
                                       struct segment *segment);

bool __real_ring_put(struct ring *ring, uint32_t kind, struct span bytes);
bool __wrap_ring_put(struct ring *ring, uint32_t kind, struct span bytes);

static int begin[2] = {-1, -1}; /* a pair of sockets from before the sandbox */

static bool opens(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool makes_a_file(void)
{
    return open("/tmp/utwatch-hostile", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool connects(void)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int s = socket(AF_INET, SOCK_DGRAM, 0);
    return s >= 0 && connect(s, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool executes(void)
{
    char *const words[] = {(char[]){"true"}, NULL};
    return execve("/bin/true", words, NULL) == 0;
}

static bool traces(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool forks(void)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child > 0;
}

static bool kills(void)
{
    return kill(getppid(), SIGKILL) == 0;
}

static bool maps_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool makes_code(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool sends(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/tmp/utwatch-hostile"};
    return sendto(begin[0], "x", 1, 0, (const struct sockaddr *)&to, sizeof to) == 1;
}

static bool becomes_root(void)
{
    return setuid(0) == 0 && geteuid() == 0;
}

static bool mounts_a_namespace(void)
{
    return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) == 0;
}

static const struct attack {
    const char *name;
    bool (*run)(void);
} attacks[] = {
    {"open", opens},      {"create", makes_a_file}, {"connect", connects},
    {"execve", executes}, {"ptrace", traces},       {"fork", forks},
    {"kill", kills},      {"mmap", maps_code},      {"mprotect", makes_code},
    {"sendto", sends},    {"setuid", becomes_root}, {"unshare", mounts_a_namespace},
};

__attribute__((constructor)) static void prepare(void)
{
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, begin) != 0)
        abort();
}

enum decode_result __wrap_decode_frame(struct decoder *decoder, const struct frame *frame,
                                       struct segment *segment)
{
    static bool done;
    const char *name = getenv("UTWATCH_ATTACK");
    for (size_t i = 0; name && !done && i < sizeof attacks / sizeof *attacks; i++)
        if (strcmp(attacks[i].name, name) == 0)
            (void)fprintf(stderr, "attack: %s %s\n", name, attacks[i].run() ? "SUCCEEDED" : "failed");
    done = true;
    return __real_decode_frame(decoder, frame, segment);
}

/* "evidence": a file beside the folder of --evidence, with the rights of the writer. */
bool __wrap_ring_put(struct ring *ring, uint32_t kind, struct span bytes)
{
    static _Atomic bool done;
    const char *name = getenv("UTWATCH_ATTACK");
    const struct {
        struct evidence_name name;
        char bytes[8];
    } parcel = {{"../escaped"}, "escaped"};
    if (name && strcmp(name, "evidence") == 0 && !atomic_exchange(&done, true))
        (void)__real_ring_put(ring, PARCEL_EVIDENCE, span_of(&parcel, sizeof parcel));
    return __real_ring_put(ring, kind, bytes);
}
