/* cli/chaos_list.h: faults, rules and scenarios as a list: for people, as JSON; one of them, whole. */
#pragma once
#include "base/err.h"
#include "sim/chaos_scenario.h"
#include <stdio.h>

struct chaos_listing {
    struct chaos_scenario_head *scenarios; /* ours */
    uint32_t scenario_count;
    bool has_injectors, has_invariants, has_scenarios; /* which of them are wanted */
};

MUST_USE err chaos_listing_open(struct chaos_listing *out, char *const *environment, struct diag *diag);
void chaos_listing_close(struct chaos_listing *listing); /* fine on a zeroed one */

void chaos_list_print(const struct chaos_listing *listing, FILE *out);
void chaos_list_json(const struct chaos_listing *listing, FILE *out);

/* One of them, with all that there is to know. */
void chaos_injector_print(enum injector_id injector, FILE *out);
void chaos_invariant_print(enum invariant invariant, FILE *out);
void chaos_scenario_print(const struct chaos_scenario_head *head, FILE *out);

/* "L0 L1 L2"; "any, chain" or "" when there is no choice; "safety", "liveness" ... */
enum { CHAOS_LIST_BYTES = 128 };
void chaos_levels_text(enum injector_id injector, char out[CHAOS_LIST_BYTES]);
void chaos_targets_text(enum injector_id injector, char out[CHAOS_LIST_BYTES]);
const char *chaos_class_text(enum injector_id injector);
const char *chaos_severity_text(enum invariant invariant);
const char *chaos_rule_class(enum invariant invariant);
