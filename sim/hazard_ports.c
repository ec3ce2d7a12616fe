/* sim/hazard_ports.c: faults of provers, of the chain, and of what arrives. */
#include "sim/hazards.h"

/* ---- proofs ---- */

/* What this proof of a batch takes. The last one to be ready frees the worker. */
int64_t hazards_proof(struct sim *sim, const struct effect *effect, int64_t duration_ns)
{
    struct hazards *hazards = sim->hazards;
    uint32_t index = effect->u.prove.worker;
    struct hazard_task *task = &hazards->tasks[effect->task_id];
    struct occasion occasion = {
        .kind = OCCASION_PROOF, .entity = effect->task_id, .ordinal = effect->attempt & 0xff};
    occasion.u.proof = (struct occasion_proof){.worker = index, .duration_ns = duration_ns};
    task->batch = sim->workers[index].batch;
    task->has_invalid_proof = false;
    if (!faults_meet(hazards->faults, sim->now_ns, &occasion)) return duration_ns;
    const struct occasion_proof *proof = &occasion.u.proof;
    task->has_invalid_proof = proof->is_invalid;
    int64_t free_ns = sim->now_ns + proof->duration_ns + proof->recovery_ns;
    if (proof->is_killed) hazards->workers[index].killed_batch = task->batch;
    if (free_ns > sim->workers[index].finish_ns) ports_occupy(sim, index, free_ns);
    return proof->duration_ns;
}

bool hazards_kills_proof(const struct sim *sim, uint32_t task)
{
    const struct hazards *hazards = sim->hazards;
    const struct hazard_task *state = &hazards->tasks[task];
    return state->batch && hazards->workers[sim->tasks[task].worker].killed_batch == state->batch;
}

/* ---- transactions ---- */

static void schedule_landings(struct sim *sim, uint32_t task, uint32_t attempt,
                              const struct occasion_transaction *tx)
{
    if (tx->fate != TX_LANDS) return;
    sim_schedule_task(sim, tx->confirmed_ns, ENTRY_LAND, task, attempt);
    if (tx->is_landing_twice)
        sim_schedule_task(sim, tx->confirmed_ns + 5 * CHAOS_SLOT_NS, ENTRY_LAND, task, attempt);
}

/* What becomes of a transaction that is handed to the chain for the first time. */
void hazards_transaction(struct sim *sim, const struct effect *effect, struct occasion_transaction *tx)
{
    struct hazards *hazards = sim->hazards;
    struct hazard_task *task = &hazards->tasks[effect->task_id];
    struct occasion occasion = {
        .kind = OCCASION_TRANSACTION, .entity = effect->task_id, .ordinal = effect->attempt & 0xfff};
    if (task->has_invalid_proof && tx->fate == TX_LANDS) {
        tx->fate = TX_IS_REJECTED;
        tx->rejection = TX_PROOF_INVALID;
    }
    occasion.u.transaction = *tx;
    faults_meet(hazards->faults, sim->now_ns, &occasion);
    *tx = task->tx = occasion.u.transaction;
    task->tx_name = effect->attempt + 1;
    task->tx_sent_ns = sim->now_ns;
    if (tx->is_answer_lost) hazards_lose(sim);
    schedule_landings(sim, (uint32_t)effect->task_id, effect->attempt, tx);
}

static int64_t not_before(int64_t at_ns, int64_t now_ns)
{
    return at_ns > now_ns ? at_ns : ns_after(now_ns, NS_PER_MS);
}

bool hazards_is_taken_away(const struct sim *sim, uint64_t task)
{
    const struct hazard_task *state = &sim->hazards->tasks[task];
    return state->void_name && state->void_name == state->tx_name;
}

/* The same signature once more: the chain knows it, and its fate is what it was. */
bool hazards_is_asked_again(struct sim *sim, const struct effect *effect, struct occasion_transaction *tx)
{
    const struct hazard_task *task = &sim->hazards->tasks[effect->task_id];
    if (task->tx_name != effect->attempt + 1) return false;
    *tx = task->tx;
    tx->is_answer_lost = false;
    tx->accepted_ns = not_before(tx->accepted_ns, sim->now_ns);
    tx->confirmed_ns = not_before(tx->confirmed_ns, tx->accepted_ns);
    tx->finalized_ns = not_before(tx->finalized_ns, tx->confirmed_ns);
    if (tx->fate == TX_EXPIRES) tx->expired_ns = not_before(tx->expired_ns, tx->accepted_ns);
    return true;
}

static void remember(struct hazards *hazards, const struct landing *landing)
{
    hazards->landings[hazards->landing_count++ % LANDINGS_KEPT] = *landing;
}

/* The program wants the proofs of what a task reads, as they were when the transaction was made: not one
 * that a reorg has taken away, nor one that came later in its place. */
static bool stands_on_ground(const struct sim *sim, uint32_t task)
{
    const struct hazards *hazards = sim->hazards;
    const struct workload *workload = sim->options->workload;
    const struct workload_task *planned = sim_planned(sim, task);
    for (uint32_t i = 0; i < planned->parent_count; i++) {
        const struct hazard_task *parent = &hazards->tasks[workload->parents[planned->parent_begin + i]];
        bool is_there = parent->landed_name && parent->landed_ns <= hazards->tasks[task].tx_sent_ns;
        if (parent->void_name && !is_there) return false;
    }
    return true;
}

/* The chain takes a signature once, whoever forwards it how often. */
void hazards_land(struct sim *sim, const struct calendar_entry *entry)
{
    struct hazards *hazards = sim->hazards;
    struct hazard_task *task = &hazards->tasks[entry->subject];
    uint32_t attempt = entry->argument;
    bool is_current = task->tx_name == attempt + 1 && task->void_name != attempt + 1;
    if (task->landed_name == attempt + 1 || !is_current || !stands_on_ground(sim, entry->subject)) return;
    task->landed_name = attempt + 1;
    task->landed_ns = sim->now_ns;
    remember(hazards, &(struct landing){.task = entry->subject,
                                        .attempt = attempt,
                                        .at_ns = sim->now_ns,
                                        .final_ns = task->tx.finalized_ns});
    if (hazards->options.watch)
        watch_landed(hazards->options.watch, sim->now_ns, entry->subject, attempt,
                     (uint64_t)(sim->now_ns / CHAOS_SLOT_NS));
}

/* What was said of a transaction that a reorg has taken away is not true any more. */
bool hazards_is_void(const struct sim *sim, uint32_t task, uint32_t attempt)
{
    const struct hazard_task *state = &sim->hazards->tasks[task];
    return state->landed_name != attempt + 1;
}

static void take_away(struct sim *sim, struct landing *landing)
{
    struct hazards *hazards = sim->hazards;
    struct event event = {
        .now_ns = sim->now_ns, .kind = EVENT_REVERTED, .task = sim->tasks[landing->task].ref};
    event.attempt = landing->attempt;
    event.u.level.slot = (uint64_t)(landing->at_ns / CHAOS_SLOT_NS);
    hazards->tasks[landing->task].landed_name = 0;
    hazards->tasks[landing->task].void_name = landing->attempt + 1;
    if (hazards->options.watch) watch_unlanded(hazards->options.watch, sim->now_ns, landing->task);
    hazards_step(sim, &event, landing->task, landing->attempt);
}

/* Has the engine heard that it is final? Then it must not believe this. */
static void contradict_finality(struct sim *sim, const struct landing *landing)
{
    struct task_view view;
    struct event event = {
        .now_ns = sim->now_ns, .kind = EVENT_REVERTED, .task = sim->tasks[landing->task].ref};
    event.attempt = landing->attempt;
    bool is_known = engine_task(sim->engine, event.task, &view) == OK && view.id == landing->task;
    if (is_known && view.status == TASK_FINALIZED) hazards_step(sim, &event, landing->task, landing->attempt);
}

/* Landings that a reorg takes: those of the last slots, youngest first; below one that is final all are. */
static uint32_t lost_landings(struct sim *sim, const struct occasion_deed *deed, struct landing **lost)
{
    struct hazards *hazards = sim->hazards;
    uint32_t kept = hazards->landing_count < LANDINGS_KEPT ? hazards->landing_count : LANDINGS_KEPT,
             count = 0;
    int64_t since_ns = sim->now_ns - (int64_t)deed->count * CHAOS_SLOT_NS;
    for (uint32_t i = 1; i <= kept; i++) {
        struct landing *landing = &hazards->landings[(hazards->landing_count - i) % LANDINGS_KEPT];
        if (hazards->tasks[landing->task].landed_name != landing->attempt + 1) continue;
        if (landing->final_ns <= sim->now_ns) {
            if (deed->is_forced) contradict_finality(sim, landing);
            break;
        }
        if (landing->at_ns < since_ns) break;
        lost[count++] = landing;
    }
    return count;
}

/* All at once; who hears of which first is nobody's promise. */
void hazards_reorg(struct sim *sim, const struct occasion_deed *deed)
{
    struct landing *lost[LANDINGS_KEPT];
    if (sim->hazards->is_down) return;
    uint32_t count = lost_landings(sim, deed, lost);
    bool is_oldest_first = deed->draw & 1;
    for (uint32_t i = 0; i < count; i++) take_away(sim, lost[is_oldest_first ? count - 1 - i : i]);
}

/* ---- arrivals ---- */

int64_t hazards_arrival(struct sim *sim, uint32_t job, int64_t intended_ns)
{
    struct occasion occasion = {.kind = OCCASION_ARRIVAL, .entity = job};
    occasion.u.arrival.at_ns = intended_ns;
    faults_meet(sim->hazards->faults, sim->now_ns, &occasion);
    int64_t at_ns = occasion.u.arrival.at_ns, heal_ns = sim->hazards->options.heal_ns;
    if (at_ns > heal_ns && intended_ns <= heal_ns) at_ns = heal_ns; /* nothing is held back beyond the heal */
    return at_ns > sim->now_ns ? at_ns : sim->now_ns;
}

static void take_out_stake(struct sim *sim, uint64_t agent_id)
{
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_WITHDRAW};
    event.u.withdraw.agent_id = agent_id;
    for (uint32_t i = 0; i < engine_agent_count(sim->engine); i++) {
        const struct agent_view view = engine_agent(sim->engine, i);
        if (view.id == agent_id) event.u.withdraw.lamports = view.free;
    }
    if (event.u.withdraw.lamports > 0) hazards_step(sim, &event, agent_id, event.u.withdraw.lamports);
}

/* First below itself; once it is there, its own parent below it: a claim that arrives twice, re-parented. */
static void send_below_itself(struct sim *sim, const struct event *event)
{
    struct event self = *event;
    self.u.submit.parents[0] = event->u.submit.id;
    self.u.submit.parent_count = 1;
    hazards_step(sim, &self, event->u.submit.id, 1);
    sim->hazards->cycle_end = event->u.submit.id;
}

void hazards_submitted(struct sim *sim, const struct event *event)
{
    struct event parent = *event;
    if (sim->hazards->cycle_end != event->u.submit.id) return;
    sim->hazards->cycle_end = 0;
    if (event->u.submit.parent_count == 0) return;
    parent.u.submit.id = event->u.submit.parents[0];
    parent.u.submit.parents[0] = event->u.submit.id;
    parent.u.submit.parent_count = 1;
    hazards_step(sim, &parent, parent.u.submit.id, 1);
}

static void join_crowd(struct sim *sim, struct event_submit *submit)
{
    struct hazards *hazards = sim->hazards;
    struct task_ref ref;
    bool is_there = hazards->crowd_root && engine_find(sim->engine, hazards->crowd_root, &ref);
    if (!is_there) {
        hazards->crowd_root = submit->id;
        return;
    }
    for (uint32_t i = 0; i < submit->parent_count; i++)
        if (submit->parents[i] == hazards->crowd_root) return;
    if (submit->parent_count == LIMIT_PARENTS) return;
    submit->edge_kinds[submit->parent_count] = EDGE_DATA;
    submit->parents[submit->parent_count++] = hazards->crowd_root;
}

static bool is_dropped(const struct hazards_options *options, uint64_t id)
{
    return (options->tasks_most && id > options->tasks_most) || (options->dropped && options->dropped[id]);
}

/* Half of the agents whose claim is short notice it in time. */
static void watch_claim(struct sim *sim, const struct event_submit *submit)
{
    int64_t left_ns = submit->claim_expires_ns - sim->now_ns;
    if (submit->id % 2 == 0)
        hazards_schedule(sim, sim->now_ns + left_ns / 2, CALENDAR_ARRIVAL, ENTRY_RENEW, (uint32_t)submit->id,
                         0);
}

void hazards_renew(struct sim *sim, uint32_t task)
{
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_CLAIM_RENEWED};
    event.u.claim.expires_ns = ns_after(sim->now_ns, NS_PER_H);
    if (engine_find(sim->engine, task, &event.task)) hazards_step(sim, &event, task, 0);
}

bool hazards_submission(struct sim *sim, struct event *event)
{
    struct hazards *hazards = sim->hazards;
    struct event_submit *submit = &event->u.submit;
    struct occasion occasion = {.kind = OCCASION_SUBMISSION, .entity = submit->id};
    occasion.u.submission = (struct occasion_submission){.agent_id = submit->agent_id,
                                                         .claim_expires_ns = submit->claim_expires_ns};
    if (is_dropped(&hazards->options, submit->id)) return false;
    if (!faults_meet(hazards->faults, sim->now_ns, &occasion)) return true;
    const struct occasion_submission *met = &occasion.u.submission;
    if (submit->claim_expires_ns != met->claim_expires_ns) {
        submit->claim_expires_ns = met->claim_expires_ns;
        watch_claim(sim, submit);
    }
    if (met->is_without_stake) take_out_stake(sim, submit->agent_id);
    if (met->joins_crowd) join_crowd(sim, submit);
    if (met->is_cycle) send_below_itself(sim, event);
    return true;
}
