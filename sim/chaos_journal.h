/* sim/chaos_journal.h: a run that has been, as the journal of a Chaos Toolkit experiment.
 *
 * Times are virtual, from the beginning of 1970: the same run is the same journal. Write errors stay in the
 * stream. */
#pragma once
#include "sim/chaos_experiment.h"
#include "sim/trial.h"

struct chaos_journal {
    const struct chaos_experiment *experiment;
    const struct trial_outcome *outcome;
    const char *version; /* of this program */
};

void chaos_journal_write(const struct chaos_journal *journal, FILE *out);
