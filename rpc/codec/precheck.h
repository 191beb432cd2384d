/* Judges an encoded message by its descriptor before it is put together: syntax, depth, strings, and what it will cost.
 *
 * protobuf-c 1.4 recurses without bound, checks no UTF-8, cuts strings at a NUL, merges repeated occurrences of a
 * singular message wrongly and can turn 4 MiB into 486 MB. What passes here is put together within the cost reported. */
#ifndef QVT_RPC_CODEC_PRECHECK_H
#define QVT_RPC_CODEC_PRECHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "qvt/error.h"
#include "qvt/slice.h"

/* Every piece of a message is counted rounded up to this, enough for any member of a message struct. */
enum { PRECHECK_GRAIN = 8 };

static inline size_t precheck_round(size_t size)
{
    return (size + PRECHECK_GRAIN - 1) / PRECHECK_GRAIN * PRECHECK_GRAIN;
}

struct precheck {
    size_t cost; /* bytes of its structs, texts and arrays, each rounded by precheck_round */
    bool
        irregular; /* holds groups, or a singular message more than once: valid, but has to be made regular; cost is then
                       that of the bytes as they are; see normalize.h */
};

/* Reads the whole message once; needs no memory but the stack (about 6 KiB). error may be NULL; it names the field by
 * its path ("silo.address", "labels[2].key") and the rule. out is set only with OK.
 *   INTERNAL            not the encoding of any message, or a known field of another wire type
 *   INVALID_ARGUMENT    a string that is not UTF-8 or holds NUL; more than 64 messages in each other
 *   RESOURCE_EXHAUSTED  would cost more than budget */
QVT_MUST_CHECK qvt_status precheck_run(struct precheck *out, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                                       size_t budget, qvt_error *error);

#endif
