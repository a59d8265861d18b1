/* Any bytes as JSON policies, as a schema in both syntaxes, as entities and requests read by it, as text to
 * lay out: whatever is taken must come back the same from the other syntax, and a formatted text must say the
 * same. The first byte says what the rest is. */
#include "policy/authorize.h"
#include "policy/policy_format.h"
#include "policy/policy_json.h"
#include "policy/schema_print.h"
#include "policy/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX ((size_t)1 << 24)

static const char schema_text[] =
    "entity Group in [Group]; entity Level enum [\"low\"];"
    "entity User in [Group] { a: Long, b?: { c?: ipaddr, d: Set<String> }, e?: User, f?: Level } tags "
    "decimal;"
    "action all; action view in [all] appliesTo { principal: User, resource: [User, Group], context: "
    "{ g?: datetime, h?: Bool } };";

static const struct schema *the_schema(struct arena *a) {
    const struct schema_source *source;
    const struct schema *schema;
    struct error e;
    if (schema_source_from_text(SLICE(schema_text), "s", a, &source, &e) != ST_OK ||
        schema_resolve(source, a, &schema, &e) != ST_OK)
        abort();
    return schema;
}

static struct slice json_of(const struct policies *p, struct arena *a) {
    struct buf out;
    buf_init(&out, OUT_MAX, false);
    struct slice copy = policies_to_json(p, &out) == ST_OK ? arena_copy(a, buf_slice(&out)) : SLICE_NONE;
    buf_free(&out);
    return copy;
}

/* Formatting changes no meaning; a second time it changes nothing. */
static void format(struct slice text, struct arena *a, struct slice json) {
    struct buf once, twice;
    struct policies p;
    struct error e;
    buf_init(&once, OUT_MAX, false);
    buf_init(&twice, OUT_MAX, false);
    if (policy_format(text, "f", 80, 2, a, &once, &e) == ST_OK) {
        if (policies_from_text(buf_slice(&once), "f", a, &p, &e) != ST_OK ||
            !slice_equal(json_of(&p, a), json))
            abort();
        if (policy_format(buf_slice(&once), "f", 80, 2, a, &twice, &e) == ST_OK &&
            !slice_equal(buf_slice(&once), buf_slice(&twice)))
            abort();
    }
    buf_free(&once);
    buf_free(&twice);
}

static void take_policies(const struct policies *p, struct arena *a) {
    const struct schema *schema = the_schema(a);
    struct findings strict, permissive;
    if (validate(p, schema, true, a, &strict) != ST_OK || validate(p, schema, false, a, &permissive) != ST_OK)
        return;
    if (strict.errors == 0 && permissive.errors > 0)
        abort();
}

static void policies_text(struct slice text, struct arena *a) {
    struct policies p, again;
    struct error e;
    if (policies_from_text(text, "p", a, &p, &e) != ST_OK)
        return;
    struct slice json = json_of(&p, a);
    if (json.p == NULL)
        return;
    /* JSON may be nested deeper than the text that is made of it again */
    if (policies_from_json(json, "j", a, &again, &e) == ST_OK && again.link_count == 0 &&
        !slice_equal(json_of(&again, a), json))
        abort();
    format(text, a, json);
    take_policies(&p, a);
}

static void policies_json(struct slice text, struct arena *a) {
    struct policies p, again;
    struct error e;
    if (policies_from_json(text, "p", a, &p, &e) != ST_OK)
        return;
    struct slice json = json_of(&p, a);
    if (json.p != NULL && policies_from_json(json, "j", a, &again, &e) == ST_OK &&
        !slice_equal(json_of(&again, a), json))
        abort();
    take_policies(&p, a);
}

static void schema(struct slice text, bool json, struct arena *a) {
    const struct schema_source *source, *again;
    const struct schema *ignored, *also;
    struct buf out;
    struct error e;
    if ((json ? schema_source_from_json(text, "s", a, &source, &e)
              : schema_source_from_text(text, "s", a, &source, &e)) != ST_OK ||
        schema_resolve(source, a, &ignored, &e) != ST_OK)
        return;
    buf_init(&out, OUT_MAX, false);
    if (schema_to_json(source, &out) == ST_OK &&
        (schema_source_from_json(buf_slice(&out), "s", a, &again, &e) != ST_OK ||
         schema_resolve(again, a, &also, &e) != ST_OK || also->entity_count != ignored->entity_count))
        abort();
    buf_reset(&out);
    if (schema_to_text(source, &out, &e) != ST_OK)
        buf_reset(&out);
    buf_free(&out);
}

static void entities(struct slice text, struct arena *a) {
    struct entity_store store;
    struct error e;
    (void)!entity_store_from_json(text, "e", NULL, a, &store, &e);
    (void)!entity_store_from_json(text, "e", the_schema(a), a, &store, &e);
}

static void request(struct slice text, struct arena *a) {
    const struct document *d;
    struct cedar_request q;
    struct error e;
    if (document_parse(text, "r", a, &d, &e) == ST_OK)
        (void)!request_from_json(d, "r", the_schema(a), true, a, &q, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    if (size == 0)
        return 0;
    struct slice rest = slice_of(data + 1, size - 1);
    arena_init(&a, (size_t)1 << 28, ARENA_PLAIN);
    switch (data[0] % 6) {
    case 0:
        policies_text(rest, &a);
        break;
    case 1:
        policies_json(rest, &a);
        break;
    case 2:
        schema(rest, false, &a);
        break;
    case 3:
        schema(rest, true, &a);
        break;
    case 4:
        entities(rest, &a);
        break;
    default:
        request(rest, &a);
    }
    arena_free(&a);
    return 0;
}
