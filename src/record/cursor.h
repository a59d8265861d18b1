/* A cursor names the last row seen by its sort columns and id: base64url of a small binary list. It holds
 * only what the caller may sort by, so it tells him nothing new; one that was tampered with is just another
 * position. */
#ifndef KEDUN_RECORD_CURSOR_H
#define KEDUN_RECORD_CURSOR_H

#include "record/page.h"

/* Fills q->after from the text; ST_INVALID "bad_cursor" when it does not fit the sort order. */
MUST_CHECK enum status cursor_read(struct caller *c, struct slice text, struct store_select *q,
                                   struct error *e);

/* The cursor behind the page's last row. */
MUST_CHECK enum status cursor_write(struct caller *c, const struct page *p, const struct store_select *q,
                                    struct slice *out, struct error *e);

#endif
