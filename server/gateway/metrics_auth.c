#include "server/gateway/metrics_page.h"
#include "server/identity/guard.h"

void metrics_auth_write(struct prometheus *prometheus, const struct guard *guard)
{
    if (guard == NULL) {
        return;
    }
    prometheus_family(prometheus, "qvt_auth_failures_total", PROMETHEUS_COUNTER,
                      "Calls refused for who their caller is or is not, by ErrorInfo reason.");
    for (int reason = 0; reason < GUARD_REASONS; reason++) {
        prometheus_uint(prometheus, PROMETHEUS_LABELS({"reason", guard_reason_name((enum guard_reason)reason)}),
                        guard_failures(guard, (enum guard_reason)reason));
    }
    prometheus_family(prometheus, "qvt_auth_credentials", PROMETHEUS_GAUGE, "Credentials in force.");
    prometheus_uint(prometheus, NULL, guard_credential_count(guard));
    prometheus_family(prometheus, "qvt_auth_reloads_total", PROMETHEUS_COUNTER,
                      "How often the credentials were read again; failed: those before stayed in force.");
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"outcome", "loaded"}), guard_reloads(guard, true));
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"outcome", "failed"}), guard_reloads(guard, false));
}
