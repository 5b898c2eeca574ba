/* Runs a fuzz target over kept inputs: every file of the folders given, whole, and cut at 16 places. Each
 * input lies in a heap block of exactly its size, so that a sanitizer sees the first byte read beyond it.
 * What ran before an input must make no difference to it. */
#include "arena.h"
#include "fuzz.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum { MOST = 1 << 20, BEYOND = 4096 /* bytes */ };

/* Padding of a structure that is copied has what the stack had there before. */
__attribute__((noinline)) static void clear_stack(void)
{
    volatile uint8_t below[1 << 18];
    for (size_t i = 0; i < sizeof below; i++)
        below[i] = 0;
}

/* At the same addresses each time, also those of the stack, which may be left in what the target keeps. */
__attribute__((noinline)) static void run_exact(const uint8_t *data, size_t n)
{
    static uint8_t room[MOST + BEYOND];
    if (n > MOST)
        abort();
    if (n)
        memcpy(room, data, n);
    ASAN_POISON_MEMORY_REGION(room + n, BEYOND);
    clear_stack();
    (void)LLVMFuzzerTestOneInput(room, n);
    ASAN_UNPOISON_MEMORY_REGION(room + n, BEYOND);
}

static size_t run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    uint8_t *data = NULL;
    size_t n = 0;
    for (;;) {
        uint8_t *more = realloc(data, n + 65536);
        if (!more)
            abort();
        data = more;
        size_t got = fread(data + n, 1, 65536, f);
        if (got == 0)
            break;
        n += got;
    }
    (void)fclose(f);
    run_exact(data, n);
    const uint64_t alone = arena_digest();
    for (size_t i = 0; i < 16; i++)
        run_exact(data, n * i / 16);
    run_exact(data, n);
    assert(arena_digest() == alone);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    size_t files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            files += run_file(argv[i]);
            continue;
        }
        for (struct dirent *entry; (entry = readdir(folder));) {
            char path[4096];
            if (entry->d_name[0] != '.' &&
                snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name) < (int)sizeof path)
                files += run_file(path);
        }
        (void)closedir(folder);
    }
    run_exact((const uint8_t *)"", 0);
    printf("%zu inputs\n", files);
    return files ? 0 : 1;
}
