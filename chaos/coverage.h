/* chaos/coverage.h: what has been reached: transitions, pairs of transitions, denials, errors, moves.
 *
 * A fixed set of bits, one a thing that can be reached; a run fills one in, a campaign joins them.
 * What an engine can do is known from its tables, so that coverage has a denominator.
 * Memory: plain data. Threads: one writer each. */
#pragma once
#include "engine/engine.h"
#include <stdio.h>

#define COVERAGE_GROUPS(X)                                                                                   \
    X(COVERAGE_TRANSITIONS, "transitions") /* (from, to) of tasks */                                         \
    X(COVERAGE_PAIRS, "transition pairs")  /* two that follow one another in one task */                     \
    X(COVERAGE_DENIALS, "denial reasons")  /* why a task waited */                                           \
    X(COVERAGE_REFUSALS, "refusals")       /* why a submission was turned down */                            \
    X(COVERAGE_ANSWERS, "answers")         /* (kind of event, err) */                                        \
    X(COVERAGE_REASONS, "rollback reasons")                                                                  \
    X(COVERAGE_BREAKER, "breaker moves") /* (from, to, trigger) */                                           \
    X(COVERAGE_EFFECTS, "effects")                                                                           \
    X(COVERAGE_INJECTORS, "injectors fired")
#define NAME_(name, text) name,
enum coverage_group { COVERAGE_GROUPS(NAME_) COVERAGE_GROUP_COUNT };
#undef NAME_

enum { COVERAGE_BITS = 8192, COVERAGE_TASKS = 1 << 16 };

struct coverage {
    uint64_t bits[COVERAGE_BITS / 64];
    uint8_t last[COVERAGE_TASKS]; /* the last transition of each task, by id below this; one run's */
};

void coverage_begin(struct coverage *coverage); /* a new run: what tasks did last is forgotten, bits stay */
void coverage_event(struct coverage *coverage, const struct event *event, err answer,
                    const struct engine_stats *stats);
void coverage_effect(struct coverage *coverage, const struct effect *effect);
void coverage_fired(struct coverage *coverage, uint32_t injector);

/* Joins `from` into `into`; how many bits were new. */
uint32_t coverage_join(struct coverage *into, const struct coverage *from);
uint32_t coverage_count(const struct coverage *coverage, enum coverage_group group);
uint32_t coverage_possible(enum coverage_group group); /* by the tables of engine/machines.c and its like */
const char *coverage_group_name(enum coverage_group group);
/* The names of what is not reached yet, one a line. */
void coverage_print_missing(const struct coverage *coverage, enum coverage_group group, FILE *out);
