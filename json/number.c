#include "json/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json/long_integer.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 8259 §6: the length of `int` at the start of the text, 0 for none. */
static size_t whole_len(const char *text)
{
    size_t len = text[0] == '-' ? 1 : 0;
    if (text[len] == '0') {
        return len + 1;
    }
    size_t digits = strspn(text + len, "0123456789");
    return digits == 0 ? 0 : len + digits;
}

bool number_int64_from_text(const char *text, int64_t *out)
{
    size_t len = whole_len(text);
    if (len == 0 || text[len] != '\0') {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    *out = (int64_t)value;
    return errno == 0;
}

bool number_uint64_from_text(const char *text, uint64_t *out)
{
    size_t len = whole_len(text);
    if (len == 0 || text[len] != '\0') {
        return false;
    }
    if (text[0] == '-') {
        *out = 0;
        return strcmp(text, "-0") == 0;
    }
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    *out = (uint64_t)value;
    return errno == 0;
}

/* RFC 8259 §6: whether the text is a number, nothing else. */
static bool is_number(const char *text)
{
    size_t at = whole_len(text);
    if (at == 0) {
        return false;
    }
    if (text[at] == '.') {
        size_t digits = strspn(text + at + 1, "0123456789");
        if (digits == 0) {
            return false;
        }
        at += 1 + digits;
    }
    if (text[at] == 'e' || text[at] == 'E') {
        at += text[at + 1] == '+' || text[at + 1] == '-' ? 2 : 1;
        if (!is_digit(text[at])) {
            return false;
        }
        at += strspn(text + at, "0123456789");
    }
    return text[at] == '\0';
}

/* strtod reads the locale's decimal point, JSON's is a dot. */
static double parse_real(const char *text)
{
    char local[64];
    const char *dot = strchr(text, '.');
    const char point = *localeconv()->decimal_point;
    if (dot == NULL || point == '.' || strlen(text) >= sizeof(local)) {
        return strtod(text, NULL);
    }
    strcpy(local, text);
    local[dot - text] = point;
    return strtod(local, NULL);
}

bool number_double_from_text(const char *text, double *out)
{
    bool negative = text[0] == '-';
    if (strcmp(text, "NaN") == 0) {
        *out = (double)NAN;
        return true;
    }
    if (strcmp(text + (negative ? 1 : 0), "Infinity") == 0) {
        *out = negative ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (!is_number(text)) {
        return false;
    }
    *out = parse_real(text);
    return isfinite(*out);
}

/* The bound is the first double that rounds to infinity. */
bool number_fits_float(double number)
{
    return !isfinite(number) || fabs(number) < 0x1.ffffffp127;
}

bool number_int64_from_json(const json_t *value, int64_t *out)
{
    if (json_is_integer(value)) {
        *out = (int64_t)json_integer_value(value);
        return true;
    }
    if (json_is_real(value)) {
        double real = json_real_value(value);
        bool whole = real >= -0x1p63 && real < 0x1p63 && floor(real) == real;
        *out = whole ? (int64_t)real : 0;
        return whole;
    }
    const char *text = long_integer_text(value);
    text = text != NULL ? text : json_string_value(value);
    return text != NULL && number_int64_from_text(text, out);
}

bool number_uint64_from_json(const json_t *value, uint64_t *out)
{
    if (json_is_integer(value)) {
        *out = (uint64_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    if (json_is_real(value)) {
        double real = json_real_value(value);
        bool whole = real >= 0 && real < 0x1p64 && floor(real) == real;
        *out = whole ? (uint64_t)real : 0;
        return whole;
    }
    const char *text = long_integer_text(value);
    text = text != NULL ? text : json_string_value(value);
    return text != NULL && number_uint64_from_text(text, out);
}

bool number_double_from_json(const json_t *value, double *out)
{
    if (json_is_number(value)) {
        *out = json_number_value(value);
        return true;
    }
    const char *text = long_integer_text(value);
    text = text != NULL ? text : json_string_value(value);
    return text != NULL && number_double_from_text(text, out);
}
