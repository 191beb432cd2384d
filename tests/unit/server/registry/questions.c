#include "tests/unit/server/registry/questions.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

enum { HOSTS_MAX = 256 };

static void append_id(char *out, size_t cap, qvt_slice id)
{
    size_t len = strlen(out);
    snprintf(out + len, cap - len, "%s%.*s", len == 0 ? "" : " ", (int)id.len, (const char *)id.data);
}

void ask_find(const struct registry *registry, const char *actor_type, const char *version, char *out, size_t cap)
{
    static struct placement_candidate candidates[HOSTS_MAX];
    static struct registry_host hosts[HOSTS_MAX];
    static uint32_t order[HOSTS_MAX];
    static enum placement_drop drops[HOSTS_MAX];
    struct placement_question question = {.mode = PLACEMENT_STRICT};
    struct semver wanted;
    const char *why;
    uint32_t chosen = 0;
    enum placement_empty empty;
    qvt_slice type = qvt_slice_text(actor_type);
    uint32_t count = registry_candidate_count(registry, type);
    CU_ASSERT_FATAL(count <= HOSTS_MAX);
    if (version[0] != 0) {
        CU_ASSERT_EQUAL_FATAL(semver_parse(&wanted, qvt_slice_text(version), &why), QVT_OK);
        question.version = &wanted;
    }
    registry_candidates(registry, type, candidates, hosts);
    placement_answer(&question, candidates, count, order, drops, &chosen, &empty);
    out[0] = 0;
    for (uint32_t i = 0; i < chosen; i++) {
        append_id(out, cap, hosts[order[i]].silo->id);
    }
}

void ask_capable(const struct registry *registry, char *out, size_t cap)
{
    const struct registry_silo *silo = registry_capable_after(registry, qvt_slice_make(NULL, 0));
    out[0] = 0;
    for (; silo != NULL; silo = registry_capable_next(registry, silo)) {
        append_id(out, cap, silo->id);
    }
}
