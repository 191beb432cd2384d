// Compiled as C++: the public headers and their _INIT macros.
#include "qvt/qvt.h"
#include "qvt/qvt.hpp"

bool headers_cxx_own(const qvt_client_options *options);

// The owners free what they hold, and are written to where the C interface writes a handle.
bool headers_cxx_own(const qvt_client_options *options)
{
    qvt::client client;
    qvt::activity activity;
    return qvt_client_new(qvt::out(client), options, nullptr) == QVT_OK &&
           qvt_activity_new(qvt::out(activity), nullptr) == QVT_OK && client && activity;
}

bool headers_cxx_use();

bool headers_cxx_use()
{
    qvt_client_options client = QVT_CLIENT_OPTIONS_INIT;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    qvt_registration registration = QVT_REGISTRATION_INIT;
    qvt_find_request find = QVT_FIND_REQUEST_INIT;
    qvt_watch_options watch = QVT_WATCH_OPTIONS_INIT;
    return client.size == sizeof client && call.size == sizeof call && silo.size == sizeof silo &&
           registration.size == sizeof registration && find.size == sizeof find && watch.size == sizeof watch;
}
