/* daemon/service_ports.c: executors, provers and storage: what the engine asks for becomes entries of a
 * calendar.
 *
 * The models are the simulator's, paced by the real clock. Tasks are named by their slot in the engine's
 * table; an entry carries the generation, so what comes for a task that is gone is dropped here. */
#include "base/assert.h"
#include "base/duration.h"
#include "base/escape.h"
#include "base/live_costs.h"
#include "daemon/service_state.h"
#include "sim/executor.h"
#include "sim/storage.h"
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { OUTCOMES_A_TURN = 4096 };
#define WORKER_ENTITY (UINT64_C(1) << 35)

/* ---- the calendar ---- */

static void add_entry(struct service *service, struct calendar_entry *entry)
{
    int64_t soonest_ns = calendar_now_ns(service->calendar);
    if (entry->at_ns < soonest_ns) entry->at_ns = soonest_ns;
    if (calendar_add(service->calendar, entry) != OK)
        say(service, LOG_ERROR, "out_of_memory", "an answer of a port was dropped", NULL);
}

void live_ports_schedule(struct service *service, int64_t at_ns, uint32_t kind, uint32_t slot,
                         uint32_t argument)
{
    struct live_task *task = &service->tasks[slot];
    add_entry(service, &(struct calendar_entry){
                           .at_ns = at_ns,
                           .key = calendar_key(CALENDAR_OUTCOME, slot, task->entry_count++),
                           .subject = slot,
                           .generation = task->ref.generation,
                           .kind = kind,
                           .argument = argument,
                       });
}

/* The record of its slot, begun anew when another task has it. */
struct live_task *live_ports_task(struct service *service, const struct effect *effect)
{
    struct live_task *task = &service->tasks[effect->task.slot];
    bool is_same = task->id == effect->task_id && task->ref.generation == effect->task.generation;
    if (!is_same)
        *task =
            (struct live_task){.id = effect->task_id, .ref = effect->task, .entry_count = task->entry_count};
    task->asked_ns = service->step_ns;
    return task;
}

/* ---- executors ---- */

static int64_t execution_ns(const struct service *service, const struct effect *effect)
{
    struct book_task known;
    struct draw draw = draw_at(&service->rng, RNG_EXECUTION, effect->task_id, 0);
    bool is_given = book_find(service->book, effect->task_id, &known) && known.compute_ns > 0;
    return is_given ? known.compute_ns : dist_sample_ns(&service->execution, &draw);
}

static void port_execute(struct service *service, const struct effect *effect)
{
    struct live_task *task = live_ports_task(service, effect);
    if (task->is_running) return; /* asked again */
    task->is_running = true;
    task->started_ns = service->step_ns;
    task->finish_ns = service->step_ns + execution_ns(service, effect);
    live_ports_schedule(service, task->finish_ns, PORT_EXECUTED, effect->task.slot, task->execution);
}

static void port_abort(struct service *service, const struct effect *effect)
{
    struct live_task *task = live_ports_task(service, effect);
    task->execution++; /* the end that was scheduled does not come */
    live_ports_schedule(service, service->step_ns + EXECUTOR_ABORT_NS, PORT_ABORTED, effect->task.slot, 0);
}

static void port_restore(struct service *service, const struct effect *effect)
{
    live_ports_task(service, effect);
    live_ports_schedule(service, service->step_ns + storage_restore_ns(effect->u.restore.bytes),
                        PORT_RESTORED, effect->task.slot, 0);
}

/* ---- provers ---- */

/* The worker is busy until then, whatever was said before. */
void live_ports_occupy(struct service *service, uint32_t index, int64_t until_ns)
{
    struct live_worker *worker = &service->workers[index];
    worker->batch++;
    worker->finish_ns = until_ns;
    add_entry(service, &(struct calendar_entry){
                           .at_ns = until_ns,
                           .key = calendar_key(CALENDAR_OUTCOME, WORKER_ENTITY + index, worker->batch),
                           .subject = index,
                           .generation = worker->batch,
                           .kind = PORT_WORKER_FREE,
                       });
}

static void prove_by_model(struct service *service, const struct effect *effect, struct live_task *task)
{
    struct live_worker *worker = &service->workers[effect->u.prove.worker];
    if (effect->u.prove.index == 0) {
        const struct prover_batch batch = {
            .first_task = effect->task_id,
            .attempt = effect->attempt & 0xfff,
            .proofs = effect->u.prove.count,
            .busy_workers = (uint32_t)engine_statistics(service->engine)->workers_busy,
        };
        worker->jobs_wanted = effect->u.prove.count;
        worker->proof_ns = prover_batch_ns(&service->prover, &service->rng, &batch);
        live_ports_occupy(service, effect->u.prove.worker, service->step_ns + worker->proof_ns);
    }
    int64_t proof_ns = faults_of_proof(service, effect, worker->proof_ns);
    live_ports_schedule(service, service->step_ns + proof_ns, PORT_PROVED, task->ref.slot, effect->attempt);
}

static const char *const PROOF_TYPES[] = {"groth16", "plonk", "stark", "mock"};

static void prove_by_program(struct service *service, const struct effect *effect)
{
    struct book_task known = {0};
    bool is_known = book_find(service->book, effect->task_id, &known);
    const struct prover_job job = {.number = effect->task_id,
                                   .tag = {effect->task.slot, effect->task.generation, effect->attempt},
                                   .task = is_known ? known.name : "",
                                   .proof_type = PROOF_TYPES[service->config.settings.generator],
                                   .payload = is_known ? known.payload : NULL};
    bool is_first = effect->u.prove.index == 0, is_last = effect->u.prove.index + 1 == effect->u.prove.count;
    if (is_first) service->workers[effect->u.prove.worker].jobs_wanted = effect->u.prove.count;
    err e = prover_exec_add(service->prover_exec, effect->u.prove.worker, &job, is_first, is_last);
    if (e == OK) return;
    live_ports_schedule(service, service->step_ns, PORT_PROVED, effect->task.slot, effect->attempt);
    service->tasks[effect->task.slot].is_killed = true;
    if (is_last) live_ports_occupy(service, effect->u.prove.worker, service->step_ns + NS_PER_S);
}

static void port_prove(struct service *service, const struct effect *effect)
{
    struct live_task *task = live_ports_task(service, effect);
    task->worker = (uint8_t)effect->u.prove.worker;
    task->proof_attempt = effect->attempt;
    task->is_killed = false;
    if (service->prover_exec)
        prove_by_program(service, effect);
    else
        prove_by_model(service, effect, task);
}

/* The last wanted proof of a batch is cancelled: the worker stops now. */
static void port_cancel_proof(struct service *service, const struct effect *effect)
{
    const struct live_task *task = live_ports_task(service, effect);
    struct live_worker *worker = &service->workers[task->worker];
    if (worker->jobs_wanted == 0 || --worker->jobs_wanted > 0) return;
    if (service->prover_exec)
        prover_exec_kill(service->prover_exec, task->worker);
    else
        live_ports_occupy(service, task->worker, service->step_ns);
}

static void prover_heard(void *context, const struct prover_tag *tag, enum prover_verdict verdict)
{
    struct service *service = context;
    const struct live_task *task = &service->tasks[tag->slot];
    struct event event = {.kind = verdict == PROVER_OK ? EVENT_PROOF_DONE : EVENT_PROOF_FAILED,
                          .task = task->ref,
                          .attempt = tag->attempt};
    bool is_same = task->ref.generation == tag->generation && task->proof_attempt == tag->attempt;
    if (!is_same) return; /* of a task that had this slot before, or of an earlier try */
    event.u.proof.error = verdict == PROVER_CONSTRAINT ? PROOF_ERROR_CONSTRAINT : PROOF_ERROR_TRANSIENT;
    event.jitter = (uint32_t)(rng_u64(&service->rng, RNG_BACKOFF, task->id, tag->attempt) >> 32);
    service_gather(service, &event);
}

static void prover_ended(void *context, uint32_t worker)
{
    const struct event event = {.kind = EVENT_WORKER_FREE, .u.worker.worker = worker};
    service_gather(context, &event);
}

/* ---- outcomes ---- */

static struct event event_of(const struct service *service, enum event_kind kind,
                             const struct calendar_entry *entry)
{
    return (struct event){.kind = kind, .task = service->tasks[entry->subject].ref};
}

static bool answer_executed(struct service *service, const struct calendar_entry *entry, struct event *event)
{
    struct live_task *task = &service->tasks[entry->subject];
    if (entry->argument != task->execution) return false; /* aborted */
    task->is_running = false;
    *event = event_of(service, EVENT_EXECUTED, entry);
    event->u.executed.compute_ns = task->finish_ns - task->started_ns;
    event->u.executed.output_digest = rng_u64(&service->rng, RNG_EXECUTION, task->id, 1);
    return true;
}

static bool answer_aborted(struct service *service, const struct calendar_entry *entry, struct event *event)
{
    struct live_task *task = &service->tasks[entry->subject];
    int64_t end_ns = task->finish_ns < entry->at_ns ? task->finish_ns : entry->at_ns;
    *event = event_of(service, EVENT_ABORTED, entry);
    event->u.executed.compute_ns = task->is_running ? end_ns - task->started_ns : 0;
    task->is_running = false;
    return true;
}

static bool answer_restored(struct service *service, const struct calendar_entry *entry, struct event *event)
{
    *event = event_of(service, EVENT_RESTORED, entry);
    return true;
}

/* A payload that asks for failure fails here: its task must live long enough for a child to be admitted
 * (engine.md 8.12). */
static bool answer_proved(struct service *service, const struct calendar_entry *entry, struct event *event)
{
    struct book_task known;
    const struct live_task *task = &service->tasks[entry->subject];
    bool fails = book_find(service->book, task->id, &known) && known.fails;
    *event = event_of(service, fails || task->is_killed ? EVENT_PROOF_FAILED : EVENT_PROOF_DONE, entry);
    event->attempt = entry->argument;
    event->u.proof.error = task->is_killed ? PROOF_ERROR_TRANSIENT : PROOF_ERROR_CONSTRAINT;
    event->jitter = (uint32_t)(rng_u64(&service->rng, RNG_BACKOFF, task->id, entry->argument) >> 32);
    return true;
}

static bool answer_worker_free(struct service *service, const struct calendar_entry *entry,
                               struct event *event)
{
    if (entry->generation != service->workers[entry->subject].batch) return false; /* stopped earlier */
    *event = (struct event){.kind = EVENT_WORKER_FREE, .u.worker.worker = entry->subject};
    return true;
}

static const struct port_row {
    bool (*answer)(struct service *service, const struct calendar_entry *entry, struct event *event);
    enum chaos_target link;
} ROWS[PORT_KINDS] = {
    [PORT_EXECUTED] = {answer_executed, TARGET_EXECUTOR},
    [PORT_ABORTED] = {answer_aborted, TARGET_EXECUTOR},
    [PORT_RESTORED] = {answer_restored, TARGET_STORAGE},
    [PORT_PROVED] = {answer_proved, TARGET_PROVER},
    [PORT_WORKER_FREE] = {answer_worker_free, TARGET_PROVER},
    [PORT_TX] = {NULL, TARGET_CHAIN},
};

static void deliver(struct service *service, const struct calendar_entry *entry)
{
    struct event event;
    struct calendar_entry mine = *entry;
    mine.kind &= ~(uint32_t)PORT_HAS_MET;
    bool is_of_task = mine.kind != PORT_WORKER_FREE, is_new = mine.kind == entry->kind;
    if (is_of_task && mine.generation != service->tasks[mine.subject].ref.generation) return;
    if (is_new && is_of_task && !faults_hear_answer(service, &mine, ROWS[mine.kind].link)) return;
    if (mine.kind == PORT_TX)
        chain_port_answer(service, &mine);
    else if (ROWS[mine.kind].answer(service, &mine, &event))
        service_gather(service, &event);
}

void live_ports_deliver(struct service *service, int64_t now_ns)
{
    struct calendar_entry entry;
    for (int i = 0; i < OUTCOMES_A_TURN && calendar_next_ns(service->calendar) <= now_ns &&
                    calendar_pop(service->calendar, &entry);
         i++)
        deliver(service, &entry);
}

int64_t live_ports_next_ns(struct service *service)
{
    return calendar_next_ns(service->calendar);
}

static void (*const PORTS[EFFECT_KIND_COUNT])(struct service *service, const struct effect *effect) = {
    [EFFECT_EXECUTE] = port_execute,     [EFFECT_ABORT] = port_abort,
    [EFFECT_PROVE] = port_prove,         [EFFECT_CANCEL_PROOF] = port_cancel_proof,
    [EFFECT_SUBMIT] = chain_port_submit, [EFFECT_RESTORE] = port_restore,
};

void live_ports_perform(struct service *service, const struct effect *effect)
{
    if (!PORTS[effect->kind] || !faults_hear_effect(service, effect)) return;
    PORTS[effect->kind](service, effect);
}

/* ---- opening ---- */

static const char *behind(const char *text, const char *scheme)
{
    size_t size = strlen(scheme);
    return strncmp(text, scheme, size) == 0 ? text + size : NULL;
}

static err open_prover(struct service *service, struct diag *diag)
{
    const struct service_options *options = &service->options;
    const struct prover_exec_options by_program = {.command = behind(options->prover, "exec:"),
                                                   .heard = prover_heard,
                                                   .ended = prover_ended,
                                                   .context = service};
    const char *model = behind(options->prover, "sim:");
    if (by_program.command && *by_program.command) {
        struct epoll_event watch = {.events = EPOLLIN};
        TRY(prover_exec_check(by_program.command, diag));
        TRY(prover_exec_open(&service->prover_exec, &by_program));
        int fd = prover_exec_fd(service->prover_exec);
        return epoll_ctl(service->poll, EPOLL_CTL_ADD, fd, &watch) == 0 ? OK : ERR_IO;
    }
    if (!model)
        return diag_fail(diag, ERR_USAGE, "--prover: \"%s\" is neither sim:PROFILE nor exec:COMMAND",
                         options->prover);
    return prover_profile_load(&service->prover, options->prover_folder, model, diag);
}

err live_ports_open(struct service *service, struct diag *diag)
{
    const struct engine_limits limits = engine_limits_for(&service->config.settings, service->options.agents);
    service->rng = rng_keyed(service->options.seed, 0);
    TRY(dist_parse(&service->execution, service->options.execution, diag));
    TRY(calendar_open(&service->calendar));
    TRY(open_prover(service, diag));
    TRY(chain_port_open(service, diag));
    service->tasks = calloc(limits.tasks, sizeof *service->tasks);
    if (!service->tasks) return ERR_NOMEM;
    TRY(arena_open(&service->deposited_arena, table_bytes(service->options.agents)));
    return table_init(&service->deposited, &service->deposited_arena, service->options.agents);
}

void live_ports_close(struct service *service)
{
    chain_port_close(service);
    prover_exec_free(service->prover_exec);
    prover_profile_close(&service->prover);
    dist_close(&service->execution);
    calendar_free(service->calendar);
    arena_close(&service->deposited_arena);
    free(service->tasks);
}
