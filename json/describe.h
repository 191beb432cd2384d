/* Values and rules as error messages say them. */
#ifndef QVT_JSON_DESCRIBE_H
#define QVT_JSON_DESCRIBE_H

#define DESCRIBE_INT32 "a whole number from -2147483648 to 2147483647"
#define DESCRIBE_UINT32 "a whole number from 0 to 4294967295"
#define DESCRIBE_INT64 "a whole number from -9223372036854775808 to 9223372036854775807"
#define DESCRIBE_UINT64 "a whole number from 0 to 18446744073709551615"
#define DESCRIBE_DOUBLE "a number, \"NaN\", \"Infinity\" or \"-Infinity\""
#define DESCRIBE_FLOAT "a number of 32 bits, \"NaN\", \"Infinity\" or \"-Infinity\""

enum { DESCRIBE_MAX = 96 };

/* The text in quotes, or a number without, cut with `…` when it is long; out holds DESCRIBE_MAX bytes and is returned. */
const char *describe_text(const char *text, char *out);
const char *describe_number(const char *text, char *out);

#endif
