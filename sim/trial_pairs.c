/* sim/trial_pairs.c: rules that one run cannot break alone: D01, S25, P03, L07.
 *
 * Runs of the same seed share every draw (base/rng.h), so that a control run
 * without faults is the same run but for what the faults did. Goodput and
 * recovery are judged at once for a scenario; for a swarm, whose seeds have
 * small limits of their own, over the whole campaign (sim/campaign.h). */
#include "base/assert.h"
#include "sim/trial.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_NS (30 * NS_PER_S) /* after a fault, until a task counts as undisturbed */

enum { TASKS_LEAST = 50, SLACK_TASKS = 2 };

/* When each task was confirmed, by id; NEVER_NS. */
struct confirmations {
    int64_t *at_ns, *submitted_ns;
    uint32_t room;
};

static void note(void *context, int64_t now_ns, const struct effect *effect)
{
    struct confirmations *seen = context;
    if (effect->kind != NOTE_STATUS || effect->task_id >= seen->room) return;
    if (effect->u.status.to == TASK_CONFIRMED) seen->at_ns[effect->task_id] = now_ns;
    if (seen->submitted_ns[effect->task_id] == NEVER_NS) seen->submitted_ns[effect->task_id] = now_ns;
}

static void confirmations_close(struct confirmations *seen)
{
    free(seen->at_ns);
    free(seen->submitted_ns);
}

static err confirmations_open(struct confirmations *out, uint32_t tasks)
{
    *out = (struct confirmations){.room = tasks + 1};
    out->at_ns = malloc(out->room * sizeof *out->at_ns);
    out->submitted_ns = malloc(out->room * sizeof *out->submitted_ns);
    if (!out->at_ns || !out->submitted_ns) return ERR_NOMEM;
    for (uint32_t i = 0; i < out->room; i++) out->at_ns[i] = out->submitted_ns[i] = NEVER_NS;
    return OK;
}

__attribute__((format(printf, 3, 4))) static void broke(struct trial_outcome *outcome, enum invariant rule,
                                                        const char *format, ...)
{
    struct violation violation = {.invariant = rule,
                                  .now_ns = outcome->end_ns,
                                  .event = outcome->events,
                                  .kind = EVENT_KIND_COUNT,
                                  .reason = REASON_COUNT};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(violation.text, sizeof violation.text, format, arguments);
    va_end(arguments);
    outcome->violation_count++;
    if (outcome->kept < WATCH_VIOLATIONS_KEPT) outcome->violations[outcome->kept++] = violation;
}

/* Another run of the same seed, unwatched. */
static err run_again(const struct trial_options *options, const struct schedule *schedule,
                     struct confirmations *seen, struct trial_outcome *out, struct diag *diag)
{
    struct trial_options again = *options;
    again.schedule = schedule;
    again.is_unwatched = true;
    again.judges_pairs = false;
    again.coverage = NULL;
    again.trace = NULL;
    again.log = NULL;
    again.seen = NULL;
    again.noted = seen ? note : NULL;
    again.context = seen;
    TRY(trial_run(&again, out, diag));
    return out->interrupted ? ERR_INTERRUPTED : OK; /* half a run is no match for a whole one */
}

static err judge_same(const struct trial_options *options, struct confirmations *seen,
                      struct trial_outcome *outcome, struct diag *diag)
{
    static const char SAME[] = "another run of the seed has digest %016" PRIx64 " after %" PRIu64
                               " events, not %016" PRIx64 " after %" PRIu64;
    struct trial_outcome *again = malloc(sizeof *again);
    err e = again ? run_again(options, options->schedule, seen, again, diag) : ERR_NOMEM;
    if (e == OK) {
        outcome->checks[INVARIANT_D01]++;
        if (again->digest != outcome->digest || again->events != outcome->events)
            broke(outcome, INVARIANT_D01, SAME, again->digest, again->events, outcome->digest,
                  outcome->events);
    }
    free(again);
    return e;
}

/* ---- S25: without the faults of the wall clock it is the same run ---- */

static bool is_of_clock(const struct fault *fault)
{
    return INJECTOR_TABLE[fault->injector].occasion == OCCASION_CLOCK;
}

static err without_clocks(const struct schedule *from, struct schedule *out)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (!is_of_clock(&from->faults[i])) TRY(schedule_add(out, &from->faults[i]));
    return OK;
}

static err judge_clocks(const struct trial_options *options, struct trial_outcome *outcome, struct diag *diag)
{
    struct schedule still = {0};
    struct trial_outcome *again = malloc(sizeof *again);
    err e = again ? without_clocks(options->schedule, &still) : ERR_NOMEM;
    bool has_clocks = e == OK && still.count < options->schedule->count;
    if (has_clocks) e = run_again(options, &still, NULL, again, diag);
    if (has_clocks && e == OK) {
        outcome->checks[INVARIANT_S25]++;
        if (again->digest != outcome->digest)
            broke(outcome, INVARIANT_S25,
                  "without the faults of the wall clock the digest is %016" PRIx64 ", not %016" PRIx64,
                  again->digest, outcome->digest);
    }
    schedule_close(&still);
    free(again);
    return e;
}

/* ---- beside a control ---- */

/* What it leaves behind lasts as long: an operator's drain ends after two minutes, by force. */
static int64_t aftermath_ns(const struct fault *fault)
{
    bool gives_orders =
        fault->injector == INJECT_OPS_OPERATOR || fault->injector == INJECT_API_CONCURRENT_ADMIN;
    return gives_orders ? 5 * SETTLE_NS : SETTLE_NS;
}

/* No fault is armed then, nor was one shortly before, nor will one be within a confirmation. */
static bool is_undisturbed(const struct schedule *schedule, int64_t at_ns)
{
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct fault *fault = &schedule->faults[i];
        if (at_ns > fault->on_ns - SETTLE_NS && at_ns < fault->on_ns + fault->for_ns + aftermath_ns(fault))
            return false;
    }
    return true;
}

static bool has_arrivals(const struct schedule *schedule)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (INJECTOR_TABLE[schedule->faults[i].injector].occasion == OCCASION_ARRIVAL) return true;
    return false;
}

static void judge_goodput(const struct trial_options *options, const struct confirmations *faulty,
                          const struct confirmations *control, struct trial_outcome *outcome)
{
    uint64_t with = 0, without = 0;
    bool moves_arrivals = has_arrivals(options->schedule); /* then tasks count by when they did come */
    for (uint32_t task = 1; task < control->room; task++) {
        int64_t at_ns = moves_arrivals ? faulty->submitted_ns[task] : control->submitted_ns[task];
        if (at_ns == NEVER_NS || !is_undisturbed(options->schedule, at_ns)) continue;
        with += faulty->at_ns[task] != NEVER_NS;
        without += control->at_ns[task] != NEVER_NS;
    }
    outcome->goodput = with;
    outcome->goodput_control = without;
    if (options->scenario->is_swarm || without < TASKS_LEAST) return;
    outcome->checks[INVARIANT_P03]++;
    if ((with + SLACK_TASKS) * 100 < without * TRIAL_GOODPUT_PERCENT)
        broke(outcome, INVARIANT_P03,
              "of the tasks that arrived outside of faults %" PRIu64 " were confirmed, %" PRIu64
              " without any",
              with, without);
}

static uint64_t confirmed_by(const struct confirmations *seen, int64_t at_ns)
{
    uint64_t count = 0;
    for (uint32_t task = 1; task < seen->room; task++) count += seen->at_ns[task] <= at_ns;
    return count;
}

/* Twice as long again after the trigger is gone; judged when nothing else happens until then. */
static void judge_trigger(const struct trial_options *options, const struct fault *trigger,
                          const struct confirmations *faulty, const struct confirmations *control,
                          struct trial_outcome *outcome)
{
    int64_t until_ns = trigger->on_ns + 3 * trigger->for_ns + SETTLE_NS;
    if (until_ns > options->scenario->load.duration_ns) return;
    for (uint32_t i = 0; i < options->schedule->count; i++) {
        const struct fault *other = &options->schedule->faults[i];
        bool ends_before = other->on_ns + other->for_ns <= trigger->on_ns + trigger->for_ns;
        if (other != trigger && other->on_ns < until_ns && !ends_before) return;
    }
    uint64_t with = confirmed_by(faulty, until_ns), without = confirmed_by(control, until_ns);
    outcome->recovered += with;
    outcome->recovered_control += without;
    if (options->scenario->is_swarm) return;
    outcome->checks[INVARIANT_L07]++;
    if (with * 100 < without * TRIAL_RECOVERED_PERCENT)
        broke(outcome, INVARIANT_L07,
              "%" PRIu64 " s after the load was normal again %" PRIu64 " tasks are confirmed, %" PRIu64
              " without the trigger",
              (uint64_t)((until_ns - trigger->on_ns - trigger->for_ns) / NS_PER_S), with, without);
}

static void judge_triggers(const struct trial_options *options, const struct confirmations *faulty,
                           const struct confirmations *control, struct trial_outcome *outcome)
{
    for (uint32_t i = 0; i < options->schedule->count; i++) {
        const struct fault *fault = &options->schedule->faults[i];
        if (INJECTOR_TABLE[fault->injector].occasion == OCCASION_ARRIVAL)
            judge_trigger(options, fault, faulty, control, outcome);
    }
}

static err judge_control(const struct trial_options *options, const struct confirmations *faulty,
                         struct trial_outcome *outcome, struct diag *diag)
{
    const struct schedule nothing = {0};
    struct confirmations control = {0};
    struct trial_outcome *calm = malloc(sizeof *calm);
    err e = calm ? confirmations_open(&control, outcome->task_count) : ERR_NOMEM;
    if (e == OK) e = run_again(options, &nothing, &control, calm, diag);
    if (e == OK) {
        judge_goodput(options, faulty, &control, outcome);
        judge_triggers(options, faulty, &control, outcome);
    }
    confirmations_close(&control);
    free(calm);
    return e;
}

err trial_judge_pairs(const struct trial_options *options, struct trial_outcome *outcome, struct diag *diag)
{
    struct confirmations faulty = {0};
    bool is_whole = !outcome->is_lost && !outcome->interrupted && !options->until_ns;
    err e = confirmations_open(&faulty, outcome->task_count);
    if (e == OK) e = judge_same(options, &faulty, outcome, diag);
    if (e == OK) e = judge_clocks(options, outcome, diag);
    if (e == OK && is_whole && options->kind != SWARM_SAFETY)
        e = judge_control(options, &faulty, outcome, diag);
    confirmations_close(&faulty);
    if (e != ERR_INTERRUPTED) return e;
    outcome->interrupted = true;
    return OK;
}
