#include "record/catalogue.h"

static const char *class_name(enum field_class class) {
    static const char *const names[] = {"public", "internal", "personal", "sensitive"};
    return names[class];
}

void catalogue_write(const struct object_def *o, const struct field_def *f, struct buf *out) {
    struct json j = json_to(out);
    json_object_begin(&j);
    json_key(&j, "object");
    json_int(&j, o->id);
    json_key(&j, "field");
    json_int(&j, f->id);
    json_key(&j, "class");
    json_cstring(&j, class_name(f->class));
    json_key(&j, "mask");
    json_int(&j, f->mask);
    json_key(&j, "search");
    json_int(&j, f->search);
    json_key(&j, "type");
    json_int(&j, f->type);
    json_object_end(&j);
}

enum status catalogue_put(struct caller *c, const struct object_def *o, const struct field_def *f,
                          struct error *e) {
    struct buf b;
    uint32_t made;
    buf_init(&b, 1024, false);
    catalogue_write(o, f, &b);
    enum status s = keeper_registry_put(c->keeper, &c->call, REGISTRY_CATALOGUE, catalogue_id(o, f),
                                        buf_slice(&b), &made, e);
    buf_free(&b);
    return s;
}

static enum status bootstrap_object(struct keeper *k, const struct object_def *o, struct buf *b,
                                    struct error *e) {
    for (size_t i = 0; i < o->field_count; i++) {
        if (field_is_internal(&o->fields[i]))
            continue;
        buf_reset(b);
        catalogue_write(o, &o->fields[i], b);
        enum status s =
            keeper_bootstrap(k, REGISTRY_CATALOGUE, catalogue_id(o, &o->fields[i]), buf_slice(b), e);
        if (s != ST_OK)
            return s;
    }
    return ST_OK;
}

enum status catalogue_bootstrap(struct keeper *k, const struct object_set *objects, struct error *e) {
    struct buf b;
    enum status s = ST_OK;
    buf_init(&b, 1024, false);
    for (size_t i = 0; s == ST_OK && i < objects->count; i++)
        s = bootstrap_object(k, objects->objects[i], &b, e);
    buf_free(&b);
    return s;
}
