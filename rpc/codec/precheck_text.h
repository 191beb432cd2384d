/* Whether bytes may stand in a protobuf string that C code will read. */
#ifndef QVT_RPC_CODEC_PRECHECK_TEXT_H
#define QVT_RPC_CODEC_PRECHECK_TEXT_H

#include "qvt/slice.h"

/* The rule that the bytes break, such as "is not UTF-8"; static; NULL when they break none. */
const char *precheck_text(qvt_slice text);

#endif
