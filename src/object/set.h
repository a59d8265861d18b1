/* Sets of definitions: where they come from, how long they live.
 *
 * A set is immutable and counted. Retain and release are thread-safe; the last release frees everything that
 * came out of the set. Errors name the file, the place in it and the remedy, e.g. customer.json:
 * fields[3].class: "secret" is no class; use public, internal, personal or sensitive Codes:
 * definition_invalid (all faults of a definition), definition_change_refused (object_set_extend), and
 * definitions_missing (no *.json in the directory). */
#ifndef KEDUN_OBJECT_SET_H
#define KEDUN_OBJECT_SET_H

#include "object/object.h"

#define OBJECT_FILE_MAX ((size_t)1024 * 1024) /* bytes of one definition */
#define OBJECT_SET_MAX  ((size_t)256 * 1024 * 1024)

/* One definition as text; `name` stands in errors ("customer.json"). */
struct object_source {
    const char *name;
    struct slice text;
};

/* Reads and links every *.json of a directory but schema.json, in the order of their names. The caller holds
 * one reference on *out. version is 1. */
MUST_CHECK enum status object_set_load(const char *directory, struct object_set **out, struct error *e);

/* The same from memory. */
MUST_CHECK enum status object_set_read(const struct object_source *sources, size_t count, uint64_t version,
                                       struct object_set **out, struct error *e);

void object_set_retain(const struct object_set *set);
void object_set_release(const struct object_set *set); /* NULL is fine */

#endif
