/* sim/chaos_story.h: how a failure came about, in words, and a run as a page.
 *
 * Both are written from a record of the run (sim/chaos_record.h). Same run, same bytes. Write errors stay in
 * the stream. */
#pragma once
#include "sim/chaos_record.h"
#include "sim/trial.h"

struct chaos_story {
    const char *title;   /* "swarm, seed 7" */
    const char *command; /* that shows it again */
    const struct schedule *schedule;
    const struct trial_outcome *outcome;
    const struct violation *violation; /* that the story is about; NULL: none */
    const struct chaos_record *record;
};

void chaos_story_write_cause(const struct chaos_story *story, FILE *out);
MUST_USE err chaos_story_write_page(const struct chaos_story *story, FILE *out); /* ERR_NOMEM */

/* "468.807 s": to the millisecond. */
enum { CHAOS_TIME_BYTES = 32 };
void chaos_time_print(int64_t ns, char out[CHAOS_TIME_BYTES]);
/* The kind of event that broke it: "tx_rejected"; a rule that is judged between events has none. */
const char *violation_kind_name(const struct violation *violation);
/* "S07 leaves first: text", cut to what fits. */
void violation_print(const struct violation *violation, char *out, size_t size);
