/* A site's configuration: loaded, or refused with mistakes that have a place. */
#include "app/site.h"
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    const int fd = memfd_create("site.yaml", MFD_CLOEXEC);
    if (fd < 0)
        abort();
    if (size && write(fd, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct mistakes mistakes = {0};
    struct site *site = site_load(path, NULL, &mistakes);
    assert(!site == (mistakes.count != 0));
    if (site) {
        const struct endpoint server = {.address = {192, 0, 2, 80}, .family = 4, .port = 443};
        (void)site_in_scope(site, &server, span_of_text("xcap.example.org"));
    }
    for (size_t i = 0; i < mistakes.count; i++)
        assert(mistakes.list[i].message[0]);
    site_free(site);
    mistakes_free(&mistakes);
    (void)close(fd);
    return 0;
}
