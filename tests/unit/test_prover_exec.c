/* tests/unit/test_prover_exec.c: proofs by another program, whatever that program does. */
#include "daemon/prover_exec.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <poll.h>
#include <string.h>

static struct prover_exec *prover;
static enum prover_verdict verdicts[8];
static int verdict_count, end_count;
static const char *payload = "{\"a\":1}";

static void heard(void *context, const struct prover_tag *tag, enum prover_verdict verdict)
{
    (void)context;
    verdicts[tag->slot] = verdict;
    verdict_count++;
}

static void ended(void *context, uint32_t worker)
{
    (void)context;
    (void)worker;
    end_count++;
}

/* A batch of two jobs on worker 3, until its process has ended; ten seconds at the most. */
static void prove(const char *command)
{
    const struct prover_exec_options options = {.command = command, .heard = heard, .ended = ended};
    cr_assert(prover_exec_open(&prover, &options) == OK);
    for (uint64_t job = 1; job <= 2; job++) {
        const struct prover_job order = {.number = job,
                                         .tag = {.slot = (uint32_t)job},
                                         .task = "task-\"x\"",
                                         .proof_type = "groth16",
                                         .payload = payload};
        cr_assert(prover_exec_add(prover, 3, &order, job == 1, job == 2) == OK);
    }
    struct pollfd asked = {.fd = prover_exec_fd(prover), .events = POLLIN};
    for (int i = 0; i < 1000 && end_count == 0; i++) {
        poll(&asked, 1, 10);
        prover_exec_step(prover);
    }
    prover_exec_free(prover);
}

TestSuite(prover_exec, .timeout = 30);

Test(prover_exec, each_job_gets_its_verdict)
{
    prove("while read -r line; do case $line in *'\"proof_id\":1,'*) echo '{\"proof_id\":1,\"ok\":true}';; "
          "*) echo '{\"proof_id\":2,\"ok\":false,\"error\":\"constraint\"}';; esac; done");
    cr_assert(eq(int, verdict_count, 2));
    cr_assert(eq(int, end_count, 1));
    cr_assert(eq(int, verdicts[1], PROVER_OK));
    cr_assert(eq(int, verdicts[2], PROVER_CONSTRAINT));
}

Test(prover_exec, jobs_without_an_answer_fail_for_a_passing_reason)
{
    prove("read -r line; echo '{\"proof_id\":1,\"ok\":true}'; exit 3");
    cr_assert(eq(int, verdict_count, 2));
    cr_assert(eq(int, verdicts[1], PROVER_OK));
    cr_assert(eq(int, verdicts[2], PROVER_TRANSIENT));
}

Test(prover_exec, a_program_that_is_not_there_fails_them_all)
{
    prove("/no/such/program 2>/dev/null");
    cr_assert(eq(int, verdict_count, 2));
    cr_assert(eq(int, end_count, 1));
    cr_assert(eq(int, verdicts[1], PROVER_TRANSIENT));
    cr_assert(eq(int, verdicts[2], PROVER_TRANSIENT));
}

Test(prover_exec, nonsense_strange_numbers_and_repetitions_are_passed_over)
{
    prove("echo nonsense; echo '{\"proof_id\":7,\"ok\":true}'; echo '{\"proof_id\":1,\"ok\":true}'; "
          "echo '{\"proof_id\":1,\"ok\":false}'; echo '{\"proof_id\":2,\"ok\":true}'; cat >/dev/null");
    cr_assert(eq(int, verdict_count, 2));
    cr_assert(eq(int, verdicts[1], PROVER_OK));
    cr_assert(eq(int, verdicts[2], PROVER_OK));
}

Test(prover_exec, one_that_is_killed_says_nothing_but_that_it_is_over)
{
    const struct prover_exec_options options = {.command = "sleep 60 | cat", .heard = heard, .ended = ended};
    const struct prover_job order = {.number = 1, .tag = {.slot = 1}, .task = "t", .proof_type = "mock"};
    cr_assert(prover_exec_open(&prover, &options) == OK);
    cr_assert(prover_exec_add(prover, 0, &order, true, true) == OK);
    prover_exec_kill(prover, 0);
    struct pollfd asked = {.fd = prover_exec_fd(prover), .events = POLLIN};
    for (int i = 0; i < 1000 && end_count == 0; i++) {
        poll(&asked, 1, 10);
        prover_exec_step(prover);
    }
    cr_assert(eq(int, verdict_count, 0));
    cr_assert(eq(int, end_count, 1));
    prover_exec_free(prover);
}

Test(prover_exec, one_that_reads_everything_before_it_answers_is_given_everything)
{
    static char large[200000]; /* two of them are more than a pipe holds */
    memset(large, 'x', sizeof large - 1);
    large[0] = large[sizeof large - 2] = '"';
    payload = large;
    prove("cat >/dev/null; echo '{\"proof_id\":1,\"ok\":true}'; echo '{\"proof_id\":2,\"ok\":true}'");
    cr_assert(eq(int, verdict_count, 2));
    cr_assert(eq(int, verdicts[1], PROVER_OK));
    cr_assert(eq(int, verdicts[2], PROVER_OK));
}

Test(prover_exec, a_program_that_does_not_exist_is_told_at_the_start)
{
    struct diag diag = {0};
    cr_assert(eq(int, prover_exec_check("/no/such/prover --fast", &diag), ERR_USAGE));
    cr_assert(strstr(diag.text, "/no/such/prover") != NULL);
    cr_assert(eq(int, prover_exec_check("cat", &diag), OK));
    cr_assert(eq(int, prover_exec_check("while read -r x; do echo; done", &diag), OK));
    cr_assert(eq(int, prover_exec_check("{ cat; }", &diag), OK));
}
