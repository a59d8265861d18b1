/* Puts the demo company (cmd/demo_people.h) into a fresh keeper: departments and teams, people with their
 * posts and reporting lines, a partner with sponsor and end, and a salesperson on leave whose role is lent.
 * Dates are counted from now. */
#ifndef KEDUN_CMD_DEMO_COMPANY_H
#define KEDUN_CMD_DEMO_COMPANY_H

#include "cmd/init_keeper.h"

#define DEMO_ON_LEAVE     24 /* xiemin */
#define DEMO_DEPUTY       23 /* shanwei */
#define DEMO_LEAVE_DAYS   12
#define DEMO_PARTNER_DAYS 180

MUST_CHECK enum status demo_company_put(const struct tool_keeper *t, struct error *e);

#endif
