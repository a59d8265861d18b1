#include "keeper/client_call.h"

enum status keeper_open_rows(struct keeper *k, const struct keeper_call *call, const struct keeper_open *q,
                             struct arena *arena, struct keeper_opened *out, struct error *e) {
    struct args *a = client_args(k, call);
    a->open = *q;
    enum status s = client_exchange(k, MSG_OPEN, a, arena, e);
    if (s != ST_OK)
        return s;
    if (a->opened_rows != q->row_count || a->opened_fields != q->field_count)
        return error_set(e, ST_UNAVAILABLE, "keeper_answer", "the keeper answered for another page");
    *out = a->opened;
    return ST_OK;
}

static enum status seal_exchange(struct keeper *k, enum message number, const struct keeper_call *call,
                                 const struct seal_args *q, struct arena *arena, struct keeper_sealed *out,
                                 struct error *e) {
    struct args *a = client_args(k, call);
    a->seal = *q;
    a->text = call->reason;
    size_t values = 0;
    for (size_t i = 0; i < q->count; i++)
        values += q->rows[i].value_count;
    enum status s = client_exchange(k, number, a, arena, e);
    if (s != ST_OK)
        return s;
    if (a->seal.count != q->count || a->seal.value_count != values)
        return error_set(e, ST_UNAVAILABLE, "keeper_answer", "the keeper answered for other rows");
    *out = a->sealed;
    return ST_OK;
}

enum status keeper_seal_rows(struct keeper *k, const struct keeper_call *call, uint8_t act, uint16_t object,
                             const struct keeper_seal_row *rows, size_t count, struct arena *arena,
                             struct keeper_sealed *out, struct error *e) {
    struct seal_args q = {.act = act, .object = object, .rows = rows, .count = count};
    return seal_exchange(k, MSG_SEAL, call, &q, arena, out, e);
}

enum status keeper_reseal_rows(struct keeper *k, const struct keeper_call *call, uint16_t object,
                               const struct keeper_seal_row *rows, size_t count, struct arena *arena,
                               struct keeper_sealed *out, struct error *e) {
    struct seal_args q = {.act = AUDIT_CONFIG, .object = object, .rows = rows, .count = count};
    return seal_exchange(k, MSG_RESEAL, call, &q, arena, out, e);
}

enum status keeper_outcome(struct keeper *k, uint64_t intent, bool committed, struct error *e) {
    struct args *a = client_args(k, NULL);
    a->number = intent;
    a->flag = committed;
    return client_exchange(k, MSG_OUTCOME, a, NULL, e);
}

void keeper_outcome_later(struct keeper *k, uint64_t intent, bool committed) {
    struct args *a = client_args(k, NULL);
    a->number = intent;
    a->flag = committed;
    client_post(k, MSG_OUTCOME, a);
}

enum status keeper_open_intents(struct keeper *k, bool left, uint64_t *intents, size_t room, size_t *n,
                                struct error *e) {
    struct args *a = client_args(k, NULL);
    a->number32 = room > PROTOCOL_LIST_MAX ? PROTOCOL_LIST_MAX : (uint32_t)room;
    a->flag = left;
    *n = 0;
    enum status s = client_exchange(k, MSG_OPEN_INTENTS, a, NULL, e);
    for (size_t i = 0; s == ST_OK && i < a->number_count && i < room; i++)
        intents[(*n)++] = a->numbers[i];
    return s;
}

enum status keeper_lookup(struct keeper *k, const struct keeper_call *call, uint16_t object, uint16_t field,
                          uint8_t search, enum view view, struct slice text, struct arena *arena,
                          struct keeper_term_list **out, size_t *n, struct error *e) {
    struct args *a = client_args(k, call);
    a->object = object;
    a->field = field;
    a->search = search;
    a->view = (uint8_t)view;
    a->text = text;
    enum status s = client_exchange(k, MSG_LOOKUP, a, arena, e);
    *out = s == ST_OK ? a->lists : NULL;
    *n = s == ST_OK ? a->list_count : 0;
    return s;
}

static enum status make_box(struct keeper *k, const struct keeper_call *call, bool passing, struct uuid *box,
                            struct error *e) {
    struct args *a = client_args(k, call);
    a->flag = passing;
    enum status s = client_exchange(k, MSG_BOX_MAKE, a, NULL, e);
    if (s == ST_OK)
        *box = a->uuid;
    return s;
}

enum status keeper_box_make(struct keeper *k, const struct keeper_call *call, struct uuid *box,
                            struct error *e) {
    return make_box(k, call, false, box, e);
}

enum status keeper_box_make_passing(struct keeper *k, const struct keeper_call *call, struct uuid *box,
                                    struct error *e) {
    return make_box(k, call, true, box, e);
}

enum status keeper_box_destroy(struct keeper *k, const struct keeper_call *call, const struct uuid *box,
                               struct error *e) {
    struct args *a = client_args(k, call);
    a->uuid = *box;
    return client_exchange(k, MSG_BOX_DESTROY, a, NULL, e);
}

static enum status box_chunk(struct keeper *k, enum message number, const struct keeper_call *call,
                             const struct uuid *box, uint8_t stream, uint64_t sequence, struct slice in,
                             struct slice *out, struct error *e) {
    struct args *a = client_args(k, call);
    a->uuid = *box;
    a->stream = stream;
    a->number = sequence;
    a->text = in;
    enum status s = client_exchange(k, number, a, NULL, e);
    *out = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_box_seal(struct keeper *k, const struct keeper_call *call, const struct uuid *box,
                            uint8_t stream, uint64_t sequence, struct slice plain, struct slice *sealed,
                            struct error *e) {
    return box_chunk(k, MSG_BOX_SEAL, call, box, stream, sequence, plain, sealed, e);
}

enum status keeper_box_open(struct keeper *k, const struct keeper_call *call, const struct uuid *box,
                            uint8_t stream, uint64_t sequence, struct slice sealed, struct slice *plain,
                            struct error *e) {
    return box_chunk(k, MSG_BOX_OPEN, call, box, stream, sequence, sealed, plain, e);
}

enum status keeper_record(struct keeper *k, const struct keeper_call *call, uint8_t act, uint8_t outcome,
                          uint16_t object, const struct uuid *record, struct slice tag, struct slice detail,
                          struct error *e) {
    bool none = record == NULL || uuid_is_nil(record);
    return keeper_record_all(k, call, act, outcome, object, record, none ? 0 : 1, tag, detail, e);
}

enum status keeper_record_all(struct keeper *k, const struct keeper_call *call, uint8_t act, uint8_t outcome,
                              uint16_t object, const struct uuid *records, size_t count, struct slice tag,
                              struct slice detail, struct error *e) {
    struct args *a = client_args(k, call);
    a->act = act;
    a->outcome = outcome;
    a->object = object;
    a->third = slice_of(records, count * sizeof *records);
    a->text = tag;
    a->second = detail;
    return client_exchange(k, MSG_RECORD, a, NULL, e);
}

enum status keeper_audit_read(struct keeper *k, const struct keeper_call *call, uint64_t from, uint32_t most,
                              struct slice *frames, uint64_t *next, struct error *e) {
    struct args *a = client_args(k, call);
    a->number = from;
    a->number32 = most;
    enum status s = client_exchange(k, MSG_AUDIT_READ, a, NULL, e);
    *frames = s == ST_OK ? a->text : SLICE_NONE;
    *next = s == ST_OK ? a->number : from;
    return s;
}

/* Exchanges that answer with one text. */
static enum status text_of(struct keeper *k, enum message number, struct args *a, struct slice *out,
                           struct error *e) {
    enum status s = client_exchange(k, number, a, NULL, e);
    *out = s == ST_OK ? a->text : SLICE_NONE;
    return s;
}

enum status keeper_audit_detail(struct keeper *k, const struct keeper_call *call, uint64_t seq,
                                struct slice wrapped_key, struct slice *detail, struct error *e) {
    struct args *a = client_args(k, call);
    a->number = seq;
    a->text = wrapped_key;
    return text_of(k, MSG_AUDIT_DETAIL, a, detail, e);
}

enum status keeper_audit_head(struct keeper *k, const struct keeper_call *call, struct slice *checkpoint,
                              struct error *e) {
    return text_of(k, MSG_AUDIT_HEAD, client_args(k, call), checkpoint, e);
}

enum status keeper_budgets(struct keeper *k, const struct keeper_call *call, struct slice *json,
                           struct error *e) {
    return text_of(k, MSG_BUDGETS, client_args(k, call), json, e);
}

enum status keeper_health(struct keeper *k, struct slice *json, struct error *e) {
    return text_of(k, MSG_HEALTH, client_args(k, NULL), json, e);
}

enum status keeper_policy_list(struct keeper *k, struct slice *json, struct error *e) {
    return text_of(k, MSG_POLICY_LIST, client_args(k, NULL), json, e);
}

enum status keeper_policy_text(struct keeper *k, uint32_t *number, struct slice *text, struct error *e) {
    struct args *a = client_args(k, NULL);
    a->number32 = *number;
    enum status s = text_of(k, MSG_POLICY_TEXT, a, text, e);
    if (s == ST_OK)
        *number = a->number32;
    return s;
}

enum status keeper_policy_propose(struct keeper *k, const struct keeper_call *call, uint32_t based_on,
                                  bool widens, struct slice note, struct slice text, uint32_t *number,
                                  bool *published, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = based_on;
    a->flag = widens;
    a->text = note;
    a->second = text;
    enum status s = client_exchange(k, MSG_POLICY_PROPOSE, a, NULL, e);
    *number = s == ST_OK ? a->number32 : 0;
    *published = s == ST_OK && a->flag;
    return s;
}

enum status keeper_policy_decide(struct keeper *k, const struct keeper_call *call, uint32_t number,
                                 bool approve, struct slice note, struct error *e) {
    struct args *a = client_args(k, call);
    a->number32 = number;
    a->flag = approve;
    a->text = note;
    return client_exchange(k, MSG_POLICY_DECIDE, a, NULL, e);
}

enum status keeper_policy_first(struct keeper *k, struct slice text, struct error *e) {
    struct args *a = client_args(k, NULL);
    a->text = text;
    return client_exchange(k, MSG_POLICY_FIRST, a, NULL, e);
}
