/* tests/sim/test_engine_admission.c: who may speculate, and what every denial waits for. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_admission, .init = set_up, .fini = tear_down, .timeout = 10);

#define WAITS(id, reason)                                                                                    \
    cr_assert(eq(int, fixture_waits_for(fx, id), reason), "task %d waits for %s", (int)(id),                 \
              wait_reason_name(fixture_waits_for(fx, id)))

/* A chain 1 <- 2 <- ... in which every task but the last has executed. */
static void chain(uint64_t first, uint64_t last)
{
    for (uint64_t id = first; id <= last; id++) {
        ACCEPTED(fixture_submit(fx, id, id == first ? PARENTS() : PARENTS(id - 1)));
        if (id < last) ACCEPTED(fixture_executed(fx, id, 100));
    }
}

Test(engine_admission, task_without_parents_runs_without_bond)
{
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    STATUS(1, TASK_EXECUTING);
    cr_assert(eq(u64, fixture_view(fx, 1).bond_lamports, 0));
    cr_assert(not(fixture_view(fx, 1).was_speculative));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_EXECUTE), 1));
}

Test(engine_admission, child_waits_for_its_parents_output_and_then_speculates)
{
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    WAITS(2, WAIT_PARENT_OUTPUT);
    ACCEPTED(fixture_executed(fx, 1, 100));
    STATUS(2, TASK_EXECUTING);
    cr_assert(fixture_view(fx, 2).was_speculative);
    cr_assert(eq(u64, fixture_view(fx, 2).bond_lamports, 1100000)); /* 1,000,000 + 1 x 100,000 */
    cr_assert(eq(u64, engine_agent(fx->engine, 0).locked, 1100000));
}

Test(engine_admission, roots_are_bonded_when_the_settings_say_so)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    cr_assert(eq(u64, fixture_view(fx, 1).bond_lamports, 1000000));
}

Test(engine_admission, disabled_and_rollout_wait_until_the_settings_change)
{
    fx->settings.enabled = 0;
    fx->settings.rollout_bps = 0;
    fixture_start(fx, 16);
    chain(1, 2);
    WAITS(2, WAIT_DISABLED);
    fx->settings.enabled = 1;
    ACCEPTED(fixture_settings(fx));
    WAITS(2, WAIT_ROLLOUT_EXCLUDED);
    fx->settings.rollout_bps = 10000;
    ACCEPTED(fixture_settings(fx));
    STATUS(2, TASK_EXECUTING);
}

Test(engine_admission, all_parents_confirmed_always_wins)
{
    fx->settings.enabled = 0;
    fixture_start(fx, 16);
    chain(1, 2);
    WAITS(2, WAIT_DISABLED);
    fixture_confirm(fx, 1);
    STATUS(2, TASK_EXECUTING);
    cr_assert(not(fixture_view(fx, 2).was_speculative));
    cr_assert(eq(u64, fixture_view(fx, 2).bond_lamports, 0));
}

Test(engine_admission, resource_edges_are_not_speculated_on)
{
    fixture_start(fx, 16);
    chain(1, 2);
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = 3,
                                           .agent_id = 1,
                                           .claim_expires_ns = NEVER_NS,
                                           .parent_count = 1,
                                           .parents = {1},
                                           .edge_kinds = {EDGE_RESOURCE}};
    ACCEPTED(fixture_send(fx, &event));
    WAITS(3, WAIT_DEPENDENCY_TYPE);
    fixture_confirm(fx, 1);
    STATUS(3, TASK_EXECUTING);
}

Test(engine_admission, cross_agent_edges_wait_unless_enabled)
{
    fixture_start(fx, 16);
    chain(1, 2);
    ACCEPTED(fixture_submit_for(fx, 3, 2, PARENTS(1)));
    WAITS(3, WAIT_CROSS_AGENT);
    fx->settings.cross_agent_speculation = 1;
    ACCEPTED(fixture_settings(fx));
    STATUS(3, TASK_EXECUTING);
}

Test(engine_admission, depth_limit_is_inclusive_and_lifts_as_ancestors_confirm)
{
    fixture_start(fx, 16);
    cr_assert(eq(i64, fx->settings.max_depth, 3));
    chain(1, 4);
    STATUS(4, TASK_EXECUTING); /* depth 3 */
    ACCEPTED(fixture_executed(fx, 4, 1));
    ACCEPTED(fixture_submit(fx, 5, PARENTS(4)));
    WAITS(5, WAIT_DEPTH_LIMIT);
    cr_assert(eq(u32, fixture_view(fx, 5).depth_now, 4));
    fixture_confirm(fx, 1);
    STATUS(5, TASK_EXECUTING);
    cr_assert(eq(u32, fixture_view(fx, 5).depth_at_admission, 3));
}

Test(engine_admission, branches_count_tips_and_extending_a_tip_is_free)
{
    fixture_start(fx, 32);
    cr_assert(eq(i64, fx->settings.max_parallel_branches, 2));
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 1));
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    ACCEPTED(fixture_submit(fx, 3, PARENTS(1)));
    ACCEPTED(fixture_submit(fx, 4, PARENTS(1)));
    STATUS(3, TASK_EXECUTING);
    WAITS(4, WAIT_BRANCH_LIMIT);
    ACCEPTED(fixture_executed(fx, 2, 1));
    ACCEPTED(fixture_submit(fx, 5, PARENTS(2))); /* extends the tip 2 */
    STATUS(5, TASK_EXECUTING);
    cr_assert(eq(u32, engine_agent(fx->engine, 0).tips, 2));
    ACCEPTED(fixture_submit(fx, 6, PARENTS(2))); /* a second child of 2: a third branch */
    WAITS(6, WAIT_BRANCH_LIMIT);
    ACCEPTED(fixture_executed(fx, 3, 1));
    ACCEPTED(fixture_executed(fx, 5, 1));
    ACCEPTED(fixture_submit(fx, 7, PARENTS(3, 5))); /* joins both tips */
    STATUS(7, TASK_EXECUTING);
    /* One branch was free after the join: it went to the shallower of the two that waited. */
    STATUS(4, TASK_EXECUTING);
    WAITS(6, WAIT_BRANCH_LIMIT);
}

Test(engine_admission, without_parallel_speculation_there_is_one_branch)
{
    fx->settings.parallel_speculation = 0;
    fixture_start(fx, 16);
    chain(1, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(1)));
    WAITS(3, WAIT_BRANCH_LIMIT);
}

Test(engine_admission, branch_limit_can_be_of_the_whole_engine)
{
    fx->settings.branch_scope = SCOPE_ENGINE;
    fx->settings.max_parallel_branches = 1;
    fx->settings.cross_agent_speculation = 1;
    fixture_start(fx, 16);
    chain(1, 2);
    ACCEPTED(fixture_submit_for(fx, 3, 2, PARENTS(1)));
    WAITS(3, WAIT_BRANCH_LIMIT);
}

Test(engine_admission, locked_stake_never_exceeds_the_limit_and_the_unit_freed_goes_to_the_first)
{
    fx->settings.max_stake_lamports = 2400000;
    fx->settings.max_parallel_branches = 16;
    fixture_start(fx, 16);
    fixture_deposit(fx, 1, 100000000);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 1));
    for (uint64_t id = 2; id <= 5; id++) ACCEPTED(fixture_submit(fx, id, PARENTS(1)));
    STATUS(3, TASK_EXECUTING); /* 2 x 1,100,000 */
    WAITS(4, WAIT_STAKE_LIMIT);
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 2));
    fixture_finish_rollbacks(fx);
    STATUS(4, TASK_EXECUTING);
    WAITS(5, WAIT_STAKE_LIMIT);
}

Test(engine_admission, a_bond_must_be_covered)
{
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit_for(fx, 1, 9, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 1));
    ACCEPTED(fixture_submit_for(fx, 2, 9, PARENTS(1)));
    WAITS(2, WAIT_STAKE_INSUFFICIENT);
    fixture_deposit(fx, 9, 1100000);
    STATUS(2, TASK_EXECUTING);
}

Test(engine_admission, claim_must_outlast_the_buffer_strictly)
{
    static const struct {
        int64_t left_ms;
        enum task_status status;
    } CASES[] = {
        {90000, TASK_EXECUTING}, {60001, TASK_EXECUTING}, {60000, TASK_PENDING}, {30000, TASK_PENDING}};
    fx->settings.max_parallel_branches = 16;
    fixture_start(fx, 16);
    chain(1, 2);
    for (uint64_t i = 0; i < 4; i++) {
        struct event event = {.kind = EVENT_SUBMIT};
        event.u.submit = (struct event_submit){.id = 3 + i,
                                               .agent_id = 1,
                                               .claim_expires_ns = CASES[i].left_ms * NS_PER_MS,
                                               .parent_count = 1,
                                               .parents = {1}};
        ACCEPTED(fixture_send(fx, &event));
        STATUS(3 + i, CASES[i].status);
    }
    WAITS(6, WAIT_CLAIM_WINDOW);
}

Test(engine_admission, pending_operations_are_limited)
{
    fx->settings.max_pending_operations = 1;
    fixture_start(fx, 16);
    chain(1, 2);
    ACCEPTED(fixture_submit_for(fx, 3, 1, PARENTS(1)));
    WAITS(3, WAIT_PENDING_LIMIT);
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 2));
    STATUS(3, TASK_EXECUTING);
}

Test(engine_admission, what_is_freed_goes_to_the_shallowest_even_when_it_came_later)
{
    fx->settings.max_pending_operations = 2;
    fx->settings.max_parallel_branches = 16;
    fixture_start(fx, 16);
    chain(10, 11); /* 11 holds one place until it is cancelled */
    chain(1, 2);
    ACCEPTED(fixture_executed(fx, 2, 1));
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2))); /* depth 2 */
    ACCEPTED(fixture_submit(fx, 4, PARENTS(1))); /* depth 1, later */
    WAITS(3, WAIT_PENDING_LIMIT);
    WAITS(4, WAIT_PENDING_LIMIT);
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 11));
    STATUS(4, TASK_EXECUTING);
    WAITS(3, WAIT_PENDING_LIMIT);
}

Test(engine_admission, snapshots_are_collected_on_demand_before_a_denial)
{
    fx->settings.max_state_snapshots = 1;
    fixture_start(fx, 16);
    chain(1, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(1)));
    WAITS(3, WAIT_SNAPSHOT_LIMIT);
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 2));
    cr_assert(fixture_saw(fx, EFFECT_ABORT, 0) != NULL);
    WAITS(3, WAIT_SNAPSHOT_LIMIT);
    fixture_finish_rollbacks(fx); /* the snapshot of 2 is releasable now */
    STATUS(3, TASK_EXECUTING);
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 1));
}

Test(engine_admission, memory_is_limited_and_under_pressure_no_branch_opens)
{
    fx->settings.max_memory_bytes = (int64_t)(4 * MIB);
    fx->settings.max_parallel_branches = 16;
    fixture_start(fx, 16);
    chain(1, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(1)));
    ACCEPTED(fixture_submit(fx, 4, PARENTS(1)));
    STATUS(4, TASK_EXECUTING);
    ACCEPTED(fixture_submit(fx, 5, PARENTS(1))); /* would make 4 MiB and some kilobytes */
    WAITS(5, WAIT_MEMORY_LIMIT);
    fx->settings.max_memory_bytes = (int64_t)(9 * MIB / 2); /* 4 MiB is 89 % of it */
    ACCEPTED(fixture_settings(fx));
    WAITS(5, WAIT_MEMORY_LIMIT);
    ACCEPTED(fixture_executed(fx, 2, 1));
    ACCEPTED(fixture_submit(fx, 6, PARENTS(2))); /* grows the branch of 2 */
    STATUS(6, TASK_EXECUTING);
}

Test(engine_admission, a_full_proof_queue_holds_speculation_back)
{
    fx->settings.queue_size = 1;
    fx->settings.worker_threads = 1;
    fx->settings.batch_size = 1;
    fx->settings.max_parallel_branches = 16;
    fixture_start(fx, 16);
    for (uint64_t id = 1; id <= 3; id++) ACCEPTED(fixture_submit(fx, id, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 1)); /* generating */
    ACCEPTED(fixture_executed(fx, 2, 1)); /* queued */
    ACCEPTED(fixture_submit(fx, 4, PARENTS(1)));
    WAITS(4, WAIT_PROOF_BACKPRESSURE);
    ACCEPTED(fixture_executed(fx, 3, 1)); /* no room: kept as executed */
    STATUS(3, TASK_EXECUTED);
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 1));
    ACCEPTED(fixture_worker_free(fx, 0)); /* takes 2, and 3 moves into the queue before any admission */
    STATUS(3, TASK_PROOF_PENDING);
    WAITS(4, WAIT_PROOF_BACKPRESSURE);
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 2));
    ACCEPTED(fixture_worker_free(fx, 0));
    STATUS(4, TASK_EXECUTING);
}

Test(engine_admission, refusals_change_nothing)
{
    fixture_start(fx, 4);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    cr_assert(eq(int, fixture_submit(fx, 1, PARENTS()), ERR_RANGE));
    cr_assert(eq(int, fixture_submit(fx, 2, PARENTS(7)), ERR_RANGE));
    cr_assert(eq(int, fixture_submit(fx, 2, PARENTS(2)), ERR_RANGE));
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = 2, .agent_id = 1, .parent_count = LIMIT_PARENTS + 1};
    cr_assert(eq(int, fixture_send(fx, &event), ERR_RANGE));
    for (uint64_t id = 2; id <= 4; id++) ACCEPTED(fixture_submit(fx, id, PARENTS()));
    cr_assert(eq(int, fixture_submit(fx, 5, PARENTS()), ERR_LIMIT));
    const struct engine_stats *stats = engine_statistics(fx->engine);
    for (int refusal = REFUSED_DUPLICATE_TASK; refusal < REFUSAL_COUNT; refusal++)
        cr_assert(eq(u64, stats->refused[refusal], 1), "%s", refusal_name((enum refusal)refusal));
    cr_assert(eq(u64, stats->submitted, 4));
    cr_assert(eq(u64, stats->table_tasks, 4));
}

Test(engine_admission, child_of_a_dead_parent_is_cancelled)
{
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 1));
    fixture_finish_rollbacks(fx);
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    STATUS(2, TASK_CANCELLED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollbacks_by_reason[REASON_ANCESTOR_FAILED], 0));
}

Test(engine_admission, depth_of_a_diamond_counts_the_longest_path_of_unconfirmed_ancestors)
{
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    ACCEPTED(fixture_submit(fx, 3, PARENTS(1)));
    ACCEPTED(fixture_submit(fx, 4, PARENTS(2, 3)));
    cr_assert(eq(u32, fixture_view(fx, 4).depth_now, 2));
    fixture_confirm(fx, 1);
    cr_assert(eq(u32, fixture_view(fx, 2).depth_now, 0));
    cr_assert(eq(u32, fixture_view(fx, 3).depth_now, 0));
    cr_assert(eq(u32, fixture_view(fx, 4).depth_now, 1));
}

/* A branch that one child extends goes on under another name than one that a join ends. */
Test(engine_admission, branches_are_extended_by_one_and_merged_by_a_join)
{
    struct fixture *fixture = fixture_new();
    fixture->settings.max_parallel_branches = 8;
    fixture_start(fixture, 16);
    fixture_run(fixture, 1, PARENTS(0));
    fixture_run(fixture, 2, PARENTS(1));
    fixture_run(fixture, 3, PARENTS(2));
    cr_assert(eq(int, fixture_view(fixture, 2).branch, BRANCH_EXTENDED));
    fixture_run(fixture, 4, PARENTS(1));
    fixture_run(fixture, 5, PARENTS(3, 4));
    cr_assert(eq(int, fixture_view(fixture, 3).branch, BRANCH_MERGED));
    cr_assert(eq(int, fixture_view(fixture, 4).branch, BRANCH_MERGED));
    cr_assert(eq(int, fixture_view(fixture, 5).branch, BRANCH_OPEN));
    fixture_free(fixture);
}
