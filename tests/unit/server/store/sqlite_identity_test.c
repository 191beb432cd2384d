#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/check.h"
#include "tests/support/suite.h"
#include "tests/unit/server/store/scene.h"
#include "tests/unit/server/store/sqlite_child.h"

static struct scene scene;
static qvt_error error;

static void begin(void)
{
    scene_init(&scene, SCENE_sqlite);
    qvt_error_clear(&error);
}

static void end(void)
{
    scene_deinit(&scene);
}

static void append_one(const char *key, struct position *head)
{
    struct store_log *log = scene_log(&scene, "c");
    struct position before = *head;
    struct change *change = scene_put(&scene, head, RECORD_POLICY, key, "value");
    CU_ASSERT_EQUAL(scene_commit(&scene, log, &before, &change, 1), STORE_APPENDED);
    change_unref(change);
    store_close_log(log);
}

static void read_file(const char *path, struct buf *out)
{
    uint8_t bytes[4096];
    size_t len;
    FILE *file = fopen(path, "rb");
    QVT_ASSERT(file != NULL);
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0) {
        QVT_ASSERT(buf_append(out, bytes, len) == QVT_OK);
    }
    (void)fclose(file);
}

static void write_file(const char *path, const struct buf *content)
{
    FILE *file = fopen(path, "wb");
    QVT_ASSERT(file != NULL);
    QVT_ASSERT(content->len == 0 || fwrite(content->data, content->len, 1, file) == 1);
    QVT_ASSERT(fclose(file) == 0);
}

/* Another program's work on the file, which no store has open. */
static void execute(const char *sql)
{
    sqlite3 *db = NULL;
    QVT_ASSERT(sqlite3_open(scene.path, &db) == SQLITE_OK);
    QVT_ASSERT(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    QVT_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

/* The file is refused with this, and not a byte of it changes. */
static void expect_refusal(qvt_status status, const char *words)
{
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    read_file(scene.path, &before);
    CU_ASSERT_EQUAL(scene_start(&scene, &error), status);
    CU_ASSERT_EQUAL(error.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, words));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, scene.path));
    CU_ASSERT_PTR_NULL(scene.store);
    read_file(scene.path, &after);
    CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&before), buf_slice(&after)));
    buf_deinit(&before);
    buf_deinit(&after);
}

static void expect_private(const char *suffix)
{
    char path[128];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s%s", scene.path, suffix);
    CU_ASSERT_EQUAL_FATAL(stat(path, &found), 0);
    CU_ASSERT_EQUAL(found.st_mode & 0777, 0600);
}

static void its_files_are_for_their_owner_only(void)
{
    struct position head = {.revision = 0};
    mode_t old = umask(0);
    begin();
    append_one("a", &head);
    expect_private("");
    expect_private("-wal");
    end();
    (void)umask(old);
}

static void closing_leaves_one_file(void)
{
    char log[128];
    struct position head = {.revision = 0};
    begin();
    append_one("a", &head);
    (void)snprintf(log, sizeof log, "%s-wal", scene.path);
    CU_ASSERT_EQUAL(access(log, F_OK), 0);
    scene_stop(&scene);
    CU_ASSERT_NOT_EQUAL(access(log, F_OK), 0);
    end();
}

static void on_list(void *data, qvt_status status, const char *const *names, size_t count, const qvt_error *list_error)
{
    (void)names;
    (void)list_error;
    CU_ASSERT_EQUAL(status, QVT_OK);
    *(size_t *)data = count;
}

static void closing_waits_for_what_is_pending(void)
{
    struct position head = {.revision = 0};
    size_t counts[3] = {9, 9, 9};
    begin();
    append_one("a", &head);
    for (size_t i = 0; i < 3; i++) {
        store_list(scene.store, on_list, &counts[i]);
    }
    CU_ASSERT_EQUAL(counts[0], 9);
    scene_stop(&scene);
    CU_ASSERT_EQUAL(counts[0] + counts[1] + counts[2], 3);
    end();
}

static void a_second_store_in_the_process_is_refused(void)
{
    struct position head = {.revision = 0};
    begin();
    struct store *first = scene.store;
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_FAILED_PRECONDITION);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "is in use by another process"));
    scene.store = first;
    append_one("a", &head);
    end();
}

static void another_process_is_refused_as_long_as_the_store_is_open(void)
{
    char text[512];
    int out;
    struct position head = {.revision = 0};
    begin();
    pid_t pid = child_start("open", scene.path, &out);
    CU_ASSERT_EQUAL(child_finish(pid, out, text, sizeof text), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "FAILED_PRECONDITION"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "is in use by another process"));
    append_one("a", &head);
    pid = child_start("open", scene.path, &out);
    CU_ASSERT_EQUAL(child_finish(pid, out, text, sizeof text), 2);
    scene_stop(&scene);
    pid = child_start("open", scene.path, &out);
    CU_ASSERT_EQUAL(child_finish(pid, out, text, sizeof text), 0);
    EXPECT_TEXT(text, "");
    end();
}

static void the_lock_ends_with_the_process_that_held_it(void)
{
    char text[512] = "";
    int out;
    begin();
    scene_stop(&scene);
    pid_t pid = child_start("hold", scene.path, &out);
    CU_ASSERT_EQUAL(read(out, text, 4), 4);
    EXPECT_TEXT(text, "held");
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_FAILED_PRECONDITION);
    CU_ASSERT_EQUAL(kill(pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(child_finish(pid, out, text, sizeof text), -SIGKILL);
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_OK);
    end();
}

static void a_file_of_another_program_is_refused_untouched(void)
{
    begin();
    scene_stop(&scene);
    QVT_ASSERT(unlink(scene.path) == 0);
    execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    expect_refusal(QVT_FAILED_PRECONDITION, "is not a qvt store");
    execute("PRAGMA journal_mode = WAL; PRAGMA application_id = 12345");
    expect_refusal(QVT_FAILED_PRECONDITION, "is not a qvt store");
    struct buf text = BUF_INIT;
    for (int i = 0; i < 300; i++) {
        QVT_ASSERT(buf_append_text(&text, "this is no database\n") == QVT_OK);
    }
    write_file(scene.path, &text);
    expect_refusal(QVT_FAILED_PRECONDITION, "is not a qvt store");
    text.len = 20;
    write_file(scene.path, &text);
    expect_refusal(QVT_FAILED_PRECONDITION, "is not a qvt store");
    buf_deinit(&text);
    end();
}

static void a_newer_format_and_an_older_one_are_refused_untouched(void)
{
    begin();
    scene_stop(&scene);
    execute("PRAGMA user_version = 3");
    expect_refusal(QVT_FAILED_PRECONDITION, "has format 3, written by a newer version; this one reads format 2");
    execute("PRAGMA user_version = 1");
    expect_refusal(QVT_FAILED_PRECONDITION, "has format 1, written by an older version; this one reads format 2");
    execute("PRAGMA user_version = 2");
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_OK);
    end();
}

static void an_empty_file_becomes_a_store(void)
{
    struct buf nothing = BUF_INIT;
    struct position head = {.revision = 0};
    begin();
    scene_stop(&scene);
    write_file(scene.path, &nothing);
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_OK);
    append_one("a", &head);
    end();
}

static void a_path_that_cannot_be_a_file_is_refused(void)
{
    begin();
    scene_stop(&scene);
    char good[sizeof scene.path];
    (void)memcpy(good, scene.path, sizeof good);
    (void)snprintf(scene.path, sizeof scene.path, "%s/none/qvt.db", scene.folder);
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "No such file or directory"));
    (void)snprintf(scene.path, sizeof scene.path, "%s", scene.folder);
    CU_ASSERT_EQUAL(scene_start(&scene, &error), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, scene.folder));
    (void)memcpy(scene.path, good, sizeof good);
    end();
}

/* Modes do not bind root. */
static qvt_status start_as_a_user(uid_t me)
{
    QVT_ASSERT(me != 0 || seteuid(65534) == 0);
    qvt_status status = scene_start(&scene, &error);
    QVT_ASSERT(seteuid(me) == 0);
    return status;
}

static void what_may_only_be_read_is_refused_and_called_so(void)
{
    begin();
    scene_stop(&scene);
    uid_t me = geteuid();
    QVT_ASSERT(me != 0 || (chown(scene.path, 65534, 65534) == 0 && chown(scene.folder, 65534, 65534) == 0));
    QVT_ASSERT(chmod(scene.folder, 0500) == 0);
    CU_ASSERT_EQUAL(start_as_a_user(me), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "its folder is read-only"));
    QVT_ASSERT(chmod(scene.folder, 0700) == 0 && chmod(scene.path, 0400) == 0);
    CU_ASSERT_EQUAL(start_as_a_user(me), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "qvt.db is read-only"));
    QVT_ASSERT(chmod(scene.path, 0600) == 0);
    CU_ASSERT_EQUAL(start_as_a_user(me), QVT_OK);
    end();
}

static void a_damaged_file_is_data_loss(void)
{
    struct buf content = BUF_INIT;
    struct position head = {.revision = 0};
    struct loaded loaded = {.status = QVT_DATA_LOSS};
    begin();
    for (int i = 0; i < 100; i++) {
        append_one("a", &head);
    }
    scene_stop(&scene);
    read_file(scene.path, &content);
    CU_ASSERT_TRUE_FATAL(content.len > 16384);
    memset(content.data + 8192, 0xa5, content.len - 8192);
    write_file(scene.path, &content);
    qvt_status status = scene_start(&scene, &error);
    if (status == QVT_OK) {
        struct store_log *log = scene_log(&scene, "c");
        scene_load(&scene, log, &loaded);
        store_close_log(log);
        status = loaded.status;
        error = loaded.error;
    }
    CU_ASSERT_EQUAL(status, QVT_DATA_LOSS);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "damaged"));
    buf_deinit(&content);
    end();
}

/* Only the token tells the restored history from the one it replaced. */
static void an_older_copy_put_back_goes_on_under_other_tokens(void)
{
    struct buf copy = BUF_INIT;
    struct position head = {.revision = 0};
    struct position restored;
    begin();
    append_one("a", &head);
    scene_stop(&scene);
    read_file(scene.path, &copy);
    restored = head;
    CU_ASSERT_EQUAL_FATAL(scene_start(&scene, &error), QVT_OK);
    append_one("lost", &head);
    append_one("lost", &head);
    scene_stop(&scene);
    write_file(scene.path, &copy);
    CU_ASSERT_EQUAL_FATAL(scene_start(&scene, &error), QVT_OK);
    struct store_log *log = scene_log(&scene, "c");
    struct position mine = head;
    struct change *change = scene_put(&scene, &mine, RECORD_POLICY, "b", "value");
    struct store_append append = {.expected = &head, .changes = &change, .change_count = 1};
    struct appended answer;
    scene_append(&scene, log, &append, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_CONFLICT);
    CU_ASSERT_EQUAL(answer.missed_count, 0);
    appended_deinit(&answer);
    change_unref(change);
    append_one("b", &restored);
    append_one("b", &restored);
    CU_ASSERT_EQUAL(restored.revision, head.revision);
    EXPECT_TEXT(restored.store_id, head.store_id);
    CU_ASSERT_FALSE(position_equal(&restored, &head));
    store_close_log(log);
    buf_deinit(&copy);
    end();
}

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(its_files_are_for_their_owner_only),
        SUITE_CASE(closing_leaves_one_file),
        SUITE_CASE(closing_waits_for_what_is_pending),
        SUITE_CASE(a_second_store_in_the_process_is_refused),
        SUITE_CASE(another_process_is_refused_as_long_as_the_store_is_open),
        SUITE_CASE(the_lock_ends_with_the_process_that_held_it),
        SUITE_CASE(a_file_of_another_program_is_refused_untouched),
        SUITE_CASE(a_newer_format_and_an_older_one_are_refused_untouched),
        SUITE_CASE(an_empty_file_becomes_a_store),
        SUITE_CASE(a_path_that_cannot_be_a_file_is_refused),
        SUITE_CASE(what_may_only_be_read_is_refused_and_called_so),
        SUITE_CASE(a_damaged_file_is_data_loss),
        SUITE_CASE(an_older_copy_put_back_goes_on_under_other_tokens),
    };
    if (argc == 4 && strcmp(argv[1], "--child") == 0) {
        return child_main(argv[2], argv[3]);
    }
    return suite_run("server/store/sqlite identity", cases, sizeof cases / sizeof cases[0], argc, argv);
}
