/* tests/unit/test_machines.c: what the specification allows, written out, is what the tables allow: no more.
 *
 * Each line is "from move to" in the words of engine/machines.h; every cell that
 * has no line must refuse and leave the state as it was. */
#include "engine/machines.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

struct rule {
    const char *from, *move, *to;
};

#define OPEN_TASK(state)                                                                                     \
    {state, "fail", "TASK_FAILED"}, {state, "expire", "TASK_EXPIRED"},                                       \
    {                                                                                                        \
        state, "cancel", "TASK_CANCELLED"                                                                    \
    }
#define STARTED_TASK(state)                                                                                  \
    OPEN_TASK(state),                                                                                        \
    {                                                                                                        \
        state, "roll_back", "TASK_ROLLED_BACK"                                                               \
    }

static const struct rule TASK_RULES[] = {
    {"TASK_PENDING", "start", "TASK_EXECUTING"},
    OPEN_TASK("TASK_PENDING"),
    {"TASK_EXECUTING", "executed", "TASK_EXECUTED"},
    STARTED_TASK("TASK_EXECUTING"),
    {"TASK_EXECUTED", "proof_requested", "TASK_PROOF_PENDING"},
    STARTED_TASK("TASK_EXECUTED"),
    {"TASK_PROOF_PENDING", "proof_cleared", "TASK_EXECUTED"},
    {"TASK_PROOF_PENDING", "proof_waits", "TASK_AWAITING_ANCESTORS"},
    {"TASK_PROOF_PENDING", "submit", "TASK_SUBMITTING"},
    STARTED_TASK("TASK_PROOF_PENDING"),
    {"TASK_AWAITING_ANCESTORS", "submit", "TASK_SUBMITTING"},
    STARTED_TASK("TASK_AWAITING_ANCESTORS"),
    {"TASK_SUBMITTING", "proof_waits", "TASK_AWAITING_ANCESTORS"},
    {"TASK_SUBMITTING", "tx_accepted", "TASK_CONFIRMING"},
    STARTED_TASK("TASK_SUBMITTING"),
    {"TASK_CONFIRMING", "submit", "TASK_SUBMITTING"},
    {"TASK_CONFIRMING", "proof_waits", "TASK_AWAITING_ANCESTORS"},
    {"TASK_CONFIRMING", "rerun", "TASK_EXECUTING"},
    {"TASK_CONFIRMING", "confirm", "TASK_CONFIRMED"},
    STARTED_TASK("TASK_CONFIRMING"),
    {"TASK_CONFIRMED", "finalize", "TASK_FINALIZED"},
    {"TASK_CONFIRMED", "revert", "TASK_CONFIRMING"},
};

static const struct rule COMMITMENT_RULES[] = {
    {"none", "create", "created"},          {"created", "bond", "bonded"},
    {"created", "activate", "active"},      {"bonded", "activate", "active"},
    {"active", "confirm", "confirmed"},     {"active", "fail", "failed"},
    {"active", "roll_back", "rolled_back"}, {"active", "expire", "expired"},
    {"active", "cancel", "cancelled"},      {"confirmed", "finalize", "finalized"},
    {"confirmed", "revert", "active"},
};

#define WITHDRAWN(state)                                                                                     \
    {                                                                                                        \
        state, "cancel", "cancelled"                                                                         \
    }

static const struct rule PROOF_RULES[] = {
    {"none", "block", "blocked"},
    {"none", "enqueue", "queued"},
    {"blocked", "enqueue", "queued"},
    WITHDRAWN("blocked"),
    {"queued", "start", "generating"},
    {"queued", "clear", "none"},
    WITHDRAWN("queued"),
    {"generating", "finish", "generated"},
    {"generating", "retry", "backoff"},
    {"generating", "enqueue", "queued"},
    {"generating", "fail", "failed"},
    {"generating", "time_out", "timed_out"},
    WITHDRAWN("generating"),
    {"backoff", "enqueue", "queued"},
    WITHDRAWN("backoff"),
    {"generated", "defer", "awaiting_ancestors"},
    {"generated", "release", "ready"},
    WITHDRAWN("generated"),
    {"awaiting_ancestors", "release", "ready"},
    WITHDRAWN("awaiting_ancestors"),
    {"ready", "send", "submitting"},
    {"ready", "defer", "awaiting_ancestors"},
    WITHDRAWN("ready"),
    {"submitting", "accept", "submitted"},
    {"submitting", "drop", "resending"},
    {"submitting", "defer", "awaiting_ancestors"},
    {"submitting", "release", "ready"},
    {"submitting", "fail", "failed"},
    WITHDRAWN("submitting"),
    {"resending", "release", "ready"},
    {"resending", "defer", "awaiting_ancestors"},
    WITHDRAWN("resending"),
    {"submitted", "confirm", "confirmed"},
    {"submitted", "drop", "resending"},
    {"submitted", "defer", "awaiting_ancestors"},
    {"submitted", "release", "ready"},
    {"submitted", "fail", "failed"},
    WITHDRAWN("submitted"),
    {"confirmed", "release", "ready"},
    {"confirmed", "defer", "awaiting_ancestors"},
    {"confirmed", "rerun", "none"},
};

#define ACCOUNT(state, kept)                                                                                 \
    {state, "deposit", kept}, {state, "relock", kept}, {state, "release", kept},                             \
    {                                                                                                        \
        state, "slash", "cooldown"                                                                           \
    }

static const struct rule BOND_RULES[] = {
    {"active", "lock", "active"},          {"active", "withdraw", "withdrawing"},
    ACCOUNT("active", "active"),           ACCOUNT("exhausted", "active"),
    ACCOUNT("cooldown", "cooldown"),       {"withdrawing", "lock", "withdrawing"},
    ACCOUNT("withdrawing", "withdrawing"),
};

static const struct rule BREAKER_RULES[] = {
    {"closed", "trip", "open"},
    {"open", "recover", "half_open"},
    {"open", "reset", "closed"},
    {"open", "force", "closed"},
    {"half_open", "probes_pass", "closed"},
    {"half_open", "probe_fails", "open"},
    {"half_open", "trip", "open"},
    {"half_open", "reset", "closed"},
    {"half_open", "force", "closed"},
};

#define BRANCH_END(state)                                                                                    \
    {state, "close", "closed"},                                                                              \
    {                                                                                                        \
        state, "abandon", "abandoned"                                                                        \
    }

static const struct rule BRANCH_RULES[] = {
    {"none", "open", "open"},       {"open", "extend", "extended"},
    {"open", "merge", "merged"},    BRANCH_END("open"),
    {"extended", "return", "open"}, BRANCH_END("extended"),
    {"merged", "return", "open"},   BRANCH_END("merged"),
    {"closed", "open", "open"},     {"closed", "pass", "extended"},
};

static const struct rule SNAPSHOT_RULES[] = {
    {"none", "take", "live"},
    {"live", "pin", "pinned"},
    {"live", "release", "releasable"},
    {"live", "drop", "collected"},
    {"pinned", "release", "releasable"},
    {"releasable", "collect", "collected"},
    {"collected", "take", "live"},
};

static const struct rule CLAIM_RULES[] = {
    {"unclaimed", "take", "claimed"},    {"claimed", "renew", "claimed"},
    {"claimed", "expire", "expired"},    {"claimed", "complete", "completed"},
    {"claimed", "abandon", "abandoned"},
};

#define RULES(machine, name) [machine] = {name, sizeof name / sizeof *name}
static const struct {
    const struct rule *rules;
    size_t count;
} EXPECTED[MACHINE_COUNT] = {
    RULES(MACHINE_TASK, TASK_RULES),         RULES(MACHINE_COMMITMENT, COMMITMENT_RULES),
    RULES(MACHINE_PROOF, PROOF_RULES),       RULES(MACHINE_BOND, BOND_RULES),
    RULES(MACHINE_BREAKER, BREAKER_RULES),   RULES(MACHINE_BRANCH, BRANCH_RULES),
    RULES(MACHINE_SNAPSHOT, SNAPSHOT_RULES), RULES(MACHINE_CLAIM, CLAIM_RULES),
};

static const char *expected_next(enum machine machine, const char *state, const char *move)
{
    for (size_t i = 0; i < EXPECTED[machine].count; i++) {
        const struct rule *rule = &EXPECTED[machine].rules[i];
        if (strcmp(rule->from, state) == 0 && strcmp(rule->move, move) == 0) return rule->to;
    }
    return "refused";
}

static size_t check_cell(enum machine machine, unsigned state, unsigned move)
{
    const char *from = machine_state_name(machine, state), *by = machine_move_name(machine, move);
    uint8_t next = (uint8_t)state;
    err e = machine_move(machine, &next, move);
    const char *got = e == OK ? machine_state_name(machine, next) : "refused";
    cr_assert(eq(int, strcmp(got, expected_next(machine, from, by)), 0), "%s: %s, %s: %s",
              machine_name(machine), from, by, got);
    cr_assert(eq(int, machine_allows(machine, state, move), e == OK));
    if (e != OK) cr_assert(eq(int, e, ERR_STALE));
    if (e != OK) cr_assert(eq(u8, next, (uint8_t)state));
    return e == OK;
}

Test(machines, every_machine_allows_what_its_specification_does_and_no_more)
{
    for (unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        size_t legal = 0;
        for (unsigned state = 0; state < machine_state_count(machine); state++)
            for (unsigned move = 0; move < machine_move_count(machine); move++)
                legal += check_cell(machine, state, move);
        cr_assert(eq(sz, legal, EXPECTED[machine].count), "a rule of the %s names no cell",
                  machine_name(machine));
    }
}
