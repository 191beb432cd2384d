/* The steps of model_build, in their order. Each may count errors. */
#ifndef QVT_GENERATOR_MODEL_PARTS_H
#define QVT_GENERATOR_MODEL_PARTS_H

#include "generator/location.h"
#include "generator/model.h"

/* Fills messages and enums of the file, names and comments; types of fields stay unresolved. */
void model_add_types(struct model *model, struct model_file *file);

/* Resolves the types of fields; all files have their types. */
void model_link_fields(struct model *model, struct model_file *file);

/* Fills services, methods and their HTTP routes; all fields are linked. */
void model_add_services(struct model *model, struct model_file *file);

/* Reads google.api.http of a method. `at` is the method's location. */
void model_add_routes(struct model *model, struct model_method *method,
                      const Google__Protobuf__MethodDescriptorProto *proto);

/* Splits and resolves a path template; false after an error was reported. */
bool model_parse_template(struct model *model, struct model_route *route, const char *text);

/* Refuses what the emitters cannot express: groups, clashing names, duplicate routes. */
void model_check(struct model *model, const struct model_file *file);

#endif
