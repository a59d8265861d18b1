/* Looks into an uploaded file before it is imported: what it is, and what the first rows would become. In the
 * engine, with the caller's own session. */
#ifndef KEDUN_SHARE_PREVIEW_H
#define KEDUN_SHARE_PREVIEW_H

#include "share/batch.h"
#include "share/import.h"
#include "share/sheet.h"

#define PREVIEW_BYTES   ((size_t)64 * 1024)
#define PREVIEW_SAMPLES 3
#define CHECK_ROWS      200

/* Writes encoding, delimiter, columns with samples and suggested fields, and an estimate of the rows. What
 * was found is put into `i` (encoding, delimiter), for the caller to keep. */
MUST_CHECK enum status preview_write(struct caller *c, const struct role_env *env,
                                     const struct object_def *object, struct import *i, struct json *out,
                                     struct error *e);

/* Runs the first CHECK_ROWS rows dry through the guarded path: {"rows":[…],"ok":n,"bad":n}. `title` gives the
 * words of an error's code; NULL: none. Uniqueness and references are decided only when the rows are written.
 */
MUST_CHECK enum status check_write(struct caller *c, const struct role_env *env, const struct import *i,
                                   const struct mapping *m, job_title title, struct json *out,
                                   struct error *e);

#endif
