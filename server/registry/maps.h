/* The maps of a request in the one form that records keep: sorted by key, the last of equal keys wins. */
#ifndef QVT_SERVER_REGISTRY_MAPS_H
#define QVT_SERVER_REGISTRY_MAPS_H

#include "quark/version/v1/version_tracker.pb-c.h"
#include "qvt/slice.h"
#include "qvt/status.h"

/* `entries`, and `items` behind them, are owned, keys and values borrowed from the request. Start from {0}. */
struct label_map {
    Quark__Version__V1__SiloInfo__LabelsEntry **items;
    Quark__Version__V1__SiloInfo__LabelsEntry *entries;
    size_t count;
};

struct version_map {
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry **items;
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entries;
    size_t count;
};

/* NO_MEMORY leaves the map empty. */
QVT_MUST_CHECK qvt_status label_map_collect(struct label_map *out, const Quark__Version__V1__SiloInfo *silo);
QVT_MUST_CHECK qvt_status version_map_collect_silo(struct version_map *out, const Quark__Version__V1__SiloInfo *silo);
QVT_MUST_CHECK qvt_status version_map_collect_request(struct version_map *out,
                                                      const Quark__Version__V1__RegisterSiloVersionsRequest *request);

void label_map_deinit(struct label_map *map);
void version_map_deinit(struct version_map *map);

#endif
