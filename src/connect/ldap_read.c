#include "connect/ldap_read.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openldap.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 5000
#define SECURE_MS  8000 /* to connect and to agree on TLS */
#define PAGE       500
#define CA_BYTES   32768 /* a pipe holds 64 KiB (pipe(7)) */

struct session {
    const struct ldap_read *read;
    LDAP *ld;
    int fd;
    int64_t until; /* monotonic ms */
    struct error *e;
    pthread_t watch;
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool watched, done, hung_up;
};

static int64_t now_ms(void) {
    return clock_monotonic_ns() / 1000000;
}

enum status ldap_read_setup(void) {
    return setenv("LDAPNOINIT", "1", 1) == 0 ? ST_OK : ST_UNAVAILABLE;
}

/* ---- to the server ---- */

static bool address_of(const struct sockaddr *from, uint8_t out[16]) {
    memset(out, 0, 16);
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        out[10] = out[11] = 0xff;
        memcpy(out + 12, &in.sin_addr, 4);
        return true;
    }
    struct sockaddr_in6 in6;
    if (from->sa_family != AF_INET6)
        return false;
    memcpy(&in6, from, sizeof in6);
    memcpy(out, &in6.sin6_addr, 16);
    return true;
}

static bool connect_within(int fd, const struct addrinfo *to, int ms) {
    int problem = 0;
    socklen_t n = sizeof problem;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    struct pollfd wait = {fd, POLLOUT, 0};
    return poll(&wait, 1, ms) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &n) == 0 && problem == 0;
}

static int dial_one(const struct addrinfo *to) {
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect_within(fd, to, CONNECT_MS) && fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static enum status dial(struct session *s) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    char port[8];
    bool forbidden = false;
    (void)snprintf(port, sizeof port, "%u", s->read->port & 0xffff);
    if (getaddrinfo(s->read->host, port, &hints, &all) != 0)
        all = NULL;
    for (const struct addrinfo *a = all; a != NULL && s->fd < 0 && now_ms() < s->until; a = a->ai_next) {
        uint8_t address[16];
        if (!address_of(a->ai_addr, address) || !fetch_permits(&s->read->destinations, address))
            forbidden = true;
        else
            s->fd = dial_one(a);
    }
    if (all != NULL)
        freeaddrinfo(all);
    if (s->fd >= 0)
        return ST_OK;
    return forbidden
               ? error_set(s->e, ST_DENIED, "outbound_address", "the address is not one that may be asked")
               : error_set(s->e, ST_UNAVAILABLE, "ldap_unreachable", "no connection to the directory");
}

/* Hangs up when the time is over, whatever libldap waits for. */
static void *watch_main(void *argument) {
    struct session *s = argument;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->done && !s->hung_up) {
        const struct timespec at = {.tv_sec = (time_t)(s->until / 1000),
                                    .tv_nsec = (long)(s->until % 1000 * 1000000)};
        (void)pthread_cond_timedwait(&s->over, &s->lock, &at);
        s->hung_up = !s->done && now_ms() >= s->until;
    }
    if (s->hung_up)
        (void)shutdown(s->fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* From now on. */
static void watch_for(struct session *s, int64_t ms) {
    (void)pthread_mutex_lock(&s->lock);
    s->until = now_ms() + ms;
    (void)pthread_cond_broadcast(&s->over);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Read where the watch writes it. */
static bool is_hung_up(struct session *s) {
    (void)pthread_mutex_lock(&s->lock);
    bool is = s->hung_up;
    (void)pthread_mutex_unlock(&s->lock);
    return is;
}

static enum status watch_begin(struct session *s) {
    if (pthread_mutex_init(&s->lock, NULL) != 0 || clock_condition_init(&s->over) != 0)
        return error_set(s->e, ST_NOMEM, "no_memory", "no watch");
    s->watched = pthread_create(&s->watch, NULL, watch_main, s) == 0;
    return s->watched ? ST_OK : error_set(s->e, ST_NOMEM, "no_memory", "no thread for the watch");
}

static void watch_end(struct session *s) {
    (void)pthread_mutex_lock(&s->lock);
    s->done = true;
    (void)pthread_cond_broadcast(&s->over);
    (void)pthread_mutex_unlock(&s->lock);
    if (s->watched)
        (void)pthread_join(s->watch, NULL);
    (void)pthread_cond_destroy(&s->over);
    (void)pthread_mutex_destroy(&s->lock);
}

/* ---- TLS ---- */

/* libldap takes several authorities from a file alone: a pipe that holds them whole is one, and needs neither
 * a disk nor a wider jail (pipes can be opened again by /proc, and Landlock minds only what can be mounted).
 */
static bool fill_pipe(const char *pem, int *from) {
    int ends[2];
    size_t n = strlen(pem);
    *from = -1;
    if (n > CA_BYTES || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    bool whole = write(ends[1], pem, n) == (ssize_t)n;
    (void)close(ends[1]);
    *from = ends[0];
    return whole;
}

/* A context of its own for this connection, which reads the authorities now. */
static bool make_context(LDAP *ld, const char *pem) {
    static const int client = 0;
    char path[64] = "/etc/ssl/certs/ca-certificates.crt";
    int fd = -1;
    bool fine = pem == NULL || fill_pipe(pem, &fd);
    if (pem != NULL)
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    fine = fine && ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, path) == 0 &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) == 0;
    if (fd >= 0)
        (void)close(fd);
    return fine;
}

static bool set_bounds(LDAP *ld) {
    const struct timeval wait = {.tv_sec = LDAP_READ_MS / 1000}, brief = {.tv_sec = CONNECT_MS / 1000};
    const int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER, demand = LDAP_OPT_X_TLS_DEMAND;
    const int tls = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    unsigned long most = LDAP_PDU_MOST;
    Sockbuf *sb = NULL;
    return ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) == 0 &&
           ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
           ldap_set_option(ld, LDAP_OPT_DEREF, &never) == 0 &&
           ldap_set_option(ld, LDAP_OPT_TIMEOUT, &wait) == 0 &&
           ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &brief) == 0 &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0 &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls) == 0 &&
           ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == 0 &&
           ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1;
}

static enum status no_tls(struct session *s) {
    if (is_hung_up(s))
        return error_set(s->e, ST_UNAVAILABLE, "ldap_slow", "the directory did not answer in time");
    return error_set(s->e, ST_UNAVAILABLE, "ldap_tls",
                     "no TLS with a certificate that the authority vouches for and that bears this name");
}

static enum status secure(struct session *s) {
    const struct ldap_read *r = s->read;
    char url[320];
    bool v6 = strchr(r->host, ':') != NULL;
    (void)snprintf(url, sizeof url, "%s://%s%.255s%s:%u", r->start_tls ? "ldap" : "ldaps", v6 ? "[" : "",
                   r->host, v6 ? "]" : "", r->port & 0xffff);
    if (ldap_init_fd(s->fd, LDAP_PROTO_TCP, url, &s->ld) != LDAP_SUCCESS)
        return error_set(s->e, ST_NOMEM, "no_memory", "the LDAP library did not take the connection");
    if (!set_bounds(s->ld) || !make_context(s->ld, r->ca))
        return error_set(s->e, ST_UNAVAILABLE, "ldap_tls", "the authorities are no certificates in PEM");
    int rc = r->start_tls ? ldap_start_tls_s(s->ld, NULL, NULL) : ldap_install_tls(s->ld);
    return rc == LDAP_SUCCESS && ldap_tls_inplace(s->ld) ? ST_OK : no_tls(s);
}

/* ---- questions ---- */

static enum status refused(struct session *s, int rc) {
    if (is_hung_up(s) || rc == LDAP_TIMEOUT || rc == LDAP_TIMELIMIT_EXCEEDED || now_ms() >= s->until)
        return error_set(s->e, ST_UNAVAILABLE, "ldap_slow", "the directory did not answer in time");
    if (rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_INVALID_DN_SYNTAX)
        return error_set(s->e, ST_DENIED, "ldap_credentials", "the directory does not take DN and password");
    if (rc == LDAP_FILTER_ERROR)
        return error_set(s->e, ST_INVALID, "ldap_filter", "the filter is none");
    if (rc == LDAP_NO_SUCH_OBJECT || rc == LDAP_REFERRAL) /* a base of another server's */
        return error_set(s->e, ST_INVALID, "ldap_base", "the directory has no such base");
    if (rc == LDAP_SIZELIMIT_EXCEEDED || rc == LDAP_ADMINLIMIT_EXCEEDED)
        return error_set(s->e, ST_LIMIT, "ldap_too_much", "more entries than the directory gives");
    if (rc == LDAP_SERVER_DOWN)
        return error_set(s->e, ST_UNAVAILABLE, "ldap_unreachable", "the connection broke");
    return error_set(s->e, ST_UNAVAILABLE, "ldap_refused", "result %d", rc);
}

static struct timeval left(const struct session *s) {
    int64_t ms = s->until - now_ms();
    ms = ms < 1 ? 1 : ms;
    return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

static enum status sign_in(struct session *s) {
    struct berval password = {strlen(s->read->password), (char *)(uintptr_t)s->read->password};
    LDAPMessage *answer = NULL;
    struct timeval wait = left(s);
    int id = 0, code = LDAP_OTHER;
    int rc = ldap_sasl_bind(s->ld, s->read->bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, &id);
    if (rc == LDAP_SUCCESS) {
        int kind = ldap_result(s->ld, id, LDAP_MSG_ALL, &wait, &answer);
        if (kind == 0)
            rc = LDAP_TIMEOUT;
        else if (kind != LDAP_RES_BIND)
            rc = LDAP_SERVER_DOWN;
        else
            rc = ldap_parse_result(s->ld, answer, &code, NULL, NULL, NULL, NULL, 0);
    }
    ldap_msgfree(answer);
    rc = rc == LDAP_SUCCESS ? code : rc;
    return rc == LDAP_SUCCESS ? ST_OK : refused(s, rc);
}

struct search {
    const char *base, *filter;
    char **attributes;
    size_t count, most;
    bool people;
    struct json *j;
};

static void take_entry(struct session *s, struct search *q, LDAPMessage *entry) {
    if (++q->count > q->most)
        return;
    if (q->people)
        ldap_entry_person(&s->read->shape, q->base, s->ld, entry, q->j);
    else
        ldap_entry_unit(q->base, s->ld, entry, q->j);
}

/* Where the next page begins; bv_len 0: there is none. */
static int page_end(struct session *s, LDAPMessage *result, struct berval *cookie) {
    LDAPControl **controls = NULL;
    int code = LDAP_OTHER;
    ber_int_t estimate = 0;
    ber_memfree(cookie->bv_val);
    *cookie = (struct berval){0, NULL};
    int rc = ldap_parse_result(s->ld, result, &code, NULL, NULL, NULL, &controls, 0);
    LDAPControl *paged = controls == NULL || rc != LDAP_SUCCESS
                             ? NULL
                             : ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (paged != NULL && ldap_parse_pageresponse_control(s->ld, paged, &estimate, cookie) != LDAP_SUCCESS)
        rc = LDAP_DECODING_ERROR;
    ldap_controls_free(controls);
    return rc == LDAP_SUCCESS ? code : rc;
}

static enum status take_page(struct session *s, struct search *q, int id, struct berval *cookie) {
    enum status st = ST_OK;
    for (bool more = true; more && st == ST_OK;) {
        LDAPMessage *one = NULL;
        struct timeval wait = left(s);
        int kind = ldap_result(s->ld, id, LDAP_MSG_ONE, &wait, &one), code = LDAP_SUCCESS;
        if (kind == LDAP_RES_SEARCH_ENTRY)
            take_entry(s, q, one);
        else if (kind == LDAP_RES_SEARCH_RESULT)
            code = page_end(s, one, cookie);
        else if (kind != LDAP_RES_SEARCH_REFERENCE)
            code = kind == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
        more = kind == LDAP_RES_SEARCH_ENTRY || kind == LDAP_RES_SEARCH_REFERENCE;
        ldap_msgfree(one);
        if (code != LDAP_SUCCESS || now_ms() >= s->until)
            st = refused(s, code);
        else if (q->count > q->most || q->j->out->failed)
            st = error_set(s->e, ST_LIMIT, "ldap_too_much", "more than can be taken at once");
    }
    return st;
}

static enum status search_all(struct session *s, struct search *q) {
    struct berval cookie = {0, NULL};
    enum status st = ST_OK;
    bool first = true;
    while (st == ST_OK && (first || cookie.bv_len > 0)) {
        LDAPControl *paged = NULL;
        struct timeval wait = left(s);
        int id = 0;
        int rc = ldap_create_page_control(s->ld, PAGE, first ? NULL : &cookie, 0, &paged);
        LDAPControl *controls[] = {paged, NULL};
        if (rc == LDAP_SUCCESS)
            rc = ldap_search_ext(s->ld, q->base, LDAP_SCOPE_SUBTREE, q->filter, q->attributes, 0, controls,
                                 NULL, &wait, 0, &id);
        ldap_control_free(paged);
        st = rc == LDAP_SUCCESS ? take_page(s, q, id, &cookie) : refused(s, rc);
        first = false;
    }
    ber_memfree(cookie.bv_val);
    return st;
}

static enum status read_people(struct session *s, struct json *j) {
    char *attributes[LDAP_HAS_COUNT + 1] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < LDAP_HAS_COUNT; i++) {
        if (s->read->shape.attribute[i] != NULL)
            attributes[n++] = (char *)(uintptr_t)s->read->shape.attribute[i];
    }
    struct search q = {.base = s->read->people_base,
                       .filter = s->read->people_filter,
                       .attributes = attributes,
                       .most = LDAP_READ_PEOPLE,
                       .people = true,
                       .j = j};
    return search_all(s, &q);
}

static enum status read_units(struct session *s, struct json *j) {
    char ou[] = "ou", *attributes[] = {ou, NULL};
    struct search q = {.base = s->read->unit_base,
                       .filter = "(objectClass=organizationalUnit)",
                       .attributes = attributes,
                       .most = LDAP_READ_UNITS,
                       .j = j};
    return s->read->unit_base == NULL ? ST_OK : search_all(s, &q);
}

static enum status read_all(struct session *s, struct buf *out) {
    struct json j = json_to(out);
    enum status st = secure(s);
    if (st == ST_OK) {
        watch_for(s, LDAP_READ_MS);
        st = sign_in(s);
    }
    json_object_begin(&j);
    json_key(&j, "people");
    json_array_begin(&j);
    if (st == ST_OK)
        st = read_people(s, &j);
    json_array_end(&j);
    json_key(&j, "units");
    json_array_begin(&j);
    if (st == ST_OK)
        st = read_units(s, &j);
    json_array_end(&j);
    json_object_end(&j);
    if (st == ST_OK && out->failed)
        st = error_set(s->e, ST_LIMIT, "ldap_too_much", "more than can be taken at once");
    return st;
}

enum status ldap_read_run(const struct ldap_read *r, struct buf *out, struct error *e) {
    struct session s = {.read = r, .fd = -1, .until = now_ms() + SECURE_MS, .e = e};
    enum status st = dial(&s);
    if (st != ST_OK)
        return st;
    st = watch_begin(&s);
    if (st == ST_OK)
        st = read_all(&s, out);
    watch_end(&s);
    if (s.ld != NULL)
        (void)ldap_unbind_ext(s.ld, NULL, NULL); /* closes the connection */
    else
        (void)close(s.fd);
    if (st != ST_OK)
        buf_reset(out);
    return st;
}
