/* A disk that becomes full, or whose fsync fails, when a test says so: SQLite's default VFS with three calls wrapped. */
#ifndef QVT_TESTS_UNIT_SERVER_STORE_FAULTY_DISK_H
#define QVT_TESTS_UNIT_SERVER_STORE_FAULTY_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_ROOMY INT64_MAX

/* Change it only while no call is pending. */
struct faulty_disk {
    int64_t log_room;  /* bytes that may still be written to write-ahead logs */
    int64_t file_room; /* … and to database files */
    bool fail_sync;
    unsigned long log_syncs;
    unsigned long refusals;    /* writes that found no room */
    unsigned long file_writes; /* those to database files that did */
};

extern struct faulty_disk faulty_disk;

/* From now on every database is opened on this disk. Once a process. */
void faulty_disk_install(void);

/* A sound, roomy disk, with nothing counted. */
void faulty_disk_repair(void);

#endif
