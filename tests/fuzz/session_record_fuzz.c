/* A session's record in the keeper's vault: any bytes are refused, or are written back as they were read. */
#include "keeper/session_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct session session;
    struct buf again;
    memset(&session, 0, sizeof session);
    if (!session_read(slice_of(data, size), &session))
        return 0;
    buf_init(&again, (size_t)64 * 1024, true);
    session_write(&again, &session);
    if (again.failed || !slice_equal(buf_slice(&again), slice_of(data, size)))
        abort();
    buf_free(&again);
    return 0;
}
