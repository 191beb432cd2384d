// Compiled as C++: the public headers and their _INIT macros.
#include "qvt/qvt.h"

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
