#include "qvt/actor_type.h"

QVT_ACTOR_TYPE_CONTRACT(InvoiceActor, 0xffULL);
QVT_ACTOR_TYPE_NAMED(Stock, "Shop.Stock/1");
