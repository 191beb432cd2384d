/* Numbers from text and from JSON values, exact or not at all. */
#ifndef QVT_JSON_NUMBER_H
#define QVT_JSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* A whole number as JSON writes it: no sign but a minus, no leading zero, no blank. false outside the type. */
bool number_int64_from_text(const char *text, int64_t *out);
bool number_uint64_from_text(const char *text, uint64_t *out);

/* Any number as JSON writes it, and "NaN", "Infinity", "-Infinity"; false when it is none or is too large. */
bool number_double_from_text(const char *text, double *out);

/* Whether a float can hold the number, rounded; also what is not finite. */
bool number_fits_float(double number);

/* From a JSON number or string. A number with a fraction of zero is whole. */
bool number_int64_from_json(const json_t *value, int64_t *out);
bool number_uint64_from_json(const json_t *value, uint64_t *out);
bool number_double_from_json(const json_t *value, double *out);

#endif
