/* Actor types declare themselves where they are implemented, and the library finds them when the silo starts:
 *
 *     QVT_ACTOR_TYPE(OrderActor);
 *
 * at file level of any C or C++ source of a program or shared library. No list, no registration call. Name and version of
 * the assembly come from the build: qvt_silo(<target> VERSION 2.1.0) of the CMake package, or -DQVT_ASSEMBLY_VERSION='"2.1.0"'
 * and its companions below.
 *
 * Objects in a static archive are linked only when something refers to them: link such archives whole
 * (qvt_silo(<target> … ARCHIVES <archive>) does, and checks it). */
#ifndef QVT_ACTOR_TYPE_H
#define QVT_ACTOR_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/error.h"
#include "qvt/silo.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one declaration says; made by the macros. Its layout is final. */
typedef struct qvt_actor_declaration {
    const char *actor_type;
    const char *version;
    const char *assembly_name;
    const char *build_id;
    uint64_t contract_fingerprint; /* 0: none */
    uint32_t has_state_schema;
    uint32_t reads_min;
    uint32_t reads_max;
    uint32_t writes;
} qvt_actor_declaration;

#ifndef QVT_ASSEMBLY_VERSION
/* Only an error where an actor type is declared. */
#define QVT_ASSEMBLY_VERSION QVT_ASSEMBLY_VERSION_is_missing_see_qvt_actor_type_h
#endif
#ifndef QVT_ASSEMBLY_NAME
#define QVT_ASSEMBLY_NAME NULL
#endif
#ifndef QVT_ASSEMBLY_BUILD_ID
#define QVT_ASSEMBLY_BUILD_ID NULL
#endif

/* An actor type named as the identifier. */
#define QVT_ACTOR_TYPE(identifier) QVT_ACTOR_TYPE_DECLARE(identifier, #identifier, 0, 0, 0, 0, 0)

/* With the fingerprint of its contract, not 0; protoc-gen-qvt computes it from a service. */
#define QVT_ACTOR_TYPE_CONTRACT(identifier, fingerprint)                                                               \
    QVT_ACTOR_TYPE_DECLARE(identifier, #identifier, fingerprint, 0, 0, 0, 0)

/* With the saved states that it reads, from … to, and the one it writes; fingerprint 0: none. */
#define QVT_ACTOR_TYPE_SCHEMA(identifier, fingerprint, reads_min, reads_max, writes)                                   \
    QVT_ACTOR_TYPE_DECLARE(identifier, #identifier, fingerprint, 1, reads_min, reads_max, writes)

/* With a name that is no identifier, such as "Shop.Orders/Order". */
#define QVT_ACTOR_TYPE_NAMED(identifier, name) QVT_ACTOR_TYPE_DECLARE(identifier, name, 0, 0, 0, 0, 0)

/* Of the library: a module's declarations come and go with it. */
QVT_API void qvt_module_add(const qvt_actor_declaration *const *first, const qvt_actor_declaration *const *last);
QVT_API void qvt_module_del(const qvt_actor_declaration *const *first);

/* Bounds of this module's section, by the linker; hidden, so that no module shadows another, and weak, so that there may be
 * none. */
extern const qvt_actor_declaration *const __start_qvt_actors[] __attribute__((weak, visibility("hidden")));
extern const qvt_actor_declaration *const __stop_qvt_actors[] __attribute__((weak, visibility("hidden")));

#if defined(__has_attribute)
#if __has_attribute(retain)
#define QVT_ACTOR_RETAIN , retain
#endif
#endif
#ifndef QVT_ACTOR_RETAIN
#define QVT_ACTOR_RETAIN
#endif

/* The section holds pointers, which no compiler pads. */
#define QVT_ACTOR_TYPE_DECLARE(identifier, name, fingerprint, has_schema, reads_min, reads_max, writes)                \
    static const qvt_actor_declaration qvt_actor_declaration_##identifier = {                                          \
        name,        QVT_ASSEMBLY_VERSION, QVT_ASSEMBLY_NAME, QVT_ASSEMBLY_BUILD_ID,                                   \
        fingerprint, has_schema,           reads_min,         reads_max,                                               \
        writes};                                                                                                       \
    static const qvt_actor_declaration *const qvt_actor_entry_##identifier                                             \
        __attribute__((section("qvt_actors"), used QVT_ACTOR_RETAIN)) = &qvt_actor_declaration_##identifier;           \
    __attribute__((constructor)) static void qvt_actor_begin_##identifier(void)                                        \
    {                                                                                                                  \
        qvt_module_add(__start_qvt_actors, __stop_qvt_actors);                                                         \
    }                                                                                                                  \
    __attribute__((destructor)) static void qvt_actor_end_##identifier(void)                                           \
    {                                                                                                                  \
        qvt_module_del(__start_qvt_actors);                                                                            \
    }                                                                                                                  \
    struct qvt_actor_declared_##identifier

/* All declarations of the program and of the libraries that are loaded at this moment, in order of their names; copied,
 * and independent of those libraries. */
typedef struct qvt_declared_types qvt_declared_types;

/* *out is freed by the caller. ALREADY_EXISTS: two modules declare the same type differently. error may be NULL.
 * NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_declared_types_new(qvt_declared_types **out, qvt_error *error);
QVT_API size_t qvt_declared_types_count(const qvt_declared_types *types);

/* The first of them, borrowed: for qvt_silo_options.versions. */
QVT_API const qvt_actor_version *qvt_declared_types_versions(const qvt_declared_types *types);
QVT_API void qvt_declared_types_free(qvt_declared_types *types); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
