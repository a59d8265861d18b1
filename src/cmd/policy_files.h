/* Files that `kedun policy authorize` and its like work on: policies, links, schema; read by the format that
 * is named or, when none is, by the file's name (.json is JSON). Messages go to standard error. */
#ifndef KEDUN_CMD_POLICY_FILES_H
#define KEDUN_CMD_POLICY_FILES_H

#include "policy/policies.h"
#include "policy/schema.h"

#define POLICY_FILES_MEMORY ((size_t)1024 * 1024 * 1024)

/* Exit codes of these subcommands, as the language's own tool has them. */
enum { EXIT_POLICY_DENY = 2, EXIT_POLICY_INVALID = 3 };

struct policy_files {
    const char *policies, *policy_format; /* "cedar", "json" or NULL */
    const char *links;                    /* template-linked policies, JSON; or NULL */
    const char *schema, *schema_format;
};

/* "cedar" or "json" of a file; false: the format has another name. */
bool policy_files_is_json(const char *file, const char *format, bool *json, struct error *e);

MUST_CHECK enum status policy_files_read(const char *file, struct arena *a, struct slice *out,
                                         struct error *e);

MUST_CHECK enum status policy_files_policies(const struct policy_files *f, struct arena *a,
                                             struct policies *out, struct error *e);

/* *out is NULL when no schema is named. */
MUST_CHECK enum status policy_files_schema(const struct policy_files *f, struct arena *a,
                                           const struct schema **out, struct error *e);

/* The subcommands; argv[0] is the subcommand's name. */
int policy_authorize(int argc, char **argv);
int policy_validate(int argc, char **argv);
int policy_translate(int argc, char **argv);
int policy_format_command(int argc, char **argv);
int policy_diff_command(int argc, char **argv);
int policy_matrix_command(int argc, char **argv);
int policy_test_command(int argc, char **argv);
int policy_schema_command(int argc, char **argv);

#endif
