/* base/escape.h: any bytes as text of another language.
 *
 * escape_csv       a field of RFC 4180, quotes included
 * escape_json      a JSON string, quotes included; control characters, quotes and backslashes escaped
 * escape_html      between tags and in quoted attributes: < > & and both quotes become references
 * escape_markdown  in a paragraph, heading or cell of GitHub's Markdown: nothing in it is markup
 *
 * Bytes that are not UTF-8 become U+FFFD, so that the line around them stays
 * readable; control characters are spaces in HTML and Markdown. Write errors
 * stay in the stream (ferror). */
#pragma once
#include <stdbool.h>
#include <stdio.h>

void escape_csv(FILE *out, const char *text);
void escape_json(FILE *out, const char *text);
void escape_html(FILE *out, const char *text);
void escape_markdown(FILE *out, const char *text);

/* Whether the bytes are whole UTF-8 characters; any control character is one. */
bool escape_is_utf8(const char *bytes, size_t size_bytes);
