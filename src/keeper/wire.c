#include "keeper/protocol.h"

bool wire_done(const struct wire *w) {
    if (w->failed)
        return false;
    return w->out != NULL ? !w->out->failed : reader_done(&w->in);
}

void wire_bytes(struct wire *w, void *p, size_t n) {
    if (w->out != NULL)
        buf_put(w->out, p, n);
    else
        reader_copy(&w->in, p, n);
}

void wire_u8(struct wire *w, uint8_t *v) {
    if (w->out != NULL)
        buf_put_u8(w->out, *v);
    else
        *v = reader_u8(&w->in);
}

void wire_u16(struct wire *w, uint16_t *v) {
    if (w->out != NULL)
        buf_put_u16(w->out, *v);
    else
        *v = reader_u16(&w->in);
}

void wire_u32(struct wire *w, uint32_t *v) {
    if (w->out != NULL)
        buf_put_u32(w->out, *v);
    else
        *v = reader_u32(&w->in);
}

void wire_u64(struct wire *w, uint64_t *v) {
    if (w->out != NULL)
        buf_put_u64(w->out, *v);
    else
        *v = reader_u64(&w->in);
}

void wire_bool(struct wire *w, bool *v) {
    uint8_t byte = w->out != NULL && *v ? 1 : 0;
    wire_u8(w, &byte);
    if (byte > 1)
        w->failed = true;
    *v = byte == 1;
}

void wire_size(struct wire *w, size_t *v, size_t most) {
    uint32_t n = w->out != NULL && *v <= most ? (uint32_t)*v : 0;
    if (w->out != NULL && *v > most)
        w->failed = true;
    wire_u32(w, &n);
    if (n > most)
        w->failed = true;
    *v = w->failed ? 0 : n;
}

void wire_slice(struct wire *w, struct slice *s, size_t most) {
    if (w->out == NULL) {
        *s = reader_slice(&w->in, most);
        return;
    }
    if (s->n > most)
        w->failed = true;
    else
        buf_put_slice(w->out, *s);
}

#define NULL_LENGTH UINT32_MAX

void wire_nullable(struct wire *w, struct slice *s, size_t most) {
    if (w->out != NULL) {
        if (s->p == NULL)
            buf_put_u32(w->out, NULL_LENGTH);
        else
            wire_slice(w, s, most);
        return;
    }
    uint32_t n = reader_u32(&w->in);
    *s = SLICE_NONE;
    if (n == NULL_LENGTH)
        return;
    if (n > most)
        w->failed = true;
    else
        *s = reader_bytes(&w->in, n);
    if (s->p == NULL)
        w->failed = true;
}

void *wire_array(struct wire *w, const void *as_is, size_t count, size_t size) {
    if (w->failed || (w->out == NULL && w->in.failed))
        return NULL;
    if (w->out != NULL) {
        union {
            const void *in;
            void *out;
        } same = {.in = as_is}; /* the writer only reads */
        return same.out;
    }
    void *p = arena_array(w->arena, count, size);
    if (p == NULL)
        w->failed = true;
    return p;
}

static void wire_text(struct wire *w, char *text, size_t room) {
    struct slice s = w->out != NULL ? slice_of(text, strnlen(text, room - 1)) : SLICE_NONE;
    wire_slice(w, &s, room - 1);
    if (w->out == NULL && !w->in.failed) {
        if (s.n > 0)
            memcpy(text, s.p, s.n);
        text[s.n] = '\0';
    }
}

static void wire_i64(struct wire *w, int64_t *v) {
    uint64_t u = (uint64_t)*v;
    wire_u64(w, &u);
    *v = (int64_t)u;
}

static void wire_call(struct wire *w, struct keeper_call *c) {
    wire_bytes(w, c->token.b, sizeof c->token.b);
    wire_bytes(w, c->request.b, sizeof c->request.b);
    wire_bytes(w, c->address, sizeof c->address);
    wire_u8(w, &c->purpose);
}

static void wire_lent(struct wire *w, struct principal_lent *l) {
    wire_u32(w, &l->from);
    wire_u32(w, &l->department);
    wire_size(w, &l->role_count, PRINCIPAL_LENT_ROLES);
    for (size_t i = 0; i < l->role_count && !w->failed; i++)
        wire_text(w, l->roles[i], sizeof l->roles[i]);
}

static void wire_principal(struct wire *w, struct principal *p) {
    wire_u32(w, &p->user);
    wire_text(w, p->login, sizeof p->login);
    wire_text(w, p->name, sizeof p->name);
    wire_size(w, &p->role_count, KEEPER_ROLES_MAX);
    for (size_t i = 0; i < p->role_count && !w->failed; i++)
        wire_text(w, p->roles[i], sizeof p->roles[i]);
    wire_u32(w, &p->department);
    uint32_t duties = p->duties;
    wire_u32(w, &duties);
    p->duties = duties;
    wire_bytes(w, p->session.b, sizeof p->session.b);
    wire_bool(w, &p->is_key);
    wire_bool(w, &p->is_job);
    wire_bool(w, &p->has_reason);
    wire_bool(w, &p->must_change_password);
    wire_u8(w, &p->step);
    if (p->step >= SIGN_IN_STEP_END)
        w->failed = true;
    wire_i64(w, &p->signed_in_at);
    wire_i64(w, &p->expires_at);
    wire_i64(w, &p->second_factor_at);
    wire_size(w, &p->lent_count, PRINCIPAL_LENT_MAX);
    for (size_t i = 0; i < p->lent_count && !w->failed; i++)
        wire_lent(w, &p->lent[i]);
    wire_u64(w, &p->registry_version);
    wire_u32(w, &p->policy_version);
}

static void wire_sessions(struct wire *w, struct args *a, size_t most) {
    wire_size(w, &a->session_count, most);
    a->sessions = wire_array(w, a->sessions, a->session_count, sizeof *a->sessions);
    for (size_t i = 0; a->sessions != NULL && i < a->session_count && !w->failed; i++) {
        struct keeper_session_info *s = &a->sessions[i];
        wire_bytes(w, s->id.b, sizeof s->id.b);
        wire_u32(w, &s->user);
        wire_i64(w, &s->signed_in_at);
        wire_i64(w, &s->seen_at);
        wire_bytes(w, s->address, sizeof s->address);
        wire_slice(w, &s->agent, PROTOCOL_AGENT_MAX);
        wire_bool(w, &s->current);
        wire_bool(w, &s->is_key);
        wire_bool(w, &s->is_job);
        wire_i64(w, &s->expires_at);
    }
}

static void wire_items(struct wire *w, struct args *a, size_t most) {
    wire_size(w, &a->item_count, most);
    a->items = wire_array(w, a->items, a->item_count, sizeof *a->items);
    for (size_t i = 0; a->items != NULL && i < a->item_count && !w->failed; i++) {
        struct registry_item *r = &a->items[i];
        wire_u8(w, &r->kind);
        wire_u32(w, &r->id);
        wire_u64(w, &r->version);
        wire_slice(w, &r->document, PROTOCOL_DOCUMENT_MAX);
    }
}

static void wire_numbers(struct wire *w, struct args *a, size_t most) {
    wire_size(w, &a->number_count, most);
    a->numbers = wire_array(w, a->numbers, a->number_count, sizeof *a->numbers);
    for (size_t i = 0; a->numbers != NULL && i < a->number_count; i++)
        wire_u64(w, &a->numbers[i]);
}

static void wire_lists(struct wire *w, struct args *a, size_t most) {
    wire_size(w, &a->list_count, most);
    a->lists = wire_array(w, a->lists, a->list_count, sizeof *a->lists);
    for (size_t i = 0; a->lists != NULL && i < a->list_count && !w->failed; i++) {
        struct keeper_term_list *l = &a->lists[i];
        wire_size(w, &l->count, PROTOCOL_LIST_MAX);
        uint64_t *terms = wire_array(w, l->terms, l->count, sizeof *terms);
        for (size_t k = 0; terms != NULL && k < l->count; k++)
            wire_u64(w, &terms[k]);
        l->terms = terms;
    }
}

static void wire_whole(struct wire *w, const struct part *p, struct args *a) {
    switch (p->type) {
    case PART_PRINCIPAL:
        wire_principal(w, &a->who);
        break;
    case PART_SESSIONS:
        wire_sessions(w, a, p->most);
        break;
    case PART_ITEMS:
        wire_items(w, a, p->most);
        break;
    case PART_NUMBERS:
        wire_numbers(w, a, p->most);
        break;
    case PART_LISTS:
        wire_lists(w, a, p->most);
        break;
    case PART_OPEN:
        wire_open(w, a);
        break;
    case PART_OPENED:
        wire_opened(w, a);
        break;
    case PART_SEAL:
        wire_seal(w, a);
        break;
    case PART_SEALED:
        wire_sealed(w, a);
        break;
    default:
        w->failed = true;
    }
}

static void wire_part(struct wire *w, const struct part *p, struct args *a) {
    void *at = (char *)a + p->offset;
    switch (p->type) {
    case PART_U8:
        wire_u8(w, at);
        break;
    case PART_U16:
        wire_u16(w, at);
        break;
    case PART_U32:
        wire_u32(w, at);
        break;
    case PART_U64:
        wire_u64(w, at);
        break;
    case PART_BOOL:
        wire_bool(w, at);
        break;
    case PART_UUID:
        wire_bytes(w, at, sizeof(struct uuid));
        break;
    case PART_TOKEN:
        wire_bytes(w, at, sizeof(struct token));
        break;
    case PART_SLICE:
        wire_slice(w, at, p->most);
        break;
    default:
        wire_whole(w, p, a);
    }
}

static void wire_parts(struct wire *w, const struct part *parts, struct args *a) {
    for (size_t i = 0; i < PARTS_MAX && parts[i].type != PART_END && !w->failed; i++)
        wire_part(w, &parts[i], a);
}

void wire_request(struct wire *w, const struct message_info *m, struct args *a) {
    if (m->call)
        wire_call(w, &a->call);
    wire_parts(w, m->request, a);
}

void wire_reply(struct wire *w, const struct message_info *m, struct args *a) {
    wire_parts(w, m->reply, a);
}

void wire_error(struct wire *w, struct error *e) {
    wire_text(w, e->code, sizeof e->code);
    wire_text(w, e->field, sizeof e->field);
    wire_text(w, e->detail, sizeof e->detail);
}
