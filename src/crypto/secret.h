/* Memory for keys: whole pages of their own, locked (never swapped), left out of core dumps, wiped in a
 * forked child, with an inaccessible guard page on either side. The end of the block touches the guard
 * behind it (to 16 bytes), so running over it stops the process.
 *
 * An allocation costs system calls and at least one locked page; RLIMIT_MEMLOCK bounds the sum. Take one
 * block for a table of keys, not one a key. */
#ifndef KEDUN_CRYPTO_SECRET_H
#define KEDUN_CRYPTO_SECRET_H

#include "base/slice.h"

/* Zeroed, aligned to 16 bytes. NULL when memory is out or may not be locked. */
void *secret_alloc(size_t n);
/* Wipes and unmaps; NULL is fine. */
void secret_free(void *p);

/* Bytes this process may lock (RLIMIT_MEMLOCK), SIZE_MAX for no limit; to be said at start, with a remedy. */
size_t secret_lock_limit(void);

#endif
