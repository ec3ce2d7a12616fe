/* tests/spin/replay.c: the runs that Spin makes of protocol.pml, driven through the real engine.
 *
 * Reads "event task : status status status status" lines (runs one after the
 * other, each ended by all_over) and compares the four statuses after every
 * step. A crash throws the engine away, rebuilds it from its event log, and
 * lets it ask its ports again. Prints the first difference of each run and
 * "N passed, N failed"; exit 1 when any failed, or none was read. */
#include "engine/journal.h"
#include "engine/replay.h"
#include "tests/lib/engine_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 4, LOG_BYTES = 1 << 18, LINE_BYTES = 128 };

struct run {
    struct fixture *fixture;
    unsigned char *log;
    struct codec_out out;
    struct journal_chain chain;
};

static const struct engine_limits LIMITS = {.tasks = 8, .edges = 32, .agents = 16};

static const struct {
    const char *name;
    enum event_kind kind;
} WORDS[] = {
    {"executed", EVENT_EXECUTED},       {"execution_failed", EVENT_EXECUTION_FAILED},
    {"proof_done", EVENT_PROOF_DONE},   {"proof_failed", EVENT_PROOF_FAILED},
    {"tx_accepted", EVENT_TX_ACCEPTED}, {"tx_rejected", EVENT_TX_REJECTED},
    {"confirmed", EVENT_CONFIRMED},     {"finalized", EVENT_FINALIZED},
    {"reverted", EVENT_REVERTED},       {"aborted", EVENT_ABORTED},
    {"restored", EVENT_RESTORED},       {"crash_resume", EVENT_RESUME},
};

static void must(err e)
{
    if (e == OK) return;
    fprintf(stderr, "replay: %s\n", err_text(e));
    exit(2);
}

static err send(struct run *run, struct event *event)
{
    event->now_ns = run->fixture->now_ns;
    must(journal_write_event(&run->chain, &run->out, event));
    return fixture_send(run->fixture, event);
}

static void submit(struct run *run, uint64_t id, uint64_t first_parent, uint64_t second_parent)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit =
        (struct event_submit){.id = id, .agent_id = 1, .snapshot_bytes = 1, .claim_expires_ns = NEVER_NS};
    if (first_parent) event.u.submit.parents[event.u.submit.parent_count++] = first_parent;
    if (second_parent) event.u.submit.parents[event.u.submit.parent_count++] = second_parent;
    must(send(run, &event));
}

static void open_run(struct run *run)
{
    memset(run, 0, sizeof *run);
    run->fixture = fixture_new();
    struct settings *settings = &run->fixture->settings;
    settings->worker_threads = settings->max_parallel_branches = 16;
    settings->max_depth = 10;
    run->log = malloc(LOG_BYTES);
    run->out = (struct codec_out){.bytes = run->log, .capacity = LOG_BYTES};
    must(journal_write_header(&run->chain, &run->out, &LIMITS, settings));
    fixture_start(run->fixture, LIMITS.tasks);
    for (uint64_t agent = 1; agent <= 4; agent++) { /* what the fixture has done already */
        struct event deposit = {.kind = EVENT_DEPOSIT};
        deposit.u.deposit.agent_id = agent;
        deposit.u.deposit.lamports = (uint64_t)settings->max_stake_lamports;
        must(journal_write_event(&run->chain, &run->out, &deposit));
    }
    submit(run, 1, 0, 0);
    submit(run, 2, 1, 0);
    submit(run, 3, 1, 0);
    submit(run, 4, 2, 3);
}

static void close_run(struct run *run)
{
    fixture_free(run->fixture);
    free(run->log);
}

/* The process is gone; what was logged is there. */
static void crash(struct run *run)
{
    struct replay replay;
    struct journal_diag diag;
    arena_close(&run->fixture->arena);
    must(arena_open(&run->fixture->arena, engine_memory_bytes(&LIMITS)));
    must(replay_begin(&replay, &run->fixture->arena, run->log, run->out.used, &diag));
    while (!replay.is_over) must(replay_step(&replay, &diag, NULL));
    run->fixture->engine = replay.engine;
}

/* Applies one line; 0 when it is the end of the run. -1: the engine differs. */
static int follow(struct run *run, const char *line)
{
    char name[32];
    int task, want[TASKS];
    if (sscanf(line, "%31s %d : %d %d %d %d", name, &task, &want[0], &want[1], &want[2], &want[3]) != 6) {
        fprintf(stderr, "replay: not a step: %s", line);
        exit(2);
    }
    if (strcmp(name, "all_over") == 0) return 0;
    struct event event = {.kind = EVENT_KIND_COUNT};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(name, WORDS[i].name) == 0) event.kind = WORDS[i].kind;
    uint64_t id = (uint64_t)task + 1;
    if (event.kind == EVENT_RESUME) crash(run);
    bool is_known = engine_find(run->fixture->engine, id, &event.task);
    bool is_proof = event.kind == EVENT_PROOF_DONE || event.kind == EVENT_PROOF_FAILED;
    event.attempt = is_proof ? run->fixture->proof_attempt[id] : run->fixture->tx_attempt[id];
    if (!is_known || event.kind == EVENT_KIND_COUNT || send(run, &event) != OK) {
        printf("the engine refuses: %s", line);
        return -1;
    }
    for (uint64_t i = 0; i < TASKS; i++) {
        enum task_status got = fixture_status(run->fixture, i + 1);
        if ((int)got == want[i]) continue;
        printf("task %llu is %s, not %s, after: %s", (unsigned long long)i, task_status_name(got),
               task_status_name((enum task_status)want[i]), line);
        return -1;
    }
    return 1;
}

int main(void)
{
    char line[LINE_BYTES];
    int passed = 0, failed = 0, state = 1;
    struct run run;
    open_run(&run);
    while (fgets(line, sizeof line, stdin)) {
        if (state > 0) state = follow(&run, line);
        if (strncmp(line, "all_over", 8) != 0) continue; /* a run that failed is skipped to its end */
        if (state == 0)
            passed++;
        else
            failed++;
        close_run(&run);
        open_run(&run);
        state = 1;
    }
    close_run(&run);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || passed == 0;
}
