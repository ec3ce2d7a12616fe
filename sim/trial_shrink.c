/* sim/trial_shrink.c: each attempt is a trial that ends at the failure that is looked for. */
#include "sim/trial_shrink.h"
#include "base/units.h"
#include <stdlib.h>

_Static_assert((int)SHRINK_FINGERPRINTS_MOST >= (int)WATCH_VIOLATIONS_KEPT, "every violation can be told");

struct shrinking_trial {
    const struct trial_shrink *order;
    struct trial_outcome *outcome;
    struct diag *diag;
    int64_t until_ns; /* attempts that have not failed by then are given up; 0: not yet known */
};

#define PATIENCE_NS NS_PER_MIN

/* A smaller run fails at about the same time as the first one, or not at all. What is judged when all is over
 * needs the whole of it. */
static void note_time(struct shrinking_trial *with)
{
    int64_t heal_ns = with->order->trial->scenario->load.duration_ns;
    with->until_ns = NEVER_NS;
    for (uint32_t i = 0; i < with->outcome->kept; i++) {
        const struct violation *violation = &with->outcome->violations[i];
        if (violation_fingerprint(violation) != with->order->fingerprint) continue;
        if (violation->now_ns < heal_ns) with->until_ns = violation->now_ns + PATIENCE_NS;
        return;
    }
}

static err run_attempt(void *context, const struct shrink_case *attempt, struct shrink_answer *answer)
{
    struct shrinking_trial *with = context;
    struct trial_options options = {
        .scenario = with->order->trial->scenario,
        .seed = with->order->trial->seed,
        .kind = with->order->trial->kind,
        .schedule = attempt->schedule,
        .dropped = attempt->dropped,
        .tasks_most = attempt->tasks_most,
        .fingerprint = with->order->fingerprint,
        .until_ns = with->until_ns == NEVER_NS ? 0 : with->until_ns,
        .judges_pairs = with->order->trial->judges_pairs,
        .stop = with->order->trial->stop,
    };
    TRY(with->order->run(&options, with->outcome, with->diag));
    if (with->outcome->interrupted) return ERR_INTERRUPTED;
    if (with->until_ns == 0) note_time(with);
    for (uint32_t i = 0; i < with->outcome->kept; i++)
        answer->fingerprints[answer->count++] = violation_fingerprint(&with->outcome->violations[i]);
    return OK;
}

err trial_shrink(struct shrunk *out, const struct trial_shrink *order, struct diag *diag)
{
    struct shrinking_trial with = {.order = order, .diag = diag};
    const struct trial_options *trial = order->trial;
    const struct shrink_order wanted = {.from = {trial->schedule, trial->dropped, trial->tasks_most},
                                        .task_count = order->task_count,
                                        .fingerprint = order->fingerprint,
                                        .replays_most = order->replays_most,
                                        .run = run_attempt,
                                        .context = &with};
    with.outcome = malloc(sizeof *with.outcome);
    if (!with.outcome) return diag_fail(diag, ERR_NOMEM, "out of memory for a trial");
    err e = shrink(out, &wanted);
    free(with.outcome);
    if (e == ERR_CONFLICT)
        return diag_fail(diag, e, "the run does not fail in this way (any more): there is nothing to shrink");
    return e == ERR_INTERRUPTED ? diag_fail(diag, e, "interrupted while a failure was shrunk") : e;
}
