/* From a request to a person: cookie or API key to the keeper's principal, CSRF, and the directory kept
 * fresh. */
#ifndef KEDUN_API_SESSION_H
#define KEDUN_API_SESSION_H

#include "api/http.h"

#define SESSION_COOKIE    "__Host-kedun"
#define SESSION_CSRF_TEXT 43 /* characters, without NUL */

/* Fills call.token and who. A principal is remembered for a second at most; every opening of a value asks the
 * keeper anew, so a revoked session reads nothing in that second. */
MUST_CHECK enum status session_identify(struct caller *c, const struct http_request *r, bool needs_csrf,
                                        struct error *e);

/* Forgets a remembered principal (after sign-out and rotation). */
void session_forget(const struct token *token);

/* The CSRF token that belongs to a session token: a hash, so it needs no place of its own. */
MUST_CHECK enum status session_csrf(const struct token *token, char out[SESSION_CSRF_TEXT + 1]);

/* Cookie header for a token; NULL clears it. */
void session_set_cookie(struct http_reply *reply, const struct token *token);

/* Somebody joined, left or moved: reads the organisation anew when the keeper's is newer than the world's. */
MUST_CHECK enum status session_refresh_directory(struct caller *c, struct error *e);

/* The same, asking the keeper now instead of believing what is remembered: for pages that show what another
 * administrator has just changed. */
MUST_CHECK enum status session_see_newest(struct caller *c, struct error *e);

/* False on what is no token. */
bool session_parse_token(struct slice text, struct token *out);
/* base64url and a NUL. */
void session_format_token(const struct token *token, char out[64]);
/* IPv4 or IPv6 text; "" for zeros. */
void session_format_address(const uint8_t address[16], char out[64]);

/* REMOTE_ADDR as 16 bytes, IPv4 mapped; zeros when it is none. */
void session_address(struct slice text, uint8_t out[16]);

/* Why half a session is refused: ST_DENIED "second_factor_pending" or "second_factor_enrol". */
MUST_CHECK enum status session_half(const struct caller *c, struct error *e);
/* The same after a sign-in: first the session ends that the browser's cookie stood for before. */
MUST_CHECK enum status session_begin(struct caller *c, const struct http_request *r, struct http_reply *reply,
                                     struct error *e);
/* {"csrf", "me"}: what a sign-in, or a step of it, answers (handle_session.c). */
MUST_CHECK enum status session_answer(struct caller *c, struct http_reply *reply, struct error *e);

#endif
