#include "tests/unit/server/store/faulty_disk.h"

#include <stddef.h>

#include <sqlite3.h>

#include "base/check.h"

struct faulty_disk faulty_disk = {.log_room = DISK_ROOMY, .file_room = DISK_ROOMY};

/* The real file follows in the same memory. */
struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
    int64_t *room; /* NULL: unlimited */
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)(void *)file)->real;
}

static int close_file(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int read_file(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, offset);
}

static int write_file(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 offset)
{
    struct faulty_file *file = (struct faulty_file *)(void *)base;
    if (file->room != NULL && *file->room != DISK_ROOMY) {
        int fits = *file->room < len ? (int)*file->room : len;
        *file->room -= fits;
        if (fits < len) {
            /* As a real disk does: what still fits is written. */
            (void)file->real->pMethods->xWrite(file->real, bytes, fits, offset);
            faulty_disk.refusals++;
            return SQLITE_FULL;
        }
    }
    faulty_disk.file_writes += file->room == &faulty_disk.file_room;
    return file->real->pMethods->xWrite(file->real, bytes, len, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct faulty_file *file = (struct faulty_file *)(void *)base;
    faulty_disk.log_syncs += file->room == &faulty_disk.log_room;
    return faulty_disk.fail_sync ? SQLITE_IOERR_FSYNC : file->real->pMethods->xSync(file->real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int control(sqlite3_file *file, int operation, void *data)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, data);
}

static int sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct faulty_file *file = (struct faulty_file *)(void *)base;
    (void)vfs;
    file->real = (sqlite3_file *)(void *)(file + 1);
    file->room = (flags & SQLITE_OPEN_WAL) != 0       ? &faulty_disk.log_room
                 : (flags & SQLITE_OPEN_MAIN_DB) != 0 ? &faulty_disk.file_room
                                                      : NULL;
    int result = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    file->base.pMethods = result == SQLITE_OK ? &methods : NULL;
    return result;
}

void faulty_disk_install(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    QVT_ASSERT(real_vfs != NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile += (int)sizeof(struct faulty_file);
    vfs.xOpen = open_file;
    QVT_ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

void faulty_disk_repair(void)
{
    faulty_disk = (struct faulty_disk){.log_room = DISK_ROOMY, .file_room = DISK_ROOMY};
}
