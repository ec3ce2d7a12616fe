/* chaos/mutants.h: the bugs that are planted on purpose (chaos.md 7): what each is, and which rules must see
 * it.
 *
 * Only a program built with AGENC_MUTANTS has them; it takes the number from
 * AGENC_MUTANT when it starts. Those from MUTANT_HARNESS on are in the harness:
 * H1 is 101. */
#pragma once
#include "base/err.h"
#include <stdbool.h>

/* number, name, what is wrong, the invariants that chaos.md names, is it planted yet */
#define MUTANTS(X)                                                                                           \
    X(1, "M01", "a merge is sent when one of its parents is confirmed", "S02", YES)                          \
    X(2, "M02", "slashes are rounded up", "S04 S10", YES)                                                    \
    X(3, "M03", "a cascade skips who is reached by a second path", "S01 S07", YES)                           \
    X(4, "M04", "two tasks of a rollback change places", "S07", YES)                                         \
    X(5, "M05", "a late failure takes a confirmed task down", "S06", YES)                                    \
    X(6, "M06", "a second confirmation returns the bond again", "S04 S13", YES)                              \
    X(7, "M07", "who waits while the prover restarts hears of no confirmation", "L03 L08 L01", YES)          \
    X(8, "M08", "no timeout runs for a transaction whose proof waited long", "L01", YES)                     \
    X(9, "M09", "timeouts are measured with the wall clock", "S25 L01", YES)                                 \
    X(10, "M10", "what may have landed is asked for under a new name", "S12 S13", YES)                       \
    X(11, "M11", "an accepted transaction counts as confirmed", "S06 S12", YES)                              \
    X(12, "M12", "a crash loses the lock of the last bond", "S04 S18", YES)                                  \
    X(13, "M13", "a failed sync is ignored and the answer sent", "L04 S18", YES)                             \
    X(14, "M14", "a record that was cut off is believed", "S18 S20", YES)                                    \
    X(15, "M15", "recovery applies the last record twice", "S13 S18 S19 S21", YES)                           \
    X(16, "M16", "a rollback that goes on after a crash rolls back again", "S03", YES)                       \
    X(17, "M17", "an emergency returns what had been slashed", "S04", YES)                                   \
    X(18, "M18", "a drain forces back what was confirmed", "S06 S11", YES)                                   \
    X(19, "M19", "an emptied queue forgets its tasks", "L04 S24", YES)                                       \
    X(20, "M20", "a lowered depth limit is not heeded", "S08 S17", YES)                                      \
    X(21, "M21", "a branch whose proof was cancelled is never given back", "L04 S16 S21 S22 S24", YES)       \
    X(22, "M22", "a victim is slashed when two rollbacks meet", "S10", YES)                                  \
    X(23, "M23", "a repeated submission changes parents without a look for cycles", "S05", YES)              \
    X(24, "M24", "half of a large rollback is forgotten", "S01 S14", YES)                                    \
    X(25, "M25", "rolled-back tasks are counted once a rollback", "L05 S21", YES)                            \
    X(101, "H1", "the heal heals nothing", "L04", YES)                                                       \
    X(102, "H2", "faults draw from one stream", "D01 S25", YES)                                              \
    X(103, "H3", "the watch is not shown one kind of event", "S21", YES)                                     \
    X(104, "H4", "when things are due follows addresses", "D01", YES)                                        \
    X(105, "H5", "alerts fire without waiting", "L05", NO)                                                   \
    X(106, "H6", "operators ignore refusals", "S23", NO)

struct mutant {
    int number;
    const char *name, *title, *killers;
    bool is_planted;
};

enum { MUTANT_HARNESS = 101 };
#define ONE_(number, name, title, killers, planted) +1
enum { MUTANT_COUNT = 0 MUTANTS(ONE_) };
#undef ONE_

extern const struct mutant MUTANT_TABLE[MUTANT_COUNT];

/* Reads AGENC_MUTANT; a program that has no bugs planted refuses it. ERR_USAGE with what would be right. */
MUST_USE err mutants_begin(const char *text, struct diag *diag);
