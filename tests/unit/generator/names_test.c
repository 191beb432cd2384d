#include "generator/names.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static struct arena arena;

static void our_prefix_is_snake_case(void)
{
    arena_init(&arena, 1 << 20);
    EXPECT_TEXT(names_snake(&arena, "quark.version.v1.VersionTracker"), "quark_version_v1_version_tracker");
    EXPECT_TEXT(names_snake(&arena, "a.HTTPRule"), "a_http_rule");
    EXPECT_TEXT(names_snake(&arena, "UInt32Value"), "u_int32_value");
    EXPECT_TEXT(names_snake(&arena, "already_snake"), "already_snake");
    EXPECT_TEXT(names_snake(&arena, "Get_It"), "get_it");
    EXPECT_TEXT(names_snake(&arena, ""), "");
    arena_deinit(&arena);
}

static void protobuf_c_names_are_those_of_protoc_gen_c(void)
{
    arena_init(&arena, 1 << 20);
    EXPECT_TEXT(names_c_type(&arena, "quark.version.v1.SiloInfo"), "Quark__Version__V1__SiloInfo");
    EXPECT_TEXT(names_c_type(&arena, "my_pack.some_type"), "MyPack__SomeType");
    EXPECT_TEXT(names_c_lower(&arena, "quark.version.v1.SiloInfo"), "quark__version__v1__silo_info");
    EXPECT_TEXT(names_c_lower(&arena, "a.HTTPRule"), "a__httprule");
    EXPECT_TEXT(names_c_upper(&arena, "a.SiloStatus"), "A__SILO_STATUS");
    EXPECT_TEXT(names_c_upper(&arena, "_zone"), "_ZONE");
    EXPECT_TEXT(names_c_field(&arena, "oddlyNamed"), "oddlynamed");
    EXPECT_TEXT(names_c_field(&arena, "delete"), "delete_");
    EXPECT_TEXT(names_c_field(&arena, "Switch"), "switch_");
    EXPECT_TEXT(names_c_field(&arena, "restrict"), "restrict");
    arena_deinit(&arena);
}

static void nanopb_names_keep_their_case(void)
{
    arena_init(&arena, 1 << 20);
    EXPECT_TEXT(names_nanopb_type(&arena, "quark.version.v1.SiloInfo"), "quark_version_v1_SiloInfo");
    arena_deinit(&arena);
}

static void our_members_avoid_newer_keywords_too(void)
{
    arena_init(&arena, 1 << 20);
    EXPECT_TEXT(names_member(&arena, "continue"), "continue_");
    EXPECT_TEXT(names_member(&arena, "nullptr"), "nullptr_");
    EXPECT_TEXT(names_member(&arena, "admit"), "admit_");
    EXPECT_TEXT(names_member(&arena, "get_silo"), "get_silo");
    arena_deinit(&arena);
}

static void files_change_their_suffix(void)
{
    arena_init(&arena, 1 << 20);
    EXPECT_TEXT(names_file(&arena, "a/b.proto", ".json.h"), "a/b.json.h");
    EXPECT_TEXT(names_file(&arena, "strange", ".c"), "strange.c");
    EXPECT_TEXT(names_constant(&arena, "a/b-c.json.h"), "A_B_C_JSON_H");
    EXPECT_TEXT(names_constant(&arena, "3d.json.h"), "_3D_JSON_H");
    EXPECT_TEXT(names_symbol(&arena, "a/B-c_proto"), "a_b_c_proto");
    EXPECT_TEXT(names_symbol(&arena, "3d_proto"), "_3d_proto");
    arena_deinit(&arena);
}

SUITE_MAIN("generator/names", SUITE_CASE(our_prefix_is_snake_case),
           SUITE_CASE(protobuf_c_names_are_those_of_protoc_gen_c), SUITE_CASE(nanopb_names_keep_their_case),
           SUITE_CASE(our_members_avoid_newer_keywords_too), SUITE_CASE(files_change_their_suffix))
