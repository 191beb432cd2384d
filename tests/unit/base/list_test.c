#include "base/list.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

struct item {
    int value;
    struct list node;
};

static void expect_values(const struct list *head, const char *expected)
{
    char text[16] = "";
    size_t len = 0;
    for (struct list *node = head->next; node != head && len + 1 < sizeof(text); node = node->next) {
        text[len++] = (char)('0' + LIST_ENTRY(node, struct item, node)->value);
    }
    EXPECT_TEXT(text, expected);
    size_t back = 0;
    for (struct list *node = head->prev; node != head && back < sizeof(text); node = node->prev) {
        back++;
    }
    CU_ASSERT_EQUAL(back, len);
}

static void push_back_appends_and_push_front_prepends(void)
{
    struct list head;
    struct item items[3] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}, {3, {NULL, NULL}}};
    list_init(&head);
    CU_ASSERT_TRUE(list_is_empty(&head));
    list_push_back(&head, &items[0].node);
    list_push_back(&head, &items[1].node);
    list_push_front(&head, &items[2].node);
    CU_ASSERT_FALSE(list_is_empty(&head));
    expect_values(&head, "312");
}

static void insert_before_takes_the_place_of_the_position(void)
{
    struct list head;
    struct item items[3] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}, {3, {NULL, NULL}}};
    list_init(&head);
    list_push_back(&head, &items[0].node);
    list_push_back(&head, &items[1].node);
    list_insert_before(&items[1].node, &items[2].node);
    expect_values(&head, "132");
}

static void removing_twice_is_harmless(void)
{
    struct list head;
    struct item items[2] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}};
    list_init(&head);
    list_push_back(&head, &items[0].node);
    list_push_back(&head, &items[1].node);
    list_remove(&items[0].node);
    list_remove(&items[0].node);
    expect_values(&head, "2");
    list_remove(&items[1].node);
    CU_ASSERT_TRUE(list_is_empty(&head));
}

SUITE_MAIN("base/list", SUITE_CASE(push_back_appends_and_push_front_prepends),
           SUITE_CASE(insert_before_takes_the_place_of_the_position), SUITE_CASE(removing_twice_is_harmless))
