/* A set of policies, as loaded: parsed, named, sorted by act. Immutable; the last release frees it. */
#ifndef KEDUN_POLICY_SET_H
#define KEDUN_POLICY_SET_H

#include "policy/model.h"
#include "policy/policy_index.h"
#include "policy/policy_probe.h"

#define POLICIES_MAX       5000
#define POLICY_FILES_MAX   200
#define POLICY_ARENA_LIMIT ((size_t)256 * 1024 * 1024)

struct policy_set {
    const struct policy **policies;
    size_t count;
    const struct policy **by_act[ACT_COUNT];
    size_t by_act_count[ACT_COUNT];
    const struct policy_index *index; /* of `policies` */
    const struct policy_probes *probes;
    unsigned mentions;
    bool asks;         /* policy_asks */
    uint32_t version;  /* as published; 0: from files */
    struct slice text; /* all of it; of files: one after another, each under a line with its name */
    struct arena arena;
    int references;
};

#endif
