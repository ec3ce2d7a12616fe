/* tests/bench/bench_rules.c: what the engine's rules cost: lives, admissions, cascades, checks.
 *
 * One engine on one core, driven by hand: every port answers at once, so what is
 * timed is the engine and nothing else. Each figure is the median of several
 * rounds in this process; ci/bench alternates processes. Rows whose name begins
 * with pt4 are those of AgenC's own performance plan (engine.md 6.1), whose
 * goals are in milliseconds. Prints "name value unit goal" lines; a goal with >
 * is a least value. */
#include "base/config.h"
#include "base/sort.h"
#include "engine/integrity.h"
#include "engine/state.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 5, EFFECTS = 256, MOST_WORKERS = 32, DEPTH_MOST = 16 };

struct bench {
    struct settings settings;
    struct arena arena;
    struct engine *engine;
    struct effects effects;
    struct effect items[EFFECTS];
    struct event *queue; /* answers of the ports, first in first out */
    uint32_t queue_head, queue_tail, queue_room;
    int64_t now_ns;
    uint64_t next_id;
    bool confirms, finalizes; /* what the chain does with a submission */
    bool is_silent;           /* ports do not answer */
};

static int64_t clock_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static double median(double *values)
{
    sort_doubles(values, ROUNDS);
    return values[ROUNDS / 2];
}

/* ---- ports that answer at once ---- */

static struct event *answer(struct bench *bench, enum event_kind kind, const struct effect *effect)
{
    struct event *event = &bench->queue[bench->queue_tail++ % bench->queue_room];
    *event = (struct event){.kind = kind, .task = effect->task, .attempt = effect->attempt};
    return event;
}

static void answer_effect(struct bench *bench, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_EXECUTE: answer(bench, EVENT_EXECUTED, effect)->u.executed.compute_ns = NS_PER_MS; break;
    case EFFECT_PROVE:
        answer(bench, EVENT_PROOF_DONE, effect);
        if (effect->u.prove.index + 1 == effect->u.prove.count)
            answer(bench, EVENT_WORKER_FREE, effect)->u.worker.worker = effect->u.prove.worker;
        break;
    case EFFECT_SUBMIT:
        if (!bench->confirms) break;
        answer(bench, EVENT_TX_ACCEPTED, effect);
        answer(bench, EVENT_CONFIRMED, effect);
        if (bench->finalizes) answer(bench, EVENT_FINALIZED, effect);
        break;
    case EFFECT_ABORT: answer(bench, EVENT_ABORTED, effect); break;
    case EFFECT_RESTORE: answer(bench, EVENT_RESTORED, effect); break;
    default: break;
    }
}

static void take_effects(struct effects *effects)
{
    struct bench *bench = effects->context;
    for (uint32_t i = 0; i < effects->count && !bench->is_silent; i++)
        answer_effect(bench, &effects->items[i]);
    effects->count = 0;
}

static void step(struct bench *bench, struct event *event)
{
    event->now_ns = ++bench->now_ns;
    err e = engine_step(bench->engine, event, &bench->effects);
    ASSERT(e == OK || e == ERR_STALE);
}

static void settle(struct bench *bench)
{
    while (bench->queue_head != bench->queue_tail) {
        struct event event = bench->queue[bench->queue_head++ % bench->queue_room];
        step(bench, &event);
    }
}

static void submit(struct bench *bench, uint64_t parent)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){
        .id = bench->next_id++, .agent_id = 1, .snapshot_bytes = 1, .claim_expires_ns = NEVER_NS};
    event.u.submit.parent_count = parent != 0;
    event.u.submit.parents[0] = parent;
    step(bench, &event);
}

static struct event about(const struct bench *bench, enum event_kind kind, uint64_t id)
{
    struct event event = {.kind = kind};
    bool is_known = engine_find(bench->engine, id, &event.task);
    ASSERT(is_known);
    const struct task *task = &bench->engine->tasks[event.task.slot];
    bool is_proof = kind == EVENT_PROOF_DONE || kind == EVENT_PROOF_FAILED;
    event.attempt = attempt_name(task, is_proof ? task->proof_attempt : task->tx_attempt);
    return event;
}

/* Limits out of the way: what is measured is the work, not a denial. */
static void open_bench(struct bench *bench, uint32_t tasks)
{
    struct config config;
    config_init(&config);
    *bench = (struct bench){.settings = config.settings, .next_id = 1, .confirms = true, .finalizes = true};
    struct settings *settings = &bench->settings;
    settings->enabled = settings->bond_roots = 1;
    settings->rollout_bps = BPS_ONE;
    settings->max_depth = UINT16_MAX;
    settings->max_parallel_branches = settings->max_state_snapshots = settings->queue_size = tasks;
    settings->max_pending_operations = settings->max_concurrent_submissions = settings->max_locks = tasks;
    settings->max_memory_bytes = settings->proof_cache_bytes = INT64_C(1) << 50;
    settings->rollback_max_cascade_size = tasks;
    settings->worker_threads = MOST_WORKERS;
    settings->max_stake_lamports = INT64_C(1) << 60;
    settings->min_stake_lamports = settings->stake_per_depth_lamports = 1000;
    settings->retention_ns = 1;
    const struct engine_limits limits = {.tasks = tasks, .edges = 2 * tasks, .agents = 4};
    bench->queue_room = 4 * tasks + 64;
    bench->queue = malloc(bench->queue_room * sizeof *bench->queue);
    err e = arena_open(&bench->arena, engine_memory_bytes(&limits));
    ASSERT(bench->queue && e == OK);
    e = engine_init(&bench->engine, &bench->arena, &limits, settings);
    ASSERT(e == OK);
    bench->effects =
        (struct effects){.items = bench->items, .capacity = EFFECTS, .context = bench, .flush = take_effects};
    struct event deposit = {.kind = EVENT_DEPOSIT, .u.deposit = {1, UINT64_C(1) << 60}};
    step(bench, &deposit);
}

static void close_bench(struct bench *bench)
{
    arena_close(&bench->arena);
    free(bench->queue);
}

/* ---- lives ---- */

/* Chains of depth + 1 tasks, each from submission to final and forgotten. Returns million lives a second. */
static double lives(uint32_t depth)
{
    enum { TASKS = 4096, LIVES = 400000 };
    struct bench bench;
    struct event gc = {.kind = EVENT_GC};
    open_bench(&bench, TASKS);
    uint32_t done = 0;
    int64_t began_ns = clock_ns();
    for (uint32_t since_gc = 0; done < LIVES; done += depth + 1) {
        bench.confirms = false; /* the chain's answers come when all depend on each other */
        for (uint32_t i = 0; i <= depth; i++) {
            submit(&bench, i ? bench.next_id - 1 : 0);
            settle(&bench);
        }
        bench.confirms = true;
        struct event accepted = about(&bench, EVENT_TX_ACCEPTED, bench.next_id - depth - 1);
        struct event confirmed = accepted, final = accepted;
        confirmed.kind = EVENT_CONFIRMED;
        final.kind = EVENT_FINALIZED;
        step(&bench, &accepted);
        step(&bench, &confirmed);
        step(&bench, &final);
        settle(&bench);
        if ((since_gc += depth + 1) < TASKS / 2) continue;
        step(&bench, &gc);
        since_gc = 0;
    }
    int64_t spent_ns = clock_ns() - began_ns;
    ASSERT(engine_statistics(bench.engine)->ended[TASK_FINALIZED] == done);
    close_bench(&bench);
    return (double)done * 1e3 / (double)spent_ns;
}

static void bench_lives(uint32_t depth, const char *name, const char *goal)
{
    double rates[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) rates[round] = lives(depth);
    printf("%s %.2f M/s %s\n", name, median(rates), goal);
}

/* ---- admission ---- */

static void bench_admission(void)
{
    enum { CHILDREN = 20000 };
    double checks[ROUNDS], submits[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        struct bench bench;
        open_bench(&bench, 2 * CHILDREN);
        bench.confirms = false;
        submit(&bench, 0);
        settle(&bench);
        bench.settings.max_depth = 0; /* so that they stand there, denied, to be asked again */
        struct event settings = {.kind = EVENT_SETTINGS, .u.settings = &bench.settings};
        step(&bench, &settings);
        for (uint32_t i = 0; i < CHILDREN; i++) submit(&bench, 1);
        bench.engine->settings.max_depth = UINT16_MAX;
        int64_t began_ns = clock_ns();
        uint32_t admitted = 0;
        for (uint32_t slot = 1; slot <= CHILDREN; slot++)
            admitted += admission_check(bench.engine, slot) == WAIT_NONE;
        checks[round] = (double)(clock_ns() - began_ns) / CHILDREN;
        ASSERT(admitted == CHILDREN);
        bench.is_silent = true;
        began_ns = clock_ns();
        for (uint32_t i = 0; i < CHILDREN - 2; i++) submit(&bench, 1);
        submits[round] = (double)(clock_ns() - began_ns) / (CHILDREN - 2);
        close_bench(&bench);
    }
    printf("engine.admission_decision %.1f ns 150\n", median(checks));
    printf("engine.submit_and_start %.1f ns 1000\n", median(submits));
}

/* ---- cascades ---- */

/* A tree of `size` tasks under one root, each with a proof that waits for its ancestors. */
static void grow_tree(struct bench *bench, uint32_t size, uint32_t width)
{
    submit(bench, 0);
    bench->confirms = false;
    for (uint32_t i = 0; i < size; i++) {
        submit(bench, 1 + i / width);
        settle(bench);
    }
}

/* A storage that answers at once and costs next to nothing: one restore is asked for at a time. */
static struct effect last_restore;
static void keep_restore(struct effects *effects)
{
    for (uint32_t i = 0; i < effects->count; i++)
        if (effects->items[i].kind == EFFECT_RESTORE) last_restore = effects->items[i];
    effects->count = 0;
}

/* Milliseconds from the failure of the root to the last settlement; the ports' answers included. */
static double cascade(uint32_t size, uint32_t width)
{
    struct bench bench;
    open_bench(&bench, size + 8);
    grow_tree(&bench, size, width);
    ASSERT(engine_statistics(bench.engine)->awaiting == size);
    struct event event = about(&bench, EVENT_TX_REJECTED, 1), restored = {.kind = EVENT_RESTORED};
    bench.effects.flush = keep_restore;
    last_restore.kind = EFFECT_RESTORE;
    int64_t began_ns = clock_ns();
    step(&bench, &event);
    while (engine_statistics(bench.engine)->plans_running) {
        restored.task = last_restore.task;
        step(&bench, &restored);
    }
    double spent_ms = (double)(clock_ns() - began_ns) / 1e6;
    ASSERT(engine_statistics(bench.engine)->ended[TASK_ROLLED_BACK] == size);
    ASSERT(engine_statistics(bench.engine)->locked_lamports == 0);
    close_bench(&bench);
    return spent_ms;
}

static double bench_cascade(const char *name, uint32_t size, uint32_t width, const char *goal)
{
    double spans[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) spans[round] = cascade(size, width);
    printf("%s %.3f ms %s\n", name, median(spans), goal);
    return median(spans);
}

/* ---- a hub with many children ---- */

static void bench_fanout(void)
{
    enum { MANY = 100000, SOME = 1000 };
    double first[ROUNDS], last[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        struct bench bench;
        open_bench(&bench, MANY + 8);
        bench.confirms = false;
        submit(&bench, 0);
        settle(&bench);
        bench.is_silent = true;
        int64_t began_ns = clock_ns();
        for (uint32_t i = 0; i < SOME; i++) submit(&bench, 1);
        first[round] = (double)(clock_ns() - began_ns) / SOME;
        for (uint32_t i = SOME; i < MANY - SOME; i++) submit(&bench, 1);
        began_ns = clock_ns();
        for (uint32_t i = 0; i < SOME; i++) submit(&bench, 1);
        last[round] = (double)(clock_ns() - began_ns) / SOME;
        close_bench(&bench);
    }
    double early = median(first), late = median(last);
    printf("engine.child_of_hub_first_1000 %.0f ns 1000\n", early);
    printf("engine.child_of_hub_last_of_100000 %.0f ns 1000\n", late);
    printf("engine.child_of_hub_ratio %.2f x 2\n", late / early);
}

/* ---- the rows of PT-4, in microseconds; each is done REPEATS times on a fresh state ---- */

enum { REPEATS = 200 };

static void report_us(const char *name, int64_t *spans_ns, double goal_ms)
{
    double values[REPEATS];
    for (int i = 0; i < REPEATS; i++) values[i] = (double)spans_ns[i] / 1e3;
    sort_doubles(values, REPEATS);
    printf("pt4.%s %.3f us %.0f\n", name, values[REPEATS / 2], goal_ms * 1e3);
}

/* A shape to work on: tasks 1 .. count, each executed, its proof waiting, under parents as the shape says. */
enum shape { CHAIN, STAR, LATTICE };

static void grow(struct bench *bench, enum shape shape, uint32_t count)
{
    bench->confirms = false;
    for (uint32_t id = 1; id <= count; id++) {
        struct event event = {.kind = EVENT_SUBMIT};
        struct event_submit *submit = &event.u.submit;
        *submit = (struct event_submit){
            .id = bench->next_id++, .agent_id = 1, .snapshot_bytes = 1, .claim_expires_ns = NEVER_NS};
        if (id > 1) submit->parents[submit->parent_count++] = shape == STAR ? 1 : id - 1;
        if (id > 2 && shape == LATTICE) submit->parents[submit->parent_count++] = id - 2;
        step(bench, &event);
        settle(bench);
    }
}

/* One row: the state it begins with and what is timed. */
struct row {
    const char *name;
    enum shape shape;
    uint32_t count;
    void (*prepare)(struct bench *bench);
    void (*run)(struct bench *bench);
    double goal_ms;
};

static struct event timed_event;
static uint64_t sink; /* so that nothing timed is thought useless */

static void prepare_nothing(struct bench *bench)
{
    (void)bench;
}

static void prepare_child(struct bench *bench)
{
    bench->is_silent = true;
    timed_event = (struct event){.kind = EVENT_SUBMIT};
    timed_event.u.submit = (struct event_submit){.id = bench->next_id,
                                                 .agent_id = 1,
                                                 .snapshot_bytes = 1,
                                                 .claim_expires_ns = NEVER_NS,
                                                 .parent_count = 1,
                                                 .parents = {1}};
}

/* A proof that is generated while the others wait. */
static void prepare_proof(struct bench *bench)
{
    bench->is_silent = true;
    submit(bench, 1);
    struct event executed = about(bench, EVENT_EXECUTED, bench->next_id - 1);
    step(bench, &executed);
    timed_event = about(bench, EVENT_PROOF_DONE, bench->next_id - 1);
}

static void prepare_confirmation(struct bench *bench)
{
    struct event accepted = about(bench, EVENT_TX_ACCEPTED, 1);
    step(bench, &accepted);
    bench->is_silent = true;
    timed_event = about(bench, EVENT_CONFIRMED, 1);
}

static void prepare_timeouts(struct bench *bench)
{
    bench->is_silent = true;
    bench->now_ns += bench->settings.confirmation_timeout_ns + 2 * NS_PER_S;
    timed_event = (struct event){.kind = EVENT_TICK};
}

static void prepare_failure(struct bench *bench)
{
    timed_event = about(bench, EVENT_TX_REJECTED, 1);
}

static void prepare_path(struct bench *bench)
{
    bench->engine->settings.rollback_policy = ROLLBACK_CHECKPOINT;
    bench->engine->settings.checkpoint_interval = INT16_MAX;
}

static void run_event(struct bench *bench)
{
    step(bench, &timed_event);
    settle(bench);
}

static void run_ancestors(struct bench *bench)
{
    sink += rollback_region(bench->engine, 10).count;
}

static void run_descendants(struct bench *bench)
{
    sink += graph_descendants(bench->engine, 0);
}

static void run_depth(struct bench *bench)
{
    sink += graph_depth(bench->engine, 10);
}

static void run_get(struct bench *bench)
{
    struct task_ref ref;
    struct task_view view;
    if (engine_find(bench->engine, 50, &ref) && engine_task(bench->engine, ref, &view) == OK)
        sink += view.bond_lamports;
}

static void run_stake_sum(struct bench *bench)
{
    sink += engine_agent(bench->engine, 0).locked;
}

static const struct row ROWS[] = {
    {"graph_add", STAR, 1, prepare_child, run_event, 1},
    {"graph_add_at_1000", STAR, 1000, prepare_child, run_event, 2},
    {"ancestors_depth_10", CHAIN, 11, prepare_path, run_ancestors, 5},
    {"descendants_100", STAR, 101, prepare_nothing, run_descendants, 10},
    {"topological_order_1000", LATTICE, 1000, prepare_nothing, run_descendants, 50},
    {"depth_query", CHAIN, 11, prepare_nothing, run_depth, 0.1},
    {"commitment_create", STAR, 1, prepare_child, run_event, 5},
    {"commitment_get", STAR, 100, prepare_nothing, run_get, 1},
    {"commitment_fail", CHAIN, 1, prepare_failure, run_event, 5},
    {"commitment_fail_10_deep", CHAIN, 11, prepare_failure, run_event, 20},
    {"stake_sum_100", STAR, 101, prepare_nothing, run_stake_sum, 10},
    {"deferral_enqueue_at_1000", STAR, 1001, prepare_proof, run_event, 2},
    {"deferral_dequeue_100", STAR, 101, prepare_confirmation, run_event, 5},
    {"deferral_timeouts_1000", STAR, 1001, prepare_timeouts, run_event, 10},
    {"deferral_confirm_50_dependents", STAR, 51, prepare_confirmation, run_event, 10},
    {"rollback_1", CHAIN, 2, prepare_failure, run_event, 10},
    {"rollback_5", CHAIN, 6, prepare_failure, run_event, 50},
    {"rollback_10", CHAIN, 11, prepare_failure, run_event, 100},
    {"rollback_dag_20", LATTICE, 20, prepare_failure, run_event, 200},
};

static void bench_plan_rows(void)
{
    for (size_t row = 0; row < sizeof ROWS / sizeof *ROWS; row++) {
        int64_t spans_ns[REPEATS];
        for (int i = 0; i < REPEATS; i++) {
            struct bench bench;
            open_bench(&bench, ROWS[row].count + 16);
            grow(&bench, ROWS[row].shape, ROWS[row].count);
            ROWS[row].prepare(&bench);
            int64_t began_ns = clock_ns();
            ROWS[row].run(&bench);
            spans_ns[i] = clock_ns() - began_ns;
            close_bench(&bench);
        }
        report_us(ROWS[row].name, spans_ns, ROWS[row].goal_ms);
    }
}

/* ---- integrity ---- */

/* A check of everything in the tables of a million live tasks, each below another, its proof waiting. */
static void bench_integrity(void)
{
    enum { MILLION = 1000000, FINDINGS = 8 };
    struct bench bench;
    struct finding items[FINDINGS];
    double spans[ROUNDS];
    open_bench(&bench, MILLION + 8);
    grow_tree(&bench, MILLION - 1, 10);
    struct engine_check check = {.level = CHECK_FULL, .scratch_bytes = engine_check_bytes(bench.engine)};
    check.scratch = malloc(check.scratch_bytes);
    ASSERT(check.scratch);
    for (int round = 0; round < ROUNDS; round++) {
        struct findings findings = {.items = items, .capacity = FINDINGS};
        int64_t began_ns = clock_ns();
        err e = engine_check(bench.engine, &check, &findings);
        spans[round] = (double)(clock_ns() - began_ns) / 1e6;
        ASSERT(e == OK && findings.count == 0 && findings.checked >= MILLION);
    }
    free(check.scratch);
    close_bench(&bench);
    printf("engine.integrity_1000000 %.1f ms 1000\n", median(spans));
}

static void bench_memory(void)
{
    struct engine_limits limits = {.tasks = 1000000, .edges = 0, .agents = 1};
    double bare = (double)engine_memory_bytes(&limits);
    limits.edges = limits.tasks;
    printf("engine.memory_task %.0f bytes 256\n", bare / limits.tasks);
    printf("engine.memory_edge %.0f bytes 16\n",
           ((double)engine_memory_bytes(&limits) - bare) / limits.edges);
}

int main(void)
{
    bench_lives(1, "engine.lives_depth_1", ">1");
    bench_lives(10, "engine.lives_depth_10", ">0.6");
    bench_admission();
    double small = bench_cascade("engine.cascade_10000", 10000, 10, "1");
    bench_cascade("engine.cascade_10000_star", 10000, 10000, "1");
    double large = bench_cascade("engine.cascade_1000000", 1000000, 10, "300");
    printf("engine.cascade_growth_per_task %.2f x 3\n", large / small / 100);
    bench_fanout();
    bench_plan_rows();
    bench_integrity();
    bench_memory();
    ASSERT(sink > 0);
    return 0;
}
