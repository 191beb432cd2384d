/* Field numbers of Policy, Ramp and Setting (proto/quark/version/v1/policy.proto, change.proto). */
#ifndef QVT_SERVER_REGISTRY_POLICY_FIELDS_H
#define QVT_SERVER_REGISTRY_POLICY_FIELDS_H

enum {
    POLICY_ACTOR_TYPE = 1,
    POLICY_MODE = 2,
    POLICY_SELECTOR = 3,
    POLICY_RANGE = 4,
    POLICY_RAMP = 5,
    POLICY_MIN_READY = 6,
    POLICY_MOD_REVISION = 19,
    POLICY_ETAG = 20,
    RAMP_TARGET_VERSION = 1,
    RAMP_BASIS_POINTS = 2,
    SETTING_NAME = 1,
    SETTING_NUMBER = 2,
    SETTING_MOD_REVISION = 19,
    SETTING_ETAG = 20
};

#endif
