/* Rows of one object on their way to a caller: which columns to fetch, what he sees of each, opened by the
 * keeper in one exchange, written as JSON. Lists, single records, reveals, titles, timelines and history all
 * use it. */
#ifndef KEDUN_RECORD_PAGE_H
#define KEDUN_RECORD_PAGE_H

#include "record/access.h"

/* Where the system's columns stand in every page's column list (ascending by id). */
enum page_column {
    PAGE_ID,
    PAGE_OWNER,
    PAGE_DEPARTMENT,
    PAGE_BRANCH,
    PAGE_CREATED_AT,
    PAGE_SUBJECT,
    PAGE_DELETED_AT,
    PAGE_REVISION,
    PAGE_VERSIONS,
    PAGE_SEAL,
    PAGE_SYSTEM_COLUMNS
};

/* What each row's text has alike, made once. */
struct page_text {
    struct slice *keys;   /* of shown fields, as JSON */
    uint16_t *places;     /* of shown fields in columns; PAGE_NOWHERE: computed */
    struct slice *masked; /* by row: "_views" and its object, without braces around; or empty */
};
#define PAGE_NOWHERE UINT16_MAX

struct page {
    const struct access *access;
    const uint16_t *shown; /* indexes into object->fields */
    size_t shown_count;
    size_t extra; /* the last ones of `shown` are there to be checked, and are hidden from everyone */
    uint16_t columns[STORE_COLUMNS_MAX]; /* field ids, ascending */
    size_t column_count;
    struct store_rows rows;
    uint8_t *views;       /* rows × object->field_count */
    uint8_t *shown_views; /* rows × shown_count */
    struct keeper_row *keeper_rows;
    struct keeper_opened opened;
    struct page_text text;
};

/* A row as predicates look at it: pass &(struct page_row){…} with page_lookup. */
struct page_row {
    const struct page *page;
    const struct store_row *row;
};
void page_lookup(const void *row, uint16_t column, struct cell *out);

/* Plans the columns for showing `shown`. Arrays are borrowed. */
MUST_CHECK enum status page_plan(const struct access *access, const uint16_t *shown, size_t shown_count,
                                 struct page *out, struct error *e);
/* One more column that is fetched but not shown (a sort column, for the cursor). */
MUST_CHECK enum status page_fetch(struct page *p, uint16_t column, struct error *e);

/* Adds what the page needs to a select: object, columns, the wrapped keys. */
void page_select(struct page *p, struct store_select *q);

/* What the opening is for. Needles as in keeper_open (record/needles.h makes them). */
struct page_act {
    uint8_t act; /* enum audit_act */
    const struct keeper_needle *needles;
    size_t needle_count;
    const uint32_t *needle_rows;
    struct slice reason;
    bool approval; /* a reveal that policy lets pass with an approval alone */
    bool brief;    /* the values are read before the keeper is asked for anything else: they need no copy */
};

/* Works out the views of p->rows; what page_open shows can be changed in p->shown_views before it (reveal).
 */
MUST_CHECK enum status page_views(struct caller *c, struct page *p, struct error *e);
/* Records and opens. Call also for no rows: an empty answer is an answer, and is recorded. */
MUST_CHECK enum status page_open(struct caller *c, struct page *p, const struct page_act *act,
                                 struct error *e);

/* The version and time of change that the caller sees of row i. */
MUST_CHECK enum status page_version(const struct page *p, size_t i, uint64_t *version, int64_t *updated_at);

/* One cell of the page by column id; null when it was not fetched. */
struct cell page_cell(const struct page *p, const struct store_row *row, uint16_t column);

/* Titles of records referred to (record/titles.h). */
struct titles;

/* Members of row i, without the braces: id, _version, _views, fields. */
MUST_CHECK enum status page_write_row(struct caller *c, const struct page *p, size_t i,
                                      const struct titles *titles, struct json *out, struct error *e);

/* The row as the keeper wants it; slices borrow the page. */
void page_keeper_row(const struct page *p, size_t i, struct keeper_row *out);

#endif
