/* base/err.c: the error table, read. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>

static const struct {
    int exit_status;
    const char *text;
} TABLE[] = {
#define X(code, exit_status, text) [code] = {exit_status, text},
    ERR_TABLE(X)
#undef X
};

const char *err_text(err code)
{
    return TABLE[code].text;
}

int err_exit_status(err code)
{
    return TABLE[code].exit_status;
}

/* What came from a file or a command line is quoted in the line: it must stay one, and must not drive a
 * terminal. */
void err_make_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

err diag_fail(struct diag *diag, err code, const char *format, ...)
{
    if (!diag || diag->text[0]) return code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(diag->text, sizeof diag->text, format, arguments);
    va_end(arguments);
    err_make_one_line(diag->text);
    return code;
}
