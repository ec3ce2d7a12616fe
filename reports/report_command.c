/* reports/report_command.c: commands as a shell takes them, so that a result can be made again. */
#include "reports/report.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void report_print_word(FILE *out, const char *word)
{
    bool is_plain = *word != '\0';
    for (const char *at = word; *at; at++)
        is_plain = is_plain && (isalnum((unsigned char)*at) || strchr("-_./:,=+%@", *at));
    if (is_plain) {
        fprintf(out, " %s", word);
        return;
    }
    fputs(" '", out);
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            fputs("'\\''", out);
        else
            fputc(*at, out);
    fputc('\'', out);
}

/* However many words: a command that is cut reproduces nothing. */
static err write_command(const struct page *page, const struct bench_result *result)
{
    char *text = NULL, file[256];
    size_t text_bytes;
    FILE *out = open_memstream(&text, &text_bytes);
    if (!out) return ERR_NOMEM;
    fputs("agenc", out);
    for (uint32_t i = 0; i < result->command_count; i++) report_print_word(out, result->command[i]);
    snprintf(file, sizeof file, "%.200s.json", result->name);
    report_print_word(out, "--output");
    report_print_word(out, file);
    bool is_whole = !ferror(out);
    is_whole = fclose(out) == 0 && is_whole;
    if (is_whole) page->renderer->code(page->out, text);
    free(text);
    return is_whole ? OK : ERR_NOMEM;
}

err report_write_reproduction(const struct page *page, const struct bench_result *result, struct diag *diag)
{
    char note[REPORT_TEXT_BYTES] = "";
    err e = write_command(page, result);
    if (e != OK) return diag_fail(diag, e, "out of memory for the command of %s", result->name);
    report_say(note,
               "Version %s (commit %s), trajectory hash %016" PRIx64 " over %s events. The same command and "
               "commit give the same hash on any machine.",
               result->version, result->commit, result->trajectory_hash,
               report_count(result->summary.events).text);
    page->renderer->paragraph(page->out, note);
    return OK;
}
