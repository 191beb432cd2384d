/* How protobuf names become C names: ours, protobuf-c's and nanopb's. All results live in the arena. */
#ifndef QVT_GENERATOR_NAMES_H
#define QVT_GENERATOR_NAMES_H

#include "base/arena.h"

/* "quark.version.v1.HTTPRule" → "quark_version_v1_http_rule": the prefix of everything this generator emits. */
char *names_snake(struct arena *arena, const char *full_name);

/* "silo.json" → "SILO_JSON", for header guards and constants; what is no letter or digit becomes `_`, which also comes
 * in front of a digit. */
char *names_constant(struct arena *arena, const char *text);

/* "a-b/3d_proto" → "a_b_3d_proto": lower case, `_` for what no symbol can hold and in front of a digit. */
char *names_symbol(struct arena *arena, const char *text);

/* protobuf-c: "quark.version.v1.SiloInfo" → "Quark__Version__V1__SiloInfo". */
char *names_c_type(struct arena *arena, const char *full_name);

/* protobuf-c: → "quark__version__v1__silo_info". */
char *names_c_lower(struct arena *arena, const char *full_name);

/* protobuf-c: → "QUARK__VERSION__V1__SILO_INFO". */
char *names_c_upper(struct arena *arena, const char *full_name);

/* protobuf-c's member for a field: lower case, `_` behind a keyword of C or C++. */
char *names_c_field(struct arena *arena, const char *name);

/* nanopb: "quark.version.v1.SiloInfo" → "quark_version_v1_SiloInfo". */
char *names_nanopb_type(struct arena *arena, const char *full_name);

/* "quark/version/v1/silo.proto" and ".json.h" → "quark/version/v1/silo.json.h". */
char *names_file(struct arena *arena, const char *proto, const char *suffix);

/* `_` behind a keyword of C or C++ and behind `admit`, which every service has, else the name as it is. */
char *names_member(struct arena *arena, const char *name);

#endif
