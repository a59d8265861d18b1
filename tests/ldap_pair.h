/* An entry as libldap has it, from the bytes of a server's answer (RFC 4511): the server is the other end of
 * a pair of sockets. */
#ifndef KEDUN_TESTS_LDAP_PAIR_H
#define KEDUN_TESTS_LDAP_PAIR_H

#include "connect/ldap_entry.h"

#include <openldap.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct ldap_pair {
    LDAP *ld;
    int far;
};

static bool ldap_pair_open(struct ldap_pair *p) {
    int ends[2];
    *p = (struct ldap_pair){NULL, -1};
    if (setenv("LDAPNOINIT", "1", 1) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    p->far = ends[1];
    return ldap_init_fd(ends[0], LDAP_PROTO_TCP, NULL, &p->ld) == LDAP_SUCCESS;
}

static void ldap_pair_close(struct ldap_pair *p) {
    (void)ldap_unbind_ext(p->ld, NULL, NULL);
    (void)close(p->far);
}

/* `operation`: what stands in the message's place of an operation, tag and length included. NULL: libldap did
 * not take it for an entry. */
static LDAPMessage *ldap_pair_take(struct ldap_pair *p, struct slice operation) {
    LDAPMessage *got = NULL;
    struct berval message, op = {operation.n, (char *)(uintptr_t)operation.p};
    struct timeval wait = {.tv_sec = 0, .tv_usec = 0};
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    char all[] = "1.1", *attributes[] = {all, NULL};
    int id = 0;
    bool sent = ber != NULL &&
                ldap_search_ext(p->ld, "", LDAP_SCOPE_BASE, NULL, attributes, 0, NULL, NULL, NULL, 0, &id) ==
                    LDAP_SUCCESS &&
                ber_printf(ber, "{i", id) >= 0 &&
                ber_write(ber, op.bv_val, op.bv_len, 0) == (ber_slen_t)op.bv_len &&
                ber_printf(ber, "N}") >= 0 && ber_flatten2(ber, &message, 0) >= 0 &&
                send(p->far, message.bv_val, message.bv_len, MSG_DONTWAIT) == (ssize_t)message.bv_len;
    int kind = sent ? ldap_result(p->ld, id, LDAP_MSG_ONE, &wait, &got) : -1;
    ber_free(ber, 1);
    if (kind == LDAP_RES_SEARCH_ENTRY)
        return got;
    ldap_msgfree(got);
    return NULL;
}

#endif
