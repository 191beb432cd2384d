#include "version/range_emit.h"

#include "base/check.h"
#include "version/scan.h"

static qvt_status emit(struct range_builder *builder, enum range_relation relation, struct semver version)
{
    if (builder->out->comparator_count == RANGE_COMPARATOR_MAX) {
        return scan_refuse(builder->why, "a range has at most 32 comparators");
    }
    builder->out->comparator[builder->out->comparator_count++] =
        (struct range_comparator){relation, version, builder->starts_alternative};
    builder->starts_alternative = false;
    return QVT_OK;
}

qvt_status range_emit_any(struct range_builder *builder)
{
    return emit(builder, RANGE_ANY, (struct semver){{0, 0, 0, 0}, {NULL, 0}});
}

static struct semver numbers_of(const struct range_partial *partial)
{
    struct semver version = {{0, 0, 0, 0}, partial->prerelease};
    for (unsigned i = 0; i < 4; i++) {
        version.part[i] = partial->part[i];
    }
    return version;
}

/* The first release after everything that shares the first `index` + 1 parts. */
static qvt_status next_after(struct range_builder *builder, const struct range_partial *partial, unsigned index,
                             struct semver *out)
{
    *out = (struct semver){{0, 0, 0, 0}, {NULL, 0}};
    for (unsigned i = 0; i <= index; i++) {
        out->part[i] = partial->part[i];
    }
    if (out->part[index] == UINT32_MAX) {
        return scan_refuse(builder->why, "a range's upper bound must not exceed 4294967295");
    }
    out->part[index]++;
    return QVT_OK;
}

/* Below the first pre-release, "-0", of the bound. */
static qvt_status emit_below(struct range_builder *builder, struct semver bound)
{
    bound.prerelease = qvt_slice_text("0");
    return emit(builder, RANGE_LESS, bound);
}

static qvt_status emit_below_next(struct range_builder *builder, const struct range_partial *partial, unsigned index)
{
    struct semver bound;
    QVT_TRY(next_after(builder, partial, index, &bound));
    return emit_below(builder, bound);
}

/* node-semver strikes a ">=0.0.0" out by its text, so that one written ">=v0.0.0" stays. */
static qvt_status emit_from(struct range_builder *builder, const struct range_partial *partial)
{
    struct semver bound = numbers_of(partial);
    const struct semver zero = {{0, 0, 0, 0}, {NULL, 0}};
    bool as_written = partial->given >= 3 && partial->prefix.len > 0;
    if (semver_compare(&bound, &zero) == 0 && !as_written && partial->given < 4) {
        return range_emit_any(builder);
    }
    return emit(builder, RANGE_GREATER_EQUAL, bound);
}

qvt_status range_emit_tilde(struct range_builder *builder, const struct range_partial *partial)
{
    if (partial->given == 0) {
        return range_emit_any(builder);
    }
    QVT_TRY(emit_from(builder, partial));
    return emit_below_next(builder, partial, partial->given == 1 ? 0 : 1);
}

/* A caret keeps the first part that is not 0, or else the last one given. */
qvt_status range_emit_caret(struct range_builder *builder, const struct range_partial *partial)
{
    if (partial->given == 0) {
        return range_emit_any(builder);
    }
    unsigned kept = 0;
    while (kept + 1 < partial->given && partial->part[kept] == 0) {
        kept++;
    }
    QVT_TRY(emit_from(builder, partial));
    return emit_below_next(builder, partial, kept);
}

static qvt_status emit_wildcard(struct range_builder *builder, enum range_relation relation,
                                const struct range_partial *partial)
{
    bool strict = relation == RANGE_LESS || relation == RANGE_GREATER;
    if (partial->given == 0) {
        /* Nothing is below or above everything: "<0.0.0-0". */
        return strict ? emit_below(builder, numbers_of(partial)) : range_emit_any(builder);
    }
    unsigned last = partial->given - 1;
    struct semver next;
    switch (relation) {
    case RANGE_LESS: return emit_below(builder, numbers_of(partial));
    case RANGE_LESS_EQUAL: return emit_below_next(builder, partial, last);
    case RANGE_GREATER:
        QVT_TRY(next_after(builder, partial, last, &next));
        return emit(builder, RANGE_GREATER_EQUAL, next);
    case RANGE_GREATER_EQUAL: return emit_from(builder, partial);
    case RANGE_EQUAL:
    case RANGE_ANY: break;
    }
    QVT_TRY(emit_from(builder, partial));
    return emit_below_next(builder, partial, last);
}

static bool is_plain_prefix(qvt_slice prefix)
{
    return prefix.len == 0 || qvt_slice_equal(prefix, qvt_slice_text("v"));
}

static qvt_status emit_full(struct range_builder *builder, enum range_relation relation,
                            const struct range_partial *partial)
{
    if (!is_plain_prefix(partial->prefix)) {
        return scan_refuse(builder->why, "a full version may follow an operator and one 'v', nothing else");
    }
    if (relation == RANGE_GREATER_EQUAL) {
        return emit_from(builder, partial);
    }
    return emit(builder, relation, numbers_of(partial));
}

static qvt_status emit_hyphen_end(struct range_builder *builder, const struct range_partial *to)
{
    if (to->given < 3) {
        return to->given == 0 ? QVT_OK : emit_below_next(builder, to, to->given - 1);
    }
    /* node-semver writes an upper end with a pre-release anew, without its prefix. */
    if (to->prerelease.len > 0) {
        return emit(builder, RANGE_LESS_EQUAL, numbers_of(to));
    }
    return emit_full(builder, RANGE_LESS_EQUAL, to);
}

qvt_status range_emit_relation(struct range_builder *builder, enum range_relation relation,
                               const struct range_partial *partial)
{
    return partial->given < 3 ? emit_wildcard(builder, relation, partial) : emit_full(builder, relation, partial);
}

qvt_status range_emit_hyphen(struct range_builder *builder, const struct range_partial *from,
                             const struct range_partial *to)
{
    QVT_TRY(range_emit_relation(builder, RANGE_GREATER_EQUAL, from));
    return emit_hyphen_end(builder, to);
}
