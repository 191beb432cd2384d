/* What a tracker answered, as text that compares: without numbers that are random on both sides. */
#ifndef QVT_TESTS_INTEGRATION_LIBQVT_TOLD_H
#define QVT_TESTS_INTEGRATION_LIBQVT_TOLD_H

#include "qvt/qvt.h"

#define TOLD_MAX 16384

struct told {
    size_t len;
    char data[TOLD_MAX];
};

/* Ends the process where there is no room. */
void told_add(struct told *told, const char *format, ...) QVT_PRINTF(2, 3);

/* Status, reason, field, message and names of facts; runs of ten digits and more, which are incarnations, as #. */
void told_error(struct told *told, const qvt_error *error);

/* All of it but position and incarnations. */
void told_found(struct told *told, const qvt_find_result *result);

bool told_equal(const struct told *a, const struct told *b);

#endif
