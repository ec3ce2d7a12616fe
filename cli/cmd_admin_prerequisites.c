/* cli/cmd_admin_prerequisites.c: is a machine enough? The limits are base/prerequisite.h's. */
#include "base/json_write.h"
#include "base/prerequisite.h"
#include "cli/command.h"
#include <inttypes.h>

#define MEASURE(flag, words)                                                                                 \
    {                                                                                                        \
        .name = flag, .value = "N", .type = FLAG_INTEGER, .is_required = true, .min = 0,                     \
        .max = INT64_C(1000000000), .help = words                                                            \
    }
static const struct flag FLAGS[] = {
    MEASURE("memory-mb", "memory of the machine, MB"),
    MEASURE("cpu", "its cores"),
    MEASURE("disk-gb", "free space where the data will be, GB"),
    MEASURE("rpc-ms", "time of an answer of the RPC node, ms"),
    FLAG_OUTPUT_FORMAT,
    {0},
};

static const int64_t *measure_at(const struct machine_measures *measures, uint32_t index)
{
    const int64_t *const VALUES[] = {&measures->memory_mb, &measures->cpu, &measures->disk_gb,
                                     &measures->rpc_ms};
    return VALUES[index];
}

static void print_line(FILE *out, uint32_t index, const struct machine_measures *measures)
{
    const struct prerequisite *row = prerequisite_at(index);
    const char *space = *row->unit ? " " : "";
    fprintf(out, "%s %s: %" PRId64 "%s%s (%s: %" PRId64 "%s%s)\n",
            prerequisite_holds(index, measures) ? "✓" : "✗", row->label, *measure_at(measures, index), space,
            row->unit, row->is_most ? "less than" : "minimum", row->limit, space, row->unit);
}

static void print_json(FILE *out, const struct machine_measures *measures)
{
    struct json_writer writer;
    json_write_begin(&writer, out, JSON_LINES);
    json_write_array(&writer, NULL);
    for (uint32_t i = 0; i < prerequisite_count(); i++) {
        const struct prerequisite *row = prerequisite_at(i);
        json_write_object(&writer, NULL);
        json_write_text(&writer, "field", row->field);
        json_write_bool(&writer, "holds", prerequisite_holds(i, measures));
        json_write_i64(&writer, "limit", row->limit);
        json_write_i64(&writer, "measured", *measure_at(measures, i));
        json_write_end(&writer);
    }
    json_write_end(&writer);
    json_write_finish(&writer);
}

static err run(struct args *args, struct diag *diag)
{
    (void)diag;
    const struct machine_measures measures = {.memory_mb = args_integer(args, "memory-mb"),
                                              .cpu = args_integer(args, "cpu"),
                                              .disk_gb = args_integer(args, "disk-gb"),
                                              .rpc_ms = args_integer(args, "rpc-ms")};
    if (args_wants_json(args))
        print_json(args->out, &measures);
    else
        for (uint32_t i = 0; i < prerequisite_count(); i++) print_line(args->out, i, &measures);
    args->exit_status = prerequisites_hold(&measures) ? STATUS_GOOD : STATUS_FAILED;
    return OK;
}

const struct command COMMAND_admin_prerequisites = {
    .group = "admin",
    .name = "prerequisites",
    .summary = "say whether a machine is enough for speculation",
    .flags = FLAGS,
    .description =
        "Holds measures against the least that a deployment needs. ops/scripts/check-prerequisites.sh\n"
        "takes them. Ends with 1 when one does not hold.",
    .examples = "agenc admin prerequisites --memory-mb 16384 --cpu 8 --disk-gb 245 --rpc-ms 45",
    .run = run,
};
