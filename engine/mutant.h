/* engine/mutant.h: bugs that are planted on purpose, to see whether the invariants find them.
 *
 * MUTANT(n) is the constant 0, so that what stands behind it is in no program,
 * but in the build that `make mutants` makes: there it asks for the number that
 * the environment named (chaos/mutants.h lists them). One bug at a time.
 * Threads: read by all, written once before there are others. */
#pragma once
#ifdef AGENC_MUTANTS
extern int agenc_mutant;
#define MUTANT(number) (agenc_mutant == (number))
#else
#define MUTANT(number) 0
#endif

#include "engine/journal.h"

/* The longer ones; engine/mutant.c says what each does wrong. */
uint32_t mutant_skip_second_paths(struct engine *engine, uint32_t root, uint32_t count);
uint32_t mutant_spoil_plan(struct engine *engine, uint32_t taken);
err mutant_believe_late_failure(struct engine *engine, uint32_t slot);
void mutant_release_twice(struct engine *engine, uint32_t slot);
void mutant_lose_lock(struct engine *engine);
struct replay;
void mutant_keep_last(struct replay *replay, const struct event *event);
void mutant_repeat_last(struct replay *replay);
void mutant_repeat_turns(struct engine *engine, uint32_t root, uint32_t until);
void mutant_return_slashed(struct engine *engine);
void mutant_force_back_confirmed(struct engine *engine);
bool mutant_complete_record(const struct journal_reader *reader, const struct codec_in *in, uint32_t length,
                            struct codec_in *out);
bool mutant_reparent(struct engine *engine, const struct event_submit *submit);
