/* The grammar of node-semver's ranges, read left to right. node-semver rewrites the text step by step instead, which
 * decides some odd cases; the comments name them. */
#include "version/range.h"

#include "base/check.h"
#include "version/range_emit.h"
#include "version/scan.h"

struct parser {
    struct scan scan;
    struct range_builder builder;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct scan *scan)
{
    while (is_blank(scan_peek(scan))) {
        scan->at++;
    }
}

static bool take_wildcard(struct scan *scan)
{
    return scan_take(scan, 'x') || scan_take(scan, 'X') || scan_take(scan, '*');
}

static qvt_status read_parts(struct parser *parser, struct range_partial *partial)
{
    struct scan *scan = &parser->scan;
    do {
        if (partial->written == 4) {
            return scan_refuse(parser->builder.why, "a version has at most four numeric parts");
        }
        if (take_wildcard(scan)) {
            partial->written++;
            continue;
        }
        if (!scan_at_digit(scan)) {
            return scan_refuse(parser->builder.why, "a comparator must be an optional operator and a version, * or x");
        }
        uint32_t number = 0;
        QVT_TRY(scan_number(scan, &number, parser->builder.why));
        if (partial->given == partial->written) {
            partial->part[partial->given++] = number;
        } else {
            partial->number_after_x = true;
        }
        partial->written++;
    } while (scan_take(scan, '.'));
    return QVT_OK;
}

/* Reads up to a blank or the end. `blanks_in_prefix`: as node-semver has it in hyphen ranges. */
static qvt_status read_partial(struct parser *parser, bool blanks_in_prefix, struct range_partial *out)
{
    struct scan *scan = &parser->scan;
    struct range_partial partial = {.given = 0};
    size_t start = scan->at;
    while (scan_peek(scan) == 'v' || scan_peek(scan) == '=' || (blanks_in_prefix && is_blank(scan_peek(scan)))) {
        scan->at++;
    }
    partial.prefix = qvt_slice_make(scan->text.data + start, scan->at - start);
    QVT_TRY(read_parts(parser, &partial));
    if (scan_take(scan, '-')) {
        if (partial.written < 3) {
            return scan_refuse(parser->builder.why, "a pre-release must follow three numbers");
        }
        QVT_TRY(scan_prerelease(scan, &partial.prerelease, parser->builder.why));
    }
    if (scan_take(scan, '+')) {
        QVT_TRY(scan_build(scan, parser->builder.why));
    }
    if (!scan_at_end(scan) && !is_blank(scan_peek(scan))) {
        return scan_refuse(parser->builder.why, "a comparator must end at a blank, a || or the end");
    }
    if (partial.given < 3) {
        partial.prerelease = qvt_slice_make(NULL, 0);
    }
    *out = partial;
    return QVT_OK;
}

static enum range_relation relation_of(char direction, bool or_equal)
{
    switch (direction) {
    case '<': return or_equal ? RANGE_LESS_EQUAL : RANGE_LESS;
    case '>': return or_equal ? RANGE_GREATER_EQUAL : RANGE_GREATER;
    default: return RANGE_EQUAL;
    }
}

/* One of < > <= >= = or nothing, with blanks around it. node-semver joins "> =1" to ">=1", but not "> = 1". */
static enum range_relation read_relation(struct scan *scan)
{
    char direction = scan_take(scan, '<') ? '<' : scan_take(scan, '>') ? '>' : '=';
    bool or_equal = scan_take(scan, '=');
    skip_blanks(scan);
    if (!or_equal) {
        or_equal = scan_take(scan, '=');
    }
    return relation_of(direction, or_equal);
}

static enum range_relation read_blanks_and_relation(struct scan *scan)
{
    skip_blanks(scan);
    return read_relation(scan);
}

/* "~>" is an old spelling of "~"; node-semver drops its '>' before a blank, so that another one may follow. */
static enum range_relation read_tilde_relation(struct scan *scan)
{
    bool old_spelling = scan_peek(scan) == '>';
    enum range_relation relation = read_blanks_and_relation(scan);
    if (old_spelling && relation == RANGE_GREATER && is_blank((char)scan->text.data[scan->at - 1]) &&
        scan_peek(scan) == '>') {
        return read_relation(scan);
    }
    return relation;
}

static qvt_status refuse_fourth(struct parser *parser)
{
    return scan_refuse(parser->builder.why, "a fourth number is allowed only after = < > <= >=");
}

/* After '~' or '^'. */
static qvt_status read_tilde_or_caret(struct parser *parser, bool tilde)
{
    enum range_relation relation = tilde ? read_tilde_relation(&parser->scan) : read_blanks_and_relation(&parser->scan);
    bool greater = relation == RANGE_GREATER || relation == RANGE_GREATER_EQUAL;
    if (relation != RANGE_EQUAL && !(tilde && greater)) {
        return scan_refuse(parser->builder.why, "~ and ^ must be followed by a version");
    }
    struct range_partial partial = {.given = 0};
    QVT_TRY(read_partial(parser, false, &partial));
    if (partial.written > 3) {
        return refuse_fourth(parser);
    }
    return tilde ? range_emit_tilde(&parser->builder, &partial) : range_emit_caret(&parser->builder, &partial);
}

static qvt_status read_comparator(struct parser *parser)
{
    struct scan *scan = &parser->scan;
    if (scan_take(scan, '~')) {
        return read_tilde_or_caret(parser, true);
    }
    if (scan_take(scan, '^')) {
        return read_tilde_or_caret(parser, false);
    }
    size_t start = scan->at;
    enum range_relation relation = read_relation(scan);
    bool has_operator = scan->at > start;
    struct range_partial partial = {.given = 0};
    QVT_TRY(read_partial(parser, false, &partial));
    if (partial.number_after_x) {
        return scan_refuse(parser->builder.why, "a number must not follow a wildcard");
    }
    if (partial.written == 4 && (!has_operator || partial.given < 4)) {
        return refuse_fourth(parser);
    }
    return range_emit_relation(&parser->builder, relation, &partial);
}

/* Where the lone '-' between blanks is; the length of the text when there is none. */
static size_t find_hyphen(qvt_slice text)
{
    for (size_t i = 1; i + 1 < text.len; i++) {
        if (text.data[i] == '-' && is_blank((char)text.data[i - 1]) && is_blank((char)text.data[i + 1])) {
            return i;
        }
    }
    return text.len;
}

/* `1.2.3 - 2.3`, with nothing else in the alternative. */
static qvt_status read_hyphen(struct parser *parser)
{
    struct scan *scan = &parser->scan;
    struct range_partial from = {.given = 0};
    struct range_partial to = {.given = 0};
    QVT_TRY(read_partial(parser, true, &from));
    skip_blanks(scan);
    if (!scan_take(scan, '-')) {
        return scan_refuse(parser->builder.why, "a hyphen range is two versions and nothing else");
    }
    skip_blanks(scan);
    QVT_TRY(read_partial(parser, true, &to));
    skip_blanks(scan);
    if (!scan_at_end(scan)) {
        return scan_refuse(parser->builder.why, "a hyphen range is two versions and nothing else");
    }
    if (from.written > 3 || to.written > 3) {
        return refuse_fourth(parser);
    }
    return range_emit_hyphen(&parser->builder, &from, &to);
}

static qvt_status read_alternative(struct parser *parser, qvt_slice text)
{
    parser->scan = (struct scan){text, 0};
    parser->builder.starts_alternative = true;
    skip_blanks(&parser->scan);
    if (scan_at_end(&parser->scan)) {
        return range_emit_any(&parser->builder);
    }
    if (find_hyphen(text) < text.len) {
        return read_hyphen(parser);
    }
    do {
        QVT_TRY(read_comparator(parser));
        skip_blanks(&parser->scan);
    } while (!scan_at_end(&parser->scan));
    return QVT_OK;
}

/* The length of the text before the first "||", or of all of it. */
static size_t alternative_len(qvt_slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] == '|' && text.data[i + 1] == '|') {
            return i;
        }
    }
    return text.len;
}

/* Makes the range `*` when one alternative is nothing but `*`. */
static void collapse_any(struct range *range)
{
    bool any = false;
    for (unsigned i = 0; i < range->comparator_count; i++) {
        if (range->comparator[i].starts_alternative) {
            if (any) {
                break;
            }
            any = true;
        }
        any = any && range->comparator[i].relation == RANGE_ANY;
    }
    if (any) {
        range->comparator[0] = (struct range_comparator){RANGE_ANY, {{0, 0, 0, 0}, {NULL, 0}}, true};
        range->comparator_count = 1;
    }
}

qvt_status range_parse(struct range *out, qvt_slice text, const char **why)
{
    if (text.len > RANGE_TEXT_MAX) {
        return scan_refuse(why, "a range must not be longer than 256 bytes");
    }
    struct parser parser = {.builder = {.out = out, .why = why}};
    out->comparator_count = 0;
    for (;;) {
        size_t len = alternative_len(text);
        QVT_TRY(read_alternative(&parser, qvt_slice_make(text.data, len)));
        if (len == text.len) {
            break;
        }
        text = qvt_slice_make(text.data + len + 2, text.len - len - 2);
    }
    collapse_any(out);
    return QVT_OK;
}
