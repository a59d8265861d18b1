/* What may be a login: text that looks on every screen like what it is. Two accounts whose names differ by a
 * blank, an unseen or a full-width character could be taken for each other where somebody approves or reads
 * the log. */
#ifndef KEDUN_VALUE_LOGIN_H
#define KEDUN_VALUE_LOGIN_H

#include "base/slice.h"

/* UTF-8, 1 to 63 bytes, no blank, control, direction, zero-width or full-width character. */
bool login_is_plain(struct slice login);

#endif
