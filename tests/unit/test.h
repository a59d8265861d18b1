/* What every unit test includes: cmocka with its prerequisites, in the order it needs. */
#ifndef KEDUN_TESTS_UNIT_TEST_H
#define KEDUN_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
