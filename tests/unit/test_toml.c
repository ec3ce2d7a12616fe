/* tests/unit/test_toml.c: leaves come in file order with their places; what is not plain TOML is named. */
#include "base/limits.h"
#include "base/toml.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    char lines[2048];
    err stop_with;
};

/* One line a leaf: path line:column value. */
static err note(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct seen *seen = context;
    size_t used = strlen(seen->lines);
    snprintf(seen->lines + used, sizeof seen->lines - used, "%s %d:%d/%d %d %s %lld %g %d\n", leaf->path,
             leaf->line, leaf->column, leaf->key_column, leaf->type, leaf->text, (long long)leaf->integer,
             leaf->number, leaf->boolean);
    return seen->stop_with ? diag_fail(diag, seen->stop_with, "stopped") : OK;
}

static err read_text(const char *text, struct seen *seen, struct diag *diag)
{
    *seen = (struct seen){0};
    *diag = (struct diag){0};
    return toml_read_text("f.toml", text, note, seen, diag);
}

Test(toml, leaves_come_in_file_order_with_their_places)
{
    struct seen seen;
    struct diag diag;
    cr_assert(eq(int,
                 read_text("zulu = 1_000\n[s.proof]\nb = \"two\"\na = true\nlist = [ 3, \"x\" ]\nnone = []\n",
                           &seen, &diag),
                 OK));
    cr_assert(eq(str, seen.lines,
                 "zulu 1:8/1 1  1000 0 0\n"
                 "s.proof.b 3:5/1 0 two 0 0 0\n"
                 "s.proof.a 4:5/1 3  0 0 1\n"
                 "s.proof.list[0] 5:10/10 1  3 0 0\n"
                 "s.proof.list[1] 5:13/13 0 x 0 0 0\n"
                 "s.proof.none 6:8/1 4  0 0 0\n"));
}

Test(toml, a_float_keeps_its_text_even_behind_wide_characters)
{
    struct seen seen;
    struct diag diag;
    cr_assert(eq(int, read_text("t = { \"a\" = \"ü€\", b = 1_0.50e-2 } # .\nc = +0.1", &seen, &diag), OK));
    cr_assert(eq(str, seen.lines,
                 "t.a 1:13/7 0 ü€ 0 0 0\nt.b 1:23/19 2 1_0.50e-2 0 0.105 0\nc 2:5/1 2 +0.1 0 0.1 0\n"));
}

Test(toml, windows_files_have_the_same_places)
{
    struct seen seen;
    struct diag diag;
    cr_assert(eq(int,
                 read_text("\xEF\xBB\xBF"
                           "a = 0.25\r\nb = 0.5\r\n",
                           &seen, &diag),
                 OK));
    cr_assert(eq(str, seen.lines, "a 1:5/1 2 0.25 0 0.25 0\nb 2:5/1 2 0.5 0 0.5 0\n"));
}

Test(toml, faults_are_named_with_line_and_column)
{
    static const struct {
        const char *text, *line;
        err code;
    } CASES[] = {
        {"a = 1\n\na = 2\n", "f.toml:3:", ERR_SYNTAX},
        {"a = nan", "f.toml:1:5: a is nan or infinite", ERR_RANGE},
        {"x = 1\nb.a = -inf", "f.toml:2:7: b.a is nan or infinite", ERR_RANGE},
        {"a = 1e400", "f.toml:1:", ERR_SYNTAX},
        {"a = 99999999999999999999", "f.toml:1:", ERR_SYNTAX},
        {"a =", "f.toml:1:", ERR_SYNTAX},
        {"# ü\na = \"\"\"ü \\\n  ü\"\"\" ü", "f.toml:3:", ERR_SYNTAX},
        {"a = 1.\"ü\"", "f.toml:1:", ERR_SYNTAX},
        {"\n[%a]", "f.toml:2:2", ERR_SYNTAX},
        {"[[ %a]]", "f.toml:1:4", ERR_SYNTAX},
        {"a = \"\xff\"", "f.toml:1:", ERR_SYNTAX},
        {"\"speculation.enabled\" = true", "f.toml:1:1: a key may have", ERR_SYNTAX},
        {"[a]\n\"b[0]\" = true", "f.toml:2:1: a key may have", ERR_SYNTAX},
        {"a = \"x\\u0000y\"", "f.toml:1:5: a string may not", ERR_SYNTAX},
        {"[a]\n[a]\n", "f.toml:2:", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct seen seen;
        struct diag diag;
        cr_assert(eq(int, read_text(CASES[i].text, &seen, &diag), CASES[i].code), "%s", CASES[i].text);
        cr_assert(strncmp(diag.text, CASES[i].line, strlen(CASES[i].line)) == 0, "%s gave %s", CASES[i].text,
                  diag.text);
        cr_assert(strchr(diag.text, '\n') == NULL);
    }
}

/* `count` times `part` between `head` and `tail`; the caller frees. */
static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    char *text = malloc(strlen(head) + count * strlen(part) + strlen(tail) + 1);
    char *at = text + sprintf(text, "%s", head);
    for (size_t i = 0; i < count; i++) at += sprintf(at, "%s", part);
    sprintf(at, "%s", tail);
    return text;
}

Test(toml, no_depth_reaches_the_stack)
{
    static const struct {
        const char *head, *part, *tail;
    } CASES[] = {
        {"a", ".a", " = 1"}, {"[a", ".a", "]\n"},       {"a = ", "[", ""},
        {"a = ", "{a=", ""}, {"a", ". \"b\" ", " = 1"}, {"[[a", " . a", "]]\n"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char *text = repeat(CASES[i].head, CASES[i].part, 140000, CASES[i].tail);
        struct seen seen;
        struct diag diag;
        cr_assert(eq(int, read_text(text, &seen, &diag), ERR_SYNTAX), "case %zu", i);
        cr_assert(strncmp(diag.text, "f.toml:1:", 9) == 0, "%s", diag.text);
        free(text);
    }
}

Test(toml, dots_in_strings_and_comments_are_no_keys)
{
    struct seen seen;
    struct diag diag;
    const char *text =
        "# ......................\na = \"......................\"\n"
        "b = '''\n...\"...................\n'''\nc = \"\"\"\\\"....................\"\"\"\n"
        "d = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]\n";
    cr_assert(eq(int, read_text(text, &seen, &diag), OK), "%s", diag.text);
}

Test(toml, a_visit_can_stop_the_reading)
{
    struct seen seen = {.stop_with = ERR_RANGE};
    struct diag diag = {0};
    cr_assert(eq(int, toml_read_text("f.toml", "a = 1\nb = 2", note, &seen, &diag), ERR_RANGE));
    cr_assert(eq(str, diag.text, "stopped"));
    cr_assert(eq(str, seen.lines, "a 1:5/1 1  1 0 0\n"));
}

Test(toml, files_that_cannot_be_read_are_named)
{
    struct seen seen = {0};
    struct diag missing = {0}, folder = {0}, endless = {0};
    cr_assert(eq(int, toml_read_file("/nowhere/f.toml", note, &seen, &missing), ERR_IO));
    cr_assert(eq(str, missing.text, "/nowhere/f.toml: No such file or directory"));
    cr_assert(eq(int, toml_read_file("/", note, &seen, &folder), ERR_IO));
    cr_assert(eq(int, toml_read_file("/dev/zero", note, &seen, &endless), ERR_IO));
    cr_assert(strstr(endless.text, "larger than") != NULL);
    char *large = repeat("#", "x", LIMIT_TOML_BYTES, "");
    cr_assert(eq(int, toml_read_text("f.toml", large, note, &seen, &(struct diag){0}), ERR_IO));
    free(large);
}
