/* Who a request claims to be. Whatever stands in cookie, Authorization and CSRF header: nobody is let in but
 * by a whole live token in the place that is its own, and no cookie writes without the CSRF token that
 * belongs to it.
 *
 * Input: a byte whose last bit says that the request writes, then cookie, 0x00, Authorization, 0x00, CSRF,
 * 0x00, address. Bytes stand for what nobody can guess: 0x01 a live session's token, 0x02 its CSRF token,
 * 0x03 the token of an ended session, 0x04 an API key, 0x05 the first half of the live token. */
#include "api/session.h"
#include "base/clock.h"
#include "office/office.h"

#include <stdio.h>
#include <stdlib.h>

#define WORDS 5
#define PARTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct office office;
static char words[WORDS][64];
static uint32_t user, key_user;
static struct arena scratch;

static void must(bool holds) {
    if (!holds)
        abort();
}

static void make_key(struct caller *c) {
    struct token key;
    struct uuid id;
    struct error e;
    char until[CLOCK_TEXT + 1], document[256];
    clock_format(clock_wall_ms() + (int64_t)24 * 3600 * 1000, until);
    (void)snprintf(document, sizeof document, "{\"label\":\"k\",\"roles\":[\"sales\"],\"expires_at\":\"%s\"}",
                   until);
    must(keeper_api_key_make(office.keeper, &c->call, slice_from_string(document), &key, &id, &e) == ST_OK);
    session_format_token(&key, words[3]);
}

static void start(void) {
    struct caller c;
    struct error e;
    if (scratch.limit > 0)
        return;
    arena_init(&scratch, (size_t)8 << 20, ARENA_SECRET);
    office_open(&office);
    office_world(&office);
    struct token live = office_sign_in(&office, "sales1"), ended = office_sign_in(&office, "sales2");
    session_format_token(&live, words[0]);
    must(session_csrf(&live, words[1]) == ST_OK);
    session_format_token(&ended, words[2]);
    (void)snprintf(words[4], sizeof words[4], "%.21s", words[0]);
    office_caller(&office, &ended, &scratch, &c);
    key_user = c.who.user;
    must(keeper_sign_out(office.keeper, &c.call, &e) == ST_OK);
    caller_finish(&c);
    office_caller(&office, &live, &scratch, &c);
    user = key_user = c.who.user;
    make_key(&c);
    caller_finish(&c);
}

/* The next part with its words put in; a part is cut where it would get too long. */
static struct slice next_part(const uint8_t **at, const uint8_t *end, uint8_t *room, size_t most) {
    size_t n = 0;
    for (; *at < end && **at != 0; (*at)++) {
        const char *word = **at <= WORDS ? words[**at - 1] : NULL;
        size_t more = word == NULL ? 1 : strlen(word);
        if (n + more > most)
            continue;
        memcpy(room + n, word == NULL ? (const void *)*at : word, more);
        n += more;
    }
    if (*at < end)
        (*at)++;
    return slice_of(room, n);
}

static bool holds(struct slice text, const char *word) {
    return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void check_in(const struct caller *c, const struct http_request *r, bool writes) {
    if (c->who.is_key) {
        must(c->who.user == key_user && slice_starts_with(r->authorization, SLICE("Bearer ")));
        must(holds(r->authorization, words[3]));
    } else {
        must(c->who.user == user && !slice_starts_with(r->authorization, SLICE("Bearer ")));
        must(holds(r->cookie, words[0]) && holds(r->cookie, SESSION_COOKIE));
        must(!writes || slice_is(r->csrf, words[1]));
    }
}

static void check_address(const uint8_t address[16]) {
    char text[64];
    uint8_t again[16];
    session_format_address(address, text);
    session_address(slice_from_string(text), again);
    must(memcmp(address, again, 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t rooms[PARTS][2048];
    struct slice parts[PARTS];
    struct error e = {.status = ST_OK};
    start();
    if (size < 2)
        return 0;
    const uint8_t *at = data + 1, *end = data + size;
    for (size_t i = 0; i < PARTS; i++)
        parts[i] = next_part(&at, end, rooms[i], sizeof rooms[i]);
    struct http_request r = {
        .cookie = parts[0], .authorization = parts[1], .csrf = parts[2], .remote_address = parts[3]};
    struct caller c = {.keeper = office.keeper, .arena = &scratch};
    bool writes = (data[0] & 1) != 0;
    session_address(r.remote_address, c.call.address);
    check_address(c.call.address);
    world_enter(office.world, &c.world);
    if (session_identify(&c, &r, writes, &e) == ST_OK)
        check_in(&c, &r, writes);
    caller_finish(&c);
    arena_reset(&scratch);
    return 0;
}
