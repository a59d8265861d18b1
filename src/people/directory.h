/* The organisation and its people, from the keeper's registry (which alone decides who belongs where). */
#ifndef KEDUN_PEOPLE_DIRECTORY_H
#define KEDUN_PEOPLE_DIRECTORY_H

#include "keeper/client.h"
#include "record/world.h"

/* Reads the whole registry into a fresh directory with one reference. */
MUST_CHECK enum status directory_load(struct keeper *k, struct directory **out, struct error *e);

#endif
