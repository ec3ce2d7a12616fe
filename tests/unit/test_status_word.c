/* tests/unit/test_status_word.c: no word for one state contains the word for another. */
#include "base/status_word.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static void are_apart(const char *(*word_of)(int), int count)
{
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++)
            cr_assert(a == b || !strstr(word_of(a), word_of(b)), "%s contains %s", word_of(a), word_of(b));
}

static const char *health(int word)
{
    return health_word((enum health_word)word);
}

static const char *integrity(int word)
{
    return integrity_word((enum integrity_word)word);
}

static const char *recovery(int word)
{
    return recovery_word((enum recovery_word)word);
}

static const char *speculation(int word)
{
    return speculation_word((enum speculation_word)word);
}

Test(status_word, words_cannot_be_mistaken_by_a_search)
{
    are_apart(health, HEALTH_WORD_COUNT);
    are_apart(integrity, INTEGRITY_WORD_COUNT);
    are_apart(recovery, RECOVERY_WORD_COUNT);
    are_apart(speculation, SPECULATION_WORD_COUNT);
}
