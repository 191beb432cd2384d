#include "client/src/client.h"

#include "base/check.h"
#include "client/src/options.h"

static qvt_status read_terms(qvt_client *client, struct call_terms *terms, const qvt_call_options *given)
{
    qvt_call_options options = QVT_CALL_OPTIONS_INIT;
    terms->error = &terms->own;
    qvt_error_clear(&terms->own);
    QVT_TRY(options_read(&options, sizeof options, given, "qvt_call_options", &terms->own));
    if (options.error != NULL) {
        terms->error = options.error;
        qvt_error_clear(terms->error);
    }
    terms->timeout_ms = options.timeout_ms > 0 ? options.timeout_ms : client->options.default_timeout_ms;
    terms->fail_fast = options.fail_fast;
    return QVT_OK;
}

qvt_status call_read(qvt_client *client, struct call_terms *terms, const qvt_call_options *given)
{
    if (read_terms(client, terms, given) == QVT_OK && client_is_foreign(client)) {
        qvt_error_set(terms->error, QVT_FAILED_PRECONDITION, "FORKED",
                      "the client was made before this process was forked: make one in this process");
        return QVT_FAILED_PRECONDITION; /* what is locked since the fork stays so */
    }
    return call_finish(client, terms);
}

qvt_status call_may_block(qvt_client *client, struct call_terms *terms)
{
    if (loop_is_current(&client->loop)) {
        qvt_error_set(terms->error, QVT_FAILED_PRECONDITION, NULL,
                      "a callback of the library must not block; use the form that ends in _async");
    }
    return call_finish(client, terms);
}

qvt_status call_may_begin(qvt_client *client, struct call_terms *terms)
{
    if (loop_is_current(&client->loop) && client->is_leaving) {
        qvt_error_set(terms->error, QVT_CANCELLED, NULL, "the client is being freed");
    }
    return call_finish(client, terms);
}

qvt_status call_begin(qvt_client *client, struct call_terms *terms, const qvt_call_options *given)
{
    QVT_TRY(call_read(client, terms, given));
    return call_may_block(client, terms);
}

qvt_status call_begin_async(qvt_client *client, struct call_terms *terms, const qvt_call_options *given)
{
    QVT_TRY(call_read(client, terms, given));
    return call_may_begin(client, terms);
}

qvt_status call_finish(qvt_client *client, struct call_terms *terms)
{
    client_note_error(client, terms->error);
    return terms->error->status;
}
