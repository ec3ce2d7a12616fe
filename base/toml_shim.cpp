/* base/toml_shim.cpp: toml++ behind a C function.
 *
 * toml++ keeps tables sorted by name; the leaves are put back in file order
 * by their positions. Nothing here recurses: the walk keeps its own stack. */
#define TOML_EXCEPTIONS        0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_HEADER_ONLY       1
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <string>
#include <vector>

extern "C" {
#include "base/toml_shim.h"
}

namespace
{

struct found {
    std::string path;
    const toml::node *node;
    int key_column; /* 0: no key of its own */
};

struct reading {
    const toml_source *source;
    struct diag *diag;
    std::vector<std::size_t> line_starts;
    std::vector<found> leaves, open; /* open: tables and arrays still to be looked into */
};

int line_of(const toml::node &node)
{
    return static_cast<int>(node.source().begin.line);
}

int column_of(const toml::node &node)
{
    return static_cast<int>(node.source().begin.column);
}

void index_lines(reading &reading)
{
    reading.line_starts.push_back(0);
    for (std::size_t i = 0; i < reading.source->size_bytes; i++)
        if (reading.source->text[i] == '\n') reading.line_starts.push_back(i + 1);
}

/* Columns count code points: walk over UTF-8 continuation bytes. */
std::size_t offset_of(const reading &reading, const toml::source_position &at)
{
    std::size_t offset = reading.line_starts[at.line - 1];
    for (auto column = at.column; column > 1 && offset < reading.source->size_bytes; column--) {
        offset++;
        while (offset < reading.source->size_bytes && (reading.source->text[offset] & 0xC0) == 0x80) offset++;
    }
    return offset;
}

bool is_plain_key(std::string_view key)
{
    auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    };
    return !key.empty() && std::all_of(key.begin(), key.end(), is_plain);
}

void sort_node(reading &reading, found &&item)
{
    const toml::array *array = item.node->as_array();
    bool has_inside = item.node->is_table() || (array && !array->empty());
    (has_inside ? reading.open : reading.leaves).push_back(std::move(item));
}

err open_table(reading &reading, const std::string &prefix, const toml::table &table)
{
    for (auto &&[key, node] : table) {
        int column = static_cast<int>(key.source().begin.column);
        if (!is_plain_key(key.str()))
            return diag_fail(reading.diag, ERR_SYNTAX,
                             "%s:%u:%d: a key may have letters, digits, _ and - only, even in quotes",
                             reading.source->name, key.source().begin.line, column);
        std::string path = prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
        sort_node(reading, {std::move(path), &node, column});
    }
    return OK;
}

void open_array(reading &reading, const std::string &prefix, const toml::array &array)
{
    for (std::size_t i = 0; i < array.size(); i++)
        sort_node(reading, {prefix + "[" + std::to_string(i) + "]", array.get(i), 0});
}

err collect(reading &reading, const toml::table &root)
{
    TRY(open_table(reading, "", root));
    while (!reading.open.empty()) {
        found item = std::move(reading.open.back());
        reading.open.pop_back();
        if (const toml::table *table = item.node->as_table())
            TRY(open_table(reading, item.path, *table));
        else
            open_array(reading, item.path, *item.node->as_array());
    }
    std::sort(reading.leaves.begin(), reading.leaves.end(), [](const found &a, const found &b) {
        if (line_of(*a.node) != line_of(*b.node)) return line_of(*a.node) < line_of(*b.node);
        return column_of(*a.node) < column_of(*b.node);
    });
    return OK;
}

err fill(const reading &reading, const toml::node &node, std::string &text, toml_leaf &leaf)
{
    if (auto *string = node.as_string()) {
        leaf.type = TOML_STRING;
        text = string->get();
        if (text.find('\0') != std::string::npos)
            return diag_fail(reading.diag, ERR_SYNTAX, "%s:%d:%d: a string may not contain \\u0000",
                             leaf.file, leaf.line, leaf.column);
    } else if (auto *integer = node.as_integer()) {
        leaf.type = TOML_INTEGER;
        leaf.integer = integer->get();
    } else if (auto *number = node.as_floating_point()) {
        leaf.type = TOML_FLOAT;
        leaf.number = number->get();
        std::size_t begin = offset_of(reading, node.source().begin);
        text.assign(reading.source->text + begin, offset_of(reading, node.source().end) - begin);
        if (!std::isfinite(leaf.number))
            return diag_fail(reading.diag, ERR_RANGE, "%s:%d:%d: %s is nan or infinite, want a finite number",
                             leaf.file, leaf.line, leaf.column, leaf.path);
    } else if (auto *boolean = node.as_boolean()) {
        leaf.type = TOML_BOOLEAN;
        leaf.boolean = boolean->get();
    } else {
        leaf.type = node.is_array() ? TOML_ARRAY : TOML_DATE;
    }
    return OK;
}

err hand_out(reading &reading, const toml_visitor &visitor)
{
    for (const found &item : reading.leaves) {
        toml_leaf leaf = {};
        std::string text;
        leaf.file = reading.source->name;
        leaf.path = item.path.c_str();
        leaf.line = line_of(*item.node);
        leaf.column = column_of(*item.node);
        leaf.key_column = item.key_column ? item.key_column : leaf.column;
        TRY(fill(reading, *item.node, text, leaf));
        leaf.text = text.c_str();
        TRY(visitor.visit(&leaf, reading.diag, visitor.context));
    }
    return OK;
}

err read(const toml_source &source, const toml_visitor &visitor, struct diag *diag)
{
    toml::parse_result parsed = toml::parse(std::string_view(source.text, source.size_bytes));
    if (!parsed) {
        std::string what(parsed.error().description());
        std::replace(what.begin(), what.end(), '\n', ' ');
        return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: %s", source.name, parsed.error().source().begin.line,
                         parsed.error().source().begin.column, what.c_str());
    }
    reading reading = {&source, diag, {}, {}, {}};
    index_lines(reading);
    TRY(collect(reading, parsed.table()));
    return hand_out(reading, visitor);
}

} // namespace

extern "C" err toml_shim_read(const toml_source *source, const toml_visitor *visitor, struct diag *diag)
{
    try {
        return read(*source, *visitor, diag);
    } catch (const std::bad_alloc &) {
        return diag_fail(diag, ERR_NOMEM, "%s: out of memory", source->name);
    } catch (...) {
        return diag_fail(diag, ERR_SYNTAX, "%s: not readable as TOML", source->name);
    }
}
