/* tests/fuzz/fuzz_args.c: any words behind any command: lines are words, the first byte chooses the command.
 */
#include "cli/commands.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 300 };

static void parse(const struct command *command, int count, char *const *words)
{
    static char *const environment[] = {NULL};
    struct diag diag = {0};
    struct args *args = calloc(1, sizeof *args);
    ASSERT(args);
    args->command = command;
    args->environment = environment;
    args->out = args->log = stdout;
    err e = args_parse(args, count, words, &diag);
    fuzz_judge(e, &diag);
    for (uint32_t i = 0; e == OK && i < args->flag_count; i++) {
        uint32_t cursor = 0;
        const char *name = args->flags[i]->name;
        ASSERT(args_has(args, name));
        if (args->flags[i]->is_repeatable)
            while (args_each(args, name, &cursor)) continue;
    }
    free(args);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    char *words[WORDS_MAX], *rest;
    int count = 0, words_used;
    struct diag diag = {0};
    if (size_bytes == 0) return 0;
    char *text = fuzz_text(bytes + 1, size_bytes - 1);
    for (char *word = strtok_r(text, "\n", &rest); word && count < WORDS_MAX;
         word = strtok_r(NULL, "\n", &rest))
        words[count++] = word;
    parse(command_at(bytes[0] % command_count()), count, words);
    if (count) (void)command_find(count, words, &words_used, &diag);
    free(text);
    return 0;
}
