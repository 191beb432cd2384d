#include "server/service/service.h"

#include <stdio.h>

#include <CUnit/Basic.h>

#include "tests/support/suite.h"
#include "tests/unit/server/service/fixture.h"

enum { SILOS = 6, LONG_LABELS = 20, LABEL_LEN = 200 };

static struct fixture fixture;

static char *text(const char *value)
{
    return (char *)(uintptr_t)value;
}

/* Every other silo is large enough to be sent as it lies in memory. */
static bool is_large(int number)
{
    return number % 2 == 1;
}

static void register_silo(int number)
{
    static char labels[LONG_LABELS][LABEL_LEN + 1];
    Quark__Version__V1__SiloInfo__LabelsEntry entries[LONG_LABELS];
    Quark__Version__V1__SiloInfo__LabelsEntry *list[LONG_LABELS];
    Quark__Version__V1__SiloInfo silo;
    Quark__Version__V1__RegisterSiloRequest request;
    struct fake_call call;
    char silo_id[16];
    quark__version__v1__silo_info__init(&silo);
    quark__version__v1__register_silo_request__init(&request);
    fake_call_init(&call);
    for (int i = 0; i < LONG_LABELS; i++) {
        (void)snprintf(labels[i], sizeof(labels[i]), "label-%02d-%0180d", i, number);
        quark__version__v1__silo_info__labels_entry__init(&entries[i]);
        entries[i].key = labels[i];
        entries[i].value = text("value");
        list[i] = &entries[i];
    }
    (void)snprintf(silo_id, sizeof(silo_id), "silo-%d", number);
    silo.silo_id = silo_id;
    silo.address = text("10.0.0.1");
    silo.port = 9000;
    silo.n_labels = is_large(number) ? LONG_LABELS : 0;
    silo.labels = list;
    request.silo = &silo;
    service_handlers()->register_silo(fixture.service, &call.unary, &request);
    fixture_settle(&fixture);
    CU_ASSERT_EQUAL(call.error.status, QVT_OK);
    fake_call_deinit(&call);
}

static Quark__Version__V1__ListSilosResponse *list(uint32_t page_size, const char *token)
{
    struct fake_call call;
    Quark__Version__V1__ListSilosRequest request;
    quark__version__v1__list_silos_request__init(&request);
    fake_call_init(&call);
    request.page_size = page_size;
    request.page_token = text(token);
    service_handlers()->list_silos(fixture.service, &call.unary, &request);
    CU_ASSERT_EQUAL_FATAL(call.error.status, QVT_OK);
    Quark__Version__V1__ListSilosResponse *answer =
        quark__version__v1__list_silos_response__unpack(NULL, call.answer.len, call.answer.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    fake_call_deinit(&call);
    return answer;
}

static void expect_silo(const Quark__Version__V1__SiloInfo *silo, int number)
{
    char silo_id[16];
    (void)snprintf(silo_id, sizeof(silo_id), "silo-%d", number);
    EXPECT_TEXT(silo->silo_id, silo_id);
    CU_ASSERT_EQUAL(silo->n_labels, is_large(number) ? LONG_LABELS : 0);
    CU_ASSERT_EQUAL(silo->port, 9000);
    CU_ASSERT_PTR_NOT_NULL(silo->last_heartbeat);
    CU_ASSERT(silo->lease_remaining_ms > 0);
}

static void expect_pages(uint32_t page_size)
{
    char token[512] = "";
    int number = 0;
    do {
        Quark__Version__V1__ListSilosResponse *answer = list(page_size, token);
        CU_ASSERT(answer->n_silos >= 1 && answer->n_silos <= page_size);
        for (size_t i = 0; i < answer->n_silos; i++) {
            expect_silo(answer->silos[i], number++);
        }
        CU_ASSERT_EQUAL(answer->position->revision, SILOS);
        (void)snprintf(token, sizeof(token), "%s", answer->next_page_token);
        quark__version__v1__list_silos_response__free_unpacked(answer, NULL);
    } while (token[0] != '\0' && number < SILOS);
    CU_ASSERT_EQUAL(token[0], '\0');
    CU_ASSERT_EQUAL(number, SILOS);
}

static void large_and_small_silos_come_whole_whatever_the_page(void)
{
    fixture_open(&fixture, NULL);
    for (int i = 0; i < SILOS; i++) {
        register_silo(i);
    }
    for (uint32_t page_size = 1; page_size <= SILOS; page_size++) {
        expect_pages(page_size);
    }
    fixture_close(&fixture);
}

SUITE_MAIN("server/service/list", SUITE_CASE(large_and_small_silos_come_whole_whatever_the_page))
