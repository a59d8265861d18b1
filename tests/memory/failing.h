/* malloc, calloc and realloc of this whole program, libraries included, of which the n-th call can be made to
 * fail. Linked into a program it takes their place (the sanitizers' too, to which it passes on). */
#ifndef KEDUN_TESTS_MEMORY_FAILING_H
#define KEDUN_TESTS_MEMORY_FAILING_H

#include <stdbool.h>

/* From now on the n-th call (from 1) of any thread that is not exempt fails; with `from_then_on` all behind
 * it too. 0: none fails, they are only counted. */
void failing_arm(unsigned long n, bool from_then_on);

/* Nothing fails any more. Returns how many calls there were since failing_arm. */
unsigned long failing_disarm(void);

/* Prints the calls that led to the first failure since failing_arm. */
void failing_print_where(void);

/* The calling thread's own calls never fail and are not counted. */
void failing_exempt(bool exempt);

#endif
