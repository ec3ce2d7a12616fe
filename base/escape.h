/* base/escape.h: any bytes as a JSON string, quotes included.
 *
 * Control characters, quotes and backslashes are escaped; bytes that are not
 * UTF-8 become U+FFFD, so that the line around them stays readable. Write
 * errors stay in the stream (ferror). */
#pragma once
#include <stdio.h>

void escape_json(FILE *out, const char *text);
