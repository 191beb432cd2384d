#include "json/time_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TIMESTAMP_MIN INT64_C(-62135596800)
#define TIMESTAMP_MAX INT64_C(253402300799)
#define DURATION_MAX INT64_C(315576000000)

enum { SECONDS_PER_DAY = 86400, NANOS_PER_SECOND = 1000000000 };

struct date {
    int64_t year;
    int month;
    int day;
};

/* The proleptic Gregorian calendar, years from March, in eras of 400 years. */
static struct date date_of_day(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date date = {.day = (int)(of_year - (153 * month + 2) / 5 + 1)};
    date.month = (int)(month < 10 ? month + 3 : month - 9);
    date.year = year + era * 400 + (date.month <= 2 ? 1 : 0);
    return date;
}

static int64_t day_of_date(const struct date *date)
{
    int64_t year = date->month <= 2 ? date->year - 1 : date->year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = date->month > 2 ? date->month - 3 : date->month + 9;
    int64_t of_year = (153 * month + 2) / 5 + date->day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719468;
}

static int days_in_month(const struct date *date)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    return days[date->month - 1] + (date->month == 2 && leap ? 1 : 0);
}

/* "", ".123", ".123456" or ".123456789". */
static void write_fraction(int32_t nanos, char *out, size_t cap)
{
    if (nanos == 0) {
        out[0] = '\0';
    } else if (nanos % 1000000 == 0) {
        (void)snprintf(out, cap, ".%03" PRId32, nanos / 1000000);
    } else if (nanos % 1000 == 0) {
        (void)snprintf(out, cap, ".%06" PRId32, nanos / 1000);
    } else {
        (void)snprintf(out, cap, ".%09" PRId32, nanos);
    }
}

bool time_text_write_timestamp(int64_t seconds, int32_t nanos, char *out)
{
    char fraction[16];
    if (seconds < TIMESTAMP_MIN || seconds > TIMESTAMP_MAX || nanos < 0 || nanos >= NANOS_PER_SECOND) {
        return false;
    }
    int64_t of_day = (seconds % SECONDS_PER_DAY + SECONDS_PER_DAY) % SECONDS_PER_DAY;
    struct date date = date_of_day((seconds - of_day) / SECONDS_PER_DAY);
    write_fraction(nanos, fraction, sizeof(fraction));
    int len = snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", (int)date.year, date.month, date.day,
                       (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60), fraction);
    return len > 0 && len < TIME_TEXT_MAX;
}

/* Exactly `width` digits in front of *at, from low to high, then the character `behind` unless it is NUL. */
static bool read_digits(const char **at, size_t width, int low, int high, char behind, int *out)
{
    *out = 0;
    for (size_t i = 0; i < width; i++) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        *out = *out * 10 + (**at - '0');
        (*at)++;
    }
    if (behind != '\0' && *(*at)++ != behind) {
        return false;
    }
    return *out >= low && *out <= high;
}

/* A point and one to nine digits, or nothing. */
static bool read_fraction(const char **at, int32_t *nanos)
{
    *nanos = 0;
    if (**at != '.') {
        return true;
    }
    (*at)++;
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 9) {
        return false;
    }
    for (size_t i = 0; i < 9; i++) {
        *nanos = *nanos * 10 + (i < digits ? (*at)[i] - '0' : 0);
    }
    *at += digits;
    return true;
}

/* "Z" or "+02:00", to the end of the text. */
static bool read_offset(const char *at, int64_t *seconds)
{
    int hours = 0;
    int minutes = 0;
    int64_t sign = *at == '-' ? -1 : 1;
    *seconds = 0;
    if (strcmp(at, "Z") == 0) {
        return true;
    }
    if (*at != '+' && *at != '-') {
        return false;
    }
    at++;
    if (!read_digits(&at, 2, 0, 23, ':', &hours) || !read_digits(&at, 2, 0, 59, '\0', &minutes)) {
        return false;
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return *at == '\0';
}

bool time_text_read_timestamp(const char *text, int64_t *seconds, int32_t *nanos)
{
    struct date date;
    int year = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int64_t offset = 0;
    if (!read_digits(&text, 4, 1, 9999, '-', &year) || !read_digits(&text, 2, 1, 12, '-', &date.month)) {
        return false;
    }
    date.year = year;
    if (!read_digits(&text, 2, 1, days_in_month(&date), 'T', &date.day) || !read_digits(&text, 2, 0, 23, ':', &hour) ||
        !read_digits(&text, 2, 0, 59, ':', &minute) || !read_digits(&text, 2, 0, 59, '\0', &second) ||
        !read_fraction(&text, nanos) || !read_offset(text, &offset)) {
        return false;
    }
    *seconds = day_of_date(&date) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    return *seconds >= TIMESTAMP_MIN && *seconds <= TIMESTAMP_MAX;
}

bool time_text_write_duration(int64_t seconds, int32_t nanos, char *out)
{
    char fraction[16];
    bool range =
        seconds >= -DURATION_MAX && seconds <= DURATION_MAX && nanos > -NANOS_PER_SECOND && nanos < NANOS_PER_SECOND;
    if (!range || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
        return false;
    }
    bool negative = seconds < 0 || nanos < 0;
    write_fraction(negative ? -nanos : nanos, fraction, sizeof(fraction));
    (void)snprintf(out, TIME_TEXT_MAX, "%s%" PRId64 "%ss", negative ? "-" : "", negative ? -seconds : seconds,
                   fraction);
    return true;
}

bool time_text_read_duration(const char *text, int64_t *seconds, int32_t *nanos)
{
    bool negative = *text == '-';
    text += negative ? 1 : 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12) {
        return false;
    }
    *seconds = 0;
    for (size_t i = 0; i < digits; i++) {
        *seconds = *seconds * 10 + (text[i] - '0');
    }
    text += digits;
    if (!read_fraction(&text, nanos) || strcmp(text, "s") != 0 || *seconds > DURATION_MAX) {
        return false;
    }
    *seconds = negative ? -*seconds : *seconds;
    *nanos = negative ? -*nanos : *nanos;
    return true;
}
