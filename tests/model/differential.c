/* tests/model/differential.c: plays random histories on the engine and on the model, and compares what can be
 * seen of both after every event: the error, every effect in order, every task, every agent, the counters.
 *
 *   differential [--histories N] [--seed S] [--jobs J] [--tasks T] [--history K]
 *
 * --history plays one of them and prints it. On a difference: seed, number, the history as text, the event
 * and the first thing that differs; exit 1. Prints "N passed, M failed". */
#include "base/assert.h"
#include "base/config.h"
#include "engine/engine.h"
#include "tests/model/history.h"
#include "tests/model/model.h"
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS_MOST = 400, EFFECT_ROOM = 16, TEXT_BYTES = 1 << 18, BATCH = 50 };

struct options {
    uint64_t histories, seed, one;
    uint32_t jobs, tasks;
    bool is_one;
};

struct play {
    const struct options *options;
    uint64_t number;
    uint32_t step;
    struct settings base;
    struct history history;
    struct model model;
    struct arena arena;
    struct engine *engine;
    struct effects effects;
    struct effect items[EFFECT_ROOM], seen[MODEL_EFFECTS];
    uint32_t seen_count;
    struct task_ref refs[MODEL_TASKS]; /* of each record, as the engine gave it */
    bool has_failed, is_told;          /* told: the text is kept, and printed when something differs */
    char *text;
    size_t text_used;
};

static struct play *playing; /* for the handler of a failed ASSERT */

/* ---- the history as text ---- */

static void say(struct play *play, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(play->text + play->text_used, TEXT_BYTES - play->text_used, format, arguments);
    va_end(arguments);
    if (written > 0) play->text_used += (size_t)written;
    if (play->text_used >= TEXT_BYTES) play->text_used = TEXT_BYTES - 1;
}

static void say_submit(struct play *play, const struct event_submit *in)
{
    say(play, " agent %" PRIu64 " snapshot %" PRIu64 " bond %" PRIu64 " claim %" PRId64 " bucket %u parents",
        in->agent_id, in->snapshot_bytes, in->bond_lamports, in->claim_expires_ns, in->rollout_bucket);
    for (uint32_t i = 0; i < in->parent_count && i < LIMIT_PARENTS; i++)
        say(play, " %" PRIu64 "/%u", in->parents[i], in->edge_kinds[i]);
}

static void say_event(struct play *play, const struct event *event, uint64_t id)
{
    const unsigned char *bytes = (const unsigned char *)&event->u;
    say(play, "%4u  %14" PRId64 "  %-16s task %" PRIu64 " (%u.%u) attempt %u jitter %u", play->step,
        event->now_ns, event_kind_name(event->kind), event->kind == EVENT_SUBMIT ? event->u.submit.id : id,
        event->task.slot, event->task.generation, event->attempt, event->jitter);
    if (event->kind == EVENT_SUBMIT)
        say_submit(play, &event->u.submit);
    else if (event->kind != EVENT_SETTINGS) /* the union as bytes: enough to tell two events apart */
        for (int i = 0; i < 24; i++) say(play, i ? "%02x" : "  %02x", bytes[i]);
    say(play, "\n");
}

static void differ(struct play *play, const char *format, ...)
{
    char what[300];
    va_list arguments;
    if (play->has_failed) return;
    play->has_failed = true;
    if (!play->is_told) return; /* it is played again, and told */
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    fprintf(stderr, "seed %" PRIu64 " history %" PRIu64 " event %u\n%s  differs: %s\n", play->options->seed,
            play->number, play->step, play->text, what);
}

static void on_abort(int signal_number)
{
    char seed[24], number[24], tasks[12];
    (void)signal_number;
    if (playing->is_told) {
        differ(playing, "the engine or the model stopped at an assertion");
        _exit(1);
    }
    snprintf(seed, sizeof seed, "%" PRIu64, playing->options->seed);
    snprintf(number, sizeof number, "%" PRIu64, playing->number);
    snprintf(tasks, sizeof tasks, "%u", playing->options->tasks);
    execl("/proc/self/exe", "differential", "--seed", seed, "--tasks", tasks, "--history", number,
          (char *)NULL);
    _exit(1);
}

/* ---- comparing ---- */

#define SAME(play, what, ours, theirs)                                                                       \
    do {                                                                                                     \
        int64_t ours_ = (int64_t)(ours), theirs_ = (int64_t)(theirs);                                        \
        if (ours_ != theirs_) differ(play, "%s: model %" PRId64 ", engine %" PRId64, what, ours_, theirs_);  \
    } while (0)

static void say_effects(struct play *play)
{
    for (uint32_t i = 0; i < play->seen_count; i++) {
        const struct effect *effect = &play->seen[i];
        say(play, "        %s %" PRIu64, effect_kind_name(effect->kind), effect->task_id);
        if (effect->kind == NOTE_STATUS)
            say(play, " %s", machine_state_name(MACHINE_TASK, effect->u.status.to));
        if (effect->kind == NOTE_WAIT) say(play, " %s", wait_reason_name(effect->u.wait.reason));
        say(play, "\n");
    }
}

static void compare_effects(struct play *play)
{
    const struct model *m = &play->model;
    uint32_t count = m->effect_count < play->seen_count ? m->effect_count : play->seen_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct effect *ours = &m->effects[i], *theirs = &play->seen[i];
        bool is_same = ours->kind == theirs->kind && ours->task_id == theirs->task_id &&
                       ours->agent == theirs->agent && ours->attempt == theirs->attempt &&
                       memcmp(&ours->u, &theirs->u, sizeof ours->u) == 0;
        if (is_same) continue;
        differ(play,
               "effect %u: model %s of %" PRIu64 " (%" PRId64 "), engine %s of %" PRIu64 " (%" PRId64 ")", i,
               effect_kind_name(ours->kind), ours->task_id, *(const int64_t *)&ours->u,
               effect_kind_name(theirs->kind), theirs->task_id, *(const int64_t *)&theirs->u);
        return;
    }
    if (m->effect_count != play->seen_count)
        differ(play, "effects: model %u, engine %u; the next is %s of %" PRIu64, m->effect_count,
               play->seen_count,
               effect_kind_name(m->effect_count > count ? m->effects[count].kind : play->seen[count].kind),
               m->effect_count > count ? m->effects[count].task_id : play->seen[count].task_id);
}

static void compare_task(struct play *play, const struct m_task *task)
{
    struct task_ref ref;
    struct task_view view;
    char name[64];
    bool is_found = engine_find(play->engine, task->in.id, &ref);
    if (!task->is_known) return; /* its id may have been given again */
    snprintf(name, sizeof name, "task %" PRIu64, task->in.id);
    if (!is_found || engine_task(play->engine, ref, &view) != OK) {
        differ(play, "%s: the engine does not know it", name);
        return;
    }
#define SAME_OF(what, ours, theirs)                                                                          \
    do {                                                                                                     \
        snprintf(name, sizeof name, "task %" PRIu64 " " what, task->in.id);                                  \
        SAME(play, name, ours, theirs);                                                                      \
    } while (0)
    SAME_OF("slot", task->slot, ref.slot);
    SAME_OF("status", task->status, view.status);
    SAME_OF("waits for", task->wait, view.waiting_for);
    SAME_OF("depth", task->depth, view.depth_now);
    SAME_OF("depth at admission", task->depth_at_admission, view.depth_at_admission);
    SAME_OF("bond", task->was_admitted ? task->bond : 0, view.bond_lamports);
    SAME_OF("is speculative", task->is_speculative, view.was_speculative);
    SAME_OF("is in a rollback", task->is_in_plan, view.is_in_rollback);
    SAME_OF("is uncovered", task->is_uncovered, view.is_uncovered);
    SAME_OF("incarnation", task->incarnation, view.incarnation);
    SAME_OF("proof", task->proof, view.proof);
    SAME_OF("snapshot", task->snapshot, view.snapshot);
    SAME_OF("claim", task->claim, view.claim);
    SAME_OF("since", task->since_ns, view.since_ns);
    SAME_OF("digest", task->digest, view.output_digest);
    SAME_OF("is a tip", m_is_tip(&play->model, task), view.branch == BRANCH_OPEN);
}

static void compare_agents(struct play *play)
{
    const struct model *m = &play->model;
    SAME(play, "agents", m->agent_count, engine_agent_count(play->engine));
    for (uint32_t i = 0; i < m->agent_count && !play->has_failed; i++) {
        const struct m_agent *agent = &m->agents[i];
        struct agent_view view = engine_agent(play->engine, i);
        SAME(play, "agent id", agent->id, view.id);
        SAME(play, "agent deposited", agent->deposited, view.deposited);
        SAME(play, "agent received", agent->received, view.received);
        SAME(play, "agent slashed", agent->slashed, view.slashed);
        SAME(play, "agent withdrawn", agent->withdrawn, view.withdrawn);
        SAME(play, "agent locked", model_locked(m, i), view.locked);
        SAME(play, "agent free", model_free(m, i), view.free);
        SAME(play, "agent locks", model_locks(m, i), view.locks);
        SAME(play, "agent uncovered", model_uncovered(m, i), view.uncovered);
        SAME(play, "agent tips", model_tips(m, i), view.tips);
        SAME(play, "agent snapshots", model_snapshots(m, i), view.snapshots);
        SAME(play, "agent cooldown", agent->cooldown_ns, view.cooldown_until_ns);
        SAME(play, "agent payout", agent->payout_ns, view.payout_ns);
    }
}

static void compare_breaker(struct play *play)
{
    const struct m_breaker *ours = &play->model.breaker;
    struct breaker_view view = engine_breaker(play->engine);
    SAME(play, "breaker state", ours->state, view.state);
    SAME(play, "breaker trigger", ours->trigger, view.trigger);
    SAME(play, "breaker opened", ours->opened_ns, view.opened_ns);
    SAME(play, "breaker retry", ours->retry_ns, view.retry_ns);
    SAME(play, "breaker value", ours->value, view.value);
    SAME(play, "breaker threshold", ours->threshold, view.threshold);
    SAME(play, "breaker failures", ours->failure_count, view.consecutive_failures);
    SAME(play, "breaker rolled back", m_breaker_counted(&play->model, true), view.window_rolled_back);
    SAME(play, "breaker admitted", m_breaker_counted(&play->model, false), view.window_admitted);
    SAME(play, "breaker probes", ours->probes_admitted, view.probes_admitted);
    SAME(play, "breaker probes confirmed", ours->probes_confirmed, view.probes_confirmed);
}

#define SAME_EACH(play, what, ours, theirs, count)                                                           \
    do {                                                                                                     \
        for (int i_ = 0; i_ < (int)(count); i_++) SAME(play, what, (ours)[i_], (theirs)[i_]);                \
    } while (0)

static void compare_counters(struct play *play)
{
    const struct model *m = &play->model;
    const struct engine_stats *s = engine_statistics(play->engine);
    SAME_EACH(play, "refused", m->refused, s->refused, REFUSAL_COUNT);
    SAME_EACH(play, "waits", m->waits, s->waits, WAIT_REASON_COUNT);
    SAME_EACH(play, "ended", m->ended, s->ended, TASK_STATUS_COUNT);
    SAME_EACH(play, "rollbacks by reason", m->rollbacks_by_reason, s->rollbacks_by_reason, REASON_COUNT);
    SAME_EACH(play, "rollback events", m->rollback_events, s->rollback_events, REASON_COUNT);
    SAME_EACH(play, "slash events", m->slash_events, s->slash_events, REASON_COUNT);
    SAME_EACH(play, "trips", m->trips, s->breaker_trips, TRIGGER_COUNT);
    SAME(play, "speculative admissions", m->speculative, s->speculative_admissions);
    SAME(play, "normal admissions", m->normal, s->normal_admissions);
    SAME(play, "reverts", m->reverts, s->reverts);
    SAME(play, "bonded", m->bonded, s->bonded_lamports);
    SAME(play, "released", m->released, s->released_lamports);
    SAME(play, "slashed", m->slashed, s->slashed_lamports);
    SAME(play, "treasury", m->treasury, s->treasury_lamports);
    SAME(play, "withdrawn", m->withdrawn, s->withdrawn_lamports);
    SAME(play, "queue full", m->queue_full, s->queue_full);
    SAME(play, "proofs ready", m->proofs_ready, s->proofs_ready);
    SAME(play, "proof failures", m->proof_failures, s->proof_failures);
    SAME(play, "proof timeouts", m->proof_timeouts, s->proof_timeouts);
    SAME(play, "proof retries", m->proof_retries, s->proof_retries);
    SAME(play, "transaction retries", m->tx_retries, s->tx_retries);
    SAME(play, "batches", m->batches, s->batches);
    SAME(play, "batched proofs", m->batched, s->batched_proofs);
    SAME(play, "cascade overruns", m->overruns, s->cascade_overruns);
    SAME(play, "pruned", m->pruned, s->pruned);
    SAME(play, "bytes freed", m->bytes_freed, s->gc_bytes_freed);
    SAME(play, "stuck locks", m->stuck, s->stuck_locks_released);
}

static void compare_gauges(struct play *play)
{
    const struct model *m = &play->model;
    const struct engine_stats *s = engine_statistics(play->engine);
    uint64_t by_depth[LIMIT_DEPTH + 2] = {0}, waiting = 0, awaiting = 0, submitting = 0, live = 0;
    EACH_CONST(m, t)
    {
        waiting += t->is_known && t->wait != WAIT_NONE;
        live += m_is_live(t);
        awaiting += t->is_known && t->proof == PROOF_AWAITING;
        submitting += t->is_known && t->status == TASK_SUBMITTING;
        if (m_is_live(t) && t->is_speculative)
            by_depth[t->depth <= LIMIT_DEPTH ? t->depth : LIMIT_DEPTH + 1]++;
    }
    SAME_EACH(play, "active by depth", by_depth, s->active_by_depth, LIMIT_DEPTH + 2);
    SAME(play, "waiting", waiting, s->waiting);
    SAME(play, "operations", live, s->operations);
    SAME(play, "awaiting", awaiting, s->awaiting);
    SAME(play, "submitting", submitting, s->submitting);
    SAME(play, "speculative active", model_speculative_active(m), s->speculative_active);
    SAME(play, "pending operations", model_speculative_active(m), s->pending_operations);
    SAME(play, "tips", model_tips(m, MODEL_AGENTS), s->tips);
    SAME(play, "snapshots", model_snapshots(m, MODEL_AGENTS), s->snapshots);
    SAME(play, "proof queue", model_count_proof(m, PROOF_QUEUED), s->proof_queue_depth);
    SAME(play, "generating", model_count_proof(m, PROOF_GENERATING), s->proofs_generating);
    SAME(play, "in flight", model_count_proof(m, PROOF_SUBMITTING), s->submissions_in_flight);
    SAME(play, "workers busy", model_workers_busy(m), s->workers_busy);
    SAME(play, "draining", m->drain.is_on, s->draining);
    SAME(play, "memory", model_memory(m), engine_memory_usage(play->engine).total);
    SAME(play, "deadline", model_deadline_ns(m), engine_deadline_ns(play->engine));
}

/* ---- playing ---- */

static void keep(struct effects *effects)
{
    struct play *play = effects->context;
    for (uint32_t i = 0; i < effects->count; i++) {
        ASSERT(play->seen_count < MODEL_EFFECTS);
        play->seen[play->seen_count++] = effects->items[i];
        history_effect(&play->history, &effects->items[i]);
    }
    effects->count = 0;
}

static void begin(struct play *play, uint64_t number)
{
    struct history *h = &play->history;
    history_begin(h, &play->base, play->options->seed, number, play->options->tasks);
    const struct engine_limits limits = {.tasks = h->tables, .edges = 1100, .agents = h->agents};
    err e = arena_open(&play->arena, engine_memory_bytes(&limits));
    ASSERT(e == OK);
    e = engine_init(&play->engine, &play->arena, &limits, &h->settings);
    ASSERT(e == OK);
    model_init(&play->model, &h->settings, h->tables, h->agents);
    play->effects =
        (struct effects){.items = play->items, .capacity = EFFECT_ROOM, .context = play, .flush = keep};
    play->number = number;
    play->step = 0;
    play->has_failed = false;
    play->text_used = 0;
    play->text[0] = '\0';
}

static struct m_task *meant_by(struct play *play, struct task_ref ref)
{
    struct model *m = &play->model;
    for (uint32_t i = 0; i < m->task_count; i++)
        if (m->tasks[i].is_known && play->refs[i].slot == ref.slot &&
            play->refs[i].generation == ref.generation)
            return &m->tasks[i];
    return NULL;
}

static void step(struct play *play, const struct event *event, uint64_t id)
{
    struct history *h = &play->history;
    struct model *m = &play->model;
    struct task_ref ref = {.slot = 0};
    play->seen_count = 0;
    if (play->is_told) say_event(play, event, id);
    err theirs = engine_step(play->engine, event, &play->effects);
    if (play->is_told) say_effects(play);
    bool is_submit = event->kind == EVENT_SUBMIT;
    uint64_t new_id = is_submit && theirs == OK ? event->u.submit.id : 0;
    if (new_id && !engine_find(play->engine, new_id, &ref)) differ(play, "a submitted task is not there");
    err ours = model_step(m, event, meant_by(play, event->task), ref.slot);
    SAME(play, "error", ours, theirs);
    if (new_id && ours == OK) {
        h->refs[new_id % HISTORY_IDS] = ref;
        h->accepted++;
        if (new_id > h->last_id) h->last_id = new_id;
        play->refs[m->task_count - 1] = ref;
    }
    if (!play->has_failed) compare_effects(play);
    for (uint32_t i = 0; i < m->task_count && !play->has_failed; i++) compare_task(play, &m->tasks[i]);
    if (!play->has_failed) compare_agents(play);
    if (!play->has_failed) compare_breaker(play);
    if (!play->has_failed) compare_counters(play);
    if (!play->has_failed) compare_gauges(play);
}

static bool play_one(struct play *play, uint64_t number)
{
    struct event event;
    begin(play, number);
    uint32_t events = 20 + play->history.tasks * 6;
    if (events > EVENTS_MOST) events = EVENTS_MOST;
    for (; play->step < events && !play->has_failed; play->step++) {
        uint64_t id = history_next(&play->history, engine_deadline_ns(play->engine), &event);
        step(play, &event, id);
    }
    arena_close(&play->arena);
    return !play->has_failed;
}

static int work(struct play *play, uint32_t job)
{
    const struct options *options = play->options;
    uint64_t failed = 0;
    for (uint64_t number = job; number < options->histories && !failed; number += options->jobs)
        failed += !play_one(play, number);
    if (!failed) return 0;
    play->is_told = true;
    play_one(play, play->number);
    return 1;
}

static int work_all(struct play *play)
{
    int worst = 0, status;
    for (uint32_t job = 0; job < play->options->jobs; job++) {
        pid_t child = fork();
        if (child < 0) {
            perror("differential: fork");
            return 1;
        }
        if (child == 0) exit(work(play, job));
    }
    while (wait(&status) > 0)
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) worst = 1;
    return worst;
}

static bool read_options(struct options *options, int count, char **arguments)
{
    for (int i = 1; i < count; i += 2) {
        char *end = NULL;
        uint64_t value = i + 1 < count ? strtoull(arguments[i + 1], &end, 10) : 0;
        if (!end || *end) return false;
        if (!strcmp(arguments[i], "--histories"))
            options->histories = value;
        else if (!strcmp(arguments[i], "--seed"))
            options->seed = value;
        else if (!strcmp(arguments[i], "--jobs"))
            options->jobs = (uint32_t)value;
        else if (!strcmp(arguments[i], "--tasks"))
            options->tasks = (uint32_t)value;
        else if (!strcmp(arguments[i], "--history"))
            options->one = value, options->is_one = true;
        else
            return false;
    }
    return options->jobs > 0 && options->tasks > 0 && options->tasks <= MODEL_TASKS;
}

int main(int count, char **arguments)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct options options = {
        .histories = 100000, .seed = 1, .jobs = cores > 0 ? (uint32_t)cores : 1, .tasks = 60};
    if (!read_options(&options, count, arguments)) {
        fputs("usage: differential [--histories N] [--seed S] [--jobs J] [--tasks 1-64] [--history K]\n",
              stderr);
        return 2;
    }
    struct config *config = calloc(1, sizeof *config);
    struct play *play = calloc(1, sizeof *play);
    char *text = malloc(TEXT_BYTES);
    ASSERT(config && play && text);
    config_init(config);
    play->base = config->settings;
    free(config);
    play->options = &options;
    play->text = text;
    playing = play;
    signal(SIGABRT, on_abort);
    play->is_told = options.is_one;
    int status = options.is_one ? !play_one(play, options.one) : work_all(play);
    if (options.is_one && status == 0) fputs(play->text, stdout);
    printf("%d passed, %d failed\n", status == 0, status != 0);
    free(play);
    free(text);
    return status;
}
