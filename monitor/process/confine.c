#include "process/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- privileges */

enum { NOBODY = 65534, CAPABILITIES = 64 };

static bool become_another_user(void)
{
    const struct passwd *user = getpwnam("utwatch");
    const uid_t uid = user ? user->pw_uid : NOBODY;
    const gid_t gid = user ? user->pw_gid : NOBODY;
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

/* No capability beyond `kept` can be regained. This takes a capability itself; without it there are none to
 * give up. */
static void limit_capabilities(uint32_t kept)
{
    for (unsigned capability = 0; capability < CAPABILITIES; capability++)
        if (capability >= 32 || !(kept >> capability & 1))
            (void)prctl(PR_CAPBSET_DROP, (unsigned long)capability);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Of those that it has, all that are not in `kept` are given up. */
static bool reduce_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, sets) != 0)
        return false;
    const uint32_t left = sets[0].permitted & kept;
    sets[0] = (struct __user_cap_data_struct){.effective = left, .permitted = left};
    sets[1] = (struct __user_cap_data_struct){0};
    return syscall(SYS_capset, &header, sets) == 0;
}

bool confine_drop_privileges(void)
{
    limit_capabilities(0);
    if (geteuid() == 0 && !become_another_user())
        return false;
    return reduce_capabilities(0) && prctl(PR_SET_DUMPABLE, 0) == 0;
}

bool confine_keep_file_access(void)
{
    const uint32_t kept = UINT32_C(1) << CAP_DAC_OVERRIDE | UINT32_C(1) << CAP_DAC_READ_SEARCH;
    limit_capabilities(kept);
    return reduce_capabilities(kept) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_DUMPABLE, 0) == 0;
}

/* ---- Landlock: files, and by their absence everything else of the file system */

/* Newer than the headers of Debian 12. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define ACCESS_IOCTL    (UINT64_C(1) << 15)
struct ruleset {
    uint64_t files, network, scopes;
};

static struct ruleset all_that_the_kernel_knows(long abi)
{
    const uint64_t first = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    struct ruleset all = {.files = first};
    if (abi >= 2)
        all.files |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        all.files |= ACCESS_TRUNCATE;
    if (abi >= 5)
        all.files |= ACCESS_IOCTL;
    all.network = abi >= 4 ? 3 : 0; /* bind, connect by TCP */
    all.scopes = abi >= 6 ? 3 : 0;  /* abstract sockets, signals: to other processes */
    return all;
}

static bool allow_path(int ruleset, const struct confine_path *p, uint64_t known)
{
    struct stat s;
    const int fd = open(p->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT; /* it is not within reach then either */
    uint64_t access = LANDLOCK_ACCESS_FS_READ_FILE;
    if (p->write)
        access |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                  LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_TRUNCATE;
    else
        access |= LANDLOCK_ACCESS_FS_READ_DIR;
    const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
    if (fstat(fd, &s) == 0 && !S_ISDIR(s.st_mode))
        access &= of_files;
    const struct landlock_path_beneath_attr rule = {.allowed_access = access & known, .parent_fd = fd};
    const bool good = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    (void)close(fd);
    return good;
}

static bool confine_files(const struct confine *limits)
{
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    const struct ruleset all = all_that_the_kernel_knows(abi);
    const size_t size = abi >= 6 ? sizeof all : abi >= 4 ? 2 * sizeof all.files : sizeof all.files;
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    bool good = ruleset >= 0;
    for (size_t i = 0; good && i < limits->count; i++)
        good = allow_path(ruleset, &limits->paths[i], all.files);
    good = good && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    if (ruleset >= 0)
        (void)close(ruleset);
    return good;
}

/* ---- seccomp: system calls */

/* Harmless calls, for every process. Old and new names of the same call: the C library may change from one to
 * the other. */
static const int harmless[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fstat),
    SCMP_SYS(fsync),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(read),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_getaffinity),
};

/* Besides, for files within the reach that Landlock leaves. */
static const int of_files[] = {
    SCMP_SYS(openat),   SCMP_SYS(rename),    SCMP_SYS(renameat),   SCMP_SYS(renameat2), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(ftruncate), SCMP_SYS(fchmod),     SCMP_SYS(readlink),  SCMP_SYS(readlinkat),
    SCMP_SYS(fcntl),    SCMP_SYS(access),    SCMP_SYS(faccessat2), SCMP_SYS(umask),     SCMP_SYS(getdents64),
    SCMP_SYS(stat),     SCMP_SYS(lstat),     SCMP_SYS(statx),
};

/* Tried by libraries that can do without, so that they are refused and not punished. */
static const int refused[] = {SCMP_SYS(socket), SCMP_SYS(setsockopt)};
static const int refused_without_files[] = {SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(readlink),
                                            SCMP_SYS(fcntl)};

static bool allow(scmp_filter_ctx filter, const int *calls, size_t count, uint32_t action)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, action, calls[i], 0) != 0)
            return false;
    return true;
}

static bool refuse(scmp_filter_ctx filter, bool files)
{
    const uint32_t action = SCMP_ACT_ERRNO(EACCES);
    return allow(filter, refused, sizeof refused / sizeof *refused, action) &&
           (files || allow(filter, refused_without_files,
                           sizeof refused_without_files / sizeof *refused_without_files, action));
}

/* New memory may hold data, and no programs. */
static bool allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0) == 0;
}

/* A signal to itself: what ends an assertion. */
static bool allow_abort(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0;
}

static bool allow_packets(scmp_filter_ctx filter)
{
    static const unsigned long questions[] = {SIOCGIFFLAGS, SIOCGIFNAME, SIOCGIFINDEX};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_EQ, questions[i], 0)) != 0)
            return false;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 2,
                            SCMP_A1(SCMP_CMP_EQ, SOL_PACKET, 0),
                            SCMP_A2(SCMP_CMP_EQ, PACKET_STATISTICS, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 2,
                            SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET, 0), SCMP_A2(SCMP_CMP_EQ, SO_ERROR, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockname), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), 0) == 0;
}

/* The width of a terminal and whether it is one. */
static bool allow_terminal(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS, 0)) ==
               0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ, 0)) == 0;
}

static bool confine_calls(const struct confine *limits)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return false;
    const bool files = !limits->live;
    bool good = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                allow(filter, harmless, sizeof harmless / sizeof *harmless, SCMP_ACT_ALLOW) &&
                allow_memory(filter) && allow_abort(filter) && allow_terminal(filter);
    good = good && (!files || allow(filter, of_files, sizeof of_files / sizeof *of_files, SCMP_ACT_ALLOW));
    good = good && refuse(filter, files);
    good = good && (!limits->live || allow_packets(filter)) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
}

bool confine(const struct confine *limits, const char **what)
{
    if (SANITIZED)
        return true;
    *what = "to have no new privileges";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    *what = "Landlock (the kernel's list of security modules has to name it)";
    if (!confine_files(limits))
        return false;
    if (limits->start_threads)
        limits->start_threads(limits->context);
    *what = "the list of system calls (seccomp)";
    return confine_calls(limits);
}
