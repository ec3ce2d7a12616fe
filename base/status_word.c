/* base/status_word.c: texts by state. */
#include "base/status_word.h"

#define TEXT_(name, text) [name] = text,
static const char *const HEALTH[] = {HEALTH_WORDS(TEXT_)};
static const char *const SPECULATION[] = {SPECULATION_WORDS(TEXT_)};
static const char *const INTEGRITY[] = {INTEGRITY_WORDS(TEXT_)};
static const char *const RECOVERY[] = {RECOVERY_WORDS(TEXT_)};

const char *health_word(enum health_word word)
{
    return HEALTH[word];
}

const char *speculation_word(enum speculation_word word)
{
    return SPECULATION[word];
}

const char *integrity_word(enum integrity_word word)
{
    return INTEGRITY[word];
}

const char *recovery_word(enum recovery_word word)
{
    return RECOVERY[word];
}
