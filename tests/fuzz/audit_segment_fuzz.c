/* A segment file of any bytes: header, records, judgement of the tail, in bounded time and without a crash.
 * The first seed is a real segment, the second a signed head. */
#include "audit/checkpoint.h"
#include "audit/segment.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const char *path, size_t size) {
    struct segment_reader r;
    struct segment_record record;
    uint64_t dirty;
    uint32_t batch = 0;
    if (segment_open(&r, path) != ST_OK)
        return;
    while (segment_next(&r, &record) == ST_OK) {
        batch = record.batch;
        if (r.offset > size || record.leaf.n + record.side.n > record.length)
            abort();
    }
    if (segment_judge_tail(&r, batch, &dirty) == ST_OK && r.offset + dirty > size)
        abort();
    segment_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/kedun-segment-fuzz-%d", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)close(fd);
    walk(path, size);
    (void)unlink(path);

    struct slice text = slice_of(data, size);
    struct checkpoint c;
    while (checkpoint_next(&text, &c) == ST_OK)
        if (c.text.n > CHECKPOINT_TEXT)
            abort();
    return 0;
}
