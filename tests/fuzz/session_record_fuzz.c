/* A session's record in the keeper's vault: any bytes are refused, or are written back as they were read;
 * those of the version before as the newer one, which then comes back. */
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
    bool older = data[0] != again.p[0];
    if (again.failed || (!older && !slice_equal(buf_slice(&again), slice_of(data, size))))
        abort();
    if (older) {
        static struct session newer;
        memset(&newer, 0, sizeof newer);
        if (!session_read(buf_slice(&again), &newer) || memcmp(&newer, &session, sizeof newer) != 0)
            abort();
    }
    buf_free(&again);
    return 0;
}
