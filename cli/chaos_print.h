/* cli/chaos_print.h: a run of chaos as people and programs read it. */
#pragma once
#include "cli/chaos_args.h"

/* Before the run: seed, every option, the schedule. */
void chaos_print_subject(const struct chaos_subject *subject, FILE *out);
/* After it: what happened, faults, invariants, violations with how to see them again. ERR_NOMEM. */
MUST_USE err chaos_print_outcome(const struct trial_outcome *outcome, const char *command, FILE *out);
/* Of it, what was judged: a row an invariant, then each violation. ERR_NOMEM. */
MUST_USE err chaos_print_judged(const struct trial_outcome *outcome, FILE *out);
const char *chaos_verdict_word(const struct trial_outcome *outcome); /* "HELD" */
/* Both as JSON. */
void chaos_print_json(const struct chaos_subject *subject, const struct trial_outcome *outcome,
                      const char *command, FILE *out);

/* The command line that does this run again, with the schedule as the seed makes it. */
enum { CHAOS_COMMAND_BYTES = 1024 };
void chaos_print_command(const struct repro *repro, char out[CHAOS_COMMAND_BYTES]);

struct json_writer;
void chaos_print_schedule_json(const struct schedule *schedule, struct json_writer *json);
/* The arrays "invariants" and "violations" of an object that is open. */
void chaos_print_invariants_json(const struct trial_outcome *outcome, struct json_writer *json);
void chaos_print_violations_json(const struct trial_outcome *outcome, struct json_writer *json);
void chaos_print_violation_json(const struct violation *violation, struct json_writer *json);
