#include "server/gateway/pages.h"

#include <string.h>

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

bool pages_serve(struct request *request, const char *path)
{
    static const struct {
        const char *path;
        void (*serve)(struct request *request);
    } PAGES[] = {{"/healthz", serve_health},
                 {"/readyz", readiness_serve},
                 {"/metrics", metrics_page_serve},
                 {"/openapi.json", serve_openapi}};
    for (size_t i = 0; i < sizeof(PAGES) / sizeof(PAGES[0]); i++) {
        if (strcmp(path, PAGES[i].path) != 0) {
            continue;
        }
        request->is_page = true;
        if (strcmp(request->method, MHD_HTTP_METHOD_GET) == 0 || strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0) {
            PAGES[i].serve(request);
        } else {
            qvt_error error;
            (void)qvt_error_set(&error, QVT_UNIMPLEMENTED, NULL, "%s is not allowed here; allowed: GET, HEAD",
                                request->method);
            request_fail(request, &error, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD");
        }
        return true;
    }
    return false;
}
