/* tests/judge/world.h: the engine in the world of a recorded trace.
 *
 * The recorded runtime starts, queues and sweeps when it is told to. Here:
 *
 * create: the task is submitted at once, below a gate of its own (a root
 * without a bond, RESOURCE edge), so that the engine has it in its graph and
 * yet does not start it.
 *
 * start: the gate is confirmed, admission decides. A task that is refused gets
 * its gate back (the gate's transaction is reverted), because nothing starts by
 * itself there.
 *
 * queue_proof: our proofs begin when execution ends. The word is remembered,
 * and an outcome of a proof that was not queued is kept away.
 *
 * Submission: the engine hands over at once whatever it may; its order within
 * one event is compared. Then it is the turn of the runtime's senders. A proof
 * that waited for nobody is sent at once, by a sender of its own. What is
 * released by the confirmation of something that a sender sent is that
 * sender's, which sends one after the other, each when the one before is
 * settled, the proof that was ready first before the others. Until it is sent
 * there, the chain has nothing to say about a proof.
 *
 * tick: sweeps proofs that wait for an ancestor, and no others. The chain has
 * no time-out there: before a sweep it drops what it has, and is sent it again.
 * The runtime counts from queueing, the engine from readiness: the shortest
 * generation among the proofs that wait is taken off the limit.
 *
 * fail: the failure that fits the state; a confirmed task is reverted first.
 *
 * Ports answer in the same instant. All else is the engine's own doing. */
#pragma once
#include "engine/engine.h"

enum task_class { CLASS_NEVER, CLASS_LIVE, CLASS_CONFIRMED, CLASS_DEAD, CLASS_COUNT };
const char *task_class_name(enum task_class class);

struct world_config {
    uint32_t tasks; /* created at most */
    uint64_t max_depth, max_stake, max_submissions;
    int64_t proof_timeout_ns;
    bool enforces_limits;
};

struct world_undone {
    uint32_t root, task; /* places in the order of creation */
};

struct world {
    struct engine *engine;
    struct arena arena;
    struct settings settings;
    int64_t now_ns, proof_timeout_ns;
    uint32_t count; /* tasks created */
    struct world_task {
        int64_t queued_ns, ready_ns; /* NEVER_NS: not yet */
        uint32_t sender;             /* 0: not handed over */
        bool was_sent;
    } * tasks;
    uint32_t *prove_attempts, *send_attempts; /* by id */
    uint32_t *submissions, *confirmations;    /* places, in order */
    uint32_t submission_count, confirmation_count;
    uint32_t *handed;                     /* places, in the order in which the engine let go of them */
    uint32_t handed_count, handed_before; /* in all; before the last event */
    uint32_t sender, sender_count;        /* whose releases are of this event; how many there are */
    struct world_undone *undone;          /* of the last event, in the order of their turns */
    uint32_t undone_count, undone_room;
    struct event *answers; /* of the ports, to what they were asked */
    uint32_t answer_count, answer_room;
    struct effects effects;
    struct effect buffer[64];
};

void world_open(struct world *world, const struct world_config *config);
void world_close(struct world *world);

enum { NO_PARENT = UINT32_MAX, UNKNOWN_PARENT = UINT32_MAX - 1 };
struct world_new_task {
    uint32_t parent; /* a place, NO_PARENT or UNKNOWN_PARENT */
    enum edge_kind kind;
    uint64_t stake;
};

void world_time(struct world *world, int64_t now_ns); /* before each event; forgets what was undone */
bool world_create(struct world *world, const struct world_new_task *task);
bool world_create_again(struct world *world, uint32_t place); /* the same id: true would be a fault */
bool world_start(struct world *world, uint32_t place);
void world_executed(struct world *world, uint32_t place);
void world_queue_proof(struct world *world, uint32_t place);
void world_proof_done(struct world *world, uint32_t place);
void world_proof_failed(struct world *world, uint32_t place);
void world_confirm(struct world *world, uint32_t place);
void world_reject(struct world *world, uint32_t place);
void world_fail(struct world *world, uint32_t place);
void world_rollback(struct world *world, uint32_t place);
void world_cancel(struct world *world, uint32_t place);
void world_tick(struct world *world);
void world_send(struct world *world); /* after each event: what the senders are free for */

enum task_class world_class(const struct world *world, uint32_t place);
bool world_is_started(const struct world *world, uint32_t place); /* or was */
uint64_t world_stake(const struct world *world, uint32_t place);  /* bonded when it started */
uint64_t world_live_stake(const struct world *world);
