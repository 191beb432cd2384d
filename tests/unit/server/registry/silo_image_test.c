/* A silo's record is encoded by hand: it must be what protobuf-c would write. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "server/registry/silo_image.h"
#include "server/registry/silo_view.h"
#include "tests/support/suite.h"

typedef Quark__Version__V1__SiloInfo silo_info;

#define TTL_MS 15250u
#define REGISTERED_US INT64_C(1700000000123456)

/* The messages are only read. */
static char *text(const char *literal)
{
    union {
        const char *literal;
        char *text;
    } cast = {literal};
    return cast.text;
}

/* What protobuf-c makes of the bytes once it has read them. */
static void repack(struct buf *bytes, silo_info **out)
{
    *out = quark__version__v1__silo_info__unpack(NULL, bytes->len, bytes->data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*out);
    CU_ASSERT_EQUAL((*out)->base.n_unknown_fields, 0);
    size_t len = quark__version__v1__silo_info__get_packed_size(*out);
    uint8_t *packed = malloc(len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
    quark__version__v1__silo_info__pack(*out, packed);
    CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(bytes), qvt_slice_make(packed, len)));
    free(packed);
}

static void encode(const silo_info *asked, struct buf *out)
{
    static const uint8_t instance[16] = {1, 2, 3};
    struct silo_image silo = {.asked = asked,
                              .instance_id = qvt_slice_make(instance, sizeof instance),
                              .incarnation = UINT64_MAX,
                              .registered_at_us = REGISTERED_US,
                              .lease_ttl_ms = TTL_MS,
                              .status = PLACEMENT_ACTIVE,
                              .scheduling = PLACEMENT_CORDONED,
                              .suspect = true,
                              .unhealthy = true};
    struct label_map labels;
    struct version_map versions;
    CU_ASSERT_EQUAL_FATAL(label_map_collect(&labels, asked), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(version_map_collect_silo(&versions, asked), QVT_OK);
    silo.labels = &labels;
    silo.versions = &versions;
    CU_ASSERT_EQUAL(silo_image_encode(&silo, 300, "300.0123456789abcdef", out), QVT_OK);
    label_map_deinit(&labels);
    version_map_deinit(&versions);
}

static void every_field_is_written_as_protobuf_c_does(void)
{
    Quark__Version__V1__StateSchema schema;
    Quark__Version__V1__AssemblyVersionInfo full;
    Quark__Version__V1__AssemblyVersionInfo plain;
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry entries[2];
    Quark__Version__V1__SiloInfo__LabelsEntry label;
    silo_info asked;
    silo_info *read;
    struct buf bytes = BUF_INIT;
    char long_text[300];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;

    quark__version__v1__state_schema__init(&schema);
    quark__version__v1__assembly_version_info__init(&full);
    quark__version__v1__assembly_version_info__init(&plain);
    quark__version__v1__silo_info__labels_entry__init(&label);
    quark__version__v1__silo_info__init(&asked);
    schema.reads_min = 1;
    schema.reads_max = 300;
    schema.writes = 2;
    full.version = text("2.1.0");
    full.assembly_name = long_text;
    full.build_id = text("b");
    full._contract_fingerprint_case =
        QUARK__VERSION__V1__ASSEMBLY_VERSION_INFO___CONTRACT_FINGERPRINT_CONTRACT_FINGERPRINT;
    full.contract_fingerprint = 0x0123456789abcdef;
    full.state_schema = &schema;
    plain.version = text("1");
    for (size_t i = 0; i < 2; i++) {
        quark__version__v1__silo_info__actor_type_versions_entry__init(&entries[i]);
        entries[i].key = text(i == 0 ? "A" : "B");
        entries[i].value = i == 0 ? &full : &plain;
    }
    label.key = text("team");
    label.value = long_text;
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *versions[] = {&entries[0], &entries[1]};
    Quark__Version__V1__SiloInfo__LabelsEntry *labels[] = {&label};
    asked.silo_id = text("silo");
    asked.address = text("10.0.0.1");
    asked.port = 65535;
    asked.region_id = text("region");
    asked.zone_id = text("zone");
    asked._shard_group_id_case = QUARK__VERSION__V1__SILO_INFO___SHARD_GROUP_ID_SHARD_GROUP_ID;
    asked.shard_group_id = text("");
    asked.labels = labels;
    asked.n_labels = 1;
    asked.actor_type_versions = versions;
    asked.n_actor_type_versions = 2;
    asked.build_id = text("build");
    asked.deploy_epoch = UINT64_MAX;

    encode(&asked, &bytes);
    repack(&bytes, &read);
    CU_ASSERT_EQUAL(read->incarnation, UINT64_MAX);
    CU_ASSERT_EQUAL(read->lease_ttl->seconds * 1000 + read->lease_ttl->nanos / 1000000, TTL_MS);
    CU_ASSERT_EQUAL(read->registered_at->seconds * 1000000 + read->registered_at->nanos / 1000, REGISTERED_US);
    EXPECT_TEXT(read->etag, "300.0123456789abcdef");
    EXPECT_TEXT(read->region_id, "region");
    EXPECT_TEXT(read->build_id, "build");
    CU_ASSERT_EQUAL(read->deploy_epoch, UINT64_MAX);
    CU_ASSERT_EQUAL(read->_shard_group_id_case, asked._shard_group_id_case);
    CU_ASSERT_EQUAL_FATAL(read->n_actor_type_versions, 2);
    CU_ASSERT_EQUAL(read->actor_type_versions[0]->value->contract_fingerprint, 0x0123456789abcdef);
    CU_ASSERT_EQUAL(read->actor_type_versions[0]->value->state_schema->reads_max, 300);
    quark__version__v1__silo_info__free_unpacked(read, NULL);
    buf_deinit(&bytes);
}

static void defaults_are_not_written(void)
{
    silo_info asked;
    silo_info *read;
    struct buf bytes = BUF_INIT;
    quark__version__v1__silo_info__init(&asked);
    asked.silo_id = text("s");
    encode(&asked, &bytes);
    repack(&bytes, &read);
    CU_ASSERT_EQUAL(read->n_labels + read->n_actor_type_versions, 0);
    quark__version__v1__silo_info__free_unpacked(read, NULL);
    buf_deinit(&bytes);
}

/* Who adds a field to the contract adds it to the encoder, or here, where it is volatile. */
static void the_contract_has_no_field_that_the_encoder_does_not_know(void)
{
    CU_ASSERT_EQUAL(quark__version__v1__silo_info__descriptor.n_fields, 25);
    CU_ASSERT_EQUAL(quark__version__v1__assembly_version_info__descriptor.n_fields, 5);
    CU_ASSERT_EQUAL(quark__version__v1__state_schema__descriptor.n_fields, 3);
}

SUITE_MAIN("server/registry/silo_image", SUITE_CASE(every_field_is_written_as_protobuf_c_does),
           SUITE_CASE(defaults_are_not_written), SUITE_CASE(the_contract_has_no_field_that_the_encoder_does_not_know))
