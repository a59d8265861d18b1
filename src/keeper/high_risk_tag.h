/* How an entry of the audit log says what went beyond the register of high-risk acts: at the end of its tag,
 * written by the keeper alone (handle_record refuses such a tag to others), read by the explorer's index. The
 * word "high_risk" and for each act " ACT N", then " r" where the reason stands in the entry that began the
 * job, " pID" for each approval (a proposal) that it went by, " +3" where three more have no room:
 * "high_risk delete 21 p7 p9 transfer 101 r". N: of the day, with these; of an executive's rights, of how
 * many. Acts that a later version names are read as any. */
#ifndef KEDUN_KEEPER_HIGH_RISK_TAG_H
#define KEDUN_KEEPER_HIGH_RISK_TAG_H

#include "audit/entry.h"

#define HIGH_RISK_TAG_ACTS      4  /* read of one tag */
#define HIGH_RISK_TAG_APPROVALS 8  /* of one act */
#define HIGH_RISK_TAG_NAME      24 /* the longest name of an act */

struct high_risk_tagged {
    struct slice act; /* in the tag's memory when read */
    uint32_t day;
    bool reason; /* in the entry that began the job */
    uint64_t approvals[HIGH_RISK_TAG_APPROVALS];
    size_t approval_count;
    uint32_t more; /* approvals that are not named */
};

/* Has it the word? */
bool high_risk_tag_is(struct slice tag);

/* Appends an act to `tag`, a string, at first empty. Approvals that have no room are counted, not named;
 * `keep` bytes stay free of their names, for another act. An act that has no room at all is left out. */
void high_risk_tag_put(char tag[AUDIT_TAG_MAX], const struct high_risk_tagged *act, size_t keep);

/* The acts of a tag in their order, 0 of another tag. Words that say something unknown are passed over. */
size_t high_risk_tag_read(struct slice tag, struct high_risk_tagged out[HIGH_RISK_TAG_ACTS]);

/* Could it be an act's name? (a-z and _, 2 to HIGH_RISK_TAG_NAME) */
bool high_risk_tag_name(struct slice text);

#endif
