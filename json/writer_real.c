#include "json/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool json_writer_is_zero(double value)
{
    return value == 0 && signbit(value) == 0;
}

/* JSON has no such numbers; proto3 writes them as strings. Minus zero needs a fraction, or it is read as an integer. */
static bool write_special(struct json_writer *writer, double value)
{
    if (value == 0 && signbit(value) != 0) {
        json_writer_raw(writer, "-0.0", 4);
        return true;
    }
    const char *text = isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    if (isfinite(value)) {
        return false;
    }
    json_writer_raw(writer, text, strlen(text));
    return true;
}

/* The locale may write a comma. */
static void write_number(struct json_writer *writer, char *text)
{
    char *at = text + strspn(text, "0123456789-+eE");
    if (*at != '\0') {
        *at = '.';
    }
    json_writer_raw(writer, text, strlen(text));
}

void json_writer_double(struct json_writer *writer, double value)
{
    char text[40];
    if (write_special(writer, value)) {
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    write_number(writer, text);
}

void json_writer_float(struct json_writer *writer, float value)
{
    char text[40];
    if (write_special(writer, (double)value)) {
        return;
    }
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) {
            break;
        }
    }
    write_number(writer, text);
}
