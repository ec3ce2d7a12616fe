/* tests/interop/query_ring.c: our queries over samples of a file, for tests/interop/query.sh.
 *
 *   query_ring FILE AT [START END STEP] < QUERIES
 *
 * FILE is OpenMetrics text with times in seconds, all samples of one time together. For each line of standard
 * input one line: the HTTP status of the answer, a tab, the answer. With START, END and STEP it is a range
 * query. */
#include "daemon/query.h"
#include <stdlib.h>
#include <string.h>

static void load_line(struct samples *samples, char *line, int64_t *last_ms)
{
    char *labels = "", *value = strrchr(line, '}'), *name = line;
    if (value) {
        labels = strchr(line, '{');
        *labels++ = '\0';
        *value++ = '\0';
    } else {
        value = strchr(line, ' ');
        *value++ = '\0';
    }
    char *at;
    double number = strtod(value, &at);
    int64_t at_ms = (int64_t)(strtod(at, NULL) * 1000 + 0.5);
    if (at_ms != *last_ms) samples_begin(samples, at_ms);
    *last_ms = at_ms;
    samples_add(samples, name, labels, number);
}

static void load(struct samples *samples, const char *path)
{
    char line[1024];
    int64_t last_ms = -1;
    FILE *file = fopen(path, "r");
    if (!file) exit(3);
    while (fgets(line, sizeof line, file))
        if (*line != '#' && *line != '\n') load_line(samples, line, &last_ms);
    fclose(file);
}

int main(int argc, char **argv)
{
    struct samples *samples;
    char text[8192];
    int64_t at_ms = 0;
    struct query_span span;
    if (argc < 3 || samples_open(&samples, &(struct samples_options){0})) return 2;
    load(samples, argv[1]);
    if (query_time_parse(argv[2], &at_ms, NULL)) return 2;
    if (argc > 5 &&
        (query_time_parse(argv[3], &span.start_ms, NULL) || query_time_parse(argv[4], &span.end_ms, NULL) ||
         query_step_parse(argv[5], &span.step_ms, NULL)))
        return 2;
    while (fgets(text, sizeof text, stdin)) {
        char *answer = NULL;
        size_t size = 0;
        text[strcspn(text, "\n")] = '\0';
        FILE *out = open_memstream(&answer, &size);
        err e = argc > 5 ? query_range(samples, &span, text, out, NULL)
                         : query_instant(samples, at_ms, text, out, NULL);
        fclose(out);
        printf("%d\t%s", query_status(e), answer);
        free(answer);
    }
    samples_free(samples);
    return 0;
}
