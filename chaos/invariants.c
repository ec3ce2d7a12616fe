/* chaos/invariants.c: the rules that are judged, in words, and what makes two violations the same. */
#include "chaos/watch.h"

/* What each rule says, as chaos.md 5 states and semantics.md settles it. */
#define STATEMENT_S01                                                                                        \
    "Nothing starts or goes on below a task that failed or is being undone, and when a rollback ends "       \
    "everything that it blocked is terminal."
#define STATEMENT_S02 "A proof is sent, and confirmed, only while every parent is confirmed."
#define STATEMENT_S03 "A task is rolled back at most once in each of its incarnations."
#define STATEMENT_S04                                                                                        \
    "Per agent deposited + received = free + locked + withdrawn + slashed, over all agents "                 \
    "deposits = balances + treasury, per run bonded = released + slashed + locked: to the "                  \
    "lamport, after every event."
#define STATEMENT_S05 "Every parent was accepted before its child, and no child is accepted twice."
#define STATEMENT_S06 "Nothing leaves finalized; the one way out of confirmed, but to finalized, is a reorg."
#define STATEMENT_S07 "In a rollback a task has its turn after all that depend on it."
#define STATEMENT_S08                                                                                        \
    "The depth at admission is one more than that of the deepest unconfirmed parent, and "                   \
    "no deeper than the limit in force."
#define STATEMENT_S09                                                                                        \
    "A bond is what the formula asks at its depth, the agent has it, is out of cooldown, and "               \
    "keeps to its limits of stake and locks."
#define STATEMENT_S10                                                                                        \
    "A root cause loses floor(bond x slash x factor), nobody else loses anything, and the "                  \
    "pool goes to the victims by wasted compute, the rest to the treasury."
#define STATEMENT_S11                                                                                        \
    "Every change of status is one that the state machine has, from the status the task had."
#define STATEMENT_S12                                                                                        \
    "A task is confirmed only by a report of the attempt that is out, at the level of the "                  \
    "gate, of a transaction that the chain holds."
#define STATEMENT_S13                                                                                        \
    "In each incarnation a transaction lands at most once, a bond is settled at most once, "                 \
    "and an attempt is never sent under two names."
#define STATEMENT_S14 "No more rollbacks run than may, and no task has its turn in two of them."
#define STATEMENT_S15 "Speculation starts only if the claim lasts longer than the buffer."
#define STATEMENT_S16                                                                                        \
    "No task reads another agent's unconfirmed state unless that is allowed, and no "                        \
    "admission raises the branches above their limit."
#define STATEMENT_S17                                                                                        \
    "Disabled, draining, with an open breaker or outside of the rollout nothing is admitted "                \
    "speculatively."
#define STATEMENT_S18                                                                                        \
    "After a recovery the state is the one that was observed, and every acknowledged task is "               \
    "there."
#define STATEMENT_S19 "Recovering the same log again makes the same state, field by field."
#define STATEMENT_S20 "Damaged bytes are noticed before they are used."
#define STATEMENT_S21 "Every counter and gauge equals what was counted outside, and no counter goes back."
#define STATEMENT_S22                                                                                        \
    "Tables, queues, snapshots and submissions stay within their limits, and whatever does "                 \
    "not fit is refused."
#define STATEMENT_S23                                                                                        \
    "Nothing is changed through the admin door without the right token, and each change is "                 \
    "audited."
#define STATEMENT_S24                                                                                        \
    "Every accepted task is known until it is forgotten, ends with a reason, and waits only "                \
    "for a reason that still holds."
#define STATEMENT_S25 "What the engine is told is monotonic time, whatever the wall clock does."
#define STATEMENT_L01                                                                                        \
    "A proof waits, and a transaction is out, no longer than the confirmation timeout without progress, a "  \
    "commitment ends within its life, and what a rollback blocked ends within as much, faults not counted."
#define STATEMENT_L02                                                                                        \
    "While work runs something is confirmed or fails within the life of a commitment and 30 s "              \
    "more, faults not counted."
#define STATEMENT_L03 "A proof that nothing holds back is sent within 5 s."
#define STATEMENT_L04                                                                                        \
    "After the heal every admitted task ends, what is confirmed becomes final, nothing stays locked, and "   \
    "the breaker does not "                                                                                  \
    "stay open beyond its cooldown."
#define STATEMENT_L05                                                                                        \
    "A condition that lasts beyond an alert's window makes it fire, and its end resolves it."
#define STATEMENT_L06 "A drain ends when its time is over; forced, nothing speculative is left."
#define STATEMENT_L07 "Once a trigger is gone throughput comes back to that of the run without it."
#define STATEMENT_L08 "No timeout ends work that nothing held back any more."
#define STATEMENT_P01 "An admission leaves the accounted memory within its limit, and the parts add up."
#define STATEMENT_P02 "A rollback ends within its longest time, faults and the wait for a turn not counted."
#define STATEMENT_P03                                                                                        \
    "Outside of the windows of faults a run confirms as much as the run without faults, "                    \
    "within 2 %."
#define STATEMENT_D01 "The same seed makes the same run, event by event."
#define STATEMENT_X01                                                                                        \
    "An engine that recomputes everything in the simplest way gives the same answers, event by event: "      \
    "played by `make model` on random histories, not by campaigns."

#define EXERCISED_YES true
#define EXERCISED_NO  false
#define ROW_(name, severity, title, exercised)                                                               \
    {#name, title, SEVERITY_OF_##severity, EXERCISED_##exercised, STATEMENT_##name},
const struct invariant_row INVARIANT_TABLE[INVARIANT_COUNT] = {INVARIANTS(ROW_)};

/* FNV-1a over whole numbers. */
static uint64_t mixed(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

uint64_t violation_fingerprint(const struct violation *violation)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    hash = mixed(hash, violation->invariant);
    hash = mixed(hash, violation->kind);
    hash = mixed(hash, violation->from);
    hash = mixed(hash, violation->to);
    return mixed(hash, violation->reason);
}
