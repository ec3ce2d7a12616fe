/* tests/fuzz/fuzz_prometheus.c: any bytes as what a Prometheus server answers; what is a table reads as one.
 */
#include "base/csv.h"
#include "daemon/prometheus.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static const struct csv_column COLUMN = {"proof_ms", CSV_NUMBER, true, false, NULL};
    static const struct csv_form FORM = {"points", &COLUMN, 1};
    static const struct csv_forms FORMS = {&FORM, 1};
    static const struct prometheus_range RANGE = {"http://127.0.0.1", "q", "proof_ms", "1", "2", "15s"};
    char *text = fuzz_text(bytes, size_bytes), *csv = NULL;
    const struct prometheus_answer answer = {text, size_bytes, size_bytes % 5 ? 200 : 503};
    struct diag diag = {0};
    err e = prometheus_read(&csv, &RANGE, &answer, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) {
        const struct csv_text table_text = {.name = "answer", .bytes = csv, .size_bytes = strlen(csv)};
        struct csv_table table = {0};
        e = csv_read(&table_text, &FORMS, &table, &diag);
        fuzz_judge(e, &diag);
        ASSERT(e != OK || table.row_count > 0);
        csv_close(&table);
        free(csv);
    }
    free(text);
    return 0;
}
