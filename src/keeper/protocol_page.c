/* The protocol as a table of docs/protocol.md. */
#include "keeper/protocol.h"

static void document_part(struct buf *out, const struct part *p, bool first) {
    static const char *const names[] = {"",      "u8",         "u16",   "u32",       "u64",      "bool",
                                        "uuid",  "token",      "bytes", "principal", "sessions", "items",
                                        "u64[]", "term lists", "open",  "opened",    "seal",     "sealed"};
    if (!first)
        buf_put_string(out, ", ");
    buf_put_format(out, "%s %s", p->name, names[p->type]);
    if (p->most > 0)
        buf_put_format(out, " ≤ %zu", p->most);
}

static void document_parts(struct buf *out, const struct part *parts) {
    for (size_t i = 0; i < PARTS_MAX && parts[i].type != PART_END; i++)
        document_part(out, &parts[i], i == 0);
}

void protocol_document(struct buf *out) {
    buf_put_string(out, "| no. | message | sockets | token | when | request | answer |\n"
                        "| --- | --- | --- | --- | --- | --- | --- |\n");
    size_t count;
    const struct message_info *messages = protocol_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct message_info *m = &messages[i];
        buf_put_format(out, "| %d | `%s` |%s%s%s%s | %s | %s | ", (int)m->number, m->name,
                       m->doors & DOOR_ENGINE ? " engine" : "", m->doors & DOOR_JOBS ? " jobs" : "",
                       m->doors & DOOR_ADMIN ? " admin" : "", m->doors & DOOR_OUTBOUND ? " outbound" : "",
                       m->token  ? "yes"
                       : m->call ? "optional"
                                 : "no",
                       m->when);
        document_parts(out, m->request);
        buf_put_string(out, " | ");
        document_parts(out, m->reply);
        buf_put_string(out, " |\n");
    }
}
