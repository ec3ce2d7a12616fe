/* tests/unit/test_json_write.c: the same values give the same bytes, and disorder is a bug. */
#include "base/json.h"
#include "base/rng.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct json_writer writer;
static FILE *out;
static char *text;
static size_t text_bytes;

static void set_up(void)
{
    out = open_memstream(&text, &text_bytes);
    json_write_begin(&writer, out, JSON_LINES);
}

static void tear_down(void)
{
    fclose(out);
    free(text);
}

TestSuite(json_write, .init = set_up, .fini = tear_down, .timeout = 10);

static void write_sample(void)
{
    json_write_object(&writer, NULL);
    json_write_array(&writer, "array");
    json_write_i64(&writer, NULL, INT64_MIN);
    json_write_object(&writer, NULL);
    json_write_bool(&writer, "yes", true);
    json_write_end(&writer);
    json_write_array(&writer, NULL);
    json_write_end(&writer);
    json_write_end(&writer);
    json_write_object(&writer, "empty");
    json_write_end(&writer);
    json_write_null(&writer, "nothing");
    json_write_number(&writer, "number", 0.1);
    json_write_text(&writer, "text", "say \"hi\"\n\xff");
    json_write_text(&writer, "text_null", NULL);
    json_write_u64(&writer, "u64", UINT64_MAX);
    json_write_end(&writer);
    json_write_finish(&writer);
    fflush(out);
}

Test(json_write, lines_are_indented_and_sorted)
{
    write_sample();
    cr_assert(
        eq(str, text,
           "{\n  \"array\": [-9223372036854775808, {\n      \"yes\": true\n    }, []],\n  \"empty\": {},\n"
           "  \"nothing\": null,\n  \"number\": 0.1,\n  \"text\": \"say \\\"hi\\\"\\u000a\\ufffd\",\n"
           "  \"text_null\": null,\n  \"u64\": \"18446744073709551615\"\n}\n"));
}

Test(json_write, one_line_is_one_line)
{
    json_write_begin(&writer, out, JSON_ONE_LINE);
    write_sample();
    cr_assert(eq(str, text,
                 "{\"array\":[-9223372036854775808,{\"yes\":true},[]],\"empty\":{},\"nothing\":null,"
                 "\"number\":0.1,\"text\":\"say \\\"hi\\\"\\u000a\\ufffd\",\"text_null\":null,"
                 "\"u64\":\"18446744073709551615\"}\n"));
}

Test(json_write, numbers_read_back_with_the_same_bits)
{
    enum { COUNT = 5000 };
    static double values[COUNT] = {
        0, 5, 1, 0.1, 1.0 / 3, 1e21, 1e22, 123456789012345680.0, DBL_MAX, DBL_MIN, DBL_TRUE_MIN};
    struct rng rng = rng_keyed(61, 0);
    for (uint32_t i = 11; i < COUNT; i++) {
        uint64_t bits = rng_u64(&rng, RNG_TEST, 0, i);
        memcpy(&values[i], &bits, sizeof bits);
        if (!isfinite(values[i])) values[i] = i;
    }
    json_write_array(&writer, NULL);
    for (int i = 0; i < COUNT; i++) json_write_number(&writer, NULL, values[i]);
    json_write_end(&writer);
    json_write_finish(&writer);
    fflush(out);
    struct json *json;
    struct json_text source = {"written", text, text_bytes};
    cr_assert(eq(int, json_read_text(&json, &source, NULL), OK));
    struct json_node root = json_root(json);
    for (size_t i = 0; i < COUNT; i++) {
        struct json_node item = json_item(&root, i);
        double back;
        cr_assert(eq(int, json_get_number(&item, NULL, &back, NULL), OK));
        cr_assert(eq(int, memcmp(&back, &values[i], sizeof back), 0), "%zu: %a is not %a", i, back,
                  values[i]);
    }
    json_free(json);
}

Test(json_write, numbers_that_are_none_are_null)
{
    json_write_array(&writer, NULL);
    json_write_number(&writer, NULL, NAN);
    json_write_number(&writer, NULL, INFINITY);
    json_write_number(&writer, NULL, -INFINITY);
    json_write_number(&writer, NULL, -0.0);
    json_write_end(&writer);
    json_write_finish(&writer);
    fflush(out);
    cr_assert(eq(str, text, "[null, null, null, 0]\n"));
}

Test(json_write, unsorted_keys_are_a_bug, .signal = SIGABRT)
{
    json_write_object(&writer, NULL);
    json_write_null(&writer, "b");
    json_write_null(&writer, "a");
}

Test(json_write, repeated_keys_are_a_bug, .signal = SIGABRT)
{
    json_write_object(&writer, NULL);
    json_write_null(&writer, "a");
    json_write_null(&writer, "a");
}

Test(json_write, keys_in_arrays_are_a_bug, .signal = SIGABRT)
{
    json_write_array(&writer, NULL);
    json_write_null(&writer, "a");
}

Test(json_write, members_without_key_are_a_bug, .signal = SIGABRT)
{
    json_write_object(&writer, NULL);
    json_write_null(&writer, NULL);
}

Test(json_write, two_roots_are_a_bug, .signal = SIGABRT)
{
    json_write_null(&writer, NULL);
    json_write_null(&writer, NULL);
}

Test(json_write, an_open_object_is_a_bug, .signal = SIGABRT)
{
    json_write_object(&writer, NULL);
    json_write_finish(&writer);
}
