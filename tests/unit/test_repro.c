/* tests/unit/test_repro.c: what is written comes back, and what is not right is refused with its place. */
#include "sim/repro.h"
#include "base/file.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test-repro-XXXXXX";

static void set_up(void)
{
    strcpy(path, "/tmp/test-repro-XXXXXX");
    close(mkstemp(path));
}
static void tear_down(void)
{
    unlink(path);
}
TestSuite(repro, .init = set_up, .fini = tear_down, .timeout = 10);

static struct repro sample(void)
{
    struct repro repro = {.version = "2.4.0",
                          .commit = "abc123",
                          .scenario = "swarm",
                          .violation = "S07 leaves first: \"5\" before 3",
                          .duration_ns = 600 * NS_PER_S,
                          .seed = UINT64_MAX,
                          .digest = UINT64_C(0xfedcba9876543210),
                          .fingerprint = 17,
                          .events = 812,
                          .kind = SWARM_SAFETY};
    struct fault fault = fault_of(INJECT_NETWORK_DROP);
    fault.key = 9;
    fault.on_ns = NS_PER_S;
    fault.for_ns = NS_PER_MIN;
    cr_assert(eq(int, schedule_add(&repro.schedule, &fault), OK));
    return repro;
}

static void write_sample(const struct repro *repro)
{
    FILE *out = fopen(path, "w");
    repro_write(repro, out);
    fclose(out);
}

Test(repro, what_is_written_comes_back)
{
    bool dropped[11] = {false}, *again = NULL;
    struct repro repro = sample(), back = {0};
    struct diag diag = {0};
    dropped[2] = dropped[7] = true;
    cr_assert(eq(int, repro_set_dropped(&repro, dropped, 10, 8), OK));
    write_sample(&repro);
    cr_assert(eq(int, repro_read(&back, path, "2.4.0", &diag), OK), "%s", diag.text);
    cr_expect(eq(str, back.scenario, "swarm"));
    cr_expect(eq(str, back.violation, repro.violation));
    cr_expect(eq(u64, back.seed, repro.seed));
    cr_expect(eq(u64, back.digest, repro.digest));
    cr_expect(eq(u64, back.fingerprint, repro.fingerprint));
    cr_expect(eq(u64, back.events, repro.events));
    cr_expect(eq(i64, back.duration_ns, repro.duration_ns));
    cr_expect(eq(int, (int)back.kind, SWARM_SAFETY));
    cr_expect(eq(u32, back.tasks_most, 8));
    cr_expect(eq(u32, back.task_count, 6));
    cr_expect(eq(u64, schedule_digest(&back.schedule), schedule_digest(&repro.schedule)));
    cr_assert(eq(int, repro_dropped(&back, 10, &again), OK));
    for (int id = 1; id <= 8; id++) cr_expect(eq(int, again[id], dropped[id]));
    free(again);
    repro_close(&back);
    repro_close(&repro);
}

Test(repro, all_tasks_need_no_list)
{
    bool *dropped = NULL;
    struct repro repro = sample(), back = {0};
    cr_assert(eq(int, repro_set_dropped(&repro, NULL, 10, 0), OK));
    write_sample(&repro);
    cr_assert(eq(int, repro_read(&back, path, "2.4.0", NULL), OK));
    cr_expect(not(back.has_tasks));
    cr_assert(eq(int, repro_dropped(&back, 10, &dropped), OK));
    cr_expect(eq(ptr, dropped, NULL));
    repro_close(&back);
    repro_close(&repro);
}

Test(repro, no_task_at_all_is_a_list_too)
{
    bool all[4] = {true, true, true, true}, *dropped = NULL;
    struct repro repro = sample(), back = {0};
    cr_assert(eq(int, repro_set_dropped(&repro, all, 3, 0), OK));
    write_sample(&repro);
    cr_assert(eq(int, repro_read(&back, path, "2.4.0", NULL), OK));
    cr_assert(eq(int, repro_dropped(&back, 3, &dropped), OK));
    for (int id = 1; id <= 3; id++) cr_expect(dropped[id]);
    free(dropped);
    repro_close(&back);
    repro_close(&repro);
}

Test(repro, another_version_is_refused)
{
    struct repro repro = sample(), back = {0};
    struct diag diag = {0};
    write_sample(&repro);
    cr_expect(eq(int, repro_read(&back, path, "2.5.0", &diag), ERR_USAGE));
    cr_expect(eq(int, strstr(diag.text, ":1:11: was written by version 2.4.0, this is 2.5.0") != NULL, 1),
              "%s", diag.text);
    repro_close(&repro);
}

static void refuse(const char *text, err code, const char *line)
{
    struct repro back = {0};
    struct diag diag = {0};
    cr_assert(eq(int, file_write(path, text, strlen(text), NULL), OK));
    cr_expect(eq(int, repro_read(&back, path, "2.4.0", &diag), code));
    cr_expect(eq(int, strstr(diag.text, line) != NULL, 1), "%s", diag.text);
}

Test(repro, what_is_wrong_is_said_with_its_place)
{
    refuse("", ERR_SYNTAX, "no key \"version\"");
    refuse("version = \"2.4.0\"\n", ERR_SYNTAX, "no key \"commit\"");
    refuse("version = 2\n", ERR_SYNTAX, ":1:11: version: must be a text");
    refuse("seeds = 2\n", ERR_USAGE, ":1:1: unknown key seeds; did you mean seed");
    refuse("seed = -2\n", ERR_RANGE, ":1:8: seed: must not be negative");
    refuse("seed = \"1x\"\n", ERR_SYNTAX, "is no number of 64 bits");
    refuse("digest = \"12\"\n", ERR_SYNTAX, "must be a text like \"0x1f\"");
    refuse("kind = \"wild\"\n", ERR_SYNTAX, "is none of mixed");
    refuse("duration = \"0s\"\n", ERR_SYNTAX, "must be a duration");
    refuse("tasks_most = 0\n", ERR_RANGE, "from 1");
    refuse("tasks = [3, 2]\n", ERR_RANGE, "tasks[1]: must be ids of tasks, from 1, rising");
    refuse("[[fault]]\nid = \"network.dorp\"\n", ERR_USAGE, "network.drop");
}
