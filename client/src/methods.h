/* The tracker's methods, by name. */
#ifndef QVT_CLIENT_METHODS_H
#define QVT_CLIENT_METHODS_H

#include "qvt/rpc/method.h"

extern const qvt_rpc_method method_register_silo;
extern const qvt_rpc_method method_unregister_silo;
extern const qvt_rpc_method method_heartbeat;
extern const qvt_rpc_method method_register_silo_versions;
extern const qvt_rpc_method method_get_silo_capabilities;
extern const qvt_rpc_method method_list_silo_capabilities;
extern const qvt_rpc_method method_find_compatible_silos;

#endif
