#include "connect/fetch.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct attempt {
    const struct fetch *fetch;
    struct buf *body;
    bool forbidden; /* the address was not one to be asked */
};

enum status fetch_setup(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? ST_OK : ST_UNAVAILABLE;
}

static bool is_mapped(const uint8_t a[16]) {
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(a, prefix, sizeof prefix) == 0;
}

/* This host itself, its links, and what is nobody's (RFC 6890). */
static bool is_own(const uint8_t a[16]) {
    static const uint8_t nothing[15];
    if (is_mapped(a))
        return a[12] == 0 || a[12] == 127 || a[12] >= 224 || (a[12] == 169 && a[13] == 254);
    bool low = memcmp(a, nothing, sizeof nothing) == 0 && a[15] <= 1;
    return low || a[0] == 0xff || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

bool fetch_permits(const struct fetch *f, const uint8_t address[16]) {
    return f->network_count > 0 ? network_permits(f->networks, f->network_count, address) : !is_own(address);
}

static bool address_of(const struct curl_sockaddr *from, uint8_t out[16]) {
    memset(out, 0, 16);
    if (from->family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &from->addr, sizeof in);
        out[10] = out[11] = 0xff;
        memcpy(out + 12, &in.sin_addr, 4);
        return true;
    }
    struct sockaddr_in6 in6;
    if (from->family != AF_INET6 || from->addrlen < sizeof in6)
        return false;
    memcpy(&in6, &from->addr, sizeof in6);
    memcpy(out, &in6.sin6_addr, 16);
    return true;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to) {
    struct attempt *a = context;
    uint8_t address[16];
    if (purpose != CURLSOCKTYPE_IPCXN || !address_of(to, address) || !fetch_permits(a->fetch, address)) {
        a->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take(char *from, size_t size, size_t count, void *context) {
    struct attempt *a = context;
    size_t n = size * count;
    if (a->body->n + n > FETCH_MOST)
        return 0;
    buf_put(a->body, from, n);
    return a->body->failed ? 0 : n;
}

static bool set_bounds(CURL *c) {
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)FETCH_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_MS / 2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
}

static bool set_request(CURL *c, struct attempt *a, struct curl_slist *headers) {
    const struct fetch *f = a->fetch;
    bool fine = curl_easy_setopt(c, CURLOPT_URL, f->url) == CURLE_OK &&
                curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
                curl_easy_setopt(c, CURLOPT_WRITEDATA, a) == CURLE_OK &&
                curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
                curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, a) == CURLE_OK;
    if (fine && f->form != NULL)
        fine = curl_easy_setopt(c, CURLOPT_POSTFIELDS, f->form) == CURLE_OK;
    if (fine && f->user != NULL)
        fine = curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_USERNAME, f->user) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_PASSWORD, f->password) == CURLE_OK;
    if (!fine || f->ca == NULL)
        return fine;
    struct curl_blob ca = {.data = (void *)(uintptr_t)f->ca, .len = strlen(f->ca), .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca) == CURLE_OK;
}

enum status fetch_run(const struct fetch *f, struct buf *body, unsigned *status, struct error *e) {
    struct attempt a = {.fetch = f, .body = body};
    CURL *c = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    CURLcode rc = CURLE_OUT_OF_MEMORY;
    long number = 0;
    *status = 0;
    if (c != NULL && headers != NULL && set_bounds(c) && set_request(c, &a, headers))
        rc = curl_easy_perform(c);
    if (rc == CURLE_OK)
        rc = curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &number);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    if (rc == CURLE_OK) {
        *status = number > 0 && number < 1000 ? (unsigned)number : 0;
        return ST_OK;
    }
    buf_reset(body);
    if (a.forbidden)
        return error_set(e, ST_DENIED, "outbound_address", "the address is not one that may be asked");
    return error_set(e, ST_UNAVAILABLE, "outbound_failed", "%s", curl_easy_strerror(rc));
}
