#include "server/gateway/event_format.h"

#include <CUnit/Basic.h>

#include "tests/support/suite.h"

/* WatchResponse{walk_end: {}}. */
static const uint8_t WALK_END[] = {0x2a, 0x00};

static void expect(const struct watch_format *format, const struct position *position, const char *text)
{
    struct buf out = BUF_INIT;
    CU_ASSERT_EQUAL(format->write(qvt_slice_make(WALK_END, sizeof(WALK_END)), position, &out), QVT_OK);
    EXPECT_SLICE(buf_slice(&out), text);
    buf_deinit(&out);
}

static void an_event_has_the_position_as_its_id(void)
{
    const struct position position = {.revision = 12, .token = 0xabcdefu};
    expect(&event_format_sse, &position, "id: 12.0000000000abcdef\ndata: {\"walkEnd\":{}}\n\n");
}

static void an_event_within_a_walk_has_no_id(void)
{
    expect(&event_format_sse, NULL, "data: {\"walkEnd\":{}}\n\n");
}

static void a_line_is_one_message(void)
{
    const struct position position = {.revision = 12, .token = 1};
    expect(&event_format_ndjson, &position, "{\"walkEnd\":{}}\n");
    expect(&event_format_ndjson, NULL, "{\"walkEnd\":{}}\n");
}

SUITE_MAIN("server/gateway/event_format", SUITE_CASE(an_event_has_the_position_as_its_id),
           SUITE_CASE(an_event_within_a_walk_has_no_id), SUITE_CASE(a_line_is_one_message))
