/* tests/fuzz/fuzz_config.c: any bytes as a configuration file, then each of its lines as --set. */
#include "base/config.h"
#include "tests/fuzz/fuzz.h"

static void print(const struct config *config)
{
    const struct config_view view = {.shows_sources = true};
    char *text = NULL;
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes);
    ASSERT(out);
    config_print(config, &view, out);
    config_print_json(config, &view, out);
    fclose(out);
    free(text);
}

static void load(const char *path, bool is_strict)
{
    struct config_notes notes = {.is_strict = is_strict};
    struct diag diag = {0};
    struct config *config = malloc(sizeof *config);
    ASSERT(config);
    config_init(config);
    fuzz_judge(config_load_file(config, path, &notes, &diag), &diag);
    diag = (struct diag){0};
    fuzz_judge(config_check(config, &notes, &diag), &diag);
    print(config);
    free(config);
}

static void set(char *lines)
{
    struct config *config = malloc(sizeof *config);
    ASSERT(config);
    config_init(config);
    for (char *line = strtok_r(lines, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
        struct config_notes notes = {0};
        struct diag diag = {0};
        fuzz_judge(config_set_text(config, line, &notes, &diag), &diag);
    }
    print(config);
    free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct fuzz_file file = fuzz_file_open(bytes, size_bytes);
    load(file.path, false);
    load(file.path, true);
    fuzz_file_close(&file);
    char *text = fuzz_text(bytes, size_bytes);
    set(text);
    free(text);
    return 0;
}
