/* tests/unit/test_json.c: what is read is what was meant, and everything else is refused with its place. */
#include "base/json.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct json *json;
static struct json_node root;
static struct diag diag;

static void tear_down(void)
{
    json_free(json);
    json = NULL;
}

TestSuite(json, .fini = tear_down, .timeout = 20);

static err read_sized(const char *text, size_t size_bytes)
{
    struct json_text source = {"body", text, size_bytes};
    tear_down();
    diag.text[0] = 0;
    err result = json_read_text(&json, &source, &diag);
    if (result == OK) root = json_root(json);
    return result;
}

static void read_good(const char *text)
{
    cr_assert(eq(int, read_sized(text, strlen(text)), OK), "%s", diag.text);
}

Test(json, values_are_read)
{
    uint64_t u64;
    int64_t i64;
    double number;
    bool flag;
    const char *text;
    read_good("{\"big\": \"18446744073709551615\", \"flag\": true, \"i\": -5, \"n\": 1.5, \"none\": null, "
              "\"text\": \"caf\xc3\xa9\", \"u\": 9223372036854775807}");
    cr_assert(eq(int, json_get_u64(&root, "u", &u64, &diag), OK));
    cr_assert(eq(u64, u64, INT64_MAX));
    cr_assert(eq(int, json_get_u64(&root, "big", &u64, &diag), OK));
    cr_assert(eq(u64, u64, UINT64_MAX));
    cr_assert(eq(int, json_get_i64(&root, "i", &i64, &diag), OK));
    cr_assert(eq(i64, i64, -5));
    cr_assert(eq(int, json_get_number(&root, "n", &number, &diag), OK));
    cr_assert(eq(dbl, number, 1.5));
    cr_assert(eq(int, json_get_number(&root, "i", &number, &diag), OK));
    cr_assert(eq(dbl, number, -5));
    cr_assert(eq(int, json_get_bool(&root, "flag", &flag, &diag), OK));
    cr_assert(flag);
    cr_assert(eq(int, json_get_text(&root, "text", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "caf\xc3\xa9"));
    cr_assert(eq(int, json_get_number_or_null(&root, "none", &number, &diag), OK));
    cr_assert(isnan(number));
    cr_assert(eq(int, json_get_number_or_null(&root, "n", &number, &diag), OK));
    cr_assert(eq(dbl, number, 1.5));
    cr_assert(json_has(&root, "flag"));
    cr_assert(not(json_has(&root, "none")));
    cr_assert(not(json_has(&root, "nowhere")));
    cr_assert(eq(str, diag.text, ""));
}

Test(json, malformed_text_is_refused_with_its_place)
{
    static const char *const CASES[][2] = {
        {"", "body:1:"},
        {"   ", "body:1:"},
        {"5", "body:1:1: not valid JSON"},
        {"{\n  \"a\": 1,\n  \"a\": 2}", "body:3:5: not valid JSON: duplicate object key"},
        {"{\"a\": NaN}", "body:1:"},
        {"{\"a\": Infinity}", "body:1:"},
        {"{\"a\": 1e999}", "not valid JSON: a number is out of range"},
        {"{\"a\": 9223372036854775808}", "not valid JSON: a number is out of range"},
        {"{\"a\": -9223372036854775809}", "not valid JSON: a number is out of range"},
        {"{\"a\": 01}", "body:1:"},
        {"{\"a\": \"\xff\"}", "unable to decode byte 0xff"},
        {"{\"a\": \"\\u0000\"}", "a text may not hold \\u0000"},
        {"{\"a\": \"\\ud800\"}", "body:1:"},
        {"{\"a\": \"line\nbreak\"}", "body:1:"},
        {"{\"a\": 1,}", "body:1:"},
        {"[1, 2", "body:1:"},
        {"{} {}", "body:1:4: not valid JSON: end of file expected"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_expect(eq(int, read_sized(CASES[i][0], strlen(CASES[i][0])), ERR_SYNTAX), "%s", CASES[i][0]);
        cr_expect(ne(ptr, strstr(diag.text, CASES[i][1]), NULL), "%s: \"%s\"", CASES[i][0], diag.text);
        cr_expect(eq(ptr, strpbrk(diag.text, "\n\r"), NULL));
        cr_expect(eq(ptr, json, NULL));
    }
    cr_expect(eq(int, read_sized("{}\0{}", 5), ERR_SYNTAX));
}

Test(json, deep_nesting_is_refused)
{
    enum { FAR = 1000000 };
    char *text = malloc(FAR + 1);
    memset(text, '[', FAR);
    text[3] = '\n';
    cr_assert(eq(int, read_sized(text, FAR), ERR_SYNTAX));
    cr_assert(eq(str, diag.text, "body:2:254: nested deeper than 256 levels"));
    memset(text, '[', JSON_DEPTH);
    memset(text + JSON_DEPTH, ']', JSON_DEPTH);
    cr_assert(eq(int, read_sized(text, 2 * JSON_DEPTH), OK), "%s", diag.text);
    free(text);
}

Test(json, brackets_in_strings_do_not_nest)
{
    char text[2000] = "[\"\\\"";
    memset(text + 4, '[', 1000);
    strcpy(text + 1004, "\"]");
    cr_assert(eq(int, read_sized(text, strlen(text)), OK), "%s", diag.text);
}

static void expect_failure(err got, err want, const char *line)
{
    cr_expect(eq(int, got, want), "%s", line);
    cr_expect(eq(str, diag.text, (char *)line));
    diag.text[0] = 0;
}

Test(json, wrong_values_are_named_by_their_path)
{
    struct json_node runs, run, none = {.path = "untouched"};
    uint64_t u64 = 7;
    int64_t i64 = 7;
    double number = 7;
    bool flag = true;
    const char *text = "seven";
    read_good("{\"runs\": [{}, {\"seed\": -1, \"mean\": null, \"name\": 5, \"half\": 0.5, \"huge\": "
              "\"18446744073709551616\", \"three\": \"3\"}]}");
    cr_assert(eq(int, json_get_array(&root, "runs", &runs, &diag), OK));
    run = json_item(&runs, 1);
    expect_failure(json_get_u64(&run, "seed", &u64, &diag), ERR_RANGE,
                   "body: runs[1].seed: is negative, must be 0 or more");
    expect_failure(json_get_u64(&run, "half", &u64, &diag), ERR_SYNTAX,
                   "body: runs[1].half: is a number, must be a whole number, 0 or more");
    expect_failure(json_get_u64(&run, "huge", &u64, &diag), ERR_SYNTAX,
                   "body: runs[1].huge: is a string, must be a whole number, 0 or more");
    expect_failure(json_get_u64(&run, "three", &u64, &diag), ERR_SYNTAX,
                   "body: runs[1].three: is a string, must be a whole number, 0 or more");
    expect_failure(json_get_u64(&run, "nowhere", &u64, &diag), ERR_SYNTAX,
                   "body: runs[1].nowhere: is missing, must be a whole number, 0 or more");
    expect_failure(json_get_i64(&run, "half", &i64, &diag), ERR_SYNTAX,
                   "body: runs[1].half: is a number, must be a whole number");
    expect_failure(json_get_number(&run, "mean", &number, &diag), ERR_SYNTAX,
                   "body: runs[1].mean: is null, must be a number");
    expect_failure(json_get_number_or_null(&run, "huge", &number, &diag), ERR_SYNTAX,
                   "body: runs[1].huge: is a string, must be a number or null");
    expect_failure(json_get_bool(&run, "name", &flag, &diag), ERR_SYNTAX,
                   "body: runs[1].name: is a number, must be true or false");
    expect_failure(json_get_text(&run, "name", &text, &diag), ERR_SYNTAX,
                   "body: runs[1].name: is a number, must be a string");
    expect_failure(json_get_object(&root, "runs", &none, &diag), ERR_SYNTAX,
                   "body: runs: is an array, must be an object");
    expect_failure(json_get_array(&run, NULL, &none, &diag), ERR_SYNTAX,
                   "body: runs[1]: is an object, must be an array");
    expect_failure(json_get_array(&root, NULL, &none, &diag), ERR_SYNTAX,
                   "body: is an object, must be an array");
    expect_failure(json_fail(&run, &diag, ERR_RANGE, "is odd"), ERR_RANGE, "body: runs[1]: is odd");
    cr_assert(u64 == 7 && i64 == 7 && number == 7 && flag);
    cr_assert(eq(str, (char *)text, "seven"));
    cr_assert(eq(str, none.path, "untouched"));
}

Test(json, members_come_in_the_order_of_the_file)
{
    static const char *const WANT[] = {"zebra", "apple", "mango"};
    struct json_node member;
    const char *key = NULL;
    int count = 0;
    read_good("{\"zebra\": 0, \"apple\": 1, \"mango\": 2}");
    cr_assert(eq(sz, json_count(&root), 3));
    while (json_next(&root, key, &key, &member)) {
        int64_t value;
        cr_assert(eq(str, (char *)key, (char *)WANT[count]));
        cr_assert(eq(int, json_get_i64(&member, NULL, &value, &diag), OK));
        cr_assert(eq(i64, value, count++));
        cr_assert(eq(str, member.path, (char *)key));
    }
    cr_assert(eq(int, count, 3));
    read_good("[]");
    cr_assert(eq(sz, json_count(&root), 0));
    cr_assert(not(json_next(&root, NULL, &key, &member)));
}

Test(json, long_paths_are_cut_not_overrun)
{
    char text[2000] = "";
    for (int i = 0; i < 40; i++) strcat(text, "{\"a_rather_long_key_that_repeats\": [");
    strcat(text, "5");
    for (int i = 0; i < 40; i++) strcat(text, "]}");
    read_good(text);
    struct json_node at = root, array;
    for (int i = 0; i < 40; i++) {
        cr_assert(eq(int, json_get_array(&at, "a_rather_long_key_that_repeats", &array, &diag), OK));
        at = json_item(&array, 0);
        cr_assert(lt(sz, strlen(at.path), JSON_PATH_BYTES));
    }
    cr_assert(eq(int, json_get_array(&at, NULL, &array, &diag), ERR_SYNTAX));
}

Test(json, files_are_read_or_named)
{
    char name[] = "/tmp/agenc-json-XXXXXX";
    FILE *file = fdopen(mkstemp(name), "w");
    fputs("{\"seed\": 42\n", file);
    fclose(file);
    err result = json_read_file(&json, name, &diag);
    remove(name);
    cr_assert(eq(int, result, ERR_SYNTAX));
    cr_assert(eq(int, strncmp(diag.text, name, strlen(name)), 0), "%s", diag.text);
    diag.text[0] = 0;
    cr_assert(eq(int, json_read_file(&json, "/nowhere.json", &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "/nowhere.json"), NULL));
    json_free(NULL);
}

Test(json, an_item_beyond_the_end_is_a_bug, .signal = SIGABRT)
{
    read_good("[1]");
    json_item(&root, 1);
}
