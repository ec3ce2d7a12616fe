/* daemon/service_faults.c: the injectors of chaos/ at the live service's ports: the same schedules, the same
 * draws.
 *
 * A schedule's times count from the moment it is armed. What a fault reaches: messages between the engine and
 * its ports, proofs, transactions, submissions, the log's disk, scrapes, and deeds (crash, reorg, withdrawal,
 * configuration, orders of an operator). While nothing is armed each place costs one comparison.
 * A message that is lost is asked for again after PATIENCE_NS, as the simulator's driver does. */
#include "daemon/service_state.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS   (3 * NS_PER_S)
#define CHAOS_SLOT_NS (400 * NS_PER_MS)

static int64_t armed_ns(const struct service *service, int64_t now_ns)
{
    return now_ns - service->arm_base_ns;
}

/* ---- arming ---- */

static err check_levels(const struct schedule *schedule, struct diag *diag)
{
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct injector *injector = &INJECTOR_TABLE[schedule->faults[i].injector];
        if (!(injector->levels & LEVEL_SERVICE))
            return diag_fail(
                diag, ERR_USAGE,
                "%s: works in simulation only; `agenc chaos list` marks with L1 what the service can do",
                injector->name);
    }
    return OK;
}

static void told(void *context, int64_t now_ns, const struct fault *fault, bool begins)
{
    struct service *service = context;
    (void)now_ns;
    say(service, LOG_WARN, begins ? "chaos.armed" : "chaos.over", INJECTOR_TABLE[fault->injector].name, NULL);
}

err service_arm(struct service *service, const struct schedule *schedule, uint64_t seed, struct diag *diag)
{
    if (!service->options.has_chaos)
        return diag_fail(diag, ERR_CONFLICT,
                         "faults can be armed in a service that was started with --chaos only");
    if (service->faults) return diag_fail(diag, ERR_CONFLICT, "a schedule is armed already: disarm it first");
    TRY(check_levels(schedule, diag));
    service->schedule = calloc(1, sizeof *service->schedule);
    if (!service->schedule) return ERR_NOMEM;
    const struct faults_options options = {
        .schedule = service->schedule, .seed = seed, .told = told, .context = service};
    err e = schedule_copy(service->schedule, schedule);
    if (e == OK) e = faults_open(&service->faults, &options);
    if (e != OK) service_disarm(service);
    service->arm_base_ns = service_now_ns(service);
    return e;
}

void service_disarm(struct service *service)
{
    faults_free(service->faults);
    if (service->schedule) schedule_close(service->schedule);
    free(service->schedule);
    service->faults = NULL;
    service->schedule = NULL;
}

bool service_faults(const struct service *service, uint64_t fired[], uint32_t *armed_out)
{
    if (!service->faults) return false;
    for (int i = 0; i < INJECTOR_COUNT; i++)
        fired[i] = faults_counts(service->faults, (enum injector_id)i).fired;
    *armed_out = faults_armed(service->faults);
    return true;
}

int64_t faults_wake_ns(const struct service *service)
{
    if (service->patience_ns != 0 && !service->faults) return service->patience_ns;
    if (!service->faults) return NEVER_NS;
    int64_t next_ns = faults_next_ns(service->faults);
    next_ns = next_ns == NEVER_NS ? NEVER_NS : ns_after(service->arm_base_ns, next_ns);
    return service->patience_ns && service->patience_ns < next_ns ? service->patience_ns : next_ns;
}

/* ---- messages ---- */

static bool meet(struct service *service, int64_t now_ns, struct occasion *occasion)
{
    return faults_meet(service->faults, armed_ns(service, now_ns), occasion);
}

static void lose(struct service *service)
{
    if (service->patience_ns == 0) service->patience_ns = ns_after(service_now_ns(service), PATIENCE_NS);
}

static const enum chaos_target REQUEST_LINKS[EFFECT_KIND_COUNT] = {
    [EFFECT_EXECUTE] = TARGET_EXECUTOR, [EFFECT_ABORT] = TARGET_EXECUTOR,
    [EFFECT_PROVE] = TARGET_PROVER,     [EFFECT_CANCEL_PROOF] = TARGET_PROVER,
    [EFFECT_SUBMIT] = TARGET_CHAIN,     [EFFECT_RESTORE] = TARGET_STORAGE,
};

/* A part that is down takes nothing; what it was working on when it went is gone. */
static bool is_down(const struct service *service, enum chaos_target link, int64_t asked_ns, int64_t now_ns)
{
    return now_ns < service->down_until_ns[link] ||
           (service->crashed_ns[link] && asked_ns <= service->crashed_ns[link]);
}

/* A request that would be late goes at once: its answer is late. */
bool faults_hear_effect(struct service *service, const struct effect *effect)
{
    if (!service->faults) return true;
    struct live_task *task = &service->tasks[effect->task.slot];
    struct occasion occasion = {
        .kind = OCCASION_MESSAGE, .entity = effect->task_id, .ordinal = task->messages++};
    enum chaos_target link = REQUEST_LINKS[effect->kind];
    occasion.u.message = (struct occasion_message){.link = link,
                                                   .bytes = 256,
                                                   .sent_ns = service->step_ns - service->arm_base_ns,
                                                   .at_ns = service->step_ns - service->arm_base_ns};
    meet(service, service->step_ns, &occasion);
    bool is_lost = occasion.u.message.is_lost || occasion.u.message.is_damaged ||
                   is_down(service, link, service->step_ns, service->step_ns);
    if (is_lost) lose(service);
    return !is_lost;
}

static void put_again(struct service *service, const struct calendar_entry *entry, int64_t at_ns)
{
    struct calendar_entry late = *entry;
    struct live_task *task = &service->tasks[entry->subject];
    late.at_ns = at_ns;
    late.key = calendar_key(CALENDAR_OUTCOME, entry->subject, task->entry_count++);
    late.kind |= PORT_HAS_MET; /* a message meets its faults once */
    if (calendar_add(service->calendar, &late) != OK) lose(service);
}

static const enum event_kind ANSWERS[PORT_KINDS] = {
    [PORT_EXECUTED] = EVENT_EXECUTED,       [PORT_ABORTED] = EVENT_ABORTED,
    [PORT_RESTORED] = EVENT_RESTORED,       [PORT_PROVED] = EVENT_PROOF_DONE,
    [PORT_WORKER_FREE] = EVENT_WORKER_FREE,
};

static enum event_kind event_of(const struct calendar_entry *entry)
{
    return entry->kind == PORT_TX ? (enum event_kind)(entry->argument >> 8 & 0xff) : ANSWERS[entry->kind];
}

bool faults_hear_answer(struct service *service, const struct calendar_entry *entry, enum chaos_target link)
{
    if (!service->faults) return true;
    struct live_task *task = &service->tasks[entry->subject];
    int64_t now_ns = service_now_ns(service);
    struct occasion occasion = {.kind = OCCASION_MESSAGE, .entity = task->id, .ordinal = task->messages++};
    occasion.u.message = (struct occasion_message){.link = link,
                                                   .is_answer = true,
                                                   .event = event_of(entry),
                                                   .bytes = 128,
                                                   .sent_ns = task->asked_ns - service->arm_base_ns,
                                                   .at_ns = armed_ns(service, now_ns)};
    meet(service, now_ns, &occasion);
    const struct occasion_message *message = &occasion.u.message;
    if (message->is_lost || message->is_damaged || is_down(service, link, task->asked_ns, now_ns)) {
        lose(service);
        return false;
    }
    if (message->is_collecting) service_gather(service, &(struct event){.kind = EVENT_GC});
    for (uint32_t i = 1; i <= message->copies; i++)
        put_again(service, entry, ns_after(now_ns, message->copy_gap_ns * i));
    if (message->at_ns <= armed_ns(service, now_ns)) return true;
    put_again(service, entry, ns_after(service->arm_base_ns, message->at_ns));
    return false;
}

/* ---- proofs, transactions, submissions ---- */

int64_t faults_of_proof(struct service *service, const struct effect *effect, int64_t duration_ns)
{
    struct live_task *task = &service->tasks[effect->task.slot];
    uint32_t index = effect->u.prove.worker;
    task->has_invalid_proof = false;
    if (!service->faults) return duration_ns;
    struct occasion occasion = {
        .kind = OCCASION_PROOF, .entity = effect->task_id, .ordinal = effect->attempt & 0xff};
    occasion.u.proof = (struct occasion_proof){.worker = index, .duration_ns = duration_ns};
    if (!meet(service, service->step_ns, &occasion)) return duration_ns;
    const struct occasion_proof *proof = &occasion.u.proof;
    int64_t free_ns = service->step_ns + proof->duration_ns + proof->recovery_ns;
    task->has_invalid_proof = proof->is_invalid;
    task->is_killed = proof->is_killed;
    if (free_ns > service->workers[index].finish_ns) live_ports_occupy(service, index, free_ns);
    return proof->duration_ns;
}

static int64_t shifted(int64_t at_ns, int64_t by_ns)
{
    return at_ns == NEVER_NS ? NEVER_NS : at_ns + by_ns;
}

static void shift(struct occasion_transaction *tx, int64_t by_ns)
{
    tx->accepted_ns = shifted(tx->accepted_ns, by_ns);
    tx->confirmed_ns = shifted(tx->confirmed_ns, by_ns);
    tx->finalized_ns = shifted(tx->finalized_ns, by_ns);
    tx->expired_ns = shifted(tx->expired_ns, by_ns);
}

void faults_of_transaction(struct service *service, const struct effect *effect,
                           struct occasion_transaction *tx)
{
    if (!service->faults) return;
    struct occasion occasion = {
        .kind = OCCASION_TRANSACTION, .entity = effect->task_id, .ordinal = effect->attempt & 0xfff};
    shift(tx, -service->arm_base_ns);
    occasion.u.transaction = *tx;
    meet(service, service->step_ns, &occasion);
    *tx = occasion.u.transaction;
    shift(tx, service->arm_base_ns);
    if (tx->is_answer_lost) lose(service);
}

static void take_out_stake(struct service *service, uint64_t agent_id)
{
    struct event event = {.kind = EVENT_WITHDRAW};
    uint32_t index;
    if (!engine_find_agent(service->engine, agent_id, &index)) return;
    event.u.withdraw.agent_id = agent_id;
    event.u.withdraw.lamports = engine_agent(service->engine, index).free;
    if (event.u.withdraw.lamports > 0) service_gather(service, &event);
}

/* Cycles and crowds are what clients send: the load generator's to arrange, not the service's. */
void faults_of_submission(struct service *service, struct event *event)
{
    if (!service->faults) return;
    int64_t now_ns = service_now_ns(service);
    struct event_submit *submit = &event->u.submit;
    struct occasion occasion = {.kind = OCCASION_SUBMISSION, .entity = submit->id};
    bool has_claim = submit->claim_expires_ns != NEVER_NS;
    occasion.u.submission = (struct occasion_submission){
        .agent_id = submit->agent_id,
        .claim_expires_ns = has_claim ? armed_ns(service, submit->claim_expires_ns) : NEVER_NS};
    if (!meet(service, now_ns, &occasion)) return;
    int64_t claim_ns = occasion.u.submission.claim_expires_ns;
    submit->claim_expires_ns = claim_ns == NEVER_NS ? NEVER_NS : ns_after(service->arm_base_ns, claim_ns);
    if (occasion.u.submission.is_without_stake) take_out_stake(service, submit->agent_id);
}

bool service_skips_scrape(struct service *service)
{
    if (!service->faults) return false;
    struct occasion occasion = {.kind = OCCASION_SCRAPE, .ordinal = service->scrapes++};
    return meet(service, service_now_ns(service), &occasion) && occasion.u.scrape.is_skipped;
}

/* ---- the disk ---- */

static const char *const DISK_TEXTS[] = {
    [DISK_OK] = "",
    [DISK_NO_SPACE] = "No space left on device",
    [DISK_IO_ERROR] = "Input/output error",
    [DISK_READ_ONLY] = "Read-only file system",
    [DISK_INTERRUPTED] = "",
};

/* What a write and its sync would have met; NULL: nothing. A delay is slept by the log's thread. */
const char *faults_of_disk(struct service *service, uint64_t bytes, int64_t *delay_ns)
{
    *delay_ns = 0;
    if (!service->faults) return NULL;
    for (int op = DISK_APPEND; op <= DISK_SYNC; op++) {
        struct occasion occasion = {.kind = OCCASION_DISK, .ordinal = service->disk_ops++};
        occasion.u.disk = (struct occasion_disk){.op = (enum disk_op)op,
                                                 .size_bytes = wal_bytes(service->wal),
                                                 .unsynced_bytes = bytes,
                                                 .bytes = bytes,
                                                 .flipped_bit = DISK_NO_BIT,
                                                 .surviving_bytes = bytes};
        if (!meet(service, service_now_ns(service), &occasion)) continue;
        *delay_ns += occasion.u.disk.delay_ns;
        if (DISK_TEXTS[occasion.u.disk.error][0]) return DISK_TEXTS[occasion.u.disk.error];
    }
    return NULL;
}

/* ---- deeds ---- */

static bool deed_crash(struct service *service, const struct occasion_deed *deed)
{
    int64_t now_ns = service_now_ns(service);
    bool is_whole =
        deed->target == TARGET_SCHEDULER || deed->target == TARGET_LEDGER || deed->target == TARGET_ANY;
    if (is_whole) raise(SIGKILL); /* whoever supervises us starts us again */
    service->crashed_ns[deed->target] = now_ns;
    service->down_until_ns[deed->target] = ns_after(now_ns, deed->duration_ns);
    for (uint32_t i = 0; deed->target == TARGET_PROVER && i < LIMIT_PROOF_WORKERS; i++)
        if (service->workers[i].finish_ns > now_ns)
            live_ports_occupy(service, i, ns_after(now_ns, deed->duration_ns));
    lose(service);
    return true;
}

/* Confirmed transactions of the last slots lose their block, children before parents or after them. */
static bool deed_reorg(struct service *service, const struct occasion_deed *deed)
{
    int64_t now_ns = service_now_ns(service);
    const struct engine_limits limits = engine_limits(service->engine);
    bool is_any = false;
    for (uint32_t i = 0; i < limits.tasks; i++) {
        uint32_t slot = deed->draw & 1 ? limits.tasks - 1 - i : i;
        struct live_task *task = &service->tasks[slot];
        struct task_view view;
        bool is_there =
            task->tx_name && engine_task(service->engine, task->ref, &view) == OK && view.id == task->id;
        if (!is_there || view.status != TASK_CONFIRMED) continue;
        if (task->tx.confirmed_ns < now_ns - (int64_t)deed->count * CHAOS_SLOT_NS) continue;
        struct event event = {.kind = EVENT_REVERTED, .task = task->ref, .attempt = task->tx_name - 1};
        event.u.level.slot = chain_port_slot(service, task->tx.confirmed_ns);
        task->tx_name = 0; /* what was promised of it does not come */
        service_gather(service, &event);
        is_any = true;
    }
    return is_any;
}

static bool deed_ask_again(struct service *service, const struct occasion_deed *deed)
{
    for (uint64_t i = 0; i < deed->count; i++) service_gather(service, &(struct event){.kind = EVENT_RESUME});
    return true;
}

static bool deed_withdraw(struct service *service, const struct occasion_deed *deed)
{
    uint32_t count = engine_agent_count(service->engine);
    struct event event = {.kind = EVENT_WITHDRAW};
    if (count == 0) return false;
    const struct agent_view agent = engine_agent(service->engine, (uint32_t)(deed->draw % count));
    event.u.withdraw.agent_id = agent.id;
    event.u.withdraw.lamports = (uint64_t)((u128)agent.free * deed->share_ppm / 1000000);
    event.u.withdraw.is_immediate = deed->is_forced;
    if (event.u.withdraw.lamports == 0) return false;
    service_gather(service, &event);
    return true;
}

static bool deed_crash_if_large(struct service *service, const struct occasion_deed *deed)
{
    uint64_t used = engine_memory_usage(service->engine).total;
    uint64_t limit = (uint64_t)service->config.settings.max_memory_bytes;
    if ((u128)used * 1000000 < (u128)limit * deed->share_ppm) return false;
    return deed_crash(service, deed);
}

static bool (*const DEEDS[CHAOS_DEED_COUNT])(struct service *service, const struct occasion_deed *deed) = {
    [DEED_CRASH] = deed_crash, [DEED_OOM] = deed_crash_if_large, [DEED_ASK_AGAIN] = deed_ask_again,
    [DEED_REORG] = deed_reorg, [DEED_WITHDRAW] = deed_withdraw,
};

static void do_deeds(struct service *service, int64_t now_ns)
{
    const struct fault *fault;
    struct occasion_deed deed;
    while (faults_advance(service->faults, armed_ns(service, now_ns), &fault, &deed))
        if (DEEDS[deed.deed] && DEEDS[deed.deed](service, &deed)) faults_did(service->faults, fault);
}

bool faults_crash_here(struct service *service)
{
    if (!service->faults) return false;
    struct occasion occasion = {.kind = OCCASION_STEP, .entity = ++service->steps};
    return meet(service, service_now_ns(service), &occasion) && occasion.u.step.crashes;
}

void faults_turn(struct service *service, int64_t now_ns)
{
    if (service->patience_ns && now_ns >= service->patience_ns) {
        service->patience_ns = 0;
        service_gather(service, &(struct event){.kind = EVENT_RESUME});
    }
    if (service->faults) do_deeds(service, now_ns);
}
