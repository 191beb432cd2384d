#include "tests/unit/server/registry/scene.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "tests/unit/server/registry/questions.h"

#define SCENE_BEGIN_US INT64_C(1769731200000000)

void scene_init(struct scene *scene)
{
    *scene = (struct scene){.limits = REGISTRY_LIMITS_DEFAULT, .now_us = SCENE_BEGIN_US, .seed = 7};
    scene->entropy = entropy_seeded(&scene->seed);
    CU_ASSERT_EQUAL_FATAL(registry_new(&scene->registry, &scene->limits), QVT_OK);
}

void scene_deinit(struct scene *scene)
{
    proposal_deinit(&scene->last);
    registry_free(scene->registry);
}

qvt_status scene_run(struct scene *scene, const struct command *command)
{
    struct batch *batch;
    proposal_deinit(&scene->last);
    CU_ASSERT_EQUAL_FATAL(batch_new(&batch, scene->registry), QVT_OK);
    qvt_status status = batch_propose(batch, command, scene->now_us, &scene->entropy, &scene->last, &scene->error);
    CU_ASSERT_EQUAL(status, scene->error.status);
    if (scene->last.change != NULL) {
        CU_ASSERT_EQUAL_FATAL(registry_apply(scene->registry, scene->last.change, batch, scene->now_us), QVT_OK);
    }
    batch_free(batch);
    return status;
}

qvt_status scene_register(struct scene *scene, const char *silo_id, uint8_t instance, const char *types)
{
    struct given_silo given;
    given_silo(&given, silo_id);
    given_types(&given, types);
    if (instance != 0) {
        given_instance(&given, instance);
    }
    struct command command = command_register(&given);
    return scene_run(scene, &command);
}

qvt_status scene_unregister(struct scene *scene, const char *silo_id)
{
    Quark__Version__V1__UnregisterSiloRequest request;
    quark__version__v1__unregister_silo_request__init(&request);
    request.silo_id = text(silo_id);
    struct command command = {.kind = COMMAND_UNREGISTER_SILO, .unregister_silo = &request};
    return scene_run(scene, &command);
}

qvt_status scene_versions(struct scene *scene, const char *silo_id, const char *types)
{
    Quark__Version__V1__RegisterSiloVersionsRequest request;
    struct given_versions versions;
    given_versions(&request, &versions, silo_id, types);
    struct command command = {.kind = COMMAND_REGISTER_VERSIONS, .register_versions = &request};
    return scene_run(scene, &command);
}

qvt_status scene_update(struct scene *scene, const char *silo_id, const char *path, int value)
{
    Quark__Version__V1__UpdateSiloRequest request;
    Quark__Version__V1__SiloInfo silo;
    Google__Protobuf__FieldMask mask;
    char *paths[] = {text(path)};
    quark__version__v1__update_silo_request__init(&request);
    quark__version__v1__silo_info__init(&silo);
    google__protobuf__field_mask__init(&mask);
    mask.n_paths = 1;
    mask.paths = paths;
    request.silo_id = text(silo_id);
    request.silo = &silo;
    request.update_mask = &mask;
    silo.status = (Quark__Version__V1__SiloStatus)value;
    silo.scheduling = (Quark__Version__V1__Scheduling)value;
    silo.port = (uint32_t)value;
    struct command command = {.kind = COMMAND_UPDATE_SILO, .update_silo = &request};
    return scene_run(scene, &command);
}

const struct registry_silo *scene_silo(const struct scene *scene, const char *silo_id)
{
    return registry_silo(scene->registry, qvt_slice_text(silo_id));
}

uint64_t scene_revision(const struct scene *scene)
{
    return registry_head(scene->registry)->revision;
}

const char *scene_find(struct scene *scene, const char *actor_type, const char *version)
{
    ask_find(scene->registry, actor_type, version, scene->found, sizeof scene->found);
    return scene->found;
}
