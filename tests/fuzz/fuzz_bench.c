/* tests/fuzz/fuzz_bench.c: any bytes as a benchmark's result; what is read is printed, written and read
 * again. */
#include "reports/bench.h"
#include "tests/fuzz/fuzz.h"

static void print(const struct bench_result *result)
{
    char *text = NULL;
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes);
    ASSERT(out);
    bench_print(result, out, false);
    bench_print_latency(result, out);
    fclose(out);
    free(text);
}

static void write_and_read(const struct bench_result *result)
{
    struct bench_result *again;
    struct diag diag = {0};
    char path[64];
    snprintf(path, sizeof path, "/tmp/agenc-fuzz-%ld.json", (long)getpid());
    err e = bench_write(result, path, &diag);
    if (e == OK) e = bench_read(&again, path, &diag);
    if (e != OK) fprintf(stderr, "%s\n", diag.text);
    ASSERT(e == OK);
    bench_free(again);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct fuzz_file file = fuzz_file_open(bytes, size_bytes);
    struct bench_result *result;
    struct diag diag = {0};
    err e = bench_read(&result, file.path, &diag);
    fuzz_judge(e, &diag);
    fuzz_file_close(&file);
    if (e != OK) return 0;
    print(result);
    write_and_read(result);
    bench_free(result);
    return 0;
}
