/* Makes ICU wipe what it frees; jansson does already (json_in.h).
 *
 * Our own memory for values is wiped by its owner (arena.h, buf.h); libraries free strings as they are, and
 * whoever reads the process' memory later would find them. */
#ifndef KEDUN_BASE_WIPE_H
#define KEDUN_BASE_WIPE_H

/* Once in a process, before ICU is used and before there are threads. ICU that was used before
 * stays as it is. */
void wipe_libraries(void);

#endif
