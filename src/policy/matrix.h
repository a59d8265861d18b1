/* Policies as a matrix of roles × objects × acts × fields with scopes and conditions, for people who do not
 * read Cedar.
 *
 * A policy is a rule of the matrix when it gives (or forbids) one role, or everybody, some acts on some
 * objects (on some fields or classes of fields) within one scope and a few conditions. Any other policy is
 * "written by hand": it is kept as it stands, byte for byte, and shown with its text and what it touches.
 *
 * Writing back copies every policy that was not changed and its comments unchanged, so reading and writing
 * without a change gives the same bytes; a changed rule is written in one fixed form, which reads back as the
 * same rule. */
#ifndef KEDUN_POLICY_MATRIX_H
#define KEDUN_POLICY_MATRIX_H

#include "base/buf.h"
#include "base/json.h"
#include "policy/set.h"

enum matrix_scope {
    MATRIX_ALL,              /* 全部 */
    MATRIX_OWN,              /* 本人: resource.owner == principal */
    MATRIX_OWN_AND_LED,      /* 本人及下属: own, or of a department that he leads */
    MATRIX_DEPARTMENT,       /* 本部门 */
    MATRIX_DEPARTMENT_BELOW, /* 本部门及下属 */
    MATRIX_DEPARTMENT_LED,   /* 本部门及下属, or below a department that he leads */
    MATRIX_LED,              /* below a department that he leads */
    MATRIX_BRANCH,           /* 本分公司 */
    MATRIX_BRANCH_OR_GROUP,  /* 本分公司; of head office: 全部 */
    MATRIX_HEAD_OFFICE,      /* 全部, for people of head office only */
    MATRIX_SCOPES
};
/* "all", "own" … */
const char *matrix_scope_name(enum matrix_scope scope);
bool matrix_scope_by_name(struct slice name, enum matrix_scope *out);

/* Which records, which people of the role, and when. */
struct matrix_terms {
    enum matrix_scope scope;
    uint32_t people;            /* only people of this department and below; 0: all */
    uint8_t hour_from, hour_to; /* local hours, from < to; 0 and 24: any */
    uint8_t weekdays;           /* bit 0 Monday … bit 6 Sunday; 0: any */
    uint16_t second_factor;     /* minutes since the second factor, at most; 0: none needed */
    struct slice network;       /* "office" …; n == 0: any */
    bool reason;                /* a reason must be given */
    bool approval, watermark;   /* somebody approves it; the page bears a mark (policy/obligation.h) */
};
bool matrix_terms_same(const struct matrix_terms *a, const struct matrix_terms *b);

enum matrix_names_kind { MATRIX_EVERY, MATRIX_ONLY, MATRIX_EXCEPT };
struct matrix_names {
    enum matrix_names_kind kind;
    const struct slice *list;
    size_t count;
};
bool matrix_names_have(const struct matrix_names *n, struct slice name);

struct matrix_rule {
    struct slice id;
    bool forbid;
    bool by_type;      /* its one object stands in the policy's head: resource is Customer */
    struct slice role; /* p == NULL: everybody */
    uint32_t acts;
    struct matrix_names objects, classes, fields;
    struct matrix_terms terms;
};

/* False: written by hand. Slices point into the policy or the arena; ST_NOMEM counts as by hand. */
bool matrix_read(const struct policy *p, const struct object_set *objects, struct arena *a,
                 struct matrix_rule *out);

/* The rule in its fixed form, with a line break behind the semicolon. */
void matrix_write(const struct matrix_rule *rule, struct buf *out);

/* One change: the acts of a role on an object (and these fields of it, where the acts are on fields) are
 * given within exactly these terms from now on; none: not at all. Rules for everybody, forbids and policies
 * written by hand stay. */
struct matrix_change {
    struct slice role;
    const struct object_def *object;
    uint32_t acts;              /* all on records or all on fields */
    const struct slice *fields; /* with acts on fields */
    size_t field_count;
    const struct matrix_terms *grants;
    size_t grant_count;
};
#define MATRIX_GRANTS_MAX 16

/* The text of `set` after the changes, in order. ST_INVALID "policy_matrix", ST_NOMEM. */
MUST_CHECK enum status matrix_edit(const struct policy_set *set, const struct object_set *objects,
                                   const struct matrix_change *changes, size_t count, struct arena *a,
                                   struct buf *out, struct error *e);

/* A role's matrix as members of a JSON object (docs/api.md). `role` n == 0: everybody's. */
MUST_CHECK enum status matrix_show(const struct policy_set *set, const struct object_set *objects,
                                   struct slice role, struct arena *a, struct json *out, struct error *e);

/* Members: scope, and of people, hours, weekdays, network, second_factor, reason, approval, watermark those
 * that are set. */
void matrix_put_terms(struct json *out, const struct matrix_terms *t);

/* The text of `set` with a copy of every policy that names the role `from` in its head, for the role `to`
 * (small letters, digits, _ and -), behind it; policies for everybody hold for both as they are. What a role
 * is begun with that shall be like another. ST_INVALID "policy_matrix": nothing to copy, `to` has policies
 * already, or a policy speaks of `from` beside others or in a condition: what it forbids would be left out.
 */
MUST_CHECK enum status matrix_copy(const struct policy_set *set, struct slice from, struct slice to,
                                   struct buf *out, struct error *e);

/* Acts on fields, as bits. */
#define MATRIX_FIELD_ACTS ((1u << ACT_SEE) | (1u << ACT_READ) | (1u << ACT_WRITE) | (1u << ACT_MATCH))

#endif
