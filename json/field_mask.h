/* FieldMask's text form: paths in lowerCamelCase, joined by commas. */
#ifndef QVT_JSON_FIELD_MASK_H
#define QVT_JSON_FIELD_MASK_H

#include "json/well_known.h"

/* Writes the text without quotes to out. INVALID_ARGUMENT for a path that does not survive the way to camel case and back. */
QVT_MUST_CHECK qvt_status field_mask_write(struct buf *out, const Google__Protobuf__FieldMask *mask);

/* Paths may be in either spelling. */
QVT_MUST_CHECK qvt_status field_mask_read(struct json_reader *reader, const char *text,
                                          Google__Protobuf__FieldMask *mask);

#endif
