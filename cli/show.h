/* Messages of the contract as people read them. */
#ifndef QVT_CLI_SHOW_H
#define QVT_CLI_SHOW_H

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "cli/table.h"
#include "protobuf-c/quark/version/v1/silo.pb-c.h"

/* The value's name without the prefix of its type ("ACTIVE"); "7" for one without a name, in room of at least 12 bytes. */
const char *show_enum(const ProtobufCEnumDescriptor *type, const char *prefix, int value, char *room);

const char *show_silo_status(int status, char *room);
const char *show_scheduling(int scheduling, char *room);

/* One that is not set shows as the default: STRICT, ALL. */
const char *show_mode(int mode, char *room);
const char *show_selector(int selector, char *room);

/* The status with its marks, "ACTIVE,suspect", and the scheduling, as coloured cells. */
void show_status_cell(struct table *table, const Quark__Version__V1__SiloInfo *silo, const char *between);
void show_scheduling_cell(struct table *table, const Quark__Version__V1__SiloInfo *silo);

/* "Cart=1.0.0,Order=2.1.0" as a cell. */
void show_versions(struct table *table, const Quark__Version__V1__SiloInfo *silo);

#define SHOW_ADDRESS_MAX 512

/* "10.0.0.1:9000", "[::1]:9000", in room of SHOW_ADDRESS_MAX bytes. Not escaped. */
const char *show_address(const char *address, uint32_t port, char *room);

/* "1.5s", "12s", in room of at least 24 bytes. */
const char *show_milliseconds(uint64_t milliseconds, char *room);

#endif
