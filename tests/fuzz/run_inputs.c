/* Runs a fuzz target over kept inputs: every file of the folders given, whole, and cut at 16 places. Each
 * input lies in a heap block of exactly its size, so that a sanitizer sees the first byte read beyond it. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_exact(const uint8_t *data, size_t n)
{
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, data, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
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
    for (size_t i = 0; i < 16; i++)
        run_exact(data, n * i / 16);
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
