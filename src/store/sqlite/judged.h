/* Which rows a condition holds for, remembered: a person's rights may ask for more than owner, department and
 * branch, by columns that no index has, and each page would read all rows of the scope that lie between its
 * own. A set keeps for each row whether the condition was judged and how; it stands on the stamps of facts.h,
 * so what it says is that of the reader's snapshot.
 *
 * A condition is named by its whole text and values, so people with equal rights share a set, and a change of
 * rights asks for another. Bounded by JUDGED_SETS and JUDGED_BYTES: the set that was not asked for longest
 * goes first. A set is made when its condition comes again. */
#ifndef KEDUN_STORE_SQLITE_JUDGED_H
#define KEDUN_STORE_SQLITE_JUDGED_H

#include "store/sqlite/facts.h"

#define JUDGED_SETS     64
#define JUDGED_BYTES    ((size_t)24 << 20)
#define JUDGED_KEY_MOST 4096 /* longer conditions are judged each time */

struct judged_set;

struct judged *judged_new(void);
void judged_free(struct judged *j);

/* The writer's, through facts.h: after the row was stamped. */
void judged_forget(struct judged *j, uint16_t object, int64_t row);
void judged_forget_all(struct judged *j);

/* What a statement asks with: bound to kedun_judged and kedun_judge. */
struct judged_ask {
    struct judged_set *set; /* NULL: none */
    struct facts_view view;
    size_t looked; /* how many rows were asked about */
};

/* After the question's clock was asked. `key`: the condition. Give it back when the statements are done. */
void judged_take(struct facts *f, uint16_t object, uint64_t now, struct slice key, struct judged_ask *out);
void judged_give(struct facts *f, struct judged_ask *ask);

/* -1: not known. */
int judged_get(struct judged_ask *ask, int64_t row);
void judged_learn(struct judged_ask *ask, int64_t row, bool holds);

/* Adds to how many rows all questions asked the set about; returns the sum. */
uint64_t judged_spent(struct judged_ask *ask, size_t rows);

/* Registers kedun_judged(ask, row): 1, 0 or -1; and kedun_judge(ask, row, condition): the condition, learnt.
 */
#define JUDGED_POINTER "kedun_judged"
MUST_CHECK enum status judged_register(sqlite3 *db, struct error *e);

#endif
