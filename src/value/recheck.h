/* Does an opened value really match what was asked for? Terms only say that it may. */
#ifndef KEDUN_VALUE_RECHECK_H
#define KEDUN_VALUE_RECHECK_H

#include "base/arena.h"
#include "base/status.h"
#include "value/class.h"
#include "value/type.h"

/* `canonical` as in terms_of_value, `query` as in terms_for_query; values of several keys match by any key.
 * exact: the same in terms_exact_form (phones: also without the extension). suffix: the value ends so.
 * words: every word of the query is a word of the value, every Han run lies within one. fragment: the value
 * contains it, or (Latin letters, types with pinyin) characters in a row that read so or begin so. An empty
 * query matches nothing. ST_INVALID (not UTF-8), ST_NOMEM. */
MUST_CHECK enum status terms_recheck(enum value_type type, enum field_search kind, struct slice canonical,
                                     struct slice query, struct arena *a, bool *matches);

#endif
