/* Forced into every file by the build: calls that do not compile in this house.
 * Each has a bounded or checked counterpart in base/ or in the standard library. */
#ifndef KEDUN_BASE_BANNED_H
#define KEDUN_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof
#pragma GCC poison srand random srandom gmtime localtime ctime asctime system popen tmpnam mktemp

/* OpenSSL's headers name parameters `rand`, so the word must stay; the call does not. clang takes the
 * attribute on a function's first declaration only, which is libc's: there gcc's build is the guard. */
#ifndef __clang__
int rand(void) __attribute__((error("rand() is banned, see crypto/random.h")));
#endif

#endif
