/* A silo as the application described it: a deep copy that lives as long as the registration needs it. */
#ifndef QVT_CLIENT_SILO_COPY_H
#define QVT_CLIENT_SILO_COPY_H

#include "qvt/silo.h"
#include "base/arena.h"
#include "client/src/version_set.h"

struct silo_copy {
    struct arena arena;
    qvt_silo_options options; /* without its versions */
    struct version_set *versions;
    bool are_declared; /* the versions are those that actor types declared */
};

/* Copies the silo and its versions. NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_copy_new(struct silo_copy **out, const qvt_silo_options *options);
void silo_copy_free(struct silo_copy *silo);

#endif
