/* Values of the Cedar language: what a policy's expressions evaluate to.
 *
 * A value is a small struct that is copied freely; what it points to (text, items, pairs) is borrowed from an
 * arena that outlives it. Sets hold each value once, in no particular order. Records hold each name once.
 * Source: docs.cedarpolicy.com, "Data types supported by Cedar" and "Operators". */
#ifndef KEDUN_POLICY_VALUE_H
#define KEDUN_POLICY_VALUE_H

#include "base/arena.h"
#include "base/status.h"

enum cedar_kind {
    CEDAR_BOOL,
    CEDAR_LONG,
    CEDAR_STRING,
    CEDAR_ENTITY,
    CEDAR_SET,
    CEDAR_RECORD,
    CEDAR_DECIMAL, /* i: ten-thousandths */
    CEDAR_IP,
    CEDAR_DATETIME, /* i: milliseconds since 1970 */
    CEDAR_DURATION  /* i: milliseconds */
};

struct cedar_entity {
    struct slice type, id; /* "User", "7"; a type may have a path: "Shop::User" */
};

struct cedar_ip {
    uint8_t address[16]; /* IPv4: the first four */
    uint8_t prefix;
    bool v6;
};

struct cedar_pair;

struct cedar_value {
    enum cedar_kind kind;
    union {
        bool b;
        int64_t i;
        struct slice s;
        struct cedar_entity entity;
        struct {
            const struct cedar_value *items;
            size_t count;
        } set;
        struct {
            const struct cedar_pair *pairs;
            size_t count;
        } record;
        struct cedar_ip ip;
    };
};

struct cedar_pair {
    struct slice name;
    struct cedar_value value;
};

static inline struct cedar_value cedar_bool(bool b) {
    return (struct cedar_value){.kind = CEDAR_BOOL, .b = b};
}
static inline struct cedar_value cedar_long(int64_t i) {
    return (struct cedar_value){.kind = CEDAR_LONG, .i = i};
}
static inline struct cedar_value cedar_string(struct slice s) {
    return (struct cedar_value){.kind = CEDAR_STRING, .s = s};
}
static inline struct cedar_value cedar_entity(struct slice type, struct slice id) {
    return (struct cedar_value){.kind = CEDAR_ENTITY, .entity = {.type = type, .id = id}};
}

bool cedar_entity_equal(const struct cedar_entity *a, const struct cedar_entity *b);

/* Values of different kinds are unequal, never an error. */
bool cedar_equal(const struct cedar_value *a, const struct cedar_value *b);

bool cedar_set_contains(const struct cedar_value *set, const struct cedar_value *item);

/* A set of `items` with repeats dropped; `items` is reordered in place and borrowed. */
struct cedar_value cedar_set(struct cedar_value *items, size_t count);

/* NULL when the record has no such name. */
const struct cedar_value *cedar_record_get(const struct cedar_value *record, struct slice name);

/* The byte that stands for `*` in a compiled pattern; it occurs in no UTF-8 text. */
#define CEDAR_WILDCARD 0xff
/* Wildcards match any run of characters, the empty one included. Linear space, time at worst text × pattern.
 */
bool cedar_like(struct slice text, struct slice pattern);

/* "long", "set" …: for messages. */
const char *cedar_kind_name(enum cedar_kind kind);

#endif
