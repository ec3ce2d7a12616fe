/* tests/unit/test_escape.c: whatever goes in, a JSON string comes out. */
#include "base/escape.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static void expect(const char *text, const char *json)
{
    char out[256] = "";
    FILE *file = fmemopen(out, sizeof out, "w");
    escape_json(file, text);
    fclose(file);
    cr_assert(eq(str, out, (char *)json));
}

Test(escape, bytes_become_a_json_string)
{
    expect("", "\"\"");
    expect("a\"b\\c", "\"a\\\"b\\\\c\"");
    expect("tab\there\n\x7f", "\"tab\\u0009here\\u000a\\u007f\"");
    expect("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

Test(escape, what_is_not_utf8_becomes_the_replacement_character)
{
    expect("\xff", "\"\\ufffd\"");
    expect("\xc0\xaf", "\"\\ufffd\\ufffd\"");
    expect("\xe2\x82", "\"\\ufffd\\ufffd\"");
    expect("\xed\xa0\x80z", "\"\\ufffd\\ufffd\\ufffdz\"");
    expect("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void expect_in(void (*escape)(FILE *out, const char *text), const char *text, const char *want)
{
    char out[256] = "";
    FILE *file = fmemopen(out, sizeof out, "w");
    escape(file, text);
    fclose(file);
    cr_assert(eq(str, out, (char *)want));
}

Test(escape, html_keeps_text_out_of_tags_and_attributes)
{
    expect_in(escape_html, "a<b>&\"c' \xc3\xbc", "a&lt;b&gt;&amp;&quot;c&#39; \xc3\xbc");
    expect_in(escape_html, "x\ny\x01\x7f", "x y  ");
    expect_in(escape_html, "\xff<\xe2\x82", "\xef\xbf\xbd&lt;\xef\xbf\xbd\xef\xbf\xbd");
}

Test(escape, markdown_has_no_markup_left)
{
    expect_in(escape_markdown, "|*_`[](x)#~$!\\", "\\|\\*\\_\\`\\[\\](x)\\#\\~\\$\\!\\\\");
    expect_in(escape_markdown, "<img> & \"it's\" @all\n", "&lt;img&gt; &amp; \"it's\" &#64;all ");
    expect_in(escape_markdown, "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
}

Test(escape, csv_doubles_quotes_and_nothing_else)
{
    expect_in(escape_csv, "a,\"b\"\n", "\"a,\"\"b\"\"\n\"");
}

Test(escape, utf8_is_whole_characters)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool is_utf8;
    } CASES[] = {{"", 0, true},
                 {"a\0\n", 3, true},
                 {"\xc3\xbc", 2, true},
                 {"\xc3", 1, false},
                 {"\xc0\xaf", 2, false},
                 {"\xed\xa0\x80", 3, false},
                 {"\xff", 1, false},
                 {"\xf0\x9f\x98\x80", 4, true},
                 {"\xf0\x9f\x98", 3, false}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        cr_expect(eq(int, escape_is_utf8(CASES[i].bytes, CASES[i].size), CASES[i].is_utf8), "case %zu", i);
}
