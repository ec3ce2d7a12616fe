/* tests/fuzz/fuzz_query.c: any text as a query over a small ring: an answer that is JSON, whatever comes. */
#include "base/json.h"
#include "daemon/query.h"
#include "tests/fuzz/fuzz.h"

static struct samples *ring_of_two_minutes(void)
{
    struct samples *ring = NULL;
    ASSERT(samples_open(&ring, &(struct samples_options){.instance = "a:1"}) == OK);
    for (int64_t i = 0; i < 25; i++) {
        samples_begin(ring, 1000000 + 5000 * i);
        samples_add(ring, "work_total", "kind=\"a\"", (double)(i * i % 50));
        samples_add(ring, "work_total", "kind=\"b\"", (double)(i * 3));
        samples_add(ring, "work_bucket", "le=\"1\"", (double)i);
        samples_add(ring, "work_bucket", "le=\"+Inf\"", (double)(2 * i));
    }
    return ring;
}

static void ask(const struct samples *ring, const char *text, bool is_range)
{
    const struct query_span span = {1000000, 1120000, 30000};
    char *answer = NULL;
    size_t size = 0;
    struct diag diag = {0};
    struct json *json;
    FILE *out = open_memstream(&answer, &size);
    ASSERT(out);
    err e = is_range ? query_range(ring, &span, text, out, &diag)
                     : query_instant(ring, 1120000, text, out, &diag);
    fclose(out);
    fuzz_judge(e, &diag);
    ASSERT(json_read_text(&json, &(struct json_text){"answer", answer, size}, NULL) == OK);
    json_free(json);
    free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static struct samples *ring;
    char *text = fuzz_text(bytes, size_bytes);
    int64_t ms;
    if (!ring) ring = ring_of_two_minutes();
    ask(ring, text, false);
    ask(ring, text, true);
    struct diag of_time = {0}, of_step = {0};
    fuzz_judge(query_time_parse(text, &ms, &of_time), &of_time);
    fuzz_judge(query_step_parse(text, &ms, &of_step), &of_step);
    free(text);
    return 0;
}
