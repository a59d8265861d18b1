/* Framed messages over a Unix stream socket.
 *
 * On the wire, little-endian: u32 bytes of payload, u16 type, u16 flags, u64 id, then the payload. The id is
 * the caller's to choose; an answer carries the id of its question. What type and flags mean is up to the two
 * ends (docs/protocol.md has the keeper's table).
 *
 * The payload of a received frame lies in the caller's buffer until the next receive into it; the buffer's
 * limit is the largest payload taken (FRAME_MOST unless there is a reason), its `secret` says whether it is
 * wiped.
 *
 * After any status but ST_OK, and ST_RETRY of frame_receive, the stream is out of step: close it. */
#ifndef KEDUN_IPC_FRAME_H
#define KEDUN_IPC_FRAME_H

#include "base/buf.h"
#include "base/status.h"

#define FRAME_HEADER 16
#define FRAME_MOST   (4u << 20)

/* Waits as long as it takes. */
#define FRAME_FOREVER (-1)

struct frame {
    uint16_t type;
    uint16_t flags;
    uint64_t id;
    struct slice payload;
};

/* One sendmsg for header and payload (more only when the socket is full). `timeout_ms` bounds the whole send.
 * ST_LIMIT: payload past FRAME_MOST. ST_UNAVAILABLE: the peer is gone or the time is up. Thread-safe only if
 * the callers take turns on the socket. Raises no SIGPIPE. */
MUST_CHECK enum status frame_send(int fd, const struct frame *f, int timeout_ms);

/* The frame's bytes, for frame_stream.before or frame_send_made. */
void frame_put(struct buf *out, const struct frame *f);
/* As frame_send, of whole frames. */
MUST_CHECK enum status frame_send_made(int fd, struct slice frames, int timeout_ms);

/* Fills `out`; its payload points into `in`, whose former content is reset.
 * ST_RETRY: the time passed before the first byte, the stream is still in step. ST_UNAVAILABLE: the peer
 * closed, or went silent in the middle of a frame. ST_LIMIT: it announced more than in->limit. */
MUST_CHECK enum status frame_receive(int fd, struct buf *in, struct frame *out, int timeout_ms);

/* Sends a question and receives its answer; ST_CORRUPT when the answer's id differs. `timeout_ms` bounds each
 * half; time running out is ST_UNAVAILABLE here. */
MUST_CHECK enum status frame_call(int fd, const struct frame *question, struct buf *in, struct frame *answer,
                                  int timeout_ms);

/* The receiving end of a connection on which many frames come: it takes what there is in one call, so that a
 * frame costs two system calls where frame_receive needs up to four. What has come behind a frame waits for
 * its turn. Do not mix with frame_receive on one socket. */
struct frame_stream {
    int fd;
    struct buf in;
    size_t taken;        /* bytes of the frame given out last */
    struct slice before; /* whole frames (frame_put) that go ahead of the next question, which forgets them */
    int timeout_ms;      /* FRAME_FOREVER, or for each frame */
};

/* `limit`: the largest payload taken. The socket must be a blocking one and stays the caller's to close. */
void frame_stream_init(struct frame_stream *s, int fd, size_t limit, bool secret, int timeout_ms);
void frame_stream_free(struct frame_stream *s); /* fine on a zeroed one; wipes if secret */

/* The next frame, in place until the next call or frame_stream_drop. Statuses as frame_receive
 * (ST_UNAVAILABLE in the middle of one). */
MUST_CHECK enum status frame_stream_next(struct frame_stream *s, struct frame *out);
/* Forgets (and wipes if secret) the frame given out last. */
void frame_stream_drop(struct frame_stream *s);
/* As frame_call. `send_ms` bounds the question. ST_NOT_FOUND: the peer had hung up before the question was
 * whole, so it has not been dealt with and may be asked on another connection; `before` stands then. */
MUST_CHECK enum status frame_stream_call(struct frame_stream *s, const struct frame *question,
                                         struct frame *answer, int send_ms);

#endif
