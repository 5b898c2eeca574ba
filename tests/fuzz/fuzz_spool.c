/* A segment of a spool that an earlier run, or somebody else, left on the disk. */
#include "fuzz.h"
#include "syslog/segment.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buffer[SEGMENT_MOST_BYTES];
    static int fd = -1;
    struct segment s;
    struct segment_message m;
    bool torn;
    uint64_t last = 0;
    if (fd < 0)
        fd = memfd_create("segment", MFD_CLOEXEC);
    assert(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size && ftruncate(fd, (off_t)size) == 0);
    if (segment_resume(&s, fd, 0, &torn, &last)) {
        uint64_t count = 0;
        assert(s.done <= s.size && s.size <= size && torn == (s.size != size));
        while (s.taken < s.size) {
            assert(segment_read(&s, s.taken, buffer, &m) && m.number <= last && m.end <= s.size);
            s.taken = m.end;
            count++;
        }
        assert(count == s.kept);
        assert(segment_done(&s, last) == count && s.kept == 0 && s.done == s.size);
    }
    return 0;
}
