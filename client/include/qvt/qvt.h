/* Everything a silo needs: the client of the version tracker. */
#ifndef QVT_QVT_H
#define QVT_QVT_H

#include "qvt/activity.h"
#include "qvt/actor_type.h"
#include "qvt/answer.h"
#include "qvt/capabilities.h"
#include "qvt/client.h"
#include "qvt/error.h"
#include "qvt/find.h"
#include "qvt/life.h"
#include "qvt/mailbox.h"
#include "qvt/record.h"
#include "qvt/silo.h"
#include "qvt/status.h"
#include "qvt/watch.h"

#endif
