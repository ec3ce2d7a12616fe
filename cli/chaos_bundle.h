/* cli/chaos_bundle.h: everything about one failure in one folder, so that whoever opens it can go on.
 *
 *   repro.toml       the run as it was found            agenc chaos replay repro.toml
 *   shrunk.toml      the smallest that fails so         agenc chaos replay shrunk.toml
 *   cause.txt        how it came about, in words, of the small one
 *   timeline.html    the run as it was found
 *   experiment.json, journal.json   of the run as it was found, for the Chaos Toolkit
 *   replay.sh        the two command lines
 *
 * Same failure, same bytes. Errors: those of trials and files; ERR_NOMEM. */
#pragma once
#include "cli/chaos_args.h"
#include "sim/campaign.h"

#define CHAOS_REPLAYS_TEXT "400"

struct chaos_shrinking {
    const struct chaos_subject *subject; /* its repro says which failure */
    uint32_t replays_most;
    const volatile sig_atomic_t *stop;
};

struct chaos_shrunk {
    struct repro repro; /* ours, with digest and violation of its own run */
    uint32_t task_count, tasks_left, replays;
    bool is_minimal;
};

MUST_USE err chaos_shrink(struct chaos_shrunk *out, const struct chaos_shrinking *shrinking,
                          struct diag *diag);
void chaos_shrunk_close(struct chaos_shrunk *shrunk); /* fine on a zeroed one */
MUST_USE err chaos_repro_write(const struct repro *repro, const char *path, struct diag *diag);

struct chaos_bundle {
    const char *folder; /* it must exist */
    const struct chaos_subject *subject;
    uint32_t replays_most; /* of shrinking */
    const volatile sig_atomic_t *stop;
};

/* *out: what came of shrinking. */
MUST_USE err chaos_bundle_write(const struct chaos_bundle *bundle, struct chaos_shrunk *out,
                                struct diag *diag);
