/* Field numbers of Change, Position and RecordKey (proto/quark/version/v1/change.proto). */
#ifndef QVT_SERVER_REGISTRY_CHANGE_FIELDS_H
#define QVT_SERVER_REGISTRY_CHANGE_FIELDS_H

enum {
    CHANGE_POSITION = 1,
    CHANGE_PREVIOUS_TOKEN = 2,
    CHANGE_EVENT = 3,
    CHANGE_TIME = 4,
    CHANGE_WHO = 5,
    CHANGE_WHY = 6,
    CHANGE_REQUEST_ID = 7,
    CHANGE_PUTS = 8,
    CHANGE_DELETES = 9,
    CHANGE_PREVIOUS_TYPES = 10,
    CHANGE_ACK_WANTED = 11,
    POSITION_STORE_ID = 1,
    POSITION_REVISION = 2,
    POSITION_TOKEN = 3,
    KEY_KIND = 1,
    KEY_KEY = 2
};

#endif
