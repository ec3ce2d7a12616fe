/* cli/commands.c: finds a command by its words. */
#include "cli/commands.h"
#include "base/assert.h"
#include "base/nearest.h"
#include <string.h>

static const struct command *const COMMANDS[] = {
#define X(name) &COMMAND_##name,
    COMMAND_TABLE(X)
#undef X
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static const struct command_group GROUPS[] = {
    {"benchmark", "measure what a configuration delivers"},
    {"chain", "simulated Solana: what profiles mean, and one to talk to"},
    {"chaos", "faults, what must hold whatever they do, and scenarios of both"},
    {"config", "check, show and size configurations"},
    {"calibrate", "make profiles from measurements"},
    {"task", "tasks of a running service"},
    {"proof", "their proofs"},
    {"stake", "what agents have put at stake"},
    {"admin", "how a running service is, and what keeps it well"},
    {"speculation", "what runs ahead of its confirmation"},
    {"proof-worker", "who makes the proofs, and what waits for them"},
    {"completion", "completion for shells"},
};

const char *const OUTPUT_FORMATS[] = {"table", "json", NULL};

uint32_t command_count(void)
{
    return COMMAND_COUNT;
}

const struct command *command_at(uint32_t index)
{
    ASSERT(index < COMMAND_COUNT);
    return COMMANDS[index];
}

const char *command_group_summary(const char *group)
{
    for (size_t i = 0; i < sizeof GROUPS / sizeof *GROUPS; i++)
        if (strcmp(GROUPS[i].name, group) == 0) return GROUPS[i].summary;
    return "";
}

bool command_group_opens(uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (!COMMANDS[i]->is_hidden && strcmp(COMMANDS[i]->group, COMMANDS[index]->group) == 0) return false;
    return !COMMANDS[index]->is_hidden;
}

bool command_group_exists(const char *group)
{
    for (uint32_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i]->group, group) == 0) return true;
    return false;
}

/* How many words `name` ("snapshots list") takes from `words`; -1 when they differ. */
static int match_name(const char *name, int word_count, char *const *words)
{
    int used = 0;
    while (*name) {
        size_t size = strcspn(name, " ");
        if (used == word_count || strlen(words[used]) != size || strncmp(words[used], name, size) != 0)
            return -1;
        used++;
        name += size + (name[size] == ' ');
    }
    return used;
}

bool command_begins_names(const char *group, const char *word)
{
    size_t size = strlen(word);
    for (uint32_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i]->group, group) == 0 && strncmp(COMMANDS[i]->name, word, size) == 0 &&
            COMMANDS[i]->name[size] == ' ')
            return true;
    return false;
}

static const struct command *refuse_name(const char *group, const char *word, struct diag *diag)
{
    struct nearest nearest = {.wanted = word ? word : ""};
    for (uint32_t i = 0; i < COMMAND_COUNT; i++)
        if (!COMMANDS[i]->is_hidden && strcmp(COMMANDS[i]->group, group) == 0)
            nearest_offer(&nearest, COMMANDS[i]->name);
    if (!word)
        diag_fail(diag, ERR_USAGE, "%s: which command? `agenc %s --help` lists them", group, group);
    else if (command_begins_names(group, word))
        diag_fail(diag, ERR_USAGE, "%s %s: which command? `agenc %s %s --help` lists them", group, word,
                  group, word);
    else if (nearest.best)
        diag_fail(diag, ERR_USAGE, "%s: no command \"%.64s\", nearest is %s", group, word, nearest.best);
    else
        diag_fail(diag, ERR_USAGE, "%s: no command \"%.64s\", `agenc %s --help` lists them", group, word,
                  group);
    return NULL;
}

static const struct command *refuse_group(const char *word, struct diag *diag)
{
    struct nearest nearest = {.wanted = word};
    for (uint32_t i = 0; i < COMMAND_COUNT; i++)
        if (!COMMANDS[i]->is_hidden) nearest_offer(&nearest, COMMANDS[i]->group);
    if (nearest.best)
        diag_fail(diag, ERR_USAGE, "no command \"%.64s\", nearest is %s", word, nearest.best);
    else
        diag_fail(diag, ERR_USAGE, "no command \"%.64s\", `agenc --help` lists them", word);
    return NULL;
}

const struct command *command_find(int word_count, char *const *words, int *words_used, struct diag *diag)
{
    const struct command *found = NULL;
    int longest = -1;
    ASSERT(word_count > 0);
    if (!command_group_exists(words[0])) return refuse_group(words[0], diag);
    for (uint32_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(COMMANDS[i]->group, words[0]) != 0) continue;
        int used = match_name(COMMANDS[i]->name, word_count - 1, words + 1);
        if (used <= longest) continue;
        found = COMMANDS[i];
        longest = used;
    }
    if (!found) {
        bool has_word = word_count > 1 && words[1][0] != '-';
        return refuse_name(words[0], has_word ? words[1] : NULL, diag);
    }
    *words_used = 1 + longest;
    return found;
}
