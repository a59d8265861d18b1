#include "record/relative.h"

#include "base/clock.h"

#define OFFSET_MS ((int64_t)8 * 3600000)
#define DAY_MS    ((int64_t)86400000)

struct calendar {
    int64_t today;
    int year;
    unsigned month, day;
};

static int64_t month_start(int year, int month) {
    while (month > 12) {
        month -= 12;
        year++;
    }
    while (month < 1) {
        month += 12;
        year--;
    }
    return clock_days_from_date(year, (unsigned)month, 1);
}

static bool days_of(struct slice name, const struct calendar *c, int64_t *from, int64_t *below) {
    int64_t monday = c->today - (c->today + 3) % 7; /* 1970-01-01 was a Thursday */
    int month = (int)c->month, quarter = (month - 1) / 3 * 3 + 1;
    const struct {
        const char *name;
        int64_t from, below;
    } table[] = {{"today", c->today, c->today + 1},
                 {"yesterday", c->today - 1, c->today},
                 {"tomorrow", c->today + 1, c->today + 2},
                 {"this_week", monday, monday + 7},
                 {"last_week", monday - 7, monday},
                 {"next_week", monday + 7, monday + 14},
                 {"this_month", month_start(c->year, month), month_start(c->year, month + 1)},
                 {"last_month", month_start(c->year, month - 1), month_start(c->year, month)},
                 {"next_month", month_start(c->year, month + 1), month_start(c->year, month + 2)},
                 {"this_quarter", month_start(c->year, quarter), month_start(c->year, quarter + 3)},
                 {"last_quarter", month_start(c->year, quarter - 3), month_start(c->year, quarter)},
                 {"this_year", month_start(c->year, 1), month_start(c->year + 1, 1)},
                 {"last_year", month_start(c->year - 1, 1), month_start(c->year, 1)},
                 {"last_7_days", c->today - 6, c->today + 1},
                 {"last_30_days", c->today - 29, c->today + 1},
                 {"last_90_days", c->today - 89, c->today + 1},
                 {"next_7_days", c->today, c->today + 7},
                 {"next_30_days", c->today, c->today + 30}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (!slice_is(name, table[i].name))
            continue;
        *from = table[i].from;
        *below = table[i].below;
        return true;
    }
    return false;
}

bool relative_parse(struct slice name, int64_t now_ms, struct relative_range *out) {
    struct calendar c;
    int64_t local = now_ms + OFFSET_MS;
    c.today = local / DAY_MS - (local % DAY_MS < 0);
    clock_date_from_days(c.today, &c.year, &c.month, &c.day);
    if (!days_of(name, &c, &out->from_day, &out->below_day))
        return false;
    out->from_ms = out->from_day * DAY_MS - OFFSET_MS;
    out->below_ms = out->below_day * DAY_MS - OFFSET_MS;
    return true;
}
