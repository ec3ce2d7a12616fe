/* chaos/schedule_print.c: faults as TOML that reads back, and as a line of a table. */
#include "base/decimal.h"
#include "base/duration.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include <inttypes.h>

static void print_params(const struct fault *fault, const char *before, bool is_toml, FILE *out)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    char text[FAULT_VALUE_BYTES];
    for (uint32_t i = 0; i < injector_param_count(fault->injector); i++) {
        const struct injector_param *param = &injector->params[i];
        if (fault->params[i] == param->fallback) continue;
        const char *quote = is_toml && fault_value_is_quoted(param) ? "\"" : "";
        fault_value_print(param, fault->params[i], text);
        fprintf(out, "%s%s%s%s%s%s", before, param->name, is_toml ? " = " : "=", quote, text, quote);
    }
}

static void print_entry(const struct fault *fault, FILE *out)
{
    char text[DECIMAL_TEXT_BYTES];
    duration_print(text, fault->on_ns);
    fprintf(out, "[[fault]]\nid = \"%s\"\nat = \"%s\"", INJECTOR_TABLE[fault->injector].name, text);
    if (fault->for_ns > 0) {
        duration_print(text, fault->for_ns);
        fprintf(out, "\nfor = \"%s\"", text);
    }
    if (fault->target != TARGET_ANY) fprintf(out, "\ntarget = \"%s\"", chaos_target_name(fault->target));
    if (fault->chance_ppm != SCHEDULE_PPM_ONE) {
        decimal_write(text, fault->chance_ppm, 6);
        fprintf(out, "\np = %s", text);
    }
    fprintf(out, "\nkey = %" PRIu32, fault->key);
    print_params(fault, "\n", true, out);
    fputs("\n", out);
}

void schedule_print(const struct schedule *schedule, FILE *out)
{
    for (uint32_t i = 0; i < schedule->count; i++) {
        if (i > 0) fputs("\n", out);
        print_entry(&schedule->faults[i], out);
    }
}

void fault_print(const struct fault *fault, FILE *out)
{
    char at[DURATION_TEXT_BYTES], lasts[DURATION_TEXT_BYTES], chance[DECIMAL_TEXT_BYTES];
    duration_print_rounded(at, fault->on_ns);
    duration_print(lasts, fault->for_ns);
    fprintf(out, "%10s  %-4s%-8s %-26s %-15s", at, fault->for_ns ? "for" : "once", fault->for_ns ? lasts : "",
            INJECTOR_TABLE[fault->injector].name, chaos_target_name(fault->target));
    if (fault->chance_ppm != SCHEDULE_PPM_ONE) {
        decimal_write(chance, fault->chance_ppm, 6);
        fprintf(out, " p=%s", chance);
    }
    print_params(fault, " ", false, out);
    fputs("\n", out);
}
