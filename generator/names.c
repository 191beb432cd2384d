#include "generator/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "generator/text.h"

/* The list of protoc-gen-c, which decides the members of its structs. */
static const char *const protobuf_c_keywords[] = {
    "and",         "and_eq",    "asm",      "auto",     "bitand",   "bitor",      "bool",         "break",
    "case",        "catch",     "char",     "class",    "compl",    "const",      "continue",     "default",
    "delete",      "do",        "double",   "else",     "enum",     "explicit",   "extern",       "false",
    "float",       "for",       "friend",   "goto",     "if",       "inline",     "int",          "long",
    "mutable",     "namespace", "new",      "not",      "not_eq",   "operator",   "or",           "or_eq",
    "private",     "protected", "public",   "register", "return",   "short",      "signed",       "sizeof",
    "static",      "struct",    "switch",   "template", "this",     "throw",      "true",         "try",
    "typedef",     "typeid",    "typename", "union",    "unsigned", "using",      "virtual",      "void",
    "volatile",    "wchar_t",   "while",    "xor",      "xor_eq",   "const_cast", "dynamic_cast", "reinterpret_cast",
    "static_cast",
};

/* Those of C17, C23 and C++20 that protoc-gen-c does not know. */
static const char *const newer_keywords[] = {
    "alignas",  "alignof",  "char16_t",      "char32_t",     "char8_t",   "co_await",  "co_return",
    "co_yield", "concept",  "constexpr",     "decltype",     "export",    "noexcept",  "nullptr",
    "requires", "restrict", "static_assert", "thread_local", "consteval", "constinit",
};

static bool is_in(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

char *names_snake(struct arena *arena, const char *full_name)
{
    struct buf out = BUF_INIT;
    size_t len = strlen(full_name);
    for (size_t i = 0; i < len; i++) {
        char c = full_name[i];
        bool follows_word = i > 0 && full_name[i - 1] != '.' && full_name[i - 1] != '_';
        bool starts_word = is_upper(c) && follows_word &&
                           (!is_upper(full_name[i - 1]) || (i + 1 < len && islower((unsigned char)full_name[i + 1])));
        text_add(&out, "%s%c", starts_word ? "_" : "", c == '.' ? '_' : tolower((unsigned char)c));
    }
    char *snake = text_format(arena, "%.*s", (int)out.len, (const char *)out.data);
    buf_deinit(&out);
    return snake;
}

char *names_constant(struct arena *arena, const char *text)
{
    char *constant = text_format(arena, "%s%s", isdigit((unsigned char)*text) ? "_" : "", text);
    for (char *at = constant; *at != '\0'; at++) {
        *at = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
    }
    return constant;
}

char *names_symbol(struct arena *arena, const char *text)
{
    char *symbol = names_constant(arena, text);
    for (char *at = symbol; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return symbol;
}

enum c_style {
    STYLE_TYPE,
    STYLE_LOWER,
    STYLE_UPPER,
};

static void add_camel(struct buf *out, const char *piece, size_t len)
{
    bool next_is_upper = true;
    for (size_t i = 0; i < len; i++) {
        if (piece[i] == '_') {
            next_is_upper = true;
            continue;
        }
        text_add(out, "%c", next_is_upper ? toupper((unsigned char)piece[i]) : piece[i]);
        next_is_upper = false;
    }
}

static void add_split(struct buf *out, const char *piece, size_t len, enum c_style style)
{
    bool was_upper = true;
    for (size_t i = 0; i < len; i++) {
        bool upper = is_upper(piece[i]);
        int c = style == STYLE_UPPER ? toupper((unsigned char)piece[i]) : tolower((unsigned char)piece[i]);
        text_add(out, "%s%c", upper && !was_upper ? "_" : "", c);
        was_upper = upper;
    }
}

static char *c_name(struct arena *arena, const char *full_name, enum c_style style)
{
    struct buf out = BUF_INIT;
    for (const char *piece = full_name; *piece != '\0';) {
        size_t len = strcspn(piece, ".");
        if (out.len > 0) {
            text_raw(&out, "__");
        }
        if (style == STYLE_TYPE) {
            add_camel(&out, piece, len);
        } else {
            add_split(&out, piece, len, style);
        }
        piece += len + (piece[len] == '.' ? 1 : 0);
    }
    char *name = text_format(arena, "%.*s", (int)out.len, (const char *)out.data);
    buf_deinit(&out);
    return name;
}

char *names_c_type(struct arena *arena, const char *full_name)
{
    return c_name(arena, full_name, STYLE_TYPE);
}

char *names_c_lower(struct arena *arena, const char *full_name)
{
    return c_name(arena, full_name, STYLE_LOWER);
}

char *names_c_upper(struct arena *arena, const char *full_name)
{
    return c_name(arena, full_name, STYLE_UPPER);
}

char *names_c_field(struct arena *arena, const char *name)
{
    char *member = text_format(arena, "%s", name);
    for (char *at = member; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    size_t count = sizeof(protobuf_c_keywords) / sizeof(protobuf_c_keywords[0]);
    return is_in(protobuf_c_keywords, count, member) ? text_format(arena, "%s_", member) : member;
}

char *names_nanopb_type(struct arena *arena, const char *full_name)
{
    char *name = text_format(arena, "%s", full_name);
    for (char *at = name; *at != '\0'; at++) {
        *at = *at == '.' ? '_' : *at;
    }
    return name;
}

char *names_file(struct arena *arena, const char *proto, const char *suffix)
{
    size_t len = strlen(proto);
    if (len > 6 && strcmp(proto + len - 6, ".proto") == 0) {
        len -= 6;
    }
    return text_format(arena, "%.*s%s", (int)len, proto, suffix);
}

/* "admit" is a member that every service has. */
char *names_member(struct arena *arena, const char *name)
{
    bool keyword = strcmp(name, "admit") == 0 ||
                   is_in(protobuf_c_keywords, sizeof(protobuf_c_keywords) / sizeof(protobuf_c_keywords[0]), name) ||
                   is_in(newer_keywords, sizeof(newer_keywords) / sizeof(newer_keywords[0]), name);
    return text_format(arena, keyword ? "%s_" : "%s", name);
}
