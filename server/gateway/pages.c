#include "server/gateway/pages.h"

#include <string.h>

#include "server/gateway/caller.h"
#include "server/gateway/metrics_page.h"
#include "server/gateway/openapi.h"
#include "server/gateway/readiness.h"

static void answer_text(struct request *request, const char *content_type, qvt_slice text)
{
    struct buf body = BUF_INIT;
    if (buf_append_slice(&body, text) != QVT_OK) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the page");
        request_fail(request, &error, 0, NULL);
        return;
    }
    request_answer(request, MHD_HTTP_OK, content_type, &body);
}

static void serve_health(struct request *request)
{
    answer_text(request, "application/json", qvt_slice_text("{\"status\":\"ok\"}\n"));
}

static void serve_openapi(struct request *request)
{
    answer_text(request, "application/json", qvt_slice_make(openapi_json, openapi_json_len));
}

static void serve_metrics(struct request *request)
{
    if (caller_admit_read_all(request, "GET /metrics")) {
        metrics_page_serve(request);
    }
}

/* Probes and browsers have no credential: what is open says nothing of any cluster to those without one. */
static const struct page {
    const char *path;
    bool open;
    void (*serve)(struct request *request);
} PAGES[] = {{"/healthz", true, serve_health},
             {"/readyz", true, readiness_serve},
             {"/metrics", false, serve_metrics},
             {"/openapi.json", true, serve_openapi}};

/* By the path of a request's target, which may have a query. */
static const struct page *find_page(const char *target)
{
    size_t len = strcspn(target, "?");
    for (size_t i = 0; i < sizeof(PAGES) / sizeof(PAGES[0]); i++) {
        if (strlen(PAGES[i].path) == len && memcmp(PAGES[i].path, target, len) == 0) {
            return &PAGES[i];
        }
    }
    return NULL;
}

bool pages_are_open(const char *target)
{
    const struct page *page = find_page(target);
    return page != NULL && page->open;
}

bool pages_serve(struct request *request, const char *path)
{
    const struct page *page = find_page(path);
    if (page == NULL) {
        return false;
    }
    request->is_page = true;
    if (request->refusal != NULL) {
        request_fail(request, request->refusal, 0, NULL);
    } else if (strcmp(request->method, MHD_HTTP_METHOD_GET) == 0 ||
               strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0) {
        page->serve(request);
    } else {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_UNIMPLEMENTED, NULL, "%s is not allowed here; allowed: GET, HEAD",
                            request->method);
        request_fail(request, &error, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD");
    }
    return true;
}
