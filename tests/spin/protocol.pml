/* tests/spin/protocol.pml: commitments, proofs, rollbacks, a reorg and a crash, for Spin to exhaust.
 *
 * Four tasks: 0 above 1 and 2, these above 3. Each step is one event of the
 * engine; ports answer in any order what they were asked, and forget it in a
 * crash, after which the engine asks again. Two failures, one reorg and one
 * crash happen anywhere, or not at all. Asserted: proofs are submitted under
 * confirmed parents only, leaves are undone first and once an incarnation, no
 * orphan is left, bonds are settled once an incarnation, final is final. A run
 * that cannot end with every task over is an invalid end state.
 *
 * Each BREAK_ switch takes one rule away, and the search must then find a run
 * that goes wrong.
 *
 * In simulation each step prints its event and the state after it, which
 * tests/spin/replay.c drives through the real engine. */

#define TASKS 4

/* States: the numbers are those of enum task_status. */
#define PENDING     0
#define EXECUTING   1
#define PROVING     3
#define AWAITING    4
#define SUBMITTING  5
#define CONFIRMING  6
#define CONFIRMED   7
#define FINAL       8
#define FAILED      9
#define ROLLED_BACK 10
#define CANCELLED   11

byte status[TASKS];
bool blocked[TASKS];     /* in a plan */
bool speculative[TASKS]; /* was admitted before its parents were confirmed: has a bond and a snapshot */
bool undone[TASKS], settled[TASKS], was_final[TASKS];
bool asked[TASKS];        /* a port owes an answer about this task */
bool running[TASKS];      /* the executor has it, or had it before the crash */
byte plan_of[TASKS];      /* root + 1 */
byte failures = 2, reorgs = 1, crashes = 1;
byte plans[2], plan_count; /* roots, in order; the first is being carried out */
byte turn = TASKS;        /* whose turn it is in the first plan; TASKS: none */
byte stage;               /* 0 nothing asked, 1 abort, 2 restore asked, 3 restored */
byte carried;             /* the root of the first plan */

#define live(t)         (status[t] < CONFIRMED)
#define is_confirmed(t) (status[t] == CONFIRMED || status[t] == FINAL)
#define has_output(t)   (status[t] > EXECUTING && status[t] <= FINAL)

/* The graph: parents of 1 and 2 are 0; of 3, both. */
inline parents_confirmed(t, result)
{
    if
    :: t == 0 -> result = true
    :: t == 1 || t == 2 -> result = is_confirmed(0)
    :: t == 3 -> result = is_confirmed(1) && is_confirmed(2)
    fi
}

inline parents_have_output(t, result)
{
    if
    :: t == 0 -> result = true
    :: t == 1 || t == 2 -> result = has_output(0)
    :: t == 3 -> result = has_output(1) && has_output(2)
    fi
}

inline parents_blocked(t, result)
{
    if
    :: t == 0 -> result = false
    :: t == 1 || t == 2 -> result = blocked[0] || status[0] > FINAL
    :: t == 3 -> result = blocked[1] || blocked[2] || status[1] > FINAL || status[2] > FINAL
    fi
}

bool yes, no;

inline submit(t)
{
    parents_confirmed(t, yes);
    assert(yes); /* S02 */
    status[t] = SUBMITTING;
    asked[t] = true
}

/* A pending task starts as soon as it may. */
inline consider(t)
{
    if
    :: status[t] == PENDING && !blocked[t] ->
        parents_have_output(t, yes);
        if
        :: yes ->
            parents_confirmed(t, no);
            speculative[t] = !no;
            status[t] = EXECUTING;
            running[t] = true;
            asked[t] = true
        :: else
        fi
    :: else
    fi
}

inline place_proof(t)
{
    parents_confirmed(t, yes);
#ifdef BREAK_GATE
    yes = true;
#endif
    if
    :: yes -> submit(t)
    :: else -> status[t] = AWAITING; asked[t] = false
    fi
}

inline release(t)
{
    if
    :: status[t] == AWAITING && !blocked[t] ->
        parents_confirmed(t, yes);
        if
        :: yes -> submit(t)
        :: else
        fi
    :: else
    fi
}

inline settle(t)
{
    assert(!settled[t]); /* S04, S13 */
    settled[t] = true
}

/* ---- rollback ---- */

inline block(t, root)
{
    if
    :: live(t) && !blocked[t] ->
        blocked[t] = true;
        plan_of[t] = root + 1;
        asked[t] = false
    :: else
    fi
}

inline fail(t)
{
    failures--;
    status[t] = FAILED;
    asked[t] = false;
    blocked[t] = true;
    plan_of[t] = t + 1;
    if
    :: t == 0 -> block(1, 0); block(2, 0); block(3, 0)
    :: t == 1 -> block(3, 1)
    :: t == 2 -> block(3, 2)
    :: else
    fi;
    plans[plan_count] = t;
    plan_count++
}

/* The next in the order of turns: 3, then 2, then 1, then 0. */
inline next_turn(root)
{
#ifdef BREAK_LEAVES
    turn = (turn == TASKS && root == 0 && plan_of[1] == 1 -> 2 : turn);
#endif
    turn = (turn == TASKS -> TASKS - 1 : turn - 1);
    do
    :: plan_of[turn] == root + 1 -> break
    :: else -> turn--
    od
}

inline unblock(t, root)
{
    if
    :: plan_of[t] == root + 1 -> blocked[t] = false; plan_of[t] = 0
    :: else
    fi
}

inline finish_turn(root)
{
    if
    :: turn == root ->
        /* The root settles last. */
        settle(root);
        unblock(0, root); unblock(1, root); unblock(2, root); unblock(3, root);
        /* S01: whoever is left below it belongs to the other plan. */
        assert(root != 0 || ((!live(1) || blocked[1]) && (!live(2) || blocked[2])));
        assert(root == 3 || !live(3) || blocked[3]);
        plans[0] = plans[1];
        plan_count--;
        turn = TASKS
    :: else ->
        if
        :: status[turn] == PENDING -> status[turn] = CANCELLED
        :: else ->
            assert(!undone[turn]); /* S03 */
            undone[turn] = true;
            assert(turn == 3 || turn == 0 || !live(3)); /* S07 */
            status[turn] = ROLLED_BACK;
            settle(turn)
        fi;
        /* Blocked until the plan is over. */
        if
        :: turn == 3 && root != 3 -> next_turn(root)
        :: turn != 3 -> next_turn(root)
        fi
    fi
}

/* Carries the first plan on until a port has to be asked. */
inline carry_on()
{
    do
    :: plan_count == 0 -> break
    :: plan_count > 0 && turn == TASKS -> carried = plans[0]; next_turn(carried); stage = 0
    :: plan_count > 0 && turn < TASKS ->
        if
        :: stage > 0 && asked[turn] -> break
        :: stage == 0 && running[turn] -> stage = 1; asked[turn] = true; break
        :: stage == 0 && !running[turn] && speculative[turn] && status[turn] != PENDING ->
            stage = 2; asked[turn] = true; break
        :: stage == 1 && !asked[turn] && !running[turn] && speculative[turn] ->
            stage = 2; asked[turn] = true; break
        :: else -> stage = 0; finish_turn(carried)
        fi
    od
}

/* ---- a step ---- */

mtype = { executed, execution_failed, proof_done, proof_failed, tx_accepted, tx_rejected, confirmed, finalized,
          reverted, aborted, restored, crash_resume, all_over };

inline say(what, t)
{
    printf("%e %d : %d %d %d %d\n", what, t, status[0], status[1], status[2], status[3])
}

inline note_final()
{
    assert(!was_final[0] || status[0] == FINAL); /* S06 */
    assert(!was_final[1] || status[1] == FINAL);
    assert(!was_final[2] || status[2] == FINAL);
    assert(!was_final[3] || status[3] == FINAL);
    was_final[0] = status[0] == FINAL;
    was_final[1] = status[1] == FINAL;
    was_final[2] = status[2] == FINAL;
    was_final[3] = status[3] == FINAL;
    assert(!is_confirmed(3) || (is_confirmed(1) && is_confirmed(2)));
    assert(!(is_confirmed(1) || is_confirmed(2)) || is_confirmed(0))
}

/* Descendants first: confirmed or on its way, it is open again. */
inline reopen(t)
{
    if
    :: status[t] == CONFIRMED && !blocked[t] -> settled[t] = false; undone[t] = false; status[t] = AWAITING
    :: (status[t] == SUBMITTING || status[t] == CONFIRMING) && !blocked[t] -> status[t] = AWAITING; asked[t] = false
    :: else
    fi
}

inline revert(t)
{
    reorgs--;
    if
#ifndef BREAK_REVERT
    :: t == 0 -> reopen(3); reopen(2); reopen(1)
#endif
    :: t == 1 || t == 2 -> reopen(3)
    :: else
    fi;
    settled[t] = (status[t] == CONFIRMED -> false : settled[t]);
    place_proof(t)
}

inline finalize(t)
{
    if
    :: t > 0 -> status[0] = FINAL
    :: else
    fi;
    if
    :: t == 3 -> status[1] = FINAL; status[2] = FINAL
    :: else
    fi;
    status[t] = FINAL
}

/* The ports forget; the engine asks again for whatever is out. */
inline crash()
{
    crashes--;
    byte c = 0;
    do
    :: c < TASKS ->
        asked[c] = false;
#ifndef BREAK_RESUME
        asked[c] = (live(c) && !blocked[c] && status[c] != PENDING && status[c] != AWAITING) || (turn == c && stage > 0);
#endif
        c++
    :: else -> break
    od
}

inline event(t)
{
    if
    :: status[t] == EXECUTING && !blocked[t] && asked[t] ->
        running[t] = false; status[t] = PROVING;
        consider(1); consider(2); consider(3);
        say(executed, t)
    :: status[t] == EXECUTING && !blocked[t] && asked[t] && failures > 0 ->
        running[t] = false; fail(t); carry_on();
        say(execution_failed, t)
    :: status[t] == PROVING && !blocked[t] && asked[t] -> place_proof(t); say(proof_done, t)
    :: status[t] == PROVING && !blocked[t] && asked[t] && failures > 0 ->
        fail(t); carry_on(); say(proof_failed, t)
    :: status[t] == SUBMITTING && !blocked[t] && asked[t] -> status[t] = CONFIRMING; say(tx_accepted, t)
    :: (status[t] == SUBMITTING || status[t] == CONFIRMING) && !blocked[t] && asked[t] ->
        parents_confirmed(t, yes); assert(yes);
        status[t] = CONFIRMED; asked[t] = false; settle(t);
        consider(1); consider(2); consider(3); release(1); release(2); release(3);
        say(confirmed, t)
    :: (status[t] == SUBMITTING || status[t] == CONFIRMING) && !blocked[t] && asked[t] && failures > 0 ->
        fail(t); carry_on(); say(tx_rejected, t)
    :: status[t] == CONFIRMED -> finalize(t); say(finalized, t)
    :: (status[t] == CONFIRMED || status[t] == SUBMITTING || status[t] == CONFIRMING) && !blocked[t] && reorgs > 0 ->
        revert(t); say(reverted, t)
    :: turn == t && stage == 1 && asked[t] -> running[t] = false; asked[t] = false; carry_on(); say(aborted, t)
    :: turn == t && stage == 2 && asked[t] -> asked[t] = false; stage = 3; carry_on(); say(restored, t)
    :: t == 0 && crashes > 0 -> crash(); say(crash_resume, t)
    fi
}

#define can(t) ((live(t) && !blocked[t] && asked[t]) || status[t] == CONFIRMED || (turn == t && asked[t]))
#define over(t) (status[t] >= FINAL)

init {
    d_step { status[0] = EXECUTING; running[0] = true; asked[0] = true }
    do
    :: atomic { can(0) || crashes > 0 -> event(0); note_final() }
    :: atomic { can(1) -> event(1); note_final() }
    :: atomic { can(2) -> event(2); note_final() }
    :: atomic { can(3) -> event(3); note_final() }
    :: atomic { over(0) && over(1) && over(2) && over(3) && plan_count == 0 ->
        say(all_over, 0); break }
    od
}
