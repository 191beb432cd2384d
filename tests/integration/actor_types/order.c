#include "qvt/actor_type.h"

QVT_ACTOR_TYPE(OrderActor);
QVT_ACTOR_TYPE_SCHEMA(CartActor, 0x1234, 2, 4, 4);
