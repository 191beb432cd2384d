/* The contract of a service in one canonical text, and its fingerprint: what silos compare to see whether they speak alike.
 *
 * The text names what is on the wire and nothing else: no comments, options, defaults, files, or order of declaration.
 *
 *     qvt contract 1
 *     service shop.v1.Orders
 *       Follow shop.v1.OrderRef shop.v1.Event server
 *     message shop.v1.OrderRef
 *       1 id string
 *       2 parts repeated shop.v1.Part
 *     enum shop.v1.Part
 *       0 PART_UNSPECIFIED
 *
 * Lines end with a line feed. Methods are in byte order of their names: name, input, output and one of unary, client, server,
 * bidi. Then every message that these reach, in byte order of full names, each with its fields in order of their numbers:
 * number, name, `optional` (with presence), `required`, `repeated`, `map` or `oneof NAME` where it applies, and the type as
 * it is written in a .proto file, messages and enums by full name, a map as `KEY VALUE`. Then every enum, likewise, its
 * values in order of number, then name. The fingerprint is XXH64 of these bytes with seed 0; a 0, which means that there is
 * none, becomes 1. */
#ifndef QVT_GENERATOR_CONTRACT_H
#define QVT_GENERATOR_CONTRACT_H

#include "base/buf.h"
#include "generator/model.h"

/* Appends the text. The arena is for working memory. */
void contract_text(struct buf *out, struct arena *arena, const struct model_service *service);

uint64_t contract_fingerprint(struct arena *arena, const struct model_service *service);

#endif
