/* base/csv.c: the header chooses the form, then a row at a time. */
#include "base/csv.h"
#include "base/nearest.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_THERE = -1, NUMBER_BYTES = 64, ROWS_FIRST = 1024, WORD_BYTES = 64 };

struct reading {
    const struct csv_text *text;
    const struct csv_form *form;
    const char *at, *end;
    uint32_t line;
    int column_of[CSV_COLUMNS_MOST]; /* of the file's fields: which column of the form */
    uint32_t field_count, room;
    struct csv_table table;
};

/* One field, without its quotes. */
struct field {
    const char *begin;
    uint32_t size_bytes, place; /* place: character of the line, from 1 */
    bool ends_line;
};

static err refuse(const struct reading *reading, uint32_t place, const char *what, struct diag *diag)
{
    return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: %s", reading->text->name, reading->line, place, what);
}

static uint32_t place_of(const char *line, const char *at)
{
    uint32_t place = 1;
    for (; line < at; line++) place += ((unsigned char)*line & 0xc0) != 0x80; /* characters, not bytes */
    return place;
}

static err take_quoted(struct reading *reading, struct field *out, struct diag *diag)
{
    const char *begin = ++reading->at;
    while (reading->at < reading->end && *reading->at != '"' && *reading->at != '\n') reading->at++;
    if (reading->at == reading->end || *reading->at != '"')
        return refuse(reading, out->place, "a quote without its end on this line", diag);
    out->begin = begin;
    out->size_bytes = (uint32_t)(reading->at++ - begin);
    if (reading->at < reading->end && !strchr(",\r\n", *reading->at))
        return refuse(reading, out->place, "a quoted field goes on behind its quote", diag);
    return OK;
}

/* `line` is where the line began. */
static err take_field(struct reading *reading, const char *line, struct field *out, struct diag *diag)
{
    *out = (struct field){.begin = reading->at, .place = place_of(line, reading->at)};
    if (reading->at < reading->end && *reading->at == '"') {
        TRY(take_quoted(reading, out, diag));
    } else {
        while (reading->at < reading->end && *reading->at != ',' && *reading->at != '\n') reading->at++;
        const char *stop = reading->at;
        if (stop > out->begin && stop[-1] == '\r' && (stop == reading->end || *stop == '\n')) stop--;
        out->size_bytes = (uint32_t)(stop - out->begin);
    }
    if (reading->at < reading->end && *reading->at == '\r') reading->at++;
    out->ends_line = reading->at == reading->end || *reading->at == '\n';
    if (!out->ends_line && *reading->at != ',') return refuse(reading, out->place, "a stray CR", diag);
    if (reading->at < reading->end) reading->at++;
    return OK;
}

static bool is_word(const struct field *field, const char *word)
{
    return strlen(word) == field->size_bytes && memcmp(word, field->begin, field->size_bytes) == 0;
}

static int find_column(const struct csv_form *form, const struct field *field)
{
    for (uint32_t i = 0; i < form->column_count; i++)
        if (is_word(field, form->columns[i].name)) return (int)i;
    return NOT_THERE;
}

/* -- header -- */

struct header {
    struct field fields[CSV_COLUMNS_MOST];
    uint32_t count;
};

static err take_header(struct reading *reading, struct header *out, struct diag *diag)
{
    const char *line = reading->at;
    out->count = 0;
    do {
        if (out->count == CSV_COLUMNS_MOST)
            return refuse(reading, place_of(line, reading->at), "more than 16 columns", diag);
        TRY(take_field(reading, line, &out->fields[out->count], diag));
    } while (!out->fields[out->count++].ends_line);
    return OK;
}

static err choose_form(struct reading *reading, const struct csv_forms *forms, const struct header *header,
                       struct diag *diag)
{
    char firsts[256] = "";
    for (uint32_t f = 0; f < forms->count; f++) {
        const struct csv_form *form = &forms->forms[f];
        for (uint32_t i = 0; i < header->count; i++)
            if (is_word(&header->fields[i], form->columns[0].name)) {
                reading->form = form;
                reading->table.form = f;
                return OK;
            }
        size_t used = strlen(firsts);
        snprintf(firsts + used, sizeof firsts - used, "%s%s (%s)", f ? ", or " : "", form->columns[0].name,
                 form->name);
    }
    return diag_fail(diag, ERR_SYNTAX, "%s:%u:1: the header names no column %s", reading->text->name,
                     reading->line, firsts);
}

static err refuse_column(const struct reading *reading, const struct field *field, struct diag *diag)
{
    char word[WORD_BYTES];
    snprintf(word, sizeof word, "%.*s", (int)field->size_bytes, field->begin);
    struct nearest nearest = {.wanted = word};
    for (uint32_t i = 0; i < reading->form->column_count; i++)
        nearest_offer(&nearest, reading->form->columns[i].name);
    return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: no column \"%s\" in a table of %s%s%s", reading->text->name,
                     reading->line, field->place, word, reading->form->name,
                     nearest.best ? ", nearest is " : "", nearest.best ? nearest.best : "");
}

static err map_columns(struct reading *reading, const struct header *header, struct diag *diag)
{
    bool is_given[CSV_COLUMNS_MOST] = {false};
    reading->field_count = header->count;
    for (uint32_t i = 0; i < header->count; i++) {
        int column = find_column(reading->form, &header->fields[i]);
        if (column == NOT_THERE) return refuse_column(reading, &header->fields[i], diag);
        if (is_given[column])
            return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: column %s stands twice", reading->text->name,
                             reading->line, header->fields[i].place, reading->form->columns[column].name);
        is_given[column] = true;
        reading->column_of[i] = column;
    }
    for (uint32_t i = 0; i < reading->form->column_count; i++)
        if (reading->form->columns[i].is_needed && !is_given[i])
            return diag_fail(diag, ERR_SYNTAX, "%s:%u:1: column %s is missing", reading->text->name,
                             reading->line, reading->form->columns[i].name);
    return OK;
}

/* -- rows -- */

static err make_room(struct reading *reading, struct diag *diag)
{
    if (reading->table.row_count < reading->room) return OK;
    if (reading->table.row_count >= CSV_ROWS_MOST)
        return diag_fail(diag, ERR_LIMIT, "%s:%u: more than %d rows", reading->text->name, reading->line,
                         CSV_ROWS_MOST);
    uint32_t room = reading->room ? reading->room * 2 : ROWS_FIRST;
    for (uint32_t i = 0; i < reading->field_count; i++) {
        double **values = &reading->table.values[reading->column_of[i]];
        double *grown = realloc(*values, room * sizeof *grown);
        if (!grown) return diag_fail(diag, ERR_NOMEM, "%s: out of memory for its rows", reading->text->name);
        *values = grown;
    }
    reading->room = room;
    return OK;
}

static err refuse_value(const struct reading *reading, const struct field *field, const char *want,
                        struct diag *diag)
{
    return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: \"%.*s\" is not %s", reading->text->name, reading->line,
                     field->place, field->size_bytes < 40 ? (int)field->size_bytes : 40, field->begin, want);
}

static err read_number(const struct reading *reading, const struct field *field, bool is_count, double *out,
                       struct diag *diag)
{
    char text[NUMBER_BYTES], *stop;
    const char *want = is_count ? "a whole number of at least 0" : "a finite number of at least 0";
    if (field->size_bytes >= sizeof text) return refuse_value(reading, field, want, diag);
    memcpy(text, field->begin, field->size_bytes);
    text[field->size_bytes] = '\0';
    if (strspn(text, "0123456789.eE+-") != field->size_bytes)
        return refuse_value(reading, field, want, diag); /* also nan, inf and hexadecimal */
    double value = strtod(text, &stop);
    if (*stop || stop == text || !isfinite(value) || signbit(value) || (is_count && value != floor(value)))
        return refuse_value(reading, field, want, diag);
    if (value > CSV_NUMBER_MOST)
        return diag_fail(diag, ERR_RANGE, "%s:%u:%u: %s is above 1e15", reading->text->name, reading->line,
                         field->place, text);
    *out = value;
    return OK;
}

static err read_word(const struct reading *reading, const struct csv_column *column,
                     const struct field *field, double *out, struct diag *diag)
{
    char want[256] = "one of";
    for (uint32_t i = 0; column->words[i]; i++) {
        if (is_word(field, column->words[i])) {
            *out = i;
            return OK;
        }
        size_t used = strlen(want);
        snprintf(want + used, sizeof want - used, "%s %s", i ? "," : "", column->words[i]);
    }
    return refuse_value(reading, field, want, diag);
}

static err read_value(struct reading *reading, uint32_t index, const struct field *field, struct diag *diag)
{
    const struct csv_column *column = &reading->form->columns[reading->column_of[index]];
    double *out = &reading->table.values[reading->column_of[index]][reading->table.row_count];
    if (field->size_bytes == 0 && column->may_be_empty) {
        *out = NAN;
        return OK;
    }
    if (field->size_bytes == 0)
        return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: %s is empty", reading->text->name, reading->line,
                         field->place, column->name);
    if (column->kind == CSV_WORD) return read_word(reading, column, field, out, diag);
    return read_number(reading, field, column->kind == CSV_COUNT, out, diag);
}

static err take_row(struct reading *reading, struct diag *diag)
{
    const char *line = reading->at;
    TRY(make_room(reading, diag));
    for (uint32_t i = 0; i < reading->field_count; i++) {
        struct field field;
        TRY(take_field(reading, line, &field, diag));
        if (field.ends_line != (i + 1 == reading->field_count))
            return diag_fail(diag, ERR_SYNTAX, "%s:%u:%u: %s fields than the header's %u",
                             reading->text->name, reading->line, field.place,
                             field.ends_line ? "fewer" : "more", reading->field_count);
        TRY(read_value(reading, i, &field, diag));
    }
    reading->table.row_count++;
    return OK;
}

static err read_all(struct reading *reading, const struct csv_forms *forms, struct diag *diag)
{
    static const char MARK[] = "\xef\xbb\xbf";
    struct header header;
    if (memchr(reading->at, '\0', reading->text->size_bytes))
        return diag_fail(diag, ERR_SYNTAX, "%s: holds a zero byte; it must be text", reading->text->name);
    if (reading->text->size_bytes >= 3 && memcmp(reading->at, MARK, 3) == 0) reading->at += 3;
    if (reading->at == reading->end)
        return diag_fail(diag, ERR_SYNTAX, "%s: is empty; its first line must name the columns",
                         reading->text->name);
    TRY(take_header(reading, &header, diag));
    TRY(choose_form(reading, forms, &header, diag));
    TRY(map_columns(reading, &header, diag));
    while (reading->at < reading->end) {
        reading->line++;
        TRY(take_row(reading, diag));
    }
    if (reading->table.row_count > 0) return OK;
    return diag_fail(diag, ERR_SYNTAX, "%s: has a header and no rows", reading->text->name);
}

err csv_read(const struct csv_text *text, const struct csv_forms *forms, struct csv_table *out,
             struct diag *diag)
{
    struct reading reading = {.text = text,
                              .at = text->bytes,
                              .end = text->bytes + text->size_bytes,
                              .line = text->lines_before + 1,
                              .table = {.file = text->name, .first_line = text->lines_before + 2}};
    err e = read_all(&reading, forms, diag);
    if (e != OK)
        csv_close(&reading.table);
    else
        *out = reading.table;
    return e;
}

err csv_refuse_row(const struct csv_table *table, uint32_t row, struct diag *diag, const char *format, ...)
{
    char what[256];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    if (!table->file) return diag_fail(diag, ERR_RANGE, "row %u: %s", row + 1, what);
    return diag_fail(diag, ERR_RANGE, "%s:%u: %s", table->file, table->first_line + row, what);
}

void csv_close(struct csv_table *table)
{
    for (uint32_t i = 0; i < CSV_COLUMNS_MOST; i++) free(table->values[i]);
    *table = (struct csv_table){0};
}
