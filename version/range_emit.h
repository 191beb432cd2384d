/* Turns the short forms of a range (tilde, caret, wildcards, hyphen) into plain comparators. */
#ifndef QVT_VERSION_RANGE_EMIT_H
#define QVT_VERSION_RANGE_EMIT_H

#include "version/range.h"

/* A version with wildcards. Invariants: part[given..] are 0; given <= written <= 4. */
struct range_partial {
    uint32_t part[4];
    unsigned given;       /* numbers before the first wildcard or the end */
    unsigned written;     /* numbers and wildcards */
    bool number_after_x;  /* as in 1.x.3 */
    qvt_slice prefix;     /* of 'v', '=' and, in a hyphen range, blanks */
    qvt_slice prerelease; /* empty when given < 3 */
};

/* Where comparators go. Set starts_alternative before the first one of each alternative. */
struct range_builder {
    struct range *out;
    bool starts_alternative;
    const char **why;
};

/* All: INVALID_ARGUMENT with *builder->why, over 32 comparators or when an upper bound exceeds 2^32-1. */
QVT_MUST_CHECK qvt_status range_emit_any(struct range_builder *builder);
QVT_MUST_CHECK qvt_status range_emit_tilde(struct range_builder *builder, const struct range_partial *partial);
QVT_MUST_CHECK qvt_status range_emit_caret(struct range_builder *builder, const struct range_partial *partial);
QVT_MUST_CHECK qvt_status range_emit_hyphen(struct range_builder *builder, const struct range_partial *from,
                                            const struct range_partial *to);

/* An operator, or RANGE_EQUAL for none, and a version or wildcard. */
QVT_MUST_CHECK qvt_status range_emit_relation(struct range_builder *builder, enum range_relation relation,
                                              const struct range_partial *partial);

#endif
