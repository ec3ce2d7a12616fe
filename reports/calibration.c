/* reports/calibration.c: the list, and how it is printed and put into a profile. */
#include "reports/calibration.h"
#include "base/assert.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 512 };

void calibration_close(struct calibration *calibration)
{
    for (uint32_t i = 0; i < calibration->quantity_count; i++) free(calibration->quantities[i].sorted);
    *calibration = (struct calibration){0};
}

const struct calibration_key *calibration_find(const struct calibration *calibration, const char *key)
{
    for (uint32_t i = 0; i < calibration->key_count; i++)
        if (strcmp(calibration->keys[i].key, key) == 0) return &calibration->keys[i];
    return NULL;
}

void calibration_note(struct calibration *calibration, const char *format, ...)
{
    ASSERT(calibration->note_count < CALIBRATION_NOTES);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(calibration->notes[calibration->note_count++], CALIBRATION_NOTE_BYTES, format, arguments);
    va_end(arguments);
}

struct calibration_key *calibration_add(struct calibration *calibration, const char *key, const char *how,
                                        struct fit_estimate value)
{
    ASSERT(calibration->key_count < CALIBRATION_KEYS);
    struct calibration_key *row = &calibration->keys[calibration->key_count++];
    *row = (struct calibration_key){.values = {value}};
    snprintf(row->key, sizeof row->key, "%s", key);
    snprintf(row->how, sizeof row->how, "%s", how);
    return row;
}

struct fit_estimate calibration_share(uint64_t hits, uint64_t all)
{
    struct interval interval = stats_wilson(hits, all, FIT_CONFIDENCE);
    return (struct fit_estimate){all ? (double)hits / (double)all : NAN, interval};
}

err calibration_measure(struct calibration *calibration, const struct calibration_sample *sample,
                        struct diag *diag)
{
    ASSERT(calibration->quantity_count < CALIBRATION_QUANTITIES);
    struct calibration_quantity *quantity = &calibration->quantities[calibration->quantity_count];
    *quantity = (struct calibration_quantity){.name = sample->name,
                                              .unit = sample->unit,
                                              .count = sample->count,
                                              .expressible = sample->expressible};
    quantity->sorted = fit_sorted(sample->values, sample->count);
    if (!quantity->sorted) return diag_fail(diag, ERR_NOMEM, "out of memory for %s", sample->name);
    calibration->quantity_count++;
    const struct fit_sample sorted = {quantity->sorted, quantity->count};
    quantity->best = fit_all(quantity->fits, UINT32_MAX, &sorted);
    quantity->used = FIT_FAMILIES;
    for (int i = 0; i < FIT_FAMILIES; i++) {
        if (!(sample->expressible >> i & 1) || !quantity->fits[i].is_possible) continue;
        if (quantity->used == FIT_FAMILIES || quantity->fits[i].aic < quantity->fits[quantity->used].aic)
            quantity->used = (enum fit_family)i;
    }
    if (quantity->used == FIT_FAMILIES) return OK;
    const struct fit_question question = {&quantity->fits[quantity->used], calibration->resamples,
                                          calibration->seed};
    if (fit_goodness(&quantity->test, &question, &sorted) == OK) return OK;
    return diag_fail(diag, ERR_NOMEM, "out of memory for the test of %s", sample->name);
}

/* -- print -- */

static void print_quantity(const struct calibration_quantity *quantity, FILE *out)
{
    fprintf(out, "%s, %u rows%s%s\n", quantity->name, quantity->count, *quantity->unit ? ", " : "",
            quantity->unit);
    if (quantity->used == FIT_FAMILIES) {
        fputs("  no family fits: too few values, or all are equal\n", out);
        return;
    }
    fputs("  family       parameters (95 % interval)                                             AIC      "
          "KS D     AD A2\n",
          out);
    for (int i = 0; i < FIT_FAMILIES; i++) {
        const struct fit *fit = &quantity->fits[i];
        char text[2 * LINE_BYTES] = "";
        size_t used = 0;
        if (!fit->is_possible) continue;
        for (uint32_t p = 0; p < fit->parameter_count; p++)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s%s %.5g (%.5g .. %.5g)", p ? ", " : "",
                                 fit_parameter_name(fit->family, p), fit->parameters[p].value,
                                 fit->parameters[p].interval.low, fit->parameters[p].interval.high);
        fprintf(out, "%c %-12s %-68s %9.1f  %.4f  %8.3f\n", i == (int)quantity->used ? '*' : ' ',
                fit_name(fit->family), text, fit->aic, fit->ks, fit->ad);
    }
    const struct fit_test *test = &quantity->test;
    if (test->resamples)
        fprintf(out,
                "  %s: p %.3f by Kolmogorov-Smirnov, %.3f by Anderson-Darling (%u resamples of %u rows)\n",
                fit_name(quantity->used), test->ks_p, test->ad_p, test->resamples, test->rows);
    if (quantity->best != quantity->used)
        fprintf(out, "  %s would fit better, but the profile has no place for it\n",
                fit_name(quantity->best));
}

static void print_values(const struct calibration_key *key, FILE *out)
{
    if (*key->text) {
        fputs(key->text, out);
        return;
    }
    if (key->elements) putc('[', out);
    for (uint32_t i = 0; i < (key->elements ? key->elements : 1); i++)
        fprintf(out, "%s%.*g", i ? ", " : "", key->is_whole ? 15 : 6, key->values[i].value);
    if (key->elements) putc(']', out);
}

static void print_intervals(const struct calibration_key *key, FILE *out)
{
    for (uint32_t i = 0; i < (key->elements ? key->elements : 1); i++)
        if (isfinite(key->values[i].interval.low))
            fprintf(out, "%s%.4g .. %.4g", i ? ", " : "", key->values[i].interval.low,
                    key->values[i].interval.high);
        else
            fprintf(out, "%snone", i ? ", " : "");
}

void calibration_print(const struct calibration *calibration, FILE *out)
{
    for (uint32_t i = 0; i < calibration->quantity_count; i++)
        print_quantity(&calibration->quantities[i], out);
    for (uint32_t i = 0; i < calibration->key_count; i++) {
        const struct calibration_key *key = &calibration->keys[i];
        fprintf(out, "%s = ", key->key);
        print_values(key, out);
        if (!key->is_whole) {
            fputs(" (95 %: ", out);
            print_intervals(key, out);
            putc(')', out);
        }
        fprintf(out, ", %s\n", key->how);
    }
    for (uint32_t i = 0; i < calibration->note_count; i++) fprintf(out, "note: %s\n", calibration->notes[i]);
}

/* -- rewrite -- */

static void write_key(const struct calibration_key *key, FILE *out)
{
    fprintf(out, "%s = ", strrchr(key->key, '.') + 1);
    print_values(key, out);
    if (key->is_whole) {
        fprintf(out, " # fitted: %s\n", key->how);
        return;
    }
    fputs(" # fitted: 95 % ", out);
    print_intervals(key, out);
    fprintf(out, "; %s\n", key->how);
}

struct rewriting {
    const struct calibration *calibration;
    char section[LINE_BYTES];
    bool is_dropped, is_written[CALIBRATION_KEYS];
};

static bool is_listed(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == size && strncmp(at, word, size) == 0) return true;
    return false;
}

static bool has_section(const char *base, const char *section)
{
    char head[LINE_BYTES];
    snprintf(head, sizeof head, "\n[%s]", section);
    return strstr(base, head) || strncmp(base, head + 1, strlen(head + 1)) == 0;
}

static bool is_in_section(const struct calibration_key *key, const char *section)
{
    size_t size = strlen(section);
    return strncmp(key->key, section, size) == 0 && key->key[size] == '.' &&
           !strchr(key->key + size + 1, '.');
}

/* What the base has no line for, at the end of its section or in one of its own. */
static void write_rest(struct rewriting *rewriting, const char *section, FILE *out)
{
    for (uint32_t i = 0; i < rewriting->calibration->key_count; i++) {
        const struct calibration_key *key = &rewriting->calibration->keys[i];
        if (rewriting->is_written[i] || !is_in_section(key, section)) continue;
        write_key(key, out);
        rewriting->is_written[i] = true;
    }
}

static void write_new_sections(struct rewriting *rewriting, const char *base, FILE *out)
{
    for (uint32_t i = 0; i < rewriting->calibration->key_count; i++) {
        const struct calibration_key *key = &rewriting->calibration->keys[i];
        char section[CALIBRATION_KEY_BYTES];
        snprintf(section, sizeof section, "%.*s", (int)(strrchr(key->key, '.') - key->key), key->key);
        if (rewriting->is_written[i] || has_section(base, section)) continue;
        fprintf(out, "[%s]\n", section);
        write_rest(rewriting, section, out);
        putc('\n', out);
    }
}

static void write_line(struct rewriting *rewriting, const char *line, FILE *out)
{
    char key[2 * LINE_BYTES + 2];
    size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    if (name == 0 || !strchr(" =", line[name]) || line[name] == '\0') {
        if (line[0] != '#') fprintf(out, "%s\n", line); /* the base's own comments would no longer be true */
        return;
    }
    snprintf(key, sizeof key, "%s.%.*s", rewriting->section, (int)name, line);
    for (uint32_t i = 0; i < rewriting->calibration->key_count; i++)
        if (strcmp(rewriting->calibration->keys[i].key, key) == 0) {
            write_key(&rewriting->calibration->keys[i], out);
            rewriting->is_written[i] = true;
            return;
        }
    if (strcmp(key, "chain.fidelity") == 0 && strstr(line, "\"empirical\"")) {
        fputs("fidelity = \"fitted\" # the base's tables are not of these parameters\n", out);
        return;
    }
    const char *comment = strchr(line, '#');
    if (comment)
        fprintf(out, "%.*s# kept: %s\n", (int)(comment - line), line, comment + 1 + (comment[1] == ' '));
    else
        fprintf(out, "%s # kept\n", line);
}

static void take_section(struct rewriting *rewriting, const char *line,
                         const struct calibration_rewriting *how, FILE *out)
{
    write_rest(rewriting, rewriting->section, out);
    size_t size = strcspn(line + 1, "]");
    memcpy(rewriting->section, line + 1, size);
    rewriting->section[size] = '\0';
    rewriting->is_dropped = is_listed(how->dropped, rewriting->section);
    if (!rewriting->is_dropped) fprintf(out, "\n%s\n", line);
}

void calibration_rewrite(const struct calibration *calibration, const struct calibration_rewriting *how,
                         FILE *out)
{
    struct rewriting rewriting = {.calibration = calibration};
    char line[LINE_BYTES];
    write_new_sections(&rewriting, how->base, out);
    for (const char *at = how->base; *at;) {
        size_t size = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, at);
        at += size + (at[size] == '\n');
        if (line[0] == '[')
            take_section(&rewriting, line, how, out);
        else if (!rewriting.is_dropped && *line)
            write_line(&rewriting, line, out);
    }
    write_rest(&rewriting, rewriting.section, out);
}
