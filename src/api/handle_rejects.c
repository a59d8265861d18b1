/* The rejected rows of an import as a CSV file, sent as it is opened: it may be larger than any buffer. */
#include "api/engine.h"
#include "api/fastcgi/fastcgi.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "base/file.h"
#include "share/rejects.h"

#define CSV_MOST (8 * REJECTS_MOST)

struct words {
    const struct object_def *object; /* may be NULL */
    enum language language;
};

static void put_title(struct buf *out, struct slice field, struct slice code, const void *context) {
    const struct words *w = context;
    char text[ERROR_CODE_MAX + 1] = "";
    memcpy(text, code.p, code.n < ERROR_CODE_MAX ? code.n : ERROR_CODE_MAX);
    const struct field_def *f = w->object == NULL || field.n == 0 ? NULL : object_field(w->object, field);
    const char *label = f == NULL ? NULL : w->language == LANGUAGE_EN ? f->label.en : f->label.zh;
    if (label != NULL)
        buf_put_string(out, label);
    else
        buf_put(out, field.p, field.n);
    if (field.n > 0)
        buf_put_string(out, ": ");
    const char *title = problem_title(text, w->language);
    buf_put_string(out, title == NULL ? text : title);
}

static enum status send_chunk(const struct engine *engine, struct caller *c, const struct http_request *r,
                              const struct import *i, uint64_t n, const struct words *words,
                              struct buf *out) {
    struct slice sealed, plain;
    struct error ignored;
    const char *path = import_path(c->arena, engine->env->data_dir, &i->id, 'r', n);
    enum status s = path == NULL ? ST_NOMEM : file_read(path, IMPORT_SEALED_MAX, c->arena, &sealed);
    if (s == ST_OK) {
        s = keeper_box_open(c->keeper, &c->call, &i->kept_box, STREAM_REJECTS, n, sealed, &plain, &ignored);
    }
    buf_reset(out);
    if (s == ST_OK)
        s = rejects_write_csv(plain, put_title, words, out);
    return s == ST_OK ? fastcgi_send(r->fd, r->stream_id, buf_slice(out), false) : s;
}

static enum status send_all(const struct engine *engine, struct caller *c, const struct http_request *r,
                            const struct import *i, uint64_t chunks) {
    static const char head[] =
        "Status: 200 OK\r\nContent-Type: text/csv; charset=utf-8\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Disposition: attachment; filename=\"rejects.csv\"\r\n\r\n\xef\xbb\xbf";
    struct words words = {.object = object_by_id(c->world.objects, i->object), .language = c->language};
    struct buf out;
    buf_init(&out, CSV_MOST, true);
    enum status s = fastcgi_send(r->fd, r->stream_id, SLICE(head), false);
    for (uint64_t n = 0; s == ST_OK && n < chunks; n++) {
        s = send_chunk(engine, c, r, i, n, &words, &out);
        arena_reset(c->arena);
    }
    buf_free(&out);
    return s == ST_OK ? fastcgi_send(r->fd, r->stream_id, SLICE_NONE, true) : s;
}

HANDLER(api_import_rejects) {
    struct uuid id;
    struct import i;
    struct job job;
    if (!uuid_parse(r->parameters[0], &id))
        return error_set(e, ST_NOT_FOUND, "not_found", "there is no such import");
    enum status s = import_get(c->reader, &id, c->who.user, c->arena, &i, e);
    if (s == ST_OK && uuid_is_nil(&i.job))
        s = error_set(e, ST_NOT_FOUND, "not_found", "the import has not been started");
    if (s == ST_OK)
        s = job_get(c->reader, &i.job, c->arena, &job, e);
    if (s == ST_OK) {
        s = keeper_record(c->keeper, &c->call, AUDIT_EXPORT, AUDIT_DONE, i.object, &i.id,
                          SLICE("import rejects"), SLICE(""), e);
    }
    if (s != ST_OK)
        return s;
    reply->streamed = true; /* from here on; a failure can only cut the file short */
    reply->ended = send_all(engine, c, r, &i, job.chunks) == ST_OK;
    return ST_OK;
}
