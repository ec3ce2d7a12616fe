/* cli/chaos_list.c: what there is to try and to judge, as a table; and one of it, whole. */
#include "cli/chaos_list.h"
#include "base/duration.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include "cli/share.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

err chaos_listing_open(struct chaos_listing *out, char *const *environment, struct diag *diag)
{
    char folder[SHARE_PATH_BYTES];
    *out = (struct chaos_listing){.has_injectors = true, .has_invariants = true, .has_scenarios = true};
    TRY(share_folder("chaos", environment, folder, diag));
    return chaos_scenario_list(folder, &out->scenarios, &out->scenario_count, diag);
}

void chaos_listing_close(struct chaos_listing *listing)
{
    free(listing->scenarios);
    *listing = (struct chaos_listing){0};
}

/* ---- words ---- */

static void append(char out[CHAOS_LIST_BYTES], const char *word, const char *between)
{
    size_t used = strlen(out);
    snprintf(out + used, CHAOS_LIST_BYTES - used, "%s%s", used ? between : "", word);
}

void chaos_levels_text(enum injector_id injector, char out[CHAOS_LIST_BYTES])
{
    static const char *const LEVELS[] = {"L0", "L1", "L2"};
    out[0] = 0;
    for (int i = 0; i < 3; i++)
        if (INJECTOR_TABLE[injector].levels & 1u << i) append(out, LEVELS[i], " ");
}

void chaos_targets_text(enum injector_id injector, char out[CHAOS_LIST_BYTES])
{
    out[0] = 0;
    if (INJECTOR_TABLE[injector].targets == 1u << TARGET_ANY) return;
    for (int i = 0; i < CHAOS_TARGET_COUNT; i++)
        if (INJECTOR_TABLE[injector].targets & 1u << i)
            append(out, chaos_target_name((enum chaos_target)i), ", ");
}

const char *chaos_class_text(enum injector_id injector)
{
    return INJECTOR_TABLE[injector].class == FAULT_HEALABLE ? "healable" : "safety only";
}

const char *chaos_severity_text(enum invariant invariant)
{
    static const char *const SEVERITIES[] = {"medium", "high", "critical"};
    return SEVERITIES[INVARIANT_TABLE[invariant].severity];
}

const char *chaos_rule_class(enum invariant invariant)
{
    switch (INVARIANT_TABLE[invariant].id[0]) {
    case 'S': return "safety";
    case 'L': return "liveness";
    case 'P': return "performance";
    case 'D': return "determinism";
    default: return "differential";
    }
}

/* ---- the table ---- */

static void print_injectors(FILE *out)
{
    char levels[CHAOS_LIST_BYTES];
    fprintf(out,
            "%d injectors; can be armed L0 in simulation (today), L1 in a live service, L2 by the operating "
            "system; ! safety only\n",
            INJECTOR_COUNT);
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        const struct injector *row = &INJECTOR_TABLE[i];
        chaos_levels_text((enum injector_id)i, levels);
        fprintf(out, "  %-26s %c %-9s %s\n", row->name, row->class == FAULT_SAFETY_ONLY ? '!' : ' ', levels,
                row->help);
    }
}

static void print_invariants(FILE *out)
{
    fprintf(out,
            "%d invariants: S safety, L liveness, P performance, D determinism, X against a second engine\n",
            INVARIANT_COUNT);
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        const struct invariant_row *row = &INVARIANT_TABLE[i];
        fprintf(out, "  %-4s %-9s %s%s\n", row->id, chaos_severity_text((enum invariant)i), row->title,
                row->is_exercised ? "" : " (not exercised yet)");
    }
}

static void print_scenarios(const struct chaos_listing *listing, FILE *out)
{
    char lasts[DURATION_TEXT_BYTES], id[2 * sizeof listing->scenarios->id + 2];
    fprintf(out,
            "%" PRIu32 " scenarios: agenc chaos run --scenario NAME; * a part of it is not exercised yet\n",
            listing->scenario_count);
    for (uint32_t i = 0; i < listing->scenario_count; i++) {
        const struct chaos_scenario_head *head = &listing->scenarios[i];
        duration_print(lasts, head->duration_ns);
        snprintf(id, sizeof id, "%s%s%s", head->id, head->also[0] ? " " : "", head->also);
        fprintf(out, "  %-7s %-28s %c %4s  %s\n", id, head->name, head->not_yet[0] ? '*' : ' ', lasts,
                head->title);
    }
}

void chaos_list_print(const struct chaos_listing *listing, FILE *out)
{
    if (listing->has_injectors) print_injectors(out);
    if (listing->has_injectors && listing->has_invariants) fputs("\n", out);
    if (listing->has_invariants) print_invariants(out);
    if (listing->has_invariants && listing->has_scenarios) fputs("\n", out);
    if (listing->has_scenarios) print_scenarios(listing, out);
}

/* ---- one of them ---- */

static void print_param(const struct injector_param *param, FILE *out)
{
    char fallback[FAULT_VALUE_BYTES], range[FAULT_RANGE_BYTES];
    fault_value_print(param, param->fallback, fallback);
    fault_range_print(param, range);
    fprintf(out, "  %-14s %s; %s, %s without it\n", param->name, param->help, range, fallback);
}

static void print_example(const struct injector *row, FILE *out)
{
    fprintf(out, "\n[[fault]]\nid = \"%s\"\nat = \"60s\"\n", row->name);
    if (!row->happens_once) fputs("for = \"5m\"\n", out);
    if (!row->is_always && !row->happens_once) fputs("p = 0.3\n", out);
    for (int i = 0; i < FAULT_PARAMS && row->params[i].name; i++) {
        char text[FAULT_VALUE_BYTES];
        const char *quote = fault_value_is_quoted(&row->params[i]) ? "\"" : "";
        fault_value_print(&row->params[i], row->params[i].fallback, text);
        fprintf(out, "%s = %s%s%s\n", row->params[i].name, quote, text, quote);
    }
}

void chaos_injector_print(enum injector_id injector, FILE *out)
{
    const struct injector *row = &INJECTOR_TABLE[injector];
    char levels[CHAOS_LIST_BYTES], targets[CHAOS_LIST_BYTES];
    chaos_levels_text(injector, levels);
    chaos_targets_text(injector, targets);
    fprintf(out, "%s: %s\n", row->name, row->help);
    fprintf(out, "  %-14s %s\n  %-14s %s\n", "class", chaos_class_text(injector), "levels", levels);
    fprintf(out, "  %-14s %s\n", "hook", chaos_hook_name(row->hook));
    if (targets[0]) fprintf(out, "  %-14s %s\n", "target", targets);
    fprintf(out, "  %-14s %s\n", "for",
            row->happens_once ? "may be left out: once then; with it, again and again by its chance"
                              : "how long it lasts");
    if (!row->is_always) fprintf(out, "  %-14s chance at each occasion, above 0 to 1; 1 without it\n", "p");
    for (int i = 0; i < FAULT_PARAMS && row->params[i].name; i++) print_param(&row->params[i], out);
    print_example(row, out);
}

void chaos_invariant_print(enum invariant invariant, FILE *out)
{
    const struct invariant_row *row = &INVARIANT_TABLE[invariant];
    fprintf(out, "%s: %s\n  %-14s %s\n  %-14s %s\n  %-14s %s\n", row->id, row->title, "class",
            chaos_rule_class(invariant), "severity", chaos_severity_text(invariant), "judged",
            row->is_exercised ? "after every event it is about" : "not exercised yet");
    fprintf(out, "\n%s\n", row->statement);
}

static void print_ids(const struct chaos_scenario_head *head, FILE *out)
{
    fprintf(out, "  %-14s", "about");
    for (int i = 0; i < INVARIANT_COUNT; i++)
        if (head->is_about[i]) fprintf(out, " %s", INVARIANT_TABLE[i].id);
    fprintf(out, "\n  %-14s", "injectors");
    for (int i = 0; i < INJECTOR_COUNT; i++)
        if (head->arms[i]) fprintf(out, " %s", INJECTOR_TABLE[i].name);
    fprintf(out, "%s\n", head->is_swarm ? " a swarm of them, drawn for each seed" : "");
}

void chaos_scenario_print(const struct chaos_scenario_head *head, FILE *out)
{
    char lasts[DURATION_TEXT_BYTES];
    duration_print(lasts, head->duration_ns);
    fprintf(out, "%s%s%s%s%s: %s\n%s\n", head->name, head->id[0] ? ", " : "", head->id,
            head->also[0] ? ", " : "", head->also, head->title, head->about);
    print_ids(head, out);
    fprintf(out, "  %-14s %s\n  %-14s %s\n", "lasts", lasts, "asks for",
            head->is_safety_only ? "safety" : "safety, then liveness when all is healed");
    if (head->not_yet[0]) fprintf(out, "  %-14s %s\n", "not yet", head->not_yet);
    fprintf(out, "  %-14s %s\n\nagenc chaos run --scenario %s --seed 1\n", "file", head->path, head->name);
}
