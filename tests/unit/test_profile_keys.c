/* tests/unit/test_profile_keys.c: units are converted, arrays are counted, names are bounded. */
#include "sim/profile_keys.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(profile_keys, .timeout = 20);

struct target {
    int64_t span_ns, count;
    double numbers[2];
    char name[PROFILE_NAME_BYTES];
};
static const struct profile_key KEYS[] = {
    {"a.span_ms", PROFILE_MS, 0, offsetof(struct target, span_ns), 0, 1000},
    {"a.count", PROFILE_COUNT, 0, offsetof(struct target, count), 0, 9},
    {"a.numbers", PROFILE_NUMBER, 2, offsetof(struct target, numbers), -1, 1},
    {"a.name", PROFILE_NAME, 0, offsetof(struct target, name), 0, 0},
};
static const struct profile_table TABLE = {KEYS, 4};

static err read_text(const char *content, struct target *out, struct profile_file *file, struct diag *diag)
{
    char path[] = "/tmp/agenc-keys-XXXXXX.toml";
    FILE *written = fdopen(mkstemps(path, 5), "w");
    fputs(content, written);
    fclose(written);
    *file = (struct profile_file){.path = path, .table = &TABLE};
    memset(out, 0, sizeof *out);
    err e = profile_read(file, out, diag);
    file->path = "file";
    unlink(path);
    return e;
}

Test(profile_keys, values_arrive_in_the_units_of_the_program)
{
    struct target target;
    struct profile_file file;
    struct diag diag = {0};
    err e = read_text("[a]\nspan_ms = 0.3\ncount = 7\nnumbers = [-1, 0.5]\nname = \"x\"\n", &target, &file,
                      &diag);
    cr_assert(e == OK, "%s", diag.text);
    cr_assert(target.span_ns == 300000 && target.count == 7);
    cr_assert(target.numbers[0] == -1 && target.numbers[1] == .5 && strcmp(target.name, "x") == 0);
    cr_assert(file.given == 0xf && profile_require(&file, 0xf, &diag) == OK);
}

Test(profile_keys, what_is_missing_is_named)
{
    struct target target;
    struct profile_file file;
    struct diag diag = {0};
    cr_assert(eq(int, read_text("[a]\ncount = 7\n", &target, &file, &diag), OK));
    cr_assert(eq(int, profile_require(&file, 2, &diag), OK));
    cr_assert(eq(int, profile_require(&file, 6, &diag), ERR_SYNTAX));
    cr_assert(strstr(diag.text, "a.numbers is missing") != NULL, "%s", diag.text);
}

Test(profile_keys, what_is_wrong_is_named)
{
    static const struct {
        const char *content, *says;
        err code;
    } CASES[] = {
        {"[a]\nspan_ms = 1001\n", "a.span_ms = 1001 is not in 0 .. 1000", ERR_RANGE},
        {"[a]\nspan_ms = true\n", "must be a number", ERR_SYNTAX},
        {"[a]\nnumbers = [1]\n", "has 1 elements; it must have 2", ERR_SYNTAX},
        {"[a]\nnumbers = [1, 1, 1]\n", "unknown key a.numbers[2]", ERR_SYNTAX},
        {"[a]\nnumbers = 1\n", "unknown key a.numbers", ERR_SYNTAX},
        {"[a]\nname = 5\n", "must be a string", ERR_SYNTAX},
        {"[a]\nname = \"0123456789012345678901234567890123456789012345678901234567890123\"\n",
         "longer than 63 bytes", ERR_RANGE},
        {"[a]\ncuont = 1\n", "did you mean a.count", ERR_SYNTAX},
        {"[a\n", ":1:", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct target target;
        struct profile_file file;
        struct diag diag = {0};
        err e = read_text(CASES[i].content, &target, &file, &diag);
        cr_expect(e == CASES[i].code && strstr(diag.text, CASES[i].says), "%s: %s", CASES[i].content,
                  diag.text);
    }
}

Test(profile_keys, a_path_that_is_too_long_is_refused)
{
    char folder[600], path[PROFILE_PATH_BYTES];
    struct diag diag = {0};
    memset(folder, 'x', sizeof folder - 1);
    folder[sizeof folder - 1] = 0;
    struct profile_place place = {"chain", folder, "mainnet"};
    cr_assert(eq(int, profile_path(&place, path, &diag), ERR_USAGE));
    cr_assert(strstr(diag.text, "longer than") != NULL);
}
