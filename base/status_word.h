/* base/status_word.h: the words in which the service says how it is.
 *
 * Scripts of the runbooks search answers for a word, so that no word for one
 * state may contain another's: a service that is not well is "degraded" or
 * "down", never "unhealthy"; a clean check says "ok" and names nothing corrupt
 * (engine.md 8.11). */
#pragma once

#define HEALTH_WORDS(X)                                                                                      \
    X(HEALTH_HEALTHY, "healthy")                                                                             \
    X(HEALTH_DEGRADED, "degraded")                                                                           \
    X(HEALTH_DOWN, "down")
#define SPECULATION_WORDS(X)                                                                                 \
    X(SPECULATION_DISABLED, "disabled")                                                                      \
    X(SPECULATION_ENABLED, "enabled")
#define INTEGRITY_WORDS(X)                                                                                   \
    X(INTEGRITY_OK, "ok")                                                                                    \
    X(INTEGRITY_CORRUPTED, "corrupted")
#define RECOVERY_WORDS(X)                                                                                    \
    X(REBUILD_IDLE, "idle")                                                                                  \
    X(REBUILD_IN_PROGRESS, "in_progress")                                                                    \
    X(REBUILD_COMPLETED, "completed")                                                                        \
    X(REBUILD_FAILED, "failed")

#define NAME_(name, text) name,
enum health_word { HEALTH_WORDS(NAME_) HEALTH_WORD_COUNT };
enum speculation_word { SPECULATION_WORDS(NAME_) SPECULATION_WORD_COUNT };
enum integrity_word { INTEGRITY_WORDS(NAME_) INTEGRITY_WORD_COUNT };
enum recovery_word { RECOVERY_WORDS(NAME_) RECOVERY_WORD_COUNT };
#undef NAME_

const char *health_word(enum health_word word);
const char *speculation_word(enum speculation_word word);
const char *integrity_word(enum integrity_word word);
const char *recovery_word(enum recovery_word word);
