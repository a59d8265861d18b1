/* CRC-32C (Castagnoli; RFC 3720 section 12.1): finds accidents on disk. Tampering is the tree's business. */
#ifndef KEDUN_AUDIT_CRC32C_H
#define KEDUN_AUDIT_CRC32C_H

#include "base/slice.h"

/* Of `s`, going on from `crc` (0 to start). */
uint32_t crc32c(uint32_t crc, struct slice s);

#endif
