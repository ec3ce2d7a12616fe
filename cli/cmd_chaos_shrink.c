/* cli/cmd_chaos_shrink.c: the smallest run that still fails in the same way. */
#include "cli/chaos_bundle.h"
#include "cli/interrupt.h"
#include <inttypes.h>
#include <stdlib.h>

static const struct flag FLAGS[] = {
    {.name = "output",
     .value = "FILE",
     .type = FLAG_FILE,
     .fallback = "shrunk.toml",
     .help = "where the smaller run goes"},
    {.name = "replays",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 1000000,
     .fallback = CHAOS_REPLAYS_TEXT,
     .help = "at most so many runs"},
    {0},
};

static err run(struct args *args, struct diag *diag)
{
    struct chaos_subject subject;
    struct chaos_shrunk shrunk = {0};
    chaos_args_keep_memory();
    TRY(chaos_subject_read(&subject, args, args->operands[0], diag));
    const struct chaos_shrinking shrinking = {&subject, (uint32_t)args_integer(args, "replays"),
                                              interrupt_catch()};
    err e = chaos_shrink(&shrunk, &shrinking, diag);
    interrupt_release();
    if (e == OK) e = chaos_repro_write(&shrunk.repro, args_text(args, "output"), diag);
    if (e == OK)
        fprintf(args->out,
                "%s: %" PRIu32 " faults of %" PRIu32 ", %" PRIu32 " tasks of %" PRIu32 ", in %" PRIu32
                " runs%s\n",
                args_text(args, "output"), shrunk.repro.schedule.count, subject.repro.schedule.count,
                shrunk.tasks_left, shrunk.task_count, shrunk.replays,
                shrunk.is_minimal ? "" : "; there were not enough to be sure that no part can go");
    chaos_shrunk_close(&shrunk);
    chaos_subject_close(&subject);
    return e;
}

const struct command COMMAND_chaos_shrink = {
    .group = "chaos",
    .name = "shrink",
    .summary = "find the smallest schedule and task graph that still fail",
    .operands = "FILE",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Leaves out faults and tasks, long stretches first, as long as the run still fails\n"
                   "in the same way, then makes what is left plain: certain, short, at round times.\n"
                   "No draw of the rest moves: each is keyed.",
    .examples = "agenc chaos shrink campaign/S07-1f2e3d4c5b6a7988/repro.toml\n"
                "agenc chaos shrink repro.toml --output smaller.toml --replays 5000",
    .run = run,
};
