/* Writing: who may change what, and all of a change or none of it. */
#include "base/clock.h"
#include "base/json_in.h"
#include "keeper/registry_company.h"
#include "keeper/registry_executive.h"
#include "keeper/registry_organise.h"
#include "keeper/registry_past.h"
#include "keeper/registry_scim.h"
#include "keeper/registry_second.h"
#include "value/login.h"

#include <stdlib.h>

struct change {
    uint8_t kind;
    uint32_t id;
    const struct item *old;
    json_t *json;
    char *text;
    union parsed parsed;
    struct item *fresh;
    struct buf value;
};

struct batch {
    struct registry *r;
    const struct registry_writer *who;
    struct change *changes;
    size_t count;
};

static enum status denied(struct error *e, const char *why) {
    return error_set(e, ST_DENIED, "not_your_duty", "%s", why);
}

static bool is_rights_key(const char *key) {
    return strcmp(key, "roles") == 0 || strcmp(key, "duties") == 0 || strcmp(key, "review") == 0 ||
           strcmp(key, "post_roles") == 0 || strcmp(key, "mail_confirmed") == 0;
}

/* Whoever writes a mail by himself could make an account that his own identity signs in to: a mail is
 * believed at sign-in once two have set it, or a security administrator has confirmed it as it stands. */
static enum status settle_mail(const struct registry_writer *who, const json_t *asked, json_t *base,
                               const json_t *before) {
    const json_t *mail = json_object_get(base, "mail");
    bool trusted = who->scim && who->trusts_mail && before == NULL; /* two have approved that key's terms */
    if ((who->second != 0 || trusted) && json_object_get(asked, "mail") != NULL)
        return json_object_set_new(base, "mail_confirmed", json_true()) == 0 ? ST_OK : ST_NOMEM;
    if (mail == NULL || !json_equal(mail, json_object_get(before, "mail")))
        (void)json_object_del(base, "mail_confirmed");
    return ST_OK;
}

/* A partner's sponsor renews the account and confirms the training, and nothing else. */
static bool sponsor_may(const struct registry_writer *who, const struct change *c, const char *key) {
    return c->old != NULL && c->old->parsed.user.partner && c->old->parsed.user.sponsor == who->user &&
           !c->old->parsed.user.disabled && (strcmp(key, "until") == 0 || strcmp(key, "trained_at") == 0);
}

/* One key of a user's document: laid over the base where the writer may, else it must be equal. */
static enum status merge_key(const struct registry_writer *who, const struct change *c, json_t *base,
                             const char *key, json_t *value, struct error *e) {
    bool rights = is_rights_key(key);
    unsigned duty = rights ? DUTY_SECURITY_ADMIN : DUTY_SYSTEM_ADMIN;
    if (json_equal(json_object_get(base, key), value))
        return ST_OK;
    if ((who->duties & duty) == 0 && !sponsor_may(who, c, key))
        return denied(e, rights ? "roles and duties are the security administrator's"
                                : "the security administrator changes roles and duties only");
    if (rights && (who->user == c->id || who->second == c->id))
        return error_set(e, ST_DENIED, "own_rights", "nobody changes his own roles or duties");
    return json_object_set(base, key, value) == 0 ? ST_OK : ST_NOMEM;
}

static enum status merge_user(const struct registry_writer *who, struct change *c, struct error *e) {
    if ((who->duties & (DUTY_SYSTEM_ADMIN | DUTY_SECURITY_ADMIN)) == 0 && !sponsor_may(who, c, "until"))
        return denied(e, "users are the administrators'");
    if (c->old == NULL && (who->duties & DUTY_SYSTEM_ADMIN) == 0)
        return denied(e, "the system administrator makes users");
    enum status s = who->scim ? registry_scim_check(who, c->old, c->json, e) : ST_OK;
    if (s != ST_OK)
        return s;
    json_t *base = c->old == NULL ? json_pack("{s:[],s:[]}", "roles", "duties") : NULL, *before = NULL;
    const char *key;
    json_t *value;
    if (c->old != NULL)
        s = json_read(slice_of(c->old->document, c->old->document_n), 0, &base, NULL);
    if (base == NULL)
        s = ST_NOMEM;
    json_object_foreach(c->json, key, value) {
        if (s == ST_OK && strcmp(key, "id") != 0 && !past_is_key(key))
            s = merge_key(who, c, base, key, value, e);
    }
    if (s == ST_OK && c->old != NULL)
        s = json_read(slice_of(c->old->document, c->old->document_n), 0, &before, NULL);
    if (s == ST_OK)
        s = settle_mail(who, c->json, base, before);
    if (s == ST_OK)
        s = registry_scim_mark(who, c->json, base, before);
    if (s == ST_OK)
        s = organise_posts(base, before);
    if (s == ST_OK)
        s = past_keep(base, before, clock_wall_ms());
    json_decref(before);
    json_decref(c->json);
    c->json = base;
    return s;
}

static enum status merge_department(const struct registry_writer *who, struct change *c, struct error *e) {
    if ((who->duties & DUTY_SYSTEM_ADMIN) == 0)
        return denied(e, "departments are the system administrator's");
    return organise_department(c->old == NULL ? SLICE_NONE : slice_of(c->old->document, c->old->document_n),
                               &c->json, e);
}

static enum status check_writer(const struct registry_writer *who, struct change *c, struct error *e) {
    if (who == NULL)
        return ST_OK;
    switch (c->kind) {
    case REGISTRY_USER:
        return merge_user(who, c, e);
    case REGISTRY_DEPARTMENT:
        return merge_department(who, c, e);
    case REGISTRY_GRANT:
        return who->grants ? ST_OK : denied(e, "grants are made by request and approval");
    case REGISTRY_ROLE:
    case REGISTRY_COMPANY:
        if ((who->duties & DUTY_SECURITY_ADMIN) == 0)
            return denied(e, "roles and budgets are the security administrator's");
        return c->kind == REGISTRY_ROLE ? ST_OK : company_rests(c->old, c->json, e);
    default:
        return who->duties & DUTY_SYSTEM_ADMIN ? ST_OK : denied(e, "fields are the system administrator's");
    }
}

/* Leads, posts with roles that hold longer, a partner made staff: not one administrator's alone. */
static enum status check_opening(const struct batch *b, const struct change *c, struct error *e) {
    json_t *before = NULL;
    if (b->who == NULL || b->who->second != 0)
        return ST_OK;
    enum status s =
        c->old == NULL ? ST_OK : json_read(slice_of(c->old->document, c->old->document_n), 0, &before, NULL);
    if (s == ST_OK && second_opens_more(before, c->json))
        s = error_set(e, ST_DENIED, "needs_second", "what opens records to others takes two: propose it");
    json_decref(before);
    return s;
}

/* Somebody who holds a duty, or will, is changed by two only. */
static enum status check_second(const struct batch *b, const struct change *c, struct error *e) {
    unsigned before = c->old == NULL ? 0 : c->old->parsed.user.duties;
    bool mail = b->r->guard_mail && c->old != NULL && b->who != NULL && b->who->second == 0 &&
                strcmp(c->old->parsed.user.mail, c->parsed.user.mail) != 0;
    if (mail)
        return error_set(e, ST_DENIED, "needs_second", "people sign in by their mail: its change takes two");
    if (b->who == NULL || (before | c->parsed.user.duties) == 0)
        return check_opening(b, c, e);
    if (b->who->second == c->id || b->who->user == c->id)
        return error_set(e, ST_DENIED, "own_rights", "nobody takes part in a change to himself");
    if (b->who->second == 0)
        return error_set(e, ST_DENIED, "needs_second", "a change to a duty's holder takes two: propose it");
    return ST_OK;
}

static const struct change *batch_change(const struct batch *b, const struct item *of) {
    for (size_t i = 0; i < b->count; i++) {
        if (b->changes[i].old == of)
            return &b->changes[i];
    }
    return NULL;
}

static unsigned duty_of(const struct parsed_user *u) {
    return u->disabled ? 0 : u->duties;
}

/* The last of each duty stays. */
static enum status check_last(const struct batch *b, struct error *e) {
    unsigned before = 0, after = 0;
    for (size_t i = 0; i < b->r->count; i++) {
        const struct item *x = b->r->items[i];
        if (x->kind != REGISTRY_USER)
            continue;
        const struct change *c = batch_change(b, x);
        before |= duty_of(&x->parsed.user);
        after |= duty_of(c == NULL ? &x->parsed.user : &c->parsed.user);
    }
    for (size_t i = 0; i < b->count; i++) {
        if (b->changes[i].kind == REGISTRY_USER && b->changes[i].old == NULL)
            after |= duty_of(&b->changes[i].parsed.user);
    }
    if ((before & ~after) == 0)
        return ST_OK;
    return error_set(e, ST_CONFLICT, "last_of_duty", "each duty needs a holder: name another one first");
}

/* Two accounts with one mail could neither sign in by it: no provisioning key makes such a pair. */
static enum status check_mail(const struct batch *b, const struct change *c, struct error *e) {
    const char *mail = c->parsed.user.mail;
    bool same = c->old != NULL && strcmp(c->old->parsed.user.mail, mail) == 0;
    if (b->who == NULL || !b->who->scim || *mail == '\0' || same)
        return ST_OK;
    for (size_t i = 0; i < b->r->count; i++) {
        const struct item *x = b->r->items[i];
        if (x->kind == REGISTRY_USER && x->id != c->id && strcmp(x->parsed.user.mail, mail) == 0)
            return error_field(e, ST_CONFLICT, "mail_taken", "mail", "another account has this mail");
    }
    return ST_OK;
}

static enum status check_user(const struct batch *b, const struct change *c, struct error *e) {
    const char *login = c->parsed.user.login;
    bool kept = c->old != NULL && strcmp(c->old->parsed.user.login, login) == 0;
    if (!kept && !login_is_plain(slice_from_string(login)))
        return error_field(e, ST_INVALID, "bad_login", "login", "no blank, unseen or full-width character");
    const struct item *same = map_get(&b->r->by_login, slice_from_string(c->parsed.user.login));
    bool taken = same != NULL && same->id != c->id;
    for (const struct change *o = b->changes; o < c; o++)
        taken =
            taken || (o->kind == REGISTRY_USER && strcmp(o->parsed.user.login, c->parsed.user.login) == 0);
    if (taken)
        return error_field(e, ST_CONFLICT, "login_taken", "login", "another user has this login");
    enum status s = check_mail(b, c, e);
    return s == ST_OK ? check_second(b, c, e) : s;
}

static const struct parsed_department *department_at(const struct batch *b, uint32_t id) {
    for (size_t i = 0; i < b->count; i++) {
        if (b->changes[i].kind == REGISTRY_DEPARTMENT && b->changes[i].id == id)
            return &b->changes[i].parsed.department;
    }
    const struct item *d = registry_find(b->r, REGISTRY_DEPARTMENT, id);
    return d == NULL ? NULL : &d->parsed.department;
}

/* A department below itself would be nobody's. */
static enum status check_ring(const struct batch *b, const struct change *c, struct error *e) {
    uint32_t at = c->parsed.department.parent;
    for (unsigned step = 0; at != 0 && step < 64; step++) {
        if (at == c->id)
            return error_field(e, ST_INVALID, "department_ring", "parent", "it would stand below itself");
        const struct parsed_department *d = department_at(b, at);
        at = d == NULL ? 0 : d->parent;
    }
    return ST_OK;
}

/* Posts that were not there before are in departments that are open. */
static enum status check_places(const struct batch *b, const struct change *c, struct error *e) {
    const struct parsed_user *u = &c->parsed.user, *was = c->old == NULL ? NULL : &c->old->parsed.user;
    for (size_t i = 0; i < u->post_count; i++) {
        bool known = false;
        for (size_t k = 0; was != NULL && k < was->post_count; k++)
            known = known || was->posts[k].id == u->posts[i].id;
        const struct parsed_department *d = department_at(b, u->posts[i].department);
        if (!known && (d == NULL || d->closed || d->merged_into != 0))
            return error_field(e, ST_INVALID, "bad_document", "posts", "a post in a department that is open");
    }
    return ST_OK;
}

static enum status check_partner(const struct batch *b, const struct change *c, struct error *e) {
    const struct parsed_user *u = &c->parsed.user;
    const struct item *sponsor = u->partner ? registry_find(b->r, REGISTRY_USER, u->sponsor) : NULL;
    if (!u->partner)
        return ST_OK;
    if (sponsor == NULL || sponsor->parsed.user.partner || sponsor->id == c->id)
        return error_field(e, ST_INVALID, "bad_document", "sponsor", "a member of staff");
    bool longer = c->old == NULL || u->until > c->old->parsed.user.until;
    if (longer && u->until > clock_wall_ms() + PARTNER_DAYS * 24 * 3600 * (int64_t)1000)
        return error_field(e, ST_INVALID, "bad_document", "until", "within %d days", PARTNER_DAYS);
    return ST_OK;
}

/* What is true of the whole change only. */
static enum status check_together(const struct batch *b, struct error *e) {
    enum status s = ST_OK;
    for (size_t i = 0; s == ST_OK && i < b->count; i++) {
        const struct change *c = &b->changes[i];
        if (c->kind == REGISTRY_DEPARTMENT)
            s = check_ring(b, c, e);
        if (c->kind == REGISTRY_USER)
            s = check_places(b, c, e);
        if (s == ST_OK && c->kind == REGISTRY_USER)
            s = check_partner(b, c, e);
    }
    return s;
}

static enum status check_department(const struct batch *b, const struct change *c, struct error *e) {
    enum status s = c->old == NULL ? ST_OK : check_ring(b, c, e);
    if (c->old == NULL || s != ST_OK)
        return s;
    if (b->who->second == 0 && organise_widens(b->r, c->old, &c->parsed.department))
        return error_set(e, ST_DENIED, "needs_second", "what opens records to others takes two: propose it");
    return organise_check(b->r, c->old, &c->parsed.department, e);
}

/* Judged here, where nobody else writes: two who end or review one grant at once don't undo each other. */
static enum status check_closing(const struct change *c, struct error *e) {
    json_t *old = NULL, *value;
    const char *key;
    enum status s = json_read(slice_of(c->old->document, c->old->document_n), 0, &old, NULL);
    json_object_foreach(old, key, value) {
        if (s == ST_OK && !json_is_null(value) && !json_equal(json_object_get(c->json, key), value))
            s = error_set(e, ST_CONFLICT, "grant_closed", "that has been done");
    }
    json_decref(old);
    return s;
}

/* What people make of their own hand is bounded. */
static enum status check_grant(const struct batch *b, const struct change *c, struct error *e) {
    int64_t now = clock_wall_ms(), month = now - 30 * 24 * 3600 * (int64_t)1000;
    size_t live = 0, recent = 0, all = 0;
    if (c->old != NULL)
        return check_closing(c, e);
    for (size_t k = 0; k < b->r->count; k++) {
        const struct parsed_grant *g = &b->r->items[k]->parsed.grant;
        if (b->r->items[k]->kind != REGISTRY_GRANT)
            continue;
        all++;
        if (g->by != b->who->user)
            continue;
        live += (!g->ended && now < g->until) || (g->glass && !g->reviewed);
        recent += g->since > month;
    }
    bool alone = b->who->second == 0;
    return alone && (live >= GRANTS_LIVE || recent >= GRANTS_MONTH || all >= REGISTRY_ROOM / 2)
               ? error_set(e, ST_LIMIT, "too_many_grants", "too many rights for a time: end some first")
               : ST_OK;
}

/* Who has or lent it gives it back unasked. */
static bool gives_back(const struct registry_writer *who, const struct change *c) {
    const struct parsed_grant *g = &c->parsed.grant;
    return c->kind == REGISTRY_GRANT && c->old != NULL && (who->user == g->user || who->user == g->from);
}

/* All of a change together: what is missing is told at once. */
static enum status check_executives(const struct batch *b, struct error *e) {
    enum executive_part most = EXECUTIVE_NONE;
    size_t changed = 0;
    if (!high_risk_asks_rights(&b->r->company.high_risk.rights))
        return ST_OK;
    for (size_t i = 0; i < b->count; i++) {
        const struct change *c = &b->changes[i];
        json_t *before = NULL;
        if (c->old != NULL &&
            json_read(slice_of(c->old->document, c->old->document_n), 0, &before, NULL) != ST_OK)
            return error_set(e, ST_NOMEM, "no_memory", "registry");
        enum executive_part part =
            gives_back(b->who, c) ? EXECUTIVE_NONE : executive_change(b->r, c->kind, c->old, before, c->json);
        json_decref(before);
        most = part > most ? part : most;
        changed += part == EXECUTIVE_CHANGED;
    }
    if (b->who->executives != NULL)
        *b->who->executives = changed;
    return company_check_executives(b->r, b->who, most, e);
}

static enum status check_rules(const struct batch *b, const struct change *c, struct error *e) {
    const union parsed *p = &c->parsed;
    if (c->kind == REGISTRY_USER)
        return check_user(b, c, e);
    if (c->kind == REGISTRY_DEPARTMENT)
        return b->who == NULL ? ST_OK : check_department(b, c, e);
    if (c->kind == REGISTRY_GRANT)
        return b->who == NULL ? ST_OK : check_grant(b, c, e);
    if (c->kind == REGISTRY_COMPANY)
        return b->who == NULL ? ST_OK : company_check(b->r, b->who, c->old, &p->company, e);
    if (c->kind == REGISTRY_ROLE) {
        const struct item *same = map_get(&b->r->by_role, slice_from_string(p->role.name));
        if (same != NULL && same->id != c->id)
            return error_field(e, ST_CONFLICT, "role_taken", "name", "another role has this name");
        enum status s = b->who == NULL ? ST_OK : role_says_budget(c->json, &p->role, e);
        return s != ST_OK || b->who == NULL ? s : role_check(b->r, b->who, c->old, &p->role, e);
    }
    if (c->kind == REGISTRY_CATALOGUE) {
        if (c->id != ((uint32_t)p->field.object << 16 | p->field.field))
            return error_field(e, ST_INVALID, "bad_document", "field", "the id is object << 16 | field");
        if (c->old != NULL && c->old->parsed.field.class > p->field.class)
            return error_field(e, ST_DENIED, "class_lowered", "class", "a class can only go up");
    }
    return ST_OK;
}

static uint32_t next_id(const struct batch *b, const struct change *c) {
    uint32_t last = b->r->last_id[c->kind];
    for (const struct change *o = b->changes; o < c; o++)
        last = o->kind == c->kind && o->id > last ? o->id : last;
    return last + 1;
}

static uint32_t choose_id(const struct batch *b, const struct change *c) {
    if (c->id != 0)
        return c->id;
    if (c->kind == REGISTRY_COMPANY)
        return 1;
    if (c->kind == REGISTRY_CATALOGUE)
        return (uint32_t)((uint64_t)json_integer_value(json_object_get(c->json, "object")) << 16 |
                          ((uint64_t)json_integer_value(json_object_get(c->json, "field")) & 0xffff));
    return next_id(b, c);
}

/* Ids are given in turn: a writer names one that there is, or the next (as imports do, whose people stand in
 * departments of the same list). A field's id follows from its numbers. */
static bool id_fits(const struct batch *b, const struct change *c) {
    if (c->kind == REGISTRY_COMPANY)
        return c->id == 1;
    return b->who == NULL || c->old != NULL || c->kind == REGISTRY_CATALOGUE || c->id == next_id(b, c);
}

static enum status prepare_change(struct batch *b, struct change *c, struct error *e) {
    c->id = choose_id(b, c);
    /* Only writers change items, and they take turns: reading without the lock is safe here. */
    c->old = registry_find(b->r, c->kind, c->id);
    if (!id_fits(b, c))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such item of the registry");
    for (const struct change *o = b->changes; o < c; o++) {
        if (o->kind == c->kind && o->id == c->id)
            return error_set(e, ST_INVALID, "bad_document", "one item stands twice in the change");
    }
    enum status s = check_writer(b->who, c, e);
    if (s == ST_OK && c->kind != REGISTRY_CATALOGUE &&
        json_object_set_new(c->json, "id", json_integer((json_int_t)c->id)) != 0)
        s = ST_NOMEM;
    if (s == ST_OK)
        s = registry_parse(c->kind, c->json, &c->parsed, e);
    return s == ST_OK ? check_rules(b, c, e) : s;
}

static enum status render_change(struct change *c, uint64_t version, struct error *e) {
    c->text = json_print(c->json, JSON_COMPACT | JSON_SORT_KEYS);
    if (c->text == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "document");
    struct slice document = slice_from_string(c->text);
    if (document.n > ((size_t)64 << 10))
        return error_set(e, ST_LIMIT, "document_too_large", "a registry document has at most 64 KiB");
    c->fresh = item_new(c->kind, c->id, version, document, &c->parsed);
    buf_put_u64(&c->value, version);
    buf_put(&c->value, document.p, document.n);
    return c->fresh == NULL || c->value.failed ? error_set(e, ST_NOMEM, "no_memory", "document") : ST_OK;
}

static enum status take_all(struct batch *b) {
    enum status s = ST_OK;
    (void)pthread_rwlock_wrlock(&b->r->lock);
    for (size_t i = 0; s == ST_OK && i < b->count; i++) {
        s = registry_take(b->r, b->changes[i].fresh);
        if (s == ST_OK)
            b->changes[i].fresh = NULL;
    }
    if (s == ST_OK)
        s = registry_index(b->r);
    (void)pthread_rwlock_unlock(&b->r->lock);
    return s;
}

/* Before anything is stored: what is on the disk must find its place, now and after a restart. */
static enum status reserve_all(struct batch *b, struct error *e) {
    size_t fresh = 0;
    for (size_t i = 0; i < b->count; i++)
        fresh += b->changes[i].old == NULL;
    if (fresh > 0 && b->r->count + fresh > REGISTRY_ROOM)
        return error_set(e, ST_LIMIT, "too_many_items", "the registry is full");
    (void)pthread_rwlock_wrlock(&b->r->lock);
    enum status s = registry_reserve(b->r, fresh);
    (void)pthread_rwlock_unlock(&b->r->lock);
    return s == ST_OK ? s : error_set(e, s, "no_memory", "registry");
}

static enum status store_all(struct batch *b, const struct vault_change *also, struct error *e) {
    struct vault_change *changes = calloc(b->count + 1, sizeof *changes);
    size_t n = 0;
    enum status s = changes == NULL ? ST_NOMEM : reserve_all(b, e);
    for (size_t i = 0; s == ST_OK && i < b->count; i++) {
        struct change *c = &b->changes[i];
        s = render_change(c, b->r->version + 1 + i, e);
        if (s == ST_OK)
            changes[n++] = (struct vault_change){VAULT_REGISTRY, slice_of(c->fresh->key, REGISTRY_KEY),
                                                 buf_slice(&c->value)};
    }
    if (s != ST_OK) {
        free(changes);
        return changes == NULL ? error_set(e, s, "no_memory", "registry") : s;
    }
    if (also != NULL)
        changes[n++] = *also;
    s = vault_commit(b->r->vault, changes, n);
    free(changes);
    if (s == ST_OK)
        s = take_all(b);
    return s == ST_OK ? s : error_set(e, s, "registry_store", "the change could not be stored");
}

static enum status run_batch(struct batch *b, const struct registry_change *in, bool dry,
                             const struct vault_change *also, struct error *e) {
    enum status s = ST_OK;
    bool users = false;
    if (b->who != NULL && b->who->rests_on != 0 && b->who->rests_on != b->r->version)
        return error_set(e, ST_RETRY, "registry_moved", "somebody else changed the registry just now");
    for (size_t i = 0; s == ST_OK && i < b->count; i++) {
        struct change *c = &b->changes[i];
        c->kind = in[i].kind;
        c->id = in[i].id;
        if (c->kind < REGISTRY_USER || c->kind >= REGISTRY_KIND_END)
            return error_set(e, ST_INVALID, "bad_kind", "no such kind of registry item");
        s = registry_parse_json(in[i].document, &c->json, e);
        if (s == ST_OK)
            s = prepare_change(b, c, e);
        users = users || c->kind == REGISTRY_USER;
    }
    if (s == ST_OK && b->who != NULL)
        s = check_together(b, e);
    if (s == ST_OK && users && b->who != NULL)
        s = check_last(b, e);
    if (s == ST_OK && b->who != NULL)
        s = check_executives(b, e);
    return s == ST_OK && !dry ? store_all(b, also, e) : s;
}

static enum status put_all(struct registry *r, const struct registry_writer *who, struct registry_change *in,
                           size_t count, bool dry, const struct vault_change *also, struct error *e) {
    const size_t most = who != NULL && who->import ? REGISTRY_IMPORT_MAX : REGISTRY_BATCH_MAX;
    if (count == 0 || count > most)
        return error_set(e, ST_LIMIT, "too_many_changes", "1 to %zu documents at once", most);
    struct batch b = {.r = r, .who = who, .count = count};
    b.changes = calloc(count, sizeof *b.changes);
    if (b.changes == NULL)
        return error_set(e, ST_NOMEM, "no_memory", "registry");
    for (size_t i = 0; i < count; i++)
        buf_init(&b.changes[i].value, VAULT_VALUE_MAX, false);
    (void)pthread_mutex_lock(&r->writer);
    enum status s = run_batch(&b, in, dry, also, e);
    (void)pthread_mutex_unlock(&r->writer);
    for (size_t i = 0; i < count; i++) {
        struct change *c = &b.changes[i];
        if (s == ST_OK)
            in[i].id = c->id;
        json_decref(c->json);
        free(c->text);
        item_free(c->fresh);
        buf_free(&c->value);
    }
    free(b.changes);
    return s;
}

enum status registry_put_all(struct registry *r, const struct registry_writer *who,
                             struct registry_change *changes, size_t count, const struct vault_change *also,
                             struct error *e) {
    return put_all(r, who, changes, count, false, also, e);
}

void registry_guard_mail(struct registry *r, bool guarded) {
    (void)pthread_mutex_lock(&r->writer);
    r->guard_mail = guarded;
    (void)pthread_mutex_unlock(&r->writer);
}

enum status registry_check(struct registry *r, const struct registry_writer *who,
                           struct registry_change *changes, size_t count, struct error *e) {
    return put_all(r, who, changes, count, true, NULL, e);
}

enum status registry_put(struct registry *r, const struct registry_writer *who, uint8_t kind, uint32_t id,
                         struct slice document, uint32_t *made, struct error *e) {
    struct registry_change one = {kind, id, document};
    enum status s = put_all(r, who, &one, 1, false, NULL, e);
    if (s == ST_OK)
        *made = one.id;
    return s;
}

unsigned registry_touched(struct registry *r, const struct registry_change *changes, size_t count,
                          uint32_t *users, size_t room) {
    size_t n = 0;
    unsigned duties = 0;
    (void)pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < count; i++) {
        const struct item *old = registry_find(r, changes[i].kind, changes[i].id);
        json_t *json = NULL;
        if (changes[i].kind != REGISTRY_USER)
            continue;
        if (n < room && changes[i].id != 0)
            users[n++] = changes[i].id;
        duties |= old == NULL ? 0 : old->parsed.user.duties;
        if (registry_parse_json(changes[i].document, &json, NULL) == ST_OK)
            duties |= registry_parse_duties(json_object_get(json, "duties"));
        json_decref(json);
    }
    (void)pthread_rwlock_unlock(&r->lock);
    return duties;
}
