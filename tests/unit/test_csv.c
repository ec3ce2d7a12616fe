/* tests/unit/test_csv.c: what is read, and where what is wrong stands. */
#include "base/csv.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(csv, .timeout = 60);

static const char *const STATES[] = {"block", "skipped", NULL};
static const struct csv_column SLOTS[] = {{"slot", CSV_COUNT, true, false, NULL},
                                          {"end_ms", CSV_NUMBER, true, true, NULL},
                                          {"state", CSV_WORD, false, false, STATES}};
static const struct csv_column SENT[] = {{"sent_ms", CSV_NUMBER, true, false, NULL}};
static const struct csv_form FORMS[] = {{"slots", SLOTS, 3}, {"transactions", SENT, 1}};
static const struct csv_forms ALL = {FORMS, 2};

static struct diag diag;

static err read_bytes(const char *bytes, size_t size_bytes, struct csv_table *table)
{
    const struct csv_text text = {.name = "t.csv", .bytes = bytes, .size_bytes = size_bytes};
    diag.text[0] = '\0';
    return csv_read(&text, &ALL, table, &diag);
}

static err read_text(const char *text, struct csv_table *table)
{
    return read_bytes(text, strlen(text), table);
}

Test(csv, columns_in_any_order_with_marks_quotes_and_both_line_ends)
{
    struct csv_table table;
    cr_assert(
        eq(int, read_text("\xef\xbb\xbfstate,end_ms,slot\r\nblock,1.5,7\r\n\"skipped\",,8", &table), OK),
        "%s", diag.text);
    cr_assert(eq(u32, table.form, 0));
    cr_assert(eq(u32, table.row_count, 2));
    cr_assert(eq(dbl, table.values[0][0], 7));
    cr_assert(eq(dbl, table.values[1][0], 1.5));
    cr_assert(isnan(table.values[1][1]));
    cr_assert(eq(dbl, table.values[2][1], 1));
    csv_close(&table);
}

Test(csv, the_header_chooses_the_form_and_a_column_may_be_missing)
{
    struct csv_table table;
    cr_assert(eq(int, read_text("sent_ms\n1e3\n", &table), OK));
    cr_assert(eq(u32, table.form, 1));
    cr_assert(eq(dbl, table.values[0][0], 1000));
    csv_close(&table);
    cr_assert(eq(int, read_text("slot,end_ms\n1,2\n", &table), OK));
    cr_assert(eq(ptr, table.values[2], NULL));
    csv_close(&table);
}

Test(csv, every_fault_is_named_with_its_line_and_column)
{
    static const struct {
        const char *text, *line;
    } CASES[] = {
        {"", "t.csv: is empty"},
        {"\xef\xbb\xbf", "t.csv: is empty"},
        {"slot,end_ms\n", "t.csv: has a header and no rows"},
        {"when,end_ms\n1,2\n", "t.csv:1:1: the header names no column slot (slots), or sent_ms"},
        {"slot,end_m\n1,2\n", "t.csv:1:6: no column \"end_m\" in a table of slots, nearest is end_ms"},
        {"slot,end_ms,slot\n1,2,3\n", "t.csv:1:13: column slot stands twice"},
        {"slot\n1\n", "t.csv:1:1: column end_ms is missing"},
        {"slot,end_ms\n1,2\n3\n", "t.csv:3:1: fewer fields than the header's 2"},
        {"slot,end_ms\n1,2,3\n", "t.csv:2:3: more fields than the header's 2"},
        {"slot,end_ms\n1,2\n\n3,4\n", "t.csv:3:1: fewer fields"},
        {"slot,end_ms\n1,nan\n", "t.csv:2:3: \"nan\" is not a finite number"},
        {"slot,end_ms\n1,inf\n", "t.csv:2:3: \"inf\" is not a finite number"},
        {"slot,end_ms\n1,1e999\n", "t.csv:2:3: \"1e999\" is not a finite number"},
        {"slot,end_ms\n1,-2\n", "t.csv:2:3: \"-2\" is not a finite number of at least 0"},
        {"slot,end_ms\n1,0x1\n", "t.csv:2:3: \"0x1\" is not"},
        {"slot,end_ms\n1,1 \n", "t.csv:2:3: \"1 \" is not"},
        {"slot,end_ms\n1,1e16\n", "t.csv:2:3: 1e16 is above 1e15"},
        {"slot,end_ms\n1.5,1\n", "t.csv:2:1: \"1.5\" is not a whole number"},
        {"slot,end_ms\n,1\n", "t.csv:2:1: slot is empty"},
        {"slot,end_ms,state\n1,1,dead\n", "t.csv:2:5: \"dead\" is not one of block, skipped"},
        {"slot,end_ms\n\"1,2\n", "t.csv:2:1: a quote without its end"},
        {"slot,end_ms\n\"1\"2,2\n", "t.csv:2:1: a quoted field goes on"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct csv_table table;
        cr_assert(ne(int, read_text(CASES[i].text, &table), OK), "%s", CASES[i].text);
        cr_expect(eq(int, strncmp(diag.text, CASES[i].line, strlen(CASES[i].line)), 0), "%s: got %s",
                  CASES[i].line, diag.text);
    }
}

Test(csv, a_zero_byte_is_refused)
{
    struct csv_table table;
    cr_assert(eq(int, read_bytes("sent_ms\n1\0\n", 11, &table), ERR_SYNTAX));
    cr_assert(ne(ptr, strstr(diag.text, "zero byte"), NULL));
}

Test(csv, a_million_rows_are_read)
{
    enum { ROWS = 1000000, ROW_BYTES = 9 };
    char *text = malloc(8 + (size_t)ROWS * ROW_BYTES + 1);
    struct csv_table table;
    size_t used = (size_t)sprintf(text, "sent_ms\n");
    for (uint32_t i = 0; i < ROWS; i++) used += (size_t)sprintf(text + used, "%08u\n", i);
    cr_assert(eq(int, read_bytes(text, used, &table), OK), "%s", diag.text);
    cr_assert(eq(u32, table.row_count, ROWS));
    cr_assert(eq(dbl, table.values[0][ROWS - 1], ROWS - 1));
    csv_close(&table);
    free(text);
}
