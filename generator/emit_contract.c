/* <proto>.contract.h: the fingerprint of each service, for QVT_ACTOR_TYPE_CONTRACT. It stands on stdint.h alone. */
#include <inttypes.h>

#include "generator/contract.h"
#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

void emit_contract(struct emit *emit, const struct model_file *file)
{
    if (file->service_count == 0) {
        return;
    }
    struct buf *header =
        emit_open_header(emit, file, "contract", "What the services' contracts amount to.", "#include <stdint.h>\n");
    for (size_t i = 0; i < file->service_count; i++) {
        const struct model_service *service = &file->services[i];
        text_add(header, "/* %s: changes with its methods, and with their messages' fields and enums. */\n",
                 service->full_name);
        text_add(header, "#define %s_CONTRACT_FINGERPRINT UINT64_C(0x%016" PRIx64 ")\n\n", service->upper,
                 contract_fingerprint(emit->arena, service));
    }
    emit_close_header(header);
}
