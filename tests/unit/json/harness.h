/* Messages from JSON and back, in memory of one test. */
#ifndef QVT_TESTS_UNIT_JSON_HARNESS_H
#define QVT_TESTS_UNIT_JSON_HARNESS_H

#include "base/arena.h"
#include "json/reader.h"
#include "json/writer.h"

struct harness {
    struct arena arena;
    struct json_reader reader;
    qvt_error error;
};

void harness_init(struct harness *harness);
void harness_deinit(struct harness *harness);

/* The status; *out borrowed until deinit, NULL on failure. */
qvt_status harness_read(struct harness *harness, const struct json_message_type *type, const char *text,
                        ProtobufCMessage **out);

/* Reads the text and expects what is written from it, without defaults. */
void harness_expect(const struct json_message_type *type, const char *text, const char *written);

/* Reads the text and expects INVALID_ARGUMENT with "field: message" that starts so. */
void harness_expect_error(const struct json_message_type *type, const char *text, const char *error);

/* As harness_expect, but the request's fields come from text, one at a time: "path=text&…". */
void harness_expect_fields(const struct json_message_type *type,
                           qvt_status (*set_field)(struct json_reader *, ProtobufCMessage *, const char *,
                                                   const char *),
                           const char *query, const char *written);

extern const json_type_list harness_types[];

#endif
