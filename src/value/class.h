/* The words that the keeper, the definitions and the policies share about a field. Numbers are on disk:
 * stable. */
#ifndef KEDUN_VALUE_CLASS_H
#define KEDUN_VALUE_CLASS_H

/* How sensitive a field is (requirement K1). personal and sensitive are sealed by the keeper. */
enum field_class { CLASS_PUBLIC = 0, CLASS_INTERNAL = 1, CLASS_PERSONAL = 2, CLASS_SENSITIVE = 3 };
#define CLASS_COUNT 4

/* How a field may be looked up by a blind index (sealed) or a plain one; bits. */
enum field_search { SEARCH_EXACT = 1, SEARCH_SUFFIX = 2, SEARCH_WORDS = 4, SEARCH_FRAGMENT = 8 };

/* What a person gets of a value. The best permitted wins. */
enum view { VIEW_HIDDEN = 0, VIEW_MASKED = 1, VIEW_CLEAR = 2 };

#endif
