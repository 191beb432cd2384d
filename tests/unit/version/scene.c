#include "tests/unit/version/scene.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

struct semver given_version(const char *text)
{
    struct semver version = {{0, 0, 0, 0}, {NULL, 0}};
    const char *why = "";
    if (semver_parse(&version, qvt_slice_text(text), &why) != QVT_OK) {
        (void)printf("\n\"%s\" is not a version: %s\n", text, why);
        CU_FAIL_FATAL("given_version");
    }
    return version;
}

struct range given_range(const char *text)
{
    struct range range;
    const char *why = "";
    if (range_parse(&range, qvt_slice_text(text), &why) != QVT_OK) {
        (void)printf("\n\"%s\" is not a range: %s\n", text, why);
        CU_FAIL_FATAL("given_range");
    }
    return range;
}

struct placement_candidate *scene_add(struct scene *scene, const char *silo_id, const char *version)
{
    CU_ASSERT_FATAL(scene->count < SCENE_SILO_MAX);
    uint32_t at = scene->count++;
    scene->version[at] = given_version(version);
    scene->silo[at] = (struct placement_candidate){
        .silo_id = qvt_slice_text(silo_id),
        .version = &scene->version[at],
        .status = PLACEMENT_ACTIVE,
        .scheduling = PLACEMENT_SCHEDULABLE,
    };
    return &scene->silo[at];
}

const char *scene_ask(struct scene *scene, const struct placement_question *question)
{
    const char *field = "";
    const char *why = "";
    CU_ASSERT_EQUAL_FATAL(placement_check(question, &field, &why), QVT_OK);
    placement_answer(question, scene->silo, scene->count, scene->order, scene->drops, &scene->chosen, &scene->empty);
    size_t len = 0;
    scene->answer[0] = '\0';
    for (uint32_t i = 0; i < scene->chosen; i++) {
        qvt_slice id = scene->silo[scene->order[i]].silo_id;
        CU_ASSERT_FATAL(len + id.len + 2 < sizeof(scene->answer));
        len += (size_t)snprintf(scene->answer + len, sizeof(scene->answer) - len, "%s%.*s", i == 0 ? "" : " ",
                                (int)id.len, (const char *)id.data);
    }
    return scene->answer;
}

const char *scene_find(struct scene *scene, const char *version, enum placement_mode mode)
{
    struct semver wanted = given_version(version);
    return scene_ask(scene, &(struct placement_question){.version = &wanted, .mode = mode});
}

const char *scene_find_range(struct scene *scene, const char *range)
{
    struct range parsed = given_range(range);
    return scene_ask(scene, &(struct placement_question){.range = &parsed, .mode = PLACEMENT_RANGE});
}

const char *scene_select(struct scene *scene, const char *version, enum placement_selector selector)
{
    struct semver wanted;
    struct placement_question question = {.selector = selector};
    if (version != NULL) {
        wanted = given_version(version);
        question.version = &wanted;
        question.mode = PLACEMENT_MAJOR;
    }
    return scene_ask(scene, &question);
}
