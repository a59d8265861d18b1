#include "keeper/review.h"

#include "base/json_in.h"

#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 8

static const char *const answers[] = {"", "keep", "take_away", "change"};

enum review_answer review_answer_of(const char *name) {
    for (int i = 1; name != NULL && i < REVIEW_ANSWERS; i++) {
        if (strcmp(answers[i], name) == 0)
            return (enum review_answer)i;
    }
    return REVIEW_NONE;
}

static uint32_t number_in(const json_t *object, const char *key) {
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static const char *text_in(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static void make_key(uint32_t review, uint32_t user, uint8_t out[KEY_SIZE]) {
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(review >> (8 * i));
        out[4 + i] = (uint8_t)(user >> (8 * i));
    }
}

static struct review_line line_of(const json_t *line) {
    return (struct review_line){.user = number_in(line, "user"),
                                .reviewer = number_in(line, "reviewer"),
                                .by = number_in(line, "by"),
                                .n = (uint16_t)number_in(line, "n"),
                                .answer = (uint8_t)review_answer_of(text_in(line, "answer"))};
}

/* ---- reading at start ---- */

static void review_free(struct review *x) {
    json_decref(x->document);
    free(x->lines);
}

static enum status reviews_room(struct reviews *r) {
    if (r->count < r->room)
        return ST_OK;
    size_t room = r->room == 0 ? 16 : r->room * 2;
    struct review *grown = realloc(r->list, room * sizeof *grown);
    if (grown == NULL)
        return ST_NOMEM;
    r->list = grown;
    r->room = room;
    return ST_OK;
}

static enum status load_review(void *context, struct slice key, struct slice value) {
    struct reviews *r = context;
    struct reader k = reader_of(key);
    struct review one = {.id = reader_u32(&k)};
    uint32_t user = reader_u32(&k);
    if (!reader_done(&k))
        return ST_CORRUPT;
    if (user != 0)
        return ST_OK;
    enum status s = reviews_room(r);
    if (s == ST_OK && json_read(value, 0, &one.document, NULL) != ST_OK)
        s = ST_CORRUPT;
    if (s != ST_OK)
        return s;
    r->list[r->count++] = one;
    r->last = one.id > r->last ? one.id : r->last;
    return ST_OK;
}

static bool add_lines(struct review *x, const json_t *lines) {
    size_t n = json_array_size(lines);
    struct review_line *grown = realloc(x->lines, (x->count + n + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    x->lines = grown;
    for (size_t i = 0; i < n; i++)
        x->lines[x->count++] = line_of(json_array_get(lines, i));
    return true;
}

static enum status load_lines(void *context, struct slice key, struct slice value) {
    struct reviews *r = context;
    struct reader k = reader_of(key);
    struct review *x = review_find(r, reader_u32(&k));
    uint32_t user = reader_u32(&k);
    json_t *lines = NULL;
    if (user == 0)
        return ST_OK;
    if (x == NULL || json_read(value, 0, &lines, NULL) != ST_OK)
        return ST_CORRUPT;
    bool fine = add_lines(x, lines);
    json_decref(lines);
    return fine ? ST_OK : ST_NOMEM;
}

static int by_id(const void *a, const void *b) {
    uint32_t x = ((const struct review *)a)->id, y = ((const struct review *)b)->id;
    return x < y ? -1 : x > y;
}

static int by_user(const void *a, const void *b) {
    const struct review_line *x = a, *y = b;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

static void sort_all(struct reviews *r) {
    if (r->count > 1)
        qsort(r->list, r->count, sizeof *r->list, by_id);
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].count > 1)
            qsort(r->list[i].lines, r->list[i].count, sizeof *r->list[i].lines, by_user);
    }
}

enum status reviews_open(struct vault *v, struct reviews **out, struct error *e) {
    *out = NULL;
    struct reviews *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "no memory for reviews");
    (void)pthread_mutex_init(&r->lock, NULL);
    r->vault = v;
    enum status s = vault_each(v, VAULT_REVIEW, load_review, r);
    if (s == ST_OK)
        s = vault_each(v, VAULT_REVIEW, load_lines, r);
    if (s != ST_OK) {
        reviews_close(r);
        return error_set(e, s, "reviews_corrupt", "the reviews in the vault do not parse");
    }
    sort_all(r);
    *out = r;
    return ST_OK;
}

void reviews_close(struct reviews *r) {
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        review_free(&r->list[i]);
    free(r->list);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- looking ---- */

struct review *review_find(struct reviews *r, uint32_t id) {
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].id == id)
            return &r->list[i];
    }
    return NULL;
}

bool review_is_open(const struct review *x) {
    return strcmp(text_in(x->document, "state"), "open") == 0;
}

bool review_is_due(const struct review *x, int64_t now_ms) {
    return json_integer_value(json_object_get(x->document, "due")) <= now_ms;
}

size_t review_first(const struct review *x, uint32_t user) {
    size_t low = 0, high = x->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x->lines[middle].user < user)
            low = middle + 1;
        else
            high = middle;
    }
    return low < x->count && x->lines[low].user == user ? low : x->count;
}

enum status review_read(struct reviews *r, const struct review *x, uint32_t user, json_t **out) {
    uint8_t key[KEY_SIZE];
    struct buf value;
    make_key(x->id, user, key);
    buf_init(&value, VAULT_VALUE_MAX, true);
    *out = NULL;
    enum status s = vault_get(r->vault, VAULT_REVIEW, slice_of(key, KEY_SIZE), &value);
    if (s == ST_OK)
        s = json_read(buf_slice(&value), 0, out, NULL);
    buf_free(&value);
    return s;
}

/* ---- writing ---- */

/* What one transaction of the vault shall change; keys and texts live till it is over. */
struct writing {
    struct vault_change *changes;
    uint8_t (*keys)[KEY_SIZE];
    char **texts;
    size_t count;
};

static bool writing_new(struct writing *w, size_t room) {
    *w = (struct writing){.changes = calloc(room, sizeof *w->changes),
                          .keys = calloc(room, sizeof *w->keys),
                          .texts = calloc(room, sizeof *w->texts)};
    return w->changes != NULL && w->keys != NULL && w->texts != NULL;
}

static void writing_free(struct writing *w) {
    for (size_t i = 0; w->texts != NULL && i < w->count; i++)
        free(w->texts[i]);
    free(w->changes);
    free(w->keys);
    free(w->texts);
}

/* `value` NULL: it goes. */
static bool writing_add(struct writing *w, uint32_t review, uint32_t user, const json_t *value) {
    size_t i = w->count;
    char *text = value == NULL ? NULL : json_print(value, JSON_COMPACT | JSON_SORT_KEYS);
    if (value != NULL && text == NULL)
        return false;
    make_key(review, user, w->keys[i]);
    w->texts[i] = text;
    w->changes[i] = (struct vault_change){VAULT_REVIEW, slice_of(w->keys[i], KEY_SIZE),
                                          text == NULL ? SLICE_NONE : slice_from_string(text)};
    w->count++;
    return true;
}

static bool is_next_user(const struct review *x, size_t i) {
    return i == 0 || x->lines[i].user != x->lines[i - 1].user;
}

static enum status drop_at(struct reviews *r, size_t at) {
    struct writing w;
    struct review *x = &r->list[at];
    bool fine = writing_new(&w, x->count + 1) && writing_add(&w, x->id, 0, NULL);
    for (size_t i = 0; fine && i < x->count; i++)
        fine = !is_next_user(x, i) || writing_add(&w, x->id, x->lines[i].user, NULL);
    enum status s = fine ? vault_commit_lazy(r->vault, w.changes, w.count) : ST_NOMEM;
    writing_free(&w);
    if (s != ST_OK)
        return s;
    review_free(x);
    memmove(x, x + 1, (r->count - at - 1) * sizeof *x);
    r->count--;
    return ST_OK;
}

struct kept { /* of signed ones, or of all others */
    size_t closed, lines, oldest;
};

static bool is_signed(const struct review *x) {
    return strcmp(text_in(x->document, "state"), "signed") == 0;
}

static enum status make_room(struct reviews *r, size_t lines, struct error *e) {
    for (;;) {
        struct kept sort[2] = {{.lines = lines, .oldest = r->count}, {.oldest = r->count}}, *over = NULL;
        size_t open = 0;
        for (size_t i = r->count; i-- > 0;) {
            struct kept *k = &sort[is_signed(&r->list[i])];
            bool closed = !review_is_open(&r->list[i]);
            open += !closed;
            k->closed += closed;
            k->lines += r->list[i].count;
            k->oldest = closed ? i : k->oldest;
        }
        if (open >= REVIEW_OPEN_MAX)
            break;
        if (sort[0].closed > REVIEWS_CANCELLED || sort[0].lines > REVIEWS_LINES_MAX)
            over = &sort[0];
        else if (sort[1].closed > REVIEWS_SIGNED || sort[1].lines > REVIEWS_LINES_MAX)
            over = &sort[1];
        if (over == NULL)
            return reviews_room(r) == ST_OK ? ST_OK : error_set(e, ST_NOMEM, "no_memory", "reviews");
        if (over->oldest == r->count)
            break;
        if (drop_at(r, over->oldest) != ST_OK)
            return error_set(e, ST_IO, "review_store", "an old review could not be taken out");
    }
    return error_set(e, ST_LIMIT, "too_many_reviews", "too many reviews are open: sign some off first");
}

/* Lines come by user: one item of the vault for each. */
static bool render_lines(struct writing *w, uint32_t id, const json_t *lines) {
    size_t n = json_array_size(lines), i = 0;
    bool fine = true;
    while (fine && i < n) {
        uint32_t user = number_in(json_array_get(lines, i), "user");
        json_t *his = json_array();
        for (; fine && i < n && number_in(json_array_get(lines, i), "user") == user; i++)
            fine = json_array_append(his, json_array_get(lines, i)) == 0;
        fine = fine && writing_add(w, id, user, his);
        json_decref(his);
    }
    return fine;
}

enum status review_add(struct reviews *r, json_t *document, const json_t *lines, uint32_t *id,
                       struct error *e) {
    struct review one = {.id = r->last + 1, .document = document};
    struct writing w = {.count = 0};
    enum status s = make_room(r, json_array_size(lines), e);
    bool fine = s == ST_OK && json_object_set_new(document, "id", json_integer((json_int_t)one.id)) == 0 &&
                writing_new(&w, json_array_size(lines) + 1) && writing_add(&w, one.id, 0, document) &&
                render_lines(&w, one.id, lines) && add_lines(&one, lines);
    if (s == ST_OK && !fine)
        s = error_set(e, ST_NOMEM, "no_memory", "reviews");
    if (s == ST_OK && vault_commit(r->vault, w.changes, w.count) != ST_OK)
        s = error_set(e, ST_IO, "review_store", "the review could not be stored");
    writing_free(&w);
    if (s != ST_OK) {
        review_free(&one);
        return s;
    }
    r->list[r->count++] = one;
    *id = r->last = one.id;
    return ST_OK;
}

static void take_lines(struct review *x, const json_t *lines) {
    for (size_t i = 0; i < json_array_size(lines); i++) {
        struct review_line line = line_of(json_array_get(lines, i));
        size_t at = review_first(x, line.user);
        for (; at < x->count && x->lines[at].user == line.user; at++) {
            if (x->lines[at].n == line.n)
                x->lines[at] = line;
        }
    }
}

enum status review_write(struct reviews *r, struct review *x, json_t *document, json_t *const *lines,
                         size_t count, struct error *e) {
    struct writing w;
    bool fine = writing_new(&w, count + 1) && (document == NULL || writing_add(&w, x->id, 0, document));
    for (size_t i = 0; fine && i < count; i++)
        fine = writing_add(&w, x->id, number_in(json_array_get(lines[i], 0), "user"), lines[i]);
    enum status s = fine ? vault_commit(r->vault, w.changes, w.count) : ST_NOMEM;
    writing_free(&w);
    if (s != ST_OK)
        return error_set(e, s == ST_NOMEM ? s : ST_IO, "review_store", "the review could not be stored");
    for (size_t i = 0; i < count; i++)
        take_lines(x, lines[i]);
    if (document != NULL) {
        json_decref(x->document);
        x->document = document;
    }
    return ST_OK;
}
