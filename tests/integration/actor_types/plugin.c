#include "qvt/actor_type.h"

QVT_ACTOR_TYPE(PluginActor);
