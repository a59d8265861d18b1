/* The organisation and its people, from the keeper's registry (which alone decides who belongs where). */
#ifndef KEDUN_PEOPLE_DIRECTORY_H
#define KEDUN_PEOPLE_DIRECTORY_H

#include "keeper/client.h"
#include "record/world.h"

#include <jansson.h>

/* Reads the whole registry into a fresh directory with one reference. */
MUST_CHECK enum status directory_load(struct keeper *k, struct directory **out, struct error *e);

/* Keys laid over one document, by the rules by which the keeper would take them (keeper/registry_organise.h);
 * nothing is stored. */
struct directory_change {
    uint8_t kind; /* REGISTRY_USER, REGISTRY_DEPARTMENT */
    uint32_t id;
    const json_t *keys;
};

/* The directory as it would be after all of them. ST_NOT_FOUND for an unknown item. */
MUST_CHECK enum status directory_load_changed(struct keeper *k, const struct directory_change *changes,
                                              size_t count, struct directory **out, struct error *e);

#endif
