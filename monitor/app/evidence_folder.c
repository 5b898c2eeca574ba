#include "app/evidence_folder.h"

#include "base/limits.h"
#include "base/write_all.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct evidence_entry {
    struct evidence_name name;
    int64_t bytes;
};

struct evidence_folder {
    char *path;
    int folder;
    struct evidence_entry *entry; /* EVIDENCE_FOLDER_FILES places in a circle, oldest first */
    size_t first, count;
    int64_t bytes;
};

void evidence_name(struct evidence_name *name, nanos time, uint64_t flow_id, const char *about)
{
    const time_t second = (time_t)(time / NANOS_PER_SECOND);
    struct tm tm = {0};
    char date[32] = "0";
    if (gmtime_r(&second, &tm))
        (void)strftime(date, sizeof date, "%Y%m%dT%H%M%S", &tm);
    memset(name, 0, sizeof *name);
    (void)snprintf(name->text, sizeof name->text, "%s.%06" PRId64 "Z-%014" PRIx64 "-%s.pcapng", date,
                   time % NANOS_PER_SECOND / 1000, flow_id, about);
}

bool evidence_is_ours(const char *name)
{
    static const char form[] =
        "00000000T000000.000000Z-xxxxxxxxxxxxxx-"; /* 0: a digit, x: a hexadecimal one */
    const size_t n = strlen(name);
    if (n < sizeof form + 7 || n >= sizeof(struct evidence_name) || strcmp(name + n - 7, ".pcapng") != 0 ||
        strchr(name, '/'))
        return false;
    for (size_t i = 0; form[i]; i++) {
        const unsigned char c = (unsigned char)name[i];
        if (form[i] == '0' ? !isdigit(c) : form[i] == 'x' ? !isxdigit(c) : c != (unsigned char)form[i])
            return false;
    }
    return true;
}

static void drop_oldest(struct evidence_folder *f)
{
    const struct evidence_entry *e = &f->entry[f->first];
    (void)unlinkat(f->folder, e->name.text, 0);
    f->bytes -= e->bytes;
    f->first = (f->first + 1) % EVIDENCE_FOLDER_FILES;
    f->count--;
}

static void keep_within(struct evidence_folder *f)
{
    while (f->count > 1 && f->bytes > EVIDENCE_FOLDER_BYTES)
        drop_oldest(f);
}

static void add(struct evidence_folder *f, const char *name, int64_t bytes)
{
    if (f->count == EVIDENCE_FOLDER_FILES)
        drop_oldest(f);
    struct evidence_entry *e = &f->entry[(f->first + f->count++) % EVIDENCE_FOLDER_FILES];
    (void)snprintf(e->name.text, sizeof e->name.text, "%s", name);
    e->bytes = bytes;
    f->bytes += bytes;
    keep_within(f);
}

/* A file that is replaced keeps its age: its name says when it was captured. False: it is none of ours. */
static bool replace(struct evidence_folder *f, const char *name, int64_t bytes)
{
    for (size_t i = f->count; i-- > 0;) {
        struct evidence_entry *e = &f->entry[(f->first + i) % EVIDENCE_FOLDER_FILES];
        if (strcmp(e->name.text, name) != 0)
            continue;
        f->bytes += bytes - e->bytes;
        e->bytes = bytes;
        keep_within(f);
        return true;
    }
    return false;
}

/* Files of earlier runs, in the order of their names, which is that of time. */
static bool take_stock(struct evidence_folder *f, const char *path)
{
    struct dirent **found = NULL;
    const int n = scandir(path, &found, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct stat s;
        if (evidence_is_ours(found[i]->d_name) &&
            fstatat(f->folder, found[i]->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode))
            add(f, found[i]->d_name, s.st_size);
        free(found[i]);
    }
    free(found);
    return n >= 0;
}

bool evidence_folder_reopen(struct evidence_folder *f)
{
    const int folder = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    (void)close(f->folder);
    f->folder = folder;
    f->first = f->count = 0;
    f->bytes = 0;
    return take_stock(f, f->path);
}

struct evidence_folder *evidence_folder_open(const char *path)
{
    struct evidence_folder *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->folder = -1;
    f->entry = calloc(EVIDENCE_FOLDER_FILES, sizeof *f->entry);
    f->path = strdup(path);
    if (f->entry && f->path && (mkdir(path, 0700) == 0 || errno == EEXIST)) {
        f->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->folder >= 0 && faccessat(f->folder, ".", W_OK, 0) == 0 && take_stock(f, path))
            return f;
    }
    const int why = errno;
    evidence_folder_close(f);
    errno = why;
    return NULL;
}

static const char part[] = ".part";

static int open_part(const struct evidence_folder *f)
{
    return openat(f->folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool evidence_folder_put(struct evidence_folder *f, struct span parcel)
{
    struct evidence_name name;
    if (parcel.n <= sizeof name)
        return true;
    memcpy(&name, parcel.p, sizeof name);
    name.text[sizeof name.text - 1] = '\0';
    if (!evidence_is_ours(name.text)) { /* a sensor that was taken over would choose its own place */
        errno = EINVAL;
        return false;
    }
    const struct span bytes = span_skip(parcel, sizeof name);
    int file = open_part(f);
    if (file < 0 && errno == ENOENT && evidence_folder_reopen(f)) /* it was removed, and made again */
        file = open_part(f);
    if (file < 0)
        return false;
    bool good = write_all(file, bytes, 0);
    int why = errno;
    if (close(file) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && renameat(f->folder, part, f->folder, name.text) == 0) {
        if (!replace(f, name.text, (int64_t)bytes.n))
            add(f, name.text, (int64_t)bytes.n);
        return true;
    }
    why = good ? errno : why;
    (void)unlinkat(f->folder, part, 0);
    errno = why;
    return false;
}

void evidence_folder_close(struct evidence_folder *f)
{
    if (!f)
        return;
    if (f->folder >= 0)
        (void)close(f->folder);
    free(f->entry);
    free(f->path);
    free(f);
}
