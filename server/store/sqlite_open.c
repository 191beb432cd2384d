#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "server/store/sqlite_file.h"

#define APPLICATION_ID 0x71767431 /* "qvt1" */
#define FORMAT_VERSION 2
#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number
#define SET_IDENTITY                                                                                                   \
    "PRAGMA application_id = " TEXT_OF(APPLICATION_ID) "; PRAGMA user_version = " TEXT_OF(FORMAT_VERSION) ";"

/* In one transaction with the tables, so that a file is ours entirely or not at all. */
static const char create_sql[] =
    "BEGIN EXCLUSIVE;"
    "CREATE TABLE logs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind INTEGER NOT NULL, store_id TEXT NOT NULL,"
    " revision INTEGER NOT NULL, token INTEGER NOT NULL, base INTEGER NOT NULL, kept_from INTEGER NOT NULL,"
    " UNIQUE (name, kind)) STRICT;"
    "CREATE TABLE appends (id INTEGER PRIMARY KEY, changes BLOB NOT NULL) STRICT;"
    "CREATE TABLE records (log INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL, field INTEGER NOT NULL,"
    " revision INTEGER NOT NULL, time_us INTEGER NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY (log, kind, key)) WITHOUT ROWID, STRICT;" SET_IDENTITY "COMMIT;";

static const char *const statement_sql[STATEMENT_COUNT] = {
#define STATEMENT_SQL(name, sql) [STATEMENT_##name] = (sql),
    SQLITE_STATEMENTS(STATEMENT_SQL)
#undef STATEMENT_SQL
};

/* While opening, a file that is locked or no database at all is a fault of the configuration. */
static qvt_status open_error(const struct sqlite_file *file, int result, qvt_error *error)
{
    (void)sqlite_file_check(file, result);
    if ((result & 0xff) == SQLITE_BUSY) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL, "%s is in use by another process", file->path);
    }
    if ((result & 0xff) == SQLITE_NOTADB) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL, "%s is not a qvt store", file->path);
    }
    if ((result & 0xff) == SQLITE_READONLY) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "%s: its folder is read-only, and has no room for its log",
                             file->path);
    }
    return sqlite_file_describe(file, result, error);
}

/* SQLite settles for reading what it may not write. */
static qvt_status check_writable(const struct sqlite_file *file, qvt_error *error)
{
    if (sqlite3_db_readonly(file->db, "main") == 1) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "%s is read-only", file->path);
    }
    return QVT_OK;
}

/* SQLite gives its other files the mode of this one. An existing file is not touched: closing it again would drop the
 * locks that this process may hold on it (fcntl). */
static qvt_status create_private(const char *path, qvt_error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno != EEXIST) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "cannot create %s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return QVT_OK;
}

static int execute(const struct sqlite_file *file, const char *sql)
{
    return sqlite_file_check(file, sqlite3_exec(file->db, sql, NULL, NULL, NULL));
}

/* The one number that a query answers with. */
static int ask(const struct sqlite_file *file, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(file->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        *out = sqlite3_column_int(statement, 0);
        result = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return result;
}

static qvt_status identify(const struct sqlite_file *file, bool *fresh, qvt_error *error)
{
    int application = 0;
    int version = 0;
    int tables = 0;
    int result = ask(file, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result == SQLITE_OK) {
        result = ask(file, "PRAGMA application_id", &application);
    }
    if (result == SQLITE_OK) {
        result = ask(file, "PRAGMA user_version", &version);
    }
    if (result != SQLITE_OK) {
        return open_error(file, result, error);
    }
    *fresh = tables == 0 && application == 0 && version == 0;
    if (!*fresh && application != APPLICATION_ID) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL, "%s is not a qvt store", file->path);
    }
    if (!*fresh && version != FORMAT_VERSION) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL,
                             "%s has format %d, written by %s version; this one reads format %d", file->path, version,
                             version > FORMAT_VERSION ? "a newer" : "an older", FORMAT_VERSION);
    }
    return QVT_OK;
}

static int count_pages(void *data, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct sqlite_file *)data)->log_pages = pages;
    return SQLITE_OK;
}

/* Checkpoints are ours: SQLite would run them inside a commit and hide their failures. */
static int prepare(struct sqlite_file *file)
{
    int result = execute(file, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 33554432;"
                               "PRAGMA secure_delete = FAST");
    if (result == SQLITE_OK) {
        result = execute(file, "BEGIN IMMEDIATE; COMMIT");
    }
    for (int i = 0; result == SQLITE_OK && i < STATEMENT_COUNT; i++) {
        result =
            sqlite3_prepare_v3(file->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &file->statements[i], NULL);
    }
    (void)sqlite3_wal_hook(file->db, count_pages, file);
    file->checkpoint_at = SQLITE_CHECKPOINT_PAGES;
    return result;
}

static qvt_status check_journal(const struct sqlite_file *file, qvt_error *error)
{
    int logged = 0;
    int result = ask(file, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &logged);
    if (result != SQLITE_OK) {
        return open_error(file, result, error);
    }
    if (logged == 0) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "%s cannot have a write-ahead log", file->path);
    }
    return QVT_OK;
}

/* Until the file is known to be ours, closing it must not move a foreign log into it. */
static qvt_status take(struct sqlite_file *file, qvt_error *error)
{
    bool fresh = false;
    QVT_TRY(check_writable(file, error));
    (void)sqlite3_db_config(file->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    int result = execute(file, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
    if (result != SQLITE_OK) {
        return open_error(file, result, error);
    }
    QVT_TRY(identify(file, &fresh, error));
    (void)sqlite3_db_config(file->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (fresh) {
        result = execute(file, create_sql);
    }
    if (result == SQLITE_OK) {
        result = prepare(file);
    }
    return result == SQLITE_OK ? check_journal(file, error) : open_error(file, result, error);
}

qvt_status sqlite_file_open(struct sqlite_file *file, const char *path, qvt_error *error)
{
    *file = (struct sqlite_file){.path = strdup(path)};
    if (file->path == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    qvt_status status = create_private(path, error);
    if (status == QVT_OK) {
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
        /* Nobody reads SQLite's count of its memory, which takes a lock at every allocation; only the first store of a
         * process can turn it off. */
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        int result = sqlite3_open_v2(path, &file->db, flags, NULL);
        status = result == SQLITE_OK ? take(file, error) : open_error(file, result, error);
    }
    if (status != QVT_OK) {
        sqlite_file_release(file);
    }
    return status;
}
