/* Waiting for a number to change (Linux futex(2)), between threads of one process.
 *
 * A waiter reads the number under the lock that its changes are made under, lets go of the lock and waits:
 * had it changed meanwhile, it does not sleep. Unlike a condition variable nobody takes the lock on waking.
 */
#ifndef KEDUN_BASE_FUTEX_H
#define KEDUN_BASE_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FUTEX_ALL INT_MAX

/* Returns when woken, when *number is no longer `as`, or for no reason: look again. */
static inline void futex_wait(_Atomic uint32_t *number, uint32_t as) {
    (void)syscall(SYS_futex, number, FUTEX_WAIT_PRIVATE, as, NULL, NULL, 0);
}

/* Wakes at most `most` who wait. */
static inline void futex_wake(_Atomic uint32_t *number, int most) {
    (void)syscall(SYS_futex, number, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

#endif
