/* engine/integrity.h: does the state agree with itself, and with its log? (engine.md 2.12)
 *
 * Everything that is kept for speed (counts, lists, depths, deadlines, sums of
 * money) is computed anew from the tables and compared. The normal check looks at
 * each task with its parents, at the money and at the statistics; the full one
 * also follows every list, queue, heap and plan, and, when given the event log,
 * checks its chain and replays it: the state that comes out must be the live one.
 *
 * The state may be damaged in any way: an index that points nowhere is a finding, and nothing is
 * followed before it was looked at. A state of n tasks and e edges takes O(n + e).
 * Memory:  the caller's; nothing is allocated, nothing is changed.
 * Errors:  ERR_NOMEM scratch or replica too small. Findings are no errors.
 * Threads: none; the engine must stand still. */
#pragma once
#include "engine/engine.h"

enum severity { SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };

#define FINDINGS(X)                                                                                          \
    X(FINDING_RANGE, SEVERITY_CRITICAL, "a field is outside of its range")                                   \
    X(FINDING_IDENTITY, SEVERITY_CRITICAL, "its id leads elsewhere")                                         \
    X(FINDING_CYCLE, SEVERITY_CRITICAL, "a parent is not older than its child")                              \
    X(FINDING_DANGLING_EDGE, SEVERITY_CRITICAL, "an edge leads nowhere")                                     \
    X(FINDING_EDGES, SEVERITY_CRITICAL, "the edges of a task do not agree with its counts")                  \
    X(FINDING_DEPTH, SEVERITY_CRITICAL, "the depth is not that of its unconfirmed ancestors")                \
    X(FINDING_UNCONFIRMED_PARENTS, SEVERITY_CRITICAL, "the number of unconfirmed parents is wrong")          \
    X(FINDING_LIVE_CHILDREN, SEVERITY_CRITICAL, "the number of live children is wrong")                      \
    X(FINDING_SPECULATIVE_CHILDREN, SEVERITY_CRITICAL, "the number of speculative children is wrong")        \
    X(FINDING_ORPHAN, SEVERITY_CRITICAL, "it lives on below a parent that failed or is being undone")        \
    X(FINDING_EARLY_PROOF, SEVERITY_CRITICAL, "its proof went out before a parent was confirmed")            \
    X(FINDING_EARLY_FINALITY, SEVERITY_CRITICAL, "it is final before a parent is")                           \
    X(FINDING_STATES, SEVERITY_CRITICAL, "states that do not go together")                                   \
    X(FINDING_COMMITMENT, SEVERITY_CRITICAL, "a live commitment without its lock")                           \
    X(FINDING_SETTLEMENT, SEVERITY_CRITICAL, "a commitment that is over still holds its lock")               \
    X(FINDING_BRANCH, SEVERITY_CRITICAL, "the branch does not agree with its children")                      \
    X(FINDING_SNAPSHOT, SEVERITY_CRITICAL, "the snapshot does not agree with its task")                      \
    X(FINDING_WAIT, SEVERITY_CRITICAL, "it neither runs nor waits for anything")                             \
    X(FINDING_CLOCK, SEVERITY_CRITICAL, "its clock is not the one of its state")                             \
    X(FINDING_AGENT_LOCKED, SEVERITY_CRITICAL, "an agent's locked lamports are not the sum of its bonds")    \
    X(FINDING_AGENT_MONEY, SEVERITY_CRITICAL, "an agent's lamports do not add up")                           \
    X(FINDING_AGENT_COUNT, SEVERITY_CRITICAL, "an agent's count is wrong")                                   \
    X(FINDING_MONEY, SEVERITY_CRITICAL, "the lamports of all agents do not add up")                          \
    X(FINDING_COUNT, SEVERITY_WARNING, "a statistic is not what the tables say")                             \
    X(FINDING_LIST, SEVERITY_CRITICAL, "a list is broken, or out of order")                                  \
    X(FINDING_MEMBERSHIP, SEVERITY_CRITICAL, "a task is in a list that is not its own, or missing")          \
    X(FINDING_WAIT_QUEUE, SEVERITY_CRITICAL, "a wait queue is broken, or out of order")                      \
    X(FINDING_DEADLINE, SEVERITY_CRITICAL, "a deadline is missing, left over, or at another time")           \
    X(FINDING_PLAN, SEVERITY_CRITICAL, "a rollback plan is broken, or out of order")                         \
    X(FINDING_FREE_LIST, SEVERITY_CRITICAL, "a free list is broken")                                         \
    X(FINDING_BREAKER, SEVERITY_CRITICAL, "the circuit breaker does not agree with itself")                  \
    X(FINDING_LOG, SEVERITY_CRITICAL, "the event log is damaged")                                            \
    X(FINDING_LOG_TORN, SEVERITY_WARNING, "the event log ends inside a record")                              \
    X(FINDING_LOG_STATE, SEVERITY_CRITICAL, "the event log leads to another state")
#define NAME_(name, severity, text) name,
enum finding_kind { FINDINGS(NAME_) FINDING_KIND_COUNT };
#undef NAME_

const char *finding_name(enum finding_kind kind); /* "FINDING_CYCLE" */
const char *finding_text(enum finding_kind kind);
enum severity finding_severity(enum finding_kind kind);

struct finding {
    enum finding_kind kind;
    uint32_t index;           /* of the task's slot, the agent or the edge; UINT32_MAX: of the whole */
    uint64_t id;              /* of the task or agent, 0 when there is none */
    const char *what;         /* the field or list */
    uint64_t found, expected; /* where two numbers differ */
};

/* The first `capacity` findings are kept, all are counted. */
struct findings {
    struct finding *items; /* the caller's */
    uint32_t capacity, kept;
    uint64_t count, checked; /* checked: tasks, edges and agents looked at */
};

enum check_level { CHECK_NORMAL, CHECK_FULL };

struct engine_check {
    enum check_level level;
    void *scratch; /* the caller's: engine_check_bytes */
    size_t scratch_bytes;
    /* Full: the event log from the beginning, and an arena of engine_memory_bytes for the state that it
     * leads to. NULL: there is none. */
    const void *log;
    size_t log_bytes;
    struct arena *replica;
};

size_t engine_check_bytes(const struct engine *engine);
MUST_USE err engine_check(const struct engine *engine, const struct engine_check *check,
                          struct findings *findings);
