/* tests/fuzz/fuzz_csv.c: any bytes as a table that somebody wants to calibrate with. */
#include "base/csv.h"
#include "reports/calibration.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

static void check_table(const struct csv_table *table, const struct csv_forms *forms)
{
    ASSERT(table->form < forms->count);
    const struct csv_form *form = &forms->forms[table->form];
    for (uint32_t i = 0; i < form->column_count; i++) {
        ASSERT(table->values[i] || !form->columns[i].is_needed);
        for (uint32_t row = 0; table->values[i] && row < table->row_count; row++) {
            double value = table->values[i][row];
            ASSERT(isnan(value) ? form->columns[i].may_be_empty : value >= 0 && value <= CSV_NUMBER_MOST);
        }
    }
}

static err chain(struct calibration *out, const struct csv_table *table, struct diag *diag)
{
    static const struct calibrate_chain_base BASE = {.target_ms = 400,
                                                     .factor = 1,
                                                     .same_leader = 0.009,
                                                     .late_least_ms = 100,
                                                     .tick_ms = 10,
                                                     .retry_ms = 2000,
                                                     .propagation_min_ms = 50,
                                                     .propagation_max_ms = 150,
                                                     .replay_ms = 20,
                                                     .replay_sigma = 0.3,
                                                     .path = "staked",
                                                     .accept_ms = 30,
                                                     .accept_sigma = 0.3,
                                                     .forward_ms = 50,
                                                     .forward_sigma = 0.3};
    switch (table->form) {
    case 0: return calibrate_slots(out, table, &BASE, diag);
    case 1: return calibrate_transactions(out, table, &BASE, diag);
    default: return calibrate_confirmations(out, table, diag);
    }
}

static err prover(struct calibration *out, const struct csv_table *table, struct diag *diag)
{
    static const struct calibrate_prover_base BASE = {{0.01, 0.001}, {2, 5}};
    return calibrate_prover(out, table, &BASE, diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static const struct {
        const struct csv_forms *forms;
        err (*fit)(struct calibration *out, const struct csv_table *table, struct diag *diag);
    } KINDS[] = {{&CALIBRATE_CHAIN_FORMS, chain},
                 {&CALIBRATE_PROVER_FORMS, prover},
                 {&CALIBRATE_WORKLOAD_FORMS, calibrate_workload}};
    char *text = fuzz_text(bytes, size_bytes);
    const struct csv_text csv = {.name = "fuzz.csv", .bytes = text, .size_bytes = size_bytes};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        struct csv_table table = {0};
        struct calibration calibration = {.seed = 1};
        struct diag diag = {0};
        err e = csv_read(&csv, KINDS[i].forms, &table, &diag);
        fuzz_judge(e, &diag);
        if (e == OK) {
            check_table(&table, KINDS[i].forms);
            e = KINDS[i].fit(&calibration, &table, &diag);
            fuzz_judge(e, &diag);
        }
        calibration_close(&calibration);
        csv_close(&table);
    }
    free(text);
    return 0;
}
